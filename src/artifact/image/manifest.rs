//! From `index.json` to the images: indexes, manifests, configurations and layers (OCI image specification 1.1,
//! image-index.md and manifest.md; Docker image manifest version 2, schema 2), every blob verified on the way.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::super::problem as kind;
use super::digest::Digest;
use super::evidence::Graph;
use super::store::{self, Id, Store};
use super::{Image, Layer, json, layer};
use crate::model::{Inventory, Problem, escaped};

/// Bytes of an index, a manifest or a configuration: what registries take (distribution specification, "Pushing
/// Manifests", names 4 MiB).
pub(crate) const DESCRIPTION: u64 = 4 * 1024 * 1024;

/// Indexes within indexes.
const DEEPEST: u32 = 8;

/// Descriptors that are looked at; a function has one image, a multi-platform release a dozen.
const MOST: usize = 2048;

/// Images that are judged.
const IMAGES: usize = 128;

pub(crate) const INDEXES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
pub(crate) const MANIFESTS: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const CONFIGS: [&str; 2] = ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
const LAYERS: [&str; 10] = [
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
    "application/vnd.oci.image.layer.nondistributable.v1.tar",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.diff.tar.zstd",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
];

/// Walks the indexes of one layout.
pub(super) struct Reader<'r, 'a> {
    pub(super) store: &'r Store<'a>,
    pub(super) found: &'r mut Inventory,
    pub(super) images: Vec<Image>,
    pub(super) graph: Graph,
    seen: HashSet<Digest>,
    verified: HashMap<Id, Digest>,
    descriptors: usize,
}

impl<'r, 'a> Reader<'r, 'a> {
    pub(super) fn new(store: &'r Store<'a>, found: &'r mut Inventory) -> Self {
        Self { store, found, images: Vec::new(), graph: Graph::default(), seen: HashSet::new(), verified: HashMap::new(), descriptors: 0 }
    }

    /// Reads the layout's index.
    pub(super) fn index(&mut self) {
        let Some(id) = self.store.find("index.json") else { return };
        if let Some(value) = self.description(id) {
            self.manifests(&value, None, 0);
        }
    }

    /// Says what is wrong with a file of the layout.
    pub(super) fn problem(&mut self, kind: &'static crate::model::ProblemKind, name: &str, message: impl Into<String>) {
        self.found.problems.push(store::problem(kind, name, message));
    }

    /// Parses a description.
    pub(super) fn description(&mut self, id: Id) -> Option<Value> {
        let parsed = self.store.read(id, DESCRIPTION).and_then(|bytes| json::parse(&bytes));
        match parsed {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(value),
            Ok(_) => {
                self.found.problems.push(Problem::at(&kind::MALFORMED_IMAGE, &self.store.path(id), "no JSON object"));
                None
            }
            Err(message) => {
                self.found.problems.push(Problem::at(&kind::MALFORMED_IMAGE, &self.store.path(id), message));
                None
            }
        }
    }

    /// The descriptors of an index: of the layout's own, or of the blob with this digest.
    fn manifests(&mut self, index: &Value, own: Option<&Digest>, depth: u32) {
        let name = &own.map_or_else(|| "index.json".to_owned(), Digest::file);
        if index.get("layers").is_some() {
            // CVE-2021-41190: a document that is an index to one reader and a manifest to another.
            return self.problem(&kind::MALFORMED_IMAGE, name, "the index has `layers` as a manifest has");
        }
        for descriptor in json::array(index, "manifests") {
            self.descriptors += 1;
            if self.descriptors > MOST {
                if self.descriptors == MOST + 1 {
                    self.problem(&kind::LIMIT_ENTRIES, name, format!("more than {MOST} descriptors"));
                }
                return;
            }
            if let (Some(own), Some(child)) = (own, Digest::parse(json::text(descriptor, "digest"))) {
                self.graph.children.entry(own.clone()).or_default().push(child);
            }
            self.descriptor(descriptor, name, depth);
        }
    }

