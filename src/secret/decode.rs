//! Secrets in other clothes: UTF-16, base64, hexadecimal, percent and backslash escapes.

use std::ops::Range;

use super::check::base64;

/// Encodings within encodings are followed this far.
pub(super) const DEEPEST: usize = 2;
/// Longer runs are fonts, images and programs.
const LONGEST: usize = 256 << 10;
/// A run shorter than this hides no token.
const SHORTEST: usize = 20;

/// A stretch of a text and what it says.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) place: Range<usize>,
    pub(super) bytes: Vec<u8>,
    pub(super) encoding: &'static str,
}

/// UTF-16 by its mark, or by a NUL in every other byte, as UTF-8; `None` where it is something else.
pub(super) fn utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let (big, body) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        _ => (nul_side(bytes)?, bytes),
    };
    let units =
        body.chunks_exact(2).map(|pair| if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) });
    let mut out = String::with_capacity(body.len() / 2);
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(out.into_bytes())
}

/// Whether the NULs of the beginning are the high bytes of big-endian (`true`) or little-endian text.
fn nul_side(bytes: &[u8]) -> Option<bool> {
    let head = &bytes[..bytes.len().min(512) & !1];
    if head.len() < 16 {
        return None;
    }
    let nuls = |offset: usize| head.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let pairs = head.len() / 2;
    match (even * 10, odd * 10) {
        (low, high) if high >= pairs * 7 && low <= pairs => Some(false),
        (high, low) if high >= pairs * 7 && low <= pairs => Some(true),
        _ => None,
    }
}

/// The UTF-16 strings within a binary (little-endian, at least eight characters), a line each.
pub(super) fn wide_strings(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(nul) = memchr::memchr(0, bytes.get(at..).unwrap_or_default()) {
        let nul = at + nul;
        let start = nul.wrapping_sub(1);
        let is_wide = |pair: &&[u8]| matches!(pair, [byte, 0] if *byte == b'\t' || *byte == b' ' || byte.is_ascii_graphic());
        let run = if nul > 0 { bytes[start..].chunks_exact(2).take_while(is_wide).count() } else { 0 };
        if run >= 8 {
            out.extend(bytes[start..start + 2 * run].iter().step_by(2));
            out.push(b'\n');
        }
        // In a stretch of NULs only the first can end a pair.
        let zeros = if run == 0 { bytes[nul..].iter().take_while(|&&byte| byte == 0).count() } else { 1 };
        at = nul + zeros + (2 * run).saturating_sub(2);
    }
    out
}

/// Every stretch of `text` that says something else when it is decoded.
pub(super) fn stretches(text: &[u8]) -> Vec<Decoded> {
    let mut out = Vec::new();
    runs(text, &mut out);
    escapes(text, &mut out);
    out.sort_by_key(|decoded| decoded.place.start);
    out
}

/// Which bytes base64 is made of, of either alphabet.
const LETTER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    table
};

/// Base64 and hexadecimal. A stretch is looked for at every `SHORTEST`th byte, so most of a text is never touched.
fn runs(text: &[u8], out: &mut Vec<Decoded>) {
    let mut at = SHORTEST - 1;
    let mut floor = 0;
    while at < text.len() {
        if !LETTER[usize::from(text[at])] {
            floor = at + 1;
            at += SHORTEST;
            continue;
        }
        let before = text[floor..at].iter().rev().take_while(|&&byte| LETTER[usize::from(byte)]).count();
        let behind = text[at..].iter().take_while(|&&byte| LETTER[usize::from(byte)]).count();
        let place = at - before..at + behind;
        floor = place.end;
        at = place.end + SHORTEST;
        if place.len() >= SHORTEST && place.len() <= LONGEST {
            run(text, place, out);
        }
    }
}

fn run(text: &[u8], place: Range<usize>, out: &mut Vec<Decoded>) {
    let run = &text[place.clone()];
    let head = &run[..run.len().min(32)];
    if run.len() >= 32 && run.len().is_multiple_of(2) && head.iter().all(u8::is_ascii_hexdigit) {
        if let Some(bytes) = hex(head).filter(|bytes| is_readable(bytes)).and_then(|_| hex(run)).filter(|bytes| is_readable(bytes)) {
            out.push(Decoded { place, bytes, encoding: "hex" });
        }
        return;
    }
    let readable = |text: &[u8]| base64(text).map(|bytes| utf16(&bytes).unwrap_or(bytes)).filter(|bytes| is_readable(bytes));
    let sample = &run[..run.len().min(32) & !3];
    let looks = base64(sample).is_some_and(|bytes| is_readable(&bytes) || nul_side(&bytes).is_some());
    if looks && let Some(bytes) = readable(run) {
        out.push(Decoded { place, bytes, encoding: "base64" });
    }
}

fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    text.chunks_exact(2).map(|pair| Some((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}

/// Printable ASCII and line ends, all of it.
fn is_readable(bytes: &[u8]) -> bool {
    bytes.len() >= 12 && bytes.iter().all(|&byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
}

/// `%2F`, `\u0041`, `\x41`, `&quot;`: the token around the first of them, decoded as far as a space.
fn escapes(text: &[u8], out: &mut Vec<Decoded>) {
    let mut floor = 0;
    for (encoding, mark) in [("percent", b'%'), ("unicode", b'\\')] {
        let mut at = 0;
        while let Some(found) = memchr::memchr(mark, &text[at..]) {
            let here = at + found;
            at = here + 1;
            if here < floor && encoding == "percent" || escape(&text[here..]).is_none() {
                continue;
            }
            let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>');
            let low = floor.min(here).max(here.saturating_sub(512));
            let before = text[low..here].iter().rev().take_while(|byte| !ends(byte)).count();
            let behind = text[here..].iter().take(LONGEST).take_while(|byte| !ends(byte)).count();
            let place = here - before..here + behind;
            floor = place.end;
            at = place.end;
            if place.len() >= SHORTEST {
                out.push(Decoded { bytes: unescaped(&text[place.clone()]), place, encoding });
            }
        }
        floor = 0;
    }
}

/// The character an escape at the beginning of `text` stands for, and its length.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let (from, to) = match text {
        [b'%', ..] => (1, 3),
        [b'\\', b'x', ..] => (2, 4),
        [b'\\', b'u', ..] => (2, 6),
        _ => return None,
    };
    let digits = std::str::from_utf8(text.get(from..to)?).ok()?;
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
    char::from_u32(code).filter(|c| c.is_ascii_graphic() || matches!(c, ' ' | '\n' | '\r' | '\t')).map(|c| (c, to))
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match escape(&text[at..]) {
            Some((c, length)) => {
                out.push(c as u8);
                at += length;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}
