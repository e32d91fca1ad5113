//! Every way in which a signature must fail, with the code it fails with and the test that says so; here the ones that are about
//! the whole command, and the test that keeps this list.
//!
//! | what is wrong | code | test |
//! |---|---|---|
//! | another subject; a longer, a shorter one; other capitals | `identity-mismatch` | `another_signer_is_refused` |
//! | another issuer, or the same with a slash | `issuer-mismatch` | `another_signer_is_refused` |
//! | an e-mail address for a URI, a URI for an address | `identity-kind-mismatch` | `a_name_of_another_kind_is_another_name` |
//! | two subjects, none | `subject-name-count` | `a_certificate_names_exactly_one_subject` |
//! | a subject of another kind | `subject-name-kind` | `a_certificate_names_exactly_one_subject` |
//! | nobody is expected | `no-identity-expected` | `nobody_expected_means_refused` |
//! | an identity without its issuer | (exit 2) | `an_identity_needs_both_halves` |
//! | a pattern that matches a part | `identity-mismatch` | `patterns_match_from_end_to_end` |
//! | a pattern with a bare dot in its host, an empty one, `.*` | (exit 2) | `patterns_that_accept_strangers_are_refused` |
//! | each claim, with another value and absent | `claim-mismatch` | `every_claim_can_be_required` |
//! | a self-hosted runner, a rerun by ssh, a pull request's trigger | `claim-mismatch` | `a_runner_or_trigger_that_is_not_wanted_is_refused` |
//! | an extension twice | `duplicate-extension` | `extensions_occur_once_and_are_text` |
//! | a claim that is no text | `malformed-claim` | `extensions_occur_once_and_are_text` |
//! | two issuers in one certificate | `issuer-ambiguous` | `the_issuer_is_unambiguous` |
//! | no issuer | `issuer-missing` | `the_issuer_is_unambiguous` |
//! | another artifact, by signature | `digest-mismatch` | `a_signature_is_for_its_bytes_alone` |
//! | another artifact, by statement | `subject-mismatch` | `subjects_decide_by_their_digests` |
//! | SHA-512 of another file beside our SHA-256 | `subject-digests-disagree` | `all_digests_of_a_subject_agree` |
//! | SHA-1 alone | `subject-digest-unsupported` | `subjects_decide_by_their_digests` |
//! | a digest of the wrong length | `malformed-statement` | `a_digest_of_another_length_is_none` |
//! | the same contents packed anew | `digest-mismatch` | `the_same_contents_packed_anew_are_other_bytes` |
//! | the file swapped after it was opened | `digest-mismatch` | `what_was_opened_is_what_was_verified` |
//! | no bundle | `no-bundle` | `the_gate_denies_what_is_not_signed_as_required` |
//! | a bundle, and nobody configured | `no-identity-expected` | `the_gate_denies_what_is_not_signed_as_required` |
//! | the configuration is not there | (exit 2) | `the_gate_denies_what_is_not_signed_as_required` |
//! | a format relabelled as an older one | `media-type` | `old_formats_and_unknown_members_are_for_the_compatible_profile` |
//! | relabelled, and the proof taken out | `inclusion-proof-missing` | `a_promise_does_not_replace_the_proof` |
//! | bundles a line: one bad, blank lines, CRLF, a copy | `digest-mismatch` | `several_bundles_are_all_told_about` |
//! | one of two signers; one twice | `signers-missing` | `two_of_two_must_both_have_signed` |
//! | an empty file, a byte order mark, depth without end | `malformed-json` | `what_is_not_json_is_refused` |
//! | a bundle of a gigabyte | `bundle-too-large` | `a_bundle_of_a_gigabyte_is_not_read` |
//! | a member twice | `duplicate-member` | `what_is_not_json_is_refused` |
//! | an expired certificate and no timestamp | `no-signing-time` | `the_time_is_authenticated_and_within_the_certificate` |
//! | a timestamp outside of the certificate | `certificate-outside-validity` | `the_time_is_authenticated_and_within_the_certificate` |
//! | a timestamp of another signing, or by a stranger | `timestamp-invalid` | `the_time_is_authenticated_and_within_the_certificate` |
//! | a timestamp twice | `duplicate-timestamp` | `the_time_is_authenticated_and_within_the_certificate` |
//! | a time in the future | `future-time` | `a_time_in_the_future_is_refused` |
//! | a time of the log that nothing signs | `unsigned-time` | `numbers_outside_the_checkpoint_must_agree_with_it` |
//! | a time of an old log without its promise | `no-signing-time` | `the_time_of_an_old_log_counts_under_its_promise_only` |
//! | a timestamp outside of its authority's window | `timestamp-outside-authority-validity` | `a_timestamp_authority_is_held_against_its_window` |
//! | no log entry, two, one twice | `log-entry-count` | `the_log_holds_exactly_this_signature` |
//! | the entry of another signing | `log-entry-mismatch` | `the_log_holds_exactly_this_signature` |
//! | a checkpoint by a stranger | `checkpoint-invalid` | `the_log_holds_exactly_this_signature` |
//! | a checkpoint in another log's name | `checkpoint-signer` | `the_checkpoint_is_the_logs_own` |
//! | no proof that the certificate was logged, or a forged one | `sct-invalid` | `the_certificate_must_be_trusted_and_logged` |
//! | no log entry, though the root names a log | `log-entry-count` | `a_file_may_hold_several_roots` |
//! | the root of another instance | `unknown-log` | `each_part_of_the_trusted_root_is_needed` |
//! | a root that is too old | (exit 2) | `age_is_counted_by_what_was_signed` |
//! | a log's key before and after its window | `log-key-outside-validity` | `a_log_that_changed_its_key_is_held_to_both_windows` |
//! | a key that was revoked or has expired | `key-outside-validity` | `a_key_is_held_against_its_window` |
//! | another key of the right form | `signature-invalid` | `another_key_is_refused_and_one_of_several_suffices` |
//! | a certificate where a key is expected | `key-expected` | `a_key_signs_without_a_certificate` |
//! | a key where a certificate is expected | `certificate-expected` | `a_key_signs_without_a_certificate` |
//! | any of these, by the command | (exit 1) | `no_refusal_is_green` |
//! | a missing file, a root that is none, a usage error | (exit 2) | `what_cannot_be_done_is_two` |

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use fngate::signature::REASONS;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::command::fngate;
use super::fake::{By, ISSUER, SUBJECT, San, Signing, b64, hex, now, sha256, signed_at};
use super::*;

