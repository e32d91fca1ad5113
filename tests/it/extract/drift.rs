//! Drift: what a lockfile says against what is installed below its folder.

use fngate::model::{Drift, DriftKind, Inventory};

use super::walker::scanned;

fn shown(inventory: &Inventory) -> Vec<String> {
    let line = |drift: &Drift| {
        let kind = match drift.kind {
            DriftKind::Version => "version",
            DriftKind::Extra => "extra",
            DriftKind::Missing => "missing",
        };
        let installed = drift.installed.as_deref().unwrap_or("-");
        format!("{}: {kind} {} {} {installed}", drift.lockfile, drift.name, drift.locked.join("|"))
    };
    inventory.drift.iter().map(line).collect()
}

fn manifest(name: &str, version: &str) -> String {
    format!(r#"{{"name":"{name}","version":"{version}"}}"#)
}

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{
    "":{"name":"fn"},
    "node_modules/same":{"version":"1.0.0"},
    "node_modules/moved":{"version":"1.1.0"},
    "node_modules/same/node_modules/moved":{"version":"0.9.0"},
    "node_modules/gone":{"version":"2.0.0"},
    "node_modules/tester":{"version":"3.0.0","dev":true},
    "node_modules/fsevents":{"version":"2.3.3","optional":true,"os":["darwin"]},
    "node_modules/host":{"version":"1.0.0","peer":true},
    "node_modules/alias":{"name":"real","version":"1.0.0"},
    "node_modules/fork":{"version":"1.0.0","resolved":"git+ssh://git@example.com/a/fork.git#abc"},
    "node_modules/own":{"resolved":"packages/own","link":true},
    "packages/own":{"version":"0.0.1"}
}}"#;

fn npm(extra: &[(&str, String)]) -> Inventory {
    let mut files = vec![
        ("package-lock.json", LOCK.to_owned()),
        ("node_modules/same/package.json", manifest("same", "1.0.0")),
        ("node_modules/moved/package.json", manifest("moved", "1.0.0")),
        ("node_modules/same/node_modules/moved/package.json", manifest("moved", "0.9.0")),
        ("node_modules/alias/package.json", manifest("real", "1.0.0")),
        ("node_modules/fork/package.json", manifest("fork", "1.2.0")),
        ("node_modules/added/package.json", manifest("added", "6.6.6")),
    ];
    files.extend(extra.iter().cloned());
    scanned(&files)
}

#[test]
fn versions_extras_and_what_is_missing_are_facts() {
    let expected = [
        "package-lock.json: version moved 0.9.0|1.1.0 1.0.0",
        "package-lock.json: extra added  6.6.6",
        "package-lock.json: missing gone 2.0.0 -",
    ];
    assert_eq!(shown(&npm(&[])), expected);
    // The lockfile that npm hides in node_modules repeats the other one.
    assert_eq!(shown(&npm(&[("node_modules/.package-lock.json", LOCK.to_owned())])), expected);
    // What a layer brings is there.
    let layered = npm(&[("opt!/nodejs/node_modules/gone/package.json", manifest("gone", "2.0.0"))]);
    assert_eq!(shown(&layered), expected[..2]);
}

#[test]
fn a_lockfile_of_which_nothing_is_installed_disagrees_with_nothing() {
    let alone = scanned(&[("package-lock.json", LOCK.to_owned())]);
    assert_eq!((alone.drift.len(), alone.packages.len() > 5), (0, true));
    let stranger = scanned(&[("package-lock.json", LOCK.to_owned()), ("node_modules/x/package.json", manifest("x", "1.0.0"))]);
    assert_eq!(stranger.drift, []);
}

