//! Each rule of the verdict.

use fngate::model::{AdvisoryOrigin, Facts, Finding, Level, Outcome, Problem, Provenance, ProvenanceState, SecretLevel, Severity, Verdict};
use fngate::policy::{Accept, Completeness, Ignore, Policies, PolicyError, Settings, SignatureSettings, Threshold, VulnerabilitySettings};

use super::sample::{self, CRASH, DUPLICATE, GO, path};

fn judged(facts: &Facts) -> Verdict {
    judged_with(sample::settings(), facts)
}

fn judged_with(settings: Settings, facts: &Facts) -> Verdict {
    sample::policies(settings).judge(facts).unwrap()
}

fn rules(verdict: &Verdict) -> Vec<(&str, Level)> {
    verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.level)).collect()
}

fn one(verdict: &Verdict) -> &Finding {
    assert_eq!(verdict.findings.len(), 1, "{:#?}", verdict.findings);
    &verdict.findings[0]
}

#[test]
fn an_ordinary_package_passes() {
    let verdict = judged(&sample::clean());
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Pass, vec![]));
    assert_eq!(verdict.outcome.exit_code(), 0);
}

#[test]
fn severities_map_to_levels() {
    for (severity, rule, level) in [
        (Severity::Critical, "vulnerability-critical", Level::Deny),
        (Severity::High, "vulnerability-high", Level::Deny),
        (Severity::Medium, "vulnerability-medium", Level::Warn),
        (Severity::Low, "vulnerability-low", Level::Info),
        (Severity::None, "vulnerability-low", Level::Info),
        (Severity::Unknown, "vulnerability-unknown", Level::Warn),
    ] {
        let verdict = judged(&sample::with_vulnerability(severity));
        assert_eq!(rules(&verdict), [(rule, level)]);
        assert_eq!(verdict.outcome, Outcome::of(level));
    }
}

#[test]
fn thresholds_are_the_operators_except_for_malware() {
    let vulnerability =
        VulnerabilitySettings { deny: Threshold::Never, warn: Threshold::Never, unknown: Level::Info, ..VulnerabilitySettings::default() };
    let settings = || Settings { vulnerability, ..sample::settings() };
    assert_eq!(judged_with(settings(), &sample::with_vulnerability(Severity::Critical)).outcome, Outcome::Pass);
    let mut facts = sample::with_vulnerability(Severity::Unknown);
    facts.vulnerabilities[0].malicious = true;
    assert_eq!(rules(&judged_with(settings(), &facts)), [("vulnerability-malicious", Level::Deny)]);
}

#[test]
fn the_greatest_level_decides_and_deny_wins_over_incomplete() {
    let mut facts = sample::with_vulnerability(Severity::High);
    facts.inventory.problems.push(sample::bundle());
    let verdict = judged(&facts);
    assert_eq!(rules(&verdict), [("vulnerability-high", Level::Deny), ("bundle", Level::Incomplete)]);
    assert_eq!((verdict.outcome, verdict.outcome.exit_code()), (Outcome::Deny, 1));
    facts.vulnerabilities.clear();
    let verdict = judged(&facts);
    assert_eq!((verdict.outcome, verdict.outcome.exit_code()), (Outcome::Incomplete, 2));
}

#[test]
fn the_scanners_level_of_a_secret_is_the_findings() {
    for (own, rule, level) in [
        (SecretLevel::Deny, "secret-exposed", Level::Deny),
        (SecretLevel::Warn, "secret-suspected", Level::Warn),
        (SecretLevel::Info, "secret-public", Level::Info),
    ] {
        let mut facts = sample::clean();
        facts.inventory.secrets = vec![sample::secret(3, own)];
        assert_eq!(rules(&judged(&facts)), [(rule, level)]);
    }
}

#[test]
fn one_secret_on_two_lines_of_a_file_is_one_finding_at_the_first() {
    let mut facts = sample::clean();
    facts.inventory.secrets = vec![sample::secret(30, SecretLevel::Deny), sample::secret(3, SecretLevel::Deny)];
    assert_eq!(one(&judged(&facts)).line, Some(3));
}

