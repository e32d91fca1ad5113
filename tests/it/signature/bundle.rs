//! What a bundle must prove: the artifact, the certificate, the log, the time; and how much of the format may be bent.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fngate::model::ProvenanceState;
use fngate::signature::{self, Digests, LARGEST_BUNDLE, MOST_BUNDLES};
use jiff::SignedDuration;
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::fake::{By, LOG_HOST, Signing, b64, hex, now, sha256, signed_at};
use super::*;

const MATERIAL: &str = "verificationMaterial";

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle[MATERIAL]["tlogEntries"][0]
}

fn flipped(text: &str) -> String {
    let mut bytes = STANDARD.decode(text).unwrap();
    let at = bytes.len().saturating_sub(8);
    bytes[at] ^= 1;
    b64(&bytes)
}

fn flip(value: &mut Value) {
    *value = json!(flipped(value.as_str().unwrap()));
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().unwrap().remove(name).unwrap();
}

#[test]
fn a_signature_is_for_its_bytes_alone() {
    assert_eq!(verdict(&FAKE.signed(ARTIFACT, &Signing::default()), &signer()), "verified");
    assert_eq!(verdict(&FAKE.signed(OTHER, &Signing::default()), &signer()), "digest-mismatch");
    let digest = |bundle: &mut Value| bundle["messageSignature"]["messageDigest"]["digest"] = json!(b64(&sha256(ARTIFACT)));
    let mut lying = FAKE.signed(OTHER, &Signing::default());
    digest(&mut lying);
    assert_eq!(verdict(&lying, &signer()), "signature-invalid");
    assert_eq!(changed(|bundle| flip(&mut bundle["messageSignature"]["messageDigest"]["digest"])), "digest-mismatch");
    assert_eq!(changed(|bundle| bundle["messageSignature"]["messageDigest"]["algorithm"] = json!("SHA2_512")), "unsupported-bundle");
    assert_eq!(changed(|bundle| remove(&mut bundle["messageSignature"], "messageDigest")), "message-digest-missing");
}

#[test]
fn the_certificate_must_be_trusted_and_logged() {
    assert_eq!(turned(|_| {}), "verified");
    assert_eq!(turned(|signing| signing.authority = By::Stranger), "certificate-untrusted");
    assert_eq!(turned(|signing| signing.transparency = By::Stranger), "sct-invalid");
    assert_eq!(turned(|signing| signing.transparency = By::Nobody), "sct-invalid");
    assert_eq!(turned(|signing| signing.usage = "1.3.6.1.5.5.7.3.1"), "certificate-untrusted");
    let other = FAKE.signed(ARTIFACT, &Signing::default());
    assert_eq!(changed(|bundle| bundle[MATERIAL]["certificate"] = other[MATERIAL]["certificate"].clone()), "signature-invalid");
    assert_eq!(changed(|bundle| bundle[MATERIAL]["certificate"]["rawBytes"] = json!("AAAA")), "certificate-malformed");
}

#[test]
fn the_time_is_authenticated_and_within_the_certificate() {
    let second = SignedDuration::from_secs(1);
    let window = Signing::default();
    assert_eq!(turned(|signing| signing.stamped = window.valid_until), "verified");
    assert_eq!(turned(|signing| signing.stamped = window.valid_from), "verified");
    for outside in [window.valid_until + second, window.valid_from - second] {
        assert_eq!(turned(|signing| signing.stamped = outside), "certificate-outside-validity");
    }
    assert_eq!(turned(|signing| signing.timestamp = By::Stranger), "timestamp-invalid");
    assert_eq!(turned(|signing| signing.timestamp = By::Nobody), "no-signing-time");
    let other = FAKE.signed(ARTIFACT, &Signing::default());
    let stamps = "timestampVerificationData";
    assert_eq!(changed(|bundle| bundle[MATERIAL][stamps] = other[MATERIAL][stamps].clone()), "timestamp-invalid");
    assert_eq!(changed(|bundle| bundle[MATERIAL][stamps]["rfc3161Timestamps"] = json!([])), "no-signing-time");
    let list = |bundle: &mut Value| bundle[MATERIAL][stamps]["rfc3161Timestamps"].as_array_mut().unwrap().clone();
    let twice = |bundle: &mut Value| bundle[MATERIAL][stamps]["rfc3161Timestamps"] = json!([list(bundle), list(bundle)].concat());
    assert_eq!(changed(twice), "duplicate-timestamp");
    let spoiled = |bundle: &mut Value| {
        let mut second = list(bundle).remove(0);
        flip(&mut second["signedTimestamp"]);
        bundle[MATERIAL][stamps]["rfc3161Timestamps"].as_array_mut().unwrap().push(second);
    };
    assert_eq!(changed(spoiled), "timestamp-invalid");
    assert_eq!(
        changed(|bundle| bundle[MATERIAL][stamps]["rfc3161Timestamps"] = json!(vec![list(bundle).remove(0); 17])),
        "too-many-timestamps"
    );
}

