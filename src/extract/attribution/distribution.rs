//! Distributions: which Python metadata is that of something installed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::extract::npm::package_root;
use crate::extract::owner::{Owners, ancestors};
use crate::extract::problem::MANIFEST_MALFORMED;
use crate::extract::pypi::{FIXTURES, Standing, base, import_claims, name_and_version, standing};
use crate::model::{Claim, Ecosystem, EntryPath, Inventory, Package, Relation, owner};

/// Adds the distributions whose metadata file is gone, drops the ones that are fixtures, marks vendored copies, claims what a
/// distribution's name stands for, and takes back the claims of metadata that is no distribution's: nobody judges what it lists.
pub(super) fn settle(inventory: &mut Inventory) {
    let nameless = nameless(inventory);
    inventory.packages.extend(nameless);

    let owners = Owners::new(&inventory.claims);
    let confirmed = confirmed(inventory, &owners);
    let verdict = |path: &EntryPath| verdict(path, &owners, &confirmed);
    let mut packages = Vec::with_capacity(inventory.packages.len());
    let mut claims = Vec::new();
    for mut package in std::mem::take(&mut inventory.packages) {
        if package.relation == Relation::Installed {
            let path = package.paths.first();
            match package.ecosystem {
                Ecosystem::PyPi => match path.and_then(verdict) {
                    None => continue,
                    Some(relation) => package.relation = relation,
                },
                Ecosystem::Npm if path.is_some_and(|path| is_inside_distribution(path, &owners)) => package.relation = Relation::Vendored,
                _ => {}
            }
        }
        if package.ecosystem == Ecosystem::PyPi && package.relation == Relation::Installed {
            claims.extend(package.paths.first().into_iter().flat_map(|path| named(path.as_str(), &package.name)));
        }
        packages.push(package);
    }
    inventory.problems.retain(|problem| {
        let metadata = problem.path.as_ref().filter(|path| problem.kind == MANIFEST_MALFORMED.id && base(path.as_str()).is_some());
        metadata.is_none_or(|path| verdict(path).is_some())
    });
    inventory.packages = packages;
    inventory.claims.append(&mut claims);
    let standing: HashSet<&str> = pypi(&inventory.packages).map(|path| owner(path.as_str())).collect();
    // A package.json claims its own folder, and is a package or a problem.
    inventory.claims.retain(|claim| claim.path == *claim.owner || standing.contains(&*claim.owner));
}

/// The metadata of all Python packages.
fn pypi(packages: &[Package]) -> impl Iterator<Item = &EntryPath> {
    packages.iter().filter(|package| package.ecosystem == Ecosystem::PyPi).flat_map(|package| &package.paths)
}

/// The distributions whose `.dist-info` folder has lost its METADATA: the folder's own name has the name and the version.
fn nameless(inventory: &Inventory) -> Vec<Package> {
    let known: HashSet<&str> = inventory
        .packages
        .iter()
        .filter(|package| package.ecosystem == Ecosystem::PyPi && package.relation == Relation::Installed)
        .flat_map(|package| &package.paths)
        .map(EntryPath::folder)
        .collect();
    let mut unknown: BTreeMap<&str, &EntryPath> = BTreeMap::new();
    for file in &inventory.files {
        let folder = file.path.folder();
        if folder.ends_with(".dist-info") && !known.contains(folder) {
            let first = unknown.entry(folder).or_insert(&file.path);
            *first = (*first).min(&file.path);
        }
    }
    let package = |(folder, path): (&str, &EntryPath)| {
        let (name, version) = name_and_version(folder.rsplit('/').next().unwrap_or(folder))?;
        Some(Package::new(Ecosystem::PyPi, name, Some(version), Relation::Installed, path, "pypi/metadata"))
    };
    unknown.into_iter().filter_map(package).collect()
}

/// The doubtful folders in which files lie that an installation record lists.
fn confirmed(inventory: &Inventory, owners: &Owners<'_>) -> HashSet<String> {
    let doubtful: HashSet<&str> =
        pypi(&inventory.packages).filter_map(|path| base(path.as_str())).filter(|base| standing(base) == Standing::Doubtful).collect();
    let mut confirmed = HashSet::new();
    if doubtful.is_empty() {
        return confirmed;
    }
    let unlisted = unlisted(inventory, &doubtful);
    for file in inventory.files.iter().filter(|file| base(file.path.as_str()).is_none()) {
        let is_module = matches!(file.path.extension(), "py" | "pyc" | "so" | "pyd");
        let (is_owned, folders) = (owners.owns(&file.path), ancestors(file.path.as_str()));
        confirmed.extend(
            folders.filter(|folder| doubtful.contains(folder) && (is_owned || is_module && unlisted.contains(folder))).map(str::to_owned),
        );
    }
    confirmed
}

/// The doubtful folders with metadata that lists no files, as slimming leaves it: there any module beside it is what it may
/// speak of. In a folder of fixtures metadata without a list is one.
fn unlisted<'a>(inventory: &Inventory, doubtful: &HashSet<&'a str>) -> HashSet<&'a str> {
    let lists = |file: &&crate::model::File| matches!(file.path.file_name(), "RECORD" | "installed-files.txt" | "top_level.txt");
    let listed: HashSet<&str> = inventory.files.iter().filter(lists).map(|file| file.path.folder()).collect();
    let bare = pypi(&inventory.packages).filter(|path| !listed.contains(path.folder())).filter_map(|path| base(path.as_str()));
    bare.filter(|base| !base.split('/').any(|component| FIXTURES.contains(&component)))
        .filter_map(|base| doubtful.get(base).copied())
        .collect()
}

/// What the metadata at `path` makes of its distribution; `None` for a fixture.
fn verdict(path: &EntryPath, owners: &Owners<'_>, confirmed: &HashSet<String>) -> Option<Relation> {
    let base = base(path.as_str())?;
    let is_fixture = base.split('/').any(|component| FIXTURES.contains(&component));
    // The top of a source archive is claimed by the distribution itself.
    let is_inside = owners.encloses(base) || !base.ends_with('!') && owners.claims(base) || package_root(path.as_str()).is_some();
    match standing(base) {
        Standing::Vendored => (!is_fixture).then_some(Relation::Vendored),
        Standing::Root if is_inside => (!is_fixture).then_some(Relation::Vendored),
        Standing::Root => Some(Relation::Installed),
        // Where the listed files really lie beside it, even a folder of tests is an installation.
        Standing::Doubtful => (!is_inside && confirmed.contains(base)).then_some(Relation::Installed),
    }
}

/// Whether an installed npm package lies in a Python distribution: then it is a copy inside another package.
fn is_inside_distribution(path: &EntryPath, owners: &Owners<'_>) -> bool {
    let modules = path.as_str().find("node_modules/").unwrap_or(0);
    owners.lists(path) || path.as_str().get(..modules + 1).is_some_and(|above| owners.encloses(above))
}

/// The claims that a distribution's name makes where no list of import names is left.
fn named(path: &str, name: &str) -> Vec<Claim> {
    let Some(base) = base(path) else { return Vec::new() };
    let import = name.replace(['-', '.'], "_");
    let lower = import.to_lowercase();
    let spellings = if lower == import { vec![import] } else { vec![import, lower] };
    let owner: Arc<str> = owner(path).into();
    spellings.iter().flat_map(|name| import_claims(&owner, base, name)).collect()
}
