//! Lockfiles of Python projects that are TOML tables of packages: poetry.lock, uv.lock, pdm.lock, pylock.toml (PEP 751).

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::extract::document::{toml, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads the four formats; they differ in the words for where a package comes from.
pub(crate) struct TomlLock;

impl Extractor for TomlLock {
    fn name(&self) -> &'static str {
        "pypi/toml-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        let name = path.file_name();
        matches!(name, "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml") || name.starts_with("pylock.") && name.ends_with(".toml")
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lock: Lock = toml(entry)?;
        if lock.package.is_none() && lock.packages.is_none() && !lock.is_head_present() {
            return Err(Malformed("a lockfile without packages and without a lockfile's head".into()));
        }
        for locked in lock.package.iter().chain(&lock.packages).flatten() {
            let Some(name) = word(&locked.name) else { continue };
            let version = locked.version.as_deref().and_then(word);
            let mut package = Package::new(Ecosystem::PyPi, name, version, Relation::Locked, entry.path, self.name());
            package.origin = locked.origin();
            package.dev = locked.is_dev();
            package.elective = locked.is_elective(lock.packages.is_some());
            found.packages.push(package);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    /// poetry, uv, pdm.
    package: Option<Vec<Locked>>,
    /// PEP 751.
    packages: Option<Vec<Locked>>,
    metadata: Option<IgnoredAny>,
    version: Option<IgnoredAny>,
    #[serde(rename = "lock-version")]
    lock_version: Option<IgnoredAny>,
}

impl Lock {
    fn is_head_present(&self) -> bool {
        self.metadata.is_some() || self.version.is_some() || self.lock_version.is_some()
    }
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    source: Option<Source>,
    /// poetry before 1.5.
    category: Option<String>,
    /// poetry from 2.0, pdm: the dependency groups that ask for it.
    groups: Option<Vec<String>>,
    optional: Option<bool>,
    /// pdm and PEP 751; poetry from 2.0.
    marker: Option<IgnoredAny>,
    markers: Option<IgnoredAny>,
    // pdm and PEP 751 name the origin in the package's own table.
    git: Option<IgnoredAny>,
    vcs: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    archive: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    directory: Option<IgnoredAny>,
}

/// The `source` table of poetry (with a `type`) or uv (with one key that is the type).
#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
    git: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    directory: Option<IgnoredAny>,
    editable: Option<IgnoredAny>,
    r#virtual: Option<IgnoredAny>,
}

impl Locked {
    fn origin(&self) -> Origin {
        let Some(source) = &self.source else {
            return match self {
                Self { git: Some(_), .. } | Self { vcs: Some(_), .. } => Origin::Git,
                Self { path: Some(_), .. } | Self { directory: Some(_), .. } => Origin::FirstParty,
                Self { url: Some(_), .. } | Self { archive: Some(_), .. } => Origin::Url,
                _ => Origin::Registry,
            };
        };
        match (source.kind.as_deref(), source) {
            (Some("git"), _) => Origin::Git,
            (Some("directory"), _) => Origin::FirstParty,
            (Some("url" | "file"), _) => Origin::Url,
            // `legacy` is poetry's word for an index that is not its default one.
            (Some(_), _) => Origin::Registry,
            (None, Source { git: Some(_), .. }) => Origin::Git,
            (None, Source { r#virtual: Some(_), .. } | Source { editable: Some(_), .. } | Source { directory: Some(_), .. }) => {
                Origin::FirstParty
            }
            (None, Source { url: Some(_), .. } | Source { path: Some(_), .. }) => Origin::Url,
            (None, _) => Origin::Registry,
        }
    }

    /// Whether it is for some platforms only, or the format does not say for which groups (poetry between 1.5 and 2.0, uv); what
    /// PEP 751 lists is to be installed.
    fn is_elective(&self, is_pylock: bool) -> bool {
        let says_groups = is_pylock || self.category.is_some() || self.groups.is_some();
        self.marker.is_some() || self.markers.is_some() || !says_groups
    }

    fn is_dev(&self) -> bool {
        let is_grouped =
            self.groups.as_ref().is_some_and(|groups| !groups.iter().any(|group| matches!(group.as_str(), "main" | "default")));
        is_grouped || self.optional == Some(true) || self.category.as_deref() == Some("dev")
    }
}
