//! What runs fngate in a pipeline: the GitHub Action, the GitLab job, the installer, the scripts of a release.
//!
//! They are run by what they are written for: bash, a POSIX shell, curl, GNU tar.
#![cfg(target_os = "linux")]

mod action;
mod example;
mod gitlab;
mod install;
mod release;
mod runner;
mod server;

use std::path::{Path, PathBuf};

/// A file of the repository.
fn own(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// SHA-256, as tables and checksum files have it.
fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A release's archive of this machine's platform, with `program` as its fngate.
fn archive(version: &str, program: &[u8]) -> (String, Vec<u8>) {
    let name = format!("fngate-{version}-{}", target());
    let mut tar = tar::Builder::new(Vec::new());
    for (file, content, mode) in [("README.md", &b"read me"[..], 0o644), ("fngate", program, 0o755)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        tar.append_data(&mut header, format!("{name}/{file}"), content).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &tar.into_inner().unwrap()).unwrap();
    (name, gzip.finish().unwrap())
}

/// The target whose release this machine would take.
fn target() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x86_64-unknown-linux-musl",
        "aarch64" => "aarch64-unknown-linux-musl",
        other => panic!("no release for {other}"),
    }
}

/// What a shell script prints of `fngate`, as a program that is certainly the one that was put there.
const PROGRAM: &str = r#"#!/bin/sh
echo "the program that was released: $*"
for word; do case "$word" in json=*) printf '{\n  "outcome": "pass",\n}\n' >"${word#json=}" ;; esac; done
"#;
