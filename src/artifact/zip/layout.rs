//! Where a zip's entries lie: local headers against the directory, and every byte of the file against an owner.

use std::io;

use super::super::problem as kind;
use super::super::source::Source;
use super::directory::{Directory, Fault, LOCAL, Record, u16_at, u32_at, u64_at};
use super::extra;

const LOCAL_SIZE: usize = 30;
/// Bytes of a gap that are searched for hidden local headers at once.
const WINDOW: u64 = 1024 * 1024;
/// The longest first line that may stand before a zip inside an artifact (`#!/usr/bin/env python3` of a zip application).
const LONGEST_SHEBANG: usize = 512;

/// Where an entry's packed bytes lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Checks every entry's local header and the whole file's layout. Returns an extent for each record, `None` where the
/// entry cannot be found.
pub(super) fn check(source: &Source<'_>, directory: &Directory, nested: bool, faults: &mut Vec<Fault>) -> io::Result<Vec<Option<Extent>>> {
    let mut extents = Vec::with_capacity(directory.records.len());
    let mut spans = Vec::with_capacity(directory.records.len());
    for (index, record) in directory.records.iter().enumerate() {
        let extent = local(source, record, faults)?;
        if let Some(extent) = extent {
            let end = if record.has_descriptor() { descriptor(source, record, extent.end, faults)? } else { extent.end };
            if end > directory.start {
                faults.push(Fault::entry(
                    &kind::OVERLAPPING_ENTRIES,
                    &record.name,
                    "the entry reaches into the central directory or beyond the archive",
                ));
            }
            spans.push((record.header_at, end, index));
        }
        extents.push(extent);
    }
    spans.sort_unstable();
    let mut covered = 0;
    let mut previous: Option<usize> = None;
    for &(start, end, index) in &spans {
        if start < covered && previous.is_some() {
            let other =
                previous.map(|previous| String::from_utf8_lossy(&directory.records[previous].name).into_owned()).unwrap_or_default();
            faults.push(Fault::entry(
                &kind::OVERLAPPING_ENTRIES,
                &directory.records[index].name,
                format!("the entry shares bytes with `{}`", crate::model::escaped(&other)),
            ));
        }
        gap(source, covered, start.min(directory.start), directory, nested, faults)?;
        if end > covered {
            covered = end;
            previous = Some(index);
        }
    }
    gap(source, covered, directory.start, directory, nested, faults)?;
    Ok(extents)
}

/// Compares a local header with its record.
fn local(source: &Source<'_>, record: &Record, faults: &mut Vec<Fault>) -> io::Result<Option<Extent>> {
    let mut fault = |message: String| faults.push(Fault::entry(&kind::HEADER_MISMATCH, &record.name, message));
    let mut header = [0; LOCAL_SIZE];
    if source.read_at(record.header_at, &mut header)? < LOCAL_SIZE || &header[..4] != LOCAL {
        fault(format!("there is no local header at byte {}", record.header_at));
        return Ok(None);
    }
    let (name_len, extra_len) = (u64::from(u16_at(&header, 26)), u64::from(u16_at(&header, 28)));
    let name_at = record.header_at + LOCAL_SIZE as u64;
    let tail = source.range(name_at, name_at + name_len + extra_len)?;
    if (tail.len() as u64) < name_len + extra_len {
        fault("the local header reaches beyond the archive".to_owned());
        return Ok(None);
    }
    let (name, area) = tail.split_at(usize::from(u16_at(&header, 26)));
    if name != record.name {
        fault(format!("the local header names the entry `{}`", crate::model::escaped(&String::from_utf8_lossy(name))));
    }
    let (flags, method, crc) = (u16_at(&header, 6), u16_at(&header, 8), u32_at(&header, 14));
    if method != record.method {
        fault(format!("compression method {method} in the local header, {} in the directory", record.method));
    }
    // Encryption (bits 0, 6, 13), descriptor (3); UTF-8 (11) matters only where the name is not ASCII.
    let meaning = if record.name.is_ascii() { 0b0010_0000_0100_1001 } else { 0b0010_1000_0100_1001 };
    if (flags ^ record.flags) & meaning != 0 {
        fault(format!("flags {flags:#06x} in the local header, {:#06x} in the directory", record.flags));
    }
    let deferred = flags & (1 << 3) != 0;
    match extra::local_sizes(area, name, u32_at(&header, 18), u32_at(&header, 22)) {
        Ok((packed, size)) => {
            let sizes_agree = packed == record.packed && size == record.size;
            if !sizes_agree && !(deferred && packed == 0 && (size == 0 || size == record.size)) {
                fault(format!(
                    "{packed} bytes packed and {size} plain in the local header, {} and {} in the directory",
                    record.packed, record.size
                ));
            }
        }
        Err(message) => faults.push(Fault::entry(&kind::EXTRA_FIELD_OVERRIDE, &record.name, message)),
    }
    if crc != record.crc && !(deferred && crc == 0) {
        faults.push(Fault::entry(
            &kind::HEADER_MISMATCH,
            &record.name,
            format!("checksum {crc:08x} in the local header, {:08x} in the directory", record.crc),
        ));
    }
    let start = name_at + name_len + extra_len;
    match start.checked_add(record.packed) {
        Some(end) if end <= source.len() => Ok(Some(Extent { start, end })),
        _ => {
            faults.push(Fault::entry(&kind::HEADER_MISMATCH, &record.name, "the entry's bytes reach beyond the archive"));
            Ok(None)
        }
    }
}

