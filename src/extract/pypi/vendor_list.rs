//! `_vendor/vendor.txt`: the distributions of which a package carries copies, as the `vendoring` tool of pip's maintainers reads
//! it, one pinned requirement a line.

use super::requirements::{decoded, read};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, Relation};

/// Bytes of a list; pip's has some 500.
const LARGEST: usize = 1 << 20;

/// Lists the copies. Attribution drops those that are not there.
pub(crate) struct VendorList;

/// What such a package has as evidence.
pub(crate) const VENDOR_LIST: &str = "pypi/vendor-list";

impl Extractor for VendorList {
    fn name(&self) -> &'static str {
        VENDOR_LIST
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        matches!(path.file_name(), "vendor.txt" | "vendored.txt")
            && matches!(path.folder().rsplit('/').next(), Some("_vendor" | "_vendored" | "vendored" | "extern"))
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        if entry.content.len() > LARGEST {
            return Err(Malformed("a list of vendored packages larger than any real one".to_owned()));
        }
        let pinned = read(entry.path, &decoded(entry.content)).packages.into_iter().filter(|package| package.version.is_some());
        found.packages.extend(pinned.map(|mut package| {
            package.relation = Relation::Vendored;
            package.evidence = VENDOR_LIST;
            package.dev = false;
            package
        }));
        Ok(())
    }
}
