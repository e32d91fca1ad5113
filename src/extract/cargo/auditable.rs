//! The crates that `cargo auditable` lists in a binary.

use std::sync::Arc;

use super::binary::is_executable;
use super::list::{Listed, Lists};
use crate::extract::document::word;
use crate::extract::statement::{Node, Statements};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Reads the `.dep-v0` section of ELF, PE, Mach-O and WebAssembly files.
pub(crate) struct Auditable;

impl Extractor for Auditable {
    fn name(&self) -> &'static str {
        "cargo/auditable"
    }

    fn wants(&self, _path: &EntryPath, head: &[u8]) -> bool {
        is_executable(head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let lists = Lists::of(entry.content);
        let mut nodes = vec![Node::Own; lists.crates.len()];
        for (listed, node) in lists.crates.iter().zip(&mut nodes) {
            let origin = origin(listed);
            // The binary's own crate is the function's, unless a registry serves it (`cargo install`).
            if listed.root && origin == Origin::FirstParty && !lists.roots {
                continue;
            }
            let (Some(name), Some(version)) = (word(&listed.name), word(&listed.version)) else {
                return Err(Malformed("a crate list with a crate that has no name or no version".into()));
            };
            let relation = if listed.kind == "build" { Relation::Build } else { Relation::Embedded };
            let mut package = Package::new(Ecosystem::CratesIo, name, Some(version), relation, entry.path, self.name());
            package.origin = origin;
            // A crate of the same workspace is listed like any other.
            *node = Node::Package(Arc::from(package.purl()));
            found.packages.push(package);
        }
        let mut statements = Statements::new(entry.path, found);
        for (listed, node) in lists.crates.iter().zip(&nodes) {
            statements.note(node, listed.dependencies.iter().map(|at| (nodes.get(*at), true)));
        }
        lists.fault.map_or(Ok(()), Err)
    }
}

/// Where a listed crate comes from.
pub(super) fn origin(listed: &Listed) -> Origin {
    match listed.source.as_str() {
        "crates.io" => Origin::Registry,
        "git" => Origin::Git,
        "local" => Origin::FirstParty,
        _ => Origin::Url,
    }
}
