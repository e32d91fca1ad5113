//! Reads a zip's central directory strictly: every byte of the file must belong to an entry, the directory or the end
//! record, and the two descriptions of each entry must agree (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.4).
//!
//! What a lenient reader forgives is a [`Fault`] here, because the next reader forgives something else.

use std::io;

use super::super::problem as kind;
use super::super::source::Source;
use super::extra::{self, Lie};
use crate::model::{EntryPath, PathFault, ProblemKind};

const END: &[u8; 4] = b"PK\x05\x06";
const END64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
pub(super) const LOCAL: &[u8; 4] = b"PK\x03\x04";

/// Bytes of an end record without its comment, and of the longest comment.
const END_SIZE: u64 = 22;
const LONGEST_COMMENT: u64 = 65_535;
/// Bytes of a central record without its variable parts.
const CENTRAL_SIZE: usize = 46;

/// Something wrong with an archive: the kind, the raw name of the entry (empty for the archive), and what was found.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: &'static ProblemKind,
    pub(super) entry: Vec<u8>,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn archive(kind: &'static ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, entry: Vec::new(), message: message.into() }
    }

    pub(super) fn entry(kind: &'static ProblemKind, name: &[u8], message: impl Into<String>) -> Self {
        Self { kind, entry: name.to_vec(), message: message.into() }
    }
}

/// One record of the central directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) name: Vec<u8>,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    /// Where the local header begins, from the start of the file.
    pub(super) header_at: u64,
    /// The name in Unicode, where the raw one is in another code page and an extra field spells it.
    pub(super) spelled: Option<String>,
    /// The Unix mode, where a Unix system made the entry; else 0.
    pub(super) mode: u32,
}

impl Record {
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & (1 | 1 << 6 | 1 << 13) != 0
    }

    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & (1 << 3) != 0
    }

    pub(super) fn is_folder(&self) -> bool {
        self.name.last() == Some(&b'/')
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & 0o170_000 == 0o120_000
    }

    /// A device or socket by its Unix mode, or a folder by its mode and a file by its name. A pipe called
    /// `-` is ordinary: so Info-ZIP notes what it packed from standard input, and every unpacker writes a file.
    pub(super) fn is_special(&self) -> bool {
        match self.mode & 0o170_000 {
            0 | 0o100_000 | 0o120_000 => false,
            0o010_000 => self.name != b"-",
            _ => true,
        }
    }

    /// The name as a path, spelled in Unicode.
    pub(super) fn path(&self) -> Result<EntryPath, PathFault> {
        self.spelled.as_deref().map_or_else(|| EntryPath::from_bytes(&self.name), EntryPath::new)
    }
}

/// The end of an archive: where its directory lies and how many records it has.
#[derive(Debug)]
pub(super) struct End {
    pub(super) count: u64,
    pub(super) directory: u64,
    pub(super) directory_size: u64,
    /// How far every offset is shifted by what was prepended.
    pub(super) base: u64,
    /// How far the zip64 record lies from where its locator says it does.
    pub(super) shift: u64,
}

/// A central directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// In the directory's order.
    pub(super) records: Vec<Record>,
    /// How many records the end record declares.
    pub(super) declared: u64,
    pub(super) base: u64,
    pub(super) start: u64,
    /// Whether records were left unread: then bytes without an owner prove nothing.
    pub(super) cut: bool,
    pub(super) faults: Vec<Fault>,
}

/// Reads the directory; `entries` caps the records read. An [`io::Error`] is a failing disk, never a lying archive.
pub(super) fn read(source: &Source<'_>, entries: u64) -> io::Result<Directory> {
    let mut found = Directory::default();
    let Some(end) = find_end(source, &mut found.faults)? else {
        return Ok(found);
    };
    found.declared = end.count;
    found.base = end.base;
    found.start = end.directory;
    let bytes = source.range(end.directory, end.directory + end.directory_size)?;
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        if found.records.len() as u64 >= entries {
            found.cut = true;
            found
                .faults
                .push(Fault::archive(&kind::LIMIT_ENTRIES, format!("more than {entries} entries; the end record declares {}", end.count)));
            break;
        }
        match central(rest, end.base, &mut found.faults) {
            Some((record, used)) => {
                found.records.push(record);
                rest = &rest[used..];
            }
            None => {
                let at = bytes.len() - rest.len();
                found
                    .faults
                    .push(Fault::archive(&kind::UNREADABLE_ARCHIVE, format!("no directory record at byte {at} of the central directory")));
                break;
            }
        }
    }
    let read = found.records.len() as u64;
    if rest.is_empty() && read != end.count {
        found.faults.push(Fault::archive(
            &kind::COUNT_MISMATCH,
            format!("the end record declares {} entries, the directory has {read}", end.count),
        ));
    }
    Ok(found)
}

