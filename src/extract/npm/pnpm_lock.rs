//! pnpm-lock.yaml, lockfile versions 5, 6 and 9 (pnpm/spec, "lockfile"), and the hidden lockfile `node_modules/.pnpm/lock.yaml`
//! that pnpm leaves in what it installs.

use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::place::{Place, place};
use super::specifier::{name_and_rest, origin};
use crate::extract::distribution::{distribution, npm_file, subresource};
use crate::extract::document::{word, yaml};
use crate::extract::statement::{AnyShape, Node, Shape, Statements, Table, Text};
use crate::extract::{Extractor, Malformed};
use crate::model::{Distribution, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads pnpm-lock.yaml.
pub(crate) struct PnpmLock;

impl Extractor for PnpmLock {
    fn name(&self) -> &'static str {
        "npm/pnpm-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        match path.file_name() {
            "pnpm-lock.yaml" => place(path.folder()) == Place::Tree,
            "lock.yaml" => place(path.folder()) == Place::Store && path.folder().ends_with("node_modules/.pnpm"),
            _ => false,
        }
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        for lock in yaml::<Lock>(entry)? {
            let major: u32 = lock.version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
            if !matches!(major, 5 | 6 | 9) {
                return Err(Malformed("a pnpm-lock.yaml of an unknown version".into()));
            }
            let mut nodes: HashMap<&str, Node> = HashMap::new();
            for (key, locked) in lock.packages.iter().flatten() {
                let Some(package) = self.package(entry.path, major, key, locked) else { continue };
                let node = Node::of(&package);
                if let (Node::Package(purl), Some(resolution)) = (&node, &locked.resolution) {
                    found.dependencies.distributions.extend(resolution.distribution(purl, &package, entry.path));
                }
                nodes.insert(key, node);
                found.packages.push(package);
            }
            lock.depend(major, &nodes, Statements::new(entry.path, found));
            found.packages.extend(lock.members().map(|name| self.member(entry.path, name)));
        }
        Ok(())
    }
}

impl PnpmLock {
    fn package(&self, path: &EntryPath, major: u32, key: &str, locked: &Locked) -> Option<Package> {
        let (named, rest) = if major == 5 { key_5(key) } else { key_6(key) };
        let origin = locked.resolution.as_ref().map_or(Origin::Registry, |resolution| resolution.origin(rest));
        let name = word(locked.name.as_deref().unwrap_or(named))?;
        let version = match (locked.version.as_deref(), origin) {
            (Some(version), _) => word(version),
            (None, Origin::Registry) => word(rest),
            (None, _) => None,
        };
        let mut package = Package::new(Ecosystem::Npm, name, version, Relation::Locked, path, self.name());
        package.dev = locked.dev || locked.optional;
        // From version 9 on only the importers say what is for development.
        package.elective = major == 9 || locked.os.is_some() || locked.cpu.is_some() || locked.libc.is_some();
        package.origin = origin;
        Some(package)
    }

    /// A folder of the project that another one depends on: it has no entry of its own.
    fn member(&self, path: &EntryPath, name: &str) -> Package {
        let mut package = Package::new(Ecosystem::Npm, name, None, Relation::Locked, path, self.name());
        package.origin = Origin::FirstParty;
        package
    }
}

/// `/name/1.0.0_peer`, `/@scope/name/1.0.0`, `host/name/1.0.0`.
fn key_5(key: &str) -> (&str, &str) {
    let key = key.strip_prefix('/').unwrap_or_else(|| key.split_once('/').map_or(key, |(_, rest)| rest));
    let (name, rest) = match key.split_once('/') {
        Some((scope, inner)) if scope.starts_with('@') => match inner.find('/') {
            Some(at) => (&key[..scope.len() + 1 + at], &inner[at + 1..]),
            None => (key, ""),
        },
        Some((name, rest)) => (name, rest),
        None => (key, ""),
    };
    (name, rest.split(['_', '(', '/']).next().unwrap_or(rest))
}

