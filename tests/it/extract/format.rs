//! One fixture a format, and what each reader finds in it.

use super::walker::{listed, scanned, troubles};

/// A path and a content for every format; some formats have several shapes.
pub const FIXTURES: &[(&str, &[u8])] = &[
    ("bootstrap", include_bytes!("../../../testdata/formats/auditable.elf")),
    ("Cargo.lock", CARGO_LOCK.as_bytes()),
    ("index.js", BUNDLE.as_bytes()),
    ("map/index.js", include_bytes!("../../../testdata/bundles/esbuild-map/index.js")),
    ("map/index.js.map", include_bytes!("../../../testdata/bundles/esbuild-map/index.js.map")),
    ("meta.json", include_bytes!("../../../testdata/bundles/esbuild-meta/meta.json")),
    ("index.js.LEGAL.txt", include_bytes!("../../../testdata/bundles/esbuild-legal/index.js.LEGAL.txt")),
    ("dev/index.js", include_bytes!("../../../testdata/bundles/webpack-dev/index.js")),
    ("package.json", PACKAGE_JSON.as_bytes()),
    ("node_modules/a/package.json", PACKAGE_JSON.as_bytes()),
    ("package-lock.json", LOCK_1.as_bytes()),
    ("npm-shrinkwrap.json", LOCK_3.as_bytes()),
    ("node_modules/.package-lock.json", LOCK_3.as_bytes()),
    ("yarn.lock", YARN_1.as_bytes()),
    ("berry/yarn.lock", BERRY.as_bytes()),
    ("pnpm-lock.yaml", PNPM_5.as_bytes()),
    ("six/pnpm-lock.yaml", PNPM_6.as_bytes()),
    ("nine/pnpm-lock.yaml", PNPM_9.as_bytes()),
    ("bun.lock", BUN.as_bytes()),
    ("bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n"),
    ("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#),
    ("lib/apk/db/installed", b"P:musl\nV:1.2.5-r0\nF:lib\nR:ld-musl-x86_64.so.1\nZ:Q1x=\n\n"),
    ("var/lib/dpkg/info/bash.list", b"/.\n/bin\n/bin/bash\n"),
    ("var/lib/rpm/rpmdb.sqlite", include_bytes!("../../../testdata/formats/rpmdb.sqlite")),
    ("main.pyc", b"\xcb\r\r\n and more"),
    ("Gemfile.lock", b"GEM\n  specs:\n    rack (2.0.0)\n"),
    ("a-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: a\nVersion: 1.0\n\nText\n"),
    ("a-1.0.dist-info/RECORD", b"a/__init__.py,sha256=x,1\n\"a/b,c.py\",,\n../../bin/a,,\n/etc/passwd,,\n"),
    ("a-1.0.dist-info/direct_url.json", br#"{"url":"https://example.com/a.git","vcs_info":{"vcs":"git","commit_id":"0"}}"#),
    ("a-1.0.dist-info/top_level.txt", b"a\n_a\n../b\n"),
    ("b-1.0-py3.11.egg-info/requires.txt", b"idna>=2\n\n[:python_version<'3']\nsix\n\n[test]\npytest\n"),
    ("b-1.0-py3.11.egg-info", b"Metadata-Version: 1.0\nName: b\nVersion: 1.0\n"),
    ("requirements.txt", REQUIREMENTS.as_bytes()),
    ("deps/base.in", REQUIREMENTS.as_bytes()),
    ("a/_vendor/vendor.txt", b"idna==3.6 # why\nsix==1.16.0\n"),
    ("a/_version.py", b"__version__ = version = '1.0'\n"),
    ("a/__init__.pyc", b"\xa7\r\r\n\xe3\0\xda\x0b__version__\xda\x051.0.0"),
    ("pyproject.toml", b"[project]\nname = \"f\"\ndependencies = [\"idna==3.6\"]\n"),
    ("Pipfile.lock", PIPFILE.as_bytes()),
    ("poetry.lock", POETRY.as_bytes()),
    ("uv.lock", UV.as_bytes()),
    ("pdm.lock", PDM.as_bytes()),
    ("pylock.toml", PYLOCK.as_bytes()),
];

const BUNDLE: &str = "var __commonJS = (cb, mod) => function __require() { return mod; };\n// node_modules/a/index.js\n";

const PACKAGE_JSON: &str = r#"{"name":"a","version":"1.0.0","dependencies":{"b":"2.0.0","c":"git+https://example.com/c.git"}}"#;

const CARGO_LOCK: &str = r#"version = 4

[[package]]
name = "function"
version = "0.1.0"
dependencies = ["serde", "forked"]

[[package]]
name = "forked"
version = "0.2.0"
source = "git+https://example.com/forked#0123456789abcdef0123456789abcdef01234567"

[[package]]
name = "serde"
version = "1.0.228"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "9a8e94ea7f378bd32cbbd37198a4a91436180c5bb472411e48b5ec2e2124ae9e"
"#;

const LOCK_1: &str = r#"{"name":"function","version":"1.0.0","lockfileVersion":1,"requires":true,"dependencies":{
    "a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x","requires":{"b":"^1"},
         "dependencies":{"b":{"version":"1.5.0","bundled":true}}},
    "b":{"version":"2.0.0","dev":true},
    "alias":{"version":"npm:ms@0.7.1"},
    "g":{"version":"git+ssh://git@github.com/x/g.git#abc","from":"g@github:x/g"},
    "f":{"version":"file:../f"},
    "@s/n":{"version":"1.0.0-rc.1","optional":true}}}"#;

