//! The evaluation of ranges.

use fngate::model::Ecosystem;
use fngate::osv::advisory::Affected;
use fngate::osv::range::{Subject, affects, affects_every};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{advisory, npm};

fn entry(ecosystem: &str, fields: &Value) -> Affected {
    let mut affected = fields.clone();
    affected["package"] = json!({"ecosystem": ecosystem, "name": "p"});
    advisory(&json!({"id": "X-1", "affected": [affected]})).affected.remove(0)
}

/// `yes`, `no` or `doubt`.
fn judge(affected: &Affected, version: &str) -> &'static str {
    match affects(affected, &Subject::new(affected.ecosystem, version)) {
        None => "no",
        Some(hit) if hit.unevaluated.is_some() => "doubt",
        Some(_) => "yes",
    }
}

fn events(events: &Value) -> Affected {
    entry("npm", &json!({"ranges": [{"type": "SEMVER", "events": events}]}))
}

#[test]
fn every_kind_of_event() {
    let table = [
        (json!([{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]), "1.0.0-rc.1", "no"),
        (json!([{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]), "1.0.0", "yes"),
        (json!([{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]), "2.0.0-rc.1", "yes"),
        (json!([{"introduced": "1.0.0"}, {"fixed": "2.0.0"}]), "2.0.0", "no"),
        (json!([{"introduced": "0"}, {"last_affected": "2.0.0"}]), "2.0.0+build", "yes"),
        (json!([{"introduced": "0"}, {"last_affected": "2.0.0"}]), "2.0.1-0", "no"),
        (json!([{"introduced": "0"}]), "0.0.0-0", "yes"),
        (json!([{"introduced": "0"}]), "no version at all", "yes"),
        (json!([{"introduced": "0"}, {"limit": "2.0.0"}]), "1.9.9", "yes"),
        (json!([{"introduced": "0"}, {"limit": "2.0.0"}]), "2.0.0", "no"),
        (json!([{"introduced": "0"}, {"limit": "2.0.0"}, {"limit": "3.0.0"}]), "2.5.0", "yes"),
        (json!([{"introduced": "0"}, {"limit": "2.0.0"}, {"limit": "*"}]), "9.0.0", "yes"),
        (json!([{"introduced": "0"}, {"fixed": "1.0.0"}, {"introduced": "2.0.0"}, {"fixed": "3.0.0"}]), "1.5.0", "no"),
        (json!([{"introduced": "2.0.0"}, {"fixed": "3.0.0"}, {"fixed": "1.0.0"}, {"introduced": "0"}]), "0.5.0", "yes"),
        (json!([{"introduced": "2.0.0"}, {"fixed": "3.0.0"}, {"fixed": "1.0.0"}, {"introduced": "0"}]), "2.5.0", "yes"),
        (json!([{"introduced": "2.0.0"}, {"fixed": "3.0.0"}, {"fixed": "1.0.0"}, {"introduced": "0"}]), "1.0.0", "no"),
    ];
    for (range, version, expected) in table {
        assert_eq!(judge(&events(&range), version), expected, "{range} {version}");
    }
}

#[test]
fn what_shares_a_version_opens_rather_than_closes() {
    // The order of the record counts where it opens a window, and nothing is closed for it.
    let reopened = json!([{"introduced": "0"}, {"fixed": "1.0.0"}, {"fixed": "2.0.0"}, {"introduced": "2.0.0"}]);
    assert_eq!(judge(&events(&reopened), "2.0.0"), "yes");
    assert_eq!(judge(&events(&json!([{"fixed": "2.0.0"}, {"introduced": "2.0.0"}])), "3.0.0"), "yes");

    let table = [
        (json!([{"introduced": "0"}, {"fixed": "2.0.0"}, {"introduced": "2.0.0"}, {"fixed": "3.0.0"}]), "2.0.0", "yes"),
        (json!([{"introduced": "2.0.0"}, {"fixed": "3.0.0"}, {"introduced": "0"}, {"fixed": "2.0.0"}]), "2.5.0", "yes"),
        (json!([{"introduced": "2.0.0"}, {"fixed": "2.0.0"}]), "2.0.0", "no"),
        (json!([{"introduced": "0"}, {"introduced": "2.0.0"}, {"last_affected": "2.0.0"}, {"fixed": "3.0.0"}]), "2.5.0", "yes"),
        (json!([{"introduced": "0"}, {"fixed": "2.0.0"}, {"introduced": "2.0.0"}, {"fixed": "2.0.0"}]), "2.0.0", "no"),
        (json!([{"introduced": "2.0.0"}, {"last_affected": "2.0.0"}]), "2.0.0", "yes"),
        (json!([{"last_affected": "2.0.0"}, {"introduced": "2.0.0"}]), "2.0.0", "yes"),
        (json!([{"last_affected": "2.0.0"}, {"introduced": "2.0.0"}]), "2.0.1", "no"),
        (json!([{"introduced": "1.0.0"}, {"introduced": "1.0.0"}, {"fixed": "2.0.0"}, {"fixed": "2.0.0"}]), "2.0.0", "no"),
    ];
    for (range, version, expected) in table {
        assert_eq!(judge(&events(&range), version), expected, "{range} {version}");
    }
}

#[test]
fn what_cannot_be_evaluated_affects_and_says_so() {
    let range = |fields: Value| entry("npm", &json!({"ranges": fields}));
    for (affected, version) in [
        (events(&json!([{"introduced": "0"}, {"fixed": ">= 1.123.64"}])), "9.0.0"),
        (events(&json!([{"introduced": "0"}, {"fixed": "2.0.0"}])), "latest"),
        (events(&json!([{"introduced": "0"}, {"fixed": ["2.0.0"]}])), "9.0.0"),
        (events(&json!([{"fixed": "2.0.0"}])), "1.0.0"),
        (events(&json!("all of them")), "1.0.0"),
        (range(json!("all")), "1.0.0"),
        (range(json!(["all"])), "1.0.0"),
        (range(json!([{"type": "SEMVER"}])), "1.0.0"),
        (entry("npm", &json!({"versions": "1.0.0"})), "1.0.0"),
        (entry("npm", &json!({"versions": ["1.0.0"]})), "latest"),
    ] {
        assert_eq!(judge(&affected, version), "doubt", "{affected:?} {version}");
    }
    assert_eq!(judge(&events(&json!([{"fixed": "2.0.0"}])), "2.0.0"), "no");
    assert_eq!(judge(&entry("npm", &json!({"versions": ["1.0.0"], "ranges": [{"type": "SEMVER"}]})), "2.0.0"), "no");
    assert_eq!(judge(&entry("npm", &json!({"versions": ["latest"]})), "latest"), "yes");
    assert_eq!(judge(&entry("npm", &json!({})), "1.0.0"), "no", "an entry without evidence accuses no version");
}

#[test]
fn listed_versions_are_matched_by_meaning() {
    let python = entry("PyPI", &json!({"versions": ["1.0", "2.0.0-rc1", "0.1.0.dev-120828c"]}));
    for (version, expected) in
        [("1.0.0", "yes"), ("v1", "yes"), ("2.0rc1", "yes"), ("2.0", "no"), ("1.0+cu118", "no"), ("0.1.0.dev-120828c", "yes")]
    {
        assert_eq!(judge(&python, version), expected, "{version}");
    }
    let crates = entry("crates.io", &json!({"versions": ["1.2.3"]}));
    assert_eq!(judge(&crates, "1.2.3+build.7"), "yes");
    assert_eq!(judge(&crates, "1.2.3-rc.1"), "no");
}

#[test]
fn local_versions_are_after_their_public_one() {
    let python = entry("PyPI", &json!({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "1.0"}]}]}));
    assert_eq!(judge(&python, "1.0"), "yes");
    assert_eq!(judge(&python, "1.0+local.1"), "no");
    assert_eq!(judge(&python, "1.0.post1"), "no");
}

