//! Where the keywords of all rules stand in a text.
//!
//! An automaton over hundreds of words takes one step a byte, each waiting for the one before. Here the first four bytes at
//! every place are held against a table of how words begin, small enough for the first level of any processor's cache and
//! without one place waiting for another; words are compared only where one may begin, which is at a few places in a
//! hundred. A byte costs the same whatever it is, and a place at most the words that begin alike: time stays linear.

use std::collections::BTreeSet;
use std::ops::Range;

/// Rows of the table: one for a hash of the first two bytes.
const ROWS: usize = 1 << ROW_BITS;
const ROW_BITS: u32 = 12;
/// Bytes of a word that the table knows.
const HEAD: usize = 4;

/// The words, ready to be looked for. The case of ASCII letters means nothing.
pub(super) struct Keywords {
    /// A bit for each pair of a third and a fourth byte, as far as [`column`] tells them apart.
    table: Box<[u64; ROWS]>,
    /// The words of each row, row after row, and where each row ends.
    heads: Vec<Head>,
    ends: Box<[u32; ROWS]>,
    words: Vec<Vec<u8>>,
}

/// How one word begins: the bits of a text's first four bytes that must be as they are here.
#[derive(Clone, Copy)]
struct Head {
    bits: u32,
    mask: u32,
    word: u32,
}

/// A word found, until no other that ends before it can be.
struct Found {
    place: Range<usize>,
    word: usize,
}

/// Takes a word by its number and its place, and says whether it wants more.
type Show<'a> = dyn FnMut(usize, Range<usize>) -> bool + 'a;

impl Keywords {
    /// Each word with the spellings of it that mean something, or with none where all do: a spelling only spares places
    /// that would mean nothing, and others may be shown all the same.
    pub(super) fn new<'a>(words: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Self {
        let mut keywords = Self { table: Box::new([0; ROWS]), heads: Vec::new(), ends: Box::new([0; ROWS]), words: Vec::new() };
        let mut rows = BTreeSet::new();
        for (word, spellings) in words {
            let number = keywords.words.len();
            if spellings.is_empty() {
                keywords.begin(word.as_bytes(), true, |row| rows.insert((row, number)));
            } else {
                spellings.iter().for_each(|spelling| keywords.begin(spelling.as_bytes(), false, |row| rows.insert((row, number))));
            }
            keywords.words.push(word.as_bytes().to_vec());
        }
        let mut left = rows.iter().copied().peekable();
        for (row, end) in keywords.ends.iter_mut().enumerate() {
            while let Some((_, number)) = left.next_if(|&(of, _)| of == row) {
                keywords.heads.extend(keywords.words.get(number).map(|word| Head::new(word, number)));
            }
            *end = u32::try_from(keywords.heads.len()).unwrap_or(u32::MAX);
        }
        keywords
    }

    /// Marks every beginning that a word may have, and notes its rows.
    fn begin(&mut self, word: &[u8], any_case: bool, mut note: impl FnMut(usize) -> bool) {
        let letters = |at: usize| match word.get(at) {
            Some(byte) if any_case => vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()],
            Some(&byte) => vec![byte],
            // Behind a short word stands anything.
            None => (0..=u8::MAX).collect(),
        };
        let mut columns = 0;
        for third in letters(2) {
            letters(3).into_iter().for_each(|fourth| columns |= 1u64 << column(pair(third, fourth)));
        }
        for first in letters(0) {
            for second in letters(1) {
                let row = row(pair(first, second));
                self.table[row] |= columns;
                note(row);
            }
        }
    }

    /// Shows every word in `text`, those that overlap too, by where they end, of those that end together the longest first;
    /// until `show` has enough.
    pub(super) fn each(&self, text: &[u8], show: &mut Show<'_>) {
        let mut open = Vec::new();
        let Some(from) = self.body(text, &mut open, show) else { return };
        // Behind the last bytes stands nothing.
        let mut tail = [0; 4 * HEAD];
        let rest = &text[from..];
        tail[..rest.len()].copy_from_slice(rest);
        for (at, here) in (from..text.len()).zip(tail.windows(HEAD)) {
            if !self.place(text, at, pair(here[0], here[1]), pair(here[2], here[3]), &mut open, show) {
                return;
            }
        }
        for found in open {
            if !show(found.word, found.place) {
                return;
            }
        }
    }

    /// The same for as much as can be read four places at a time: all but six bytes at most. Returns where that ends; `None`
    /// where `show` had enough.
    fn body(&self, text: &[u8], open: &mut Vec<Found>, show: &mut Show<'_>) -> Option<usize> {
        let [a, b, c, ..] = text else { return Some(0) };
        let (mut first, mut second) = (pair(*a, *b), pair(*b, *c));
        let mut at = 0;
        // Every pair is made once: it is a word's beginning at one place and what follows it at another.
        for next in text[2..].windows(HEAD + 1).step_by(HEAD) {
            let [third, fourth] = [pair(next[0], next[1]), pair(next[1], next[2])];
            let [fifth, sixth] = [pair(next[2], next[3]), pair(next[3], next[4])];
            let more = self.place(text, at, first, third, open, show)
                && self.place(text, at + 1, second, fourth, open, show)
                && self.place(text, at + 2, third, fifth, open, show)
                && self.place(text, at + 3, fourth, sixth, open, show);
            if !more {
                return None;
            }
            (first, second) = (fifth, sixth);
            at += HEAD;
        }
        Some(at)
    }

    /// Looks for the words that begin at `at` with these two pairs of bytes. Says whether more is wanted.
    #[inline(always)]
    fn place(&self, text: &[u8], at: usize, first: u32, second: u32, open: &mut Vec<Found>, show: &mut Show<'_>) -> bool {
        let row = row(first);
        self.table[row] >> column(second) & 1 == 0 || self.row(text, at, row, first | second << 16, open, show)
    }

    #[inline(never)]
    fn row(&self, text: &[u8], at: usize, row: usize, bits: u32, open: &mut Vec<Found>, show: &mut Show<'_>) -> bool {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let heads = self.heads.get(start as usize..self.ends[row] as usize).unwrap_or_default();
        heads.iter().filter(|head| (bits ^ head.bits) & head.mask == 0).all(|head| self.compare(text, at, head, open, show))
    }

    /// Takes a word if it stands at `at`, after those that end before were shown. Says whether more is wanted.
    fn compare(&self, text: &[u8], at: usize, head: &Head, open: &mut Vec<Found>, show: &mut Show<'_>) -> bool {
        let Some(word) = self.words.get(head.word as usize) else { return true };
        if !text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word)) {
            return true;
        }
        let ended = open.partition_point(|found| found.place.end <= at);
        for found in open.drain(..ended) {
            if !show(found.word, found.place) {
                return false;
            }
        }
        let place = at..at + word.len();
        open.insert(open.partition_point(|found| found.place.end <= place.end), Found { place, word: head.word as usize });
        true
    }
}

