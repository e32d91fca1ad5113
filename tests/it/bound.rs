//! Bounds: what the operator knows about the build stands in for what the artifact does not say, and never more than that.

use std::path::PathBuf;
use std::process::{Command, Output};

use fngate::extract::read_lock;
use fngate::model::{Ecosystem, Origin};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder to run the program in, with a database in which `bad` of every registry is vulnerable below 2.0.0.
struct Bench {
    folder: TempDir,
}

const PANIC: &str = "/rustc/abc/library/core/src/panic.rs\0/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/";

impl Bench {
    fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::create_dir(bench.path("records")).unwrap();
        for (number, ecosystem) in ["npm", "PyPI", "crates.io"].into_iter().enumerate() {
            let kind = if ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" };
            let record = json!({
                "schema_version": "1.7.0", "id": format!("GHSA-test-000{number}"), "modified": "2026-11-20T00:00:00Z",
                "severity": [{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }],
                "affected": [{ "package": { "ecosystem": ecosystem, "name": "bad" },
                    "ranges": [{ "type": kind, "events": [{ "introduced": "0" }, { "fixed": "2.0.0" }] }] }],
            });
            bench.write(&format!("records/{number}.json"), record.to_string().as_bytes());
        }
        let built = bench.run(&["db", "build", "--from", "records", "--output", "advisories.db", "--as-of", "2026-11-20T00:00:00Z"]);
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn zip(&self, files: &[(&str, &[u8])]) {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::fs::File::create(self.path("fn.zip")).unwrap());
        for (path, content) in files {
            zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fngate"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path()).output().unwrap()
    }

    fn check(&self, arguments: &[&str]) -> (i32, Value) {
        let fixed = ["check", "fn.zip", "--db", "advisories.db", "--advisories", "offline", "--today", "2026-11-21", "--format", "json"];
        let output = self.run(&[&fixed[..], arguments].concat());
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), document["artifacts"][0].clone())
    }
}

/// A Rust binary that names these crates in its panic messages.
fn rust(crates: &[&str]) -> Vec<u8> {
    let mut binary = b"\x7fELF".to_vec();
    binary.extend(vec![1; 4096]);
    for name in crates {
        binary.extend(format!("{PANIC}{name}/src/lib.rs\0").bytes());
    }
    binary
}

fn cargo_lock(packages: &[(&str, &str)]) -> String {
    let package = |(name, version): &(&str, &str)| {
        format!(
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        )
    };
    format!("version = 4\n{}", packages.iter().map(package).collect::<String>())
}

fn npm_lock(packages: &[(&str, &str)]) -> String {
    let entry = |(name, version): &(&str, &str)| (format!("node_modules/{name}"), json!({ "version": version }));
    let entries: serde_json::Map<String, Value> = packages.iter().map(entry).collect();
    json!({ "name": "fn", "lockfileVersion": 3, "packages": entries }).to_string()
}

fn rules(artifact: &Value, level: &str) -> Vec<String> {
    let findings = artifact["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] == level);
    findings.map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["subject"].as_str().unwrap())).collect()
}

#[test]
fn a_lockfile_bounds_a_rust_binary_and_every_candidate_is_judged() {
    let bench = Bench::new();
    bench.zip(&[("bootstrap", &rust(&["tokio-1.20.0"]))]);
    let (code, open) = bench.check(&[]);
    assert_eq!((code, open["inventory"]["state"].as_str()), (2, Some("incomplete")));
    assert!(open["problems"][0]["message"].as_str().unwrap().contains("--lock Cargo.lock"), "the message names the flag");

    bench.write("Cargo.lock", cargo_lock(&[("tokio", "1.20.0"), ("libc", "0.2.1"), ("bad", "2.0.0")]).as_bytes());
    let (code, bounded) = bench.check(&["--lock", "Cargo.lock"]);
    assert_eq!((code, bounded["inventory"]["state"].as_str()), (0, Some("bounded")), "{bounded:#}");
    assert_eq!(bounded["inventory"]["bounded_by"][0]["name"], "Cargo.lock");
    assert_eq!(bounded["inventory"]["candidates"], json!(["pkg:cargo/bad@2.0.0", "pkg:cargo/libc@0.2.1"]));
    assert_eq!(bounded["packages"].as_array().unwrap().len(), 1, "a candidate is no package that is inside");

    bench.write("Cargo.lock", cargo_lock(&[("tokio", "1.20.0"), ("bad", "1.0.0")]).as_bytes());
    let (code, suspect) = bench.check(&["--lock", "Cargo.lock"]);
    assert_eq!(code, 2);
    assert_eq!(rules(&suspect, "incomplete"), ["vulnerability-possible pkg:cargo/bad@1.0.0"]);
    assert_eq!(suspect["vulnerabilities"][0]["possible"], true);
}

