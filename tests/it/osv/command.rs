//! `fngate db` and `fngate query` as a user runs them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{assorted, dump};

/// Exit code, standard output and standard error.
pub(super) fn fngate(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fngate"))
        .current_dir(folder)
        .args(args)
        .env_remove("FNGATE_DB")
        .env("XDG_CACHE_HOME", folder)
        .env("HOME", folder)
        .env("LOCALAPPDATA", folder)
        .env("FNGATE_OSV_API", "http://127.0.0.1:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A folder with a database `a.db` of [`assorted`].
pub(super) fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (ecosystem, records) in assorted() {
        dump(&folder.path().join("dumps").join(ecosystem.as_str()).join("all.zip"), &records);
    }
    let (code, out, error) = fngate(folder.path(), &["db", "build", "--from", "dumps", "--output", "a.db"], "");
    assert_eq!(code, 0, "{error}");
    assert!(out.contains("npm              103       103         1  2026-01-02"), "{out}");
    folder
}

#[test]
fn build_status_verify() {
    let folder = prepared();
    let (code, out, _) = fngate(folder.path(), &["db", "status", "--db", "a.db", "--format", "json"], "");
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &status["as_of"], &status["unreadable"]), (0, &Value::from("2026-01-02T00:00:00Z"), &Value::from(0)));
    assert_eq!(status["digest"].as_str().unwrap().len(), 64);
    assert_eq!(fngate(folder.path(), &["db", "verify", "--db", "a.db"], "").0, 0);
    assert_eq!(fngate(folder.path(), &["db", "verify", "--db", "b.db"], "").0, 2);
    assert_eq!(fngate(folder.path(), &["db", "build", "--from", "nowhere", "--output", "a.db"], "").0, 2);
    assert_eq!(fngate(folder.path(), &["db", "build", "--from", "dumps", "--output", "b.db", "--as-of", "2026-02-03"], "").0, 0);
    assert!(fngate(folder.path(), &["db", "status", "--db", "b.db"], "").1.contains("as of       2026-02-03T00:00:00Z"));
}

#[test]
fn a_batch_is_answered_line_by_line() {
    let folder = prepared();
    let lines = [
        r#"{"ecosystem":"npm","name":"left","version":"1.2.3"}"#,
        r#"{"ecosystem":"npm","name":"left","version":"1.5.0"}"#,
        "",
        r#"{"ecosystem":"npm","name":"left","version":"latest"}"#,
        r#"{"ecosystem":"npm","name":"right","version":"latest"}"#,
        r#"{"ecosystem":"npm","name":"left"}"#,
        r#"{"ecosystem":"npm","name":"evil","version":null}"#,
        r#"{"ecosystem":"Atlantis","name":"left","version":"1"}"#,
        r#"{"ecosystem":"npm","name":"","version":"1"}"#,
        r#"{"ecosystem":"npm","name":7,"version":"1"}"#,
        "not json",
    ];
    let (code, out, _) =
        fngate(folder.path(), &["query", "--advisories", "offline", "--db", "a.db", "--batch", "-", "--format", "json"], &lines.join("\n"));
    assert_eq!(code, 1);
    let answers = out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
    let short = answers.iter().map(|answer| {
        let ids =
            answer.get("vulnerabilities").map(|list| list.as_array().unwrap().iter().map(|one| one["ids"].to_string()).collect::<String>());
        format!("{} {} {}", answer["name"], ids.unwrap_or("-".to_owned()), answer.get("error").map_or("", |error| error.as_str().unwrap()))
    });
    insta::assert_snapshot!(short.collect::<Vec<_>>().join("\n"), @r#"
    "left" ["GHSA-aaaa"] 
    "left"  
    "left" ["GHSA-aaaa"] the version is no npm version
    "right" - the version is no npm version
    "left" - there is no version
    "evil" ["MAL-2026-1"] there is no version
    "left" - the ecosystem is none of npm, PyPI and crates.io
    "" - the name is empty
    7 - `name` is no string
    null - the line is no JSON: expected ident at line 1 column 2
    "#);
}

#[test]
fn exit_codes() {
    let folder = prepared();
    let query = |purls: &[&str]| fngate(folder.path(), &[&["query", "--advisories", "offline", "--db", "a.db"], purls].concat(), "").0;
    assert_eq!(query(&["pkg:npm/left@1.5.0"]), 0);
    assert_eq!(query(&["pkg:npm/left@1.2.3"]), 1);
    assert_eq!(query(&["pkg:npm/left"]), 2);
    assert_eq!(query(&["pkg:gem/left@1"]), 2);
    assert_eq!(query(&["left"]), 2);
    assert_eq!(query(&["left", "pkg:npm/left@1.2.3"]), 1, "a vulnerability wins over what could not be judged");
    assert_eq!(query(&[]), 2);
    assert_eq!(fngate(folder.path(), &["query", "--db", "b.db", "pkg:npm/left@1.5.0"], "").0, 2, "a named database that is missing");
}

#[test]
fn the_embedded_snapshot_convicts_and_never_acquits() {
    let folder = tempfile::tempdir().unwrap();
    for mode in ["auto", "offline"] {
        let (code, _, error) = fngate(folder.path(), &["query", "--advisories", mode, "pkg:npm/lodash@4.17.15"], "");
        assert_eq!(code, 1);
        assert!(error.contains("warning: there is no advisory database"), "{error}");
        assert_eq!(fngate(folder.path(), &["query", "--advisories", mode, "pkg:npm/unheard-of@1.0.0"], "").0, 2);
    }
    assert_eq!(fngate(folder.path(), &["query", "--advisories", "online", "pkg:npm/lodash@4.17.15"], "").0, 2);
}

#[test]
fn text_is_for_people() {
    let folder = prepared();
    let (_, out, _) = fngate(
        folder.path(),
        &[
            "query",
            "--advisories",
            "offline",
            "--db",
            "a.db",
            "pkg:pypi/snake-oil@1.5",
            "pkg:npm/odd@9.0.0",
            "pkg:npm/left%1b%5b31m@1.0.0",
            "pkg:npm/left@1.5.0",
        ],
        "",
    );
    assert!(!out.contains('\u{1b}'));
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
    insta::assert_snapshot!(out, @"
    pkg:pypi/snake-oil@1.5: 1 vulnerability
      GHSA-pppp              critical 9.8   fixed in 2.0
    pkg:npm/odd@9.0.0: 1 vulnerability
      GHSA-odd               unknown        no fix
        Something is wrong
        counts as affected because it could not be evaluated: an event's version is
        no npm version: `>= 1.123.64`
    pkg:npm/left%1B%5B31m@1.0.0: not judged
      the name is no npm name
    pkg:npm/left@1.5.0: no known vulnerability

    4 asked, 2 vulnerable, 1 not judged (offline database, as of 2026-01-02)
    ");
}