/// Finds the end record and, through it, the directory.
fn find_end(source: &Source<'_>, faults: &mut Vec<Fault>) -> io::Result<Option<End>> {
    let len = source.len();
    let tail_at = len.saturating_sub(END_SIZE + LONGEST_COMMENT);
    let tail = source.range(tail_at, len)?;
    let ends: Vec<usize> = memchr::memmem::rfind_iter(&tail, END).filter(|at| tail.len() - at >= END_SIZE as usize).collect();
    let comment = |at: usize| u16_at(&tail, at + 20) as usize;
    let exact = ends.iter().copied().filter(|&at| at + END_SIZE as usize + comment(at) == tail.len()).min();
    let Some(at) = exact.or_else(|| ends.iter().copied().find(|&at| at + END_SIZE as usize + comment(at) < tail.len())) else {
        faults.push(Fault::archive(&kind::TRUNCATED_ARCHIVE, "there is no end record in the last 64 kB"));
        return Ok(None);
    };
    if exact.is_none() {
        let extra = tail.len() - at - END_SIZE as usize - comment(at);
        faults.push(Fault::archive(&kind::UNLISTED_BYTES, format!("{extra} bytes follow the end of the archive")));
    }
    if memchr::memmem::find(&tail[at + 4..], b"PK\x05\x06").is_some() {
        faults.push(Fault::archive(&kind::UNLISTED_BYTES, "a second end record follows the first, in its comment or behind it"));
    }
    if memchr::memmem::find(&tail[at + 4..], LOCAL).is_some() {
        faults.push(Fault::archive(&kind::UNLISTED_ENTRY, "a local header follows the end record"));
    }
    let end_at = tail_at + at as u64;
    let record = &tail[at..];
    if u16_at(record, 4) != 0 && u16_at(record, 4) != u16::MAX || u16_at(record, 6) != 0 && u16_at(record, 6) != u16::MAX {
        faults.push(Fault::archive(&kind::SPLIT_ARCHIVE, format!("the end record is that of disk {}", u16_at(record, 4))));
        return Ok(None);
    }
    let mut end = End {
        count: u64::from(u16_at(record, 10)),
        directory: u64::from(u32_at(record, 16)),
        directory_size: u64::from(u32_at(record, 12)),
        base: 0,
        shift: 0,
    };
    if u16_at(record, 8) != u16_at(record, 10) {
        faults.push(Fault::archive(&kind::COUNT_MISMATCH, "the end record counts other entries on this disk than in all"));
    }
    let directory_end = match end64(source, end_at, &mut end, faults)? {
        Some(at) => at,
        None => end_at,
    };
    place(source, directory_end, end, faults)
}

/// Finds the directory before the end records, what was prepended to it and what lies between them.
fn place(source: &Source<'_>, directory_end: u64, mut end: End, faults: &mut Vec<Fault>) -> io::Result<Option<End>> {
    let Some(start) = directory_end.checked_sub(end.directory_size) else {
        faults.push(Fault::archive(
            &kind::COUNT_MISMATCH,
            format!("a directory of {} bytes does not fit before the end record", end.directory_size),
        ));
        return Ok(None);
    };
    let is_directory = |at: u64| -> io::Result<bool> {
        let mut signature = [0; 4];
        source.read_at(at, &mut signature)?;
        Ok(end.count == 0 || &signature == CENTRAL)
    };
    if start > end.directory && is_directory(start)? {
        end.base = start - end.directory;
        faults.push(Fault::archive(&kind::UNLISTED_BYTES, format!("{} bytes stand before the archive", end.base)));
        end.directory = start;
    } else if start > end.directory && is_directory(end.directory)? {
        let (from, to) = (end.directory + end.directory_size, directory_end);
        faults.push(Fault::archive(&kind::UNLISTED_BYTES, format!("{} bytes stand between the directory and its end record", to - from)));
        if memchr::memmem::find(&source.range(from, to)?, LOCAL).is_some() {
            faults.push(Fault::archive(&kind::UNLISTED_ENTRY, "a local header stands between the directory and its end record"));
        }
    } else if start != end.directory {
        faults.push(Fault::archive(&kind::UNREADABLE_ARCHIVE, format!("there is no central directory at byte {}", end.directory)));
        return Ok(None);
    }
    if end.shift != 0 && end.shift != end.base {
        faults.push(Fault::archive(&kind::UNREADABLE_ARCHIVE, "the zip64 locator does not point to the zip64 end record"));
    }
    Ok(Some(end))
}

