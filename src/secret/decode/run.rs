//! Base64 (RFC 4648, sections 4 and 5; wrapped into lines as in RFC 2045, section 6.8) and hexadecimal.
//!
//! A run of their letters may begin with letters that are not of the encoding: a name that runs into it, the string before it
//! in a program. So base64 is looked for at each of its four alignments: readable ASCII has the first letter of every four in
//! a quarter of the alphabet, and where five in a row do, it is decoded.

use std::io::Read;
use std::ops::Range;

use super::letter::{self, VALUE, is_letter};
use super::utf16::{nul_side, utf16};
use super::{Decoded, SHORTEST, Show, is_readable};

/// Letters that are decoded at a time.
const WINDOW: usize = 32 << 10;
/// Letters of a window that the next one sees again: more than an encoded private key has.
const OVERLAP: usize = 12 << 10;
/// Groups of four, or pairs of hexadecimal digits, in a row that look readable before they are decoded.
const GROUPS: usize = 5;
const PAIRS: usize = 16;
/// Readable bytes that are worth a search.
const READABLE: usize = 12;
/// A line shorter than this is not one of a wrapped run.
const LINE: usize = 32;
/// A run that is UTF-16 or compressed is decoded as a whole, to this many letters and this many bytes.
const WHOLE: usize = 8 << 20;

/// Whether a letter may be the first of a group that stands for readable bytes: 0x09 to 0x0d, 0x20 to 0x7f.
const LEADS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(VALUE[byte], 2 | 3 | 8..=31);
        byte += 1;
    }
    table
};

/// Shows what every run says, until `show` has enough. The last byte that is no letter, backwards from where a run that has
/// not begun before would have its [`SHORTEST`]th letter, tells where the next can begin, so much of a text is never touched.
pub(super) fn each(text: &[u8], show: &mut Show<'_>) {
    let mut at = SHORTEST - 1;
    let mut floor = 0;
    while let Some(&last) = text.get(..=at).and_then(<[u8]>::last_chunk) {
        let before = letter::at_end(last);
        if before < letter::WIDTH {
            at += SHORTEST - before;
            continue;
        }
        let before = before + text[floor..=at - before].iter().rev().take_while(|&&byte| is_letter(byte)).count();
        let first = at + 1 - before..at + 1 + letter::count(text, at + 1);
        let end = if first.len() < SHORTEST { Some(first.end) } else { run(text, first, show) };
        let Some(end) = end else { return };
        floor = end;
        at = end + SHORTEST;
    }
}

/// Decodes the run that begins with the line `first`, and returns where its last line ends; `None` where `show` had enough.
fn run(text: &[u8], first: Range<usize>, show: &mut Show<'_>) -> Option<usize> {
    let (mut lines, mut joined) = (Vec::new(), Vec::new());
    let mut line = first.clone();
    while line.len() >= LINE {
        let start = line.end + joint(&text[line.end..]);
        let next = start..start + letter::count(text, start);
        if start == line.end || next.is_empty() {
            break;
        }
        if joined.is_empty() {
            lines.push((0, first.start));
            joined.extend_from_slice(&text[first.clone()]);
        }
        lines.push((joined.len(), start));
        joined.extend_from_slice(&text[next.clone()]);
        line = next;
    }
    let letters = if joined.is_empty() { &text[first.clone()] } else { &joined };
    let place = |at: usize| {
        let above = lines.partition_point(|&(offset, _)| offset <= at).checked_sub(1);
        let (offset, start) = above.map_or((0, first.start), |line| lines[line]);
        start + at - offset
    };
    let more = whole(letters).is_none_or(|(bytes, encodings)| {
        let is_cut = letters.len() > WHOLE || bytes.len() == WHOLE;
        show(Decoded { start: place(0), bytes, encodings, raw: 0, is_loose: false, is_cut })
    });
    // Other values may stand in the lines behind.
    (more && windows(letters, &place, show)).then_some(line.end)
}

