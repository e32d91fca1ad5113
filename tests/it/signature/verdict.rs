//! The verdict travels: `check --attest` at the build, `verify --vsa` at the deployment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fake::{ISSUER, SUBJECT, sha256};
use super::service::{Place, SERVICES, Service, err, out};

/// A function that passes.
fn clean(place: &Place<'_>) {
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    zip.start_file("index.js", options).unwrap();
    zip.write_all(b"exports.handler = async () => ({ statusCode: 200 });\n").unwrap();
    place.write("fn.zip", zip.finish().unwrap().into_inner());
    advisories(place);
}

/// A database of today with one advisory, of a package that is in none of the artifacts.
fn advisories(place: &Place<'_>) {
    std::fs::create_dir(place.path().join("records")).unwrap();
    let record = r#"{"id":"GHSA-xxxx-xxxx-xxxx","modified":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"nowhere"},"versions":["1.0.0"]}]}"#;
    place.write("records/GHSA-xxxx-xxxx-xxxx.json", record);
    let now = jiff::Timestamp::now().to_string();
    let built = place.run(&["db", "build", "--from", "records", "--output", "advisories.db", "--as-of", &now, "--quiet"]);
    assert_eq!(built.status.code(), Some(0), "{}", err(&built));
}

const DB: [&str; 4] = ["--advisories", "offline", "--db", "advisories.db"];

fn checked(place: &Place<'_>, more: &[&str]) -> std::process::Output {
    place.signed(&[&["check", "fn.zip", "--attest"][..], &DB, more].concat())
}

fn relied(place: &Place<'_>, more: &[&str]) -> (Option<i32>, String) {
    let output = place.verified(&[&["fn.zip", "--vsa"][..], more].concat());
    (output.status.code(), format!("{}{}", out(&output), err(&output)))
}

#[test]
fn what_passed_is_relied_on_and_nothing_else() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    let output = checked(&place, &[]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    assert!(place.has("fn.zip.vsa.sigstore.json"));
    assert_eq!(relied(&place, &["--max-age", "24h"]).0, Some(0), "{}", relied(&place, &[]).1);
    let digest = out(&place.run(&["policy", "digest"]));
    assert_eq!(relied(&place, &["--policy-digest", digest.trim()]).0, Some(0));
    let policy =
        "package fngate.strict\n# METADATA\n# title: t\n# custom:\n#   rule: strict\nfindings contains f if {\n\tfalse\n\tf := {}\n}\n";
    place.write("own.rego", policy);
    for (more, expected) in [
        (&["--policy-digest", &"ab".repeat(32)][..], "summary-policy"),
        (&["--policy", "own.rego"], "summary-policy"),
        (&["--verifier-id", "https://other.example"], "summary-verifier"),
        (&["--resource-uri", "s3://other/fn.zip"], "summary-resource"),
        (&["--level", "SLSA_BUILD_LEVEL_3"], "summary-level"),
        (&["--max-age", "1ns"], "summary-too-old"),
    ] {
        let (exit, text) = relied(&place, more);
        assert!(exit == Some(1) && text.contains(expected), "{more:?}: {text}");
    }
    assert_eq!(relied(&place, &["--level", "FNGATE_INVENTORY_COMPLETE", "--level", "FNGATE_PASS"]).0, Some(0));
    // Whoever else signs such a summary is not the gate.
    let other = place.run(&[
        "verify",
        "fn.zip",
        "--vsa",
        "--trusted-root",
        "root.json",
        "--issuer",
        ISSUER,
        "--identity",
        "https://github.com/evil/x",
    ]);
    assert!(other.status.code() == Some(1) && out(&other).contains("identity-mismatch"));
    // A plain signature is no verdict, and a verdict on other bytes neither.
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0));
    let plain = place.verified(&["fn.zip", "--vsa", "--bundle", "fn.zip.sigstore.json"]);
    assert!(out(&plain).contains("predicate-missing"), "{}", out(&plain));
    std::fs::remove_file(place.path().join("fn.zip.sigstore.json")).unwrap();
    let before = std::fs::read(place.path().join("fn.zip")).unwrap();
    place.write("fn.zip", [before.as_slice(), b"x"].concat());
    assert!(relied(&place, &[]).1.contains("subject-mismatch"));
}

