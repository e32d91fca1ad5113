//! The whole gate as a process: what a release engineer types, and what the pipeline sees.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "../../testdata/pack.rs"]
mod pack;

/// A folder with the example functions packed, a clean function, and a small advisory database.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        let functions = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/functions");
        for name in pack::FUNCTIONS {
            std::fs::write(bench.path(&format!("{name}.zip")), pack::pack(&functions, name).unwrap()).unwrap();
        }
        bench.zip(
            "clean.zip",
            &[
                ("index.js", "exports.handler = async () => ({ statusCode: 200 });\n"),
                ("node_modules/ms/package.json", "{\"name\":\"ms\",\"version\":\"2.1.3\"}"),
                ("node_modules/ms/index.js", "module.exports = 1;\n"),
            ],
        );
        bench.records(&[
            record("GHSA-test-0001", "npm", "lodash", "0", Some("4.17.19"), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
            record("PYSEC-test-2", "PyPI", "pillow", "0", Some("10.0.0"), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"),
            record("RUSTSEC-test-3", "crates.io", "tokio", "0", Some("1.8.4"), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
        ]);
        let built = bench.run(&["db", "build", "--from", "records", "--output", "advisories.db", "--as-of", "2026-11-20T00:00:00Z"]);
        assert!(built.status.success(), "{}", text(&built.stderr));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn zip(&self, name: &str, files: &[(&str, &str)]) {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(self.path(name)).unwrap());
        for (path, content) in files {
            zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    fn records(&self, records: &[Value]) {
        std::fs::create_dir_all(self.path("records")).unwrap();
        for record in records {
            std::fs::write(self.path("records").join(format!("{}.json", record["id"].as_str().unwrap())), record.to_string()).unwrap();
        }
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .output()
            .unwrap()
    }

    /// `check` with the database, on a fixed day.
    pub(crate) fn check(&self, arguments: &[&str]) -> Output {
        let fixed = ["check", "--db", "advisories.db", "--advisories", "offline", "--today", "2026-11-21"];
        self.run(&[&fixed[..], arguments].concat())
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.check(&[&["--format", "json"], arguments].concat());
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
        (output.status.code().unwrap(), document)
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn record(id: &str, ecosystem: &str, name: &str, introduced: &str, fixed: Option<&str>, vector: &str) -> Value {
    let mut events = vec![json!({ "introduced": introduced })];
    events.extend(fixed.map(|fixed| json!({ "fixed": fixed })));
    json!({
        "schema_version": "1.7.0", "id": id, "modified": "2026-11-20T00:00:00Z", "published": "2026-01-01T00:00:00Z",
        "summary": format!("A fault in {name}"), "severity": [{ "type": "CVSS_V3", "score": vector }],
        "affected": [{ "package": { "ecosystem": ecosystem, "name": name }, "ranges": [{ "type": if ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" }, "events": events }] }],
    })
}

#[test]
fn the_examples_are_denied_for_what_is_wrong_with_them() {
    let bench = Bench::new();
    let (code, report) = bench.json(&["orders-node.zip", "resize-python.zip", "ingest-rust.zip"]);
    assert_eq!((code, report["outcome"].as_str()), (1, Some("deny")));
    let artifacts = report["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 3);
    let rules = |at: usize| -> Vec<&str> {
        artifacts[at]["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|finding| finding["level"] == "deny")
            .filter_map(|finding| finding["rule"].as_str())
            .collect()
    };
    assert_eq!(rules(0), ["secret-exposed", "vulnerability-critical"]);
    assert_eq!(rules(1), [] as [&str; 0]);
    assert_eq!(rules(2), ["vulnerability-critical"]);
    assert_eq!(artifacts[0]["provenance"]["state"], "unsigned");
    assert_eq!(artifacts[0]["secrets"][0]["rule"], "github-pat");
    assert_eq!(artifacts[0]["vulnerabilities"][0]["purl"], "pkg:npm/lodash@4.17.15");
    assert_eq!(artifacts[1]["outcome"], "pass");
    assert_eq!(artifacts[1]["packages"].as_array().unwrap().len(), 3);
    assert_eq!(artifacts[2]["vulnerabilities"][0]["relation"], "embedded");
    let build = artifacts[2]["packages"].as_array().unwrap().iter().find(|package| package["name"] == "version_check").unwrap();
    assert_eq!(build["relation"], "build");
    assert!(!report.to_string().contains("pXq3vTn8Zk2L"), "the secret's value is in the report");
}

#[test]
fn a_clean_function_passes_and_nothing_less_than_current_advisories_lets_it() {
    let bench = Bench::new();
    let (code, report) = bench.json(&["clean.zip"]);
    assert_eq!((code, report["outcome"].as_str()), (0, Some("pass")), "{report:#}");
    assert_eq!(report["artifacts"][0]["inventory"]["state"], "complete");
    let code = |arguments: &[&str]| bench.run(&[&["check", "clean.zip", "--advisories", "offline"], arguments].concat()).status.code();
    assert_eq!(code(&["--db", "advisories.db", "--today", "2026-12-04"]), Some(0), "14 days are allowed");
    assert_eq!(code(&["--db", "advisories.db", "--today", "2026-12-05"]), Some(2), "15 days are too old");
    assert_eq!(code(&["--today", "2026-11-21"]), Some(2), "the embedded snapshot never passes anything");
    assert_eq!(code(&["--db", "missing.db"]), Some(2), "a database that is named and missing is an error");
}

#[test]
fn the_gravest_outcome_wins_and_one_bad_artifact_stops_no_other() {
    let bench = Bench::new();
    std::fs::write(bench.path("broken.zip"), b"PK\x03\x04 and then nothing").unwrap();
    std::fs::write(bench.path("list"), "clean.zip\nbroken.zip\n\nmissing.zip\n").unwrap();
    let (code, report) = bench.json(&["@list"]);
    let outcomes = |report: &Value| -> Vec<String> {
        report["artifacts"].as_array().unwrap().iter().map(|artifact| artifact["outcome"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((code, outcomes(&report)), (2, vec!["pass".into(), "incomplete".into(), "incomplete".into()]));
    let (code, report) = bench.json(&["@list", "orders-node.zip"]);
    assert_eq!((code, outcomes(&report).pop()), (1, Some("deny".into())));
}

#[test]
fn reports_are_written_whatever_the_verdict() {
    let bench = Bench::new();
    for (artifact, code) in [("clean.zip", 0), ("orders-node.zip", 1), ("missing.zip", 2)] {
        let output = bench.check(&[
            artifact,
            "--report",
            "json=out.json",
            "--report",
            "cyclonedx=out.cdx.json",
            "--report",
            "spdx=out.spdx.json",
            "--report",
            "text=out.txt",
        ]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        let report: Value = serde_json::from_slice(&std::fs::read(bench.path("out.json")).unwrap()).unwrap();
        assert_eq!(report["schema"], "fngate-report/1");
        assert_eq!(report["artifacts"][0]["name"], artifact);
        assert!(std::fs::read(bench.path("out.cdx.json")).unwrap().starts_with(b"{"));
        let spdx: Value = serde_json::from_slice(&std::fs::read(bench.path("out.spdx.json")).unwrap()).unwrap();
        assert_eq!(spdx["packages"][0]["name"], artifact);
        assert!(!text(&std::fs::read(bench.path("out.txt")).unwrap()).contains('\u{1b}'));
    }
}

#[test]
fn a_list_that_was_written_can_be_asked_about() {
    let bench = Bench::new();
    for format in ["cyclonedx", "spdx"] {
        assert!(bench.run(&["sbom", "orders-node.zip", "--format", format, "--output", "bom.json"]).status.success());
        let query = bench.run(&["query", "--db", "advisories.db", "--advisories", "offline", "--sbom", "bom.json", "--format", "json"]);
        assert_eq!(query.status.code(), Some(1), "{}", text(&query.stderr));
        let lodash =
            text(&query.stdout).lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|line| line["name"] == "lodash");
        assert_eq!(lodash.unwrap()["vulnerabilities"][0]["id"], "GHSA-test-0001");
    }
    assert_eq!(bench.run(&["query", "--sbom", "bom.json", "pkg:npm/lodash@1.0.0"]).status.code(), Some(2));
}

#[test]
fn one_worker_and_many_write_the_same_bytes() {
    let bench = Bench::new();
    let names: Vec<String> = (0..400).map(|n| format!("node_modules/p{n}/package.json")).collect();
    let manifests: Vec<String> = (0..400).map(|n| format!("{{\"name\":\"p{n}\",\"version\":\"1.0.{n}\"}}")).collect();
    let files: Vec<(&str, &str)> = names.iter().zip(&manifests).map(|(name, manifest)| (name.as_str(), manifest.as_str())).collect();
    bench.zip("many.zip", &files);
    let one = bench.check(&["many.zip", "orders-node.zip", "--format", "json", "--jobs", "1"]).stdout;
    assert!(one.len() > 10_000);
    for jobs in ["2", "8", "31"] {
        assert!(one == bench.check(&["many.zip", "orders-node.zip", "--format", "json", "--jobs", jobs]).stdout, "{jobs} workers");
    }
}

#[test]
fn garbage_in_is_a_clear_word_and_exit_2() {
    let bench = Bench::new();
    let write = |name: &str, content: &[u8]| std::fs::write(bench.path(name), content).unwrap();
    write("empty.zip", b"");
    write("text.zip", b"this is no archive\n");
    write("broken.toml", b"[advisories]\nmode = \"sometimes\"\n");
    write("unknown.toml", b"colour = \"red\"\n");
    write("broken.rego", b"package fngate.mine\nfindings contains {\n");
    write("silent.rego", b"package fngate.mine\nverdict := \"pass\"\n");
    write("broken.db", b"not a database at all, though long enough to have a header of some kind in it");
    let whole = std::fs::read(bench.path("orders-node.zip")).unwrap();
    write("cut.zip", &whole[..whole.len() / 2]);
    let mut damaged = std::fs::read(bench.path("advisories.db")).unwrap();
    let last = damaged.len() - 9;
    damaged[last] ^= 1;
    write("damaged.db", &damaged);
    for (arguments, word) in [
        (vec!["check", "missing.zip", "--advisories", "offline"], "cannot open the artifact"),
        (vec!["check", "empty.zip", "--advisories", "offline"], "the artifact is empty"),
        (vec!["check", "text.zip", "--advisories", "offline"], "neither a zip, a tar nor a directory"),
        (vec!["check", "cut.zip", "--advisories", "offline"], "truncated-archive"),
        (vec!["check", "--no-such-flag", "clean.zip"], "--no-such-flag"),
        (vec!["check"], "ARTIFACT"),
        (vec!["check", "@missing-list"], "cannot read the list"),
        (vec!["check", "clean.zip", "--config", "broken.toml"], "advisories.mode"),
        (vec!["check", "clean.zip", "--config", "unknown.toml"], "colour"),
        (vec!["check", "clean.zip", "--config", "missing.toml"], "missing.toml"),
        (vec!["check", "clean.zip", "--policy", "broken.rego"], "broken.rego"),
        (vec!["check", "clean.zip", "--policy", "silent.rego"], "fngate.mine"),
        (vec!["check", "clean.zip", "--policy", "missing.rego"], "missing.rego"),
        (vec!["check", "clean.zip", "--db", "broken.db"], "broken.db"),
        (vec!["db", "verify", "--db", "damaged.db"], "damaged"),
        (vec!["check", "clean.zip", "--bundle", "missing.json"], "missing.json"),
        (vec!["check", "clean.zip", "--report", "nonsense=x"], "nonsense"),
        (vec!["check", "clean.zip", "--today", "yesterday"], "yesterday"),
        (vec!["check", "clean.zip", "--jobs", "0"], "--jobs"),
        (vec!["check", "clean.zip", "--identity", "x"], "--issuer"),
        (vec!["sbom", "text.zip"], "neither a zip, a tar nor a directory"),
        (vec!["sbom", "cut.zip"], "truncated-archive"),
        (vec!["explain", "no-such-rule"], "no-such-rule"),
        (vec!["db", "build", "--from", "missing-dump", "--output", "x.db"], "missing-dump"),
    ] {
        let output = bench.run(&arguments);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(word), "{arguments:?} does not say `{word}`: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_configuration_inside_the_artifact_quiets_nothing() {
    let bench = Bench::new();
    let folder = bench.path("function");
    std::fs::create_dir_all(folder.join("node_modules/lodash")).unwrap();
    std::fs::write(folder.join("node_modules/lodash/package.json"), "{\"name\":\"lodash\",\"version\":\"4.17.15\"}").unwrap();
    std::fs::write(folder.join("fngate.toml"), "[vulnerability]\ndeny = \"never\"\nwarn = \"never\"\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fngate"))
        .args(["check", ".", "--db", "../advisories.db", "--advisories", "offline", "--today", "2026-11-21"])
        .current_dir(&folder)
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("fngate.toml"), "{}", text(&output.stderr));
}

#[test]
fn the_transcript_in_the_readme_is_what_the_program_prints() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("target/functions")).unwrap();
    std::fs::copy(bench.path("orders-node.zip"), bench.path("target/functions/orders-node.zip")).unwrap();
    let output = bench.run(&["check", "--advisories", "offline", "--today", "2026-11-22", "target/functions/orders-node.zip"]);
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let printed = text(&output.stdout);
    assert!(readme.contains(printed.trim_end()), "the README shows something else than:\n{printed}");
}

#[test]
fn every_rule_and_problem_has_a_page() {
    let bench = Bench::new();
    let listed = text(&bench.run(&["explain"]).stdout);
    for kind in fngate::PROBLEMS.iter().flat_map(|stage| stage.iter()) {
        assert!(listed.contains(kind.id), "{}", kind.id);
        let page = bench.run(&["explain", kind.id]);
        assert!(page.status.success() && text(&page.stdout).contains(kind.title), "{}", kind.id);
    }
    let mut ids: Vec<&str> = fngate::PROBLEMS.iter().flat_map(|stage| stage.iter()).map(|kind| kind.id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "two kinds have one id");
}

#[test]
fn help_names_every_command_and_its_exit_codes() {
    let bench = Bench::new();
    let help = text(&bench.run(&["--help"]).stdout);
    for command in ["check", "sbom", "query", "secrets", "verify", "db", "explain", "policy", "completions"] {
        assert!(help.contains(command), "{command}");
        assert!(bench.run(&[command, "--help"]).status.success(), "{command}");
    }
    assert!(help.contains("Exit codes"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(text(&bench.run(&["completions", shell]).stdout).contains("fngate"), "{shell}");
    }
}

#[test]
fn what_was_denied_stays_denied_when_a_report_cannot_be_written() {
    let bench = Bench::new();
    for (artifact, code) in [("orders-node.zip", 1), ("clean.zip", 2)] {
        let output = bench.check(&["--report", "json=missing/report.json", "--report", "json=report.json", artifact]);
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stderr));
        assert!(text(&output.stderr).contains("missing/report.json"), "{}", text(&output.stderr));
        assert!(!output.stdout.is_empty() && bench.path("report.json").exists(), "the others are written all the same");
        std::fs::remove_file(bench.path("report.json")).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_reader_who_leaves_changes_no_verdict() {
    let bench = Bench::new();
    for (artifact, code) in [("orders-node.zip", 1), ("clean.zip", 0)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(["check", "--db", "advisories.db", "--advisories", "offline", "--today", "2026-11-21", artifact])
            .current_dir(bench.folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(code), ""));
    }
}

#[test]
fn an_empty_list_is_an_error_beside_other_artifacts_too() {
    let bench = Bench::new();
    std::fs::write(bench.path("none"), "\r\n \n").unwrap();
    std::fs::write(bench.path("one"), "\u{feff}clean.zip\r\n").unwrap();
    assert_eq!(bench.check(&["clean.zip", "@none"]).status.code(), Some(2));
    assert_eq!(bench.check(&["clean.zip", "@one"]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_database() {
    let bench = Bench::new();
    assert!(Command::new("mkfifo").arg(bench.path("pipe")).status().unwrap().success());
    let output = bench.run(&["check", "--db", "pipe", "clean.zip"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("not a regular file"), "{}", text(&output.stderr));
}

#[test]
fn what_a_policy_prints_does_not_reach_the_terminal() {
    let bench = Bench::new();
    let rego = "package fngate.x\nfindings contains f if { print(\"\\u001b[31m\", input.artifact.name); f := {\"rule\": \"x\", \"level\": \"info\", \"message\": \"m\"} }";
    std::fs::write(bench.path("p.rego"), rego).unwrap();
    let output = bench.check(&["--policy", "p.rego", "clean.zip"]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{}", text(&output.stderr));
}

#[test]
fn a_secret_that_was_found_stays_found_when_it_cannot_be_written() {
    let bench = Bench::new();
    let output = bench.run(&["secrets", "orders-node.zip", "-o", "missing/secrets.txt"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("missing/secrets.txt"));
}

#[test]
fn whoever_names_a_signer_asks_for_one() {
    let bench = Bench::new();
    let identity = ["--identity", "https://github.com/acme/x/.github/workflows/r.yml@refs/heads/main", "--issuer", "https://token.example"];
    let code = |arguments: &[&str]| bench.check(&[&["clean.zip"], arguments].concat()).status.code();
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&identity), Some(1));
    let config = |text: &str| std::fs::write(bench.path("signer.toml"), text).unwrap();
    config("[[signature.identity]]\nissuer = \"https://token.example\"\nsubject = \"https://example.com/x\"\n");
    assert_eq!(code(&["--config", "signer.toml"]), Some(1));
    config(
        "[signature]\nrequired = false\n[[signature.identity]]\nissuer = \"https://token.example\"\nsubject = \"https://example.com/x\"\n",
    );
    assert_eq!(code(&["--config", "signer.toml"]), Some(0));
}

#[test]
fn an_artifact_that_cannot_be_read_has_the_lists_of_any_other() {
    let bench = Bench::new();
    let (code, report) = bench.json(&["missing.zip"]);
    let artifact = &report["artifacts"][0];
    assert_eq!((code, artifact["outcome"].as_str()), (2, Some("incomplete")));
    assert_eq!(artifact["problems"][0]["kind"], "artifact-unreadable");
    assert_eq!(artifact["findings"][0]["level"], "incomplete");
    for list in ["ignored", "packages", "vulnerabilities", "secrets"] {
        assert_eq!(artifact[list], json!([]), "{list}");
    }
}

#[test]
fn a_path_that_cannot_be_opened_loses_no_secret_of_another() {
    let bench = Bench::new();
    let output = bench.run(&["secrets", "missing.zip", "orders-node.zip", "--format", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(document["secrets"][0]["path"], "orders-node.zip!/settings.js");
    assert!(text(&output.stderr).contains("missing.zip"));
    assert_eq!(bench.run(&["secrets", "missing.zip", "clean.zip"]).status.code(), Some(2));
}
