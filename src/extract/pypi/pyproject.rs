//! pyproject.toml: what a project asks for (packaging.python.org, "pyproject.toml specification"; poetry's own table).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use super::requirement::{Line, requirement};
use crate::extract::document::{toml, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads the declared dependencies. A lockfile or an installation that knows one of them makes the file moot.
pub(crate) struct Pyproject;

impl Extractor for Pyproject {
    fn name(&self) -> &'static str {
        "pypi/pyproject"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "pyproject.toml"
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let project: Document = toml(entry)?;
        let mut declare = |name: &str, version: Option<&str>, origin: Origin| {
            let mut package = Package::new(Ecosystem::PyPi, name, version, Relation::Declared, entry.path, self.name());
            package.origin = origin;
            found.packages.push(package);
        };
        for line in project.project.unwrap_or_default().dependencies {
            if let Line::Requirement { name, version, origin } = requirement(line.trim()) {
                declare(&name, version.as_deref(), origin);
            }
        }
        let poetry = project.tool.unwrap_or_default().poetry.unwrap_or_default().dependencies;
        for (name, constraint) in poetry.iter().filter(|(name, _)| *name != "python") {
            let Some(name) = word(name) else { continue };
            let has = |key: &str| constraint.get(key).is_some();
            let origin = match () {
                () if has("git") => Origin::Git,
                () if has("path") => Origin::FirstParty,
                () if has("url") => Origin::Url,
                () => Origin::Registry,
            };
            // poetry reads a bare version as exactly that one.
            let text = constraint.as_str().or_else(|| constraint.get("version").and_then(Value::as_str)).unwrap_or("");
            let text = text.trim_start_matches('=').trim();
            let is_exact = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(['*', ',', ' ', '|']);
            declare(name, is_exact.then(|| word(text)).flatten(), origin);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Document {
    project: Option<Project>,
    tool: Option<Tool>,
}

#[derive(Default, Deserialize)]
struct Project {
    #[serde(default)]
    dependencies: Vec<String>,
}

#[derive(Default, Deserialize)]
struct Tool {
    poetry: Option<Poetry>,
}

#[derive(Default, Deserialize)]
struct Poetry {
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
}
