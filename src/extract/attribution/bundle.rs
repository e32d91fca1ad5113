//! Bundles: which evidence counts, what it names, and what stays unattributed.
//!
//! The ladder: a metafile of this very output, a source map, webpack's statistics, then what the code itself says - module
//! comments, keys, `sourceURL`s - each of which may account for all of a bundle; and licence comments and version literals, which
//! name some packages only. Evidence beside the bundle that leaves out what its own code names is not believed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::scope::upwards;
use crate::extract::owner::Owners;
use crate::extract::problem::{BUNDLE_CONTRADICTED, BUNDLE_UNATTRIBUTED, BUNDLE_VERSIONS_UNKNOWN, MINIFIED_UNATTRIBUTED};
use crate::model::{
    BundleFacts, BundleTrace, Bundled, Code, CodeKind, Ecosystem, EntryPath, File, Inventory, Origin, Package, Problem, Relation, Share,
};

/// Evidence, the strongest first.
const LADDER: [&str; 9] = [
    "npm/metafile",
    "npm/source-map",
    "npm/webpack-stats",
    "npm/path-comment",
    "npm/module-key",
    "npm/source-url",
    "npm/build-tree",
    "npm/licence-comment",
    "npm/version-literal",
];

/// The share of a bundle, in percent, that a map may leave out: the bundler's own runtime, and the rest of each line behind its
/// last mapping. Of a small bundle the runtime may be as much as half.
const MOST_UNMAPPED: u64 = 40;
const MOST_UNMAPPED_MINIFIED: u64 = 10;
const RUNTIME: u64 = 2048;

/// Packages that a bundle can hold; evidence of more is of none.
const MOST_PACKAGES: usize = 20_000;

/// Opens every bundle that no package owns: what is named becomes packages, the rest a problem.
pub(super) fn settle(inventory: &mut Inventory) {
    let owners = Owners::new(&inventory.claims);
    let code = std::mem::take(&mut inventory.code);
    let copies = super::code::copies(code.iter().map(|code| &code.path), &inventory.files, &owners);
    let is_open = |code: &Code| code.kind != CodeKind::RustBinary && !owners.answers_for(&code.path, false) && !copies.contains(&code.path);
    let (code, kept): (Vec<Code>, Vec<Code>) = code.into_iter().partition(is_open);
    let (traces, later): (Vec<BundleTrace>, Vec<BundleTrace>) =
        std::mem::take(&mut inventory.bundle_traces).into_iter().partition(|trace| !owners.answers_for(&trace.source, false));
    drop(owners);
    (inventory.code, inventory.bundle_traces) = (kept, later);
    let mut bundles: BTreeMap<EntryPath, Bundle> =
        code.into_iter().map(|code| (code.path.clone(), Bundle { code, traces: Vec::new() })).collect();
    assign(traces, &inventory.files, &mut bundles);
    let locks = Locks::new(&inventory.packages);
    let mut found = Found::default();
    bundles.into_values().for_each(|bundle| bundle.open(&locks, &mut found));
    inventory.packages.append(&mut found.packages);
    inventory.problems.append(&mut found.problems);
    inventory.bundles.append(&mut found.facts);
}

/// A bundle, and everything that speaks of it.
struct Bundle {
    code: Code,
    traces: Vec<BundleTrace>,
}

#[derive(Default)]
struct Found {
    packages: Vec<Package>,
    problems: Vec<Problem>,
    facts: Vec<BundleFacts>,
}

/// Brings each trace to its bundle. A script that only a map or metafile knows to be a bundle becomes one.
fn assign(traces: Vec<BundleTrace>, files: &[File], bundles: &mut BTreeMap<EntryPath, Bundle>) {
    let sizes: HashMap<&EntryPath, u64> = files.iter().map(|file| (&file.path, file.size)).collect();
    for trace in traces {
        let Some(&size) = sizes.get(&trace.bundle) else { continue };
        if trace.packages.is_empty() && !bundles.contains_key(&trace.bundle) {
            continue;
        }
        let code = Code { path: trace.bundle.clone(), size, code: size, kind: CodeKind::Bundle, tool: "", minified: false };
        let bundle = bundles.entry(trace.bundle.clone()).or_insert(Bundle { code, traces: Vec::new() });
        // Evidence of too much is none, and the bundle stays one that nothing accounts for.
        if trace.packages.len() <= MOST_PACKAGES {
            bundle.traces.push(trace);
        }
    }
}

