//! Layers as streams: unpacked by their first bytes, hashed and counted while they are read.

use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use super::super::gzip::Members;
use super::super::source::Source;
use super::super::{Limits, gzip, magic, problem as kind};
use super::digest::Hasher;
use super::zstd;
use crate::model::ProblemKind;

/// What the names pass over all layers may unpack.
const BUDGET: &str = "the layers unpack to more than the limit";

/// What neither Docker's fallback nor anything here unpacks.
const UNSUPPORTED: &str = "the layer's compression is not supported";

/// Opens the tar of a layer. Runtimes look at the first bytes and not at the media type (containerd
/// `compression.DetectCompression`), and so does this.
pub(super) fn unpacked<'a>(source: Source<'a>, limits: &Limits) -> io::Result<Box<dyn Read + 'a>> {
    let cap = source.len().saturating_mul(limits.ratio).max(Limits::RATIO_FROM).min(limits.total_bytes);
    let head = source.range(0, magic::ENOUGH as u64)?;
    Ok(match head.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(Members::new(source, cap)),
        head if zstd::is(head) => Box::new(zstd::Frames::new(BufReader::new(source.reader()), cap)),
        head if head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ\0") => return Err(io::Error::other(UNSUPPORTED)),
        _ => Box::new(source.reader()),
    })
}

/// Whether a runtime could unpack these bytes as a layer.
pub(super) fn could_be(source: &Source<'_>) -> bool {
    let head = source.range(0, magic::ENOUGH as u64).unwrap_or_default();
    zstd::is(&head) || head.starts_with(b"BZh") || head.starts_with(b"\xfd7zXZ\0") || magic::of(&head).is_some()
}

/// What a failure to read a layer is called.
pub(super) fn kind(message: &str, otherwise: &'static ProblemKind) -> &'static ProblemKind {
    match message {
        message if message.contains(gzip::OVER) => &kind::LIMIT_RATIO,
        message if message.contains(BUDGET) => &kind::LIMIT_TOTAL_BYTES,
        message if message.contains(UNSUPPORTED) => &kind::UNSUPPORTED_MEDIA_TYPE,
        _ => otherwise,
    }
}

/// Hashes what is read, and stops where the budget ends.
pub(super) struct Watched<'a> {
    pub(super) inner: Box<dyn Read + 'a>,
    pub(super) hasher: Rc<RefCell<Option<Hasher>>>,
    pub(super) left: Rc<Cell<u64>>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        let left = self.left.get().checked_sub(got as u64).ok_or_else(|| io::Error::other(BUDGET))?;
        self.left.set(left);
        if let Some(hasher) = self.hasher.borrow_mut().as_mut() {
            hasher.update(&buffer[..got]);
        }
        Ok(got)
    }
}
