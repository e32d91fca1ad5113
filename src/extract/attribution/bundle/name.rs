//! Names: every package of a bundle once for each place, with the strongest evidence for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bundle, TREE};
use crate::extract::shift::{may_be, parted};
use crate::model::{BundleTrace, Bundled};

/// Bundlers of which modules are in the bundles they make.
const BUNDLERS: [&str; 4] = ["webpack", "browser-pack", "@parcel/runtime-js", "@parcel/transformer-js"];

impl Bundle {
    /// Every package that stands in the bundle, with the strongest evidence for it. Where something lists all of them, the rest
    /// adds versions only.
    pub(super) fn named(&self, whole: Option<&BundleTrace>) -> Vec<(&'static str, Bundled)> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        // What a tree has under a name may be another copy than the one that is named.
        for package in self.traces.iter().filter(|trace| trace.evidence != TREE).flat_map(|trace| &trace.packages) {
            versions.entry(&package.name).or_default().extend(package.version.as_deref());
        }
        let mut named: Vec<(&'static str, Bundled)> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        // What the code itself names is there, whatever lists the rest.
        let is_code = |trace: &&BundleTrace| !["npm/version-literal", TREE].contains(&trace.evidence) && trace.source == self.code.path;
        let chosen: Vec<&BundleTrace> = match whole {
            Some(whole) => {
                let is_more = |trace: &&BundleTrace| {
                    is_code(trace) || trace.evidence == TREE && (whole.evidence == "npm/source-map" || !whole.strange.is_empty())
                };
                std::iter::once(whole).chain(self.traces.iter().filter(is_more)).collect()
            }
            None => self.traces.iter().collect(),
        };
        for trace in chosen {
            let mut packages = trace.packages.clone();
            locate(&mut packages);
            if trace.evidence == TREE {
                complete(&mut named, &packages, whole.is_some());
                // A package's own map may lead out of the package, and then it looks like the function's own.
                if whole.is_some_and(|whole| whole.strange.is_empty()) {
                    let likely = trace.tree.as_ref().map_or(&[][..], |tree| &tree.likely);
                    packages.retain(|package| likely.contains(&package.name));
                }
            }
            let fresh: Vec<Bundled> = packages.into_iter().filter(|package| !seen.contains(&package.name)).collect();
            seen.extend(fresh.iter().map(|package| package.name.clone()));
            named.extend(fresh.into_iter().map(|package| (trace.evidence, package)));
        }
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        named.iter().for_each(|(_, package)| *times.entry(package.name.clone()).or_default() += 1);
        for (_, package) in named.iter_mut().filter(|(_, package)| package.version.is_none() && times.get(&package.name) == Some(&1)) {
            let known = versions.get(package.name.as_str()).filter(|known| known.len() == 1);
            package.version = known.and_then(BTreeSet::first).map(|version| (*version).to_owned());
        }
        named
    }
}

/// Puts what a build tree has under the names that other evidence names without a version: each of its places.
fn complete(named: &mut Vec<(&'static str, Bundled)>, tree: &[Bundled], is_whole: bool) {
    let mut open: BTreeMap<&str, bool> = BTreeMap::new();
    for (_, package) in named.iter() {
        *open.entry(&package.name).or_insert(true) &= package.version.is_none();
    }
    let open: BTreeSet<String> = open.into_iter().filter(|(_, open)| *open).map(|(name, _)| name.to_owned()).collect();
    for name in &open {
        let same: Vec<&Bundled> = tree.iter().filter(|package| package.name == *name).collect();
        let is_its = |package: &Bundled| package.name == *name;
        let told: Vec<&Bundled> = named.iter().map(|(_, package)| package).filter(|package| is_its(package)).collect();
        // A place that the tree does not have there speaks of another copy.
        let is_known = |told: &&Bundled| told.place.is_empty() || same.iter().any(|package| may_be(&package.place, &told.place));
        // What lists every package has no other places than those it gives.
        if same.is_empty() || !told.iter().all(is_known) || is_whole && told.iter().any(|told| !told.place.is_empty()) {
            continue;
        }
        let bytes = told.iter().map(|package| package.bytes).fold(0, u64::saturating_add);
        let evidence = named.iter().find(|(_, package)| is_its(package)).map_or(TREE, |(evidence, _)| evidence);
        let each = bytes / same.len() as u64;
        let same: Vec<_> =
            same.into_iter().map(|package| (evidence, Bundled { bytes: package.bytes.max(each), ..package.clone() })).collect();
        named.retain(|(_, package)| !is_its(package));
        named.extend(same);
    }
}

/// Turns places as the bundler saw them into places seen from a folder of the project. Where the bundler ran in a folder of the project
/// and took packages from several, a place says nothing certain, and the name alone is left.
pub(super) fn locate(packages: &mut [Bundled]) {
    // Some bundlers put modules of their own into bundles, from wherever they are installed.
    let is_located = |package: &&Bundled| package.place.contains("node_modules/") && !BUNDLERS.contains(&package.name.as_str());
    let prefixes: BTreeSet<String> = packages.iter().filter(is_located).map(|package| parted(&package.place).0.to_owned()).collect();
    // The folder of the project, where all others lie in it.
    let is_root =
        |root: &&String| prefixes.iter().all(|prefix| prefix.strip_prefix(root.as_str()).is_some_and(|rest| !rest.starts_with("..")));
    let root = prefixes.iter().find(is_root);
    let is_outside = |prefix: &String| prefix.starts_with("..") || prefix.starts_with('/') || prefix.contains(':');
    // Of the way to the project, what leads up says nothing; the folder's own name may be that of a workspace.
    let folder = root.map(|root| root.rsplit_once("../").map_or(root.as_str(), |(_, folder)| folder).trim_start_matches('/').to_owned());
    for package in packages.iter_mut().filter(|package| package.place.contains("node_modules/")) {
        match root.and_then(|root| package.place.strip_prefix(root.as_str())) {
            Some(place) => package.place = format!("{}{place}", folder.as_deref().unwrap_or_default()),
            None if root.is_some() || prefixes.iter().any(is_outside) => package.place.clear(),
            None => {}
        }
    }
}
