//! Where a lockfile in the artifact and what is installed beside it disagree.

use serde::Serialize;

use super::{Ecosystem, EntryPath};

/// How they disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// Installed at a version that the lockfile does not name.
    Version,
    /// Installed, and the lockfile does not name it at all.
    Extra,
    /// The lockfile asks for it, and it is not installed. What is for development, optional or for another platform may be
    /// absent, and is none.
    Missing,
}

/// One disagreement. The lockfile is the artifact's own word: it says what was meant, never what is inside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Drift {
    /// The lockfile.
    pub lockfile: EntryPath,
    /// How they disagree.
    pub kind: DriftKind,
    /// The registry.
    pub ecosystem: Ecosystem,
    /// The package, as whoever has it spells it.
    pub name: String,
    /// The versions the lockfile names, sorted.
    pub locked: Vec<String>,
    /// The version that is installed.
    pub installed: Option<String>,
    /// The installed package.
    pub purl: Option<String>,
    /// What shows the installed one.
    pub path: Option<EntryPath>,
}
