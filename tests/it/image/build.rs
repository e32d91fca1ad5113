//! Builds images: layers, layouts and archives, of any shape.

use std::collections::BTreeMap;

use flate2::write::GzEncoder;
use fngate::model::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;
use tar::{Builder, EntryType, Header};

pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// A tar, entry by entry, names as they are given.
pub struct Tar(Builder<Vec<u8>>);

impl Tar {
    pub fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    pub fn raw(mut self, name: &[u8], kind: EntryType, link: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
        self
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.raw(name.as_bytes(), EntryType::Regular, "", content.as_ref())
    }

    pub fn folder(self, name: &str) -> Self {
        self.raw(name.as_bytes(), EntryType::Directory, "", b"")
    }

    pub fn link(self, name: &str, target: &str) -> Self {
        self.raw(name.as_bytes(), EntryType::Symlink, target, b"")
    }

    pub fn hard(self, name: &str, target: &str) -> Self {
        self.raw(name.as_bytes(), EntryType::Link, target, b"")
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// An OCI layout in the making: its files by name.
#[derive(Clone, Default)]
pub struct Layout(pub BTreeMap<String, Vec<u8>>);

impl Layout {
    /// Adds a blob; gives its descriptor.
    pub fn blob(&mut self, media: &str, bytes: &[u8]) -> Value {
        let digest = sha256(bytes);
        self.0.insert(format!("blobs/{}", digest.replace(':', "/")), bytes.to_vec());
        json!({"mediaType": media, "digest": digest, "size": bytes.len()})
    }

    pub fn json(&mut self, media: &str, value: &Value) -> Value {
        self.blob(media, value.to_string().as_bytes())
    }

    /// Adds an image of these layers (media type, packed, unpacked); gives its manifest's descriptor.
    pub fn image(&mut self, layers: &[(&str, Vec<u8>, Vec<u8>)]) -> Value {
        let ids: Vec<_> = layers.iter().map(|(_, _, plain)| sha256(plain)).collect();
        let config = json!({"architecture": "amd64", "os": "linux", "config": {"Env": ["STAGE=test"]}, "rootfs": {"type": "layers", "diff_ids": ids}});
        let config = self.json(CONFIG, &config);
        let layers: Vec<_> = layers.iter().map(|(media, packed, _)| self.blob(media, packed)).collect();
        self.json(MANIFEST, &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}))
    }

    /// An image of plain layers.
    pub fn plain(&mut self, layers: &[Vec<u8>]) -> Value {
        let layers: Vec<_> = layers.iter().map(|layer| (LAYER, layer.clone(), layer.clone())).collect();
        self.image(&layers)
    }

    /// Adds the marker and the index of these descriptors.
    pub fn index(&mut self, manifests: &[Value]) {
        self.0.insert("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests});
        self.0.insert("index.json".into(), index.to_string().into_bytes());
    }

    pub fn tar(&self) -> Vec<u8> {
        self.0.iter().fold(Tar::new(), |tar, (name, bytes)| tar.file(name, bytes)).bytes()
    }

    pub fn write(&self, root: &std::path::Path) {
        for (name, bytes) in &self.0 {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}

/// A layout with one image of plain layers.
pub fn layout(layers: &[Vec<u8>]) -> Layout {
    let mut layout = Layout::default();
    let manifest = layout.plain(layers);
    layout.index(&[manifest]);
    layout
}
