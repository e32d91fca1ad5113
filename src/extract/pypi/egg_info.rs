//! PKG-INFO of eggs, `.egg-info` folders and files, and source archives (setuptools, "The Internal Structure of Python Eggs").

use super::{header, place};
use crate::extract::{Extractor, Malformed};
use crate::model::{Asked, Claim, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation, owner};

/// Reads the metadata of distributions installed without a wheel.
pub(crate) struct EggInfo;

impl Extractor for EggInfo {
    fn name(&self) -> &'static str {
        "pypi/egg-info"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        let is_metadata = path.file_name() == "PKG-INFO" || path.file_name().ends_with(".egg-info") && !head.is_empty();
        is_metadata && place::base(path.as_str()).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let path = entry.path.as_str();
        let holder = if entry.path.file_name() == "PKG-INFO" { entry.path.folder() } else { path };
        let folder = holder.rsplit('/').next().unwrap_or(holder);
        let named = place::name_and_version(folder);
        let (name, version) = header::name_and_version(entry.content);
        let name = name.or_else(|| named.map(|(name, _)| name.to_owned()));
        let version = version.or_else(|| named.map(|(_, version)| version.to_owned()));
        let (Some(name), Some(version)) = (name, version) else {
            return Err(Malformed("metadata without `Name` and `Version`".into()));
        };
        let mut package = Package::new(Ecosystem::PyPi, &name, Some(&version), Relation::Installed, entry.path, self.name());
        if folder == "EGG-INFO" {
            // An egg is one distribution, all of it.
            let egg = holder.rsplit_once('/').map(|(egg, _)| egg).filter(|egg| egg.ends_with(".egg") || egg.ends_with(".egg!"));
            found.claims.extend(egg.map(|egg| Claim::folder(&owner(path).into(), egg)));
        } else if place::is_source(path) {
            found.claims.extend(place::base(path).map(|top| Claim::folder(&owner(path).into(), top)));
        } else if folder.ends_with(".egg-info") && named.is_none() && !place::is_site(path) {
            // Only a build in a source tree leaves a folder without the version in its name: it is the tree's own. What lies
            // where an installer puts things was installed, whatever it is called.
            package.origin = Origin::FirstParty;
        }
        let names = header::requirements(entry.content);
        // Older metadata leaves its requirements to requires.txt, so that silence says nothing.
        if !names.is_empty() {
            found.dependencies.asked.push(Asked { path: entry.path.clone(), ecosystem: Ecosystem::PyPi, names });
        }
        found.packages.push(package);
        Ok(())
    }
}
