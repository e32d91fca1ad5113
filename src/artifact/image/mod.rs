//! Container images: OCI image layouts and the archives of `docker save`.
//!
//! What a function sees is the file system that the layers add up to, so that is what is shown: each visible file once,
//! under its path from the root. What an upper layer deletes or replaces is still in the image for whoever pulls it; it is
//! shown as shadowed, under `layer@sha256:<12 digits>!/path`. The configuration is shown as `image-config.json`, everything
//! else that lies in the layout as `image-layout!/name`, so that nothing hides beside an image. Several images lie under
//! the first twelve digits of their manifests' digests.
//!
//! Links in an image are never problems of their own: base images are full of links that dangle until something is
//! mounted. An entry below a link is (`link-shadow`), because runtimes do not agree on where it goes.

mod digest;
mod docker;
mod evidence;
mod json;
mod layer;
mod manifest;
mod name;
mod outline;
pub(crate) mod referrer;
mod show;
mod store;
mod tree;
mod zstd;

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::rc::Rc;

pub(crate) use self::digest::Digest;
pub(crate) use self::json::parse;
use self::manifest::Reader;
pub(crate) use self::manifest::{DESCRIPTION, INDEXES, MANIFESTS};
use self::outline::Allowance;
use self::store::{Id, Store};
use super::evidence::{Evidence, EvidenceError};
use super::gzip::Members;
use super::source::Source;
use super::walk::{EntryStream, Observer, Place, Walk};
use super::{Limits, layout_digest, magic, problem as kind, tar};
use crate::model::{ArtifactKind, Entry, EntryPath, Inventory, Problem};

/// One image of a layout.
#[derive(Debug)]
struct Image {
    /// Twelve digits of the manifest's digest; of the configuration's in a Docker archive.
    name: String,
    config: Option<Id>,
    /// The lowest first.
    layers: Vec<Layer>,
}

/// One layer of an image.
#[derive(Debug)]
struct Layer {
    file: Id,
    /// Twelve digits of its digest.
    short: String,
    /// What it must hash to, unpacked.
    unpacked: Option<Digest>,
}

/// What says that these files are an image.
#[derive(Debug, Default)]
struct Signs {
    layout: bool,
    index: bool,
    docker: bool,
}

impl Signs {
    fn see(&mut self, name: &str, content: impl FnOnce() -> Vec<u8>) {
        match name {
            "oci-layout" => self.layout = true,
            "index.json" => self.index = true,
            "manifest.json" => self.docker |= docker::is_manifest(&content()),
            _ => {}
        }
    }

    fn kind(&self) -> Option<ArtifactKind> {
        match self {
            Self { layout: true, index: true, .. } => Some(ArtifactKind::OciLayout),
            Self { docker: true, .. } => Some(ArtifactKind::DockerArchive),
            _ => None,
        }
    }
}

/// Whether a tar, plain or in a gzip, is an image. One that cannot be read to its end is judged by what came before; its
/// fault is found where it is walked.
pub(super) fn of_file(source: Source<'_>) -> Option<ArtifactKind> {
    let head = source.range(0, magic::ENOUGH as u64).ok()?;
    let limits = Limits::image();
    let reader: Box<dyn Read> = match magic::of(&head)? {
        magic::Container::Tar => Box::new(source.reader()),
        magic::Container::Gzip => {
            Box::new(Members::new(source, source.len().saturating_mul(limits.ratio).max(Limits::RATIO_FROM).min(limits.total_bytes)))
        }
        magic::Container::Zip => return None,
    };
    let mut signs = Signs::default();
    let mut see = |entry: &mut tar::Entry<'_, '_>, index| {
        if let Ok(path) = EntryPath::from_bytes(entry.path()) {
            signs.see(path.as_str(), || {
                let mut content = Vec::new();
                let _ = entry.take(DESCRIPTION).read_to_end(&mut content);
                content
            });
        }
        index < limits.entries
    };
    let _ = tar::outline(reader, &mut see);
    signs.kind()
}

