//! How many must have signed, and what they must have said: against bundles of the fake instance.

use fngate::signature::{CYCLONEDX, PROVENANCE, SPDX, StatementRequirement, VSA};

use super::fake::{San, hex, sha256};
use super::*;

const OTHER_SUBJECT: &str = "https://github.com/acme/review/.github/workflows/approve.yml@refs/heads/main";

fn two() -> Requirement {
    let other = Identity::exact(fake::ISSUER, OTHER_SUBJECT).unwrap();
    Requirement { identities: vec![signer().identities.remove(0), other], signers: 2, ..Requirement::default() }
}

fn by(subject: &'static str) -> Signing {
    Signing { subjects: vec![San::Uri(subject)], claims: Vec::new(), ..Signing::default() }
}

fn said(predicate_type: &str, predicate: &str, signing: &Signing) -> BundleFile {
    let subjects = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects},"predicateType":"{predicate_type}","predicate":{predicate}}}"#
    );
    file(FAKE.attested(&statement, signing).to_string())
}

fn of(bundles: &[BundleFile], requirement: &Requirement) -> String {
    code(&verified(bundles, requirement))
}

#[test]
fn two_of_two_must_both_have_signed() {
    let (ours, theirs) =
        (file(FAKE.signed(ARTIFACT, &by(fake::SUBJECT)).to_string()), file(FAKE.signed(ARTIFACT, &by(OTHER_SUBJECT)).to_string()));
    let again = file(FAKE.signed(ARTIFACT, &by(fake::SUBJECT)).to_string());
    assert_eq!(of(&[ours.clone(), theirs.clone()], &two()), "verified");
    assert_eq!(of(std::slice::from_ref(&ours), &two()), "signers-missing");
    assert_eq!(of(&[ours.clone(), again], &two()), "signers-missing", "one who signs twice is one");
    assert_eq!(of(&[ours.clone(), ours.clone()], &two()), "signers-missing", "nor does a copy count");
    let foreign = file(FAKE.signed(OTHER, &by(OTHER_SUBJECT)).to_string());
    assert_eq!(of(&[ours.clone(), foreign], &two()), "signers-missing", "of other bytes");
    let pattern = Identity::pattern(fake::ISSUER, r"https://github\.com/acme/.*").unwrap();
    let one_pattern = Requirement { identities: vec![pattern.clone()], signers: 2, ..Requirement::default() };
    assert_eq!(of(&[ours.clone(), theirs.clone()], &one_pattern), "signers-missing", "two by one entry are one");
    let two_patterns = Requirement { identities: vec![pattern.clone(), pattern], signers: 2, ..Requirement::default() };
    assert_eq!(of(&[ours.clone(), theirs], &two_patterns), "verified");
    assert_eq!(of(&[ours], &two_patterns), "signers-missing", "and one by two entries is one");
}

#[test]
fn a_key_and_an_identity_are_two() {
    let both = Requirement { keys: key().keys, signers: 2, ..signer() };
    let (certified, keyed) = (
        file(FAKE.signed(ARTIFACT, &Signing::default()).to_string()),
        file(FAKE.signed(ARTIFACT, &Signing { with_key: true, ..Signing::default() }).to_string()),
    );
    assert_eq!(of(&[certified.clone(), keyed], &both), "verified");
    assert_eq!(of(&[certified], &both), "signers-missing");
}

#[test]
fn a_required_statement_is_not_replaced_by_another() {
    let requires = |predicate_type: &str| Requirement {
        statements: vec![StatementRequirement { predicate_type: predicate_type.to_owned(), ..StatementRequirement::default() }],
        ..signer()
    };
    let any = Signing::default();
    assert_eq!(of(&[said(PROVENANCE, "{}", &any)], &requires(PROVENANCE)), "verified");
    assert_eq!(of(&[file(FAKE.signed(ARTIFACT, &any).to_string())], &requires(PROVENANCE)), "predicate-missing");
    for other in ["https://slsa.dev/provenance/v1 ", "https://slsa.dev/provenance/v2", "https://slsa.dev/provenance", CYCLONEDX] {
        assert_eq!(of(&[said(other, "{}", &any)], &requires(PROVENANCE)), "predicate-missing", "{other}");
    }
    assert_eq!(of(&[said("https://spdx.dev/Document/v2.3", "{}", &any)], &requires(SPDX)), "verified");
    let stranger = by("https://github.com/evil/x/.github/workflows/x.yml@refs/heads/main");
    let ours = file(FAKE.signed(ARTIFACT, &any).to_string());
    assert_eq!(of(&[ours, said(PROVENANCE, "{}", &stranger)], &requires(PROVENANCE)), "predicate-missing", "a stranger's word");
    let twice = Requirement {
        statements: vec![StatementRequirement { signers: 2, ..requires(PROVENANCE).statements.remove(0) }],
        signers: 1,
        ..two()
    };
    let (first, second) = (said(PROVENANCE, "{}", &by(fake::SUBJECT)), said(PROVENANCE, "{}", &by(OTHER_SUBJECT)));
    assert_eq!(of(&[first.clone(), second], &twice), "verified");
    assert_eq!(of(&[first, file(FAKE.signed(ARTIFACT, &by(OTHER_SUBJECT)).to_string())], &twice), "signers-missing");
}

