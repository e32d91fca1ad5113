//! Reports: at fixed inputs, to the letter.

mod accused;
mod cyclonedx;
mod github;
mod gitlab;
mod graph;
mod hostile;
mod html;
mod json;
mod junit;
mod markdown;
mod place;
mod planted;
mod sarif;
mod spdx;
mod text;
mod tree;

use std::sync::Arc;

use fngate::model::{Advisories, Facts, Finding, Known, Verdict};
use fngate::policy::{Ignore, Settings};
use fngate::report::{Call, Closing, Examined, Judged, RulePage, reporter, timestamp};

use crate::policy::sample;

/// A call over artifacts that are judged already.
#[derive(Clone, Debug)]
pub struct Run {
    pub call: Call,
    pub advisories: Option<Advisories>,
    pub artifacts: Vec<Examined>,
}

/// A run over `facts`, judged as the settings say.
pub fn run_with(settings: Settings, facts: Vec<Facts>) -> Run {
    let policies = sample::policies(settings);
    let advisories = facts.first().and_then(|facts| facts.advisories.clone());
    let artifacts = facts.into_iter().map(|facts| {
        let verdict = policies.judge(&facts).unwrap();
        Examined { name: facts.artifact.name.clone(), result: Ok(Judged { facts, verdict }) }
    });
    let rule = |rule: &fngate::policy::RulePage| RulePage { id: rule.id.clone(), title: rule.title.clone(), page: rule.page.clone() };
    let call = Call {
        policy_digest: "9a".repeat(32),
        timestamp: timestamp(None, "2026-11-22"),
        rules: policies.rules().iter().map(rule).collect(),
        ..Call::default()
    };
    Run { call, advisories, artifacts: artifacts.collect() }
}

pub fn run(facts: Vec<Facts>) -> Run {
    run_with(sample::settings(), facts)
}

/// An artifact that could not be read.
pub fn unread(name: &str, error: &str) -> Examined {
    Examined { name: name.to_owned(), result: Err(error.to_owned()) }
}

/// The verdict on an artifact that was judged.
pub fn verdict(run: &mut Run, artifact: usize) -> &mut Verdict {
    &mut run.artifacts[artifact].result.as_mut().unwrap().verdict
}

/// Every state that a report has a place for: a pass, a denial of which one finding is ignored and one known, what could not be
/// judged, an artifact that could not be read; three of one name.
pub fn everything() -> Run {
    let ignore = Ignore {
        rule: "vulnerability-high".to_owned(),
        advisory: Some("GHSA-29mw-wpgm-hmr9".to_owned()),
        reason: "no input reaches it".to_owned(),
        expires: Some("2027-01-31".parse().unwrap()),
        ..Ignore::default()
    };
    let settings = Settings { ignores: vec![ignore], ..sample::settings() };
    let mut run = run_with(settings, vec![sample::clean(), sample::grave(), sample::unseen()]);
    let grave = verdict(&mut run, 1);
    let at = grave.findings.iter().position(|finding| finding.rule == "vulnerability-medium").unwrap();
    let finding = grave.findings.remove(at);
    grave.known.push(Known { finding, until: "2026-12-31".to_owned() });
    assert_eq!((grave.ignored.len(), grave.known.len()), (1, 1));
    run.artifacts.push(unread("dist/fn.zip", "cannot open the artifact `dist/fn.zip`: permission denied"));
    run.call.locks = vec!["package-lock.json".to_owned()];
    run
}

/// An artifact with `number` findings of a kind.
pub fn with_findings(number: usize, change: impl Fn(usize, &mut Finding)) -> Run {
    let mut run = run(vec![sample::grave()]);
    let verdict = verdict(&mut run, 0);
    let one = verdict.findings.iter().find(|finding| finding.rule == "vulnerability-critical").unwrap().clone();
    verdict.findings = (0..number)
        .map(|number| {
            let mut finding = Finding { advisory: format!("GHSA-{number:04}"), ..one.clone() };
            change(number, &mut finding);
            finding
        })
        .collect();
    run
}

pub fn written(name: &str, run: &Run) -> String {
    let call = Arc::new(Call { artifacts: run.artifacts.len(), ..run.call.clone() });
    let mut report = reporter(name).unwrap().begin(&call);
    let mut closing = Closing { advisories: run.advisories.clone(), ..Closing::default() };
    for examined in &run.artifacts {
        closing.tally.count(examined.outcome());
        report.add(examined).unwrap();
    }
    let mut out = Vec::new();
    report.finish(&closing, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_time_is_the_epochs_or_the_days() {
    assert_eq!(timestamp(Some("1700000000"), "2026-11-22"), "2023-11-14T22:13:20Z");
    assert_eq!(timestamp(None, "2026-11-22"), "2026-11-22T00:00:00Z");
    assert_eq!(timestamp(Some("soon"), "2026-11-22"), "2026-11-22T00:00:00Z");
    assert_eq!(timestamp(Some("99999999999999999"), "2026-11-22"), "2026-11-22T00:00:00Z");
}
