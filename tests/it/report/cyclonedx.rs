//! `cyclonedx`: components, evidence, and what is missing.

use std::fs;
use std::path::Path;

use fngate::model::{ArtifactKind, Ecosystem, Epss, Facts, KnownExploited, Package, Relation, Severity};
use fngate::report::{Examined, write_sbom};
use serde_json::{Value, json};

use super::{run, written};
use crate::policy::sample::{self, path};

fn sbom(facts: &Facts) -> Value {
    let mut out = Vec::new();
    write_sbom(facts, "2026-11-22T00:00:00Z", &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn package(name: &str, version: Option<&str>, relation: Relation, at: &str) -> Package {
    Package::new(Ecosystem::Npm, name, version, relation, &path(at), "npm/package-json")
}

fn with_packages(packages: Vec<Package>) -> Facts {
    let mut facts = sample::clean();
    facts.inventory.packages = packages;
    Facts { inventory: facts.inventory.sorted(), ..facts }
}

#[test]
fn one_artifact() {
    insta::assert_snapshot!(written("cyclonedx", &run(vec![sample::grave()])));
}

#[test]
fn one_component_a_purl_with_all_of_its_evidence() {
    let document = sbom(&with_packages(vec![
        package("@scope/a", Some("1.0.0"), Relation::Installed, "node_modules/@scope/a/package.json"),
        package("@scope/a", Some("1.0.0"), Relation::Vendored, "vendor/a/package.json"),
        package("b", None, Relation::Declared, "package.json"),
        package("c", Some("2.0.0"), Relation::Build, "bootstrap"),
        Package { dev: true, ..package("d", Some("2.0.0"), Relation::Locked, "package-lock.json") },
        Package { candidates: vec!["1.0.0".to_owned(), "2.0.0".to_owned()], ..package("e", None, Relation::Bundled, "dist/index.js") },
    ]));
    let components = document["components"].as_array().unwrap();
    let told: Vec<_> = components.iter().map(|c| (c["purl"].as_str().unwrap(), c.get("version"), c["scope"].as_str().unwrap())).collect();
    let [one, two] = [json!("1.0.0"), json!("2.0.0")];
    assert_eq!(
        told,
        [
            ("pkg:npm/%40scope/a@1.0.0", Some(&one), "required"),
            ("pkg:npm/b", None, "required"),
            ("pkg:npm/c@2.0.0", Some(&two), "excluded"),
            ("pkg:npm/d@2.0.0", Some(&two), "optional"),
            ("pkg:npm/e", None, "required"),
        ]
    );
    assert_eq!((&components[0]["group"], &components[0]["name"]), (&json!("@scope"), &json!("a")));
    assert_eq!(
        components[0]["evidence"]["occurrences"],
        json!([{"location": "node_modules/@scope/a/package.json"}, {"location": "vendor/a/package.json"}])
    );
    let told = |at: usize, prefix: &str| {
        let own = components[at]["properties"].as_array().unwrap().iter();
        let own = own.filter_map(|property| property["name"].as_str().unwrap().strip_prefix(prefix).map(|name| (name, &property["value"])));
        own.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(told(4, "fngate:").len(), 3);
    let of_gitlab = ["category=development", "input_file:path=fn.zip", "language:name=JavaScript", "package_manager:name=npm"];
    assert_eq!(told(3, "gitlab:dependency_scanning:"), of_gitlab);
    assert_eq!(document["metadata"]["properties"], json!([{"name": "gitlab:meta:schema_version", "value": "1"}]));
}

#[test]
fn gitlab_is_shown_the_lockfile() {
    let mut run = run(vec![sample::clean()]);
    run.call.locks = vec!["package-lock.json".to_owned()];
    let text = written("cyclonedx", &run);
    assert!(text.contains("\"value\": \"package-lock.json\"") && !text.contains("\"value\": \"fn.zip\""));
}

#[test]
fn what_was_not_attributed_is_a_composition() {
    let of_all = |facts: &Facts| sbom(facts)["compositions"][0].clone();
    assert_eq!(of_all(&sample::clean()), json!({"aggregate": "complete", "assemblies": ["artifact"]}));
    assert_eq!(of_all(&sample::unseen()), json!({"aggregate": "incomplete", "assemblies": ["artifact"]}));
    assert_eq!(of_all(&sample::with_go_binary()), json!({"aggregate": "complete", "assemblies": ["artifact"]}));
    // Nothing says on whom they depend.
    let on = json!({"aggregate": "not_specified", "dependencies": ["artifact", "artifact/pkg:npm/lodash@4.17.15"]});
    assert_eq!(sbom(&sample::clean())["compositions"][1], on);
}

#[test]
fn the_same_bytes_have_the_same_serial_number_and_others_another() {
    let number = |facts: &Facts| sbom(facts)["serialNumber"].as_str().unwrap().to_owned();
    let mut other = sample::clean();
    assert_eq!(number(&other), number(&sample::clean()));
    other.artifact.sha256 = "34".repeat(32);
    assert_ne!(number(&other), number(&sample::clean()));
}

#[test]
fn a_directory_has_no_hash_of_a_file() {
    let mut facts = sample::clean();
    facts.artifact.kind = ArtifactKind::Directory;
    facts.artifact.code_sha256 = None;
    let component = &sbom(&facts)["metadata"]["component"];
    assert_eq!((component.get("hashes"), &component["properties"][0]["name"]), (None, &json!("fngate:tree-sha256")));
}

#[test]
fn every_reference_leads_somewhere() {
    let mut run = run(vec![sample::clean(), sample::grave()]);
    run.artifacts.push(Examined { name: "b.zip".to_owned(), result: Err("no such file".to_owned()) });
    let document: Value = serde_json::from_str(&written("cyclonedx", &run)).unwrap();
    let mut references = Vec::new();
    for artifact in document["components"].as_array().unwrap() {
        references.push(&artifact["bom-ref"]);
        references.extend(artifact["components"].as_array().into_iter().flatten().map(|component| &component["bom-ref"]));
    }
    assert_eq!(references.len(), 5);
    let affected = document["vulnerabilities"].as_array().unwrap().iter().flat_map(|known| known["affects"].as_array().unwrap());
    let affected: Vec<&Value> = affected.map(|affected| &affected["ref"]).collect();
    assert_eq!(affected.len(), 3);
    let lists = |list: &str| {
        document["compositions"].as_array().unwrap().iter().filter_map(|one| one[list].as_array()).flatten().collect::<Vec<_>>()
    };
    let composed = lists("assemblies").into_iter().chain(lists("dependencies"));
    let depending = document["dependencies"].as_array().unwrap().iter();
    let depending = depending.flat_map(|one| one["dependsOn"].as_array().into_iter().flatten().chain([&one["ref"]]));
    assert!(affected.into_iter().chain(composed).chain(depending).all(|reference| references.contains(&reference)));
}

/// Writes documents for a validator to read, where `FNGATE_WRITE_SBOMS` names a folder.
#[test]
fn documents_for_an_independent_validator() {
    let Some(folder) = std::env::var_os("FNGATE_WRITE_SBOMS") else { return };
    let mut several = run(vec![sample::clean(), sample::grave(), sample::unseen()]);
    several.artifacts.push(Examined { name: "b.zip".to_owned(), result: Err("no such file".to_owned()) });
    let odd = with_packages(vec![
        package("@scope/ä b", None, Relation::Declared, "a!/package.json"),
        Package { dev: true, ..package("d", Some("2.0.0+x y"), Relation::Locked, "a \u{202e}/package-lock.json") },
        package("c", Some("2.0.0"), Relation::Build, "bootstrap"),
    ]);
    for (name, run) in
        [("clean", run(vec![sample::clean()])), ("grave", run(vec![sample::grave()])), ("odd", run(vec![odd])), ("several", several)]
    {
        fs::write(Path::new(&folder).join(format!("cdx-{name}.json")), written("cyclonedx", &run)).unwrap();
    }
}

#[test]
fn what_is_exploited_stands_beside_the_vulnerability() {
    let mut facts = sample::with_vulnerability(Severity::High);
    assert!(sbom(&facts)["vulnerabilities"][0].get("properties").is_none());
    let known = &mut facts.vulnerabilities[0];
    known.known_exploited = Some(KnownExploited { added: "2026-11-01".to_owned(), due: "2026-11-22".to_owned(), ransomware: true });
    known.epss = Some(Epss { score: 0.94321, percentile: 0.999 });
    let told = sbom(&facts)["vulnerabilities"][0]["properties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|property| format!("{}={}", property["name"].as_str().unwrap(), property["value"].as_str().unwrap()))
        .collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            "fngate:kev-added=2026-11-01",
            "fngate:kev-due=2026-11-22",
            "fngate:kev-ransomware=true",
            "fngate:epss-score=0.94321",
            "fngate:epss-percentile=0.999"
        ]
    );
}
