//! Signatures: whether somebody who is trusted signed exactly these bytes, and what they said about them.
//!
//! [`verify`] goes by the artifact's digest, so that the bytes that were hashed and searched are the bytes that were
//! verified. The cryptography is `sigstore-verify`'s, behind one adapter; the rules that it leaves open are ours (`shape`,
//! `certificate`, `statement`): exactly one log entry, a known log whose key was in force, one typed subject, no member, claim
//! or timestamp twice, no time from the future, and nothing shown that is not signed.
//!
//! Every refusal has a [`Reason`] with a stable code. A bundle on which the verification panics is refused as
//! `internal-error`; the others still count.

mod bundle;
mod certificate;
mod claim;
mod conclusion;
mod examination;
mod identity;
mod json;
mod predicate;
mod provenance;
mod reason;
mod release;
mod requirement;
mod shape;
pub mod sign;
mod sigstore_adapter;
mod statement;
mod summary;
mod target;
mod trust;
mod trust_cache;
mod trust_error;
mod trust_repository;
mod verification;

pub use bundle::{
    BundleFile, ENDINGS, LARGEST_BUNDLE, MOST_BUNDLES, VSA_ENDING, bundles_beside, bundles_by_digest, read_bundle, vsas_beside,
};
pub use certificate::SubjectKind;
pub use claim::{claim_name, claim_names};
pub use conclusion::{bills, conclude};
pub use examination::{Examination, Proof, Refusal, Step};
pub use identity::Identity;
pub use predicate::{CYCLONEDX, PROVENANCE, PROVENANCE_0_2, SPDX, VSA, is_bill, predicate_names, predicate_type};
pub use reason::{REASONS, Reason, reason};
pub use requirement::{Key, Profile, Requirement, RequirementError, StatementRequirement};
pub use sigstore_adapter::{Authority, AuthorityKind, Patience};
pub use summary::{PASSED, POLICY, Summary, SummaryRequirement, VERIFIER};
pub use target::Target;
pub use trust::{Freshness, Source, TrustLimits, TrustedRoot};
pub use trust_error::TrustError;
pub use trust_repository::{Cache, INSTANCES, TufRepository, Updated, cached_signing_config, trust_folder};
pub use verification::{Digests, examine, names_sha512, verify};

use crate::model::hex;

/// Reads one JSON document as a gate must: no member twice, no depth without end.
pub fn document(bytes: &[u8]) -> Result<serde_json::Value, String> {
    json::read(bytes).map_err(|fault| fault.to_string())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
