//! Stripped packages: code that lies where packages are installed and whose metadata is gone.

use std::collections::BTreeMap;

use crate::extract::npm::package_root;
use crate::extract::owner::Owners;
use crate::extract::problem::PACKAGE_UNATTRIBUTED;
use crate::model::{EntryPath, Inventory, Origin, Problem, Relation};

/// Names the folders of `node_modules` and the import packages of `site-packages` that no metadata speaks for, and the
/// installed packages without a version.
pub(super) fn settle(inventory: &mut Inventory) {
    let owners = Owners::new(&inventory.claims);
    let ours: std::collections::HashSet<&str> = inventory
        .packages
        .iter()
        .filter(|package| package.relation == Relation::Installed)
        .flat_map(|package| &package.paths)
        .map(EntryPath::folder)
        .collect();
    let mut stripped: BTreeMap<String, u64> = BTreeMap::new();
    for file in &inventory.files {
        let code = match file.path.extension() {
            "js" | "cjs" | "mjs" | "node" | "wasm" => {
                package_root(file.path.as_str()).map(|(root, _)| root).filter(|root| !owners.claims(root) && !ours.contains(root))
            }
            "py" | "pyc" | "so" | "pyd" => import_package(&file.path).filter(|_| !owners.owns(&file.path)),
            _ => None,
        };
        if let Some(root) = code {
            *stripped.entry(root.to_owned()).or_default() += file.size;
        }
    }
    let problems = stripped.into_iter().filter_map(|(root, bytes)| {
        let path = EntryPath::new(&root).ok()?;
        Some(
            Problem::at(&PACKAGE_UNATTRIBUTED, &path, "installed code without the metadata that names its package and version")
                .bytes(bytes),
        )
    });
    inventory.problems.extend(problems);
    let versionless = inventory
        .packages
        .iter()
        .filter(|package| package.relation == Relation::Installed && package.version.is_none() && package.origin == Origin::Registry)
        .flat_map(|package| &package.paths)
        .map(|path| Problem::at(&PACKAGE_UNATTRIBUTED, path, "an installed package whose metadata has no version"));
    let versionless: Vec<Problem> = versionless.collect();
    inventory.problems.extend(versionless);
}

/// The import package of `site-packages` that a file belongs to: the first component below it. Files beside the import
/// packages that installers and virtual environments write themselves are none.
fn import_package(path: &EntryPath) -> Option<&str> {
    let text = path.as_str();
    let at = ["site-packages/", "dist-packages/"].iter().filter_map(|folder| text.rfind(folder).map(|at| at + folder.len())).max()?;
    let rest = text.get(at..)?;
    let first = rest.split('/').next()?;
    let is_installer =
        first.starts_with("__") || matches!(first, "_virtualenv.py" | "sitecustomize.py" | "usercustomize.py" | "_distutils_hack" | "bin");
    let is_metadata = first.ends_with(".dist-info") || first.ends_with(".egg-info") || first.ends_with(".egg");
    (!is_installer && !is_metadata).then(|| &text[..at + first.len()])
}
