//! Ignores: they silence what was looked at, and each speaks.

use fngate::model::{Facts, Level, Outcome, SecretLevel, Severity, Verdict};
use fngate::policy::{Ignore, Policies, PolicyError, Settings};

use super::sample;

fn judged(ignore: Ignore, facts: &Facts) -> Verdict {
    sample::policies(Settings { ignores: vec![ignore], ..sample::settings() }).judge(facts).unwrap()
}

fn rules(verdict: &Verdict) -> Vec<(&str, Level)> {
    verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.level)).collect()
}

fn of_advisory() -> Ignore {
    Ignore {
        rule: "vulnerability-high".to_owned(),
        subject: Some("pkg:npm/lodash@4.17.15".to_owned()),
        advisory: Some("GHSA-35jh-r3h4-6jhm".to_owned()),
        reason: "template() is not used".to_owned(),
        expires: Some("2026-11-22".parse().unwrap()),
        ..Ignore::default()
    }
}

#[test]
fn an_ignore_silences_and_is_shown() {
    let verdict = judged(of_advisory(), &sample::with_vulnerability(Severity::High));
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Pass, vec![]));
    let ignored = &verdict.ignored[0];
    assert_eq!((ignored.finding.level, ignored.reason.as_str()), (Level::Deny, "template() is not used"));
    assert_eq!(ignored.expires.as_deref(), Some("2026-11-22"));
    assert_eq!(ignored.finding.id.len(), 16);
}

#[test]
fn any_id_of_the_alias_set_and_any_version_will_do() {
    let facts = sample::with_vulnerability(Severity::High);
    for ignore in [
        Ignore { advisory: Some("CVE-2021-23337".to_owned()), ..of_advisory() },
        Ignore { subject: Some("pkg:npm/lodash".to_owned()), ..of_advisory() },
        Ignore { subject: None, ..of_advisory() },
    ] {
        assert_eq!(judged(ignore, &facts).outcome, Outcome::Pass);
    }
}

#[test]
fn next_months_advisory_is_not_silenced() {
    let mut facts = sample::with_vulnerability(Severity::High);
    facts.vulnerabilities.push(sample::vulnerability("GHSA-29mw-wpgm-hmr9", Severity::High));
    facts.vulnerabilities[1].aliases.clear();
    let verdict = judged(of_advisory(), &facts);
    assert_eq!((verdict.outcome, verdict.findings.len(), verdict.ignored.len()), (Outcome::Deny, 1, 1));
    assert_eq!(verdict.findings[0].advisory, "GHSA-29mw-wpgm-hmr9");
}

#[test]
fn an_ignore_that_meets_nothing_says_so() {
    let facts = sample::with_vulnerability(Severity::High);
    for (ignore, remark) in [
        (Ignore { subject: Some("pkg:npm/lodash@4.17.1".to_owned()), ..of_advisory() }, "ignore-unused"),
        (Ignore { advisory: Some("CVE-2021-1".to_owned()), ..of_advisory() }, "ignore-unused"),
        (Ignore { rule: "vulnerability-critical".to_owned(), ..of_advisory() }, "ignore-unused"),
        (Ignore { fingerprint: Some("f".to_owned()), ..of_advisory() }, "ignore-unused"),
        (Ignore { rule: "vulnerability-hihg".to_owned(), ..of_advisory() }, "ignore-unknown"),
        (Ignore { expires: Some("2026-11-21".parse().unwrap()), ..of_advisory() }, "ignore-expired"),
    ] {
        let verdict = judged(ignore, &facts);
        assert_eq!(rules(&verdict), [("vulnerability-high", Level::Deny), (remark, Level::Warn)]);
    }
}

#[test]
fn two_ignores_of_one_finding_are_both_used() {
    let settings = Settings { ignores: vec![of_advisory(), Ignore { subject: None, ..of_advisory() }], ..sample::settings() };
    let verdict = sample::policies(settings).judge(&sample::with_vulnerability(Severity::High)).unwrap();
    assert_eq!((rules(&verdict), verdict.ignored.len()), (vec![], 1));
}

