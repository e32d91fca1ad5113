//! Owners: which files of the artifact a package has claimed as its own.

use std::collections::HashSet;

use crate::model::{Claim, EntryPath};

/// The claims of all packages, ready to be asked about a path. One look-up costs one hash of the path and one of each of its
/// folders.
#[derive(Debug, Default)]
pub struct Owners<'a> {
    folders: HashSet<&'a str>,
    /// The lengths that claimed folders have: most folders above a path need not even be hashed.
    lengths: HashSet<usize>,
    listed: HashSet<&'a str>,
}

impl<'a> Owners<'a> {
    /// Takes the claims of an inventory.
    pub fn new(claims: impl IntoIterator<Item = &'a Claim>) -> Self {
        let mut owners = Self::default();
        for claim in claims {
            match claim {
                Claim::Folder(folder) => owners.folders.insert(folder) && owners.lengths.insert(folder.len()),
                Claim::Listed(path) => owners.listed.insert(path),
            };
        }
        owners
    }

    /// Whether a package has claimed this file: an installation record lists it, or it lies in a folder that is a
    /// package's own.
    #[must_use]
    pub fn owns(&self, path: &EntryPath) -> bool {
        self.lists(path) || self.encloses(path.as_str())
    }

    /// Whether `path` lies inside a folder that is a package's own.
    pub(super) fn encloses(&self, path: &str) -> bool {
        ancestors(path).any(|folder| self.lengths.contains(&folder.len()) && self.folders.contains(folder))
    }

    /// Whether an installation record lists this file.
    pub(super) fn lists(&self, path: &EntryPath) -> bool {
        self.listed.contains(path.as_str())
    }

    /// Whether `folder` itself is claimed.
    pub(super) fn claims(&self, folder: &str) -> bool {
        self.folders.contains(folder)
    }
}

/// Every folder above `path`, the nearest first, without the artifact's top. The top of a nested archive counts as one:
/// `a.whl!` lies above `a.whl!/b.py`.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(at, _)| &path[..at])
}