impl Bundle {
    fn open(mut self, locks: &Locks<'_>, found: &mut Found) {
        let rank = |trace: &BundleTrace| LADDER.iter().position(|evidence| *evidence == trace.evidence).unwrap_or(LADDER.len());
        self.traces.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        self.sift();
        self.contradicted(found);
        let whole = self.traces.iter().find(|trace| trace.whole && self.covers(trace)).cloned();
        let mut named = self.named(whole.as_ref());
        locate(&mut named);
        let completed: Vec<(Package, u64)> = named.into_iter().map(|(evidence, bundled)| self.package(evidence, bundled, locks)).collect();
        let attributed: u64 = completed.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
        let own = whole.as_ref().map_or(0, |_| self.code.code.saturating_sub(attributed));
        let unattributed = if whole.is_some() { 0 } else { self.code.code.saturating_sub(attributed) };
        if whole.is_none() {
            found.problems.push(self.unattributed(unattributed, completed.len()));
        }
        let open: Vec<&(Package, u64)> = completed.iter().filter(|(package, _)| is_open(package)).collect();
        if !open.is_empty() {
            found.problems.push(self.versions_unknown(&open));
        }
        found.facts.push(BundleFacts {
            path: self.code.path.clone(),
            size: self.code.size,
            tool: self.code.tool,
            minified: self.code.minified,
            evidence: self.evidence(),
            packages: shares(&completed),
            exact: whole.is_some_and(|whole| whole.exact),
            own,
            unattributed,
        });
        found.packages.extend(completed.into_iter().map(|(package, _)| package));
    }

    /// Takes the sources to which nothing is mapped out of maps that map something: they were shaken out.
    fn sift(&mut self) {
        for map in self.traces.iter_mut().filter(|trace| trace.evidence == "npm/source-map") {
            if map.own > 0 || map.packages.iter().any(|package| package.bytes > 0) {
                map.packages.retain(|package| package.bytes > 0);
            }
        }
    }

    /// Takes out what is not of this bundle: another size, or a list without the packages that the code names.
    fn contradicted(&mut self, found: &mut Found) {
        let size = self.code.size;
        // A manifest that stands in the code may have been put there without any code of its package.
        let is_spoken = |trace: &&BundleTrace| {
            trace.source == self.code.path && !["npm/source-map", "npm/version-literal", "npm/build-tree"].contains(&trace.evidence)
        };
        let spoken: BTreeSet<String> = self.traces.iter().filter(is_spoken).flat_map(names).collect();
        let mut standing = Vec::with_capacity(self.traces.len());
        for trace in std::mem::take(&mut self.traces) {
            let is_beside = trace.source != self.code.path || trace.evidence == "npm/source-map";
            let unlisted = || {
                let listed: BTreeSet<String> = names(&trace).collect();
                spoken.iter().find(|name| !listed.contains(*name)).cloned()
            };
            let fault = match trace.size.filter(|told| *told != size) {
                Some(told) => Some(format!("it is of a bundle of {told} bytes, and this one has {size}")),
                None if is_beside && trace.whole => {
                    unlisted().map(|name| format!("it does not list `{name}`, which the bundle's own code names"))
                }
                None => None,
            };
            match fault {
                Some(fault) => {
                    let message = format!(
                        "{} is not believed: {fault}",
                        if trace.source == self.code.path { "the map inside it" } else { trace.source.as_str() }
                    );
                    found.problems.push(Problem::at(&BUNDLE_CONTRADICTED, &self.code.path, message));
                }
                None => standing.push(trace),
            }
        }
        self.traces = standing;
    }

