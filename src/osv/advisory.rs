//! An advisory: what the matcher and the reports need of an OSV record, whichever source it comes from.

pub use super::listed::Versions;
use super::version::Version;
use super::version::pep440::{Pep440, Public};
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
    pub version: Box<str>,
    /// The same, read; `None` where it has no place in the ecosystem's order.
    pub(super) at: Option<Version>,
    /// The release that a bound begins with which PEP 440 does not read (`2.6.0-NA`): it stands for that release.
    pub(super) release: Option<Box<Public>>,
}

impl Event {
    /// Reads the version once for many judgements.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, kind: EventKind, version: &str) -> Self {
        let at = Version::parse(ecosystem, version);
        let is_legacy = matches!(&at, Some(Version::Pep440(at)) if matches!(**at, Pep440::Legacy(_)));
        let release = if is_legacy { Pep440::prefix(version).map(Box::new) } else { None };
        Self { kind, version: version.into(), at, release }
    }
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
