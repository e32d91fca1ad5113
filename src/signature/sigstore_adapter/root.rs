//! Trusted roots as the verifying crate reads them, and what they name.

use jiff::Timestamp;
use sigstore_verify::Verifier;
use sigstore_verify::trust_root::{CertificateAuthority, SigstoreInstance, TimestampAuthority, TrustedRoot};

/// A trusted root that the crate has accepted.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Root(TrustedRoot);

/// One transparency log of a trusted root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::signature) struct Log {
    /// Its id.
    pub(in crate::signature) id: Vec<u8>,
    /// Where it is served.
    pub(in crate::signature) url: String,
    /// When its key was in force, both ends included.
    pub(in crate::signature) window: Option<(Timestamp, Option<Timestamp>)>,
}

/// A Sigstore instance whose trusted root the crate carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::signature) enum Instance {
    PublicGood,
    Staging,
    GitHub,
}

/// What an authority of a trusted root vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuthorityKind {
    /// That a signature was published.
    TransparencyLog,
    /// That a certificate was published.
    CertificateLog,
    /// Who signed.
    CertificateAuthority,
    /// When.
    TimestampAuthority,
}

/// One log or authority of a trusted root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Authority {
    /// What it vouches for.
    pub kind: AuthorityKind,
    /// Its address, or the name of its certificate where it has none; foreign text.
    pub name: String,
    /// What tells it from another of the same name: a log's id, or the SHA-256 of a chain's first certificate.
    pub id: Vec<u8>,
    /// From when its word counts.
    pub start: Option<Timestamp>,
    /// Until when.
    pub end: Option<Timestamp>,
}

impl Instance {
    pub(super) fn of_the_crate(self) -> SigstoreInstance {
        match self {
            Self::PublicGood => SigstoreInstance::PublicGood,
            Self::Staging => SigstoreInstance::Staging,
            Self::GitHub => SigstoreInstance::GitHub,
        }
    }

    /// The trusted root inside the crate.
    pub(in crate::signature) fn embedded(self) -> &'static str {
        self.of_the_crate().embedded_trusted_root_json()
    }
}

impl Root {
    pub(in crate::signature) fn from_json(json: &str) -> Result<Self, String> {
        let root = TrustedRoot::from_json(json).map_err(|error| error.to_string())?;
        Verifier::new(&root).map_err(|error| error.to_string())?;
        Ok(Self(root))
    }

    pub(in crate::signature) fn logs(&self) -> Vec<Log> {
        let log = |log: &sigstore_verify::trust_root::TransparencyLog| Log {
            id: log.log_id.key_id.as_bytes().to_vec(),
            url: log.base_url.clone(),
            window: log.public_key.valid_for.map(|window| (window.start, window.end)),
        };
        self.0.tlogs.iter().map(log).collect()
    }

    /// Whether it names no log of either kind, and timestamp authorities instead.
    pub(in crate::signature) fn is_without_logs(&self) -> bool {
        self.0.tlogs.is_empty() && self.0.ctlogs.is_empty() && !self.0.timestamp_authorities.is_empty()
    }

    /// Everything that the root names, in the order of [`AuthorityKind`].
    pub(in crate::signature) fn authorities(&self) -> Vec<Authority> {
        let root = &self.0;
        let transparency = root.tlogs.iter().map(|log| (AuthorityKind::TransparencyLog, &log.base_url, &log.public_key, &log.log_id));
        let certificates = root.ctlogs.iter().map(|log| (AuthorityKind::CertificateLog, &log.base_url, &log.public_key, &log.log_id));
        let logs = transparency.chain(certificates).map(|(kind, url, key, id)| Authority {
            kind,
            name: url.clone(),
            id: id.key_id.as_bytes().to_vec(),
            start: key.valid_for.map(|window| window.start),
            end: key.valid_for.and_then(|window| window.end),
        });
        logs.chain(root.certificate_authorities.iter().map(certifier)).chain(root.timestamp_authorities.iter().map(timestamper)).collect()
    }

    /// The whole root.
    pub(super) fn whole(&self) -> &TrustedRoot {
        &self.0
    }

    /// The same root with one transparency log only, so that no other log's key can sign the checkpoint.
    pub(super) fn only(&self, log: &[u8]) -> TrustedRoot {
        let mut root = self.0.clone();
        root.tlogs.retain(|candidate| candidate.log_id.key_id.as_bytes() == log);
        root
    }
}

fn certifier(authority: &CertificateAuthority) -> Authority {
    let first = authority.cert_chain.certificates.first();
    Authority {
        kind: AuthorityKind::CertificateAuthority,
        name: named(&authority.uri, authority.subject.common_name.as_deref()),
        id: first.map(|first| crate::signature::sha256(first.raw_bytes.as_bytes()).to_vec()).unwrap_or_default(),
        start: authority.valid_for.map(|window| window.start),
        end: authority.valid_for.and_then(|window| window.end),
    }
}

fn timestamper(authority: &TimestampAuthority) -> Authority {
    let first = authority.cert_chain.certificates.first();
    Authority {
        kind: AuthorityKind::TimestampAuthority,
        name: named(authority.uri.as_deref().unwrap_or_default(), authority.subject.common_name.as_deref()),
        id: first.map(|first| crate::signature::sha256(first.raw_bytes.as_bytes()).to_vec()).unwrap_or_default(),
        start: authority.valid_for.map(|window| window.start),
        end: authority.valid_for.and_then(|window| window.end),
    }
}

/// An address, else a common name.
fn named(uri: &str, common_name: Option<&str>) -> String {
    let name = if uri.is_empty() { common_name.unwrap_or_default() } else { uri };
    name.to_owned()
}
