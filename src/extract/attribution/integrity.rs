//! Integrity: whether a package's files are as the record has them that its installer wrote. A difference is a fact; the file
//! stays the package's.

use std::collections::{HashMap, HashSet};

use crate::model::{Claim, ClaimKind, DifferenceKind, EntryPath, File, Integrity, Problem, ProblemClass, hex};

/// Extensions of source code that runs as it stands. A `.pth` file may hold lines of Python (docs.python.org, site).
const CODE: [&str; 6] = ["py", "pyw", "pth", "js", "cjs", "mjs"];

/// What compilers and `strip` write anew after installation.
const REWRITTEN: [&str; 6] = ["pyc", "pyo", "so", "pyd", "dll", "dylib"];

/// Files of the metadata that installers write themselves or leave out (packaging.python.org, "Recording installed projects").
const METADATA: [&str; 7] = ["RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json", "installed-files.txt"];

/// A line of a record: whose it is, and the hash it has.
type Line<'a> = (&'a str, Option<&'a [u8; 32]>);

/// The records of all packages, and what of them the files kept to.
pub(super) struct Records<'a> {
    /// Each listed file, with the hash that each record has for it.
    listed: HashMap<&'a str, Vec<Line<'a>>>,
    found: HashSet<&'a str>,
    by_owner: HashMap<&'a str, Integrity>,
    changed: Vec<EntryPath>,
}

impl<'a> Records<'a> {
    /// Takes the claims that records make.
    pub(super) fn new(claims: &[&'a Claim]) -> Self {
        let mut records = Self { listed: HashMap::new(), found: HashSet::new(), by_owner: HashMap::new(), changed: Vec::new() };
        for claim in claims {
            if let ClaimKind::Listed(sha256) = &claim.kind {
                let lists = records.listed.entry(claim.path.as_str()).or_default();
                // A record that lists a file twice lists it once.
                if lists.iter().all(|(owner, _)| *owner != &*claim.owner) {
                    records.by_owner.entry(&claim.owner).or_default().listed += 1;
                }
                lists.push((&claim.owner, sha256.as_ref()));
            }
        }
        records
    }

    /// Compares a file with the records that list it, or with that of the package whose folder it lies in.
    pub(super) fn hold(&mut self, file: &File, held: Option<(&'a Claim, bool)>) {
        let path = file.path.as_str();
        if let Some((&listed, lists)) = self.listed.get_key_value(path) {
            self.found.insert(listed);
            let hashes: Vec<&[u8; 32]> = lists.iter().filter_map(|(_, sha256)| *sha256).collect();
            // A file that two packages list is as one of them left it.
            if hashes.is_empty() || file.sha256.is_empty() || hashes.iter().any(|hash| hex(*hash) == file.sha256) {
                return;
            }
            let mut owners: Vec<&str> = lists.iter().map(|(owner, _)| *owner).collect();
            owners.sort_unstable();
            owners.dedup();
            for owner in owners {
                note(self.by_owner.entry(owner).or_default(), DifferenceKind::Altered, path);
            }
            if !REWRITTEN.contains(&file.path.extension()) && !path.contains(".so.") {
                self.changed.push(file.path.clone());
            }
        } else if let Some((claim, false)) = held
            && claim.kind == ClaimKind::Folder
            && *claim.path != *claim.owner
            && !matches!(file.path.extension(), "pyc" | "pyo")
            && let Some(integrity) = self.by_owner.get_mut(&*claim.owner)
        {
            note(integrity, DifferenceKind::Extra, path);
            self.changed.push(file.path.clone());
        }
    }

    /// How each package's files compare with its record. A file that was refused is not missing, and where something was cut off
    /// nobody can tell what is.
    pub(super) fn integrity(&mut self, problems: &[Problem]) -> impl Iterator<Item = (&'a str, Integrity)> + use<'a> {
        let refused: HashSet<&str> = problems.iter().filter_map(|problem| problem.path.as_ref()).map(EntryPath::as_str).collect();
        let is_cut = problems.iter().any(|problem| problem.class == ProblemClass::Unseen && problem.path.is_none());
        let missing = self
            .listed
            .iter()
            .filter(|(path, _)| !is_cut && !self.found.contains(**path) && !refused.contains(**path) && is_expected(path));
        for (path, lists) in missing {
            for (owner, _) in lists {
                note(self.by_owner.entry(owner).or_default(), DifferenceKind::Missing, path);
            }
        }
        std::mem::take(&mut self.by_owner).into_iter()
    }

    /// The files that are not as their package's record has them, but for those that tools write anew.
    pub(super) fn changed(self) -> Vec<EntryPath> {
        self.changed
    }
}

/// Whether a listed file should be there: compiled modules, scripts and the installer's own notes need not be.
fn is_expected(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_note = (folder.ends_with(".dist-info") || folder.ends_with(".egg-info")) && METADATA.contains(&name);
    let is_script = folder == "bin" || folder.ends_with("/bin");
    !(is_note || is_script || name.ends_with(".pyc") || folder.ends_with("__pycache__"))
}

/// Counts a difference, and keeps it as an example while it is one of the first.
fn note(integrity: &mut Integrity, kind: DifferenceKind, path: &str) {
    let is_code = CODE.iter().any(|extension| path.rsplit_once('.').is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension)));
    match kind {
        DifferenceKind::Altered => {
            integrity.altered += 1;
            integrity.altered_code += u64::from(is_code);
        }
        DifferenceKind::Extra => {
            integrity.extra += 1;
            integrity.extra_code += u64::from(is_code);
        }
        DifferenceKind::Missing => integrity.missing += 1,
    }
    integrity.keep(kind, path);
}