const LOCK_3: &str = r#"{"name":"function","lockfileVersion":3,"requires":true,"packages":{
    "":{"name":"function","version":"1.0.0","workspaces":["packages/*"]},
    "node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz","integrity":"sha512-x"},
    "node_modules/a/node_modules/b":{"version":"1.5.0","inBundle":true},
    "node_modules/b":{"version":"2.0.0","devOptional":true},
    "node_modules/alias":{"name":"ms","version":"0.7.1"},
    "node_modules/@acme/m":{"resolved":"packages/m","link":true},
    "packages/m":{"name":"@acme/m","version":"0.1.0"}}}"#;

const YARN_1: &str = r#"# yarn lockfile v1


"@s/n@^1.0.0", "@s/n@^1.1.0":
  version "1.2.0"
  resolved "https://registry.yarnpkg.com/@s/n/-/n-1.2.0.tgz#0"
  dependencies:
    version "^9.9.9"

"alias@npm:ms@0.7.1":
  version "0.7.1"
  resolved "https://registry.yarnpkg.com/ms/-/ms-0.7.1.tgz#0"

"g@git+https://example.com/g.git":
  version "1.0.0"
  resolved "git+https://example.com/g.git#0"
"#;

const BERRY: &str = r#"# This file is generated by running "yarn install" inside your project.

__metadata:
  version: 8
  cacheKey: 10c0

"@acme/a@workspace:packages/a":
  version: 0.0.0-use.local
  resolution: "@acme/a@workspace:packages/a"
  languageName: unknown
  linkType: soft

"alias@npm:ms@0.7.1":
  version: 0.7.1
  resolution: "ms@npm:0.7.1"
  checksum: 10c0/0
  languageName: node
  linkType: hard

"fsevents@patch:fsevents@npm%3A2.3.2#optional!builtin<compat/fsevents>":
  version: 2.3.2
  resolution: "fsevents@patch:fsevents@npm%3A2.3.2#optional!builtin<compat/fsevents>::version=2.3.2&hash=df0bf1"
  linkType: hard

"g@https://example.com/g.git":
  version: 1.0.0
  resolution: "g@https://example.com/g.git#commit=0"
  linkType: hard
"#;

const PNPM_5: &str = r"lockfileVersion: 5.4

specifiers:
  '@s/n': 1.0.0

