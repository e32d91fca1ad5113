//! Pulls an image from a registry (OCI distribution specification 1.1) into an unlinked file in the form of an OCI layout,
//! every blob verified on the way; what it holds is then judged like any layout.

mod auth;
mod client;
mod pull;
mod reference;
mod referrer;

use std::io;
use std::time::Duration;

pub use self::auth::Credentials;
pub use self::pull::pull;
pub use self::reference::Reference;
pub(super) use self::referrer::Pulled;
use super::Limits;
use crate::model::escaped;

/// The platform that functions run on where nothing else is said.
pub const PLATFORM: &str = "linux/amd64";

/// How to pull.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether TLS may be left out; on this machine's own addresses it always may.
    pub plain_http: bool,
    /// Bytes of all blobs together.
    pub most: u64,
    /// How long to wait for a connection or an answer. A blob's transfer may take longer, by its size.
    pub timeout: Duration,
    /// How often to try again after a failure that may pass.
    pub attempts: u32,
    /// How long to wait before the first of these; each next wait is twice as long.
    pub backoff: Duration,
    /// In place of those of the environment and of Docker's configuration.
    pub credentials: Option<Credentials>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plain_http: false,
            most: Limits::image().total_bytes,
            timeout: Duration::from_secs(30),
            attempts: 4,
            backoff: Duration::from_millis(500),
            credentials: None,
        }
    }
}

/// Why an image could not be pulled.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The reference is none.
    #[error("`{reference}` is no image reference: {why}")]
    Reference {
        /// As given.
        reference: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No connection, or one that broke.
    #[error("cannot reach the registry `{registry}`: {why}")]
    Unreachable {
        /// Its name.
        registry: String,
        /// The system's reason.
        why: String,
    },
    /// No right to pull.
    #[error("the registry `{registry}` does not let us pull: {repository}")]
    Unauthorized {
        /// Its name.
        registry: String,
        /// What was asked for.
        repository: String,
    },
    /// No such repository, tag or blob.
    #[error("the registry does not have it: {0}")]
    NotFound(String),
    /// Another status than expected.
    #[error("the registry `{registry}` answers with status {status}")]
    Status {
        /// Its name.
        registry: String,
        /// HTTP's.
        status: u16,
    },
    /// An answer that cannot be understood.
    #[error("the registry `{registry}` gives an answer that cannot be used: {why}")]
    Malformed {
        /// Its name.
        registry: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The bytes are not those of the digest.
    #[error("the registry gives other bytes than those of the digest: {0}")]
    Digest(String),
    /// No image for the platform.
    #[error("the image has no variant for `{wanted}`; it has: {available}")]
    Platform {
        /// As asked.
        wanted: String,
        /// Those there are.
        available: String,
    },
    /// More than may be pulled.
    #[error("{what} has more bytes than may be pulled: {most}")]
    TooLarge {
        /// The image or a part of it.
        what: String,
        /// The limit.
        most: u64,
    },
    /// No room.
    #[error("cannot write the image to a temporary file: {0}")]
    Spool(#[from] io::Error),
}

impl RegistryError {
    fn unreachable(reference: &Reference, error: &dyn std::error::Error) -> Self {
        // The last cause is the system's own word; what stands before it repeats the address, which may hold a token.
        let mut cause = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        Self::Unreachable { registry: reference.registry.clone(), why: escaped(&cause.to_string()).into_owned() }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Reference { .. } => "write it like `oci:registry.example/team/fn:1.0` or `oci:registry.example/team/fn@sha256:..`",
            Self::Unreachable { .. } | Self::Status { .. } => {
                "check the registry's name and the network, or save the image as an OCI layout and give its path"
            }
            Self::Unauthorized { .. } => {
                "set FNGATE_REGISTRY_USER and FNGATE_REGISTRY_PASSWORD, or log in with docker (credential helpers are not asked)"
            }
            Self::NotFound(_) => "check the repository and the tag; private ones look absent to those who may not see them",
            Self::Malformed { .. } | Self::Digest(_) => {
                "try again; if it stays so, the registry or something before it changes what it hands out"
            }
            Self::Platform { .. } => "ask for one of these platforms",
            Self::TooLarge { .. } => "raise `limits.total_bytes` in fngate.toml if the image is rightly that large",
            Self::Spool(_) => "make room in the temporary folder, or set TMPDIR to one that has it",
        };
        Some(hint.to_owned())
    }
}
