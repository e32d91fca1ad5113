//! From advisories and packages to vulnerabilities.

use fngate::model::{Ecosystem, Package, Severity, Vulnerability};
use fngate::osv::matcher::by_package;
use fngate::osv::severity::score;
use fngate::osv::{Advisory, alias};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{advisory, assorted, npm, package, suspects};

fn vulnerabilities(advisories: &[Advisory], packages: &[Package]) -> Vec<Vulnerability> {
    by_package(advisories, packages).into_iter().flatten().collect()
}

fn judged(records: &[Value], ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Vec<Vulnerability> {
    vulnerabilities(&records.iter().map(advisory).collect::<Vec<_>>(), &[package(ecosystem, name, version)])
}

fn with(mut record: Value, fields: &Value) -> Value {
    for (key, value) in fields.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

#[test]
fn assorted_suspects() {
    let advisories = assorted().iter().flat_map(|(_, records)| records).map(advisory).collect::<Vec<_>>();
    let found = vulnerabilities(&advisories, &suspects());
    let lines = found.iter().map(|one| format!("{} {} {:?} {}", one.purl, one.id, one.ids, one.severity.as_str())).collect::<Vec<_>>();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    pkg:npm/left@1.2.3 GHSA-aaaa ["GHSA-aaaa"] unknown
    pkg:npm/evil MAL-2026-1 ["MAL-2026-1"] unknown
    pkg:npm/odd@9.0.0 GHSA-odd ["GHSA-odd"] unknown
    pkg:npm/package-7@1.0.0%2Bbuild GHSA-many-0007 ["GHSA-many-0007"] unknown
    pkg:pypi/snake-oil@1.5 GHSA-pppp ["GHSA-pppp", "PYSEC-1"] critical
    pkg:cargo/rusty-nail@0.2.9 RUSTSEC-1 ["RUSTSEC-1"] unknown
    "#);
    assert!(found[1].malicious);
    assert_eq!(found[2].unevaluated.as_deref(), Some("an event's version is no npm version: `>= 1.123.64`"));
    assert_eq!(found[4].aliases, ["CVE-2026-1", "PYSEC-1"]);
    assert_eq!(found[4].fixed, ["2.0"]);
    assert_eq!(found[5].informational.as_deref(), Some("unsound"));
}

#[test]
fn names_fold_by_ecosystem() {
    let record = |ecosystem: &str, name: &str| json!({"id": "X-1", "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]}]});
    for (ecosystem, recorded, asked, hit) in [
        ("PyPI", "Foo__Bar.baz", "foo-bar-baz", true),
        ("PyPI:suffix", "foo", "FOO", true),
        ("crates.io", "foo_bar", "Foo-Bar", true),
        ("npm", "JSONStream", "jsonstream", false),
        ("npm", "JSONStream", "JSONStream", true),
        ("npm", "a\u{0}b", "a\u{0}b", true),
    ] {
        let found = judged(&[record(ecosystem, recorded)], Ecosystem::from_osv(ecosystem).unwrap(), asked, Some("1.0"));
        assert_eq!(!found.is_empty(), hit, "{ecosystem} {recorded} {asked}");
    }
}

#[test]
fn without_a_version_only_what_affects_every_version() {
    let bounded = npm("GHSA-1", "p", &json!([{"introduced": "0"}, {"fixed": "1.0.0"}]));
    let all = npm("GHSA-2", "p", &json!([{"introduced": "0"}]));
    let silent = json!({"id": "MAL-1", "affected": [{"package": {"ecosystem": "npm", "name": "p"}}]});
    let found = judged(&[bounded, all, silent], Ecosystem::Npm, "p", None);
    assert_eq!(found.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["GHSA-2", "MAL-1"]);
}

#[test]
fn the_worst_candidate_counts() {
    let advisories = [advisory(&npm("GHSA-1", "p", &json!([{"introduced": "1.0.0"}, {"fixed": "1.5.0"}])))];
    let mut suspect = package(Ecosystem::Npm, "p", None);
    suspect.candidates = vec!["1.5.0".to_owned(), "1.4.0".to_owned()];
    assert_eq!(vulnerabilities(&advisories, std::slice::from_ref(&suspect)).len(), 1);
    suspect.candidates.pop();
    assert!(vulnerabilities(&advisories, &[suspect]).is_empty());
}

#[test]
fn aliases_are_one_vulnerability() {
    let range = json!([{"introduced": "0"}, {"fixed": "2.0.0"}]);
    // A chain that pairwise relabelling breaks: 0-3, 1-2, then 2-3.
    let records = [
        with(npm("PYSEC-0", "p", &range), &json!({"aliases": ["CVE-3"]})),
        with(npm("GHSA-1", "p", &range), &json!({"aliases": ["CVE-2"]})),
        with(npm("RUSTSEC-2", "p", &range), &json!({"aliases": ["CVE-2", "CVE-3"]})),
        npm("CVE-3", "p", &json!([{"introduced": "0"}, {"fixed": "1.8.0"}])),
        npm("GHSA-alone", "p", &range),
    ];
    let found = judged(&records, Ecosystem::Npm, "p", Some("1.0.0"));
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].id, "GHSA-1");
    assert_eq!(found[0].ids, ["CVE-3", "GHSA-1", "PYSEC-0", "RUSTSEC-2"]);
    assert_eq!(found[0].aliases, ["CVE-2", "CVE-3", "PYSEC-0", "RUSTSEC-2"]);
    assert_eq!(found[0].fixed, ["2.0.0"], "1.8.0 is still affected by the others of the set");
}

#[test]
fn malware_leads_its_aliases() {
    let range = json!([{"introduced": "0"}]);
    let found = judged(
        &[with(npm("GHSA-1", "p", &range), &json!({"aliases": ["MAL-1"]})), npm("MAL-1", "p", &range)],
        Ecosystem::Npm,
        "p",
        Some("1.0.0"),
    );
    assert_eq!((found.len(), found[0].id.as_str(), found[0].malicious), (1, "MAL-1", true));
    let cwe = with(npm("GHSA-1", "p", &range), &json!({"database_specific": {"cwe_ids": ["CWE-506"]}}));
    assert!(judged(&[cwe], Ecosystem::Npm, "p", Some("1.0.0"))[0].malicious);
}

#[test]
fn severity_is_the_worst_of_the_set() {
    let range = json!([{"introduced": "0"}]);
    let vector = |score: &str| json!({"severity": [{"type": "CVSS_V9", "score": "nonsense"}, {"type": "CVSS_V3", "score": score}], "aliases": ["CVE-1"]});
    let low = "CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N";
    let critical = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/";
    let found = judged(
        &[with(npm("GHSA-1", "p", &range), &vector(low)), with(npm("PYSEC-1", "p", &range), &vector(critical))],
        Ecosystem::Npm,
        "p",
        Some("1"),
    );
    assert_eq!((found[0].severity, found[0].cvss, found[0].cvss_vector.as_deref()), (Severity::Critical, Some(9.8), Some(critical)));
    let word = with(npm("GHSA-1", "p", &range), &json!({"database_specific": {"severity": "MODERATE"}}));
    assert_eq!(judged(&[word], Ecosystem::Npm, "p", Some("1"))[0].severity, Severity::Medium);
    assert_eq!(judged(&[npm("GHSA-1", "p", &range)], Ecosystem::Npm, "p", Some("1"))[0].severity, Severity::Unknown);
}

#[test]
fn every_version_of_cvss_is_scored() {
    for (vector, expected) in [
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
        ("(AV:N/AC:L/Au:N/C:P/I:P/A:P)", 7.5),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
    ] {
        assert_eq!(score(vector), Some(expected), "{vector}");
    }
    assert_eq!(score("high"), None);
}

#[test]
fn a_notice_that_another_database_calls_a_vulnerability_is_one() {
    let range = json!([{"introduced": "0"}]);
    let mut notice = npm("RUSTSEC-1", "p", &range);
    notice["affected"][0]["database_specific"] = json!({"informational": "unmaintained"});
    assert_eq!(judged(std::slice::from_ref(&notice), Ecosystem::Npm, "p", Some("1"))[0].informational.as_deref(), Some("unmaintained"));
    let rated = with(npm("GHSA-1", "p", &range), &json!({"aliases": ["RUSTSEC-1"]}));
    assert_eq!(judged(&[notice, rated], Ecosystem::Npm, "p", Some("1"))[0].informational, None);
}

proptest! {
    /// Union-find against the definition: two records are together if a chain of shared ids leads from one to the other.
    #[test]
    fn groups_are_the_components(links in proptest::collection::vec(proptest::collection::vec(0_u8..12, 0..3), 1..9)) {
        let records = links.iter().enumerate().map(|(at, aliases)| Advisory {
            id: format!("R-{at}"), aliases: aliases.iter().map(|alias| format!("R-{alias}")).collect(), ..Advisory::default()
        }).collect::<Vec<_>>();
        let ids = |at: usize| std::iter::once(records[at].id.clone()).chain(records[at].aliases.clone()).collect::<std::collections::BTreeSet<_>>();
        let mut reach = (0..records.len()).map(|a| (0..records.len()).map(|b| !ids(a).is_disjoint(&ids(b))).collect::<Vec<_>>()).collect::<Vec<_>>();
        for via in 0..records.len() {
            for a in 0..records.len() {
                for b in 0..records.len() {
                    reach[a][b] |= reach[a][via] && reach[via][b];
                }
            }
        }
        let groups = alias::groups(&records.iter().collect::<Vec<_>>());
        prop_assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), records.len());
        for group in &groups {
            let expected = (0..records.len()).filter(|other| reach[group[0]][*other]).collect::<Vec<_>>();
            prop_assert_eq!(group, &expected);
        }
    }
}

