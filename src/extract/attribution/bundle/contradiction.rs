//! Contradiction: evidence that is not of this bundle, and evidence that accounts for too little of it.

use std::collections::{BTreeSet, HashSet};

use super::name::locate;
use super::{Bundle, Found, TREE};
use crate::extract::problem::BUNDLE_CONTRADICTED;
use crate::model::{Absence, BundleTrace, Bundled, EntryPath, Problem, TreeFacts};

/// The share of a bundle, in percent, that a map may leave out: the bundler's own runtime, and the rest of each line behind its
/// last mapping. Of a small bundle the runtime may be as much as half.
const MOST_UNMAPPED: u64 = 40;
const MOST_UNMAPPED_MINIFIED: u64 = 10;
const RUNTIME: u64 = 2048;
/// One in so many packages that the code names may be left out of a list.
const MOST_LEFT_OUT: usize = 5;
/// Bytes of texts that a bundler and its plugins put into code on their own.
const SLACK: u64 = 2048;
/// Bytes that are listed for a package before all of it must not be gone.
const LEAST_LISTED: u64 = 4096;

impl Bundle {
    /// Takes out what is not of this bundle: another size, a list without the packages that the code names, sources that the code was
    /// not made of, or another list than the build tree proves.
    pub(super) fn contradicted(&mut self, absences: &[Absence], found: &mut Found) {
        let size = self.code.size;
        // Of several trees, the one that it was most likely made from speaks.
        let tree = self.traces.iter().filter_map(|trace| trace.tree.as_ref()).min_by_key(|tree| tree.unknown_bytes).cloned();
        let absent: HashSet<(&str, &str)> = absences
            .iter()
            .filter(|absence| absence.bundle == self.code.path)
            .map(|absence| (absence.place.as_str(), absence.purl.as_str()))
            .collect();
        // A manifest that stands in the code may have been put there without any code of its package.
        let is_spoken = |trace: &&BundleTrace| {
            trace.source == self.code.path && !["npm/source-map", "npm/version-literal", TREE].contains(&trace.evidence)
        };
        let spoken: BTreeSet<String> = self.traces.iter().filter(is_spoken).flat_map(names).collect();
        let sized: HashSet<EntryPath> =
            self.traces.iter().filter(|trace| trace.size == Some(size)).map(|trace| trace.source.clone()).collect();
        let mut standing = Vec::with_capacity(self.traces.len());
        for trace in self.traces.clone() {
            let is_beside = trace.source != self.code.path || trace.evidence == "npm/source-map";
            // A map may leave out a few: those of JSON, and those that a package's own map has led elsewhere. They are named all the same.
            let unlisted = || {
                let listed: BTreeSet<String> = names(&trace).collect();
                let mut unlisted = spoken.iter().filter(|name| !listed.contains(*name));
                let first = unlisted.next()?;
                ((unlisted.count() + 1) * MOST_LEFT_OUT > spoken.len()).then(|| first.clone())
            };
            // Of several outputs of one name, one may be this one.
            let is_other = |told: &u64| *told != size;
            if trace.size.as_ref().is_some_and(is_other) && sized.contains(&trace.source) {
                continue;
            }
            let fault = match trace.size.filter(is_other) {
                Some(told) => Some(format!("it is of a bundle of {told} bytes, and this one has {size}")),
                None if !trace.whole => None,
                None => unlisted()
                    .filter(|_| is_beside)
                    .map(|name| format!("it does not list `{name}`, which the bundle's own code names"))
                    .or_else(|| self.foreign(&trace))
                    .or_else(|| tree.as_ref().and_then(|tree| self.otherwise(&trace, tree, &absent))),
            };
            match fault {
                Some(fault) => {
                    let what = match trace.evidence {
                        _ if trace.source != self.code.path => trace.source.as_str(),
                        "npm/source-map" => "the map inside it",
                        _ => "what its own comments and keys say",
                    };
                    // What it lists may be there all the same.
                    found.listed.extend(names(&trace).map(|name| (self.code.path.clone(), name)));
                    let message = format!("{what} is not believed: {fault}");
                    found.problems.push(Problem::at(&BUNDLE_CONTRADICTED, &self.code.path, message));
                }
                None => standing.push(trace),
            }
        }
        self.traces = standing;
    }

