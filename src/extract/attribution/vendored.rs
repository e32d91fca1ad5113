//! Vendored copies: distributions that lie inside another one, known by a list of them or by what their own code says.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::import_package::VERSION_LITERAL;
use crate::extract::owner::{Owners, ancestors};
use crate::extract::pypi::{Known, VENDOR_LIST, base, is_copies, version_rank};
use crate::model::{Ecosystem, EntryPath, Inventory, Package, Relation, Trace};

/// Drops from the lists of copies what is not there, and adds the copies that no list has and whose code states a version.
pub(super) fn settle(inventory: &mut Inventory, traces: &[Trace]) {
    listed(inventory);
    stated(inventory, traces);
}

/// The distributions that have metadata, each where it lies.
pub(super) struct Installed(HashSet<(String, String)>);

impl Installed {
    pub(super) fn new(inventory: &Inventory) -> Self {
        let installed = inventory
            .packages
            .iter()
            .filter(|package| package.ecosystem == Ecosystem::PyPi && matches!(package.relation, Relation::Installed | Relation::Vendored))
            .filter(|package| !super::stripped::is_built(package));
        let places = installed.flat_map(|package| package.paths.iter().map(move |path| (path, package)));
        let place = |path: &'_ EntryPath, package: &Package| {
            let listed = || (package.evidence == VENDOR_LIST).then(|| path.folder());
            Some((base(path.as_str()).or_else(listed)?.to_owned(), Ecosystem::PyPi.folded(&package.name)))
        };
        Self(places.filter_map(|(path, package)| place(path, package)).collect())
    }

    pub(super) fn speaks_for(&self, base: &str, distribution: &str) -> bool {
        self.0.contains(&(base.to_owned(), distribution.to_owned()))
    }
}

/// Keeps of the listed copies those whose code lies beside the list, in a package that is installed.
fn listed(inventory: &mut Inventory) {
    let is_listed = |package: &Package| package.evidence == VENDOR_LIST;
    let mut tops: HashMap<String, HashSet<String>> = HashMap::new();
    for path in inventory.packages.iter().filter(|package| is_listed(package)).flat_map(|package| &package.paths) {
        tops.entry(path.folder().to_owned()).or_default();
    }
    if tops.is_empty() {
        return;
    }
    for file in &inventory.files {
        for folder in ancestors(file.path.as_str()) {
            let Some(tops) = tops.get_mut(folder) else { continue };
            let rest = file.path.as_str().get(folder.len() + 1..).unwrap_or_default();
            let top = rest.split('/').next().unwrap_or(rest);
            let import = top.strip_suffix(".py").unwrap_or(top);
            // The names of the distributions that may have brought it.
            if tops.insert(Ecosystem::PyPi.folded(import)) {
                tops.extend(Known::exactly(import).into_iter().flat_map(Known::distributions));
            }
        }
    }
    let owners = Owners::new(&inventory.claims);
    let is_there = |package: &Package, path: &EntryPath| {
        owners.owns(path) && tops.get(path.folder()).is_some_and(|tops| tops.contains(&Ecosystem::PyPi.folded(&package.name)))
    };
    inventory.packages.retain(|package| !is_listed(package) || package.paths.iter().any(|path| is_there(package, path)));
}

/// Lists the copies inside other packages whose code states their version, where nothing better does.
fn stated(inventory: &mut Inventory, traces: &[Trace]) {
    let owners = Owners::new(&inventory.claims);
    let installed = Installed::new(inventory);
    let mut copies: BTreeMap<(String, String), (usize, Package)> = BTreeMap::new();
    for trace in traces.iter().filter(|trace| owners.owns(&trace.path)) {
        let Some(version) = &trace.version else { continue };
        let Some(folder) = ancestors(trace.path.as_str()).find(|folder| is_copies(folder) && !folder.ends_with("/lib")) else { continue };
        let Some((known, _)) = Known::of(&trace.path.as_str()[folder.len() + 1..]).filter(|(known, _)| known.is_certain()) else {
            continue;
        };
        let Some(name) = known.distributions().next() else { continue };
        if known.distributions().any(|name| installed.speaks_for(folder, &name)) {
            continue;
        }
        let rank = version_rank(&trace.path).unwrap_or(usize::MAX);
        let package = Package::new(Ecosystem::PyPi, &name, Some(version), Relation::Vendored, &trace.path, VERSION_LITERAL);
        let copy = copies.entry((folder.to_owned(), name)).or_insert_with(|| (rank, package.clone()));
        if rank < copy.0 {
            *copy = (rank, package);
        }
    }
    inventory.packages.extend(copies.into_values().map(|(_, package)| package));
}
