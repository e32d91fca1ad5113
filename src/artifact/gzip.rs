//! Gzip (RFC 1952): one or more members, holding a tar or a single file.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::magic;
use super::problem as kind;
use super::source::{Source, SourceReader};
use super::tar::{self, Broken};
use super::walk::{Place, Walk};
use crate::model::{EntryPath, Inventory, Problem, ProblemKind};

/// Walks a gzip: the entries of the tar it holds, or the file.
pub(super) fn walk(walk: &Walk<'_>, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
    let mut head = Vec::new();
    if let Err(error) = Members::new(source, u64::MAX).take(magic::ENOUGH as u64).read_to_end(&mut head) {
        return found.problems.push(place.problem(broken(&error), format!("the gzip does not inflate: {error}")));
    }
    // A ratio no honest archive reaches stops the stream; the byte limits hold for what lies below it.
    let cap = source.len().saturating_mul(walk.limits.ratio).max(super::Limits::RATIO_FROM).min(walk.limits.total_bytes);
    if magic::of(&head) == Some(magic::Container::Tar) {
        return tar::stream(walk, &|| Box::new(Members::new(source, cap)), place, found);
    }
    single(walk, source, cap, &place, found);
}

/// Shows the one file of a gzip, named as `gunzip` would name it.
fn single(walk: &Walk<'_>, source: Source<'_>, cap: u64, place: &Place<'_>, found: &mut Inventory) {
    walk.declare(1);
    let outer = place.prefix.map_or("content", EntryPath::file_name);
    let name = outer.strip_suffix(".gz").filter(|name| !name.is_empty()).unwrap_or("content");
    let Ok(inner) = EntryPath::new(name).or_else(|_| EntryPath::new("content")) else { return walk.count_refused(1) };
    let path = place.path(&inner);
    let limit = walk.limits.entry_bytes;
    let mut content = Vec::new();
    match Members::new(source, cap).take(limit + 1).read_to_end(&mut content) {
        Ok(got) if got as u64 > limit => {
            walk.refuse(found, Problem::at(&kind::LIMIT_ENTRY_BYTES, &path, format!("more than {limit} bytes")));
        }
        Ok(got) => {
            if walk.admit(&path, got as u64, found) {
                walk.show(&path, &content, place, found);
            }
        }
        Err(error) => walk.refuse(found, Problem::at(broken(&error), &path, format!("the gzip does not inflate: {error}"))),
    }
}

pub(super) const OVER: &str = "the gzip inflates beyond the allowed ratio";

/// The kind of problem that a failing stream is.
fn broken(error: &io::Error) -> &'static ProblemKind {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()) {
        Some(broken) => broken.kind,
        None if error.kind() == io::ErrorKind::UnexpectedEof => &kind::TRUNCATED_ARCHIVE,
        None => &kind::UNREADABLE_ARCHIVE,
    }
}

fn refusal(kind: &'static ProblemKind, message: &str) -> io::Error {
    io::Error::other(Broken { kind, message: message.to_owned() })
}

/// Reads all members of a gzip as one stream and refuses what follows the last, but for the zeros that tapes are padded
/// with (GNU gzip manual, "Tape").
pub(super) struct Members<'a> {
    decoder: Option<GzDecoder<BufReader<SourceReader<'a>>>>,
    given: u64,
    cap: u64,
}

impl<'a> Members<'a> {
    pub(super) fn new(source: Source<'a>, cap: u64) -> Self {
        Self { decoder: Some(GzDecoder::new(BufReader::new(source.reader()))), given: 0, cap }
    }
}

impl Read for Members<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let got = decoder.read(buffer).map_err(|error| {
                // The decoder has no kind of error for it: RFC 1952's CRC32 and ISIZE are checked when the stream ends.
                if error.to_string().contains("checksum") {
                    refusal(&kind::CHECKSUM_MISMATCH, "a gzip member's checksum is wrong")
                } else {
                    error
                }
            })?;
            if got > 0 || buffer.is_empty() {
                self.decoder = Some(decoder);
                self.given += got as u64;
                if self.given > self.cap {
                    return Err(refusal(&kind::LIMIT_RATIO, OVER));
                }
                return Ok(got);
            }
            let mut rest = decoder.into_inner();
            if rest.fill_buf()?.starts_with(&[0x1f, 0x8b, 8]) {
                self.decoder = Some(GzDecoder::new(rest));
                continue;
            }
            loop {
                let bytes = rest.fill_buf()?;
                if bytes.is_empty() {
                    break;
                }
                if bytes.iter().any(|&byte| byte != 0) {
                    return Err(refusal(&kind::UNLISTED_BYTES, "bytes that are no gzip member follow the last one"));
                }
                let length = bytes.len();
                rest.consume(length);
            }
        }
        Ok(0)
    }
}
