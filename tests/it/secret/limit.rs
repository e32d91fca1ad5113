//! Hostile input takes time in proportion to its size, and findings are capped and said.

use std::time::{Duration, Instant};

use super::{builtin, github, path, with_rules};

#[test]
fn twenty_megabytes_on_one_line_take_linear_time() {
    let token = github();
    let patterns: [String; 11] = [
        "a".into(),
        "ghp_".into(),
        "token=".into(),
        "key=".repeat(255) + "\n",
        "4142434445".into(),
        "key:\"x\",".into(),
        "://a:b@".into(),
        "-----BEGIN RSA PRIVATE KEY-----".into(),
        "%41%42%43".into(),
        "eyJhbGciOiJIUzI1NiJ9.eyJ.".into(),
        format!("x=\"{token}\";"),
    ];
    for pattern in patterns {
        let of = |size: usize| pattern.repeat(size / pattern.len());
        // All of it once; the others show the same at a tenth.
        let unit = if pattern.starts_with("key:") { 2 << 20 } else { 200 << 10 };
        let (small, large) = (of(unit), of(10 * unit));
        let time = |text: &str| {
            let start = Instant::now();
            let found = builtin().scan(&path("app.js"), text.as_bytes());
            assert!(found.secrets.len() <= 1000);
            start.elapsed()
        };
        time(&small[..1 << 16]);
        let (short, long) = (time(&small), time(&large));
        assert!(long < short * 40 + Duration::from_secs(2), "{}: {short:?} {long:?}", &pattern[..pattern.len().min(8)]);
    }
}

#[test]
fn more_findings_than_are_listed_are_a_problem() {
    let text: String = (0..2500).map(|n| format!("k_{n:05}\n")).collect();
    let scanner = with_rules("[[rules]]\nid = \"k\"\nregex = '''k_\\d{5}'''\n").unwrap();
    let found = scanner.scan(&path("f"), text.as_bytes());
    assert_eq!(found.secrets.len(), 1000);
    assert_eq!(found.problems.len(), 1);
    assert_eq!(found.problems[0].kind, "secret-overflow");
    let few = scanner.scan(&path("f"), &text.as_bytes()[..800]);
    assert_eq!((few.secrets.len(), few.problems.len()), (100, 0));
}

#[test]
fn of_too_many_findings_the_gravest_are_listed() {
    let decoys: String = (0..1500).map(|n| format!("http://u{n}:kzq{}@db.acme.io/\n", "vw")).collect();
    let found = builtin().scan(&path("app/settings.py"), format!("{decoys}t = '{}'\n", github()).as_bytes());
    assert_eq!(found.secrets.len(), 1000);
    assert!(found.secrets.iter().any(|secret| secret.rule == "github-pat"));
    assert_eq!(found.problems[0].kind, "secret-overflow");
}

#[test]
fn rules_that_look_at_each_other_take_no_square_of_their_findings() {
    let pair = |n: usize| format!("gx_{n:06} sp_{n:06}");
    let line: String = (0..20_000).map(|n| pair(n) + " ").collect();
    let lines: String = (0..20_000).map(|n| pair(n) + "\n").collect();
    let spec = "[[rules]]\nid = \"spec\"\nregex = 'sp_\\d{6}'\n";
    let generic = format!("[[rules]]\nid = \"generic-x\"\nregex = 'gx_\\d{{6}}'\n{spec}");
    let near = "[[rules.required]]\nid = \"spec\"\nwithinLines = 1\n";
    let required = format!("[[rules]]\nid = \"x\"\nregex = 'gx_\\d{{6}}'\n{near}{spec}skipReport = true\n");
    let start = Instant::now();
    for (rules, text) in [(generic, line), (required, lines)] {
        assert_eq!(with_rules(&rules).unwrap().scan(&path("f"), text.as_bytes()).secrets.len(), 1000);
    }
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn catastrophic_expressions_are_not() {
    let scanner = with_rules("[[rules]]\nid = \"evil\"\nregex = '''(a+)+(b|$)x'''\n").unwrap();
    let start = Instant::now();
    assert!(scanner.scan(&path("f"), &b"a".repeat(1 << 20)).secrets.is_empty());
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    let pieces: [&[u8]; 20] = [
        b"H4sIAAAA",
        b"&#x67;",
        b"U+0067",
        b"R0hQX2tSOXYybVRxN1d4TGJaNGNOczhZcERmRzFoSjZ1QQ==",
        b"ghp_",
        b"-----BEGIN PRIVATE KEY-----",
        b"://",
        b"@",
        b"key=\"",
        b"\\",
        b"\xff\xfe",
        b"%",
        b"\\u00",
        b"{\"sourcesContent\":[",
        b"token: ",
        b"\0",
        b"\n",
        b"eyJ",
        b"AKIA",
        b"machine a login b password ",
    ];
    for _ in 0..3000 {
        let mut content = Vec::new();
        for _ in 0..20 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let pick = (seed >> 33) as usize;
            if pick.is_multiple_of(3) { content.push((pick >> 8) as u8) } else { content.extend_from_slice(pieces[pick % pieces.len()]) }
        }
        let found = builtin().scan(&path("f.txt"), &content);
        assert!(found.secrets.iter().all(|secret| secret.line > 0 && secret.column > 0));
    }
}
