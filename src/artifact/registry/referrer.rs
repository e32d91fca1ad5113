//! The signatures of a pulled image in its registry: the referrers of its manifest and of the indexes that led to it.
//!
//! OCI distribution specification 1.1, "Listing Referrers": `GET /v2/<name>/referrers/<digest>`, page by page; where that is not
//! found, the index under the tag `sha256-<hex>` ("Referrers Tag Schema"). Any other answer is an error: a registry that fails
//! must not look like one that has no signatures. Signatures of cosign's from before bundles lie under the tags
//! `sha256-<hex>.sig` and `.att`; they are read so that they can be refused.

use std::io::Read;

use serde_json::Value;

use super::client::{Document, Registry};
use super::pull::verified;
use super::{Options, Reference, RegistryError};
use crate::artifact::evidence::{Attached, Collection, EvidenceError, LARGEST_ATTACHED, Signable};
use crate::artifact::image::referrer::{self, Referrer};
use crate::artifact::image::{Digest, INDEXES, parse};

/// Pages of one list of referrers.
const MOST_PAGES: usize = 16;
/// Manifests that are asked for.
const MOST_MANIFESTS: usize = 256;

/// Where an image was pulled from.
#[derive(Debug)]
pub(in super::super) struct Pulled {
    pub(super) reference: Reference,
    pub(super) options: Options,
    /// The manifest, and the indexes through which it was chosen, outermost first.
    pub(super) documents: Vec<(Digest, Signable)>,
}

impl Pulled {
    /// The documents that stand for the image.
    pub(in super::super) fn signables(&self) -> Vec<Signable> {
        self.documents.iter().map(|(_, signable)| signable.clone()).collect()
    }

    /// What is attached to them in the registry.
    pub(in super::super) fn attached(&self) -> Result<Vec<Attached>, EvidenceError> {
        let registry = Registry::new(&self.reference, &self.options)?;
        let mut search = Search { registry, reference: &self.reference, collection: Collection::default(), left: MOST_MANIFESTS };
        for (digest, _) in &self.documents {
            search.referrers(digest)?;
            for ending in ["sig", "att"] {
                search.tagged(&format!("{}.{ending}", tag(digest)))?;
            }
        }
        Ok(search.collection.finish())
    }
}

/// The tag of a digest ("Referrers Tag Schema").
fn tag(digest: &Digest) -> String {
    let text = digest.as_str().replace(':', "-");
    // An algorithm's name has up to 32 characters there, the digits 64.
    text.split_once('-').map_or_else(|| text.clone(), |(name, digits)| format!("{name}-{}", digits.get(..64).unwrap_or(digits)))
}

struct Search<'r> {
    registry: Registry<'r>,
    reference: &'r Reference,
    collection: Collection,
    /// Manifests that may still be asked for.
    left: usize,
}

impl Search<'_> {
    fn malformed(&self, why: &'static str) -> EvidenceError {
        RegistryError::Malformed { registry: self.reference.registry.clone(), why }.into()
    }

    fn referrers(&mut self, digest: &Digest) -> Result<(), EvidenceError> {
        let mut page = match self.registry.referrers(digest.as_str(), None) {
            Ok(page) => page,
            Err(RegistryError::NotFound(_)) => return self.fallback(digest),
            Err(error) => return Err(error.into()),
        };
        for _ in 0..MOST_PAGES {
            let (document, next) = page;
            let index = parse(&document.bytes).ok().filter(|index| index.get("manifests").is_some_and(Value::is_array));
            let index = index.ok_or_else(|| self.malformed("the list of referrers is no index"))?;
            self.list(&index)?;
            let Some(next) = next else { return Ok(()) };
            page = self.registry.referrers(digest.as_str(), Some(&next))?;
        }
        Err(self.malformed("the list of referrers has no end"))
    }

    /// The index that clients keep by hand where the registry lists no referrers. What lies under the tag and is none says
    /// nothing about the image.
    fn fallback(&mut self, digest: &Digest) -> Result<(), EvidenceError> {
        match self.registry.manifest(&tag(digest)) {
            Ok(document) if INDEXES.contains(&document.media.as_str()) => {
                verified(&document, None)?;
                let index = parse(&document.bytes).map_err(|_| self.malformed("the list of referrers cannot be read"))?;
                self.list(&index)
            }
            Ok(_) | Err(RegistryError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn list(&mut self, index: &Value) -> Result<(), EvidenceError> {
        let descriptors = index.get("manifests").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for descriptor in descriptors.iter().filter(|descriptor| referrer::may_sign(descriptor)) {
            if self.collection.is_full() {
                return Ok(());
            }
            self.left = self.left.checked_sub(1).ok_or_else(|| self.malformed("the image has more referrers than are read"))?;
            let digest = descriptor.get("digest").and_then(Value::as_str).and_then(Digest::parse);
            let digest = digest.ok_or_else(|| self.malformed("the list of referrers names one by something that is no digest"))?;
            let document = self.registry.manifest(digest.as_str())?;
            verified(&document, Some(&digest))?;
            self.manifest(&format!("referrer {}", digest.short()), document, false)?;
        }
        Ok(())
    }

    /// A signature from before bundles, if there is one under this tag.
    fn tagged(&mut self, tag: &str) -> Result<(), EvidenceError> {
        match self.registry.manifest(tag) {
            Ok(document) => {
                verified(&document, None)?;
                self.manifest(&format!("tag {tag}"), document, true)
            }
            Err(RegistryError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes what a manifest holds. `claims` is whether it claims to be a signature by its place.
    fn manifest(&mut self, name: &str, document: Document, claims: bool) -> Result<(), EvidenceError> {
        let held = parse(&document.bytes).ok().and_then(|manifest| referrer::read(&manifest));
        match held {
            Some(Referrer::Bundles(blobs)) => blobs.iter().try_for_each(|blob| {
                let bytes = self.blob(blob)?;
                self.collection.add(name.to_owned(), bytes)
            }),
            Some(Referrer::Legacy) => self.collection.add(name.to_owned(), document.bytes),
            None if claims => self.collection.add(name.to_owned(), document.bytes),
            None => Ok(()),
        }
    }

    /// A bundle, verified; of one that is too large only the beginning, which is refused.
    fn blob(&mut self, digest: &Digest) -> Result<Vec<u8>, EvidenceError> {
        let mut attempt = 0;
        loop {
            let response = self.registry.blob(digest.as_str(), LARGEST_ATTACHED)?;
            let mut bytes = Vec::new();
            let read = response.take(LARGEST_ATTACHED + 1).read_to_end(&mut bytes);
            let mut hasher = digest.hasher();
            hasher.update(&bytes);
            if read.is_ok() && (bytes.len() as u64 > LARGEST_ATTACHED || hasher.finish() == *digest) {
                return Ok(bytes);
            }
            if attempt >= self.registry.attempts() {
                return Err(RegistryError::Digest(digest.as_str().to_owned()).into());
            }
            self.registry.wait(&mut attempt, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_cut_where_the_specification_cuts_them() {
        assert_eq!(tag(&Digest::of(b"")), "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let long = Digest::parse(&format!("sha512:{}", "ab".repeat(64))).unwrap();
        assert_eq!(tag(&long), format!("sha512-{}", "ab".repeat(32)));
    }
}
