//! RECORD and installed-files.txt: which files an installer wrote (packaging.python.org, "Recording installed projects").

use std::collections::BTreeSet;

use super::place;
use crate::extract::{Extractor, Malformed};
use crate::model::{Claim, Entry, EntryPath, Inventory};

/// Turns the lists of installed files into claims.
pub(crate) struct Record;

impl Extractor for Record {
    fn name(&self) -> &'static str {
        "pypi/record"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        match path.file_name() {
            "RECORD" => path.folder().ends_with(".dist-info"),
            "installed-files.txt" => path.folder().ends_with(".egg-info"),
            _ => false,
        }
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let Some(base) = place::base(entry.path.as_str()) else { return Ok(()) };
        let is_record = entry.path.file_name() == "RECORD";
        let start = if is_record { base } else { entry.path.folder() };
        let text = String::from_utf8_lossy(entry.content);
        let mut packages = BTreeSet::new();
        for line in text.lines() {
            let listed = if is_record { first_field(line) } else { line.trim().to_owned() };
            let Some(path) = resolved(start, &listed) else { continue };
            if !inside(&path, base) {
                continue;
            }
            if let Some(folder) = path.strip_suffix("/__init__.py").filter(|folder| *folder != base) {
                packages.insert(folder.to_owned());
            }
            if is_installable(&path, base) {
                found.claims.push(Claim::Listed(path));
            }
        }
        found.claims.extend(outermost(&packages).into_iter().map(Claim::Folder));
        Ok(())
    }
}

/// The first field of a CSV line; a field with a comma or a quote is quoted, quotes within are doubled (PEP 376, RFC 4180).
fn first_field(line: &str) -> String {
    let Some(rest) = line.strip_prefix('"') else { return line.split(',').next().unwrap_or(line).to_owned() };
    let mut field = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('"', Some('"')) => {
                field.push('"');
                chars.next();
            }
            ('"', _) => break,
            _ => field.push(c),
        }
    }
    field
}

/// `listed` as a path of the artifact. `pip install --target` moves scripts that the record calls `../../bin/x` to `bin/x`.
fn resolved(start: &str, listed: &str) -> Option<String> {
    if listed.is_empty() || listed.starts_with('/') || listed.contains(['\\', '\0']) {
        return None;
    }
    let mut folder = start;
    let mut rest = listed;
    if let Some(script) = listed.strip_prefix("../../bin/").filter(|script| !script.contains('/')) {
        return Some(joined(start, &format!("bin/{script}")));
    }
    while let Some(up) = rest.strip_prefix("../") {
        folder = if folder.is_empty() { return None } else { folder.rsplit_once('/').map_or("", |(outer, _)| outer) };
        rest = up;
    }
    (!rest.split('/').any(|component| matches!(component, "" | "." | ".."))).then(|| joined(folder, rest))
}

/// Whether a wheel could have put the file there. Directly into the folder of all packages it puts modules, never scripts
/// for Node.js or programs without an extension (`index.js` and `bootstrap` are where platforms look for the function).
fn is_installable(path: &str, base: &str) -> bool {
    let name = if base.is_empty() { path } else { path.get(base.len() + 1..).unwrap_or(path) };
    name.contains('/') || name.rsplit_once('.').is_some_and(|(_, extension)| !matches!(extension, "js" | "cjs" | "mjs"))
}

/// A record may only speak of the folder it was installed into.
fn inside(path: &str, base: &str) -> bool {
    base.is_empty() || path.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
}

fn joined(folder: &str, rest: &str) -> String {
    if folder.is_empty() { rest.to_owned() } else { format!("{folder}/{rest}") }
}

/// The folders that lie in no other one of the set.
fn outermost(folders: &BTreeSet<String>) -> Vec<String> {
    let mut outer: Vec<String> = Vec::new();
    // `a-b` sorts between `a` and `a/c`, so the parent need not be the last one; asking the set for each ancestor is exact.
    for folder in folders {
        if !crate::extract::owner::ancestors(folder).any(|above| folders.contains(above)) {
            outer.push(folder.clone());
        }
    }
    outer
}

#[cfg(test)]
mod tests {
    use super::{first_field, resolved};

    #[test]
    fn fields_may_be_quoted() {
        assert_eq!(first_field("a/b.py,sha256=x,10"), "a/b.py");
        assert_eq!(first_field("\"a,\"\"b\"\".py\",sha256=x,10"), "a,\"b\".py");
        assert_eq!(first_field("\"unterminated"), "unterminated");
    }

    #[test]
    fn paths_stay_in_the_artifact() {
        assert_eq!(resolved("", "a/b.py").as_deref(), Some("a/b.py"));
        assert_eq!(resolved("x/y", "a.py").as_deref(), Some("x/y/a.py"));
        assert_eq!(resolved("x/y.egg-info", "../a.py").as_deref(), Some("x/a.py"));
        assert_eq!(resolved("", "../../bin/tool").as_deref(), Some("bin/tool"));
        assert_eq!(resolved("", "../a.py"), None);
        assert_eq!(resolved("x", "/etc/passwd"), None);
        assert_eq!(resolved("x", "a/../../b"), None);
    }
}
