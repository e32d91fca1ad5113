//! A runner of GitHub's, as far as the Action sees one: `action.yml` says how inputs reach the script and how it is called.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::own;

/// A scratch workspace with a database and files to judge.
pub(super) struct Runner {
    pub folder: TempDir,
}

/// What a later step sees.
pub(super) struct Step {
    pub code: i32,
    pub log: String,
    pub summary: String,
    outputs: String,
}

impl Step {
    /// The output of a name: the last value that was set counts.
    pub(super) fn output(&self, name: &str) -> &str {
        self.outputs.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).next_back().unwrap_or("")
    }

    /// Outcome, exit code, denied.
    pub(super) fn verdict(&self) -> (&str, &str, &str) {
        (self.output("outcome"), self.output("exit-code"), self.output("denied"))
    }
}

const CLEAN: &str = "exports.handler = async () => ({ statusCode: 200 });\n";
const LODASH: &str = r#"{"name":"lodash","version":"4.17.15"}"#;
const ADVISORY: &str = r#"{"id":"GHSA-test-0001","modified":"2026-11-20T00:00:00Z","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;

impl Runner {
    pub(super) fn new() -> Self {
        let runner = Self { folder: tempfile::tempdir().unwrap() };
        for place in ["work", "temp", "records", "action/templates"] {
            fs::create_dir_all(runner.folder.path().join(place)).unwrap();
        }
        for file in ["templates/action.sh", "templates/digests.txt", "Cargo.toml"] {
            fs::copy(own(file), runner.folder.path().join("action").join(file)).unwrap();
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

    pub(super) fn clean(&self, name: &str) {
        self.zip(name, &[("index.js", CLEAN)]);
    }

    pub(super) fn bad(&self, name: &str) {
        self.zip(name, &[("index.js", CLEAN), ("node_modules/lodash/package.json", LODASH)]);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    fn text(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The arguments that fngate was called with, last time.
    pub(super) fn arguments(&self) -> Vec<String> {
        fs::read_to_string(self.folder.path().join("record")).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Judges artifacts with the fngate of this build and the scratch database.
    pub(super) fn run(&self, artifacts: &str, more: &[(&str, &str)]) -> Step {
        let (binary, db, config) = (own("tests/shim/record.sh"), self.text("advisories.db"), self.text("gate.toml"));
        let mut inputs = vec![("artifacts", artifacts), ("binary", binary.to_str().unwrap()), ("db", &db), ("config", &config)];
        inputs.extend(more.iter().copied());
        self.step(&inputs, &[])
    }

    /// Runs the step of `action.yml` with these inputs (the last of a name counts) and this environment of the job.
    pub(super) fn step(&self, inputs: &[(&str, &str)], environment: &[(&str, &str)]) -> Step {
        let action: Value = yaml_serde::from_str(&fs::read_to_string(own("action.yml")).unwrap()).unwrap();
        for (name, _) in inputs {
            assert!(action["inputs"][name].is_object(), "no input {name}");
        }
        let step = &action["runs"]["steps"][0];
        let root = self.folder.path();
        for file in ["outputs", "summary"] {
            fs::write(root.join(file), "").unwrap();
        }
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()]);
        command.current_dir(root.join("work")).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        command.env("HOME", root).env("RUNNER_TEMP", root.join("temp")).env("GITHUB_ACTION_PATH", root.join("action"));
        command.env("GITHUB_OUTPUT", root.join("outputs")).env("GITHUB_STEP_SUMMARY", root.join("summary"));
        command.env("FNGATE_REAL", env!("CARGO_BIN_EXE_fngate")).env("FNGATE_RECORD", root.join("record"));
        command.envs(environment.iter().copied());
        for (name, value) in step["env"].as_object().unwrap() {
            let value = value.as_str().unwrap();
            let input = value.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}"));
            let given = input.map(|input| inputs.iter().rfind(|(name, _)| *name == input).map_or("", |(_, value)| value));
            command.env(name, given.unwrap_or(value));
        }
        let output = command.output().unwrap();
        Step {
            code: output.status.code().unwrap(),
            log: String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
            summary: fs::read_to_string(root.join("summary")).unwrap(),
            outputs: fs::read_to_string(root.join("outputs")).unwrap(),
        }
    }
}
