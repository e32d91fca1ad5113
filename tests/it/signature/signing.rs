//! `fngate sign`, `attest` and `key`, against the fake instance on loopback.

use serde_json::{Value, json};

use super::fake::{By, SUBJECT, hex, sha256};
use super::service::{SERVICES, Service, err, out, token};
use super::*;

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let service = Service::new();
    let place = service.place();
    let output = place.signed(&["sign", "fn.zip"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains(SUBJECT) && out(&output).starts_with("fn.zip.sigstore.json\n"), "{}", out(&output));
    assert_eq!(service.asked(), ["/api/v2/signingCert", "/api/v2/log/entries", "/api/v1/timestamp"]);
    let bundle: Value = serde_json::from_str(&place.read("fn.zip.sigstore.json")).unwrap();
    assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
    assert_eq!(bundle["verificationMaterial"]["tlogEntries"][0]["logIndex"], "1");
    assert_eq!(place.verified(&["fn.zip"]).status.code(), Some(0));
    place.write("fn.zip", "changed");
    let refused = place.verified(&["fn.zip"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(out(&refused).contains("digest-mismatch"), "{}", out(&refused));
}

#[test]
fn a_bundle_that_is_there_stays_unless_told_otherwise() {
    let service = Service::new();
    let place = service.place();
    place.write("fn.zip.sigstore.json", "precious");
    let output = place.signed(&["sign", "fn.zip"]);
    assert_eq!((output.status.code(), service.asked().len()), (Some(2), 0), "{}", err(&output));
    assert_eq!(place.read("fn.zip.sigstore.json"), "precious");
    assert_eq!(place.signed(&["sign", "fn.zip", "--overwrite"]).status.code(), Some(0));
    assert_eq!(place.verified(&["fn.zip"]).status.code(), Some(0));
    let elsewhere = place.signed(&["sign", "fn.zip", "--output", "-"]);
    assert!(out(&elsewhere).starts_with('{'), "{}", out(&elsewhere));
}

#[test]
fn what_comes_in_between_stays_too() {
    let service = Service::new();
    let place = service.place();
    let bundle = place.path().join("fn.zip.sigstore.json");
    *service.besides.lock().unwrap() = Some(Box::new(move |path| {
        if path == "/api/v1/timestamp" {
            std::fs::write(&bundle, "precious").unwrap();
        }
    }));
    let output = place.signed(&["sign", "fn.zip"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("there is a file already") && err(&output).contains("--overwrite"), "{}", err(&output));
    assert_eq!(place.read("fn.zip.sigstore.json"), "precious");
    assert_eq!(place.signed(&["sign", "fn.zip", "--overwrite"]).status.code(), Some(0));
    assert_eq!(place.verified(&["fn.zip"]).status.code(), Some(0));
    let left =
        std::fs::read_dir(place.path()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().as_encoded_bytes().starts_with(b"."));
    assert_eq!(left.count(), 0, "no half of a file is left");
}

#[cfg(unix)]
#[test]
fn a_bundle_is_for_whom_the_umask_lets() {
    use std::os::unix::fs::PermissionsExt as _;
    let service = Service::new();
    let place = service.place();
    for (mask, expected) in [("022", 0o644), ("077", 0o600), ("002", 0o664)] {
        let signed = place.command(&["sign", "fn.zip", "--overwrite", "--identity-token", "token"]);
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("umask {mask}; exec \"$0\" \"$@\"")]).arg(signed.get_program()).args(signed.get_args());
        let output = shell.args(SERVICES).current_dir(place.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let mode = std::fs::metadata(place.path().join("fn.zip.sigstore.json")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{mask}: {mode:o}");
    }
}

#[test]
fn of_several_artifacts_those_before_the_failure_are_signed() {
    let service = Service::new();
    let place = service.place();
    let long = "n".repeat(250);
    for name in [long.as_str(), "last.zip"] {
        place.write(name, OTHER);
    }
    // A name that leaves no room for the bundle's ending.
    let output = place.signed(&["sign", "fn.zip", &long, "last.zip"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(out(&output).starts_with("fn.zip.sigstore.json\n") && err(&output).contains("cannot write: nnn"), "{}", err(&output));
    assert!(!err(&output).contains("nothing was written"), "{}", err(&output));
    assert_eq!((place.verified(&["fn.zip"]).status.code(), place.has("last.zip.sigstore.json")), (Some(0), false));
    assert!(out(&place.run(&["sign", "--help"])).contains("what was signed before it stays"));
    let one_place = place.signed(&["sign", "fn.zip", "last.zip", "--output", "x"]);
    assert!(err(&one_place).contains("the place of one bundle, and there are 2 artifacts"), "{}", err(&one_place));
}

#[test]
fn a_workload_is_certified_by_the_subject_of_its_token() {
    let service = Service::new();
    let place = service.place();
    let with = |subject: &'static str| {
        service.turn(|signing| *signing = Signing { claims: vec![(24, subject)], ..Signing::default() });
        place.signed(&["sign", "fn.zip", "--overwrite"])
    };
    assert_eq!(with("repo:acme/hello:ref:refs/tags/v1.0.0").status.code(), Some(0));
    let stranger = with("repo:evil/hello:ref:refs/tags/v1.0.0");
    assert_eq!(stranger.status.code(), Some(2));
    assert!(err(&stranger).contains("certified `repo:evil/hello:ref:refs/tags/v1.0.0` and not `repo:acme/hello"), "{}", err(&stranger));
    // A person is certified by their address; what their issuer calls them is its own.
    place.write("token", token(&json!({"email": "ann@acme.example", "sub": "CgVhbm4"})));
    assert_eq!(with("repo:acme/hello").status.code(), Some(0));
}

#[test]
fn a_digest_can_be_signed() {
    let service = Service::new();
    let place = service.place();
    let digest = format!("sha256:{}", hex(&sha256(ARTIFACT)));
    assert_eq!(place.signed(&["sign", &digest]).status.code(), Some(2), "nothing says where");
    assert_eq!(place.signed(&["sign", &digest, "--output", "x.sigstore.json"]).status.code(), Some(0));
    assert_eq!(place.verified(&["fn.zip", "--bundle", "x.sigstore.json"]).status.code(), Some(0));
    assert_eq!(place.verified(&[&digest, "--bundle", "x.sigstore.json"]).status.code(), Some(0));
    for bad in ["sha256:00", "sha256:zz", &format!("sha256:{}", "é".repeat(32))] {
        assert_eq!(place.verified(&[bad, "--bundle", "x.sigstore.json"]).status.code(), Some(2), "{bad}");
    }
}

#[test]
fn a_token_that_is_not_worth_sending_is_not_sent() {
    let service = Service::new();
    let place = service.place();
    for (claims, expected) in [
        (json!({"exp": 1}), "expired at 1970-01-01T00:00:01Z"),
        (json!({"aud": "other"}), "audience"),
        (json!({"aud": ["a", "b"]}), "audience"),
    ] {
        place.write("token", token(&claims));
        let output = place.signed(&["sign", "fn.zip"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(expected) && err(&output).contains("hint: "), "{}", err(&output));
    }
    place.write("token", "no token");
    assert!(err(&place.signed(&["sign", "fn.zip"])).contains("cannot read the identity token"));
    let nobody = place.run(&[&["sign", "fn.zip"][..], &SERVICES].concat());
    assert!(err(&nobody).contains("id-token: write"), "{}", err(&nobody));
    assert_eq!((service.asked().len(), place.has("fn.zip.sigstore.json")), (0, false));
    place.write("token", token(&json!({"refused": true})));
    let refused = place.signed(&["sign", "fn.zip"]);
    place.write("token", token(&json!({"echo": true})));
    let echoed = err(&place.signed(&["sign", "fn.zip"]));
    assert!(echoed.contains("<the token>"), "an answer that holds the token is repeated without it: {echoed}");
    let long = token(&json!({"echo": true, "pad": "x".repeat(9000)}));
    place.write("token", &long);
    let echoed = err(&place.signed(&["sign", "fn.zip"]));
    assert!(echoed.contains("<the token>") && !echoed.contains(&long[..20]), "nor a part of it, where the answer is cut: {echoed}");
    assert!(err(&refused).contains("hint: the authority does not say what it dislikes"), "{}", err(&refused));
    assert!(err(&refused).contains("issued no certificate") && err(&refused).contains(&service.url), "{}", err(&refused));
}

#[test]
fn the_environment_offers_a_token() {
    let service = Service::new();
    let place = service.place();
    let arguments = [&["sign", "fn.zip"][..], &SERVICES].concat();
    let output = place.with(&arguments, &[("SIGSTORE_ID_TOKEN", &token(&json!({})))]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(place.verified(&["fn.zip"]).status.code(), Some(0));
}

#[test]
fn what_does_not_verify_is_not_written() {
    type Spoil = fn(&mut Signing);
    let spoiled: [(&str, Spoil); 6] = [
        ("checkpoint-invalid", |signing| signing.log = By::Stranger),
        ("timestamp-invalid", |signing| signing.timestamp = By::Stranger),
        ("certificate-untrusted", |signing| signing.authority = By::Stranger),
        ("sct-invalid", |signing| signing.transparency = By::Stranger),
        ("sct-invalid", |signing| signing.transparency = By::Nobody),
        ("checkpoint-signer", |signing| signing.origin = "other.example"),
    ];
    let service = Service::new();
    let place = service.place();
    for (expected, spoil) in spoiled {
        service.turn(|signing| {
            *signing = Signing::default();
            spoil(signing);
        });
        let output = place.signed(&["sign", "fn.zip"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(err(&output).contains(expected), "{expected}: {}", err(&output));
        assert!(!place.has("fn.zip.sigstore.json"), "{expected}");
    }
    service.turn(|signing| {
        *signing = Signing { issuer: Some("https://other.example"), issuer_raw: Some("https://other.example"), ..Signing::default() };
    });
    let stranger = place.signed(&["sign", "fn.zip"]);
    assert!(err(&stranger).contains("certified `https://other.example` and not"), "{}", err(&stranger));
    service.turn(|signing| *signing = Signing::default());
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0), "the control");
}

#[test]
fn a_person_signs_by_their_address() {
    let service = Service::new();
    let place = service.place();
    place.write("token", token(&json!({"email": "ann@acme.example", "email_verified": true, "iss": "https://oauth2.example/auth"})));
    let output = place.signed(&["sign", "fn.zip"]);
    assert!(out(&output).contains("ann@acme.example by "), "{}{}", out(&output), err(&output));
    let by = |who: &str| {
        place.run(&["verify", "fn.zip", "--trusted-root", "root.json", "--identity", who, "--issuer", fake::ISSUER]).status.code()
    };
    assert_eq!((by("ann@acme.example"), by("bob@acme.example")), (Some(0), Some(1)));
}

#[test]
fn a_key_is_made_kept_and_signs() {
    let service = Service::new();
    let place = service.place();
    let password = [("FNGATE_KEY_PASSWORD", "correct horse")];
    let made = place.with(&["key", "generate", "--output", "release"], &password);
    assert_eq!(made.status.code(), Some(0), "{}", err(&made));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(place.path().join("release.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(place.with(&["key", "generate", "--output", "release"], &password).status.code(), Some(2), "it is there");
    assert_eq!(out(&place.with(&["key", "public", "release.key"], &password)), place.read("release.pub"));
    let empty = place.with(&["key", "generate", "--output", "empty"], &[("FNGATE_KEY_PASSWORD", "")]);
    assert!(empty.status.code() == Some(2) && !place.has("empty.key"), "{}", err(&empty));
    let arguments = [&["sign", "fn.zip", "--key", "release.key"][..], &SERVICES].concat();
    assert!(err(&place.run(&arguments)).contains("FNGATE_KEY_PASSWORD"));
    let wrong = place.with(&arguments, &[("FNGATE_KEY_PASSWORD", "wrong horse")]);
    assert!(err(&wrong).contains("the password is wrong") && !err(&wrong).contains("wrong horse"), "{}", err(&wrong));
    let output = place.with(&arguments, &[("FNGATE_KEY_PASSWORD", ""), ("COSIGN_PASSWORD", "correct horse")]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(service.asked(), ["/api/v2/log/entries", "/api/v1/timestamp"], "a key needs no certificate");
    let by = |key: &str| place.run(&["verify", "fn.zip", "--trusted-root", "root.json", "--key", key]).status.code();
    place.write("other.pub", FAKE.key_pem());
    assert_eq!((by("release.pub"), by("other.pub")), (Some(0), Some(1)));
    place.write("password", "correct horse\n");
    let from_file = [&arguments[..], &["--overwrite", "--password-file", "password"]].concat();
    assert_eq!(place.run(&from_file).status.code(), Some(0));
}

#[test]
fn a_predicate_is_attested() {
    let service = Service::new();
    let place = service.place();
    place.write("scan.json", r#"{"scanner": {"uri": "https://scan.example"}}"#);
    let output = place.signed(&["attest", "fn.zip", "--predicate", "scan.json", "--type", "vuln"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let verified = place.verified(&["fn.zip", "--bundle", "fn.zip.attestation.sigstore.json", "--type", "vuln", "--format", "json"]);
    let document: Value = serde_json::from_str(&out(&verified)).unwrap();
    assert_eq!(document["statements"][0]["predicate"]["scanner"]["uri"], "https://scan.example");
    let other = place.verified(&["fn.zip", "--bundle", "fn.zip.attestation.sigstore.json", "--type", "slsaprovenance"]);
    assert!(out(&other).contains("predicate-missing"), "{}", out(&other));
    assert_eq!(place.signed(&["attest", "fn.zip"]).status.code(), Some(2), "nothing to attest");
    place.write("list.json", "[]");
    assert_eq!(place.signed(&["attest", "fn.zip", "--predicate", "list.json", "--type", "vuln"]).status.code(), Some(2));
}

#[test]
fn the_provenance_of_a_job_is_attested_and_required() {
    let service = Service::new();
    let place = service.place();
    let job = |commit: &'static str| {
        [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/hello"),
            ("GITHUB_WORKFLOW_REF", "acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0"),
            ("GITHUB_REF", "refs/tags/v1.0.0"),
            ("GITHUB_SHA", commit),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("RUNNER_ENVIRONMENT", "github-hosted"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REPOSITORY_ID", "42424242"),
            ("GITHUB_REPOSITORY_OWNER_ID", "43"),
        ]
    };
    let arguments = [&["attest", "fn.zip", "--provenance"][..], &SERVICES, &["--identity-token", "token"]].concat();
    let lie = place.with(&arguments, &job("0000000000000000000000000000000000000000"));
    assert!(err(&lie).contains("provenance-contradicted"), "the certificate says another commit: {}", err(&lie));
    let output = place.with(&arguments, &job("5f3c1f2a0f7c4f1b8f1d2e3c4b5a69788796a5b4"));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let required = |more: &[&str]| {
        let bundle = ["fn.zip", "--bundle", "fn.zip.provenance.sigstore.json", "--type", "slsaprovenance"];
        let output = place.verified(&[&bundle[..], more].concat());
        (output.status.code(), out(&output))
    };
    assert_eq!(required(&[]).0, Some(0));
    assert_eq!(
        required(&["--source", "https://github.com/acme/hello", "--builder-id", "https://github.com/actions/runner/github-hosted"]).0,
        Some(0)
    );
    for (option, value, expected) in [
        ("--source", "https://github.com/acme/other", "source-mismatch"),
        ("--builder-id", "https://github.com/actions/runner/self-hosted", "builder-mismatch"),
        ("--build-type", "https://other.example", "build-type-mismatch"),
    ] {
        let (exit, text) = required(&[option, value]);
        assert!(exit == Some(1) && text.contains(expected), "{text}");
    }
    assert_eq!(place.signed(&["attest", "fn.zip", "--provenance", "--output", "x"]).status.code(), Some(2), "no job, no provenance");
}
