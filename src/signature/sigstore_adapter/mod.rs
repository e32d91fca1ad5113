//! The only place that knows the `sigstore-*` crates: plain values in, plain values out. Here verification; [`sign`] beside it.
//!
//! The crate's interface breaks every few weeks, so none of its types leaves this folder. What is judged by us ([`Shape`]) is
//! read from the very object that the crate verifies, so that two parsers cannot see two bundles.

mod root;
pub(super) mod sign;
mod tuf;

use jiff::Timestamp;
use sigstore_verify::types::bundle::VerificationMaterialContent;
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, DerPublicKey, HashAlgorithm, KindVersion, MediaType, SignatureContent};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, TimestampError, TransparencyLogError, VerificationPolicy, Verifier,
};

use super::reason::{self, Reason};

pub use root::{Authority, AuthorityKind};
pub(super) use root::{Instance, Log, Root};
pub use tuf::Patience;
pub(super) use tuf::{Files, LARGEST_TARGET, MOST_ROTATIONS, SIGNING_CONFIG, TRUSTED_ROOT, Vouched, check_root, fetch, verify_kept};

/// A parsed bundle.
#[derive(Debug)]
pub(super) struct Parsed(Bundle);

/// The parts of a bundle that are judged beyond what the crate verifies.
#[derive(Debug)]
pub(super) struct Shape {
    /// The media type, canonical spelling.
    pub(super) media_type: &'static str,
    /// Whether that is the current format.
    pub(super) is_current: bool,
    /// What made the signature.
    pub(super) material: Material,
    /// What was signed.
    pub(super) content: Content,
    /// The transparency log entries.
    pub(super) entries: Vec<Entry>,
    /// The timestamps, DER.
    pub(super) timestamps: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub(super) enum Material {
    /// A certificate, DER.
    Certificate(Vec<u8>),
    /// A bare key that the bundle does not carry.
    Key,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A signature over the artifact, with its SHA-256 where the bundle gives it. Another algorithm is `Err` with its name.
    Message(Option<Result<Vec<u8>, String>>),
    /// A signature over a statement.
    Envelope { payload_type: String, payload: Vec<u8> },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) log: Vec<u8>,
    pub(super) index: u64,
    /// Rekor v2: no integrated time, index and size taken from entry and checkpoint.
    pub(super) is_v2: bool,
    pub(super) has_time: bool,
    pub(super) has_promise: bool,
    pub(super) proof: Option<InclusionProof>,
}

#[derive(Debug)]
pub(super) struct InclusionProof {
    pub(super) index: u64,
    pub(super) size: u64,
    pub(super) root: Vec<u8>,
    pub(super) checkpoint: Option<Checkpoint>,
}

#[derive(Debug)]
pub(super) struct Checkpoint {
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: Vec<u8>,
    pub(super) signers: Vec<String>,
}

impl Parsed {
    pub(super) fn from_json(json: &str) -> Result<Self, String> {
        Bundle::from_json(json).map(Self).map_err(|error| error.to_string())
    }

    pub(super) fn shape(&self) -> Option<Shape> {
        let bundle = &self.0;
        let material = match &bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(_) => Material::Key,
            _ => Material::Certificate(bundle.signing_certificate().map(|der| der.as_bytes().to_vec()).unwrap_or_default()),
        };
        let content = match &bundle.content {
            SignatureContent::MessageSignature(signature) => {
                Content::Message(signature.message_digest.as_ref().map(|digest| match digest.algorithm {
                    HashAlgorithm::Sha2256 => Ok(digest.digest.as_bytes().to_vec()),
                    other => Err(other.to_string()),
                }))
            }
            SignatureContent::DsseEnvelope(envelope) => {
                Content::Envelope { payload_type: envelope.payload_type.clone(), payload: envelope.payload.as_bytes().to_vec() }
            }
            _ => return None,
        };
        let stamps = &bundle.verification_material.timestamp_verification_data.rfc3161_timestamps;
        Some(Shape {
            media_type: bundle.media_type().as_str(),
            is_current: bundle.media_type() == MediaType::Bundle0_3,
            material,
            content,
            entries: bundle.verification_material.tlog_entries.iter().map(entry).collect(),
            timestamps: stamps.iter().map(|stamp| stamp.signed_timestamp.as_bytes().to_vec()).collect(),
        })
    }
}

fn entry(entry: &sigstore_verify::types::TransparencyLogEntry) -> Entry {
    let proof = entry.inclusion_proof.as_ref().map(|proof| InclusionProof {
        index: proof.log_index.get(),
        size: proof.tree_size,
        root: proof.root_hash.as_bytes().to_vec(),
        checkpoint: proof.checkpoint.checkpoint().map(|checkpoint| Checkpoint {
            origin: checkpoint.origin().to_owned(),
            size: checkpoint.tree_size(),
            root: checkpoint.root_hash().as_bytes().to_vec(),
            signers: checkpoint.signatures().iter().map(|signature| signature.name.clone()).collect(),
        }),
    });
    Entry {
        log: entry.log_id.key_id.as_bytes().to_vec(),
        index: entry.log_index.get(),
        is_v2: entry.kind_version == KindVersion::HashedRekordV002,
        has_time: entry.integrated_time.is_some_and(|time| time.as_second() != 0),
        has_promise: entry.inclusion_promise.is_some(),
        proof,
    }
}

