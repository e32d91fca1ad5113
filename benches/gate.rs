//! What the gate costs: a 60 MB zip scanned (hashed, extracted, searched for secrets), on one worker and on all.
//!
//! ```text
//! cargo bench --bench gate
//! ```
//!
//! The zip is made here, of text that looks like a `node_modules` tree: 6,000 files of source with a manifest for every 20th.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::{Cursor, Write};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fngate::artifact::{Artifact, Limits};
use fngate::scan::scan;
use fngate::secret::Scanner;

const FILES: usize = 6_000;
const FILE_BYTES: usize = 10_000;

/// Source text without meaning and with the statistics of code: identifiers, strings, short lines.
fn source(seed: usize) -> String {
    let words =
        ["const", "value", "require", "module", "exports", "return", "function", "token", "request", "key", "options", "length", "buffer"];
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    let mut text = String::with_capacity(FILE_BYTES + 80);
    while text.len() < FILE_BYTES {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = |shift: u32| words[(state >> shift) as usize % words.len()];
        text.push_str(&format!("  {} {}{} = {}({:?}, {});\n", word(8), word(16), state % 97, word(24), word(32), state >> 50));
    }
    text
}

fn package() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for n in 0..FILES {
        let folder = format!("node_modules/package-{}", n / 20);
        if n % 20 == 0 {
            zip.start_file(format!("{folder}/package.json"), options).unwrap();
            write!(zip, "{{\"name\":\"package-{}\",\"version\":\"1.{n}.0\"}}", n / 20).unwrap();
        }
        zip.start_file(format!("{folder}/lib/file-{n}.js"), options).unwrap();
        zip.write_all(source(n).as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn gate(c: &mut Criterion) {
    let bytes = package();
    let artifact = Artifact::read("package.zip".to_owned(), bytes.as_slice()).unwrap();
    let (limits, scanner) = (Limits::default(), Scanner::builtin().unwrap());
    let mut group = c.benchmark_group("60 MB zip");
    group.sample_size(10).throughput(Throughput::Bytes((FILES * FILE_BYTES) as u64));
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (one, all) = (pool(1), pool(0));
    group.bench_function("inventory, one worker", |b| b.iter(|| one.install(|| scan(&artifact, &limits, None, &[]))));
    group.bench_function("inventory and secrets, one worker", |b| b.iter(|| one.install(|| scan(&artifact, &limits, Some(&scanner), &[]))));
    group
        .bench_function("inventory and secrets, all workers", |b| b.iter(|| all.install(|| scan(&artifact, &limits, Some(&scanner), &[]))));
    group.finish();
}

criterion_group!(benches, gate);
criterion_main!(benches);