    /// Whether evidence that claims to account for everything accounts for enough.
    fn covers(&self, trace: &BundleTrace) -> bool {
        let size = self.code.code;
        let mapped = trace.packages.iter().map(|package| package.bytes).fold(trace.own, u64::saturating_add);
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

    /// Every package that stands in the bundle, with the strongest evidence for it. Where something lists all of them, the rest
    /// adds versions only.
    fn named(&self, whole: Option<&BundleTrace>) -> Vec<(&'static str, Bundled)> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for package in self.traces.iter().flat_map(|trace| &trace.packages) {
            versions.entry(&package.name).or_default().extend(package.version.as_deref());
        }
        let mut named: Vec<(&'static str, Bundled)> = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        // What the code itself names is there, whatever lists the rest.
        let is_code =
            |trace: &&BundleTrace| !["npm/version-literal", "npm/build-tree"].contains(&trace.evidence) && trace.source == self.code.path;
        let chosen: Vec<&BundleTrace> = match whole {
            Some(whole) => std::iter::once(whole).chain(self.traces.iter().filter(is_code)).collect(),
            None => self.traces.iter().collect(),
        };
        for trace in chosen {
            let fresh: Vec<&Bundled> = trace.packages.iter().filter(|package| !seen.contains(&package.name)).collect();
            seen.extend(fresh.iter().map(|package| package.name.clone()));
            named.extend(fresh.into_iter().map(|package| (trace.evidence, package.clone())));
        }
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        named.iter().for_each(|(_, package)| *times.entry(package.name.clone()).or_default() += 1);
        for (_, package) in named.iter_mut().filter(|(_, package)| package.version.is_none() && times.get(&package.name) == Some(&1)) {
            let known = versions.get(package.name.as_str()).filter(|known| known.len() == 1);
            package.version = known.and_then(BTreeSet::first).map(|version| (*version).to_owned());
        }
        named
    }

    /// One package, completed by a lockfile of the artifact where nothing else has its version.
    fn package(&self, evidence: &'static str, bundled: Bundled, locks: &Locks<'_>) -> (Package, u64) {
        let mut package =
            Package::new(Ecosystem::Npm, &bundled.name, bundled.version.as_deref(), Relation::Bundled, &self.code.path, evidence);
        package.place = bundled.place.into();
        if package.version.is_none() {
            let near = upwards(self.code.path.folder()).find_map(|folder| locks.named(folder, &package)).unwrap_or_default();
            let (name, origin) = (package.name.clone(), package.origin);
            crate::extract::bound::resolve(&mut package, near.into_iter());
            // The artifact's own lockfile may say in which version, not that it is something else or nobody's to judge.
            if package.name != name || package.origin != origin {
                (package.name, package.origin) = (name, origin);
                (package.version, package.inferred) = (None, false);
                package.candidates.clear();
            }
        }
        (package, bundled.bytes)
    }

    fn evidence(&self) -> Vec<&'static str> {
        let mut evidence: Vec<&'static str> = self.traces.iter().map(|trace| trace.evidence).collect();
        evidence.dedup();
        evidence
    }

    fn unattributed(&self, bytes: u64, named: usize) -> Problem {
        let maker = if self.code.tool.is_empty() { String::new() } else { format!(" by `{}`", self.code.tool) };
        let share = bytes.saturating_mul(100).checked_div(self.code.code).unwrap_or(100);
        let rest = match named {
            0 => "which packages it holds cannot be read off it".to_owned(),
            named if bytes == self.code.code => format!("{named} of its packages are named, and its bytes cannot be told apart"),
            named => format!("{named} of its packages are named, and {share} % of its bytes belong to none that is known"),
        };
        let help =
            "ship its source map or metafile, or give what it was built from with `--lock package-lock.json` or `--modules node_modules`";
        let (kind, what) = match self.code.kind {
            CodeKind::Minified => (&MINIFIED_UNATTRIBUTED, format!("minified{maker} and in no package")),
            CodeKind::Bundle | CodeKind::RustBinary => (&BUNDLE_UNATTRIBUTED, format!("a bundle made{maker}")),
        };
        Problem::at(kind, &self.code.path, format!("{what}; {rest}: {help}")).bytes(bytes)
    }

