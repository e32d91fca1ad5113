//! A statement, whatever its format: about which vulnerability, of which product, and what it says.

use std::str::FromStr;

use jiff::Timestamp;
use packageurl::PackageUrl as Purl;

use crate::model::{PackageUrl, package_url};

/// What a document says about one vulnerability.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Every id of the vulnerability, [`folded`].
    pub(super) ids: Vec<String>,
    /// What it is about; nothing where the document names none.
    pub(super) subjects: Vec<Subject>,
    /// What it says.
    pub(super) status: Status,
    /// Why, as a word of the format.
    pub(super) justification: String,
    /// Why, in prose.
    pub(super) detail: String,
    /// When.
    pub(super) time: Option<Timestamp>,
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
        known.iter().find(|status| status.word == word).copied().ok_or_else(|| format!("the status is none of {}: {word}", allowed()))
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

/// What a statement is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    /// The products around it, each by its SHA-256 digests; one of them must be the artifact. Empty where none is named.
    pub(super) within: Vec<Vec<String>>,
    /// The packages; `None` for all that is in the product.
    pub(super) packages: Option<Vec<PackageUrl>>,
    /// What is said of single versions; empty where nothing is.
    pub(super) versions: Vec<VersionWord>,
}

/// What is said of one version, or of a range of them.
#[derive(Clone, Debug)]
pub(super) struct VersionWord {
    /// The version; `None` for a range, which is not evaluated.
    pub(super) exact: Option<String>,
    /// Whether it is said to be unaffected.
    pub(super) is_unaffected: bool,
}

impl Statement {
    /// How closely it speaks of a package in an artifact; `None` where it is about something else.
    pub(super) fn scope(&self, package: Option<&PackageUrl>, artifact: &str) -> Option<Scope> {
        self.subjects.iter().filter_map(|subject| subject.scope(package, artifact, self.status.acquits)).max()
    }
}

impl Subject {
    fn scope(&self, package: Option<&PackageUrl>, artifact: &str, acquits: bool) -> Option<Scope> {
        let is_artifact = |digests: &Vec<String>| !digests.is_empty() && digests.iter().all(|own| own.eq_ignore_ascii_case(artifact));
        if !self.within.is_empty() && !self.within.iter().any(is_artifact) {
            return None;
        }
        match &self.packages {
            None if self.within.is_empty() => return None,
            None => {}
            Some(packages) => {
                let package = package?;
                if !packages.iter().any(|stated| names(stated, package)) {
                    return None;
                }
            }
        }
        let version = package.and_then(|(.., version)| version.as_deref());
        let applies = if acquits { self.excepts(version) } else { self.may_concern(version) };
        applies.then_some(if self.within.is_empty() { Scope::Package } else { Scope::Artifact })
    }

    /// Whether nothing is said of versions, or just that this one is unaffected.
    fn excepts(&self, version: Option<&str>) -> bool {
        let mut own = self.versions.iter().filter(|word| word.exact.is_some() && word.exact.as_deref() == version).peekable();
        self.versions.is_empty() || (own.peek().is_some() && own.all(|word| word.is_unaffected))
    }

    /// Whether what is said of versions leaves room for this one.
    fn may_concern(&self, version: Option<&str>) -> bool {
        let could_be = |word: &VersionWord| word.exact.is_none() || version.is_none() || word.exact.as_deref() == version;
        self.versions.is_empty() || self.versions.iter().any(could_be)
    }
}

/// Whether a stated package is this one: a name in its ecosystem's spelling, and the same version or none.
fn names(stated: &PackageUrl, own: &PackageUrl) -> bool {
    let folded = |(ecosystem, name, _): &PackageUrl| ecosystem.folded(name);
    stated.0 == own.0 && folded(stated) == folded(own) && (stated.2.is_none() || stated.2 == own.2)
}

/// An id so that two spellings of one are equal.
pub(super) fn folded(id: &str) -> String {
    id.trim().to_ascii_uppercase()
}

/// The package that a purl names; `None` for other ecosystems and for a part of a package.
pub(super) fn package(purl: &str) -> Option<PackageUrl> {
    if purl.contains('#') { None } else { package_url(purl).ok() }
}

/// The SHA-256 digests by which a purl names a file or an image: `pkg:generic/…?checksum=sha256:…` and `pkg:oci/…@sha256:…`
/// (package-url/purl-spec, `purl-types`: generic, oci).
pub(super) fn digests(purl: &str) -> Vec<String> {
    let Ok(purl) = Purl::from_str(purl) else { return Vec::new() };
    match purl.ty() {
        "oci" => purl.version().and_then(digest).into_iter().collect(),
        "generic" => {
            let checksum = purl.qualifiers().iter().find(|(name, _)| *name == "checksum").map(|(_, value)| value.as_ref());
            checksum.into_iter().flat_map(|list| list.split(',')).filter_map(digest).collect()
        }
        _ => Vec::new(),
    }
}

/// `sha256:…` without its head.
fn digest(text: &str) -> Option<String> {
    text.trim().strip_prefix("sha256:").map(str::to_owned)
}

/// A time of RFC 3339.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("the timestamp is no time (RFC 3339): {text}"))
}