packages:

  /@s/n/1.0.0_react@17.0.2:
    resolution: {integrity: sha512-x}
    dev: false

  /ms/0.7.1:
    resolution: {integrity: sha512-x}
    dev: true

  github.com/x/g/0123456:
    resolution: {tarball: https://codeload.github.com/x/g/tar.gz/0123456}
    name: g
    version: 1.0.0
    dev: false
";

const PNPM_6: &str = r"lockfileVersion: '6.0'

importers:
  .:
    dependencies:
      alias:
        specifier: npm:ms@0.7.1
        version: /ms@0.7.1

packages:

  /@s/n@1.0.0(react@18.0.0):
    resolution: {integrity: sha512-x}
    dev: false

  /ms@0.7.1:
    resolution: {integrity: sha512-x}
    optional: true
";

const PNPM_9: &str = r"---
lockfileVersion: '9.0'

packages:

  '@s/n@1.0.0':
    resolution: {integrity: sha512-x}

  d@file:packages/d:
    resolution: {directory: packages/d, type: directory}

  g@https://codeload.github.com/x/g/tar.gz/0123456:
    resolution: {tarball: https://codeload.github.com/x/g/tar.gz/0123456}
    version: 1.0.0

snapshots:

  '@s/n@1.0.0': {}
---
lockfileVersion: '9.0'
packages:
  tool@2.0.0:
    resolution: {integrity: sha512-x}
";

const BUN: &str = r#"{
  // A comment, which JSON has not.
  "lockfileVersion": 1,
  "workspaces": { "": { "name": "function", "dependencies": { "alias": "npm:ms@0.7.1", }, }, },
  "packages": {
    "@acme/a": ["@acme/a@workspace:packages/a"],
    "@s/n": ["@s/n@1.0.0", "", { "dependencies": { "x": "^1" } }, "sha512-x"],
    "alias": ["ms@0.7.1", "", {}, "sha512-,]//"],
    "g": ["g@github:x/g#0123456", {}, "x-g-0123456"],
  }
}
"#;

const REQUIREMENTS: &str = "# function\n-r base.txt\nidna==3.6 \\\n    --hash=sha256:0\nsix>=1.16 ; python_version > '3'\ng @ git+https://example.com/g.git\n-e .\n";

const PIPFILE: &str = r#"{"_meta":{"hash":{"sha256":"0"},"pipfile-spec":6},
    "default":{"idna":{"hashes":[],"version":"==3.6"},"g":{"git":"https://example.com/g.git","ref":"0"},"own":{"path":".","editable":true}},
    "develop":{"iniconfig":{"version":"==2.0.0"}}}"#;

const POETRY: &str = r#"[[package]]
name = "idna"
version = "3.6"
optional = false
groups = ["main", "dev"]

[[package]]
name = "iniconfig"
version = "2.0.0"
optional = false
groups = ["dev"]

[[package]]
name = "six"
version = "1.16.0"
category = "dev"
optional = false

[[package]]
name = "g"
version = "1.0.0"
optional = false
[package.source]
type = "git"
url = "https://example.com/g.git"

[metadata]
lock-version = "2.1"
"#;

const UV: &str = r#"version = 1

[[package]]
name = "function"
source = { virtual = "." }

[[package]]
name = "idna"
version = "3.6"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "w"
version = "1.0"
source = { path = "w-1.0-py3-none-any.whl" }
"#;

const PDM: &str = r#"[metadata]
groups = ["default", "dev"]
lock_version = "4.5.0"

[[package]]
name = "idna"
version = "3.6"
groups = ["default"]

[[package]]
name = "iniconfig"
version = "2.0.0"
groups = ["dev"]

[[package]]
name = "g"
version = "1.0.0"
git = "https://example.com/g.git"
groups = ["default"]
"#;

const PYLOCK: &str = r#"lock-version = "1.0"
created-by = "hand"

[[packages]]
name = "idna"
version = "3.6"
index = "https://pypi.org/simple"

[[packages]]
name = "g"
vcs = { type = "git", url = "https://example.com/g.git", commit-id = "0" }

[[packages]]
name = "a"
archive = { url = "https://example.com/a.tar.gz" }
"#;

