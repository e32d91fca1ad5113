//! Tricks that once let an artifact pass: what is inside is named, however it is put there.

use std::io::{Cursor, Write};

use fngate::artifact::{Artifact, Limits};
use fngate::model::Inventory;
use fngate::scan::scan;
use zip::write::SimpleFileOptions;

const LODASH: &str = r#"{"name":"lodash","version":"4.17.4"}"#;
const CODE: &str = "module.exports = 1;\n";

fn zipped(files: &[(&str, &[u8])], links: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    for (path, target) in links {
        zip.add_symlink(*path, *target, SimpleFileOptions::default()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn inside(archive: &[u8]) -> Inventory {
    let artifact = Artifact::read("fn.zip".to_owned(), archive).unwrap();
    scan(&artifact, &Limits::default(), None, &[])
}

fn installed(found: &Inventory) -> Vec<String> {
    found.packages.iter().filter(|package| package.relation.is_inside()).map(fngate::model::Package::purl).collect()
}

fn kinds(found: &Inventory) -> Vec<&str> {
    found.problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn a_package_is_one_by_any_link() {
    let real: [(&str, &[u8]); 2] = [("real/package.json", LODASH.as_bytes()), ("real/index.js", CODE.as_bytes())];
    for links in [
        &[("node_modules/lodash", "../real")][..],
        &[("a_link", "real"), ("node_modules/lodash", "../real")],
        &[("deps/lodash", "../real"), ("fn/node_modules", "../deps")],
        &[("node_modules/lodash/package.json", "../../real/package.json"), ("node_modules/lodash/index.js", "../../real/index.js")],
    ] {
        let found = inside(&zipped(&real, links));
        assert_eq!(installed(&found), ["pkg:npm/lodash@4.17.4"], "{links:?}");
        assert!(found.problems.is_empty(), "{links:?}: {:?}", found.problems);
    }
    let own = inside(&zipped(&[("packages/a/package.json", br#"{"name":"a","private":true}"#)], &[("node_modules/a", "../packages/a")]));
    assert_eq!((installed(&own), own.problems.len()), (Vec::new(), 0), "a folder of the project's own needs no version");
}

#[test]
fn a_crowd_of_links_is_a_problem_and_hides_nothing() {
    let names: Vec<String> = (0..80).map(|n| format!("a{n:02}/link")).collect();
    let mut links: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "../real")).collect();
    links.push(("node_modules/lodash", "../real"));
    let found = inside(&zipped(&[("real/package.json", LODASH.as_bytes())], &links));
    assert!(kinds(&found).contains(&"link-shadow"), "{:?}", found.problems);
}

#[test]
fn long_targets_take_no_long_time() {
    let long = "x/".repeat(2000);
    let names: Vec<String> = (0..3000).map(|n| format!("l{n}")).collect();
    let links: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
    let start = std::time::Instant::now();
    let found = inside(&zipped(&[("index.js", CODE.as_bytes())], &links));
    assert_eq!(found.problems.len(), 3000);
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_zip_is_found_by_its_end_wherever_it_lies() {
    let inner = zipped(&[("node_modules/lodash/package.json", LODASH.as_bytes())], &[]);
    for (name, prefix) in [("libs.dat", &b"x"[..]), ("libs.zip", b"junk\n"), ("launcher", b"\x7fELF........")] {
        let found = inside(&zipped(&[(name, &[prefix, &inner].concat())], &[]));
        assert_eq!(installed(&found), ["pkg:npm/lodash@4.17.4"], "{name}");
    }
    let mention = [b"a reader looks for ", &inner[inner.len() - 22..], b" at the end"].concat();
    assert!(inside(&zipped(&[("notes.bin", &mention)], &[])).problems.is_empty(), "an end record that is not at the end");
}

#[test]
fn an_entry_is_known_by_its_first_bytes_however_late_they_come() {
    let mut binary = b"\x7fELF\x02\x01\x01".to_vec();
    binary.extend(b"called `Option::unwrap()` on a `None` value /cargo/registry/src/index-1/smallvec-1.6.0/src/lib.rs");
    let size = 65 << 20;
    // Too varied to be a bomb, and nothing that costs time to write.
    binary.extend((0..size as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    let stored = |piece: &[u8], last: bool| {
        let length = u16::try_from(piece.len()).unwrap();
        [&[u8::from(last)][..], &length.to_le_bytes(), &(!length).to_le_bytes(), piece].concat()
    };
    let mut packed: Vec<u8> = stored(&[], false).repeat(60_000);
    let pieces: Vec<&[u8]> = binary.chunks(65_535).collect();
    for (at, piece) in pieces.iter().enumerate() {
        packed.extend(stored(piece, at + 1 == pieces.len()));
    }
    let mut archive = Vec::new();
    let crc = crc32fast::hash(&binary);
    let sizes = [crc, packed.len() as u32, binary.len() as u32];
    let common = |version: &[u8]| [version, &[20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0]].concat();
    let fields: Vec<u8> = sizes.iter().flat_map(|field| field.to_le_bytes()).collect();
    archive.extend([b"PK\x03\x04", &common(b"")[..], &fields, &[9, 0, 0, 0], b"bootstrap", &packed].concat());
    let directory = archive.len();
    archive.extend([b"PK\x01\x02", &common(&[20, 0])[..], &fields, &[9, 0], &[0; 16], b"bootstrap"].concat());
    let length = (archive.len() - directory) as u32;
    archive
        .extend([b"PK\x05\x06", &[0, 0, 0, 0, 1, 0, 1, 0][..], &length.to_le_bytes(), &(directory as u32).to_le_bytes(), &[0, 0]].concat());
    let found = inside(&archive);
    assert_eq!(kinds(&found), ["rust-binary-unattributed"], "{:?}", found.problems);
    assert_eq!(installed(&found), ["pkg:cargo/smallvec@1.6.0"]);
}

#[test]
fn what_is_not_unpacked_is_said_so() {
    let upx = [b"\x7fELF\x02\x01\x01 UPX!", &[1; 9000][..], b"UPX!"].concat();
    let found = inside(&zipped(&[("deps.tar.xz", b"\xfd7zXZ\0..."), ("data.bz2", b"BZh91AY&SY..."), ("bootstrap", &upx)], &[]));
    assert_eq!(kinds(&found), ["binary-unattributed", "native-code", "archive-unattributed", "archive-unattributed"]);
    let owned: [(&str, &[u8]); 2] =
        [("node_modules/a/package.json", br#"{"name":"a","version":"1.0.0"}"#), ("node_modules/a/x.xz", b"\xfd7zXZ\0...")];
    assert!(inside(&zipped(&owned, &[])).problems.is_empty(), "a package's own");
}

#[test]
fn scripts_are_scripts_by_any_extension() {
    let bundle = "/******/ (() => { // webpackBootstrap\n__webpack_require__(1);\n".repeat(50);
    for name in ["a.js", "a.JS", "a.jsx", "a.mts", "a.es6", "a.txt", "bin/a"] {
        let found = inside(&zipped(&[(name, bundle.as_bytes())], &[]));
        assert_eq!(kinds(&found), ["bundle-unattributed"], "{name}");
    }
    let found =
        inside(&zipped(&[("LICENSE", "Permission is hereby granted, free of charge, to any person.\n".repeat(80).as_bytes())], &[]));
    assert!(found.problems.is_empty());
}

#[test]
fn a_copied_or_linked_command_is_its_packages_own() {
    let bundle = "/******/ (() => { // webpackBootstrap\n__webpack_require__(1);\n".repeat(50);
    let package: [(&str, &[u8]); 2] =
        [("node_modules/a/package.json", br#"{"name":"a","version":"1.0.0"}"#), ("node_modules/a/bin/tool", bundle.as_bytes())];
    assert_eq!(inside(&zipped(&package, &[("node_modules/.bin/tool", "../a/bin/tool")])).problems, []);
    let copied = [&package[..], &[("node_modules/.bin/tool", bundle.as_bytes())]].concat();
    assert_eq!(inside(&zipped(&copied, &[])).problems, []);
    let changed = [bundle.as_bytes(), b"//"].concat();
    let other = [&package[..], &[("node_modules/.bin/tool", changed.as_slice())]].concat();
    assert_eq!(kinds(&inside(&zipped(&other, &[]))), ["bundle-unattributed"]);
    // So is a binary that the package brings.
    let go = [&b"\x7fELF"[..], &[0; 64], b"\xff Go buildinf:"].concat();
    let command = [&package[..], &[("node_modules/a/bin/go", &go), ("node_modules/.bin/go", &go)]].concat();
    assert_eq!(inside(&zipped(&command, &[])).not_judged, []);
    let stray = [&package[..], &[("node_modules/.bin/go", go.as_slice())]].concat();
    assert_eq!(kinds(&inside(&zipped(&stray, &[]))), ["go-binary"]);
}

#[test]
fn code_beside_the_packages_is_a_package_without_a_name() {
    let found = inside(&zipped(
        &[
            ("node_modules/lodash.js", CODE.as_bytes()),
            ("node_modules/@s/a.mjs", CODE.as_bytes()),
            ("node_modules/.bin/tool.js", CODE.as_bytes()),
        ],
        &[],
    ));
    assert_eq!(kinds(&found), ["package-unattributed", "package-unattributed"]);
}

#[test]
fn a_name_no_registry_has_is_not_believed() {
    for name in ["./lodash", "lodash/", "%6codash", "@/lodash"] {
        let manifest = format!(r#"{{"name":"{name}","version":"4.17.4"}}"#);
        let found = inside(&zipped(&[("node_modules/lodash/package.json", manifest.as_bytes())], &[]));
        assert_eq!(installed(&found), ["pkg:npm/lodash@4.17.4"], "{name}");
    }
}

#[test]
fn a_record_claims_no_entry_point() {
    let bundle = "/******/ (() => { // webpackBootstrap\n__webpack_require__(1);\n".repeat(50);
    let binary = b"\x7fELF\x02\x01\x01 called `Option::unwrap()` on a `None` value /cargo/registry/src/index-1/smallvec-1.6.0/src/lib.rs";
    let found = inside(&zipped(
        &[
            ("x-1.0.dist-info/METADATA", b"Name: x\nVersion: 1.0\n"),
            ("x-1.0.dist-info/RECORD", b"index.js,,\nbootstrap,,\nx.py,,\n"),
            ("index.js", bundle.as_bytes()),
            ("bootstrap", binary),
        ],
        &[],
    ));
    assert_eq!(kinds(&found), ["rust-binary-unattributed", "bundle-unattributed"]);
    assert!(installed(&found).contains(&"pkg:cargo/smallvec@1.6.0".to_owned()));
}

#[test]
fn distributions_count_in_any_folder_they_are_installed_in() {
    let metadata: &[u8] = b"Name: PyYAML\nVersion: 5.1\n";
    let record: &[u8] = b"yaml/__init__.py,,\n";
    let in_tests: [(&str, &[u8]); 3] = [
        ("example/PyYAML-5.1.dist-info/METADATA", metadata),
        ("example/PyYAML-5.1.dist-info/RECORD", record),
        ("example/yaml/__init__.py", b"x"),
    ];
    assert_eq!(installed(&inside(&zipped(&in_tests, &[]))), ["pkg:pypi/pyyaml@5.1"]);
    let slimmed: [(&str, &[u8]); 2] = [("mine/deps/PyYAML-5.1.dist-info/METADATA", metadata), ("mine/deps/yaml/__init__.py", b"x")];
    assert_eq!(installed(&inside(&zipped(&slimmed, &[]))), ["pkg:pypi/pyyaml@5.1"]);
    let fixture: [(&str, &[u8]); 2] = [("tests/data/PyYAML-5.1.dist-info/METADATA", metadata), ("tests/data/conftest.py", b"x")];
    assert!(installed(&inside(&zipped(&fixture, &[]))).is_empty());
}

/// A package's own file may hold a made-up password; one that somebody has written into it since is the function's own secret.
#[test]
fn a_secret_in_an_edited_package_is_the_functions_own() {
    use base64::Engine;
    use sha2::Digest;
    let settings = format!("api_key = \"{}{}\"\n", "q7Zr9Kd2LxVb4Nt8", "Wy1Pm6Hs3Gf5Jc0T");
    let hash = |content: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(content.as_bytes()));
    let metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n";
    let scanner = fngate::secret::Scanner::builtin().unwrap();
    let parties = |record: &str| {
        let archive = zipped(
            &[
                ("a-1.0.dist-info/METADATA", metadata.as_bytes()),
                ("a-1.0.dist-info/RECORD", record.as_bytes()),
                ("a/__init__.py", b""),
                ("a/settings.py", settings.as_bytes()),
            ],
            &[],
        );
        let artifact = Artifact::read("fn.zip".to_owned(), archive.as_slice()).unwrap();
        let found = scan(&artifact, &Limits::default(), Some(&scanner), &[]);
        found.secrets.iter().map(|secret| secret.party).collect::<Vec<_>>()
    };
    use fngate::model::Party::{First, Third};
    let lists = |content: &str| format!("a/__init__.py,,\na/settings.py,sha256={},1\n", hash(content));
    assert_eq!(parties(&lists(&settings)), [Third], "as it was published");
    assert_eq!(parties("a/__init__.py,,\na/settings.py,,\n"), [Third], "nobody can tell");
    assert_eq!(parties(&lists("api_key = None\n")), [First], "edited");
    assert_eq!(parties("a/__init__.py,,\n"), [First], "added");
}

#[test]
fn metadata_takes_no_lockfile_and_no_program_out_of_sight() {
    let metadata: (&str, &[u8]) = ("x-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\n");
    let record: (&str, &[u8]) = ("x-1.0.dist-info/RECORD", b"package-lock.json,,\nx/bootstrap,,\n");
    let lock = br#"{"lockfileVersion":3,"packages":{"node_modules/lodash":{"version":"4.17.15"}}}"#;
    let found = inside(&zipped(&[metadata, record, ("package-lock.json", lock)], &[]));
    assert!(found.packages.iter().any(|package| package.name == "lodash"), "{:?}", found.packages);
    let broken = inside(&zipped(&[metadata, record, ("package-lock.json", b"{")], &[]));
    assert_eq!(kinds(&broken), ["manifest-malformed"]);
    let mut rust = b"\x7fELF\x02\x01\x01".to_vec();
    rust.extend([0; 64]);
    rust.extend(b"/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs\0rust_panic\0rust_begin_unwind\0");
    assert_eq!(kinds(&inside(&zipped(&[metadata, record, ("x/bootstrap", &rust)], &[]))), ["rust-binary-unattributed"]);
    assert_eq!(kinds(&inside(&zipped(&[metadata, ("x/bootstrap", &rust)], &[]))), ["rust-binary-unattributed"]);
}

#[test]
fn metadata_that_contradicts_its_folder_is_judged_as_both() {
    let found = inside(&zipped(&[("Jinja2-2.10.dist-info/METADATA", b"Metadata-Version: 2.1\nName: minja\nVersion: 3.1.6\n")], &[]));
    let mut purls: Vec<String> = found.packages.iter().map(fngate::model::Package::purl).collect();
    purls.sort_unstable();
    assert_eq!(purls, ["pkg:pypi/jinja2@2.10", "pkg:pypi/minja@3.1.6"]);
}

#[test]
fn a_program_with_scripts_inside_is_named() {
    for mark in ["NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1", "\n---- Bun! ----\n", "MEI\x0c\x0b\x0a\x0b\x0e"] {
        let program = [b"\x7fELF\x02\x01\x01 ".as_slice(), &[0; 64], mark.as_bytes()].concat();
        assert!(kinds(&inside(&zipped(&[("bootstrap", &program)], &[]))).contains(&"binary-unattributed"), "{mark:?}");
    }
}

#[test]
fn a_librarys_own_fixtures_are_no_broken_archives() {
    let mut source = vec![b' '; 300];
    source[..14].copy_from_slice(b"var x = 'abc';");
    source.extend([b'\n'; 300]);
    source[257..262].copy_from_slice(b"ustar");
    let package: (&str, &[u8]) = ("node_modules/tar-stream/package.json", br#"{"name":"tar-stream","version":"2.2.0"}"#);
    assert_eq!(inside(&zipped(&[package, ("node_modules/tar-stream/headers.js", &source)], &[])).problems, []);
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    tar.append_link(&mut header, "out", "../../../etc").unwrap();
    let tar = tar.into_inner().unwrap();
    assert_eq!(inside(&zipped(&[package, ("node_modules/tar-stream/test/invalid.tar", &tar)], &[])).problems, []);
    assert_eq!(kinds(&inside(&zipped(&[("layer.tar", &tar)], &[]))), ["link-outside"]);
}
