//! Reading records.

use fngate::osv::record::{MOST_EVENTS, Record, RecordError};
use proptest::prelude::*;
use serde_json::json;

use super::npm;

fn parse(json: &str) -> Result<Record, RecordError> {
    Record::parse(json.as_bytes())
}

#[test]
fn what_is_unknown_or_of_the_wrong_type_loses_nothing_else() {
    let record = json!({
        "id": "GHSA-1", "schema_version": 7, "future": {"a": [1]}, "aliases": ["CVE-1", 2, null], "modified": 12, "published": ["x"], "summary": {},
        "details": "\n# First line\nsecond", "severity": [{"type": "TAROT", "score": 3}, "bad", {"type": "CVSS_V3", "score": "CVSS:3.1/X"}],
        "references": "none", "credits": 5, "database_specific": [],
        "affected": [
            {"package": {"ecosystem": "Atlantis", "name": "p"}},
            {"package": {"ecosystem": "npm:somewhere", "name": "p"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": 0}, {"fixed": 2}]}], "versions": null, "ecosystem_specific": 1},
            {"package": {"purl": "pkg:pypi/Django@1"}, "versions": ["1.0", 2]},
        ],
    });
    let record = Record::parse(record.to_string().as_bytes()).unwrap();
    assert!(!record.partial);
    let advisory = record.advisory;
    assert_eq!((advisory.aliases.as_slice(), advisory.summary.as_str()), (["CVE-1".to_owned()].as_slice(), "First line"));
    assert_eq!(advisory.affected.len(), 2);
    assert_eq!(&*advisory.affected[0].ranges[0].events[1].version, "2");
    assert_eq!(
        (advisory.affected[1].name.as_str(), advisory.affected[1].versions.iter().collect::<Vec<_>>()),
        ("django", vec!["1.0", "2"])
    );
}

#[test]
fn a_package_that_cannot_be_read_is_said() {
    for affected in [
        json!("all"),
        json!([7]),
        json!([{"package": "p"}]),
        json!([{"package": {"ecosystem": 3, "name": "p"}}]),
        json!([{"package": {"ecosystem": "npm"}}]),
    ] {
        let record = json!({"id": "X-1", "affected": affected});
        assert!(Record::parse(record.to_string().as_bytes()).unwrap().partial, "{record}");
    }
    for affected in [json!(null), json!([]), json!([{"ranges": []}]), json!([{"package": {"ecosystem": "Go"}}])] {
        let record = json!({"id": "X-1", "affected": affected});
        assert!(!Record::parse(record.to_string().as_bytes()).unwrap().partial, "{record}");
    }
}

#[test]
fn what_is_no_record_is_an_error() {
    for json in ["", "{", "[]", "7", "null", "{}", r#"{"id": ""}"#, r#"{"id": 7}"#, r#"["X-1"]"#, r#"{"id": "X-1""#] {
        assert!(matches!(parse(json), Err(RecordError::Unreadable(_))), "{json}");
    }
    let deep = format!(r#"{{"id": "X-1", "affected": {}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(parse(&deep).unwrap().partial, "what is passed over is not recursed into");
}

#[test]
fn a_key_given_twice_counts_once() {
    let record = parse(r#"{"id": "X-1", "id": "X-2", "summary": "a", "summary": "b"}"#).unwrap();
    assert_eq!((record.advisory.id.as_str(), record.advisory.summary.as_str()), ("X-2", "b"));
    assert_eq!(parse("\u{feff}{\"id\": \"X-1\"}").unwrap().advisory.id, "X-1");
}

#[test]
fn only_a_text_withdraws() {
    for (withdrawn, expected) in
        [(json!("2026-01-01T00:00:00Z"), true), (json!(null), false), (json!(""), false), (json!(false), false), (json!(1), false)]
    {
        assert_eq!(
            Record::parse(json!({"id": "X-1", "withdrawn": withdrawn}).to_string().as_bytes()).unwrap().advisory.withdrawn,
            expected
        );
    }
}

#[test]
fn limits() {
    let events = (0..=MOST_EVENTS).map(|at| json!({"introduced": format!("{at}.0.0")})).collect::<Vec<_>>();
    let error = parse(&npm("X-1", "p", &events.into()).to_string()).unwrap_err();
    insta::assert_snapshot!(error, @"the record `X-1` is over a limit: more than 10000 events");
    let long = json!({"id": "X-1", "summary": "word ".repeat(1000)});
    assert_eq!(Record::parse(long.to_string().as_bytes()).unwrap().advisory.summary.chars().count(), 300);
}

proptest! {
    #[test]
    fn no_bytes_panic(cut in 0_usize..400, flip in 0_usize..400, bit in 0_u8..8) {
        let mut json = npm("GHSA-1", "p", &json!([{"introduced": "0"}, {"fixed": "1.2.3"}])).to_string().into_bytes();
        let at = flip % json.len();
        json[at] ^= 1 << bit;
        json.truncate(cut.max(1));
        let _ = Record::parse(&json);
    }
}