#[test]
fn a_provenance_may_not_contradict_its_certificate() {
    let built =
        |repository: &str| format!(r#"{{"buildDefinition":{{"externalParameters":{{"workflow":{{"repository":"{repository}"}}}}}}}}"#);
    assert_eq!(of(&[said(PROVENANCE, &built("https://github.com/acme/hello"), &Signing::default())], &signer()), "verified");
    assert_eq!(of(&[said(PROVENANCE, &built("https://github.com/acme/other"), &Signing::default())], &signer()), "provenance-contradicted");
    let other = said(PROVENANCE, &built("https://github.com/acme/other"), &Signing::default());
    assert_eq!(of(std::slice::from_ref(&other), &compatible(signer())), "verified", "nobody asked for its provenance");
    let statements = vec![StatementRequirement { predicate_type: PROVENANCE.to_owned(), ..StatementRequirement::default() }];
    assert_eq!(of(&[other], &compatible(Requirement { statements, ..signer() })), "provenance-contradicted");
}

#[test]
fn a_bill_is_believed_by_the_entries_that_signed_it() {
    let (first, second) = (fake::SUBJECT, "https://github.com/acme/hello/.github/workflows/other.yml@refs/heads/main");
    let pattern = Identity::pattern(fake::ISSUER, r"https://github\.com/acme/hello/.*").unwrap();
    let other = Identity::exact(fake::ISSUER, OTHER_SUBJECT).unwrap();
    let wanted = |signers: usize| Requirement { identities: vec![pattern.clone(), other.clone()], signers, ..Requirement::default() };
    let signed = |subject| file(FAKE.signed(ARTIFACT, &by(subject)).to_string());
    let bill = |subject, name: &str| said(CYCLONEDX, &format!(r#"{{"name":"{name}"}}"#), &by(subject));
    let believed = |bundles: &[BundleFile], signers: usize| {
        let all = [&[signed(first), signed(OTHER_SUBJECT)][..], bundles].concat();
        let examinations = signature::examine(&sha256(ARTIFACT), &all, &TRUST, &wanted(signers), fake::now());
        signature::bills(&examinations, &wanted(signers)).len()
    };
    assert_eq!(believed(&[bill(first, "a")], 1), 1);
    assert_eq!(believed(&[bill(first, "a")], 2), 0);
    assert_eq!(believed(&[bill(first, "a"), bill(second, "a")], 2), 0, "two subjects of one entry are one");
    assert_eq!(believed(&[bill(first, "a"), bill(OTHER_SUBJECT, "b")], 2), 0, "another bill");
    assert_eq!(believed(&[bill(first, "a"), bill(OTHER_SUBJECT, "a")], 2), 2, "the same by both");
    let stranger = "https://github.com/evil/x/.github/workflows/x.yml@refs/heads/main";
    assert_eq!(believed(&[bill(first, "a"), bill(stranger, "a")], 2), 0);
    // Where the artifact itself is not signed as required, no bill of it is believed.
    let alone = [bill(first, "a"), bill(OTHER_SUBJECT, "a")];
    let examinations = signature::examine(&sha256(ARTIFACT), &alone, &TRUST, &wanted(2), fake::now());
    assert!(signature::bills(&examinations, &wanted(2)).is_empty());
}

#[test]
fn a_summary_that_failed_is_no_signature() {
    assert_eq!(of(&[said(VSA, r#"{"verificationResult":"FAILED"}"#, &Signing::default())], &signer()), "summary-failed");
    assert_eq!(of(&[said(VSA, "{}", &Signing::default())], &signer()), "summary-failed");
    // Nor is one that passed: the gate's own earlier word must not be what its next one rests on.
    assert_eq!(of(&[said(VSA, r#"{"verificationResult":"PASSED"}"#, &Signing::default())], &signer()), "predicate-missing");
}

#[test]
fn a_report_about_the_artifact_is_no_signature_of_it() {
    let failed = |signing: &Signing| said("https://in-toto.io/attestation/test-result/v0.1", r#"{"result":"FAILED"}"#, signing);
    assert_eq!(of(&[failed(&Signing::default())], &signer()), "predicate-missing");
    let ours = file(FAKE.signed(ARTIFACT, &by(fake::SUBJECT)).to_string());
    assert_eq!(of(&[ours.clone(), failed(&by(OTHER_SUBJECT))], &two()), "signers-missing", "who reports does not approve");
    assert_eq!(of(&[ours.clone(), said(CYCLONEDX, "{}", &by(OTHER_SUBJECT))], &two()), "signers-missing");
    assert_eq!(of(&[ours, said(PROVENANCE, "{}", &by(OTHER_SUBJECT))], &two()), "verified");
    let asked = vec![StatementRequirement { predicate_type: CYCLONEDX.to_owned(), ..StatementRequirement::default() }];
    assert_eq!(of(&[said(CYCLONEDX, "{}", &Signing::default())], &Requirement { statements: asked, ..signer() }), "verified");
}

#[test]
fn a_summary_that_is_asked_for_by_its_type_is_a_whole_one() {
    let statements = vec![StatementRequirement { predicate_type: VSA.to_owned(), ..StatementRequirement::default() }];
    let asked = Requirement { statements, ..signer() };
    assert_eq!(of(&[said(VSA, r#"{"verificationResult":"PASSED"}"#, &Signing::default())], &asked), "summary-verifier");
}
