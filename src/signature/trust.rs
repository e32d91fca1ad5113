//! The trusted root: which authorities, logs and timestamp authorities a signature may rest on.
//!
//! Three public instances are built in, as the `sigstore-trust-root` 0.15.1 crate carries them (October 2026); any other comes
//! from a `trusted_root.json`. Nothing is fetched.

use std::path::Path;

use jiff::Timestamp;

use super::certificate;
use super::sigstore_adapter::{Instance, Log, Root};

/// Bytes a trusted root may have; the public one has 10 kB.
const LARGEST_ROOT: u64 = 4 << 20;

/// GitHub's instance in its own name: it signs an attestation of every immutable release, with a certificate that names no
/// issuer. `gh release verify` takes any issuer for this subject (cli/cli, `pkg/cmd/release/shared/attestation.go`); here the
/// instance stands for it, by the name of its authority in its trusted root.
pub(super) const GITHUB_RELEASES: certificate::Instance =
    certificate::Instance { subject: "https://dotcom.releases.github.com", issuer: "https://fulcio.githubapp.com" };

/// The trust anchors of one Sigstore instance.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    name: String,
    root: Root,
    logs: Vec<Log>,
    evidence: Evidence,
}

/// What an instance proves a signature with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// One transparency log entry, and a certificate transparency timestamp in the certificate.
    Logged,
    /// A timestamp alone: GitHub's instance for private repositories has no public logs.
    Timestamped,
}

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the trusted root `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is far larger than a trusted root is.
    #[error("the trusted root is larger than 4 MiB: {0}")]
    TooLarge(String),
    /// The document is not a usable trusted root.
    #[error("cannot use the trusted root `{name}`: {reason}")]
    Unusable {
        /// The file or instance.
        name: String,
        /// Why.
        reason: String,
    },
}

impl TrustError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("give a trusted_root.json, or one of `public-good`, `staging`, `github`".to_owned()),
            Self::TooLarge(_) => None,
            Self::Unusable { .. } => {
                Some("a trusted root is what `cosign trusted-root create` writes, or a TUF repository's `trusted_root.json`".to_owned())
            }
        }
    }
}

impl TrustedRoot {
    /// Sigstore's public instance, `sigstore.dev`.
    pub fn public_good() -> Result<Self, TrustError> {
        Self::embedded("public-good", Instance::PublicGood, Evidence::Logged)
    }

    /// A built-in instance (`public-good`, `staging`, `github`) or the file of this name.
    pub fn named(name: &str) -> Result<Self, TrustError> {
        match name {
            "public-good" => Self::public_good(),
            "staging" => Self::embedded("staging", Instance::Staging, Evidence::Logged),
            "github" => Self::embedded("github", Instance::GitHub, Evidence::Timestamped),
            path => Self::from_file(Path::new(path)),
        }
    }

    /// A `trusted_root.json`.
    pub fn from_file(path: &Path) -> Result<Self, TrustError> {
        let name = path.display().to_string();
        match super::bundle::read_capped(path, LARGEST_ROOT) {
            Ok(Some(bytes)) => Self::from_json(&name, &bytes),
            Ok(None) => Err(TrustError::TooLarge(name)),
            Err(source) => Err(TrustError::Read { path: name, source }),
        }
    }

    /// A `trusted_root.json` in memory; `name` is for messages.
    pub fn from_json(name: &str, json: &[u8]) -> Result<Self, TrustError> {
        let unusable = |reason: &str| TrustError::Unusable { name: name.to_owned(), reason: reason.to_owned() };
        let text = std::str::from_utf8(json).map_err(|error| unusable(&error.to_string()))?;
        super::json::read(json).map_err(|fault| unusable(&fault.to_string()))?;
        let root = Root::from_json(text).map_err(|reason| unusable(&reason))?;
        Ok(Self::new(name, root, Evidence::Logged))
    }

    fn embedded(name: &str, instance: Instance, evidence: Evidence) -> Result<Self, TrustError> {
        let root = Root::embedded(instance).map_err(|reason| TrustError::Unusable { name: name.to_owned(), reason })?;
        Ok(Self::new(name, root, evidence))
    }

    fn new(name: &str, root: Root, evidence: Evidence) -> Self {
        Self { name: name.to_owned(), logs: root.logs(), root, evidence }
    }

    /// The instance's name, or the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Who may sign in the instance's own name: only on the built-in root of GitHub's, because only its authority is known to
    /// write an issuer into every other certificate.
    pub(super) fn instance(&self) -> Option<&'static certificate::Instance> {
        (self.evidence == Evidence::Timestamped).then_some(&GITHUB_RELEASES)
    }

    pub(super) fn log(&self, id: &[u8]) -> Option<&Log> {
        self.logs.iter().find(|log| log.id == id)
    }
}

impl Log {
    /// The host of the log's URL without its port, which is also the origin of its checkpoints.
    pub(super) fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    pub(super) fn in_force(&self, time: Timestamp) -> bool {
        self.window.is_none_or(|(start, end)| start <= time && end.is_none_or(|end| time <= end))
    }

    pub(super) fn window_text(&self) -> String {
        match self.window {
            None => "any time".to_owned(),
            Some((start, None)) => format!("from {start}"),
            Some((start, Some(end))) => format!("{start} to {end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_root_is_usable() {
        for name in ["public-good", "staging", "github"] {
            let root = TrustedRoot::named(name).unwrap();
            assert_eq!(root.name(), name);
            assert!(root.evidence() == Evidence::Timestamped || !root.logs.is_empty());
        }
    }

    #[test]
    fn a_log_is_known_by_its_host() {
        let host = |url: &str| Log { id: Vec::new(), url: url.to_owned(), window: None }.host().to_owned();
        assert_eq!(host("https://rekor.sigstore.dev"), "rekor.sigstore.dev");
        assert_eq!(host("http://127.0.0.1:3003/api?x=1"), "127.0.0.1");
        assert_eq!(host("log.example/a:b"), "log.example");
    }
}
