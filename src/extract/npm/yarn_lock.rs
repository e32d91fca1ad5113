//! yarn.lock: classic (classic.yarnpkg.com, "yarn.lock") and berry, which is YAML (yarnpkg.com, "Lockfile").

use std::collections::BTreeMap;

use serde::Deserialize;

use super::place::{Place, place};
use super::specifier::{name_and_rest, origin, specifier};
use crate::extract::document::{text, word, yaml};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads yarn.lock of every yarn.
pub(crate) struct YarnLock;

impl Extractor for YarnLock {
    fn name(&self) -> &'static str {
        "npm/yarn-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "yarn.lock" && place(path.folder()) == Place::Tree
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let text = text(entry)?;
        if text.lines().any(|line| line.starts_with("__metadata:")) {
            return self.berry(entry, found);
        }
        let mut block: Option<Block<'_>> = None;
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            if !line.starts_with(' ') {
                let Some(key) = line.strip_suffix(':') else {
                    return Err(Malformed(format!("line {} is no part of a yarn.lock", index + 1)));
                };
                found.packages.extend(block.take().and_then(|block| self.package(entry.path, &block)));
                block = Some(Block { key, ..Block::default() });
            } else if let (Some(block), Some(field)) = (&mut block, line.strip_prefix("  ").filter(|field| !field.starts_with(' '))) {
                match field.split_once(' ') {
                    Some(("version", value)) => block.version = Some(unquoted(value)),
                    Some(("resolved", value)) => block.resolved = Some(unquoted(value)),
                    _ => {}
                }
            }
        }
        found.packages.extend(block.and_then(|block| self.package(entry.path, &block)));
        Ok(())
    }
}

impl YarnLock {
    fn package(&self, path: &EntryPath, block: &Block<'_>) -> Option<Package> {
        let pattern = unquoted(block.key.split(", ").next()?);
        let (key, range) = name_and_rest(pattern);
        let spec = specifier(range.unwrap_or(""));
        let name = word(spec.name.unwrap_or(key))?;
        let mut package = Package::new(Ecosystem::Npm, name, block.version.and_then(word), Relation::Locked, path, self.name());
        package.elective = true;
        package.origin = match block.resolved {
            Some(resolved) => origin(resolved),
            None => spec.origin,
        };
        Some(package)
    }

    fn berry(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        for (key, block) in yaml::<BTreeMap<String, Resolved>>(entry)?.into_iter().flatten() {
            let Some(resolution) = block.resolution.as_deref().filter(|_| key != "__metadata") else { continue };
            let (name, rest) = name_and_rest(resolution);
            let Some(name) = word(name) else { continue };
            let version = block.version.as_deref().and_then(word);
            let mut package = Package::new(Ecosystem::Npm, name, version, Relation::Locked, entry.path, self.name());
            package.elective = true;
            package.origin = match rest.unwrap_or("") {
                // A patch changes a registry package and keeps its name and version.
                rest if rest.starts_with("npm:") || rest.starts_with("patch:") => Origin::Registry,
                rest => origin(rest.split("::").next().unwrap_or(rest)),
            };
            if package.origin == Origin::FirstParty {
                package.version = None;
            }
            found.packages.push(package);
        }
        Ok(())
    }
}

/// One block of a classic lockfile.
#[derive(Default)]
struct Block<'a> {
    key: &'a str,
    version: Option<&'a str>,
    resolved: Option<&'a str>,
}

#[derive(Deserialize)]
struct Resolved {
    version: Option<String>,
    resolution: Option<String>,
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}
