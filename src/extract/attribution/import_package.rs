//! Import packages without metadata: Python code that lies where an interpreter looks for it, is no distribution's, and is not the
//! function's own either. Slimming options delete what names it, so it is told by its name, by what it says of itself, and by
//! what lies beside it.
//!
//! A folder or module counts where
//! - it lies in `site-packages` or in an archive of requirements, where nothing else is put;
//! - its name is certainly that of a widely used distribution, or a requirements file or lockfile asks for it by its name;
//! - its name may be one and it states a version, names its author, or is marked as typed;
//! - it has compiled modules, which is what wheels are for;
//! - one of which that is certain lies beside it, and it states a version, names its author or is marked as typed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::stripped::{self, STRIPPED};
use super::vendored::{self, Installed};
use crate::extract::owner::{Owners, ancestors};
use crate::extract::problem::PACKAGE_UNATTRIBUTED;
use crate::extract::pypi::{FIXTURES, Known, extension_module, is_copies, root_end, site_end, version_rank};
use crate::extract::system::System;
use crate::model::{Ecosystem, EntryPath, File, Inventory, Origin, Package, Problem, Relation, Trace};

/// What a package has as evidence that is known by the name of its import package alone, its version from elsewhere or not at all.
pub(super) const IMPORT_NAME: &str = "pypi/import-name";

/// The same where its own code states the version.
pub(super) const VERSION_LITERAL: &str = "pypi/version-literal";

/// The versions that the artifact's own lockfiles and manifests ask for, by folded name.
pub(super) type Asked = HashMap<String, BTreeSet<String>>;

/// What lockfiles and manifests ask for, before those of which something is installed are dropped.
pub(super) fn asked(inventory: &Inventory) -> Asked {
    let owners = Owners::new(&inventory.claims);
    let named = inventory.packages.iter().filter(|package| {
        package.ecosystem == Ecosystem::PyPi
            && matches!(package.relation, Relation::Declared | Relation::Locked)
            && package.origin != Origin::FirstParty
            && !package.paths.iter().all(|path| owners.owns(path))
    });
    let mut asked = Asked::new();
    for package in named {
        asked.entry(Ecosystem::PyPi.folded(&package.name)).or_default().extend(package.version.iter().chain(&package.candidates).cloned());
    }
    asked
}

/// Names the import packages that no metadata speaks for, and lists the distributions they are known to come from.
pub(super) fn settle(inventory: &mut Inventory, asked: &Asked) {
    let traces = std::mem::take(&mut inventory.traces);
    vendored::settle(inventory, &traces);
    let owners = stripped::installed_owners(inventory);
    let system = System::new(&inventory.system);
    let is_unowned = |file: &&File| is_code(&file.path) && !owners.owns(&file.path) && !system.is_module(&file.path);
    let unowned: Vec<&File> = inventory.files.iter().filter(is_unowned).collect();
    let tops = tops(&unowned, &traces, &owners);
    let bare = stripped(&tops, asked, &Installed::new(inventory));
    let mut found: BTreeMap<(String, String), Package> = BTreeMap::new();
    let mut problems = Vec::new();
    for (place, top) in bare {
        let Some(root) = top.file.and_then(|file| file.prefix(place.end)) else { continue };
        let stated = top.version.as_ref();
        let says = stated.map_or(String::new(), |(_, version, _)| format!("; its code states version {version}"));
        problems.push(Problem::at(&PACKAGE_UNATTRIBUTED, &root, format!("{STRIPPED}{says}")).bytes(top.bytes));
        let Some(name) = top.distribution(asked) else { continue };
        let path = stated.map_or(&root, |(_, _, path)| path);
        let package = Package::new(Ecosystem::PyPi, &name, None, Relation::Installed, path, IMPORT_NAME);
        let package = found.entry((place.base().to_owned(), name)).or_insert(package);
        if let Some((_, version, path)) = stated.filter(|_| package.version.is_none()) {
            package.version = Some(version.clone());
            package.evidence = VERSION_LITERAL;
            package.paths = vec![path.clone()];
        }
    }
    inventory.problems.extend(problems);
    let mut found: Vec<Package> = found.into_values().collect();
    found.iter_mut().for_each(|package| complete(package, asked));
    // What a manifest asks for has been found.
    let folded = |package: &Package| Ecosystem::PyPi.folded(&package.name);
    let mut known: HashSet<(String, Option<String>)> = found.iter().map(|package| (folded(package), package.version.clone())).collect();
    known.extend(found.iter().map(|package| (folded(package), None)));
    inventory.packages.retain(|package| {
        let is_asked = package.ecosystem == Ecosystem::PyPi && matches!(package.relation, Relation::Declared | Relation::Locked);
        !(is_asked && known.contains(&(folded(package), package.version.clone())))
    });
    inventory.packages.append(&mut found);
}

