//! `fngate verify`: exit codes, both formats, and the explanation.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::fake::{ISSUER, SUBJECT, Signing, hex, sha256};
use super::*;

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("fn.zip", ARTIFACT);
        place.write("root.json", FAKE.trusted_root().to_string().as_bytes());
        place.write("key.pem", FAKE.key_pem().as_bytes());
        place
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn beside(self, bundle: &Value) -> Self {
        self.write("fn.zip.sigstore.json", bundle.to_string().as_bytes());
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        fngate(self.folder.path(), arguments)
    }

    fn by_identity(&self, more: &[&str]) -> Output {
        let arguments = ["verify", "fn.zip", "--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
        self.run(&[&arguments[..], more].concat())
    }
}

pub fn fngate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fngate"))
        .current_dir(folder)
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("FNGATE_TRUST_CACHE", folder.join("none"))
        .output()
        .unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn verified_is_zero_and_names_the_signer() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing { claims: vec![(14, "refs/tags/v1.0.0")], ..Signing::default() }));
    let output = place.by_identity(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    insta::assert_snapshot!(out(&output), @r"
    fn.zip: verified
      sha256     5da7421922e7fe9e14fa46a7ed14b3f22b62be497cbd8b24b965be4b9ae9999a
      signer     https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0
      issuer     https://token.actions.githubusercontent.com
      time       2025-03-01T12:00:00Z
        source_repository_ref = refs/tags/v1.0.0
    ");
}

#[test]
fn refused_is_one_and_says_what_was_expected() {
    let place = Place::new().beside(&FAKE.signed(OTHER, &Signing::default()));
    let output = place.by_identity(&[]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(out(&output), @r"
    fn.zip: refused: digest-mismatch
      sha256     5da7421922e7fe9e14fa46a7ed14b3f22b62be497cbd8b24b965be4b9ae9999a
      bundle     fn.zip.sigstore.json
        digest-mismatch: the signature is for other bytes than the artifact's
        expected sha256 5da7421922e7fe9e14fa46a7ed14b3f22b62be497cbd8b24b965be4b9ae9999a
        found    sha256 a3ead5eedad5df82318c51685dbc1c147a36d1ff8584fc82de6b08d0bf63a795
      more       fngate explain digest-mismatch
    ");
}

#[test]
fn unsigned_is_one() {
    let output = Place::new().by_identity(&[]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(out(&output), @r"
    fn.zip: unsigned: no signature bundle was given or found beside the artifact
      sha256     5da7421922e7fe9e14fa46a7ed14b3f22b62be497cbd8b24b965be4b9ae9999a
      more       fngate explain no-bundle
    ");
    assert_eq!(Place::new().run(&["verify", "fn.zip"]).status.code(), Some(1), "unsigned, and nobody expected");
}

#[test]
fn a_bundle_with_nobody_expected_is_one() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing::default()));
    let output = place.run(&["verify", "fn.zip", "--trusted-root", "root.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("fn.zip: refused: no-identity-expected"), "{}", out(&output));
}

#[test]
fn json_has_the_provenance_and_the_artifact() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing::default()));
    let output = place.by_identity(&["--format", "json", "--explain"]);
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["state"], "verified");
    assert_eq!(document["reason"], "");
    assert_eq!(document["artifact"]["name"], "fn.zip");
    assert_eq!(document["artifact"]["sha256"], hex(&sha256(ARTIFACT)));
    assert_eq!(document["signers"][0]["subject"], SUBJECT);
    assert_eq!(document["signers"][0]["claims"]["build_trigger"], "push");
    let steps = document["bundles"][0]["steps"].as_array().unwrap();
    assert!(steps.len() > 10 && steps.iter().all(|step| step["passed"] == true), "{steps:?}");
    let plain = place.by_identity(&["--format", "json"]);
    assert!(serde_json::from_slice::<Value>(&plain.stdout).unwrap().get("bundles").is_none());
}

#[test]
fn every_step_is_explained() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing { claims: Vec::new(), ..Signing::default() }));
    let output = place.by_identity(&["--explain", "--claim", "source-repository-ref=refs/heads/main"]);
    assert_eq!(output.status.code(), Some(1));
    let digests = regex::Regex::new("[0-9a-f]{64}").unwrap();
    let text = out(&output);
    let steps = text.lines().skip_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let steps = digests.replace_all(&steps, "<sha256>").into_owned();
    let clock = regex::Regex::new("not after [^ ]+Z").unwrap();
    insta::assert_snapshot!(clock.replace_all(&steps, "not after <now>"), @r"

    fn.zip.sigstore.json
      ok    requirement
              expected  an identity or a key
              found     1 identities and 0 keys
      ok    format
              expected  a Sigstore bundle
              found     a Sigstore bundle
      ok    members
              expected  members of bundle format 0.3
              found     only those
      ok    media type
              expected  format 0.3
              found     application/vnd.dev.sigstore.bundle.v0.3+json
      ok    timestamps
              expected  at most 16
              found     1
      ok    log entry
              expected  exactly 1
              found     1
      ok    log
              expected  a log of the trusted root `root.json`
              found     https://log.fake.example
      ok    integrated time
              expected  no unsigned time
              found     none
      ok    checkpoint signatures
              expected  at most 32 signatures
              found     1
      ok    log position
              expected  size 3, root <sha256>
              found     index 1 and 1, size 3, root <sha256>
      ok    checkpoint
              expected  origin and signer log.fake.example
              found     origin log.fake.example, signed by log.fake.example
      ok    artifact
              expected  sha256 <sha256>
              found     sha256 <sha256>
      ok    kind of signer
              expected  a certificate
              found     a certificate
      ok    cryptography
              expected  signature, certificate chain, certificate transparency, inclusion in the log, timestamps
              found     all valid
      ok    signing time
              expected  not after <now>
              found     2025-03-01T12:00:00Z
      ok    log key
              expected  from 2020-01-01T00:00:00Z
              found     2025-03-01T12:00:00Z
      ok    certificate
              expected  https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0 by https://token.actions.githubusercontent.com
              found     https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0 by https://token.actions.githubusercontent.com
      ok    issuer
              expected  https://token.actions.githubusercontent.com
              found     https://token.actions.githubusercontent.com
      ok    kind of subject
              expected  URI
              found     URI https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0
      ok    subject
              expected  https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0
              found     https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0
      FAIL  claims
              expected  source_repository_ref = refs/heads/main
              found     source_repository_ref = (absent)
    ");
}

