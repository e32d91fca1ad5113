//! Members: npm packages that are folders of the artifact's own tree, told from those that a registry served.

use std::collections::HashSet;

use crate::extract::npm::{Place, package_root, place};
use crate::model::{Ecosystem, EntryPath, File, Inventory, Origin, Package, Relation};

/// The manifests of installed packages that are, byte for byte, one of the artifact's own tree: a packer that follows links
/// copies a member of a workspace into `node_modules`. One that is no file itself is there by such a link.
pub(super) fn copies(files: &[File], packages: &[Package]) -> HashSet<EntryPath> {
    let mut open: HashSet<&EntryPath> =
        packages.iter().filter(|package| is_installed(package)).flat_map(|package| &package.paths).collect();
    let manifests: Vec<&File> = files.iter().filter(|file| file.path.file_name() == "package.json").collect();
    let is_own = |file: &&&File| !file.sha256.is_empty() && place(file.path.folder()) == Place::Tree;
    let own: HashSet<&str> = manifests.iter().filter(is_own).map(|file| file.sha256.as_str()).collect();
    for file in manifests.into_iter().filter(|file| !own.contains(file.sha256.as_str())) {
        open.remove(&file.path);
    }
    // A copy is one of every file: a manifest alone is soon written.
    let tree: HashSet<&str> =
        files.iter().filter(|file| place(file.path.folder()) == Place::Tree).map(|file| file.sha256.as_str()).collect();
    let foreign = files.iter().filter(|file| !tree.contains(file.sha256.as_str()));
    let foreign: HashSet<&str> = foreign.filter_map(|file| Some(package_root(file.path.as_str())?.0)).collect();
    open.into_iter().filter(|path| !foreign.contains(path.folder())).cloned().collect()
}

/// Says first-party of a member without a version, and drops placeholders: where a package is for another platform, yarn's
/// pnpm linker leaves a folder with nothing but `{"name": .., "mocked": true}` (yarnpkg/berry, plugin-pnpm).
pub(super) fn settle(inventory: &mut Inventory) {
    if !inventory.packages.iter().any(is_open) {
        return;
    }
    let copies = copies(&inventory.files, &inventory.packages);
    let shown: HashSet<&EntryPath> = inventory.files.iter().map(|file| &file.path).collect();
    let open = inventory.packages.iter().filter(|package| is_open(package)).flat_map(|package| &package.paths);
    let mut bare: HashSet<&str> = open.filter(|path| shown.contains(path)).map(EntryPath::folder).collect();
    for (root, rest) in inventory.files.iter().filter_map(|file| package_root(file.path.as_str())) {
        if rest != "package.json" {
            bare.remove(root);
        }
    }
    let bare: HashSet<String> = bare.into_iter().map(str::to_owned).collect();
    inventory.packages.retain_mut(|package| {
        if !is_open(package) {
            return true;
        }
        package.paths.retain(|path| !bare.contains(path.folder()));
        if package.paths.iter().all(|path| copies.contains(path)) {
            package.origin = Origin::FirstParty;
        }
        !package.paths.is_empty()
    });
}

fn is_installed(package: &Package) -> bool {
    package.ecosystem == Ecosystem::Npm && package.relation == Relation::Installed
}

/// Whether a package has no version and nothing yet says why.
fn is_open(package: &Package) -> bool {
    is_installed(package) && package.version.is_none() && matches!(package.origin, Origin::Registry | Origin::Private)
}
