//! The offline database: one file, mapped into memory, checked block by block.
//!
//! Opening reads the head, the index and the table, which a digest covers; a block is checked against the table whenever it
//! is read. So a file that was cut short, changed or written by another layout is an error and never "no vulnerabilities".

mod build;
mod codec;
pub mod dump;
mod error;
mod layout;
mod map;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status as Progress};
use jiff::Timestamp;
use rayon::prelude::*;

use self::codec::{Bytes, Garbled};
use self::map::Map;
use super::advisory::Advisory;
use super::source::{About, AdvisorySource, SourceError};
use crate::model::{AdvisoryOrigin, Ecosystem, Package};

pub use self::build::build;
pub use self::error::{BuildError, DatabaseError};
pub use self::layout::{Covered, Description};

/// What a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// SHA-256 over its head, which covers every block (see `layout`), hex.
    pub digest: String,
    /// Bytes of the file.
    pub size: u64,
    /// What it says of itself.
    pub description: Description,
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    map: Map,
    status: Status,
    as_of: Timestamp,
    names: usize,
    index: usize,
    blocks: usize,
    table: usize,
}

/// One row of the table.
struct Row {
    offset: usize,
    stored: usize,
    raw: usize,
    check: [u8; layout::CHECK],
}

impl Database {
    /// Opens a database and checks its head, index and table.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let map = Map::open(path).map_err(|error| DatabaseError::Open { path: path.to_owned(), error })?;
        let foreign = |why: &str| DatabaseError::Foreign { path: path.to_owned(), why: why.to_owned() };
        let damaged = |what: &str| DatabaseError::Damaged { path: path.to_owned(), what: what.to_owned() };
        if map.get(..8) != Some(layout::MAGIC) {
            return Err(foreign("it does not begin with `FNGATEDB`"));
        }
        let cut = || damaged("it ends early");
        match layout::u32_at(&map, 8).ok_or_else(cut)? {
            layout::VERSION => {}
            other => return Err(foreign(&format!("its layout is {other}, not {}", layout::VERSION))),
        }
        let description = layout::u32_at(&map, 12).and_then(|length| usize::try_from(length).ok()).ok_or_else(cut)?;
        let count = |at| layout::u64_at(&map, at).and_then(|count| usize::try_from(count).ok());
        let (names, blocks) = (count(16).ok_or_else(cut)?, count(24).ok_or_else(cut)?);
        let index = layout::HEAD.checked_add(description).ok_or_else(cut)?;
        let table = names.checked_mul(layout::SLOT).and_then(|length| length.checked_add(index)).ok_or_else(cut)?;
        let start = blocks.checked_mul(layout::ROW).and_then(|length| length.checked_add(table)).ok_or_else(cut)?;
        let head = map.get(layout::HEAD..start).ok_or_else(cut)?;
        let digest = layout::digest(&map[..32], head);
        if map.get(32..layout::HEAD) != Some(&digest[..]) {
            return Err(damaged("its head, index or table is not what was written"));
        }
        let description: Description = serde_json::from_slice(head.get(..description).unwrap_or_default())
            .map_err(|error| damaged(&format!("its description: {error}")))?;
        let as_of = description.as_of.parse().map_err(|_| damaged("its description has no date"))?;
        let status = Status { digest: crate::model::hex(&digest), size: map.len() as u64, description };
        let database = Self { path: path.to_owned(), map, status, as_of, names, index, blocks, table };
        let end = match blocks.checked_sub(1) {
            Some(last) => database.row(last).and_then(|row| row.offset.checked_add(row.stored)),
            None => Some(start),
        };
        if end != Some(database.map.len()) { Err(cut()) } else { Ok(database) }
    }

    /// What it is.
    #[must_use]
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// When the dumps were as they are in it.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Reads and checks everything: every block, every record, and that the index leads to every name.
    pub fn verify(&self) -> Result<(), DatabaseError> {
        let counts = (0..self.blocks).into_par_iter().map_init(Inflater::default, |inflater, number| {
            let raw = self.block(number, inflater)?;
            let mut bytes = Bytes(raw);
            let mut names = 0_usize;
            while !bytes.is_empty() {
                let (ecosystem, name, mut body) = bytes.package().map_err(|fault| self.garbled(number, fault))?;
                while !body.is_empty() {
                    body.advisory(ecosystem, name).map_err(|fault| self.garbled(number, fault))?;
                }
                if !self.candidates(ecosystem, name).contains(&number) {
                    return Err(self.damaged(format!("the index does not lead to block {number}")));
                }
                names += 1;
            }
            Ok(names)
        });
        let names = counts.try_reduce(|| 0, |a, b| Ok(a + b))?;
        if names == self.names { Ok(()) } else { Err(self.damaged(format!("it holds {names} names and its index {}", self.names))) }
    }

    /// The advisories of some packages, each with its entries for the package it was found by.
    fn lookup(&self, packages: &[(Ecosystem, String)]) -> Result<Vec<Advisory>, DatabaseError> {
        let mut wanted: BTreeMap<usize, Vec<(Ecosystem, &str)>> = BTreeMap::new();
        for (ecosystem, name) in packages {
            for block in self.candidates(*ecosystem, name) {
                wanted.entry(block).or_default().push((*ecosystem, name));
            }
        }
        let wanted = wanted.into_iter().collect::<Vec<_>>();
        let read = |inflater: &mut Inflater, (number, names): &(usize, Vec<(Ecosystem, &str)>)| {
            let raw = self.block(*number, inflater)?;
            self.advisories_in(raw, names).map_err(|fault| self.garbled(*number, fault))
        };
        let found = wanted.par_iter().with_min_len(16).map_init(Inflater::default, read).collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().flatten().collect())
    }

    fn advisories_in(&self, raw: &[u8], names: &[(Ecosystem, &str)]) -> Result<Vec<Advisory>, Garbled> {
        let mut bytes = Bytes(raw);
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let (ecosystem, name, mut body) = bytes.package()?;
            if names.contains(&(ecosystem, name)) {
                while !body.is_empty() {
                    found.push(body.advisory(ecosystem, name)?);
                }
            }
        }
        Ok(found)
    }

    /// The blocks that may hold a name: those of every index entry with its hash.
    fn candidates(&self, ecosystem: Ecosystem, name: &str) -> Vec<usize> {
        const BLOCK: u64 = (1 << 24) - 1;
        let hash = layout::hash(ecosystem, name);
        let slot = |at: usize| layout::u64_at(&self.map, self.index + at * layout::SLOT).unwrap_or(u64::MAX);
        let (mut low, mut high) = (0, self.names);
        while low < high {
            let middle = low + (high - low) / 2;
            if slot(middle) < hash { low = middle + 1 } else { high = middle }
        }
        let mut blocks =
            (low..self.names).map(slot).take_while(|slot| slot & !BLOCK == hash).map(|slot| (slot & BLOCK) as usize).collect::<Vec<_>>();
        blocks.dedup();
        blocks
    }

    fn row(&self, number: usize) -> Option<Row> {
        let at = self.table + number * layout::ROW;
        Some(Row {
            offset: usize::try_from(layout::u64_at(&self.map, at)?).ok()?,
            stored: usize::try_from(layout::u32_at(&self.map, at + 8)?).ok()?,
            raw: usize::try_from(layout::u32_at(&self.map, at + 12)?).ok()?,
            check: self.map.get(at + 16..at + 16 + layout::CHECK)?.try_into().ok()?,
        })
    }

    /// A block's raw bytes, after its check.
    fn block<'a>(&self, number: usize, inflater: &'a mut Inflater) -> Result<&'a [u8], DatabaseError> {
        let row = self.row(number).filter(|_| number < self.blocks).ok_or_else(|| self.damaged(format!("there is no block {number}")))?;
        let end = row.offset.checked_add(row.stored);
        let stored =
            end.and_then(|end| self.map.get(row.offset..end)).ok_or_else(|| self.damaged(format!("block {number} lies outside")))?;
        if row.raw > layout::LARGEST || layout::check(stored) != row.check {
            return Err(self.damaged(format!("block {number} of {} is not what was written", self.blocks)));
        }
        inflater.inflate(stored, row.raw).ok_or_else(|| self.damaged(format!("block {number} does not inflate")))
    }

    fn damaged(&self, what: String) -> DatabaseError {
        DatabaseError::Damaged { path: self.path.clone(), what }
    }

    fn garbled(&self, number: usize, _: Garbled) -> DatabaseError {
        self.damaged(format!("block {number} cannot be read"))
    }
}

