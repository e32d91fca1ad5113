//! OSV's dumps: finding them, and showing each record once.
//!
//! A dump is a zip of `<ID>.json` entries (`https://osv-vulnerabilities.storage.googleapis.com/<ECOSYSTEM>/all.zip`) or a
//! directory of such files. Records are shown in parallel, one at a time a thread, so that memory is bounded by the size of
//! a record and not of a dump.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use zip::ZipArchive;

use super::BuildError;
use crate::model::Ecosystem;

/// Bytes of a record. The largest of OSV's dumps are under 200 KB.
pub const LARGEST_RECORD: u64 = 16 * 1024 * 1024;
/// How many times the size of a zip its records may have together. OSV's dumps have two to four times.
const MOST_RATIO: u64 = 100;
/// Records that a thread takes at once.
const CHUNK: usize = 256;

/// One dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dump {
    /// The zip, or the directory.
    pub(super) path: PathBuf,
    /// The ecosystem that its place names, `npm/all.zip` or `npm.zip`.
    pub(super) ecosystem: Option<Ecosystem>,
}

/// The dumps that some paths name: zips, directories of records, and directories with a folder for each ecosystem.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Dump>, BuildError> {
    let mut dumps = Vec::new();
    for path in paths {
        let meta = path.metadata().map_err(|error| BuildError::Read { path: path.clone(), error })?;
        if meta.is_file() {
            dumps.push(Dump { ecosystem: named_by(path), path: path.clone() });
            continue;
        }
        if !meta.is_dir() {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a directory");
            return Err(BuildError::Read { path: path.clone(), error });
        }
        let folders = Ecosystem::ALL.map(|ecosystem| (ecosystem, path.join(ecosystem.as_str())));
        let folders = folders.into_iter().filter(|(_, folder)| folder.is_dir()).collect::<Vec<_>>();
        if folders.is_empty() {
            dumps.push(within(path, named_by(path)));
        } else {
            dumps.extend(folders.into_iter().map(|(ecosystem, folder)| within(&folder, Some(ecosystem))));
        }
    }
    Ok(dumps)
}

/// `all.zip` of a folder, else the folder's own records.
fn within(folder: &Path, ecosystem: Option<Ecosystem>) -> Dump {
    let zip = folder.join("all.zip");
    // Whatever it is, what is called `all.zip` is the dump: a link that leads nowhere must not stand for an empty folder.
    Dump { path: if zip.symlink_metadata().is_ok() { zip } else { folder.to_owned() }, ecosystem }
}

/// The ecosystem that a file's stem or its folder names.
fn named_by(path: &Path) -> Option<Ecosystem> {
    let spelled = |name: Option<&std::ffi::OsStr>| name.and_then(|name| name.to_str()).and_then(Ecosystem::from_osv);
    spelled(path.file_name()).or_else(|| spelled(path.file_stem())).or_else(|| spelled(path.parent().and_then(Path::file_name)))
}

impl Dump {
    /// Shows every record to `read`, in parallel, and gives what it makes of chunks of them, in the order of the dump.
    pub(super) fn records<T: Send + Default>(
        &self,
        read: impl Fn(&mut T, &str, &[u8]) -> Result<(), BuildError> + Sync,
    ) -> Result<Vec<T>, BuildError> {
        if self.path.is_dir() { self.files(read) } else { self.zip(read) }
    }

