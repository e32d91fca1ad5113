//! Bounds: what cannot be attributed must be one of the packages that the operator's own documents of the build name. A
//! document counts only where everything that is recognised lies within it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::npm::{Place, package_root, place};
use super::problem::{
    BUNDLE_HELP, BUNDLE_UNATTRIBUTED, BUNDLE_VERSIONS_UNKNOWN, CRATE_LIST_CONTRADICTED, MINIFIED_UNATTRIBUTED, PACKAGE_UNATTRIBUTED,
    RUST_BINARY_UNATTRIBUTED, versions_unknown,
};
use super::pypi::{Known as Import, distribution};
use super::shift::{Shift, may_be, parted};
use crate::model::{Bound, Ecosystem, EntryPath, Inventory, Origin, Package, Problem, Relation, purl};

/// The share of a bundle's texts, in percent, that the build's own modules must have before what cannot be attributed is taken for
/// theirs: of a bundle they made they have more than nine in ten.
const LEAST_IN_TREE: usize = 50;
/// Places that are named for one candidate.
const MOST_PLACES: usize = 8;

/// Completes versions from the documents, marks what is bounded, and lists every package that may be inside. What a document
/// contradicts stays open and says so.
pub fn bound(inventory: &mut Inventory, bounds: &[Bound]) {
    if bounds.is_empty() {
        return;
    }
    let known: Vec<Known<'_>> = Ecosystem::ALL.into_iter().filter_map(|ecosystem| Known::of(ecosystem, bounds)).collect();
    known.iter().for_each(|known| {
        known.complete(&mut inventory.packages);
        known.doubt(&mut inventory.packages);
    });
    let mut places: BTreeMap<Ecosystem, BTreeSet<EntryPath>> = BTreeMap::new();
    let mut problems = std::mem::take(&mut inventory.problems);
    problems.retain(|problem| {
        problem.kind != BUNDLE_VERSIONS_UNKNOWN.id || problem.path.as_ref().is_none_or(|path| has_open(&inventory.packages, path))
    });
    for problem in problems.iter_mut().filter(|problem| problem.kind == BUNDLE_VERSIONS_UNKNOWN.id) {
        let is_open = |package: &&Package| problem.path.as_ref().is_some_and(|path| is_open(package, path));
        problem.message = versions_unknown(inventory.packages.iter().filter(is_open).map(|package| package.name.as_str()));
    }
    for problem in &mut problems {
        let Some((ecosystem, path)) = ecosystem(problem).zip(problem.path.clone()) else { continue };
        let Some(known) = known.iter().find(|known| known.ecosystem == ecosystem) else { continue };
        let other = inventory.bundles.iter().find(|bundle| bundle.path == path).and_then(|bundle| bundle.in_tree);
        if let Some(share) = other.filter(|share| *share < LEAST_IN_TREE) {
            problem.message = format!("{}; only {share} % of the texts in it are in the build's own modules", problem.message);
            continue;
        }
        match known.stranger(&inventory.packages, &path, problem.kind) {
            Some(stranger) => {
                problem.message =
                    format!("{}; {stranger}, which {} does not name, so that is not this build's", problem.message, known.named());
            }
            None => {
                if let Some(said) = problem.message.strip_suffix(BUNDLE_HELP) {
                    problem.message = format!("{said}; what is not named is one of the packages of {}", known.named());
                }
                problem.bounded = known.names.iter().map(|name| (*name).to_owned()).collect();
                places.entry(ecosystem).or_default().insert(path);
            }
        }
    }
    inventory.problems = problems;
    rename_shares(inventory);
    // What only a manifest asks for is installed when the function is deployed, with everything it needs in turn.
    for package in inventory.packages.iter().filter(|package| package.relation == Relation::Declared) {
        places.entry(package.ecosystem).or_default().extend(package.paths.iter().cloned());
    }
    for (ecosystem, places) in places {
        if let Some(known) = known.iter().find(|known| known.ecosystem == ecosystem) {
            known.candidates(inventory, &places);
            inventory.bounds.extend(bounds.iter().filter(|bound| known.names.contains(&bound.name.as_str())).map(Bound::facts));
        }
    }
}

/// Whether a package of the bundle at `path` still has no version.
fn has_open(packages: &[Package], path: &EntryPath) -> bool {
    packages.iter().any(|package| is_open(package, path))
}

