//! A function and the layers mounted beside it: one inventory, one verdict.

use std::io::{Cursor, Write};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use fngate::artifact::{Artifact, Limits, OpenError};
use fngate::model::{Inventory, Origin, Relation};
use fngate::secret::Scanner;
use serde_json::Value;
use tempfile::TempDir;

const HANDLER: (&str, &str) = ("index.js", "exports.handler = async () => 1;\n");
/// What opens a package's METADATA.
const CORE: &str = "Metadata-Version: 2.1\nName: ";

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    zip(&files.iter().map(|(path, content)| (*path, content.as_bytes())).collect::<Vec<_>>())
}

fn artifact(bytes: &[u8]) -> Artifact {
    Artifact::read("fn.zip".to_owned(), bytes).unwrap()
}

fn with(function: &[u8], layers: &[&[u8]]) -> Artifact {
    artifact(function).with_layers(layers.iter().map(|layer| Arc::new(artifact(layer))).collect()).unwrap()
}

fn scan(artifact: &Artifact) -> Inventory {
    fngate::scan::scan(artifact, &Limits::default(), Some(&Scanner::with_files(&[]).unwrap()), &[])
}

/// `purl relation path`, for each package and place.
fn packages(inventory: &Inventory) -> Vec<String> {
    let rows = inventory.packages.iter().filter(|package| package.origin != Origin::FirstParty);
    rows.flat_map(|package| package.paths.iter().map(|path| format!("{} {} {path}", package.purl(), package.relation.as_str()))).collect()
}

fn problems(inventory: &Inventory) -> Vec<String> {
    let place = |path: &Option<fngate::model::EntryPath>| path.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    inventory.problems.iter().map(|problem| format!("{} {}", problem.kind, place(&problem.path))).collect()
}

fn package(name: &str, version: &str) -> String {
    format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}")
}

