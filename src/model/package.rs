//! A package inside an artifact, and how it is known to be there.

use std::fmt;

use serde::Serialize;

use super::{EntryPath, Holding};

/// A registry whose packages are judged. The names are OSV's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Ecosystem {
    /// npm, purl type `npm`.
    #[serde(rename = "npm")]
    Npm,
    /// The Python Package Index, purl type `pypi`.
    #[serde(rename = "PyPI")]
    PyPi,
    /// crates.io, purl type `cargo`.
    #[serde(rename = "crates.io")]
    CratesIo,
}

impl Ecosystem {
    /// All of them, in the order reports print.
    pub const ALL: [Self; 3] = [Self::Npm, Self::PyPi, Self::CratesIo];

    /// OSV's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "PyPI",
            Self::CratesIo => "crates.io",
        }
    }

    /// The purl type (package-url/purl-spec, purl-types).
    #[must_use]
    pub fn purl_type(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::CratesIo => "cargo",
        }
    }

    /// Reads OSV's spelling, with or without a `:suffix`.
    #[must_use]
    pub fn from_osv(name: &str) -> Option<Self> {
        let base = name.split_once(':').map_or(name, |(base, _)| base);
        Self::ALL.into_iter().find(|ecosystem| ecosystem.as_str() == base)
    }

    /// Reads a purl type.
    #[must_use]
    pub fn from_purl_type(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ecosystem| ecosystem.purl_type() == kind)
    }

    /// The name two spellings of one package share: PyPI by PEP 503 (lower case, runs of `-_.` are one `-`), crates.io by
    /// lower case and `_` as `-` (what the registry itself refuses to tell apart), npm exactly as spelled (`JSONStream` and
    /// `jsonstream` are two packages).
    #[must_use]
    pub fn folded(self, name: &str) -> String {
        match self {
            Self::Npm => name.to_owned(),
            Self::CratesIo => name.to_ascii_lowercase().replace('_', "-"),
            Self::PyPi => {
                let mut folded = String::with_capacity(name.len());
                for c in name.trim().chars() {
                    if matches!(c, '-' | '_' | '.') {
                        if !folded.ends_with('-') {
                            folded.push('-');
                        }
                    } else {
                        folded.extend(c.to_lowercase());
                    }
                }
                folded
            }
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a package is known to be part of the artifact. Ordered by how much it says: the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Its files lie in the artifact with their metadata.
    Installed,
    /// It is compiled into a binary.
    Embedded,
    /// It is part of a JavaScript bundle.
    Bundled,
    /// It is a copy inside another package (`pip/_vendor`).
    Vendored,
    /// A lockfile resolves to it, and that is all that says so.
    Locked,
    /// A manifest asks for it, and that is all that says so.
    Declared,
    /// It ran when the artifact was built and is not part of it.
    Build,
}

impl Relation {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Embedded => "embedded",
            Self::Bundled => "bundled",
            Self::Vendored => "vendored",
            Self::Locked => "locked",
            Self::Declared => "declared",
            Self::Build => "build",
        }
    }

    /// Whether code of the package is in the artifact itself, as opposed to being named in it.
    #[must_use]
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Installed | Self::Embedded | Self::Bundled | Self::Vendored)
    }
}

/// Where a package comes from, so far as the artifact says. Only [`Origin::Registry`] packages may be looked up by name in
/// a public service; what the artifact claims here never makes a package less judged against a local database, and where
/// only a public service was asked, a claim that kept a package from being asked about is itself said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The public registry, or nothing says otherwise.
    #[default]
    Registry,
    /// A git repository.
    Git,
    /// A URL or a file that is not the registry's.
    Url,
    /// The function's own source: the root package, a workspace member, a path dependency.
    FirstParty,
    /// `private: true`: the artifact's own word.
    Private,
    /// The operator's own, by a pattern of his (`--private`).
    Own,
}

/// One package at one version, and every place that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Package {
    /// The registry.
    pub ecosystem: Ecosystem,
    /// The name as its own metadata spells it.
    pub name: String,
    /// The version as its own metadata spells it; `None` where nothing says.
    pub version: Option<String>,
    /// Versions it may have, where `version` is unknown but bounded; judged one and all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Whether the version is not the artifact's own word but that of a lockfile or bill of materials of the build.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// How it is known.
    pub relation: Relation,
    /// Where it comes from.
    pub origin: Origin,
    /// Where a lockfile says it is installed: `node_modules/a/node_modules/b`; empty where nothing does.
    #[serde(skip)]
    pub place: Box<str>,
    /// Whether an installation may rightly leave it out though it is locked for production: another platform's, a peer, or of a
    /// lockfile that does not say.
    #[serde(skip)]
    pub elective: bool,
    /// Whether only development, test or optional use asks for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    /// The manifests, lockfiles, metadata or binaries that show it, sorted.
    pub paths: Vec<EntryPath>,
    /// Which extractor says so: `npm/package-json`, `cargo/auditable`.
    pub evidence: &'static str,
    /// What of the artifact is its own; `None` where it has no files, as what is only named or compiled into something.
    #[serde(flatten)]
    pub holding: Option<Box<Holding>>,
}

impl Package {
    /// A package that one place shows; complete it with struct update syntax or the fields.
    #[must_use]
    pub fn new(
        ecosystem: Ecosystem,
        name: &str,
        version: Option<&str>,
        relation: Relation,
        path: &EntryPath,
        evidence: &'static str,
    ) -> Self {
        Self {
            ecosystem,
            name: name.to_owned(),
            version: version.map(str::to_owned),
            candidates: Vec::new(),
            inferred: false,
            relation,
            origin: Origin::default(),
            place: Box::default(),
            elective: false,
            dev: false,
            paths: vec![path.clone()],
            evidence,
            holding: None,
        }
    }

    /// The package URL (purl-spec: percent-encoded, PyPI names folded), without a version where none is known.
    #[must_use]
    pub fn purl(&self) -> String {
        purl(self.ecosystem, &self.name, self.version.as_deref())
    }
}

/// The package URL of a name and version: `pkg:npm/%40scope/name@1.0.0`.
#[must_use]
pub fn purl(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> String {
    let mut purl = format!("pkg:{}/", ecosystem.purl_type());
    match ecosystem {
        Ecosystem::Npm => match name.split_once('/') {
            Some((scope, rest)) => {
                encode(scope, &mut purl);
                purl.push('/');
                encode(rest, &mut purl);
            }
            None => encode(name, &mut purl),
        },
        Ecosystem::PyPi => encode(&ecosystem.folded(name), &mut purl),
        Ecosystem::CratesIo => encode(name, &mut purl),
    }
    if let Some(version) = version {
        purl.push('@');
        encode(version, &mut purl);
    }
    purl
}

/// `text` as a purl's qualifier may have it.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode(text, &mut out);
    out
}

/// Appends `text` percent-encoded as purl-spec asks: everything but letters, digits and `.-_~:`.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}
