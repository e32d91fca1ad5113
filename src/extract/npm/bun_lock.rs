//! bun.lock, the text lockfile of bun (bun.sh, "Lockfile"): JSON with trailing commas.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::place::{Place, place};
use super::specifier::{exact, name_and_rest, origin};
use crate::extract::document::{plain_json, tree_text, word};
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Package, Relation};

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
        for locked in lock.packages.values() {
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
            found.packages.push(package);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "lockfileVersion")]
    version: u64,
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}
