//! The file of an offline database.
//!
//! ```text
//!  0  "FNGATEDB"
//!  8  u32  version of this layout
//! 12  u32  bytes of the description
//! 16  u64  names
//! 24  u64  blocks
//! 32  the database's digest, over bytes 0 to 31 and 64 to the first block (see [`digest`])
//! 64  description   JSON: as_of, built, counts, ...
//!     index         names x u64, ascending: 40 bits of the name's hash, 24 bits the number of its block
//!     table         blocks x { offset u64, stored u32, raw u32, first 16 bytes of the SHA-256 of the stored bytes }
//!     blocks        raw deflate
//! ```
//! Numbers are little-endian. The digest covers the table and with it every block, so it stands for the whole file although
//! opening reads only the head. A block holds whole packages, sorted by ecosystem and name (see [`super::codec`]).

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::Ecosystem;

/// The first bytes of a database.
pub(super) const MAGIC: &[u8; 8] = b"FNGATEDB";
/// The layout that this program reads and writes.
pub(super) const VERSION: u32 = 3;
/// Bytes before the description.
pub(super) const HEAD: usize = 64;
/// Bytes of an index entry.
pub(super) const SLOT: usize = 8;
/// Bytes of a table entry.
pub(super) const ROW: usize = 32;
/// Bytes of a block's check.
pub(super) const CHECK: usize = 16;
/// Raw bytes at which a block is full: small, because a lookup inflates a whole one.
pub(super) const FULL: usize = 4 * 1024;
/// Raw bytes that a block may have at most.
pub(super) const LARGEST: usize = 256 * 1024 * 1024;
/// Blocks that an index entry can number.
pub(super) const MOST_BLOCKS: usize = 1 << 24;

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The time up to which the dumps tell, RFC 3339 (see `fngate db build --as-of`).
    pub as_of: String,
    /// When it was compiled, RFC 3339.
    pub built: String,
    /// The fngate that compiled it.
    pub fngate: String,
    /// Records of the dumps that could not be read, or not all of whose packages could.
    pub unreadable: u64,
    /// What it covers, in the order reports print.
    pub ecosystems: Vec<Covered>,
    /// Where `fngate db update` had it from, and what that needs to know the next time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
}

/// Where an updated database is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// The base URL of the mirror.
    pub mirror: String,
    /// The last time the whole dumps were read rather than what had changed, RFC 3339.
    pub whole: String,
    /// `ETag` of each ecosystem's `modified_id.csv`, by OSV's name.
    pub lists: BTreeMap<String, String>,
}

/// One ecosystem of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// OSV's name.
    pub name: String,
    /// Packages with at least one record that is not withdrawn.
    pub packages: u64,
    /// Records that name such a package.
    pub records: u64,
    /// Of those, malware (`MAL-`).
    pub malware: u64,
    /// The newest `modified` of its records, RFC 3339; empty where none says.
    pub newest: String,
    /// Records of its dump that could not be read.
    #[serde(default)]
    pub unreadable: u64,
}

/// The index's hash of a name: 64-bit FNV-1a over the ecosystem's byte and the folded name, mixed once more because only
/// the upper bits are kept.
pub(super) fn hash(ecosystem: Ecosystem, name: &str) -> u64 {
    let bytes = std::iter::once(super::codec::ecosystem_byte(ecosystem)).chain(name.bytes());
    let fnv = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (fnv ^ (fnv >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24 << 24
}

/// The check of a block's stored bytes.
pub(super) fn check(stored: &[u8]) -> [u8; CHECK] {
    let digest = Sha256::digest(stored);
    std::array::from_fn(|at| digest[at])
}

/// Bytes of what follows the head that are hashed together.
const LEAF: usize = 256 * 1024;

/// The digest of a head (its first 32 bytes) and what follows it up to the first block: SHA-256 over the head and the SHA-256
/// of each 256 KB of the rest, which several processors work out at once.
pub(super) fn digest(start: &[u8], rest: &[u8]) -> [u8; 32] {
    let leaf = |bytes: &[u8]| -> [u8; 32] { Sha256::digest(bytes).into() };
    let leaves: Vec<[u8; 32]> =
        if rest.len() > LEAF { rest.par_chunks(LEAF).map(leaf).collect() } else { rest.chunks(LEAF).map(leaf).collect() };
    leaves.iter().fold(Sha256::new().chain_update(start), |digest, leaf| digest.chain_update(leaf)).finalize().into()
}

/// Reads a little-endian `u64` at a place; `None` beyond the end.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// Reads a little-endian `u32` at a place; `None` beyond the end.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
