//! Who signed: issuers, subjects, claims, keys.

use fngate::model::ProvenanceState;
use fngate::signature::{self, Identity, Key, Requirement, RequirementError};

use super::fake::{By, ISSUER, SUBJECT, San, Signing, claim, malformed_claim, now, sha256, signed_at, spki};
use super::*;

#[test]
fn the_expected_signer_is_verified_and_named() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let provenance = verified(&[file(bundle.to_string())], &signer());
    assert_eq!(provenance.state, ProvenanceState::Verified, "{}", provenance.message);
    assert_eq!((provenance.reason.as_str(), provenance.message.as_str()), ("", ""));
    let [signer] = provenance.signers.as_slice() else { panic!("{:?}", provenance.signers) };
    assert_eq!((signer.issuer.as_str(), signer.subject.as_str()), (ISSUER, SUBJECT));
    assert_eq!(signer.time, signed_at().to_string());
    assert_eq!(signer.claims["source_repository_uri"], "https://github.com/acme/hello");
    assert_eq!(signer.claims["runner_environment"], "github-hosted");
    assert_eq!(signer.claims.len(), Signing::default().claims.len());
}

#[test]
fn nobody_expected_means_refused() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    assert_eq!(verdict(&bundle, &signer()), "verified");
    assert_eq!(verdict(&bundle, &Requirement::default()), "no-identity-expected");
    assert_eq!(code(&verified(&[file("not even json")], &Requirement::default())), "no-identity-expected");
    assert_eq!(code(&verified(&[], &Requirement::default())), "no-bundle");
    assert_eq!(verified(&[], &signer()).state, ProvenanceState::Unsigned);
}

#[test]
fn another_signer_is_refused() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let by = |issuer: &str, subject: &str| verdict(&bundle, &with_identity(Identity::exact(issuer, subject).unwrap()));
    assert_eq!(by(ISSUER, SUBJECT), "verified");
    assert_eq!(by(ISSUER, "https://github.com/evil/hello/.github/workflows/release.yml@refs/tags/v1.0.0"), "identity-mismatch");
    assert_eq!(by("https://gitlab.com", SUBJECT), "issuer-mismatch");
    assert_eq!(by(&format!("{ISSUER}/"), SUBJECT), "issuer-mismatch");
    assert_eq!(by(ISSUER, &format!("{SUBJECT}x")), "identity-mismatch");
    assert_eq!(by(ISSUER, SUBJECT.trim_end_matches('0')), "identity-mismatch");
    assert_eq!(by(ISSUER, &SUBJECT.replace("acme", "ACME")), "identity-mismatch");
    assert_eq!(by(ISSUER, "release@acme.example"), "identity-kind-mismatch");
}

#[test]
fn a_name_of_another_kind_is_another_name() {
    assert_eq!(turned(|signing| signing.subjects = vec![San::Uri(SUBJECT)]), "verified");
    assert_eq!(turned(|signing| signing.subjects = vec![San::Email(SUBJECT)]), "identity-kind-mismatch");
    let person = "release@acme.example";
    let wanted = with_identity(Identity::exact(ISSUER, person).unwrap());
    let by = |san: San| verdict(&FAKE.signed(ARTIFACT, &Signing { subjects: vec![san], ..Signing::default() }), &wanted);
    assert_eq!(by(San::Email("release@acme.example")), "verified");
    assert_eq!(by(San::Uri("release@acme.example")), "identity-kind-mismatch");
}

#[test]
fn a_certificate_names_exactly_one_subject() {
    assert_eq!(turned(|_| {}), "verified");
    assert_eq!(turned(|signing| signing.subjects.push(San::Uri("https://evil.example/x"))), "subject-name-count");
    assert_eq!(turned(|signing| signing.subjects.insert(0, San::Email("evil@evil.example"))), "subject-name-count");
    assert_eq!(turned(|signing| signing.subjects.push(San::Uri(SUBJECT))), "subject-name-count");
    assert_eq!(turned(|signing| signing.subjects.clear()), "subject-name-count");
    assert_eq!(turned(|signing| signing.subjects = vec![San::Dns("github.com")]), "subject-name-kind");
}

