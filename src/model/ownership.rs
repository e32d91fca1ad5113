//! Who owns what: the claims that packages make on files.

use std::sync::Arc;

/// What a claim rests on. Ordered by how much it says: the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// An installation record lists the file, with its SHA-256 where it has one (a line of `RECORD`).
    Listed(Option<[u8; 32]>),
    /// The file is the module of a name that the package's metadata has.
    Module,
    /// Everything below a folder is the package's own.
    Folder,
}

/// A package's claim on files of the artifact: they are its own, and whoever judges the package has judged them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The file or the folder.
    pub path: String,
    /// What the claim rests on.
    pub kind: ClaimKind,
    /// Whose it is: the place of the metadata that makes the claim, as [`owner`] gives it for the package it describes.
    pub owner: Arc<str>,
}

impl Claim {
    /// A claim on everything below a folder.
    #[must_use]
    pub fn folder(owner: &Arc<str>, path: impl Into<String>) -> Self {
        Self { path: path.into(), kind: ClaimKind::Folder, owner: Arc::clone(owner) }
    }

    /// A claim on one file that a record lists.
    #[must_use]
    pub fn listed(owner: &Arc<str>, path: impl Into<String>, sha256: Option<[u8; 32]>) -> Self {
        Self { path: path.into(), kind: ClaimKind::Listed(sha256), owner: Arc::clone(owner) }
    }

    /// A claim on the module of a name.
    #[must_use]
    pub fn module(owner: &Arc<str>, path: impl Into<String>) -> Self {
        Self { path: path.into(), kind: ClaimKind::Module, owner: Arc::clone(owner) }
    }
}

/// The owner that the metadata at `path` stands for: the folder of `package.json`, the `.dist-info` or `.egg-info` folder, or
/// the file where an `.egg-info` is one.
#[must_use]
pub fn owner(path: &str) -> &str {
    if path.ends_with(".egg-info") { path } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) }
}
