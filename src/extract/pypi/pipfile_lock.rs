//! Pipfile.lock (pipenv, "Pipfile.lock" specification 6).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::extract::document::{json, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads Pipfile.lock with its `develop` and named sections.
pub(crate) struct PipfileLock;

impl Extractor for PipfileLock {
    fn name(&self) -> &'static str {
        "pypi/pipfile-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "Pipfile.lock"
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lock: Lock = json(entry)?;
        let sections = [("default", lock.default), ("develop", lock.develop)];
        for (section, locked) in sections.into_iter().filter_map(|(name, section)| Some((name, section?))) {
            for (name, locked) in &locked {
                let Some(name) = word(name) else { continue };
                let version = locked.version.as_deref().and_then(|version| word(version.trim().trim_start_matches('=')));
                let mut package = Package::new(Ecosystem::PyPi, name, version, Relation::Locked, entry.path, self.name());
                package.dev = section == "develop";
                package.elective = locked.markers.is_some();
                package.origin = match locked {
                    Locked { git: Some(_), .. } => Origin::Git,
                    Locked { path: Some(_), .. } | Locked { editable: Some(true), .. } => Origin::FirstParty,
                    Locked { file: Some(_), .. } => Origin::Url,
                    _ => Origin::Registry,
                };
                found.packages.push(package);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    // Whatever else the file is, it is a lockfile only with its own head.
    #[serde(rename = "_meta")]
    _meta: IgnoredAny,
    default: Option<BTreeMap<String, Locked>>,
    develop: Option<BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    git: Option<IgnoredAny>,
    path: Option<IgnoredAny>,
    file: Option<IgnoredAny>,
    editable: Option<bool>,
    markers: Option<IgnoredAny>,
}