fn is_open(package: &Package, path: &EntryPath) -> bool {
    package.relation == Relation::Bundled
        && package.version.is_none()
        && package.candidates.is_empty()
        && package.origin != Origin::FirstParty
        && package.paths.contains(path)
}

/// Names each package's share of a bundle as the package is named now that documents have completed it.
fn rename_shares(inventory: &mut Inventory) {
    for bundle in &mut inventory.bundles {
        let inside: Vec<&Package> =
            inventory.packages.iter().filter(|package| package.inferred && package.paths.contains(&bundle.path)).collect();
        for share in bundle.packages.iter_mut().filter(|share| !share.purl.contains('@')) {
            let mut same = inside.iter().filter(|package| purl(package.ecosystem, &package.name, None) == share.purl);
            if let (Some(one), None) = (same.next(), same.next()) {
                share.purl = one.purl();
            }
        }
    }
}

/// What documents have at a place. Seen from a folder that is not known, it may be that of several copies.
fn at_place<'a>(place: &str, near: &[&'a Package]) -> Vec<&'a Package> {
    let may = near.iter().copied().filter(|locked| !locked.place.is_empty() && may_be(&locked.place, place));
    let mut may: Vec<&Package> = may.collect();
    // The more of the two ways to it is the same, the surer it is.
    let above = parted(place).0;
    let same = |locked: &Package| parted(&locked.place).0.len().min(above.len());
    let most = may.iter().map(|locked| same(locked)).max().unwrap_or_default();
    may.retain(|locked| same(locked) == most);
    may
}

/// Gives a package the version that documents have at its place, else the only one they have under its name; several are all
/// candidates. An alias gets its real name, and what is not of the registry its origin. `is_seen` says that the package's place is called as
/// the documents call it.
pub(super) fn resolve<'a>(package: &mut Package, near: impl Iterator<Item = &'a Package>, is_seen: bool) {
    let near: Vec<&Package> = near.collect();
    let folded = |package: &Package| package.ecosystem.folded(&package.name);
    let exactly = |locked: &&Package| !locked.place.is_empty() && locked.place == package.place;
    let mut chosen: Vec<&Package> = near.iter().copied().filter(exactly).collect();
    if !is_seen || chosen.is_empty() {
        chosen = at_place(&package.place, &near);
    }
    let at_place = !chosen.is_empty();
    if !at_place {
        chosen = near.iter().copied().filter(|locked| folded(locked) == folded(package)).collect();
    }
    // A place that documents with places do not have is none of theirs, whatever else has the name.
    if !at_place && !package.place.is_empty() && chosen.iter().any(|locked| !locked.place.is_empty()) {
        return;
    }
    let versions: BTreeSet<&str> = chosen.iter().filter_map(|locked| locked.version.as_deref()).collect();
    let Some(first) = chosen.first() else { return };
    if package.ecosystem == Ecosystem::Npm {
        package.name.clone_from(&first.name);
    }
    package.origin = chosen.iter().map(|locked| locked.origin).min().unwrap_or_default();
    let mut each = versions.iter();
    match (each.next(), each.next()) {
        (Some(one), None) => package.version = Some((*one).to_owned()),
        (Some(_), Some(_)) => package.candidates = versions.iter().map(|version| (*version).to_owned()).collect(),
        (None, _) => return,
    }
    package.inferred = true;
}

/// The ecosystem within whose packages a problem can be bounded.
fn ecosystem(problem: &Problem) -> Option<Ecosystem> {
    let path = problem.path.as_ref()?;
    let is_npm = || package_root(path.as_str()).is_some() || matches!(place(path.folder()), Place::Modules | Place::Scope | Place::Store);
    match problem.kind {
        kind if kind == BUNDLE_UNATTRIBUTED.id || kind == MINIFIED_UNATTRIBUTED.id => Some(Ecosystem::Npm),
        kind if kind == RUST_BINARY_UNATTRIBUTED.id || kind == CRATE_LIST_CONTRADICTED.id => Some(Ecosystem::CratesIo),
        kind if kind == PACKAGE_UNATTRIBUTED.id => Some(if is_npm() { Ecosystem::Npm } else { Ecosystem::PyPi }),
        _ => None,
    }
}

