//! Who depends on whom: what manifests ask for, what lockfiles resolve, and what is left out.

use fngate::extract::{EXTRACTORS, attribute};
use fngate::model::{Entry, EntryPath, Inventory, Link};

use super::walker::{scanned, show};

/// Edges as `from -> to`, one a line, the artifact as `.`; `?` before whoever may depend on more.
fn edges(inventory: &Inventory) -> String {
    let short = |purl: &str| purl.replace("pkg:npm/", "").replace("pkg:pypi/", "").replace("pkg:cargo/", "");
    let found = &inventory.dependencies;
    assert!(found.asked.is_empty() && found.stated.is_empty() && found.links.is_empty());
    let line = |edge: &fngate::model::Edge| {
        let open = if found.whole.contains(&edge.from) { "" } else { "?" };
        format!("{open}{} -> {}\n", edge.from.as_deref().map_or(".".to_owned(), short), short(&edge.to))
    };
    found.edges.iter().map(line).collect()
}

fn package(name: &str, rest: &str) -> String {
    format!(r#"{{"name":"{name}","version":"1.0.0"{rest}}}"#)
}

#[test]
fn what_is_installed_is_found_as_node_finds_it() {
    let found = scanned(&[
        ("package.json", package("f", r#","dependencies":{"a":"^1","gone":"^1"},"devDependencies":{"tool":"^1","absent":"*"}"#)),
        ("node_modules/a/package.json", package("a", r#","dependencies":{"b":"^2"},"optionalDependencies":{"o":"*"}"#)),
        (
            "node_modules/a/node_modules/b/package.json",
            r#"{"name":"b","version":"2.0.0","dependencies":{"@s/c":"*","a":"*","b":"*"}}"#.into(),
        ),
        ("node_modules/b/package.json", package("b", "")),
        ("node_modules/@s/c/package.json", package("@s/c", r#","peerDependencies":{"b":"*","none":"*"}"#)),
        ("node_modules/alias/package.json", package("real", r#","dependencies":{"missing":"*"}"#)),
        ("node_modules/tool/package.json", package("tool", r#","dependencies":{"alias":"npm:real@1"}"#)),
        // No edges: a fixture, a package's development tree, another archive.
        ("node_modules/a/test/package.json", package("t", r#","dependencies":{"tool":"*"}"#)),
        ("node_modules/b/package-lock.json", r#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"tool":"*"}}}}"#.into()),
    ]);
    insta::assert_snapshot!(edges(&found), @r"
    ?. -> a@1.0.0
    ?. -> tool@1.0.0
    %40s/c@1.0.0 -> b@1.0.0
    a@1.0.0 -> b@2.0.0
    b@2.0.0 -> %40s/c@1.0.0
    b@2.0.0 -> a@1.0.0
    tool@1.0.0 -> real@1.0.0
    ");
    let whole: Vec<_> = found.dependencies.whole.iter().flatten().map(|purl| &**purl).collect();
    assert!(!whole.contains(&"pkg:npm/real@1.0.0") && whole.contains(&"pkg:npm/b@1.0.0"), "{whole:?}");
}

#[test]
fn links_of_a_store_lead_to_what_they_name() {
    let mut found = Inventory::default();
    let store = "node_modules/.pnpm";
    for (path, content) in [
        ("package.json".to_owned(), package("f", r#","dependencies":{"a":"^1"}"#)),
        (format!("{store}/a@1.0.0/node_modules/a/package.json"), package("a", r#","dependencies":{"b":"^1"}"#)),
        (format!("{store}/b@1.0.0/node_modules/b/package.json"), package("b", "")),
        (format!("{store}/b@2.0.0/node_modules/b/package.json"), r#"{"name":"b","version":"2.0.0"}"#.to_owned()),
    ] {
        show(&EntryPath::new(&path).unwrap(), content.as_bytes(), &mut found, 0);
    }
    let link = |path: &str, target: String| Link { path: EntryPath::new(path).unwrap(), target: EntryPath::new(&target).unwrap() };
    found.dependencies.links.push(link("node_modules/a", format!("{store}/a@1.0.0/node_modules/a")));
    found.dependencies.links.push(link(&format!("{store}/a@1.0.0/node_modules/b"), format!("{store}/b@1.0.0/node_modules/b")));
    insta::assert_snapshot!(edges(&attribute(found).sorted()), @r"
    . -> a@1.0.0
    a@1.0.0 -> b@1.0.0
    ");
}

#[test]
fn distributions_of_one_environment_know_each_other() {
    let metadata = |name: &str, rest: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{rest}\nText\nRequires-Dist: no\n");
    let found = scanned(&[
        ("requirements.txt", "A-A==1.0\n".to_owned()),
        (
            "a_a-1.0.dist-info/METADATA",
            metadata("a.a", "Requires-Dist: B[x]>=1\nRequires-Dist: c; sys_platform == 'win32'\nRequires-Dist: d; extra == 'd'\n"),
        ),
        ("b-1.0.dist-info/METADATA", metadata("b", "Requires-Dist: gone\n")),
        ("c-1.0.dist-info/METADATA", metadata("c", "Requires-Dist: gone; python_version < '3'\n")),
        ("d-1.0.dist-info/METADATA", metadata("d", "")),
        ("e-1.0-py3.11.egg-info/PKG-INFO", metadata("e", "")),
        ("e-1.0-py3.11.egg-info/requires.txt", "d\n\n[:python_version<'3']\nb\n\n[test]\nc\n".to_owned()),
    ]);
    insta::assert_snapshot!(edges(&found), @r"
    ?. -> a-a@1.0
    a-a@1.0 -> b@1.0
    a-a@1.0 -> c@1.0
    e@1.0 -> b@1.0
    e@1.0 -> d@1.0
    ");
    let whole: Vec<_> = found.dependencies.whole.iter().flatten().map(|purl| purl.as_ref()).collect();
    assert_eq!(whole, ["pkg:pypi/a-a@1.0", "pkg:pypi/c@1.0", "pkg:pypi/d@1.0", "pkg:pypi/e@1.0"]);
}

const LOCK_3: &str = r#"{"lockfileVersion":3,"packages":{
    "":{"dependencies":{"a":"1"},"devDependencies":{"d":"1"},"workspaces":["packages/*"]},
    "node_modules/a":{"version":"1.0.0","dependencies":{"b":"2"},"optionalDependencies":{"o":"1"},"integrity":"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
    "node_modules/a/node_modules/b":{"version":"2.0.0","peerDependencies":{"a":"1"}},
    "node_modules/b":{"version":"1.0.0","dependencies":["odd"]},
    "node_modules/d":{"version":"1.0.0","dev":true,"dependencies":{"b":"1","absent":"1"}},
    "node_modules/@acme/m":{"resolved":"packages/m","link":true},
    "packages/m":{"name":"@acme/m","dependencies":{"b":"1"}}}}"#;

#[test]
fn a_lockfile_speaks_of_its_own_packages() {
    insta::assert_snapshot!(edges(&scanned(&[("package-lock.json", LOCK_3)])), @r"
    . -> a@1.0.0
    . -> b@1.0.0
    . -> d@1.0.0
    a@1.0.0 -> b@2.0.0
    b@2.0.0 -> a@1.0.0
    ?d@1.0.0 -> b@1.0.0
    ");
    // What is installed has the last word.
    let files = [
        ("package-lock.json", LOCK_3.to_owned()),
        ("node_modules/a/package.json", package("a", r#","dependencies":{"b":"2"}"#)),
        ("node_modules/b/package.json", package("b", "")),
    ];
    insta::assert_snapshot!(edges(&scanned(&files)), @r"
    ?. -> a@1.0.0
    ?. -> b@1.0.0
    a@1.0.0 -> b@1.0.0
    ");
    // Only yarn's own loader looks into its archives, so that only the lockfile knows.
    let lock = "__metadata:\n  version: 8\n\"f@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"f@workspace:.\"\n  dependencies:\n    a: \"npm:^1\"\n\"a@npm:^1\":\n  version: 1.0.0\n  resolution: \"a@npm:1.0.0\"\n  dependencies:\n    b: \"npm:^1\"\n\"b@npm:^1\":\n  version: 1.0.0\n  resolution: \"b@npm:1.0.0\"\n";
    let files = [
        ("yarn.lock", lock.to_owned()),
        (".yarn/cache/a.zip!/node_modules/a/package.json", package("a", r#","dependencies":{"b":"^1"}"#)),
        (".yarn/cache/b.zip!/node_modules/b/package.json", package("b", "")),
    ];
    let mut found = Inventory::default();
    for (path, content) in &files {
        let path = path.split("!/").map(|part| EntryPath::new(part).unwrap()).reduce(|outer, inner| outer.nested(&inner)).unwrap();
        show(&path, content.as_bytes(), &mut found, 4);
    }
    insta::assert_snapshot!(edges(&attribute(found).sorted()), @r"
    . -> a@1.0.0
    ?a@1.0.0 -> b@1.0.0
    ");
}

#[test]
fn every_package_manager_states_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats/orders");
    let found = |manager: &str, lock: &str| edges(&scanned(&[(lock, std::fs::read(folder.join(manager).join(lock)).unwrap())]));
    let all = ". -> %40types/ms@0.7.31\n. -> escape-html@1.0.3\n. -> fsevents@2.3.2\n. -> isarray@2.0.5\n. -> ms@0.7.1\n. -> ms@2.1.2\n";
    for (manager, lock) in [
        ("npm-8", "package-lock.json"),
        ("npm-10", "package-lock.json"),
        ("pnpm-7", "pnpm-lock.yaml"),
        ("pnpm-8", "pnpm-lock.yaml"),
        ("pnpm-9", "pnpm-lock.yaml"),
        ("bun", "bun.lock"),
    ] {
        assert_eq!(found(manager, lock), all, "{manager}");
    }
    assert_eq!(found("python-uv-lock", "uv.lock"), ". -> idna@3.6\n. -> iniconfig@2.0.0\n. -> six@1.16.0\n");
    let berry = found("berry", "yarn.lock");
    assert!(all.lines().all(|line| berry.lines().any(|found| found == line)), "{berry}");
    assert!(berry.contains("\n%40isaacs/fs-minipass@4.0.1 -> minipass@"), "{berry}");
}

#[test]
fn locks_that_name_and_bind_in_their_own_ways() {
    let yarn = "a@^1.0.0, a@^1.1.0:\n  version \"1.2.0\"\n  dependencies:\n    \"@s/b\" \"^1\"\n  optionalDependencies:\n    c \"*\"\n\n\"@s/b@^1\":\n  version \"1.0.0\"\n\nc@*, c@2:\n  version \"2.0.0\"\n\nc@1:\n  version \"1.0.0\"\n";
    let manifest = r#"{"dependencies":{"a":"^1.0.0","c":"^1.0.0"}}"#;
    let pnpm_5 = "lockfileVersion: 5.4\ndependencies:\n  a: 1.0.0_b@1.0.0\npackages:\n  /a/1.0.0_b@1.0.0:\n    dependencies:\n      b: 1.0.0\n      alias: /@s/c/2.0.0\n  /b/1.0.0: {}\n  /@s/c/2.0.0: {}\n";
    let pnpm_9 = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0(b@1.0.0)}\n      own: {specifier: 'link:own', version: 'link:own'}\npackages:\n  a@1.0.0: {}\n  b@1.0.0: {}\n  '@s/c@2.0.0': {}\nsnapshots:\n  a@1.0.0(b@1.0.0):\n    dependencies: {b: 1.0.0, alias: '@s/c@2.0.0'}\n  b@1.0.0: {}\n  '@s/c@2.0.0': {}\n";
    let bun = r#"{"lockfileVersion":1,"workspaces":{"":{"dependencies":{"a":"1"}},"packages/w":{"name":"w","dependencies":{"b":"1"}}},"packages":{
        "a":["a@1.0.0","",{"dependencies":{"b":"2","@s/c":"1"}},""],"a/b":["b@2.0.0","",{},""],"b":["b@1.0.0","",{},""],
        "@s/c":["@s/c@1.0.0","",{"peerDependencies":{"b":"*"}},""],"w":["w@workspace:packages/w"]}}"#;
    let npm_1 = r#"{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","requires":{"b":"2","c":"1"},"dependencies":{"b":{"version":"2.0.0","requires":{"c":"1"}}}},"b":{"version":"1.0.0"},"c":{"version":"1.0.0"}}}"#;
    let poetry = "[[package]]\nname = \"A\"\nversion = \"1\"\n[package.dependencies]\nB = \">=1\"\nc = {version = \"*\", markers = \"x\"}\n\n[[package]]\nname = \"b\"\nversion = \"1\"\n\n[metadata]\nlock-version = \"2.0\"\n";
    let pdm = "[metadata]\nlock_version = \"4\"\n[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [\"b[x]>=1\", \"c; x\"]\n[[package]]\nname = \"b\"\nversion = \"1\"\n";
    let cargo = "version = 4\n[[package]]\nname = \"f\"\nversion = \"0.1.0\"\ndependencies = [\"a\", \"b 2.0.0\"]\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"\ndependencies = [\"b 1.0.0\"]\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n[[package]]\nname = \"b\"\nversion = \"2.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let mut told = String::new();
    for files in [
        &[("yarn.lock", yarn), ("package.json", manifest)][..],
        &[("pnpm-lock.yaml", pnpm_5)],
        &[("pnpm-lock.yaml", pnpm_9)],
        &[("bun.lock", bun)],
        &[("package-lock.json", npm_1)],
        &[("poetry.lock", poetry)],
        &[("pdm.lock", pdm)],
        &[("Cargo.lock", cargo)],
    ] {
        told.push_str(&format!("{}\n{}", files[0].0, edges(&scanned(files))));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn addresses_and_hashes_stay_with_what_is_listed() {
    let found = scanned(&[("package-lock.json", LOCK_3)]);
    let told: Vec<_> = found.dependencies.distributions.iter().map(|one| (&*one.package, &*one.url, one.hash.as_ref())).collect();
    let [(package, url, Some((algorithm, hash)))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((*package, *url, *algorithm), ("pkg:npm/a@1.0.0", "https://registry.npmjs.org/a/-/a-1.0.0.tgz", "SHA-512"));
    assert!(hash.starts_with("cf83e1357eefb8bd") && hash.len() == 128);
}

/// Half a million names in one manifest, everybody depends on everybody, deep and long places: bounded, and said to be cut.
#[test]
fn hostile_graphs_are_bounded_and_said_to_be_cut() {
    let all: Vec<String> = (0..1_100).map(|number| format!("p{number}")).collect();
    let wishes: String = all.iter().map(|name| format!(r#""{name}":"*","#)).collect();
    let wishes = wishes.trim_end_matches(',');
    let entries: Vec<String> =
        all.iter().map(|name| format!(r#""node_modules/{name}":{{"version":"1.0.0","dependencies":{{{wishes}}}}}"#)).collect();
    let lock = format!(r#"{{"lockfileVersion":3,"packages":{{{}}}}}"#, entries.join(","));
    let path = EntryPath::new("package-lock.json").unwrap();
    let mut found = Inventory::default();
    let reader = EXTRACTORS.iter().find(|extractor| extractor.name() == "npm/package-lock").unwrap();
    reader.extract(&Entry { path: &path, content: lock.as_bytes() }, &mut found).unwrap();
    let found = attribute(found).sorted();
    assert!(found.dependencies.cut && found.dependencies.whole.is_empty());
    assert!(found.dependencies.edges.len() <= 1_000_000);
    assert_eq!(found.packages.len(), 1_100);

    let deep = "node_modules/x/".repeat(250);
    let files: Vec<(String, String)> = (0..20)
        .map(|n| (format!("{deep}node_modules/y{n}/package.json"), package("y", &format!(r#","dependencies":{{{wishes}}}"#))))
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    assert!(scanned(&files).dependencies.edges.is_empty());
}
