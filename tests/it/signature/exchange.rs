//! What the services may answer while something is signed: so much, in so long, and from nowhere else.

use std::time::{Duration, Instant};

use fngate::signature::Patience;
use fngate::signature::sign::{self, Prompt, Services, Signatory, Subject, Token};
use serde_json::{Value, json};

use super::service::{SERVICES, Service, err, token};
use super::*;

/// More than is ever read of an answer, with what lies in buffers between.
const MUCH: u64 = 24 << 20;

#[test]
fn an_answer_without_end_is_read_to_the_bound_and_no_further() {
    let service = Service::new();
    let place = service.place();
    for (path, expected) in [
        ("/api/v2/signingCert", "issued no certificate (its answer is larger than 4 MiB)"),
        ("/api/v2/log/entries", "took no entry (its answer is larger than 4 MiB)"),
        ("/api/v1/timestamp", "gave no timestamp (its answer is larger than 4 MiB)"),
    ] {
        service.flood.turn_on(path, 201, false);
        let began = Instant::now();
        let output = place.signed(&["sign", "fn.zip"]);
        assert_eq!(output.status.code(), Some(2), "{path}");
        assert!(err(&output).contains(expected) && err(&output).contains(&service.url), "{path}: {}", err(&output));
        assert!(err(&output).contains("hint: no bundle was written for it; try again"), "{path}: {}", err(&output));
        assert!(began.elapsed() < Duration::from_secs(20), "{path}: {:?}", began.elapsed());
        let taken = service.flood.taken();
        assert!(taken > 1 << 20 && taken < MUCH, "{path}: {taken} bytes were taken");
        assert!(!place.has("fn.zip.sigstore.json"), "{path}");
        // One that says no is read no further than its first words.
        service.flood.turn_on(path, 500, false);
        let refused = place.signed(&["sign", "fn.zip"]);
        assert!(err(&refused).contains("it answers 500"), "{path}: {}", err(&refused));
        assert!(service.flood.taken() < MUCH, "{path}: {} bytes were taken", service.flood.taken());
    }
    service.flood.turn_on("", 201, false);
    assert_eq!(place.signed(&["sign", "fn.zip"]).status.code(), Some(0), "the control");
}

#[test]
fn the_jobs_own_service_is_bounded_too() {
    let service = Service::new();
    let place = service.place();
    let arguments = [&["sign", "fn.zip"][..], &SERVICES].concat();
    let address = format!("{}/job/token?api-version=2.0", service.url);
    let job =
        [("GITHUB_ACTIONS", "true"), ("ACTIONS_ID_TOKEN_REQUEST_URL", address.as_str()), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "bearer")];
    let signed = place.with(&arguments, &job);
    assert_eq!(signed.status.code(), Some(0), "{}", err(&signed));
    assert_eq!(service.asked()[0], "/job/token?api-version=2.0&audience=sigstore");
    service.flood.turn_on("/job/token", 200, false);
    let again = [&arguments[..], &["--overwrite"]].concat();
    let flooded = place.with(&again, &job);
    assert_eq!(flooded.status.code(), Some(2));
    assert!(err(&flooded).contains("its answer is larger than 4 MiB"), "{}", err(&flooded));
    assert!(service.flood.taken() < MUCH, "{} bytes were taken", service.flood.taken());
    let forbidden = place.with(&again, &job[..1]);
    assert!(err(&forbidden).contains("id-token: write"), "{}", err(&forbidden));
    let elsewhere = place.with(&again, &[job[0], ("ACTIONS_ID_TOKEN_REQUEST_URL", "nowhere"), job[2]]);
    assert!(err(&elsewhere).contains("ACTIONS_ID_TOKEN_REQUEST_URL is no address"), "{}", err(&elsewhere));
}

#[test]
fn an_answer_that_trickles_ends_with_the_patience() {
    let service = Service::new();
    let config = service.signing_config().to_string();
    let token = Token::from_jwt(&token(&json!({}))).unwrap();
    let trust = trusted(&service.fake.trusted_root());
    let signed = |request: u64, whole: u64| {
        let patience = Patience { request: Duration::from_millis(request), whole: Duration::from_millis(whole) };
        let services = Services::from_json("fake", config.as_bytes()).unwrap().with_patience(patience);
        let began = Instant::now();
        let signed = sign::sign(&sha256(ARTIFACT), Subject::Artifact, Signatory::Token(&token), &services, &trust);
        assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
        signed.map(|_| ()).map_err(|error| error.to_string())
    };
    for path in ["/api/v2/signingCert", "/api/v2/log/entries", "/api/v1/timestamp"] {
        for status in [201, 500] {
            service.flood.turn_on(path, status, true);
            let fault = signed(1000, 60_000).unwrap_err();
            let expected = if status == 201 { "it takes longer than 1 seconds" } else { "it answers 500" };
            assert!(fault.contains(expected), "{path}: {fault}");
        }
        service.flood.turn_on(path, 201, true);
        let fault = signed(60_000, 1000).unwrap_err();
        assert_eq!(fault, "the signing services take longer than 1 seconds altogether", "{path}");
    }
    service.flood.turn_on("", 201, false);
    assert_eq!(signed(10_000, 10_000), Ok(()), "the control");
}

