//! The search of an entry that is too large to hold: in overlapping parts, so that nothing at a seam is lost.

use crate::model::EntryPath;

use super::{Found, Place, Scanner};

/// Bytes searched at a time.
const PART: usize = 8 << 20;
/// Bytes of a part that the next one sees again: more than any match with its surroundings has.
const OVERLAP: usize = 128 << 10;

/// One entry, fed in pieces of any size. What fits into one part is searched exactly as [`Scanner::scan`] does.
#[derive(Debug)]
pub struct Stream<'a> {
    scanner: &'a Scanner,
    path: EntryPath,
    part: usize,
    buffer: Vec<u8>,
    /// Where `buffer` begins in the entry.
    base: Place,
    /// Matches before this offset of the buffer were reported by the part before.
    fresh: usize,
    parts: usize,
    found: Found,
}

impl<'a> Stream<'a> {
    pub(super) fn new(scanner: &'a Scanner, path: &EntryPath, part: usize) -> Self {
        Self {
            scanner,
            path: path.clone(),
            part: part.max(2 * OVERLAP + 2),
            buffer: Vec::new(),
            base: Place { line: 1, column: 1 },
            fresh: 0,
            parts: 0,
            found: Found::default(),
        }
    }

    pub(super) fn standard(scanner: &'a Scanner, path: &EntryPath) -> Self {
        Self::new(scanner, path, PART)
    }

    /// Takes the next bytes of the entry.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.part + OVERLAP - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            rest = later;
            if self.buffer.len() >= self.part + OVERLAP {
                self.search(false);
            }
        }
    }

    /// Searches what is left and gives everything that was found.
    #[must_use]
    pub fn finish(mut self) -> Found {
        if self.parts == 0 {
            return self.scanner.scan(&self.path, &self.buffer);
        }
        self.search(true);
        self.found.settle();
        self.found
    }

    fn search(&mut self, last: bool) {
        // Half of the overlap is left context, half right.
        let (keep, until) =
            if last { (self.buffer.len(), usize::MAX) } else { ((self.buffer.len() - OVERLAP) & !1, self.buffer.len() - OVERLAP / 2) };
        let fresh = self.fresh;
        self.found.merge(self.scanner.part(&self.path, &self.buffer, self.base, self.parts == 0, &|at| at >= fresh && at < until));
        self.base.skip(&self.buffer[..keep]);
        self.buffer.drain(..keep);
        self.fresh = until.saturating_sub(keep);
        self.parts += 1;
    }
}
