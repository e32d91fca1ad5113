//! Whether a value looks drawn at random: by how unlikely its letter pairs are in words and identifiers.
//!
//! Shannon's entropy hardly tells a key from an identifier of the same length. The model here does: `bigrams.txt` holds, for
//! each pair of character classes (a to z, digit, other), how often the second follows the first in the text of published
//! npm and Python packages; a value's score is the logarithm of how much likelier it is under uniform drawing than under
//! that table, with the changes between upper and lower case counted the same way.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

const CLASSES: usize = 28;
const DIGIT: usize = 26;
const OTHER: usize = 27;
/// The unit of `bigrams.txt`: a sixth of a bit, from `(` on.
const UNIT: f64 = 6.0;
/// Values are judged by this much of their beginning.
const JUDGED: usize = 256;

/// -log2 of the probability of each class after each other.
fn table() -> &'static [[f64; CLASSES]; CLASSES] {
    static TABLE: OnceLock<[[f64; CLASSES]; CLASSES]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = [[8.0; CLASSES]; CLASSES];
        for (row, line) in table.iter_mut().zip(include_str!("bigrams.txt").lines()) {
            for (cell, byte) in row.iter_mut().zip(line.bytes()) {
                *cell = f64::from(byte.saturating_sub(40)) / UNIT;
            }
        }
        table
    })
}

fn class(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => usize::from(letter - b'a'),
        b'0'..=b'9' => DIGIT,
        _ => OTHER,
    }
}

/// What a value is made of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Makeup {
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digit: usize,
    pub(super) other: usize,
    hex: bool,
}

impl Makeup {
    pub(super) fn of(value: &[u8]) -> Self {
        let mut makeup = Self { hex: true, ..Self::default() };
        for &byte in value.iter().take(JUDGED) {
            match byte {
                b'a'..=b'z' => makeup.lower += 1,
                b'A'..=b'Z' => makeup.upper += 1,
                b'0'..=b'9' => makeup.digit += 1,
                _ => makeup.other += 1,
            }
            makeup.hex &= byte.is_ascii_hexdigit();
        }
        makeup
    }

    fn letters(&self) -> usize {
        self.lower + self.upper
    }

    /// How many characters it was drawn from, if it was.
    fn alphabet(&self) -> f64 {
        let letters = if self.hex && self.digit > 0 { 6.0 } else { 26.0 };
        let cases = f64::from(u8::from(self.lower > 0)) + f64::from(u8::from(self.upper > 0));
        letters * cases + if self.digit > 0 { 10.0 } else { 0.0 } + if self.other > 0 { 4.0 } else { 0.0 }
    }
}

/// log2 of how much likelier `value` is drawn at random than written by a person.
pub(super) fn score(value: &[u8]) -> f64 {
    let value = &value[..value.len().min(JUDGED)];
    let makeup = Makeup::of(value);
    let alphabet = makeup.alphabet().max(2.0);
    let cases = if makeup.lower > 0 && makeup.upper > 0 { 2.0 } else { 1.0 };
    let mut sum = 0.0;
    for pair in value.windows(2) {
        let [first, second] = *pair else { continue };
        let (before, after) = (class(first), class(second));
        let drawn = match after {
            DIGIT => 10.0,
            OTHER => 4.0,
            _ => cases,
        };
        sum += (drawn / alphabet).log2() + table()[before][after];
        if cases > 1.0 && first.is_ascii_alphabetic() && second.is_ascii_alphabetic() {
            let change = first.is_ascii_lowercase() != second.is_ascii_lowercase();
            sum += if change { 2.6 } else { -0.8 };
        }
        // `aaaa`, `1234`, `abcd`.
        if first == second || second == first.wrapping_add(1) {
            sum -= 2.0;
        }
    }
    sum
}

/// An estimate of how many guesses a value takes, in bits: the lesser of what its alphabet allows and what the words in it
/// cost.
pub(super) fn bits(value: &[u8]) -> f64 {
    let judged = &value[..value.len().min(JUDGED)];
    let written: f64 = 4.7 + judged.windows(2).map(|pair| table()[class(pair[0])][class(pair[1])].min(5.0)).sum::<f64>();
    written.min(shannon(judged) * judged.len() as f64)
}

/// Shannon's entropy in bits a byte, as gitleaks computes it over characters.
pub(super) fn shannon(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let length = value.len().max(1) as f64;
    counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / length).map(|p| -p * p.log2()).sum()
}

/// How many different bytes.
pub(super) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    value.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    seen.iter().filter(|&&seen| seen).count()
}

