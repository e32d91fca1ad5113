//! Policies that an operator gives: they speak, or they are an error.

use std::fs;
use std::path::PathBuf;

use fngate::model::{Level, Outcome};
use fngate::policy::{Policies, PolicyError, prove};
use tempfile::TempDir;

use super::sample;

const NO_LODASH: &str = r#"package fngate.no_lodash
findings contains f if {
	some p in input.inventory.packages
	p.name == data.lib.names.banned
	f := {"rule": "no-lodash", "level": "deny", "subject": p.purl, "message": "lodash is not allowed"}
}
"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, rego) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, rego).unwrap();
    }
    folder
}

fn load(rego: &str) -> Result<Policies, PolicyError> {
    let folder = folder(&[("p.rego", rego)]);
    Policies::load(sample::settings(), &[folder.path().join("p.rego")])
}

fn judged(rego: &str) -> Result<Outcome, PolicyError> {
    load(rego)?.judge(&sample::clean()).map(|verdict| verdict.outcome)
}

/// The message of the error, without the engine's excerpt of the file, whose path is different each time.
fn complaint(rego: &str) -> String {
    judged(rego).unwrap_err().to_string().lines().next().unwrap().to_owned()
}

fn finding(object: &str) -> String {
    format!("package fngate.x\nfindings contains f if {{ f := {object} }}")
}

#[test]
fn a_folder_of_policies_judges() {
    let folder = folder(&[("no_lodash.rego", NO_LODASH), ("lib/names.rego", "package lib.names\nbanned := \"lodash\"")]);
    let paths = [folder.path().to_owned()];
    let policies = Policies::load(sample::settings(), &paths).unwrap();
    let verdict = policies.judge(&sample::clean()).unwrap();
    assert_eq!(verdict.outcome, Outcome::Deny);
    assert_eq!((verdict.findings[0].rule.as_str(), verdict.findings[0].level), ("no-lodash", Level::Deny));
    assert!(policies.rules().iter().any(|rule| rule.id == "no-lodash"));
    assert_ne!(verdict.policy_digest, sample::policies(sample::settings()).digest());
    let twice = [folder.path().to_owned(), folder.path().to_owned()];
    assert_eq!(Policies::load(sample::settings(), &twice).unwrap().digest(), policies.digest());
}

