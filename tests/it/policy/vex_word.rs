//! VEX: whose word counts of several, and when it was said.

use fngate::model::{Facts, Level, Severity};
use serde_json::{Value, json};

use super::sample;
use super::vex::{CVE, PURL, about, cyclonedx, is_heard, judged, openvex, rules, sha256};

const GHSA: &str = "GHSA-35jh-r3h4-6jhm";
const OTHER: &str = "CVE-2021-99999";
const OLD: &str = "2026-10-01T00:00:00Z";
const NEW: &str = "2026-10-02T00:00:00Z";

fn said(vulnerability: &str, status: &str, time: &str) -> Value {
    json!({"vulnerability": {"name": vulnerability}, "products": [{"@id": PURL}], "status": status, "timestamp": time,
        "justification": "vulnerable_code_not_present"})
}

/// A vulnerability whose alias set has two CVE ids.
fn of_two() -> Facts {
    let mut facts = sample::with_vulnerability(Severity::High);
    facts.vulnerabilities[0].aliases.push(OTHER.to_owned());
    facts
}

#[test]
fn no_word_about_one_id_overrules_a_word_about_another() {
    assert!(!is_heard(&[openvex(&[said(GHSA, "affected", OLD), said(CVE, "not_affected", NEW)])]));
    assert!(is_heard(&[openvex(&[said(GHSA, "affected", OLD), said(GHSA, "fixed", NEW), said(CVE, "not_affected", OLD)])]));
    let mut of_artifact = said(CVE, "not_affected", NEW);
    of_artifact["products"] = json!([{"hashes": {"sha-256": sha256()}}]);
    assert!(!is_heard(&[openvex(&[said(GHSA, "affected", OLD), of_artifact])]));
}

#[test]
fn of_two_cves_both_must_be_acquitted_or_the_advisory_that_holds_them() {
    let heard = |statements: &[Value]| judged(&[openvex(statements)], &of_two()).findings.is_empty();
    assert!(!heard(&[said(CVE, "not_affected", NEW)]));
    assert!(!heard(&[said(OTHER, "affected", OLD), said(CVE, "not_affected", NEW)]));
    assert!(heard(&[said(OTHER, "fixed", OLD), said(CVE, "not_affected", NEW)]));
    assert!(heard(&[said(GHSA, "not_affected", NEW)]));
    assert!(!heard(&[said(GHSA, "not_affected", NEW), said(OTHER, "under_investigation", OLD)]));
    let mut shown = of_two();
    shown.vulnerabilities[0].id = CVE.to_owned();
    shown.vulnerabilities[0].aliases.push(GHSA.to_owned());
    assert!(!judged(&[openvex(&[said(CVE, "not_affected", NEW)])], &shown).findings.is_empty(), "one of two, though it is shown");
}

#[test]
fn a_word_from_the_future_is_not_heard() {
    let facts = sample::with_vulnerability(Severity::High);
    let verdict = judged(&[openvex(&[said(CVE, "not_affected", "2026-11-23T00:00:00Z")])], &facts);
    assert_eq!(rules(&verdict), [("vulnerability-high", Level::Deny), ("vex-unheard", Level::Warn)]);
    assert_eq!(
        verdict.findings[1].message,
        "the VEX statement `not_affected` of 0.json was not heard: it is dated after the day of judgement"
    );
    assert!(verdict.findings[1].help.contains("timestamp"));
    assert!(is_heard(&[openvex(&[said(CVE, "not_affected", "2026-11-22T23:59:59Z")])]), "the day itself");
    assert!(is_heard(&[openvex(&[said(CVE, "not_affected", OLD), said(CVE, "fixed", "2099-01-01T00:00:00Z")])]), "an older one is");
    let both = [said(CVE, "not_affected", "2099-01-01T00:00:00Z"), said(CVE, "affected", OLD)];
    assert_eq!(rules(&judged(&[openvex(&both)], &facts)).len(), 2, "it overrules nothing");
    assert!(!is_heard(&[openvex(&[said(CVE, "affected", "2099-01-01T00:00:00Z"), said(CVE, "fixed", NEW)])]), "what denies is heard");
}

#[test]
fn what_was_changed_later_is_a_later_word_where_it_acquits_nobody() {
    let changed = |status: &str| {
        let mut one = said(CVE, status, OLD);
        one["last_updated"] = json!("2026-10-03T00:00:00Z");
        one
    };
    assert!(!is_heard(&[openvex(&[changed("affected"), said(CVE, "not_affected", NEW)])]));
    assert!(!is_heard(&[openvex(&[changed("not_affected"), said(CVE, "affected", NEW)])]));
    let mut of_document = openvex(&[said(CVE, "affected", OLD)]);
    of_document["statements"][0]["timestamp"] = Value::Null;
    of_document["timestamp"] = json!(OLD);
    let acquitted = openvex(&[said(CVE, "not_affected", NEW)]);
    assert!(is_heard(&[of_document.clone(), acquitted.clone()]));
    of_document["last_updated"] = json!("2026-10-03T00:00:00Z");
    assert!(!is_heard(&[of_document, acquitted]));
}

#[test]
fn times_of_cyclonedx() {
    let analysed = |analysis: Value, issued: Option<&str>| {
        cyclonedx(|bom| {
            bom["vulnerabilities"][0]["analysis"] = analysis.clone();
            bom["metadata"]["timestamp"] = json!(issued);
        })
    };
    let acquitted = |time: &str| openvex(&[said(CVE, "not_affected", time)]);
    let exploitable = |analysis: Value, issued| analysed(json!({"state": "exploitable"}), issued).merged(analysis);
    assert!(!is_heard(&[exploitable(json!({"firstIssued": OLD}), Some(NEW)), acquitted(OLD)]), "the document was issued later");
    assert!(!is_heard(&[exploitable(json!({"lastUpdated": OLD, "firstIssued": NEW}), Some(OLD)), acquitted(OLD)]));
    assert!(is_heard(&[exploitable(json!({"lastUpdated": OLD}), Some(OLD)), acquitted(NEW)]));
    assert!(!is_heard(&[exploitable(json!({}), None), acquitted(NEW)]), "without any time it is the newest");
    assert!(is_heard(&[analysed(json!({"state": "resolved"}), None)]));
    assert!(!is_heard(&[openvex(&[said(CVE, "affected", "1999-01-01T00:00:00Z")]), analysed(json!({"state": "resolved"}), None)]));
}

trait Merged {
    fn merged(self, analysis: Value) -> Value;
}

impl Merged for Value {
    /// The same with more keys in its analysis.
    fn merged(mut self, analysis: Value) -> Value {
        let own = self["vulnerabilities"][0]["analysis"].as_object_mut().unwrap();
        own.extend(analysis.as_object().unwrap().clone());
        self
    }
}

#[test]
fn what_is_exploited_takes_an_ignore_of_its_own_to_stand() {
    let mut facts = sample::with_vulnerability(Severity::High);
    facts.vulnerabilities[0].malicious = true;
    let help = |facts: &Facts| judged(&[about(json!({"@id": PURL}))], facts).findings.into_iter().find(|one| one.rule == "vex-unheard");
    assert!(help(&facts).unwrap().help.contains("`vulnerability-malicious`"));
    facts.vulnerabilities[0].malicious = false;
    facts.vulnerabilities[0].possible = true;
    facts.vulnerabilities[0].known_exploited = sample::exploited();
    assert!(help(&facts).unwrap().help.contains("`vulnerability-known-exploited`"));
}