/// Enough variety for a token of a known format: not a mask, a run or a counter.
pub(super) fn is_random_token(value: &[u8]) -> bool {
    let enough = match value.len() {
        0..=11 => 4,
        12..=23 => 6,
        _ => 8,
    };
    distinct(value) >= enough && longest_run(value) < 7 && longest_ladder(value) < 17.max(value.len() / 3)
}

/// As a key of at least 16 characters of letters and digits is.
pub(super) fn is_random_key(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    is_random_token(value) && makeup.digit >= 2 && makeup.letters() >= 2 && score(value) > 0.5 * value.len().min(48) as f64
}

/// As drawn letters are, with digits or without: nothing that is made of words.
pub(super) fn is_drawn(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let each = score(value) / value.len().clamp(1, JUDGED) as f64;
    each > if makeup.digit > 0 { 0.35 } else { 0.6 }
}

/// As identifiers are: at least three words, in camel case or joined by `_`, `-` or `.`, and hardly a digit.
pub(super) fn is_name(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let joints = value.windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count()
        + value.iter().filter(|byte| matches!(byte, b'_' | b'-' | b'.')).count();
    makeup.digit <= 2 && joints >= 2 && !is_drawn(value)
}

/// The longest run of one byte.
pub(super) fn longest_run(value: &[u8]) -> usize {
    longest(value, |first, second| first == second)
}

/// The longest stretch in which every byte is the one before plus one.
fn longest_ladder(value: &[u8]) -> usize {
    longest(value, |first, second| second == first.wrapping_add(1))
}

fn longest(value: &[u8], goes_on: impl Fn(u8, u8) -> bool) -> usize {
    let (mut best, mut run) = (usize::from(!value.is_empty()), 1);
    for pair in value.windows(2) {
        run = if goes_on(pair[0], pair[1]) { run + 1 } else { 1 };
        best = best.max(run);
    }
    best
}

/// Parts of values that stand in for the real one.
const STAND_INS: &[&str] = &[
    "example",
    "sample",
    "your",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace",
    "redacted",
    "removed",
    "insert",
    "dummy",
    "foobar",
    "lorem",
    "deadbeef",
    "notreal",
    "xxxx",
    "...",
    "****",
    "<",
    ">",
    "${",
    "{{",
    "}}",
    "$(",
    "%(",
    "%s",
    "%d",
    "#{",
    "…",
    "process.env",
    "os.environ",
    "getenv",
    "key_1234",
    "undefined",
    "null",
    "todo",
    "invalid",
    "secret",
    "passw",
    "password",
];

/// Parts of values typed along the keyboard.
const LADDERS: &[&str] = &["0000000", "1234567", "7654321", "abcdefg", "qwerty"];

/// Enough variety for a value whose owner is named and whose length is right.
pub(super) fn is_varied(value: &[u8]) -> bool {
    distinct(value) >= 7.min(value.len() / 2) && longest_run(value) < 8
}

/// [`is_mask`], or typed along the keyboard.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| automaton(LADDERS));
    is_mask(value) || has_any(&WORDS, value)
}

/// Whether a value says itself that it is none: a template, a mask, a word that asks to be replaced.
pub(super) fn is_mask(value: &[u8]) -> bool {
    static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| automaton(STAND_INS));
    let masked = distinct(value) <= 3 || longest_run(value) >= 6;
    let variable = matches!(value, [b'$' | b'%' | b'@' | b'{' | b'[' | b'(' | b':', b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'{', ..])
        && Makeup::of(value).digit < 2;
    masked || variable || has_any(&WORDS, value)
}

/// The words in any case, all looked for at once.
fn automaton(words: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(words).ok()
}

fn has_any(words: &Option<AhoCorasick>, value: &[u8]) -> bool {
    words.as_ref().is_some_and(|words| words.is_match(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_scores_above_an_identifier_of_its_length() {
        for (key, words) in
            [("q8ZrT2mVx91LbKp0", "applicationToken"), ("vhnembhxkq", "middleware"), ("9f86d081884c7d65", "sha256_hash_0001")]
        {
            assert!(score(key.as_bytes()) > score(words.as_bytes()) + 10.0, "{key} {words}");
        }
    }

    #[test]
    fn words_are_guessable_and_keys_are_not() {
        assert!(bits(b"correcthorse") < 64.0);
        assert!(bits(b"q8ZrT2mVx91LbKp0Wd5Yn3Hc") > 64.0);
    }
}