/// The length of a line end between two lines of one run, as it is or as a string literal has it; 0 for none.
fn joint(text: &[u8]) -> usize {
    let ends: [&[u8]; 6] = [b"\\r\\n", b"\\n\\\n", b"\\n", b"\\\n", b"\r\n", b"\n"];
    let Some(end) = ends.iter().find(|end| text.starts_with(end)) else { return 0 };
    end.len() + text[end.len()..].iter().take(64).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

fn windows(letters: &[u8], place: &dyn Fn(usize) -> usize, show: &mut Show<'_>) -> bool {
    let mut from = 0;
    loop {
        let window = &letters[from..letters.len().min(from + WINDOW)];
        let is_last = from + window.len() == letters.len();
        let mut found = Vec::new();
        base64(window, &mut found);
        hex(window, &mut found);
        found.sort_by_key(|decoded| decoded.start);
        for mut decoded in found {
            // What begins behind this belongs to the next window, which sees it whole.
            if is_last || decoded.start < WINDOW - OVERLAP {
                decoded.start = place(from + decoded.start);
                if !show(decoded) {
                    return false;
                }
            }
        }
        if is_last {
            return true;
        }
        from += WINDOW - OVERLAP;
    }
}

/// Whether enough groups in a row look readable, at any alignment.
fn has_groups(letters: &[u8]) -> bool {
    /// Letters before the last group of a row.
    const BEFORE: usize = 4 * (GROUPS - 1);
    const BLOCK: usize = u64::BITS as usize;
    (0..letters.len().saturating_sub(BEFORE)).step_by(BLOCK - BEFORE).any(|from| {
        let block = &letters[from..letters.len().min(from + BLOCK)];
        let leads = block.iter().rev().fold(0u64, |leads, &letter| leads << 1 | u64::from(LEADS[usize::from(letter)]));
        (1..GROUPS).fold(leads, |rows, group| rows & leads >> (4 * group)) != 0
    })
}

/// The readable stretches at every alignment.
fn base64(letters: &[u8], out: &mut Vec<Decoded>) {
    if !has_groups(letters) {
        return;
    }
    for alignment in 0..4 {
        let mut groups = 0;
        let mut at = alignment;
        loop {
            let leads = letters.get(at).is_some_and(|&letter| LEADS[usize::from(letter)]);
            if leads {
                groups += 1;
            } else {
                if groups >= GROUPS {
                    // The groups beside may be readable in part.
                    let from = (at - 4 * groups).checked_sub(4).unwrap_or(at - 4 * groups);
                    let to = letters.len().min(at + 4);
                    readable(&sextets(&letters[from..to]), out, &["base64"], |offset| from + offset * 4 / 3);
                }
                groups = 0;
                if at >= letters.len() {
                    break;
                }
            }
            at += 4;
        }
    }
}

/// The bytes that letters stand for; a last group may be short.
fn sextets(letters: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(letters.len() / 4 * 3 + 2);
    for group in letters.chunks(4) {
        let value = |at: usize| group.get(at).map_or(0, |&letter| u32::from(VALUE[usize::from(letter)] & 63));
        let word = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
        let bytes = [(word >> 16) as u8, (word >> 8) as u8, word as u8];
        out.extend_from_slice(&bytes[..group.len().saturating_sub(1).min(3)]);
    }
    out
}

/// The readable stretches at either alignment of every run of hexadecimal digits.
fn hex(letters: &[u8], out: &mut Vec<Decoded>) {
    let mut at = 0;
    while let Some(shortest) = letters.get(at..at + 2 * PAIRS) {
        // Backwards, because the last byte that is no digit rules out the most.
        if let Some(other) = shortest.iter().rposition(|byte| !byte.is_ascii_hexdigit()) {
            at += other + 1;
            continue;
        }
        let digits = letters[at..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        for alignment in 0..2 {
            let run = &letters[at + alignment..at + digits];
            let nibble = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
            let looks = |pair: &[u8]| is_readable((nibble(pair[0]) << 4 | nibble(pair[1])) as u8);
            // Most runs are hashes: a look at a few pairs tells.
            if run.chunks_exact(2 * PAIRS).any(|part| looks(&part[2 * PAIRS - 2..])) {
                let bytes: Vec<u8> = run.chunks_exact(2).map(|pair| (nibble(pair[0]) << 4 | nibble(pair[1])) as u8).collect();
                readable(&bytes, out, &["hex"], |offset| at + alignment + 2 * offset);
            }
        }
        at += digits;
    }
}

fn readable(bytes: &[u8], out: &mut Vec<Decoded>, encodings: &'static [&'static str], place: impl Fn(usize) -> usize) {
    let shortest = if encodings == ["hex"] { PAIRS } else { READABLE };
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|&&byte| is_readable(byte)).count();
        if length >= shortest {
            let start = place(at);
            out.push(Decoded { start, bytes: bytes[at..at + length].to_vec(), encodings, raw: 0, is_loose: start > 0, is_cut: false });
        }
        at += length + 1;
    }
}

/// What a run is that says nothing readable itself: UTF-16, gzip (RFC 1952) or zlib (RFC 1950).
fn whole(letters: &[u8]) -> Option<(Vec<u8>, &'static [&'static str])> {
    let head = &letters[..letters.len().min(64) & !3];
    // `H4sI`, `eJ`, `//4`, `/v8`; and every other NUL of UTF-16 gives an `A`, which stands for six zeros.
    if !matches!(head.first(), Some(b'H' | b'e' | b'/' | b'_')) && memchr::memchr(b'A', head).is_none() {
        return None;
    }
    let head = sextets(head);
    let letters = &letters[..letters.len().min(WHOLE)];
    match head.as_slice() {
        [0x1f, 0x8b, 8, ..] => {
            inflated(flate2::bufread::MultiGzDecoder::new(&sextets(letters)[..])).map(|bytes| (bytes, &["base64", "gzip"][..]))
        }
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            inflated(flate2::bufread::ZlibDecoder::new(&sextets(letters)[..])).map(|bytes| (bytes, &["base64", "zlib"][..]))
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => utf16(&sextets(letters)).map(|bytes| (bytes, &["base64", "utf-16"][..])),
        head if nul_side(head).is_some() => utf16(&sextets(letters)).map(|bytes| (bytes, &["base64", "utf-16"][..])),
        _ => None,
    }
}

/// As much as comes out; `None` where that is nothing.
fn inflated(stream: impl Read) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // What came out before a fault stays.
    drop(stream.take(WHOLE as u64).read_to_end(&mut bytes));
    (bytes.len() >= READABLE).then_some(bytes)
}
