//! Zips: the directory is read strictly, the `zip` crate is asked for a second opinion, and each worker inflates its own
//! entries into one reused buffer.

mod directory;
mod extra;
mod inflate;
mod layout;
mod opinion;

use std::io::{self, Read, Seek, SeekFrom};

use rayon::prelude::*;

use self::directory::{Fault, Record};
use self::inflate::{Inflater, Refusal};
use self::layout::Extent;
use super::limit::Limits;
use super::link::Links;
use super::name::Names;
use super::problem as kind;
use super::source::Source;
use super::walk::{EntryStream, HEAD, Place, Walk};
use super::{magic, problem};
use crate::model::{EntryPath, Inventory, Problem};

/// The longest link target: Linux' `PATH_MAX`.
const LONGEST_TARGET: u64 = 4096;

/// Whether a file ends in a whole zip although it does not begin like one: readers find a zip by its end, so a program or
/// any other prefix does not keep them from it. The end record must fit the file exactly and a directory must stand where
/// it says (APPNOTE 4.3.16).
pub(super) fn ends_in_one(source: &Source<'_>) -> bool {
    const END: u64 = 22;
    let length = source.len();
    let Ok(tail) = source.range(length.saturating_sub(END + 65_535), length) else { return false };
    memchr::memmem::find_iter(&tail, b"PK\x05\x06").any(|at| {
        let Some(record) = tail.get(at..at + END as usize) else { return false };
        let comment = usize::from(directory::u16_at(record, 20));
        let size = u64::from(directory::u32_at(record, 12));
        let end = length - (tail.len() - at) as u64;
        let mut start = [0; 4];
        at + END as usize + comment == tail.len()
            && size >= 46
            && size <= end
            && source.read_at(end - size, &mut start).is_ok_and(|got| got == 4)
            && &start == b"PK\x01\x02"
    })
}

/// An entry that is to be shown.
struct Job<'a> {
    path: EntryPath,
    record: &'a Record,
    extent: Extent,
}

/// Walks a zip.
pub(super) fn walk(walk: &Walk<'_>, source: Source<'_>, mut place: Place<'_>, found: &mut Inventory) {
    let mut directory = match directory::read(&source, walk.limits.entries) {
        Ok(directory) => directory,
        Err(error) => return found.problems.push(place.problem(&kind::UNREADABLE_ARCHIVE, format!("reading failed: {error}"))),
    };
    let mut faults = std::mem::take(&mut directory.faults);
    let extents = match layout::check(&source, &directory, place.depth > 0, &mut faults) {
        Ok(extents) => extents,
        Err(error) => return found.problems.push(place.problem(&kind::UNREADABLE_ARCHIVE, format!("reading failed: {error}"))),
    };
    opinion::compare(&source, &directory, &mut faults);
    report(&faults, &place, found);

    let read = directory.records.len() as u64;
    walk.declare(read.max(directory.declared));
    walk.count_refused(directory.declared.saturating_sub(read));
    let jobs = plan(walk, &source, &directory.records, &extents, &mut place, found);
    let (large, small): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.record.size > Limits::ENTRY_IN_PARALLEL);
    let worker = || (Inflater::new(), Vec::new());
    if walk.parallel && small.len() > 1 {
        let shown = small
            .par_iter()
            .with_min_len(8)
            .fold(
                || (None, Inventory::default()),
                |(state, mut found), job| {
                    let (mut inflater, mut buffer) = state.unwrap_or_else(worker);
                    small_entry(walk, &source, job, &place, &mut inflater, &mut buffer, &mut found);
                    (Some((inflater, buffer)), found)
                },
            )
            .map(|(_, found)| found)
            .reduce(Inventory::default, |mut all, part| {
                all.merge(part);
                all
            });
        found.merge(shown);
    } else {
        let (mut inflater, mut buffer) = worker();
        for job in &small {
            small_entry(walk, &source, job, &place, &mut inflater, &mut buffer, found);
        }
    }
    let (mut inflater, _) = worker();
    for job in &large {
        large_entry(walk, &source, job, &place, &mut inflater, found);
    }
}

/// Turns faults into problems at the entry they concern, or at the archive.
fn report(faults: &[Fault], place: &Place<'_>, found: &mut Inventory) {
    for fault in faults {
        let problem = if fault.entry.is_empty() {
            place.problem(fault.kind, fault.message.clone())
        } else {
            match EntryPath::from_bytes(&fault.entry) {
                Ok(path) => Problem::at(fault.kind, &place.path(&path), fault.message.clone()),
                Err(_) => place.problem(fault.kind, format!("{}: {}", shown_name(&fault.entry), fault.message)),
            }
        };
        found.problems.push(problem);
    }
}

