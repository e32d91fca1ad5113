//! Reports: at fixed inputs, to the letter.

mod cyclonedx;
mod graph;
mod hostile;
mod html;
mod json;
mod markdown;
mod spdx;
mod text;
mod tree;

use std::sync::Arc;

use fngate::model::{Advisories, Facts};
use fngate::policy::Settings;
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
