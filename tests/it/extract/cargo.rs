//! Crates in binaries: lists in every format of binary, lists that lie, and what stands in their place.

use serde_json::json;

use super::binary::{LIST, elf, list, mach_o, pe, universal, wasm};
use super::walker::{listed, scanned, troubles};
use fngate::model::{Inventory, InventoryState};

/// Traces of a.
const A: &str = "unwrap/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/a-1.0.0/src/lib.rs";
/// What every binary of rustc has.
const STD: &str = "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs /rust/deps/gimli-0.32.0/src/read/line.rs";

fn found(binary: &[u8]) -> Inventory {
    scanned(&[("bootstrap", binary)])
}

/// A list of a function, one crate of each kind.
fn honest() -> Vec<u8> {
    list(&json!([
        {"name": "fn", "version": "0.1.0", "source": "local", "dependencies": [1, 2], "root": true},
        {"name": "a", "version": "1.0.0", "source": "crates.io"},
        {"name": "cc", "version": "1.2.0", "source": "crates.io", "kind": "build"},
    ]))
}

#[test]
fn every_format_of_binary_has_its_list() {
    let list = honest();
    let sections = [(".text", &b"code"[..]), (LIST, &list)];
    let plain = mach_o(true, false, &sections, A);
    for (format, binary) in [
        ("elf", elf(true, false, &sections, A)),
        ("elf, 32 bits", elf(false, false, &sections, A)),
        ("elf, big endian", elf(true, true, &sections, A)),
        ("elf, 32 bits, big endian", elf(false, true, &sections, A)),
        ("pe", pe(&sections, A)),
        ("mach-o", plain.clone()),
        ("mach-o, 32 bits", mach_o(false, false, &sections, A)),
        ("mach-o, big endian", mach_o(true, true, &sections, A)),
        ("universal", universal(&[plain.clone(), mach_o(true, true, &sections, A)])),
        ("wasm", wasm(None, &sections, A)),
        ("component", wasm(Some(&[wasm(None, &[], ""), wasm(None, &sections, A)]), &[], "")),
    ] {
        let found = found(&binary);
        assert_eq!(listed(&found), "embedded pkg:cargo/a@1.0.0\nbuild pkg:cargo/cc@1.2.0\n", "{format}");
        assert_eq!(troubles(&found), "", "{format}");
    }
    let half = universal(&[plain, mach_o(true, true, &[], STD)]);
    assert_eq!(troubles(&found(&half)), "rust-binary-unattributed bootstrap\n", "one architecture of two has no list");
}

#[test]
fn a_list_that_cannot_be_read_is_no_list() {
    let bomb = {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(b"{\"packages\":[]").unwrap();
        (0..12).for_each(|_| encoder.write_all(&vec![b' '; 1 << 20]).unwrap());
        encoder.finish().unwrap()
    };
    let own = |name: &str| json!({"name": name, "version": "1.0.0", "source": "crates.io", "root": true});
    let (honest, two) = (honest(), list(&json!([own("a"), own("b")])));
    for (why, lists) in [
        ("not compressed", vec![&b"{}"[..]]),
        ("cut off", vec![&honest[..honest.len() / 2]]),
        ("a bomb", vec![&bomb]),
        ("two lists", vec![&honest, &honest]),
        ("two roots", vec![&two]),
    ] {
        let sections: Vec<(&str, &[u8])> = lists.into_iter().map(|list| (LIST, list)).collect();
        let found = found(&elf(true, false, &sections, STD));
        assert_eq!(troubles(&found), "manifest-malformed bootstrap\nrust-binary-unattributed bootstrap\n", "{why}");
    }
    let found = found(&elf(true, false, &[(LIST, &two)], STD));
    assert_eq!(listed(&found), "embedded pkg:cargo/a@1.0.0\nembedded pkg:cargo/b@1.0.0\n", "nothing hides as one root of many");
}

#[test]
fn a_list_that_the_binary_contradicts_is_said_so() {
    let b = "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/b-2.0.0/src/x/y.rs";
    let git = "/home/u/.cargo/git/checkouts/forked-0123456789abcdef/1234567/src/lib.rs";
    let text = format!("{STD}\0{A}\0{b}\0{git}");
    let own = json!({"name": "fn", "version": "0.1.0", "source": "local", "root": true});
    let one =
        |name: &str, version: &str, source: &str, kind: &str| json!({"name": name, "version": version, "source": source, "kind": kind});
    let (a, b, git) =
        (one("a", "1.0.0", "crates.io", "runtime"), one("b", "2.0.0", "crates.io", "runtime"), one("forked", "0.1.0", "git", "runtime"));
    let left_out = |packages: serde_json::Value| {
        let found = found(&elf(true, false, &[(LIST, &list(&packages))], &text));
        let guessed: Vec<String> =
            found.packages.iter().filter(|package| package.evidence == "cargo/panic-path").map(fngate::model::Package::purl).collect();
        assert_eq!(!guessed.is_empty(), troubles(&found) == "crate-list-contradicted bootstrap\n", "{packages}");
        assert_eq!(found.state() == InventoryState::Complete, guessed.is_empty());
        guessed.join(" ")
    };
    assert_eq!(left_out(json!([own, a, b, git])), "");
    assert_eq!(left_out(json!([own])), "pkg:cargo/a@1.0.0 pkg:cargo/b@2.0.0 pkg:cargo/forked", "an empty list");
    assert_eq!(left_out(json!([own, one("a", "1.0.0", "crates.io", "build"), b, git])), "pkg:cargo/a@1.0.0", "called a build dependency");
    assert_eq!(left_out(json!([own, one("a", "1.0.0", "local", "runtime"), b, git])), "pkg:cargo/a@1.0.0", "called the function's own");
    assert_eq!(left_out(json!([own, one("a", "1.9.0", "crates.io", "runtime"), b, git])), "pkg:cargo/a@1.0.0", "in another version");
    assert_eq!(left_out(json!([own, a, b])), "pkg:cargo/forked", "a git dependency");
    assert_eq!(left_out(json!([own, a, b, one("x", "0.1.0", "git", "runtime")])), "", "a repository may have crates of other names");
}

