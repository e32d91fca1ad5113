//! What stands for an image that lies on a disk, and the signatures in its layout.
//!
//! A signature is over the digest of a manifest or an index. It is one of the whole layout only if every image in it is reached
//! from that document: `docker load` may take the one that `manifest.json` names, `skopeo` the one of `index.json`. And a digest
//! binds nothing where the blobs are not what it names, so all are hashed here; whatever is odd about the layout's own
//! descriptions leaves it without a digest that stands for it. What lies in the layout is the accused's own: a bundle there counts by its signature alone.

use std::collections::{BTreeSet, HashMap};
use std::io;

use super::super::evidence::{Attached, Collection, Evidence, EvidenceError, LARGEST_ATTACHED, Signable};
use super::digest::Digest;
use super::manifest::{DESCRIPTION, Reader};
use super::referrer::{self, Referrer};
use super::store::{Id, Store};
use super::{docker, json};
use crate::model::{Inventory, Problem};

/// Bytes of all blobs that are looked at for a referrer.
const MOST_DESCRIPTIONS: u64 = 256 << 20;
/// Indexes within indexes, as [`Reader`] follows them.
const DEEPEST: usize = 10;

/// Reads a layout whose files have been listed; `problems` are what was wrong with the listing.
pub(super) fn of_store(store: &Store<'_>, mut listed: Inventory) -> Result<Evidence, EvidenceError> {
    let mut reader = Reader::new(store, &mut listed);
    reader.index();
    let by_index = reader.images.len();
    docker::images(&mut reader);
    let by_docker = reader.images.len() - by_index;
    let graph = std::mem::take(&mut reader.graph);
    let documents = graph.documents();
    let signables = if let Some(problem) = listed.problems.first() {
        Err(described(problem))
    } else if by_index > 0 && by_docker > 0 {
        Err("its `manifest.json` names an image that its `index.json` does not".to_owned())
    } else if by_index > 0 {
        signables(store, &graph, &documents)
    } else {
        saved(store)
    };
    let (signables, unbound) = match signables {
        Ok(signables) => (signables, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    Ok(Evidence { signables, unbound, attached: attached(store, &documents)? })
}

fn described(problem: &Problem) -> String {
    let place = problem.path.as_ref().map_or_else(String::new, |path| format!("`{path}`: "));
    format!("{}: {place}{}", problem.kind, problem.message)
}

/// The documents from which every image is reached.
fn signables(store: &Store<'_>, graph: &Graph, documents: &BTreeSet<Digest>) -> Result<Vec<Signable>, String> {
    let whole = documents.iter().filter(|document| graph.is_whole(document));
    let read = |document: &Digest| {
        let id = store.find(&document.file()).ok_or("a document of the layout is missing")?;
        let what = if graph.images.contains(document) { "image manifest" } else { "image index" };
        Ok(Signable::document(what, &store.read(id, DESCRIPTION)?))
    };
    let signables = whole.map(read).collect::<Result<Vec<_>, String>>()?;
    if signables.is_empty() {
        return Err(format!("the layout has {} images, and no one index names them all", graph.images.len()));
    }
    Ok(signables)
}

/// A `docker save` archive in a directory: its `manifest.json` stands for it if it names every file by digest.
fn saved(store: &Store<'_>) -> Result<Vec<Signable>, String> {
    let none = || "there is no image in it".to_owned();
    let manifest = store.read(store.find("manifest.json").ok_or_else(none)?, DESCRIPTION)?;
    if !docker::is_manifest(&manifest) {
        return Err(none());
    }
    if !docker::names_digests(&manifest) {
        return Err("its `manifest.json` names files by something else than their digests".to_owned());
    }
    Ok(vec![Signable::document("saved image's manifest", &manifest)])
}

/// The bundles and signatures in the layout that refer to one of the documents.
fn attached(store: &Store<'_>, documents: &BTreeSet<Digest>) -> Result<Vec<Attached>, EvidenceError> {
    let mut collection = Collection::default();
    let mut blobs = store.below("blobs/");
    // In the order of their names, so that the same bundles are read whatever the order of the archive.
    blobs.sort_unstable_by(|one, other| one.1.cmp(other.1));
    let mut left = MOST_DESCRIPTIONS;
    for (id, name) in blobs {
        if collection.is_full() {
            break;
        }
        let Some((digest, bytes)) = description(store, id, name)? else { continue };
        left = left.checked_sub(bytes.len() as u64).ok_or(EvidenceError::TooLarge)?;
        let Ok(manifest) = json::parse(&bytes) else { continue };
        let label = format!("referrer {}", digest.short());
        match referrer::read(&manifest) {
            // Nothing in it says whose signature it is but the tag, which is anybody's word.
            Some(Referrer::Legacy) => collection.add(label, bytes)?,
            // Where the layout's own descriptions cannot be read, what belongs to it is not known, and nothing is left out.
            Some(Referrer::Bundles(blobs))
                if documents.is_empty() || referrer::subject(&manifest).is_none_or(|subject| documents.contains(&subject)) =>
            {
                for blob in blobs {
                    // One that is not there is an empty document, which is refused rather than overlooked.
                    let bytes = store.find(&blob.file()).map(|id| head(store, id)).transpose()?.unwrap_or_default();
                    collection.add(label.clone(), bytes)?;
                }
            }
            _ => {}
        }
    }
    Ok(collection.finish())
}

/// A blob that could be a manifest, if it is what its name says.
fn description(store: &Store<'_>, id: Id, name: &str) -> io::Result<Option<(Digest, Vec<u8>)>> {
    let Some(digest) = name.strip_prefix("blobs/").and_then(|name| Digest::parse(&name.replacen('/', ":", 1))) else { return Ok(None) };
    let opened = store.open(id)?;
    if store.size(id) > DESCRIPTION || opened.source().range(0, 1)? != b"{" {
        return Ok(None);
    }
    let bytes = opened.source().range(0, store.size(id))?;
    let mut hasher = digest.hasher();
    hasher.update(&bytes);
    Ok((hasher.finish() == digest).then_some((digest, bytes)))
}

/// A blob's bytes, cut one above the most that are read.
fn head(store: &Store<'_>, id: Id) -> io::Result<Vec<u8>> {
    store.open(id)?.source().range(0, LARGEST_ATTACHED + 1)
}

/// Which documents of a layout name which.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// The manifests and indexes that an index names.
    pub(super) children: HashMap<Digest, Vec<Digest>>,
    /// The manifests of images.
    pub(super) images: BTreeSet<Digest>,
}

impl Graph {
    /// Every index and every image's manifest.
    fn documents(&self) -> BTreeSet<Digest> {
        self.children.keys().chain(&self.images).cloned().collect()
    }

    /// Whether every image is reached from a document.
    fn is_whole(&self, document: &Digest) -> bool {
        let (mut reached, mut level) = (BTreeSet::from([document]), vec![document]);
        for _ in 0..DEEPEST {
            let next = level.iter().flat_map(|parent| self.children.get(parent).into_iter().flatten());
            level = next.filter(|child| reached.insert(child)).collect();
        }
        !self.images.is_empty() && self.images.iter().all(|image| reached.contains(image))
    }
}
