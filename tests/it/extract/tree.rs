//! What the real package managers leave behind, and their own listings as the expected answer (`testdata/formats/npm`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fngate::artifact::{Artifact, Limits};
use fngate::model::{Inventory, Origin};
use fngate::scan::scan;
use serde::Deserialize;
use zip::write::SimpleFileOptions;

use super::walker::troubles;

/// One project after its manager's command.
#[derive(Deserialize)]
struct Case {
    listing: BTreeSet<String>,
    files: BTreeMap<String, String>,
    #[serde(default)]
    links: BTreeMap<String, String>,
    #[serde(default)]
    binary: BTreeMap<String, String>,
}

/// What lies at a path: a file, or a link and the path it leads to.
#[derive(Clone)]
enum Lies {
    File(Vec<u8>),
    Link(String),
}

/// The lockfiles of projects, and those that managers hide in what they install.
const LOCKS: [&str; 5] = ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"];
const HIDDEN: [&str; 2] = [".package-lock.json", "lock.yaml"];

fn cases() -> Vec<(String, Case)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/formats/npm/trees");
    let mut cases: Vec<(String, Case)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        })
        .collect();
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

impl Case {
    /// Everything, links as links.
    fn kept(&self) -> BTreeMap<String, Lies> {
        let mut tree: BTreeMap<String, Lies> = BTreeMap::new();
        tree.extend(self.files.iter().map(|(path, text)| (path.clone(), Lies::File(text.clone().into_bytes()))));
        tree.extend(self.binary.iter().map(|(path, text)| (path.clone(), Lies::File(BASE64_STANDARD.decode(text).unwrap()))));
        tree.extend(self.links.iter().map(|(path, target)| (path.clone(), Lies::Link(target.clone()))));
        tree
    }

    /// What a packer writes that follows links: a copy of everything a link leads to.
    fn followed(&self) -> BTreeMap<String, Lies> {
        let mut tree = self.kept();
        for _ in 0..6 {
            let links: Vec<(String, String)> = tree
                .iter()
                .filter_map(|(path, lies)| match lies {
                    Lies::Link(target) => Some((path.clone(), joined(path, target))),
                    Lies::File(_) => None,
                })
                .collect();
            for (path, target) in links {
                tree.remove(&path);
                let below = format!("{target}/");
                let copies: Vec<(String, Lies)> = tree
                    .iter()
                    .filter(|(from, _)| **from == target || from.starts_with(&below))
                    .map(|(from, lies)| {
                        let lies = match lies {
                            Lies::Link(inner) => Lies::Link(format!("/{}", joined(from, inner))),
                            Lies::File(_) => lies.clone(),
                        };
                        (format!("{path}{}", &from[target.len()..]), lies)
                    })
                    .collect();
                tree.extend(copies);
            }
        }
        tree.retain(|_, lies| matches!(lies, Lies::File(_)));
        tree
    }

    /// The names and versions that the manager lists; pnpm is silent about what a package brings along.
    fn expected(&self) -> BTreeSet<String> {
        let mut expected = self.listing.clone();
        if self.files.keys().any(|path| path.ends_with("/node_modules/fngate-inner/package.json")) {
            expected.insert("fngate-inner@0.1.0".to_owned());
        }
        expected
    }
}

/// Where a link at `path` leads to; the top is `/`.
fn joined(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = if target.starts_with('/') { Vec::new() } else { path.split('/').collect() };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn inside(tree: &BTreeMap<String, Lies>) -> Inventory {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, lies) in tree {
        match lies {
            Lies::File(content) => {
                zip.start_file(path.as_str(), SimpleFileOptions::default()).unwrap();
                zip.write_all(content).unwrap();
            }
            Lies::Link(target) => zip.add_symlink(path.as_str(), target.as_str(), SimpleFileOptions::default()).unwrap(),
        }
    }
    let packed = zip.finish().unwrap().into_inner();
    scan(&Artifact::read("function.zip".to_owned(), packed.as_slice()).unwrap(), &Limits::default(), None, &[])
}

/// `name@version` of everything that is not the project's own.
fn named(found: &Inventory) -> BTreeSet<String> {
    let foreign = found.packages.iter().filter(|package| !matches!(package.origin, Origin::FirstParty | Origin::Private));
    foreign
        .map(|package| match &package.version {
            Some(version) => format!("{}@{version}", package.name),
            None => package.name.clone(),
        })
        .collect()
}

#[test]
fn what_is_installed_is_what_the_manager_lists() {
    for (name, case) in cases() {
        for (shape, mut tree) in [("kept", case.kept()), ("followed", case.followed()), ("no lock", case.kept())] {
            if shape == "no lock" {
                let is_lock = |file: &str| LOCKS.contains(&file) || HIDDEN.contains(&file);
                tree.retain(|path, _| !path.rsplit('/').next().is_some_and(is_lock));
            }
            let found = inside(&tree);
            let mut named = named(&found);
            // Where no lockfile says that a member with a version is the project's own (yarn's first one names none), it is judged
            // like any other package.
            let is_unsaid = shape == "no lock" || name == "yarn-1-workspaces";
            named.retain(|package| !is_unsaid || package != "@fngate/shared@0.3.0");
            assert_eq!(named, case.expected(), "{name}, links {shape}");
            assert_eq!(troubles(&found), "", "{name}, links {shape}");
            // Where npm installs links its lockfile leaves out what a package brings along, and a copy does not show the links.
            let is_left_out = name == "npm-10-linked" && shape == "followed";
            assert_eq!(found.drift.len(), usize::from(is_left_out), "{name}, links {shape}: {:?}", found.drift);
            assert!(found.packages.iter().all(|package| package.relation.is_inside()), "{name}, links {shape}");
        }
    }
}

#[test]
fn a_lockfile_alone_lists_the_same() {
    for (name, case) in cases() {
        let is_lock = |path: &str| LOCKS.contains(&path);
        let mut tree = case.kept();
        tree.retain(|path, _| is_lock(path) || path.ends_with("package.json") && !path.contains("node_modules"));
        if !tree.keys().any(|path| is_lock(path)) {
            continue;
        }
        let found = inside(&tree);
        let (found, problems) = (named(&found), troubles(&found));
        assert_eq!(problems, "", "{name}");
        // What stands in a file or a repository has its version there.
        let loose = |package: &str| package.split('@').next().is_some_and(|name| ["fngate-git", "fngate-tarball"].contains(&name));
        // npm does not lock what a package brings along where it installs links.
        for package in case.listing.iter().filter(|package| *package != "fngate-inner@0.1.0") {
            assert!(
                found.contains(package) || loose(package) && found.contains(package.split('@').next().unwrap()),
                "{name}: {package} in {found:?}"
            );
        }
        for package in &found {
            let is_elective = ["fngate-elsewhere@1.0.0", "fngate-dev@1.0.0", "fngate-inner@0.1.0"].contains(&package.as_str());
            assert!(case.listing.contains(package) || is_elective || loose(package), "{name}: {package} is not installed");
        }
    }
}
