//! The GitLab job: the component and the remote include are one job, and its shell does what the Action's does.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::Value;

use super::runner::Runner;
use super::server::Server;
use super::{PROGRAM, archive, own, sha256, target};

fn documents(file: &str) -> Vec<Value> {
    let text = fs::read_to_string(own(file)).unwrap();
    yaml_serde::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect()
}

fn strings(value: &Value) -> BTreeMap<String, String> {
    value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// The component with its inputs and the include with its variables: apart from where a setting comes from, nothing differs.
#[test]
fn component_and_include_are_one_job() {
    let component = documents("templates/gate.yml");
    let include = documents("templates/gate.gitlab-ci.yml");
    assert_eq!((component.len(), include.len()), (2, 1));
    let (inputs, job) = (component[0]["spec"]["inputs"].as_object().unwrap(), &component[1]["fngate"]);
    let (globals, other) = (strings(&include[0]["variables"]), &include[0]["fngate"]);
    for key in ["script", "artifacts"] {
        assert_eq!(job[key], other[key], "{key}");
    }
    assert_eq!(job["script"][0].as_str().unwrap(), fs::read_to_string(own("templates/gitlab/gate.sh")).unwrap());
    let keys = |job: &Value| job.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(job), keys(other));

    let (mut own_variables, others) = (strings(&job["variables"]), strings(&other["variables"]));
    let digests = own_variables.remove("FNGATE_DIGESTS").unwrap();
    assert_eq!(others, BTreeMap::from([("FNGATE_DIGESTS".to_owned(), digests.clone())]));
    assert_eq!(digests.trim_end(), fs::read_to_string(own("templates/digests.txt")).unwrap().trim_end());

    // Each variable of the include is an input of the component, with the same default.
    let mut used = vec!["stage".to_owned(), "image".to_owned()];
    for (variable, text) in &own_variables {
        let input = text.strip_prefix("$[[ inputs.").and_then(|text| text.strip_suffix(" ]]")).unwrap();
        let default = inputs[input]["default"].as_str().map_or_else(|| inputs[input]["default"].to_string(), str::to_owned);
        assert_eq!(globals[variable], if input == "artifacts" { String::new() } else { default }, "{variable}");
        used.push(input.to_owned());
    }
    assert_eq!(globals["FNGATE_IMAGE"], inputs["image"]["default"].as_str().unwrap());
    assert_eq!(globals.len(), own_variables.len() + 1);
    used.sort();
    assert_eq!(used, inputs.keys().cloned().collect::<Vec<_>>());
    for variable in globals.keys().filter(|name| *name != "FNGATE_IMAGE") {
        assert!(job["script"][0].as_str().unwrap().contains(&format!("{{{variable}:-")), "{variable} is not read");
    }
    assert!(!job["script"].to_string().contains("$[["), "an input stands in a shell line");
}

/// An input is put into the text of the job before anything reads it: whatever could end a quoted text must not get in.
#[test]
fn inputs_are_limited() {
    let component = documents("templates/gate.yml");
    for (name, input) in component[0]["spec"]["inputs"].as_object().unwrap() {
        if input["type"] == "boolean" {
            continue;
        }
        let limit = regex::Regex::new(input["regex"].as_str().unwrap()).unwrap();
        let default = input["default"].as_str().unwrap_or("dist/*.zip, build/a-b.zip,oci:registry.example/fn@sha256:00");
        assert!(limit.is_match(default), "{name}");
        for bad in ["\"", "'", "\\", "`", "$", ";", "&", "|", "<", "(", "{", "[", "#", "!", "\n", "\r", "\u{1b}", "\u{202e}"] {
            assert!(!limit.is_match(&format!("a{bad}b")) && !limit.is_match(&format!("{default}{bad}")), "{name}: {bad:?}");
        }
    }
}

struct Job {
    runner: Runner,
}

impl Job {
    fn new() -> Self {
        Self { runner: Runner::new() }
    }

