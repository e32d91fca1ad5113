//! Drift: what a lockfile says against what is installed below its folder.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;

use super::scope::{home, name, scope, upwards};
use crate::extract::npm::package_root;
use crate::model::{Drift, DriftKind, Ecosystem, EntryPath, LAYERS, Origin, Package, Relation};

/// What tools put into an environment without locking it: `pip freeze` leaves the same ones out.
const INSTALLERS: [&str; 4] = ["pip", "setuptools", "wheel", "distribute"];

/// Every disagreement between the lockfiles among `named` and the installed packages among `known`. A lockfile of which nothing
/// is installed disagrees with nothing, and so does one with the project's own `members`, which yarn's first one does not name.
pub(super) fn between(named: &[Package], known: &[Package], members: &HashSet<EntryPath>) -> Vec<Drift> {
    let locks = Lock::all(named);
    let mut scopes: HashMap<(Ecosystem, &str), Vec<usize>> = HashMap::new();
    for (at, lock) in locks.iter().enumerate() {
        scopes.entry((lock.ecosystem, lock.folder)).or_default().push(at);
    }
    let mut installed: Vec<Vec<(&Package, &EntryPath)>> = vec![Vec::new(); locks.len()];
    let mut mounted: HashSet<(Ecosystem, String)> = HashSet::new();
    for package in known.iter().filter(|package| is_installed(package)) {
        for path in package.paths.iter().filter(|path| !members.contains(path)) {
            if path.is_in(LAYERS) {
                mounted.insert(name(package));
                continue;
            }
            let nearest = upwards(home(package.ecosystem, path)).find_map(|folder| scopes.get(&(package.ecosystem, folder)));
            for &at in nearest.into_iter().flatten() {
                if let Some(list) = installed.get_mut(at) {
                    list.push((package, path));
                }
            }
        }
    }
    locks.iter().zip(installed).flat_map(|(lock, installed)| lock.against(&installed, &mounted)).collect()
}

/// Whether a package is one that a lockfile could have resolved: installed, or compiled in with its exact version.
fn is_installed(package: &Package) -> bool {
    let is_there =
        package.relation == Relation::Installed || package.evidence == "cargo/auditable" && package.relation == Relation::Embedded;
    is_there && matches!(package.origin, Origin::Registry | Origin::Own)
}

/// One lockfile.
struct Lock<'a> {
    path: &'a EntryPath,
    ecosystem: Ecosystem,
    /// The folder it speaks of.
    folder: &'a str,
    packages: BTreeMap<String, Vec<&'a Package>>,
    /// Whether it resolves everything that is to be installed: a requirements file pins some.
    is_whole: bool,
}

impl<'a> Lock<'a> {
    /// Every lockfile, and every requirements file with its pins. The hidden lockfiles of npm and pnpm repeat the other one.
    fn all(named: &'a [Package]) -> Vec<Self> {
        let mut locks: BTreeMap<(&EntryPath, Ecosystem), Self> = BTreeMap::new();
        for package in named.iter().filter(|package| package.relation == Relation::Locked || is_pin(package)) {
            for path in &package.paths {
                let lock = locks.entry((path, package.ecosystem)).or_insert_with(|| Self {
                    path,
                    ecosystem: package.ecosystem,
                    folder: scope(path),
                    packages: BTreeMap::new(),
                    is_whole: package.relation == Relation::Locked,
                });
                lock.packages.entry(package.ecosystem.folded(&package.name)).or_default().push(package);
            }
        }
        let open: HashSet<(Ecosystem, &str)> =
            locks.values().filter(|lock| !lock.is_hidden()).map(|lock| (lock.ecosystem, lock.folder)).collect();
        locks.into_values().filter(|lock| !lock.is_hidden() || !open.contains(&(lock.ecosystem, lock.folder))).collect()
    }

    fn is_hidden(&self) -> bool {
        matches!(self.path.file_name(), ".package-lock.json" | "lock.yaml")
    }

