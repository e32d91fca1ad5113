//! Lockfiles of Python projects: sections, groups, forks, and where a package comes from.

use super::walker::{listed, scanned, troubles};

#[test]
fn a_pipfile_lock_may_have_categories() {
    let lock = r#"{"_meta":{"pipfile-spec":6},"default":{"idna":{"version":"==3.6"}},"develop":{"pytest":{"version":"==8.0"}},
        "docs":{"sphinx":{"version":"==7.0","index":"private"}},
        "prod":{"w":{"file":"https://example.com/w-1.0-py3-none-any.whl"},"g":{"git":"https://example.com/g.git","ref":"0"},
                "own":{"path":"./own","editable":true},"l":{"path":"wheels/l-2.0-py3-none-any.whl"}}}"#;
    let found = scanned(&[("Pipfile.lock", lock)]);
    insta::assert_snapshot!(listed(&found), @r"
    locked pkg:pypi/g Git
    locked pkg:pypi/idna@3.6
    locked pkg:pypi/l@2.0 Url
    locked pkg:pypi/pytest@8.0 dev
    locked pkg:pypi/sphinx@7.0
    locked pkg:pypi/w@1.0 Url
    ");
    assert_eq!(troubles(&found), "");
    assert_eq!(troubles(&scanned(&[("Pipfile.lock", r#"{"default":{}}"#)])), "manifest-malformed Pipfile.lock\n");
}

#[test]
fn a_uv_lock_says_by_its_edges_what_development_needs() {
    let lock = r#"version = 1
[[package]]
name = "fn"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "a", extra = ["x"] }, { name = "m" }, { name = "n", version = "1.0", marker = "python_version < '3.10'" }]
[package.optional-dependencies]
plot = [{ name = "p" }]
[package.dev-dependencies]
dev = [{ name = "d" }, { name = "n", version = "2.0" }]

[[package]]
name = "m"
version = "0.1.0"
source = { editable = "packages/m" }
dependencies = [{ name = "b" }]

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
[package.optional-dependencies]
x = [{ name = "ax" }]

[[package]]
name = "ax"
version = "1.0"
source = { registry = "https://pkgs.example.com/simple" }

[[package]]
name = "b"
version = "1.0"
source = { git = "https://example.com/b.git?rev=1#0" }

[[package]]
name = "n"
version = "1.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "n"
version = "2.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "p"
version = "1.0"
source = { url = "https://example.com/p-1.0-py3-none-any.whl" }

[[package]]
name = "d"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [{ name = "a" }]
"#;
    insta::assert_snapshot!(listed(&scanned(&[("uv.lock", lock)])), @r"
    locked pkg:pypi/a@1.0
    locked pkg:pypi/ax@1.0
    locked pkg:pypi/b@1.0 Git
    locked pkg:pypi/d@1.0 dev
    locked pkg:pypi/n@1.0
    locked pkg:pypi/n@2.0 dev
    locked pkg:pypi/p@1.0 Url dev
    ");
    let script = "version = 1\n[manifest]\nrequirements = [{ name = \"a\" }]\n[[package]]\nname = \"a\"\nversion = \"1.0\"\n";
    assert_eq!(listed(&scanned(&[("handler.py.lock", script)])), "locked pkg:pypi/a@1.0\n");
}

#[test]
fn a_pylock_says_by_markers_what_is_asked_for() {
    let lock = r#"lock-version = "1.0"
created-by = "hand"
default-groups = ["main"]
extras = ["plot"]
dependency-groups = ["dev", "main"]

[[packages]]
name = "a"
version = "1.0"
marker = "'main' in dependency_groups or 'dev' in dependency_groups"

[[packages]]
name = "d"
version = "1.0"
marker = "'dev' in dependency_groups"

[[packages]]
name = "p"
version = "1.0"
marker = "'plot' in extras or 'dev' in dependency_groups"

[[packages]]
name = "w"
version = "1.0"
marker = "sys_platform == 'win32' or 'plot' in extras"

[[packages]]
name = "c"
version = "1.0"
marker = "'gpu' not in extras"

[[packages]]
name = "g"
vcs = { type = "git", url = "https://example.com/g.git", commit-id = "0" }

[[packages]]
name = "own"
directory = { path = "." }

[[packages]]
name = "z"
archive = { url = "https://example.com/z-2.0.tar.gz" }
"#;
    insta::assert_snapshot!(listed(&scanned(&[("pylock.prod.toml", lock)])), @r"
    locked pkg:pypi/a@1.0
    locked pkg:pypi/c@1.0
    locked pkg:pypi/d@1.0 dev
    locked pkg:pypi/g Git
    locked pkg:pypi/p@1.0 dev
    locked pkg:pypi/w@1.0
    locked pkg:pypi/z@2.0 Url
    ");
}

#[test]
fn forks_and_groups_of_poetry_and_pdm() {
    let poetry = r#"[[package]]
name = "n"
version = "1.0"
optional = false
groups = ["main"]
markers = "python_version < \"3.10\""

[[package]]
name = "n"
version = "2.0"
optional = false
groups = ["main", "dev"]
markers = {main = "python_version >= \"3.10\"", dev = "sys_platform == \"linux\""}

[[package]]
name = "o"
version = "1.0"
optional = true
groups = ["main"]
[package.dependencies]
n = ">=1"
[package.source]
type = "legacy"
url = "https://pkgs.example.com/simple"
reference = "private"

[[package]]
name = "u"
version = "1.0"
optional = false
groups = ["main"]
[package.source]
type = "url"
url = "https://example.com/u-1.0.tar.gz"

[[package]]
name = "own"
version = "0.1.0"
optional = false
groups = ["main"]
develop = true
[package.source]
type = "directory"
url = "own"

[metadata]
lock-version = "2.1"
"#;
    insta::assert_snapshot!(listed(&scanned(&[("poetry.lock", poetry)])), @r"
    locked pkg:pypi/n@1.0
    locked pkg:pypi/n@2.0
    locked pkg:pypi/o@1.0 dev
    locked pkg:pypi/u@1.0 Url
    ");
    let pdm = r#"[metadata]
groups = ["default", "dev", "plot"]
lock_version = "4.5.0"

[[package]]
name = "a"
version = "1.0"
groups = ["default"]
dependencies = ["n>=1"]

[[package]]
name = "a"
version = "1.0"
extras = ["x"]
groups = ["default"]
dependencies = ["a==1.0"]

[[package]]
name = "p"
version = "1.0"
groups = ["plot"]

[[package]]
name = "own"
version = "0.1.0"
groups = ["default"]
path = "./own"
editable = true

[[package]]
name = "l"
version = "1.0"
groups = ["default"]
path = "./wheels/l-1.0-py3-none-any.whl"
"#;
    insta::assert_snapshot!(listed(&scanned(&[("pdm.lock", pdm)])), @r"
    locked pkg:pypi/a@1.0
    locked pkg:pypi/l@1.0 Url
    locked pkg:pypi/p@1.0 dev
    ");
}
