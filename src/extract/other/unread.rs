//! Lockfiles that are recognised by name and have no reader.

use crate::extract::npm::{Place, place};
use crate::extract::problem::LOCKFILE_UNREAD;
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, Problem};

/// Raises `lockfile-unread`. Attribution takes it back where the packages themselves are installed beside it.
pub(crate) struct Unread;

impl Extractor for Unread {
    fn name(&self) -> &'static str {
        "other/unread"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        matches!(path.file_name(), "bun.lockb" | "deno.lock" | "conda-lock.yml") && place(path.folder()) == Place::Tree
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let message = format!("a lockfile in a format that is not read: `{}`", entry.path.file_name());
        found.problems.push(Problem::at(&LOCKFILE_UNREAD, entry.path, message).bytes(entry.content.len() as u64));
        Ok(())
    }
}
