//! What a signature must satisfy: identities or public keys with their windows, and how strictly bundles are read.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;

use super::claim::claim_names;
use super::identity::Identity;
use super::sigstore_adapter;
use super::summary::SummaryRequirement;

/// Bytes a key file may have.
const LARGEST_KEY: u64 = 64 << 10;

/// What an artifact's signature must satisfy. Empty lists accept nobody.
#[derive(Clone, Debug, Default)]
pub struct Requirement {
    /// Any of these may have signed with a certificate.
    pub identities: Vec<Identity>,
    /// Any of these keys may have signed.
    pub keys: Vec<Key>,
    /// How strictly bundles are read.
    pub profile: Profile,
    /// How many of those named must have signed; one, where this is zero.
    pub signers: usize,
    /// The statements that must have been made.
    pub statements: Vec<StatementRequirement>,
    /// What a verification summary must say; one that does not is refused.
    pub summary: Option<SummaryRequirement>,
}

/// A statement that must have been made about the artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementRequirement {
    /// Its predicate type.
    pub predicate_type: String,
    /// How many of those named must have made it; one, where this is zero.
    pub signers: usize,
    /// The builder that its provenance must name.
    pub builder: Option<String>,
    /// The kind of build that its provenance must name.
    pub build_type: Option<String>,
    /// The repository (`https://host/owner/name`) that its provenance must name.
    pub source: Option<String>,
}

/// How strictly bundles are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What any of cosign, sigstore-python and sigstore-verify refuses is refused: format 0.3 only, no unknown member, no
    /// number or time that nothing signs.
    #[default]
    Strict,
    /// Formats 0.1 to 0.3, and members that the format does not know are ignored. Proofs, identities and times are held just the same.
    Compatible,
}

/// A public key that may sign.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    spki: Vec<u8>,
    fingerprint: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

/// Why a requirement is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// A subject without an issuer.
    #[error("an identity needs an issuer beside its subject: {0}")]
    NoIssuer(String),
    /// An issuer without a subject.
    #[error("an identity needs a subject beside its issuer: {0}")]
    NoSubject(String),
    /// A subject that is neither a URI nor an e-mail address.
    #[error("a subject is a URI or an e-mail address: {0}")]
    SubjectKind(String),
    /// A pattern that does not compile.
    #[error("the subject's pattern cannot be read: {0}")]
    Pattern(String),
    /// A pattern that accepts strangers.
    #[error("the subject's pattern accepts too much ({why}): {pattern}")]
    BroadPattern {
        /// The pattern.
        pattern: String,
        /// What is too broad about it.
        why: &'static str,
    },
    /// Not a repository, a workflow file or a ref of GitHub's.
    #[error("this does not name a workflow on GitHub: {0}")]
    GitHub(String),
    /// No such claim.
    #[error("no certificate has a claim of this name: {0}")]
    UnknownClaim(String),
    /// An empty value would be satisfied by nothing that is meant.
    #[error("the claim's expected value is empty: {0}")]
    EmptyClaim(String),
    /// Two values of one claim, of which only one could be required.
    #[error("the claim is required of two different values: {0}")]
    ClaimTwice(String),
    /// Not a public key that signatures can be verified with.
    #[error("the public key cannot be read: {0}")]
    Key(String),
    /// A window that ends before it begins.
    #[error("the key's validity ends before it begins: {0}")]
    KeyWindow(String),
}

impl RequirementError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoIssuer(_) => Some("give the issuer's URL, for GitHub Actions `https://token.actions.githubusercontent.com`".to_owned()),
            Self::NoSubject(_) => Some("give the workflow's URI or the person's e-mail address".to_owned()),
            Self::SubjectKind(_) => Some("write `https://host/path` or `name@host`, as the certificate has it".to_owned()),
            Self::Pattern(_) => Some("the pattern is a regular expression without look-around".to_owned()),
            Self::BroadPattern { .. } => Some(
                r"write host and first path segment out, with `\.` for a dot: `https://github\.com/owner/repo/\.github/workflows/release\.yml@refs/tags/v.*`".to_owned(),
            ),
            Self::GitHub(_) => Some("the repository is `owner/name`, the workflow `release.yml`, the ref `refs/tags/v1` or `refs/heads/main`".to_owned()),
            Self::UnknownClaim(_) => Some(format!("the names are {}", claim_names().collect::<Vec<_>>().join(", "))),
            Self::ClaimTwice(_) => Some("leave one of them; `--repo` requires `source_repository_uri` by itself".to_owned()),
            Self::Key(_) => Some("give a PEM file with `-----BEGIN PUBLIC KEY-----`".to_owned()),
            Self::EmptyClaim(_) | Self::KeyWindow(_) => None,
        }
    }
}

impl Key {
    /// A key from a PEM file of at most 64 KiB that holds this one key.
    pub fn from_file(path: &Path) -> Result<Self, RequirementError> {
        let unread = |fault: &dyn fmt::Display| RequirementError::Key(format!("{}: {fault}", path.display()));
        let bytes = super::bundle::read_capped(path, LARGEST_KEY).map_err(|error| unread(&error))?;
        let bytes = bytes.ok_or_else(|| unread(&"it is larger than 64 KiB"))?;
        let pem = String::from_utf8(bytes).map_err(|error| unread(&error))?;
        if pem.matches("-----BEGIN").count() > 1 {
            return Err(unread(&"it holds several keys; give each in a file of its own"));
        }
        Self::from_pem(&pem).map_err(|error| match error {
            RequirementError::Key(fault) => unread(&fault),
            other => other,
        })
    }

    /// A key from PEM (`-----BEGIN PUBLIC KEY-----`, a `SubjectPublicKeyInfo`), in force at any time.
    pub fn from_pem(pem: &str) -> Result<Self, RequirementError> {
        let spki = sigstore_adapter::public_key(pem).map_err(RequirementError::Key)?;
        let fingerprint = format!("sha256:{}", super::hex(&super::sha256(&spki)));
        Ok(Self { spki, fingerprint, not_before: None, not_after: None })
    }

    /// The same, in force only within a window (both ends included). A signature then needs an authenticated time.
    pub fn within(mut self, not_before: Option<Timestamp>, not_after: Option<Timestamp>) -> Result<Self, RequirementError> {
        if let (Some(from), Some(until)) = (not_before, not_after)
            && until < from
        {
            return Err(RequirementError::KeyWindow(format!("{from} to {until}")));
        }
        self.not_before = not_before;
        self.not_after = not_after;
        Ok(self)
    }

    /// `sha256:` and the hex digest of the key's `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.not_before.is_some() || self.not_after.is_some()
    }

    pub(super) fn in_force(&self, time: Timestamp) -> bool {
        self.not_before.is_none_or(|from| from <= time) && self.not_after.is_none_or(|until| time <= until)
    }

    pub(super) fn window(&self) -> String {
        let end = |time: Option<Timestamp>| time.map_or_else(|| "any time".to_owned(), |time| time.to_string());
        format!("{} to {}", end(self.not_before), end(self.not_after))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {})", self.fingerprint, self.window())
    }
}
