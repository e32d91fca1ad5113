//! Stripped packages: code that lies where packages are installed and whose metadata is gone.

use std::collections::{BTreeMap, HashSet};

use super::import_package::IMPORT_NAME;
use crate::extract::npm::{Place, package_root, place};
use crate::extract::owner::Owners;
use crate::extract::problem::PACKAGE_UNATTRIBUTED;
use crate::extract::system::System;
use crate::model::{Ecosystem, EntryPath, Inventory, Origin, Package, Problem, Relation, owner};

/// What is said of code without metadata.
pub(super) const STRIPPED: &str =
    "installed code without the metadata that names its package and version: keep it in the artifact, or give `--lock FILE`";

/// Evidence that is the name of a folder in `node_modules`, and no more.
const FOLDER_NAME: &str = "npm/folder-name";

/// Whether metadata is what a build in a source tree leaves: it says nothing of what was installed.
pub(super) fn is_built(package: &Package) -> bool {
    package.origin == Origin::FirstParty && package.evidence == "pypi/egg-info"
}

/// The claims of what was installed.
pub(super) fn installed_owners(inventory: &Inventory) -> Owners<'_> {
    let built = inventory.packages.iter().filter(|package| is_built(package)).flat_map(|package| &package.paths);
    let built: HashSet<&str> = built.map(|path| owner(path.as_str())).collect();
    Owners::new(inventory.claims.iter().filter(|claim| !built.contains(&*claim.owner)))
}

/// Whether a file of a package is one that nothing runs: its licence, its types.
fn is_prose(path: &EntryPath) -> bool {
    let name = path.file_name();
    let is_word = !name.contains('.') && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-'));
    let is_hidden = name.starts_with('.') && !matches!(path.extension(), "js" | "cjs" | "mjs" | "node" | "wasm");
    is_word || is_hidden || [".d.ts", ".d.mts", ".d.cts"].iter().any(|end| name.ends_with(end))
}

/// Names the folders of `node_modules` that no metadata speaks for, and the installed packages without a version.
pub(super) fn settle(inventory: &mut Inventory) {
    let owners = installed_owners(inventory);
    let system = System::new(&inventory.system);
    let ours: HashSet<&str> = inventory
        .packages
        .iter()
        .filter(|package| package.relation == Relation::Installed)
        .flat_map(|package| &package.paths)
        .map(EntryPath::folder)
        .collect();
    let mut stripped: BTreeMap<EntryPath, u64> = BTreeMap::new();
    for file in &inventory.files {
        let code = match file.path.extension() {
            "js" | "cjs" | "mjs" | "node" | "wasm" if system.is_module(&file.path) => None,
            "js" | "cjs" | "mjs" | "node" | "wasm" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "es" | "es6" | "" if !is_prose(&file.path) => {
                match package_root(file.path.as_str()) {
                    Some((root, _)) => Some(root).filter(|root| !owners.claims(root) && !ours.contains(root)),
                    // `node_modules/a.js` is what `require('a')` finds as well as a folder of that name.
                    None => Some(file.path.as_str()).filter(|_| matches!(place(file.path.folder()), Place::Modules | Place::Scope)),
                }
            }
            _ => None,
        };
        if let Some(root) = code.and_then(|root| file.path.prefix(root.len())) {
            *stripped.entry(root).or_default() += file.size;
        }
    }
    // Its folder has a package's name: that is what `require` finds there.
    let named = stripped.keys().filter_map(|root| {
        let folder = Some(root.as_str()).filter(|root| place(root) == Place::Root)?;
        let (_, name) = folder.rsplit_once("node_modules/")?;
        let mut package = Package::new(Ecosystem::Npm, name, None, Relation::Installed, root, FOLDER_NAME);
        package.place = folder.into();
        Some(package)
    });
    let named: Vec<Package> = named.collect();
    inventory.packages.extend(named);
    let problems = stripped.into_iter().map(|(root, bytes)| Problem::at(&PACKAGE_UNATTRIBUTED, &root, STRIPPED).bytes(bytes));
    inventory.problems.extend(problems);
    let versionless = inventory
        .packages
        .iter()
        .filter(|package| package.relation == Relation::Installed && package.version.is_none() && package.origin == Origin::Registry)
        // Those are named with their code.
        .filter(|package| ![IMPORT_NAME, FOLDER_NAME].contains(&package.evidence))
        .flat_map(|package| &package.paths)
        .map(|path| Problem::at(&PACKAGE_UNATTRIBUTED, path, "an installed package whose metadata has no version"));
    let versionless: Vec<Problem> = versionless.collect();
    inventory.problems.extend(versionless);
}
