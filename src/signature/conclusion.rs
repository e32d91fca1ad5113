//! One conclusion over all bundles of an artifact.

use crate::model::{Provenance, ProvenanceState};

use super::examination::Examination;
use super::reason;

/// Draws the conclusion: one bundle that stands suffices, and every refusal is told in the message whatever the state. Where
/// none stands, the reason is that of the bundle that came furthest, because it says most about what is missing.
#[must_use]
pub fn conclude(examinations: &[Examination]) -> Provenance {
    let refusals = examinations.iter().filter_map(|one| one.result.as_ref().err().map(|refusal| (one, refusal))).collect::<Vec<_>>();
    let told = refusals.iter().map(|(one, refusal)| format!("{}: {}: {}", one.name, refusal.reason.code, refusal.message()));
    let message = told.collect::<Vec<_>>().join("; ");
    let proofs = examinations.iter().filter_map(|one| one.result.as_ref().ok()).collect::<Vec<_>>();
    if !proofs.is_empty() {
        let mut signers = proofs.iter().map(|proof| proof.signer.clone()).collect::<Vec<_>>();
        signers.sort();
        signers.dedup();
        let mut statements = proofs.iter().filter_map(|proof| proof.statement.clone()).collect::<Vec<_>>();
        statements.sort();
        statements.dedup();
        return Provenance { state: ProvenanceState::Verified, reason: String::new(), message, signers, statements };
    }
    // Reversed, because `max_by_key` takes the last of equals.
    let furthest = refusals.iter().rev().max_by_key(|(one, _)| one.steps.len());
    let (state, reason, message) = match furthest {
        Some((_, refusal)) => (ProvenanceState::Refused, refusal.reason, message),
        None => (ProvenanceState::Unsigned, &reason::NO_BUNDLE, reason::NO_BUNDLE.title.to_owned()),
    };
    Provenance { state, reason: reason.code.to_owned(), message, ..Provenance::default() }
}