#[test]
fn unseen_is_incomplete_and_nothing_excuses_it() {
    let facts = sample::with_problem(Problem::at(&DUPLICATE, &path("index.js"), "two entries of this name"));
    let verdict = judged(&facts);
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Incomplete, vec![("duplicate-name", Level::Incomplete)]));
    let accept =
        |kind: &str| Accept { kind: kind.to_owned(), path: Some("index.js".to_owned()), reason: "x".to_owned(), ..Accept::default() };
    for kind in ["duplicate-name", "internal-error"] {
        let refused = Policies::load(Settings { accepts: vec![accept(kind)], ..sample::settings() }, &[]);
        assert!(matches!(refused, Err(PolicyError::Unacceptable { .. })), "{kind}: {refused:?}");
    }
    // Not even where no stage has registered the kind, and so nobody knows its class before the artifact shows it.
    let settings = Settings { accepts: vec![accept("duplicate-name")], ..Settings::default() };
    assert_eq!(judged_with(settings, &facts).outcome, Outcome::Incomplete);
    let ignore = Ignore { rule: "duplicate-name".to_owned(), subject: Some("index.js".to_owned()), ..Ignore::default() };
    assert_eq!(judged_with(Settings { ignores: vec![ignore], ..sample::settings() }, &facts).outcome, Outcome::Incomplete);
}

#[test]
fn an_internal_error_is_incomplete() {
    let verdict = judged(&sample::with_problem(Problem::whole(&CRASH, "fngate itself failed")));
    assert_eq!((verdict.outcome, one(&verdict).subject.as_str()), (Outcome::Incomplete, "fn.zip"));
}

#[test]
fn unattributed_is_incomplete_until_it_is_accepted() {
    let facts = sample::with_problem(sample::bundle());
    assert_eq!(rules(&judged(&facts)), [("bundle", Level::Incomplete)]);
    let accept = Accept {
        kind: "bundle".to_owned(),
        path: Some("dist/index.js".to_owned()),
        sha256: Some("EF".repeat(32)),
        reason: "built from our lockfile".to_owned(),
        expires: Some("2026-11-22".parse().unwrap()),
    };
    let verdict = judged_with(Settings { accepts: vec![accept.clone()], ..sample::settings() }, &facts);
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Pass, vec![("bundle", Level::Info)]));
    assert!(one(&verdict).message.contains("(accepted until 2026-11-22: built from our lockfile)"));
    assert_eq!(verdict.problems[0].accepted.as_ref().unwrap().reason, "built from our lockfile");
    for (wrong, remark) in [
        (Accept { path: Some("dist/other.js".to_owned()), ..accept.clone() }, "accept-unused"),
        (Accept { path: None, ..accept.clone() }, "accept-unused"),
        (Accept { sha256: Some("00".repeat(32)), ..accept.clone() }, "accept-unused"),
        (Accept { kind: "go-binary".to_owned(), ..accept.clone() }, "accept-unused"),
        (Accept { kind: "bundel".to_owned(), ..accept.clone() }, "accept-unknown"),
        (Accept { expires: Some("2026-11-21".parse().unwrap()), ..accept }, "accept-expired"),
    ] {
        let verdict = judged_with(Settings { accepts: vec![wrong], ..sample::settings() }, &facts);
        assert_eq!(rules(&verdict), [("bundle", Level::Incomplete), (remark, Level::Warn)]);
    }
}

#[test]
fn out_of_scope_warns_and_strict_makes_it_incomplete() {
    let own = sample::with_problem(Problem::at(&GO, &path("bin/agent"), "a Go binary"));
    let strict = || Settings { completeness: Completeness::Strict, ..sample::settings() };
    for facts in [own, sample::with_go_binary()] {
        assert_eq!((judged(&facts).outcome, rules(&judged(&facts))), (Outcome::Pass, vec![("go-binary", Level::Warn)]));
        assert_eq!(rules(&judged_with(strict(), &facts)), [("go-binary", Level::Incomplete)]);
        let accept =
            Accept { kind: "go-binary".to_owned(), path: Some("bin/agent".to_owned()), reason: "ours".to_owned(), ..Accept::default() };
        let accepted = judged_with(Settings { accepts: vec![accept], ..strict() }, &facts);
        assert_eq!((accepted.outcome, rules(&accepted)), (Outcome::Pass, vec![("go-binary", Level::Info)]));
    }
}

#[test]
fn a_file_out_of_scope_is_one_problem_however_it_is_named() {
    let mut facts = sample::with_go_binary();
    facts.inventory.problems.push(Problem::at(&GO, &path("bin/agent"), "a Go binary"));
    assert_eq!(judged(&facts).problems.len(), 1);
}

