//! package.json: of an installed package, and of the function itself (docs.npmjs.com, package.json).

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::place::{Place, package_root, place};
use super::specifier::{origin, specifier};
use crate::extract::document::{json, word};
use crate::extract::statement::Keys;
use crate::extract::{Extractor, Malformed};
use crate::model::{Asked, Claim, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation, Wish};

/// Names of one manifest that are looked for; npm itself would not install so many.
const MOST_WISHES: usize = 20_000;

/// Reads package.json where it stands in a package's own folder (an installed package) or in the artifact's own tree (what
/// the function declares). Any other one merely lies in a package: a fixture, or a marker of a module format.
pub(crate) struct PackageJson;

impl Extractor for PackageJson {
    fn name(&self) -> &'static str {
        "npm/package-json"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "package.json" && matches!(place(path.folder()), Place::Root | Place::Tree)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        match package_root(entry.path.as_str()) {
            Some((root, _)) => {
                // The folder is the package's whatever its manifest is worth; a broken one is a problem of its own.
                found.claims.push(Claim::folder(&root.into(), root));
                let manifest: Manifest = json(entry)?;
                found.packages.push(self.installed(entry.path, root, &manifest));
                found.dependencies.asked.extend(manifest.asked(entry.path, false));
            }
            None => {
                let manifest: Manifest = json(entry)?;
                self.declared(entry.path, &manifest, found);
                found.dependencies.asked.extend(manifest.asked(entry.path, true));
            }
        }
        Ok(())
    }
}

impl PackageJson {
    fn installed(&self, path: &EntryPath, root: &str, manifest: &Manifest) -> Package {
        let name = manifest.name.as_deref().and_then(word).filter(|name| is_name(name)).unwrap_or_else(|| folder_name(root));
        let version = manifest.version.as_deref().and_then(word);
        let mut package = Package::new(Ecosystem::Npm, name, version, Relation::Installed, path, self.name());
        package.origin = match manifest.resolved.as_deref().map(origin) {
            _ if manifest.private => Origin::Private,
            Some(Origin::FirstParty) | None => Origin::Registry,
            Some(origin) => origin,
        };
        package
    }

    fn declared(&self, path: &EntryPath, manifest: &Manifest, found: &mut Inventory) {
        for (key, text) in &manifest.dependencies {
            let spec = specifier(text);
            let Some(name) = word(spec.name.unwrap_or(key)) else { continue };
            let mut package = Package::new(Ecosystem::Npm, name, spec.version, Relation::Declared, path, self.name());
            package.origin = spec.origin;
            found.packages.push(package);
        }
    }
}

/// Whether a registry could know a package by this name: one component, or a scope and one (docs.npmjs.com, package.json,
/// "name"). `./a` and `a/` are what nobody asks for, and would be looked up in vain.
fn is_name(name: &str) -> bool {
    let rest = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').filter(|(scope, _)| !scope.is_empty()).map_or("", |(_, rest)| rest),
        None => name,
    };
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()".contains(c);
    !rest.is_empty() && !rest.starts_with(['.', '_']) && rest.chars().all(is_safe)
}

/// `@scope/name` or `name`: what the installer called the folder.
fn folder_name(root: &str) -> &str {
    let mut ends = root.rmatch_indices('/').map(|(at, _)| at);
    let last = ends.next().map_or(0, |at| at + 1);
    let scope = ends.next().map_or(0, |at| at + 1);
    if root.get(scope..).is_some_and(|name| name.starts_with('@')) { &root[scope..] } else { &root[last..] }
}

/// The few fields that matter. Read as npm does: the last of equal keys counts, and a field of a wrong type counts as absent.
#[derive(Debug, Default)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
    private: bool,
    /// `_resolved`, which npm before version 7 wrote into installed manifests.
    resolved: Option<String>,
    /// `dependencies` and `optionalDependencies`.
    dependencies: BTreeMap<String, String>,
    /// The keys of `optionalDependencies`.
    optional: Vec<String>,
    peers: Keys,
    dev: Keys,
}

impl Manifest {
    /// What the manifest asks for. Only a project's own asks for what it is developed with; only there a lockfile may have to
    /// be asked what a range means.
    fn asked(&self, path: &EntryPath, is_own: bool) -> Option<Asked> {
        let optional: HashSet<&str> = self.optional.iter().map(String::as_str).collect();
        let wish = |name: &str, range: &str, needed| Wish { name: name.into(), range: range.into(), needed };
        let own = self.dependencies.iter().map(|(name, range)| {
            let range = if is_own { range.as_str() } else { "" };
            wish(name, range, !optional.contains(name.as_str()))
        });
        let others = self.peers.names().chain(self.dev.names().filter(|_| is_own));
        let names: Vec<Wish> = own.chain(others.map(|name| wish(name, "", false))).take(MOST_WISHES).collect();
        // A package that asks for nothing says so; a manifest of the tree may be a mere marker of a module format.
        (!is_own || !names.is_empty()).then(|| Asked { path: path.clone(), ecosystem: Ecosystem::Npm, names })
    }
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Manifest;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Manifest, M::Error> {
                let mut manifest = Manifest::default();
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "name" => manifest.name = string(map.next_value()?),
                        "version" => manifest.version = string(map.next_value()?),
                        "private" => manifest.private = map.next_value::<Value>()? == Value::Bool(true),
                        "_resolved" => manifest.resolved = string(map.next_value()?),
                        "peerDependencies" => manifest.peers = map.next_value()?,
                        "devDependencies" => manifest.dev = map.next_value()?,
                        field @ ("dependencies" | "optionalDependencies") => {
                            if let Value::Object(named) = map.next_value()? {
                                if field == "optionalDependencies" {
                                    manifest.optional = named.keys().cloned().collect();
                                }
                                manifest.dependencies.extend(named.into_iter().filter_map(|(name, text)| Some((name, string(text)?))));
                            }
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(manifest)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

fn string(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