/// What is found in the fixture of this path, alone.
fn found(path: &str) -> String {
    let (_, content) = FIXTURES.iter().find(|(fixture, _)| *fixture == path).unwrap();
    let inventory = scanned(&[(path, content)]);
    format!("{}{}", listed(&inventory), troubles(&inventory))
}

#[test]
fn npm_locks() {
    insta::assert_snapshot!(found("package-lock.json"), @r"
    locked pkg:npm/%40s/n@1.0.0-rc.1
    locked pkg:npm/a@1.0.0
    locked pkg:npm/b@1.5.0
    locked pkg:npm/b@2.0.0 dev
    locked pkg:npm/g Git
    locked pkg:npm/ms@0.7.1
    ");
    insta::assert_snapshot!(found("npm-shrinkwrap.json"), @r"
    locked pkg:npm/a@1.0.0
    locked pkg:npm/b@1.5.0
    locked pkg:npm/b@2.0.0 dev
    locked pkg:npm/ms@0.7.1
    ");
    assert_eq!(found("npm-shrinkwrap.json"), found("node_modules/.package-lock.json"));
}

#[test]
fn yarn_locks() {
    insta::assert_snapshot!(found("yarn.lock"), @r"
    locked pkg:npm/%40s/n@1.2.0
    locked pkg:npm/g@1.0.0 Git
    locked pkg:npm/ms@0.7.1
    ");
    insta::assert_snapshot!(found("berry/yarn.lock"), @r"
    locked pkg:npm/fsevents@2.3.2
    locked pkg:npm/g@1.0.0 Git
    locked pkg:npm/ms@0.7.1
    ");
}

#[test]
fn pnpm_locks() {
    insta::assert_snapshot!(found("pnpm-lock.yaml"), @r"
    locked pkg:npm/%40s/n@1.0.0
    locked pkg:npm/g@1.0.0 Git
    locked pkg:npm/ms@0.7.1 dev
    ");
    insta::assert_snapshot!(found("six/pnpm-lock.yaml"), @r"
    locked pkg:npm/%40s/n@1.0.0
    locked pkg:npm/ms@0.7.1 dev
    ");
    insta::assert_snapshot!(found("nine/pnpm-lock.yaml"), @r"
    locked pkg:npm/%40s/n@1.0.0
    locked pkg:npm/g@1.0.0 Git
    locked pkg:npm/tool@2.0.0
    ");
}

#[test]
fn bun_locks() {
    insta::assert_snapshot!(found("bun.lock"), @r"
    locked pkg:npm/%40s/n@1.0.0
    locked pkg:npm/g Git
    locked pkg:npm/ms@0.7.1
    ");
}

#[test]
fn python_locks() {
    insta::assert_snapshot!(found("requirements.txt"), @r"
    declared pkg:pypi/g Git
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/six
    requirement-unresolved requirements.txt
    ");
    insta::assert_snapshot!(found("Pipfile.lock"), @r"
    locked pkg:pypi/g Git
    locked pkg:pypi/idna@3.6
    locked pkg:pypi/iniconfig@2.0.0 dev
    ");
    insta::assert_snapshot!(found("poetry.lock"), @r"
    locked pkg:pypi/g@1.0.0 Git
    locked pkg:pypi/idna@3.6
    locked pkg:pypi/iniconfig@2.0.0 dev
    locked pkg:pypi/six@1.16.0 dev
    ");
    insta::assert_snapshot!(found("uv.lock"), @r"
    locked pkg:pypi/idna@3.6
    locked pkg:pypi/w@1.0 Url
    ");
    insta::assert_snapshot!(found("pdm.lock"), @r"
    locked pkg:pypi/g@1.0.0 Git
    locked pkg:pypi/idna@3.6
    locked pkg:pypi/iniconfig@2.0.0 dev
    ");
    insta::assert_snapshot!(found("pylock.toml"), @r"
    locked pkg:pypi/a Url
    locked pkg:pypi/g Git
    locked pkg:pypi/idna@3.6
    ");
}

#[test]
fn cargo() {
    insta::assert_snapshot!(found("Cargo.lock"), @r"
    locked pkg:cargo/forked@0.2.0 Git
    locked pkg:cargo/serde@1.0.228
    ");
    insta::assert_snapshot!(found("bootstrap"), @r"
    build pkg:cargo/autocfg@1.5.1
    embedded pkg:cargo/forked@0.2.0 Git
    embedded pkg:cargo/tokio@1.20.0
    ");
}

#[test]
fn what_keeps_to_no_format_is_malformed() {
    for (path, content) in [
        ("package-lock.json", "{}"),
        ("package-lock.json", r#"{"lockfileVersion":4,"packages":{}}"#),
        ("package-lock.json", "[]"),
        ("package.json", "{"),
        ("yarn.lock", "no lockfile"),
        ("pnpm-lock.yaml", "packages: {}"),
        ("pnpm-lock.yaml", "lockfileVersion: '12.0'"),
        ("bun.lock", "{\"lockfileVersion\": 9}"),
        ("Cargo.lock", "version = "),
        ("poetry.lock", "x = 1"),
        ("Pipfile.lock", "{}"),
        ("requirements.txt", "<html>\n"),
        ("a.dist-info/METADATA", "Summary: nothing\n"),
        ("node_modules/a/package.json", "null"),
    ] {
        let inventory = scanned(&[(path, content)]);
        assert_eq!(troubles(&inventory), format!("manifest-malformed {path}\n"), "{path}: {content}");
    }
}

#[test]
fn windows_shells_write_requirements_too() {
    let text = "idna==3.6\r\nsix==1.16.0\r\n";
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(listed(&scanned(&[("requirements.txt", wide)])), "declared pkg:pypi/idna@3.6\ndeclared pkg:pypi/six@1.16.0\n");
}

/// Lockfiles that the real package managers wrote for one and the same manifest: `escape-html`, `ms` under an alias and once
/// more for a workspace member, a scoped package, a development and an optional dependency.
#[test]
fn every_package_manager_locks_the_same() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats/orders");
    let found = |manager: &str, lock: &str| {
        let content = std::fs::read(folder.join(manager).join(lock)).unwrap();
        let inventory = scanned(&[(lock, content)]);
        assert_eq!(troubles(&inventory), "", "{manager}");
        let mut purls: Vec<String> = inventory.packages.iter().map(fngate::model::Package::purl).collect();
        purls.dedup();
        purls.join(" ").replace("pkg:npm/", "").replace("pkg:pypi/", "")
    };
    let all = "%40types/ms@0.7.31 escape-html@1.0.3 fsevents@2.3.2 isarray@2.0.5 ms@0.7.1 ms@2.1.2";
    for (manager, lock) in [
        ("npm-8", "package-lock.json"),
        ("npm-10", "package-lock.json"),
        ("pnpm-7", "pnpm-lock.yaml"),
        ("pnpm-8", "pnpm-lock.yaml"),
        ("pnpm-9", "pnpm-lock.yaml"),
        ("yarn1", "yarn.lock"),
        ("bun", "bun.lock"),
    ] {
        assert_eq!(found(manager, lock), all, "{manager}");
    }
    // npm 6 knows no workspaces.
    assert_eq!(found("npm-6", "package-lock.json"), all.replace(" ms@2.1.2", ""));
    // yarn berry adds what an install script of `fsevents` needs.
    let berry = found("berry", "yarn.lock");
    for purl in all.split(' ') {
        assert!(berry.split(' ').any(|found| found == purl), "{purl} in {berry}");
    }
    assert!(!berry.contains("acme"));
    assert_eq!(found("python-uv-lock", "uv.lock"), "idna@3.6 iniconfig@2.0.0 six@1.16.0");
    // An export leaves the development group out.
    assert!(found("python-pylock-toml", "pylock.toml").starts_with("idna@3.6 "));
    assert_eq!(found("python-Pipfile-lock", "Pipfile.lock"), "idna@3.6 iniconfig@2.0.0");
}
