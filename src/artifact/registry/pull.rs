//! From a reference to a layout: the manifest of one platform, its configuration and its layers.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Value, json};

use super::client::{Document, Registry};
use super::{Options, Pulled, Reference, RegistryError};
use crate::artifact::evidence::Signable;
use crate::artifact::image::{Digest, INDEXES, parse};
use crate::artifact::{Artifact, Content};
use crate::model::{ArtifactKind, escaped};

/// Indexes within indexes.
const DEEPEST: u32 = 4;

/// Pulls the image that `reference` names (without `oci:`) for `platform`: `linux/amd64`, `linux/arm64`, `linux/arm/v7`.
pub fn pull(reference: &str, platform: &str, options: &Options) -> Result<Artifact, RegistryError> {
    let name = format!("oci:{reference}");
    let reference = Reference::parse(reference)?;
    let mut registry = Registry::new(&reference, options)?;
    let (document, digest, mut documents) = manifest(&mut registry, &reference, platform)?;
    let own = Signable::document("image manifest", &document.bytes);
    let sha256 = own.sha256;
    documents.push((digest.clone(), own));
    let mut layout = Layout { file: tempfile::tempfile()?, size: 0, most: options.most, left: options.most };
    layout.small("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    let descriptor = json!({"mediaType": document.media, "digest": digest.as_str(), "size": document.bytes.len()});
    layout.small("index.json", json!({"schemaVersion": 2, "manifests": [descriptor]}).to_string().as_bytes())?;
    layout.small(&digest.file(), &document.bytes)?;
    // A manifest that cannot be read in one way is the image's fault: the walk over the layout says so.
    if let Ok(value) = parse(&document.bytes) {
        let layers = value.get("layers").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut had = HashSet::from([digest]);
        for descriptor in value.get("config").into_iter().chain(layers) {
            let text = |key| descriptor.get(key).and_then(Value::as_str).unwrap_or_default();
            let (Some(blob), Some(size)) = (Digest::parse(text("digest")), descriptor.get("size").and_then(Value::as_u64)) else {
                continue;
            };
            if !had.insert(blob.clone()) {
                continue;
            }
            match layout.blob(&mut registry, &blob, size) {
                // Base layers that may not be distributed lie elsewhere; that they were not judged is a problem of the image.
                Err(RegistryError::NotFound(_)) if descriptor.get("urls").is_some() => {}
                result => result?,
            }
        }
    }
    let (file, size) = layout.finish()?;
    let pulled = Pulled { reference, options: options.clone(), documents };
    Ok(Artifact { pulled: Some(pulled), ..Artifact::new(name, ArtifactKind::OciLayout, Content::Spooled(file, size), sha256) })
}

/// Documents with what a signature of them would be about.
type Documents = Vec<(Digest, Signable)>;

/// The manifest of the platform, its digest, and the indexes through which it was chosen.
fn manifest(registry: &mut Registry<'_>, reference: &Reference, platform: &str) -> Result<(Document, Digest, Documents), RegistryError> {
    let mut indexes = Vec::new();
    let mut wanted = reference.digest.clone();
    let mut target = reference.target().to_owned();
    for _ in 0..DEEPEST {
        let document = registry.manifest(&target)?;
        let digest = verified(&document, wanted.as_ref())?;
        if !INDEXES.contains(&document.media.as_str()) {
            return Ok((document, digest, indexes));
        }
        indexes.push((digest, Signable::document("image index", &document.bytes)));
        let chosen = choose(reference, &document, platform)?;
        chosen.as_str().clone_into(&mut target);
        wanted = Some(chosen);
    }
    Err(RegistryError::Malformed { registry: reference.registry.clone(), why: "indexes name indexes without end" })
}

/// What the bytes hash to, if nobody said otherwise.
pub(super) fn verified(document: &Document, wanted: Option<&Digest>) -> Result<Digest, RegistryError> {
    let declared = document.digest.as_deref().and_then(Digest::parse);
    for digest in wanted.into_iter().chain(&declared) {
        let mut hasher = digest.hasher();
        hasher.update(&document.bytes);
        if hasher.finish() != *digest {
            return Err(RegistryError::Digest(digest.as_str().to_owned()));
        }
    }
    Ok(Digest::of(&document.bytes))
}

/// The descriptor of an index that is for the platform; an index that says nothing of platforms and names one image is that.
fn choose(reference: &Reference, document: &Document, platform: &str) -> Result<Digest, RegistryError> {
    let malformed = |why| RegistryError::Malformed { registry: reference.registry.clone(), why };
    let index = parse(&document.bytes).map_err(|_| malformed("the index cannot be read"))?;
    let descriptors = index.get("manifests").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let of = |descriptor: &Value| {
        let text = |key| descriptor.get("platform").and_then(|platform| platform.get(key)).and_then(Value::as_str).unwrap_or_default();
        let variant = text("variant");
        format!("{}/{}{}{variant}", text("os"), text("architecture"), if variant.is_empty() { "" } else { "/" })
    };
    // `linux/arm64` is what `linux/arm64/v8` is also called.
    let fits = |descriptor: &&Value| {
        let own = of(descriptor);
        own == platform || own.strip_prefix(platform).is_some_and(|rest| rest.starts_with('/')) || (descriptors.len() == 1 && own == "/")
    };
    let Some(descriptor) = descriptors.iter().find(fits) else {
        let available: Vec<_> = descriptors.iter().map(of).filter(|own| own != "unknown/unknown").take(50).collect();
        return Err(RegistryError::Platform { wanted: platform.to_owned(), available: escaped(&available.join(", ")).into_owned() });
    };
    let digest = descriptor.get("digest").and_then(Value::as_str).unwrap_or_default();
    Digest::parse(digest).ok_or_else(|| malformed("the index names an image by something that is no digest"))
}

/// A layout that is being written, as a tar.
struct Layout {
    file: File,
    size: u64,
    /// Bytes of blobs that may come in all.
    most: u64,
    /// Bytes of blobs that may still come.
    left: u64,
}

impl Layout {
    fn header(&mut self, name: &str, size: u64) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_path(name)?;
        header.set_size(size);
        header.set_mode(0o644);
        header.set_cksum();
        self.file.write_all(header.as_bytes())?;
        self.size += 512;
        Ok(())
    }

    fn pad(&mut self) -> io::Result<()> {
        let short = usize::try_from(self.size.next_multiple_of(512) - self.size).unwrap_or(0);
        self.size += short as u64;
        self.file.write_all(&[0; 512][..short])
    }

    fn small(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.header(name, bytes.len() as u64)?;
        self.file.write_all(bytes)?;
        self.size += bytes.len() as u64;
        self.pad()
    }

    /// Streams a blob to its place; a transfer that breaks off is begun again.
    fn blob(&mut self, registry: &mut Registry<'_>, digest: &Digest, size: u64) -> Result<(), RegistryError> {
        self.left = self
            .left
            .checked_sub(size)
            .ok_or_else(|| RegistryError::TooLarge { what: format!("the blob {}", digest.as_str()), most: self.most })?;
        let start = self.size;
        let mut attempt = 0;
        loop {
            let response = registry.blob(digest.as_str(), size)?;
            self.file.seek(SeekFrom::Start(start))?;
            self.size = start;
            self.header(&digest.file(), size)?;
            match self.copy(response, digest, size) {
                Ok(()) => return Ok(self.pad()?),
                Err(RegistryError::Digest(digest)) if attempt >= registry.attempts() => return Err(RegistryError::Digest(digest)),
                Err(RegistryError::Digest(_)) => registry.wait(&mut attempt, None),
                Err(error) => return Err(error),
            }
        }
    }

    fn copy(&mut self, response: impl Read, digest: &Digest, size: u64) -> Result<(), RegistryError> {
        let (mut hasher, mut piece, mut got) = (digest.hasher(), vec![0; 256 * 1024], 0);
        let mut response = response.take(size + 1);
        loop {
            match response.read(&mut piece) {
                Ok(0) => break,
                Ok(n) => {
                    got += n as u64;
                    hasher.update(&piece[..n]);
                    self.file.write_all(&piece[..n])?;
                }
                // Whatever broke it off, bytes are missing.
                Err(_) => break,
            }
        }
        if got == size && hasher.finish() == *digest {
            self.size += size;
            return Ok(());
        }
        Err(RegistryError::Digest(digest.as_str().to_owned()))
    }

    fn finish(mut self) -> io::Result<(File, u64)> {
        self.file.write_all(&[0; 1024])?;
        self.size += 1024;
        // A broken transfer may have written beyond the end of its blob.
        self.file.set_len(self.size)?;
        self.file.rewind()?;
        Ok((self.file, self.size))
    }
}
