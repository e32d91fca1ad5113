//! `json`: the shape that programs rely on.

use fngate::model::ProvenanceState;
use fngate::policy::{Accept, Settings};
use fngate::report::Examined;
use serde_json::{Value, json};

use super::{run, run_with, written};
use crate::policy::sample;

fn parsed(run: &super::Run) -> Value {
    serde_json::from_str(&written("json", run)).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_denial() {
    insta::assert_snapshot!(written("json", &run(vec![sample::grave()])));
}

#[test]
fn every_section_is_there_even_where_it_is_empty() {
    let document = parsed(&run(vec![sample::clean()]));
    assert_eq!(keys(&document), ["advisories", "artifacts", "config", "fngate", "outcome", "policy", "schema", "scope"]);
    let artifact = &document["artifacts"][0];
    assert_eq!(
        keys(artifact),
        [
            "code_sha256",
            "findings",
            "ignored",
            "inventory",
            "kind",
            "name",
            "outcome",
            "packages",
            "problems",
            "provenance",
            "secrets",
            "sha256",
            "size",
            "vulnerabilities"
        ]
    );
    assert_eq!(artifact["provenance"]["state"], json!("verified"));
    assert_eq!(sample::clean().provenance.state, ProvenanceState::Verified);
}

#[test]
fn an_artifact_that_cannot_be_read_could_not_be_judged() {
    let mut run = run(vec![sample::clean()]);
    run.artifacts.push(Examined { name: "b.zip".to_owned(), result: Err("no such file".to_owned()) });
    let document = parsed(&run);
    assert_eq!(document["outcome"], json!("incomplete"));
    let unread = &document["artifacts"][1];
    assert_eq!((&unread["name"], &unread["outcome"], &unread["error"]), (&json!("b.zip"), &json!("incomplete"), &json!("no such file")));
    assert_eq!(unread["problems"][0]["kind"], json!("artifact-unreadable"));
    assert_eq!(unread["findings"][0]["message"], json!("no such file"));
    run.artifacts.clear();
    assert_eq!(parsed(&run)["outcome"], json!("incomplete"));
}

#[test]
fn deny_wins_over_incomplete_over_artifacts() {
    let document = parsed(&run(vec![sample::unseen(), sample::grave(), sample::clean()]));
    assert_eq!(document["outcome"], json!("deny"));
    assert_eq!(document["artifacts"][0]["inventory"]["state"], json!("incomplete"));
    assert_eq!(document["artifacts"][0]["inventory"]["unattributed_bytes"], json!(734_003));
}

#[test]
fn an_accepted_problem_completes_the_inventory_and_is_shown() {
    let accept =
        Accept { kind: "bundle".to_owned(), path: Some("dist/index.js".to_owned()), reason: "known".to_owned(), ..Accept::default() };
    let document =
        parsed(&run_with(Settings { accepts: vec![accept], ..sample::settings() }, vec![sample::with_problem(sample::bundle())]));
    let artifact = &document["artifacts"][0];
    assert_eq!((&artifact["outcome"], &artifact["inventory"]["state"]), (&json!("pass"), &json!("complete")));
    assert_eq!(artifact["problems"][0]["accepted"], json!({"reason": "known", "expires": null}));
}

#[test]
fn what_is_not_known_is_null() {
    let mut facts = sample::clean();
    facts.advisories = None;
    facts.inventory.packages[0].version = None;
    let document = parsed(&run(vec![facts]));
    assert_eq!(document["advisories"], Value::Null);
    assert_eq!(document["artifacts"][0]["packages"][0]["version"], Value::Null);
    assert_eq!(document["artifacts"][0]["packages"][0]["purl"], json!("pkg:npm/lodash"));
}
