//! Pipfile.lock (pipenv, "Pipfile.lock" specification 6).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::archive_name;
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
        for (section, locked) in &lock.sections {
            for (name, locked) in locked {
                let Some(name) = word(name) else { continue };
                let version = locked.version(name);
                let mut package = Package::new(Ecosystem::PyPi, name, version.as_deref(), Relation::Locked, entry.path, self.name());
                // A section of any other name is a category of the Pipfile, and what is one for is the project's own affair.
                package.dev = section == "develop";
                package.elective = locked.markers.is_some();
                package.origin = locked.origin();
                found.packages.push(package);
            }
        }
        Ok(())
    }
}

/// The sections by name: `default`, `develop` and the categories. Read one by one, so that memory stays a small multiple of the
/// file.
struct Lock {
    sections: BTreeMap<String, BTreeMap<String, Locked>>,
}

impl<'de> Deserialize<'de> for Lock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Sections)
    }
}

struct Sections;

impl<'de> Visitor<'de> for Sections {
    type Value = Lock;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Pipfile.lock")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lock, A::Error> {
        let (mut sections, mut has_head) = (BTreeMap::new(), false);
        while let Some(name) = map.next_key::<String>()? {
            if name == "_meta" {
                map.next_value::<IgnoredAny>()?;
                has_head = true;
            } else {
                let mut section: BTreeMap<String, Locked> = map.next_value()?;
                sections.entry(name).or_insert_with(BTreeMap::new).append(&mut section);
            }
        }
        // Whatever else the file is, it is a lockfile only with its own head.
        if has_head { Ok(Lock { sections }) } else { Err(A::Error::missing_field("_meta")) }
    }
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    git: Option<IgnoredAny>,
    hg: Option<IgnoredAny>,
    svn: Option<IgnoredAny>,
    bzr: Option<IgnoredAny>,
    path: Option<String>,
    file: Option<String>,
    editable: Option<bool>,
    markers: Option<IgnoredAny>,
}

impl Locked {
    fn origin(&self) -> Origin {
        match self {
            Self { git: Some(_), .. } | Self { hg: Some(_), .. } | Self { svn: Some(_), .. } | Self { bzr: Some(_), .. } => Origin::Git,
            Self { path: Some(path), .. } | Self { file: Some(path), .. } if archive_name::is_archive(path) => Origin::Url,
            Self { path: Some(_), .. } | Self { editable: Some(true), .. } => Origin::FirstParty,
            Self { file: Some(_), .. } => Origin::Url,
            _ => Origin::Registry,
        }
    }

    /// The locked version, or the one that the name of an archive states; of a repository only the commit is known.
    fn version(&self, name: &str) -> Option<String> {
        if let Some(version) = &self.version {
            return word(version.trim().trim_start_matches('=')).map(str::to_owned);
        }
        let archive = self.file.as_deref().or(self.path.as_deref())?;
        let folded = |name: &str| Ecosystem::PyPi.folded(name);
        archive_name::name_and_version(archive).filter(|(stated, _)| folded(stated) == folded(name)).map(|(_, version)| version)
    }
}
