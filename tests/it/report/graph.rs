//! Dependencies, origins and hashes in both bills of materials.

use std::sync::Arc;

use fngate::model::{Distribution, Ecosystem, Edge, Facts, File, Origin, Package, Relation};
use fngate::report::{write_sbom, write_spdx};
use serde_json::Value;

use crate::policy::sample::{self, path};

fn package(ecosystem: Ecosystem, name: &str, relation: Relation, at: &str) -> Package {
    Package::new(ecosystem, name, Some("1.0.0"), relation, &path(at), "test")
}

/// The function asks for `a`, which needs `b`; `b` and `c` need each other, `x` and `y` only each other; `w` is a wheel, `g` comes
/// from a repository, `l` is only locked.
fn facts() -> Facts {
    let mut facts = sample::clean();
    let npm = |name: &str| package(Ecosystem::Npm, name, Relation::Installed, &format!("node_modules/{name}/package.json"));
    let wheel = path("w-1.0.0-py3-none-any.whl");
    let inventory = &mut facts.inventory;
    inventory.packages = ["a", "b", "c", "x", "y"].map(npm).to_vec();
    inventory.packages.push(Package { origin: Origin::Git, ..npm("g") });
    inventory.packages.push(package(Ecosystem::Npm, "l", Relation::Locked, "package-lock.json"));
    let metadata = wheel.nested(&path("w-1.0.0.dist-info/METADATA"));
    inventory.packages.push(Package { paths: vec![metadata], ..package(Ecosystem::PyPi, "w", Relation::Installed, "w") });
    inventory.files.push(File { path: wheel, size: 1, sha256: "ef".repeat(32) });
    let purl = |name: &str| -> Arc<str> { Arc::from(format!("pkg:npm/{name}@1.0.0")) };
    let edges =
        [(None, "a"), (Some("a"), "b"), (Some("b"), "c"), (Some("c"), "b"), (Some("x"), "y"), (Some("y"), "x"), (Some("a"), "gone")];
    inventory.dependencies.edges = edges.map(|(from, to)| Edge { from: from.map(purl), to: purl(to) }).to_vec();
    inventory.dependencies.whole = vec![None, Some(purl("a")), Some(purl("c"))];
    let from =
        |name: &str, url: &str, hash| Distribution { package: purl(name), url: Arc::from(url), hash, path: path("package-lock.json") };
    inventory.dependencies.distributions = vec![
        from("a", "https://registry.npmjs.org/a/-/a-1.0.0.tgz", Some(("SHA-512", "ab".repeat(64)))),
        from("g", "git+https://github.com/x/g.git@0123456", None),
        from("l", "https://registry.npmjs.org/l/-/l-1.0.0.tgz", Some(("SHA-512", "cd".repeat(64)))),
    ];
    Facts { inventory: facts.inventory.sorted(), ..facts }
}

fn written(write: impl Fn(&Facts, &mut Vec<u8>) -> std::io::Result<()>, facts: &Facts) -> String {
    let mut out = Vec::new();
    write(facts, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn cyclonedx(facts: &Facts) -> String {
    written(|facts, out| write_sbom(facts, "2026-11-22T00:00:00Z", out), facts)
}

fn spdx(facts: &Facts) -> String {
    written(|facts, out| write_spdx(facts, "2026-11-22T00:00:00Z", out), facts)
}

#[test]
fn cyclonedx_with_dependencies() {
    insta::assert_snapshot!(cyclonedx(&facts()));
}

#[test]
fn spdx_with_dependencies() {
    insta::assert_snapshot!(spdx(&facts()));
}

#[test]
fn everything_is_reached_from_the_artifact() {
    let document: Value = serde_json::from_str(&cyclonedx(&facts())).unwrap();
    let of = |reference: &str| {
        let all = document["dependencies"].as_array().unwrap();
        let own = all.iter().find(|one| one["ref"] == reference).unwrap();
        let on = own.get("dependsOn").and_then(Value::as_array).into_iter().flatten();
        on.map(|to| to.as_str().unwrap().replace("artifact/pkg:", "")).collect::<Vec<_>>().join(" ")
    };
    // Of two that only need each other, one is named.
    assert_eq!(of("artifact"), "npm/a@1.0.0 npm/g@1.0.0 npm/l@1.0.0 npm/x@1.0.0 pypi/w@1.0.0");
    assert_eq!((of("artifact/pkg:npm/a@1.0.0"), of("artifact/pkg:pypi/w@1.0.0")), ("npm/b@1.0.0".to_owned(), String::new()));
}

#[test]
fn what_was_cut_is_said() {
    let mut facts = facts();
    facts.inventory.dependencies.cut = true;
    facts.inventory.dependencies.whole.clear();
    let document: Value = serde_json::from_str(&cyclonedx(&facts)).unwrap();
    let told: Vec<_> = document["compositions"].as_array().unwrap().iter().map(|one| one["aggregate"].as_str().unwrap()).collect();
    assert_eq!(told, ["complete", "incomplete"]);
    assert!(spdx(&facts).contains("more dependencies between packages than are listed"));
}