#[test]
fn a_time_in_the_future_is_refused() {
    let bundle = [file(FAKE.signed(ARTIFACT, &Signing::default()).to_string())];
    let at = |now| code(&signature::verify(&sha256(ARTIFACT), &bundle, &TRUST, &signer(), now));
    assert_eq!(at(signed_at()), "verified");
    assert_eq!(at(signed_at() - SignedDuration::from_mins(5)), "verified");
    assert_eq!(at(signed_at() - SignedDuration::from_secs(301)), "future-time");
    assert_eq!(at(signed_at() - SignedDuration::from_hours(2)), "future-time");
}

#[test]
fn the_log_holds_exactly_this_signature() {
    let other = FAKE.signed(ARTIFACT, &Signing::default());
    assert_eq!(turned(|_| {}), "verified");
    assert_eq!(turned(|signing| signing.log = By::Nobody), "log-entry-count");
    assert_eq!(turned(|signing| signing.log = By::Stranger), "checkpoint-invalid");
    assert_eq!(changed(|bundle| remove(&mut bundle[MATERIAL], "tlogEntries")), "log-entry-count");
    assert_eq!(changed(|bundle| bundle[MATERIAL]["tlogEntries"] = other[MATERIAL]["tlogEntries"].clone()), "log-entry-mismatch");
    let with = |more: Value| changed(|bundle| bundle[MATERIAL]["tlogEntries"].as_array_mut().unwrap().push(more));
    assert_eq!(with(other[MATERIAL]["tlogEntries"][0].clone()), "log-entry-count");
    let twice = |bundle: &mut Value| {
        let same = entry(bundle).clone();
        bundle[MATERIAL]["tlogEntries"].as_array_mut().unwrap().push(same);
    };
    assert_eq!(changed(twice), "log-entry-count");
    assert_eq!(changed(|bundle| flip(&mut entry(bundle)["canonicalizedBody"])), "inclusion-proof-invalid");
    // A v2 entry called v1 has no time that a v1 entry would have; with the timestamp, its body is not a v1 body.
    assert_eq!(changed(|bundle| entry(bundle)["kindVersion"]["version"] = json!("0.0.1")), "log-entry-malformed");
}

#[test]
fn numbers_outside_the_checkpoint_must_agree_with_it() {
    let proof = |bundle: &mut Value, name: &str, value: Value| entry(bundle)["inclusionProof"][name] = value;
    assert_eq!(changed(|bundle| proof(bundle, "rootHash", json!(b64(&[7; 32])))), "log-position-mismatch");
    assert_eq!(changed(|bundle| proof(bundle, "treeSize", json!("4"))), "log-position-mismatch");
    assert_eq!(changed(|bundle| proof(bundle, "logIndex", json!("0"))), "log-position-mismatch");
    assert_eq!(changed(|bundle| entry(bundle)["logIndex"] = json!("2")), "log-position-mismatch");
    let both = |bundle: &mut Value| {
        entry(bundle)["logIndex"] = json!("0");
        proof(bundle, "logIndex", json!("0"));
    };
    assert_eq!(changed(both), "inclusion-proof-invalid");
    assert_eq!(changed(|bundle| flip(&mut entry(bundle)["inclusionProof"]["hashes"][0])), "inclusion-proof-invalid");
    assert_eq!(changed(|bundle| entry(bundle)["integratedTime"] = json!("1900000000")), "unsigned-time");
    assert_eq!(changed(|bundle| remove(entry(bundle), "integratedTime")), "verified");
    assert_eq!(changed(|bundle| remove(entry(bundle), "inclusionProof")), "inclusion-proof-missing");
    assert_eq!(changed(|bundle| remove(&mut entry(bundle)["inclusionProof"], "checkpoint")), "inclusion-proof-missing");
}