    fn against(&self, installed: &[(&Package, &EntryPath)], mounted: &HashSet<(Ecosystem, String)>) -> Vec<Drift> {
        let folded = |package: &Package| self.ecosystem.folded(&package.name);
        let present: BTreeSet<String> = installed.iter().map(|(package, _)| folded(package)).collect();
        if !present.iter().any(|name| self.packages.contains_key(name)) {
            return Vec::new();
        }
        let mut drift: Vec<Drift> = installed.iter().filter_map(|(package, path)| self.held(&folded(package), package, path)).collect();
        if self.ecosystem != Ecosystem::CratesIo {
            let absent = self.packages.iter().filter(|(name, packages)| {
                let is_due = |package: &&Package| !package.dev && !package.elective && package.origin == Origin::Registry;
                !present.contains(*name) && !mounted.contains(&(self.ecosystem, (*name).clone())) && packages.iter().all(is_due)
            });
            drift.extend(absent.filter_map(|(name, packages)| Some(self.drift(DriftKind::Missing, name, &packages.first()?.name))));
        }
        drift
    }

    /// What the lockfile has against one installed package.
    fn held(&self, folded: &str, package: &Package, path: &EntryPath) -> Option<Drift> {
        let version = package.version.as_deref()?;
        let kind = match self.packages.get(folded) {
            // A package from git or a file has a version only once it is installed.
            Some(locked) if locked.iter().any(|locked| locked.version.is_none() || locked.origin != Origin::Registry) => return None,
            Some(locked) if locked.iter().any(|locked| self.is_same(locked.version.as_deref().unwrap_or_default(), version)) => {
                return None;
            }
            Some(_) => DriftKind::Version,
            None if self.is_whole && !self.may_add(folded, path) => DriftKind::Extra,
            None => return None,
        };
        Some(Drift {
            installed: Some(version.to_owned()),
            purl: Some(package.purl()),
            path: Some(path.clone()),
            ..self.drift(kind, folded, &package.name)
        })
    }

    /// Whether two spellings are one version; a local label (`2.1.0+cpu`) is another index's word for the same.
    fn is_same(&self, a: &str, b: &str) -> bool {
        let public = |version: &str| pep440_rs::Version::from_str(version.split('+').next().unwrap_or(version)).ok();
        a == b || self.ecosystem == Ecosystem::PyPi && public(a).is_some_and(|a| public(b) == Some(a))
    }

    /// Whether a package may rightly be there that the lockfile does not name: an installer's own, or one that a package brings
    /// in its own tarball, which only npm's lockfile lists, and not where it installs links.
    fn may_add(&self, folded: &str, path: &EntryPath) -> bool {
        // In a store every package has a folder of its own, and what it depends on lies beside it.
        let (is_stored, below) = match path.as_str().rsplit_once("/.pnpm/").or_else(|| path.as_str().rsplit_once("/.store/")) {
            Some((_, below)) => (true, below),
            None => (false, path.as_str()),
        };
        let is_brought = || package_root(path.as_str()).is_some() && below.matches("node_modules/").count() > 1;
        let names_bundled = self.packages.values().flatten().next().is_some_and(|package| package.evidence == "npm/package-lock");
        match self.ecosystem {
            Ecosystem::PyPi => INSTALLERS.contains(&folded),
            Ecosystem::Npm => (is_stored || !names_bundled) && is_brought(),
            Ecosystem::CratesIo => false,
        }
    }

    fn drift(&self, kind: DriftKind, folded: &str, name: &str) -> Drift {
        let locked: BTreeSet<String> =
            self.packages.get(folded).into_iter().flatten().filter_map(|package| package.version.clone()).collect();
        Drift {
            lockfile: self.path.clone(),
            kind,
            ecosystem: self.ecosystem,
            name: name.to_owned(),
            locked: locked.into_iter().collect(),
            installed: None,
            purl: None,
            path: None,
        }
    }
}

/// A requirement that names one version.
fn is_pin(package: &Package) -> bool {
    package.evidence == "pypi/requirements" && package.relation == Relation::Declared && package.version.is_some()
}
