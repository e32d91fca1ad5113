//! How compiling and reading a database fail.

use std::io;
use std::path::PathBuf;

use super::super::record::RecordError;
use crate::model::Ecosystem;

/// Why a database was not compiled. The file that was there before is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A dump cannot be opened or read.
    #[error("cannot read the dump `{path}`: {error}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A dump is no zip, is cut short, or an entry of it does not inflate to what it says.
    #[error("the dump `{path}` is broken: {why}")]
    Broken {
        /// The zip.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A dump inflates to far more than any honest one.
    #[error("the dump `{path}` inflates to more than {ratio} times its size")]
    Bomb {
        /// The zip.
        path: PathBuf,
        /// The limit.
        ratio: u64,
    },
    /// A record is larger than any honest one.
    #[error("the record `{name}` is larger than {limit} bytes")]
    RecordSize {
        /// Its entry.
        name: String,
        /// The limit.
        limit: u64,
    },
    /// A record is over another limit.
    #[error(transparent)]
    Record(RecordError),
    /// Too many records cannot be read.
    #[error("{unreadable} of {records} records cannot be read; the first is {first}")]
    Unreadable {
        /// How many.
        unreadable: u64,
        /// Of how many.
        records: u64,
        /// The first of them, and why.
        first: String,
    },
    /// A dump holds nothing about the ecosystem whose dump it should be.
    #[error("the dump `{path}` holds no record of {ecosystem}")]
    Bare {
        /// The zip or folder.
        path: PathBuf,
        /// The ecosystem its place names.
        ecosystem: Ecosystem,
    },
    /// There is no record at all.
    #[error("the dumps hold no records")]
    Empty,
    /// More than the layout can number.
    #[error("the dumps hold more than a database can: 16,777,216 blocks, or 256 MB for one package")]
    TooMany,
    /// The database cannot be written.
    #[error("cannot write the database `{path}`: {error}")]
    Write {
        /// The target.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl BuildError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } | Self::Empty | Self::Bare { .. } => {
                "`--from` takes OSV's `<ECOSYSTEM>/all.zip` dumps, a directory that holds folders npm, PyPI and crates.io, or a directory of .json records"
            }
            Self::Broken { .. } | Self::Unreadable { .. } => "download the dump again; the database that was there before is unchanged",
            Self::Bomb { .. } | Self::RecordSize { .. } | Self::Record(_) | Self::TooMany => {
                "this is no dump of OSV's; the database that was there before is unchanged"
            }
            Self::Write { .. } => "choose a place that can be written with `--output`",
        };
        Some(hint.to_owned())
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It cannot be opened.
    #[error("cannot open the advisory database `{path}`: {error}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no database, or not one of this layout.
    #[error("`{path}` is no advisory database of this version of fngate: {why}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is different.
        why: String,
    },
    /// Its bytes are not those that were written.
    #[error("the advisory database `{path}` is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        what: String,
    },
}

impl DatabaseError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open { .. } => {
                "make one with `fngate db update`, or with `fngate db build --from DUMPS --output FILE`, and name it with `--db FILE`; or use `--advisories online`"
            }
            Self::Foreign { .. } | Self::Damaged { .. } => "make it again with `fngate db update` or `fngate db build`",
        };
        Some(hint.to_owned())
    }
}