    fn files<T: Send + Default>(&self, read: impl Fn(&mut T, &str, &[u8]) -> Result<(), BuildError> + Sync) -> Result<Vec<T>, BuildError> {
        let fail = |path: &Path, error| BuildError::Read { path: path.to_owned(), error };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(|error| fail(&self.path, error))? {
            let path = entry.map_err(|error| fail(&self.path, error))?.path();
            if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                continue;
            }
            if !path.metadata().map_err(|error| fail(&path, error))?.is_file() {
                return Err(fail(&path, io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
            }
            files.push(path);
        }
        files.sort();
        let chunk = |paths: &[PathBuf]| {
            let (mut made, mut json) = (T::default(), Vec::new());
            for path in paths {
                let file = File::open(path).map_err(|error| fail(path, error))?;
                let name = path.display().to_string();
                whole(file, &name, &mut json).map_err(|fault| fault.at(path))?;
                read(&mut made, &name, &json)?;
            }
            Ok(made)
        };
        files.par_chunks(CHUNK).map(chunk).collect()
    }

    fn zip<T: Send + Default>(&self, read: impl Fn(&mut T, &str, &[u8]) -> Result<(), BuildError> + Sync) -> Result<Vec<T>, BuildError> {
        let fail = |error: io::Error| BuildError::Read { path: self.path.clone(), error };
        let broken = |error: zip::result::ZipError| BuildError::Broken { path: self.path.clone(), why: error.to_string() };
        if !self.path.metadata().map_err(fail)?.is_file() {
            return Err(fail(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        let file = File::open(&self.path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let archive = ZipArchive::new(BufferedAt::new(file, size)).map_err(broken)?;
        // Of entries that share a name the archive's reader keeps one, and the others would be lost.
        if archive.has_duplicate_names() {
            return Err(BuildError::Broken { path: self.path.clone(), why: "two entries have one name".to_owned() });
        }
        let shown = AtomicU64::new(0);
        let chunk = |range: Range<usize>| {
            let mut archive = archive.clone();
            let (mut made, mut json) = (T::default(), Vec::new());
            for at in range {
                let entry = archive.by_index(at).map_err(broken)?;
                let name = entry.name().map_err(broken)?.into_owned();
                if !name.to_ascii_lowercase().ends_with(".json") {
                    continue;
                }
                whole(entry, &name, &mut json).map_err(|fault| fault.at(&self.path))?;
                let so_far = shown.fetch_add(json.len() as u64, Ordering::Relaxed) + json.len() as u64;
                if so_far > size.saturating_mul(MOST_RATIO) {
                    return Err(BuildError::Bomb { path: self.path.clone(), ratio: MOST_RATIO });
                }
                read(&mut made, &name, &json)?;
            }
            Ok(made)
        };
        let count = archive.len();
        (0..count.div_ceil(CHUNK)).into_par_iter().map(|at| chunk(at * CHUNK..count.min((at + 1) * CHUNK))).collect()
    }
}

/// Why a record could not be shown.
enum Fault {
    Read(String, io::Error),
    TooLarge(String),
}

impl Fault {
    fn at(self, path: &Path) -> BuildError {
        match self {
            Self::Read(name, error) => {
                BuildError::Broken { path: path.to_owned(), why: format!("`{}`: {error}", crate::model::escaped(&name)) }
            }
            Self::TooLarge(name) => BuildError::RecordSize { name: crate::model::escaped(&name).into_owned(), limit: LARGEST_RECORD },
        }
    }
}

/// Reads all of a record into a buffer; what comes out is counted, whatever a header says.
fn whole(reader: impl Read, name: &str, json: &mut Vec<u8>) -> Result<(), Fault> {
    json.clear();
    reader.take(LARGEST_RECORD + 1).read_to_end(json).map_err(|error| Fault::Read(name.to_owned(), error))?;
    if json.len() as u64 > LARGEST_RECORD { Err(Fault::TooLarge(name.to_owned())) } else { Ok(()) }
}

/// A file read at places, with a buffer of its own: clones share the file and nothing else, so that threads read one zip.
///
/// A map of the zip would be as quick, but would count the whole dump as this process' memory.
struct BufferedAt {
    file: Arc<File>,
    size: u64,
    place: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl Clone for BufferedAt {
    fn clone(&self) -> Self {
        Self { file: Arc::clone(&self.file), size: self.size, place: 0, start: 0, buffer: Vec::new() }
    }
}

impl BufferedAt {
    const BUFFER: usize = 128 * 1024;

    fn new(file: File, size: u64) -> Self {
        Self { file: Arc::new(file), size, place: 0, start: 0, buffer: Vec::new() }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.resize(Self::BUFFER, 0);
        self.start = self.place;
        let read = read_at(&self.file, &mut self.buffer, self.place);
        self.buffer.truncate(*read.as_ref().unwrap_or(&0));
        read.map(|_| ())
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, place)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], place: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, place)
}

impl Read for BufferedAt {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let within = |this: &Self| {
            this.place
                .checked_sub(this.start)
                .and_then(|at| this.buffer.get(usize::try_from(at).ok()?..))
                .is_some_and(|rest| !rest.is_empty())
        };
        if !within(self) {
            self.fill()?;
        }
        let at = usize::try_from(self.place.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let ready = self.buffer.get(at..).unwrap_or_default();
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.place += length as u64;
        Ok(length)
    }
}

impl Seek for BufferedAt {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(offset) => self.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.place.checked_add_signed(offset),
        };
        self.place = place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "seek before the start"))?;
        Ok(self.place)
    }
}
