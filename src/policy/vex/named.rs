//! What documents call things by, and whether that is what is asked about. A word that acquits must name it exactly; one that
//! does not is heard wherever it may be meant.

use std::str::FromStr;

use packageurl::PackageUrl as Purl;

use super::version::may_be_same;
use crate::model::{Ecosystem, package_url, package_url_kind};

/// Hashes and other names of one thing.
pub(super) const MOST: usize = 64;

/// Qualifiers of a purl with which it names a package from elsewhere (package-url/purl-spec, "Known qualifiers").
const ELSEWHERE: [&str; 3] = ["repository_url", "vcs_url", "download_url"];

/// Types of purls that may name the artifact itself, or a package by the place of its source.
const SHAPELESS: [&str; 7] = ["generic", "oci", "docker", "github", "gitlab", "bitbucket", "swid"];

/// What a finding is about.
pub(super) struct Asked<'a> {
    /// The package; `None` where it is about something else.
    pub(super) package: Option<Package>,
    /// The artifact's SHA-256.
    pub(super) artifact: &'a str,
    /// SHA-256 of everything that the package lies in: the artifact, layers that are mounted beside it.
    pub(super) holders: Vec<&'a str>,
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    ecosystem: Ecosystem,
    /// In its ecosystem's one spelling.
    name: String,
    version: Option<String>,
    /// Whether only some versions or files of it are meant.
    is_part: bool,
    /// Whether it is said to be another registry's, or no registry's.
    is_elsewhere: bool,
}

impl Package {
    /// The package that a purl names; an error where it is of another type, or no purl.
    pub(super) fn of(purl: &str) -> Result<Self, String> {
        let (ecosystem, name, version) = package_url(purl)?;
        let qualified = |wanted: &str| {
            let list = purl.split('#').next().unwrap_or_default().split_once('?').map_or("", |(_, list)| list);
            list.split('&').filter_map(|pair| pair.split('=').next()).any(|name| name.trim().eq_ignore_ascii_case(wanted))
        };
        Ok(Self {
            ecosystem,
            name: ecosystem.folded(&name),
            version,
            is_part: purl.contains('#') || qualified("vers"),
            is_elsewhere: ELSEWHERE.into_iter().any(qualified),
        })
    }

    /// The version, where one is known.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether this, as stated, is exactly the package that is asked about. What is said of the very artifact is said of the package
    /// in it, wherever that comes from.
    fn is(&self, asked: &Self, in_artifact: bool) -> bool {
        let same = self.ecosystem == asked.ecosystem && self.name == asked.name;
        same && !self.is_part && (in_artifact || !self.is_elsewhere) && (self.version.is_none() || self.version == asked.version)
    }

    fn may_be(&self, asked: &Self) -> bool {
        let same = self.ecosystem == asked.ecosystem && self.name.eq_ignore_ascii_case(&asked.name);
        same && match (&self.version, &asked.version) {
            (Some(stated), Some(own)) => may_be_same(stated, own),
            _ => true,
        }
    }
}

/// A product or component, by all that a document calls it.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    packages: Vec<Package>,
    /// SHA-256, lower case.
    digests: Vec<String>,
    /// SHA-256 of layers that are mounted beside it.
    mounted: Vec<String>,
    /// Whether it is named by a package URL of an ecosystem that is not judged.
    is_foreign: bool,
    /// Whether it has a name that is not understood: another hash, an image without a digest, a CPE.
    is_vague: bool,
}

impl Named {
    /// Notes a package URL.
    pub(super) fn purl(&mut self, text: &str, version: Option<&str>) {
        if let Ok(package) = Package::of(text) {
            self.packages.push(Package { version: package.version.or_else(|| version.map(str::to_owned)), ..package });
            return;
        }
        let digests = purl_digests(text);
        if !digests.is_empty() {
            self.digests.extend(digests);
        } else if package_url_kind(text).is_none_or(|kind| is_own(&kind) || SHAPELESS.contains(&kind.as_str())) {
            self.is_vague = true;
        } else {
            self.is_foreign = true;
        }
    }

