//! Attribution: what the whole picture decides. Which metadata is that of an installed distribution, which lockfile speaks of
//! what is installed anyway, which code belongs to which package - and what is left without an owner.

mod bundle;
mod code;
mod distribution;
mod drift;
mod edge;
mod graph;
mod import_package;
mod integrity;
mod ledger;
mod member;
mod requirements;
mod scope;
mod stripped;
mod vendored;

use std::collections::{HashMap, HashSet};

use super::npm::package_root;
use super::owner::Owners;
use super::problem::MANIFEST_MALFORMED;
use crate::model::{EntryPath, Inventory, Origin, Package, Relation, owner};

/// Settles an inventory after the whole pass over an artifact, nested archives included. Call it once; it does not depend on
/// the order of the lists. Time and memory grow with the number of files and claims times the depth of their paths.
///
/// - Distribution metadata counts where an interpreter would look for it: elsewhere it is a fixture and dropped, inside
///   another package it is a vendored copy.
/// - What requirements files include is taken in, their constraints are applied, and what they include and is not there is said.
/// - Packages that only a lockfile or manifest names are dropped where something of that file is installed, and where the file
///   belongs to a package; where they come from is carried over to the installed ones.
/// - What manifests ask for and lockfiles resolve becomes edges between the packages that are left.
/// - `code` and `not_judged` that a package has claimed are dropped, the rest becomes problems.
/// - Every file is counted for its one owner.
#[must_use]
pub fn attribute(mut inventory: Inventory) -> Inventory {
    distribution::settle(&mut inventory);
    let included = requirements::settle(&mut inventory);
    quiet_fixtures(&mut inventory);
    bundle::settle(&mut inventory);
    let declared = edge::declared(&inventory);
    let asked = import_package::asked(&inventory);
    scope::settle(&mut inventory, &included);
    member::settle(&mut inventory);
    requirements::quiet(&mut inventory);
    stripped::settle(&mut inventory);
    disown(&mut inventory);
    bundle::settle(&mut inventory);
    inventory.bundle_traces.clear();
    code::settle(&mut inventory);
    import_package::settle(&mut inventory, &asked);
    ledger::settle(&mut inventory);
    bind(&mut inventory);
    edge::settle(&mut inventory, declared);
    inventory
}

/// The kinds of problem that are about links and hide no bytes.
const LINKS: [&str; 4] = ["link-outside", "link-dangling", "link-loop", "link-shadow"];

/// Takes back the problems of manifests that belong to a package: a broken fixture is not a broken artifact. A package's own
/// package.json stays accused.
fn quiet_fixtures(inventory: &mut Inventory) {
    let owners = Owners::new(&inventory.claims);
    let is_own = |path: &EntryPath| package_root(path.as_str()).is_some_and(|(_, rest)| rest == "package.json");
    let is_metadata = |path: &EntryPath| super::pypi::base(path.as_str()).is_some();
    inventory.problems.retain(|problem| {
        let path = problem.path.as_ref().filter(|_| problem.kind == MANIFEST_MALFORMED.id);
        path.is_none_or(|path| is_own(path) || is_metadata(path) || scope::is_at_base(path) || !owners.owns(path))
    });
    // Nobody unpacks an archive that a package has among its own files: where its links would lead is nowhere.
    let archive = |path: &EntryPath| path.as_str().find("!/").and_then(|at| path.prefix(at));
    inventory.problems.retain(|problem| {
        let archive = problem.path.as_ref().filter(|_| LINKS.contains(&problem.kind)).and_then(archive);
        archive.is_none_or(|archive| !owners.owns(&archive))
    });
}

/// Takes the claims of first-party and private packages back: nobody judges such a package by its name, so a bundle inside it
/// has no owner, and a secret is the function's own.
fn disown(inventory: &mut Inventory) {
    let is_ours =
        |package: &&Package| package.relation == Relation::Installed && matches!(package.origin, Origin::FirstParty | Origin::Private);
    let ours = inventory.packages.iter().filter(is_ours).flat_map(|package| &package.paths);
    let ours: HashSet<&str> = ours.map(|path| owner(path.as_str())).collect();
    if !ours.is_empty() {
        inventory.claims.retain(|claim| !ours.contains(&*claim.owner));
    }
}

/// Notes the hash of the file that a problem is about, where it has been read: an acceptance may be bound to it.
fn bind(inventory: &mut Inventory) {
    let hashes: HashMap<&EntryPath, &str> = inventory.files.iter().map(|file| (&file.path, file.sha256.as_str())).collect();
    for problem in inventory.problems.iter_mut().filter(|problem| problem.sha256.is_none()) {
        let hash = problem.path.as_ref().and_then(|path| hashes.get(path));
        problem.sha256 = hash.filter(|hash| !hash.is_empty()).map(|hash| (*hash).to_owned());
    }
}