/// A public key, PEM to DER `SubjectPublicKeyInfo`, if signatures can be verified with it.
pub(super) fn public_key(pem: &str) -> Result<Vec<u8>, String> {
    let key = DerPublicKey::from_pem(pem).map_err(|error| error.to_string())?;
    sigstore_verify::crypto::VerificationKey::from_spki(&key).map_err(|error| error.to_string())?;
    Ok(key.as_bytes().to_vec())
}

/// The artifact's digest that a verification is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Digest<'a> {
    Sha256(&'a [u8; 32]),
    Sha512(&'a [u8; 64]),
}

/// What evidence is demanded, and whose signature.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demand<'a> {
    /// The log that the one entry names; `None` where the instance has no public logs, neither for entries nor certificates.
    pub(super) log: Option<&'a [u8]>,
    /// The key, DER; `None` for a certificate of anybody, whose subject the caller must then match.
    pub(super) key: Option<&'a [u8]>,
}

/// What the crate has verified.
#[derive(Debug)]
pub(super) struct Verified {
    /// The authenticated times: timestamps, and the integrated time of a v1 entry under a promise.
    pub(super) times: Vec<Timestamp>,
    /// The subject and issuer as the crate reads them.
    pub(super) subject: Option<String>,
    /// The issuer likewise.
    pub(super) issuer: Option<String>,
}

/// Why the crate refuses.
#[derive(Debug)]
pub(super) struct Rejection {
    pub(super) reason: &'static Reason,
    pub(super) found: String,
}

/// Verifies signature, certificate, timestamps and log entry.
pub(super) fn verify(parsed: &Parsed, root: &Root, digest: Digest<'_>, demand: Demand<'_>) -> Result<Verified, Rejection> {
    let reject = |error: Error| Rejection { reason: reason_of(&error, &parsed.0.content), found: error.to_string() };
    let root = demand.log.map_or_else(|| root.whole().clone(), |log| root.only(log));
    let verifier = Verifier::new(&root).map_err(reject)?;
    let digest = match digest {
        Digest::Sha256(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2256, bytes.to_vec()),
        Digest::Sha512(bytes) => ArtifactDigest::new(HashAlgorithm::Sha2512, bytes.to_vec()),
    };
    let artifact = Artifact::from_digest(digest.map_err(|error| reject(error.into()))?);
    let result = match demand.key {
        Some(key) => {
            let policy = PublicKeyVerificationPolicy::new(DerPublicKey::from_bytes(key));
            let policy = if demand.log.is_none() { policy.skip_tlog_unsafe() } else { policy };
            verifier.verify(artifact, &parsed.0, &policy)
        }
        None => {
            let policy = VerificationPolicy::any_identity();
            let policy = if demand.log.is_none() { policy.skip_tlog_unsafe().skip_sct() } else { policy };
            verifier.verify(artifact, &parsed.0, &policy)
        }
    };
    let result = result.map_err(reject)?;
    Ok(Verified {
        times: result.verified_timestamps().to_vec(),
        subject: result.identity().map(|name| name.as_str().to_owned()),
        issuer: result.issuer().map(str::to_owned),
    })
}

fn reason_of(error: &Error, content: &SignatureContent) -> &'static Reason {
    match error {
        Error::SignatureInvalid(_) | Error::Crypto(_) => &reason::SIGNATURE_INVALID,
        Error::ArtifactMismatch(_) if matches!(content, SignatureContent::DsseEnvelope(_)) => &reason::SUBJECT_MISMATCH,
        Error::ArtifactMismatch(_) => &reason::DIGEST_MISMATCH,
        Error::UnsupportedArtifact(_) | Error::UnsupportedBundle(_) => &reason::UNSUPPORTED_BUNDLE,
        Error::Certificate(error) => certificate_reason(error),
        Error::TransparencyLog(error) => log_reason(error),
        Error::Timestamp(TimestampError::OutsideAuthorityValidity { .. }) => &reason::TIMESTAMP_OUTSIDE,
        Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => &reason::NO_SIGNING_TIME,
        Error::Timestamp(_) => &reason::TIMESTAMP_INVALID,
        Error::InvalidTrustRoot(_) | Error::TrustRoot(_) | Error::TrustedCertificate(_) => &reason::TRUST_ROOT_UNUSABLE,
        _ => &reason::MALFORMED_BUNDLE,
    }
}

fn certificate_reason(error: &CertificateError) -> &'static Reason {
    match error {
        CertificateError::Malformed(_) => &reason::CERTIFICATE_MALFORMED,
        CertificateError::NotYetValid { .. } | CertificateError::Expired { .. } => &reason::CERTIFICATE_EXPIRED,
        CertificateError::Sct(_) => &reason::SCT_INVALID,
        // The path builder meets the validity first and gives its error as text; only the reason's precision hangs on it.
        CertificateError::ChainInvalid(text) if text.contains("CertExpired") || text.contains("CertNotValidYet") => {
            &reason::CERTIFICATE_EXPIRED
        }
        _ => &reason::CERTIFICATE_UNTRUSTED,
    }
}

fn log_reason(error: &TransparencyLogError) -> &'static Reason {
    match error {
        TransparencyLogError::UnknownLog { .. } => &reason::UNKNOWN_LOG,
        TransparencyLogError::InclusionProof(_) => &reason::INCLUSION_INVALID,
        TransparencyLogError::Checkpoint(_) => &reason::CHECKPOINT_INVALID,
        TransparencyLogError::InclusionPromise(_) => &reason::PROMISE_INVALID,
        TransparencyLogError::EntryMismatch(_) => &reason::ENTRY_MISMATCH,
        TransparencyLogError::IntegratedTime(_) => &reason::INTEGRATED_TIME,
        _ => &reason::ENTRY_MALFORMED,
    }
}