#[test]
fn the_deployed_code_is_named_by_its_digest() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    assert_eq!(checked(&place, &["--resource-uri", "s3://bucket/fn.zip"]).status.code(), Some(0));
    let code = STANDARD.encode(sha256(&std::fs::read(place.path().join("fn.zip")).unwrap()));
    let deployed = |code: &str, more: &[&str]| {
        let arguments = ["--vsa", "--bundle", "fn.zip.vsa.sigstore.json", "--code-sha256", code, "--resource-uri", "s3://bucket/fn.zip"];
        place.verified(&[&arguments[..], more].concat()).status.code()
    };
    assert_eq!(deployed(&code, &[]), Some(0), "without the artifact at hand");
    assert_eq!(deployed(&code, &["fn.zip"]), Some(0));
    assert_eq!(deployed(&STANDARD.encode([7; 32]), &[]), Some(1));
    assert_eq!(deployed(&STANDARD.encode([7; 32]), &["fn.zip"]), Some(2), "the artifact is not what was deployed");
    assert_eq!(deployed("no digest", &[]), Some(2));
}

#[test]
fn what_did_not_pass_gets_no_summary_and_loses_an_old_one() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    assert_eq!(checked(&place, &[]).status.code(), Some(0));
    place.write("fngate.toml", "[signature]\nrequired = true\n");
    let asked = service.asked().len();
    let denied = checked(&place, &[]);
    assert_eq!(denied.status.code(), Some(1), "{}", out(&denied));
    assert!(!place.has("fn.zip.vsa.sigstore.json") && err(&denied).contains("taken away"), "{}", err(&denied));
    assert_eq!(service.asked().len(), asked, "nothing was signed");
    assert_eq!(relied(&place, &[]).0, Some(1));
    let attested = place.signed(&[&["attest", "fn.zip", "--vsa"][..], &DB].concat());
    assert_eq!((attested.status.code(), place.has("fn.zip.vsa.sigstore.json")), (Some(1), false));
    place.write("fn.zip.vsa.sigstore.json", "an earlier one");
    let again = place.signed(&[&["attest", "fn.zip", "--vsa", "--overwrite"][..], &DB].concat());
    assert_eq!((again.status.code(), place.has("fn.zip.vsa.sigstore.json")), (Some(1), false), "{}", err(&again));
    place.write("fngate.toml", "");
    assert_eq!(place.signed(&[&["attest", "fn.zip", "--vsa"][..], &DB].concat()).status.code(), Some(0));
    assert_eq!(relied(&place, &["--policy-config", "fngate.toml"]).0, Some(0));
}

#[test]
fn a_pass_that_rests_on_a_baseline_is_not_signed() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    assert_eq!(checked(&place, &[]).status.code(), Some(0));
    assert!(place.has("fn.zip.vsa.sigstore.json"));
    place.write(
        "own.rego",
        "package fngate.own\nfindings contains {\"rule\": \"own\", \"level\": \"deny\", \"subject\": \"fn.zip\", \"message\": \"no\"}",
    );
    let first = place.run(&[&["check", "fn.zip", "--policy", "own.rego", "--report", "json=old.json"][..], &DB].concat());
    assert_eq!(first.status.code(), Some(1), "{}{}", out(&first), err(&first));
    place.write("fngate.toml", "[baseline]\nuntil = 2999-01-01\n");
    let known = ["--policy", "own.rego", "--baseline", "old.json"];
    let passes = place.run(&[&["check", "fn.zip"][..], &DB, &known].concat());
    assert_eq!(passes.status.code(), Some(0), "{}{}", out(&passes), err(&passes));
    let output = checked(&place, &known);
    assert!(output.status.code() == Some(2) && err(&output).contains("baseline"), "{}", err(&output));
    assert!(!place.has("fn.zip.vsa.sigstore.json"), "nor does an earlier one stay");
    place.write("fngate.toml", "[policy]\npaths = [\"own.rego\"]\n[baseline]\nfile = \"old.json\"\nuntil = 2999-01-01\n");
    let output = place.signed(&[&["attest", "fn.zip", "--vsa"][..], &DB].concat());
    assert!(output.status.code() == Some(2) && err(&output).contains("baseline"), "{}", err(&output));
    assert!(!place.has("fn.zip.vsa.sigstore.json"));
}

