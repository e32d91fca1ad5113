//! Packing entries into blocks, and writing a whole database beside the target before it takes its place.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use flate2::{Compress, Compression, FlushCompress, Status as Progress};
use rayon::prelude::*;

use super::codec::{Bytes, Garbled, ecosystem_byte, put_body, put_bytes};
use super::harvest::Entry;
use super::layout::{self, Covered, Description};
use super::{BuildError, Status};
use crate::model::Ecosystem;

/// How the names of files begin that are not whole yet.
const UNFINISHED: &str = ".fngate-db-";
/// After so long an unfinished file is nobody's any more.
const ABANDONED: Duration = Duration::from_secs(6 * 3600);

/// Compiles entries into a database. `describe` makes its description of what is in it.
pub(super) fn compile(
    entries: &[Entry],
    output: &Path,
    describe: impl FnOnce(&dyn Fn(Ecosystem) -> Counts) -> Description,
) -> Result<Status, BuildError> {
    let packages = packages(entries);
    let description = describe(&|ecosystem| counts(ecosystem, entries, &packages));
    let blocks = blocks(entries, &packages)?;
    write(output, &description, &blocks)
}

/// What an ecosystem has of everything.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    packages: u64,
    records: u64,
    malware: u64,
}

impl Counts {
    /// The same as a description says it.
    pub(super) fn of(self, ecosystem: Ecosystem, newest: String, unreadable: u64) -> Covered {
        let Self { packages, records, malware } = self;
        Covered { name: ecosystem.as_str().to_owned(), packages, records, malware, newest, unreadable }
    }
}

fn counts(ecosystem: Ecosystem, entries: &[Entry], packages: &[Range<usize>]) -> Counts {
    let of = entries.iter().filter(|entry| entry.ecosystem == ecosystem && !entry.is_tombstone());
    let mut ids = of.map(|entry| &*entry.id).collect::<Vec<_>>();
    ids.par_sort_unstable();
    ids.dedup();
    let own = |range: &&Range<usize>| entries[range.start].ecosystem == ecosystem && !entries[range.start].is_tombstone();
    Counts {
        packages: packages.iter().filter(own).count() as u64,
        records: ids.len() as u64,
        malware: ids.iter().filter(|id| id.starts_with("MAL-")).count() as u64,
    }
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
            put_bytes(&mut raw, &body(&entries[package.clone()]).map_err(|Garbled| BuildError::TooMany)?);
        }
        if raw.len() > layout::LARGEST {
            return Err(BuildError::TooMany);
        }
        Ok(Block { stored: deflated(compress, &raw), raw: raw.len(), names })
    };
    plan.par_iter().map_init(|| Compress::new(Compression::new(6), false), block).collect()
}

/// The body of a package: of one record as it is, of several anew, so that they share a table of versions.
fn body(entries: &[Entry]) -> Result<Cow<'_, [u8]>, Garbled> {
    if let [only] = entries {
        return Ok(Cow::Borrowed(&only.body));
    }
    let mut advisories = Vec::with_capacity(entries.len());
    for entry in entries {
        for sketch in Bytes(&entry.body).body(entry.ecosystem, &entry.name)? {
            advisories.push((sketch.modified, sketch.finish()?));
        }
    }
    let Some(first) = entries.first() else { return Ok(Cow::Borrowed(&[])) };
    let mut whole = Vec::with_capacity(entries.iter().map(|entry| entry.body.len()).sum());
    let with_entries =
        advisories.iter().map(|(modified, advisory)| (advisory, *modified, advisory.affected.iter().collect())).collect::<Vec<_>>();
    put_body(&mut whole, first.ecosystem, &with_entries)?;
    Ok(Cow::Owned(whole))
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
    sweep(folder);
    let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder).map_err(fail)?;
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

/// Removes what a killed run left behind long ago.
fn sweep(folder: &Path) {
    let old = |entry: &std::fs::DirEntry| {
        let modified = entry.metadata().and_then(|meta| meta.modified()).ok();
        let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        age.is_some_and(|age| age > ABANDONED)
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)).filter(old) {
        let _ = std::fs::remove_file(entry.path());
    }
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
