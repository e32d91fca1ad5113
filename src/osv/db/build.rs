//! Compiling OSV's dumps into an offline database.
//!
//! Records are read in parallel, reduced at once to what the matcher and the reports need, sorted by package, packed into
//! blocks and written beside the target, which is replaced only by a whole and flushed file. A record that several dumps
//! hold counts once, by its newest `modified`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, FlushCompress, Status as Progress};
use jiff::Timestamp;
use rayon::prelude::*;

use super::super::advisory::Affected;
use super::super::record::{Record, RecordError};
use super::codec::{ecosystem_byte, put_advisory, put_bytes};
use super::dump::{self, Dump};
use super::layout::{self, Covered, Description};
use super::{BuildError, Status};
use crate::model::{Ecosystem, escaped};

/// Of a hundred records, how many may be unreadable (and a handful always may, so that one broken record does not cost a
/// small database; half may never).
const MOST_UNREADABLE_PERCENT: u64 = 1;
/// Unreadable records that are borne whatever their share.
const HANDFUL: u64 = 5;
/// Bytes that one record may take in the database, over all packages it names.
const LARGEST_SHARE: usize = 64 * 1024 * 1024;

/// Compiles the dumps that `from` names into `output`.
///
/// `as_of` is the time up to which the dumps tell. Without it, it is the newest `modified` of a record that is not later
/// than now: dumps hold records dated in the future, and those must not make a database look fresh for ever.
pub fn build(from: &[PathBuf], output: &Path, as_of: Option<Timestamp>) -> Result<Status, BuildError> {
    let now = Timestamp::now();
    let mut harvest = Harvest::default();
    for dump in dump::find(from)? {
        harvest.add(&dump, read_dump(&dump, now)?);
    }
    harvest.check()?;
    let entries = distinct(std::mem::take(&mut harvest.entries));
    let packages = packages(&entries);
    let ecosystems = Ecosystem::ALL.into_iter().filter(|ecosystem| harvest.covered[slot(*ecosystem)]);
    let ecosystems =
        ecosystems.map(|ecosystem| describe(ecosystem, &entries, &packages, harvest.newest[slot(ecosystem)])).collect::<Vec<_>>();
    let newest = ecosystems.iter().filter_map(|covered| covered.newest.parse().ok()).max();
    let description = Description {
        as_of: as_of.or(newest).unwrap_or(Timestamp::UNIX_EPOCH).to_string(),
        built: Timestamp::from_second(now.as_second()).unwrap_or(now).to_string(),
        fngate: env!("CARGO_PKG_VERSION").to_owned(),
        unreadable: harvest.unreadable,
        ecosystems,
    };
    let blocks = blocks(&entries, &packages)?;
    write(output, &description, &blocks)
}

/// A record's part about one package.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    ecosystem: Ecosystem,
    name: Box<str>,
    id: Box<str>,
    /// Nanoseconds since 1970, the newest first; the least value where the record does not say.
    modified: Reverse<i128>,
    withdrawn: bool,
    body: Box<[u8]>,
}

/// What reading gathers.
#[derive(Default)]
struct Harvest {
    entries: Vec<Entry>,
    records: u64,
    unreadable: u64,
    /// The newest `modified` of each ecosystem that is not in the future, in nanoseconds; withdrawals are news too.
    newest: [Option<i128>; 3],
    /// The first record that could not be read, and why.
    first: Option<String>,
    /// Ecosystems that some record names.
    seen: [bool; 3],
    /// Ecosystems that some record names alone.
    alone: [bool; 3],
    covered: [bool; 3],
}

fn slot(ecosystem: Ecosystem) -> usize {
    usize::from(ecosystem_byte(ecosystem)) - 1
}

fn read_dump(dump: &Dump, now: Timestamp) -> Result<Vec<Harvest>, BuildError> {
    dump.records(|harvest: &mut Harvest, name, json| {
        harvest.records += 1;
        match Record::parse(json) {
            Ok(record) => {
                if record.partial {
                    harvest.unreadable += 1;
                    harvest.first.get_or_insert_with(|| format!("`{}`: a package it names cannot be read", escaped(name)));
                }
                harvest.take(&record, now)
            }
            Err(RecordError::Unreadable(why)) => {
                harvest.unreadable += 1;
                harvest.first.get_or_insert_with(|| format!("`{}`: {why}", escaped(name)));
                Ok(())
            }
            Err(error @ RecordError::TooLarge { .. }) => Err(BuildError::Record(error)),
        }
    })
}

