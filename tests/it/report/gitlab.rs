//! GitLab's reports: what its reader takes for an entry, and that nothing unjudged is silence.

use std::collections::BTreeSet;

use fngate::model::{Level, Severity};
use serde_json::{Value, json};

use super::{Run, everything, run, unread, with_findings, written};
use crate::policy::sample;

fn report(name: &str, run: &Run) -> Value {
    serde_json::from_str(&written(name, run)).unwrap()
}

fn entries(report: &Value) -> &Vec<Value> {
    report["vulnerabilities"].as_array().unwrap()
}

/// What tells entries apart: the id in the document, the first identifier and the place for GitLab.
fn check(report: &Value) {
    let ids: BTreeSet<&str> = entries(report).iter().map(|entry| entry["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), entries(report).len());
    assert!(ids.iter().all(|id| id.len() == 36));
    for entry in entries(report) {
        assert!(entry["name"].as_str().unwrap().chars().count() <= 255);
        assert!((1..=20).contains(&entry["identifiers"].as_array().unwrap().len()));
        assert!(entry.get("raw_source_code_extract").is_none());
    }
    for time in ["start_time", "end_time"] {
        assert_eq!(report["scan"][time].as_str().unwrap().len(), 19);
    }
}

#[test]
fn dependency_scanning_of_every_state() {
    let run = everything();
    check(&report("gitlab-dependency-scanning", &run));
    insta::assert_snapshot!(written("gitlab-dependency-scanning", &run));
}

#[test]
fn secret_detection_of_every_state() {
    let mut run = everything();
    run.call.commit = Some("ab".repeat(20));
    check(&report("gitlab-secret-detection", &run));
    insta::assert_snapshot!(written("gitlab-secret-detection", &run));
}

#[test]
fn code_quality_of_every_state() {
    insta::assert_snapshot!(written("gitlab-codequality", &everything()));
}

#[test]
fn a_pass_is_empty_and_successful() {
    let run = run(vec![sample::clean()]);
    for name in ["gitlab-dependency-scanning", "gitlab-secret-detection"] {
        let report = report(name, &run);
        assert_eq!((&report["vulnerabilities"], &report["scan"]["status"]), (&json!([]), &json!("success")));
        assert!(report["scan"].get("messages").is_none());
    }
    assert_eq!(written("gitlab-codequality", &run), "[]\n");
}

#[test]
fn what_could_not_be_judged_is_an_entry_in_both() {
    let mut run = run(vec![sample::with_problem(fngate::model::Problem::whole(&sample::DUPLICATE, "two entries of one name"))]);
    run.artifacts.push(unread("b.zip", "no such file"));
    for name in ["gitlab-dependency-scanning", "gitlab-secret-detection"] {
        let report = report(name, &run);
        check(&report);
        let told: Vec<_> = entries(&report).iter().map(|entry| (&entry["severity"], entry["name"].as_str().unwrap())).collect();
        let unknown = &json!("Unknown");
        assert_eq!(
            told,
            [(unknown, "Could not be judged: two entries of one name"), (unknown, "Could not be judged: no such file")],
            "{name}"
        );
        assert_eq!(report["scan"]["status"], json!("failure"));
    }
}

#[test]
fn a_bundle_was_searched_for_secrets_and_old_advisories_say_nothing_of_them() {
    let run = run(vec![sample::unseen()]);
    assert!(entries(&report("gitlab-secret-detection", &run)).is_empty());
    assert_eq!(entries(&report("gitlab-dependency-scanning", &run)).len(), 2);
}

#[test]
fn a_vector_that_the_schema_refuses_is_left_out() {
    let mut facts = sample::with_vulnerability(Severity::High);
    let vectors = |facts: &fngate::model::Facts| {
        entries(&report("gitlab-dependency-scanning", &run(vec![facts.clone()])))[0].get("cvss_vectors").cloned()
    };
    facts.vulnerabilities[0].cvss_vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned());
    assert!(vectors(&facts).is_some());
    facts.vulnerabilities[0].cvss_vector = Some("CVSS:9.9/of the artifact's own".to_owned());
    assert_eq!(vectors(&facts), None);
}

#[test]
fn fingerprints_of_code_quality_are_unique_over_everything() {
    let mut run = everything();
    run.artifacts.extend(with_findings(40, |number, finding| finding.advisory = format!("GHSA-{}", number / 20)).artifacts);
    let list: Vec<Value> = serde_json::from_str(&written("gitlab-codequality", &run)).unwrap();
    let prints: BTreeSet<&str> = list.iter().map(|entry| entry["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), list.len());
}

#[test]
fn levels_are_said_in_gitlabs_words() {
    let severity = |level: Level| {
        let run = with_findings(1, |_, finding| finding.level = level);
        report("gitlab-codequality", &run)[0]["severity"].as_str().unwrap().to_owned()
    };
    let told = [Level::Deny, Level::Incomplete, Level::Warn, Level::Info].map(severity);
    assert_eq!(told, ["blocker", "critical", "minor", "info"]);
}