/// A value of a GitHub token's form, made here so that no such thing stands in the source.
fn token() -> String {
    format!("ghp_{}", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"[..36].to_owned())
}

#[test]
fn function_and_layers_are_one_inventory() {
    let node = packed(&[
        ("nodejs/node_modules/ms/package.json", &package("ms", "2.1.3")),
        ("nodejs/node_modules/ms/index.js", "module.exports = 1;\n"),
    ]);
    let python = packed(&[
        ("python/lib/python3.12/site-packages/idna/__init__.py", "x = 1\n"),
        ("python/lib/python3.12/site-packages/idna-3.7.dist-info/METADATA", &format!("{CORE}idna\nVersion: 3.7\n\n")),
        ("python/lib/python3.12/site-packages/idna-3.7.dist-info/RECORD", "idna/__init__.py,,\nidna-3.7.dist-info/METADATA,,\n"),
        ("python/six.py", "x = 1\n"),
        ("python/six-1.16.0.dist-info/METADATA", &format!("{CORE}six\nVersion: 1.16.0\n\n")),
        ("python/six-1.16.0.dist-info/RECORD", "six.py,,\nsix-1.16.0.dist-info/METADATA,,\n"),
    ]);
    let function = packed(&[HANDLER, ("node_modules/a/package.json", &package("a", "1.0.0")), ("node_modules/a/index.js", "1;\n")]);
    let inventory = scan(&with(&function, &[&node, &python]));
    assert_eq!(
        packages(&inventory),
        [
            "pkg:npm/a@1.0.0 installed node_modules/a/package.json",
            "pkg:npm/ms@2.1.3 installed opt!/nodejs/node_modules/ms/package.json",
            "pkg:pypi/idna@3.7 installed opt!/python/lib/python3.12/site-packages/idna-3.7.dist-info/METADATA",
            "pkg:pypi/six@1.16.0 installed opt!/python/six-1.16.0.dist-info/METADATA",
        ]
    );
    assert_eq!(problems(&inventory), [] as [String; 0]);
    assert_eq!(inventory.files.len(), 11);
}

#[test]
fn later_layers_win_and_what_they_hide_keeps_its_secrets() {
    let secret = format!("const token = \"{}\";\n", token());
    let below = packed(&[
        ("nodejs/node_modules/ms/package.json", &package("ms", "1.0.0")),
        ("nodejs/node_modules/ms/index.js", &secret),
        ("nodejs/node_modules/old/package.json", &package("old", "1.0.0")),
    ]);
    let above = packed(&[
        ("nodejs/node_modules/ms/package.json", &package("ms", "2.1.3")),
        ("nodejs/node_modules/ms/index.js", "module.exports = 1;\n"),
    ]);
    let function = packed(&[HANDLER]);
    let inventory = scan(&with(&function, &[&below, &above]));
    assert_eq!(
        packages(&inventory),
        [
            "pkg:npm/ms@2.1.3 installed opt!/nodejs/node_modules/ms/package.json",
            "pkg:npm/old@1.0.0 installed opt!/nodejs/node_modules/old/package.json",
        ]
    );
    let digest = fngate::model::hex(&artifact(&below).digest());
    let places: Vec<&str> = inventory.secrets.iter().map(|secret| secret.path.as_str()).collect();
    assert_eq!(places, [format!("layer@sha256:{}!/nodejs/node_modules/ms/index.js", &digest[..12])]);
    assert_eq!(inventory.files.len(), 4, "a shadowed file is no file of the function");

    let turned = scan(&with(&function, &[&above, &below]));
    assert!(packages(&turned).contains(&"pkg:npm/ms@1.0.0 installed opt!/nodejs/node_modules/ms/package.json".to_owned()));
    assert!(!packages(&turned).iter().any(|row| row.contains("ms@2.1.3")));
    assert_eq!(turned.secrets[0].path.as_str(), "opt!/nodejs/node_modules/ms/index.js");
}

#[test]
fn an_archive_in_a_layer_is_hidden_with_all_that_is_in_it() {
    let wheel = |version: &str| {
        packed(&[
            (&format!("a-{version}.dist-info/METADATA"), &format!("{CORE}a\nVersion: {version}\n\n")),
            (&format!("a-{version}.dist-info/RECORD"), ""),
        ])
    };
    let (old, new) = (wheel("1.0"), wheel("2.0"));
    let function = packed(&[HANDLER]);
    let inventory = scan(&with(&function, &[&zip(&[("python/a.whl", &old)]), &zip(&[("python/a.whl", &new)])]));
    assert_eq!(packages(&inventory).iter().map(|row| row.split(' ').next().unwrap()).collect::<Vec<_>>(), ["pkg:pypi/a@2.0"]);
}

#[test]
fn a_lockfile_of_the_function_speaks_of_what_a_layer_installs() {
    let lock = r#"{"name":"f","lockfileVersion":3,"packages":{"":{"name":"f","dependencies":{"ms":"2.1.3"}},"node_modules/ms":{"version":"2.1.3"}}}"#;
    let layer = packed(&[("nodejs/node_modules/ms/package.json", &package("ms", "2.1.3"))]);
    for place in ["package-lock.json", "src/package-lock.json"] {
        let function = packed(&[HANDLER, (place, lock)]);
        assert_eq!(scan(&artifact(&function)).packages.iter().filter(|package| package.relation == Relation::Locked).count(), 1);
        let inventory = scan(&with(&function, &[&layer]));
        assert_eq!(packages(&inventory), ["pkg:npm/ms@2.1.3 installed opt!/nodejs/node_modules/ms/package.json"], "{place}");
    }
}

#[test]
fn stripped_packages_and_broken_layers_are_named_where_they_are() {
    let stripped = packed(&[("python/lib/python3.12/site-packages/idna/__init__.py", "x = 1\n")]);
    let inventory = scan(&with(&packed(&[HANDLER]), &[&stripped]));
    assert_eq!(problems(&inventory), ["package-unattributed opt!/python/lib/python3.12/site-packages/idna"]);

    let mut broken = b"#!/bin/sh\n".to_vec();
    broken.extend(packed(&[("python/x.txt", "x\n")]));
    let inventory = scan(&with(&packed(&[HANDLER]), &[&broken]));
    let digest = fngate::model::hex(&artifact(&broken).digest());
    assert!(problems(&inventory).contains(&format!("unlisted-data layer@sha256:{}", &digest[..12])), "{:?}", problems(&inventory));
}

#[test]
fn nothing_of_the_function_can_pass_for_a_layers() {
    let inner = packed(&[("nodejs/node_modules/ms/package.json", &package("ms", "2.1.3"))]);
    let function = zip(&[("index.js", b"1;\n"), ("opt", &inner), ("opt!/a.js", b"1;\n")]);
    assert_eq!(problems(&scan(&artifact(&function))), [] as [String; 0]);
    let inventory = scan(&with(&function, &[&packed(&[("nodejs/x.txt", "x\n")])]));
    assert_eq!(problems(&inventory), ["name-conflict opt"]);
    assert!(inventory.files.iter().any(|file| file.path.as_str() == "opt%21/a.js"));
}

#[test]
fn limits_are_those_of_function_and_layers_together() {
    let layer = packed(&[("python/x.txt", "0123456789")]);
    let limits = Limits { total_bytes: 45, ..Limits::default() };
    let function = packed(&[HANDLER]);
    assert_eq!(problems(&fngate::scan::scan(&with(&function, &[&layer]), &limits, None, &[])), [] as [String; 0]);
    let over = fngate::scan::scan(&with(&function, &[&layer, &packed(&[("python/y.txt", "0123456789")])]), &limits, None, &[]);
    assert_eq!(problems(&over), ["limit-total-bytes -"]);
}

#[test]
fn every_entry_is_accounted_for_whoever_comes_first() {
    let names: Vec<String> = (0..200).map(|at| format!("nodejs/node_modules/p{at}/package.json")).collect();
    let layer = |version: &str, from: usize| {
        let manifests: Vec<String> = (0..200).map(|at| package(&format!("p{at}"), version)).collect();
        let files: Vec<(&str, &str)> = names.iter().zip(&manifests).map(|(name, text)| (name.as_str(), text.as_str())).collect();
        packed(&files[from..])
    };
    let artifact = with(&packed(&[HANDLER]), &[&layer("1.0.0", 0), &layer("2.0.0", 50), &layer("3.0.0", 120)]);
    let census = artifact.walk(&Limits::default(), &crate::artifact::Witness).census;
    assert_eq!((census.declared, census.shown, census.refused), (1 + 200 + 150 + 80, 1 + 200 + 150 + 80, 0));
    let by = |workers| rayon::ThreadPoolBuilder::new().num_threads(workers).build().unwrap().install(|| scan(&artifact));
    let (one, four) = (by(1), by(4));
    assert_eq!(one, four);
    let count = |version| one.packages.iter().filter(|package| package.version.as_deref() == Some(version)).count();
    assert_eq!((count("1.0.0"), count("2.0.0"), count("3.0.0")), (50, 70, 80));
}

#[test]
fn digest_and_signature_are_the_functions() {
    let function = packed(&[HANDLER]);
    let layer = packed(&[("python/x.txt", "x\n")]);
    let (alone, layered) = (artifact(&function), with(&function, &[&layer]));
    assert_eq!(alone.digest(), layered.digest());
    let inventory = scan(&layered);
    let (facts, bare) = (layered.facts(&inventory), alone.facts(&inventory));
    assert_eq!((&facts.sha256, facts.size, &facts.code_sha256), (&bare.sha256, bare.size, &bare.code_sha256));
    assert_eq!((facts.layers.len(), bare.layers.len()), (1, 0));
    assert_eq!(facts.layers[0].sha256, fngate::model::hex(&artifact(&layer).digest()));
}

#[test]
fn only_a_zip_is_a_layer() {
    let folder = tempfile::tempdir().unwrap();
    let directory = Arc::new(Artifact::open(folder.path()).unwrap());
    let refused = artifact(&packed(&[HANDLER])).with_layers(vec![directory]).unwrap_err();
    assert!(matches!(refused, OpenError::Layer(_)), "{refused}");
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fngate")).args(arguments).current_dir(folder.path()).env_clear().output().unwrap()
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    std::fs::write(Path::new(folder.path()).join(name), bytes).unwrap();
}

#[test]
fn the_commands_take_layers_and_never_skip_one() {
    let folder = tempfile::tempdir().unwrap();
    let layer = packed(&[("nodejs/node_modules/lodash/package.json", &package("lodash", "4.17.15"))]);
    write(&folder, "fn.zip", &packed(&[HANDLER]));
    write(&folder, "base.zip", &layer);
    write(&folder, "torn.zip", b"no zip at all");
    let fixed = ["check", "--advisories", "offline", "--today", "2026-11-22"];

    let output = run(&folder, &[&fixed[..], &["fn.zip", "--layer", "base.zip", "--format", "json"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let judged = &report["artifacts"][0];
    assert_eq!(output.status.code(), Some(1), "the snapshot inside knows an advisory of this lodash");
    assert_eq!(judged["layers"][0]["name"], "base.zip");
    assert_eq!(judged["layers"][0]["sha256"], fngate::model::hex(&artifact(&layer).digest()));
    assert_eq!(judged["packages"][0]["purl"], "pkg:npm/lodash@4.17.15");
    let text = run(&folder, &[&fixed[..], &["fn.zip", "--layer", "base.zip"]].concat());
    assert!(String::from_utf8_lossy(&text.stdout).contains("\nwith layer base.zip\nsha256 "));

    let alone: Value = serde_json::from_slice(&run(&folder, &[&fixed[..], &["fn.zip", "--format", "json"]].concat()).stdout).unwrap();
    assert_eq!(alone["artifacts"][0].get("layers"), None);

    for bad in ["torn.zip", "missing.zip", "."] {
        let output = run(&folder, &[&fixed[..], &["fn.zip", "--layer", "base.zip", "--layer", bad, "--format", "json"]].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &report["artifacts"][0]["outcome"]), (Some(2), &Value::from("incomplete")), "{bad}");
        assert!(report["artifacts"][0]["error"].as_str().unwrap().contains("layer"), "{report}");
        assert_eq!(run(&folder, &["sbom", "fn.zip", "--layer", bad]).status.code(), Some(2), "{bad}");
    }

    let output = run(&folder, &["sbom", "fn.zip", "--layer", "base.zip"]);
    let list: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &list["components"][0]["purl"]), (Some(0), &Value::from("pkg:npm/lodash@4.17.15")));
    let plain: Value = serde_json::from_slice(&run(&folder, &["sbom", "fn.zip"]).stdout).unwrap();
    assert_ne!(list["serialNumber"], plain["serialNumber"]);
}
