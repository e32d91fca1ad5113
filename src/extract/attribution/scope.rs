//! Scopes: a lockfile or manifest speaks of its own folder. What it names and what is installed there are put side by side.

use std::collections::{HashMap, HashSet};

use super::requirements::Included;
use crate::extract::npm::package_root;
use crate::extract::owner::{Owners, ancestors};
use crate::extract::problem::LOCKFILE_UNREAD;
use crate::extract::pypi::{FIXTURES, base};
use crate::model::{Ecosystem, EntryPath, Inventory, LAYERS, Origin, Package, Relation};

type Name = (Ecosystem, String);

/// Carries origins over to the installed packages, and drops what only a lockfile or manifest names where that is moot.
pub(super) fn settle(inventory: &mut Inventory, included: &Included) {
    let packages = std::mem::take(&mut inventory.packages);
    let owners = Owners::new(&inventory.claims);
    let (named, mut known): (Vec<Package>, Vec<Package>) = packages.into_iter().partition(is_named);
    let named = spoken(named, &known, &owners);
    carry_origins(&named, &mut known);
    inventory.drift.extend(super::drift::between(&named, &known, &super::member::copies(&inventory.files, &known)));
    let mut kept = remaining(named, &known, included);
    known.append(&mut kept);
    for package in known.iter_mut().filter(|package| package.relation != Relation::Bundled) {
        (package.elective, package.place) = (false, Box::default());
    }
    unversioned(&mut known);
    inventory.packages = known;
    quiet_unread(inventory);
}

/// Whether only a lockfile or manifest says so.
fn is_named(package: &Package) -> bool {
    matches!(package.relation, Relation::Locked | Relation::Declared)
}

pub(super) fn name(package: &Package) -> Name {
    (package.ecosystem, package.ecosystem.folded(&package.name))
}

/// The folder that a lockfile or manifest speaks of.
pub(super) fn scope(path: &EntryPath) -> &str {
    let folder = path.folder();
    match path.file_name() {
        ".package-lock.json" => folder.strip_suffix("node_modules").map_or(folder, |above| above.trim_end_matches('/')),
        "lock.yaml" => folder.strip_suffix("node_modules/.pnpm").map_or(folder, |above| above.trim_end_matches('/')),
        "direct_url.json" => base(path.as_str()).unwrap_or(folder),
        _ => folder,
    }
}

/// A folder and everything above it, the artifact's top included.
pub(super) fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::once(folder).chain(ancestors(folder)).chain(std::iter::once(""))
}

/// The lockfiles and manifests that count: not those that belong to a package, and those in folders of fixtures only where
/// nothing else speaks of the ecosystem.
fn spoken(named: Vec<Package>, known: &[Package], owners: &Owners<'_>) -> Vec<Package> {
    let is_marker = |package: &Package| package.evidence == "pypi/direct-url";
    let in_fixture = |path: &EntryPath| path.folder().split('/').any(|component| FIXTURES.contains(&component));
    let mut serious: HashSet<Ecosystem> = known.iter().map(|package| package.ecosystem).collect();
    serious.extend(named.iter().filter(|package| !package.paths.iter().all(in_fixture)).map(|package| package.ecosystem));
    let mut spoken = Vec::with_capacity(named.len());
    for mut package in named {
        let has_better = serious.contains(&package.ecosystem);
        if !is_marker(&package) {
            package.paths.retain(|path| !(owners.owns(path) && !is_at_base(path) || has_better && in_fixture(path)));
        }
        if !package.paths.is_empty() {
            spoken.push(package);
        }
    }
    spoken
}

/// Whether a lockfile or manifest lies where distributions are installed side by side: it is none's, whichever claims it.
pub(super) fn is_at_base(path: &EntryPath) -> bool {
    !path.as_str().contains("!/")
        && package_root(path.as_str()).is_none()
        && matches!(path.folder(), "" | "python" | "opt/python" | "var/task")
}

/// Gives installed packages the origin that a lockfile (or `direct_url.json`) knows and their own metadata does not.
fn carry_origins(named: &[Package], known: &mut [Package]) {
    type Key<'a> = (&'a str, Option<&'a str>);
    let mut origins: HashMap<Name, HashMap<Key<'_>, Origin>> = HashMap::new();
    // A manifest's range may mean a member of the project as well as a package of the registry; a lockfile knows.
    for package in named.iter().filter(|package| package.relation == Relation::Locked || package.origin != Origin::Registry) {
        for path in &package.paths {
            let key = (scope(path), package.version.as_deref());
            let origin = origins.entry(name(package)).or_default().entry(key).or_insert(package.origin);
            // Two that disagree: the one that is looked up.
            *origin = (*origin).min(package.origin);
        }
    }
    origins.retain(|_, by_scope| by_scope.values().any(|origin| *origin != Origin::Registry));
    for package in known.iter_mut().filter(|package| package.relation == Relation::Installed && is_silent(package)) {
        let Some(by_scope) = origins.get(&name(package)) else { continue };
        let exact = package.version.as_deref();
        let found = package.paths.first().and_then(|path| {
            upwards(path.folder()).find_map(|folder| by_scope.get(&(folder, exact)).or_else(|| by_scope.get(&(folder, None))))
        });
        if let Some(found) = found.filter(|found| package.origin == Origin::Registry || **found == Origin::FirstParty) {
            package.origin = *found;
        }
    }
}