/// Whether a directory is an image, with the digest of the document that names all the rest, and the bytes of its files.
pub(super) fn of_folder(root: &Path) -> Option<(ArtifactKind, [u8; 32])> {
    let read = |name: &str| {
        let path = root.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|meta| meta.is_file());
        let mut content = Vec::new();
        let read = is_file.then(|| File::open(path).and_then(|file| file.take(DESCRIPTION).read_to_end(&mut content)))?;
        read.is_ok().then_some(content)
    };
    let mut signs = Signs::default();
    for name in ["oci-layout", "index.json", "manifest.json"] {
        if let Some(content) = read(name) {
            signs.see(name, || content);
        }
    }
    let kind = signs.kind()?;
    let document = if kind == ArtifactKind::OciLayout { "index.json" } else { "manifest.json" };
    Some((kind, layout_digest(&read(document)?)))
}

/// Whether that document names all the rest by digest, so that its own stands for the image.
pub(super) fn is_bound(root: &Path, kind: ArtifactKind) -> bool {
    let manifest = || {
        let mut content = Vec::new();
        File::open(root.join("manifest.json")).and_then(|file| file.take(DESCRIPTION).read_to_end(&mut content)).ok()?;
        Some(docker::names_digests(&content))
    };
    kind != ArtifactKind::DockerArchive || manifest().unwrap_or(false)
}

/// What stands for an image in a tar, and the signatures beside it there. The tar itself stands for it always, whatever is odd
/// about what is in it; that is for the caller to add.
pub(super) fn evidence_of_file(source: Source<'_>) -> Result<Evidence, EvidenceError> {
    let limits = Limits::image();
    let (walk, mut found) = (Walk::new(&limits, &Nobody, false), Inventory::default());
    let head = source.range(0, magic::ENOUGH as u64)?;
    if magic::of(&head) != Some(magic::Container::Gzip) {
        let store = Store::of_tar(&walk, source, &mut found);
        return evidence::of_store(&store, found);
    }
    let cap = source.len().saturating_mul(limits.ratio).max(Limits::RATIO_FROM).min(limits.total_bytes);
    let file = inflated(Members::new(source, cap))?;
    let size = file.metadata()?.len();
    let store = Store::of_tar(&walk, Source::File(&file, size), &mut found);
    evidence::of_store(&store, found)
}

/// The same of an image in a directory.
pub(super) fn evidence_of_folder(root: &Path) -> Result<Evidence, EvidenceError> {
    let limits = Limits::image();
    let (walk, mut found) = (Walk::new(&limits, &Nobody, false), Inventory::default());
    let store = Store::of_folder(&walk, root, &mut found);
    evidence::of_store(&store, found)
}

/// Sees nothing: for a look at a layout's own descriptions.
struct Nobody;

impl EntryStream for Nobody {
    fn feed(&mut self, _: &[u8]) {}
    fn finish(self: Box<Self>, _: &mut Inventory) {}
}

impl Observer for Nobody {
    fn wants_whole(&self, _: &EntryPath, _: &[u8]) -> bool {
        false
    }

