//! `sarif`: what GitHub takes, and what it would refuse.

use std::collections::BTreeSet;
use std::io::Write;

use fngate::model::Level;
use fngate::report::{Examined, Repository};
use serde_json::{Value, json};

use super::{Run, everything, run, unread, with_findings, written};
use crate::policy::sample;

fn log(run: &Run) -> Value {
    serde_json::from_str(&written("sarif", run)).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

/// What GitHub asks of every upload.
fn check(log: &Value) {
    let runs = list(log, "runs");
    assert!((1..=20).contains(&runs.len()));
    let mut categories = BTreeSet::new();
    for run in runs {
        let id = run["automationDetails"]["id"].as_str().unwrap();
        assert!(id.ends_with('/') && categories.insert(id), "{id}");
        assert_eq!(run["invocations"][0]["executionSuccessful"], json!(true));
        let rules = list(&run["tool"]["driver"], "rules");
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len());
        for rule in rules {
            for text in [&rule["shortDescription"], &rule["fullDescription"], &rule["help"]] {
                assert!((1..=1_024).contains(&text["text"].as_str().unwrap().chars().count()));
            }
            assert!(list(&rule["properties"], "tags").len() <= 20);
            if let Some(severity) = rule["properties"].get("security-severity") {
                let severity: f64 = severity.as_str().unwrap().parse().unwrap();
                assert!(severity > 0.0 && severity <= 10.0 && list(&rule["properties"], "tags").contains(&json!("security")));
            }
        }
        let results = list(run, "results");
        assert!(results.len() <= 5_000);
        let mut prints = BTreeSet::new();
        for result in results {
            assert_eq!(rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()]["id"], result["ruleId"]);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let [location] = list(result, "locations").as_slice() else { panic!("not one location") };
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            let is_segment = |part: &str| !matches!(part, "" | "." | "..");
            assert!(uri.split('/').all(is_segment), "{uri}");
            assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(&byte)), "{uri}");
            let region = &location["physicalLocation"]["region"];
            assert_eq!((region["startLine"].as_u64().unwrap() > 0, &region["startColumn"]), (true, &json!(1)));
            let print = result["partialFingerprints"]["primaryLocationLineHash"].as_str().unwrap();
            let (hex, count) = print.split_once(':').unwrap();
            assert!(hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && count == "1");
            assert!(prints.insert(print), "{print}");
        }
    }
}

#[test]
fn every_state() {
    let run = everything();
    check(&log(&run));
    insta::assert_snapshot!(written("sarif", &run));
}

#[test]
fn a_pass_has_a_run_without_results_that_object() {
    let log = log(&run(vec![sample::clean()]));
    check(&log);
    assert_eq!(log["runs"][0]["results"], json!([]));
}

#[test]
fn what_is_ignored_is_no_result_and_what_is_known_is_suppressed() {
    let log = log(&everything());
    let grave = &log["runs"][1];
    let of = |rule: &str| list(grave, "results").iter().find(|one| one["ruleId"] == rule).cloned();
    assert_eq!(of("vulnerability-high/GHSA-29mw-wpgm-hmr9"), None);
    let known = of("vulnerability-medium/GHSA-p6mc-m468-83gw").unwrap();
    assert_eq!(known["suppressions"][0]["justification"], json!("known from a former report, and not counted until 2026-12-31"));
    let note = grave["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].as_str().unwrap();
    assert!(note.starts_with("1 finding that the configuration ignores"), "{note}");
}

#[test]
fn an_artifact_that_could_not_be_read_is_an_error_and_no_empty_run() {
    let mut run = run(Vec::new());
    run.artifacts.push(unread("b.zip", "no such file"));
    let log = log(&run);
    check(&log);
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["level"], &result["ruleId"]), (&json!("error"), &json!("artifact-unreadable")));
}

