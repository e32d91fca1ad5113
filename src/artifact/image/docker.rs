//! The archives that `docker save` and its like write: `manifest.json`, and layers as `<id>/layer.tar`, `<digest>.tar` or
//! `blobs/sha256/<digest>` (moby, image/tarexport; containers/image, docker/internal/tarfile).

use serde_json::Value;

use super::super::problem as kind;
use super::digest::Digest;
use super::manifest::Reader;
use super::{Image, Layer, json};
use crate::model::escaped;

/// Whether a `manifest.json` is that of an image archive: a list of images with a configuration and layers. Web
/// applications have files of that name too.
pub(super) fn is_manifest(bytes: &[u8]) -> bool {
    json::parse(bytes).is_ok_and(|value| {
        value.as_array().is_some_and(|images| {
            !images.is_empty()
                && images
                    .iter()
                    .all(|image| image.get("config").is_some_and(Value::is_string) && image.get("layers").is_some_and(Value::is_array))
        })
    })
}

/// Reads the images of the archive's manifest; those that its `index.json` names too are one.
pub(super) fn images(reader: &mut Reader<'_, '_>) {
    let Some(id) = reader.store.find("manifest.json") else { return };
    let Ok(bytes) = reader.store.read(id, super::manifest::DESCRIPTION) else { return };
    if !is_manifest(&bytes) {
        return;
    }
    let Some(Value::Array(images)) = reader.description(id) else { return };
    for image in &images {
        let config = json::text(image, "config");
        let found = file(reader, config);
        let layers = json::array(image, "layers").iter().filter_map(|name| {
            let name = name.as_str().unwrap_or_default();
            let file = file(reader, name)?;
            Some(Layer { file, short: short(name), unpacked: None })
        });
        let layers: Vec<Layer> = layers.collect();
        let named = json::array(image, "layers").len();
        reader.image(Image { name: short(config), config: found, layers }, named, config);
    }
}

/// A file that the manifest names; where the name is a digest, it is verified.
fn file(reader: &mut Reader<'_, '_>, name: &str) -> Option<super::store::Id> {
    let Some(id) = reader.store.find(name) else {
        let missing = format!("`{}` is not in the archive", escaped(name));
        reader.problem(&kind::BLOB_MISSING, "manifest.json", missing);
        return None;
    };
    if let Some(digest) = verifiable(name) {
        reader.verify(id, &digest);
    }
    Some(id)
}

/// The digest that a file must have by its name. `<id>/layer.tar` is named by an id of its own; configurations and blobs are named
/// by their digest.
fn verifiable(name: &str) -> Option<Digest> {
    named(name).filter(|_| !name.ends_with("/layer.tar"))
}

/// Whether a manifest names every file by its digest.
pub(super) fn names_digests(manifest: &[u8]) -> bool {
    let is_digest = |name: &Value| name.as_str().is_some_and(|name| verifiable(name).is_some());
    let is_bound = |image: &Value| is_digest(&image["config"]) && json::array(image, "layers").iter().all(is_digest);
    json::parse(manifest).is_ok_and(|value| value.as_array().is_some_and(|images| images.iter().all(is_bound)))
}

/// The digest in a file's name: `<hex>.json`, `<hex>.tar`, `blobs/sha256/<hex>`, `<hex>/layer.tar`.
fn named(name: &str) -> Option<Digest> {
    let name = name.strip_suffix("/layer.tar").unwrap_or(name);
    let name = name.strip_prefix("blobs/sha256/").unwrap_or(name);
    let digits = name.strip_suffix(".json").or_else(|| name.strip_suffix(".tar")).or_else(|| name.strip_suffix(".tar.gz")).unwrap_or(name);
    Digest::parse(&format!("sha256:{}", digits.strip_prefix("sha256:").unwrap_or(digits)))
}

/// Twelve digits to call it by; those of its name's own digest where the name is none.
fn short(name: &str) -> String {
    named(name).unwrap_or_else(|| Digest::of(name.as_bytes())).short().to_owned()
}