fn shown_name(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(&name[..name.len().min(200)]);
    format!("`{}`", crate::model::escaped(&text))
}

/// Names every entry, resolves the links, and refuses what cannot be shown whatever its bytes.
fn plan<'a>(
    walk: &Walk<'_>,
    source: &Source<'_>,
    records: &'a [Record],
    extents: &[Option<Extent>],
    place: &mut Place<'_>,
    found: &mut Inventory,
) -> Vec<Job<'a>> {
    let (mut jobs, mut names, mut links) = (Vec::with_capacity(records.len()), Names::default(), Links::default());
    let mut inflater = None;
    for (record, extent) in records.iter().zip(extents) {
        let path = match record.path() {
            Ok(path) => path,
            Err(_) if record.is_folder() && record.size == 0 && matches!(&record.name[..], b"./" | b"/") => {
                walk.count_shown(1);
                continue;
            }
            Err(fault) => {
                walk.refuse(found, place.problem(&kind::UNSAFE_NAME, format!("{}: {fault}", shown_name(&record.name))).bytes(record.size));
                continue;
            }
        };
        let full = place.path(&path);
        if record.is_folder() {
            names.folder(path);
            if record.size == 0 && record.packed <= 2 && !record.is_link() {
                walk.count_shown(1);
            } else {
                walk.refuse(
                    found,
                    Problem::at(&kind::NAME_CONFLICT, &full, format!("the name is a folder's and the entry has {} bytes", record.size))
                        .bytes(record.size),
                );
            }
            continue;
        }
        if !record.is_link() {
            names.file(path.clone());
        }
        let Some(extent) = *extent else {
            // The layout check has named the fault.
            walk.count_refused(1);
            continue;
        };
        if let Some(problem) = refusal(walk, record, &full) {
            walk.refuse(found, problem);
        } else if record.is_link() {
            match target(source, record, extent, inflater.get_or_insert_with(Inflater::new)) {
                Ok(target) => {
                    walk.count_shown(1);
                    links.add(&path, target);
                    names.link(path);
                }
                Err(message) => walk.refuse(found, Problem::at(&kind::LINK_DANGLING, &full, message)),
            }
        } else {
            jobs.push(Job { path: full, record, extent });
        }
    }
    let names = names.sorted();
    names.problems(place, &mut found.problems);
    links.resolve(&names, place, found);
    jobs
}

/// Why an entry is refused before a byte of it is read.
fn refusal(walk: &Walk<'_>, record: &Record, path: &EntryPath) -> Option<Problem> {
    if record.is_encrypted() {
        return Some(Problem::at(&kind::ENCRYPTED_ENTRY, path, "the entry is encrypted").bytes(record.size));
    }
    if record.flags & (1 << 5) != 0 {
        return Some(Problem::at(&kind::UNSUPPORTED_METHOD, path, "the entry is a patch to other bytes").bytes(record.size));
    }
    if !matches!(record.method, 0 | 8) {
        return Some(Problem::at(&kind::UNSUPPORTED_METHOD, path, format!("compression method {}", record.method)).bytes(record.size));
    }
    if record.is_special() {
        return Some(Problem::at(&kind::SPECIAL_FILE, path, format!("Unix mode {:o}", record.mode)));
    }
    walk.too_large(path, record.size).or_else(|| walk.bomb(path, record.packed, record.size))
}

/// Where a link entry points: its content.
fn target(source: &Source<'_>, record: &Record, extent: Extent, inflater: &mut Inflater) -> Result<String, String> {
    if record.size > LONGEST_TARGET {
        return Err(format!("a link target of {} bytes", record.size));
    }
    let mut content = Vec::new();
    unpack(source, record, extent, inflater, |bytes| content.extend_from_slice(bytes)).map_err(|refusal| describe(&refusal).1)?;
    String::from_utf8(content).map_err(|_| "the link's target is not UTF-8".to_owned())
}

