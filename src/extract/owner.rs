//! Owners: which files of the artifact a package has claimed as its own.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use crate::model::{Claim, ClaimKind, EntryPath};

/// The claims of all packages, ready to be asked about a path. One look-up costs one hash of the path and one of each of its
/// folders. What is claimed twice belongs to the claim that says more, then to the package that lies deeper, then to the first by
/// name.
#[derive(Debug, Default)]
pub struct Owners<'a> {
    folders: HashMap<&'a str, &'a Claim>,
    /// The lengths that claimed folders have: most folders above a path need not even be hashed.
    lengths: HashSet<usize>,
    files: HashMap<&'a str, &'a Claim>,
    /// Whoever has a record of its files.
    recorded: HashSet<&'a str>,
}

impl<'a> Owners<'a> {
    /// Takes the claims of an inventory.
    pub fn new(claims: impl IntoIterator<Item = &'a Claim>) -> Self {
        let mut owners = Self::default();
        for claim in claims {
            if matches!(claim.kind, ClaimKind::Listed(Some(_))) {
                owners.recorded.insert(&claim.owner);
            }
            let known = if claim.kind == ClaimKind::Folder {
                owners.lengths.insert(claim.path.len());
                &mut owners.folders
            } else {
                &mut owners.files
            };
            let first = known.entry(claim.path.as_str()).or_insert(claim);
            if rank(claim) < rank(first) {
                *first = claim;
            }
        }
        owners
    }

    /// Whether a package has claimed this file: an installation record lists it, or it lies in a folder that is a
    /// package's own.
    #[must_use]
    pub fn owns(&self, path: &EntryPath) -> bool {
        self.claim(path).is_some()
    }

    /// Whether a package has claimed this file so that it answers for code that cannot be read. A name in Python metadata is soon
    /// written, and claims a folder: where the distribution has a record, it answers for what that lists with a hash; without one
    /// for what lies in its folder, but for no `program`. Modules that an interpreter loads are its own in any case.
    #[must_use]
    pub(super) fn answers_for(&self, path: &EntryPath, program: bool) -> bool {
        let Some(claim) = self.claim(path) else { return false };
        let is_module = matches!(path.extension(), "so" | "pyd" | "dylib" | "dll");
        let is_npm = crate::extract::npm::package_root(path.as_str()).is_some();
        let is_archive = claim.path.contains('!') || claim.path.ends_with(".egg");
        is_npm
            || is_module
            || match claim.kind {
                ClaimKind::Listed(hash) => hash.is_some(),
                ClaimKind::Module => false,
                ClaimKind::Folder => is_archive || !program && !self.recorded.contains(&*claim.owner),
            }
    }

    /// The claim that makes a file a package's own: on the file itself, or on the innermost folder around it. What Python has
    /// compiled is whose it was compiled from.
    #[must_use]
    pub fn claim(&self, path: &EntryPath) -> Option<&'a Claim> {
        let path = path.as_str();
        self.file(path).or_else(|| self.enclosing(path)).or_else(|| self.file(&source(path)?))
    }

    /// The claim on the innermost folder that `path` lies in.
    fn enclosing(&self, path: &str) -> Option<&'a Claim> {
        ancestors(path).find_map(|folder| self.folder(folder))
    }

    /// The claim on this very file.
    pub(super) fn file(&self, path: &str) -> Option<&'a Claim> {
        self.files.get(path).copied()
    }

    /// The claim on this very folder.
    pub(super) fn folder(&self, folder: &str) -> Option<&'a Claim> {
        self.lengths.contains(&folder.len()).then(|| self.folders.get(folder).copied()).flatten()
    }

    /// Whether `path` lies inside a folder that is a package's own.
    pub(super) fn encloses(&self, path: &str) -> bool {
        self.enclosing(path).is_some()
    }

    /// Whether this very file is claimed.
    pub(super) fn lists(&self, path: &EntryPath) -> bool {
        self.file(path.as_str()).is_some()
    }

    /// Whether `folder` itself is claimed.
    pub(super) fn claims(&self, folder: &str) -> bool {
        self.folder(folder).is_some()
    }
}

/// The module that a compiled one was made from (PEP 3147): `a.py` for `__pycache__/a.cpython-312.pyc` and for `a.pyc`.
pub(super) fn source(path: &str) -> Option<String> {
    let stem = path.strip_suffix(".pyc")?;
    match stem.rsplit_once("__pycache__/") {
        Some((folder, name)) => Some(format!("{folder}{}.py", name.split('.').next()?)),
        None => Some(format!("{stem}.py")),
    }
}

/// The order of claims on one path, the one that counts first.
fn rank(claim: &Claim) -> impl Ord + '_ {
    let kind = match claim.kind {
        ClaimKind::Listed(_) => 0,
        ClaimKind::Module => 1,
        ClaimKind::Folder => 2,
    };
    (kind, Reverse(claim.owner.len()), &claim.owner)
}

/// Every folder above `path`, the nearest first, without the artifact's top. The top of a nested archive counts as one:
/// `a.whl!` lies above `a.whl!/b.py`.
pub(super) fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(at, _)| &path[..at])
}