#[test]
fn the_digest_does_not_depend_on_the_place() {
    let digest = || load(&finding(r#"{"rule": "x", "level": "info", "message": "m"}"#)).unwrap().digest().to_owned();
    assert_eq!(digest(), digest());
}

#[test]
fn a_finding_that_cannot_be_used_is_an_error() {
    let wrong = [
        (r#"{"level": "deny", "message": "m"}"#, "the policy `fngate.x` made a finding the gate cannot use: missing field `rule`"),
        (
            r#"{"rule": "x", "level": "deny"}"#,
            "the policy `fngate.x` made a finding the gate cannot use (rule `x`): missing field `message`",
        ),
        (
            r#"{"rule": "x", "level": "fatal", "message": "m"}"#,
            "the policy `fngate.x` made a finding the gate cannot use (rule `x`): unknown variant `fatal`, expected one of `info`, `warn`, `incomplete`, `deny`",
        ),
        (
            r#"{"rule": "x", "level": "deny", "message": " "}"#,
            "the policy `fngate.x` made a finding the gate cannot use (rule `x`): `message` is empty",
        ),
        (
            r#"{"rule": "Not Kebab", "level": "deny", "message": "m"}"#,
            "the policy `fngate.x` made a finding the gate cannot use (rule `Not Kebab`): `rule` must be kebab-case (`no-left-pad`)",
        ),
        (
            r#"{"rule": "x", "level": "deny", "message": "m", "line": 0}"#,
            "the policy `fngate.x` made a finding the gate cannot use (rule `x`): `line` counts from 1",
        ),
    ];
    for (object, expected) in wrong {
        assert_eq!(complaint(&finding(object)), expected);
    }
    let unknown = complaint(&finding(r#"{"rule": "x", "level": "deny", "message": "m", "advisories": "GHSA"}"#));
    assert!(
        unknown.starts_with("the policy `fngate.x` made a finding the gate cannot use (rule `x`): unknown field `advisories`"),
        "{unknown}"
    );
    assert!(complaint(&finding("\"a string\"")).contains("made a finding the gate cannot use"), "no object");
}

#[test]
fn a_policy_that_says_nothing_is_an_error() {
    let silent = [
        "package fngate.x\nviolations contains f if { f := 1 }",
        "package fngate.x\nfindings := []",
        "package fngate.x\nfindings := f if { f := {1}; input.nothing }",
        "package fngate.x\n",
        "package main\ndeny contains \"x\"",
        "package fngate\nfindings contains f if { f := 1 }",
        "package fngate.vulnerability\nfindings contains f if { f := 1; false }",
        "",
        "package fngate.x\nfindings contains f {",
        "package fngate.x\nfindings contains f if { f := undeclared }",
        "package fngate.x\nfindings contains f if { f := no.such.function(1) }",
        "package fngate.x\nfindings contains f if { f := http.send({\"url\": \"http://127.0.0.1\"}) }",
        "package fngate.x\nfindings contains f if { f := to_number(\"x\") }",
        "package fngate.x\nfindings contains f if { f := 1 / 0 }",
        "package fngate.x\nfindings contains f if { some f in findings }",
    ];
    for rego in silent {
        let outcome = judged(rego);
        assert!(outcome.is_err(), "{rego}: {outcome:?}");
    }
}

#[test]
fn nesting_without_end_is_an_error() {
    for (open, close) in [("[", "]"), ("{", "}"), ("(", ")")] {
        let rego = format!("package fngate.x\nx := {}1{}\nfindings contains f if {{ f := x }}", open.repeat(20_000), close.repeat(20_000));
        assert!(judged(&rego).is_err());
    }
}

#[test]
fn a_path_without_policies_is_an_error() {
    let folder = folder(&[("README.md", "none here")]);
    assert!(matches!(Policies::load(sample::settings(), &[folder.path().to_owned()]), Err(PolicyError::NoPolicy(_))));
    let missing: PathBuf = folder.path().join("missing.rego");
    assert!(matches!(Policies::load(sample::settings(), &[missing]), Err(PolicyError::Read { .. })));
}

#[test]
fn given_tests_are_run_and_what_is_not_true_fails() {
    let tests = r#"package fngate.no_lodash_test
import data.fngate.no_lodash
test_true if { count(no_lodash.findings) == 1 with input as {"inventory": {"packages": [{"name": "lodash", "purl": "p"}]}} }
test_undefined if { count(no_lodash.findings) == 2 with input as {"inventory": {"packages": []}} }
test_false := false
test_number := 1
test_error if { to_number("x") == 1 }
"#;
    let folder = folder(&[("p.rego", NO_LODASH), ("p_test.rego", tests), ("lib.rego", "package lib.names\nbanned := \"lodash\"")]);
    let proofs = prove(&[folder.path().to_owned()]).unwrap();
    let given: Vec<_> = proofs.iter().filter(|proof| proof.file.ends_with("p_test.rego")).collect();
    let names = |failed: bool| given.iter().filter(|p| p.failure.is_some() == failed).map(|p| p.test.as_str()).collect::<Vec<_>>();
    assert_eq!(names(false), ["test_true"]);
    assert_eq!(names(true), ["test_error", "test_false", "test_number", "test_undefined"]);
    assert!(Policies::load(sample::settings(), &[folder.path().to_owned()]).is_ok(), "tests do not judge");
    let empty = self::folder(&[("p_test.rego", "package fngate.p_test\nno_test := true")]);
    assert!(matches!(prove(&[empty.path().to_owned()]), Err(PolicyError::NoTest { .. })));
}
