//! Rule files mean here what they mean to gitleaks 8.30.

use fngate::secret::Scanner;

use super::{path, rules_of, scan, with_rules};

/// Scans `text` as the file `name` and gives the ids found.
fn found(rules: &str, name: &str, text: &str) -> Vec<String> {
    let scanner = with_rules(rules).unwrap();
    let found = scanner.scan(&path(name), text.as_bytes());
    rules_of(&found).into_iter().map(str::to_owned).collect()
}

#[test]
fn every_field_has_its_meaning() {
    let base = "[[rules]]\nid = \"a\"\nregex = '''key=(\\w+)'''\n";
    let cases: &[(&str, &str, &str, usize)] = &[
        ("", "f.txt", "key=abc", 1),
        ("", "f.txt", "key=abc key=def\nkey=ghi", 3),
        ("keywords = [\"KEY=\"]\n", "f.txt", "key=abc", 1),
        ("keywords = [\"zzz\"]\n", "f.txt", "key=abc", 0),
        ("keywords = [\"zzz\"]\n", "f.txt", "key=abc and far away zzz", 1),
        ("entropy = 1.0\n", "f.txt", "key=ab", 0),
        ("entropy = 0.9\n", "f.txt", "key=ab", 1),
        ("path = '''\\.env$'''\n", "f.txt", "key=abc", 0),
        ("path = '''\\.env$'''\n", "a/.env", "key=abc", 1),
        ("[[rules.allowlists]]\nstopwords = [\"B\"]\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\nregexes = ['''^abc$''']\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\nregexes = ['''^key''']\n", "f.txt", "key=abc", 1),
        ("[[rules.allowlists]]\nregexTarget = \"match\"\nregexes = ['''^key''']\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\nregexTarget = \"line\"\nregexes = ['''ok$''']\n", "f.txt", "key=abc ok", 0),
        ("[[rules.allowlists]]\npaths = ['''^f''']\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''^f''']\nstopwords = [\"x\"]\n", "f.txt", "key=abc", 1),
        ("[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''^f''']\nstopwords = [\"b\"]\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\ncondition = \"AND\"\npaths = ['''^f''']\ncommits = [\"abc\"]\n", "f.txt", "key=abc", 1),
        ("[rules.allowlist]\nstopwords = [\"abc\"]\n", "f.txt", "key=abc", 0),
        ("[[allowlists]]\nstopwords = [\"abc\"]\n", "f.txt", "key=abc", 0),
        ("[[allowlists]]\ntargetRules = [\"a\"]\nstopwords = [\"abc\"]\n", "f.txt", "key=abc", 0),
        ("[allowlist]\npaths = ['''^f''']\n", "f.txt", "key=abc", 0),
        ("[[allowlists]]\ncondition = \"AND\"\npaths = ['''^f''']\nregexes = ['''zzz''']\n", "f.txt", "key=abc", 1),
        ("skipReport = true\n", "f.txt", "key=abc", 0),
        // An empty word is nowhere.
        ("keywords = [\"\"]\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\nstopwords = [\"\"]\n", "f.txt", "key=abc", 1),
        // Letters of every alphabet have a lower case, and two of them have one in ASCII.
        ("keywords = [\"\u{c9}T\u{c9}\"]\n", "f.txt", "key=abc \u{e9}t\u{c9}", 1),
        ("keywords = [\"kilo\"]\n", "f.txt", "key=abc \u{212a}\u{130}LO", 1),
        ("[[rules.allowlists]]\nregexTarget = \"match\"\nstopwords = [\"B\"]\n", "f.txt", "key=abc", 0),
        // A text is the list of what stands between its commas.
        ("keywords = \"zzz,key\"\n", "f.txt", "key=abc", 1),
        // The flags of one expression hold for those behind it.
        ("[[rules.allowlists]]\nregexes = ['''(?i)zzz''', '''ABC''']\n", "f.txt", "key=abc", 0),
        ("[[rules.allowlists]]\nregexes = ['''ABC''', '''(?i)zzz''']\n", "f.txt", "key=abc", 1),
        // A line begins with the newline before it, on all lines but the first.
        ("[[rules.allowlists]]\nregexTarget = \"line\"\nregexes = ['''^key''']\n", "f.txt", "key=abc\nkey=abc\n", 1),
        ("[[rules.allowlists]]\nregexTarget = \"line\"\nregexes = ['''^\\nkey''']\n", "f.txt", "key=abc\nkey=abc\n", 1),
        ("[[allowlists]]\npaths = ['''^f''']\ncommits = [\"a\"]\n", "f.txt", "key=abc", 0),
        ("[[rules]]\nid = \"a\"\nregex = '''zzz'''\n", "f.txt", "key=abc", 0),
    ];
    for (more, name, text, wanted) in cases {
        assert_eq!(found(&format!("{base}{more}"), name, text).len(), *wanted, "{more} on {text}");
    }
}

