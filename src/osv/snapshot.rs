//! The advisories inside the binary: well-known vulnerabilities and malware, for when no other source is at hand.
//!
//! A small part of what is known, frozen at a date. It can convict a package and never acquit one: [`Snapshot::about`] says
//! `embedded`, and policies let nothing pass on that.

use std::sync::OnceLock;

use jiff::Timestamp;

use super::advisory::Advisory;
use super::matcher;
use super::record::Record;
use super::source::{About, AdvisorySource, SourceError};
use crate::model::{AdvisoryOrigin, Ecosystem, Package, Vulnerability};

/// OSV-shaped records, read by the same reader as any other.
const JSON: &str = include_str!("snapshot.json");

/// The embedded advisories.
#[derive(Clone, Debug)]
pub struct Snapshot {
    advisories: &'static [Advisory],
    note: String,
}

impl Snapshot {
    /// The day of its newest record, RFC 3339.
    pub const AS_OF: &'static str = "2026-09-10T00:00:00Z";

    /// The snapshot of this binary.
    #[must_use]
    pub fn embedded() -> Self {
        static READ: OnceLock<Vec<Advisory>> = OnceLock::new();
        let read = || {
            let records: Vec<serde_json::Value> = serde_json::from_str(JSON).ok()?;
            Some(records.into_iter().filter_map(|record| Record::from_value(record).ok()).map(|record| record.advisory).collect())
        };
        Self { advisories: READ.get_or_init(|| read().unwrap_or_default()), note: String::new() }
    }

    /// The same, with the reason why nothing better was used.
    #[must_use]
    pub fn because(self, note: String) -> Self {
        Self { note, ..self }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &'static [Advisory] {
        self.advisories
    }
}

impl Snapshot {
    /// Those that name one of the packages.
    pub(super) fn about_packages(&self, packages: &[Package]) -> Vec<Advisory> {
        let names = packages.iter().map(|package| (package.ecosystem, package.ecosystem.folded(&package.name)));
        let names = names.collect::<std::collections::HashSet<_>>();
        let wanted = |advisory: &&Advisory| advisory.affected.iter().any(|one| names.contains(&(one.ecosystem, one.name.clone())));
        self.advisories.iter().filter(wanted).cloned().collect()
    }
}

impl AdvisorySource for Snapshot {
    fn judge(&self, packages: &[Package]) -> Result<Vec<Vec<Vulnerability>>, SourceError> {
        Ok(matcher::by_package(self.advisories, packages))
    }

    fn covers(&self, _: Ecosystem) -> bool {
        true
    }

    fn about(&self) -> About {
        let as_of = Self::AS_OF.parse().unwrap_or(Timestamp::UNIX_EPOCH);
        About { origin: AdvisoryOrigin::Embedded, as_of, digest: String::new(), unreadable: 0, note: self.note.clone() }
    }
}
