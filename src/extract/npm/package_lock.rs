//! package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3 (docs.npmjs.com, package-lock.json), and the hidden
//! lockfile `node_modules/.package-lock.json` that npm leaves in what it installs.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::modules::Modules;
use super::place::{Place, place};
use super::specifier::{origin, specifier};
use crate::extract::distribution::{distribution, npm_file, subresource};
use crate::extract::document::{json, word};
use crate::extract::statement::{Keys, Node, Statements, Text};
use crate::extract::{Extractor, Malformed};
use crate::model::{Distribution, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Folders that are looked through to resolve the dependencies of one lockfile.
const STEPS: usize = 20_000_000;
/// Bytes of a location whose dependencies are resolved: Linux' `PATH_MAX`.
const LONGEST_LOCATION: usize = 4096;

/// Reads npm's lockfiles, except those that lie inside an installed package: they name its development tree.
pub(crate) struct PackageLock;

impl Extractor for PackageLock {
    fn name(&self) -> &'static str {
        "npm/package-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        match path.file_name() {
            "package-lock.json" | "npm-shrinkwrap.json" => place(path.folder()) == Place::Tree,
            ".package-lock.json" => place(path.folder()) == Place::Modules,
            _ => false,
        }
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lock: Lock = json(entry)?;
        match (&lock.packages, &lock.dependencies, lock.version) {
            (_, _, version) if version > 3 => return Err(Malformed(format!("a lockfile of the unknown version {version}"))),
            (Some(packages), _, _) => {
                let mut nodes = Vec::with_capacity(packages.len());
                for (key, locked) in packages {
                    let package = self.located(entry.path, key, locked);
                    nodes.push(package.as_ref().map_or(Node::Own, Node::of));
                    if let (Some(Node::Package(purl)), Some(package)) = (nodes.last(), &package) {
                        let source = source(purl, package, locked.resolved.as_deref(), &locked.integrity, entry.path);
                        found.dependencies.distributions.extend(source);
                    }
                    found.packages.extend(package);
                }
                depend(packages, &nodes, Statements::new(entry.path, found));
            }
            (None, Some(dependencies), _) => self.nested(entry.path, dependencies, found),
            // `npm init` without a dependency leaves neither.
            (None, None, 1..) => {}
            (None, None, 0) => return Err(Malformed("a lockfile without `lockfileVersion`, `packages` and `dependencies`".into())),
        }
        Ok(())
    }
}

impl PackageLock {
    /// An element of `packages`: a location and what stands there. The root package has the empty location.
    fn located(&self, path: &EntryPath, key: &str, locked: &Located) -> Option<Package> {
        if key.is_empty() {
            return None;
        }
        let folder = key.rsplit_once("node_modules/").map(|(_, name)| name);
        let name = word(locked.name.as_deref().or(folder).unwrap_or_else(|| key.rsplit('/').next().unwrap_or(key)))?;
        let version = locked.version.as_deref().and_then(word);
        let mut package = Package::new(Ecosystem::Npm, name, version, Relation::Locked, path, self.name());
        package.place = key.into();
        let is_elsewhere = locked.os.is_some() || locked.cpu.is_some() || locked.libc.is_some();
        // An optional package is installed in production wherever it can be.
        package.dev = locked.dev || locked.dev_optional || locked.optional && is_elsewhere;
        package.elective = locked.peer || locked.optional || is_elsewhere;
        package.origin = match &locked.resolved {
            // A link, or a location outside node_modules, is a folder of the project.
            _ if locked.link || folder.is_none() => Origin::FirstParty,
            Some(resolved) => origin(resolved),
            None => Origin::Registry,
        };
        Some(package)
    }

    /// The tree of version 1.
    fn nested(&self, path: &EntryPath, dependencies: &BTreeMap<String, Nested>, found: &mut Inventory) {
        let mut tree = Tree::default();
        // An explicit stack: the JSON reader allows 128 levels, and recursion here would be the second copy of that limit.
        let mut todo: Vec<(Option<usize>, &String, &Nested)> = dependencies.iter().map(|(key, locked)| (None, key, locked)).collect();
        while let Some((above, key, locked)) = todo.pop() {
            let package = self.named(path, key, locked);
            let at = tree.add(above, key, locked, package.as_ref().map_or(Node::Own, Node::of));
            if let (Some(Node::Package(purl)), Some(package)) = (tree.nodes.last(), &package) {
                let resolved = locked.resolved.0.as_deref().or(locked.version.as_deref().filter(|_| package.origin != Origin::Registry));
                found.dependencies.distributions.extend(source(purl, package, resolved, &locked.integrity, path));
            }
            found.packages.extend(package);
            todo.extend(locked.dependencies.iter().flatten().map(|(key, locked)| (Some(at), key, locked)));
        }
        tree.depend(Statements::new(path, found));
    }