#[test]
fn the_secret_is_the_group_or_the_first_that_took_part() {
    let column = |rules: &str, text: &str| with_rules(rules).unwrap().scan(&path("f"), text.as_bytes()).secrets[0].column;
    let base = "[[rules]]\nid = \"a\"\nregex = '''(?:user(x)?|pass)=(\\w+)(!)'''\n";
    assert_eq!(column(base, "pass=abc!"), 6);
    assert_eq!(column(&format!("{base}secretGroup = 3\n"), "pass=abc!"), 9);
    assert_eq!(column("[[rules]]\nid = \"a\"\nregex = '''b+'''\n", "aabb"), 3);
    assert_eq!(column(&format!("{base}secretGroup = -1\n"), "pass=abc!"), 6);
    assert_eq!(column("[[rules]]\nid = \"a\"\nregex = '''b(a){0}'''\nsecretGroup = 1\n", "aabb"), 3);
    // A group that took no part leaves a finding without a secret, which only an entropy drops.
    let none = format!("{base}secretGroup = 1\n");
    assert_eq!(column(&none, " pass=abc!"), 2);
    assert_eq!(found(&format!("{none}entropy = 0.1\n"), "f", "pass=abc!"), [""; 0]);
    assert_eq!(found(&format!("{none}[[rules.allowlists]]\nregexes = ['''''']\n"), "f", "pass=abc!"), ["a"]);
}

#[test]
fn required_rules_must_be_near() {
    let rules = |bounds: &str| {
        format!(
            "[[rules]]\nid = \"a\"\nregex = '''A\\d'''\n[[rules.required]]\nid = \"b\"\n{bounds}\n[[rules]]\nid = \"b\"\nregex = '''B\\d'''\nskipReport = true\n"
        )
    };
    assert_eq!(found(&rules(""), "f", "A1\n\n\nB1"), ["a"]);
    assert_eq!(found(&rules(""), "f", "A1"), [""; 0]);
    assert_eq!(found(&rules("withinLines = 2"), "f", "A1\n\n\nB1"), [""; 0]);
    assert_eq!(found(&rules("withinLines = 3"), "f", "A1\n\n\nB1"), ["a"]);
    assert_eq!(found(&rules("withinColumns = 2"), "f", "\nA1\n   B1"), [""; 0]);
    assert_eq!(found(&rules("withinColumns = 3"), "f", "\nA1\n   B1"), ["a"]);
    // On the first line gitleaks counts columns from 1, on others from the newline before.
    assert_eq!(found(&rules("withinColumns = 3"), "f", "A1\n   B1"), [""; 0]);
    assert_eq!(found(&rules("withinColumns = 4"), "f", "A1\n   B1"), ["a"]);
}

#[test]
fn a_path_alone_is_a_finding() {
    let base = "[[rules]]\nid = \"p12\"\npath = '''\\.p12$'''\n";
    assert_eq!(found(base, "a/b.p12", "x"), ["p12"]);
    assert_eq!(found(base, "a/b.txt", "x"), [""; 0]);
    assert_eq!(found(base, "a/b.p12", ""), [""; 0]);
    let with = |more: &str, text: &str| found(&format!("{base}{more}"), "a/b.p12", text);
    assert_eq!(with("keywords = [\"KEY\"]\n", "x"), [""; 0]);
    assert_eq!(with("keywords = [\"KEY\"]\n", "a key"), ["p12"]);
    assert_eq!(with("skipReport = true\n", "x"), [""; 0]);
    assert_eq!(with("[[allowlists]]\npaths = ['''^a/''']\n", "x"), [""; 0]);
    // It is where the file begins to those that require it, and requires nothing itself.
    let other = "[[rules]]\nid = \"a\"\nregex = '''A\\d'''\n[[rules.required]]\nid = \"p12\"\nwithinLines = 1\n";
    assert_eq!(with(other, "A1\nA2"), ["a", "p12"]);
    assert_eq!(with(&format!("[[rules.required]]\nid = \"a\"\n{other}"), "x"), ["p12"]);
    let generic = "[[rules]]\nid = \"generic-file\"\npath = '''b'''\n";
    assert_eq!(with(generic, "x"), ["p12"]);
}

