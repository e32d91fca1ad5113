//! yarn.lock: classic (classic.yarnpkg.com, "yarn.lock") and berry, which is YAML (yarnpkg.com, "Lockfile").

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::place::{Place, place};
use super::specifier::{name_and_rest, origin, specifier};
use crate::extract::distribution::distribution;
use crate::extract::document::{text, word, yaml};
use crate::extract::statement::{Flag, Keys, Node, Statements, Table, Text};
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
        let mut blocks: Vec<Block<'_>> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            if !line.starts_with(' ') {
                let Some(key) = line.strip_suffix(':') else {
                    return Err(Malformed(format!("line {} is no part of a yarn.lock", index + 1)));
                };
                blocks.push(Block { key, ..Block::default() });
            } else if let (Some(block), Some(field)) = (blocks.last_mut(), line.strip_prefix("  ")) {
                block.take(field);
            }
        }
        let nodes = blocks.iter().map(|block| self.noted(entry.path, block, found)).collect::<Vec<_>>();
        depend(&blocks, &nodes, Statements::new(entry.path, found));
        Ok(())
    }
}

impl YarnLock {
    /// Notes the package of a block and where it comes from.
    fn noted(&self, path: &EntryPath, block: &Block<'_>, found: &mut Inventory) -> Node {
        let Some(package) = self.package(path, block) else { return Node::Own };
        let node = Node::of(&package);
        if let (Node::Package(purl), Some(url)) = (&node, block.resolved) {
            found.dependencies.distributions.extend(distribution(purl, url, block.integrity, path));
        }
        found.packages.push(package);
        node
    }

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
        let blocks: Vec<(String, Resolved)> = yaml::<BTreeMap<String, Resolved>>(entry)?.into_iter().flatten().collect();
        let mut nodes = Vec::with_capacity(blocks.len());
        for (key, block) in &blocks {
            nodes.push(Node::Own);
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
            if let Some(node) = nodes.last_mut() {
                *node = Node::of(&package);
            }
            found.packages.push(package);
        }
        depend_berry(&blocks, &nodes, Statements::new(entry.path, found));
        Ok(())
    }
}

/// Who depends on whom in a classic lockfile: a name and its range are the key of a block. Peers are left out of it, so that
/// nobody's dependencies are all there.
fn depend(blocks: &[Block<'_>], nodes: &[Node], mut statements: Statements<'_>) {
    let keys = blocks.iter().zip(nodes).flat_map(|(block, node)| block.key.split(", ").map(move |key| (unquoted(key), node)));
    let by_key: HashMap<&str, &Node> = keys.collect();
    for (block, node) in blocks.iter().zip(nodes) {
        let find = |name: &str, range: &str| by_key.get(format!("{name}@{range}").as_str()).copied();
        let on = block.dependencies.iter().map(|&(name, range, needed)| (find(name, range), needed));
        statements.note(node, on.chain([(None, true)]));
    }
}

/// The same in berry's: a range without a protocol is one of the registry's. To whom a peer is bound the lockfile leaves open;
/// where there is one package of that name, it is that.
fn depend_berry(blocks: &[(String, Resolved)], nodes: &[Node], mut statements: Statements<'_>) {
    let keys = blocks.iter().zip(nodes).flat_map(|((key, _), node)| key.split(", ").map(move |key| (key, node)));
    let by_key: HashMap<&str, &Node> = keys.collect();
    let mut by_name: HashMap<&str, Option<&Node>> = HashMap::new();
    for ((key, _), node) in blocks.iter().zip(nodes) {
        by_name.entry(name_and_rest(key).0).and_modify(|only| *only = only.filter(|other| *other == node)).or_insert(Some(node));
    }
    let find = |name: &str, range: &str| {
        let found = by_key.get(format!("{name}@{range}").as_str());
        found.or_else(|| by_key.get(format!("{name}@npm:{range}").as_str())).copied()
    };
    for ((_, block), node) in blocks.iter().zip(nodes).filter(|((_, block), _)| block.resolution.is_some()) {
        let optional = |name: &str| block.meta.get(name).and_then(|meta| meta.get("optional")).is_some_and(|flag| flag.0);
        let asked = block.dependencies.0.iter().filter_map(|(name, range)| Some((&**name, range.0.as_deref()?)));
        // A peer that is there more than once may be any of them; one that is not there is nobody's.
        let peers = block.peers.names().filter_map(|name| by_name.get(name)).map(|only| (*only, true));
        statements.note(node, asked.map(|(name, range)| (find(name, range), !optional(name))).chain(peers));
    }
}

/// One block of a classic lockfile.
#[derive(Default)]
struct Block<'a> {
    key: &'a str,
    version: Option<&'a str>,
    resolved: Option<&'a str>,
    integrity: Option<&'a str>,
    /// Name, range, and whether it must be there.
    dependencies: Vec<(&'a str, &'a str, bool)>,
    /// Which list the lines that are indented further belong to: one of what must be there, or may.
    section: Option<bool>,
}

impl<'a> Block<'a> {
    /// Takes a line without its first indentation.
    fn take(&mut self, field: &'a str) {
        if let Some(item) = field.strip_prefix("  ") {
            if let (Some(needed), Some((name, range))) = (self.section, item.trim().split_once(' ')) {
                self.dependencies.push((unquoted(name), unquoted(range), needed));
            }
            return;
        }
        self.section = match field {
            "dependencies:" => Some(true),
            "optionalDependencies:" => Some(false),
            _ => None,
        };
        match field.split_once(' ') {
            Some(("version", value)) => self.version = Some(unquoted(value)),
            Some(("resolved", value)) => self.resolved = Some(unquoted(value)),
            Some(("integrity", value)) => self.integrity = Some(unquoted(value)),
            _ => {}
        }
    }
}

#[derive(Deserialize)]
struct Resolved {
    version: Option<String>,
    resolution: Option<String>,
    #[serde(default)]
    dependencies: Table<Text>,
    #[serde(rename = "dependenciesMeta", default)]
    meta: Table<Table<Flag>>,
    #[serde(rename = "peerDependencies", default)]
    peers: Keys,
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}
