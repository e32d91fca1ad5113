//! `spdx`: packages, how they belong to the artifact, and what is missing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fngate::model::{ArtifactKind, Ecosystem, Facts, Package, Relation};
use fngate::report::{Examined, write_spdx};
use serde_json::{Value, json};

use super::{run, written};
use crate::policy::sample::{self, path};

fn spdx(facts: &Facts) -> Value {
    let mut out = Vec::new();
    write_spdx(facts, "2026-11-22T00:00:00Z", &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn package(name: &str, version: Option<&str>, relation: Relation, at: &str) -> Package {
    Package::new(Ecosystem::Npm, name, version, relation, &path(at), "npm/package-json")
}

fn various() -> Facts {
    let mut facts = sample::clean();
    facts.inventory.packages = vec![
        package("@scope/a", Some("1.0.0"), Relation::Installed, "node_modules/@scope/a/package.json"),
        package("@scope/a", Some("1.0.0"), Relation::Locked, "package-lock.json"),
        package("b", None, Relation::Declared, "package.json"),
        package("c", Some("2.0.0+x y"), Relation::Build, "bootstrap"),
        Package { dev: true, ..package("d", Some("2.0.0"), Relation::Locked, "a \u{202e}/package-lock.json") },
        Package { candidates: vec!["1.0.0".to_owned(), "2.0.0".to_owned()], ..package("ä e", None, Relation::Bundled, "dist/index.js") },
    ];
    Facts { inventory: facts.inventory.sorted(), ..facts }
}

#[test]
fn one_artifact() {
    insta::assert_snapshot!(written("spdx", &run(vec![sample::grave()])));
}

#[test]
fn each_package_belongs_to_the_artifact_in_its_own_way() {
    let document = spdx(&various());
    let packages = &document["packages"].as_array().unwrap()[1..];
    let told: Vec<Value> = packages
        .iter()
        .map(|package| {
            let own = |edge: &&Value| edge["spdxElementId"] == package["SPDXID"] || edge["relatedSpdxElement"] == package["SPDXID"];
            let edges: Vec<&Value> = document["relationships"].as_array().unwrap().iter().filter(own).collect();
            let kinds: Vec<&str> = edges.iter().map(|edge| edge["relationshipType"].as_str().unwrap()).collect();
            json!([package["externalRefs"][0]["referenceLocator"], package.get("versionInfo"), kinds.join(" ")])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["pkg:npm/%40scope/a@1.0.0", "1.0.0", "CONTAINS DEPENDS_ON"]),
            json!(["pkg:npm/%C3%A4%20e", null, "CONTAINS DEPENDS_ON"]),
            json!(["pkg:npm/b", null, "DEPENDS_ON"]),
            json!(["pkg:npm/c@2.0.0%2Bx%20y", "2.0.0+x y", "BUILD_TOOL_OF"]),
            json!(["pkg:npm/d@2.0.0", "2.0.0", "DEV_DEPENDENCY_OF"]),
        ]
    );
    assert_eq!(
        packages[0]["sourceInfo"],
        "installed (npm/package-json): node_modules/@scope/a/package.json\nlocked (npm/package-json): package-lock.json"
    );
    assert_eq!(packages[1]["comment"], "the version is one of: 1.0.0, 2.0.0");
    assert_eq!(packages[4]["sourceInfo"], "locked (npm/package-json): a \\u{202e}/package-lock.json");
}

#[test]
fn what_was_not_attributed_is_said() {
    let said = |facts: &Facts| {
        let document = spdx(facts);
        let annotation = document["packages"][0]["annotations"][0]["comment"].as_str().unwrap().to_owned();
        (annotation, document.get("comment").map(|comment| comment.as_str().unwrap().to_owned()))
    };
    assert_eq!(said(&sample::clean()), ("inventory complete (npm, PyPI, crates.io)".to_owned(), None));
    let (annotation, comment) = said(&sample::with_problem(sample::bundle()));
    assert_eq!(annotation, "inventory incomplete; problems: 1 bundle");
    assert_eq!(comment.unwrap(), "This list is incomplete. fn.zip: inventory incomplete; problems: 1 bundle");
    let (annotation, comment) = said(&sample::with_go_binary());
    assert!(annotation.starts_with("inventory complete") && annotation.ends_with("not judged: 1 go-binary"), "{annotation}");
    assert_eq!(comment, None);
}

#[test]
fn the_namespace_is_the_artifacts_and_the_checksum_a_files() {
    let mut other = sample::clean();
    let namespace = |facts: &Facts| spdx(facts)["documentNamespace"].as_str().unwrap().to_owned();
    assert_eq!(namespace(&other), namespace(&sample::clean()));
    other.artifact.sha256 = "34".repeat(32);
    assert_ne!(namespace(&other), namespace(&sample::clean()));
    assert_eq!(spdx(&other)["packages"][0]["checksums"], json!([{"algorithm": "SHA256", "checksumValue": "34".repeat(32)}]));
    other.artifact.kind = ArtifactKind::Directory;
    let document = spdx(&other);
    assert_eq!(
        (document["packages"][0].get("checksums"), &document["packages"][0]["primaryPackagePurpose"]),
        (None, &json!("APPLICATION"))
    );
}

#[test]
fn several_artifacts_in_one_document() {
    let mut run = run(vec![sample::clean(), sample::grave(), various()]);
    run.artifacts.push(Examined { name: "b.zip".to_owned(), result: Err("no such file".to_owned()) });
    run.call.timestamp = "2026-11-22T01:02:03.5Z".to_owned();
    let document: Value = serde_json::from_str(&written("spdx", &run)).unwrap();
    assert_eq!(document["creationInfo"]["created"], "2026-11-22T01:02:03Z");
    assert!(document["comment"].as_str().unwrap().ends_with("b.zip: could not be read"));
    let ids: Vec<&str> = document["packages"].as_array().unwrap().iter().map(|package| package["SPDXID"].as_str().unwrap()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))));
    let edges = document["relationships"].as_array().unwrap();
    assert_eq!(edges.iter().filter(|edge| edge["relationshipType"] == "DESCRIBES").count(), 4);
    // One that says where each belongs, and a second for each that is inside and nobody else asks for.
    assert_eq!(edges.len(), ids.len() + edges.iter().filter(|edge| edge["relationshipType"] == "CONTAINS").count());
    let known = |end: &Value| end == "SPDXRef-DOCUMENT" || unique.contains(end.as_str().unwrap());
    assert!(edges.iter().all(|edge| known(&edge["spdxElementId"]) && known(&edge["relatedSpdxElement"])));
}

/// Writes documents for a validator to read, where `FNGATE_WRITE_SBOMS` names a folder.
#[test]
fn documents_for_an_independent_validator() {
    let Some(folder) = std::env::var_os("FNGATE_WRITE_SBOMS") else { return };
    let mut several = run(vec![sample::clean(), sample::grave(), sample::unseen()]);
    several.artifacts.push(Examined { name: "b.zip".to_owned(), result: Err("no such file".to_owned()) });
    for (name, run) in
        [("clean", run(vec![sample::clean()])), ("grave", run(vec![sample::grave()])), ("odd", run(vec![various()])), ("several", several)]
    {
        fs::write(Path::new(&folder).join(format!("{name}.spdx.json")), written("spdx", &run)).unwrap();
    }
}