#[test]
fn an_alert_lies_in_a_file_of_the_repository() {
    let uri = |name: &str, locks: &[&str], repository: Repository| {
        let mut facts = sample::with_vulnerability(fngate::model::Severity::High);
        facts.artifact.name = name.to_owned();
        let mut run = run(vec![facts]);
        run.call.locks = locks.iter().map(|lock| (*lock).to_owned()).collect();
        run.call.repository = repository;
        log(&run)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned()
    };
    let here = || Repository { root: "/r".to_owned(), folder: "/r/app".to_owned() };
    assert_eq!(uri("dist/fn.zip", &[], Repository::default()), "dist/fn.zip");
    assert_eq!(uri("dist/fn.zip", &[], here()), "app/dist/fn.zip");
    assert_eq!(uri("/elsewhere/fn (1).zip", &[], here()), "fn%20%281%29.zip");
    assert_eq!(uri("../../../fn.zip", &[], here()), "fn.zip");
    assert_eq!(uri("oci:ghcr.io/acme/fn:1", &[], Repository::default()), "ghcr.io/acme/fn%3A1");
    assert_eq!(uri("https://x/fn.zip", &[], Repository::default()), "https%3A/x/fn.zip");
    assert_eq!(uri("dist/fn.zip", &["../package-lock.json"], here()), "package-lock.json");
    // A lockfile of another ecosystem, and one outside, say nothing.
    assert_eq!(uri("dist/fn.zip", &["uv.lock", "/elsewhere/package-lock.json"], here()), "app/dist/fn.zip");
}

#[test]
fn alerts_keep_their_fingerprints_and_two_artifacts_never_share_one() {
    let prints = |run: &Run| -> Vec<String> {
        let log = log(run);
        let results = list(&log, "runs").iter().flat_map(|run| list(run, "results").clone());
        results.map(|one| one["partialFingerprints"]["fngate/v1"].as_str().unwrap().to_owned()).collect()
    };
    let mut facts = sample::grave();
    facts.artifact.name = "/build/123/fn.zip".to_owned();
    let mut moved = facts.clone();
    moved.artifact.name = "/build/456/fn.zip".to_owned();
    assert_eq!(prints(&run(vec![facts.clone()])), prints(&run(vec![moved.clone()])));
    let both = prints(&run(vec![facts, moved]));
    assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), both.len());
}

#[test]
fn too_many_results_are_cut_at_the_gravest_and_that_is_said() {
    let run = with_findings(6_000, |number, finding| finding.level = if number >= 5_500 { Level::Deny } else { Level::Warn });
    let log = log(&run);
    check(&log);
    let results = list(&log["runs"][0], "results");
    assert_eq!(results.len(), 5_000);
    assert_eq!(results.iter().filter(|result| result["level"] == "error").count(), 500);
    let note = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(note, "1000 results of 6000 are left out: the 5000 gravest are here, and the JSON report has all");
}

#[test]
fn more_artifacts_than_runs_are_one_run() {
    let mut run = everything();
    run.artifacts = run.artifacts.iter().cycle().take(21).cloned().collect();
    let log = log(&run);
    check(&log);
    assert_eq!((list(&log, "runs").len(), &log["runs"][0]["automationDetails"]["id"]), (1, &json!("fngate/all/")));
    run.artifacts.truncate(20);
    assert_eq!(list(&serde_json::from_str(&written("sarif", &run)).unwrap(), "runs").len(), 20);
}

#[test]
fn the_largest_upload_is_below_ten_megabytes() {
    let one = with_findings(2_000, |number, finding| {
        finding.subject = format!("pkg:npm/package-{}@1.0.{number}", number * 7_919 % 100_003);
        finding.path = Some(format!("node_modules/{number}/{}/package.json", "x".repeat(number % 60)));
    });
    let artifacts: Vec<Examined> = one.artifacts.iter().cycle().take(20).cloned().collect();
    let text = written("sarif", &Run { artifacts, ..one });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let size = gzip.finish().unwrap().len();
    assert!(text.len() > 10_000_000 && size < 10_000_000, "{} bytes, {size} compressed", text.len());
    check(&serde_json::from_str(&text).unwrap());
}