#[test]
fn legacy_bounds_stand_for_their_release() {
    let python = entry("PyPI", &json!({"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "2.6.0-NA"}]}]}));
    for (version, expected) in [("2.5.9", "yes"), ("2.6.0rc1", "doubt"), ("2.6", "doubt"), ("2.6.1", "no"), ("not-pep440", "yes")] {
        assert_eq!(judge(&python, version), expected, "{version}");
    }
}

#[test]
fn git_ranges_are_passed_over() {
    let git = json!({"type": "GIT", "repo": "https://example.invalid", "events": [{"introduced": "0"}, {"fixed": "0123456789abcdef"}]});
    let both = entry("PyPI", &json!({"ranges": [git, {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "2.0"}]}]}));
    assert_eq!((judge(&both, "1.5"), judge(&both, "2.0")), ("yes", "no"));
    let alone = entry("PyPI", &json!({"ranges": [git], "versions": ["1.5"]}));
    assert_eq!((judge(&alone, "1.5"), judge(&alone, "1.6")), ("yes", "no"));
}

#[test]
fn fixes_come_from_the_window_that_holds_the_version() {
    let range = events(&json!([{"introduced": "0"}, {"fixed": "1.5.0"}, {"introduced": "2.0.0"}, {"fixed": "2.5.0"}]));
    let fixed = |version: &str| affects(&range, &Subject::new(Ecosystem::Npm, version)).unwrap().fixed;
    assert_eq!(fixed("1.0.0"), ["1.5.0"]);
    assert_eq!(fixed("2.1.0"), ["2.5.0"]);
    let last = events(&json!([{"introduced": "0"}, {"last_affected": "1.5.0"}, {"introduced": "2.0.0"}, {"fixed": "2.5.0"}]));
    assert!(affects(&last, &Subject::new(Ecosystem::Npm, "1.0.0")).unwrap().fixed.is_empty());
}

#[test]
fn everything_is_everything() {
    assert!(affects_every(&events(&json!([{"introduced": "0"}]))));
    assert!(affects_every(&events(&json!([{"introduced": "0"}, {"limit": "*"}]))));
    for range in [
        json!([{"introduced": "0"}, {"fixed": "1.0.0"}]),
        json!([{"introduced": "0.0.0"}]),
        json!([{"introduced": "0"}, {"limit": "1.0.0"}]),
    ] {
        assert!(!affects_every(&events(&range)), "{range}");
    }
}

proptest! {
    /// Against a reading of the specification that knows whole numbers only.
    #[test]
    fn windows_of_whole_numbers(bounds in proptest::collection::btree_set(1_u8..60, 2..8), version in 0_u8..70, shuffle in any::<u64>()) {
        let bounds = bounds.into_iter().collect::<Vec<_>>();
        let inside = bounds.iter().filter(|bound| **bound <= version).count() % 2 == 1;
        let mut events = bounds.iter().enumerate().map(|(at, bound)| if at % 2 == 0 { json!({"introduced": format!("{bound}.0.0")}) } else { json!({"fixed": format!("{bound}.0.0")}) }).collect::<Vec<_>>();
        let turn = (shuffle as usize) % events.len();
        events.rotate_left(turn);
        let affected = advisory(&npm("X-1", "p", &Value::from(events))).affected.remove(0);
        prop_assert_eq!(judge(&affected, &format!("{version}.0.0")) == "yes", inside);
    }
}
