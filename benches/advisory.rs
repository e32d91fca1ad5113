//! The advisory engine: compiling dumps, opening the database, and matching 1,000 packages against it.
//!
//! `cargo bench --bench advisory` makes a dump of 50,000 invented records; with `FNGATE_BENCH_OSV` naming a directory of
//! OSV's dumps (folders npm, PyPI, crates.io), those are used instead.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use fngate::model::{Ecosystem, EntryPath, Package, Relation};
use fngate::osv::db::{Database, build};
use fngate::osv::vulnerabilities;

/// Records of the invented dump.
const RECORDS: usize = 50_000;

/// Writes `npm/all.zip`: nine of ten records malware that affects every version, the rest with windows.
fn invent(folder: &Path) {
    std::fs::create_dir_all(folder.join("npm")).unwrap();
    let mut zip = zip::ZipWriter::new(File::create(folder.join("npm/all.zip")).unwrap());
    for at in 0..RECORDS {
        let (id, events) = if at % 10 == 0 {
            (format!("GHSA-{at:06}"), r#"{"introduced":"0"},{"fixed":"1.4.2"},{"introduced":"2.0.0"},{"fixed":"2.3.1"}"#)
        } else {
            (format!("MAL-2099-{at}"), r#"{"introduced":"0"}"#)
        };
        let mut details = String::new();
        for word in 0..60 {
            let _ = write!(details, "word{} ", (at * 31 + word * 17) % 997);
        }
        let record = format!(
            r#"{{"id":"{id}","modified":"2026-01-01T00:00:00Z","summary":"Record {at}","details":"{details}","affected":[{{"package":{{"ecosystem":"npm","name":"package-{at}"}},"ranges":[{{"type":"SEMVER","events":[{events}]}}]}}]}}"#
        );
        zip.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(record.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// What a large function package holds: 1,000 packages, of which some have records.
fn packages() -> Vec<Package> {
    let known = ["lodash", "axios", "minimist", "semver", "tar", "ws", "express", "qs", "debug", "undici"];
    let path = EntryPath::new("package-lock.json").unwrap();
    let package = |name: &str, version: &str| Package::new(Ecosystem::Npm, name, Some(version), Relation::Installed, &path, "bench");
    let listed = known.iter().map(|name| package(name, "4.1.0"));
    let invented = (0..90).map(|at| package(&format!("package-{}", at * 550), "1.4.1"));
    let clean = (0..900).map(|at| package(&format!("nobody-knows-{at}"), "1.0.0"));
    listed.chain(invented).chain(clean).collect()
}

fn advisory(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let dumps = std::env::var_os("FNGATE_BENCH_OSV").map_or_else(
        || {
            invent(folder.path());
            folder.path().to_owned()
        },
        PathBuf::from,
    );
    let path = folder.path().join("advisories.db");
    build(std::slice::from_ref(&dumps), &path, None).unwrap();
    let packages = packages();
    let mut group = criterion.benchmark_group("advisory");
    group.sample_size(10);
    group.bench_function("compile the dumps", |bencher| bencher.iter(|| build(std::slice::from_ref(&dumps), &path, None).unwrap()));
    group.sample_size(50);
    group.bench_function("open", |bencher| bencher.iter(|| Database::open(black_box(&path)).unwrap()));
    group.bench_function("open and match 1,000 packages", |bencher| {
        bencher.iter(|| vulnerabilities(&Database::open(black_box(&path)).unwrap(), black_box(&packages)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, advisory);
criterion_main!(benches);
