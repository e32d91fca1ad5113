//! What the bills of materials share: components by purl, and names that are the same for the same bytes.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::model::{ArtifactFacts, ArtifactKind, Distribution, EntryPath, Facts, Inventory, Origin, Package, Relation, encoded, hex};

/// The components of an artifact, in the order of their purls, each with every way it is known.
pub(super) fn by_purl(facts: &Facts) -> BTreeMap<String, Vec<&Package>> {
    let mut by_purl: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in facts.inventory.components() {
        by_purl.entry(package.purl()).or_default().push(package);
    }
    by_purl
}

/// The component a vulnerable purl belongs to: itself, or the package of which it is a candidate version.
pub(super) fn owner<'a>(purl: &'a str, known: &'a BTreeMap<String, Vec<&Package>>) -> Option<&'a str> {
    let bare = purl.split('@').next().unwrap_or(purl);
    known.get_key_value(purl).or_else(|| known.get_key_value(bare)).map(|(purl, _)| purl.as_str())
}

/// Where the artifact's lockfiles say that components come from, by purl.
pub(super) fn distributions(inventory: &Inventory) -> BTreeMap<&str, Vec<&Distribution>> {
    let mut by_purl: BTreeMap<&str, Vec<&Distribution>> = BTreeMap::new();
    for one in &inventory.dependencies.distributions {
        let same = by_purl.entry(&one.package).or_default();
        if !same.iter().any(|known| known.url == one.url && known.hash == one.hash) {
            same.push(one);
        }
    }
    by_purl
}

/// The package URL with what tells a package that is not the registry's from the registry's of the same name (purl-spec,
/// qualifiers `vcs_url` and `download_url`).
pub(super) fn qualified(purl: &str, packages: &[&Package], distributions: &[&Distribution]) -> String {
    let is_all = |origin| packages.iter().all(|package| package.origin == origin);
    let [one] = distributions else { return purl.to_owned() };
    match one.url.starts_with("git+") {
        true if is_all(Origin::Git) => format!("{purl}?vcs_url={}", encoded(&one.url)),
        false if is_all(Origin::Url) => format!("{purl}?download_url={}", encoded(&one.url)),
        _ => purl.to_owned(),
    }
}

/// The archive of a package that lies in the artifact as it was distributed, a wheel, an egg or a tarball, and its SHA-256; `None`
/// where the package lies there in any other way too.
pub(super) fn archive<'a>(inventory: &'a Inventory, packages: &[&'a Package]) -> Option<(&'a str, &'a str)> {
    let mut found: Option<(&str, &str)> = None;
    for path in packages.iter().flat_map(|package| &package.paths) {
        let archive = distributed(path)?;
        let at = inventory.files.binary_search_by(|file| file.path.as_str().cmp(archive)).ok()?;
        let hash = inventory.files.get(at).map(|file| file.sha256.as_str()).filter(|hash| hash.len() == 64)?;
        match found {
            Some((_, known)) if known != hash => return None,
            _ => found = Some((archive, hash)),
        }
    }
    found
}

/// The archive whose top the metadata at `path` lies at.
fn distributed(path: &EntryPath) -> Option<&str> {
    let (archive, inner) = path.as_str().rsplit_once("!/")?;
    let (folder, file) = inner.split_once('/')?;
    let is = |ends: &[&str]| ends.iter().any(|end| archive.ends_with(end));
    let is_top = match file {
        "METADATA" => is(&[".whl"]) && folder.ends_with(".dist-info"),
        "PKG-INFO" => is(&[".egg"]) && folder == "EGG-INFO" || is(&[".tar.gz", ".zip"]) && !folder.ends_with("-info"),
        "package.json" => is(&[".tgz", ".tar.gz"]) && folder == "package",
        _ => false,
    };
    is_top.then_some(archive)
}

/// Whether a package only ran when the artifact was built.
pub(super) fn is_build_only(packages: &[&Package]) -> bool {
    packages.iter().all(|package| package.relation == Relation::Build)
}

/// Whether a package is only named, and only for development or optional use.
pub(super) fn is_optional(packages: &[&Package]) -> bool {
    packages.iter().all(|package| package.dev && !package.relation.is_inside())
}

/// The SHA-256 of the artifact's file; the digest of a directory is one of names and contents, no file's hash.
pub(super) fn file_digest(artifact: &ArtifactFacts) -> Option<&str> {
    (artifact.kind != ArtifactKind::Directory).then_some(artifact.sha256.as_str())
}

/// What a document about one artifact is told apart by: its bytes and those of its layers.
pub(super) fn artifact_seed(facts: &Facts) -> String {
    let layers = facts.artifact.layers.iter().map(|layer| layer.sha256.as_str());
    std::iter::once(facts.artifact.sha256.as_str()).chain(layers).collect::<Vec<_>>().join("\n")
}

/// What a document is told apart by: its format and its artifacts, in their order.
pub(super) struct Seed {
    digest: Sha256,
    is_empty: bool,
}

impl Seed {
    pub(super) fn new(format: &str) -> Self {
        Self { digest: Sha256::new_with_prefix(format!("fngate {format}\n")), is_empty: true }
    }

    /// Adds an artifact.
    pub(super) fn add(&mut self, artifact: &str) {
        if !self.is_empty {
            self.digest.update("\n");
        }
        self.is_empty = false;
        self.digest.update(artifact);
    }

    /// A UUID (RFC 9562, version 8: own digest) that is the same for the same format and bytes.
    pub(super) fn uuid(self) -> String {
        let mut digits: Vec<char> = hex(&self.digest.finalize()).chars().take(32).collect();
        for (at, digit) in [(12, '8'), (16, 'a')] {
            if let Some(place) = digits.get_mut(at) {
                *place = digit;
            }
        }
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().iter().collect::<String>();
        format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
    }
}
