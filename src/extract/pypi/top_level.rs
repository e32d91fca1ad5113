//! top_level.txt: the import names of a distribution (setuptools, "The Internal Structure of Python Eggs").

use std::sync::Arc;

use super::place;
use crate::extract::document::word;
use crate::extract::{Extractor, Malformed};
use crate::model::{Claim, Entry, EntryPath, Inventory};

/// Claims the folders and modules that a distribution's import names stand for.
pub(crate) struct TopLevel;

impl Extractor for TopLevel {
    fn name(&self) -> &'static str {
        "pypi/top-level"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "top_level.txt" && (path.folder().ends_with(".dist-info") || path.folder().ends_with(".egg-info"))
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let Some(base) = place::base(entry.path.as_str()) else { return Ok(()) };
        let text = String::from_utf8_lossy(entry.content);
        let owner = Arc::from(entry.path.folder());
        let names = text.lines().filter_map(word).filter(|name| is_import_name(name));
        found.claims.extend(names.flat_map(|name| claims(&owner, base, name)));
        Ok(())
    }
}

/// The claims on a package's folder and on the module of the same name.
pub(crate) fn claims(owner: &Arc<str>, base: &str, name: &str) -> [Claim; 2] {
    let path = if base.is_empty() { name.to_owned() } else { format!("{base}/{name}") };
    let module = format!("{path}.py");
    [Claim::folder(owner, path), Claim::module(owner, module)]
}

fn is_import_name(name: &str) -> bool {
    name.split('/').all(|part| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-'))
}
