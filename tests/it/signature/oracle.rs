//! Other people's judgement, when the environment names it: the sigstore-conformance suite's assets, and sigstore-python.

use std::path::{Path, PathBuf};
use std::process::Command;

use fngate::signature::{self, Digests, Identity, Key, Profile, REASONS, Requirement, TrustedRoot};
use jiff::Timestamp;
use serde_json::json;

use super::fake::{ISSUER, SUBJECT, Signing, hex, sha256};
use super::{ARTIFACT, FAKE, OTHER, code, statement, subject, with_identity};

#[test]
fn reasons_are_unique_and_spelled_as_documented() {
    let mut codes = REASONS.iter().map(|reason| reason.code).collect::<Vec<_>>();
    assert!(codes.iter().all(|code| code.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')), "{codes:?}");
    assert!(REASONS.iter().all(|reason| !reason.title.is_empty() && reason.page.ends_with('.')));
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), REASONS.len());
    assert_eq!(signature::reason("issuer-mismatch").map(|reason| reason.code), Some("issuer-mismatch"));
    assert_eq!(signature::reason("no-such-reason"), None);
}

/// `FNGATE_SIGSTORE_CONFORMANCE`: a checkout of sigstore/sigstore-conformance.
#[test]
fn the_conformance_suite_agrees() {
    let Some(checkout) = std::env::var_os("FNGATE_SIGSTORE_CONFORMANCE") else { return };
    let assets = PathBuf::from(checkout).join("test/assets/bundle-verify");
    let (mut seen, mut wrong) = (0, Vec::new());
    for case in std::fs::read_dir(&assets).unwrap().map(|case| case.unwrap().path()).filter(|path| path.is_dir()) {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let (verdict, strictly) = (conformance(&assets, &case, Profile::Compatible), conformance(&assets, &case, Profile::Strict));
        seen += 1;
        eprintln!("{name}: {verdict}, strictly {strictly}");
        // The strict profile refuses old formats and a provenance of another build, and otherwise exactly the same bundles.
        let differs =
            !["media-type", "provenance-contradicted"].contains(&strictly.as_str()) && (strictly == "verified") != (verdict == "verified");
        if (verdict == "verified") == name.ends_with("_fail") || differs {
            wrong.push(format!("{name}: {verdict}, strictly {strictly}"));
        }
    }
    assert!(seen >= 70 && wrong.is_empty(), "{seen} cases, wrong: {wrong:#?}");
}

fn conformance(assets: &Path, case: &Path, profile: Profile) -> String {
    let text = |name: &str| std::fs::read_to_string(case.join(name)).ok().map(|text| text.trim().to_owned());
    let artifact = std::fs::read(case.join("artifact")).or_else(|_| std::fs::read(assets.join("a.txt"))).unwrap();
    let trust = match case.join("trusted_root.json") {
        path if path.exists() => TrustedRoot::from_file(&path),
        _ => TrustedRoot::public_good(),
    };
    let Ok(trust) = trust else { return "trusted-root".to_owned() };
    let requirement = match text("key.pub") {
        Some(pem) => match Key::from_pem(&pem) {
            Ok(key) => Requirement { keys: vec![key], ..Requirement::default() },
            Err(_) => return "key".to_owned(),
        },
        None => {
            let beacon = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
            let issuer = text("issuer").unwrap_or_else(|| "https://token.actions.githubusercontent.com".to_owned());
            with_identity(Identity::exact(&issuer, &text("identity").unwrap_or_else(|| beacon.to_owned())).unwrap())
        }
    };
    let bundles = [signature::read_bundle(&case.join("bundle.sigstore.json")).unwrap()];
    code(&signature::verify(&sha256(&artifact), &bundles, &trust, &Requirement { profile, ..requirement }, Timestamp::now()))
}