/// Gives a package the version that the artifact's own lockfile or manifest pins; several are all candidates.
fn complete(package: &mut Package, asked: &Asked) {
    let Some(versions) = asked.get(&Ecosystem::PyPi.folded(&package.name)).filter(|_| package.version.is_none()) else { return };
    let mut each = versions.iter();
    match (each.next(), each.next()) {
        (None, _) => return,
        (Some(one), None) => package.version = Some(one.clone()),
        _ => package.candidates = versions.iter().cloned().collect(),
    }
    package.inferred = true;
}

/// Where an import package lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place<'a> {
    /// Its folder or module.
    root: &'a str,
    /// The length of the folder that it lies in, with the slash.
    start: usize,
    /// The length of its own path.
    end: usize,
}

impl<'a> Place<'a> {
    fn base(&self) -> &'a str {
        self.root[..self.start].trim_end_matches('/')
    }

    /// The name that it is imported by.
    fn name(&self) -> &'a str {
        let name = &self.root[self.start..];
        let module = name.strip_suffix(".py").or_else(|| name.strip_suffix(".pyc")).or_else(|| extension_module(name));
        module.unwrap_or(name)
    }

    /// Whether nothing but distributions lies there.
    fn is_installed_into(&self) -> bool {
        site_end(self.root).is_some_and(|end| end == self.start) || self.base().ends_with(".requirements.zip!")
    }
}

/// What is known of an import package.
#[derive(Default)]
struct Top<'a> {
    /// One of its files.
    file: Option<&'a EntryPath>,
    name: String,
    bytes: u64,
    is_importable: bool,
    is_native: bool,
    is_typed: bool,
    is_published: bool,
    known: Option<Known>,
    /// The version that the code states, with the rank and the path of the file.
    version: Option<(usize, String, EntryPath)>,
}

impl Top<'_> {
    fn says_something(&self) -> bool {
        self.version.is_some() || self.is_published || self.is_typed
    }

    /// The distribution: a widely known one, or the one that the artifact itself asks for by this name.
    fn distribution(&self, asked: &Asked) -> Option<String> {
        let known = || self.known.into_iter().flat_map(Known::distributions);
        let named = known().chain([Ecosystem::PyPi.folded(&self.name)]).find(|name| asked.contains_key(name));
        named.or_else(|| known().next())
    }

    fn is_asked_for(&self, asked: &Asked) -> bool {
        asked.contains_key(&Ecosystem::PyPi.folded(&self.name))
            || self.known.is_some_and(|known| known.distributions().any(|name| asked.contains_key(&name)))
    }

    fn is_certain(&self) -> bool {
        self.known.is_some_and(Known::is_certain)
    }
}

fn is_code(path: &EntryPath) -> bool {
    matches!(path.extension(), "py" | "pyc" | "so" | "pyd") || path.file_name() == "py.typed"
}

/// Puts the code that nobody owns together by import package.
fn tops<'a>(files: &[&'a File], traces: &[Trace], owners: &Owners<'_>) -> BTreeMap<Place<'a>, Top<'a>> {
    let folders = Folders::new(files, traces, owners);
    let mut tops: BTreeMap<Place<'a>, Top<'a>> = BTreeMap::new();
    for file in files {
        let Some((place, known)) = folders.place(file.path.as_str()) else { continue };
        let top =
            tops.entry(place).or_insert_with(|| Top { file: Some(&file.path), name: place.name().to_owned(), known, ..Top::default() });
        let rest = &file.path.as_str()[place.end..];
        if file.path.file_name() == "py.typed" {
            top.is_typed |= rest == "/py.typed";
            continue;
        }
        let is_namespace = place.name().contains('/') || place.is_installed_into();
        top.bytes += file.size;
        top.is_importable |= is_namespace || rest.is_empty() || rest == "/__init__.py" || rest == "/__init__.pyc";
        top.is_native |= extension_module(file.path.file_name()).is_some() && !rest.is_empty();
    }
    let by_root: HashMap<&str, Place<'a>> = tops.keys().map(|place| (place.root, *place)).collect();
    for trace in traces {
        // What lies deeper may be a copy of another package.
        let root = [trace.path.as_str(), trace.path.folder()].into_iter().find_map(|root| by_root.get(root));
        let Some(top) = root.and_then(|place| tops.get_mut(place)) else { continue };
        top.is_published |= trace.is_published;
        let rank = version_rank(&trace.path).unwrap_or(usize::MAX);
        if let Some(version) =
            trace.version.clone().filter(|_| top.version.as_ref().is_none_or(|(best, _, path)| (rank, &trace.path) < (*best, path)))
        {
            top.version = Some((rank, version, trace.path.clone()));
        }
    }
    tops.retain(|_, top| top.is_importable);
    tops
}