#[test]
fn a_verdict_that_cannot_be_signed_is_not_green() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    let nobody = place.run(&[&["check", "fn.zip", "--attest"][..], &DB, &SERVICES].concat());
    assert_eq!(nobody.status.code(), Some(2), "no token, and nothing is judged in vain");
    service.turn(|signing| signing.log = super::fake::By::Stranger);
    let output = checked(&place, &["--format", "json", "--output", "report.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("cannot sign the verdict") && err(&output).contains("checkpoint-invalid"), "{}", err(&output));
    let report: Value = serde_json::from_str(&place.read("report.json")).unwrap();
    assert_eq!(report["outcome"], "pass", "the verdict itself stands");
    assert!(!place.has("fn.zip.vsa.sigstore.json"));
}

#[test]
fn a_summary_rests_on_the_bundles_that_stood() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    let inputs = || {
        let checked = checked(&place, &[]);
        assert_eq!(checked.status.code(), Some(0), "{}{}", out(&checked), err(&checked));
        let bundle: Value = serde_json::from_str(&place.read("fn.zip.vsa.sigstore.json")).unwrap();
        let statement = STANDARD.decode(bundle["dsseEnvelope"]["payload"].as_str().unwrap()).unwrap();
        let statement: Value = serde_json::from_slice(&statement).unwrap();
        let inputs = statement["predicate"]["inputAttestations"].as_array().cloned().unwrap_or_default();
        inputs.iter().map(|input| input["digest"]["sha256"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let digest = |name: &str| super::fake::hex(&sha256(place.read(name).as_bytes()));
    assert!(inputs().is_empty(), "nobody has signed");
    // Ours, one of other bytes, one by a stranger, and two in a file of which one stands.
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0));
    place.write("fn.zip.other.sigstore.json", service.fake.signed(b"other", &super::Signing::default()).to_string());
    let stranger = super::Signing { subjects: vec![super::fake::San::Uri("https://github.com/evil/x")], ..super::Signing::default() };
    let function = std::fs::read(place.path().join("fn.zip")).unwrap();
    let by_stranger = service.fake.signed(&function, &stranger).to_string();
    place.write("fn.zip.stranger.sigstore.json", &by_stranger);
    let line = serde_json::from_str::<Value>(&place.read("fn.zip.sigstore.json")).unwrap().to_string();
    place.write("fn.zip.lines.sigstore.json", format!("{by_stranger}\n{line}\n"));
    assert!(inputs().is_empty(), "nobody is named");
    place.write(
        "fngate.toml",
        format!("[signature]\ntrusted_root = \"root.json\"\n[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n"),
    );
    let mut expected = vec![digest("fn.zip.sigstore.json"), digest("fn.zip.lines.sigstore.json")];
    let mut found = inputs();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_signed_bill_is_evidence() {
    let service = Service::new();
    let place = service.place();
    // A bundle that nothing inside attributes: the signed bill says what may be in it.
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("index.js", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(include_bytes!("../../../testdata/bundles/esbuild-min/index.js")).unwrap();
    place.write("fn.zip", zip.finish().unwrap().into_inner());
    advisories(&place);
    place.write("bom.json", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"tally","version":"1.4.0","purl":"pkg:npm/tally@1.4.0"}]}"#);
    let check =
        |more: &[&str]| place.run(&[&["check", "fn.zip"][..], &DB, &["--trusted-root", "root.json", "--format", "json"], more].concat());
    let state = |output: &std::process::Output| -> Value {
        serde_json::from_str::<Value>(&out(output)).unwrap()["artifacts"][0]["inventory"].clone()
    };
    assert_eq!(state(&check(&[]))["state"], "incomplete");
    let output = place.signed(&["attest", "fn.zip", "--sbom", "bom.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0), "who lists the contents has not signed them");
    let bundle = ["--bundle", "fn.zip.sbom.sigstore.json"];
    let expected = [&bundle[..], &["--identity", SUBJECT, "--issuer", ISSUER]].concat();
    let bounded = state(&check(&expected));
    assert_eq!(bounded["state"], "bounded", "{bounded}");
    assert!(bounded["bounded_by"][0]["name"].as_str().unwrap().contains(SUBJECT));
    assert_eq!(state(&check(&bundle))["state"], "incomplete", "nobody is trusted, so nothing is believed");
    let stranger = [&bundle[..], &["--identity", "https://github.com/evil/x", "--issuer", ISSUER]].concat();
    assert_eq!(state(&check(&stranger))["state"], "incomplete");
}

#[test]
fn what_a_summary_could_not_stand_for_is_not_attested() {
    let service = Service::new();
    let place = service.place();
    clean(&place);
    std::fs::copy(place.path().join("fn.zip"), place.path().join("layer.zip")).unwrap();
    for more in [&["--layer", "layer.zip"][..], &["--today", "2020-01-01"]] {
        assert_eq!(checked(&place, more).status.code(), Some(2), "{more:?}");
    }
    let unused = place.run(&[&["check", "fn.zip"][..], &DB, &["--resource-uri", "s3://x"]].concat());
    assert!(unused.status.code() == Some(2) && err(&unused).contains("--attest"), "{}", err(&unused));
    assert_eq!(service.asked().len(), 0);
}

#[test]
fn where_two_must_sign_two_must_have_signed_the_bill() {
    let service = Service::new();
    let place = service.place();
    use std::io::Write as _;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("index.js", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(include_bytes!("../../../testdata/bundles/esbuild-min/index.js")).unwrap();
    place.write("fn.zip", zip.finish().unwrap().into_inner());
    advisories(&place);
    place.write("bom.json", r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library","name":"tally","version":"1.4.0","purl":"pkg:npm/tally@1.4.0"}]}"#);
    let password = [("FNGATE_KEY_PASSWORD", "correct horse")];
    assert!(place.with(&["key", "generate", "--output", "own"], &password).status.success());
    let by_key = |arguments: &[&str]| place.with(&[arguments, &SERVICES, &["--key", "own.key"]].concat(), &password).status.code();
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0));
    assert_eq!(by_key(&["sign", "fn.zip", "--output", "fn.zip.own.sigstore.json"]), Some(0));
    assert_eq!(by_key(&["attest", "fn.zip", "--sbom", "bom.json", "--output", "fn.zip.a.sigstore.json"]), Some(0));
    let config = format!(
        "[signature]\nsigners = 2\ntrusted_root = \"root.json\"\n[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n[[signature.key]]\npath = \"own.pub\"\n"
    );
    place.write("fngate.toml", config);
    let state = || {
        let output = place.run(&[&["check", "fn.zip", "--format", "json"][..], &DB].concat());
        let artifact = serde_json::from_str::<Value>(&out(&output)).unwrap()["artifacts"][0].clone();
        assert_eq!(artifact["provenance"]["state"], "verified", "{artifact}");
        artifact["inventory"]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "incomplete", "one of two has signed the bill");
    assert_eq!(place.signed(&["attest", "fn.zip", "--sbom", "bom.json", "--output", "fn.zip.b.sigstore.json"]).status.code(), Some(0));
    assert_eq!(state(), "bounded", "both have");
}
