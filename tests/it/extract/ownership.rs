//! Whose each byte is: one owner a file, and all of them together are the artifact.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use fngate::model::{DifferenceKind, Inventory};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use super::walker::scanned;

/// Fails unless the bytes and files of all owners are those that were shown, an opened archive counting as what lies in it.
pub fn adds_up(inventory: &Inventory, name: &str) {
    let paths = inventory.files.iter().map(|file| file.path.as_str());
    let opened: BTreeSet<&str> = paths.flat_map(|path| path.match_indices("!/").map(|(at, _)| &path[..at])).collect();
    let leaves: Vec<u64> = inventory.files.iter().filter(|file| !opened.contains(file.path.as_str())).map(|file| file.size).collect();
    let total = inventory.ownership.total();
    assert_eq!((total.files, total.bytes), (leaves.len() as u64, leaves.iter().sum()), "{name}");
    let mut held = fngate::model::Amount::default();
    for holding in inventory.packages.iter().filter_map(|package| package.holding.as_ref()) {
        held += holding.all();
    }
    assert_eq!(held, inventory.ownership.packages, "{name}");
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        zip.start_file(*path, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const METADATA: &str = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n";
/// A distribution that lists a module, a package, a script and itself.
const RECORD: &str = "a/__init__.py,,\na/lib.so,,\nsingle.py,,\na-1.0.dist-info/METADATA,,\na-1.0.dist-info/RECORD,,\n../../bin/a,,\n";
const MANIFEST: &str = r#"{"name":"m","version":"1.0.0"}"#;
const MINIFIED: &str = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);";

/// `purl files bytes listed|located`, one a line, and the rest of the ledger.
fn ledger(inventory: &Inventory) -> String {
    adds_up(inventory, "a ledger");
    let held = inventory.packages.iter().filter_map(|package| package.holding.as_ref().map(|holding| (package.purl(), holding)));
    let mut lines: Vec<String> =
        held.map(|(purl, holding)| format!("{purl} {}+{} {}", holding.listed.files, holding.located.files, holding.all().bytes)).collect();
    let ownership = &inventory.ownership;
    for (name, amount) in
        [("first-party", ownership.first_party), ("not judged", ownership.not_judged), ("unattributed", ownership.unattributed)]
    {
        lines.push(format!("{name} {} {}", amount.files, amount.bytes));
    }
    lines.join("\n")
}

#[test]
fn every_file_has_one_owner() {
    let jar = zipped(&[("META-INF/MANIFEST.MF", "m"), ("A.class", "class")]);
    let bundle = MINIFIED.repeat(50);
    let files: Vec<(&str, &[u8])> = vec![
        ("handler.py", b"0123456789"),
        ("config.json", b"{}"),
        ("a-1.0.dist-info/METADATA", METADATA.as_bytes()),
        ("a-1.0.dist-info/RECORD", RECORD.as_bytes()),
        ("a-1.0.dist-info/licenses/LICENSE", b"1"),
        ("a/__init__.py", b"1"),
        ("a/lib.so", b"\x7fELF"),
        ("a/added.dat", b"1"),
        ("a/__pycache__/__init__.cpython-312.pyc", b"1"),
        ("__pycache__/single.cpython-312.pyc", b"1"),
        ("__pycache__/handler.cpython-312.pyc", b"1"),
        ("single.py", b"1"),
        ("bin/a", b"1"),
        ("node_modules/m/package.json", MANIFEST.as_bytes()),
        ("node_modules/m/index.js", b"1"),
        ("node_modules/m/node_modules/n/package.json", br#"{"name":"n","version":"2.0.0"}"#),
        ("node_modules/m/node_modules/n/index.js", b"22"),
        ("node_modules/gone/index.js", b"333"),
        ("node_modules/gone/data.txt", b"333"),
        ("static/app.min.js", bundle.as_bytes()),
        ("tool", b"\x7fELF and more"),
        ("lib/x.jar", &jar),
    ];
    insta::assert_snapshot!(ledger(&scanned(&files)), @r"
    pkg:npm/m@1.0.0 0+2 31
    pkg:npm/n@2.0.0 0+2 32
    pkg:pypi/a@1.0 6+4 159
    first-party 3 13
    not judged 3 19
    unattributed 3 3556
    ");
}

#[test]
fn two_installations_of_one_package_are_one_row() {
    let found = scanned(&[
        ("node_modules/m/package.json", MANIFEST),
        ("x/node_modules/m/package.json", MANIFEST),
        ("x/node_modules/m/index.js", "1"),
    ]);
    insta::assert_snapshot!(ledger(&found), @r"
    pkg:npm/m@1.0.0 0+3 61
    first-party 0 0
    not judged 0 0
    unattributed 0 0
    ");
}

#[test]
fn what_two_packages_list_is_the_deeper_ones() {
    let metadata = |name: &str| format!("Name: {name}\nVersion: 1.0\n");
    let record = "a/_vendor/b/__init__.py,,\na/_vendor/b-1.0.dist-info/METADATA,,\na/__init__.py,,\n";
    let found = scanned(&[
        ("a-1.0.dist-info/METADATA", metadata("a")),
        ("a-1.0.dist-info/RECORD", record.to_owned()),
        ("a/__init__.py", String::new()),
        ("a/_vendor/b-1.0.dist-info/METADATA", metadata("b")),
        ("a/_vendor/b-1.0.dist-info/RECORD", "b/__init__.py,,\n".to_owned()),
        ("a/_vendor/b/__init__.py", "1".to_owned()),
    ]);
    insta::assert_snapshot!(ledger(&found), @r"
    pkg:pypi/a@1.0 2+2 121
    pkg:pypi/b@1.0 1+1 17
    first-party 0 0
    not judged 0 0
    unattributed 0 0
    ");
}

/// What the record of `requests` says of two files: `walker` gives every file a hash of its length.
fn recorded(lengths: &[(&str, u64)]) -> String {
    use base64::Engine;
    let hash = |length: u64| {
        let hex = format!("{length:064x}");
        let bytes: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
    };
    lengths.iter().map(|(path, length)| format!("{path},sha256={},{length}\n", hash(*length))).collect()
}

#[test]
fn a_record_that_no_longer_matches_is_a_fact() {
    let record = recorded(&[
        ("a/__init__.py", 1),
        ("a/kept.py", 2),
        ("a/lib.so", 4),
        ("a/gone.py", 1),
        ("a/__pycache__/gone.cpython-312.pyc", 1),
        ("../../bin/gone", 1),
        ("a-1.0.dist-info/INSTALLER", 1),
    ]) + "a/md5.py,md5=x,1\n";
    let found = scanned(&[
        ("a-1.0.dist-info/METADATA", METADATA),
        ("a-1.0.dist-info/RECORD", record.as_str()),
        ("a-1.0.dist-info/more.json", "1"),
        ("a/__init__.py", "edited"),
        ("a/kept.py", "22"),
        ("a/lib.so", "4"),
        ("a/md5.py", "whatever"),
        ("a/added.py", "1"),
        ("a/added.pyc", "1"),
    ]);
    let integrity = found.packages[0].holding.as_ref().unwrap().integrity.as_ref().unwrap();
    assert_eq!((integrity.listed, integrity.altered, integrity.altered_code), (8, 2, 1));
    assert_eq!((integrity.missing, integrity.extra, integrity.extra_code), (1, 1, 1));
    let examples: Vec<(DifferenceKind, &str)> = integrity.examples.iter().map(|one| (one.kind, one.path.as_str())).collect();
    use DifferenceKind::{Altered, Extra, Missing};
    assert_eq!(examples, [(Altered, "a/__init__.py"), (Altered, "a/lib.so"), (Extra, "a/added.py"), (Missing, "a/gone.py")]);
    let changed: Vec<&str> = found.changed.iter().map(|path| path.as_str()).collect();
    assert_eq!(changed, ["a/__init__.py", "a/added.py"], "a stripped library is the package's as before");
}

#[test]
fn examples_are_few_and_counts_are_exact() {
    let lines: String = (0..500).map(|n| format!("a/{n:03}.py,,\n")).collect();
    let found = scanned(&[("a-1.0.dist-info/METADATA", METADATA), ("a-1.0.dist-info/RECORD", lines.as_str()), ("a/007.py", "")]);
    let integrity = found.packages[0].holding.as_ref().unwrap().integrity.as_ref().unwrap();
    assert_eq!((integrity.listed, integrity.missing, integrity.examples.len()), (500, 499, 10));
    assert_eq!((integrity.examples[0].path.as_str(), integrity.examples[9].path.as_str()), ("a/000.py", "a/010.py"));
}

/// Pieces that paths are put together from, and contents.
const FOLDERS: [&str; 10] = [
    "",
    "node_modules/m/",
    "node_modules/m/node_modules/@s/n/",
    "a/",
    "a/__pycache__/",
    "a-1.0.dist-info/",
    "b.egg-info/",
    "python/lib/python3.12/site-packages/",
    "x/_vendor/",
    "x/_vendor/tests/a-1.0.dist-info/",
];
const NAMES: [&str; 14] = [
    "package.json",
    "index.js",
    "METADATA",
    "RECORD",
    "PKG-INFO",
    "top_level.txt",
    "installed-files.txt",
    "__init__.py",
    "single.py",
    "single.cpython-312.pyc",
    "lib.so",
    "x.jar",
    "x.whl",
    "a-1.0-py3.12.egg-info",
];

fn contents() -> Vec<Vec<u8>> {
    let wheel =
        zipped(&[("a-1.0.dist-info/METADATA", METADATA), ("a-1.0.dist-info/RECORD", RECORD), ("a/__init__.py", "1"), ("b.js", "2")]);
    let nested = zipped(&[("META-INF/MANIFEST.MF", "m"), ("node_modules/m/package.json", MANIFEST)]);
    let texts =
        [METADATA, RECORD, MANIFEST, "a\nsingle\n", "../a/__init__.py\n../single.py\n", "{", "", "\x7fELF\x02\x01 some native code"];
    let mut contents: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    contents.extend([wheel, nested, MINIFIED.repeat(50).into_bytes(), vec![0xfd, b'7', b'z', b'X', b'Z', 0, 1]]);
    contents
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn all_owners_together_are_the_artifact(chosen in prop::collection::vec((0..FOLDERS.len(), 0..NAMES.len(), 0..12_usize), 0..24)) {
        let contents = contents();
        let files: BTreeMap<String, &[u8]> = chosen
            .iter()
            .map(|(folder, name, content)| (format!("{}{}", FOLDERS[*folder], NAMES[*name]), contents[*content].as_slice()))
            .collect();
        let mut files: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
        let found = scanned(&files);
        adds_up(&found, "a random tree");
        files.reverse();
        prop_assert_eq!(scanned(&files), found);
    }
}
