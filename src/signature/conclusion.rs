//! One conclusion over all bundles of an artifact.

use std::collections::BTreeMap;

use crate::model::{Provenance, ProvenanceState, Statement};

use super::examination::{Examination, Proof, Refusal};
use super::predicate::{is_bill, is_endorsement, is_of_type};
use super::provenance::Build;
use super::reason::{self, Reason};
use super::requirement::{Profile, Requirement, StatementRequirement};

/// Draws the conclusion: as many signers as required must have signed and said what is required, and every refusal is told in
/// the message whatever the state. Where no bundle stands, the reason is that of the bundle that came furthest, because it
/// says most about what is missing.
#[must_use]
pub fn conclude(examinations: &[Examination], requirement: &Requirement) -> Provenance {
    let refusals = examinations.iter().filter_map(|one| one.result.as_ref().err().map(|refusal| (one, refusal))).collect::<Vec<_>>();
    let told = refusals.iter().map(|(one, refusal)| format!("{}: {}: {}", one.name, refusal.reason.code, refusal.message()));
    let message = told.collect::<Vec<_>>().join("; ");
    let proofs = examinations.iter().filter_map(|one| one.result.as_ref().ok()).collect::<Vec<_>>();
    if !proofs.is_empty() {
        return match satisfied(&proofs, requirement) {
            Ok(()) => verified(&proofs, message),
            Err(missing) => {
                let message = [missing.message(), message].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
                refused(missing.reason, message)
            }
        };
    }
    // Reversed, because `max_by_key` takes the last of equals.
    match refusals.iter().rev().max_by_key(|(one, _)| one.steps.len()) {
        Some((_, refusal)) => refused(refusal.reason, message),
        None => {
            let reason = &reason::NO_BUNDLE;
            Provenance { reason: reason.code.to_owned(), message: reason.title.to_owned(), ..Provenance::default() }
        }
    }
}

/// The bills of materials that may be believed: as many of those named have signed the same one as are required to have signed
/// the artifact, counted as there. None, where what is required is not satisfied.
#[must_use]
pub fn bills(examinations: &[Examination], requirement: &Requirement) -> Vec<Statement> {
    let proofs = examinations.iter().filter_map(|one| one.result.as_ref().ok()).collect::<Vec<_>>();
    if proofs.is_empty() || satisfied(&proofs, requirement).is_err() {
        return Vec::new();
    }
    let bill = |proof: &&&Proof| proof.statement.as_ref().is_some_and(|statement| is_bill(&statement.predicate_type));
    let believed = proofs.iter().filter(bill).filter(|proof| {
        let same = proofs.iter().filter(bill).filter(|other| predicate(other) == predicate(proof)).copied().collect::<Vec<_>>();
        distinct(&same) >= requirement.signers.max(1)
    });
    sorted(believed.filter_map(|proof| proof.statement.clone()).collect())
}

fn verified(proofs: &[&Proof], message: String) -> Provenance {
    let mut signers = proofs.iter().map(|proof| proof.signer.clone()).collect::<Vec<_>>();
    signers.sort();
    signers.dedup();
    let statements = sorted(proofs.iter().filter_map(|proof| proof.statement.clone()).collect());
    Provenance { state: ProvenanceState::Verified, reason: String::new(), message, signers, statements }
}

/// What a signer said.
fn predicate(proof: &Proof) -> Option<&serde_json::Value> {
    proof.statement.as_ref().map(|statement| &statement.predicate)
}

/// Each statement of each signer once.
fn sorted(mut statements: Vec<Statement>) -> Vec<Statement> {
    statements.sort_by_cached_key(|one| (one.predicate_type.clone(), one.signer.clone(), one.predicate.to_string()));
    statements.dedup();
    statements
}

fn refused(reason: &Reason, message: String) -> Provenance {
    Provenance { state: ProvenanceState::Refused, reason: reason.code.to_owned(), message, ..Provenance::default() }
}

/// Whether what stands is all that is required.
fn satisfied(proofs: &[&Proof], requirement: &Requirement) -> Result<(), Refusal> {
    let counted = proofs.iter().filter(|proof| counts(proof, requirement)).copied().collect::<Vec<_>>();
    if counted.is_empty() {
        let expected = "a signature, a provenance, or a statement of a type that is asked for";
        return Err(Refusal::new(&reason::PREDICATE_MISSING, expected, types(proofs)));
    }
    let (wanted, found) = (requirement.signers.max(1), distinct(&counted));
    if found < wanted {
        let expected = format!("{wanted} of the {} signers named", requirement.identities.len() + requirement.keys.len());
        return Err(Refusal::new(&reason::SIGNERS_MISSING, expected, found.to_string()));
    }
    requirement.statements.iter().try_for_each(|required| stated(proofs, required))
}

