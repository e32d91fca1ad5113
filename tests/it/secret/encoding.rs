//! Secrets in other clothes, and in files where strings have no delimiters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fngate::model::{Confidence, Secret};

use super::{builtin, github, path};

fn in_file(name: &str, content: &[u8]) -> Vec<Secret> {
    builtin().scan(&path(name), content).secrets
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn encodings_are_followed_to_depth_four() {
    let line = format!("value is {} today", github());
    let once = STANDARD.encode(&line);
    let percent: String = line.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let unicode: String = line.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    for (text, decoded) in [
        (once.clone(), vec!["base64"]),
        (hex(&line), vec!["hex"]),
        (percent, vec!["percent"]),
        (unicode, vec!["unicode"]),
        (STANDARD.encode(format!("twice {once} twice")), vec!["base64", "base64"]),
        (STANDARD.encode(hex(&line)), vec!["base64", "hex"]),
    ] {
        let found = in_file("f.txt", format!("\n  x {text} y").as_bytes());
        assert_eq!(found.len(), 1, "{decoded:?}");
        assert_eq!((found[0].rule.as_str(), found[0].line, found[0].column), ("github-pat", 2, 5));
        assert_eq!(found[0].decoded, decoded);
    }
    let mut text = line;
    for depth in 1..=5 {
        text = if depth % 2 == 1 { STANDARD.encode(format!("{depth} {text} {depth}")) } else { hex(&text) };
        assert_eq!(in_file("f.txt", text.as_bytes()).len(), usize::from(depth <= 4), "{depth}");
    }
}

#[test]
fn escapes_of_languages_and_markup_are_read() {
    let token = github();
    let written = |each: &dyn Fn(u32) -> String| -> String { token.chars().map(|c| each(u32::from(c))).collect() };
    for text in [
        written(&|c| format!("&#{c};")),
        written(&|c| format!("&#x{c:x};")),
        written(&|c| format!("\\{c:03o}")),
        written(&|c| format!("\\u{{{c:x}}}")),
        written(&|c| format!("\\x{c:02X}")),
        written(&|c| format!("U+{c:04X}")),
        written(&|c| format!("\\\\u{c:04x}")),
        written(&|c| format!("\\U{c:08x}")),
        format!("q={token}&#61;1"),
    ] {
        assert_eq!(in_file("f.txt", format!("a \"{text}\" b").as_bytes()).len(), 1, "{text}");
    }
}

#[test]
fn base64_in_lines_and_behind_other_letters_is_read() {
    let once = STANDARD.encode(format!("GITHUB_TOKEN={}\nMORE=of the same and more of it, so that there are lines\n", github()));
    let wrapped = |joint: &str| once.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join(joint);
    for text in [
        wrapped("\n"),
        wrapped("\r\n"),
        wrapped("\n    "),
        wrapped("\\n"),
        wrapped("\\\n"),
        format!("prefix{once}"),
        format!("data-{once}"),
        format!("x/y/{once}tail"),
        once.trim_end_matches('=').replace('+', "-").replace('/', "_"),
    ] {
        assert_eq!(in_file("f.txt", text.as_bytes()).len(), 1, "{text}");
    }
    let long = STANDARD.encode(format!("{} {}", "words of a text ".repeat(40_000), github()));
    assert_eq!(in_file("f.txt", long.as_bytes()).len(), 1, "beyond one window");
    let german = STANDARD.encode(format!("# Schlüssel für den Zugriff\nT={}\n", github()));
    assert_eq!(in_file("f.txt", german.as_bytes()).len(), 1);
}

proptest::proptest! {
    #[test]
    fn base64_is_read_whatever_stands_around_it(
        junk in "[A-Za-z0-9]{0,9}",
        before in "[ -~]{0,40}",
        after in "[ -~]{0,40}",
        width in proptest::option::of(40usize..100),
    ) {
        let once = STANDARD.encode(format!("{before} {} {after}", github()));
        let text = match width {
            Some(width) => once.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n"),
            None => format!("{junk}{once}"),
        };
        let found = in_file("f.txt", text.as_bytes());
        proptest::prop_assert!(found.iter().any(|secret| secret.rule == "github-pat"), "{}", text);
    }
}

#[test]
fn compressed_base64_is_read_and_bounded() {
    use std::io::Write;
    let gzip = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let found = in_file("f.txt", STANDARD.encode(gzip(github().as_bytes())).as_bytes());
    assert_eq!(found[0].decoded, ["base64", "gzip"]);
    // A value of its own on the next line.
    let padded: Vec<u8> = (0..).map(|n| gzip(&b"nothing in it".repeat(n + 1))).find(|zip| zip.len() % 3 == 0).unwrap();
    let lines = format!("{}\n{}\n", STANDARD.encode(padded), STANDARD.encode(github()));
    assert_eq!(in_file("f.txt", lines.as_bytes()).len(), 1);
    let bomb = STANDARD.encode(gzip(&vec![b' '; 64 << 20]));
    let found = builtin().scan(&path("f.txt"), bomb.as_bytes());
    assert_eq!(found.problems.iter().map(|problem| problem.kind).collect::<Vec<_>>(), ["secret-encoding-limit"]);
}

#[test]
fn what_is_encoded_in_a_binary_is_read() {
    let once = STANDARD.encode(github());
    for text in [once.clone(), hex(&github()), STANDARD.encode(&once)] {
        for content in [
            [b"\x7fELF\x02\x01\x01\0\0\0some/path".as_slice(), text.as_bytes(), b"/rustc/5980more\0"].concat(),
            [b"\xa7\r\r\n\0\0\0\0zX".as_slice(), text.as_bytes(), b"N)\x01\0"].concat(),
        ] {
            assert!(in_file("bootstrap", &content).iter().any(|secret| secret.rule == "github-pat"), "{text}");
        }
    }
}

#[test]
fn a_prefix_in_a_run_of_base64_is_chance() {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let drawn = |length: usize| -> String { (1..=length).map(|n| char::from(letters[n * n * 7919 % 61])).collect() };
    let token = format!("{}{}", "EAAC", drawn(90));
    let binary = |text: &str| [&b"\x7fELF\x02\x01\x01\0"[..], &[0; 600], text.as_bytes(), &[0; 600]].concat();
    let run = format!("{}/{token}+{}", drawn(300), drawn(300));
    assert_eq!(in_file("node", &binary(&token))[0].rule, "facebook-page-access-token");
    assert_eq!(in_file("node", &binary(&run)).len(), 0, "in a binary nothing is said of it");
    let confidence = |text: &str| in_file("a.js", text.as_bytes()).first().map(|secret| secret.confidence);
    assert_eq!(confidence(&format!("token = '{token}';")), Some(Confidence::Medium));
    assert_ne!(confidence(&format!("wasm = '{run}';")), Some(Confidence::Medium));
}

#[test]
fn what_stands_in_the_open_is_not_found_again_decoded() {
    let found = in_file("f.txt", format!("https://x/?a=%20b&t={}", github()).as_bytes());
    assert_eq!(found.len(), 1);
    assert!(found[0].decoded.is_empty());
}

#[test]
fn a_url_within_a_url_is_read() {
    let inner = ["postgres%3A%2F%2Fsvc%3Aq9Tv2", "Lm4Xc7P%40db.acme.io%2Fapp"].concat();
    let found = in_file("f.txt", format!("GET https://acme.io/open?next={inner} 200").as_bytes());
    assert_eq!(found.iter().map(|secret| secret.rule.as_str()).collect::<Vec<_>>(), ["postgres-url"]);
    let outer = ["https://anna%40acme.io:q9Tv2", "Lm4Xc7P@git.acme.io/x"].concat();
    assert_eq!(in_file("f.txt", outer.as_bytes()).len(), 1, "once");
}

#[test]
fn utf_16_is_read_with_and_without_its_mark() {
    let text = format!("<add key=\"x\"/>\r\n<t>{}</t> and more of the same text", github());
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [&[0xff, 0xfe][..], &little].concat();
    for content in [little.clone(), big, marked] {
        let found = in_file("web.config", &content);
        assert_eq!((found[0].rule.as_str(), found[0].line), ("github-pat", 2));
        assert_eq!(found[0].decoded, ["utf-16"]);
    }
    let dll = [b"MZ\x90\x00\x03\x00\x00\x01abcdefghijklmnopqrstuvwxyz\x01\x02".repeat(40), little].concat();
    assert_eq!(in_file("a.dll", &dll)[0].rule, "github-pat");
}

#[test]
fn binaries_have_no_delimiters() {
    let token = github();
    let elf = [b"\x7fELF\x02\x01\x01\0\0\0some/path".as_slice(), token.as_bytes(), b"/rustc/5980more"].concat();
    let pyc = [b"\xa7\r\r\n\0\0\0\0z(".as_slice(), token.as_bytes(), b"N)\x01"].concat();
    for content in [elf, pyc] {
        let found = in_file("bootstrap", &content);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].rule.as_str(), found[0].confidence), ("github-pat", Confidence::High));
    }
    let noise = [b"\x7fELF\0".as_slice(), b"api_key = \"kR9v2mTq7WxLbZ4cNs8YpDf\""].concat();
    assert!(in_file("bootstrap", &noise).is_empty());
}