    fn entry(&self, _: &Entry<'_>, _: &[EntryPath], _: &mut Inventory) {}

    fn shadowed(&self, _: &Entry<'_>, _: &mut Inventory) {}

    fn stream<'a>(&'a self, _: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        Box::new(Self)
    }
}

/// Walks an image that lies in a tar, plain or in a gzip.
pub(super) fn file(walk: &Walk<'_>, source: Source<'_>, found: &mut Inventory) {
    let head = source.range(0, magic::ENOUGH as u64).unwrap_or_default();
    if magic::of(&head) != Some(magic::Container::Gzip) {
        let store = Store::of_tar(walk, source, found);
        return store_of(walk, &store, found);
    }
    let cap = source.len().saturating_mul(walk.limits.ratio).max(Limits::RATIO_FROM).min(walk.limits.total_bytes);
    match inflated(Members::new(source, cap)) {
        Ok(file) => {
            let size = file.metadata().map_or(0, |meta| meta.len());
            let store = Store::of_tar(walk, Source::File(&file, size), found);
            store_of(walk, &store, found);
        }
        Err(error) => {
            let message = error.to_string();
            found
                .problems
                .push(Problem::whole(layer::kind(&message, &kind::UNREADABLE_ARCHIVE), format!("the gzip does not inflate: {message}")));
        }
    }
}

/// Walks an image that lies in a directory.
pub(super) fn folder(walk: &Walk<'_>, root: &Path, found: &mut Inventory) {
    let store = Store::of_folder(walk, root, found);
    store_of(walk, &store, found);
}

/// Blobs are read at any place and more than once, which a gzip does not allow: it is inflated to an unlinked file.
fn inflated(mut from: Members<'_>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut from, &mut file)?;
    file.flush()?;
    Ok(file)
}

/// Walks the images of a store, and then what belongs to none.
fn store_of(walk: &Walk<'_>, store: &Store<'_>, found: &mut Inventory) {
    let mut reader = Reader::new(store, found);
    reader.index();
    docker::images(&mut reader);
    let images = std::mem::take(&mut reader.images);
    if images.is_empty() {
        found.problems.push(Problem::whole(&kind::MALFORMED_IMAGE, "no image is in the layout"));
    }
    let mut allowance = Allowance { bytes: Rc::new(Cell::new(walk.limits.total_bytes)), entries: walk.limits.entries, full: false };
    for image in &images {
        let prefix = EntryPath::new(&image.name).ok().filter(|_| images.len() > 1);
        if let Some(config) = image.config
            && let Ok(name) = EntryPath::new("image-config.json")
        {
            if !store.take(config) {
                walk.declare(1);
            }
            plain(walk, store, config, &outline::below(prefix.as_ref(), name), found);
        }
        for layer in &image.layers {
            if store.take(layer.file) {
                walk.count_shown(1);
            }
        }
        let outline = outline::read(walk, store, image, prefix.as_ref(), &mut allowance, found);
        show::all(walk, store, image, outline, prefix.as_ref(), found);
    }
    for id in store.rest() {
        plain(walk, store, id, &store.path(id), found);
    }
    if walk.is_over() || allowance.full {
        let census = walk.census();
        walk.count_refused(census.declared.saturating_sub(census.shown + census.refused));
    }
}

/// Shows a file of the layout as it is.
fn plain(walk: &Walk<'_>, store: &Store<'_>, id: Id, path: &EntryPath, found: &mut Inventory) {
    let size = store.size(id);
    if let Some(problem) = walk.too_large(path, size) {
        return walk.refuse(found, problem);
    }
    if !walk.admit(path, size, found) {
        return;
    }
    let place = Place { prefix: None, depth: 0, aliases: HashMap::new() };
    let opened = match store.open(id) {
        Ok(opened) => opened,
        Err(error) => return walk.refuse(found, Problem::at(&kind::UNREADABLE_FILE, path, error.to_string())),
    };
    let source = opened.source();
    if size <= Limits::ENTRY_IN_PARALLEL {
        return match source.range(0, size) {
            Ok(content) => walk.show(path, &content, &place, found),
            Err(error) => walk.refuse(found, Problem::at(&kind::UNREADABLE_FILE, path, error.to_string())),
        };
    }
    let (mut stream, mut reader, mut piece) = (walk.observer.stream(path), source.reader(), vec![0; 256 * 1024]);
    loop {
        match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(got) => stream.feed(&piece[..got]),
            Err(error) => return walk.refuse(found, Problem::at(&kind::UNREADABLE_FILE, path, error.to_string())),
        }
    }
    walk.count_shown(1);
    stream.finish(found);
    walk.open(path, source, 1, found);
}

/// Bytes of all files of a directory.
pub(super) fn folder_size(root: &Path) -> u64 {
    let (mut size, mut todo) = (0, vec![(root.to_path_buf(), 0)]);
    while let Some((folder, depth)) = todo.pop() {
        for child in fs::read_dir(folder).into_iter().flatten().flatten() {
            match child.metadata() {
                Ok(meta) if meta.is_dir() && depth < 16 => todo.push((child.path(), depth + 1)),
                Ok(meta) if meta.is_file() => size += meta.len(),
                _ => {}
            }
        }
    }
    size
}