/// Whether a package's own metadata leaves open where it comes from: a private one without a version may be a member of the
/// project, which needs none.
fn is_silent(package: &Package) -> bool {
    package.origin == Origin::Registry || package.origin == Origin::Private && package.version.is_none()
}

/// What remains of the named packages once each lockfile of which something is installed is moot.
fn remaining(named: Vec<Package>, known: &[Package], included: &Included) -> Vec<Package> {
    let mut moot = moot(&named, known, included);
    included.spread(&mut moot);
    let mut remaining = Vec::new();
    for mut package in named {
        if package.origin == Origin::FirstParty || package.evidence == "pypi/direct-url" {
            continue;
        }
        package.paths.retain(|path| !moot.contains(path));
        if !package.paths.is_empty() {
            remaining.push(package);
        }
    }
    remaining
}

/// The lockfiles and manifests whose packages are known by something better: one name in common, below the file's folder or
/// where module resolution looks from there. A manifest also yields to a lockfile.
fn moot(named: &[Package], known: &[Package], included: &Included) -> HashSet<EntryPath> {
    // Where each name is installed, and where each name is locked.
    let mut installed: HashMap<Name, HashSet<&str>> = HashMap::new();
    let mut locked: HashMap<Name, HashSet<&str>> = HashMap::new();
    // Which file speaks of each name, by the folder it speaks of.
    let mut files: HashMap<Name, HashMap<&str, Vec<&EntryPath>>> = HashMap::new();
    for package in named {
        for path in &package.paths {
            let by_scope = files.entry(name(package)).or_default();
            for scope in included.scopes(path).chain([scope(path)]) {
                by_scope.entry(scope).or_default().push(path);
            }
            if package.relation == Relation::Locked {
                locked.entry(name(package)).or_default().insert(scope(path));
            }
        }
    }
    let mut moot = HashSet::new();
    for package in known.iter().filter(|package| package.relation.is_inside() && package.relation != Relation::Vendored) {
        let name = name(package);
        for path in &package.paths {
            if let Some(by_scope) = files.get_mut(&name) {
                // Below the file's folder. What is found once need not be found again.
                for folder in upwards(path.folder()) {
                    moot.extend(by_scope.remove(folder).into_iter().flatten().cloned());
                }
            }
            installed.entry(name.clone()).or_default().insert(home(package.ecosystem, path));
        }
    }
    for package in named {
        let name = name(package);
        let (installed, locked) = (installed.get(&name), locked.get(&name));
        let locked = locked.filter(|_| package.relation == Relation::Declared);
        if installed.is_none() && locked.is_none() {
            continue;
        }
        let is_known =
            |folder: &str| installed.is_some_and(|homes| homes.contains(folder)) || locked.is_some_and(|homes| homes.contains(folder));
        for path in package.paths.iter().filter(|path| included.scopes(path).chain([scope(path)]).flat_map(upwards).any(is_known)) {
            moot.insert(path.clone());
        }
    }
    moot
}

/// The folder whose code finds an installed package: it and everything below it.
pub(super) fn home(ecosystem: Ecosystem, path: &EntryPath) -> &str {
    // `NODE_PATH` and `sys.path` have the layers' folders in every process of the function.
    if path.is_in(LAYERS) && ecosystem != Ecosystem::CratesIo {
        return "";
    }
    match ecosystem {
        Ecosystem::Npm => {
            let above = path.as_str().find("node_modules/").map_or(path.folder(), |at| path.as_str()[..at].trim_end_matches('/'));
            // yarn's Plug'n'Play resolves for the whole project from `.yarn/cache` and `.yarn/unplugged`.
            above.strip_prefix(".yarn/").map_or_else(|| above.split_once("/.yarn/").map_or(above, |(project, _)| project), |_| "")
        }
        Ecosystem::PyPi => {
            let base = base(path.as_str()).unwrap_or(path.folder());
            // An interpreter's own folder serves the whole file system it is part of.
            let top = base.rfind("!/").map_or("", |at| &base[..=at]);
            if base.contains("/lib/python") || base.starts_with("lib/python") { top } else { base }
        }
        Ecosystem::CratesIo => path.folder(),
    }
}

/// Drops declarations without a version of what is known with one.
fn unversioned(packages: &mut Vec<Package>) {
    let versioned: HashSet<Name> = packages.iter().filter(|package| package.version.is_some()).map(name).collect();
    packages.retain(|package| package.relation != Relation::Declared || package.version.is_some() || !versioned.contains(&name(package)));
}

/// Takes back `lockfile-unread` where packages are installed below the lockfile's folder.
fn quiet_unread(inventory: &mut Inventory) {
    if !inventory.problems.iter().any(|problem| problem.kind == LOCKFILE_UNREAD.id) {
        return;
    }
    let owners = Owners::new(&inventory.claims);
    let installed = inventory.packages.iter().filter(|package| package.relation == Relation::Installed).flat_map(|package| &package.paths);
    let served: HashSet<&str> = installed.flat_map(|path| upwards(path.folder())).collect();
    inventory.problems.retain(|problem| {
        let path = problem.path.as_ref().filter(|_| problem.kind == LOCKFILE_UNREAD.id);
        path.is_none_or(|path| !owners.owns(path) && !served.contains(path.folder()))
    });
}