    /// What speaks against a map's sources: more text in the code that stands in none of them than code that it leaves to the function
    /// or to nobody.
    fn foreign(&self, map: &BundleTrace) -> Option<String> {
        let sources = map.texts.as_ref()?;
        let unknown = self.code.texts.iter().filter(|(text, _)| sources.binary_search(text).is_err());
        let unknown = unknown.map(|(_, length)| *length as u64).fold(0, u64::saturating_add);
        self.is_too_much(unknown, map).then(|| format!("{unknown} bytes of texts in the code stand in none of its sources"))
    }

    /// Whether so much text cannot lie in what a list gives to no package.
    fn is_too_much(&self, unknown: u64, trace: &BundleTrace) -> bool {
        unknown > self.left_by(trace).saturating_add(SLACK.max(self.code.code / 100))
    }

    /// Bytes of the code that a list gives to no package.
    fn left_by(&self, trace: &BundleTrace) -> u64 {
        let listed = trace.packages.iter().map(|package| package.bytes).fold(0, u64::saturating_add);
        self.code.code.saturating_sub(listed)
    }

    /// What a build tree has to say against a list of packages.
    fn otherwise(&self, trace: &BundleTrace, tree: &TreeFacts, absent: &HashSet<(&str, &str)>) -> Option<String> {
        let mut listed = trace.packages.clone();
        locate(&mut listed);
        let seen = self.seen(&listed);
        let is_listed = |(name, place): &&(String, String)| {
            let is_copy = |package: &Bundled| package.place.is_empty() || place.is_empty() || seen.is_one(&package.place, place);
            // At the place that the tree has it at, it may have another name: an alias.
            listed.iter().any(|package| package.name == *name && is_copy(package) || seen.is_one(&package.place, place))
        };
        if let Some((name, _)) = tree.proven.iter().find(|proven| trace.strange.is_empty() && !is_listed(proven)) {
            return Some(format!("it does not list `{name}`, whose code the build's own modules show to be there"));
        }
        let is_counted = trace.exact || trace.source == self.code.path;
        let trees = || self.traces.iter().filter(|trace| trace.evidence == TREE).flat_map(|trace| &trace.packages);
        let is_gone = |package: &&Bundled| {
            let is_there = |place: &str| seen.is_one(&package.place, place);
            is_counted
                && package.bytes >= LEAST_LISTED
                && absent.iter().any(|(place, _)| is_there(place))
                && !trees().any(|inside| is_there(&inside.place))
        };
        if let Some(package) = listed.iter().find(is_gone) {
            let Bundled { name, bytes, .. } = package;
            return Some(format!("it lists {bytes} bytes of `{name}`, and nothing of that package in the build's own modules is there"));
        }
        let (unknown, left) = (tree.unknown_bytes, self.left_by(trace));
        (is_counted && self.is_too_much(unknown, trace)).then(|| {
            format!("{unknown} bytes of texts in the code are in none of the build's own modules, and it leaves {left} bytes to no package")
        })
    }

    /// Whether evidence that claims to account for everything accounts for enough.
    pub(super) fn covers(&self, trace: &BundleTrace) -> bool {
        let size = self.code.code;
        let strange = trace.strange.iter().map(|(_, bytes)| *bytes);
        let mapped = trace.packages.iter().map(|package| package.bytes).chain(strange).fold(trace.own, u64::saturating_add);
        match trace.evidence {
            // No more can be mapped than there is.
            "npm/source-map" | "npm/metafile" if mapped > self.code.size.saturating_add(self.code.size / 20) => return false,
            // Statistics count the sources, which are longer than what was made of them.
            "npm/source-map" | "npm/metafile" | "npm/webpack-stats" => {}
            _ => return true,
        }
        let most = if self.code.minified { MOST_UNMAPPED_MINIFIED } else { MOST_UNMAPPED };
        size.saturating_sub(mapped) <= (size.saturating_mul(most) / 100).max(RUNTIME.min(size / 2))
    }
}

fn names(trace: &BundleTrace) -> impl Iterator<Item = String> + '_ {
    trace.packages.iter().map(|package| package.name.clone())
}
