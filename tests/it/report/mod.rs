//! Reports: at fixed inputs, to the letter.

mod cyclonedx;
mod graph;
mod json;
mod spdx;
mod text;

use fngate::model::Facts;
use fngate::policy::Settings;
use fngate::report::{Examined, Judged, Run, Screen, reporter, timestamp};

use crate::policy::sample;

/// A run over `facts`, judged as the settings say.
pub fn run_with(settings: Settings, facts: Vec<Facts>) -> Run {
    let policies = sample::policies(settings);
    let advisories = facts.first().and_then(|facts| facts.advisories.clone());
    let artifacts = facts.into_iter().map(|facts| {
        let verdict = policies.judge(&facts).unwrap();
        Examined { name: facts.artifact.name.clone(), result: Ok(Judged { facts, verdict }) }
    });
    Run {
        advisories,
        policy_digest: "9a".repeat(32),
        config_digest: String::new(),
        vex: Vec::new(),
        timestamp: timestamp(None, "2026-11-22"),
        artifacts: artifacts.collect(),
        screen: Screen::default(),
    }
}

pub fn run(facts: Vec<Facts>) -> Run {
    run_with(sample::settings(), facts)
}

pub fn written(name: &str, run: &Run) -> String {
    let mut out = Vec::new();
    reporter(name).unwrap().write(run, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_time_is_the_epochs_or_the_days() {
    assert_eq!(timestamp(Some("1700000000"), "2026-11-22"), "2023-11-14T22:13:20Z");
    assert_eq!(timestamp(None, "2026-11-22"), "2026-11-22T00:00:00Z");
    assert_eq!(timestamp(Some("soon"), "2026-11-22"), "2026-11-22T00:00:00Z");
    assert_eq!(timestamp(Some("99999999999999999"), "2026-11-22"), "2026-11-22T00:00:00Z");
}
