//! rpm's database (rpm.org, "RPM database"): the headers of all packages as blobs of an SQLite table. The older formats, Berkeley DB
//! and `ndb`, are recognised and not read.

use super::sqlite::{self, u32_at};
use super::{MOST_BYTES, joined, list, package, root};
use crate::extract::problem::OS_PACKAGE;
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, NotJudged};

/// Where the database lies, by distribution and format.
const DATABASES: [&str; 6] = [
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/Packages",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/Packages",
];

/// Tags of a header (rpm's `rpmtag.h`).
const NAME: u32 = 1000;
const DIRINDEXES: u32 = 1116;
const BASENAMES: u32 = 1117;
const DIRNAMES: u32 = 1118;

/// Files of one package; a kernel's has some thousands.
const MOST_FILES: usize = 200_000;

/// Reads which files RPM packages have.
pub(crate) struct Rpm;

impl Extractor for Rpm {
    fn name(&self) -> &'static str {
        "system/rpm"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        database(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let Some((root, database)) = database(entry.path) else { return Ok(()) };
        let blobs = sqlite::last_column(entry.content, "Packages").unwrap_or_default();
        let (before, mut left) = (found.system.len(), MOST_BYTES);
        for blob in &blobs {
            let Some((name, files)) = header(blob, &mut left) else { continue };
            if let Some(package) = package(root, database, &name) {
                list(root, &package, files.iter().map(String::as_str), found);
            }
        }
        if found.system.len() == before {
            // It quiets nothing then: what it lists is named file by file.
            let mut unread = NotJudged::new(&OS_PACKAGE, entry.path, entry.content.len() as u64);
            unread.detail = "the database's format is not read".to_owned();
            found.not_judged.push(unread);
        }
        Ok(())
    }
}

/// The image's root and the database's path in it.
fn database(path: &EntryPath) -> Option<(&str, &'static str)> {
    DATABASES.into_iter().find_map(|database| Some((root(path.as_str(), database)?, database)))
}

/// The name and the files of a package, from its header: an index of tags, then what they point to.
fn header(blob: &[u8], left: &mut usize) -> Option<(String, Vec<String>)> {
    let entries = usize::try_from(u32_at(blob, 0)?).ok()?;
    let store = blob.get(8_usize.checked_add(entries.checked_mul(16)?)?..)?;
    let value = |tag: u32| {
        let index = (0..entries).map(|entry| 8 + entry * 16).find(|at| u32_at(blob, *at) == Some(tag))?;
        let (offset, count) = (u32_at(blob, index + 8)?, u32_at(blob, index + 12)?);
        Some((store.get(usize::try_from(offset).ok()?..)?, usize::try_from(count).ok()?.min(MOST_FILES)))
    };
    let strings = |(bytes, count): (&[u8], usize)| -> Vec<String> {
        bytes.split(|byte| *byte == 0).take(count).map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    };
    let name = strings(value(NAME)?).into_iter().next()?;
    let (Some(names), Some(folders), Some((indexes, _))) = (value(BASENAMES).map(strings), value(DIRNAMES).map(strings), value(DIRINDEXES))
    else {
        return Some((name, Vec::new()));
    };
    let files = names.iter().enumerate().filter_map(|(at, name)| {
        let folder = folders.get(usize::try_from(u32_at(indexes, at * 4)?).ok()?)?;
        joined(folder, name, left)
    });
    Some((name, files.collect()))
}
