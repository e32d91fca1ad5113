//! A file in memory, read-only: the one place of the crate with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// A mapped file.
#[derive(Debug)]
pub(super) struct Map(Mmap);

impl Map {
    /// Maps a file as it is now.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let regular = |is_file| if is_file { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")) };
        // Looked at before it is opened too: opening a pipe waits for its other end.
        regular(std::fs::metadata(path)?.is_file())?;
        let file = File::open(path)?;
        regular(file.metadata()?.is_file())?;
        // SAFETY: the bytes behind a map may change if somebody writes into the file. A database is never written in place:
        // it is made beside the target and renamed, so that this map keeps the old file. Every block is copied out (inflated)
        // and checked before it is read, lengths are never taken twice from the map, and no reference into it outlives it.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self(map))
    }
}

impl Map {
    /// Says that many places of it will be read: mapping all at once is cheaper than one fault a place. Where the system knows
    /// no such word nothing is lost.
    pub(super) fn expect_many(&self) {
        #[cfg(target_os = "linux")]
        let _ = self.0.advise(memmap2::Advice::PopulateRead);
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
