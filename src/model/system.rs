//! The operating system of an image: which files its package databases list.

use std::sync::Arc;

use super::EntryPath;

/// A package of the operating system (dpkg, apk, rpm).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemPackage {
    /// The database that lists it.
    pub database: EntryPath,
    /// Its name there.
    pub name: String,
}

/// A file that a database lists. It says that the file is outside the scope, and nothing about packages that are in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemFile {
    /// Where, should it be there.
    pub path: String,
    /// Whose.
    pub package: Arc<SystemPackage>,
}