impl AdvisorySource for Database {
    fn advisories(&self, packages: &[Package]) -> Result<Vec<Advisory>, SourceError> {
        let mut names = packages.iter().map(|package| (package.ecosystem, package.ecosystem.folded(&package.name))).collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        if let Some((ecosystem, _)) = names.iter().find(|(ecosystem, _)| !self.covers(*ecosystem)) {
            return Err(SourceError::Uncovered { path: self.path.clone(), ecosystem: *ecosystem });
        }
        Ok(self.lookup(&names)?)
    }

    fn covers(&self, ecosystem: Ecosystem) -> bool {
        self.status.description.ecosystems.iter().any(|covered| covered.name == ecosystem.as_str())
    }

    fn about(&self) -> About {
        About {
            origin: AdvisoryOrigin::Db,
            as_of: self.as_of,
            digest: self.status.digest.clone(),
            unreadable: self.status.description.unreadable,
            note: String::new(),
        }
    }
}

/// Inflates one block after the other into one buffer.
struct Inflater {
    state: Decompress,
    raw: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Self {
        Self { state: Decompress::new(false), raw: Vec::new() }
    }
}

impl Inflater {
    /// Exactly `length` bytes, or nothing.
    fn inflate(&mut self, stored: &[u8], length: usize) -> Option<&[u8]> {
        self.state.reset(false);
        self.raw.clear();
        self.raw.reserve(length);
        let progress = self.state.decompress_vec(stored, &mut self.raw, FlushDecompress::Finish).ok()?;
        (progress == Progress::StreamEnd && self.raw.len() == length).then_some(self.raw.as_slice())
    }
}