/// Takes the zip64 end record into account, where there is one; says where it begins.
fn end64(source: &Source<'_>, end_at: u64, end: &mut End, faults: &mut Vec<Fault>) -> io::Result<Option<u64>> {
    let saturated = end.count == u64::from(u16::MAX) || end.directory == u64::from(u32::MAX) || end.directory_size == u64::from(u32::MAX);
    let mut locator = [0; 20];
    let present = end_at >= 20 && source.read_at(end_at - 20, &mut locator)? == 20 && &locator[..4] == LOCATOR64;
    if !present {
        // 65,535 entries exactly are legal without zip64; an offset or a size of 0xFFFFFFFF is not.
        if saturated && end.count != u64::from(u16::MAX) {
            faults.push(Fault::archive(&kind::COUNT_MISMATCH, "the end record defers to a zip64 record that is not there"));
        }
        return Ok(None);
    }
    if u32_at(&locator, 4) != 0 || u32_at(&locator, 16) > 1 {
        faults.push(Fault::archive(&kind::SPLIT_ARCHIVE, "the zip64 locator speaks of several disks"));
        return Ok(None);
    }
    let limit = end_at - 20;
    let declared = u64_at(&locator, 8);
    let mut record = [0; 56];
    // What was prepended shifts the record; it stands right before its locator in every archive that a tool writes.
    let near = limit.checked_sub(56).unwrap_or(declared);
    let mut at = declared;
    for candidate in [declared, near] {
        at = candidate;
        if at < limit && source.read_at(at, &mut record)? == 56 && &record[..4] == END64 {
            break;
        }
        record = [0; 56];
    }
    if &record[..4] != END64 {
        faults.push(Fault::archive(&kind::UNREADABLE_ARCHIVE, "the zip64 locator points to no zip64 end record"));
        return Ok(None);
    }
    end.shift = at.wrapping_sub(declared);
    if at.checked_add(12).and_then(|at| at.checked_add(u64_at(&record, 4))) != Some(limit) || u64_at(&record, 4) != 44 {
        faults
            .push(Fault::archive(&kind::UNLISTED_BYTES, "the zip64 end record holds, or is followed by, bytes that nothing accounts for"));
    }
    if u32_at(&record, 16) != 0 || u32_at(&record, 20) != 0 {
        faults.push(Fault::archive(&kind::SPLIT_ARCHIVE, "the zip64 end record speaks of several disks"));
        return Ok(None);
    }
    let wide = [u64_at(&record, 32), u64_at(&record, 40), u64_at(&record, 48)];
    let narrow = [(end.count, u64::from(u16::MAX)), (end.directory_size, u64::from(u32::MAX)), (end.directory, u64::from(u32::MAX))];
    if wide.iter().zip(narrow).any(|(&wide, (narrow, all_ones))| narrow != all_ones && narrow != wide) || u64_at(&record, 24) != wide[0] {
        faults.push(Fault::archive(&kind::COUNT_MISMATCH, "the zip64 end record contradicts the end record"));
    }
    [end.count, end.directory_size, end.directory] = wide;
    Ok(Some(at))
}

/// Reads the central record at the start of `bytes`; says how long it is.
fn central(bytes: &[u8], base: u64, faults: &mut Vec<Fault>) -> Option<(Record, usize)> {
    if bytes.len() < CENTRAL_SIZE || &bytes[..4] != CENTRAL {
        return None;
    }
    let [name_len, extra_len, comment_len] = [28, 30, 32].map(|at| u16_at(bytes, at) as usize);
    let used = CENTRAL_SIZE + name_len + extra_len + comment_len;
    if used > bytes.len() {
        return None;
    }
    let name = bytes[CENTRAL_SIZE..CENTRAL_SIZE + name_len].to_vec();
    let fields = &bytes[CENTRAL_SIZE + name_len..CENTRAL_SIZE + name_len + extra_len];
    let unix = matches!(bytes[5], 3 | 19);
    let mut record = Record {
        flags: u16_at(bytes, 8),
        method: u16_at(bytes, 10),
        crc: u32_at(bytes, 16),
        packed: u64::from(u32_at(bytes, 20)),
        size: u64::from(u32_at(bytes, 24)),
        header_at: u64::from(u32_at(bytes, 42)),
        mode: if unix || u32_at(bytes, 38) >> 16 != 0 { u32_at(bytes, 38) >> 16 } else { 0 },
        name,
        spelled: None,
    };
    if u16_at(bytes, 34) != 0 && u16_at(bytes, 34) != u16::MAX {
        faults.push(Fault::entry(&kind::SPLIT_ARCHIVE, &record.name, format!("the entry lies on disk {}", u16_at(bytes, 34))));
    }
    match extra::apply_central(fields, &mut record) {
        Ok(()) => {}
        Err(Lie::Override(message)) => faults.push(Fault::entry(&kind::EXTRA_FIELD_OVERRIDE, &record.name, message)),
        Err(Lie::Disk(disk)) => faults.push(Fault::entry(&kind::SPLIT_ARCHIVE, &record.name, format!("the entry lies on disk {disk}"))),
    }
    match record.header_at.checked_add(base) {
        Some(at) => record.header_at = at,
        None => faults.push(Fault::entry(&kind::HEADER_MISMATCH, &record.name, "the entry's offset lies beyond the end of the archive")),
    }
    Some((record, used))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
