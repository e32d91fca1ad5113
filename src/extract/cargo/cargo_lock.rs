//! Cargo.lock, versions 1 to 4, through the `cargo-lock` crate.

use std::panic::catch_unwind;

use cargo_lock::Lockfile;
use cargo_lock::package::SourceKind;

use crate::extract::document::tree_text;
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

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
            found.packages.push(package);
        }
        Ok(())
    }
}
