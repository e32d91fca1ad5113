//! SemVer 2.0 precedence with a lenient reader, for npm and crates.io.
//!
//! Registries and advisories hold strings that the grammar refuses. Read all the same: white space around, any run of `v`
//! and `=` in front, one part or two or more than three (compared part by part, missing parts being zero), leading zeros,
//! a prerelease without its hyphen after the last number (`1.2.3beta`), empty prerelease identifiers, and numbers of any
//! length. Build metadata is ignored (section 10). Refused, because they are ranges or words: `1.x`, `*`, `latest`.

use std::cmp::Ordering;

use super::{Number, trim_zeros};

/// A version by SemVer precedence; equality is precedence too, so build metadata makes no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SemVer {
    /// The parts before the prerelease, without zeros at the end.
    release: Vec<Number>,
    /// The identifiers of the prerelease; empty for a release.
    pre: Vec<Identifier>,
}

/// One identifier of a prerelease. Numbers come before words (section 11.4.3), words by ASCII.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(Number),
    Word(Box<str>),
}

impl SemVer {
    /// Reads a version, leniently; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches(['v', 'V', '=', ' ']);
        let text = text.split_once('+').map_or(text, |(precedence, _build)| precedence);
        let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(end);
        let mut release = numbers.split('.').map(Number::parse).collect::<Option<Vec<_>>>()?;
        trim_zeros(&mut release);
        let pre = match rest.strip_prefix('-').unwrap_or(rest) {
            "" => Vec::new(),
            pre if pre.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) => {
                pre.split('.').map(Identifier::parse).collect()
            }
            _ => return None,
        };
        Some(Self { release, pre })
    }
}

impl Identifier {
    fn parse(text: &str) -> Self {
        Number::parse(text).map_or_else(|| Self::Word(text.into()), Self::Number)
    }
}

impl Ord for SemVer {
    fn cmp(&self, other: &Self) -> Ordering {
        let pre = || match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        };
        self.release.cmp(&other.release).then_with(pre)
    }
}

impl PartialOrd for SemVer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