/// `/name@1.0.0(peer@2.0.0)` in version 6, or `host/name@1.0.0` where a scope has a registry of its own; without the slash in
/// version 9.
fn key_6(key: &str) -> (&str, &str) {
    let is_host = |first: &str| first.contains('.') && !first.contains('@');
    let key = match key.split_once('/') {
        Some((first, rest)) if first.is_empty() || is_host(first) => rest,
        _ => key,
    };
    let (name, rest) = name_and_rest(key);
    let rest = rest.unwrap_or("");
    (name, rest.split('(').next().unwrap_or(rest))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: String,
    packages: Option<BTreeMap<String, Locked>>,
    /// Version 9: who depends on whom, apart from what is what.
    #[serde(default)]
    snapshots: Table<Bound>,
    /// The projects of the workspace; without one, its only project is the document itself.
    #[serde(default)]
    importers: Table<Bound>,
    #[serde(default)]
    dependencies: Table<Reference>,
    #[serde(default)]
    optional_dependencies: Table<Reference>,
    #[serde(default)]
    dev_dependencies: Table<Reference>,
}

/// What something depends on, and which one that is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Bound {
    dependencies: Table<Reference>,
    optional_dependencies: Table<Reference>,
    dev_dependencies: Table<Reference>,
}

/// `1.0.0(peer@2.0.0)`, in version 6 and later also as the `version` of a table.
struct Reference(Option<String>);

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match deserializer.deserialize_any(AnyShape::<Text>(PhantomData))? {
            Shape::Text(text) => Some(text),
            Shape::Object(members) => members.into_iter().find(|(name, _)| **name == *"version").and_then(|(_, text)| text.0),
            Shape::Flag(_) | Shape::Other => None,
        }))
    }
}

impl Lock {
    /// The names of dependencies that are folders of the project.
    fn members(&self) -> impl Iterator<Item = &str> {
        let importers = self.importers.0.iter().flat_map(|(_, one)| [&one.dependencies, &one.optional_dependencies]);
        let named = importers.chain([&self.dependencies, &self.optional_dependencies]).flat_map(|list| &list.0);
        let is_link = |reference: &Reference| reference.0.as_deref().is_some_and(|to| to.starts_with("link:"));
        named.filter(move |(_, reference)| is_link(reference)).filter_map(|(name, _)| word(name))
    }

    /// Who depends on whom.
    fn depend(&self, major: u32, nodes: &HashMap<&str, Node>, mut statements: Statements<'_>) {
        for (key, locked) in self.packages.iter().flatten().filter(|_| major < 9) {
            if let Some(node) = known(key, nodes) {
                statements.note(node, bound(major, nodes, [&locked.dependencies, &locked.optional_dependencies]));
            }
        }
        for (key, one) in &self.snapshots.0 {
            if let Some(node) = known(key, nodes) {
                statements.note(node, bound(major, nodes, [&one.dependencies, &one.optional_dependencies]));
            }
        }
        for (_, one) in &self.importers.0 {
            statements.note(&Node::Own, bound(major, nodes, [&one.dependencies, &one.optional_dependencies, &one.dev_dependencies]));
        }
        let own = [&self.dependencies, &self.optional_dependencies, &self.dev_dependencies];
        if own.iter().any(|list| !list.0.is_empty()) {
            statements.note(&Node::Own, bound(major, nodes, own));
        }
    }
}

/// On whom something depends: what must be there stands in the first list.
fn bound<'n, const N: usize>(major: u32, nodes: &'n HashMap<&str, Node>, lists: [&Table<Reference>; N]) -> Vec<(Option<&'n Node>, bool)> {
    let named = lists.into_iter().zip(0..).flat_map(|(list, at)| list.0.iter().map(move |named| (named, at == 0)));
    named
        .filter_map(|((name, reference), needed)| Some((name, reference.0.as_deref().filter(|to| !to.starts_with("link:"))?, needed)))
        .map(|(name, reference, needed)| (known(&key_of(major, name, reference), nodes), needed))
        .collect()
}

