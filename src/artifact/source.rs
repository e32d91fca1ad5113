//! The bytes of an archive, in memory or in a file, read at any place by any worker.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// Bytes read ahead from a file.
const READ_AHEAD: usize = 64 * 1024;

/// The bytes of an archive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// All in memory.
    Memory(&'a [u8]),
    /// In a file of this many bytes.
    File(&'a File, u64),
    /// In a part of a file.
    Part {
        /// The file.
        file: &'a File,
        /// Where the part begins.
        start: u64,
        /// Its bytes.
        len: u64,
    },
}

impl<'a> Source<'a> {
    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, len) | Self::Part { len, .. } => *len,
        }
    }

    /// `len` bytes from `start` on, fewer where the archive ends before.
    pub(crate) fn part(&self, start: u64, len: u64) -> Self {
        let start = start.min(self.len());
        let len = len.min(self.len() - start);
        match *self {
            Self::Memory(bytes) => {
                let from = usize::try_from(start).unwrap_or(bytes.len());
                let to = usize::try_from(start + len).unwrap_or(bytes.len());
                Self::Memory(bytes.get(from..to).unwrap_or_default())
            }
            Self::File(file, _) => Self::Part { file, start, len },
            Self::Part { file, start: outer, .. } => Self::Part { file, start: outer + start, len },
        }
    }

    /// Fills `buffer` from `offset` on as far as there are bytes; says how many.
    pub(crate) fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).map_or(bytes.len(), |start| start.min(bytes.len()));
                let taken = &bytes[start..bytes.len().min(start.saturating_add(buffer.len()))];
                buffer[..taken.len()].copy_from_slice(taken);
                Ok(taken.len())
            }
            Self::File(file, _) => read_file_all(file, buffer, offset),
            Self::Part { file, start, len } => {
                let held = usize::try_from(len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
                read_file_all(file, &mut buffer[..held], start.saturating_add(offset))
            }
        }
    }

    /// The bytes from `start` to `end`, fewer where the archive ends before.
    pub(crate) fn range(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let end = end.min(self.len());
        let length = usize::try_from(end.saturating_sub(start)).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; length];
        let got = self.read_at(start, &mut bytes)?;
        bytes.truncate(got);
        Ok(bytes)
    }

    /// A reader of its own for one worker.
    pub(crate) fn reader(&self) -> SourceReader<'a> {
        match *self {
            Self::Memory(bytes) => SourceReader::Memory(Cursor::new(bytes)),
            file => SourceReader::File { file, position: 0, ahead: Vec::new(), ahead_at: 0 },
        }
    }
}

/// Fills `buffer` from `offset` on as far as the file goes.
fn read_file_all(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match read_file_at(file, &mut buffer[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn read_file_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_file_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Reads and seeks in a [`Source`]; workers have one each and share nothing but the bytes.
#[derive(Debug)]
pub(crate) enum SourceReader<'a> {
    /// Over memory.
    Memory(Cursor<&'a [u8]>),
    /// Over a file, with a little read ahead.
    File {
        /// The file, or its part.
        file: Source<'a>,
        /// Where the next byte comes from.
        position: u64,
        /// Bytes read ahead.
        ahead: Vec<u8>,
        /// Where those begin.
        ahead_at: u64,
    },
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(cursor) => cursor.read(buffer),
            Self::File { file, position, ahead, ahead_at } => {
                if buffer.len() >= READ_AHEAD {
                    let got = file.read_at(*position, buffer)?;
                    *position += got as u64;
                    return Ok(got);
                }
                let held = *position >= *ahead_at && *position < *ahead_at + ahead.len() as u64;
                if !held {
                    ahead.resize(READ_AHEAD, 0);
                    let got = file.read_at(*position, ahead)?;
                    ahead.truncate(got);
                    *ahead_at = *position;
                }
                let skip = usize::try_from(*position - *ahead_at).unwrap_or(usize::MAX).min(ahead.len());
                let taken = (ahead.len() - skip).min(buffer.len());
                buffer[..taken].copy_from_slice(&ahead[skip..skip + taken]);
                *position += taken as u64;
                Ok(taken)
            }
        }
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Memory(cursor) => cursor.seek(to),
            Self::File { file, position, .. } => {
                let target = match to {
                    SeekFrom::Start(offset) => Some(offset),
                    SeekFrom::End(delta) => file.len().checked_add_signed(delta),
                    SeekFrom::Current(delta) => position.checked_add_signed(delta),
                };
                *position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
                Ok(*position)
            }
        }
    }
}