#[test]
fn the_checkpoint_is_the_logs_own() {
    assert_eq!(turned(|_| {}), "verified");
    assert_eq!(turned(|signing| signing.origin = "other.example"), "checkpoint-signer");
    assert_eq!(turned(|signing| signing.signer_name = "other.example"), "checkpoint-signer");
    let origin = |bundle: &mut Value| {
        let point = &mut entry(bundle)["inclusionProof"]["checkpoint"]["envelope"];
        *point = json!(point.as_str().unwrap().replacen(LOG_HOST, &format!("{LOG_HOST} - 1"), 1));
    };
    assert_eq!(changed(origin), "checkpoint-invalid");
    assert_eq!(changed(|bundle| flip(&mut entry(bundle)["logId"]["keyId"])), "unknown-log");
    let witnessed = |bundle: &mut Value, witnesses: usize| {
        let point = &mut entry(bundle)["inclusionProof"]["checkpoint"]["envelope"];
        *point = json!(format!("{}{}", point.as_str().unwrap(), "\u{2014} witness.example AAAAAAAA\n".repeat(witnesses)));
    };
    assert_eq!(changed(|bundle| witnessed(bundle, 31)), "verified");
    assert_eq!(changed(|bundle| witnessed(bundle, 32)), "checkpoint-invalid");
}

#[test]
fn a_log_key_is_held_against_its_window() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let second = SignedDuration::from_secs(1);
    let during = |start: jiff::Timestamp, end: jiff::Timestamp| {
        let mut root = FAKE.trusted_root();
        root["tlogs"][0]["publicKey"]["validFor"] = json!({"start": start.to_string(), "end": end.to_string()});
        verdict_under(&bundle, &root, &signer())
    };
    assert_eq!(during(signed_at(), signed_at()), "verified");
    assert_eq!(during(signed_at() + second, now()), "log-key-outside-validity");
    assert_eq!(during(signed_at() - second - second, signed_at() - second), "log-key-outside-validity");
}

#[test]
fn each_part_of_the_trusted_root_is_needed() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let without = |part: &str| {
        let mut root = FAKE.trusted_root();
        root[part] = json!([]);
        verdict_under(&bundle, &root, &signer())
    };
    assert_eq!(without("nothing"), "verified");
    assert_eq!(without("tlogs"), "unknown-log");
    assert_eq!(without("ctlogs"), "trusted-root-unusable");
    assert_eq!(without("certificateAuthorities"), "certificate-untrusted");
    assert_eq!(without("timestampAuthorities"), "timestamp-invalid");
    let stranger = Fake::new().trusted_root();
    let swapped = |part: &str| {
        let mut root = FAKE.trusted_root();
        root[part] = stranger[part].clone();
        verdict_under(&bundle, &root, &signer())
    };
    assert_eq!(swapped("tlogs"), "unknown-log");
    assert_eq!(swapped("ctlogs"), "sct-invalid");
    assert_eq!(swapped("certificateAuthorities"), "certificate-untrusted");
    assert_eq!(swapped("timestampAuthorities"), "timestamp-invalid");
    let ended = |part: &str, pointer: &str, expected: &str| {
        let mut root = FAKE.trusted_root();
        *root[part][0].pointer_mut(pointer).unwrap() = json!({"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"});
        assert_eq!(verdict_under(&bundle, &root, &signer()), expected, "{part}");
    };
    ended("ctlogs", "/publicKey/validFor", "sct-invalid");
    ended("certificateAuthorities", "/validFor", "certificate-untrusted");
    ended("timestampAuthorities", "/validFor", "timestamp-outside-authority-validity");
    let public = signature::TrustedRoot::public_good().unwrap();
    let foreign = signature::verify(&sha256(ARTIFACT), &[file(bundle.to_string())], &public, &signer(), now());
    assert_eq!(code(&foreign), "unknown-log");
}

#[test]
fn a_log_that_the_entry_does_not_name_cannot_vouch_for_it() {
    let other = Fake::new();
    let mut root = FAKE.trusted_root();
    root["tlogs"].as_array_mut().unwrap().push(other.trusted_root()["tlogs"][0].clone());
    let mut bundle = FAKE.signed(ARTIFACT, &Signing::default());
    assert_eq!(verdict_under(&bundle, &root, &signer()), "verified");
    entry(&mut bundle)["logId"]["keyId"] = root["tlogs"][1]["logId"]["keyId"].clone();
    assert_eq!(verdict_under(&bundle, &root, &signer()), "checkpoint-invalid");
}

