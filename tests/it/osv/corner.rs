//! Corner cases of the specification's algorithm, record by record: `testdata/osv/corners.jsonl`.
//!
//! Each line holds a record and what it must say of some versions: `affected`; `clean`; or `said`, which is anything but
//! silence (affected, no version, or a record that counts as unreadable), for what nobody can evaluate.

use fngate::model::{Ecosystem, Package};
use fngate::osv::matcher::by_package;
use fngate::osv::range::Subject;
use fngate::osv::record::Record;
use serde_json::Value;

use super::package;

#[test]
fn corners() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in include_str!("../../../testdata/osv/corners.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let record = Record::parse(line["record"].to_string().as_bytes());
        for probe in line["probes"].as_array().unwrap() {
            let text = |at: usize| probe[at].as_str().unwrap();
            let ecosystem = Ecosystem::from_osv(text(0)).unwrap();
            let suspect: Package = package(ecosystem, text(1), Some(text(2)));
            let found = match &record {
                Ok(record) => by_package(std::slice::from_ref(&record.advisory), &[suspect]).concat(),
                Err(_) => Vec::new(),
            };
            let unreadable = record.as_ref().map_or(true, |record| record.partial);
            let said = unreadable || !Subject::new(ecosystem, text(2)).is_version();
            let right = match text(3) {
                "affected" => found.len() == 1,
                "clean" => found.is_empty(),
                _ => !found.is_empty() || said,
            };
            count += 1;
            if !right {
                wrong.push(format!("{}: {} {probe} {}", line["about"], found.len(), line["record"]));
            }
        }
    }
    assert!(count > 600, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
