//! What packages hold: files and bytes of the artifact, and whether they are as the package's record has them.

use std::ops::AddAssign;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Files, and the bytes in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// How large they are together.
    pub bytes: u64,
}

impl Amount {
    /// Takes one more file.
    pub fn add(&mut self, bytes: u64) {
        *self += Self { files: 1, bytes };
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// The files of the artifact that are one package's, wherever it is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    /// Files that an installation record lists.
    pub listed: Amount,
    /// Files that lie in the package's own folder.
    pub located: Amount,
    /// How the files compare with the record; `None` where there is none.
    pub integrity: Option<Integrity>,
}

impl Holding {
    /// Both together.
    #[must_use]
    pub fn all(&self) -> Amount {
        let mut all = self.listed;
        all += self.located;
        all
    }
}

impl AddAssign for Holding {
    fn add_assign(&mut self, other: Self) {
        self.listed += other.listed;
        self.located += other.located;
        match (&mut self.integrity, other.integrity) {
            (Some(own), Some(other)) => *own += other,
            (own @ None, other) => *own = other,
            (Some(_), None) => {}
        }
    }
}

impl Serialize for Holding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let all = self.all();
        let mut s = serializer.serialize_struct("Holding", 4)?;
        s.serialize_field("files", &all.files)?;
        s.serialize_field("bytes", &all.bytes)?;
        if all.files > 0 {
            s.serialize_field("ownership", if self.listed.files > 0 { "listed" } else { "located" })?;
        }
        if let Some(integrity) = &self.integrity {
            s.serialize_field("integrity", integrity)?;
        }
        s.end()
    }
}

/// How a package's files compare with the record that lists them. A difference is a fact and not a loss of ownership: stripping
/// a library or compiling a module makes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Integrity {
    /// Files that the record lists.
    pub listed: u64,
    /// Files whose SHA-256 is not the one in the record.
    pub altered: u64,
    /// Those of them that are source code.
    pub altered_code: u64,
    /// Files that the record lists and that are not there.
    pub missing: u64,
    /// Files in the package's own folder that the record does not list.
    pub extra: u64,
    /// Those of them that are source code.
    pub extra_code: u64,
    /// Some of them, by kind and path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Difference>,
}

impl Integrity {
    /// Differences that are named.
    const MOST_EXAMPLES: usize = 10;

    /// Takes an example while it is one of the first.
    pub fn keep(&mut self, kind: DifferenceKind, path: &str) {
        let is_first = |last: &Difference| (kind, path) < (last.kind, last.path.as_str());
        if self.examples.len() < Self::MOST_EXAMPLES || self.examples.last().is_some_and(is_first) {
            self.examples.push(Difference { kind, path: path.to_owned() });
            self.examples.sort_unstable();
            self.examples.truncate(Self::MOST_EXAMPLES);
        }
    }
}

impl AddAssign for Integrity {
    fn add_assign(&mut self, other: Self) {
        self.listed += other.listed;
        self.altered += other.altered;
        self.altered_code += other.altered_code;
        self.missing += other.missing;
        self.extra += other.extra;
        self.extra_code += other.extra_code;
        self.examples.extend(other.examples);
        self.examples.sort_unstable();
        self.examples.truncate(Self::MOST_EXAMPLES);
    }
}

/// What is different about a file. Ordered by how much it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Its SHA-256 is not the one in the record.
    Altered,
    /// The record does not list it.
    Extra,
    /// It is not there.
    Missing,
}

/// One file that is not as the record has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What is different.
    pub kind: DifferenceKind,
    /// The file.
    pub path: String,
}

/// Whose the bytes of an artifact are. Each file counts once: for the package that claims it, else as code that could not be
/// attributed, else as outside the scope, else as the function's own. An archive that was opened counts as what lies in it, and
/// not as a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Files of packages.
    pub packages: Amount,
    /// The function's own source, manifests and data, and what was built from it.
    pub first_party: Amount,
    /// Code outside the scope.
    pub not_judged: Amount,
    /// Code in scope whose packages are unknown, with everything in a folder of such code.
    pub unattributed: Amount,
    /// Bytes of entries that were not seen, so far as their size is known. They are no part of the total.
    pub unseen: u64,
}

impl Ownership {
    /// Everything that was seen.
    #[must_use]
    pub fn total(&self) -> Amount {
        let mut total = self.packages;
        total += self.first_party;
        total += self.not_judged;
        total += self.unattributed;
        total
    }
}

impl AddAssign for Ownership {
    fn add_assign(&mut self, other: Self) {
        self.packages += other.packages;
        self.first_party += other.first_party;
        self.not_judged += other.not_judged;
        self.unattributed += other.unattributed;
        self.unseen = self.unseen.saturating_add(other.unseen);
    }
}

impl Serialize for Ownership {
    /// Bytes only, as reports and policies see them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Ownership", 6)?;
        s.serialize_field("total", &self.total().bytes)?;
        s.serialize_field("packages", &self.packages.bytes)?;
        s.serialize_field("first_party", &self.first_party.bytes)?;
        s.serialize_field("not_judged", &self.not_judged.bytes)?;
        s.serialize_field("unattributed", &self.unattributed.bytes)?;
        s.serialize_field("unseen", &self.unseen)?;
        s.end()
    }
}
