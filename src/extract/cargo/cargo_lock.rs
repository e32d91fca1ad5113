//! Cargo.lock, versions 1 to 4, through the `cargo-lock` crate.

use std::collections::HashMap;
use std::panic::catch_unwind;

use cargo_lock::Lockfile;
use cargo_lock::package::SourceKind;

use crate::extract::distribution::public;
use crate::extract::document::tree_text;
use crate::extract::statement::{Node, Statements};
use crate::extract::{Extractor, Malformed};
use crate::model::{Distribution, Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads Cargo.lock.
pub(crate) struct CargoLock;

impl Extractor for CargoLock {
    fn name(&self) -> &'static str {
        "cargo/cargo-lock"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "Cargo.lock"
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let text = tree_text(entry)?;
        // The reader belongs to others and was not written for hostile files: whatever it does stays this file's fault.
        let lock = catch_unwind(|| text.parse::<Lockfile>())
            .map_err(|_| Malformed("a Cargo.lock that its reader cannot cope with".into()))?
            .map_err(|fault| Malformed(format!("not a Cargo.lock: {fault}")))?;
        let mut nodes = Vec::with_capacity(lock.packages.len());
        for locked in &lock.packages {
            let version = locked.version.to_string();
            let mut package =
                Package::new(Ecosystem::CratesIo, locked.name.as_str(), Some(&version), Relation::Locked, entry.path, self.name());
            package.origin = match &locked.source {
                None => Origin::FirstParty,
                Some(source) if source.is_default_registry() => Origin::Registry,
                Some(source) => match source.kind() {
                    SourceKind::Git(_) => Origin::Git,
                    SourceKind::Path => Origin::FirstParty,
                    _ => Origin::Url,
                },
            };
            let node = Node::of(&package);
            found.dependencies.distributions.extend(distribution(&node, locked, entry.path));
            nodes.push(node);
            found.packages.push(package);
        }
        depend(&lock, &nodes, Statements::new(entry.path, found));
        Ok(())
    }
}

/// Who depends on whom. Where a dependency is written without its source, the version tells which one is meant.
fn depend(lock: &Lockfile, nodes: &[Node], mut statements: Statements<'_>) {
    let all = || lock.packages.iter().zip(nodes);
    let exact: HashMap<_, &Node> = all().map(|(one, node)| ((&one.name, &one.version, &one.source), node)).collect();
    let by_version: HashMap<_, &Node> = all().map(|(one, node)| ((&one.name, &one.version), node)).collect();
    for (locked, node) in all() {
        let on = locked.dependencies.iter().map(|to| {
            let found = exact.get(&(&to.name, &to.version, &to.source)).or_else(|| by_version.get(&(&to.name, &to.version)));
            (found.copied(), true)
        });
        statements.note(node, on);
    }
}

/// Where a crate comes from: the registry lays all files out alike, so that the lockfile names only their hashes.
fn distribution(node: &Node, locked: &cargo_lock::Package, path: &EntryPath) -> Option<Distribution> {
    let (Node::Package(purl), Some(source)) = (node, &locked.source) else { return None };
    let (url, hash) = match source.kind() {
        _ if source.is_default_registry() => {
            let url = format!("https://static.crates.io/crates/{0}/{0}-{1}.crate", locked.name, locked.version);
            (url, locked.checksum.as_ref().map(|checksum| ("SHA-256", checksum.to_string())))
        }
        SourceKind::Git(_) => (public(&format!("git+{}#{}", source.url(), source.precise().unwrap_or_default()))?, None),
        _ => return None,
    };
    let hash = hash.filter(|(_, hex)| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    Some(Distribution { package: purl.clone(), url: url.into(), hash, path: path.clone() })
}
