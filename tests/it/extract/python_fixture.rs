//! What the real tools made of small distributions of our own (testdata/formats/README-python.md), against their own listings.

use std::path::{Path, PathBuf};

use super::walker::{listed, scanned, troubles};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats/python").join(name)
}

/// The files of a folder of fixtures, each below `place`.
fn files(name: &str, place: &str) -> Vec<(String, Vec<u8>)> {
    let (top, mut open, mut files) = (folder(name), vec![folder(name)], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inner = path.strip_prefix(&top).unwrap().to_str().unwrap().replace('\\', "/");
                files.push((format!("{place}{inner}"), std::fs::read(path).unwrap()));
            }
        }
    }
    files
}

fn inside(files: &[(String, Vec<u8>)]) -> (String, String) {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let found = scanned(&files);
    let mut packages: Vec<String> = listed(&found).lines().map(|line| format!("{line}\n")).collect();
    packages.sort_unstable();
    (packages.concat(), troubles(&found))
}

/// A listing that `pip list --format json` wrote, as the packages it stands for.
fn listing(name: &str) -> String {
    let listing: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(folder(name)).unwrap()).unwrap();
    let folded = |name: &str| name.to_lowercase().replace(['.', '_'], "-");
    let line = |row: &serde_json::Value| {
        format!("installed pkg:pypi/{}@{}\n", folded(row["name"].as_str().unwrap()), row["version"].as_str().unwrap())
    };
    let mut lines: Vec<String> = listing.iter().map(line).collect();
    lines.sort_unstable();
    lines.concat()
}

#[test]
fn pip_installs_are_what_pip_lists() {
    for place in ["", "python/", "python/lib/python3.12/site-packages/", ".python_packages/lib/site-packages/", "var/task/"] {
        assert_eq!(inside(&files("installed", place)), (listing("installed.json"), String::new()), "{place}");
    }
}

#[test]
fn what_is_taken_from_the_metadata_takes_nothing_from_the_list() {
    for gone in ["RECORD", "METADATA", "WHEEL", "INSTALLER", "top_level.txt"] {
        let mut left = files("installed", "");
        left.retain(|(path, _)| !path.ends_with(&format!("/{gone}")));
        let (packages, problems) = inside(&left);
        assert_eq!(packages, listing("installed.json"), "{gone}");
        assert_eq!(problems, "", "{gone}");
    }
}

#[test]
fn wheels_and_source_archives_are_what_they_install() {
    let wheels: Vec<_> = files("dist", "wheels/").into_iter().filter(|(path, _)| path.ends_with(".whl")).collect();
    assert_eq!(inside(&wheels), (listing("installed.json"), String::new()));
    let sources: Vec<_> = files("dist", "sdists/").into_iter().filter(|(path, _)| path.ends_with(".tar.gz")).collect();
    assert_eq!(inside(&sources), (listing("installed.json"), String::new()));
}

#[test]
fn eggs_and_legacy_installs_are_what_pip_lists() {
    assert_eq!(inside(&files("legacy", "")), (listing("legacy.json"), String::new()));
    assert_eq!(inside(&files("eggs", "")), (listing("legacy.json"), String::new()));
}

#[test]
fn every_tool_locks_the_same() {
    // Each tool says in its own way what only development or an extra needs; an export with all of them says nothing, and pipenv's
    // categories are what the project makes of them.
    for (lock, is_dev, is_extra) in [
        ("poetry-1/poetry.lock", true, true),
        ("poetry-2/poetry.lock", true, true),
        ("pdm/pdm.lock", true, true),
        ("uv/uv.lock", true, true),
        ("pylock/pylock.toml", false, false),
        ("pipenv/Pipfile.lock", true, false),
    ] {
        let content = std::fs::read(folder("locks").join(lock)).unwrap();
        let name = lock.rsplit('/').next().unwrap();
        let (packages, problems) = inside(&[(name.to_owned(), content)]);
        let mark = |is_marked: bool| if is_marked { " dev" } else { "" };
        let expected = format!(
            "locked pkg:pypi/idna@3.6\nlocked pkg:pypi/iniconfig@2.0.0{}\nlocked pkg:pypi/mdurl@0.1.2{}\nlocked pkg:pypi/six@1.16.0\n",
            mark(is_dev),
            mark(is_extra)
        );
        assert_eq!((packages, problems), (expected, String::new()), "{lock}");
    }
}