    /// Runs the job's script in a shell, with the include's variables and what is changed of them.
    fn run(&self, shell: &str, variables: &[(&str, &str)]) -> Output {
        let include = &documents("templates/gate.gitlab-ci.yml")[0];
        let root = self.runner.folder.path();
        let mut command = Command::new(shell);
        // As the runner does where the shell can.
        let script = format!("set -e\n{}", include["fngate"]["script"][0].as_str().unwrap());
        command.arg("-c").arg(script).current_dir(root.join("work")).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("TMPDIR", root.join("temp")).env("CI_DEFAULT_BRANCH", "main");
        command.env("FNGATE_REAL", env!("CARGO_BIN_EXE_fngate")).env("FNGATE_RECORD", root.join("record"));
        command.envs(strings(&include["variables"])).envs(strings(&include["fngate"]["variables"]));
        command.env("FNGATE_BINARY", own("tests/shim/record.sh")).env("FNGATE_ADVISORIES", root.join("advisories.db"));
        command.env("FNGATE_CONFIG", root.join("gate.toml")).envs(variables.iter().copied());
        command.output().unwrap()
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

const REPORTS: [&str; 7] = [
    "fngate-report.json",
    "fngate-report.html",
    "fngate-junit.xml",
    "gl-code-quality-report.json",
    "gl-sbom-fngate.cdx.json",
    "gl-dependency-scanning-report.json",
    "gl-secret-detection-report.json",
];

#[test]
fn every_verdict_has_its_exit_and_its_reports() {
    let job = Job::new();
    job.runner.clean("clean.zip");
    job.runner.bad("bad.zip");
    fs::write(job.runner.path("empty.zip"), "").unwrap();
    let on_main = [("FNGATE_FAIL_ON_DEFAULT_BRANCH", "false"), ("CI_COMMIT_BRANCH", "main")];
    let aside = [("FNGATE_FAIL_ON_DEFAULT_BRANCH", "false"), ("CI_COMMIT_BRANCH", "topic")];
    for (artifacts, more, code, words, reported) in [
        ("clean.zip", &[][..], 0, "the verdict is pass", true),
        ("bad.zip", &[], 1, "the verdict is deny", true),
        ("empty.zip", &[], 2, "the verdict is incomplete", true),
        (" clean.zip ,\r\n *.zip", &[], 1, "the verdict is deny", true),
        ("bad.zip", &[("FNGATE_ENFORCE", "false")], 0, "NOT ENFORCED (enforce is false): the verdict is deny", true),
        ("bad.zip", &on_main, 0, "NOT ENFORCED (this is the default branch): the verdict is deny", true),
        ("bad.zip", &aside, 1, "the verdict is deny", true),
        ("bad.zip", &[("FNGATE_ENFORCE", "no")], 2, "neither true nor false", false),
        ("none*.zip", &[], 2, "matches nothing", false),
        (" , ", &[], 2, "no artifact is named", false),
        ("clean.zip", &[("FNGATE_BINARY", "none")], 2, "cannot be run", false),
        ("clean.zip", &[("FNGATE_CONFIG", "none.toml")], 2, "the verdict is incomplete", false),
    ] {
        for shell in ["sh", "bash"] {
            REPORTS.iter().for_each(|report| drop(fs::write(job.runner.path(report), "of another run")));
            let mut variables = vec![("FNGATE_ARTIFACTS", artifacts)];
            variables.extend(more);
            let (found, log) = said(&job.run(shell, &variables));
            assert_eq!((found, log.contains(words)), (Some(code), true), "{shell}: {artifacts:?}: {log}");
            let told = fs::read_to_string(job.runner.path("fngate.env")).unwrap();
            let outcome = ["pass", "deny", "incomplete"].into_iter().find(|word| log.contains(&format!("the verdict is {word}")));
            assert!(told.starts_with(&format!("FNGATE_OUTCOME={}\n", outcome.unwrap_or("incomplete"))), "{told}");
            // A mistaken enforce is found before anything else; whatever else happens, no report is that of another run.
            for report in REPORTS.iter().filter(|_| words != "neither true nor false") {
                assert_eq!(job.runner.path(report).exists(), reported, "{report}: {log}");
                REPORTS
                    .iter()
                    .for_each(|_| assert_ne!(fs::read_to_string(job.runner.path(report)).ok().as_deref(), Some("of another run")));
            }
        }
    }
    assert_eq!(fs::read_dir(job.runner.folder.path().join("temp")).unwrap().count(), 0, "something is left in the temporary folder");
}

#[test]
fn nothing_passes_that_was_not_judged() {
    let job = Job::new();
    job.runner.clean("clean.zip");
    fs::write(job.runner.path("silent.sh"), "#!/bin/sh\nexit 0\n").unwrap();
    std::process::Command::new("chmod").arg("+x").arg(job.runner.path("silent.sh")).status().unwrap();
    std::os::unix::fs::symlink("nowhere", job.runner.path("later.zip")).unwrap();
    let short = format!("https://mirror.example/a.db@sha256:{}", "0".repeat(63));
    for (name, value, words) in [
        ("FNGATE_BINARY", "silent.sh", "the verdict is incomplete"),
        ("FNGATE_ARTIFACTS", "*.zip", "a link to nothing"),
        ("FNGATE_ADVISORIES", "https://mirror.example/a.db@sha256:", "64 small hexadecimal digits"),
        ("FNGATE_ADVISORIES", &short, "64 small hexadecimal digits"),
        ("FNGATE_ADVISORIES", "https://mirror.example/a.db@sha256:XYZ", "64 small hexadecimal digits"),
    ] {
        for shell in ["sh", "bash"] {
            let (code, log) = said(&job.run(shell, &[("FNGATE_ARTIFACTS", "clean.zip"), (name, value)]));
            assert_eq!((code, log.contains(words)), (Some(2), true), "{shell}: {name} {value}: {log}");
        }
    }
}

#[test]
fn every_variable_reaches_the_command_line() {
    let job = Job::new();
    job.runner.bad("-x.zip");
    job.runner.bad("@list.zip");
    let lists = ["POLICY", "VEX", "LOCK", "MODULES", "LAYERS", "BUNDLES"].map(|name| format!("FNGATE_{name}"));
    let mut variables: Vec<(&str, &str)> = lists.iter().map(|name| (name.as_str(), " one.x ,-two x\nthree,")).collect();
    variables.extend([("FNGATE_KEV", "kev.json"), ("FNGATE_EPSS", "epss.csv"), ("FNGATE_BASELINE", "old.json")]);
    variables.push(("FNGATE_ARTIFACTS", "*.zip,oci:registry.example/x:1"));
    let (code, log) = said(&job.run("sh", &variables));
    assert_eq!(code, Some(2), "{log}");
    let arguments = job.runner.arguments();
    for option in ["--policy", "--vex", "--lock", "--modules", "--layer", "--bundle"] {
        for value in ["one.x", "-two x", "three"] {
            assert!(arguments.contains(&format!("{option}={value}")), "{option}: {arguments:?}");
        }
    }
    for option in ["--kev=kev.json", "--epss=epss.csv", "--baseline=old.json"] {
        assert!(arguments.iter().any(|argument| argument == option), "{option}: {arguments:?}");
    }
    let end = arguments.iter().position(|argument| argument == "--").unwrap();
    let mut artifacts = arguments[end + 1..].to_vec();
    artifacts.sort();
    assert_eq!(artifacts, ["./-x.zip", "./@list.zip", "oci:registry.example/x:1"]);
}

#[test]
fn a_release_runs_only_if_it_is_the_one_of_the_table() {
    let job = Job::new();
    job.runner.clean("clean.zip");
    let server = Server::new();
    let (name, bytes) = archive("0.9.1", PROGRAM.as_bytes());
    let path = format!("/fngate-v0.9.1/{name}.tar.gz");
    let table = format!("# a comment\n0.9.0 {0} {1}\n0.9.1 {0} {2}", target(), "0".repeat(64), sha256(&bytes));
    let run = |more: &[(&str, &str)]| {
        let basis =
            [("FNGATE_ARTIFACTS", "clean.zip"), ("FNGATE_BINARY", ""), ("FNGATE_RELEASES_URL", &server.url), ("FNGATE_DIGESTS", &table)];
        said(&job.run("sh", &[&basis[..], more].concat()))
    };
    for version in ["0.9.2", "1.0", "../x", "0.9.1/../x", "latest", "0..1"] {
        let (code, log) = run(&[("FNGATE_VERSION", version), ("FNGATE_ENFORCE", "false")]);
        assert_eq!(code, Some(2), "{version}: {log}");
    }
    assert!(run(&[("FNGATE_DIGESTS", "# nothing yet")]).1.contains("knows no release yet"));
    assert_eq!(server.asked(), [""; 0]);
    assert_eq!(run(&[]).0, Some(2), "it is not there");
    server.put(&path, &archive("0.9.1", b"#!/bin/sh\ntouch owned\n").1);
    let (code, log) = run(&[("FNGATE_ENFORCE", "false")]);
    assert_eq!((code, log.contains("not the file that this template's table names")), (Some(2), true), "{log}");
    assert!(!job.runner.path("owned").exists());
    server.put(&path, &bytes);
    for version in ["0.9.1", ""] {
        let (code, log) = run(&[("FNGATE_VERSION", version)]);
        assert_eq!((code, log.contains("the program that was released: check")), (Some(0), true), "{log}");
    }
    // The database, too, is what its digest says.
    let db = fs::read(job.runner.folder.path().join("advisories.db")).unwrap();
    server.put("/a.db", &db);
    for (digest, wanted) in [(sha256(&db), 0), (sha256(b"another"), 2)] {
        let url = format!("{}/a.db@sha256:{digest}", server.url);
        let (code, log) = said(&job.run("sh", &[("FNGATE_ARTIFACTS", "clean.zip"), ("FNGATE_ADVISORIES", &url)]));
        assert_eq!(code, Some(wanted), "{log}");
    }
}