/// The key of what `name` means where it stands with `reference` (pnpm, `dependency-path`, `refToRelative`).
fn key_of(major: u32, name: &str, reference: &str) -> String {
    let is_key = match major {
        5 | 6 => reference.starts_with('/') || reference.split(['(', '_']).next().is_some_and(|own| own.contains('/')),
        _ => {
            let at = reference.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
            at.is_some_and(|at| {
                reference.find(':').is_none_or(|colon| at < colon) && reference.find('(').is_none_or(|bracket| at < bracket)
            })
        }
    };
    match (is_key, major) {
        (true, _) => reference.to_owned(),
        (false, 5) => format!("/{name}/{reference}"),
        (false, 6) => format!("/{name}@{reference}"),
        (false, _) => format!("{name}@{reference}"),
    }
}

/// What a key names, with or without the peers it is bound to.
fn known<'n>(key: &str, nodes: &'n HashMap<&str, Node>) -> Option<&'n Node> {
    nodes.get(key).or_else(|| nodes.get(key.split('(').next()?))
}

#[derive(Deserialize)]
struct Locked {
    name: Option<String>,
    version: Option<String>,
    resolution: Option<Resolution>,
    os: Option<IgnoredAny>,
    cpu: Option<IgnoredAny>,
    libc: Option<IgnoredAny>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    dependencies: Table<Reference>,
    #[serde(rename = "optionalDependencies", default)]
    optional_dependencies: Table<Reference>,
}

#[derive(Deserialize)]
struct Resolution {
    #[serde(rename = "type")]
    kind: Option<String>,
    tarball: Option<String>,
    commit: Option<String>,
    #[serde(default)]
    repo: Text,
    #[serde(default)]
    integrity: Text,
}

impl Resolution {
    /// Where the package comes from.
    fn distribution(&self, purl: &Arc<str>, package: &Package, path: &EntryPath) -> Option<Distribution> {
        let integrity = self.integrity.0.as_deref();
        match (&self.repo.0, &self.commit, &self.tarball, &package.version) {
            (Some(repo), Some(commit), _, _) => distribution(purl, &format!("git+{repo}#{commit}"), None, path),
            (_, _, Some(tarball), _) => distribution(purl, tarball, integrity, path),
            (_, _, _, Some(version)) if package.origin == Origin::Registry && integrity.and_then(subresource).is_some() => {
                distribution(purl, &npm_file(&package.name, version), integrity, path)
            }
            _ => None,
        }
    }

    fn origin(&self, rest: &str) -> Origin {
        match (self.kind.as_deref(), &self.commit, &self.tarball) {
            (Some("directory"), _, _) => Origin::FirstParty,
            (Some("git"), _, _) | (_, Some(_), _) => Origin::Git,
            // The public registry's tarballs have addresses without `/-/` on some mirrors; a version says the same.
            (_, _, Some(_)) if semver::Version::parse(rest).is_ok() => Origin::Registry,
            (_, _, Some(tarball)) => origin(tarball),
            _ => Origin::Registry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{key_5, key_6};

    #[test]
    fn keys() {
        assert_eq!(key_5("/lodash/4.17.15"), ("lodash", "4.17.15"));
        assert_eq!(key_5("/@s/n/1.0.0_react@17.0.2+x"), ("@s/n", "1.0.0"));
        assert_eq!(key_5("registry.example.com/@s/n/1.0.0"), ("@s/n", "1.0.0"));
        assert_eq!(key_5("/@s/n"), ("@s/n", ""));
        assert_eq!(key_6("/@s/n@1.0.0(react@18.0.0)(a@1)"), ("@s/n", "1.0.0"));
        assert_eq!(key_6("lodash@4.17.15"), ("lodash", "4.17.15"));
        assert_eq!(key_6("registry.example.com/@s/n@1.0.0(patch_hash=x)"), ("@s/n", "1.0.0"));
        assert_eq!(key_6("registry.example.com:4873/n@1.0.0"), ("n", "1.0.0"));
        assert_eq!(key_6("@s.t/n@1.0.0"), ("@s.t/n", "1.0.0"));
        assert_eq!(key_6("a@https://codeload.github.com/x/y/tar.gz/abc"), ("a", "https://codeload.github.com/x/y/tar.gz/abc"));
    }
}
