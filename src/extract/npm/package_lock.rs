//! package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3 (docs.npmjs.com, package-lock.json), and the hidden
//! lockfile `node_modules/.package-lock.json` that npm leaves in what it installs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::place::{Place, place};
use super::specifier::{origin, specifier};
use crate::extract::document::{json, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

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
                for (key, locked) in packages {
                    found.packages.extend(self.located(entry.path, key, locked));
                }
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
        package.dev = locked.dev || locked.dev_optional || locked.optional;
        package.elective = locked.peer || locked.os.is_some() || locked.cpu.is_some() || locked.libc.is_some();
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
        // An explicit stack: the JSON reader allows 128 levels, and recursion here would be the second copy of that limit.
        let mut todo: Vec<(&String, &Nested)> = dependencies.iter().collect();
        while let Some((key, locked)) = todo.pop() {
            if let Some(package) = self.named(path, key, locked) {
                found.packages.push(package);
            }
            todo.extend(locked.dependencies.iter().flatten());
        }
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
        package.dev = locked.dev || locked.optional;
        package.origin = spec.origin;
        Some(package)
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
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    dependencies: Option<BTreeMap<String, Nested>>,
}