/// Whether a proof is a signature: over the artifact itself, by a statement that stands for it, or by one that is asked for. A
/// scan's report stands for nothing, even if its signer is one of those named. The compatible profile takes every statement.
fn counts(proof: &Proof, requirement: &Requirement) -> bool {
    proof.statement.as_ref().is_none_or(|statement| {
        let asked = |one: &StatementRequirement| is_of_type(&statement.predicate_type, &one.predicate_type);
        let any = requirement.profile == Profile::Compatible;
        any || is_endorsement(&statement.predicate_type) || requirement.statements.iter().any(asked)
    })
}

/// The types of the statements that were made, in words.
fn types(proofs: &[&Proof]) -> String {
    let mut types = proofs.iter().filter_map(|proof| Some(proof.statement.as_ref()?.predicate_type.as_str())).collect::<Vec<_>>();
    types.sort_unstable();
    types.dedup();
    if types.is_empty() { "no statement".to_owned() } else { types.join(", ") }
}

/// Whether a required statement was made, and says what it must.
fn stated(proofs: &[&Proof], required: &StatementRequirement) -> Result<(), Refusal> {
    let made = |proof: &&&Proof| proof.statement.as_ref().is_some_and(|one| is_of_type(&one.predicate_type, &required.predicate_type));
    let made = proofs.iter().filter(made).copied().collect::<Vec<_>>();
    if made.is_empty() {
        return Err(Refusal::new(&reason::PREDICATE_MISSING, &required.predicate_type, types(proofs)));
    }
    let mut fault = None;
    let mut fitting = Vec::new();
    for proof in made {
        match proof.statement.as_ref().map_or(Ok(()), |statement| fits(statement, required)) {
            Ok(()) => fitting.push(proof),
            Err(refusal) => fault = Some(refusal),
        }
    }
    let (wanted, found) = (required.signers.max(1), distinct(&fitting));
    match fault {
        _ if found >= wanted => Ok(()),
        Some(refusal) => Err(refusal),
        None => {
            let expected = format!("{wanted} signers of {}", required.predicate_type);
            Err(Refusal::new(&reason::SIGNERS_MISSING, expected, found.to_string()))
        }
    }
}

fn fits(statement: &Statement, required: &StatementRequirement) -> Result<(), Refusal> {
    let build = Build::read(&statement.predicate_type, &statement.predicate).unwrap_or_default();
    let pairs = [
        (&reason::BUILDER_MISMATCH, &required.builder, build.builder),
        (&reason::BUILD_TYPE_MISMATCH, &required.build_type, build.kind),
        (&reason::SOURCE_MISMATCH, &required.source, build.source),
    ];
    for (reason, wanted, found) in pairs {
        if let Some(wanted) = wanted
            && found.as_ref() != Some(wanted)
        {
            return Err(Refusal::new(reason, wanted, found.as_deref().unwrap_or("none")));
        }
    }
    Ok(())
}

/// How many of the entries of the requirement have signed, each signer standing for one entry at most: the largest matching
/// between signers and entries.
fn distinct(proofs: &[&Proof]) -> usize {
    let mut signers = BTreeMap::<(&str, &str), Vec<usize>>::new();
    for proof in proofs {
        let entries = signers.entry((&proof.signer.issuer, &proof.signer.subject)).or_default();
        entries.extend(&proof.matched);
    }
    let signers = signers.into_values().collect::<Vec<_>>();
    let mut taken = BTreeMap::new();
    (0..signers.len()).filter(|signer| place(*signer, &signers, &mut taken, &mut Vec::new())).count()
}

/// Finds an entry for a signer, moving others aside where they have another choice (Kuhn's algorithm).
fn place(signer: usize, signers: &[Vec<usize>], taken: &mut BTreeMap<usize, usize>, tried: &mut Vec<usize>) -> bool {
    for entry in signers.get(signer).into_iter().flatten() {
        if tried.contains(entry) {
            continue;
        }
        tried.push(*entry);
        let free = match taken.get(entry).copied() {
            None => true,
            Some(other) => place(other, signers, taken, tried),
        };
        if free {
            taken.insert(*entry, signer);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::model::Signer;

    use super::*;

    fn proof(subject: &str, matched: &[usize]) -> Proof {
        Proof { signer: Signer { subject: subject.to_owned(), ..Signer::default() }, matched: matched.to_vec(), statement: None }
    }

    #[test]
    fn signers_are_counted_by_the_entries_that_name_them() {
        let count = |proofs: &[Proof]| distinct(&proofs.iter().collect::<Vec<_>>());
        assert_eq!(count(&[]), 0);
        assert_eq!(count(&[proof("a", &[0]), proof("a", &[0])]), 1, "the same signer twice");
        assert_eq!(count(&[proof("a", &[0]), proof("b", &[0])]), 1, "two by one pattern");
        assert_eq!(count(&[proof("a", &[0, 1])]), 1, "one by two entries");
        assert_eq!(count(&[proof("a", &[0]), proof("b", &[1])]), 2);
        assert_eq!(count(&[proof("a", &[0, 1]), proof("b", &[0])]), 2, "the first gives way");
        assert_eq!(count(&[proof("a", &[0, 1]), proof("b", &[0]), proof("c", &[1])]), 2);
    }
}