#[test]
fn bundles_are_found_beside_or_given() {
    let good = FAKE.signed(ARTIFACT, &Signing::default()).to_string();
    let place = Place::new();
    place.write("fn.zip.sigstore", good.as_bytes());
    assert_eq!(place.by_identity(&[]).status.code(), Some(0));
    let place = Place::new();
    place.write("elsewhere.jsonl", format!("{{}}\n{good}\n").as_bytes());
    assert_eq!(place.by_identity(&["--bundle", "elsewhere.jsonl"]).status.code(), Some(0));
    assert_eq!(place.by_identity(&["--bundle", "elsewhere.jsonl", "--bundle", "root.json"]).status.code(), Some(0));
    assert_eq!(place.by_identity(&["--bundle", "root.json"]).status.code(), Some(1));
    assert_eq!(place.by_identity(&["--bundle", "absent.json"]).status.code(), Some(2));
    std::fs::create_dir(place.folder.path().join("fn.zip.sigstore.json")).unwrap();
    assert_eq!(place.by_identity(&[]).status.code(), Some(2), "a bundle that is there and cannot be read is no absence");
}

#[test]
fn a_github_workflow_has_a_shorthand() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing::default()));
    let by = |more: &[&str]| {
        let base = ["verify", "fn.zip", "--trusted-root", "root.json", "--repo", "acme/hello", "--workflow", "release.yml"];
        place.run(&[&base[..], more].concat()).status.code()
    };
    assert_eq!(by(&[]), Some(0));
    assert_eq!(by(&["--ref", "refs/tags/v1.0.0", "--claim", "build_trigger=push"]), Some(0));
    assert_eq!(by(&["--ref", "refs/tags/v1.0"]), Some(1));
    assert_eq!(by(&["--claim", "build_trigger=release"]), Some(1));
    assert_eq!(by(&["--ref", "v1.0.0"]), Some(2));
    assert_eq!(by(&["--issuer", ISSUER]), Some(2));
    assert_eq!(place.run(&["verify", "fn.zip", "--repo", "acme/hello"]).status.code(), Some(2));
}

#[test]
fn a_key_is_read_from_pem() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing { with_key: true, ..Signing::default() }));
    let base = ["verify", "fn.zip", "--trusted-root", "root.json", "--key", "key.pem"];
    assert_eq!(place.run(&base).status.code(), Some(0));
    assert_eq!(place.run(&[&base[..], &["--key-not-after", "2025-01-01T00:00:00Z"]].concat()).status.code(), Some(1));
    let broken = place.run(&["verify", "fn.zip", "--key", "root.json"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(err(&broken).contains("public key"), "{}", err(&broken));
}

#[test]
fn what_cannot_be_done_is_two() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing::default()));
    for arguments in [
        &["verify"][..],
        &["verify", "absent.zip"],
        &["verify", "."],
        &["verify", "fn.zip", "--identity", SUBJECT],
        &["verify", "fn.zip", "--issuer", ISSUER],
        &["verify", "fn.zip", "--claim", "build_trigger=push"],
        &["verify", "fn.zip", "--claim", "build_trigger=push", "--key", "key.pem"],
        &["verify", "fn.zip", "--issuer", ISSUER, "--identity", ""],
        &["verify", "fn.zip", "--issuer", "", "--identity", SUBJECT],
        &["verify", "fn.zip", "--issuer", ISSUER, "--identity-pattern", ".*"],
        &["verify", "fn.zip", "--issuer", ISSUER, "--identity", SUBJECT, "--claim", "x=y"],
        &["verify", "fn.zip", "--issuer", ISSUER, "--identity", SUBJECT, "--claim", "build_trigger"],
        &["verify", "fn.zip", "--trusted-root", "absent.json"],
        &["verify", "fn.zip", "--trusted-root", "fn.zip"],
        &["verify", "fn.zip", "--key", "absent.pem"],
        &["verify", "fn.zip", "--no-such-flag"],
        &["verify", "fn.zip", "-o", "absent/out.txt"],
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", out(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_result_goes_where_it_is_sent() {
    let place = Place::new().beside(&FAKE.signed(ARTIFACT, &Signing::default()));
    let output = place.by_identity(&["-o", "out.txt"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let written = std::fs::read_to_string(place.folder.path().join("out.txt")).unwrap();
    assert!(written.starts_with("fn.zip: verified\n"), "{written}");
}

#[test]
fn a_hostile_name_reaches_no_terminal() {
    let mut bundle = FAKE.signed(ARTIFACT, &Signing::default());
    bundle["\u{1b}[2J\u{202e}"] = Value::Null;
    let output = Place::new().beside(&bundle).by_identity(&["--explain"]);
    assert_eq!(output.status.code(), Some(1));
    let text = out(&output);
    assert!(text.contains("unknown-member") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
}
