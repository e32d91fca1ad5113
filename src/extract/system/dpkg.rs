//! dpkg's lists of files (deb(5), dpkg-query(1)): `info/<package>.list`, and `status.d/<package>.md5sums` where an image was
//! put together without dpkg.

use super::{list, package, root};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory};

/// Where dpkg keeps its state.
const STATUS: &str = "var/lib/dpkg/status";

/// Reads which files Debian packages have.
pub(crate) struct Dpkg;

impl Extractor for Dpkg {
    fn name(&self) -> &'static str {
        "system/dpkg"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        listing(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let Some((root, name, is_list)) = listing(entry.path) else { return Ok(()) };
        let database = if is_list { STATUS } else { "var/lib/dpkg/status.d" };
        let Some(package) = package(root, database, name) else { return Ok(()) };
        let text = String::from_utf8_lossy(entry.content);
        let mut lines = text.lines().peekable();
        let files = std::iter::from_fn(|| {
            let line = lines.next()?;
            if !is_list {
                // `<md5>  <path>`.
                return Some(line.split_once("  ").map_or("", |(_, path)| path));
            }
            // A folder stands before what it holds.
            let is_folder = lines.peek().is_some_and(|next| next.strip_prefix(line).is_some_and(|rest| rest.starts_with('/')));
            Some(if is_folder { "" } else { line })
        });
        list(root, &package, files, found);
        Ok(())
    }
}

/// The image's root, the package's name, and whether it is dpkg's own list.
fn listing(path: &EntryPath) -> Option<(&str, &str, bool)> {
    let text = path.as_str();
    let at = text.find("var/lib/dpkg/")?;
    let rest = text.get(at..)?;
    let (name, is_list) = match rest.strip_prefix("var/lib/dpkg/info/").and_then(|name| name.strip_suffix(".list")) {
        Some(name) => (name, true),
        None => (rest.strip_prefix("var/lib/dpkg/status.d/")?.strip_suffix(".md5sums")?, false),
    };
    (!name.contains('/')).then_some(())?;
    Some((root(text, rest)?, name, is_list))
}
