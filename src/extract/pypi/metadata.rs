//! METADATA of a `.dist-info` folder: an installed distribution (packaging.python.org, "Recording installed projects").

use super::{header, place};
use crate::extract::{Extractor, Malformed};
use crate::model::{Asked, Ecosystem, Entry, EntryPath, Inventory, Package, Relation};

/// Reads the name and version of an installed distribution. Whether the folder is one that an interpreter looks into is
/// decided by attribution, which sees the other files too.
pub(crate) struct Metadata;

impl Extractor for Metadata {
    fn name(&self) -> &'static str {
        "pypi/metadata"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "METADATA" && path.folder().ends_with(".dist-info")
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let (name, version) = header::name_and_version(entry.content);
        let folder = entry.path.folder().rsplit('/').next().unwrap_or_default();
        let named = place::name_and_version(folder);
        // A folder that says something else than the metadata in it: both are judged.
        let is_same = |(own, version_own): (&str, &str)| {
            let folded = |name: &str| Ecosystem::PyPi.folded(name);
            let parsed = |version: &str| version.replace('_', "+").parse::<pep440_rs::Version>().ok();
            name.as_deref().is_none_or(|name| folded(name) == folded(own))
                && version
                    .as_deref()
                    .is_none_or(|version| version == version_own || parsed(version).is_some_and(|one| parsed(version_own) == Some(one)))
        };
        if let Some((own, version)) = named.filter(|named| !is_same(*named)) {
            found.packages.push(Package::new(Ecosystem::PyPi, own, Some(version), Relation::Installed, entry.path, self.name()));
        }
        let name = name.or_else(|| named.map(|(name, _)| name.to_owned()));
        let version = version.or_else(|| named.map(|(_, version)| version.to_owned()));
        let (Some(name), Some(version)) = (name, version) else {
            return Err(Malformed("metadata without `Name` and `Version`".into()));
        };
        let names = header::requirements(entry.content);
        found.dependencies.asked.push(Asked { path: entry.path.clone(), ecosystem: Ecosystem::PyPi, names });
        found.packages.push(Package::new(Ecosystem::PyPi, &name, Some(&version), Relation::Installed, entry.path, self.name()));
        Ok(())
    }
}
