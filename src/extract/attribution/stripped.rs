//! Stripped packages: code that lies where packages are installed and whose metadata is gone.

use std::collections::{BTreeMap, HashSet};

use crate::extract::npm::{Place, package_root, place};
use crate::extract::owner::Owners;
use crate::extract::problem::PACKAGE_UNATTRIBUTED;
use crate::extract::pypi::{Standing, distribution, standing};
use crate::model::{Ecosystem, EntryPath, Inventory, Origin, Problem, Relation};

/// Names the folders of `node_modules` and the import packages of `site-packages` that no metadata speaks for, and the
/// installed packages without a version.
pub(super) fn settle(inventory: &mut Inventory) {
    let owners = Owners::new(&inventory.claims);
    let ours: HashSet<&str> = inventory
        .packages
        .iter()
        .filter(|package| package.relation == Relation::Installed)
        .flat_map(|package| &package.paths)
        .map(EntryPath::folder)
        .collect();
    let installed: HashSet<String> = inventory
        .packages
        .iter()
        .filter(|package| package.ecosystem == Ecosystem::PyPi && package.relation == Relation::Installed)
        .map(|package| Ecosystem::PyPi.folded(&package.name))
        .collect();
    let mut stripped: BTreeMap<EntryPath, u64> = BTreeMap::new();
    for file in &inventory.files {
        let code = match file.path.extension() {
            "js" | "cjs" | "mjs" | "node" | "wasm" => match package_root(file.path.as_str()) {
                Some((root, _)) => Some(root).filter(|root| !owners.claims(root) && !ours.contains(root)),
                // `node_modules/a.js` is what `require('a')` finds as well as a folder of that name.
                None => Some(file.path.as_str()).filter(|_| matches!(place(file.path.folder()), Place::Modules | Place::Scope)),
            },
            "py" | "pyc" | "so" | "pyd" => import_package(&file.path)
                .filter(|(_, name)| !owners.owns(&file.path) && !distribution(name).is_some_and(|name| installed.contains(name)))
                .map(|(root, _)| root),
            _ => None,
        };
        if let Some(root) = code.and_then(|root| file.path.prefix(root.len())) {
            *stripped.entry(root).or_default() += file.size;
        }
    }
    let problems = stripped.into_iter().map(|(root, bytes)| {
        Problem::at(
            &PACKAGE_UNATTRIBUTED,
            &root,
            "installed code without the metadata that names its package and version: keep it in the artifact, or give `--lock FILE`",
        )
        .bytes(bytes)
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

/// The import package that a file without an owner belongs to, where it can only be an installed one: anything in
/// `site-packages`, and a well-known name where an interpreter looks or projects keep copies.
fn import_package(path: &EntryPath) -> Option<(&str, &str)> {
    let text = path.as_str();
    let site = ["site-packages/", "dist-packages/"].iter().filter_map(|folder| text.rfind(folder).map(|at| at + folder.len())).max();
    if let Some(at) = site {
        let first = text.get(at..)?.split('/').next()?;
        let is_installer = first.starts_with("__") || matches!(first, "_virtualenv.py" | "sitecustomize.py" | "usercustomize.py" | "bin");
        let is_metadata = first.ends_with(".dist-info") || first.ends_with(".egg-info") || first.ends_with(".egg");
        let name = first.split('.').next().unwrap_or(first);
        return (!is_installer && !is_metadata).then(|| (&text[..at + first.len()], name));
    }
    // `requests/__init__.py` and `six.py`: the package's own first file stands for all of it.
    let top = text.strip_suffix("/__init__.py").or_else(|| text.strip_suffix("/__init__.pyc")).unwrap_or(text);
    let (base, last) = top.rsplit_once('/').unwrap_or(("", top));
    let name = last.strip_suffix(".py").unwrap_or(last);
    let is_copied = matches!(base.rsplit('/').next(), Some("vendor" | "vendored" | "lib" | "libs" | "deps"));
    let is_reachable = standing(base) == Standing::Root || is_copied;
    (is_reachable && distribution(name).is_some()).then_some((top, name))
}