/// `FNGATE_SIGSTORE_SAMPLES`: the `test_data/bundles` of the `sigstore-verify` crate's sources, which are real bundles of public instances.
#[test]
fn real_bundles_are_judged_as_they_should() {
    let Some(samples) = std::env::var_os("FNGATE_SIGSTORE_SAMPLES").map(PathBuf::from) else { return };
    let judge = |name: &str, digests: &Digests, root: &str, subject: &str, profile: Profile| {
        let requirement = Requirement { profile, ..with_identity(Identity::exact(ISSUER, subject).unwrap()) };
        let bundles = [signature::read_bundle(&samples.join(name)).unwrap()];
        code(&signature::verify(digests, &bundles, &TrustedRoot::named(root).unwrap(), &requirement, Timestamp::now()))
    };
    let conda = Digests::from(&sha256(&std::fs::read(samples.join("signed-package-2.1.0-hb0f4dca_0.conda")).unwrap()));
    let action = "https://github.com/prefix-dev/sigstore-example/.github/workflows/action.yaml@refs/heads/main";
    // The second one was signed by a person on staging: all of its evidence stands, and the issuer is another.
    for (name, root, other_root, expected) in [
        ("conda-attestation.sigstore.json", "public-good", "staging", "verified"),
        ("conda-attestation-rekor2.sigstore.json", "staging", "public-good", "issuer-mismatch"),
    ] {
        assert_eq!(judge(name, &conda, root, action, Profile::Strict), expected, "{name}");
        assert_ne!(judge(name, &conda, root, SUBJECT, Profile::Strict), "verified", "{name}");
        assert_eq!(judge(name, &conda, other_root, action, Profile::Strict), "unknown-log", "{name}");
        assert_eq!(judge(name, &Digests::from(&sha256(OTHER)), root, action, Profile::Strict), "subject-mismatch", "{name}");
    }
    // npm names its packages by SHA-512 alone, in bundles of format 0.1.
    let npm = Digests {
        sha256: sha256(OTHER),
        sha512: Some(unhex(
            "46d4e2f74c4877316640000a6fdf8a8b59f1e0847667973e9859f774dd31b8f1e0937813b777fb66a2ac67d50540fe34640966eee9fc2ccca387082b4c85cd3c",
        )),
    };
    let release = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";
    let name = "sigstore.js@2.0.0-provenance.sigstore.json";
    assert_eq!(judge(name, &npm, "public-good", release, Profile::Compatible), "verified");
    assert_eq!(judge(name, &npm, "public-good", release, Profile::Strict), "media-type");
    assert_eq!(judge(name, &Digests { sha512: None, ..npm }, "public-good", release, Profile::Compatible), "subject-digest-unsupported");
    // A release of a private GitHub repository: a timestamp instead of a log, and a certificate that names no issuer, so that
    // the instance stands for it.
    let github = Digests::from(&unhex("76f1fe8593bf227cca2c089e3c16dc95014a8d3e89c5dd220530469ca043c428"));
    let name = "github-private-attestation.sigstore.json";
    assert_eq!(judge(name, &github, "github", "https://dotcom.releases.github.com", Profile::Strict), "issuer-mismatch");
    assert_eq!(judge(name, &github, "public-good", "https://dotcom.releases.github.com", Profile::Strict), "log-entry-count");
    let nobody = Digests::from(&sha256(OTHER));
    assert_ne!(judge("othername.sigstore.json", &nobody, "public-good", SUBJECT, Profile::Compatible), "verified");
}

fn unhex<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
    std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
}

