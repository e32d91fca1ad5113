//! JavaScript bundles: what pieces of evidence say of one, and what is known of it in the end.

use serde::Serialize;

use super::EntryPath;

/// A package in a bundle, as one piece of evidence has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bundled {
    /// The name.
    pub name: String,
    /// The version, where the evidence has it.
    pub version: Option<String>,
    /// Where it was installed when the bundle was made, as a lockfile calls it; empty where the evidence does not say.
    pub place: String,
    /// Bytes of the bundle.
    pub bytes: u64,
}

/// What one piece of evidence says of one bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BundleTrace {
    /// The bundle it speaks of, so far as the evidence knows: a path, or the name of a file beside it.
    pub bundle: EntryPath,
    /// The file that is the evidence; the bundle itself, its map, its metafile.
    pub source: EntryPath,
    /// `npm/source-map`.
    pub evidence: &'static str,
    /// The packages, one for each place.
    pub packages: Vec<Bundled>,
    /// Bytes of the function's own modules.
    pub own: u64,
    /// Whether it accounts for all code of the bundle, not only for some packages of it.
    pub whole: bool,
    /// Whether the bytes are counted rather than estimated.
    pub exact: bool,
    /// The size of the bundle it was made with, where it says so: another size is another bundle.
    pub size: Option<u64>,
    /// Why it cannot be read: then it says no more than that there is a bundle.
    pub unreadable: Option<String>,
    /// The version of the bundler, where it says so.
    pub made_by: Option<String>,
    /// Bytes of modules that are of no package and not the function's own either, by where they are said to come from.
    pub strange: Vec<(String, u64)>,
    /// The texts of its sources, hashed, where it holds all of them: the code has no others.
    pub texts: Option<Box<[u64]>>,
    /// What the comparison with a build tree has to say of other evidence.
    pub tree: Option<TreeFacts>,
}

impl BundleTrace {
    /// Evidence that says nothing yet.
    #[must_use]
    pub fn new(bundle: &EntryPath, source: &EntryPath, evidence: &'static str) -> Self {
        Self {
            bundle: bundle.clone(),
            source: source.clone(),
            evidence,
            packages: Vec::new(),
            own: 0,
            whole: false,
            exact: false,
            size: None,
            unreadable: None,
            made_by: None,
            strange: Vec::new(),
            texts: None,
            tree: None,
        }
    }
}

/// What the comparison of a bundle with a build tree says of whatever else speaks of the bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeFacts {
    /// Texts of the bundle, and those of them that the tree has.
    pub texts: usize,
    /// See there.
    pub known: usize,
    /// How long the others are together.
    pub unknown_bytes: u64,
    /// Packages of which so much is in the bundle that no other can have left it: name, and place where no other
    /// copy of it can have left it.
    pub proven: Vec<(String, String)>,
    /// Names of packages of which next to everything is in the bundle, though other packages have it too.
    pub likely: Vec<String>,
    /// Whether a package is there beyond doubt.
    pub is_copied: bool,
}

/// A package of the build's own tree of which nothing is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Absence {
    /// The bundle.
    pub bundle: EntryPath,
    /// Where the package is installed in the tree.
    pub place: String,
    /// Which package it is: at the same place another tree may have another one.
    pub purl: String,
}

/// Facts about one bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BundleFacts {
    /// Where.
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    /// The bundler, where recognisable, else empty.
    pub tool: &'static str,
    /// The versions of it that write such a bundle (`5.113.0`, `>=0.14.27 <0.28.1`), where anything shows them, else empty.
    pub tool_version: String,
    /// Whether names and blanks were taken out.
    pub minified: bool,
    /// What was used, the strongest first: `npm/metafile`, `npm/source-map`, `npm/path-comment`.
    pub evidence: Vec<&'static str>,
    /// The files beside it that were used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<EntryPath>,
    /// Bytes by package, and whether they are counted or estimated.
    pub packages: Vec<Share>,
    /// Whether the shares are counted rather than estimated.
    pub exact: bool,
    /// Bytes of the function's own modules and the bundler's runtime.
    pub own: u64,
    /// Bytes that no evidence accounts for.
    pub unattributed: u64,
    /// The share of its texts, in percent, that the build's own modules have, where they were given and it has enough of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_tree: Option<usize>,
}

/// A package's share of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Share {
    /// The package.
    pub purl: String,
    /// Bytes of the bundle.
    pub bytes: u64,
}