#[test]
fn the_issuer_is_unambiguous() {
    assert_eq!(turned(|_| {}), "verified");
    assert_eq!(turned(|signing| signing.issuer_raw = None), "verified");
    assert_eq!(turned(|signing| signing.issuer = None), "verified");
    assert_eq!(turned(|signing| (signing.issuer, signing.issuer_raw) = (None, None)), "issuer-missing");
    assert_eq!(turned(|signing| signing.issuer_raw = Some("https://evil.example")), "issuer-ambiguous");
    assert_eq!(turned(|signing| signing.issuer = Some("https://evil.example")), "issuer-ambiguous");
    assert_eq!(turned(|signing| (signing.issuer, signing.extensions) = (None, vec![malformed_claim(8)])), "certificate-malformed");
}

#[test]
fn extensions_occur_once_and_are_text() {
    assert_eq!(turned(|signing| signing.extensions = vec![claim(16, "https://github.com/acme")]), "verified");
    assert_eq!(turned(|signing| signing.extensions = vec![claim(12, "https://github.com/evil/x")]), "duplicate-extension");
    assert_eq!(turned(|signing| signing.extensions = vec![claim(8, ISSUER)]), "duplicate-extension");
    assert_eq!(turned(|signing| signing.extensions = vec![malformed_claim(16)]), "malformed-claim");
    assert_eq!(turned(|signing| signing.extensions = vec![malformed_claim(2)]), "malformed-claim");
}

#[test]
fn every_claim_can_be_required() {
    let numbers = (2..=6).chain(9..=24);
    for (number, name) in numbers.zip(signature::claim_names()) {
        let made = |value: &'static str| FAKE.signed(ARTIFACT, &Signing { claims: vec![(number, value)], ..Signing::default() });
        let wanted = with_identity(Identity::exact(ISSUER, SUBJECT).unwrap().claim(name, "right").unwrap());
        assert_eq!(verdict(&made("right"), &wanted), "verified", "{name}");
        assert_eq!(verdict(&made("wrong"), &wanted), "claim-mismatch", "{name}");
        assert_eq!(verdict(&made("right "), &wanted), "claim-mismatch", "{name}");
        let absent = FAKE.signed(ARTIFACT, &Signing { claims: Vec::new(), ..Signing::default() });
        assert_eq!(verdict(&absent, &wanted), "claim-mismatch", "{name}");
    }
    assert_eq!(signature::claim_names().count(), 21);
}

#[test]
fn a_runner_or_trigger_that_is_not_wanted_is_refused() {
    let identity = || Identity::exact(ISSUER, SUBJECT).unwrap();
    let wanted = with_identity(identity().claim("Runner-Environment", "github-hosted").unwrap().claim("build_trigger", "push").unwrap());
    let made = |runner, trigger| FAKE.signed(ARTIFACT, &Signing { claims: vec![(11, runner), (20, trigger)], ..Signing::default() });
    assert_eq!(verdict(&made("github-hosted", "push"), &wanted), "verified");
    assert_eq!(verdict(&made("self-hosted", "push"), &wanted), "claim-mismatch");
    assert_eq!(verdict(&made("ssh-rerun", "push"), &wanted), "claim-mismatch");
    assert_eq!(verdict(&made("github-hosted", "pull_request_target"), &wanted), "claim-mismatch");
    assert!(matches!(identity().claim("favourite-colour", "red"), Err(RequirementError::UnknownClaim(_))));
    assert!(matches!(identity().claim("build_trigger", ""), Err(RequirementError::EmptyClaim(_))));
}

#[test]
fn one_of_several_identities_suffices_whole() {
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    let other = Identity::exact("https://gitlab.com", "https://gitlab.com/acme/x").unwrap();
    let strict = Identity::exact(ISSUER, SUBJECT).unwrap().claim("build_trigger", "release").unwrap();
    let plain = Identity::exact(ISSUER, SUBJECT).unwrap();
    let of = |identities: &[&Identity]| {
        verdict(&bundle, &Requirement { identities: identities.iter().map(|one| (*one).clone()).collect(), ..Requirement::default() })
    };
    assert_eq!(of(&[&other, &plain]), "verified");
    assert_eq!(of(&[&strict, &plain]), "verified");
    assert_eq!(of(&[&plain, &strict]), "verified");
    assert_eq!(of(&[&other, &strict]), "claim-mismatch");
    // The issuer of one and the subject of another are nobody's.
    let crossed = Identity::exact("https://gitlab.com", SUBJECT).unwrap();
    let elsewhere = Identity::exact(ISSUER, "https://github.com/acme/other/.github/workflows/x.yml@refs/heads/main").unwrap();
    assert_eq!(of(&[&crossed, &elsewhere]), "identity-mismatch");
}

