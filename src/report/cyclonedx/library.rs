//! A package as a component: what it is called, where it comes from, and by which evidence it is known (`component`, CycloneDX 1.6).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::component::{is_build_only, is_optional, qualified};
use crate::model::{Distribution, Ecosystem, Inventory, Package, Relation};

/// Bytes of bundles by package and bundle, and whether they are counted.
pub(super) type Shares<'a> = BTreeMap<(&'a str, &'a str), (u64, bool)>;

pub(super) fn bundled(inventory: &Inventory) -> Shares<'_> {
    let mut shares = Shares::new();
    for bundle in &inventory.bundles {
        let known = bundle.packages.iter().filter(|share| share.bytes > 0);
        shares.extend(known.map(|share| ((share.purl.as_str(), bundle.path.as_str()), (share.bytes, bundle.exact))));
    }
    shares
}

/// One package; where it is known in several ways, with all of them as evidence.
pub(super) fn component(purl: &str, packages: &[&Package], from: &[&Distribution], reference: &str, shares: &Shares<'_>) -> Value {
    let mut own = Map::new();
    own.insert("type".to_owned(), json!("library"));
    own.insert("bom-ref".to_owned(), json!(reference));
    if let Some(package) = packages.first() {
        match package.name.split_once('/').filter(|_| package.ecosystem == Ecosystem::Npm) {
            Some((group, name)) => {
                own.insert("group".to_owned(), json!(group));
                own.insert("name".to_owned(), json!(name));
            }
            None => {
                own.insert("name".to_owned(), json!(package.name));
            }
        }
        if let Some(version) = &package.version {
            own.insert("version".to_owned(), json!(version));
        }
    }
    own.insert("scope".to_owned(), json!(scope(packages)));
    own.insert("purl".to_owned(), json!(qualified(purl, packages, from)));
    if !from.is_empty() {
        own.insert("externalReferences".to_owned(), from.iter().map(|one| source(one)).collect());
    }
    own.insert("evidence".to_owned(), evidence(purl, packages, shares));
    own.insert("properties".to_owned(), Value::Array(properties(packages)));
    Value::Object(own)
}

fn scope(packages: &[&Package]) -> &'static str {
    if is_build_only(packages) {
        "excluded"
    } else if is_optional(packages) {
        "optional"
    } else {
        "required"
    }
}

/// Where a lockfile says that a package comes from.
fn source(one: &Distribution) -> Value {
    let kind = if one.url.starts_with("git+") { "vcs" } else { "distribution" };
    let mut own = json!({"type": kind, "url": one.url, "comment": format!("according to {}", one.path)});
    if let Some((algorithm, hash)) = &one.hash {
        own["hashes"] = json!([{"alg": algorithm, "content": hash}]);
    }
    own
}

/// By which means a package is known, and where.
fn evidence(purl: &str, packages: &[&Package], shares: &Shares<'_>) -> Value {
    let mut methods: Vec<(&str, u32, &str)> =
        packages.iter().map(|package| (technique(package.relation), percent(package), package.evidence)).collect();
    methods.sort_unstable();
    methods.dedup();
    let share = |percent: u32| f64::from(percent) / 100.0;
    let confidence = share(methods.iter().map(|(_, percent, _)| *percent).max().unwrap_or_default());
    let methods: Vec<Value> = methods
        .into_iter()
        .map(|(technique, percent, value)| json!({"technique": technique, "confidence": share(percent), "value": value}))
        .collect();
    let mut places: Vec<&str> = packages.iter().flat_map(|package| package.paths.iter().map(|path| path.as_str())).collect();
    places.sort_unstable();
    places.dedup();
    let mut evidence = json!({"identity": [{"field": "purl", "confidence": confidence, "methods": methods}]});
    if !places.is_empty() {
        let occurrence = |path: &str| match shares.get(&(purl, path)) {
            Some((bytes, is_counted)) => {
                let about = if *is_counted { "" } else { "about " };
                json!({"location": path, "additionalContext": format!("{about}{bytes} bytes")})
            }
            None => json!({"location": path}),
        };
        evidence["occurrences"] = places.into_iter().map(occurrence).collect();
    }
    evidence
}

fn technique(relation: Relation) -> &'static str {
    match relation {
        Relation::Embedded | Relation::Build => "binary-analysis",
        Relation::Bundled => "source-code-analysis",
        Relation::Installed | Relation::Vendored | Relation::Locked | Relation::Declared => "manifest-analysis",
    }
}

/// How sure it is that the package is what it is called, at the version that it has.
fn percent(package: &Package) -> u32 {
    match (package.relation, package.version.is_some()) {
        (_, false) => 50,
        // Its own metadata lies in the artifact, or the compiler has noted it.
        (Relation::Installed | Relation::Build, true) => 100,
        (Relation::Embedded, true) if package.evidence == "cargo/auditable" => 100,
        // A lockfile or manifest was meant to be followed; paths in a binary and copies in other packages may have been changed.
        (Relation::Embedded | Relation::Bundled | Relation::Vendored | Relation::Locked | Relation::Declared, true) => 80,
    }
}

fn properties(packages: &[&Package]) -> Vec<Value> {
    let relations = packages.iter().map(|package| ("fngate:relation", package.relation.as_str()));
    let candidates = packages.iter().flat_map(|package| package.candidates.iter().map(|version| ("fngate:candidate", version.as_str())));
    let mut properties: Vec<(&str, &str)> = relations.chain(candidates).collect();
    properties.sort_unstable();
    properties.dedup();
    properties.into_iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
}
