//! The crate list that `cargo auditable` embeds in a binary (rust-secure-code/cargo-auditable, PARSING.md).

use super::binary::{crate_list, is_executable};
use crate::extract::document::word;
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
        for listed in list.packages.iter().filter(|listed| !listed.root) {
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
            found.packages.push(package);
        }
        Ok(())
    }
}
