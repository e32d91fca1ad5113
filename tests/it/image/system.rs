//! The operating system in an image: what its package databases list, and what they may not speak for.

use fngate::artifact::{Artifact, Limits};
use fngate::model::{Inventory, InventoryState, NotJudged};
use fngate::scan::scan;

use super::build::{Tar, layout};

const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0native";
const XZ: &[u8] = b"\xfd7zXZ\0\0\x04rest";

fn image(files: &[(&str, &[u8])]) -> Vec<u8> {
    layout(&[files.iter().fold(Tar::new(), |tar, (name, content)| tar.file(name, content)).bytes()]).tar()
}

fn scanned(artifact: &[u8]) -> Inventory {
    scan(&Artifact::read("image.tar".to_owned(), artifact).unwrap(), &Limits::image(), None, &[])
}

/// Problems as `kind path: message`, one a line.
fn said(found: &Inventory) -> String {
    let line = |problem: &fngate::model::Problem| {
        let path = problem.path.as_ref().map_or("-", |path| path.as_str());
        format!("{} {path}: {} ({} bytes)\n", problem.kind, problem.message, problem.bytes)
    };
    found.problems.iter().map(line).collect()
}

#[test]
fn what_dpkg_lists_is_one_group() {
    let found = scanned(&image(&[
        ("var/lib/dpkg/status", b"Package: libc6\n"),
        (
            "var/lib/dpkg/info/libc6:amd64.list",
            b"/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n/usr/share/doc/libc6/NEWS.xz\n",
        ),
        ("var/lib/dpkg/info/bash.list", b"/bin/bash\n/usr/local/bin/tool\n/opt/tool\n/usr/src/app/addon.node\n"),
        // Debian's `/lib` leads to `/usr/lib`; its packages were built with the older name.
        ("usr/lib/x86_64-linux-gnu/libc.so.6", ELF),
        ("usr/share/doc/libc6/NEWS.xz", XZ),
        ("bin/bash", ELF),
        ("usr/local/bin/tool", ELF),
        ("opt/tool", ELF),
        ("usr/src/app/addon.node", ELF),
        ("usr/lib/unlisted.so", ELF),
    ]));
    insta::assert_snapshot!(said(&found), @r"
    native-code opt/tool: native code that no package owns, which is not judged (14 bytes)
    native-code usr/lib/unlisted.so: native code that no package owns, which is not judged (14 bytes)
    native-code usr/local/bin/tool: native code that no package owns, which is not judged (14 bytes)
    native-code usr/src/app/addon.node: native code that no package owns, which is not judged (14 bytes)
    os-package var/lib/dpkg/status: packages of the operating system, which are not judged: 2 (40 bytes)
    ");
    assert_eq!(found.state(), InventoryState::Complete);
    let packages: Vec<Option<usize>> = found.not_judged.iter().filter(|file| file.kind == "os-package").map(|file| file.packages).collect();
    assert_eq!(packages, [Some(2)]);
}

#[test]
fn an_acceptance_of_a_database_is_of_the_files_it_lists() {
    let digest = |content: &[u8]| {
        let files: [(&str, &[u8]); 4] = [
            ("var/lib/dpkg/status", b"s"),
            ("var/lib/dpkg/info/a.list", b"/usr/lib/a.so\n"),
            ("usr/lib/a.so", content),
            ("b.txt", content),
        ];
        let found = scanned(&image(&files));
        found.problems.into_iter().find(|problem| problem.kind == "os-package").and_then(|problem| problem.sha256).unwrap()
    };
    assert_eq!(digest(ELF), digest(ELF));
    assert_ne!(digest(ELF), digest(b"\x7fELF another"));
}

#[test]
fn images_without_dpkg_list_their_files_otherwise() {
    let distroless = scanned(&image(&[
        ("var/lib/dpkg/status.d/base", b"Package: base\n"),
        ("var/lib/dpkg/status.d/base.md5sums", b"0123456789abcdef0123456789abcdef  usr/lib/libssl.so.3\n"),
        ("usr/lib/libssl.so.3", ELF),
    ]));
    insta::assert_snapshot!(said(&distroless), @"os-package var/lib/dpkg/status.d: packages of the operating system, which are not judged: 1 (14 bytes)");
    for database in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
        let alpine = scanned(&image(&[
            (database, b"P:musl\nV:1.2.5-r0\nF:lib\nR:ld-musl-x86_64.so.1\nZ:Q1x=\n\nP:busybox\nF:bin\nR:busybox\nF:srv\nR:tool\n"),
            ("lib/ld-musl-x86_64.so.1", ELF),
            ("bin/busybox", ELF),
            ("srv/tool", ELF),
        ]));
        let expected = format!("os-package {database}: packages of the operating system, which are not judged: 2 (28 bytes)");
        assert!(said(&alpine).contains(&expected), "{}", said(&alpine));
        assert_eq!(found_kinds(&alpine), ["native-code", "os-package"]);
    }
}

fn found_kinds(found: &Inventory) -> Vec<&str> {
    let mut kinds: Vec<&str> = found.problems.iter().map(|problem| problem.kind).collect();
    kinds.sort_unstable();
    kinds
}