    /// One descriptor of an index: an index again, or a manifest.
    fn descriptor(&mut self, descriptor: &Value, name: &str, depth: u32) {
        let media = json::text(descriptor, "mediatype");
        let is_index = INDEXES.contains(&media);
        if !is_index && !MANIFESTS.contains(&media) {
            let message = format!("the manifest's media type is not supported: `{}`", escaped(media));
            return self.problem(&kind::UNSUPPORTED_MEDIA_TYPE, name, message);
        }
        let Some((id, digest)) = self.blob(descriptor, name) else { return };
        if !self.seen.insert(digest.clone()) {
            return;
        }
        let Some(value) = self.description(id) else { return };
        let own = json::text(&value, "mediatype");
        if !own.is_empty() && own != media {
            let message = format!("it calls itself `{}`, its descriptor calls it `{}`", escaped(own), escaped(media));
            self.problem(&kind::MALFORMED_IMAGE, &digest.file(), message);
        }
        if !is_index {
            return self.manifest(&value, &digest, descriptor);
        }
        if depth >= DEEPEST {
            return self.problem(&kind::LIMIT_DEPTH, &digest.file(), format!("indexes lie more than {DEEPEST} deep"));
        }
        self.manifests(&value, Some(&digest), depth + 1);
    }

    /// A manifest: an image, or an attestation about one.
    fn manifest(&mut self, manifest: &Value, digest: &Digest, descriptor: &Value) {
        let name = digest.file();
        if manifest.get("manifests").is_some() {
            return self.problem(&kind::MALFORMED_IMAGE, &name, "the manifest has `manifests` as an index has");
        }
        let config = manifest.get("config").cloned().unwrap_or_default();
        let layers = json::array(manifest, "layers");
        if self.is_companion(&config, layers, descriptor) {
            // Its blobs are verified here and shown as they are with all that no image takes.
            self.blob(&config, &name);
            layers.iter().for_each(|layer| drop(self.blob(layer, &name)));
            return;
        }
        if layers.is_empty() && manifest.get("layers").is_none() {
            return self.problem(&kind::MALFORMED_IMAGE, &name, "the manifest has neither layers nor an artifact's");
        }
        let media = json::text(&config, "mediatype");
        if !CONFIGS.contains(&media) {
            let message = format!("the configuration's media type is not supported: `{}`", escaped(media));
            self.problem(&kind::UNSUPPORTED_MEDIA_TYPE, &name, message);
        }
        let config = self.blob(&config, &name).map(|(id, _)| id);
        let named = layers.len();
        let layers = layers.iter().filter_map(|layer| self.layer(layer, &name)).collect();
        self.graph.images.insert(digest.clone());
        self.image(Image { name: digest.short().to_owned(), config, layers }, named, &name);
    }

    /// Takes an image whose manifest names `named` layers, once; with its configuration's own digests of the unpacked layers
    /// (config.md, `rootfs.diff_ids`).
    pub(super) fn image(&mut self, mut image: Image, named: usize, name: &str) {
        if let Some(config) = image.config.and_then(|id| self.description(id)) {
            let ids = config.get("rootfs").map(|rootfs| json::array(rootfs, "diff_ids")).unwrap_or_default();
            if ids.len() == image.layers.len() && ids.len() == named {
                for (layer, id) in image.layers.iter_mut().zip(ids) {
                    layer.unpacked = id.as_str().and_then(Digest::parse);
                }
            } else if ids.len() != named {
                let message = format!("the configuration speaks of {} layers, the manifest of {named}", ids.len());
                self.problem(&kind::MALFORMED_IMAGE, name, message);
            }
        }
        let files = |image: &Image| (image.config, image.layers.iter().map(|layer| layer.file).collect::<Vec<_>>());
        if self.images.iter().any(|other| files(other) == files(&image)) {
            return;
        }
        if self.images.len() < IMAGES {
            self.images.push(image);
        } else {
            self.problem(&kind::LIMIT_ENTRIES, name, format!("more than {IMAGES} images; this one was not judged"));
        }
    }