#[test]
fn a_login_waits_for_its_token_no_longer() {
    struct Hand;
    impl Prompt for Hand {
        fn visit(&self, _: &str, opened: bool) {
            assert!(!opened);
        }
        fn code(&self) -> std::io::Result<String> {
            Ok("any code".to_owned())
        }
    }
    let service = Service::new();
    let config = service.signing_config().to_string();
    let patience = Patience { request: Duration::from_secs(1), whole: Duration::from_secs(5) };
    let services = Services::from_json("fake", config.as_bytes()).unwrap().with_patience(patience);
    let login = || Token::interactive(&services, true, &Hand).unwrap_err().to_string();
    assert!(login().contains("400"), "{}", login());
    service.flood.turn_on("/auth/token", 200, true);
    let began = Instant::now();
    assert!(login().starts_with("cannot log in: "), "{}", login());
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    service.flood.turn_on("/auth/token", 200, false);
    let fault = login();
    assert!(fault.contains("exceeds 1 MiB"), "{fault}");
    assert!(service.flood.taken() < MUCH, "{} bytes were taken", service.flood.taken());
}

#[test]
fn a_service_that_points_elsewhere_is_not_followed() {
    let (service, other) = (Service::new(), Service::new());
    let place = service.place();
    for (path, name) in [("/api/v2/signingCert", "caUrls"), ("/api/v2/log/entries", "rekorTlogUrls"), ("/api/v1/timestamp", "tsaUrls")] {
        let mut config = service.signing_config();
        let at = |path: &str| Value::from(format!("{}/moved{path}", service.url));
        config[name][0]["url"] = if name == "tsaUrls" { at(path) } else { at("") };
        place.write("services.json", config.to_string());
        *service.moved.lock().unwrap() = Some(other.url.clone());
        let output = place.signed(&["sign", "fn.zip"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(err(&output).contains("it answers 307"), "{name}: {}", err(&output));
    }
    assert!(other.asked().is_empty(), "{:?}", other.asked());
}

#[test]
fn an_answer_that_is_none_is_told_apart() {
    let service = Service::new();
    let place = service.place();
    for (answer, expected) in [
        ("", "its answer is none"),
        ("[]", "holds no certificate"),
        (r#"{"signedCertificateEmbeddedSct": {"chain": {"certificates": []}}}"#, "holds no certificate"),
        (r#"{"signedCertificateEmbeddedSct": {"chain": {"certificates": ["x"]}}}"#, "no certificate that can be read"),
        (r#"{"a": 1, "a": 2}"#, "its answer is none"),
    ] {
        *service.canned.lock().unwrap() = Some(("/api/v2/signingCert", answer));
        let output = place.signed(&["sign", "fn.zip"]);
        assert!(err(&output).contains(expected), "{answer}: {}", err(&output));
    }
    for answer in ["", "{}", "[1]"] {
        *service.canned.lock().unwrap() = Some(("/api/v2/log/entries", answer));
        let output = place.signed(&["sign", "fn.zip"]);
        assert!(err(&output).contains("took no entry (its answer is no entry"), "{answer}: {}", err(&output));
    }
    *service.canned.lock().unwrap() = Some(("/api/v1/timestamp", "no timestamp"));
    let output = place.signed(&["sign", "fn.zip"]);
    assert!(err(&output).contains("timestamp-invalid"), "{}", err(&output));
    assert!(!place.has("fn.zip.sigstore.json"));
}

#[test]
fn a_log_of_the_first_version_takes_signatures_and_statements() {
    let service = Service::new();
    let place = service.place();
    let mut config = service.signing_config();
    config["rekorTlogUrls"][0]["majorApiVersion"] = json!(1);
    place.write("services.json", config.to_string());
    let signed = place.signed(&["sign", "fn.zip"]);
    assert_eq!(signed.status.code(), Some(0), "{}", err(&signed));
    assert!(service.asked().contains(&"/api/v1/log/entries".to_owned()), "{:?}", service.asked());
    assert_eq!(place.verified(&["fn.zip"]).status.code(), Some(0));
    place.write("scan.json", "{}");
    let attested = place.signed(&["attest", "fn.zip", "--predicate", "scan.json", "--type", "vuln", "--output", "scan.bundle"]);
    assert_eq!(attested.status.code(), Some(0), "{}", err(&attested));
    assert_eq!(place.verified(&["fn.zip", "--bundle", "scan.bundle", "--type", "vuln"]).status.code(), Some(0));
}
