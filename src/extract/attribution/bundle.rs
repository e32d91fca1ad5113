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
    Absence, BundleFacts, BundleTrace, Bundled, Code, CodeKind, Ecosystem, EntryPath, File, Inventory, Origin, Package, Problem, Relation,
    Share, TreeFacts,
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

/// What the build's own modules say.
const TREE: &str = "npm/build-tree";
/// Bundlers of which modules are in the bundles they make.
const BUNDLERS: [&str; 4] = ["webpack", "browser-pack", "@parcel/runtime-js", "@parcel/transformer-js"];

/// The share of a bundle, in percent, that a map may leave out: the bundler's own runtime, and the rest of each line behind its
/// last mapping. Of a small bundle the runtime may be as much as half.
const MOST_UNMAPPED: u64 = 40;
const MOST_UNMAPPED_MINIFIED: u64 = 10;
const RUNTIME: u64 = 2048;

/// One in so many packages that the code names may be left out of a list.
const MOST_LEFT_OUT: usize = 5;
/// Texts that a bundle has before they are compared with anything.
const LEAST_TEXTS: usize = 40;
/// The share of a bundle's texts, in percent, that a map's own sources must have. What a loader makes of a template or of JSX is a text
/// that stands nowhere.
const LEAST_KNOWN: usize = 50;
/// The share of a bundle's texts, in percent, that may be in no module of the build beyond what is the function's own.
const MOST_UNKNOWN: usize = 25;
/// Bytes that are listed for a package before all of it must not be gone.
const LEAST_LISTED: u64 = 4096;

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
    let absences = std::mem::take(&mut inventory.absences);
    bundles.into_values().for_each(|bundle| bundle.open(&locks, &absences, &mut found));
    inventory.absences = absences;
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
        let code =
            Code { path: trace.bundle.clone(), size, code: size, kind: CodeKind::Bundle, tool: "", minified: false, texts: Box::default() };
        let bundle = bundles.entry(trace.bundle.clone()).or_insert(Bundle { code, traces: Vec::new() });
        // Evidence of too much is none, and the bundle stays one that nothing accounts for.
        if trace.packages.len() <= MOST_PACKAGES {
            bundle.traces.push(trace);
        }
    }
}