impl std::fmt::Debug for Keywords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keywords").field("words", &self.words.len()).finish_non_exhaustive()
    }
}

impl Head {
    fn new(word: &[u8], number: usize) -> Self {
        let (mut bits, mut mask) = ([0; HEAD], [0; HEAD]);
        for (at, &byte) in word.iter().take(HEAD).enumerate() {
            bits[at] = byte;
            // The cases of a letter differ in one bit.
            mask[at] = if byte.is_ascii_alphabetic() { !0x20 } else { !0 };
        }
        Self { bits: u32::from_le_bytes(bits), mask: u32::from_le_bytes(mask), word: u32::try_from(number).unwrap_or(u32::MAX) }
    }
}

#[inline(always)]
fn pair(first: u8, second: u8) -> u32 {
    u32::from(first) | u32::from(second) << 8
}

#[inline(always)]
fn row(pair: u32) -> usize {
    (pair.wrapping_mul(0x9e37_79b1) >> (u32::BITS - ROW_BITS)) as usize
}

/// Four bits of the third byte and two of the fourth: a word of three letters then fills four columns and no row.
#[inline(always)]
fn column(pair: u32) -> u32 {
    pair & 15 | (pair >> 8 & 3) << 4
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    fn found(words: &[&str], text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        Keywords::new(words.iter().map(|word| (*word, Vec::new()))).each(text, &mut |word, place| {
            found.push((word, place));
            true
        });
        found
    }

    fn wanted(words: &[&str], text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(words).unwrap();
        automaton.find_overlapping_iter(text).map(|found| (found.pattern().as_usize(), found.range())).collect()
    }

    #[test]
    fn words_at_every_edge_and_within_one_another_are_found_in_order() {
        let words = ["key", "ey", "y", "apikey", "api", "pike", "://", "token", "aaaa", "aa", "\u{e4}b"];
        for text in ["", "y", "ey", "KEY", "apikey", "xApIkEy", "apikeyapikey://", "aaaaaaaaa", "tok", "token", "\u{e4}b \u{c4}B y"] {
            for pad in 0..9 {
                let text = format!("{}{text}", "-".repeat(pad));
                assert_eq!(found(&words, text.as_bytes()), wanted(&words, text.as_bytes()), "{text}");
            }
        }
    }

    #[test]
    fn a_spelling_spares_places_and_loses_none_of_its_own() {
        let keywords = Keywords::new([("sk", vec!["SK"]), ("key", Vec::new())]);
        let mut places = Vec::new();
        keywords.each(b"task SK kEY", &mut |word, place| {
            places.push((word, place.start));
            true
        });
        assert!(places.ends_with(&[(0, 5), (1, 8)]), "{places:?}");
    }

    #[test]
    fn who_has_enough_is_shown_no_more() {
        let mut count = 0;
        Keywords::new([("a", Vec::new())]).each(&[b'a'; 40], &mut |_, _| {
            count += 1;
            count < 3
        });
        assert_eq!(count, 3);
    }

    proptest! {
        #[test]
        fn what_an_automaton_finds_is_found(
            words in prop::collection::btree_set("[a-cA1_]{1,6}", 1..12), text in "[a-dA-C1_]{0,80}"
        ) {
            let lower: std::collections::BTreeSet<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
            let words: Vec<&str> = lower.iter().map(String::as_str).collect();
            prop_assert_eq!(found(&words, text.as_bytes()), wanted(&words, text.as_bytes()));
        }
    }
}
