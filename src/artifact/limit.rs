//! How much of an artifact is looked at. What lies beyond a limit is a problem, never silence.

/// Limits on one artifact, all archives inside it included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one entry.
    pub entry_bytes: u64,
    /// Bytes of all entries together, those of nested archives included.
    pub total_bytes: u64,
    /// Entries, those of nested archives included.
    pub entries: u64,
    /// Archives within archives: the artifact itself is depth 0.
    pub depth: u32,
    /// Inflated bytes for each packed one, in entries that inflate to more than [`Limits::RATIO_FROM`].
    pub ratio: u64,
}

impl Limits {
    /// Entries smaller than this may have any ratio: an empty table of a megabyte is ordinary.
    pub const RATIO_FROM: u64 = 2 * 1024 * 1024;
    /// Entries up to this size are looked at side by side; larger ones one after the other, so that memory stays bounded.
    pub const ENTRY_IN_PARALLEL: u64 = 64 * 1024 * 1024;
    /// Artifacts up to this size are held in memory; larger ones are copied to an unlinked file.
    pub const ARTIFACT_IN_MEMORY: u64 = 128 * 1024 * 1024;
}

impl Limits {
    /// Entries up to this size are held whole where somebody asks for it; larger ones are looked at in pieces.
    pub const ENTRY_WHOLE: u64 = 512 * 1024 * 1024;

    /// For container images: what AWS Lambda takes, 10 GB unpacked.
    #[must_use]
    pub fn image() -> Self {
        Self { entry_bytes: 2 << 30, total_bytes: 10 << 30, entries: 1_000_000, ..Self::default() }
    }
}

impl Default for Limits {
    /// Three times what AWS Lambda takes (262,144,000 bytes unzipped, function and layers together): room for Azure, Cloud
    /// Functions and archives within archives, and still little enough to bound time and memory.
    fn default() -> Self {
        Self { entry_bytes: 262_144_000, total_bytes: 3 * 262_144_000, entries: 250_000, depth: 6, ratio: 400 }
    }
}