#[test]
fn an_identity_needs_both_halves() {
    assert!(Identity::exact(ISSUER, SUBJECT).is_ok() && Identity::pattern(ISSUER, r"https://github\.com/acme/.*").is_ok());
    assert!(matches!(Identity::exact("", SUBJECT), Err(RequirementError::NoIssuer(_))));
    assert!(matches!(Identity::exact(ISSUER, " "), Err(RequirementError::NoSubject(_))));
    assert!(matches!(Identity::pattern("", SUBJECT), Err(RequirementError::NoIssuer(_))));
    assert!(matches!(Identity::pattern(ISSUER, ""), Err(RequirementError::NoSubject(_))));
    assert!(matches!(Identity::exact(ISSUER, "acme/hello"), Err(RequirementError::SubjectKind(_))));
}

#[test]
fn patterns_match_from_end_to_end() {
    let by =
        |pattern: &str| verdict(&FAKE.signed(ARTIFACT, &Signing::default()), &with_identity(Identity::pattern(ISSUER, pattern).unwrap()));
    let workflow = r"https://github\.com/acme/hello/\.github/workflows/release\.yml@refs/tags";
    assert_eq!(by(&format!(r"{workflow}/v\d+\.\d+\.\d+")), "verified");
    assert_eq!(by(&format!(r"^{workflow}/v.*$")), "verified");
    assert_eq!(by(r"https://github\.com/acme/.*"), "verified");
    assert_eq!(by(&format!("{workflow}/v1")), "identity-mismatch");
    assert_eq!(by(r"https://github\.com/acme/hello"), "identity-mismatch");
    assert_eq!(by(r"https://github\.com/evil/.*"), "identity-mismatch");
    assert_eq!(by(r".*@github\.com"), "identity-kind-mismatch");
}

#[test]
fn patterns_that_accept_strangers_are_refused() {
    let broad = [
        "https://.*",
        "https://github.com/acme/.*",
        r"https://.*\.com/acme/.*",
        r"https://github\.com/.*",
        r"https://github\.com/acme.*",
        r"https://github\.com/acme/?.*",
        r"https://github\.com/acm?e/.*",
        r"https://github\.com/(acme|evil)/.*",
        r"https://github\.com/acme/.*|.*",
        r"https://github\.com/acme/x|https://evil\.example/x",
        r"https?://github\.com/acme/.*",
        r".*://github\.com/acme/.*",
        ".*@.*",
        r".*@acme\..*",
        r".*@acme.com",
        ".*@",
    ];
    for pattern in broad {
        assert!(matches!(Identity::pattern(ISSUER, pattern), Err(RequirementError::BroadPattern { .. })), "{pattern}");
    }
    for pattern in [".*", ".+", "^.*$", "", "acme"] {
        assert!(Identity::pattern(ISSUER, pattern).is_err(), "{pattern}");
    }
    for pattern in ["(", "x)*(?:.*", "x)|(?:.*", "(?x)#", "(?i)x", "(?P<a>x)"] {
        let whole = format!(r"https://github\.com/acme/{pattern}");
        assert!(Identity::pattern(ISSUER, &whole).is_err(), "{whole}");
    }
    assert!(matches!(Identity::pattern(ISSUER, r"https://github\.com/acme/(a{1000}){1000}"), Err(RequirementError::Pattern(_))));
    for pattern in [r".*@acme\.example", r"spiffe://acme\.example/ns/.*", r"https://gitlab\.acme\.example:8443/team/(a|b)//x@.*"] {
        assert!(Identity::pattern(ISSUER, pattern).is_ok(), "{pattern}");
    }
}

#[test]
fn a_key_signs_without_a_certificate() {
    let bundle = FAKE.signed(ARTIFACT, &Signing { with_key: true, ..Signing::default() });
    let provenance = verified(&[file(bundle.to_string())], &key());
    assert_eq!(provenance.state, ProvenanceState::Verified, "{}", provenance.message);
    let fingerprint = format!("sha256:{}", super::fake::hex(&sha256(&spki(&FAKE.key))));
    assert_eq!(provenance.signers[0].subject, fingerprint);
    assert_eq!(provenance.signers[0].time, signed_at().to_string());
    assert_eq!(verdict(&bundle, &signer()), "certificate-expected");
    assert_eq!(verdict(&FAKE.signed(ARTIFACT, &Signing::default()), &key()), "key-expected");
}