#[test]
fn advisories_must_be_there_and_young() {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = sample::clean();
        change(&mut facts);
        judged(&facts)
    };
    let aged = |days| with(&|facts| facts.advisories.as_mut().unwrap().age_days = days);
    assert_eq!(rules(&aged(3)), []);
    assert_eq!(rules(&aged(4)), [("advisories-old", Level::Warn)]);
    assert_eq!(rules(&aged(14)), [("advisories-old", Level::Warn)]);
    assert_eq!(rules(&aged(15)), [("advisories-stale", Level::Incomplete)]);
    assert_eq!(rules(&with(&|facts| facts.advisories = None)), [("advisories-missing", Level::Incomplete)]);
    let embedded = with(&|facts| facts.advisories.as_mut().unwrap().source = AdvisoryOrigin::Embedded);
    assert_eq!(rules(&embedded), [("advisories-embedded", Level::Incomplete)]);
    let why = with(&|facts| {
        let advisories = facts.advisories.as_mut().unwrap();
        (advisories.source, advisories.note) = (AdvisoryOrigin::Embedded, "the database is broken".to_owned());
    });
    assert!(why.findings[0].message.contains("(the database is broken)"), "{}", why.findings[0].message);
    let dated = |as_of: &str| with(&|facts| facts.advisories.as_mut().unwrap().as_of = as_of.to_owned());
    let today = sample::clean().today;
    assert_eq!(rules(&dated(&format!("{today}T23:59:59Z"))), []);
    assert_eq!(rules(&dated("2099-01-01T00:00:00Z")), [("advisories-future", Level::Warn)]);
}

#[test]
fn the_embedded_snapshot_can_deny() {
    let mut facts = sample::with_vulnerability(Severity::Critical);
    facts.advisories.as_mut().unwrap().source = AdvisoryOrigin::Embedded;
    assert_eq!(judged(&facts).outcome, Outcome::Deny);
}

#[test]
fn a_signature_is_wanted_where_it_is_required() {
    let required = || Settings { signature: SignatureSettings { required: true }, ..sample::settings() };
    let with = |state, reason: &str| Facts {
        provenance: Provenance { state, reason: reason.to_owned(), ..Provenance::default() },
        ..sample::clean()
    };
    for (facts, free, wanted) in [
        (with(ProvenanceState::Unsigned, "no-signature"), Level::Info, Level::Deny),
        (with(ProvenanceState::Refused, "digest-mismatch"), Level::Deny, Level::Deny),
        (with(ProvenanceState::Refused, "no-identity-expected"), Level::Warn, Level::Deny),
    ] {
        assert_eq!(one(&judged(&facts)).level, free);
        assert_eq!(one(&judged_with(required(), &facts)).level, wanted);
    }
    assert_eq!(judged_with(required(), &sample::clean()).outcome, Outcome::Pass);
}

#[test]
fn findings_come_gravest_first_with_ids_of_their_own() {
    let mut facts = sample::grave();
    facts.inventory.problems.push(sample::bundle());
    let verdict = judged(&facts);
    assert!(verdict.findings.is_sorted_by(|a, b| a.level >= b.level));
    let mut ids: Vec<_> = verdict.findings.iter().map(|finding| finding.id.clone()).collect();
    assert!(ids.iter().all(|id| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit())));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), verdict.findings.len());
    facts.vulnerabilities.reverse();
    assert_eq!(judged(&facts), verdict);
}

#[test]
fn an_id_survives_another_summary_and_another_line() {
    let mut facts = sample::with_vulnerability(Severity::High);
    let before = one(&judged(&facts)).id.clone();
    facts.vulnerabilities[0].summary = "other words".to_owned();
    assert_eq!(one(&judged(&facts)).id, before);
    facts.vulnerabilities[0].purl = "pkg:npm/lodash@4.17.16".to_owned();
    assert_ne!(one(&judged(&facts)).id, before);
}

#[test]
fn the_day_of_judgement_is_a_date() {
    let facts = Facts { today: "today".to_owned(), ..sample::clean() };
    assert!(matches!(sample::policies(sample::settings()).judge(&facts), Err(PolicyError::Day(_))));
}

#[test]
fn many_threads_judge_alike() {
    let policies = sample::policies(sample::settings());
    let facts = sample::grave();
    let expected = policies.judge(&facts).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(policies.judge(&facts).unwrap(), expected));
        }
    });
}
