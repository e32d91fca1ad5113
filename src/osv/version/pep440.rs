//! PyPI's version order: PEP 440, as the "Version specifiers" specification of the Python Packaging User Guide states it,
//! with legacy strings below every version.
//!
//! Written out rather than taken from `pep440_rs`, whose numbers end at `u64` and which has no place for a legacy string;
//! the tests hold the two against each other wherever both speak.
//!
//! Legacy strings (what the grammar refuses) are ordered among themselves as setuptools did before PEP 440: lower case, cut
//! into runs of digits, runs of letters and single other characters; dots are dropped; words come before numbers; `pre`,
//! `preview` and `rc` are `c`, `dev` comes first of all and the end of the string between `f` and anything later.

use super::{Number, trim_zeros};

/// A PyPI version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pep440 {
    /// Not PEP 440; below everything that is.
    Legacy(Vec<Part>),
    /// PEP 440.
    Public(Public),
}

/// A run of a legacy string. The order of the variants is the order of the runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Letters or punctuation.
    Word(String),
    /// Digits.
    Number(Number),
}

/// A version that PEP 440 reads, in a form whose derived order is PEP 440's: every field that is absent is written as the
/// value that sorts where PEP 440 puts its absence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Public {
    epoch: Number,
    release: Vec<Number>,
    pre: Pre,
    post: Option<Number>,
    dev: Dev,
    local: Option<Vec<Segment>>,
}

/// `1.0.dev1` (no pre, no post, a dev) comes before `1.0a1`; a release comes after every prerelease.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    BeforeAll,
    Alpha(Number),
    Beta(Number),
    Candidate(Number),
    Release,
}

/// Without a dev part, a version comes after those with one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    At(Number),
    No,
}

/// A segment of a local version: words before numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(String),
    Number(Number),
}

impl Pep440 {
    /// Reads a version; `None` only for nothing but white space.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if text.is_empty() {
            return None;
        }
        Some(Public::parse(&text).map_or_else(|| Self::Legacy(legacy(&text)), Self::Public))
    }

    /// The longest beginning of a legacy string that PEP 440 reads: `2.6.0` of `2.6.0-NA`.
    #[must_use]
    pub fn prefix(text: &str) -> Option<Public> {
        let text = text.trim().to_ascii_lowercase();
        // No version that PEP 440 reads is cut in a helpful way beyond this, and each cut costs a parse.
        let ends = text.char_indices().map(|(at, _)| at).take(64).collect::<Vec<_>>();
        ends.into_iter().rev().find_map(|end| Public::parse(text.get(..end)?))
    }
}

impl Public {
    /// Whether its release begins with the numbers that a text begins with: `1.5` with those of `1.x`.
    #[must_use]
    pub fn begins_with(&self, text: &str) -> bool {
        let numbers = text.trim().split('.').map_while(Number::parse);
        numbers.enumerate().all(|(at, number)| *self.release.get(at).unwrap_or(&Number::ZERO) == number)
    }

    /// Whether both have the same epoch and release, whatever follows it.
    #[must_use]
    pub fn same_release(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.release == other.release
    }

    /// Reads lower-case text without white space around it.
    fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text.strip_prefix('v').unwrap_or(text));
        let mut first = rest.number()?;
        let epoch = if rest.skip("!") { std::mem::replace(&mut first, rest.number()?) } else { Number::ZERO };
        let mut release = vec![first];
        while let Some(number) = rest.followed_number('.') {
            release.push(number);
        }
        trim_zeros(&mut release);
        let pre = rest.tagged(&["alpha", "a", "beta", "b", "preview", "pre", "rc", "c"]);
        let post = rest.followed_number('-').or_else(|| rest.tagged(&["post", "rev", "r"]).map(|(_, number)| number));
        let dev = rest.tagged(&["dev"]).map(|(_, number)| number);
        let local = if rest.skip("+") { Some(rest.local()?) } else { None };
        if !rest.0.is_empty() {
            return None;
        }
        let pre = match (pre, &post, &dev) {
            (Some(("alpha" | "a", number)), ..) => Pre::Alpha(number),
            (Some(("beta" | "b", number)), ..) => Pre::Beta(number),
            (Some((_, number)), ..) => Pre::Candidate(number),
            (None, None, Some(_)) => Pre::BeforeAll,
            (None, ..) => Pre::Release,
        };
        Some(Self { epoch, release, pre, post, dev: dev.map_or(Dev::No, Dev::At), local })
    }
}

/// What is left to read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, prefix: &str) -> bool {
        let rest = self.0.strip_prefix(prefix);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self) -> Option<Number> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        let number = Number::parse(digits)?;
        self.0 = rest;
        Some(number)
    }

    /// `separator` and a number, or nothing is read.
    fn followed_number(&mut self, separator: char) -> Option<Number> {
        let mut ahead = Rest(self.0.strip_prefix(separator)?);
        let number = ahead.number()?;
        self.0 = ahead.0;
        Some(number)
    }

    /// An optional separator, one of `tags`, an optional separator, an optional number (zero where it is absent).
    fn tagged(&mut self, tags: &[&'static str]) -> Option<(&'static str, Number)> {
        let separated = |text: &'a str| text.strip_prefix(['-', '_', '.']).unwrap_or(text);
        let start = separated(self.0);
        let (tag, rest) = tags.iter().find_map(|tag| Some((*tag, start.strip_prefix(tag)?)))?;
        self.0 = separated(rest);
        Some((tag, self.number().unwrap_or(Number::ZERO)))
    }

    /// The segments of a local version, to the end.
    fn local(&mut self) -> Option<Vec<Segment>> {
        let segments = self.0.split(['-', '_', '.']).map(|segment| match Number::parse(segment) {
            Some(number) => Some(Segment::Number(number)),
            None if !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_alphanumeric()) => Some(Segment::Word(segment.to_owned())),
            None => None,
        });
        let segments = segments.collect::<Option<Vec<_>>>()?;
        self.0 = "";
        Some(segments)
    }
}

/// The runs of a legacy string, by the rules at the head of this module.
fn legacy(text: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '0'..='9' => rest.find(|c: char| !c.is_ascii_digit()),
            'a'..='z' => rest.find(|c: char| !c.is_ascii_lowercase()),
            _ => Some(first.len_utf8()),
        };
        let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        match (Number::parse(run), run) {
            (Some(number), _) => parts.push(Part::Number(number)),
            (None, ".") => {}
            (None, "pre" | "preview" | "rc") => push_word(&mut parts, "c"),
            (None, "dev") => push_word(&mut parts, "@"),
            (None, "-") => push_word(&mut parts, "final-"),
            (None, word) => push_word(&mut parts, word),
        }
    }
    push_word(&mut parts, "final");
    parts
}

/// A word takes the zeros before it away, and one that marks a prerelease (anything before `final`) the hyphens too:
/// `1.0-rc1` is `1rc1`.
fn push_word(parts: &mut Vec<Part>, word: &str) {
    if word < "final" {
        while matches!(parts.last(), Some(Part::Word(last)) if last == "final-") {
            parts.pop();
        }
    }
    while parts.last() == Some(&Part::Number(Number::ZERO)) {
        parts.pop();
    }
    parts.push(Part::Word(word.to_owned()));
}
