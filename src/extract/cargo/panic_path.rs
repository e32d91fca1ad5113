//! What a Rust binary without a crate list still tells: panic messages name the source file they come from, and cargo keeps
//! a registry's sources in folders called `name-version`.

use std::collections::BTreeSet;

use memchr::memmem;

use super::binary::{crate_list, is_executable, is_rust};
use crate::extract::{Extractor, Malformed};
use crate::model::{Code, CodeKind, Ecosystem, Entry, EntryPath, Inventory, Package, Relation};

/// Recovers crates from `registry/src/<index>-<hash>/<crate>-<version>/` in Rust binaries. Crates that never panic leave no
/// such path, so the binary stays code that needs an owner.
pub(crate) struct PanicPath;

impl Extractor for PanicPath {
    fn name(&self) -> &'static str {
        "cargo/panic-path"
    }

    fn wants(&self, _path: &EntryPath, head: &[u8]) -> bool {
        is_executable(head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        // A list that cannot be read is reported by the extractor that reads it; here it is as good as none.
        if matches!(crate_list(entry.content), Ok(Some(_))) || !is_rust(entry.content) {
            return Ok(());
        }
        for (name, version) in crates(entry.content) {
            found.packages.push(Package::new(Ecosystem::CratesIo, name, Some(version), Relation::Embedded, entry.path, self.name()));
        }
        let size = entry.content.len() as u64;
        found.code.push(Code { path: entry.path.clone(), size, code: size, kind: CodeKind::RustBinary, tool: "rustc", minified: false });
        Ok(())
    }
}

/// The crates whose source paths stand in the binary, in either system's spelling.
fn crates(content: &[u8]) -> BTreeSet<(&str, &str)> {
    let mut crates = BTreeSet::new();
    for (marker, separator) in [(&b"registry/src/"[..], b'/'), (b"registry\\src\\", b'\\')] {
        for at in memmem::find_iter(content, marker) {
            let path = &content[at + marker.len()..];
            let mut components = path.get(..path.len().min(512)).unwrap_or(path).split(|&byte| byte == separator);
            let (Some(_index), Some(folder), Some(_)) = (components.next(), components.next(), components.next()) else { continue };
            crates.extend(std::str::from_utf8(folder).ok().and_then(name_and_version));
        }
    }
    crates
}

/// Splits `serde_json-1.0.140`: the version is the first part after a hyphen that is one.
fn name_and_version(folder: &str) -> Option<(&str, &str)> {
    let (at, _) = folder.match_indices('-').find(|(at, _)| semver::Version::parse(&folder[at + 1..]).is_ok())?;
    let name = &folder[..at];
    let is_name =
        !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_name.then_some((name, &folder[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::{crates, name_and_version};

    #[test]
    fn versions_may_have_hyphens_and_so_may_names() {
        assert_eq!(name_and_version("serde_json-1.0.140"), Some(("serde_json", "1.0.140")));
        assert_eq!(name_and_version("tokio-util-0.7.0-rc.1"), Some(("tokio-util", "0.7.0-rc.1")));
        assert_eq!(name_and_version("md-5-0.10.6+b.1"), Some(("md-5", "0.10.6+b.1")));
        assert_eq!(name_and_version("no-version"), None);
        assert_eq!(name_and_version("-1.0.0"), None);
    }

    #[test]
    fn a_cut_path_yields_nothing() {
        assert!(crates(b"cargo/registry/src/index.crates.io-1949/serde-1.0.0").is_empty());
        assert_eq!(crates(b"registry\\src\\index-1\\serde-1.0.0\\src\\lib.rs").len(), 1);
    }
}
