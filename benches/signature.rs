//! One verification: `cargo bench --bench signature` reads the trusted root of `testdata/sigstore` and verifies the bundles there,
//! which the tests' own Sigstore instance has signed: everything but the reading of the artifact, which goes by its size.
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use fngate::model::ProvenanceState;
use fngate::signature::{self, BundleFile, Identity, Key, MOST_BUNDLES, Requirement, TrustedRoot};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore")
}

fn bundle(name: &str) -> BundleFile {
    signature::read_bundle(&folder().join(name)).unwrap()
}

fn verification(criterion: &mut Criterion) {
    let root = std::fs::read(folder().join("trusted_root.json")).unwrap();
    let trust = TrustedRoot::from_json("bench", &root).unwrap();
    let digest: [u8; 32] = Sha256::digest(std::fs::read(folder().join("hello.zip")).unwrap()).into();
    let now: Timestamp = "2025-03-02T12:00:00Z".parse().unwrap();
    let named = |issuer: &str| Requirement { identities: vec![Identity::exact(issuer, SUBJECT).unwrap()], ..Requirement::default() };
    let key = Key::from_pem(&std::fs::read_to_string(folder().join("key.pem")).unwrap()).unwrap();
    let by_key = Requirement { keys: vec![key], ..Requirement::default() };
    let verified = |bundles: &[BundleFile], requirement: &Requirement| signature::verify(&digest, bundles, &trust, requirement, now).state;

    let mut group = criterion.benchmark_group("signature");
    group.bench_function("trusted root", |bencher| bencher.iter(|| TrustedRoot::from_json("bench", black_box(&root)).unwrap()));
    let signed = bundle("hello.zip.sigstore.json");
    let line = serde_json::from_slice::<serde_json::Value>(&signed.bytes).unwrap().to_string() + "\n";
    let many = BundleFile { bytes: line.repeat(MOST_BUNDLES).into_bytes(), ..signed.clone() };
    for (name, bundle, requirement, expected) in [
        ("by certificate", signed.clone(), named(ISSUER), ProvenanceState::Verified),
        ("statement by certificate", bundle("hello.provenance.sigstore.json"), named(ISSUER), ProvenanceState::Verified),
        ("by key", bundle("hello.key.sigstore.json"), by_key, ProvenanceState::Verified),
        ("refused for its issuer", signed, named("https://gitlab.com"), ProvenanceState::Refused),
        ("as many bundles as are looked at", many, named(ISSUER), ProvenanceState::Verified),
    ] {
        let bundles = [bundle];
        assert_eq!(verified(&bundles, &requirement), expected, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| verified(black_box(&bundles), &requirement)));
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(50);
    targets = verification
}
criterion_main!(benches);