impl Bundle {
    fn open(mut self, locks: &Locks<'_>, absences: &[Absence], found: &mut Found) {
        let rank = |trace: &BundleTrace| LADDER.iter().position(|evidence| *evidence == trace.evidence).unwrap_or(LADDER.len());
        self.traces.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.cmp(b)));
        self.sift();
        self.contradicted(absences, found);
        let whole = self.traces.iter().find(|trace| trace.whole && self.covers(trace)).cloned();
        let named = self.named(whole.as_ref());
        let completed: Vec<(Package, u64)> = named.into_iter().map(|(evidence, bundled)| self.package(evidence, bundled, locks)).collect();
        let attributed: u64 = completed.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
        let strange: &[(String, u64)] = whole.as_ref().map_or(&[], |whole| &whole.strange);
        let unattributed = match whole {
            Some(_) => strange.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add).min(self.code.code),
            None => self.code.code.saturating_sub(attributed),
        };
        let own = whole.as_ref().map_or(0, |_| self.code.code.saturating_sub(attributed.saturating_add(unattributed)));
        if whole.is_none() || !strange.is_empty() {
            found.problems.push(self.unattributed(unattributed, completed.len(), strange));
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

    /// Takes out what is not of this bundle: another size, a list without the packages that the code names, sources that the code was
    /// not made of, or another list than the build tree proves.
    fn contradicted(&mut self, absences: &[Absence], found: &mut Found) {
        let size = self.code.size;
        let tree = self.traces.iter().find_map(|trace| trace.tree.clone());
        let absent: HashSet<(&str, &str)> = absences
            .iter()
            .filter(|absence| absence.bundle == self.code.path)
            .map(|absence| (absence.place.as_str(), absence.purl.as_str()))
            .collect();
        // A manifest that stands in the code may have been put there without any code of its package.
        let is_spoken = |trace: &&BundleTrace| {
            trace.source == self.code.path && !["npm/source-map", "npm/version-literal", "npm/build-tree"].contains(&trace.evidence)
        };
        let spoken: BTreeSet<String> = self.traces.iter().filter(is_spoken).flat_map(names).collect();
        let mut standing = Vec::with_capacity(self.traces.len());
        for trace in std::mem::take(&mut self.traces) {
            let is_beside = trace.source != self.code.path || trace.evidence == "npm/source-map";
            // A map may leave out a few: those of JSON, and those that a package's own map has led elsewhere. They are named all the same.
            let unlisted = || {
                let listed: BTreeSet<String> = names(&trace).collect();
                let mut unlisted = spoken.iter().filter(|name| !listed.contains(*name));
                let first = unlisted.next()?;
                ((unlisted.count() + 1) * MOST_LEFT_OUT > spoken.len()).then(|| first.clone())
            };
            let fault = match trace.size.filter(|told| *told != size) {
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
                    let message = format!("{what} is not believed: {fault}");
                    found.problems.push(Problem::at(&BUNDLE_CONTRADICTED, &self.code.path, message));
                }
                None => standing.push(trace),
            }
        }
        self.traces = standing;
    }

    /// What speaks against a map's sources: texts of the code that stand in none of them.
    fn foreign(&self, map: &BundleTrace) -> Option<String> {
        let sources = map.texts.as_ref().filter(|_| self.code.texts.len() >= LEAST_TEXTS)?;
        let known = self.code.texts.iter().filter(|text| sources.binary_search(text).is_ok()).count();
        let share = known * 100 / self.code.texts.len();
        (share < LEAST_KNOWN).then(|| format!("of the texts in the code only {share} % stand in its sources"))
    }

    /// What a build tree has to say against a list of packages.
    fn otherwise(&self, trace: &BundleTrace, tree: &TreeFacts, absent: &HashSet<(&str, &str)>) -> Option<String> {
        let mut listed = trace.packages.clone();
        locate(&mut listed);
        let is_listed = |(name, place): &&(String, String)| {
            let is_copy = |package: &Bundled| package.place.is_empty() || place.is_empty() || package.place == *place;
            // At the place that the tree has it at, it may have another name: an alias.
            listed.iter().any(|package| package.name == *name && is_copy(package) || !place.is_empty() && package.place == *place)
        };
        if let Some((name, _)) = tree.proven.iter().find(|proven| trace.strange.is_empty() && !is_listed(proven)) {
            return Some(format!("it does not list `{name}`, whose code the build's own modules show to be there"));
        }
        let is_counted = trace.exact || trace.source == self.code.path;
        let gone: HashSet<&str> = absent.iter().map(|(place, _)| *place).collect();
        let is_gone = |package: &&Bundled| is_counted && package.bytes >= LEAST_LISTED && gone.contains(package.place.as_str());
        if let Some(package) = listed.iter().find(is_gone) {
            let Bundled { name, bytes, .. } = package;
            return Some(format!("it lists {bytes} bytes of `{name}`, and nothing of that package in the build's own modules is there"));
        }
        let strange: u64 = trace.strange.iter().map(|(_, bytes)| *bytes).fold(trace.own, u64::saturating_add);
        let own = usize::try_from(strange.saturating_mul(100).checked_div(self.code.code).unwrap_or(100)).unwrap_or(100);
        let unknown = 100 - (tree.known * 100).checked_div(tree.texts).unwrap_or(100);
        (is_counted && tree.texts >= LEAST_TEXTS && unknown > own + MOST_UNKNOWN).then(|| {
            format!("it says that {own} % of the code is the function's own, and {unknown} % of the texts in it are in none of the build's own modules")
        })
    }

    /// Whether evidence that claims to account for everything accounts for enough.
    fn covers(&self, trace: &BundleTrace) -> bool {
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

    /// Every package that stands in the bundle, with the strongest evidence for it. Where something lists all of them, the rest
    /// adds versions only.
    fn named(&self, whole: Option<&BundleTrace>) -> Vec<(&'static str, Bundled)> {
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

    fn unattributed(&self, bytes: u64, named: usize, strange: &[(String, u64)]) -> Problem {
        let maker = if self.code.tool.is_empty() { String::new() } else { format!(" by `{}`", self.code.tool) };
        let share = bytes.saturating_mul(100).checked_div(self.code.code).unwrap_or(100);
        let more = if strange.len() > 1 { format!(" and {} more", strange.len() - 1) } else { String::new() };
        let rest = match named {
            named if !strange.is_empty() => {
                let from = strange.first().map_or("", |(from, _)| from.as_str());
                format!("{named} of its packages are named, and {share} % of its bytes come from {from}{more}, which names no package")
            }
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
        let is_known = |told: &&Bundled| told.place.is_empty() || same.iter().any(|package| package.place == told.place);
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

/// Turns places as the bundler saw them into places as a lockfile at the project's root calls them. Where the bundler ran in a folder
/// of the project and took packages from several, a place says nothing certain, and the name alone is left.
fn locate(packages: &mut [Bundled]) {
    let prefix = |package: &Bundled| package.place.find("node_modules/").map_or(0, |at| at);
    // Some bundlers put modules of their own into bundles, from wherever they are installed.
    let is_located = |package: &&Bundled| package.place.contains("node_modules/") && !BUNDLERS.contains(&package.name.as_str());
    let prefixes: BTreeSet<String> =
        packages.iter().filter(is_located).map(|package| package.place[..prefix(package)].to_owned()).collect();
    // The folder of the project, where all others lie in it.
    let is_root =
        |root: &&String| prefixes.iter().all(|prefix| prefix.strip_prefix(root.as_str()).is_some_and(|rest| !rest.starts_with("..")));
    let root = prefixes.iter().find(is_root);
    let is_outside = |prefix: &String| prefix.starts_with("..") || prefix.starts_with('/') || prefix.contains(':');
    for package in packages.iter_mut().filter(|package| package.place.contains("node_modules/")) {
        match root.and_then(|root| package.place.strip_prefix(root.as_str())) {
            Some(place) => package.place = place.to_owned(),
            None if root.is_some() || prefixes.iter().any(is_outside) => package.place.clear(),
            None => {}
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
