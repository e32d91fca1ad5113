//! Bundles: which evidence counts, what it names, and what stays unattributed.
//!
//! The ladder: a metafile of this very output, a source map, webpack's statistics, then what the code itself says - module
//! comments, keys, `sourceURL`s - each of which may account for all of a bundle; and licence comments and version literals, which
//! name some packages only. Evidence beside the bundle that leaves out what its own code names is not believed.

mod contradiction;
mod name;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::scope::upwards;
use crate::extract::owner::Owners;
use crate::extract::problem::{BUNDLE_HELP, BUNDLE_UNATTRIBUTED, BUNDLE_VERSIONS_UNKNOWN, MINIFIED_UNATTRIBUTED, versions_unknown};
use crate::extract::shift::{Shift, may_be};
use crate::model::{
    Absence, BundleFacts, BundleTrace, Bundled, Code, CodeKind, Ecosystem, EntryPath, File, Inventory, Origin, Package, Problem, Relation,
    Share, purl,
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
/// Texts that a bundle has before their share says anything.
const LEAST_TEXTS: usize = 40;

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
    let name = |absence: &Absence| absence.purl.rsplit_once('@').map_or(absence.purl.clone(), |(name, _)| name.to_owned());
    let listed: BTreeSet<(EntryPath, String)> =
        found.listed.into_iter().map(|(path, package)| (path, purl(Ecosystem::Npm, &package, None))).collect();
    inventory.absences = absences;
    inventory.absences.retain(|absence| listed.is_empty() || !listed.contains(&(absence.bundle.clone(), name(absence))));
    inventory.candidates.append(&mut found.possible);
    inventory.packages.append(&mut found.packages);
    inventory.problems.append(&mut found.problems);
    inventory.bundles.append(&mut found.facts);
}

/// A bundle, and everything that speaks of it.
struct Bundle {
    code: Code,
    traces: Vec<BundleTrace>,
}

/// How a list calls the places that a build tree has, where that is known.
struct Seen(Option<Shift>);

impl Seen {
    /// Whether a place of the list is that of the tree, as far as can be told.
    fn is_one(&self, listed: &str, tree: &str) -> bool {
        match &self.0 {
            Some(shift) => !listed.is_empty() && shift.apply(listed).is_some_and(|place| place == tree),
            None => may_be(listed, tree),
        }
    }
}

#[derive(Default)]
struct Found {
    packages: Vec<Package>,
    problems: Vec<Problem>,
    facts: Vec<BundleFacts>,
    /// What a build tree shows and a list of the bundle does not name: it may be inside.
    possible: Vec<Package>,
    /// What evidence that is not believed lists.
    listed: Vec<(EntryPath, String)>,
}

