//! A source of advisories, and how it fails.

use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use super::api::ApiError;
use super::db::DatabaseError;
use crate::model::{Advisories, AdvisoryOrigin, Ecosystem, Package, Vulnerability};

/// Knows what is known against packages.
///
/// It does not hand out advisories for somebody else to match: the advisories of a thousand packages are many times what
/// becomes of them, and a database that judges package by package needs memory for one. All sources judge by the one matcher
/// ([`super::matcher`]), so that they cannot disagree.
pub trait AdvisorySource: Sync {
    /// What is known against each package, one list a package, in their order; of all of them or an error, never of a part.
    fn judge(&self, packages: &[Package]) -> Result<Vec<Vec<Vulnerability>>, SourceError>;

    /// Whether it knows the ecosystem at all. Of one that it does not, it says an error rather than nothing.
    fn covers(&self, ecosystem: Ecosystem) -> bool;

    /// What it is.
    fn about(&self) -> About;
}

/// What a source says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which kind of source.
    pub origin: AdvisoryOrigin,
    /// When it was as it is.
    pub as_of: Timestamp,
    /// SHA-256, hex; empty for the API.
    pub digest: String,
    /// Records of it that could not be read.
    pub unreadable: u64,
    /// Why a better source was not used; empty where the best was.
    pub note: String,
}

impl About {
    /// The same as reports say it on a day.
    #[must_use]
    pub fn on(&self, today: Date) -> Advisories {
        Advisories {
            source: self.origin,
            as_of: self.as_of.to_string(),
            digest: self.digest.clone(),
            unreadable: self.unreadable,
            age_days: age_days(self.as_of, today),
            note: self.note.clone(),
            feeds: Vec::new(),
        }
    }
}

/// Whole days from a time to a day, in UTC; never negative.
#[must_use]
pub fn age_days(as_of: Timestamp, today: Date) -> i64 {
    let day = as_of.to_zoned(TimeZone::UTC).date();
    i64::from(today.since(day).map_or(0, |span| span.get_days())).max(0)
}

/// Why a source gave no answer. None of these is ever "no vulnerabilities".
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The offline database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The service did not answer, or not as its protocol says.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// The database was compiled without the dump of an ecosystem.
    #[error("the advisory database `{path}` does not cover {ecosystem}")]
    Uncovered {
        /// The database.
        path: PathBuf,
        /// The ecosystem.
        ecosystem: Ecosystem,
    },
}

impl SourceError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Database(error) => return error.hint(),
            Self::Uncovered { .. } => {
                "make it again with `fngate db update`, or with `fngate db build` from the dumps of npm, PyPI and crates.io"
            }
            Self::Api(_) => "try again later, or use an offline database: `fngate db update`, then `--advisories offline`",
        };
        Some(hint.to_owned())
    }
}
