//! Lockfiles of Python projects that are TOML tables of packages: poetry.lock, uv.lock, pdm.lock, pylock.toml (PEP 751).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Value;

use super::archive_name;
use super::toml_edge::{self, Ask, Row, ask, asked};
use super::uv_graph::{Asked, Node, optional};
use crate::extract::document::{toml, word};
use crate::extract::statement::{self, Statements};
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
        // uv writes the lock of a script beside it.
        matches!(name, "poetry.lock" | "uv.lock" | "pdm.lock" | "pylock.toml")
            || name.starts_with("pylock.") && name.ends_with(".toml")
            || name.ends_with(".py.lock")
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lock: Lock = toml(entry)?;
        if lock.package.is_none() && lock.packages.is_none() && !lock.is_head_present() {
            return Err(Malformed("a lockfile without packages and without a lockfile's head".into()));
        }
        let locked: Vec<&Locked> = lock.package.iter().chain(&lock.packages).flatten().collect();
        let nodes: Vec<Node<'_>> = locked.iter().map(|locked| locked.node()).collect();
        let optional = optional(&nodes);
        let mut rows = Vec::with_capacity(locked.len());
        for (at, locked) in locked.iter().enumerate() {
            let Some(name) = word(&locked.name) else { continue };
            let version = locked.version(name);
            let mut package = Package::new(Ecosystem::PyPi, name, version.as_deref(), Relation::Locked, entry.path, self.name());
            package.origin = locked.origin();
            package.dev = locked.is_dev(&lock.default_groups) || optional.contains(&at);
            package.elective = locked.is_elective(lock.packages.is_some());
            let on = locked.asks(lock.packages.is_some());
            rows.push(Row { name: &locked.name, version: locked.version.as_deref(), node: statement::Node::of(&package), on });
            found.packages.push(package);
        }
        toml_edge::depend(&rows, Statements::new(entry.path, found));
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
    /// PEP 751: the groups that are installed when nothing is said.
    #[serde(rename = "default-groups", default)]
    default_groups: Vec<String>,
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
    markers: Option<IgnoredAny>,
    // pdm and PEP 751 name the origin in the package's own table.
    git: Option<IgnoredAny>,
    vcs: Option<IgnoredAny>,
    url: Option<IgnoredAny>,
    archive: Option<Archive>,
    path: Option<Value>,
    directory: Option<IgnoredAny>,
    /// PEP 751, and as a list poetry's and pdm's, which say nothing of groups in it.
    marker: Option<Value>,
    // uv: what it needs itself, and what its extras need.
    dependencies: Option<Value>,
    #[serde(rename = "optional-dependencies", default)]
    optional_dependencies: BTreeMap<String, Vec<Asked>>,
    #[serde(rename = "dev-dependencies", default)]
    dev_dependencies: BTreeMap<String, Vec<Asked>>,
}

/// Where an archive lies (PEP 751).
#[derive(Deserialize)]
struct Archive {
    url: Option<String>,
    path: Option<String>,
}

/// Whether a part of a marker asks for a group or an extra that is not installed unless it is named.
fn is_of_group(part: &str, default_groups: &[String]) -> bool {
    let is_default = |group: &String| part.contains(&format!("'{group}'")) || part.contains(&format!("\"{group}\""));
    let excludes = part.contains(" not in extras") || part.contains(" not in dependency_groups");
    !excludes && (part.contains(" in extras") || part.contains(" in dependency_groups") && !default_groups.iter().any(is_default))
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
    /// What the package depends on. PEP 751 leaves it to the tool whether to say so, and poetry and pdm leave the project out.
    fn asks(&self, is_pylock: bool) -> Option<Vec<Ask<'_>>> {
        if is_pylock && self.dependencies.is_none() {
            return None;
        }
        let lists = self.optional_dependencies.values().chain(self.dev_dependencies.values()).flatten();
        let others = lists.filter_map(|asked| ask(&asked.name, asked.version.as_deref(), false));
        Some(self.dependencies.iter().flat_map(asked).chain(others).collect())
    }

    fn origin(&self) -> Origin {
        let Some(source) = &self.source else {
            return match self {
                Self { git: Some(_), .. } | Self { vcs: Some(_), .. } => Origin::Git,
                Self { path: Some(path), .. } if path.as_str().is_some_and(archive_name::is_archive) => Origin::Url,
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

    /// The locked version, or the one that the name of an archive states.
    fn version(&self, name: &str) -> Option<String> {
        if let Some(version) = &self.version {
            return word(version).map(str::to_owned);
        }
        let archive = self.archive.as_ref().and_then(|archive| archive.url.as_deref().or(archive.path.as_deref()))?;
        let folded = |name: &str| Ecosystem::PyPi.folded(name);
        archive_name::name_and_version(archive).filter(|(stated, _)| folded(stated) == folded(name)).map(|(_, version)| version)
    }

    /// Whether it is for some platforms only, or the format does not say for which groups (poetry between 1.5 and 2.0, uv); what
    /// PEP 751 lists is to be installed.
    fn is_elective(&self, is_pylock: bool) -> bool {
        let says_groups = is_pylock || self.category.is_some() || self.groups.is_some();
        self.marker.is_some() || self.markers.is_some() || !says_groups
    }

    fn is_dev(&self, default_groups: &[String]) -> bool {
        let is_grouped =
            self.groups.as_ref().is_some_and(|groups| !groups.iter().any(|group| matches!(group.as_str(), "main" | "default")));
        let marker = self.marker.as_ref().and_then(Value::as_str);
        let is_chosen = marker.is_some_and(|marker| marker.split(" or ").all(|part| is_of_group(part, default_groups)));
        is_grouped || is_chosen || self.optional == Some(true) || self.category.as_deref() == Some("dev")
    }

    fn node(&self) -> Node<'_> {
        // poetry has a table there, and says in words of its own what is for development.
        let dependencies = self.dependencies.as_ref().and_then(Value::as_array).into_iter().flatten();
        Node {
            name: &self.name,
            version: self.version.as_deref(),
            is_root: self.source.as_ref().is_some_and(|source| source.kind.is_none()) && self.origin() == Origin::FirstParty,
            dependencies: dependencies.filter_map(|asked| Asked::deserialize(asked.clone()).ok()).collect(),
            groups: &self.dev_dependencies,
            extras: &self.optional_dependencies,
        }
    }
}
