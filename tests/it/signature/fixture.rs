//! `testdata/sigstore`: a function signed by the fake instance, kept in the repository for demonstrations.
//!
//! `FNGATE_WRITE_FIXTURES=1 cargo test --test it signature::fixture` makes it anew; the private keys are forgotten each time.

use std::io::Write as _;
use std::path::PathBuf;

use fngate::signature::{self, Identity, Key, Requirement, TrustedRoot};

use super::fake::{Fake, ISSUER, SUBJECT, Signing, hex, now, sha256};
use super::{code, statement, with_identity};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore")
}

pub fn function() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in [
        ("index.js", "exports.handler = async () => ({ statusCode: 200, body: \"hello\" });\n"),
        ("package.json", "{ \"name\": \"hello\", \"version\": \"1.0.0\", \"private\": true }\n"),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn write() {
    let fake = Fake::new();
    let function = function();
    let subjects = format!(r#"[{{"name":"hello.zip","digest":{{"sha256":"{}"}}}}]"#, hex(&sha256(&function)));
    let keyed = Signing { with_key: true, ..Signing::default() };
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder().join(name), bytes).unwrap();
    let pretty = |value: &serde_json::Value| format!("{value:#}\n").into_bytes();
    std::fs::create_dir_all(folder()).unwrap();
    put("hello.zip", &function);
    put("hello.zip.sigstore.json", &pretty(&fake.signed(&function, &Signing::default())));
    put("hello.provenance.sigstore.json", &pretty(&fake.attested(&statement(&subjects), &Signing::default())));
    put("hello.key.sigstore.json", &pretty(&fake.signed(&function, &keyed)));
    put("key.pem", fake.key_pem().as_bytes());
    put("trusted_root.json", &pretty(&fake.trusted_root()));
}

#[test]
fn the_signed_function_in_testdata_verifies() {
    if std::env::var_os("FNGATE_WRITE_FIXTURES").is_some() {
        write();
    }
    let artifact = std::fs::read(folder().join("hello.zip")).unwrap();
    let trust = TrustedRoot::from_file(&folder().join("trusted_root.json")).unwrap();
    let pem = std::fs::read_to_string(folder().join("key.pem")).unwrap();
    let identity = with_identity(Identity::exact(ISSUER, SUBJECT).unwrap());
    let key = Requirement { keys: vec![Key::from_pem(&pem).unwrap()], ..Requirement::default() };
    let of = |bundles: &[signature::BundleFile], requirement: &Requirement, artifact: &[u8]| {
        code(&signature::verify(&sha256(artifact), bundles, &trust, requirement, now()))
    };
    let beside = signature::bundles_beside(&folder().join("hello.zip")).unwrap();
    assert_eq!(beside.len(), 1);
    assert_eq!(of(&beside, &identity, &artifact), "verified");
    assert_eq!(of(&beside, &identity, b"changed"), "digest-mismatch");
    let named = |name: &str| [signature::read_bundle(&folder().join(name)).unwrap()];
    assert_eq!(of(&named("hello.provenance.sigstore.json"), &identity, &artifact), "verified");
    assert_eq!(of(&named("hello.key.sigstore.json"), &key, &artifact), "verified");
}
