//! Many artifacts in one call, and a gate that comes to a grown project.

use std::fs;

use fngate::report::REPORTERS;
use serde_json::Value;

use crate::gate::{Bench, text};

#[test]
fn a_call_over_many_says_something_of_each_in_their_order() {
    let bench = Bench::new();
    let mut names: Vec<String> = (0..120).map(|number| format!("fn-{number:03}.zip")).collect();
    for name in &names {
        fs::hard_link(bench.path("clean.zip"), bench.path(name)).unwrap();
    }
    fs::write(bench.path("torn.zip"), b"PK\x03\x04 and no more").unwrap();
    names.insert(40, "torn.zip".to_owned());
    names.insert(80, "orders-node.zip".to_owned());
    names.insert(81, "missing.zip".to_owned());
    fs::write(bench.path("list"), names.join("\n")).unwrap();
    let call = |jobs: &str| {
        let reports: Vec<String> = REPORTERS.iter().map(|reporter| format!("--report={0}=r-{jobs}/{0}", reporter.name())).collect();
        fs::create_dir_all(bench.path(&format!("r-{jobs}"))).unwrap();
        let mut arguments = vec!["--jobs", jobs, "@list", "--color", "never"];
        arguments.extend(reports.iter().map(String::as_str));
        let output = bench.check(&arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        output.stdout
    };
    let (one, four) = (call("1"), call("4"));
    assert!(one == four && text(&one).starts_with("deny: of 123 artifacts 1 denied, 2 could not be judged, 120 passed\n"));
    for reporter in REPORTERS {
        let read = |jobs: &str| fs::read(bench.path(&format!("r-{jobs}/{}", reporter.name()))).unwrap();
        assert!(read("1") == read("4") && !read("1").is_empty(), "{}", reporter.name());
    }
    let report: Value = serde_json::from_slice(&fs::read(bench.path("r-4/json")).unwrap()).unwrap();
    let artifacts = report["artifacts"].as_array().unwrap();
    let said: Vec<&str> = artifacts.iter().map(|artifact| artifact["name"].as_str().unwrap()).collect();
    assert_eq!(said, names);
    let others = |artifact: &&Value| artifact["outcome"] != "pass";
    let outcomes: Vec<&str> = artifacts.iter().filter(others).map(|artifact| artifact["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["incomplete", "deny", "incomplete"]);
}

#[test]
fn a_report_takes_the_place_of_nothing_that_is_read_or_written() {
    let bench = Bench::new();
    fs::write(bench.path("until.toml"), "[baseline]\nuntil = 2026-11-21\n").unwrap();
    assert_eq!(bench.check(&["clean.zip", "--report", "json=old.json"]).status.code(), Some(0));
    let before = fs::read(bench.path("clean.zip")).unwrap();
    let old = fs::read(bench.path("old.json")).unwrap();
    for arguments in [
        vec!["clean.zip", "--report", "json=clean.zip"],
        vec!["clean.zip", "-o", "./clean.zip"],
        vec!["clean.zip", "--report", "json=x", "--report", "sarif=./x"],
        vec!["clean.zip", "--report", "json=x", "-o", "x"],
        vec!["clean.zip", "--config", "until.toml", "--baseline", "old.json", "--report", "json=old.json"],
        vec!["clean.zip", "--config", "until.toml", "--report", "json=until.toml"],
    ] {
        let output = bench.check(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("take the place"), "{}", text(&output.stderr));
    }
    assert!(before == fs::read(bench.path("clean.zip")).unwrap() && old == fs::read(bench.path("old.json")).unwrap());
    assert!(!bench.path("x").exists());
    // What is no file can take any number.
    assert_eq!(bench.check(&["clean.zip", "--report", "json=/dev/null", "-o", "/dev/null"]).status.code(), Some(0));
    assert_eq!(bench.check(&["clean.zip", "--report", "json=old.json"]).status.code(), Some(0));
}

#[test]
fn workers_without_number_are_refused() {
    let bench = Bench::new();
    for jobs in ["0", "257", "65535"] {
        let output = bench.check(&["--jobs", jobs, "clean.zip"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("1..=256"), "{}", text(&output.stderr));
    }
}

#[test]
fn without_a_denial_one_that_could_not_be_judged_decides() {
    let bench = Bench::new();
    fs::write(bench.path("torn.zip"), b"PK\x03\x04 and no more").unwrap();
    assert_eq!(bench.check(&["clean.zip", "torn.zip", "clean.zip"]).status.code(), Some(2));
    assert_eq!(bench.check(&["clean.zip", "clean.zip"]).status.code(), Some(0));
}

#[test]
fn a_former_report_lets_what_it_has_wait_until_the_day() {
    let bench = Bench::new();
    let write = |name: &str, content: &str| fs::write(bench.path(name), content).unwrap();
    let code = |arguments: &[&str]| bench.check(&[&["orders-node.zip"], arguments].concat()).status.code();
    assert_eq!(code(&["--report", "json=old.json"]), Some(1));
    let output = bench.check(&["orders-node.zip", "--baseline", "old.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("[baseline]"), "{}", text(&output.stderr));
    write("until.toml", "[baseline]\nuntil = 2026-11-21\n");
    assert_eq!(code(&["--config", "until.toml", "--baseline", "old.json"]), Some(0));
    write("both.toml", "[baseline]\nfile = \"old.json\"\nuntil = \"2026-11-20\"\n");
    let (late, report) = bench.json(&["orders-node.zip", "--config", "both.toml"]);
    assert_eq!((late, report["baseline"]["until"].as_str()), (1, Some("2026-11-20")));
    write("old.json", "{}");
    assert_eq!(code(&["--config", "until.toml", "--baseline", "old.json"]), Some(2));
    assert_eq!(code(&["--config", "until.toml", "--baseline", "missing.json"]), Some(2));
}
