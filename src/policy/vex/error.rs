//! Why a VEX document cannot be used. Every one is exit 2: a document that is not understood may not be passed over, nor set
//! anything aside.

use std::io;
use std::path::PathBuf;

use super::document::{LONGEST, cut};

/// Why a document cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VexError {
    /// The file cannot be opened or read.
    #[error("cannot read the VEX document: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is more than any honest document.
    #[error("the VEX document is larger than {} bytes: {path}", super::LARGEST)]
    Size {
        /// The file.
        path: String,
    },
    /// It is neither OpenVEX nor CycloneDX.
    #[error("the document is neither OpenVEX nor CycloneDX: {path}")]
    Foreign {
        /// The file.
        path: String,
    },
    /// It breaks its format where it matters.
    #[error("the VEX document `{path}` is not valid: {why}")]
    Invalid {
        /// The file.
        path: String,
        /// What is wrong, and in which statement.
        why: String,
    },
}

impl VexError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } => "name a readable file with `--vex` or in `[vulnerability] vex`",
            Self::Size { .. } | Self::Foreign { .. } => {
                "VEX is read as OpenVEX (JSON with `@context` https://openvex.dev/ns, v0.0.1 to v0.2.0) or CycloneDX 1.4 to 1.6 (JSON)"
            }
            Self::Invalid { .. } => "correct the document, or leave it out: one that is not understood sets nothing aside",
        };
        Some(hint.to_owned())
    }
}

/// The same before the file is known.
pub(super) enum Fault {
    /// Too large.
    Size,
    /// Another format.
    Foreign,
    /// Not valid.
    Invalid(String),
}

impl Fault {
    /// The error of a file.
    pub(super) fn of(self, path: &str) -> VexError {
        let path = path.to_owned();
        match self {
            Self::Size => VexError::Size { path },
            Self::Foreign => VexError::Foreign { path },
            // The JSON reader repeats whatever it does not like.
            Self::Invalid(why) => VexError::Invalid { path, why: cut(&why, LONGEST) },
        }
    }
}
