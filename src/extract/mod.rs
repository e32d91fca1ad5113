//! Extractors: each reads one format and says which packages it shows. One file a format, in a folder an ecosystem.

use crate::model::{Entry, EntryPath, Inventory};

/// A file that claims a format and does not keep to it. It becomes a `manifest-malformed` problem at the entry's path;
/// what was found before the fault stays.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// Reads one format.
pub trait Extractor: Sync {
    /// `cargo/cargo-lock`: the folder and the file it lives in. It is the evidence of every package it finds.
    fn name(&self) -> &'static str;

    /// Whether to show it this file. Asked for every file, so it must be cheap: by path, and by the first bytes (at most
    /// 4,096, fewer in a shorter file) where a path says nothing.
    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool;

    /// Reads the file, all of it from memory. Must not panic, recurse without bound or hold more than a small multiple of
    /// the entry.
    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed>;
}

/// Every extractor. A new one is a file, its `mod` line and its line here.
pub const EXTRACTORS: &[&dyn Extractor] = &[];
