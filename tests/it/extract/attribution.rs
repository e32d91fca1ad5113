//! What the whole picture decides: traps that are no packages, lockfiles that are moot, code with and without an owner.

use fngate::extract::{Owners, attribute};
use fngate::model::{Claim, EntryPath, InventoryState};

use super::walker::{listed, scanned, troubles};

const MINIFIED: &str = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);";

fn package(name: &str, version: &str) -> String {
    format!(r#"{{"name":"{name}","version":"{version}"}}"#)
}

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\nName: other\n")
}

#[test]
fn only_package_roots_are_installed() {
    let found = scanned(&[
        ("package.json", package("function", "1.0.0")),
        ("node_modules/a/package.json", package("a", "1.0.0")),
        ("node_modules/a/node_modules/b/package.json", package("b", "2.0.0")),
        ("node_modules/a/test/fixture/package.json", package("trap", "6.6.6")),
        ("node_modules/a/test/node_modules/trap/package.json", package("trap", "6.6.6")),
        ("node_modules/a/test/broken/package.json", "{".into()),
        ("node_modules/a/esm/package.json", r#"{"type":"module"}"#.into()),
        ("node_modules/a/package-lock.json", r#"{"lockfileVersion":3,"packages":{"node_modules/trap":{"version":"6.6.6"}}}"#.into()),
        ("node_modules/alias/package.json", package("real", "0.7.1")),
        ("node_modules/@s/c/package.json", package("@s/c", "3.0.0")),
        ("node_modules/.pnpm/d@4.0.0/node_modules/d/package.json", package("d", "4.0.0")),
        ("node_modules/own/package.json", r#"{"name":"own","version":"1.0.0","private":true}"#.into()),
        ("node_modules/twice/package.json", r#"{"name":"x","version":"1.0.0","version":"2.0.0","name":"twice","license":["MIT"]}"#.into()),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    installed pkg:npm/%40s/c@3.0.0
    installed pkg:npm/a@1.0.0
    installed pkg:npm/b@2.0.0
    installed pkg:npm/d@4.0.0
    installed pkg:npm/own@1.0.0 Private
    installed pkg:npm/real@0.7.1
    installed pkg:npm/twice@2.0.0
    ");
    assert_eq!(troubles(&found), "");
    assert_eq!(found.state(), InventoryState::Complete);
}

#[test]
fn a_broken_manifest_of_an_installed_package_is_a_problem() {
    let found = scanned(&[
        ("node_modules/a/package.json", "{\"name\":"),
        ("node_modules/b/package.json", r#"{"name":"b"}"#),
        ("node_modules/b/index.js", "1"),
    ]);
    insta::assert_snapshot!(listed(&found), @"installed pkg:npm/b");
    insta::assert_snapshot!(troubles(&found), @r"
    manifest-malformed node_modules/a/package.json
    package-unattributed node_modules/b/package.json
    ");
}

/// yarn's pnpm linker leaves such a folder where a package is for another platform.
#[test]
fn a_manifest_without_version_and_nothing_else_is_a_placeholder() {
    let stub = r#"{"name":"b","mocked":true}"#;
    let found = scanned(&[("node_modules/b/package.json", stub)]);
    assert_eq!((listed(&found).as_str(), troubles(&found).as_str()), ("", ""));
    for beside in ["node_modules/b/lib/b.wasm", "node_modules/b/README.md"] {
        let found = scanned(&[("node_modules/b/package.json", stub), (beside, "1")]);
        assert_eq!(listed(&found), "installed pkg:npm/b\n", "{beside}");
    }
}

#[test]
fn a_member_that_a_packer_copied_needs_no_version() {
    let member = r#"{"name":"@acme/api","private":true,"main":"index.js"}"#;
    let lock = r#"{"lockfileVersion":3,"packages":{"":{},"node_modules/@acme/api":{"resolved":"packages/api","link":true},
        "packages/api":{"name":"@acme/api"}}}"#;
    let copy = ("node_modules/@acme/api/package.json", member);
    let code = ("node_modules/@acme/api/index.js", "exports.handler = 1;");
    for proof in [("packages/api/package.json", member), ("package-lock.json", lock)] {
        let original = ("packages/api/index.js", "exports.handler = 1;");
        let found = scanned(&[copy, code, proof, original]);
        assert_eq!(listed(&found), "installed pkg:npm/%40acme/api FirstParty\n", "{}", proof.0);
        assert_eq!(troubles(&found), "", "{}", proof.0);
    }
    // A manifest alone is no copy.
    let other = ("packages/api/package.json", member);
    assert_eq!(listed(&scanned(&[copy, code, other])), "installed pkg:npm/%40acme/api Private\n");
    // Nothing but its own word: it stays open what it is. A package's fixture is no proof.
    let fixture = ("node_modules/x/package.json", member);
    assert_eq!(listed(&scanned(&[copy, code])), "installed pkg:npm/%40acme/api Private\n");
    assert!(listed(&scanned(&[copy, code, fixture])).starts_with("installed pkg:npm/%40acme/api Private\n"));
    // One with a version is judged by it, wherever it lies as well.
    let versioned = r#"{"name":"lodash","version":"4.17.4"}"#;
    let found = scanned(&[("node_modules/lodash/package.json", versioned), ("packages/lodash/package.json", versioned)]);
    assert_eq!(listed(&found), "installed pkg:npm/lodash@4.17.4\n");
}

#[test]
fn code_in_node_modules_without_a_manifest_is_said_so() {
    let found =
        scanned(&[("node_modules/a/index.js", "module.exports = 1;"), ("node_modules/.bin/x.js", "1"), ("node_modules/b/README.md", "b")]);
    insta::assert_snapshot!(troubles(&found), @"package-unattributed node_modules/a");
    assert_eq!(found.unattributed_bytes(), 19);
}

const LOCK: &str = r#"{"lockfileVersion":3,"packages":{
    "":{"name":"function"},
    "node_modules/a":{"version":"1.0.0","resolved":"https://registry.npmjs.org/a/-/a-1.0.0.tgz"},
    "node_modules/dev":{"version":"1.0.0","dev":true},
    "node_modules/g":{"version":"1.2.3","resolved":"git+ssh://git@github.com/x/g.git#abc"},
    "node_modules/@acme/m":{"resolved":"packages/m","link":true},
    "packages/m":{"name":"@acme/m","version":"0.1.0"}}}"#;

#[test]
fn a_lock_alone_lists_what_it_locks() {
    let found = scanned(&[("package-lock.json", LOCK)]);
    insta::assert_snapshot!(listed(&found), @r"
    locked pkg:npm/a@1.0.0
    locked pkg:npm/dev@1.0.0 dev
    locked pkg:npm/g@1.2.3 Git
    ");
}

#[test]
fn what_is_installed_wins_over_the_lock_and_takes_its_origins() {
    let found = scanned(&[
        ("package-lock.json", LOCK.to_owned()),
        ("node_modules/a/package.json", package("a", "2.0.0")),
        ("node_modules/g/package.json", package("g", "1.2.3")),
        ("node_modules/@acme/m/package.json", package("@acme/m", "0.1.0")),
        ("node_modules/@acme/m/lib/m.so", "\x7fELF".to_owned()),
        ("node_modules/a/lib/a.so", "\x7fELF".to_owned()),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    installed pkg:npm/%40acme/m@0.1.0 FirstParty
    installed pkg:npm/a@2.0.0
    installed pkg:npm/g@1.2.3 Git
    ");
    // A first-party package is judged by nobody, so its native code has no owner; another package's has.
    insta::assert_snapshot!(troubles(&found), @"native-code node_modules/@acme/m/lib/m.so");
}

#[test]
fn a_lock_speaks_of_its_own_folder() {
    let found = scanned(&[
        ("one/package-lock.json", LOCK.to_owned()),
        ("two/node_modules/a/package.json", package("a", "2.0.0")),
        ("two/node_modules/.package-lock.json", r#"{"lockfileVersion":3,"packages":{"node_modules/a":{"version":"1.9.0"}}}"#.into()),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    locked pkg:npm/a@1.0.0
    installed pkg:npm/a@2.0.0
    locked pkg:npm/dev@1.0.0 dev
    locked pkg:npm/g@1.2.3 Git
    ");
}

#[test]
fn a_manifest_yields_to_a_lock_and_to_what_is_installed() {
    let manifest = r#"{"name":"function","dependencies":{"a":"1.0.0","b":"^2.0.0","c":"workspace:*","d":"npm:real@0.7.1"},"devDependencies":{"e":"1.0.0"}}"#;
    insta::assert_snapshot!(listed(&scanned(&[("package.json", manifest)])), @r"
    declared pkg:npm/a@1.0.0
    declared pkg:npm/b
    declared pkg:npm/real@0.7.1
    ");
    let with_lock = scanned(&[("package.json", manifest), ("package-lock.json", LOCK)]);
    assert!(!listed(&with_lock).contains("declared"));
    let installed = package("a", "1.0.0");
    let installed = scanned(&[("package.json", manifest), ("node_modules/a/package.json", &installed)]);
    assert_eq!(listed(&installed), "installed pkg:npm/a@1.0.0\n");
}

#[test]
fn distributions_count_where_an_interpreter_looks() {
    let found = scanned(&[
        ("requests-2.0.dist-info/METADATA", metadata("requests", "2.0")),
        ("requests-2.0.dist-info/RECORD", "requests/__init__.py,,\nrequests-2.0.dist-info/METADATA,,\n".into()),
        ("requests/__init__.py", String::new()),
        ("requests/requirements.txt", "trap==6.6.6\n".into()),
        ("requests/Pipfile.lock", "broken".into()),
        ("requests/tests/fake-1.0.dist-info/METADATA", metadata("fake", "1.0")),
        ("requests/_vendor/idna-3.0.dist-info/METADATA", metadata("idna", "3.0")),
        ("tests/fixtures/fake-6.6.6.dist-info/METADATA", metadata("django", "1.0")),
        ("python/lib/python3.12/site-packages/Lost_Name-1.1.dist-info/WHEEL", "Wheel-Version: 1.0\n".into()),
        ("functions/orders/six-1.16.0.dist-info/METADATA", metadata("six", "1.16.0")),
        ("functions/orders/six-1.16.0.dist-info/RECORD", "six.py,,\n".into()),
        ("functions/orders/six.py", String::new()),
        ("functions/empty/seven-1.0.dist-info/METADATA", metadata("seven", "1.0")),
        ("functions/empty/seven-1.0.dist-info/RECORD", "seven.py,,\n".into()),
        ("mine-0.9.0.dist-info/METADATA", metadata("mine", "0.9.0")),
        ("mine-0.9.0.dist-info/direct_url.json", r#"{"url":"file:///src/mine","dir_info":{}}"#.into()),
        ("docopt-0.6.2-py3.11.egg-info/PKG-INFO", metadata("docopt", "0.6.2")),
        ("old-1.0-py3.11.egg-info", metadata("old", "1.0")),
        ("function.egg-info/PKG-INFO", metadata("function", "0.0.1")),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    installed pkg:pypi/lost-name@1.1
    installed pkg:pypi/docopt@0.6.2
    installed pkg:pypi/function@0.0.1 FirstParty
    vendored pkg:pypi/idna@3.0
    installed pkg:pypi/mine@0.9.0 FirstParty
    installed pkg:pypi/old@1.0
    installed pkg:pypi/requests@2.0
    installed pkg:pypi/six@1.16.0
    ");
    assert_eq!(troubles(&found), "");
}

#[test]
fn pins_without_an_installed_counterpart_are_declared() {
    let pins = "requests==2.0\n# comment\nflask>=1\n";
    insta::assert_snapshot!(listed(&scanned(&[("requirements.txt", pins)])), @r"
    declared pkg:pypi/flask
    declared pkg:pypi/requests@2.0
    ");
    let found = scanned(&[
        ("requirements.txt", pins),
        (".python_packages/lib/site-packages/Requests-2.1.dist-info/METADATA", &metadata("Requests", "2.1")),
    ]);
    insta::assert_snapshot!(listed(&found), @"installed pkg:pypi/requests@2.1");
    let image = scanned(&[
        ("var/task/requirements.txt", pins),
        ("var/lang/lib/python3.11/site-packages/requests-2.1.dist-info/METADATA", &metadata("requests", "2.1")),
    ]);
    insta::assert_snapshot!(listed(&image), @"installed pkg:pypi/requests@2.1");
}

#[test]
fn minified_code_needs_an_owner() {
    let library = MINIFIED.repeat(100);
    let found = scanned(&[
        ("static/app.min.js", library.as_str()),
        ("node_modules/.cache/hidden.js", &library),
        ("django/contrib/admin/jquery.min.js", &library),
        ("django/other.min.js", &library),
        ("Django-4.0.dist-info/METADATA", &metadata("Django", "4.0")),
        ("Django-4.0.dist-info/RECORD", "django/contrib/admin/jquery.min.js,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1\n"),
        ("handler.js", "exports.handler = async () => 'hello';\n"),
    ]);
    // `django/` is the distribution's own folder, and its record does not list the other file.
    insta::assert_snapshot!(troubles(&found), @r"
    minified-unattributed django/other.min.js
    minified-unattributed node_modules/.cache/hidden.js
    minified-unattributed static/app.min.js
    ");
    assert_eq!(found.unattributed_bytes(), 3 * library.len() as u64);
    assert!(found.code.is_empty(), "everything is settled");
}

#[test]
fn what_is_outside_the_scope_is_named() {
    let mut go = b"\x7fELF".to_vec();
    go.extend_from_slice(&[0; 64]);
    let native = go.clone();
    go.extend_from_slice(b"\xff Go buildinf:");
    let found = scanned(&[
        ("bootstrap", go.as_slice()),
        ("lib/libfoo.so", &native),
        ("lib/app.jar", b"PK\x03\x04"),
        ("Gemfile.lock", b"GEM\n"),
        ("node_modules/a/package.json", package("a", "1.0.0").as_bytes()),
        ("node_modules/a/build/a.node", &native),
    ]);
    insta::assert_snapshot!(troubles(&found), @r"
    ruby Gemfile.lock
    go-binary bootstrap
    jar lib/app.jar
    native-code lib/libfoo.so
    ");
    assert_eq!(found.not_judged.len(), 4);
    assert_eq!(found.state(), InventoryState::Complete, "out of scope is not incomplete");
}

#[test]
fn neighbours_are_known_by_what_lists_or_holds_their_packages() {
    let class = b"\xca\xfe\xba\xbe\0\0\0\x34";
    let found = scanned(&[
        ("com/acme/Handler.class", &class[..]),
        ("lib/app.jar", b"PK\x03\x04"),
        ("pom.xml", b"<project/>"),
        ("go.mod", b"module example.com/fn\n"),
        ("Modules/Az/Az.psd1", b"@{}"),
        ("app.deps.json", b"{}"),
        ("vendor/composer/installed.json", b"{}"),
        ("vendor/bundle/ruby/3.2.0/specifications/rack-2.0.0.gemspec", b"Gem::Specification.new"),
        ("pubspec.lock", b"packages:\n"),
        ("Package.resolved", b"{}"),
        ("mix.lock", b"%{}"),
        ("opt/conda/conda-meta/zlib-1.2.13-0.json", b"{}"),
        ("node_modules/a/package.json", package("a", "1.0.0").as_bytes()),
        ("node_modules/a/ios/Package.resolved", b"{}"),
        ("node_modules/a/android/pom.xml", b"<project/>"),
    ]);
    let kinds: Vec<&str> = found.problems.iter().map(|problem| problem.kind).collect();
    let mut kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds.join(" "),
        "conda dart dotnet elixir go-module jar java java php powershell ruby swift",
        "and nothing of what a package owns"
    );
    assert_eq!(found.state(), InventoryState::Complete);
}

#[test]
fn a_rust_binary_without_a_list_is_partial() {
    let mut binary = b"\x7fELF".to_vec();
    binary.extend_from_slice(&[0; 64]);
    binary.extend_from_slice(
        b"/rustc/abc/library/core/src/panic.rs\0/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/tokio-1.20.0/src/lib.rs",
    );
    let found = scanned(&[("bootstrap", binary.as_slice())]);
    insta::assert_snapshot!(listed(&found), @"embedded pkg:cargo/tokio@1.20.0");
    insta::assert_snapshot!(troubles(&found), @"rust-binary-unattributed bootstrap");
    // The same inside a wheel is the wheel's.
    let owned = scanned(&[
        ("a/_rust.so", binary.as_slice()),
        ("a-1.0.dist-info/METADATA", metadata("a", "1.0").as_bytes()),
        ("a-1.0.dist-info/RECORD", b"a/_rust.so,,\n"),
    ]);
    insta::assert_snapshot!(listed(&owned), @"installed pkg:pypi/a@1.0");
    assert_eq!(troubles(&owned), "");
}

#[test]
fn an_unread_lockfile_matters_where_nothing_is_installed() {
    let installed = package("a", "1.0.0");
    insta::assert_snapshot!(troubles(&scanned(&[("bun.lockb", "x")])), @"lockfile-unread bun.lockb");
    assert_eq!(troubles(&scanned(&[("bun.lockb", "x"), ("node_modules/a/package.json", &installed)])), "");
}

/// Metadata of one distribution that lay in a folder once made all of the folder that distribution's.
#[test]
fn metadata_claims_no_more_than_its_distribution() {
    let egg = "Metadata-Version: 1.0\nName: a\nVersion: 1.0\n";
    for path in ["python/a-1.0.dist-info/PKG-INFO", "python/EGG-INFO/PKG-INFO"] {
        let found = scanned(&[(path, egg.to_owned()), ("python/app.js", MINIFIED.repeat(50))]);
        assert_eq!(troubles(&found), "minified-unattributed python/app.js\n", "{path}");
    }
    let found = scanned(&[("a-1.0-py3.12.egg/EGG-INFO/PKG-INFO", egg.to_owned()), ("a-1.0-py3.12.egg/a/app.js", MINIFIED.repeat(50))]);
    assert_eq!(troubles(&found), "");
}

/// A record that nobody is judged for once gave code an owner, and so did the function's own metadata.
#[test]
fn only_what_is_judged_owns() {
    let bundle = MINIFIED.repeat(50);
    for (lists, list) in [
        ("x/_vendor/tests/a-1.0.dist-info/RECORD", "p/app.js,,\n"),
        ("x/_vendor/tests/a.egg-info/installed-files.txt", "../p/app.js\n"),
        ("x/_vendor/tests/a.dist-info/RECORD", "p/app.js,,\n"),
    ] {
        let found = scanned(&[(lists, list), ("x/_vendor/tests/p/app.js", bundle.as_str())]);
        assert_eq!(troubles(&found), "minified-unattributed x/_vendor/tests/p/app.js\n", "{lists}");
    }
    let own = [("mine.egg-info/PKG-INFO", metadata("mine", "1.0")), ("mine.egg-info/top_level.txt", "mine\nrequests\n".to_owned())];
    let found = scanned(&[own.as_slice(), &[("mine/static/app.js", bundle.clone()), ("requests/__init__.py", "x".to_owned())]].concat());
    assert_eq!(troubles(&found), "minified-unattributed mine/static/app.js\npackage-unattributed requests\n");
    let posing = [("requests.egg-info/PKG-INFO", metadata("requests", "2.0.0")), ("requests/__init__.py", "x".to_owned())];
    assert_eq!(troubles(&scanned(&posing)), "package-unattributed requests\n");
    let url = r#"{"url":"file:///src/mine","dir_info":{}}"#.to_owned();
    let found = scanned(&[
        ("site-packages/mine-1.0.dist-info/METADATA", metadata("mine", "1.0")),
        ("site-packages/mine-1.0.dist-info/direct_url.json", url),
        ("site-packages/mine/__init__.py", "x".to_owned()),
        ("site-packages/mine/app.js", bundle),
    ]);
    assert_eq!(troubles(&found), "minified-unattributed site-packages/mine/app.js\n", "what is installed from a folder is installed");
    let site = ["site-packages/requests.egg-info/PKG-INFO", "site-packages/requests/__init__.py"];
    let found = scanned(&[(site[0], metadata("requests", "2.0.0")), (site[1], "x".to_owned())]);
    assert_eq!((listed(&found).as_str(), troubles(&found).as_str()), ("installed pkg:pypi/requests@2.0.0\n", ""));
}

#[test]
fn compiled_python_is_named_where_its_source_is_nowhere() {
    let pyc = b"\xcb\r\r\n and more".to_vec();
    let (metadata, record) = (metadata("six", "1.0"), "six.py,,\n".to_owned());
    let found = scanned(&[
        ("lone.pyc", pyc.as_slice()),
        ("twin.pyc", &pyc),
        ("twin.py", b"x = 1"),
        ("__pycache__/gone.cpython-312.pyc", &pyc),
        ("six-1.0.dist-info/METADATA", metadata.as_bytes()),
        ("six-1.0.dist-info/RECORD", record.as_bytes()),
        ("six.pyc", &pyc),
        ("main.jsc", b"\x5e\x04\xde\xc0 and more"),
        ("node_modules/a/package.json", br#"{"name":"a","version":"1.0.0"}"#),
        ("node_modules/a/main.jsc", b"\x5e\x04\xde\xc0 and more"),
    ]);
    assert_eq!(troubles(&found), "bytecode lone.pyc\nbytecode-unattributed main.jsc\n");
}

#[test]
fn attribution_does_not_depend_on_order() {
    let files = [
        ("package-lock.json", LOCK.to_owned()),
        ("node_modules/a/package.json", package("a", "2.0.0")),
        ("a-1.0.dist-info/METADATA", metadata("a", "1.0")),
        ("a-1.0.dist-info/RECORD", "a/__init__.py,,\na/x.js,,\n".to_owned()),
        ("a/x.js", MINIFIED.repeat(50)),
        ("x.js", MINIFIED.repeat(50)),
        ("lib/b-1.0.dist-info/RECORD", "b.py,,\n".to_owned()),
        ("lib/b.py", String::new()),
    ];
    let forwards = scanned(&files);
    let mut reversed = files.clone();
    reversed.reverse();
    assert_eq!(forwards, scanned(&reversed));
    assert_eq!(forwards, attribute(forwards.clone()).sorted(), "and a second time changes nothing");
}

#[test]
fn owners_know_files_and_folders() {
    let (a, b) = ("node_modules/a".into(), "b-1.0.dist-info".into());
    let claims = [
        Claim::folder(&a, "node_modules/a"),
        Claim::folder(&b, "node_modules/a/inner"),
        Claim::listed(&b, "x/y.js", None),
        Claim::listed(&b, "node_modules/a/z.py", None),
        Claim::module(&a, "x/y.js"),
    ];
    let owners = Owners::new(&claims);
    let owns = |path: &str| owners.owns(&EntryPath::new(path).unwrap());
    let owner = |path: &str| owners.claim(&EntryPath::new(path).unwrap()).map(|claim| &*claim.owner);
    assert_eq!(owner("node_modules/a/index.js"), Some("node_modules/a"));
    assert_eq!(owner("node_modules/a/inner/x.js"), Some("b-1.0.dist-info"), "the innermost folder");
    assert_eq!(owner("node_modules/a/z.py"), Some("b-1.0.dist-info"), "listed before located");
    assert_eq!(owner("x/y.js"), Some("b-1.0.dist-info"));
    assert!(owns("node_modules/a/index.js") && owns("node_modules/a/z.zip!/b.js") && owns("x/y.js"));
    assert!(!owns("node_modules/ab/index.js") && !owns("x/z.js") && !owns("x/y.js/z"));
}

#[test]
fn packages_without_metadata_are_said_so() {
    let found = scanned(&[
        ("handler.py", "import requests\n".to_owned()),
        ("orders/__init__.py", String::new()),
        ("src/clients/openai/__init__.py", String::new()),
        ("requests/__init__.py", "x".into()),
        ("six.py", "x".into()),
        ("yaml/__init__.py", "x".into()),
        ("PyYAML-6.0.dist-info/METADATA", metadata("PyYAML", "6.0")),
        ("python/lib/python3.12/site-packages/anything/x.py", "x".into()),
        ("python/lib/python3.12/site-packages/__pycache__/y.pyc", "x".into()),
    ]);
    insta::assert_snapshot!(troubles(&found), @r"
    package-unattributed python/lib/python3.12/site-packages/anything
    package-unattributed requests
    package-unattributed six.py
    ");
}

#[test]
fn a_pyproject_declares_what_no_lock_and_no_installation_knows_better() {
    let project = "[project]\nname = \"f\"\ndependencies = [\"idna==3.6\", \"six>=1\"]\n[tool.poetry.dependencies]\npython = \"^3.11\"\nflask = \"2.0.0\"\n";
    insta::assert_snapshot!(listed(&scanned(&[("pyproject.toml", project)])), @r"
    declared pkg:pypi/flask@2.0.0
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/six
    ");
    let lock = "version = 1\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\n";
    insta::assert_snapshot!(listed(&scanned(&[("pyproject.toml", project), ("uv.lock", lock)])), @"locked pkg:pypi/idna@3.7");
}
