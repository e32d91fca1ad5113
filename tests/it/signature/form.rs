//! Other forms of bundles: PyPI's attestations (PEP 740), npm's answer, cosign's signatures of images from before bundles.

use fngate::signature::{BundleFile, Digests, Requirement, Target};
use serde_json::{Value, json};
use sha2::Digest as _;

use super::fake::{By, ISSUER, Signing, b64, hex, now, sha256};
use super::*;

const WHEEL: &str = "sample_project-1.0.0-py3-none-any.whl";

/// Rekor v1, as PyPI's attestations have it: the time is the log's, under its promise.
fn logged() -> Signing {
    Signing { old_log: true, timestamp: By::Nobody, origin: "log.fake.example - 42", ..Signing::default() }
}

fn publish(subjects: &Value) -> String {
    json!({"_type": "https://in-toto.io/Statement/v1", "subject": subjects,
        "predicateType": "https://docs.pypi.org/attestations/publish/v1", "predicate": null})
    .to_string()
}

fn named(name: &str) -> Value {
    json!([{"name": name, "digest": {"sha256": hex(&sha256(ARTIFACT))}}])
}

/// A bundle as PyPI keeps it.
fn attestation(statement: &str) -> Value {
    let bundle = FAKE.attested(statement, &logged());
    let (material, envelope) = (&bundle["verificationMaterial"], &bundle["dsseEnvelope"]);
    json!({
        "version": 1,
        "verification_material": {"certificate": material["certificate"]["rawBytes"], "transparency_entries": material["tlogEntries"]},
        "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
    })
}

fn judged(document: &Value, name: Option<&str>, requirement: &Requirement) -> String {
    let target = Target::from(&sha256(ARTIFACT)).called(name.map(str::to_owned));
    code(&signature::verify(&target, &[file(document.to_string())], &TRUST, requirement, now()))
}

fn of_wheel(document: &Value) -> String {
    judged(document, Some(WHEEL), &signer())
}

#[test]
fn an_attestation_of_pypi_is_a_bundle() {
    let good = attestation(&publish(&named(WHEEL)));
    assert_eq!(of_wheel(&good), "verified");
    let target = Target::from(&sha256(ARTIFACT)).called(Some(WHEEL.to_owned()));
    let provenance = signature::verify(&target, &[file(good.to_string())], &TRUST, &signer(), now());
    assert_eq!(provenance.statements[0].predicate_type, "https://docs.pypi.org/attestations/publish/v1");
    assert_eq!(judged(&good, Some(WHEEL), &key()), "key-expected");
    let changed = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        of_wheel(&changed)
    };
    let other = attestation(&publish(&named("other-1.0.0.tar.gz")));
    assert_eq!(changed("/envelope/signature", other["envelope"]["signature"].clone()), "signature-invalid");
    assert_eq!(changed("/envelope/statement", other["envelope"]["statement"].clone()), "signature-invalid");
    assert_eq!(changed("/verification_material/certificate", json!("AAAA")), "certificate-malformed");
    let entries = other["verification_material"]["transparency_entries"].clone();
    assert_eq!(changed("/verification_material/transparency_entries", entries), "log-entry-mismatch");
    assert_eq!(changed("/verification_material/transparency_entries", json!([])), "log-entry-count");
    assert_eq!(changed("/verification_material/transparency_entries", json!({})), "malformed-bundle");
    assert_eq!(changed("/version", json!(2)), "unknown-format");
    assert_eq!(changed("/version", json!("1")), "unknown-format");
    assert_eq!(changed("/envelope", json!(null)), "malformed-bundle");
    assert_eq!(changed("/envelope/statement", json!(7)), "malformed-bundle");
}