#[test]
fn a_generic_rule_is_silent_beside_another_on_the_same_secret() {
    let rules = "[[rules]]\nid = \"my-generic\"\nregex = '''key=(\\w+)'''\n[[rules]]\nid = \"vendor\"\nregex = '''v_\\w+'''\n";
    assert_eq!(found(rules, "f", "key=v_abc"), ["vendor"]);
    assert_eq!(found(rules, "f", "key=w_abc"), ["my-generic"]);
    // The secret of the other has to have it, not its match.
    let rules = "[[rules]]\nid = \"my-generic\"\nregex = '''key=(\\w+)'''\n[[rules]]\nid = \"vendor\"\nregex = '''(key)=v_\\w+'''\n";
    assert_eq!(found(rules, "f", "key=v_abc"), ["vendor", "my-generic"]);
}

#[test]
fn a_file_without_extend_is_the_whole_rule_set() {
    let token = super::github();
    let own = "[[rules]]\nid = \"mine\"\nregex = '''mine_\\d+'''\n";
    let text = format!("mine_1 {token}");
    assert_eq!(found(own, "f", &text), ["mine"]);
    assert_eq!(found(&format!("[extend]\nuseDefault = true\n{own}"), "f", &text), ["mine", "github-pat"]);
    assert_eq!(found(&format!("[extend]\nuseDefault = true\ndisabledRules = [\"github-pat\"]\n{own}"), "f", &text), ["mine"]);
    let allowed = "[extend]\nuseDefault = true\n[[rules]]\nid = \"github-pat\"\n[[rules.allowlists]]\npaths = ['''^ok''']\n";
    assert_eq!(found(allowed, "ok/f", &token), [""; 0]);
    assert_eq!(found(allowed, "f", &token), ["github-pat"]);
}

/// Writes the files, each of which may name the others by `{folder}`, and scans `text` with the first.
fn extended(files: &[(&str, &str)], text: &str) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content.replace("{folder}", &folder.path().display().to_string())).unwrap();
    }
    let scanner = Scanner::with_files(&[folder.path().join(files[0].0)]).map_err(|error| error.to_string())?;
    Ok(rules_of(&scanner.scan(&path("f"), text.as_bytes())).into_iter().map(str::to_owned).collect())
}

