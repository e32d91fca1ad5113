//! Versions that records list one by one.
//!
//! Some records list thousands, and the records of one package list the same ones again and again. So they share a table,
//! sorted by the ecosystem's order: a version is sought in it once a package, by a handful of comparisons, and a record says
//! which stretches of the table it lists.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::version::Version;
use crate::model::Ecosystem;

/// Stands between versions. No version holds a control character, so one that does cannot be told from two.
const SEPARATOR: char = '\u{1f}';

/// Each once: first those that have a place in the order, by it (and then by text), then the others by text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    ecosystem: Ecosystem,
    texts: Box<str>,
    /// Where each text starts, and where the one after the last would.
    starts: Vec<u32>,
    /// How many have a place in the order.
    ordered: u32,
}

impl Table {
    /// Sorts versions; the empty string is none.
    pub(super) fn new<'a>(ecosystem: Ecosystem, versions: impl Iterator<Item = &'a str>) -> Self {
        let pieces = versions.flat_map(|version| version.split(SEPARATOR)).filter(|version| !version.is_empty());
        let mut texts = pieces.collect::<Vec<_>>();
        texts.sort_unstable();
        texts.dedup();
        let (mut ordered, mut others) = (Vec::with_capacity(texts.len()), Vec::new());
        for text in texts {
            match Version::parse(ecosystem, text) {
                Some(version) => ordered.push((version, text)),
                None => others.push(text),
            }
        }
        ordered.sort_unstable();
        let joined = ordered.iter().map(|(_, text)| *text).chain(others.iter().copied()).collect::<Vec<_>>().join(SEPARATOR_TEXT);
        Self::from_joined(ecosystem, &joined, ordered.len()).unwrap_or_else(|| Self::empty(ecosystem))
    }

    fn empty(ecosystem: Ecosystem) -> Self {
        Self { ecosystem, texts: Box::default(), starts: vec![0], ordered: 0 }
    }

    /// The inverse of [`Table::joined`]; `None` where there are fewer texts than `ordered`, or more than can be counted.
    pub(super) fn from_joined(ecosystem: Ecosystem, joined: &str, ordered: usize) -> Option<Self> {
        u32::try_from(joined.len()).ok().filter(|length| *length < u32::MAX)?;
        let mut starts = vec![0];
        if !joined.is_empty() {
            starts.extend(memchr::memchr_iter(SEPARATOR as u8, joined.as_bytes()).map(|at| at as u32 + 1));
            starts.push(joined.len() as u32 + 1);
        }
        (ordered < starts.len()).then(|| Self { ecosystem, texts: joined.into(), starts, ordered: ordered as u32 })
    }

    /// All texts as one, and how many of them have a place in the order.
    pub(super) fn joined(&self) -> (&str, usize) {
        (&self.texts, self.ordered as usize)
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    fn text(&self, at: u32) -> &str {
        let bounds = self.starts.get(at as usize).zip(self.starts.get(at as usize + 1));
        bounds.and_then(|(start, end)| self.texts.get(*start as usize..*end as usize - 1)).unwrap_or_default()
    }

    /// Where the texts are that mean a version: those equal to it in the ecosystem's order; of a text that has no place there,
    /// those spelled the same.
    pub(super) fn find(&self, text: &str, version: Option<&Version>) -> Range<u32> {
        match version {
            Some(version) => {
                let before = |at: u32, equal: bool| {
                    Version::parse(self.ecosystem, self.text(at)).is_some_and(|listed| listed < *version || (equal && listed == *version))
                };
                let start = boundary(0..self.ordered, |at| before(at, false));
                // Most often there is none or one: the end is looked for step by step.
                let end = (start..self.ordered).find(|at| !before(*at, true)).unwrap_or(self.ordered);
                start..end
            }
            None => {
                let start = boundary(self.ordered..self.len(), |at| self.text(at) < text);
                start..start + u32::from(start < self.len() && self.text(start) == text)
            }
        }
    }

    /// Where each text is.
    pub(super) fn places(&self) -> HashMap<&str, u32> {
        (0..self.len()).map(|at| (self.text(at), at)).collect()
    }
}

const SEPARATOR_TEXT: &str = "\u{1f}";

/// The first place of a range for which `before` does not hold.
fn boundary(range: Range<u32>, before: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// The versions that one record lists.
#[derive(Clone, Debug, Default)]
pub struct Versions {
    table: Option<Arc<Table>>,
    /// Stretches of the table, ascending and apart; none is empty.
    runs: Vec<Range<u32>>,
}

impl Versions {
    /// A list of its own, in the ecosystem's order.
    #[must_use]
    pub fn new<'a>(ecosystem: Ecosystem, versions: impl Iterator<Item = &'a str>) -> Self {
        let table = Table::new(ecosystem, versions);
        if table.len() == 0 {
            return Self::default();
        }
        let all = 0..table.len();
        Self { table: Some(Arc::new(table)), runs: vec![all] }
    }

    /// Some stretches of a table.
    pub(super) fn within(table: &Arc<Table>, runs: Vec<Range<u32>>) -> Self {
        if runs.is_empty() { Self::default() } else { Self { table: Some(Arc::clone(table)), runs } }
    }

    /// Each once, in the ecosystem's order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let table = self.table.as_deref();
        self.runs.iter().cloned().flatten().filter_map(move |at| table.map(|table| table.text(at)))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The table they are part of.
    pub(super) fn table(&self) -> Option<&Arc<Table>> {
        self.table.as_ref()
    }

    /// Which stretches of it.
    pub(super) fn runs(&self) -> &[Range<u32>] {
        &self.runs
    }

    /// Whether any of a stretch of the table is among them.
    pub(super) fn any_of(&self, found: &Range<u32>) -> bool {
        let first = self.runs.partition_point(|run| run.end <= found.start);
        self.runs.get(first).is_some_and(|run| run.start < found.end && !found.is_empty())
    }

    /// Their table and whether they are all of it.
    pub(super) fn whole_table(&self) -> Option<&Arc<Table>> {
        self.table.as_ref().filter(|table| self.runs.first().is_some_and(|run| *run == (0..table.len())))
    }

    /// The same versions as stretches of another table, which holds them at these places; `None` if it lacks one.
    pub(super) fn runs_in(&self, places: &HashMap<&str, u32>) -> Option<Vec<Range<u32>>> {
        let mut places = self.iter().map(|text| places.get(text).copied()).collect::<Option<Vec<_>>>()?;
        places.sort_unstable();
        places.chunk_by(|a, b| a + 1 == *b).map(|run| Some(*run.first()?..run.last()? + 1)).collect()
    }
}

impl PartialEq for Versions {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Versions {}