impl Harvest {
    fn take(&mut self, record: &Record, now: Timestamp) -> Result<(), BuildError> {
        let advisory = &record.advisory;
        let mut by_package: BTreeMap<(Ecosystem, &str), Vec<&Affected>> = BTreeMap::new();
        for affected in &advisory.affected {
            by_package.entry((affected.ecosystem, &affected.name)).or_default().push(affected);
        }
        let mut names = [false; 3];
        let modified = advisory.modified.parse::<Timestamp>().map_or(i128::MIN, Timestamp::as_nanosecond);
        let mut share = 0;
        for ((ecosystem, name), affected) in by_package {
            names[slot(ecosystem)] = true;
            if modified > i128::MIN && modified <= now.as_nanosecond() {
                self.newest[slot(ecosystem)] = self.newest[slot(ecosystem)].max(Some(modified));
            }
            let mut body = Vec::with_capacity(256);
            put_advisory(&mut body, advisory, affected.into_iter());
            share += body.len();
            if share > LARGEST_SHARE {
                return Err(BuildError::Record(RecordError::TooLarge {
                    id: advisory.id.clone(),
                    what: "it names too many packages".to_owned(),
                }));
            }
            self.entries.push(Entry {
                ecosystem,
                name: name.into(),
                id: advisory.id.as_str().into(),
                modified: Reverse(modified),
                withdrawn: advisory.withdrawn,
                body: body.into_boxed_slice(),
            });
        }
        let alone = names.iter().filter(|named| **named).count() == 1;
        for (at, named) in names.into_iter().enumerate() {
            self.seen[at] |= named;
            self.alone[at] |= named && alone;
        }
        Ok(())
    }

    /// Adds what was read of a dump, and what the dump covers: the ecosystem its place names. Of a dump without such a place,
    /// those that a record names alone: in a dump of one ecosystem every record names that one, whatever others it names too.
    fn add(&mut self, dump: &Dump, parts: Vec<Self>) {
        let (mut seen, mut alone) = ([false; 3], [false; 3]);
        for part in parts {
            self.entries.extend(part.entries);
            self.records += part.records;
            self.unreadable += part.unreadable;
            self.first = self.first.take().or(part.first);
            for at in 0..3 {
                seen[at] |= part.seen[at];
                alone[at] |= part.alone[at];
                self.newest[at] = self.newest[at].max(part.newest[at]);
            }
        }
        match dump.ecosystem {
            Some(ecosystem) => self.covered[slot(ecosystem)] = true,
            None => {
                let covers = if alone == [false; 3] { seen } else { alone };
                (0..3).for_each(|at| self.covered[at] |= covers[at]);
            }
        }
    }

    fn check(&self) -> Result<(), BuildError> {
        if self.records == 0 {
            return Err(BuildError::Empty);
        }
        let share = self.unreadable * 100 > self.records * MOST_UNREADABLE_PERCENT;
        if (share && self.unreadable > HANDFUL) || self.unreadable * 2 >= self.records {
            let first = self.first.clone().unwrap_or_default();
            return Err(BuildError::Unreadable { unreadable: self.unreadable, records: self.records, first });
        }
        Ok(())
    }
}

/// Sorted by package and id; of one record the newest copies, and no withdrawn one.
fn distinct(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.par_sort_unstable();
    entries.dedup_by(|later, kept| {
        let same = (later.ecosystem, &later.name, &later.id) == (kept.ecosystem, &kept.name, &kept.id);
        same && (later.modified != kept.modified || later.body == kept.body)
    });
    entries.retain(|entry| !entry.withdrawn);
    entries
}

/// The ranges of entries that are of one package.
fn packages(entries: &[Entry]) -> Vec<Range<usize>> {
    let mut start = 0;
    let same = entries.chunk_by(|a, b| a.ecosystem == b.ecosystem && a.name == b.name);
    same.map(|chunk| {
        start += chunk.len();
        start - chunk.len()..start
    })
    .collect()
}

fn describe(ecosystem: Ecosystem, entries: &[Entry], packages: &[Range<usize>], newest: Option<i128>) -> Covered {
    let of = entries.iter().filter(|entry| entry.ecosystem == ecosystem);
    let mut ids = of.map(|entry| &*entry.id).collect::<Vec<_>>();
    ids.par_sort_unstable();
    ids.dedup();
    let newest = newest.and_then(|at| Timestamp::from_nanosecond(at).ok()).map(|at| at.to_string());
    Covered {
        name: ecosystem.as_str().to_owned(),
        packages: packages.iter().filter(|range| entries[range.start].ecosystem == ecosystem).count() as u64,
        records: ids.len() as u64,
        malware: ids.iter().filter(|id| id.starts_with("MAL-")).count() as u64,
        newest: newest.unwrap_or_default(),
    }
}

/// A block and the hashes of its names.
struct Block {
    stored: Vec<u8>,
    raw: usize,
    names: Vec<u64>,
}

