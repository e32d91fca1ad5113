//! `fngate policy` and `fngate explain`, as a process.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn fngate(cwd: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fngate")).args(arguments).current_dir(cwd).output().unwrap()
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

const POLICY: &str = "package fngate.own\n# METADATA\n# title: our own\n# description: because\n# custom:\n#   rule: own-rule\nfindings contains f if { f := {\"rule\": \"own-rule\", \"level\": \"info\", \"message\": \"m\"} }\n";

#[test]
fn list_shows_the_built_in_the_configured_and_the_given() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("own.rego"), POLICY).unwrap();
    let (code, list, _) = told(&fngate(folder.path(), &["policy", "list"]));
    assert_eq!(code, Some(0));
    assert!(list.contains("policies/vulnerability.rego\n") && list.contains("  vulnerability-high ") && !list.contains("own-rule"));
    let (_, given, _) = told(&fngate(folder.path(), &["policy", "list", "--policy", "own.rego"]));
    assert!(given.contains("own.rego\n  own-rule"), "{given}");
    fs::write(folder.path().join("fngate.toml"), "[policy]\npaths = [\"own.rego\"]").unwrap();
    let (_, configured, _) = told(&fngate(folder.path(), &["policy", "list"]));
    assert!(configured.contains("own-rule"), "{configured}");
    let (code, page, _) = told(&fngate(folder.path(), &["explain", "own-rule"]));
    assert_eq!(code, Some(0));
    assert!(page.starts_with("own-rule\nour own\n\nbecause\n"), "{page}");
}

#[test]
fn a_test_that_fails_is_exit_1_and_a_broken_policy_exit_2() {
    let folder = TempDir::new().unwrap();
    assert_eq!(fngate(folder.path(), &["policy", "test"]).status.code(), Some(0));
    fs::write(folder.path().join("own_test.rego"), "package fngate.own_test\ntest_no if { 1 == 2 }\n").unwrap();
    let (code, text, _) = told(&fngate(folder.path(), &["policy", "test", "own_test.rego"]));
    assert_eq!(code, Some(1));
    assert!(text.starts_with("FAILED own_test.rego test_no\n"), "{text}");
    fs::write(folder.path().join("broken.rego"), "package fngate.broken\nfindings contains {").unwrap();
    let (code, _, complaint) = told(&fngate(folder.path(), &["policy", "test", "broken.rego"]));
    assert_eq!(code, Some(2));
    assert!(complaint.starts_with("error: cannot load the policy `broken.rego`"), "{complaint}");
}

#[test]
fn explain_knows_rules_and_problems_and_suggests_the_nearest() {
    let folder = TempDir::new().unwrap();
    let (code, list, _) = told(&fngate(folder.path(), &["explain"]));
    assert_eq!(code, Some(0));
    let ids: Vec<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    for id in ["duplicate-name", "vulnerability-high", "ignore-unused", "secret-exposed"] {
        assert!(ids.contains(&id), "{id}");
    }
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted, "sorted, and no name twice");
    let (code, _, complaint) = told(&fngate(folder.path(), &["explain", "vulnerability-hihg"]));
    assert_eq!(code, Some(2));
    assert!(complaint.contains("did you mean `vulnerability-high`?"), "{complaint}");
}
