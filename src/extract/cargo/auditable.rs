//! The crate list that `cargo auditable` embeds in a binary (rust-secure-code/cargo-auditable, PARSING.md).

use std::sync::Arc;

use super::binary::{crate_list, is_executable};
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
        let Some(list) = crate_list(entry.content)? else { return Ok(()) };
        let mut nodes = vec![Node::Own; list.packages.len()];
        for (listed, node) in list.packages.iter().zip(&mut nodes).filter(|(listed, _)| !listed.root) {
            let (Some(name), Some(version)) = (word(&listed.name), word(&listed.version)) else {
                return Err(Malformed("a crate list with a crate that has no name or no version".into()));
            };
            let relation = if listed.kind == "build" { Relation::Build } else { Relation::Embedded };
            let mut package = Package::new(Ecosystem::CratesIo, name, Some(version), relation, entry.path, self.name());
            package.origin = match listed.source.as_str() {
                "crates.io" => Origin::Registry,
                "git" => Origin::Git,
                "local" => Origin::FirstParty,
                _ => Origin::Url,
            };
            // A crate of the same workspace is listed like any other.
            *node = Node::Package(Arc::from(package.purl()));
            found.packages.push(package);
        }
        let mut statements = Statements::new(entry.path, found);
        for (listed, node) in list.packages.iter().zip(&nodes) {
            let crates = listed.dependencies.iter().map(|at| usize::try_from(*at).ok().and_then(|at| nodes.get(at)));
            statements.note(node, crates.map(|found| (found, true)));
        }
        Ok(())
    }
}
