//! What a signature of an artifact can be about, and the signatures that come with an image: in its layout, or in the registry
//! that it was pulled from.

use std::ffi::OsStr;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256, Sha512};

use super::registry::RegistryError;
use super::source::Source;
use super::{Artifact, Content, image};
use crate::model::ArtifactKind;

/// Bytes of one document that is attached to an image; a larger one is kept cut one byte above, for whoever reads it to refuse.
pub const LARGEST_ATTACHED: u64 = 8 << 20;
/// Bytes of all of them together.
const MOST_BYTES: u64 = 64 << 20;
/// How many are read: more than anybody looks at, so that too many are seen to be too many.
const MOST_ATTACHED: usize = 65;

/// What is known about an artifact's signatures before any is verified.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The digests that stand for the whole artifact. For an image: its manifest's, and those of the indexes that name it and no
    /// other image; for a file its own.
    pub signables: Vec<Signable>,
    /// Why there are none.
    pub unbound: Option<String>,
    /// What is attached to an image.
    pub attached: Vec<Attached>,
}

/// A document whose digest stands for the whole artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signable {
    /// What it is: `file`, `image manifest`, `image index`.
    pub what: &'static str,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Its SHA-512, where it is a small document; a file's is computed where it is needed, see
    /// [`Artifact::sha512`](super::Artifact::sha512).
    pub sha512: Option<[u8; 64]>,
}

impl Signable {
    /// A document in memory.
    pub(super) fn document(what: &'static str, bytes: &[u8]) -> Self {
        Self { what, sha256: Sha256::digest(bytes).into(), sha512: Some(Sha512::digest(bytes).into()) }
    }
}

/// A document that is attached to an image and claims to be a signature of it: a Sigstore bundle, or the manifest of a signature
/// of cosign's from before bundles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// What to call it in messages.
    pub name: String,
    /// Its bytes; at most one more than [`LARGEST_ATTACHED`].
    pub bytes: Vec<u8>,
}

/// Why the signatures of an artifact cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The registry fails.
    #[error("cannot ask the registry for the image's signatures: {0}")]
    Registry(#[from] RegistryError),
    /// A disk fails.
    #[error("cannot read the image's signatures: {0}")]
    Unreadable(#[from] io::Error),
    /// More than anybody needs.
    #[error("the signatures attached to the image have more bytes than are read: {MOST_BYTES}")]
    TooLarge,
}

impl EvidenceError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Unreadable(_) => None,
            Self::TooLarge => {
                Some("remove the attachments that are not needed, or save the image as an OCI layout without them".to_owned())
            }
        }
    }
}

impl Artifact {
    /// What a signature of it can be about, and what is attached to it. Of a pulled image the registry is asked; it is asked
    /// once, and what it said holds.
    pub fn evidence(&self) -> Result<&Evidence, &EvidenceError> {
        self.evidence.get_or_init(|| self.read_evidence()).as_ref()
    }

    /// The digests that stand for all of it, or why there are none. Nobody is asked for it.
    pub fn signables(&self) -> Result<Vec<Signable>, String> {
        if let Some(pulled) = &self.pulled {
            return Ok(pulled.signables());
        }
        match self.evidence() {
            Ok(evidence) => match &evidence.unbound {
                Some(why) => Err(why.clone()),
                None => Ok(evidence.signables.clone()),
            },
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether it was pulled, so that its signatures are in a registry too.
    #[must_use]
    pub fn is_pulled(&self) -> bool {
        self.pulled.is_some()
    }

    /// The name of its file; an image of a registry and standard input have none.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        let path = Path::new(&self.name);
        path.file_name().and_then(OsStr::to_str).filter(|name| self.pulled.is_none() && *name != "-")
    }

    fn read_evidence(&self) -> Result<Evidence, EvidenceError> {
        if let Some(pulled) = &self.pulled {
            return Ok(Evidence { signables: pulled.signables(), unbound: None, attached: pulled.attached()? });
        }
        let own = Signable { what: "file", sha256: self.digest, sha512: None };
        let evidence = match &self.content {
            Content::Folder(root) if self.is_image() => return image::evidence_of_folder(root),
            Content::Folder(_) => {
                let unbound = Some("it is a directory, which has no bytes of its own that anybody could have signed".to_owned());
                return Ok(Evidence { unbound, ..Evidence::default() });
            }
            Content::Memory(bytes) if self.is_image() => image::evidence_of_file(Source::Memory(bytes))?,
            Content::Spooled(file, size) if self.is_image() => image::evidence_of_file(Source::File(file, *size))?,
            _ => Evidence::default(),
        };
        // Whatever is odd about the layout inside, the file's own digest is of every byte of it.
        let inner = if self.kind() == ArtifactKind::OciLayout { evidence.signables } else { Vec::new() };
        Ok(Evidence { signables: std::iter::once(own).chain(inner).collect(), unbound: None, ..evidence })
    }
}

/// Collects what is attached, within bounds.
#[derive(Debug, Default)]
pub(super) struct Collection {
    attached: Vec<Attached>,
    bytes: u64,
}

impl Collection {
    /// Adds a document; the same bytes are one.
    pub(super) fn add(&mut self, name: String, bytes: Vec<u8>) -> Result<(), EvidenceError> {
        if self.attached.iter().any(|other| other.bytes == bytes) {
            return Ok(());
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > MOST_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        self.attached.push(Attached { name, bytes });
        Ok(())
    }

    /// Whether more would be looked at by nobody.
    pub(super) fn is_full(&self) -> bool {
        self.attached.len() >= MOST_ATTACHED
    }

    pub(super) fn finish(self) -> Vec<Attached> {
        self.attached
    }
}