fn blocks(entries: &[Entry], packages: &[Range<usize>]) -> Result<Vec<Block>, BuildError> {
    let size = |package: &Range<usize>| {
        entries[package.clone()].iter().map(|entry| entry.body.len()).sum::<usize>() + entries[package.start].name.len()
    };
    let mut plan = Vec::new();
    let (mut start, mut full) = (0, 0);
    for (at, package) in packages.iter().enumerate() {
        full += size(package);
        if full >= layout::FULL || at + 1 == packages.len() {
            plan.push(start..at + 1);
            (start, full) = (at + 1, 0);
        }
    }
    if plan.len() >= layout::MOST_BLOCKS {
        return Err(BuildError::TooMany);
    }
    let block = |compress: &mut Compress, range: &Range<usize>| {
        let mut raw = Vec::with_capacity(layout::FULL * 2);
        let mut names = Vec::with_capacity(range.len());
        for package in &packages[range.clone()] {
            let first = &entries[package.start];
            names.push(layout::hash(first.ecosystem, &first.name));
            raw.push(ecosystem_byte(first.ecosystem));
            put_bytes(&mut raw, first.name.as_bytes());
            put_bytes(&mut raw, &entries[package.clone()].iter().flat_map(|entry| entry.body.iter().copied()).collect::<Vec<_>>());
        }
        if raw.len() > layout::LARGEST {
            return Err(BuildError::TooMany);
        }
        Ok(Block { stored: deflated(compress, &raw), raw: raw.len(), names })
    };
    plan.par_iter().map_init(|| Compress::new(Compression::new(6), false), block).collect()
}

fn deflated(compress: &mut Compress, raw: &[u8]) -> Vec<u8> {
    compress.reset();
    // Deflate stores what it cannot shrink, at five bytes for each 16 KB and a few more.
    let mut stored = Vec::with_capacity(raw.len() + raw.len() / 1024 + 64);
    loop {
        let rest = raw.get(usize::try_from(compress.total_in()).unwrap_or(usize::MAX)..).unwrap_or_default();
        match compress.compress_vec(rest, &mut stored, FlushCompress::Finish) {
            Ok(Progress::StreamEnd) | Err(_) => return stored,
            Ok(Progress::Ok | Progress::BufError) => stored.reserve(4096),
        }
    }
}

fn write(output: &Path, description: &Description, blocks: &[Block]) -> Result<Status, BuildError> {
    let fail = |error: std::io::Error| BuildError::Write { path: output.to_owned(), error };
    let json = serde_json::to_vec(description).map_err(|error| fail(error.into()))?;
    let mut index = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        index.extend(block.names.iter().map(|hash| hash | number as u64));
    }
    index.par_sort_unstable();
    let mut start = Vec::with_capacity(32);
    start.extend_from_slice(layout::MAGIC);
    start.extend_from_slice(&layout::VERSION.to_le_bytes());
    start.extend_from_slice(&(json.len() as u32).to_le_bytes());
    start.extend_from_slice(&(index.len() as u64).to_le_bytes());
    start.extend_from_slice(&(blocks.len() as u64).to_le_bytes());
    let mut rest = json;
    let mut offset = (layout::HEAD + rest.len() + index.len() * layout::SLOT + blocks.len() * layout::ROW) as u64;
    index.iter().for_each(|slot| rest.extend_from_slice(&slot.to_le_bytes()));
    for block in blocks {
        rest.extend_from_slice(&offset.to_le_bytes());
        rest.extend_from_slice(&(block.stored.len() as u32).to_le_bytes());
        rest.extend_from_slice(&(block.raw as u32).to_le_bytes());
        rest.extend_from_slice(&layout::check(&block.stored));
        offset += block.stored.len() as u64;
    }
    let digest = layout::digest(&start, &rest);
    let folder = match output.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder).map_err(fail)?;
    let temporary = tempfile::Builder::new().prefix(".fngate-db-").tempfile_in(folder).map_err(fail)?;
    let mut writer = BufWriter::new(temporary.as_file());
    [&start, &digest[..], &rest].iter().try_for_each(|part| writer.write_all(part)).map_err(fail)?;
    blocks.iter().try_for_each(|block| writer.write_all(&block.stored)).map_err(fail)?;
    writer.flush().map_err(fail)?;
    drop(writer);
    readable_by_all(temporary.as_file()).map_err(fail)?;
    temporary.as_file().sync_all().map_err(fail)?;
    temporary.persist(output).map_err(|error| fail(error.error))?;
    sync_folder(folder);
    Ok(Status { digest: crate::model::hex(&digest), size: offset, description: description.clone() })
}

/// A temporary file is its owner's alone; a database is meant to be shared.
#[cfg(unix)]
fn readable_by_all(file: &File) -> std::io::Result<()> {
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Flushes the rename. Not every file system can; the file itself is whole either way.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}