#[test]
fn another_key_is_refused_and_one_of_several_suffices() {
    let bundle = FAKE.signed(ARTIFACT, &Signing { with_key: true, ..Signing::default() });
    let other = || Key::from_pem(&super::Fake::new().key_pem()).unwrap();
    let of = |keys: Vec<Key>| verdict(&bundle, &Requirement { keys, ..Requirement::default() });
    assert_eq!(of(key().keys), "verified");
    assert_eq!(of(vec![other()]), "signature-invalid");
    assert_eq!(of(vec![other(), key().keys.remove(0)]), "verified");
    assert!(matches!(Key::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), Err(RequirementError::Key(_))));
    assert!(matches!(Key::from_pem(""), Err(RequirementError::Key(_))));
}

#[test]
fn a_key_is_held_against_its_window() {
    let second = jiff::SignedDuration::from_secs(1);
    let made = |timestamp| FAKE.signed(ARTIFACT, &Signing { with_key: true, timestamp, ..Signing::default() });
    let within = |from, until| {
        let key = Key::from_pem(&FAKE.key_pem()).unwrap().within(from, until).unwrap();
        Requirement { keys: vec![key], ..Requirement::default() }
    };
    let at = signed_at();
    assert_eq!(verdict(&made(By::Ours), &within(Some(at), Some(at))), "verified");
    assert_eq!(verdict(&made(By::Ours), &within(Some(at + second), None)), "key-outside-validity");
    assert_eq!(verdict(&made(By::Ours), &within(None, Some(at - second))), "key-outside-validity");
    assert_eq!(verdict(&made(By::Nobody), &within(Some(at), None)), "no-signing-time");
    assert_eq!(verdict(&made(By::Nobody), &compatible(within(Some(at), None))), "no-signing-time");
    assert_eq!(verdict(&made(By::Nobody), &key()), "no-signing-time");
    assert_eq!(verdict(&made(By::Nobody), &compatible(key())), "verified");
    assert!(matches!(Key::from_pem(&FAKE.key_pem()).unwrap().within(Some(at), Some(at - second)), Err(RequirementError::KeyWindow(_))));
    assert!(now() > at);
}

#[test]
fn a_github_workflow_is_bound_to_its_source() {
    let made = |subject, source| {
        FAKE.signed(ARTIFACT, &Signing { subjects: vec![San::Uri(subject)], claims: vec![(12, source)], ..Signing::default() })
    };
    let acme = "https://github.com/acme/hello";
    let any = || with_identity(Identity::github("acme/hello", "release.yml", None).unwrap());
    assert_eq!(verdict(&made(SUBJECT, acme), &any()), "verified");
    assert_eq!(verdict(&made("https://github.com/acme/hello/.github/workflows/release.yml@refs/heads/main", acme), &any()), "verified");
    // Another repository that calls this workflow signs under the workflow's name.
    assert_eq!(verdict(&made(SUBJECT, "https://github.com/evil/caller"), &any()), "claim-mismatch");
    for other in [
        "https://github.com/acme/hello/.github/workflows/release.yml@refs/pull/7/merge",
        "https://github.com/acme/hello/.github/workflows/releaseXyml@refs/heads/main",
        "https://github.com/acme/hello2/.github/workflows/release.yml@refs/heads/main",
    ] {
        assert_eq!(verdict(&made(other, acme), &any()), "identity-mismatch", "{other}");
    }
    assert!(Identity::github("my-org/a.b_c-d", "build-and_sign.v2.yaml", None).is_ok());
    for (repository, workflow, reference) in [
        ("acme", "release.yml", None),
        ("acme/hello/x", "release.yml", None),
        ("acme/", "release.yml", None),
        ("../hello", "release.yml", None),
        ("acme/.*", "release.yml", None),
        ("acme/hello", "sub/release.yml", None),
        ("acme/hello", "", None),
        ("acme/hello", "release.yml", Some("v1")),
        ("acme/hello", "release.yml", Some("")),
    ] {
        let identity = Identity::github(repository, workflow, reference);
        assert!(matches!(identity, Err(RequirementError::GitHub(_))), "{repository} {workflow} {reference:?}");
    }
}
