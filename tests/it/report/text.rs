//! `text`: what a person sees.

use fngate::model::{Ignored, SecretLevel, Severity, Vulnerability};
use fngate::policy::{Ignore, Settings};
use fngate::report::{Examined, Screen};
use insta::assert_snapshot;

use super::{run, run_with, written};
use crate::policy::sample;

#[test]
fn a_pass() {
    assert_snapshot!(written("text", &run(vec![sample::clean()])));
}

#[test]
fn a_denial() {
    assert_snapshot!(written("text", &run(vec![sample::grave()])));
}

#[test]
fn a_denial_on_a_narrow_screen() {
    let mut run = run(vec![sample::grave()]);
    run.call.screen.width = 50;
    assert_snapshot!(written("text", &run));
}

#[test]
fn what_could_not_be_judged() {
    assert_snapshot!(written("text", &run(vec![sample::unseen()])));
}

#[test]
fn several_artifacts_and_one_that_cannot_be_read() {
    let mut run = run(vec![sample::clean(), sample::unseen()]);
    let result = Err("cannot read the artifact: permission denied".to_owned());
    run.artifacts.push(Examined { name: "secret.zip".to_owned(), result });
    assert_snapshot!(written("text", &run));
}

#[test]
fn warnings_without_end_are_cut_and_what_decides_is_not() {
    let many = |severity| {
        let mut facts = sample::with_vulnerability(severity);
        let one = facts.vulnerabilities.remove(0);
        facts.vulnerabilities = (0..70).map(|n| Vulnerability { id: format!("GHSA-many-{n}"), ..one.clone() }).collect();
        written("text", &run(vec![facts]))
    };
    let warned = many(Severity::Medium);
    assert_eq!(warned.matches("[vulnerability-medium]").count(), 30);
    assert!(warned.contains("WARNINGS (70)") && warned.contains("and 40 more, which `--report json=FILE` has too"), "{warned}");
    assert_eq!(many(Severity::High).matches("[vulnerability-high]").count(), 70);
}

#[test]
fn what_is_ignored_is_shown() {
    let ignore = Ignore {
        rule: "vulnerability-high".to_owned(),
        advisory: Some("CVE-2021-23337".to_owned()),
        reason: "template() is not used".to_owned(),
        expires: Some("2027-01-31".parse().unwrap()),
        ..Ignore::default()
    };
    let run = run_with(Settings { ignores: vec![ignore], ..sample::settings() }, vec![sample::with_vulnerability(Severity::High)]);
    let ignored: &[Ignored] = &run.artifacts[0].result.as_ref().unwrap().verdict.ignored;
    assert_eq!(ignored.len(), 1);
    assert_snapshot!(written("text", &run));
}

#[test]
fn without_colour_nothing_is_lost_and_with_it_nothing_is_added() {
    for facts in [sample::clean(), sample::grave(), sample::unseen()] {
        let mut run = run(vec![facts]);
        let plain = written("text", &run);
        assert!(!plain.contains('\u{1b}'));
        run.call.screen = Screen { color: true, ..run.call.screen };
        let coloured = written("text", &run);
        assert_ne!(coloured, plain);
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }
}

#[test]
fn no_line_is_wider_than_the_screen_but_for_a_word() {
    for width in [40, 50, 80, 120] {
        let mut run = run(vec![sample::grave(), sample::unseen()]);
        run.call.screen.width = width;
        for line in written("text", &run).lines() {
            let folded = line.trim_start().trim_start_matches("- ").trim_start_matches("fingerprint ");
            assert!(line.chars().count() <= width || !folded.contains(' ') || line.contains("in node_modules"), "{width}: {line}");
        }
    }
}

#[test]
fn what_an_artifact_says_cannot_move_the_cursor() {
    let mut facts = sample::grave();
    let hostile = "\u{1b}[2J\u{202e}\r\npass (npm)";
    facts.artifact.name = hostile.to_owned();
    facts.vulnerabilities[0].summary = hostile.to_owned();
    facts.provenance.reason = hostile.to_owned();
    facts.inventory.secrets[0].path = sample::path(&format!("src/{hostile}"));
    facts.inventory.secrets[0].level = SecretLevel::Warn;
    let mut run = run(vec![facts]);
    run.artifacts.push(Examined { name: hostile.to_owned(), result: Err(hostile.to_owned()) });
    let text = written("text", &run);
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}']));
    assert!(!text.lines().any(|line| line.starts_with("pass (npm)")));
}
