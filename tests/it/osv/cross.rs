//! The tolerant reader against the `osv` crate, whose types are those of the schema: what the crate reads, ours reads the same.
//! The crate loses whole records to a reference type or an ecosystem that it does not know; ours loses none.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use fngate::model::Ecosystem;
use fngate::osv::advisory::EventKind;
use fngate::osv::record::Record;
use osv::schema::{Event, RangeType, Vulnerability};

use super::assorted;

/// What both must say of one package: its ecosystem and name, its events and its versions.
type Said = (Ecosystem, String, Vec<(EventKind, String)>, BTreeSet<String>);

fn ours(record: &Record) -> Vec<Said> {
    let of = |affected: &fngate::osv::advisory::Affected| {
        let events = affected.ranges.iter().flat_map(|range| &range.events).map(|event| (event.kind, event.version.to_string()));
        (affected.ecosystem, affected.name.clone(), events.collect(), affected.versions.iter().map(str::to_owned).collect())
    };
    record.advisory.affected.iter().map(of).collect()
}

fn theirs(record: &Vulnerability) -> Vec<Said> {
    let of = |affected: &osv::schema::Affected| {
        let package = affected.package.as_ref()?;
        let spelled = serde_json::to_value(&package.ecosystem).unwrap();
        let ecosystem = Ecosystem::from_osv(spelled.as_str()?)?;
        let ranges = affected.ranges.iter().flatten().filter(|range| !matches!(range.range_type, RangeType::Git));
        let event = |event: &Event| match event {
            Event::Introduced(version) => Some((EventKind::Introduced, version.clone())),
            Event::Fixed(version) => Some((EventKind::Fixed, version.clone())),
            Event::LastAffected(version) => Some((EventKind::LastAffected, version.clone())),
            Event::Limit(version) => Some((EventKind::Limit, version.clone())),
            _ => None,
        };
        let events = ranges.flat_map(|range| &range.events).filter_map(event).collect();
        let versions = affected.versions.iter().flatten().filter(|version| !version.is_empty()).cloned().collect();
        Some((ecosystem, ecosystem.folded(package.name.trim()), events, versions))
    };
    record.affected.iter().flatten().filter_map(of).collect()
}

/// Compares one record; whether the crate could read it.
fn compare(name: &str, json: &[u8]) -> bool {
    let own = Record::parse(json).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(!own.partial, "{name}: a package cannot be read");
    let Ok(other) = serde_json::from_slice::<Vulnerability>(json) else { return false };
    assert_eq!(own.advisory.id, other.id);
    assert_eq!(own.advisory.withdrawn, other.withdrawn.is_some(), "{name}");
    let aliases = other.aliases.iter().flatten().filter(|alias| **alias != other.id).cloned().collect::<BTreeSet<_>>();
    assert_eq!(own.advisory.aliases.iter().cloned().collect::<BTreeSet<_>>(), aliases, "{name}");
    assert_eq!(ours(&own), theirs(&other), "{name}");
    true
}

#[test]
fn what_the_osv_crate_reads_is_read_the_same() {
    let records = assorted().into_iter().flat_map(|(_, records)| records).map(|record| record.to_string());
    let read = records.enumerate().filter(|(at, json)| compare(&format!("record {at}"), json.as_bytes())).count();
    assert!(read > 90, "{read}");
}

/// `FNGATE_OSV_DUMPS_DIR` names a folder of OSV's dumps: folders npm, PyPI and crates.io with an `all.zip` each.
#[test]
fn every_record_of_the_real_dumps_is_read_and_the_same() {
    let Ok(folder) = std::env::var("FNGATE_OSV_DUMPS_DIR") else {
        println!("skipped: FNGATE_OSV_DUMPS_DIR names no directory");
        return;
    };
    let (mut all, mut read) = (0, 0);
    for ecosystem in Ecosystem::ALL {
        let path = Path::new(&folder).join(ecosystem.as_str()).join("all.zip");
        let mut zip = zip::ZipArchive::new(std::fs::File::open(&path).unwrap()).unwrap();
        for at in 0..zip.len() {
            let mut entry = zip.by_index(at).unwrap();
            let name = entry.name().unwrap().into_owned();
            let mut json = Vec::new();
            entry.read_to_end(&mut json).unwrap();
            all += 1;
            read += usize::from(compare(&name, &json));
        }
    }
    println!("{all} records are read, {read} of them by the crate too");
    assert!(all > 1_000 && read * 2 > all, "{read} of {all}");
}
