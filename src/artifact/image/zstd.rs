//! Zstandard (RFC 8878): any number of frames, skippable ones among them, as zstd:chunked layers have.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The magic of a frame (RFC 8878, 3.1.1).
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The largest window that is held; `zstd` itself asks for an option beyond it (`ZSTD_WINDOWLOG_LIMIT_DEFAULT`).
const WINDOW: u64 = 128 * 1024 * 1024;

/// Whether these bytes begin a frame, skippable or not (3.1.2).
pub(super) fn is(head: &[u8]) -> bool {
    head.starts_with(&MAGIC) || (head.len() >= 4 && (0x50..=0x5f).contains(&head[0]) && head[1..4] == [0x2a, 0x4d, 0x18])
}

/// Reads all frames as one stream.
pub(super) struct Frames<R> {
    source: R,
    decoder: FrameDecoder,
    inside: bool,
    given: u64,
    cap: u64,
}

impl<R: BufRead> Frames<R> {
    /// Frames of `source`, which may give at most `cap` bytes together.
    pub(super) fn new(source: R, cap: u64) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { source, decoder, inside: false, given: 0, cap }
    }

    /// Begins the next frame; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut self.source.by_ref().take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
            }
        }
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.inside {
                self.inside = self.next()?;
                if !self.inside {
                    return Ok(0);
                }
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            }
            let got = self.decoder.read(buffer)?;
            if got == 0 {
                self.inside = false;
                continue;
            }
            self.given += got as u64;
            if self.given > self.cap {
                return Err(io::Error::other(super::super::gzip::OVER));
            }
            return Ok(got);
        }
    }
}
