//! Characters written as numbers: `%2F` (RFC 3986, section 2.1), `\x2f`, `\u002f`, `\u{2f}` and `\057` of programming
//! languages, `&#47;` and `&#x2f;` of markup, `U+002F`.

use memchr::memmem;

use super::{Decoded, SHORTEST, Show};

/// How far before the first escape a stretch is taken to begin at most.
const BEFORE: usize = 512;
/// How long a stretch may be; a longer one is read in pieces.
const LONGEST: usize = 48 << 10;
/// Bytes of a piece that the next one sees again.
const OVERLAP: usize = 8 << 10;

/// Backslashes that escape one another.
const MOST_ESCAPED: usize = 16;

/// Shows every stretch with an escape in it, as far as a space or a quote on either side, until `show` has enough.
pub(super) fn each(text: &[u8], show: &mut Show<'_>) {
    let (mut at, mut floor) = (0, 0);
    let mut marks = Marks::new(text);
    while let Some(here) = marks.next(at) {
        at = here + 1;
        if escape(&text[here..]).is_none() {
            continue;
        }
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>');
        let low = floor.min(here).max(here.saturating_sub(BEFORE));
        let before = text[low..here].iter().rev().take_while(|byte| !ends(byte)).count();
        let behind = text[here..].iter().take(LONGEST).take_while(|byte| !ends(byte)).count();
        let (start, end) = (here - before, here + behind);
        at = if behind < LONGEST { end } else { end - OVERLAP };
        floor = at;
        if end - start >= SHORTEST {
            let encodings: &[&str] = match text[here] {
                b'%' => &["percent"],
                b'&' => &["html"],
                _ => &["unicode"],
            };
            if !show(Decoded { start, bytes: unescaped(&text[start..end]), encodings, raw: end - start, is_loose: false, is_cut: false }) {
                return;
            }
        }
    }
}

/// Where escapes may begin.
struct Marks<'a> {
    text: &'a [u8],
    /// Every `U+`, the next of them apart.
    points: memmem::FindIter<'a, 'static>,
    point: Option<usize>,
}

impl<'a> Marks<'a> {
    fn new(text: &'a [u8]) -> Self {
        let mut points = memmem::find_iter(text, b"U+");
        let point = points.next();
        Self { text, points, point }
    }

    /// The first mark from `from` on, which is no less than the last time.
    fn next(&mut self, from: usize) -> Option<usize> {
        while self.point.is_some_and(|point| point < from) {
            self.point = self.points.next();
        }
        let mark = memchr::memchr3(b'%', b'\\', b'&', self.text.get(from..)?).map(|at| from + at);
        self.point.filter(|&point| mark.is_none_or(|mark| point < mark)).or(mark)
    }
}

/// The character that an escape at the beginning of `text` stands for, and its length.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    // A text within a text has its backslashes escaped.
    if text.starts_with(b"\\\\") {
        let more = text.iter().take(MOST_ESCAPED).take_while(|&&byte| byte == b'\\').count() - 1;
        return match text.get(more + 1) {
            Some(b'x' | b'u' | b'U') => plain(&text[more..]).map(|(byte, length)| (byte, length + more)),
            _ => None,
        };
    }
    plain(text)
}

fn plain(text: &[u8]) -> Option<(u8, usize)> {
    let (radix, from, to, close) = match text {
        [b'%', ..] => (16, 1, 3, None),
        [b'\\', b'x' | b'u', b'{', ..] => (16, 3, 9, Some(b'}')),
        [b'\\', b'x', ..] => (16, 2, 4, None),
        [b'\\', b'u', ..] | [b'U', b'+', ..] => (16, 2, 6, None),
        [b'\\', b'U', ..] => (16, 2, 10, None),
        [b'\\', b'0'..=b'3', ..] => (8, 1, 4, None),
        [b'&', b'#', b'x' | b'X', ..] => (16, 3, 9, Some(b';')),
        [b'&', b'#', ..] => (10, 2, 9, Some(b';')),
        _ => return None,
    };
    let (digits, length) = match close {
        None => (text.get(from..to)?, to),
        Some(close) => {
            let tail = text.get(from..).unwrap_or_default();
            let width = tail.iter().take(to - from).position(|&byte| byte == close)?;
            (&tail[..width], from + width + 1)
        }
    };
    let mut code: u32 = 0;
    for &digit in digits {
        code = code.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?)?;
    }
    let byte = u8::try_from(code).ok()?;
    (!digits.is_empty() && super::is_readable(byte)).then_some((byte, length))
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        // Most bytes are no mark.
        let (byte, length) = if matches!(byte, b'%' | b'\\' | b'&' | b'U') { escape(&text[at..]).unwrap_or((byte, 1)) } else { (byte, 1) };
        out.push(byte);
        at += length;
    }
    out
}