    fn named(&self, path: &EntryPath, key: &str, locked: &Nested) -> Option<Package> {
        let spec = specifier(locked.version.as_deref().unwrap_or(""));
        let name = word(spec.name.unwrap_or(key))?;
        // A registry package's version is taken as it stands, also where it is no strict SemVer (`1.2.3-01`).
        let version = match (spec.name, spec.origin) {
            (None, Origin::Registry) => locked.version.as_deref().and_then(word),
            _ => spec.version,
        };
        let mut package = Package::new(Ecosystem::Npm, name, version, Relation::Locked, path, self.name());
        (package.dev, package.elective) = (locked.dev, locked.optional);
        package.origin = spec.origin;
        Some(package)
    }
}

/// Where a package comes from. A lockfile may leave out the registry's addresses (npm, `omit-lockfile-registry-resolved`).
fn source(purl: &Arc<str>, package: &Package, resolved: Option<&str>, integrity: &Text, path: &EntryPath) -> Option<Distribution> {
    let integrity = integrity.0.as_deref();
    match (resolved, &package.version) {
        (Some(url), _) => distribution(purl, url, integrity, path),
        (None, Some(version)) if package.origin == Origin::Registry && integrity.and_then(subresource).is_some() => {
            distribution(purl, &npm_file(&package.name, version), integrity, path)
        }
        _ => None,
    }
}

/// Who depends on whom in versions 2 and 3: a name means what Node.js finds from the location that asks for it. `nodes` has
/// one for each location, in their order.
fn depend(packages: &BTreeMap<String, Located>, nodes: &[Node], mut statements: Statements<'_>) {
    let numbers: HashMap<&str, usize> = packages.keys().map(String::as_str).zip(0..).collect();
    let at = |(number, (key, locked)): (usize, (&'_ String, &'_ Located))| {
        let target = locked.resolved.as_deref().filter(|_| locked.link).and_then(|target| numbers.get(target));
        (key.len() <= LONGEST_LOCATION).then(|| target.copied().unwrap_or(number))
    };
    let places = packages.iter().enumerate().filter_map(|(number, (key, locked))| Some((key.as_str(), at((number, (key, locked)))?)));
    let modules = Modules::new(places);
    let mut steps = STEPS;
    for (node, (key, locked)) in nodes.iter().zip(packages).filter(|(_, (_, locked))| !locked.link) {
        let home = if key.len() <= LONGEST_LOCATION { modules.home(key) } else { None };
        let on: Vec<_> =
            locked.wishes().map(|(name, needed)| (modules.find(home, name, &mut steps).and_then(|at| nodes.get(at)), needed)).collect();
        statements.note(node, on);
    }
}

/// The tree of version 1: who lies in whom, and what each is called there.
#[derive(Default)]
struct Tree<'a> {
    nodes: Vec<Node>,
    locked: Vec<&'a Nested>,
    above: Vec<Option<usize>>,
    members: HashMap<(Option<usize>, &'a str), usize>,
}

impl<'a> Tree<'a> {
    fn add(&mut self, above: Option<usize>, key: &'a str, locked: &'a Nested, node: Node) -> usize {
        let at = self.nodes.len();
        self.nodes.push(node);
        self.locked.push(locked);
        self.above.push(above);
        self.members.insert((above, key), at);
        at
    }

    /// A name means the nearest member of that name: the package's own, its neighbours, those of whom it lies in.
    fn depend(&self, mut statements: Statements<'_>) {
        for (at, (node, locked)) in self.nodes.iter().zip(&self.locked).enumerate() {
            let find = |name: &str| {
                let mut holder = Some(at);
                loop {
                    if let Some(&found) = self.members.get(&(holder, name)) {
                        return self.nodes.get(found);
                    }
                    holder = self.above.get(holder?).copied().flatten();
                }
            };
            // Peers stand nowhere in this version, so that nobody's dependencies are all there.
            statements.note(node, locked.requires.names().map(|name| (find(name), true)).chain([(None, true)]));
        }
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion", default)]
    version: u64,
    packages: Option<BTreeMap<String, Located>>,
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
struct Located {
    name: Option<String>,
    version: Option<String>,
    resolved: Option<String>,
    #[serde(default)]
    link: bool,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    peer: bool,
    os: Option<IgnoredAny>,
    cpu: Option<IgnoredAny>,
    libc: Option<IgnoredAny>,
    #[serde(rename = "devOptional", default)]
    dev_optional: bool,
    #[serde(default)]
    integrity: Text,
    #[serde(default)]
    dependencies: Keys,
    #[serde(rename = "optionalDependencies", default)]
    optional_dependencies: Keys,
    #[serde(rename = "peerDependencies", default)]
    peer_dependencies: Keys,
    #[serde(rename = "devDependencies", default)]
    dev_dependencies: Keys,
}

impl Located {
    /// The names that a location asks for, and whether it cannot do without. Only the project's own locations have
    /// `devDependencies`.
    fn wishes(&self) -> impl Iterator<Item = (&str, bool)> {
        let needed = self.dependencies.names().map(|name| (name, true));
        let others = [&self.optional_dependencies, &self.peer_dependencies, &self.dev_dependencies];
        needed.chain(others.into_iter().flat_map(|keys| keys.names().map(|name| (name, false))))
    }
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    resolved: Text,
    #[serde(default)]
    integrity: Text,
    #[serde(default)]
    requires: Keys,
    dependencies: Option<BTreeMap<String, Nested>>,
}