#[test]
fn the_sources_of_a_source_map_are_files() {
    let source = format!("import pg from 'pg';\nconst url = \"postgres://svc:{}@db.acme.io/app\";\n", "q9Tv2Lm4Xc7P");
    let map = serde_json::json!({"version": 3, "sources": ["db.ts"], "sourcesContent": [source, null], "mappings": "AAAA"}).to_string();
    let inline = format!("run();\n//# sourceMappingURL=data:application/json;base64,{}\n", STANDARD.encode(&map));
    let sections = serde_json::json!({"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": serde_json::from_str::<serde_json::Value>(&map).unwrap()}]}).to_string();
    for (name, content) in [("index.js.map", map.as_str()), ("index.js", inline.as_str()), ("all.map", sections.as_str())] {
        let found = in_file(name, content.as_bytes());
        assert!(found.iter().any(|secret| secret.rule == "postgres-url"), "{name}");
    }
    let found = in_file("index.js", inline.as_bytes());
    assert!(found.iter().all(|secret| !secret.decoded.is_empty()));
    let found = in_file("dist/index.js.map", map.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].path.as_str(), found[0].line), ("dist/index.js.map!/db.ts", 2));
}

#[test]
fn a_minified_line_is_searched_by_columns() {
    let before = "function a(b){return b+1};".repeat(4000);
    let found = in_file("app.min.js", format!("{before}t=\"{}\";{before}", github()).as_bytes());
    assert_eq!((found.len(), found[0].line, found[0].column as usize), (1, 1, before.len() + 4));
}

#[test]
fn a_format_within_a_longer_run_of_a_binary_is_a_guess() {
    let body = ["_qksuHDiThfrsEjReY6", "oEWhcjxR2wkrPRnw1BSoEzql"].concat();
    let alone = [b"\x7fELF\0\0ion".as_slice(), body.as_bytes(), b"\0"].concat();
    let within = [b"\x7fELF\0_ZNfunction".as_slice(), body.as_bytes(), b"E10_M\0"].concat();
    assert_eq!(in_file("a.so", &alone)[0].confidence, Confidence::Medium);
    assert!(in_file("a.so", &within).iter().all(|secret| secret.confidence == Confidence::Low));
    let checksum = ["x 4b1d", "9f86d081884c7d659a2feaa0c55ad015a3bf4f"].concat();
    assert!(in_file("state.txt", checksum.as_bytes()).is_empty());
}