    fn versions_unknown(&self, open: &[&(Package, u64)]) -> Problem {
        let names: BTreeSet<&str> = open.iter().map(|(package, _)| package.name.as_str()).collect();
        let shown: Vec<&str> = names.iter().take(5).copied().collect();
        let more = if names.len() > shown.len() { format!(" and {} more", names.len() - shown.len()) } else { String::new() };
        let message = format!(
            "it holds {}{more}, and nothing says in which versions: give the lockfile it was built from with `--lock package-lock.json`",
            shown.join(", ")
        );
        Problem::at(&BUNDLE_VERSIONS_UNKNOWN, &self.code.path, message)
            .bytes(open.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add))
    }
}

/// Turns places as the bundler saw them into places as a lockfile at the project's root calls them. Where the bundler ran in a folder
/// of the project and took packages from several, a place says nothing certain, and the name alone is left.
fn locate(named: &mut [(&'static str, Bundled)]) {
    let prefix = |package: &Bundled| package.place.find("node_modules/").map_or(0, |at| at);
    let located = |package: &&Bundled| package.place.contains("node_modules/");
    let prefixes: BTreeSet<String> =
        named.iter().map(|(_, package)| package).filter(located).map(|package| package.place[..prefix(package)].to_owned()).collect();
    // The folder of the project, where all others lie in it.
    let is_root =
        |root: &&String| prefixes.iter().all(|prefix| prefix.strip_prefix(root.as_str()).is_some_and(|rest| !rest.starts_with("..")));
    let root = prefixes.iter().find(is_root);
    let is_outside = |prefix: &String| prefix.starts_with("..") || prefix.starts_with('/') || prefix.contains(':');
    for (_, package) in named.iter_mut().filter(|(_, package)| package.place.contains("node_modules/")) {
        if let Some(root) = root {
            package.place = package.place.split_off(root.len());
        } else if prefixes.iter().any(is_outside) {
            package.place.clear();
        }
    }
}

/// Whether nothing says a package's version.
fn is_open(package: &Package) -> bool {
    package.version.is_none() && package.candidates.is_empty() && package.origin != Origin::FirstParty
}

fn names(trace: &BundleTrace) -> impl Iterator<Item = String> + '_ {
    trace.packages.iter().map(|package| package.name.clone())
}

fn shares(packages: &[(Package, u64)]) -> Vec<Share> {
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for (package, bytes) in packages {
        let share = shares.entry(package.purl()).or_default();
        *share = share.saturating_add(*bytes);
    }
    shares.into_iter().map(|(purl, bytes)| Share { purl, bytes }).collect()
}

/// The npm lockfiles of the artifact: what each folder's names and places are.
struct Locks<'a> {
    folders: HashSet<&'a str>,
    names: HashMap<(&'a str, &'a str), Vec<&'a Package>>,
    places: HashMap<(&'a str, &'a str), &'a Package>,
}

impl<'a> Locks<'a> {
    fn new(packages: &'a [Package]) -> Self {
        let mut locks = Self { folders: HashSet::new(), names: HashMap::new(), places: HashMap::new() };
        for package in packages.iter().filter(|package| package.ecosystem == Ecosystem::Npm && package.relation == Relation::Locked) {
            for path in &package.paths {
                locks.folders.insert(path.folder());
                locks.names.entry((path.folder(), &package.name)).or_default().push(package);
                locks.places.insert((path.folder(), &package.place), package);
            }
        }
        locks
    }

    /// What the lockfile of a folder has under a package's name or place; `None` without a lockfile.
    fn named(&self, folder: &str, package: &Package) -> Option<Vec<&'a Package>> {
        let folder = self.folders.get(folder)?;
        let place = self.places.get(&(*folder, &*package.place)).filter(|_| !package.place.is_empty());
        Some(place.into_iter().copied().chain(self.names.get(&(*folder, package.name.as_str())).into_iter().flatten().copied()).collect())
    }
}
