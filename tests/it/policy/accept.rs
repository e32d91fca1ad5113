//! Acceptances bound to bytes: every kind of problem that can be accepted has a digest to bind it to.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use fngate::artifact::{Artifact, Limits};
use fngate::model::{Facts, Inventory, Problem, ProblemClass};
use fngate::policy::{Accept, Settings};
use fngate::scan::scan;
use zip::write::SimpleFileOptions;

use super::sample;
use crate::extract::binary::{LIST, elf, list};

const BUNDLE: &str = "var __commonJS = (cb, mod) => function __require() { return mod; };\n// node_modules/a/index.js\n";
const MINIFIED: &str = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);";
const JAR: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A program that rustc compiled and that lists no crates: its panic messages name the standard library's sources.
fn rust() -> Vec<u8> {
    let mut binary = b"\x7fELF\x02\x01\x01".to_vec();
    binary.extend([0; 64]);
    binary.extend(b"/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs\0rust_panic\0rust_begin_unwind\0");
    binary
}

/// Something of every kind that no package owns, `more` of one kind.
fn seen(more: usize) -> Inventory {
    let (bundle, minified, rust) = (BUNDLE.repeat(30), MINIFIED.repeat(50), rust());
    let opaque = "/******/ (() => { // webpackBootstrap\n__webpack_require__(1);\n".repeat(30);
    let upx = [b"\x7fELF\x02\x01\x01 UPX!".as_slice(), &[1; 20_000], b"UPX!"].concat();
    let source = "/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/a-1.0.0/src/lib.rs";
    let listed = elf(true, false, &[(LIST, &list(&serde_json::json!([])))], source);
    let mut files: Vec<(String, &[u8])> = [
        ("bundle.js", bundle.as_bytes()),
        ("bundle.js.map", br#"{"version":3,"sources":["node_modules/c/index.js"],"mappings":"AAAA"}"#),
        ("opaque.js", opaque.as_bytes()),
        ("app.min.js", minified.as_bytes()),
        ("bootstrap", &rust),
        ("packed", &upx),
        ("data.xz", b"\xfd7zXZ\0 and more"),
        ("requests/__init__.py", b"x"),
        ("requests/api.py", b"y"),
        ("node_modules/b/package.json", br#"{"name":"b"}"#),
        ("agent", b"\x7fELF\x02\x01\x01 \xff Go buildinf: go1.25"),
        ("x.jar", JAR),
        ("x.deps.json", b"{}"),
        ("Gemfile.lock", b"GEM\n"),
        ("composer.lock", b"{}"),
        ("Handler.class", b"\xca\xfe\xba\xbe\0\0\0\x41"),
        ("main.jsc", b"\x5e\x04\xde\xc0 and more"),
        ("job.pyc", b"\xcb\r\r\n and more"),
        ("listed", &listed),
        ("go.mod", b"module example.com/fn\n"),
        ("Modules/Az/Az.psd1", b"@{}"),
        ("pubspec.lock", b"packages:\n"),
        ("Package.resolved", b"{}"),
        ("mix.lock", b"%{}"),
        ("conda-meta/zlib-1.2.13-0.json", b"{}"),
        ("Notes.txt", b"1"),
        ("notes.txt", b"2"),
    ]
    .into_iter()
    .map(|(path, content)| (path.to_owned(), content))
    .collect();
    files.extend((0..more).map(|n| (format!("tool{n}"), b"\x7fELF\x02\x01\x01 a C program".as_slice())));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    let artifact = Artifact::read("fn.zip".to_owned(), zip.finish().unwrap().into_inner().as_slice()).unwrap();
    scan(&artifact, &Limits::default(), None, &[])
}

fn kinds() -> Vec<&'static fngate::model::ProblemKind> {
    fngate::PROBLEMS.iter().flat_map(|stage| stage.iter().copied()).collect()
}

/// The problems that are accepted once each is, bound to the digest that `bind` makes of its own.
fn accepted(inventory: &Inventory, bind: impl Fn(&str) -> String) -> Vec<Problem> {
    let accept = |problem: &Problem| Accept {
        kind: problem.kind.to_owned(),
        path: problem.path.as_ref().map(|path| path.as_str().to_owned()),
        sha256: Some(bind(problem.sha256.as_deref().unwrap_or_else(|| panic!("no digest: {problem:?}")))),
        reason: "looked at".to_owned(),
        expires: None,
    };
    let settings = Settings { accepts: inventory.problems.iter().map(accept).collect(), kinds: kinds(), ..Settings::default() };
    let facts = Facts { inventory: inventory.clone(), ..sample::clean() };
    let verdict = sample::policies(settings).judge(&facts).unwrap();
    verdict.problems.into_iter().filter(|problem| problem.accepted.is_some()).collect()
}

#[test]
fn every_kind_that_can_be_accepted_can_be_bound_to_bytes() {
    for more in [1, 60] {
        let inventory = seen(more);
        let raised: BTreeSet<&str> = inventory.problems.iter().map(|problem| problem.kind).collect();
        let excusable = kinds().into_iter().filter(|kind| kind.class != ProblemClass::Unseen).map(|kind| kind.id);
        // Only layers of images have whiteouts, and no bytes to bind one to; only images have an operating system.
        let acceptable: BTreeSet<&str> = excusable.filter(|kind| !["whiteout-dangling", "os-package"].contains(kind)).collect();
        assert_eq!(raised, acceptable, "the archive raises every kind");
        assert_eq!(accepted(&inventory, str::to_owned).len(), inventory.problems.len());
        assert_eq!(accepted(&inventory, |_| "00".repeat(32)), []);
    }
}

#[test]
fn the_digest_of_many_files_is_of_all_of_them() {
    let digest = |inventory: &Inventory, kind: &str| {
        let one = inventory.problems.iter().find(|problem| problem.kind == kind).unwrap();
        one.sha256.clone().unwrap()
    };
    let (many, more) = (seen(60), seen(61));
    assert_ne!(digest(&many, "native-code"), digest(&more, "native-code"));
    assert_eq!(digest(&many, "package-unattributed"), digest(&more, "package-unattributed"));
}