/// What the documents say of one ecosystem.
struct Known<'a> {
    ecosystem: Ecosystem,
    /// The documents that name a package of it.
    names: Vec<&'a str>,
    /// The packages, by folded name.
    packages: HashMap<String, Vec<&'a Package>>,
    /// The same by the place they are installed at.
    places: HashMap<&'a str, Vec<&'a Package>>,
}

impl<'a> Known<'a> {
    fn of(ecosystem: Ecosystem, bounds: &'a [Bound]) -> Option<Self> {
        let mut known = Self { ecosystem, names: Vec::new(), packages: HashMap::new(), places: HashMap::new() };
        for bound in bounds {
            let mut names_any = false;
            for package in bound.packages.iter().filter(|package| package.ecosystem == ecosystem) {
                names_any |= package.origin != Origin::FirstParty;
                known.packages.entry(ecosystem.folded(&package.name)).or_default().push(package);
                if !package.place.is_empty() {
                    known.places.entry(parted(&package.place).1).or_default().push(package);
                }
            }
            if names_any && !known.names.contains(&bound.name.as_str()) {
                known.names.push(&bound.name);
            }
        }
        (!known.names.is_empty()).then_some(known)
    }

    fn named(&self) -> String {
        self.names.join(" and ")
    }

    /// Gives packages without a version the one that the documents resolve their place or name to; several are all candidates.
    fn complete(&self, packages: &mut [Package]) {
        let is_theirs = |origin: Origin| matches!(origin, Origin::Registry | Origin::Git);
        let open = |package: &&mut Package| package.version.is_none() && package.candidates.is_empty() && is_theirs(package.origin);
        let shifts = self.shifts(packages);
        for package in packages.iter_mut().filter(|package| package.ecosystem == self.ecosystem).filter(open) {
            let shift = package.paths.iter().find_map(|path| shifts.get(path)).filter(|_| package.relation == Relation::Bundled);
            let shifted = shift.and_then(|shift| shift.apply(&package.place)).filter(|_| !package.place.is_empty());
            let is_seen = shifted.is_some() || package.relation != Relation::Bundled;
            if let Some(place) = shifted {
                package.place = place.as_str().into();
            }
            let near = self
                .by_place(package)
                .iter()
                .copied()
                .chain(self.packages.get(&self.ecosystem.folded(&package.name)).into_iter().flatten().copied());
            resolve(package, near.collect::<Vec<_>>().into_iter(), is_seen);
        }
    }

    /// How each bundle calls the places that the documents have.
    fn shifts(&self, packages: &[Package]) -> HashMap<EntryPath, Shift> {
        let known: HashSet<&str> = self.places.values().flatten().map(|package| &*package.place).collect();
        let mut bundles: BTreeMap<&EntryPath, Vec<&str>> = BTreeMap::new();
        for package in packages.iter().filter(|package| package.ecosystem == self.ecosystem && package.relation == Relation::Bundled) {
            package.paths.iter().for_each(|path| bundles.entry(path).or_default().push(&package.place));
        }
        bundles.into_iter().filter_map(|(path, places)| Some((path.clone(), Shift::between(&places, &known)?))).collect()
    }

    /// Lets the documents speak of versions that the artifact itself gives to what is bundled: a path or a manifest in a bundle is soon
    /// written, and its lockfile may be another build's. Where they have the package in other versions only, each is a candidate.
    fn doubt(&self, packages: &mut [Package]) {
        let bundled = |package: &&mut Package| package.ecosystem == self.ecosystem && package.relation == Relation::Bundled;
        for package in packages.iter_mut().filter(bundled) {
            let Some(version) = package.version.clone() else { continue };
            let known = self.packages.get(&self.ecosystem.folded(&package.name)).into_iter().flatten();
            let mut known: BTreeSet<String> = known.filter_map(|known| known.version.clone()).collect();
            if !known.is_empty() && known.insert(version) {
                (package.version, package.inferred) = (None, true);
                package.candidates = known.into_iter().collect();
            }
        }
    }

    /// What a lockfile has at the place where a package was installed.
    fn by_place(&self, package: &Package) -> &[&'a Package] {
        self.places.get(parted(&package.place).1).map_or(&[], Vec::as_slice)
    }

