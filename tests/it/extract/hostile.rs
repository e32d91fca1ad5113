//! Extractors meet arbitrary bytes: no panic, no unbounded output, whatever is cut, flipped or repeated.

use fngate::extract::EXTRACTORS;
use fngate::model::{Entry, EntryPath, Inventory};
use proptest::prelude::*;

use super::format::FIXTURES;
use super::walker::show;

/// Shows `content` to every extractor that wants it under `path`.
fn fed(path: &str, content: &[u8]) -> Inventory {
    let mut found = Inventory::default();
    show(&EntryPath::new(path).unwrap(), content, &mut found, 4);
    found
}

#[test]
fn every_extractor_has_a_fixture() {
    let reads = |name: &str| {
        let extractor = EXTRACTORS.iter().find(|extractor| extractor.name() == name).unwrap();
        FIXTURES.iter().any(|(path, content)| extractor.wants(&EntryPath::new(path).unwrap(), &content[..content.len().min(4096)]))
    };
    for extractor in EXTRACTORS {
        assert!(reads(extractor.name()), "{} has no fixture", extractor.name());
    }
}

#[test]
fn fixtures_may_be_cut_anywhere() {
    for (path, content) in FIXTURES {
        for end in (0..content.len()).step_by(1 + content.len() / 300) {
            fed(path, &content[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fixtures_may_be_changed_anywhere(
        fixture in 0..FIXTURES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (path, content) = FIXTURES[fixture];
        let mut content = content.to_vec();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        content.extend(tail);
        fed(path, &content);
    }

    #[test]
    fn any_bytes_are_met_by_every_extractor(content in prop::collection::vec(any::<u8>(), 0..600)) {
        for (path, _) in FIXTURES {
            let path = EntryPath::new(path).unwrap();
            for extractor in EXTRACTORS {
                let _ = extractor.extract(&Entry { path: &path, content: &content }, &mut Inventory::default());
            }
        }
    }
}

#[test]
fn depth_is_bounded() {
    let deep = |open: &str, close: &str, times: usize| format!("{}{}", open.repeat(times), close.repeat(times));
    let nested = deep(r#"{"dependencies":{"a":"#, "}}", 100_000);
    for path in ["package-lock.json", "package.json", "Pipfile.lock", "bun.lock", "node_modules/a/package.json"] {
        fed(path, nested.as_bytes());
        fed(path, deep("[", "]", 200_000).as_bytes());
    }
    for path in ["poetry.lock", "Cargo.lock", "pylock.toml"] {
        fed(path, format!("a = {}", deep("[", "]", 200_000)).as_bytes());
        fed(path, format!("[{}a]\nb = 1\n", "a.".repeat(200_000)).as_bytes());
        fed(path, format!("{}a = 1\n", "a.".repeat(200_000)).as_bytes());
        fed(path, format!("[[package]]\nname = {}", deep("{a=", "}", 100_000)).as_bytes());
    }
    for path in ["pnpm-lock.yaml", "yarn.lock"] {
        fed(path, format!("__metadata:\n  a: {}", deep("[", "]", 100_000)).as_bytes());
        fed(path, format!("__metadata: 1\nlockfileVersion: {}", deep("{a: ", "}", 100_000)).as_bytes());
        let laughs: String = (1..60).map(|n| format!("a{n}: &a{n} [*a{},*a{},*a{}]\n", n - 1, n - 1, n - 1)).collect();
        fed(path, format!("__metadata: 1\nlockfileVersion: 9\na0: &a0 [x]\n{laughs}packages: *a59\n").as_bytes());
    }
}

/// Sixty thousand files with as many claims, locks in nested folders and deep paths: attribution stays near-linear.
#[test]
fn attribution_is_near_linear() {
    let mut found = Inventory::default();
    let manifest = |n: usize| format!(r#"{{"name":"p{n}","version":"1.0.0"}}"#);
    let lock = r#"{"lockfileVersion":3,"packages":{"node_modules/p1":{"version":"1.0.0"},"node_modules/q":{"version":"1.0.0"}}}"#;
    let mut folder = String::new();
    for n in 0..20_000 {
        show(&EntryPath::new(&format!("node_modules/p{n}/package.json")).unwrap(), manifest(n).as_bytes(), &mut found, 4);
        show(&EntryPath::new(&format!("node_modules/p{n}/index.js")).unwrap(), b"1", &mut found, 4);
        if n < 300 {
            folder.push_str("d/");
            show(&EntryPath::new(&format!("{folder}package-lock.json")).unwrap(), lock.as_bytes(), &mut found, 4);
            show(&EntryPath::new(&format!("{folder}node_modules/p1/package.json")).unwrap(), manifest(1).as_bytes(), &mut found, 4);
        }
        show(
            &EntryPath::new(&format!("x/a{n}-1.0.dist-info/METADATA")).unwrap(),
            format!("Name: a{n}\nVersion: 1.0\n").as_bytes(),
            &mut found,
            4,
        );
    }
    let started = std::time::Instant::now();
    let settled = fngate::extract::attribute(found);
    assert!(settled.packages.len() >= 20_000);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}
