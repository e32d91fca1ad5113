//! Extractors: each reads one format and says which packages it shows. One file a format, in a folder an ecosystem.
//!
//! An extractor sees one file and nothing else. What needs the whole picture - which file belongs to which package, which
//! lockfile speaks of what is installed, which code has no owner - is decided once, afterwards, by [`attribute`].

mod attribution;
mod bound;
mod cargo;
mod distribution;
mod document;
mod lock;
mod npm;
mod other;
mod owner;
mod problem;
mod pypi;
mod shift;
mod statement;
mod system;

use crate::model::{Entry, EntryPath, Inventory};

pub use attribution::attribute;
pub use bound::bound;
pub use lock::{LockError, read_lock};
pub use npm::BuildTree;
pub use owner::Owners;
pub use problem::{
    ARCHIVE_UNATTRIBUTED, BUNDLE_UNATTRIBUTED, MANIFEST_MALFORMED, MINIFIED_UNATTRIBUTED, PACKAGE_UNATTRIBUTED, PROBLEMS,
    RUST_BINARY_UNATTRIBUTED,
};
pub use system::System;

/// Whether a path lies in the folder of an installed npm package.
#[must_use]
pub fn lies_in_package(path: &EntryPath) -> bool {
    npm::package_root(path.as_str()).is_some()
}

/// Compares an entry that was found to be a bundle or minified with the build's own trees.
pub fn compare(trees: &[BuildTree], entry: &Entry<'_>, found: &mut Inventory) {
    npm::compare(trees, entry, found);
}

/// A file that claims a format and does not keep to it. It becomes a `manifest-malformed` problem at the entry's path;
/// what was found before the fault stays.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// Reads one format.
pub trait Extractor: Sync {
    /// `cargo/cargo-lock`: the folder and the file it lives in. It is the evidence of every package it finds.
    fn name(&self) -> &'static str;

    /// Whether it says whose a file is, or that one cannot be searched: what a search for secrets alone needs to know.
    fn attributes(&self) -> bool {
        false
    }

    /// Whether to show it this file. Asked for every file, so it must be cheap: by path, and by the first bytes (at most
    /// 4,096, fewer in a shorter file) where a path says nothing.
    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool;

    /// Reads the file, all of it from memory. Must not panic, recurse without bound or hold more than a small multiple of
    /// the entry.
    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed>;
}

/// Every extractor. A new one is a file, its `mod` line and its line here.
pub const EXTRACTORS: &[&dyn Extractor] = &[
    &cargo::Auditable,
    &cargo::CargoLock,
    &cargo::PanicPath,
    &npm::Bundle,
    &npm::BunLock,
    &npm::LegalText,
    &npm::Metafile,
    &npm::PackageJson,
    &npm::PackageLock,
    &npm::PnpmLock,
    &npm::SourceMap,
    &npm::YarnLock,
    &other::Bytecode,
    &other::Image,
    &other::Native,
    &other::Neighbour,
    &other::Packed,
    &other::Unread,
    &pypi::DirectUrl,
    &pypi::EggInfo,
    &pypi::Metadata,
    &pypi::PipfileLock,
    &pypi::Pyproject,
    &pypi::Record,
    &pypi::Requirements,
    &pypi::Requires,
    &pypi::TomlLock,
    &pypi::TopLevel,
    &pypi::VendorList,
    &pypi::VersionLiteral,
    &system::Apk,
    &system::Dpkg,
    &system::Rpm,
];
