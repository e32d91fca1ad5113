//! bun.lock, the text lockfile of bun (bun.sh, "Lockfile"): JSON with trailing commas.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::modules::Modules;
use super::place::{Place, place};
use super::specifier::{exact, name_and_rest, origin};
use crate::extract::distribution::{distribution, npm_file};
use crate::extract::document::{plain_json, tree_text, word};
use crate::extract::statement::{Node, Statements};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Package, Relation};

/// Folders that are looked through to resolve the dependencies of one lockfile.
const STEPS: usize = 20_000_000;
/// Bytes of a key whose dependencies are resolved; paths have no more.
const LONGEST_KEY: usize = 1024;

/// Reads bun.lock.
pub(crate) struct BunLock;

impl Extractor for BunLock {
    fn name(&self) -> &'static str {
        "npm/bun-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "bun.lock" && place(path.folder()) == Place::Tree
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lock: Lock =
            serde_json::from_str(&plain_json(tree_text(entry)?)).map_err(|fault| Malformed(format!("not a bun.lock: {fault}")))?;
        if lock.version > 2 {
            return Err(Malformed(format!("a bun.lock of the unknown version {}", lock.version)));
        }
        let mut nodes = Vec::with_capacity(lock.packages.len());
        for locked in lock.packages.values() {
            nodes.push(Node::Own);
            // `["name@1.0.0", "registry", {..}, "sha512-.."]`; for what is no registry package, a specifier follows the name.
            let Some(Value::String(resolution)) = locked.first() else {
                return Err(Malformed("a package without its resolution".into()));
            };
            let (name, rest) = name_and_rest(resolution);
            let rest = rest.unwrap_or("");
            let Some(name) = word(name) else { continue };
            let mut package = Package::new(Ecosystem::Npm, name, exact(rest), Relation::Locked, entry.path, self.name());
            package.origin = origin(rest);
            package.elective = true;
            if let Some(node) = nodes.last_mut() {
                *node = Node::of(&package);
            }
            if let (Some(Node::Package(purl)), Some(version)) = (nodes.last(), exact(rest)) {
                // An empty text is the default registry.
                let url = match locked.get(1) {
                    Some(Value::String(url)) if url.is_empty() => npm_file(name, version),
                    Some(Value::String(url)) => url.clone(),
                    _ => String::new(),
                };
                let integrity = locked.get(3).and_then(Value::as_str);
                found.dependencies.distributions.extend(distribution(purl, &url, integrity, entry.path));
            }
            found.packages.push(package);
        }
        lock.depend(&nodes, Statements::new(entry.path, found));
        Ok(())
    }
}

impl Lock {
    /// Who depends on whom. A key is a place in `node_modules` with the folders of that name left out: what it asks for means
    /// what Node.js would find there.
    fn depend(&self, nodes: &[Node], mut statements: Statements<'_>) {
        let places: Vec<Option<String>> = self.packages.keys().map(|key| location(key)).collect();
        let modules = Modules::new(places.iter().enumerate().filter_map(|(at, place)| Some((place.as_deref()?, at))));
        let mut steps = STEPS;
        let mut note = |node: &Node, place: &str, wishes: &Value| {
            let home = modules.home(place);
            let on: Vec<_> =
                asked(wishes).map(|(name, needed)| (modules.find(home, name, &mut steps).and_then(|at| nodes.get(at)), needed)).collect();
            statements.note(node, on);
        };
        for ((node, place), locked) in nodes.iter().zip(&places).zip(self.packages.values()) {
            // What is no registry package has no second text, so that its table stands one further to the front.
            let wishes = locked.iter().skip(1).find(|value| value.is_object()).unwrap_or(&Value::Null);
            if *node != Node::Own {
                note(node, place.as_deref().unwrap_or_default(), wishes);
            }
        }
        for workspace in self.workspaces.as_object().into_iter().flat_map(|all| all.values()) {
            let name = workspace.get("name").and_then(Value::as_str).unwrap_or_default();
            note(&Node::Own, &location(name).unwrap_or_default(), workspace);
        }
    }
}

/// `a/@s/b` as `node_modules/a/node_modules/@s/b`.
fn location(key: &str) -> Option<String> {
    if key.len() > LONGEST_KEY {
        return None;
    }
    let mut place = String::with_capacity(2 * key.len());
    let mut is_scoped = false;
    for component in key.split('/') {
        place.push_str(if place.is_empty() {
            "node_modules/"
        } else if is_scoped {
            "/"
        } else {
            "/node_modules/"
        });
        place.push_str(component);
        is_scoped = !is_scoped && component.starts_with('@');
    }
    Some(place)
}

/// The names that a table asks for, and whether it cannot do without.
fn asked(table: &Value) -> impl Iterator<Item = (&str, bool)> {
    let lists = [("dependencies", true), ("optionalDependencies", false), ("peerDependencies", false), ("devDependencies", false)];
    let list = |(list, needed)| table.get(list).and_then(Value::as_object).map(|names| (names, needed));
    lists.into_iter().filter_map(list).flat_map(|(names, needed)| names.keys().map(move |name| (name.as_str(), needed)))
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: u64,
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    workspaces: Value,
}
