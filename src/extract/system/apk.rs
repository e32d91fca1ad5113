//! apk's database (apk-tools, `apk-installed(5)`): paragraphs of one-letter fields, `P:` a package, `F:` a folder of it, `R:` a
//! file in that folder.

use super::{MOST_BYTES, joined, list, package, root};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory};

/// Where the database lies; newer releases keep it below `usr`.
const DATABASES: [&str; 2] = ["usr/lib/apk/db/installed", "lib/apk/db/installed"];

/// Reads which files Alpine packages have.
pub(crate) struct Apk;

impl Extractor for Apk {
    fn name(&self) -> &'static str {
        "system/apk"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        database(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let Some((root, database)) = database(entry.path) else { return Ok(()) };
        let text = String::from_utf8_lossy(entry.content);
        let (mut owner, mut folder, mut files, mut left) = (None, "", Vec::new(), MOST_BYTES);
        for line in text.lines().chain(std::iter::once("P:")) {
            match line.split_once(':') {
                Some(("P", name)) => {
                    if let Some(owner) = owner.take() {
                        list(root, &owner, files.iter().map(String::as_str), found);
                    }
                    files.clear();
                    (owner, folder) = (package(root, database, name).filter(|_| !name.is_empty()), "");
                }
                Some(("F", path)) => folder = path,
                Some(("R", name)) => files.extend(joined(folder, name, &mut left)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The image's root and the database's path in it.
fn database(path: &EntryPath) -> Option<(&str, &'static str)> {
    DATABASES.into_iter().find_map(|database| Some((root(path.as_str(), database)?, database)))
}