#[test]
fn an_attestation_of_pypi_has_no_members_of_its_own() {
    let good = attestation(&publish(&named(WHEEL)));
    for (pointer, known) in [("", "version"), ("/verification_material", "certificate"), ("/envelope", "signature")] {
        let mut more = good.clone();
        more.pointer_mut(pointer).unwrap()["note"] = json!(known);
        assert_eq!(of_wheel(&more), "unknown-member", "{pointer}");
        assert_eq!(judged(&more, Some(WHEEL), &compatible(signer())), "verified", "{pointer}");
    }
    let mut more = good;
    more["verification_material"]["transparency_entries"][0]["note"] = json!(1);
    assert_eq!(of_wheel(&more), "unknown-member");
}

/// Every pointer of a document, objects and arrays too.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let pointer = format!("{at}/{name}");
        pointers(value, &pointer, found);
        found.push(pointer);
    }
}

#[test]
fn whatever_is_changed_in_an_attestation_of_pypi_refuses_it() {
    let good = json!({"version": 1, "attestation_bundles": [{"publisher": {"kind": "GitHub"}, "attestations": [attestation(&publish(&named(WHEEL)))]}]});
    let mut places = Vec::new();
    pointers(&good, "", &mut places);
    // What nobody signs and nobody reads.
    places.retain(|place| !place.contains("/publisher"));
    assert!(places.len() > 20, "{places:?}");
    assert_eq!(of_wheel(&good), "verified");
    for place in places {
        for value in [Value::Null, json!(2), json!("AAAA"), json!([]), json!({}), json!({"mediaType": 1})] {
            let mut changed = good.clone();
            *changed.pointer_mut(&place).unwrap() = value.clone();
            let verdict = of_wheel(&changed);
            assert!(verdict != "verified" && verdict != "internal-error", "{place} = {value}: {verdict}");
        }
    }
}

#[test]
fn an_attestation_of_pypi_is_bound_to_the_name() {
    let good = attestation(&publish(&named(WHEEL)));
    for (own, expected) in [
        (Some(WHEEL), "verified"),
        (Some("Sample.Project-1.0-py3-none-any.whl"), "verified"),
        (None, "verified"),
        (Some("sample_project-1.0.1-py3-none-any.whl"), "subject-name-mismatch"),
        (Some("sample_project-1.0.0.tar.gz"), "subject-name-mismatch"),
        (Some("fn.zip"), "subject-name-mismatch"),
    ] {
        assert_eq!(judged(&good, own, &signer()), expected, "{own:?}");
    }
    // The name is PEP 740's rule: the same statement in a bundle is bound by its digest.
    let bundle = FAKE.attested(&publish(&named(WHEEL)), &Signing::default());
    assert_eq!(judged(&bundle, Some("fn.zip"), &signer()), "verified");
}

#[test]
fn the_statement_of_pypi_has_one_subject_with_name_and_sha256() {
    let of = |subjects: Value| of_wheel(&attestation(&publish(&subjects)));
    let own = hex(&sha256(ARTIFACT));
    let sha512 = hex(&sha2::Sha512::digest(ARTIFACT));
    assert_eq!(of(named(WHEEL)), "verified");
    assert_eq!(of(json!([named(WHEEL)[0], named(WHEEL)[0]])), "statement-subjects");
    assert_eq!(of(json!([{"digest": {"sha256": own}}])), "subject-name-mismatch");
    assert_eq!(of(named("fn.zip")), "subject-name-mismatch");
    assert_eq!(of(json!([{"name": WHEEL, "digest": {"sha256": "0".repeat(64)}}])), "subject-mismatch");
    let digests = Digests { sha256: sha256(ARTIFACT), sha512: Some(sha2::Sha512::digest(ARTIFACT).into()) };
    let only = attestation(&publish(&json!([{"name": WHEEL, "digest": {"sha512": sha512}}])));
    let target = Target::from(digests).called(Some(WHEEL.to_owned()));
    let verdict = signature::verify(&target, &[file(only.to_string())], &TRUST, &signer(), now());
    assert_eq!(code(&verdict), "subject-digest-unsupported");
    let old = publish(&named(WHEEL)).replace("Statement/v1", "Statement/v0.1");
    assert_eq!(of_wheel(&attestation(&old)), "statement-type");
}