    /// Notes a hash.
    pub(super) fn hash(&mut self, algorithm: &str, content: &str) {
        let algorithm: String = algorithm.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
        match sha256(content).filter(|_| algorithm.eq_ignore_ascii_case("sha256")) {
            Some(digest) => self.digests.push(digest),
            None => self.is_vague = true,
        }
    }

    /// Notes the SHA-256 of a layer that is mounted beside it.
    pub(super) fn mount(&mut self, digest: &str) {
        self.mounted.extend(sha256(digest));
    }

    /// Notes that it has a name which is not understood.
    pub(super) fn vaguely(&mut self) {
        self.is_vague = true;
    }

    /// The same, if it has no more names than anything needs.
    pub(super) fn checked(mut self) -> Result<Self, String> {
        self.digests.sort_unstable();
        self.digests.dedup();
        if self.digests.len() + self.packages.len() + self.mounted.len() > MOST {
            return Err(format!("more than {MOST} names of one thing"));
        }
        Ok(self)
    }

    /// Whether it is told apart from others at all.
    pub(super) fn is_identified(&self) -> bool {
        self.is_vague || self.is_foreign || self.has_digest() || self.has_package()
    }

    /// Whether it has a SHA-256.
    pub(super) fn has_digest(&self) -> bool {
        !self.digests.is_empty()
    }

    /// Whether it is a package.
    pub(super) fn has_package(&self) -> bool {
        !self.packages.is_empty()
    }

    /// Whether it has a name that is not understood.
    pub(super) fn is_vague(&self) -> bool {
        self.is_vague
    }

    /// Whether nobody can say what it is.
    pub(super) fn is_unclear(&self) -> bool {
        !self.has_digest() && !self.has_package() && !self.is_foreign
    }

    /// Whether it is the very file, by every digest that it has.
    pub(super) fn is(&self, holder: &str, artifact: &str) -> bool {
        let all = |wanted: &str| self.digests.iter().all(|digest| digest.eq_ignore_ascii_case(wanted));
        let beside = || self.mounted.iter().any(|digest| digest.eq_ignore_ascii_case(holder)) && all(artifact);
        self.has_digest() && (all(holder) || beside())
    }

    /// Whether any digest says that it is the file.
    pub(super) fn may_be(&self, holder: &str) -> bool {
        self.digests.iter().any(|digest| digest.eq_ignore_ascii_case(holder))
    }

    /// Whether it names exactly the package that is asked about.
    pub(super) fn names(&self, asked: &Asked<'_>, in_artifact: bool) -> bool {
        asked.package.as_ref().is_some_and(|own| self.packages.iter().any(|package| package.is(own, in_artifact)))
    }

    /// Whether the package that is asked about may be meant.
    pub(super) fn may_name(&self, asked: &Asked<'_>) -> bool {
        let is_meant = |own: &Package| self.packages.iter().any(|package| package.may_be(own));
        asked.package.as_ref().map_or(self.has_package(), is_meant)
    }
}

/// Whether a type of package URLs is one of those that are judged, so that one of them which is not read is damaged.
fn is_own(kind: &str) -> bool {
    Ecosystem::from_purl_type(kind).is_some()
}

/// The SHA-256 digests by which a purl names a file or an image: `pkg:generic/…?checksum=sha256:…` and `pkg:oci/…@sha256:…`
/// (package-url/purl-spec, `purl-types`: generic, oci, docker).
fn purl_digests(purl: &str) -> Vec<String> {
    let Ok(purl) = Purl::from_str(purl) else { return Vec::new() };
    match purl.ty() {
        "oci" | "docker" => purl.version().and_then(digest).into_iter().collect(),
        "generic" => {
            let checksum = purl.qualifiers().iter().find(|(name, _)| *name == "checksum").map(|(_, value)| value.as_ref());
            checksum.into_iter().flat_map(|list| list.split(',')).filter_map(digest).collect()
        }
        _ => Vec::new(),
    }
}

/// `sha256:…` without its head.
fn digest(text: &str) -> Option<String> {
    let (algorithm, content) = text.trim().split_once(':')?;
    if algorithm.eq_ignore_ascii_case("sha256") { sha256(content) } else { None }
}

/// A SHA-256 in hex.
fn sha256(text: &str) -> Option<String> {
    let text = text.trim();
    (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}
