//! The embedded advisories.

use std::collections::BTreeSet;

use fngate::model::{AdvisoryOrigin, Ecosystem, Severity};
use fngate::osv::range::{Subject, affects};
use fngate::osv::{AdvisorySource, Snapshot, vulnerabilities};

use super::package;

#[test]
fn every_record_is_read_and_whole() {
    let text = include_str!("../../../src/osv/snapshot.json");
    let records: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    let snapshot = Snapshot::embedded();
    assert_eq!(snapshot.all().len(), records.len());
    assert!(records.len() >= 150);
    assert_eq!(snapshot.all().iter().map(|one| &one.id).collect::<BTreeSet<_>>().len(), records.len(), "no id twice");
    for advisory in snapshot.all() {
        assert!(!advisory.summary.is_empty() && !advisory.affected.is_empty() && !advisory.withdrawn, "{}", advisory.id);
        for affected in &advisory.affected {
            assert!(!affected.ranges.is_empty() || !affected.versions.is_empty(), "{}", advisory.id);
            let evaluated = affects(affected, &Subject::new(affected.ecosystem, "1.0.0")).is_none_or(|hit| hit.unevaluated.is_none());
            assert!(evaluated, "{}", advisory.id);
        }
    }
    assert_eq!(snapshot.about().origin, AdvisoryOrigin::Embedded);
    assert_eq!(snapshot.about().as_of.to_string(), Snapshot::AS_OF);
}

#[test]
fn it_knows_the_famous_ones() {
    for (ecosystem, name, version, id, severity) in [
        (Ecosystem::Npm, "lodash", "4.17.15", "GHSA-p6mc-m468-83gw", Some(Severity::High)),
        (Ecosystem::Npm, "flatmap-stream", "0.1.1", "GHSA-9x64-5r7x-2q53", None),
        (Ecosystem::Npm, "debug", "4.4.2", "MAL-2025-46974", None),
        (Ecosystem::Npm, "chalk", "5.6.1", "MAL-2025-46969", None),
        (Ecosystem::Npm, "ua-parser-js", "0.7.29", "GHSA-pjwm-rvh2-c87w", None),
        (Ecosystem::PyPi, "PyYAML", "5.3", "GHSA-6757-jp84-gxfx", Some(Severity::Critical)),
        (Ecosystem::CratesIo, "smallvec", "1.6.0", "GHSA-43w2-9j62-hq99", Some(Severity::Critical)),
    ] {
        let found = vulnerabilities(&Snapshot::embedded(), &[package(ecosystem, name, Some(version))]).unwrap();
        let one = found.iter().find(|one| one.ids.iter().any(|known| known == id)).unwrap_or_else(|| panic!("{name} {version}: {found:?}"));
        match severity {
            Some(severity) => assert_eq!(one.severity, severity, "{id}"),
            None => assert!(one.malicious, "{id}"),
        }
    }
    let clean = [package(Ecosystem::Npm, "lodash", Some("9.0.0")), package(Ecosystem::Npm, "chalk", Some("5.6.0"))];
    assert!(vulnerabilities(&Snapshot::embedded(), &clean).unwrap().is_empty());
}