#[test]
fn the_provenance_of_pypi_holds_attestations() {
    let good = attestation(&publish(&named(WHEEL)));
    let publisher =
        json!({"kind": "GitHub", "repository": "acme/hello", "workflow": "release.yml", "environment": null, "claims": {"x": 1}});
    let provenance =
        |attestations: Value| json!({"version": 1, "attestation_bundles": [{"publisher": publisher, "attestations": attestations}]});
    assert_eq!(of_wheel(&provenance(json!([good]))), "verified");
    assert_eq!(of_wheel(&provenance(json!([{}, good]))), "verified");
    assert_eq!(of_wheel(&provenance(json!([{}]))), "unknown-format");
    assert_eq!(of_wheel(&provenance(json!(vec![good.clone(); 65]))), "too-many-bundles");
    for (pointer, value) in [("", "note"), ("/attestation_bundles/0", "note")] {
        let mut more = provenance(json!([good]));
        more.pointer_mut(pointer).unwrap()[value] = json!(1);
        assert_eq!(of_wheel(&more), "unknown-member", "{pointer}");
        assert_eq!(judged(&more, Some(WHEEL), &compatible(signer())), "verified");
    }
    let mut second = provenance(json!([good]));
    second["version"] = json!(2);
    assert_eq!(of_wheel(&second), "unknown-format");
    assert_eq!(of_wheel(&provenance(json!([]))), "no-bundle", "there is none in it");
    // One a line, as any bundles.
    let lines = format!("{}\n{good}\n", attestation(&publish(&named("other-1.0.tar.gz"))));
    let target = Target::from(&sha256(ARTIFACT)).called(Some(WHEEL.to_owned()));
    assert_eq!(code(&signature::verify(&target, &[file(lines)], &TRUST, &signer(), now())), "verified");
}

/// npm's answer for a package: the registry's own attestation by key, and the provenance by certificate, in format 0.2 with a
/// chain of certificates.
fn npm() -> (Value, Digests) {
    let digests = Digests { sha256: sha256(ARTIFACT), sha512: Some(sha2::Sha512::digest(ARTIFACT).into()) };
    let subject = json!([{"name": "pkg:npm/%40acme/hello@1.0.0", "digest": {"sha512": hex(&sha2::Sha512::digest(ARTIFACT))}}]);
    let statement = |kind: &str, version: &str| {
        json!({"_type": version, "subject": subject, "predicateType": kind, "predicate": {"name": "@acme/hello"}}).to_string()
    };
    let old = "application/vnd.dev.sigstore.bundle+json;version=0.2";
    let publish = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";
    let slsa = "https://slsa.dev/provenance/v1";
    let mut by_key = FAKE.attested(&statement(publish, "https://in-toto.io/Statement/v0.1"), &Signing { with_key: true, ..logged() });
    by_key["dsseEnvelope"]["signatures"][0]["keyid"] = json!("SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA");
    let mut by_certificate = FAKE.attested(&statement(slsa, "https://in-toto.io/Statement/v1"), &logged());
    let material = by_certificate["verificationMaterial"].as_object_mut().unwrap();
    let certificate = material.remove("certificate").unwrap();
    material.insert("x509CertificateChain".to_owned(), json!({"certificates": [certificate]}));
    (by_key["mediaType"], by_certificate["mediaType"]) = (json!(old), json!(old));
    let attestations = json!([{"predicateType": publish, "bundle": by_key}, {"predicateType": slsa, "bundle": by_certificate}]);
    (json!({"attestations": attestations}), digests)
}

