//! RECORD and installed-files.txt: which files an installer wrote (packaging.python.org, "Recording installed projects").

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::place;
use crate::extract::{Extractor, Malformed};
use crate::model::{Claim, ClaimKind, Entry, EntryPath, Inventory};

/// Turns the lists of installed files into claims.
pub(crate) struct Record;

impl Extractor for Record {
    fn name(&self) -> &'static str {
        "pypi/record"
    }

    fn attributes(&self) -> bool {
        true
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
        let owner = Arc::from(entry.path.folder());
        let text = String::from_utf8_lossy(entry.content);
        let mut packages = BTreeSet::new();
        for line in text.lines() {
            let (listed, hash) = if is_record { fields(line) } else { (line.trim().to_owned(), "") };
            let Some(path) = resolved(start, &listed) else { continue };
            if !inside(&path, base) {
                let claim = Claim::listed(&owner, path, sha256(hash));
                found.claims.extend(Some(claim).filter(|claim| claim.kind != ClaimKind::Listed(None) && is_beside(&claim.path, base)));
                continue;
            }
            if let Some(folder) = path.strip_suffix("/__init__.py").filter(|folder| *folder != base) {
                packages.insert(folder.to_owned());
            }
            if is_installable(&path, base) {
                found.claims.push(Claim::listed(&owner, path, sha256(hash)));
            }
        }
        found.claims.extend(outermost(&packages).into_iter().map(|folder| Claim::folder(&owner, folder)));
        Ok(())
    }
}

/// The path and the hash of a CSV line.
fn fields(line: &str) -> (String, &str) {
    let (path, rest) = first_field(line);
    (path, rest.split(',').next().unwrap_or_default())
}

/// The first field of a CSV line and what follows its comma; a field with a comma or a quote is quoted, quotes within are
/// doubled (PEP 376, RFC 4180).
fn first_field(line: &str) -> (String, &str) {
    let Some(quoted) = line.strip_prefix('"') else {
        let (field, rest) = line.split_once(',').unwrap_or((line, ""));
        return (field.to_owned(), rest);
    };
    let mut field = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            field.push(c);
        } else if let Some(rest) = chars.as_str().strip_prefix('"') {
            field.push('"');
            chars = rest.chars();
        } else {
            break;
        }
    }
    (field, chars.as_str().strip_prefix(',').unwrap_or_default())
}

/// The SHA-256 of a hash as records write it: `sha256=` and base64 in its URL-safe alphabet without padding
/// (packaging.python.org, "The RECORD file"). Hashes of other kinds are not compared.
fn sha256(hash: &str) -> Option<[u8; 32]> {
    let digest = hash.trim().strip_prefix("sha256=")?.trim_end_matches('=');
    URL_SAFE_NO_PAD.decode(digest).ok()?.try_into().ok()
}

/// `listed` as a path of the artifact, whichever separators the installer wrote. `pip install --target` moves scripts that the
/// record calls `../../bin/x` to `bin/x`.
fn resolved(start: &str, listed: &str) -> Option<String> {
    let listed = listed.replace('\\', "/");
    let is_absolute = listed.starts_with('/') || listed.get(1..2) == Some(":");
    if listed.is_empty() || is_absolute || listed.contains('\0') {
        return None;
    }
    let mut folder = start;
    let mut rest = listed.as_str();
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

/// Whether a path lies where installers put scripts and data of what goes into `base`, as in `bin` beside
/// `lib/python3.12/site-packages` (CPython, `sysconfig`, scheme `posix_prefix`).
fn is_beside(path: &str, base: &str) -> bool {
    let is_python = |folder: &str| folder.strip_prefix("python").is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    let mut folders = base.rsplitn(4, '/');
    let site = matches!(folders.next(), Some("site-packages" | "dist-packages"));
    let python = folders.next().is_some_and(is_python);
    let library = matches!(folders.next(), Some("lib" | "lib64"));
    let prefix = folders.next().unwrap_or_default();
    let rest = if prefix.is_empty() { Some(path) } else { path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')) };
    let top = rest.and_then(|rest| rest.split_once('/')).map(|(top, _)| top);
    site && python && library && matches!(top, Some("bin" | "share" | "etc" | "include" | "man"))
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
    use super::{fields, is_beside, resolved, sha256};

    #[test]
    fn fields_may_be_quoted() {
        assert_eq!(fields("a/b.py,sha256=x,10"), ("a/b.py".to_owned(), "sha256=x"));
        assert_eq!(fields("\"a,\"\"b\"\".py\",sha256=x,10"), ("a,\"b\".py".to_owned(), "sha256=x"));
        assert_eq!(fields("\"unterminated"), ("unterminated".to_owned(), ""));
        assert_eq!(fields("a.py"), ("a.py".to_owned(), ""));
        assert_eq!(fields("a.py,,"), ("a.py".to_owned(), ""));
    }

    #[test]
    fn hashes_are_url_safe_base64() {
        let empty = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        let digest = sha256(&format!("sha256={empty}")).unwrap();
        assert_eq!((digest[0], digest[31]), (0xe3, 0x55));
        assert_eq!(sha256(&format!("sha256={empty}=")), Some(digest));
        assert_eq!(sha256(empty), None);
        assert_eq!(sha256("sha256=47DE"), None);
        assert_eq!(sha256("md5=1B2M2Y8AsgTpgAmY7PhCfg"), None);
        assert_eq!(sha256(""), None);
    }

    #[test]
    fn scripts_lie_beside_the_library() {
        for (path, base, expected) in [
            ("venv/bin/ruff", "venv/lib/python3.11/site-packages", true),
            ("bin/ruff", "lib/python3.11/site-packages", true),
            ("usr/local/share/man/x.1", "usr/local/lib/python3.12/site-packages", true),
            ("venv/bootstrap", "venv/lib/python3.11/site-packages", false),
            ("bootstrap", "lib/python3.11/site-packages", false),
            ("other/bin/x", "venv/lib/python3.11/site-packages", false),
            ("venv/bin/x", "venv/site-packages", false),
            ("bin/x", "python/lib/python3.12/site-packages", false),
        ] {
            assert_eq!(is_beside(path, base), expected, "{path} {base}");
        }
    }

    #[test]
    fn paths_stay_in_the_artifact() {
        assert_eq!(resolved("", "a/b.py").as_deref(), Some("a/b.py"));
        assert_eq!(resolved("x/y", "a.py").as_deref(), Some("x/y/a.py"));
        assert_eq!(resolved("x/y.egg-info", "../a.py").as_deref(), Some("x/a.py"));
        assert_eq!(resolved("", "../../bin/tool").as_deref(), Some("bin/tool"));
        assert_eq!(resolved("x", "a\\b.py").as_deref(), Some("x/a/b.py"));
        assert_eq!(resolved("x/y", "..\\..\\bin\\tool").as_deref(), Some("x/y/bin/tool"));
        assert_eq!(resolved("x", "C:\\a.py"), None);
        assert_eq!(resolved("", "../a.py"), None);
        assert_eq!(resolved("x", "/etc/passwd"), None);
        assert_eq!(resolved("x", "a/../../b"), None);
    }
}
