//! The script of the GitHub Action, as a runner runs it.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A scratch workspace with a database and files to judge.
struct Runner {
    folder: TempDir,
}

/// What a later step sees.
struct Step {
    code: i32,
    outputs: Vec<String>,
    log: String,
}

const CLEAN: &str = "exports.handler = async () => ({ statusCode: 200 });\n";
const LODASH: &str = r#"{"name":"lodash","version":"4.17.15"}"#;
const ADVISORY: &str = r#"{"id":"GHSA-test-0001","modified":"2026-11-20T00:00:00Z","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;

impl Runner {
    fn new() -> Self {
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        for place in ["work", "temp", "records"] {
            fs::create_dir(runner.folder.path().join(place)).unwrap();
        }
        fs::write(runner.folder.path().join("records/one.json"), ADVISORY).unwrap();
        fs::write(runner.folder.path().join("gate.toml"), "[advisories]\nincomplete_days = 4000000\nwarn_days = 4000000\n").unwrap();
        let built = Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(["db", "build", "--from", "records", "--output", "advisories.db", "--as-of", "2026-11-20T00:00:00Z", "--quiet"])
            .current_dir(runner.folder.path())
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        runner
    }

    fn zip(&self, name: &str, files: &[(&str, &str)]) {
        let mut zip = zip::ZipWriter::new(fs::File::create(self.path(name)).unwrap());
        for (path, content) in files {
            zip.start_file(*path, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap();
    }

    fn clean(&self, name: &str) {
        self.zip(name, &[("index.js", CLEAN)]);
    }

    fn bad(&self, name: &str) {
        self.zip(name, &[("index.js", CLEAN), ("node_modules/lodash/package.json", LODASH)]);
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("work").join(name)
    }

    fn run(&self, artifacts: &str, more: &[(&str, &str)]) -> Step {
        let root = self.folder.path();
        let outputs = root.join("outputs");
        fs::write(&outputs, "").unwrap();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/action.sh"))
            .current_dir(root.join("work"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", root)
            .env("RUNNER_TEMP", root.join("temp"))
            .env("GITHUB_OUTPUT", &outputs)
            .env("FNGATE_BINARY", env!("CARGO_BIN_EXE_fngate"))
            .env("FNGATE_ADVISORIES", root.join("advisories.db"))
            .env("FNGATE_CONFIG", root.join("gate.toml"))
            .env("FNGATE_ARTIFACTS", artifacts)
            .envs(more.iter().copied())
            .output()
            .unwrap();
        let outputs = fs::read_to_string(&outputs).unwrap();
        Step {
            code: output.status.code().unwrap(),
            outputs: outputs.lines().filter(|line| !line.starts_with("json=")).map(str::to_owned).collect(),
            log: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        }
    }
}

#[test]
fn every_verdict_has_its_outputs_and_its_exit() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    runner.bad("bad.zip");
    fs::write(runner.path("empty.zip"), "").unwrap();
    let unforced = [("FNGATE_ENFORCE", "false")];
    for (artifacts, more, code, outputs) in [
        ("clean.zip", &[][..], 0, ["exit-code=0", "denied=0", "outcome=pass"]),
        ("bad.zip", &[], 1, ["exit-code=1", "denied=1", "outcome=deny"]),
        ("empty.zip", &[], 2, ["exit-code=2", "denied=0", "outcome=incomplete"]),
        ("*.zip", &[], 1, ["exit-code=1", "denied=1", "outcome=deny"]),
        ("*.zip", &unforced, 0, ["exit-code=1", "denied=1", "outcome=deny (NOT ENFORCED)"]),
        ("clean.zip", &unforced, 0, ["exit-code=0", "denied=0", "outcome=pass (NOT ENFORCED)"]),
        ("clean.zip\nnone*.zip", &[], 2, ["outcome=incomplete", "exit-code=2", "denied=0"]),
        (" \n", &[], 2, ["outcome=incomplete", "exit-code=2", "denied=0"]),
    ] {
        let step = runner.run(artifacts, more);
        assert_eq!((step.code, step.outputs), (code, outputs.map(str::to_owned).to_vec()), "{artifacts:?}: {}", step.log);
    }
}

#[test]
fn a_files_name_is_a_name_and_nothing_more() {
    let runner = Runner::new();
    // Read as a list, this one would have `harmless.zip` judged in its place.
    runner.bad("@list.zip");
    runner.clean("harmless.zip");
    fs::write(runner.path("list.zip"), "harmless.zip\n").unwrap();
    let step = runner.run("@*.zip", &[]);
    assert_eq!((step.code, step.outputs[0].as_str()), (1, "exit-code=1"), "{}", step.log);
    for name in ["-", "-o.zip", "--help", "a b.zip", "\n::error::x.zip"] {
        let runner = Runner::new();
        runner.bad(name);
        let step = runner.run("*", &[]);
        assert_eq!(step.code, 1, "{name:?}: {}", step.log);
        assert!(step.log.lines().all(|line| !line.starts_with("::error")), "{}", step.log);
    }
}

#[test]
fn lines_of_options_are_trimmed_and_are_values() {
    let runner = Runner::new();
    runner.clean("clean.zip");
    fs::write(runner.path("-p.rego"), "package fngate.x\nfindings contains {\"rule\": \"x\", \"level\": \"deny\", \"message\": \"no\"}")
        .unwrap();
    let step = runner.run("  clean.zip \r\n", &[("FNGATE_POLICY", "\r\n  -p.rego\r\n")]);
    assert_eq!(step.code, 1, "{}", step.log);
}
