//! Policies that an operator gives: they speak, or they are an error.

use std::fs;
use std::path::PathBuf;

use fngate::model::{Level, Outcome, Severity};
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

/// The outcome, or what stands in its way: the policy cannot be loaded, or fails and leaves the artifact unjudged.
fn judged(rego: &str) -> Result<Outcome, String> {
    let verdict = load(rego).map_err(|error| error.to_string())?.judge(&sample::clean()).unwrap();
    match verdict.findings.iter().find(|finding| finding.rule == "policy-failed") {
        Some(failed) => {
            assert_eq!((verdict.outcome, failed.level), (Outcome::Incomplete, Level::Incomplete));
            Err(failed.message.clone())
        }
        None => Ok(verdict.outcome),
    }
}

fn complaint(rego: &str) -> String {
    judged(rego).unwrap_err()
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
fn a_policy_that_fails_hides_nothing_that_the_others_deny() {
    let broken = "findings contains f if { f := to_number(\"x\") }";
    let half = r#"findings contains {"rule": "half", "level": "deny", "message": "m"}
findings contains {"rule": "half", "level": "fatal", "message": "m"}"#;
    let bad = sample::with_vulnerability(Severity::High);
    for (rego, facts, denied) in [(broken, &bad, "vulnerability-high"), (half, &sample::clean(), "half")] {
        for package in ["a_first", "z_last"] {
            let verdict = load(&format!("package fngate.{package}\n{rego}")).unwrap().judge(facts).unwrap();
            assert_eq!(verdict.outcome, Outcome::Deny);
            let has = |rule: &str, level| verdict.findings.iter().any(|finding| (finding.rule.as_str(), finding.level) == (rule, level));
            assert!(has(denied, Level::Deny) && has("policy-failed", Level::Incomplete), "{:#?}", verdict.findings);
        }
    }
}

#[test]
fn a_failure_is_told_on_one_line() {
    for rego in ["package fngate.x\nfindings contains f {", "package fngate.x\nfindings contains f if { f := 1 / 0 }"] {
        let message = complaint(rego);
        assert!(!message.contains('\n') && !message.contains('|') && message.contains("p.rego:2:"), "{message}");
    }
}

#[test]
fn nobody_speaks_inside_a_built_in_policy() {
    for package in ["fngate.vulnerability", "fngate.vulnerability.findings", "fngate[\"vulnerability\"].rank", "fngate.secret.x.y"] {
        let loaded = load(&format!("package {package}\nfindings contains f if {{ f := 1; false }}"));
        assert!(matches!(loaded, Err(PolicyError::Taken { .. })), "{package}: {loaded:?}");
    }
    assert!(load("package fngate.vulnerability_more\nfindings contains f if { f := 1; false }").is_ok());
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

#[cfg(unix)]
#[test]
fn a_linked_folder_of_policies_is_never_left_out_in_silence() {
    let elsewhere = folder(&[("no_lodash.rego", NO_LODASH)]);
    let given = folder(&[("..data/p.rego", &finding(r#"{"rule": "x", "level": "info", "message": "m"}"#))]);
    let load = || Policies::load(sample::settings(), &[given.path().to_owned()]);
    std::os::unix::fs::symlink(given.path().join("..data"), given.path().join("inside")).unwrap();
    assert!(load().is_ok(), "what lies in the folder is read where it lies");
    std::os::unix::fs::symlink(elsewhere.path(), given.path().join("outside")).unwrap();
    assert!(matches!(load(), Err(PolicyError::Read { .. })));
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