/// Checks the data descriptor behind an entry's bytes (APPNOTE 4.3.9: with or without signature, sizes of 4 or 8 bytes);
/// says where it ends.
fn descriptor(source: &Source<'_>, record: &Record, at: u64, faults: &mut Vec<Fault>) -> io::Result<u64> {
    let bytes = source.range(at, at + 24)?;
    for (skip, wide) in [(4, true), (4, false), (0, true), (0, false)] {
        let length = skip + if wide { 20 } else { 12 };
        let Some(fields) = bytes.get(..length) else { continue };
        if skip == 4 && &fields[..4] != b"PK\x07\x08" {
            continue;
        }
        let fields = &fields[skip..];
        let (packed, size) =
            if wide { (u64_at(fields, 4), u64_at(fields, 12)) } else { (u64::from(u32_at(fields, 4)), u64::from(u32_at(fields, 8))) };
        if u32_at(fields, 0) == record.crc && packed == record.packed && size == record.size {
            return Ok(at + length as u64);
        }
    }
    // Nothing in an empty entry defers anything, and folders of some writers carry the flag without the descriptor.
    if record.packed > 0 {
        faults.push(Fault::entry(&kind::HEADER_MISMATCH, &record.name, "the data descriptor is missing or contradicts the directory"));
    }
    Ok(at)
}

/// Looks at bytes between entries: a local header there is a hidden entry, and anything at all is unaccounted for.
fn gap(source: &Source<'_>, from: u64, to: u64, directory: &Directory, nested: bool, faults: &mut Vec<Fault>) -> io::Result<()> {
    if from >= to || directory.cut {
        return Ok(());
    }
    let remark = format!("{} bytes stand before the archive", directory.base);
    let head = source.range(from, to.min(from + LONGEST_SHEBANG as u64 + 1))?;
    if from == 0 && nested && is_shebang(&head) && head.len() as u64 == to {
        faults.retain(|fault| fault.message != remark);
        return Ok(());
    }
    if from == 0 && (head.starts_with(b"PK\x07\x08") || head.starts_with(b"PK00")) {
        faults.push(Fault::archive(&kind::SPLIT_ARCHIVE, "the archive begins with the marker of a split one"));
    }
    let mut at = from;
    while at < to {
        let bytes = source.range(at, (at + WINDOW + 3).min(to))?;
        if bytes.is_empty() {
            break;
        }
        if memchr::memmem::find(&bytes, LOCAL).is_some() {
            faults.push(Fault::archive(
                &kind::UNLISTED_ENTRY,
                format!("a local header that the directory does not name lies between bytes {from} and {to}"),
            ));
            break;
        }
        at += WINDOW;
    }
    if !(from == 0 && to == directory.base) {
        faults.push(Fault::archive(&kind::UNLISTED_BYTES, format!("{} bytes from byte {from} on belong to no entry", to - from)));
    }
    Ok(())
}

fn is_shebang(bytes: &[u8]) -> bool {
    bytes.len() <= LONGEST_SHEBANG && bytes.starts_with(b"#!") && memchr::memchr(b'\n', bytes).is_some_and(|at| at + 1 == bytes.len())
}