#[test]
fn old_formats_and_unknown_members_are_for_the_compatible_profile() {
    let good = FAKE.signed(ARTIFACT, &Signing::default());
    let relabelled = |version: &str| {
        let mut bundle = good.clone();
        bundle["mediaType"] = json!(format!("application/vnd.dev.sigstore.bundle+json;version={version}"));
        bundle
    };
    assert_eq!(verdict(&good, &signer()), "verified");
    assert_eq!(verdict(&relabelled("0.1"), &signer()), "media-type");
    assert_eq!(verdict(&relabelled("0.2"), &signer()), "media-type");
    assert_eq!(verdict(&relabelled("0.2"), &compatible(signer())), "verified");
    assert_eq!(verdict(&relabelled("0.9"), &compatible(signer())), "malformed-bundle");
    let mut bare = relabelled("0.1");
    remove(entry(&mut bare), "inclusionProof");
    assert_eq!(verdict(&bare, &compatible(signer())), "inclusion-proof-missing");
    let mut more = good.clone();
    more[MATERIAL]["tlogEntries"][0]["note"] = json!("hello");
    assert_eq!(verdict(&more, &signer()), "unknown-member");
    assert_eq!(verdict(&more, &compatible(signer())), "verified");
}

fn in_old_log(turn: impl FnOnce(&mut Signing)) -> Value {
    let mut signing = Signing { old_log: true, timestamp: By::Nobody, origin: "log.fake.example - 42", ..Signing::default() };
    turn(&mut signing);
    FAKE.signed(ARTIFACT, &signing)
}

#[test]
fn the_time_of_an_old_log_counts_under_its_promise_only() {
    let of = |turn: fn(&mut Signing)| verdict(&in_old_log(turn), &signer());
    assert_eq!(of(|_| {}), "verified");
    assert_eq!(verdict(&in_old_log(|signing| signing.with_key = true), &key()), "verified");
    assert_eq!(of(|signing| signing.promise = By::Stranger), "inclusion-promise-invalid");
    assert_eq!(of(|signing| signing.promise = By::Nobody), "unsigned-time");
    assert_eq!(of(|signing| signing.integrated += SignedDuration::from_mins(6)), "certificate-outside-validity");
    assert_eq!(of(|signing| signing.log = By::Stranger), "checkpoint-invalid");
    let without = |timestamp| in_old_log(|signing| (signing.promise, signing.timestamp) = (By::Nobody, timestamp));
    assert_eq!(verdict(&without(By::Nobody), &compatible(signer())), "no-signing-time");
    let mut later = without(By::Ours);
    entry(&mut later)["integratedTime"] = json!("1740830340");
    let provenance = verified(&[file(later.to_string())], &compatible(signer()));
    assert_eq!((code(&provenance).as_str(), provenance.signers[0].time.as_str()), ("verified", "2025-03-01T12:00:00Z"));
    let changed = |change: fn(&mut Value)| {
        let mut bundle = in_old_log(|_| {});
        change(&mut bundle);
        verdict(&bundle, &signer())
    };
    assert_eq!(changed(|bundle| entry(bundle)["integratedTime"] = json!("1740830460")), "inclusion-promise-invalid");
    assert_eq!(changed(|bundle| entry(bundle)["logIndex"] = json!("1002")), "inclusion-promise-invalid");
    assert_eq!(changed(|bundle| entry(bundle)["inclusionProof"]["logIndex"] = json!("0")), "inclusion-proof-invalid");
}

#[test]
fn a_promise_does_not_replace_the_proof() {
    let mut bundle = in_old_log(|_| {});
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    assert_eq!(verdict(&bundle, &compatible(signer())), "verified");
    remove(entry(&mut bundle), "inclusionProof");
    assert_eq!(verdict(&bundle, &compatible(signer())), "inclusion-proof-missing");
    assert_eq!(verdict(&bundle, &signer()), "media-type");
}

