//! Advisories: where they come from, and which of them affect a package.
//!
//! [`AdvisorySource`] is a database ([`Database`]), OSV's service ([`Api`]) or the embedded [`Snapshot`]; [`choose`] picks
//! one. Sources only find records by package; one matcher ([`matcher`]) judges versions for all of them, so that they cannot
//! disagree.

pub mod advisory;
pub mod alias;
pub mod api;
mod cache;
pub mod choice;
pub mod db;
pub mod feed;
pub mod http;
mod lenient;
mod listed;
pub mod matcher;
pub mod range;
pub mod record;
pub mod severity;
pub mod snapshot;
pub mod source;
pub mod version;

pub use self::advisory::Advisory;
pub use self::api::Api;
pub use self::choice::{Choice, Mode, choose};
pub use self::db::{BuildError, Database, DatabaseError};
pub use self::feed::{FeedError, Feeds};
pub use self::snapshot::Snapshot;
pub use self::source::{About, AdvisorySource, SourceError};

use crate::model::{Package, Vulnerability};

/// Every vulnerability of the packages that the source knows, in the packages' order, those of one package by id.
pub fn vulnerabilities(source: &dyn AdvisorySource, packages: &[Package]) -> Result<Vec<Vulnerability>, SourceError> {
    Ok(source.judge(packages)?.into_iter().flatten().collect())
}
