//! Where policies come from: the binary, and the files and folders that an operator names.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::builtin::BUILTIN;
use super::error::PolicyError;

/// One file of Rego.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The name in messages: the path.
    pub(super) name: String,
    /// The name that is digested: it does not depend on where the file lies.
    pub(super) short: String,
    /// Its text.
    pub(super) rego: String,
    /// Whether it ships inside the binary.
    pub(super) builtin: bool,
}

impl Source {
    /// Whether the file holds tests: `NAME_test.rego`.
    pub(super) fn is_test(&self) -> bool {
        self.name.ends_with("_test.rego")
    }
}

/// The built-in policies, without their tests.
pub(super) fn builtin() -> Vec<Source> {
    BUILTIN.iter().map(|policy| inside(policy.file, policy.rego)).collect()
}

/// The tests of the built-in policies.
pub(super) fn builtin_tests() -> Vec<Source> {
    BUILTIN.iter().map(|policy| inside(policy.test_file, policy.test_rego)).collect()
}

fn inside(file: &str, rego: &str) -> Source {
    Source { name: file.to_owned(), short: file.to_owned(), rego: rego.to_owned(), builtin: true }
}

/// The policies and tests of `paths`, files as named, folders with everything below, sorted; one that is named
/// twice counts once.
pub(super) fn given(paths: &[PathBuf]) -> Result<Vec<Source>, PolicyError> {
    let mut sources: Vec<Source> = Vec::new();
    for path in paths {
        let of_file = |source| PolicyError::Read { path: path.clone(), source };
        if !fs::metadata(path).map_err(of_file)?.is_dir() {
            let short = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            sources.push(read(path, short)?);
            continue;
        }
        let before = sources.len();
        folder(path, path, &mut sources)?;
        if sources.len() == before {
            return Err(PolicyError::NoPolicy(path.clone()));
        }
    }
    let mut seen = BTreeSet::new();
    sources.retain(|source| seen.insert(source.name.clone()));
    Ok(sources)
}

fn folder(root: &Path, path: &Path, sources: &mut Vec<Source>) -> Result<(), PolicyError> {
    let unread = |source| PolicyError::Read { path: path.to_owned(), source };
    let mut entries = fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unread)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(unread)?;
        if kind.is_dir() {
            folder(root, &path, sources)?;
        } else if kind.is_symlink() && fs::metadata(&path).is_ok_and(|target| target.is_dir()) {
            linked(root, &path)?;
        } else if path.extension().is_some_and(|extension| extension == "rego") {
            let short = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            sources.push(read(&path, short)?);
        }
    }
    Ok(())
}

/// A link to a folder is not followed; one that leads out of the root would leave policies unsaid.
fn linked(root: &Path, path: &Path) -> Result<(), PolicyError> {
    let of_link = |source| PolicyError::Read { path: path.to_owned(), source };
    let target = fs::canonicalize(path).map_err(of_link)?;
    if target.starts_with(fs::canonicalize(root).map_err(of_link)?) {
        return Ok(());
    }
    Err(of_link(io::Error::new(io::ErrorKind::InvalidInput, "a link to a folder elsewhere; name that folder itself")))
}

fn read(path: &Path, short: String) -> Result<Source, PolicyError> {
    let rego = fs::read_to_string(path).map_err(|source| PolicyError::Read { path: path.to_owned(), source })?;
    Ok(Source { name: path.to_string_lossy().into_owned(), short, rego, builtin: false })
}

/// How deep brackets and braces nest, outside of comments and strings.
pub(super) fn nesting(rego: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let mut chars = rego.chars();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next().is_some_and(|c| c != '\n') {},
            '`' => while chars.next().is_some_and(|c| c != '`') {},
            '"' => {
                while let Some(c) = chars.next().filter(|c| *c != '"' && *c != '\n') {
                    if c == '\\' {
                        chars.next();
                    }
                }
            }
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// SHA-256 (hex) over the policies, sorted by name and text, each with its lengths so that no two sets read alike.
pub(super) fn digest(sources: &[Source]) -> String {
    let mut sorted: Vec<(&str, &str)> = sources.iter().map(|source| (source.short.as_str(), source.rego.as_str())).collect();
    sorted.sort_unstable();
    let mut hasher = Sha256::new();
    for (name, rego) in sorted {
        for part in [name, rego] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    crate::model::hex(&hasher.finalize())
}