/// Brings each trace to its bundle. A script that only a map or metafile knows to be a bundle becomes one.
fn assign(traces: Vec<BundleTrace>, files: &[File], bundles: &mut BTreeMap<EntryPath, Bundle>) {
    let sizes: HashMap<&EntryPath, u64> = files.iter().map(|file| (&file.path, file.size)).collect();
    for trace in traces {
        let Some(&size) = sizes.get(&trace.bundle) else { continue };
        if trace.packages.is_empty() && trace.strange.is_empty() && trace.unreadable.is_none() && !bundles.contains_key(&trace.bundle) {
            continue;
        }
        let code = Code {
            path: trace.bundle.clone(),
            size,
            code: size,
            kind: CodeKind::Bundle,
            tool: "",
            version: String::new(),
            minified: false,
            texts: Box::default(),
        };
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
        if whole.is_some() {
            found.possible.extend(self.possible(&named));
        }
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
        let made_by = whole.as_ref().and_then(|whole| whole.made_by.clone());
        found.facts.push(BundleFacts {
            path: self.code.path.clone(),
            size: self.code.size,
            // Only webpack's statistics have a version.
            tool: if made_by.is_some() { "webpack" } else { self.code.tool },
            tool_version: made_by.unwrap_or_else(|| self.code.version.clone()),
            minified: self.code.minified,
            evidence: self.evidence(),
            sources: self.sources(),
            packages: shares(&completed),
            exact: whole.is_some_and(|whole| whole.exact),
            own,
            unattributed,
            in_tree: self.in_tree(),
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

    /// One package, completed by a lockfile of the artifact where nothing else has its version.
    fn package(&self, evidence: &'static str, bundled: Bundled, locks: &Locks<'_>) -> (Package, u64) {
        let mut package =
            Package::new(Ecosystem::Npm, &bundled.name, bundled.version.as_deref(), Relation::Bundled, &self.code.path, evidence);
        package.place = bundled.place.into();
        if package.version.is_none() {
            let near = upwards(self.code.path.folder()).find_map(|folder| locks.named(folder, &package)).unwrap_or_default();
            let (name, origin) = (package.name.clone(), package.origin);
            crate::extract::bound::resolve(&mut package, near.into_iter(), false);
            // The artifact's own lockfile may say in which version, not that it is something else or nobody's to judge.
            if package.name != name || package.origin != origin {
                (package.name, package.origin) = (name, origin);
                (package.version, package.inferred) = (None, false);
                package.candidates.clear();
            }
        }
        (package, bundled.bytes)
    }

    /// The packages that a build tree shows to be there, and that no list names: each is a candidate.
    fn possible(&self, named: &[(&'static str, Bundled)]) -> Vec<Package> {
        let bundled: Vec<Bundled> = named.iter().map(|(_, known)| known.clone()).collect();
        let seen = self.seen(&bundled);
        let is_named = |package: &Bundled| {
            let is_same = |known: &Bundled| {
                let is_there = seen.is_one(&known.place, &package.place);
                known.name == package.name && (known.place.is_empty() || known.version == package.version || is_there) || is_there
            };
            named.iter().any(|(_, known)| is_same(known))
        };
        let trees = self.traces.iter().filter(|trace| trace.evidence == TREE).flat_map(|trace| &trace.packages);
        let package = |bundled: &Bundled| {
            let mut package =
                Package::new(Ecosystem::Npm, &bundled.name, bundled.version.as_deref(), Relation::Bundled, &self.code.path, TREE);
            (package.place, package.inferred) = (bundled.place.as_str().into(), true);
            package
        };
        trees.filter(|package| !is_named(package)).map(package).collect()
    }

    /// How a list calls the places that the build trees have.
    fn seen(&self, listed: &[Bundled]) -> Seen {
        let trees = self.traces.iter().filter(|trace| trace.evidence == TREE).flat_map(|trace| &trace.packages);
        let known: HashSet<&str> = trees.map(|package| package.place.as_str()).collect();
        Seen(Shift::between(&listed.iter().map(|package| package.place.as_str()).collect::<Vec<_>>(), &known))
    }

    /// The share of the bundle's texts, in percent, that the build's own modules have, where they were compared and it has enough.
    fn in_tree(&self) -> Option<usize> {
        let shares = self.traces.iter().filter_map(|trace| trace.tree.as_ref()).filter(|tree| tree.texts >= LEAST_TEXTS);
        shares.map(|tree| tree.known * 100 / tree.texts).max()
    }

    fn evidence(&self) -> Vec<&'static str> {
        let mut evidence: Vec<&'static str> =
            self.traces.iter().filter(|trace| trace.unreadable.is_none()).map(|trace| trace.evidence).collect();
        evidence.dedup();
        evidence
    }

    /// The files beside the bundle that speak of it.
    fn sources(&self) -> Vec<EntryPath> {
        let beside = self.traces.iter().map(|trace| &trace.source).filter(|source| **source != self.code.path);
        beside.collect::<BTreeSet<_>>().into_iter().cloned().collect()
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
        let unreadable = self.traces.iter().find_map(|trace| Some((&trace.source, trace.unreadable.as_ref()?)));
        let rest = unreadable.map_or_else(
            || rest.clone(),
            |(source, fault)| {
                let map = if *source == self.code.path { "the map inside it" } else { source.as_str() };
                format!("{rest}, and {map} cannot be read ({fault})")
            },
        );
        let (kind, what) = match self.code.kind {
            CodeKind::Minified => (&MINIFIED_UNATTRIBUTED, format!("minified{maker} and in no package")),
            CodeKind::Bundle | CodeKind::RustBinary => (&BUNDLE_UNATTRIBUTED, format!("a bundle made{maker}")),
        };
        Problem::at(kind, &self.code.path, format!("{what}; {rest}{BUNDLE_HELP}")).bytes(bytes)
    }

    fn versions_unknown(&self, open: &[&(Package, u64)]) -> Problem {
        let message = versions_unknown(open.iter().map(|(package, _)| package.name.as_str()));
        Problem::at(&BUNDLE_VERSIONS_UNKNOWN, &self.code.path, message)
            .bytes(open.iter().map(|(_, bytes)| *bytes).fold(0, u64::saturating_add))
    }
}

/// Whether nothing says a package's version.
fn is_open(package: &Package) -> bool {
    package.version.is_none() && package.candidates.is_empty() && package.origin != Origin::FirstParty
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