/// Codes that no test asserts, each with its why.
const UNREACHED: [(&str, &str); 1] = [("integrated-time-invalid", "the verifying crate names it and, at this version, never gives it")];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => sources(&path, found),
            false => found.extend(path.extension().is_some_and(|end| end == "rs").then_some(path)),
        }
    }
}

/// The text of these tests, and of the unit tests beside the code.
fn tests() -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut own, mut units) = (Vec::new(), Vec::new());
    sources(&here.join("tests/it/signature"), &mut own);
    sources(&here.join("src/signature"), &mut units);
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    let own = own.iter().map(read);
    let units = units.iter().map(read).filter_map(|text| text.split_once("#[cfg(test)]").map(|(_, tests)| tests.to_owned()));
    own.chain(units).collect()
}

#[test]
fn every_reason_is_asserted_and_every_row_of_the_list_is_a_test() {
    let tests = tests();
    let asserted = |code: &str| tests.lines().any(|line| !line.starts_with("//!") && line.contains(&format!("\"{code}\"")));
    let unreached = UNREACHED.map(|(code, _)| code);
    for code in REASONS.iter().map(|reason| reason.code).filter(|code| !unreached.contains(code)) {
        assert!(asserted(code), "no test asserts `{code}`");
    }
    let known = REASONS.iter().map(|reason| reason.code).collect::<BTreeSet<_>>();
    let rows = include_str!("negative.rs").lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1).collect::<Vec<_>>();
    assert!(rows.len() > 50, "{}", rows.len());
    for row in rows {
        let cells = row.split(" | ").collect::<Vec<_>>();
        let (code, test) = (cells[1].trim_matches('`'), cells[2].trim_end_matches(" |").trim_matches('`'));
        assert!(known.contains(code) || code.starts_with("(exit "), "{row}");
        assert!(tests.contains(&format!("fn {test}()")), "{row}");
    }
}

