//! Every format over names that attack it.

use fngate::model::{Ecosystem, Package, Problem, Relation, Severity, purl};
use fngate::report::{REPORTERS, reporter};
use serde_json::Value;

use super::{Run, junit, run, unread, written};
use crate::policy::sample;

/// What names of an artifact try.
fn attacks() -> Vec<String> {
    let short = [
        "a\n::error::b",
        "\r\n::add-mask::b",
        "%0A::warning::b",
        "::stop-commands::b",
        "##[error]b",
        "]]>",
        "<![CDATA[b",
        "</system-out><script>alert(1)</script>",
        "\"'<>&`|\\",
        "&#0;&lt;",
        "\u{202e}txt.exe\u{200b}",
        "\u{1b}[2Jb\u{7}",
        "\u{ffff}\u{fffe}",
        "[b](https://attacker.example)",
        "a/../../b",
        "https://attacker.example/b",
        "{0} {b}",
        "",
        "  ",
        "é漢\u{1f600}",
    ];
    short.into_iter().map(str::to_owned).chain(["x".repeat(10_000), "\u{202e}".repeat(4_000)]).collect()
}

/// A run in which every text that an artifact or an advisory gives is `attack`.
fn attacked(attack: &str) -> Run {
    let mut facts = sample::grave();
    let place = fngate::model::EntryPath::new(&format!("src/{attack}")).unwrap_or_else(|_| sample::path("src/x"));
    let own = purl(Ecosystem::Npm, attack, Some(attack));
    facts.artifact.name = attack.to_owned();
    facts.inventory.packages.push(Package::new(Ecosystem::Npm, attack, Some(attack), Relation::Installed, &place, "npm/package-json"));
    for known in &mut facts.vulnerabilities {
        known.id = format!("{}-{attack}", known.id);
        known.aliases = vec![attack.to_owned(); 30];
        known.summary = attack.to_owned();
        known.fixed = vec![attack.to_owned()];
        known.cvss_vector = Some(attack.to_owned());
        known.purl.clone_from(&own);
        known.paths = vec![place.clone()];
    }
    facts.vulnerabilities.push(sample::vulnerability("GHSA-35jh-r3h4-6jhm", Severity::Low));
    facts.inventory.secrets[0].path = place.clone();
    facts.inventory.secrets[0].rule = attack.to_owned();
    facts.inventory.problems.push(Problem::at(&sample::BUNDLE, &place, attack));
    facts.inventory.problems.push(Problem::whole(&sample::DUPLICATE, attack));
    facts.provenance.reason = attack.to_owned();
    let mut run = run(vec![facts]);
    run.artifacts.push(unread(attack, attack));
    run.call.locks = vec![attack.to_owned()];
    run
}

fn is_json(name: &str) -> bool {
    ["json", "sarif", "cyclonedx", "spdx"].contains(&name) || name.starts_with("gitlab-")
}

#[test]
fn no_name_breaks_a_format() {
    for attack in attacks() {
        let run = attacked(&attack);
        for reporter in REPORTERS {
            let name = reporter.name();
            let text = written(name, &run);
            if is_json(name) {
                serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{name}: {attack:?}: {error}"));
            } else {
                let is_bad = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'));
                assert!(!text.contains(is_bad), "{name}: {attack:?}");
            }
        }
    }
}

#[test]
fn every_command_is_our_own() {
    let wanted = written("github", &attacked("b")).lines().count();
    for attack in attacks() {
        let text = written("github", &attacked(&attack));
        assert_eq!(text.lines().count(), wanted, "{attack:?}");
        for line in text.lines() {
            let is_ours = ["fngate: ", "::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start));
            assert!(is_ours && !line.contains("##["), "{line}");
            if let Some(properties) = line.strip_prefix("::error ") {
                assert!(properties.split("::").next().unwrap().contains("title=fngate"), "{line}");
            }
        }
    }
}

#[test]
fn every_junit_report_is_xml() {
    let wanted = junit::elements(&written("junit", &attacked("b"))).len();
    for attack in attacks() {
        assert_eq!(junit::elements(&written("junit", &attacked(&attack))).len(), wanted, "{attack:?}");
    }
}

#[test]
fn no_text_is_longer_than_a_reader_takes() {
    for attack in attacks() {
        let run = attacked(&attack);
        let log: Value = serde_json::from_str(&written("sarif", &run)).unwrap();
        for result in log["runs"].as_array().unwrap().iter().flat_map(|run| run["results"].as_array().unwrap()) {
            assert!(result["message"]["text"].as_str().unwrap().len() < 10_000);
            assert!(!result["message"]["text"].as_str().unwrap().contains("]("));
            let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            assert!(!uri.contains(':') && !uri.starts_with('/') && uri.len() < 15_000, "{uri}");
        }
        for name in ["gitlab-dependency-scanning", "gitlab-secret-detection"] {
            let report: Value = serde_json::from_str(&written(name, &run)).unwrap();
            for entry in report["vulnerabilities"].as_array().unwrap() {
                assert!(entry["name"].as_str().unwrap().chars().count() <= 255);
                assert!(entry["identifiers"].as_array().unwrap().len() <= 20);
            }
        }
    }
    assert!(reporter("sarif").is_some());
}
