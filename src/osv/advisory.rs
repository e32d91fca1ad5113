//! An advisory: what the matcher and the reports need of an OSV record, whichever source it comes from.

use crate::model::Ecosystem;

/// What is known of one vulnerability, reduced to the ecosystems that are judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advisory {
    /// `GHSA-…`, `PYSEC-…`; never empty.
    pub id: String,
    /// Other ids of the same vulnerability, as the record lists them.
    pub aliases: Vec<String>,
    /// RFC 3339, empty where the record does not say.
    pub modified: String,
    /// RFC 3339, empty where the record does not say.
    pub published: String,
    /// Whether the record has been retracted.
    pub withdrawn: bool,
    /// CVSS vectors of every version, as spelled.
    pub vectors: Vec<String>,
    /// The database's own rating (`MODERATE`), empty where it has none.
    pub word: String,
    /// One line, at most 300 characters.
    pub summary: String,
    /// Whether the record says that the package itself is malware.
    pub malicious: bool,
    /// The packages.
    pub affected: Vec<Affected>,
}

/// One `affected` entry whose ecosystem is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The registry.
    pub ecosystem: Ecosystem,
    /// The name, folded by [`Ecosystem::folded`].
    pub name: String,
    /// Version ranges; those over git commits are not kept, a version says nothing about them.
    pub ranges: Vec<Range>,
    /// Versions listed one by one.
    pub versions: Versions,
    /// RustSec's `informational`, empty for a vulnerability.
    pub informational: String,
    /// What of this entry could not be read, empty where all of it could. Such an entry affects every version.
    pub fault: String,
}

/// A version range: its events in the order of the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The events.
    pub events: Vec<Event>,
    /// What of this range could not be read, empty where all of it could. Such a range holds every version.
    pub fault: String,
}

/// One event of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happens.
    pub kind: EventKind,
    /// At which version, as spelled.
    pub version: String,
}

/// The kinds of event (OSV schema, `affected[].ranges[].events`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Affected from here on.
    Introduced,
    /// No longer affected from here on.
    Fixed,
    /// Affected up to and with this one.
    LastAffected,
    /// The range speaks only of versions before this one.
    Limit,
}

/// Listed versions in one allocation: some records list thousands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions(String);

impl Versions {
    /// Stands between versions. No version holds a control character, so one that does cannot be told from two.
    const SEPARATOR: char = '\u{1f}';

    /// Appends a version; the empty string is none.
    pub fn push(&mut self, version: &str) {
        if version.is_empty() {
            return;
        }
        if !self.0.is_empty() {
            self.0.push(Self::SEPARATOR);
        }
        self.0.push_str(version);
    }

    /// The versions in the order of the record.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(Self::SEPARATOR).filter(|version| !version.is_empty())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one text, for storage.
    pub(super) fn joined(&self) -> &str {
        &self.0
    }

    /// The inverse of [`Versions::joined`].
    pub(super) fn from_joined(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl<'a> FromIterator<&'a str> for Versions {
    fn from_iter<T: IntoIterator<Item = &'a str>>(versions: T) -> Self {
        let mut list = Self::default();
        versions.into_iter().for_each(|version| list.push(version));
        list
    }
}
