//! The operating system of an image: which files its package databases list. They are outside the scope, and a database is
//! the image's own word, so a listing never speaks for anything but native code and archives in the system's own folders.

mod apk;
mod dpkg;
mod rpm;
mod sqlite;

use std::collections::HashMap;
use std::sync::Arc;

pub(super) use apk::Apk;
pub(super) use dpkg::Dpkg;
pub(super) use rpm::Rpm;

use super::owner::source;
use crate::model::{EntryPath, Inventory, SystemFile, SystemPackage};

/// The files of an image's operating system, ready to be asked about a path.
#[derive(Debug, Default)]
pub struct System<'a> {
    files: HashMap<&'a str, &'a SystemPackage>,
}

impl<'a> System<'a> {
    /// Takes the files of an inventory.
    #[must_use]
    pub fn new(files: &'a [SystemFile]) -> Self {
        let mut system = Self::default();
        for file in files {
            // Of several the first by name, in whatever order they were seen.
            let package = system.files.entry(&file.path).or_insert(&file.package);
            *package = (*package).min(&file.package);
        }
        system
    }

    /// The package that lists this file, or the archive it lies in.
    #[must_use]
    pub fn package(&self, path: &EntryPath) -> Option<&'a SystemPackage> {
        let outer = path.as_str().split_once("!/").map_or(path.as_str(), |(outer, _)| outer);
        self.files.get(outer).copied()
    }

    /// Whether a file is a module of the operating system: Debian ships some that no registry has, in folders that only its own
    /// packages fill, and compiles them when it installs them.
    pub(super) fn is_module(&self, path: &EntryPath) -> bool {
        const FOLDERS: [&str; 3] = ["usr/lib/python3/dist-packages/", "usr/share/nodejs/", "usr/lib/nodejs/"];
        let is_listed = |path: &str| self.files.contains_key(path);
        FOLDERS.iter().any(|folder| path.as_str().contains(folder))
            && (is_listed(path.as_str()) || source(path.as_str()).is_some_and(|source| is_listed(&source)))
    }
}

/// Folders that only the operating system's packages fill. Not `/usr/local`, `/usr/src`, `/opt`, `/var`, `/srv` and `/home`, where
/// functions lie.
const FOLDERS: [&str; 16] = [
    "bin/",
    "boot/",
    "lib/",
    "lib32/",
    "lib64/",
    "libx32/",
    "sbin/",
    "usr/bin/",
    "usr/games/",
    "usr/lib/",
    "usr/lib32/",
    "usr/lib64/",
    "usr/libexec/",
    "usr/libx32/",
    "usr/sbin/",
    "usr/share/",
];

/// Bytes of a path; longer ones no file system takes.
const LONGEST_PATH: usize = 4096;

/// Bytes of all paths of a database that keeps folders and names apart, lest one long folder be multiplied. What is over is
/// nobody's.
const MOST_BYTES: usize = 64 << 20;

/// A file of a folder, as long as there is room.
fn joined(folder: &str, name: &str, left: &mut usize) -> Option<String> {
    let length = folder.len().saturating_add(name.len()).saturating_add(1);
    if length > LONGEST_PATH {
        return None;
    }
    *left = left.checked_sub(length)?;
    Some(format!("{}/{name}", folder.trim_end_matches('/')))
}

/// Where an image's file system begins, given a path in it and the path of its database: at the artifact's top, or below the
/// twelve digits that an image among several has.
fn root<'p>(path: &'p str, database: &str) -> Option<&'p str> {
    let root = path.strip_suffix(database)?;
    let is_image = |name: &str| name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    (root.is_empty() || root.strip_suffix('/').is_some_and(is_image)).then_some(root)
}

/// Notes the files of one package, given by their absolute paths.
fn list<'f>(root: &str, package: &Arc<SystemPackage>, files: impl Iterator<Item = &'f str>, found: &mut Inventory) {
    for file in files {
        let file = file.trim_start_matches('/');
        if !FOLDERS.iter().any(|folder| file.starts_with(folder)) {
            continue;
        }
        // Where `/lib` is a link to `/usr/lib`, databases know either name and the image one.
        let (first, _) = file.split_once('/').unwrap_or((file, ""));
        if first != "usr" && first != "boot" {
            found.system.push(SystemFile { path: format!("{root}usr/{file}"), package: Arc::clone(package) });
        }
        found.system.push(SystemFile { path: format!("{root}{file}"), package: Arc::clone(package) });
    }
}

/// A package of a database.
fn package(root: &str, database: &str, name: &str) -> Option<Arc<SystemPackage>> {
    let database = EntryPath::new(&format!("{root}{database}")).ok()?;
    Some(Arc::new(SystemPackage { database, name: name.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::root;

    #[test]
    fn a_database_counts_at_the_top_of_an_image() {
        assert_eq!(root("lib/apk/db/installed", "lib/apk/db/installed"), Some(""));
        assert_eq!(root("0123456789ab/lib/apk/db/installed", "lib/apk/db/installed"), Some("0123456789ab/"));
        assert_eq!(root("app/lib/apk/db/installed", "lib/apk/db/installed"), None);
        assert_eq!(root("base.tar!/lib/apk/db/installed", "lib/apk/db/installed"), None);
    }
}