    /// A layer that can be unpacked; what cannot is shown as the file that it is.
    fn layer(&mut self, descriptor: &Value, name: &str) -> Option<Layer> {
        let media = json::text(descriptor, "mediatype");
        let (id, digest) = self.blob(descriptor, name)?;
        if LAYERS.contains(&media) {
            return Some(Layer { file: id, short: digest.short().to_owned(), unpacked: None });
        }
        let why = if media.ends_with("+encrypted") { "the layer is encrypted" } else { "the layer's media type is not supported" };
        self.problem(&kind::UNSUPPORTED_MEDIA_TYPE, &digest.file(), format!("{why}: `{}`", escaped(media)));
        None
    }

    /// Whether a manifest is no image but speaks of one: a BuildKit attestation, a signature, an SBOM. Only where nothing in
    /// it could be unpacked, because a label alone would let an image say that it is none.
    fn is_companion(&self, config: &Value, layers: &[Value], descriptor: &Value) -> bool {
        let platform = descriptor.get("platform");
        let unknown =
            platform.is_some_and(|platform| json::text(platform, "os") == "unknown" && json::text(platform, "architecture") == "unknown");
        let attestation = descriptor.get("annotations").is_some_and(|notes| !json::text(notes, "vnd.docker.reference.type").is_empty());
        let artifact = !CONFIGS.contains(&json::text(config, "mediatype"));
        let signature = !layers.is_empty() && layers.iter().all(|layer| json::text(layer, "mediatype").ends_with("json"));
        (unknown || attestation || artifact || signature)
            && layers.iter().all(|layer| {
                !LAYERS.contains(&json::text(layer, "mediatype"))
                    && Digest::parse(json::text(layer, "digest"))
                        .and_then(|digest| self.store.find(&digest.file()))
                        .and_then(|id| self.store.open(id).ok())
                        .is_some_and(|opened| !layer::could_be(&opened.source()))
            })
    }

    /// The blob of a descriptor, its size and digest verified. A blob that is not what it should be is a problem, and is
    /// looked at all the same.
    pub(super) fn blob(&mut self, descriptor: &Value, name: &str) -> Option<(Id, Digest)> {
        let text = json::text(descriptor, "digest");
        let Some(digest) = Digest::parse(text) else {
            self.problem(&kind::MALFORMED_IMAGE, name, format!("`{}` is no digest", escaped(text)));
            return None;
        };
        let file = digest.file();
        let Some(id) = self.store.find(&file) else {
            let urls = json::array(descriptor, "urls").len();
            let more = if urls > 0 { format!("; a runtime would fetch it from {urls} other addresses") } else { String::new() };
            self.problem(&kind::BLOB_MISSING, &file, format!("the blob is not in the layout{more}"));
            return None;
        };
        self.verify(id, &digest);
        let (size, declared) = (self.store.size(id), descriptor.get("size").and_then(Value::as_u64));
        if declared != Some(size) {
            let declared = declared.map_or("no size".to_owned(), |declared| format!("{declared} bytes"));
            self.problem(&kind::DIGEST_MISMATCH, &file, format!("the descriptor declares {declared}, the blob has {size}"));
        }
        Some((id, digest))
    }

    /// Hashes a file, once.
    pub(super) fn verify(&mut self, id: Id, digest: &Digest) {
        if self.verified.get(&id) == Some(digest) {
            return;
        }
        let hashed = self.store.open(id).and_then(|opened| digest.hasher().drain(opened.source().reader()));
        self.verified.insert(id, digest.clone());
        let path = self.store.path(id);
        match hashed {
            Ok(hash) if hash == *digest => {}
            Ok(hash) => {
                self.found.problems.push(Problem::at(&kind::DIGEST_MISMATCH, &path, format!("the blob's digest is {}", hash.as_str())))
            }
            Err(error) => self.found.problems.push(Problem::at(&kind::UNREADABLE_FILE, &path, error.to_string())),
        }
    }
}