#[test]
fn the_nearest_lockfile_speaks() {
    let inner = r#"{"lockfileVersion":3,"packages":{"node_modules/moved":{"version":"1.0.0"},"node_modules/same":{"version":"1.0.0"}}}"#;
    let found = scanned(&[
        ("package-lock.json", LOCK.to_owned()),
        ("node_modules/same/package.json", manifest("same", "1.0.0")),
        ("functions/a/package-lock.json", inner.to_owned()),
        ("functions/a/node_modules/moved/package.json", manifest("moved", "1.0.0")),
        ("functions/a/node_modules/same/package.json", manifest("same", "1.0.0")),
    ]);
    assert_eq!(
        shown(&found),
        [
            "package-lock.json: missing gone 2.0.0 -",
            "package-lock.json: missing moved 0.9.0|1.1.0 -",
            "package-lock.json: missing real 1.0.0 -"
        ]
    );
}

#[test]
fn what_a_package_brings_in_its_own_tarball_is_no_extra_of_a_yarn_lock() {
    let lock = "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.0.0\"\n\ntool@^9.0.0:\n  version \"9.0.0\"\n";
    let found = scanned(&[
        ("yarn.lock", lock.to_owned()),
        ("node_modules/a/package.json", manifest("a", "1.0.1")),
        ("node_modules/a/node_modules/bundled/package.json", manifest("bundled", "1.0.0")),
        ("node_modules/b/package.json", manifest("b", "1.0.0")),
    ]);
    // The lockfile does not say what is for development, so nothing is missing.
    assert_eq!(shown(&found), ["yarn.lock: version a 1.0.0 1.0.1", "yarn.lock: extra b  1.0.0"]);
}

#[test]
fn python_versions_are_compared_as_versions() {
    let metadata = |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    let lock = r#"{"_meta":{},"default":{
        "same-name":{"version":"==1.0"},"torch":{"version":"==2.1.0"},"old":{"version":"==1.0"},
        "gone":{"version":"==3.0"},"winonly":{"version":"==1.0","markers":"sys_platform == 'win32'"}},
        "develop":{"pytest":{"version":"==8.0"}}}"#;
    let found = scanned(&[
        ("Pipfile.lock", lock.to_owned()),
        ("Same_Name-1.0.0.dist-info/METADATA", metadata("Same.Name", "1.0.0")),
        ("torch-2.1.0+cpu.dist-info/METADATA", metadata("torch", "2.1.0+cpu")),
        ("old-0.9.dist-info/METADATA", metadata("old", "0.9")),
        ("extra-1.dist-info/METADATA", metadata("extra", "1")),
        ("pip-24.0.dist-info/METADATA", metadata("pip", "24.0")),
    ]);
    assert_eq!(shown(&found), ["Pipfile.lock: version old 1.0 0.9", "Pipfile.lock: extra extra  1", "Pipfile.lock: missing gone 3.0 -"]);
}

#[test]
fn a_requirements_file_pins_and_does_not_lock() {
    let metadata = |name: &str, version: &str| format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
    let found = scanned(&[
        ("requirements.txt", "a==1.0\nb>=2\nc==3.0 ; sys_platform == 'win32'\ngone==4.0\n".to_owned()),
        ("a-1.1.dist-info/METADATA", metadata("a", "1.1")),
        ("b-2.1.dist-info/METADATA", metadata("b", "2.1")),
        ("d-1.dist-info/METADATA", metadata("d", "1")),
    ]);
    assert_eq!(shown(&found), ["requirements.txt: version a 1.0 1.1", "requirements.txt: missing gone 4.0 -"]);
}

#[test]
fn a_binary_is_held_against_the_lockfile_beside_it() {
    let lock = "version = 4\n\n[[package]]\nname = \"tokio\"\nversion = \"1.20.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n[[package]]\nname = \"winapi\"\nversion = \"0.3.9\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
    let elf = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/formats/auditable.elf")).unwrap();
    let with = |lock: &str| shown(&scanned(&[("Cargo.lock", lock.as_bytes().to_vec()), ("bootstrap", elf.clone())]));
    assert_eq!(with(lock), [""; 0], "a crate of another platform is no part of this binary");
    assert_eq!(with(&lock.replace("1.20.0", "1.19.0")), ["Cargo.lock: version tokio 1.19.0 1.20.0"]);
}
