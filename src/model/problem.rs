//! What could not be judged. A problem is data about a wrong artifact, never an error of ours.

use serde::Serialize;

use super::EntryPath;

/// The three classes of what was not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemClass {
    /// Unreadable, malformed, ambiguous, over a limit: nothing excuses it but its removal.
    Unseen,
    /// Code in scope whose packages are unknown.
    Unattributed,
    /// Code of a language that is not judged.
    OutOfScope,
}

/// A kind of problem, declared once beside the code that raises it.
///
/// Each stage lists its kinds in a `PROBLEMS` slice, which is what `fngate explain` reads and a test checks for
/// uniqueness; there is no closed list of all of them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProblemKind {
    /// Kebab-case and stable: scripts, ignores and accepts name it.
    pub id: &'static str,
    /// How far it is excused.
    pub class: ProblemClass,
    /// One line: what it is.
    pub title: &'static str,
    /// The page of `fngate explain`: why it matters and what to do, in a paragraph or two.
    pub page: &'static str,
}

/// One thing that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The class of its kind.
    pub class: ProblemClass,
    /// The id of its kind.
    pub kind: &'static str,
    /// Where; `None` for the artifact as a whole.
    pub path: Option<EntryPath>,
    /// What was expected, what was found, what would help.
    pub message: String,
    /// How many bytes it concerns, where that is known.
    pub bytes: u64,
    /// The SHA-256 of the entry, where it has been read; an acceptance may be bound to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The documents of the build within which it must lie, where there are any; then every candidate was judged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bounded: Vec<String>,
    /// The operator's acceptance, where there is one.
    pub accepted: Option<Acceptance>,
}

impl Problem {
    /// A problem at a place.
    #[must_use]
    pub fn at(kind: &'static ProblemKind, path: &EntryPath, message: impl Into<String>) -> Self {
        Self { path: Some(path.clone()), ..Self::whole(kind, message) }
    }

    /// A problem of the artifact as a whole.
    #[must_use]
    pub fn whole(kind: &'static ProblemKind, message: impl Into<String>) -> Self {
        Self {
            class: kind.class,
            kind: kind.id,
            path: None,
            message: message.into(),
            bytes: 0,
            sha256: None,
            bounded: Vec::new(),
            accepted: None,
        }
    }

    /// Whether it leaves something in scope unjudged: it is neither outside the scope, nor accepted, nor bounded.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.class != ProblemClass::OutOfScope && self.accepted.is_none() && self.bounded.is_empty()
    }

    /// The same with the bytes it concerns.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }
}

/// An operator's word that a problem may stand: from `[[accept]]`, never from the artifact.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Acceptance {
    /// Why.
    pub reason: String,
    /// Until when, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// A file in a language that is not judged: hashed, searched for secrets, named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotJudged {
    /// `go-binary`, `jar`, `native-code`.
    pub kind: &'static str,
    /// Where.
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    /// How many packages a package database stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packages: Option<usize>,
    /// What else it says of itself (a Go binary's module), empty where nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl NotJudged {
    /// A file of a kind.
    #[must_use]
    pub fn new(kind: &'static ProblemKind, path: &EntryPath, size: u64) -> Self {
        Self { kind: kind.id, path: path.clone(), size, packages: None, detail: String::new() }
    }
}
