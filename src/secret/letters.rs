//! Characters as gitleaks' language counts and lowers them.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// In lower case, character by character; what is no UTF-8 stays.
pub(super) fn lowered(text: &[u8]) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return if text.iter().any(u8::is_ascii_uppercase) { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) };
    }
    let mut out = Vec::with_capacity(text.len());
    let mut buffer = [0; 4];
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            // `İ` has two characters in lower case, of which the first is its own.
            let lower = if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) };
            out.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(out)
}

/// Whether [`lowered`] makes ASCII of something in `text` that is none: `İ` and the kelvin sign.
pub(super) fn hides_ascii(text: &[u8]) -> bool {
    ["\u{130}", "\u{212a}"].iter().any(|letter| memchr::memmem::find(text, letter.as_bytes()).is_some())
}

/// Shannon's entropy over the characters of `value`, each of which is one of as many as there are bytes.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let one = 1.0 / value.len().max(1) as f64;
    let of = |count: u32| {
        let share = f64::from(count) * one;
        -share * share.log2()
    };
    if value.is_ascii() {
        let mut counts = [0u32; 128];
        value.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
        return counts.iter().filter(|&&count| count > 0).map(|&count| of(count)).sum();
    }
    let mut counts = BTreeMap::<char, u32>::new();
    for chunk in value.utf8_chunks() {
        let replaced = chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(replaced).for_each(|c| *counts.entry(c).or_default() += 1);
    }
    counts.values().map(|&count| of(count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_lowered_as_go_lowers_them() {
        for (text, wanted) in [("aBc", "abc"), ("ÄΣ\u{130}\u{212a}ſ", "äσikſ"), ("", "")] {
            assert_eq!(lowered(text.as_bytes()), wanted.as_bytes(), "{text}");
        }
        assert_eq!(lowered(b"\xffA\xc3\x84"), b"\xffa\xc3\xa4".as_slice());
    }

    #[test]
    fn entropy_counts_characters_over_bytes() {
        assert!((entropy(b"abcd") - 2.0).abs() < f64::EPSILON);
        // Two characters of two bytes each: a quarter, twice.
        assert!((entropy("äö".as_bytes()) - 1.0).abs() < f64::EPSILON);
        assert!((entropy(b"\xff\xfe") - 0.0).abs() < f64::EPSILON);
        assert!(entropy(b"").abs() < f64::EPSILON);
    }
}
