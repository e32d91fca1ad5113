//! Rule files mean here what they mean to gitleaks 8.30.

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
}

#[test]
fn required_rules_must_be_near() {
    let rules = |bounds: &str| {
        format!("[[rules]]\nid = \"a\"\nregex = '''A\\d'''\n[[rules.required]]\nid = \"b\"\n{bounds}\n[[rules]]\nid = \"b\"\nregex = '''B\\d'''\nskipReport = true\n")
    };
    assert_eq!(found(&rules(""), "f", "A1\n\n\nB1"), ["a"]);
    assert_eq!(found(&rules(""), "f", "A1"), [""; 0]);
    assert_eq!(found(&rules("withinLines = 2"), "f", "A1\n\n\nB1"), [""; 0]);
    assert_eq!(found(&rules("withinLines = 3"), "f", "A1\n\n\nB1"), ["a"]);
    assert_eq!(found(&rules("withinColumns = 2"), "f", "A1\n   B1"), [""; 0]);
    assert_eq!(found(&rules("withinColumns = 3"), "f", "A1\n   B1"), ["a"]);
}

#[test]
fn a_path_alone_is_a_finding() {
    let rules = "[[rules]]\nid = \"p12\"\npath = '''\\.p12$'''\n";
    assert_eq!(found(rules, "a/b.p12", ""), ["p12"]);
    assert_eq!(found(rules, "a/b.txt", ""), [""; 0]);
}

#[test]
fn a_generic_rule_is_silent_beside_another_on_the_same_secret() {
    let rules = "[[rules]]\nid = \"my-generic\"\nregex = '''key=(\\w+)'''\n[[rules]]\nid = \"vendor\"\nregex = '''v_\\w+'''\n";
    assert_eq!(found(rules, "f", "key=v_abc"), ["vendor"]);
    assert_eq!(found(rules, "f", "key=w_abc"), ["my-generic"]);
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