#[test]
fn the_least_upgrade_clears_everything_that_is_known() {
    let records = [
        npm("GHSA-a", "p", &json!([{"introduced": "0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"fixed": "2.1.0"}])),
        npm("GHSA-b", "p", &json!([{"introduced": "1.0.0"}, {"fixed": "1.3.0"}])),
        // Does not affect what is there, but every fix below its own.
        npm("GHSA-c", "p", &json!([{"introduced": "1.2.0"}, {"fixed": "1.4.0"}])),
    ];
    let found = judged(&records, Ecosystem::Npm, "p", Some("1.1.0"));
    let shown = found.iter().map(|one| (one.id.as_str(), one.fixed.as_slice(), one.upgrade.as_deref())).collect::<Vec<_>>();
    assert_eq!(shown, [("GHSA-a", &["1.2.0".to_owned()][..], Some("1.4.0")), ("GHSA-b", &["1.3.0".to_owned()][..], Some("1.4.0"))]);

    let mut open = records.to_vec();
    open.push(npm("GHSA-d", "p", &json!([{"introduced": "1.0.0"}])));
    assert!(judged(&open, Ecosystem::Npm, "p", Some("1.1.0")).iter().all(|one| one.upgrade.is_none()), "nothing clears an open range");
    assert!(judged(&records, Ecosystem::Npm, "p", None).is_empty());

    let mut notice = npm("RUSTSEC-1", "p", &json!([{"introduced": "0"}]));
    notice["affected"][0]["database_specific"] = json!({"informational": "unmaintained"});
    let found = judged(&[records[1].clone(), notice], Ecosystem::Npm, "p", Some("1.1.0"));
    assert_eq!(found.iter().find(|one| one.id == "GHSA-b").unwrap().upgrade.as_deref(), Some("1.3.0"));
}

#[test]
fn a_record_of_a_thousand_fixes_costs_no_more_than_a_moment() {
    let ranges = (1..2_000).map(|at| json!({"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": format!("{at}.0.0")}]}));
    let mut record = npm("GHSA-a", "p", &json!([]));
    record["affected"][0]["ranges"] = ranges.collect();
    let found = judged(&[record], Ecosystem::Npm, "p", Some("0.1.0"));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_fix_that_another_record_denies_is_none_to_recommend_and_exists() {
    let mut other = npm("CVE-2026-1", "p", &json!([{"introduced": "0"}]));
    other["aliases"] = json!(["GHSA-a"]);
    let found = judged(&[npm("GHSA-a", "p", &json!([{"introduced": "0"}, {"fixed": "1.5.0"}])), other], Ecosystem::Npm, "p", Some("1.2.3"));
    assert_eq!((found.len(), found[0].fixed.len(), found[0].fixable, found[0].upgrade.as_deref()), (1, 0, true, None));

    let mut two = npm("GHSA-b", "p", &json!([{"introduced": "0"}]));
    let bounded = npm("", "p", &json!([{"introduced": "0"}, {"fixed": "1.5.0"}]))["affected"][0]["ranges"][0].clone();
    two["affected"][0]["ranges"].as_array_mut().unwrap().push(bounded);
    assert!(judged(&[two], Ecosystem::Npm, "p", Some("1.2.3"))[0].fixable);
    let past = npm("GHSA-c", "p", &json!([{"introduced": "0"}, {"fixed": "1.0.0"}, {"introduced": "1.1.0"}]));
    assert!(!judged(&[past], Ecosystem::Npm, "p", Some("1.2.3"))[0].fixable);
}