/// `FNGATE_SIGSTORE_PYTHON`: the `sigstore` command of sigstore-python. It must take what the fake signs, or the fake proves little.
#[test]
fn sigstore_python_takes_what_the_fake_signs() {
    let Some(command) = std::env::var_os("FNGATE_SIGSTORE_PYTHON") else { return };
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": FAKE.trusted_root(),
        "signingConfig": {"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [], "oidcUrls": [], "rekorTlogUrls": [], "tsaUrls": [],
            "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}},
    });
    let config = put("config.json", config.to_string().as_bytes());
    let (artifact, other) = (put("fn.zip", ARTIFACT), put("other.zip", OTHER));
    let subjects = subject(&format!(r#""sha256":"{}""#, hex(&sha256(ARTIFACT))));
    let signed = put("signed.json", FAKE.signed(ARTIFACT, &Signing::default()).to_string().as_bytes());
    let attested = put("attested.json", FAKE.attested(&statement(&subjects), &Signing::default()).to_string().as_bytes());
    let verify = |bundle: &Path, artifact: &Path| {
        let mut python = Command::new(&command);
        python.arg("--trust-config").arg(&config).args(["verify", "identity", "--offline", "--bundle"]).arg(bundle);
        python.args(["--cert-identity", SUBJECT, "--cert-oidc-issuer", ISSUER]).arg(artifact);
        let output = python.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for bundle in [&signed, &attested] {
        let (accepted, said) = verify(bundle, &artifact);
        assert!(accepted, "{said}");
        assert!(!verify(bundle, &other).0);
    }
}

/// `FNGATE_SIGSTORE_PYTHON` again: every kind of bundle that fngate writes is taken by sigstore-python too, and for other bytes refused.
#[test]
fn sigstore_python_takes_what_fngate_signs() {
    let Some(command) = std::env::var_os("FNGATE_SIGSTORE_PYTHON") else { return };
    let service = super::service::Service::new();
    let place = service.place();
    place.write("other.zip", OTHER);
    place.write("scan.json", r#"{"scanner": {}}"#);
    let config = json!({
        "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
        "trustedRoot": service.fake.trusted_root(),
        "signingConfig": service.signing_config(),
    });
    place.write("config.json", config.to_string());
    assert!(place.signed(&["sign", "fn.zip"]).status.success());
    assert!(place.signed(&["attest", "fn.zip", "--predicate", "scan.json", "--type", "vuln"]).status.success());
    for bundle in ["fn.zip.sigstore.json", "fn.zip.attestation.sigstore.json"] {
        let verify = |artifact: &str| {
            let mut python = Command::new(&command);
            python.current_dir(place.path()).args(["--trust-config", "config.json", "verify", "identity", "--offline", "--bundle", bundle]);
            let output = python.args(["--cert-identity", SUBJECT, "--cert-oidc-issuer", ISSUER, artifact]).output().unwrap();
            (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (accepted, said) = verify("fn.zip");
        assert!(accepted, "{bundle}: {said}");
        assert!(!verify("other.zip").0, "{bundle}");
    }
}

/// `FNGATE_GITHUB_RELEASE`: `pkg/cmd/attestation/test/data/github_release_bundle.json` of cli/cli, the attestation that GitHub made
/// of a release of bdehamer/delme.
#[test]
fn a_release_of_github_is_signed_by_github_itself() {
    let Some(path) = std::env::var_os("FNGATE_GITHUB_RELEASE").map(PathBuf::from) else { return };
    let bundles = [signature::read_bundle(&path).unwrap()];
    let artifact = unhex("e15b593c6ab8d7725a3cc82226ef816cac6bf9c70eed383bd459295cc65f5ec3");
    let (instance, releases) = ("https://fulcio.githubapp.com", "https://dotcom.releases.github.com");
    let judge = |artifact: &[u8; 32], root: &str, identity: Identity| {
        code(&signature::verify(artifact, &bundles, &TrustedRoot::named(root).unwrap(), &with_identity(identity), Timestamp::now()))
    };
    let bare = |issuer: &str, subject: &str| Identity::exact(issuer, subject).unwrap();
    let own = |name: &str, value: &str| bare(instance, releases).claim(name, value).unwrap();
    let uri = |of: &str| own("source_repository_uri", &format!("https://github.com/{of}"));
    assert_eq!(judge(&artifact, "github", uri("bdehamer/delme")), "verified");
    assert_eq!(judge(&artifact, "github", own("source_repository_identifier", "905988044")), "verified");
    assert_eq!(judge(&artifact, "github", own("source_repository_owner_identifier", "398027")), "verified");
    assert_eq!(judge(&artifact, "github", uri("bdehamer/delme").claim("source_repository_ref", "refs/tags/v6").unwrap()), "verified");
    assert_eq!(judge(&artifact, "github", uri("bdehamer/delme").claim("source_repository_ref", "refs/tags/v7").unwrap()), "claim-mismatch");
    // Anybody's release is signed by the same signer.
    assert_eq!(judge(&artifact, "github", uri("acme/hello")), "claim-mismatch");
    assert_eq!(judge(&artifact, "github", bare(instance, releases)), "repository-unnamed");
    assert_eq!(judge(&artifact, "github", own("source_repository_ref", "refs/tags/v6")), "repository-unnamed");
    assert_eq!(judge(&artifact, "github", bare(ISSUER, releases)), "issuer-mismatch");
    assert_eq!(judge(&artifact, "github", bare(instance, SUBJECT)), "identity-mismatch");
    assert_eq!(judge(&sha256(ARTIFACT), "github", uri("bdehamer/delme")), "subject-mismatch");
    assert_eq!(judge(&artifact, "public-good", uri("bdehamer/delme")), "log-entry-count");
}