#[test]
fn what_honest_binaries_hold_contradicts_nothing() {
    let list = honest();
    for text in [
        "/cargo/registry/src/github.com-1ecc6299db9ec823/hashbrown-0.12.3/src/raw/mod.rs",
        "/usr/src/rustc-1.63.0/vendor/gimli-0.25.0/src/read/line.rs",
        "/home/u/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/protoc-bin-1.0.0/bin/protoc",
        "/home/u/fn/vendor/b-2.0.0/src/lib.rs",
        "/home/u/.cargo/registry/src",
    ] {
        let found = found(&elf(true, false, &[(LIST, &list)], &format!("{STD}\0{A}\0{text}\0")));
        assert_eq!(troubles(&found), "", "{text}");
    }
    // In a wheel the binary is the wheel's, whatever its list.
    let short = elf(true, false, &[(LIST, &self::list(&json!([])))], A);
    let owned = scanned(&[
        ("a/_rust.so", &short[..]),
        ("a-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n"),
        ("a-1.0.dist-info/RECORD", b"a/_rust.so,,\n"),
    ]);
    assert_eq!(format!("{}{}", listed(&owned), troubles(&owned)), "installed pkg:pypi/a@1.0\n");
}

#[test]
fn the_root_of_an_installed_tool_is_a_package() {
    let list = self::list(&json!([{"name": "tool", "version": "1.0.0", "source": "crates.io", "root": true}]));
    assert_eq!(listed(&found(&elf(true, false, &[(LIST, &list)], STD))), "embedded pkg:cargo/tool@1.0.0\n");
    // `cargo auditable install` calls it local.
    let local = self::list(&json!([{"name": "a", "version": "1.0.0", "source": "local", "root": true}]));
    let found = found(&elf(true, false, &[(LIST, &local)], A));
    assert_eq!(format!("{}{}", listed(&found), troubles(&found)), "embedded pkg:cargo/a@1.0.0\n");
}

#[test]
fn rust_is_known_by_whatever_it_leaves() {
    for text in [
        STD,
        "rust_eh_personality",
        "RUST_BACKTRACE",
        "rustc version 1.95.0 (59807616e 2026-04-14)",
        "x/usr/src/rustc-1.63.0/library/core/a.rs",
    ] {
        assert_eq!(troubles(&found(&elf(true, false, &[], text))), "rust-binary-unattributed bootstrap\n", "{text}");
    }
    assert_eq!(
        troubles(&found(&wasm(None, &[("producers", b"\x01\x0cprocessed-by\x01\x05rustc\x061.95.0")], ""))),
        "rust-binary-unattributed bootstrap\n"
    );
    assert_eq!(troubles(&found(&elf(true, false, &[], "int main"))), "native-code bootstrap\n", "what tells nothing is native code");
}

#[test]
fn damaged_binaries_never_panic() {
    let list = honest();
    let sections = [(LIST, &list[..])];
    let binaries = [
        elf(true, false, &sections, ""),
        elf(false, true, &sections, ""),
        pe(&sections, ""),
        universal(&[mach_o(true, false, &sections, ""), mach_o(false, true, &sections, "")]),
        wasm(Some(&[wasm(None, &sections, "")]), &sections, ""),
    ];
    for binary in binaries {
        for at in 0..binary.len().min(400) {
            for value in [0, 1, 0x7f, 0xff] {
                let mut damaged = binary.clone();
                damaged[at] = value;
                found(&damaged);
            }
            found(&binary[..at]);
        }
    }
}

#[test]
fn locks_of_every_version_and_registry() {
    let head = "version = 4\n";
    let one = |name: &str, source: &str| {
        let source = if source.is_empty() { String::new() } else { format!("source = \"{source}\"\n") };
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\n{source}\n")
    };
    let packages = [
        one("fn", ""),
        one("index", "registry+https://github.com/rust-lang/crates.io-index"),
        one("sparse", "sparse+https://index.crates.io/"),
        one("other", "registry+https://crates.example.com/git/index"),
        one("other-sparse", "sparse+https://crates.example.com/index/"),
        one("repository", "git+https://example.com/r.git?branch=feat%2Fx#0123456789abcdef0123456789abcdef01234567"),
    ]
    .concat();
    let expected = "locked pkg:cargo/index@1.0.0\nlocked pkg:cargo/other@1.0.0 Url\nlocked pkg:cargo/other-sparse@1.0.0 Url\n\
                    locked pkg:cargo/repository@1.0.0 Git\nlocked pkg:cargo/sparse@1.0.0\n";
    for version in ["", "version = 3\n", head] {
        let found = scanned(&[("Cargo.lock", format!("{version}{packages}"))]);
        assert_eq!(format!("{}{}", listed(&found), troubles(&found)), expected, "{version}");
    }
    let first = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\n\
                 [[package]]\nname = \"fn\"\nversion = \"0.1.0\"\ndependencies = [\n \"a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)\",\n]\n\n\
                 [metadata]\n\"checksum a 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)\" = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n";
    assert_eq!(listed(&scanned(&[("Cargo.lock", first)])), "locked pkg:cargo/a@1.0.0\n");
}
