//! Baselines: what was there already waits until a day, what is new and what is grave does not.

use std::fs;

use fngate::model::{Facts, KnownExploited, Level, Outcome, ProvenanceState, Severity, Verdict};
use fngate::policy::{Accept, Baseline, BaselineError, Completeness, Settings, Threshold};
use fngate::report::Examined;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::sample;
use crate::report::{run, run_with, written};

/// The settings with a baseline of what `former` would be judged now.
fn after(former: Vec<Facts>, until: &str) -> Settings {
    after_for(former, &["fn.zip"], until)
}

/// The same for a call over artifacts of these names.
fn after_for(former: Vec<Facts>, artifacts: &[&str], until: &str) -> Settings {
    let report = written("json", &run(former));
    Settings { baseline: Some(read(&report, Some(until), artifacts).unwrap()), ..sample::settings() }
}

fn read(report: &str, until: Option<&str>, artifacts: &[&str]) -> Result<Baseline, BaselineError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("old.json");
    fs::write(&path, report).unwrap();
    Baseline::read(&path, until.map(|day| day.parse().unwrap()), artifacts)
}

fn judged(settings: Settings, facts: &Facts) -> Verdict {
    sample::policies(settings).judge(facts).unwrap()
}

fn standing(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().filter(|finding| finding.level > Level::Info).map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn what_was_there_is_known_and_shown() {
    let facts = sample::with_vulnerability(Severity::High);
    let verdict = judged(after(vec![facts.clone()], "2026-11-22"), &facts);
    assert_eq!((verdict.outcome, standing(&verdict)), (Outcome::Pass, vec![]));
    let known = &verdict.known[0];
    assert_eq!((known.finding.level, known.finding.rule.as_str(), known.until.as_str()), (Level::Deny, "vulnerability-high", "2026-11-22"));
}

#[test]
fn its_day_comes() {
    let facts = sample::with_vulnerability(Severity::High);
    let verdict = judged(after(vec![facts.clone()], "2026-11-21"), &facts);
    assert_eq!((verdict.outcome, standing(&verdict)), (Outcome::Deny, vec!["vulnerability-high", "baseline-expired"]));
    assert!(verdict.known.is_empty());
}

#[test]
fn what_is_new_or_graver_is_denied() {
    let former = sample::with_vulnerability(Severity::High);
    let settings = || after(vec![former.clone()], "2027-01-01");
    let mut facts = former.clone();
    facts.vulnerabilities.push(sample::vulnerability("GHSA-29mw-wpgm-hmr9", Severity::High));
    let verdict = judged(settings(), &facts);
    assert_eq!((verdict.outcome, verdict.known.len(), verdict.findings[0].advisory.as_str()), (Outcome::Deny, 1, "GHSA-29mw-wpgm-hmr9"));

    let graver = sample::with_vulnerability(Severity::Critical);
    assert_eq!(judged(settings(), &graver).outcome, Outcome::Deny);

    let mut moved = former.clone();
    moved.vulnerabilities[0].purl = "pkg:npm/lodash@4.17.16".to_owned();
    assert_eq!(judged(settings(), &moved).outcome, Outcome::Deny);
}

#[test]
fn malware_what_is_exploited_signatures_and_what_was_not_seen_never_wait() {
    let mut malware = sample::with_vulnerability(Severity::High);
    malware.vulnerabilities[0].malicious = true;
    let mut exploited = sample::with_vulnerability(Severity::High);
    exploited.vulnerabilities[0].known_exploited =
        Some(KnownExploited { added: "2022-01-01".to_owned(), due: "2022-02-01".to_owned(), ransomware: false });
    let mut refused = sample::clean();
    refused.provenance.state = ProvenanceState::Refused;
    for facts in [malware, exploited.clone(), refused, sample::unseen()] {
        let before = judged(sample::settings(), &facts);
        let verdict = judged(after(vec![facts.clone()], "2027-01-01"), &facts);
        assert_ne!(before.outcome, Outcome::Pass);
        assert_eq!(verdict.outcome, before.outcome, "{:?}", verdict.known);
    }
    // Nor does what has come to be exploited since, whatever rule says it.
    let mut settings = after(vec![sample::with_vulnerability(Severity::High)], "2027-01-01");
    settings.vulnerability.known_exploited = Level::Warn;
    assert_eq!(judged(settings, &exploited).outcome, Outcome::Deny);
}

#[test]
fn what_the_gate_says_of_its_own_advisories_never_waits() {
    let mut facts = sample::clean();
    if let Some(advisories) = &mut facts.advisories {
        advisories.age_days = 40;
    }
    let verdict = judged(after(vec![facts.clone()], "2027-01-01"), &facts);
    assert_eq!((verdict.outcome, standing(&verdict)), (Outcome::Incomplete, vec!["advisories-stale"]));
}

#[test]
fn an_artifact_has_what_the_one_of_its_name_had() {
    let named = |name: &str, mut facts: Facts| {
        facts.artifact.name = name.to_owned();
        facts
    };
    let bad = |name: &str| named(name, sample::with_vulnerability(Severity::High));
    let two = || vec![bad("build/a.zip"), named("b.zip", sample::clean())];
    let outcome = |former, artifacts: &[&str]| judged(after_for(former, artifacts, "2027-01-01"), &bad(artifacts[0])).outcome;
    assert_eq!(outcome(two(), &["dist/a.zip", "b.zip"]), Outcome::Pass);
    assert_eq!(outcome(two(), &["b.zip", "a.zip"]), Outcome::Deny);
    assert_eq!(outcome(two(), &["c.zip"]), Outcome::Deny);
    assert_eq!(outcome(vec![bad("a.zip")], &["c.zip"]), Outcome::Pass);
    assert_eq!(outcome(vec![bad("a.zip")], &["c.zip", "d.zip"]), Outcome::Deny);
    // Where a file's name tells nothing, only the whole name does.
    let same = || vec![bad("x/fn.zip"), named("y/fn.zip", sample::clean())];
    assert_eq!(outcome(same(), &["x/fn.zip", "y/fn.zip"]), Outcome::Pass);
    assert_eq!(outcome(same(), &["y/fn.zip", "x/fn.zip"]), Outcome::Deny);
    assert_eq!(outcome(same(), &["z/fn.zip"]), Outcome::Deny);
    assert_eq!(outcome(vec![bad("x/fn.zip")], &["y/fn.zip", "z/fn.zip"]), Outcome::Deny);
    assert_eq!(outcome(vec![bad("build/A/")], &["build/B/", "build/A/"]), Outcome::Deny);
    assert_eq!(outcome(vec![bad("build/A/")], &["dist/A", "dist/B"]), Outcome::Pass);
    assert_eq!(outcome(vec![bad("./")], &["../", "x"]), Outcome::Deny);
}

#[test]
fn what_was_less_grave_then_is_not_known_now() {
    // Accepted by its bytes, which then change; a warning that a setting made it; what is out of scope, now asked for.
    let bundle = sample::with_problem(sample::bundle());
    let accept =
        Accept { kind: "bundle".to_owned(), path: Some("dist/index.js".to_owned()), reason: "ours".to_owned(), ..Accept::default() };
    let accepted = Settings { accepts: vec![accept], ..sample::settings() };
    let vulnerable = sample::with_vulnerability(Severity::High);
    let mut lenient = sample::settings();
    lenient.vulnerability.deny = Threshold::Never;
    let strict = Settings { completeness: Completeness::Strict, ..sample::settings() };
    for (then, now, facts) in [
        (accepted, sample::settings(), bundle),
        (lenient, sample::settings(), vulnerable),
        (sample::settings(), strict, sample::with_go_binary()),
    ] {
        let report = written("json", &run_with(then.clone(), vec![facts.clone()]));
        assert_eq!(judged(then, &facts).outcome, Outcome::Pass);
        let plain = judged(now.clone(), &facts);
        assert_ne!(plain.outcome, Outcome::Pass);
        let with = Settings { baseline: Some(read(&report, Some("2027-01-01"), &["fn.zip"]).unwrap()), ..now };
        assert_eq!(judged(with, &facts), plain);
    }
}

#[test]
fn a_report_made_with_a_baseline_is_one_too() {
    let facts = sample::with_vulnerability(Severity::High);
    let report = written("json", &run_with(after(vec![facts.clone()], "2027-01-01"), vec![facts.clone()]));
    let document: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(document["artifacts"][0]["known"][0]["until"], json!("2027-01-01"));
    let settings = Settings { baseline: Some(read(&report, Some("2027-01-01"), &["fn.zip"]).unwrap()), ..sample::settings() };
    assert_eq!(judged(settings, &facts).outcome, Outcome::Pass);
}

#[test]
fn an_artifact_that_could_not_be_read_makes_nothing_known() {
    let mut former = run(vec![]);
    former.artifacts.push(Examined { name: "fn.zip".to_owned(), result: Err("no such file".to_owned()) });
    let settings =
        Settings { baseline: Some(read(&written("json", &former), Some("2027-01-01"), &["fn.zip"]).unwrap()), ..sample::settings() };
    assert_eq!(judged(settings, &sample::with_vulnerability(Severity::High)).outcome, Outcome::Deny);
}

#[test]
fn what_is_no_report_or_has_no_end_is_an_error() {
    let good = written("json", &run(vec![sample::clean()]));
    assert!(matches!(read(&good, None, &["fn.zip"]), Err(BaselineError::Endless { .. })));
    for bad in [
        "",
        "[]",
        "{}",
        "{\"schema\":\"fngate-report/2\",\"artifacts\":[]}",
        "{\"schema\":\"fngate-report/1\"}",
        "{\"schema\":\"fngate-report/1\",\"artifacts\":[{\"name\":\"x\",\"findings\":[{\"id\":\"1\"}]}]}",
    ] {
        let error = read(bad, Some("2027-01-01"), &["fn.zip"]).unwrap_err();
        assert!(matches!(error, BaselineError::Malformed { .. }) && error.hint().is_some(), "{bad}");
    }
    assert!(matches!(
        Baseline::read(std::path::Path::new("/nowhere/x.json"), Some("2027-01-01".parse().unwrap()), &["fn.zip"]),
        Err(BaselineError::Read { .. })
    ));
}

#[test]
fn it_is_shown_to_a_person() {
    let facts = sample::with_vulnerability(Severity::High);
    let settings = after(vec![facts.clone()], "2027-01-01");
    insta::assert_snapshot!(written("text", &run_with(settings, vec![facts])));
}