#[test]
fn a_database_is_the_images_own_word() {
    let minified = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);".repeat(100);
    let rust = b"\x7fELF/rustc/0/library \0/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/a-1.0.0/src/lib.rs".to_vec();
    let files: Vec<(&str, &[u8])> = vec![
        ("var/lib/dpkg/info/forged.list", b"/var/task/app.js\n/usr/lib/app.js\n/usr/bin/fn\n/usr/lib/fn.upx\n/usr/lib/node_modules/a/x.js\n/usr/lib/python3.11/site-packages/b/x.py\n/../../app.xz\n"),
        ("var/task/app.js", minified.as_bytes()),
        ("usr/lib/app.js", minified.as_bytes()),
        ("usr/bin/fn", &rust),
        ("usr/lib/node_modules/a/x.js", b"1"),
        ("usr/lib/python3.11/site-packages/b/x.py", b"1"),
        ("app.xz", XZ),
    ];
    let forged = scanned(&image(&files));
    assert_eq!(
        found_kinds(&forged),
        [
            "archive-unattributed",
            "minified-unattributed",
            "minified-unattributed",
            "os-package",
            "package-unattributed",
            "package-unattributed",
            "rust-binary-unattributed"
        ]
    );
    assert!(forged.packages.iter().any(|package| package.purl() == "pkg:cargo/a@1.0.0"));
    // Outside an image, or elsewhere in one, there is no such database at all.
    let tar = |files: &[(&str, &[u8])]| files.iter().fold(Tar::new(), |tar, (name, content)| tar.file(name, content)).bytes();
    let listed: [(&str, &[u8]); 2] = [("var/lib/dpkg/info/a.list", b"/usr/lib/a.so\n"), ("usr/lib/a.so", ELF)];
    assert_eq!(found_kinds(&scanned(&tar(&listed))), ["native-code"]);
    let elsewhere: [(&str, &[u8]); 2] = [("app/var/lib/dpkg/info/a.list", b"/usr/lib/a.so\n"), ("app/usr/lib/a.so", ELF)];
    assert_eq!(found_kinds(&scanned(&image(&elsewhere))), ["native-code"]);
}

#[test]
fn a_distributions_own_rust_is_its_own() {
    let own = |path: &str| format!("\x7fELF/usr/src/rustc-1.85.0/library/core/src/str.rs\0{path}/anyhow-1.0.95/src/lib.rs").into_bytes();
    for (path, expected) in [
        ("/usr/share/cargo/registry", &["os-package"][..]),
        ("/build/vendor", &["os-package"]),
        ("/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f", &["os-package", "rust-binary-unattributed"]),
    ] {
        let found = scanned(&image(&[("var/lib/dpkg/info/sqv.list", b"/usr/bin/sqv\n"), ("usr/bin/sqv", &own(path))]));
        assert_eq!(found_kinds(&found), expected, "{path}");
    }
}

#[test]
fn modules_of_debian_are_packages_where_they_say_which() {
    let found = scanned(&image(&[
        (
            "var/lib/dpkg/info/all.list",
            b"/usr/share/nodejs/plain.js\n/usr/lib/python3/dist-packages/apt/x.py\n/usr/share/nodejs/a/package.json\n",
        ),
        ("usr/share/nodejs/plain.js", b"1"),
        ("usr/share/nodejs/stray.js", b"1"),
        ("usr/share/nodejs/a/package.json", br#"{"name":"a","version":"1.0.0"}"#),
        ("usr/lib/python3/dist-packages/apt/x.py", b"1"),
        ("usr/lib/python3/dist-packages/apt/__pycache__/x.cpython-311.pyc", b"1"),
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", b"Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\n"),
        ("opt/yarn-v1.22.22/package.json", br#"{"name":"yarn","version":"1.22.22"}"#),
    ]));
    let packages: Vec<String> = found.packages.iter().map(fngate::model::Package::purl).collect();
    assert_eq!(packages, ["pkg:npm/a@1.0.0", "pkg:npm/yarn@1.22.22", "pkg:pypi/six@1.16.0"]);
    assert_eq!(found_kinds(&found), ["os-package", "package-unattributed"], "the stray module is nobody's");
}

#[test]
fn very_many_files_of_a_kind_are_one_problem() {
    let names: Vec<String> = (0..60).map(|number| format!("srv/{number}.so")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), ELF)).collect();
    let found = scanned(&image(&files));
    insta::assert_snapshot!(said(&found), @"native-code -: 60 files: native code that no package owns, which is not judged (840 bytes)");
    assert_eq!(found.not_judged.iter().filter(|file: &&NotJudged| file.kind == "native-code").count(), 60);
}

/// A database that rpm wrote, its one table copied into pages of 512 bytes, so that rows overflow and the tree has levels.
const RPM: &[u8] = include_bytes!("../../../testdata/formats/rpmdb.sqlite");

#[test]
fn what_rpm_lists_is_one_group() {
    let files: Vec<(&str, &[u8])> = vec![
        ("usr/lib64/alpha/libalpha.so", ELF),
        ("usr/lib64/beta/libbeta.so", ELF),
        ("usr/bin/beta", ELF),
        ("opt/beta/tool", ELF),
        ("usr/lib64/gamma.so", ELF),
    ];
    for database in ["var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite"] {
        let found = scanned(&image(&[&[(database, RPM)], &files[..]].concat()));
        let expected = format!("os-package {database}: packages of the operating system, which are not judged: 2 (42 bytes)\n");
        assert!(said(&found).contains(&expected), "{}", said(&found));
        assert_eq!(found_kinds(&found), ["native-code", "native-code", "os-package"]);
    }
    let old = scanned(&image(&[&[("var/lib/rpm/Packages", &b"\0\0\0\0"[..])], &files[..]].concat()));
    assert_eq!(found_kinds(&old), ["native-code", "native-code", "native-code", "native-code", "native-code", "os-package"]);
}

#[test]
fn damaged_databases_quiet_nothing_and_never_panic() {
    for at in (0..RPM.len()).step_by(7) {
        let mut damaged = RPM.to_vec();
        damaged[at] ^= 0xff;
        scanned(&image(&[("var/lib/rpm/rpmdb.sqlite", &damaged)]));
    }
    for end in (0..RPM.len()).step_by(97) {
        scanned(&image(&[("var/lib/rpm/rpmdb.sqlite", &RPM[..end])]));
    }
}
