//! What workflows, examples and documentation promise, read from them.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::own;

fn yaml(path: &PathBuf) -> Value {
    let text = fs::read_to_string(path).unwrap();
    yaml_serde::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, prefix: &str) -> Vec<PathBuf> {
    let all = fs::read_dir(own(folder)).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix)).collect()
}

fn examples() -> Vec<PathBuf> {
    files("docs/examples", "github-")
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().unwrap().iter()
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().unwrap().iter()
}

/// By commit, with the version beside it; text of a caller's never in a shell line; no permission for all jobs.
#[test]
fn workflows_pin_and_take_no_text_into_a_shell() {
    let pinned = regex::Regex::new(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # \S+").unwrap();
    let workflows = [files(".github/workflows", ""), examples()].concat();
    assert!(workflows.len() >= 7);
    for path in workflows.iter().chain([&own("action.yml")]) {
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| line.contains("uses:")) {
            assert!(pinned.is_match(line), "{}: {line}", path.display());
        }
        let document = yaml(path);
        if let Some(inputs) = document.get("inputs") {
            assert!(
                inputs.as_object().unwrap().values().all(|input| input.get("default").is_none()),
                "a default would win over fngate.toml"
            );
            assert!(!text.contains("uses:"), "the Action brings no other");
            assert!(steps(&document["runs"]).all(|step| !step["run"].to_string().contains("${{")));
            continue;
        }
        assert_eq!(document["permissions"], serde_json::json!({}), "{}", path.display());
        for (name, job) in jobs(&document) {
            assert!(job["permissions"].is_object() && job["timeout-minutes"].is_u64(), "{}: {name}", path.display());
            assert!(steps(job).all(|step| !step["run"].to_string().contains("${{")), "{}: {name}", path.display());
        }
    }
}

#[test]
fn examples_give_each_job_what_it_needs_and_strangers_nothing() {
    for path in examples() {
        let (document, name) = (yaml(&path), path.file_name().unwrap().to_str().unwrap().to_owned());
        // YAML 1.1 readers take `on` for a boolean.
        let events = document.get("on").or_else(|| document.get("true")).unwrap().as_object().unwrap();
        let is_trusted = events.keys().all(|event| ["push", "schedule", "workflow_dispatch"].contains(&event.as_str()));
        assert!(is_trusted || events.keys().eq(["pull_request"]), "{name}: {events:?}");
        for (job, value) in jobs(&document) {
            let permissions = value["permissions"].as_object().unwrap();
            let may_write: Vec<&String> = permissions.iter().filter(|(_, value)| *value == "write").map(|(name, _)| name).collect();
            assert!(is_trusted || may_write.is_empty() || (job == "code-scanning" && may_write == ["security-events"]), "{name}: {job}");
            for step in steps(value) {
                let uses = step["uses"].as_str().unwrap_or("");
                assert!(
                    is_trusted || !(uses.starts_with("actions/cache/save") || uses.starts_with("actions/cache@")),
                    "{name} writes a cache"
                );
                if uses.starts_with("fngate/fngate@") {
                    assert!(permissions.is_empty(), "{name}: the gate needs nothing");
                }
            }
        }
    }
    let request = yaml(&own("docs/examples/github-pull-request.yml"));
    let base = request["jobs"]["base"].to_string();
    assert!(base.contains("github.event.pull_request.base.sha"));
    assert!(steps(&request["jobs"]["base"]).all(|step| step.get("run").is_none()), "what takes the base runs nothing");
    let condition = request["jobs"]["code-scanning"]["if"].as_str().unwrap();
    assert!(condition.contains("head.repo.full_name == github.repository"), "{condition}");
}

/// Every option that an example, a workflow or the page uses is one that the command has.
#[test]
fn commands_in_examples_have_the_options_that_they_use() {
    let program =
        regex::Regex::new(r#"(?:"\$RUNNER_TEMP/fngate"|"\$fngate"|\bfngate) (check|verify|sign|attest|db update|db verify)\b([^\n]*)"#)
            .unwrap();
    let option = regex::Regex::new(r"(?:^|\s)(--[a-z][a-z0-9-]+)").unwrap();
    let mut used = BTreeSet::new();
    let pages =
        ["docs/pipeline.md", "docs/release.md", ".github/workflows/release.yml", ".github/release/seal.sh", ".github/release/verify.sh"]
            .map(own);
    for path in examples().iter().chain(&pages) {
        let text = fs::read_to_string(path).unwrap().replace("\\\n", " ");
        for call in program.captures_iter(&text) {
            let arguments = call[2].split(['|', ';', '`']).next().unwrap().to_owned();
            used.extend(option.captures_iter(&arguments).map(|option| (call[1].to_owned(), option[1].to_owned())));
        }
    }
    assert!(used.len() >= 20, "{used:?}");
    for command in used.iter().map(|(command, _)| command).collect::<BTreeSet<_>>() {
        let output = Command::new(env!("CARGO_BIN_EXE_fngate")).args(command.split(' ')).arg("--help").output().unwrap();
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        for (_, option) in used.iter().filter(|(other, _)| other == command) {
            assert!(help.contains(&format!("{option} ")) || help.contains(&format!("{option}\n")), "fngate {command} has no {option}");
        }
    }
}

#[test]
fn every_input_and_output_is_explained() {
    let page = fs::read_to_string(own("docs/pipeline.md")).unwrap();
    let action = yaml(&own("action.yml"));
    for kind in ["inputs", "outputs"] {
        for name in action[kind].as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{name}`")), "{kind}: {name}");
        }
    }
    let component = fs::read_to_string(own("templates/gate.gitlab-ci.yml")).unwrap();
    let variable = regex::Regex::new(r"(?m)^  (FNGATE_[A-Z_]+):").unwrap();
    for name in variable.captures_iter(&component) {
        assert!(page.contains(&name[1]), "{}", &name[1]);
    }
}

/// `@`, digits and dots: the same targets in the release's matrix, its list and the platforms that the scripts know.
#[test]
fn every_script_knows_the_targets_of_a_release() {
    let listed: BTreeSet<String> = fs::read_to_string(own(".github/release/targets.txt")).unwrap().lines().map(str::to_owned).collect();
    let target = regex::Regex::new(r"\b(?:x86_64|aarch64)-[a-z0-9]+-[a-z0-9]+(?:-[a-z]+)?\b").unwrap();
    let named = |path: &str| -> BTreeSet<String> {
        let text = fs::read_to_string(own(path)).unwrap();
        target.find_iter(&text).map(|found| found.as_str().to_owned()).collect()
    };
    for path in ["templates/action.sh", "install.sh", ".github/workflows/release.yml"] {
        assert_eq!(named(path), listed, "{path}");
    }
    assert!(named("templates/gitlab/gate.sh").is_subset(&listed));
}