#[test]
fn a_key_under_another_ones_name_is_no_trust() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let stranger = Fake::new().trusted_root();
    let swapped = |part: &str| {
        let mut root = FAKE.trusted_root();
        root[part][0]["publicKey"]["rawBytes"] = stranger[part][0]["publicKey"]["rawBytes"].clone();
        verdict_under(&bundle, &root, &signer())
    };
    assert_eq!(swapped("tlogs"), "checkpoint-invalid");
    assert_eq!(swapped("ctlogs"), "sct-invalid");
}

#[test]
fn other_formats_are_named() {
    let of = |text: &str| code(&verified(&[file(text)], &signer()));
    assert_eq!(of(r#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}"#), "raw-dsse");
    assert_eq!(of(r#"{"base64Signature":"","cert":"","rekorBundle":{}}"#), "legacy-cosign-bundle");
    assert_eq!(of(r#"{"hello":"world"}"#), "unknown-format");
    assert_eq!(of("[]"), "unknown-format");
    assert_eq!(of(r#"{"attestations":[{"predicateType":"x"}]}"#), "unknown-format");
    assert_eq!(of(r#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}"#), "malformed-bundle");
}

#[test]
fn what_is_not_json_is_refused() {
    let good = FAKE.signed(ARTIFACT, &Signing::default()).to_string();
    let of = |bytes: Vec<u8>| code(&verified(&[file(bytes)], &signer()));
    assert_eq!(of(good.clone().into_bytes()), "verified");
    assert_eq!(of(format!("\n {good}\r\n").into_bytes()), "verified");
    assert_eq!(of(Vec::new()), "malformed-json");
    assert_eq!(of(format!("\u{feff}{good}").into_bytes()), "malformed-json");
    assert_eq!(of(format!("{good}x").into_bytes()), "malformed-json");
    assert_eq!(of([good.as_bytes(), &[0xff]].concat()), "malformed-json");
    assert_eq!(of(vec![b'['; 1 << 20]), "malformed-json");
    assert_eq!(of(vec![b' '; usize::try_from(LARGEST_BUNDLE).unwrap() + 1]), "bundle-too-large");
    let twice = good.replacen(r#"{"mediaType""#, r#"{"mediaType":"x","mediaType""#, 1);
    assert_ne!(twice, good);
    assert_eq!(of(twice.into_bytes()), "duplicate-member");
}

#[test]
fn several_bundles_are_all_told_about() {
    let good = FAKE.signed(ARTIFACT, &Signing::default()).to_string();
    let bad = FAKE.signed(OTHER, &Signing::default()).to_string();
    let of = |text: String| verified(&[file(text)], &signer());
    for text in [format!("{good}\n{bad}\n"), format!("{bad}\r\n\r\n{good}\r\n\n"), format!("{good}\n{good}")] {
        let provenance = of(text);
        assert_eq!(provenance.state, ProvenanceState::Verified, "{}", provenance.message);
    }
    let mixed = of(format!("{bad}\n{good}"));
    assert_eq!(mixed.signers.len(), 1);
    assert!(mixed.message.starts_with("bundle #1: digest-mismatch: "), "{}", mixed.message);
    let none = of(format!("{bad}\n{{}}"));
    assert_eq!(none.state, ProvenanceState::Refused);
    assert_eq!(none.reason, "digest-mismatch");
    assert!(none.message.contains("bundle #2: unknown-format"), "{}", none.message);
    assert_eq!(of(format!(r#"{{"attestations":[{{"bundle":{bad}}},{{"bundle":{good}}}]}}"#)).state, ProvenanceState::Verified);
    let separate = verified(&[file(bad), file(good.clone())], &signer());
    assert_eq!(separate.state, ProvenanceState::Verified);
    assert_eq!(code(&of(format!("{good}\n").repeat(MOST_BUNDLES))), "verified");
    assert_eq!(code(&of(format!("{good}\n").repeat(MOST_BUNDLES + 1))), "too-many-bundles");
}

#[test]
fn a_statement_is_bound_to_the_artifact_and_its_predicate_kept() {
    let ours = format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT)));
    let bundle = FAKE.attested(&statement(&subject(&ours)), &Signing::default());
    let provenance = verified(&[file(bundle.to_string())], &signer());
    assert_eq!(provenance.state, ProvenanceState::Verified, "{}", provenance.message);
    assert_eq!(provenance.statements[0].predicate_type, "https://slsa.dev/provenance/v1");
    assert_eq!(provenance.statements[0].predicate, serde_json::json!({"buildDefinition": {}}));
    assert_eq!(provenance.statements[0].signer, provenance.signers[0].subject);
    let by_key = FAKE.attested(&statement(&subject(&ours)), &Signing { with_key: true, ..Signing::default() });
    assert_eq!(verdict(&by_key, &key()), "verified");
    let mut broken = bundle;
    flip(&mut broken["dsseEnvelope"]["signatures"][0]["sig"]);
    assert_ne!(verdict(&broken, &signer()), "verified");
}

#[test]
fn subjects_decide_by_their_digests() {
    let made = |text: &str| FAKE.attested(text, &Signing::default());
    let of = |subjects: &str| verdict(&made(&statement(subjects)), &signer());
    let ours = hex(&sha256(ARTIFACT));
    let other = hex(&sha256(OTHER));
    assert_eq!(of(&subject(&format!(r#""sha256":"{ours}""#))), "verified");
    assert_eq!(of(&subject(&format!(r#""sha256":"{other}""#))), "subject-mismatch");
    assert_eq!(of(&format!(r#"[{{"digest":{{"sha256":"{other}"}}}},{{"digest":{{"sha256":"{ours}"}}}}]"#)), "verified");
    assert_eq!(of(&subject(r#""sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709""#)), "subject-digest-unsupported");
    assert_eq!(of(&subject(&format!(r#""sha256":"{}""#, &ours[..62]))), "malformed-statement");
    assert_eq!(of(&subject(&format!(r#""sha256":"{}""#, ours.to_uppercase()))), "malformed-statement");
    assert_eq!(of(&subject("")), "subject-digest-unsupported");
    assert_eq!(of("[]"), "statement-subjects");
    assert_eq!(of(r#"[{"name":"x"}]"#), "malformed-statement");
    let many = |count: usize| format!("[{}]", vec![format!(r#"{{"digest":{{"sha256":"{ours}"}}}}"#); count].join(","));
    assert_eq!(of(&many(1024)), "verified");
    assert_eq!(of(&many(1025)), "statement-subjects");
}

#[test]
fn all_digests_of_a_subject_agree() {
    let digests = Digests { sha256: sha256(ARTIFACT), sha512: Some(sha2::Sha512::digest(ARTIFACT).into()) };
    let of = |subject: &str, digests: &Digests| {
        let bundles = [file(FAKE.attested(&statement(subject), &Signing::default()).to_string())];
        assert_eq!(signature::names_sha512(&bundles), subject.contains("sha512"));
        code(&signature::verify(digests, &bundles, &TRUST, &signer(), now()))
    };
    let (ours, other) = (hex(&sha256(ARTIFACT)), hex(&sha256(OTHER)));
    let (ours_512, other_512) = (hex(&sha2::Sha512::digest(ARTIFACT)), hex(&sha2::Sha512::digest(OTHER)));
    let pair = |short: &str, long: &str| subject(&format!(r#""sha256":"{short}","sha512":"{long}""#));
    assert_eq!(of(&pair(&ours, &ours_512), &digests), "verified");
    assert_eq!(of(&pair(&ours, &other_512), &digests), "subject-digests-disagree");
    assert_eq!(of(&pair(&other, &ours_512), &digests), "subject-digests-disagree");
    let long = |long: &str| subject(&format!(r#""sha512":"{long}""#));
    assert_eq!(of(&long(&ours_512), &digests), "verified");
    assert_eq!(of(&long(&other_512), &digests), "subject-mismatch");
    assert_eq!(of(&long(&ours_512), &Digests::from(&sha256(ARTIFACT))), "subject-digest-unsupported");
}

#[test]
fn a_statement_is_of_a_known_type() {
    let ours = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
    let of = |text: &str| verdict(&FAKE.attested(text, &Signing::default()), &signer());
    let good = statement(&ours);
    assert_eq!(of(&good), "verified");
    assert_eq!(of(&good.replace("Statement/v1", "Statement/v0.1")), "verified");
    assert_eq!(of(&good.replace("https://in-toto.io/Statement/v1", "https://evil")), "statement-type");
    assert_eq!(of(&good.replace("https://slsa.dev/provenance/v1", "")), "malformed-statement");
    assert_eq!(of(&good.replace(r#""buildDefinition":{}"#, r#""a":{},"a":{}"#)), "malformed-statement");
    assert_eq!(of("{"), "malformed-statement");
    assert_eq!(of("[]"), "malformed-statement");
    let other = FAKE.enveloped("text/plain", &good, &Signing::default());
    assert_eq!(verdict(&other, &signer()), "payload-type");
    let mut none = FAKE.attested(&good, &Signing::default());
    none["dsseEnvelope"]["signatures"] = json!([]);
    assert_eq!(verdict(&none, &signer()), "malformed-bundle");
    let mut two = FAKE.attested(&good, &Signing::default());
    let again = two["dsseEnvelope"]["signatures"][0].clone();
    two["dsseEnvelope"]["signatures"].as_array_mut().unwrap().push(again);
    assert_eq!(verdict(&two, &signer()), "malformed-bundle");
}

/// Every place of a JSON document, as pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(values) => values.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found)),
        _ => {}
    }
}

/// What may be changed without harm: nothing that is shown, matched or proved.
fn harmless(place: &str, change: &str) -> bool {
    place.ends_with("/integratedTime") && change != "flipped" || place.ends_with("/publicKey/hint")
}

#[test]
fn no_single_change_of_a_bundle_is_accepted() {
    let ours = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
    let keyed = Signing { with_key: true, ..Signing::default() };
    let bundles = [
        (FAKE.signed(ARTIFACT, &Signing::default()), signer()),
        (FAKE.attested(&statement(&ours), &Signing::default()), signer()),
        (FAKE.signed(ARTIFACT, &keyed), key()),
        (in_old_log(|_| {}), signer()),
    ];
    let mut tried = 0;
    for (bundle, requirement) in &bundles {
        let mut all = Vec::new();
        places(bundle, "", &mut all);
        for place in all.iter().skip(1) {
            for change in ["removed", "flipped", "null", "doubled"] {
                let mut spoiled = bundle.clone();
                if spoil(&mut spoiled, place, change) && !harmless(place, change) {
                    assert_ne!(verdict(&spoiled, requirement), "verified", "{place} {change}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

fn spoil(bundle: &mut Value, place: &str, change: &str) -> bool {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match change {
        "removed" => match bundle.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.remove(name)),
            Value::Array(values) => drop(values.remove(name.parse().unwrap())),
            _ => return false,
        },
        "doubled" => match bundle.pointer_mut(parent).unwrap() {
            Value::Array(values) => values.push(values[0].clone()),
            _ => return false,
        },
        "null" => *bundle.pointer_mut(place).unwrap() = Value::Null,
        _ => match bundle.pointer_mut(place).unwrap() {
            Value::String(text) => {
                *text = match STANDARD.decode(&*text) {
                    Ok(bytes) if bytes.len() > 8 => flipped(text),
                    _ => format!("{text}1"),
                }
            }
            _ => return false,
        },
    }
    true
}

/// A bundle without its timestamps.
fn untimed(bundle: &[u8]) -> Option<Value> {
    let mut bundle: Value = serde_json::from_slice(bundle).ok()?;
    *bundle.pointer_mut("/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp")? = Value::Null;
    Some(bundle)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_is_accepted_and_none_breaks_the_verifier(at in 0.0..1.0_f64, byte: u8, cut in 0..4_usize, statement_of: bool) {
        static GOOD: LazyLock<[String; 2]> = LazyLock::new(|| {
            let ours = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
            [FAKE.signed(ARTIFACT, &Signing::default()).to_string(), FAKE.attested(&statement(&ours), &Signing::default()).to_string()]
        });
        let good = GOOD[usize::from(statement_of)].as_bytes();
        let place = (at * good.len() as f64) as usize;
        let mut damaged = good.to_vec();
        damaged.splice(place..(place + cut).min(good.len()), [byte]);
        let same = serde_json::from_slice::<Value>(&damaged).ok() == serde_json::from_slice::<Value>(good).ok();
        let untimed = untimed(&damaged) == untimed(good);
        let provenance = verified(&[file(damaged)], &signer());
        // A timestamp's CMS has fields that its signature does not cover (RFC 5652, 5.4: the digest and signature algorithms
        // beside it); damage there that changes neither signer nor time proves nothing else.
        let harmless = untimed && provenance == verified(&[file(good.to_vec())], &signer());
        prop_assert!(same || harmless || provenance.state == ProvenanceState::Refused, "{place} {byte} {cut}");
        prop_assert!(provenance.reason != "internal-error");
    }
}