#[test]
fn traces_prove_a_candidate() {
    let bench = Bench::new();
    bench.zip(&[("bootstrap", &rust(&["bad-1.0.0"]))]);
    bench.write("Cargo.lock", cargo_lock(&[("bad", "1.0.0")]).as_bytes());
    let (code, denied) = bench.check(&["--lock", "Cargo.lock"]);
    assert_eq!((code, rules(&denied, "deny")), (1, vec!["vulnerability-critical pkg:cargo/bad@1.0.0".to_owned()]));
}

#[test]
fn a_lockfile_of_another_build_bounds_nothing() {
    let bench = Bench::new();
    bench.zip(&[("bootstrap", &rust(&["tokio-1.20.0", "serde-1.0.1"]))]);
    for lock in [cargo_lock(&[("tokio", "1.20.0")]), cargo_lock(&[("tokio", "1.20.0"), ("serde", "1.0.2")])] {
        bench.write("Cargo.lock", lock.as_bytes());
        let (code, report) = bench.check(&["--lock", "Cargo.lock"]);
        assert_eq!((code, report["inventory"]["state"].as_str()), (2, Some("incomplete")));
        let message = report["problems"][0]["message"].as_str().unwrap();
        assert!(message.contains("`pkg:cargo/serde@1.0.1` is in it, which Cargo.lock does not name"), "{message}");
    }
    // One of another ecosystem says nothing of crates.
    bench.write("package-lock.json", npm_lock(&[("a", "1.0.0")]).as_bytes());
    assert_eq!(bench.check(&["--lock", "package-lock.json"]).0, 2);
}

#[test]
fn a_lockfile_inside_the_artifact_bounds_nothing() {
    let bench = Bench::new();
    let lock = cargo_lock(&[("tokio", "1.20.0")]);
    bench.zip(&[("bootstrap", &rust(&["tokio-1.20.0"])), ("Cargo.lock", lock.as_bytes())]);
    let (code, report) = bench.check(&[]);
    assert_eq!((code, report["inventory"]["state"].as_str()), (2, Some("incomplete")));
}

#[test]
fn a_bundle_is_bounded_by_its_lockfile_or_its_bill_of_materials() {
    let bench = Bench::new();
    let bundle = "var __commonJS = (cb, mod) => function () {};\nvar x = __commonJS({ 1() {} });\n".repeat(40);
    bench.zip(&[("index.js", bundle.as_bytes())]);
    assert_eq!(bench.check(&[]).0, 2);
    bench.write("package-lock.json", npm_lock(&[("a", "1.0.0"), ("b", "1.0.0")]).as_bytes());
    let (code, report) = bench.check(&["--lock", "package-lock.json"]);
    assert_eq!((code, report["inventory"]["state"].as_str()), (0, Some("bounded")), "{report:#}");
    assert!(report["problems"][0]["bounded"] == json!(["package-lock.json"]));

    let bom = |version: &str| {
        json!({ "bomFormat": "CycloneDX", "specVersion": "1.6",
            "components": [{ "type": "library", "name": "bad", "version": version, "purl": format!("pkg:npm/bad@{version}") }] })
    };
    bench.write("bom.json", bom("2.0.0").to_string().as_bytes());
    assert_eq!(bench.check(&["--sbom", "bom.json"]).0, 0);
    bench.write("bom.json", bom("1.9.9").to_string().as_bytes());
    let (code, report) = bench.check(&["--sbom", "bom.json"]);
    assert_eq!((code, rules(&report, "incomplete")), (2, vec!["vulnerability-possible pkg:npm/bad@1.9.9".to_owned()]));
    // Two documents of one place: each of them may be the one, in whatever order they are given.
    let named = "// node_modules/bad/index.js\nvar require_bad = 1;\n".to_owned() + &bundle;
    bench.zip(&[("index.js", named.as_bytes())]);
    bench.write("old.json", npm_lock(&[("bad", "1.0.0")]).as_bytes());
    bench.write("new.json", npm_lock(&[("bad", "2.0.0")]).as_bytes());
    for locks in [["--lock", "old.json", "--lock", "new.json"], ["--lock", "new.json", "--lock", "old.json"]] {
        let (code, report) = bench.check(&locks);
        assert_eq!((code, rules(&report, "incomplete")), (2, vec!["vulnerability-possible pkg:npm/bad".to_owned()]), "{locks:?}");
    }
    bench.zip(&[("index.js", bundle.as_bytes())]);
    // A candidate without a version cannot be judged.
    bench.write("bom.json", br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"bad","purl":"pkg:npm/bad"}]}"#);
    assert_eq!(bench.check(&["--sbom", "bom.json"]).0, 2);
    // The configuration names documents as the arguments do.
    bench.write("fngate.toml", b"[build]\nlock = [\"package-lock.json\"]\n");
    assert_eq!(bench.check(&[]).0, 0);
}

