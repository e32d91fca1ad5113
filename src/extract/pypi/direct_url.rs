//! direct_url.json: where a distribution was installed from, if not from an index (packaging.python.org, "Recording the
//! Direct URL Origin").

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::place;
use crate::extract::document::json;
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Says of a distribution that it does not come from the index. The package itself is found by its metadata; attribution
/// carries the origin over.
pub(crate) struct DirectUrl;

impl Extractor for DirectUrl {
    fn name(&self) -> &'static str {
        "pypi/direct-url"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "direct_url.json" && path.folder().ends_with(".dist-info")
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let folder = entry.path.folder().rsplit('/').next().unwrap_or_default();
        let Some((name, version)) = place::name_and_version(folder) else { return Ok(()) };
        let direct: Direct = json(entry)?;
        let mut package = Package::new(Ecosystem::PyPi, name, Some(version), Relation::Declared, entry.path, self.name());
        package.origin = match (direct.vcs, direct.directory) {
            (Some(_), _) => Origin::Git,
            (None, Some(_)) => Origin::FirstParty,
            (None, None) => Origin::Url,
        };
        found.packages.push(package);
        Ok(())
    }
}

#[derive(Deserialize)]
struct Direct {
    #[serde(rename = "vcs_info")]
    vcs: Option<IgnoredAny>,
    #[serde(rename = "dir_info")]
    directory: Option<IgnoredAny>,
}
