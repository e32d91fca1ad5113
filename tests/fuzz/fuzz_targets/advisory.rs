//! Any bytes as an OSV record, and any text as a version against it: nothing panics, and both terms of an answer hold together.
#![no_main]

use fngate::model::{Ecosystem, EntryPath, Package, Relation};
use fngate::osv::matcher::by_package;
use fngate::osv::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (String, &[u8])| {
    let (version, json) = input;
    let Ok(record) = Record::parse(json) else { return };
    let Ok(path) = EntryPath::new("lock") else { return };
    let advisory = record.advisory;
    let packages = advisory.affected.iter().map(|affected| (affected.ecosystem, affected.name.clone())).collect::<Vec<_>>();
    let packages = packages.into_iter().chain(Ecosystem::ALL.map(|ecosystem| (ecosystem, "p".to_owned())));
    let packages =
        packages.map(|(ecosystem, name)| Package::new(ecosystem, &name, Some(&version), Relation::Installed, &path, "fuzz")).collect::<Vec<_>>();
    let found = by_package(std::slice::from_ref(&advisory), &packages);
    assert!(!advisory.withdrawn || found.iter().all(Vec::is_empty));
});
