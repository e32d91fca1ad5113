//! Signatures, against a Sigstore instance in memory: each refusal beside the positive control that differs in one thing.

mod bundle;
mod command;
mod der;
mod exchange;
pub mod fake;
mod fixture;
mod form;
mod identity;
mod image;
mod issuer;
mod login;
mod negative;
mod oracle;
mod referrer;
mod requirement;
pub mod service;
mod signing;
mod trust;
mod tuf;
mod verdict;

use std::sync::LazyLock;

use fngate::model::Provenance;
use fngate::signature::{self, BundleFile, Identity, Key, Profile, Requirement, TrustedRoot};
use serde_json::Value;

use fake::{Fake, Signing, now, sha256};

pub const ARTIFACT: &[u8] = b"the very bytes that are deployed";
pub const OTHER: &[u8] = b"other bytes";

pub static FAKE: LazyLock<Fake> = LazyLock::new(Fake::new);
static TRUST: LazyLock<TrustedRoot> = LazyLock::new(|| trusted(&FAKE.trusted_root()));

pub fn trusted(root: &Value) -> TrustedRoot {
    TrustedRoot::from_json("fake", root.to_string().as_bytes()).unwrap()
}

pub fn signer() -> Requirement {
    Requirement { identities: vec![Identity::exact(fake::ISSUER, fake::SUBJECT).unwrap()], ..Requirement::default() }
}

pub fn key() -> Requirement {
    Requirement { keys: vec![Key::from_pem(&FAKE.key_pem()).unwrap()], ..Requirement::default() }
}

pub fn with_identity(identity: Identity) -> Requirement {
    Requirement { identities: vec![identity], ..Requirement::default() }
}

pub fn compatible(requirement: Requirement) -> Requirement {
    Requirement { profile: Profile::Compatible, ..requirement }
}

pub fn file(bytes: impl Into<Vec<u8>>) -> BundleFile {
    BundleFile { name: "bundle".to_owned(), bytes: bytes.into() }
}

pub fn verified(bundles: &[BundleFile], requirement: &Requirement) -> Provenance {
    signature::verify(&sha256(ARTIFACT), bundles, &TRUST, requirement, now())
}

/// `verified`, or the code of the refusal.
pub fn verdict(bundle: &Value, requirement: &Requirement) -> String {
    code(&verified(&[file(bundle.to_string())], requirement))
}

pub fn verdict_under(bundle: &Value, root: &Value, requirement: &Requirement) -> String {
    let bundles = [file(bundle.to_string())];
    code(&signature::verify(&sha256(ARTIFACT), &bundles, &trusted(root), requirement, now()))
}

pub fn code(provenance: &Provenance) -> String {
    if provenance.reason.is_empty() { "verified".to_owned() } else { provenance.reason.clone() }
}

/// The verdict on a signature over the artifact, made with one knob turned.
pub fn turned(turn: impl FnOnce(&mut Signing)) -> String {
    let mut signing = Signing::default();
    turn(&mut signing);
    verdict(&FAKE.signed(ARTIFACT, &signing), &signer())
}

/// The verdict on a good bundle that was changed afterwards.
pub fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut bundle = FAKE.signed(ARTIFACT, &Signing::default());
    change(&mut bundle);
    verdict(&bundle, &signer())
}

pub fn statement(subjects: &str) -> String {
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects},"predicateType":"https://slsa.dev/provenance/v1","predicate":{{"buildDefinition":{{}}}}}}"#
    )
}

pub fn subject(digests: &str) -> String {
    format!(r#"[{{"name":"fn.zip","digest":{{{digests}}}}}]"#)
}