#[test]
fn stripped_packages_are_bounded_where_the_lockfile_names_them() {
    let bench = Bench::new();
    let stripped: &[(&str, &[u8])] =
        &[("handler.py", b"import requests\n"), ("requests/__init__.py", b"x = 1\n"), ("requests/api.py", b"y = 2\n")];
    bench.zip(stripped);
    assert_eq!(bench.check(&[]).0, 2);
    bench.write("requirements.txt", b"requests==2.31.0 \\\n  --hash=sha256:00\nidna==3.7\n");
    let (code, report) = bench.check(&["--lock", "requirements.txt"]);
    assert_eq!((code, report["inventory"]["state"].as_str()), (0, Some("bounded")), "{report:#}");
    bench.write("requirements.txt", b"flask==2.0.0\n");
    let (code, report) = bench.check(&["--lock", "requirements.txt"]);
    assert_eq!((code, report["inventory"]["state"].as_str()), (2, Some("incomplete")), "{report:#}");
    // A line without a version leaves a candidate that cannot be judged.
    bench.write("requirements.txt", b"requests\n");
    assert_eq!(bench.check(&["--lock", "requirements.txt"]).0, 2);
}

#[test]
fn what_only_a_manifest_asks_for_is_resolved_by_the_lockfile() {
    let bench = Bench::new();
    bench.zip(&[("index.js", b"exports.handler = () => 1;\n"), ("package.json", br#"{"name":"fn","dependencies":{"a":"^1.0.0"}}"#)]);
    assert_eq!(bench.check(&[]).0, 2);
    bench.write("package-lock.json", npm_lock(&[("a", "1.4.0"), ("bad", "2.0.0")]).as_bytes());
    let (code, report) = bench.check(&["--lock", "package-lock.json"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!(
        (report["packages"][0]["purl"].as_str(), report["packages"][0]["inferred"].as_bool()),
        (Some("pkg:npm/a@1.4.0"), Some(true))
    );
    bench.write("package-lock.json", npm_lock(&[("a", "1.4.0"), ("bad", "1.0.0")]).as_bytes());
    assert_eq!(bench.check(&["--lock", "package-lock.json"]).0, 2, "what it needs in turn may be inside");
}

#[test]
fn a_document_that_cannot_be_used_is_an_error() {
    let bench = Bench::new();
    bench.zip(&[("index.js", b"exports.handler = () => 1;\n")]);
    for (name, content, complaint) in [
        ("notes.md", "no lockfile", "the lockfile is of no format that is read: notes.md"),
        ("package-lock.json", "{", "the lockfile cannot be read: package-lock.json: "),
        ("yarn.lock", "# yarn lockfile v1\n", "the lockfile names no package: yarn.lock"),
    ] {
        bench.write(name, content.as_bytes());
        let output = bench.run(&["check", "fn.zip", "--lock", name]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr.contains(complaint) && stderr.contains("hint: "), "{stderr}");
    }
    let output = bench.run(&["check", "fn.zip", "--lock", "missing.lock"]);
    assert_eq!(output.status.code(), Some(2));
    bench.write("bom.json", br#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x","purl":"pkg:npm/%zz@1"}]}"#);
    let output = bench.run(&["check", "fn.zip", "--sbom", "bom.json"]);
    assert_eq!(output.status.code(), Some(2), "a component that cannot be read may be the one that is inside");
    for (kind, named) in [("library", true), ("file", false)] {
        let bill = format!(
            r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{"type":"library","name":"a","purl":"pkg:npm/a@1.0.0"}},{{"type":"{kind}","name":"b"}}]}}"#
        );
        bench.write("bom.json", bill.as_bytes());
        let output = bench.run(&["check", "fn.zip", "--sbom", "bom.json"]);
        assert_eq!(String::from_utf8_lossy(&output.stderr).contains("has no purl"), named, "{kind}");
    }
}

#[test]
fn a_lockfile_of_any_name_is_known_by_its_content() {
    let cargo = cargo_lock(&[("a", "1.0.0")]);
    let npm = npm_lock(&[("a", "1.0.0")]);
    for (name, content, ecosystem) in [
        ("build.lock", cargo.as_str(), Ecosystem::CratesIo),
        ("deps/.package-lock.json", npm.as_str(), Ecosystem::Npm),
        ("lock-of-the-build.json", npm.as_str(), Ecosystem::Npm),
        ("resolved.yaml", "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-x}\n", Ecosystem::Npm),
        ("old.lock", "# yarn lockfile v1\n\na@^1.0.0:\n  version \"1.0.0\"\n", Ecosystem::Npm),
        ("py.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[metadata]\nlock-version = \"2.0\"\n", Ecosystem::PyPi),
        ("pinned.txt", "a==1.0.0\n", Ecosystem::PyPi),
    ] {
        let packages = read_lock(name, content.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let [package] = packages.as_slice() else { panic!("{name}: {packages:?}") };
        assert_eq!((package.ecosystem, package.version.as_deref(), package.origin), (ecosystem, Some("1.0.0"), Origin::Registry), "{name}");
    }
}

#[test]
fn the_list_of_a_bounded_artifact_says_that_it_has_gaps() {
    let bench = Bench::new();
    bench.zip(&[("bootstrap", &rust(&["tokio-1.20.0"]))]);
    bench.write("Cargo.lock", cargo_lock(&[("tokio", "1.20.0"), ("libc", "0.2.1")]).as_bytes());
    let output = bench.run(&["sbom", "fn.zip", "--lock", "Cargo.lock"]);
    let bom: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(bom["components"].as_array().unwrap().len(), 1);
    assert_eq!(bom["compositions"][0]["aggregate"], "incomplete");
}

/// A copy of the bundles' own `node_modules`.
fn modules(bench: &Bench) {
    fn copy(from: &std::path::Path, to: &std::path::Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &target);
            } else {
                std::fs::copy(&path, &target).unwrap();
            }
        }
    }
    copy(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/bundles/source/packages")), &bench.path("node_modules"));
}

fn bundle(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/testdata/bundles/{name}/index.js", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn a_bundle_without_paths_is_compared_with_the_builds_own_modules() {
    for name in ["esbuild-min", "esbuild-legal", "webpack-prod", "rollup"] {
        let bench = Bench::new();
        modules(&bench);
        bench.zip(&[("index.js", &bundle(name))]);
        assert_eq!(bench.check(&[]).0, 2, "{name}");
        let (code, report) = bench.check(&["--modules", "node_modules"]);
        let mut purls: Vec<&str> = report["packages"].as_array().unwrap().iter().map(|package| package["purl"].as_str().unwrap()).collect();
        purls.sort_unstable();
        // What is left of the label is too little to tell: it is a candidate where it is not named.
        purls.retain(|purl| !purl.contains("label"));
        assert_eq!(purls, ["pkg:npm/pad@1.0.0", "pkg:npm/pad@2.1.0", "pkg:npm/tally@1.4.0"], "{name}");
        assert_eq!((code, report["inventory"]["state"].as_str()), (0, Some("bounded")), "{name}: {report:#}");
    }
}

#[test]
fn a_package_of_the_modules_that_nothing_proves_or_rules_out_is_a_candidate() {
    let bench = Bench::new();
    modules(&bench);
    // Too small to leave anything that a minifier keeps.
    std::fs::create_dir_all(bench.path("node_modules/bad")).unwrap();
    bench.write("node_modules/bad/package.json", br#"{"name":"bad","version":"1.0.0"}"#);
    bench.write("node_modules/bad/index.js", b"module.exports = (a, b) => a - b;\n");
    let sentences = |of: &str| -> String {
        (0..40).map(|n| format!("exports.part{n}=()=>\"a sentence that only {of} has at number {n}\";\n")).collect()
    };
    std::fs::create_dir_all(bench.path("node_modules/big")).unwrap();
    bench.write("node_modules/big/package.json", br#"{"name":"big","version":"1.0.0"}"#);
    bench.write("node_modules/big/index.js", sentences("the big one").as_bytes());
    let code = [bundle("esbuild-min"), sentences("the big one").replace('\n', "").into_bytes()].concat();
    bench.zip(&[("index.js", &code)]);
    let (code, report) = bench.check(&["--modules", "node_modules"]);
    assert_eq!((code, rules(&report, "incomplete")), (2, vec!["vulnerability-possible pkg:npm/bad@1.0.0".to_owned()]));
    // One that has much to say, and of which nothing is there, was shaken out.
    bench.write("node_modules/bad/index.js", sentences("the bad one").as_bytes());
    let (code, report) = bench.check(&["--modules", "node_modules"]);
    assert_eq!((code, rules(&report, "incomplete").len()), (0, 0), "{report:#}");
    // A bundle of which the tree accounts for little rules nothing out.
    let strange: String = (0..200).map(|n| format!("r[{n}]=()=>\"text number {n} of somebody else\";")).collect();
    bench.zip(&[("index.js", &[bundle("esbuild-min"), strange.into_bytes()].concat())]);
    assert_eq!(bench.check(&["--modules", "node_modules"]).0, 2);
}

#[test]
fn modules_without_a_package_are_an_error() {
    let bench = Bench::new();
    bench.zip(&[("index.js", b"exports.handler = () => 1;\n")]);
    std::fs::create_dir(bench.path("node_modules")).unwrap();
    for folder in ["node_modules", "missing"] {
        let output = bench.run(&["check", "fn.zip", "--modules", folder]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("the build's modules"), "{folder}");
    }
}