#[test]
fn an_ignore_must_name_what_was_looked_at() {
    for (ignore, lacking) in [
        (Ignore { advisory: None, ..of_advisory() }, "advisory"),
        (Ignore { rule: "secret-exposed".to_owned(), ..of_advisory() }, "fingerprint"),
        (Ignore { rule: "signature-missing".to_owned(), ..Ignore::default() }, "subject"),
    ] {
        let refused = Policies::load(Settings { ignores: vec![ignore], ..sample::settings() }, &[]);
        assert!(matches!(refused, Err(PolicyError::Unbound { key, .. }) if key == lacking), "{lacking}: {refused:?}");
    }
}

#[test]
fn a_secret_is_ignored_by_its_fingerprint_alone() {
    let mut facts = sample::clean();
    facts.inventory.secrets = vec![sample::secret(3, SecretLevel::Deny)];
    let ignore =
        Ignore { rule: "secret-exposed".to_owned(), fingerprint: Some("0f".repeat(32)), reason: "revoked".to_owned(), ..Ignore::default() };
    assert_eq!(judged(ignore.clone(), &facts).outcome, Outcome::Pass);
    assert_eq!(judged(Ignore { fingerprint: Some("00".repeat(32)), ..ignore }, &facts).outcome, Outcome::Deny);
}

#[test]
fn malware_is_ignored_only_by_its_advisory() {
    let mut facts = sample::with_vulnerability(Severity::Unknown);
    facts.vulnerabilities[0].malicious = true;
    let ignore = Ignore { rule: "vulnerability-malicious".to_owned(), ..of_advisory() };
    assert_eq!(judged(ignore.clone(), &facts).outcome, Outcome::Pass);
    assert_eq!(judged(Ignore { advisory: Some("MAL-2024-1".to_owned()), ..ignore }, &facts).outcome, Outcome::Deny);
}

#[test]
fn what_could_not_be_judged_is_not_ignored() {
    let facts = Facts { advisories: None, ..sample::clean() };
    let ignore = Ignore { rule: "advisories-missing".to_owned(), subject: Some("fn.zip".to_owned()), ..Ignore::default() };
    let verdict = judged(ignore, &facts);
    assert_eq!(rules(&verdict), [("advisories-missing", Level::Incomplete), ("ignore-unused", Level::Warn)]);
}

#[test]
fn what_is_known_to_be_exploited_is_only_silenced_by_a_word_for_it() {
    let ignore = |rule: &str| Ignore { rule: rule.to_owned(), ..of_advisory() };
    let mut settings = sample::settings();
    settings.vulnerability.known_exploited = Level::Warn;
    let judged = |rule: &str, facts: &Facts| {
        let settings = Settings { ignores: vec![ignore(rule)], ..settings.clone() };
        sample::policies(settings).judge(facts).unwrap()
    };
    let mut high = sample::with_vulnerability(Severity::High);
    high.vulnerabilities[0].known_exploited = sample::exploited();
    let mut possible = high.clone();
    possible.vulnerabilities[0].possible = true;
    let mut development = high.clone();
    (development.vulnerabilities[0].dev, development.vulnerabilities[0].relation) = (true, fngate::model::Relation::Locked);
    let mut build = high.clone();
    build.vulnerabilities[0].relation = fngate::model::Relation::Build;
    for (rule, facts) in [
        ("vulnerability-high", &high),
        ("vulnerability-possible", &possible),
        ("vulnerability-development", &development),
        ("vulnerability-build", &build),
    ] {
        let mut before = facts.clone();
        before.vulnerabilities[0].known_exploited = None;
        assert_eq!(rules(&judged(rule, &before)), vec![], "{rule}");
        let verdict = judged(rule, facts);
        let told: Vec<&str> = verdict.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(told.contains(&rule) && told.contains(&"ignore-unused"), "{told:?}");
        let remark = verdict.findings.iter().find(|finding| finding.rule == "ignore-unused").unwrap();
        assert!(remark.message.contains("takes an ignore of `vulnerability-known-exploited`"), "{}", remark.message);
        assert_eq!(rules(&judged("vulnerability-known-exploited", facts)), vec![], "{rule}");
    }
    let mut malware = high.clone();
    malware.vulnerabilities[0].malicious = true;
    assert_eq!(judged("vulnerability-known-exploited", &malware).outcome, Outcome::Deny);
    assert_eq!(judged("vulnerability-malicious", &malware).outcome, Outcome::Pass);
}