/// The folders in which import packages may lie.
struct Folders<'a> {
    /// Those with an `__init__` of their own.
    packages: HashSet<&'a str>,
    /// Those in which a widely known package states its version, wherever they are.
    proven: HashSet<&'a str>,
}

impl<'a> Folders<'a> {
    fn new(files: &[&'a File], traces: &'a [Trace], owners: &Owners<'_>) -> Self {
        let inits = files.iter().filter(|file| matches!(file.path.file_name(), "__init__.py" | "__init__.pyc"));
        let packages: HashSet<&str> = inits.map(|file| file.path.folder()).collect();
        let mut proven = HashSet::new();
        for trace in traces.iter().filter(|trace| trace.version.is_some() && !owners.owns(&trace.path)) {
            let folder = trace.path.folder();
            let (outer, name) = folder.rsplit_once('/').unwrap_or(("", folder));
            let is_fixture = outer.split('/').any(|component| FIXTURES.contains(&component));
            let is_certain = Known::exactly(name).is_some_and(Known::is_certain);
            if is_certain && !is_fixture && !ancestors(folder).any(|above| packages.contains(above)) {
                proven.insert(outer);
            }
        }
        Self { packages, proven }
    }

    /// The import package that a file belongs to.
    fn place<'b>(&self, path: &'b str) -> Option<(Place<'b>, Option<Known>)> {
        let start = root_end(path);
        let main = Self::at(path, start)?;
        if main.1.is_some() || site_end(path).is_some() {
            return Some(main);
        }
        // A folder of copies; the nearest one to the file that is no part of a package.
        let inner = ancestors(path).filter(|folder| folder.len() > start && (is_copies(folder) || self.proven.contains(folder)));
        for folder in inner {
            let Some((place, known)) = Self::at(path, folder.len() + 1) else { continue };
            let is_free = !ancestors(place.root).any(|above| self.packages.contains(above));
            if known.is_some_and(Known::is_certain) || is_free {
                return Some((place, known));
            }
        }
        Some(main)
    }

    fn at(path: &str, start: usize) -> Option<(Place<'_>, Option<Known>)> {
        let rest = path.get(start..).filter(|rest| !rest.is_empty())?;
        let (known, length) = Known::of(rest).map_or((None, rest.find('/').unwrap_or(rest.len())), |(known, length)| (Some(known), length));
        let root = &path[..start + length];
        let first = &rest[..length];
        let is_installer = first.starts_with("__") || matches!(first, "_virtualenv.py" | "sitecustomize.py" | "usercustomize.py" | "bin");
        let is_metadata = [".dist-info", ".egg-info", ".egg", ".data", ".libs"].iter().any(|end| first.ends_with(end));
        (!is_installer && !is_metadata).then_some((Place { root, start, end: root.len() }, known))
    }
}

/// The import packages that are a distribution's, and not the function's own.
fn stripped<'a, 'b>(tops: &'b BTreeMap<Place<'a>, Top<'a>>, asked: &Asked, installed: &Installed) -> Vec<(Place<'a>, &'b Top<'a>)> {
    let has_metadata = |place: &Place<'_>, top: &Top<'_>| {
        let known = top.known.into_iter().flat_map(Known::distributions);
        known.chain([Ecosystem::PyPi.folded(&top.name)]).any(|name| installed.speaks_for(place.base(), &name))
    };
    let open = || tops.iter().filter(|(place, top)| !has_metadata(place, top));
    // `yaml.py` may well be a function's own; a folder of a library's name rarely is.
    let is_known = |place: &Place<'_>, top: &Top<'_>| top.is_certain() && (!place.root.ends_with(".py") || top.says_something());
    let is_sure =
        |place: &Place<'_>, top: &Top<'_>| place.is_installed_into() || is_known(place, top) || top.is_asked_for(asked) || top.is_native;
    let is_one = |place: &Place<'_>, top: &Top<'_>| is_sure(place, top) || top.known.is_some() && top.says_something();
    let bases: HashSet<&str> = open().filter(|(place, top)| is_sure(place, top)).map(|(place, _)| place.base()).collect();
    let is_beside = |place: &Place<'_>, top: &Top<'_>| {
        bases.contains(place.base()) && (top.says_something() || top.known.is_some()) && !FIXTURES.contains(&place.name())
    };
    open().filter(|(place, top)| is_one(place, top) || is_beside(place, top)).map(|(place, top)| (*place, top)).collect()
}