/// Shows an entry that fits beside others.
fn small_entry(
    walk: &Walk<'_>,
    source: &Source<'_>,
    job: &Job<'_>,
    place: &Place<'_>,
    inflater: &mut Inflater,
    buffer: &mut Vec<u8>,
    found: &mut Inventory,
) {
    if !walk.admit(&job.path, job.record.size, found) {
        return;
    }
    buffer.clear();
    match unpack(source, job.record, job.extent, inflater, |bytes| buffer.extend_from_slice(bytes)) {
        Ok(()) => walk.show(&job.path, buffer, place, found),
        Err(Refusal::Surplus(bytes)) => {
            found.problems.push(surplus(job, bytes));
            walk.show(&job.path, buffer, place, found);
        }
        Err(refusal) => refuse(walk, job, &refusal, found),
    }
}

/// Shows a large entry: in pieces, unless somebody wants it whole.
fn large_entry(walk: &Walk<'_>, source: &Source<'_>, job: &Job<'_>, place: &Place<'_>, inflater: &mut Inflater, found: &mut Inventory) {
    if !walk.admit(&job.path, job.record.size, found) {
        return;
    }
    let (mut whole, mut buffer) = (None, Vec::new());
    let mut stream: Option<Box<dyn EntryStream + '_>> = None;
    let result = unpack(source, job.record, job.extent, inflater, |bytes| {
        if let Some(stream) = &mut stream {
            return stream.feed(bytes);
        }
        buffer.extend_from_slice(bytes);
        // A deflate stream may give its first bytes in drops, or none at first: only `HEAD` of them say what the entry is.
        if whole.is_none() && buffer.len() >= HEAD {
            let head = &buffer[..HEAD];
            let is_whole = magic::container(head, &job.path).is_some() || walk.observer.wants_whole(&job.path, head);
            whole = Some(is_whole);
            if !is_whole {
                stream.insert(walk.observer.stream(&job.path)).feed(&std::mem::take(&mut buffer));
            }
        }
    });
    match result {
        Err(Refusal::Surplus(bytes)) => found.problems.push(surplus(job, bytes)),
        Err(refusal) => return refuse(walk, job, &refusal, found),
        Ok(()) => {}
    }
    match stream {
        Some(stream) => {
            walk.count_shown(1);
            stream.finish(found);
        }
        None => walk.show(&job.path, &buffer, place, found),
    }
}

fn surplus(job: &Job<'_>, bytes: u64) -> Problem {
    Problem::at(&kind::UNLISTED_BYTES, &job.path, format!("{bytes} bytes follow the end of the entry's deflate stream")).bytes(bytes)
}

fn refuse(walk: &Walk<'_>, job: &Job<'_>, refusal: &Refusal, found: &mut Inventory) {
    let (kind, message) = describe(refusal);
    walk.refuse(found, Problem::at(kind, &job.path, message).bytes(job.record.size));
}

fn describe(refusal: &Refusal) -> (&'static crate::model::ProblemKind, String) {
    match refusal {
        Refusal::Size(message) => (&problem::SIZE_MISMATCH, message.clone()),
        Refusal::Checksum(message) => (&problem::CHECKSUM_MISMATCH, message.clone()),
        Refusal::Corrupt(message) => (&problem::UNREADABLE_ARCHIVE, format!("the entry does not inflate: {message}")),
        Refusal::Disk(message) => (&problem::UNREADABLE_ARCHIVE, format!("reading failed: {message}")),
        Refusal::Surplus(bytes) => (&problem::UNLISTED_BYTES, format!("{bytes} bytes follow the end of the deflate stream")),
    }
}

/// Feeds an entry's plain bytes to `sink` and checks size and checksum. A surplus behind the stream is reported last, when
/// all of the entry has been fed.
fn unpack(
    source: &Source<'_>,
    record: &Record,
    extent: Extent,
    inflater: &mut Inflater,
    mut sink: impl FnMut(&[u8]),
) -> Result<(), Refusal> {
    let mut checksum = crc32fast::Hasher::new();
    let mut packed = source.reader();
    let failed = |error: io::Error| Refusal::Disk(error.to_string());
    packed.seek(SeekFrom::Start(extent.start)).map_err(failed)?;
    let packed = packed.take(extent.end - extent.start);
    let mut fed = |bytes: &[u8]| {
        checksum.update(bytes);
        sink(bytes);
    };
    let result =
        if record.method == 0 { inflater.copy(packed, record.size, &mut fed) } else { inflater.inflate(packed, record.size, &mut fed) };
    match result {
        Ok(()) | Err(Refusal::Surplus(_)) => {}
        Err(refusal) => return Err(refusal),
    }
    let sum = checksum.finalize();
    if sum == record.crc { result } else { Err(Refusal::Checksum(format!("checksum {sum:08x}, declared {:08x}", record.crc))) }
}
