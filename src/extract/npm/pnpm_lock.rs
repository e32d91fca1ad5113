//! pnpm-lock.yaml, lockfile versions 5, 6 and 9 (pnpm/spec, "lockfile"), and the hidden lockfile `node_modules/.pnpm/lock.yaml`
//! that pnpm leaves in what it installs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::place::{Place, place};
use super::specifier::{name_and_rest, origin};
use crate::extract::document::{word, yaml};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

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
            for (key, locked) in lock.packages.iter().flatten() {
                found.packages.extend(self.package(entry.path, major, key, locked));
            }
            // Version 5 writes a project that is no workspace without `importers`.
            let root = Importer { dependencies: lock.dependencies, optional: lock.optional };
            let importers = lock.importers.iter().flat_map(BTreeMap::values).chain(std::iter::once(&root));
            found.packages.extend(importers.flat_map(Importer::members).map(|name| self.member(entry.path, name)));
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
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: String,
    packages: Option<BTreeMap<String, Locked>>,
    importers: Option<BTreeMap<String, Importer>>,
    dependencies: Option<BTreeMap<String, Resolved>>,
    #[serde(rename = "optionalDependencies")]
    optional: Option<BTreeMap<String, Resolved>>,
}

/// One folder of the project and what it depends on.
#[derive(Deserialize)]
struct Importer {
    dependencies: Option<BTreeMap<String, Resolved>>,
    #[serde(rename = "optionalDependencies")]
    optional: Option<BTreeMap<String, Resolved>>,
}

impl Importer {
    /// The names of dependencies that are folders of the project.
    fn members(&self) -> impl Iterator<Item = &str> {
        let dependencies = self.dependencies.iter().chain(&self.optional).flatten();
        dependencies.filter(|(_, resolved)| resolved.version().starts_with("link:")).filter_map(|(name, _)| word(name))
    }
}

/// `1.0.0` in version 5, `{specifier: ^1.0.0, version: 1.0.0}` later.
#[derive(Deserialize)]
#[serde(untagged)]
enum Resolved {
    Plain(String),
    Specified { version: String },
    Other(IgnoredAny),
}

impl Resolved {
    fn version(&self) -> &str {
        match self {
            Self::Plain(version) | Self::Specified { version } => version,
            Self::Other(_) => "",
        }
    }
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
}

#[derive(Deserialize)]
struct Resolution {
    #[serde(rename = "type")]
    kind: Option<String>,
    tarball: Option<String>,
    commit: Option<String>,
}

impl Resolution {
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
