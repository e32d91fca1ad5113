//! A statement, whatever its format: about which vulnerability, of which product, and what it says.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::document::excerpt;
use super::named::Asked;
use super::{cyclonedx, openvex};

/// What a document says about one vulnerability.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Every id of the vulnerability, [`folded`].
    pub(super) ids: BTreeSet<String>,
    /// What it is about.
    pub(super) about: About,
    /// What it says.
    pub(super) status: Status,
    /// Why, as a word of the format.
    pub(super) justification: String,
    /// Why, in prose.
    pub(super) detail: String,
    /// When; `None` for longer ago than anything else.
    pub(super) time: Option<Timestamp>,
}

/// What a statement is about, as its format says it.
#[derive(Clone, Debug)]
pub(super) enum About {
    /// Products and what is in them.
    OpenVex(openvex::Products),
    /// Components and their versions.
    CycloneDx(cyclonedx::Affected),
}

/// What a statement says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// In the words of its format.
    pub(super) word: &'static str,
    /// Whether the vulnerability does not affect the product, or no longer does.
    pub(super) acquits: bool,
}

impl Status {
    /// The status of a word.
    pub(super) fn of(word: &str, known: &[Self]) -> Result<Self, String> {
        let allowed = || known.iter().map(|status| format!("`{}`", status.word)).collect::<Vec<_>>().join(", ");
        let found = known.iter().find(|status| status.word == word).copied();
        found.ok_or_else(|| format!("the status is none of {}: {}", allowed(), excerpt(word)))
    }
}

/// How closely a statement speaks of the artifact. The closer one decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Of the package, wherever it is used.
    Package,
    /// Of the artifact, or of the package in it.
    Artifact,
}

impl Statement {
    /// How closely it speaks of what is asked about; `None` where it is about something else. One that acquits must name
    /// everything that the package lies in, for one that does not any of it will do.
    pub(super) fn scope(&self, asked: &Asked<'_>) -> Option<Scope> {
        let of = |holder: &str| match &self.about {
            About::OpenVex(products) => products.scope(asked, holder, self.status.acquits),
            About::CycloneDx(affected) => affected.scope(asked, holder, self.status.acquits),
        };
        if self.status.acquits {
            // `None` is the least.
            asked.holders.iter().map(|holder| of(holder)).min().flatten()
        } else {
            asked.holders.iter().chain([&asked.artifact]).filter_map(|holder| of(holder)).max()
        }
    }
}

/// The ids of a vulnerability as a document gives them. Where the statement acquits nobody, an address that ends in one, or has it
/// anywhere, is one too.
pub(super) fn ids(given: impl Iterator<Item = String>, acquits: bool) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for text in given {
        let id = folded(&text);
        if !acquits {
            let words = id.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let is_id = |word: &&str| ["CVE-", "GHSA-", "MAL-", "PYSEC-", "RUSTSEC-"].iter().any(|head| word.starts_with(head));
            ids.extend(words.filter(is_id).map(str::to_owned));
        }
        if !id.is_empty() {
            ids.insert(id);
        }
    }
    ids
}

/// An id so that two spellings of one are equal.
pub(super) fn folded(id: &str) -> String {
    id.trim().to_ascii_uppercase()
}

/// A time of RFC 3339.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("the timestamp is no time (RFC 3339): {}", excerpt(text)))
}