#[test]
fn a_digest_of_another_length_is_none() {
    let ours = hex(&sha256(ARTIFACT));
    let of = |digests: &str| verdict(&FAKE.attested(&statement(&subject(digests)), &Signing::default()), &signer());
    let with = |more: &str| of(&format!(r#""sha256":"{ours}"{more}"#));
    assert_eq!(with(""), "verified");
    assert_eq!(with(r#","gitCommit":"5f3c""#), "verified", "what is not compared may have any form");
    for short in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
        assert_eq!(of(&format!(r#""sha256":"{short}""#)), "malformed-statement", "{short}");
    }
    for short in ["", "00", &ours, &"0".repeat(126), &"0".repeat(130)] {
        assert_eq!(with(&format!(r#","sha512":"{short}""#)), "malformed-statement", "{short}");
    }
}

/// The same two files, packed so.
fn packed(method: zip::CompressionMethod, names: [&str; 2]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in names {
        zip.start_file(name, zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(format!("// {name}\n").as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn the_same_contents_packed_anew_are_other_bytes() {
    use zip::CompressionMethod::{Deflated, Stored};
    let function = packed(Stored, ["index.js", "other.js"]);
    let bundle = [file(FAKE.signed(&function, &Signing::default()).to_string())];
    let ours = subject(&format!(r#""sha256":"{}""#, hex(&sha256(&function))));
    let said = [file(FAKE.attested(&statement(&ours), &Signing::default()).to_string())];
    let of = |bytes: &[u8], bundles: &[BundleFile]| code(&signature::verify(&sha256(bytes), bundles, &TRUST, &signer(), now()));
    assert_eq!(of(&packed(Stored, ["index.js", "other.js"]), &bundle), "verified");
    assert_eq!(of(&function, &said), "verified");
    for again in [packed(Deflated, ["index.js", "other.js"]), packed(Stored, ["other.js", "index.js"]), [&function[..], b"\n"].concat()] {
        assert_eq!(of(&again, &bundle), "digest-mismatch");
        assert_eq!(of(&again, &said), "subject-mismatch");
    }
}

#[test]
fn what_was_opened_is_what_was_verified() {
    use zip::CompressionMethod::Stored;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fn.zip");
    let (signed, swapped) = (packed(Stored, ["index.js", "other.js"]), packed(Stored, ["index.js", "evil.js"]));
    let bundle = [file(FAKE.signed(&signed, &Signing::default()).to_string())];
    let judged = |artifact: &fngate::artifact::Artifact| {
        let target = fngate::target(artifact, &bundle);
        let inventory = fngate::scan::scan_with(artifact, &artifact.default_limits(), None, &[], &[]);
        let evil = inventory.files.iter().any(|file| file.path.as_str().ends_with("evil.js"));
        (code(&signature::verify(target, &bundle, &TRUST, &signer(), now())), evil)
    };
    // Opened before and judged after: what was opened is verified, and what was verified is searched.
    std::fs::write(&path, &signed).unwrap();
    let opened = fngate::artifact::open(path.to_str().unwrap()).unwrap();
    std::fs::write(&path, &swapped).unwrap();
    assert_eq!(judged(&opened), ("verified".to_owned(), false));
    let again = fngate::artifact::open(path.to_str().unwrap()).unwrap();
    assert_eq!(judged(&again), ("digest-mismatch".to_owned(), true));
    // The other way round nothing is gained.
    std::fs::write(&path, &signed).unwrap();
    assert_eq!(judged(&again), ("digest-mismatch".to_owned(), true));
}

#[test]
fn a_bundle_of_a_gigabyte_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fn.zip"), ARTIFACT).unwrap();
    std::fs::write(folder.path().join("root.json"), FAKE.trusted_root().to_string()).unwrap();
    let bundle = std::fs::File::create(folder.path().join("fn.zip.sigstore.json")).unwrap();
    bundle.set_len(1 << 30).unwrap();
    let began = std::time::Instant::now();
    let verify = ["verify", "fn.zip", "--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
    for more in [&[][..], &["--bundle", "fn.zip.sigstore.json"]] {
        let output = fngate(folder.path(), &[&verify, more].concat());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("bundle-too-large"), "{said}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    let good = FAKE.signed(ARTIFACT, &Signing::default()).to_string();
    std::fs::write(folder.path().join("fn.zip.sigstore.json"), good).unwrap();
    assert_eq!(fngate(folder.path(), &verify).status.code(), Some(0), "the control");
}

#[test]
fn the_gate_denies_what_is_not_signed_as_required() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let function = super::fixture::function();
    put("fn.zip", &function);
    put("root.json", FAKE.trusted_root().to_string().as_bytes());
    let bundle = |bytes: Option<Vec<u8>>| match bytes {
        Some(bytes) => put("fn.zip.sigstore.json", &bytes),
        None => std::fs::remove_file(folder.path().join("fn.zip.sigstore.json")).unwrap(),
    };
    let of = |bytes: &[u8], signing: &Signing| Some(FAKE.signed(bytes, signing).to_string().into_bytes());
    // The levels of the findings about the signature, and the reason.
    let judged = |config: &str| {
        put("fngate.toml", format!("[signature]\ntrusted_root = \"root.json\"\n{config}").as_bytes());
        let output = fngate(folder.path(), &["check", "fn.zip", "--advisories", "offline", "--format", "json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let artifact = &document["artifacts"][0];
        let findings = artifact["findings"].as_array().unwrap().iter();
        let about = findings.filter(|finding| finding["rule"].as_str().unwrap().starts_with("signature-"));
        let about = about.map(|finding| format!("{} {}", finding["rule"], finding["level"]).replace('"', "")).collect::<Vec<_>>();
        let denied = output.status.code() == Some(1);
        assert_eq!(denied, about.iter().any(|finding| finding.ends_with("deny")), "{about:?}");
        (about.join(", "), artifact["provenance"]["reason"].as_str().unwrap_or_default().to_owned())
    };
    let named = format!("required = true\n[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n");
    let pair = |finding: &str, reason: &str| (finding.to_owned(), reason.to_owned());
    bundle(of(&function, &Signing::default()));
    assert_eq!(judged(&named), pair("", ""));
    assert_eq!(judged("required = true\n"), pair("signature-unexpected deny", "no-identity-expected"));
    assert_eq!(judged(""), pair("signature-unexpected warn", "no-identity-expected"));
    bundle(of(&function, &Signing { subjects: vec![San::Uri("https://github.com/evil/x")], ..Signing::default() }));
    assert_eq!(judged(&named), pair("signature-refused deny", "identity-mismatch"));
    bundle(of(OTHER, &Signing::default()));
    assert_eq!(judged(&named), pair("signature-refused deny", "digest-mismatch"));
    bundle(Some(Vec::new()));
    assert_eq!(judged(&named), pair("signature-refused deny", "malformed-json"));
    bundle(Some(br#"{"attestations": []}"#.to_vec()));
    assert_eq!(judged(&named), pair("signature-missing deny", "no-bundle"), "there is none in it");
    bundle(None);
    assert_eq!(judged(&named), pair("signature-missing deny", "no-bundle"));
    assert_eq!(judged("required = true\n"), pair("signature-missing deny", "no-bundle"));
    assert_eq!(judged(""), pair("signature-missing info", "no-bundle"));
    for config in ["absent.toml", "root.json"] {
        let output = fngate(folder.path(), &["check", "fn.zip", "--advisories", "offline", "--config", config]);
        assert_eq!(output.status.code(), Some(2), "{config}");
    }
}

#[test]
fn a_timestamp_authority_is_held_against_its_window() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let second = SignedDuration::from_secs(1);
    let during = |start: jiff::Timestamp, end: jiff::Timestamp| {
        let mut root = FAKE.trusted_root();
        root["timestampAuthorities"][0]["validFor"] = json!({"start": start.to_string(), "end": end.to_string()});
        verdict_under(&bundle, &root, &signer())
    };
    assert_eq!(during(signed_at(), signed_at()), "verified", "both ends are in it");
    assert_eq!(during(signed_at() + second, now()), "timestamp-outside-authority-validity");
    assert_eq!(during(signed_at() - second - second, signed_at() - second), "timestamp-outside-authority-validity");
}

#[test]
fn a_log_that_changed_its_key_is_held_to_both_windows() {
    let other = Fake::new();
    let second = SignedDuration::from_secs(1);
    // The first key until `change`, the second from then on; of each the signatures of one moment.
    let at = |change: jiff::Timestamp, by: &Fake| {
        let mut root = by.trusted_root();
        let (first, then) = (FAKE.trusted_root()["tlogs"][0].clone(), other.trusted_root()["tlogs"][0].clone());
        root["tlogs"] = json!([first, then]);
        root["tlogs"][0]["publicKey"]["validFor"] = json!({"start": "2020-01-01T00:00:00Z", "end": change.to_string()});
        root["tlogs"][1]["publicKey"]["validFor"] = json!({"start": change.to_string()});
        verdict_under(&by.signed(ARTIFACT, &Signing::default()), &root, &signer())
    };
    assert_eq!((at(signed_at(), &FAKE), at(signed_at(), &other)), ("verified".to_owned(), "verified".to_owned()), "the moment of change");
    assert_eq!(at(signed_at() - second, &FAKE), "log-key-outside-validity", "the old key after it");
    assert_eq!(at(signed_at() - second, &other), "verified");
    assert_eq!(at(signed_at() + second, &FAKE), "verified");
    assert_eq!(at(signed_at() + second, &other), "log-key-outside-validity", "the new key before it");
}

#[test]
fn no_refusal_is_green() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &str| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("fn.zip", std::str::from_utf8(ARTIFACT).unwrap());
    put("root.json", &FAKE.trusted_root().to_string());
    let verified = |bundle: &str| {
        put("fn.zip.sigstore.json", bundle);
        let arguments = ["verify", "fn.zip", "--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
        let output = fngate(folder.path(), &arguments);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let made = |turn: fn(&mut Signing)| {
        let mut signing = Signing::default();
        turn(&mut signing);
        FAKE.signed(ARTIFACT, &signing)
    };
    let changed = |pointer: &str, value: Value| {
        let mut bundle = FAKE.signed(ARTIFACT, &Signing::default());
        *bundle.pointer_mut(pointer).unwrap() = value;
        bundle
    };
    let attested = |text: &str| FAKE.attested(text, &Signing::default());
    let ours = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
    let entry = "/verificationMaterial/tlogEntries/0";
    let refused = [
        ("identity-mismatch", made(|signing| signing.subjects = vec![San::Uri("https://github.com/evil/x")])),
        ("identity-kind-mismatch", made(|signing| signing.subjects = vec![San::Email("ann@acme.example")])),
        ("subject-name-count", made(|signing| signing.subjects.clear())),
        ("issuer-mismatch", made(|signing| (signing.issuer, signing.issuer_raw) = (Some("https://x.example"), None))),
        ("issuer-missing", made(|signing| (signing.issuer, signing.issuer_raw) = (None, None))),
        ("certificate-untrusted", made(|signing| signing.authority = By::Stranger)),
        ("sct-invalid", made(|signing| signing.transparency = By::Nobody)),
        ("certificate-outside-validity", made(|signing| signing.stamped += SignedDuration::from_hours(1))),
        ("timestamp-invalid", made(|signing| signing.timestamp = By::Stranger)),
        ("no-signing-time", made(|signing| signing.timestamp = By::Nobody)),
        ("log-entry-count", made(|signing| signing.log = By::Nobody)),
        ("checkpoint-invalid", made(|signing| signing.log = By::Stranger)),
        ("checkpoint-signer", made(|signing| signing.origin = "other.example")),
        ("certificate-expected", made(|signing| signing.with_key = true)),
        ("media-type", changed("/mediaType", json!("application/vnd.dev.sigstore.bundle+json;version=0.2"))),
        ("malformed-bundle", changed("/mediaType", json!(7))),
        ("digest-mismatch", changed("/messageSignature/messageDigest/digest", json!(b64(&sha256(OTHER))))),
        ("unknown-log", changed(&format!("{entry}/logId/keyId"), json!(b64(&sha256(OTHER))))),
        ("log-position-mismatch", changed(&format!("{entry}/logIndex"), json!("2"))),
        ("unsigned-time", changed(&format!("{entry}/integratedTime"), json!("1740830340"))),
        ("subject-mismatch", attested(&statement(&subject(&format!(r#""sha256":"{}""#, "0".repeat(64)))))),
        ("statement-type", attested("{}")),
        ("predicate-missing", attested(&statement(&ours).replace("https://slsa.dev/provenance/v1", "https://example.com/scan"))),
        ("raw-dsse", json!({"payload": "e30=", "payloadType": "x", "signatures": []})),
        ("unknown-format", json!({})),
        ("no-bundle", json!({"attestations": []})),
    ];
    for (expected, bundle) in refused {
        let (exit, said) = verified(&bundle.to_string());
        assert!(exit == Some(1) && said.contains(&format!("fngate explain {expected}\n")), "{expected}: {exit:?} {said}");
    }
    for (expected, text) in [("malformed-json", ""), ("malformed-json", "{"), ("duplicate-member", r#"{"a":1,"a":1}"#)] {
        let (exit, said) = verified(text);
        assert!(exit == Some(1) && said.contains(&format!("fngate explain {expected}\n")), "{expected}: {exit:?} {said}");
    }
    assert_eq!(verified(&FAKE.signed(ARTIFACT, &Signing::default()).to_string()).0, Some(0), "the control");
    assert_eq!(verified(&attested(&statement(&ours)).to_string()).0, Some(0), "and of statements");
}
