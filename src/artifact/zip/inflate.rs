//! Inflates one entry from its packed bytes: never more than declared, and never fewer packed bytes than declared.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// What went wrong with an entry's bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More or fewer bytes than declared came out.
    Size(String),
    /// The deflate stream ends before the packed bytes do.
    Surplus(u64),
    /// The bytes that came out are not those that were packed.
    Checksum(String),
    /// The stream is not deflate.
    Corrupt(String),
    /// The disk failed.
    Disk(String),
}

const CHUNK: usize = 256 * 1024;

/// A worker's decompressor and its buffers, made once and used for all of its entries.
pub(super) struct Inflater {
    state: Decompress,
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self { state: Decompress::new(false), input: vec![0; CHUNK], output: vec![0; CHUNK] }
    }

    /// Feeds the bytes of a stored entry to `sink`, in chunks.
    pub(super) fn copy(&mut self, mut packed: impl Read, size: u64, mut sink: impl FnMut(&[u8])) -> Result<(), Refusal> {
        let mut total = 0;
        loop {
            let held = fill(&mut packed, &mut self.input)?;
            total += held as u64;
            if held == 0 {
                break;
            }
            sink(&self.input[..held]);
        }
        if total == size { Ok(()) } else { Err(Refusal::Size(format!("{total} bytes are stored, {size} were declared"))) }
    }

    /// Feeds the plain bytes of a deflated entry to `sink` in chunks, until `size` of them have come. `packed` must yield
    /// exactly the packed bytes.
    pub(super) fn inflate(&mut self, mut packed: impl Read, size: u64, mut sink: impl FnMut(&[u8])) -> Result<(), Refusal> {
        self.state.reset(false);
        let (mut held, mut used, mut ended) = (0, 0, false);
        loop {
            if used == held && !ended {
                held = fill(&mut packed, &mut self.input)?;
                used = 0;
                ended = held == 0;
            }
            let (before_in, before_out) = (self.state.total_in(), self.state.total_out());
            let flush = if ended { FlushDecompress::Finish } else { FlushDecompress::None };
            // A stream that breaks off is reported as an error by some backends and as no progress by others.
            let status = match self.state.decompress(&self.input[used..held], &mut self.output, flush) {
                Ok(status) => status,
                Err(error) => return Err(Refusal::Corrupt(error.to_string())),
            };
            let (taken, given) = (self.state.total_in() - before_in, self.state.total_out() - before_out);
            used += usize::try_from(taken).unwrap_or(held - used);
            if self.state.total_out() > size {
                return Err(Refusal::Size(format!("more than the declared {size} bytes come out")));
            }
            sink(&self.output[..usize::try_from(given).unwrap_or(0)]);
            match status {
                Status::StreamEnd => break,
                _ if taken == 0 && given == 0 && ended => {
                    return Err(Refusal::Size(format!("the stream breaks off after {} of {size} bytes", self.state.total_out())));
                }
                _ => {}
            }
        }
        if self.state.total_out() != size {
            return Err(Refusal::Size(format!("{} bytes come out, {size} were declared", self.state.total_out())));
        }
        let mut surplus = (held - used) as u64;
        while !ended {
            let more = fill(&mut packed, &mut self.input)?;
            surplus += more as u64;
            ended = more == 0;
        }
        if surplus > 0 { Err(Refusal::Surplus(surplus)) } else { Ok(()) }
    }
}

fn fill(packed: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Refusal> {
    loop {
        match packed.read(buffer) {
            Ok(held) => return Ok(held),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Refusal::Disk(error.to_string())),
        }
    }
}