    /// Something that is recognised at `path` and that no document names: then they are not of this build.
    fn stranger(&self, packages: &[Package], path: &EntryPath, kind: &str) -> Option<String> {
        let inside = |package: &&Package| {
            package.ecosystem == self.ecosystem
                && package.relation.is_inside()
                && package.relation != Relation::Vendored
                && package.paths.iter().any(|own| own == path || own.is_in(path.as_str()))
        };
        let foreign = packages.iter().filter(inside).find(|package| !self.names_package(package));
        if let Some(package) = foreign {
            return Some(format!("`{}` is in it", package.purl()));
        }
        // An import package tells its distribution by its name alone.
        (kind == PACKAGE_UNATTRIBUTED.id && !self.names_folder(path)).then(|| format!("`{}` is the code of a package", path.file_name()))
    }

    fn names_package(&self, package: &Package) -> bool {
        let named = self.packages.get(&self.ecosystem.folded(&package.name));
        let is_same = |known: &&Package| match (&known.version, &package.version) {
            (Some(known), Some(own)) => known == own,
            _ => true,
        };
        named.is_some_and(|named| named.iter().any(is_same))
    }

    /// Whether a document names a package that may have left this folder or module.
    fn names_folder(&self, path: &EntryPath) -> bool {
        let text = path.as_str();
        if self.ecosystem == Ecosystem::Npm {
            let root = package_root(text).map_or(text, |(root, _)| root);
            let mut ends = root.rsplit('/');
            let (last, outer) = (ends.next().unwrap_or(root), ends.next().unwrap_or_default());
            let name = if outer.starts_with('@') { format!("{outer}/{last}") } else { last.to_owned() };
            let module = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
            return self.packages.contains_key(&name) || self.packages.contains_key(module);
        }
        let import = path.file_name().split('.').next().unwrap_or_default();
        let mut known = Import::exactly(import).into_iter().flat_map(Import::distributions);
        if known.any(|known| self.packages.contains_key(&known)) {
            return true;
        }
        let folded = self.ecosystem.folded(import);
        let import = folded.trim_matches('-');
        // `_cffi_backend` of cffi, `dateutil` of python-dateutil: the words of one name in the other, unless they are too short to say anything.
        let is_part = |whole: &str, part: &str| part.len() > 2 && format!("-{whole}-").contains(&format!("-{part}-"));
        distribution(import).is_none() && self.packages.keys().any(|name| is_part(name, import) || is_part(import, name))
    }

    /// Lists every package of the documents that is not certainly inside as one that may be, at `places`.
    fn candidates(&self, inventory: &mut Inventory, places: &BTreeSet<EntryPath>) {
        let relation = match self.ecosystem {
            Ecosystem::Npm => Relation::Bundled,
            Ecosystem::PyPi => Relation::Installed,
            Ecosystem::CratesIo => Relation::Embedded,
        };
        let certain: HashSet<(String, &str)> = inventory
            .packages
            .iter()
            .filter(|package| package.ecosystem == self.ecosystem && package.relation.is_inside())
            .filter_map(|package| Some((self.ecosystem.folded(&package.name), package.version.as_deref()?)))
            .collect();
        let possible = self.packages.iter().flat_map(|(name, packages)| packages.iter().map(move |package| (name, package)));
        let possible = possible.filter(|(_, package)| package.origin != Origin::FirstParty);
        // Of a package that was shaken out nothing is in any of the places.
        let absent: HashSet<(&EntryPath, &str, &str)> =
            inventory.absences.iter().map(|absence| (&absence.bundle, absence.place.as_str(), absence.purl.as_str())).collect();
        let is_out = |package: &Package| {
            let purl = package.purl();
            !absent.is_empty() && places.iter().all(|path| absent.contains(&(path, &*package.place, purl.as_str())))
        };
        let possible = possible.filter(|(_, package)| !is_out(package));
        let possible = possible
            .filter(|(name, package)| package.version.as_deref().is_none_or(|version| !certain.contains(&((*name).clone(), version))));
        let candidates = possible.map(|(_, package)| Package {
            relation,
            dev: false,
            paths: places.iter().take(MOST_PLACES).cloned().collect(),
            inferred: true,
            ..(*package).clone()
        });
        let candidates: Vec<Package> = candidates.collect();
        inventory.candidates.extend(candidates);
    }
}