#[test]
fn the_provenance_that_npm_serves_verifies() {
    let (answer, digests) = npm();
    let of =
        |answer: &Value, requirement: &Requirement| signature::verify(&digests, &[file(answer.to_string())], &TRUST, requirement, now());
    let provenance = of(&answer, &compatible(signer()));
    assert_eq!(code(&provenance), "verified", "{}", provenance.message);
    assert_eq!(provenance.statements.len(), 1);
    assert_eq!(provenance.statements[0].predicate_type, "https://slsa.dev/provenance/v1");
    // The registry's own attestation is by a key, which is another's word.
    assert!(provenance.message.starts_with("bundle #1: certificate-expected"), "{}", provenance.message);
    let strict = of(&answer, &signer());
    assert_eq!(code(&strict), "media-type");
    assert!(signature::reason("media-type").unwrap().page.contains("`--profile compatible`"));
    let by_key = of(&answer, &compatible(key()));
    assert_eq!((code(&by_key).as_str(), by_key.statements.len()), ("verified", 1));
    assert!(by_key.statements[0].predicate_type.contains("publish"));
    // Another package's tarball.
    let other = Digests { sha256: sha256(OTHER), sha512: Some(sha2::Sha512::digest(OTHER).into()) };
    let foreign = signature::verify(&other, &[file(answer.to_string())], &TRUST, &compatible(signer()), now());
    assert_eq!(code(&foreign), "subject-mismatch");
    // A chain in format 0.3 is none of that format.
    let mut relabelled = answer;
    relabelled["attestations"][1]["bundle"]["mediaType"] = json!("application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_ne!(code(&of(&relabelled, &compatible(signer()))), "verified");
}

#[test]
fn a_signature_of_an_image_from_before_bundles_is_refused_by_name() {
    for media in ["application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.dsse.envelope.v1+json"] {
        let manifest = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "layers": [{"mediaType": media, "digest": "sha256:00", "size": 1, "annotations": {"dev.cosignproject.cosign/signature": b64(b"x")}}]});
        assert_eq!(verdict(&manifest, &signer()), "legacy-cosign-bundle", "{media}");
        assert_eq!(verdict(&manifest, &compatible(signer())), "legacy-cosign-bundle", "{media}");
    }
    assert_eq!(verdict(&json!({"schemaVersion": 2, "layers": [{"mediaType": "text/plain"}]}), &signer()), "unknown-format");
}

#[test]
fn an_artifact_that_no_digest_stands_for_is_not_verified() {
    let bundle = [file(FAKE.signed(ARTIFACT, &Signing::default()).to_string())];
    let of = |target: Target, bundles: &[BundleFile]| code(&signature::verify(&target, bundles, &TRUST, &signer(), now()));
    assert_eq!(of(Target::from(&sha256(ARTIFACT)), &bundle), "verified");
    assert_eq!(of(Target::unbound("nothing names its files"), &bundle), "artifact-unbound");
    assert_eq!(of(Target::any_of(Vec::new()), &bundle), "artifact-unbound");
    assert_eq!(of(Target::unbound("nothing"), &[]), "no-bundle");
    let several = |digests: &[&[u8]]| Target::any_of(digests.iter().map(|bytes| Digests::from(&sha256(bytes))).collect());
    assert_eq!(of(several(&[OTHER, ARTIFACT]), &bundle), "verified");
    assert_eq!(of(several(&[ARTIFACT, OTHER]), &bundle), "verified");
    assert_eq!(of(several(&[OTHER, b"third"]), &bundle), "digest-mismatch");
}

#[test]
fn github_vouches_for_itself_on_its_own_root_alone() {
    let releases = "https://dotcom.releases.github.com";
    let wanted = with_identity(Identity::exact("https://fulcio.githubapp.com", releases).unwrap());
    let signing = |issuer| Signing {
        subjects: vec![super::fake::San::Uri("https://dotcom.releases.github.com")],
        issuer,
        issuer_raw: issuer,
        claims: Vec::new(),
        ..Signing::default()
    };
    assert_eq!(verdict(&FAKE.signed(ARTIFACT, &signing(None)), &wanted), "issuer-missing", "another instance's certificate");
    assert_eq!(verdict(&FAKE.signed(ARTIFACT, &signing(Some(ISSUER))), &wanted), "issuer-mismatch");
    let plain = with_identity(Identity::exact(ISSUER, releases).unwrap());
    assert_eq!(verdict(&FAKE.signed(ARTIFACT, &signing(Some(ISSUER))), &plain), "verified");
}
