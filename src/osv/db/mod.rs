//! The offline database: one file, mapped into memory, checked block by block.
//!
//! Opening reads the head, the index and the table, which a digest covers; a block is checked against the table whenever it
//! is read. So a file that was cut short, changed or written by another layout is an error and never "no vulnerabilities".

mod build;
mod codec;
mod compile;
pub mod dump;
mod error;
mod harvest;
mod layout;
mod map;
pub mod update;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status as Progress};
use jiff::Timestamp;
use rayon::prelude::*;

use self::codec::{Bytes, Garbled, Sketch};
use self::map::Map;
use super::matcher;
use super::range::Subject;
use super::source::{About, AdvisorySource, SourceError};
use crate::model::{AdvisoryOrigin, Ecosystem, Package, Vulnerability};

pub use self::build::build;
pub use self::error::{BuildError, DatabaseError};
pub use self::layout::{Covered, Description, Upstream};

/// Blocks of a lookup above which the whole file is mapped at once.
const MANY: usize = 200;

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

thread_local! {
    static INFLATER: RefCell<Inflater> = RefCell::default();
}

/// A name that is asked about, with the packages of that name and their places.
struct Asked<'a> {
    ecosystem: Ecosystem,
    name: String,
    packages: Vec<(usize, &'a Package)>,
}

impl<'a> Asked<'a> {
    /// Each name once.
    fn of(packages: &'a [Package]) -> Vec<Self> {
        let mut by_name: BTreeMap<(Ecosystem, String), Vec<(usize, &Package)>> = BTreeMap::new();
        for (at, package) in packages.iter().enumerate() {
            by_name.entry((package.ecosystem, package.ecosystem.folded(&package.name))).or_default().push((at, package));
        }
        by_name.into_iter().map(|((ecosystem, name), packages)| Asked { ecosystem, name, packages }).collect()
    }
}

/// What a block's advisories say against the packages asked about. Records are read whole only for a package that one of them
/// affects: which fix and which upgrade help hangs on the others too.
fn judged_in(raw: &[u8], asked: &[&Asked<'_>]) -> Result<Vec<(usize, Vec<Vulnerability>)>, Garbled> {
    let mut bytes = Bytes(raw);
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (ecosystem, name, mut body) = bytes.package()?;
        let Some(asked) = asked.iter().find(|asked| asked.ecosystem == ecosystem && asked.name == name) else { continue };
        let sketches = body.body(ecosystem, name)?;
        let affected = |package: &Package| {
            let subjects = matcher::versions(package).map(|version| Subject::new(ecosystem, version)).collect::<Vec<_>>();
            let affects = |sketch: &Sketch<'_>| sketch.affected.iter().any(|entry| matcher::judged(sketch.id, entry, &subjects).is_some());
            sketches.iter().any(affects)
        };
        let packages = asked.packages.iter().filter(|(_, package)| affected(package)).collect::<Vec<_>>();
        if packages.is_empty() {
            continue;
        }
        let advisories = sketches.into_iter().map(Sketch::finish).collect::<Result<Vec<_>, _>>()?;
        let entries = advisories.iter().flat_map(|advisory| advisory.affected.iter().map(move |entry| (advisory, entry)));
        let entries = entries.collect::<Vec<_>>();
        found.extend(packages.into_iter().map(|(at, package)| (*at, matcher::of_package(package, &entries))));
    }
    Ok(found)
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
                let sketches = body.body(ecosystem, name).map_err(|fault| self.garbled(number, fault))?;
                sketches.into_iter().try_for_each(|sketch| sketch.finish().map(|_| ())).map_err(|fault| self.garbled(number, fault))?;
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

    /// What is known against the packages of some names, with each package's place.
    fn lookup(&self, names: &[Asked<'_>]) -> Result<Vec<(usize, Vec<Vulnerability>)>, DatabaseError> {
        let mut wanted: BTreeMap<usize, Vec<&Asked<'_>>> = BTreeMap::new();
        for asked in names {
            for block in self.candidates(asked.ecosystem, &asked.name) {
                wanted.entry(block).or_default().push(asked);
            }
        }
        let wanted = wanted.into_iter().collect::<Vec<_>>();
        if wanted.len() > MANY {
            self.map.expect_many();
        }
        let read = |(number, asked): &(usize, Vec<&Asked<'_>>)| {
            INFLATER.with_borrow_mut(|inflater| {
                let raw = self.block(*number, inflater)?;
                judged_in(raw, asked).map_err(|fault| self.garbled(*number, fault))
            })
        };
        let found = wanted.par_iter().with_min_len(8).map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(found.into_iter().flatten().collect())
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
    fn judge(&self, packages: &[Package]) -> Result<Vec<Vec<Vulnerability>>, SourceError> {
        if let Some(package) = packages.iter().find(|package| !self.covers(package.ecosystem)) {
            return Err(SourceError::Uncovered { path: self.path.clone(), ecosystem: package.ecosystem });
        }
        let mut judged = vec![Vec::new(); packages.len()];
        for (at, vulnerabilities) in self.lookup(&Asked::of(packages))? {
            judged[at] = vulnerabilities;
        }
        Ok(judged)
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
