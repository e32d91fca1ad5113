//! What the operator knows about the build and the artifact does not say: the lockfile it was installed from, its bill of
//! materials. It comes from outside, so it may bound what cannot be read off the artifact.

use serde::Serialize;

use super::Package;

/// What kind of document bounds the packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoundKind {
    /// A lockfile.
    Lock,
    /// A bill of materials.
    Sbom,
    /// The build's own `node_modules`.
    Modules,
}

/// A document of the build: whatever the artifact holds of its ecosystems is one of its packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// As the operator named it.
    pub name: String,
    /// What it is.
    pub kind: BoundKind,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Every package it names, the function's own included.
    pub packages: Vec<Package>,
}

/// A document that bounded something, as reports say it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BoundFacts {
    /// As the operator named it.
    pub name: String,
    /// What it is.
    pub kind: BoundKind,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// How many packages it names.
    pub packages: usize,
}

impl Bound {
    /// What reports say of it.
    #[must_use]
    pub fn facts(&self) -> BoundFacts {
        BoundFacts { name: self.name.clone(), kind: self.kind, sha256: self.sha256.clone(), packages: self.packages.len() }
    }
}