#[test]
fn a_file_extends_another() {
    let over = |more: &str| format!("[extend]\npath = '''{{folder}}/b'''\n[[rules]]\nid = \"a\"\n{more}");
    let base = "[[rules]]\nid = \"a\"\nregex = '''(k)=(\\w+)'''\nentropy = 1.5\n";
    assert_eq!(extended(&[("a", &over("")), ("b", base)], "k=abcd").unwrap(), [""; 0]);
    assert_eq!(extended(&[("a", &over("secretGroup = 2\n")), ("b", base)], "k=abcd").unwrap(), ["a"]);
    assert!(extended(&[("a", &over("secretGroup = 3\n")), ("b", base)], "").unwrap_err().contains("secretGroup"));
    // A faulty expression is one though the file that extends its own replaces it.
    assert!(extended(&[("a", &over("regex = '''x'''\n")), ("b", "[[rules]]\nid = \"a\"\nregex = '''('''\n")], "").is_err());
    // What is for some rules of an extended file is lost.
    let targeted = format!("{base}[[allowlists]]\ntargetRules = [\"a\", \"z\"]\nregexes = ['''b''']\n");
    assert_eq!(extended(&[("a", &over("secretGroup = 2\n")), ("b", &targeted)], "k=abcd").unwrap(), ["a"]);
    // The third file is not asked what it extends.
    let chain = |next: &str, id: &str| format!("[extend]\npath = '''{{folder}}/{next}'''\n[[rules]]\nid = \"{id}\"\nregex = '''x'''\n");
    let files = [("a", chain("b", "1")), ("b", chain("c", "2")), ("c", chain("d", "3")), ("d", chain("none", "4"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let mut found = extended(&files, "x").unwrap();
    found.sort();
    assert_eq!(found, ["1", "2", "3"]);
}

#[test]
fn a_part_needs_no_keyword_and_one_of_several_bounds() {
    let rules = "[[rules]]\nid = \"a\"\nregex = '''A\\d'''\n[[rules.required]]\nid = \"b\"\nwithinLines = 0\n[[rules.required]]\nid = \"b\"\n\
                 withinLines = 2\n[[rules]]\nid = \"b\"\nregex = '''B\\d'''\nkeywords = [\"zzz\"]\n";
    assert_eq!(found(rules, "f", "A1\n\nB1"), ["a"]);
    assert_eq!(found(rules, "f", "A1\n\n\nB1"), [""; 0]);
    assert_eq!(found(rules, "f", "A1\n\nB1 zzz"), ["a", "b"]);
    assert_eq!(found(&rules.replace("withinLines = 2", "withinLines = -1"), "f", "A1\n\nB1"), [""; 0]);
}

#[test]
fn expressions_see_characters_and_ascii_classes() {
    let one = |regex: &str| format!("[[rules]]\nid = \"a\"\nregex = '''{regex}'''\n");
    for (regex, text, wanted) in [
        ("k.e", "k\u{e9}e", 1),
        ("k[^a]e", "k\u{e9}e", 1),
        (r"k\xe9e", "k\u{e9}e", 1),
        (r"k\C\Ce", "k\u{e9}e", 1),
        (r"k\we", "k\u{e9}e", 0),
        (r"\C", "\u{e9}a", 2),
        (r"(k){0}e", "ke", 1),
        (r"k\se", "k\x0be", 0),
        ("(?i)k", "\u{212a}", 1),
        (r"\<k\>", "<k>", 1),
        ("k{01}", "k{01}", 1),
        ("(?P<n>k)(?P<n>e)", "ke", 1),
    ] {
        assert_eq!(found(&one(regex), "f", text).len(), wanted, "{regex}");
    }
    // Characters are counted over bytes.
    assert_eq!(found(&format!("{}entropy = 1.0\n", one(".+")), "f", "\u{e4}\u{f6}"), [""; 0]);
    assert_eq!(found(&format!("{}entropy = 0.9\n", one(".+")), "f", "\u{e4}\u{f6}"), ["a"]);
}

#[test]
fn matches_that_a_filter_drops_hide_no_other() {
    let rules = "[[rules]]\nid = \"a\"\nregex = '''\\w+'''\nentropy = 1.0\n";
    let text = format!("{}abcd\n", "aa\n".repeat(100_000));
    assert_eq!(found(rules, "f", &text), ["a"]);
}

#[test]
fn what_cannot_work_is_an_error() {
    for (rules, part) in [
        ("", "no rule to search with"),
        ("[[allowlists]]\nstopwords = [\"a\"]\n", "no rule to search with"),
        ("[[rules]]\nid = \"a\"\nregex = '''(?=x)'''\n", "rule `a`"),
        ("[[rules]]\nid = \"a\"\nregex = '''('''\n", "rule `a`"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\nsecretGroup = 2\n", "secretGroup"),
        ("[[rules]]\nid = \"a\"\n", "neither `regex` nor `path`"),
        ("[[rules]]\nregex = '''x'''\n", "no `id`"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[rules.allowlists]]\ncondition = \"XOR\"\nstopwords = [\"a\"]\n", "condition"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[rules.allowlists]]\ndescription = \"nothing\"\n", "must have"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[rules.required]]\nid = \"b\"\n", "unknown rule: b"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[allowlists]]\ntargetRules = [\"z\"]\nstopwords = [\"a\"]\n", "unknown rule: z"),
        ("[[rules]]\nid = \"a\"\nregex = 7\n", "not a text"),
        ("[[rules]]\nid = \"a\"\nregex = '''x**'''\n", "rule `a`"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[rules.allowlist]\n", "must have"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[rules.allowlists]]\nregexTarget = \"LINE\"\nregexes = [\"a\"]\n", "regexTarget"),
        ("[[rules]]\nid = \"a\"\nregex = '''x'''\n[[rules.allowlists]]\nregexes = ['''\\Qa''']\n", "rule `a`"),
        ("minVersion = \"latest\"\n[[rules]]\nid = \"a\"\nregex = '''x'''\n", "minVersion"),
        ("[extend]\nuseDefault = \"yes\"\n[[rules]]\nid = \"a\"\nregex = '''x'''\n", "not true or false"),
        ("rules = [", "as TOML"),
    ] {
        let error = with_rules(rules).unwrap_err().to_string();
        assert!(error.contains(part), "{rules}: {error}");
    }
}

#[test]
fn unknown_fields_are_said_and_tolerated() {
    let scanner = with_rules("title = \"t\"\n[[rules]]\nID = \"a\"\nRegex = '''x1'''\nverify = true\n").unwrap();
    assert_eq!(scanner.warnings(), ["a: the field `verify` is not known and does nothing"]);
    assert_eq!(scanner.scan(&path("f"), b"x1").secrets.len(), 1);
}

#[test]
fn braces_that_repeat_nothing_are_themselves() {
    let rules = "[[rules]]\nid = \"a\"\nregex = '''key=(\\S+)'''\n[[rules.allowlists]]\nregexes = ['''^\\$(?:\\d+|{\\d+})$''']\n";
    assert_eq!(found(rules, "f", "key=${1}"), [""; 0]);
    assert_eq!(found(rules, "f", "key=${a}"), ["a"]);
}

#[test]
fn markers_inside_the_artifact_quiet_nothing() {
    for marker in ["gitleaks:allow", "pragma: allowlist secret", "trufflehog:ignore"] {
        assert_eq!(rules_of(&scan(&format!("t = \"{}\" # {marker}", super::github()))), ["github-pat"]);
    }
}
