//! Recall and precision on a corpus of function packages with known contents, where `FNGATE_CORPUS` names one: a folder with
//! `truth/*.json`, each naming its `artifact` and what is really inside.

use std::collections::BTreeSet;
use std::path::Path;

use fngate::model::{Ecosystem, Inventory, InventoryState, Relation};
use serde_json::Value;

use super::walker::opened;

type Key = (Ecosystem, String, String);

fn key(package: &Value) -> Option<Key> {
    let ecosystem = Ecosystem::from_osv(package["ecosystem"].as_str()?)?;
    Some((ecosystem, ecosystem.folded(package["name"].as_str()?), package["version"].as_str().unwrap_or_default().to_lowercase()))
}

fn keys(list: &Value, keep: impl Fn(&Value) -> bool) -> BTreeSet<Key> {
    list.as_array().into_iter().flatten().filter(|package| keep(package)).filter_map(key).collect()
}

fn is_known(package: &Value) -> bool {
    let is = |field: &str| package[field].as_bool() == Some(true);
    let evidence = package["evidence"].as_str().unwrap_or_default();
    !(evidence.starts_with("none")
        || package["recoverable"] == false
        || is("workspace_member")
        || is("private")
        || package["scope"] == "build")
}

fn found(inventory: &Inventory) -> BTreeSet<Key> {
    let components = inventory.packages.iter().filter(|package| package.relation != Relation::Build);
    let key = |p: &fngate::model::Package| (p.ecosystem, p.ecosystem.folded(&p.name), p.version.clone().unwrap_or_default().to_lowercase());
    components.map(key).collect()
}

#[test]
fn the_corpus_is_read_without_a_miss() {
    let Some(corpus) = std::env::var_os("FNGATE_CORPUS") else { return };
    let corpus = Path::new(&corpus);
    let mut truths: Vec<_> = std::fs::read_dir(corpus.join("truth")).unwrap().map(|entry| entry.unwrap().path()).collect();
    truths.sort();
    let only = std::env::var("FNGATE_CORPUS_ONLY").unwrap_or_default();
    let mut faults = Vec::new();
    for path in truths {
        let truth: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let artifact = truth["artifact"].as_str().unwrap();
        if !artifact.contains(&only) {
            continue;
        }
        let started = std::time::Instant::now();
        let inventory = opened(&std::fs::read(corpus.join(artifact)).unwrap());
        let took = started.elapsed();
        super::ownership::adds_up(&inventory, artifact);
        let inside = truth["packages"].as_array().is_some_and(|list| !list.is_empty());
        let list = if inside { &truth["packages"] } else { &truth["declared"] };
        let want = keys(list, |package| if inside { is_known(package) } else { package["version"].is_string() });
        let all: BTreeSet<Key> = keys(list, |_| true).into_iter().chain(keys(&truth["vendored"], |_| true)).collect();
        let got = found(&inventory);
        let missed: Vec<_> = want.difference(&got).collect();
        let wrong: Vec<_> = got.difference(&all).collect();
        let complete = inventory.state() == InventoryState::Complete;
        println!(
            "{artifact:50} want {:4} got {:4} missed {:4} wrong {:4} {:?} {took:?}",
            want.len(),
            got.len(),
            missed.len(),
            wrong.len(),
            inventory.state()
        );
        for problem in &inventory.problems {
            println!("    {} {:?} {}", problem.kind, problem.path, problem.message);
        }
        let is_bundle = artifact.contains("/bundle/") || artifact.contains("cdk-nodejs") || artifact.contains("/secrets/");
        let is_image = artifact.contains("/oci/");
        if !is_image && (!wrong.is_empty() || (!is_bundle && !missed.is_empty())) {
            faults.push(format!("{artifact}: missed {missed:?}, wrong {wrong:?}"));
        }
        let all_known = keys(list, |package| package["workspace_member"] != true && package["private"] != true)
            .is_subset(&found_with_build(&inventory));
        if inside && complete != all_known {
            faults.push(format!("{artifact}: all found {all_known}, said complete {complete}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn found_with_build(inventory: &Inventory) -> BTreeSet<Key> {
    let key = |p: &fngate::model::Package| (p.ecosystem, p.ecosystem.folded(&p.name), p.version.clone().unwrap_or_default().to_lowercase());
    inventory.packages.iter().map(key).collect()
}
