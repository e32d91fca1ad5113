//! Opens an artifact by its first bytes and shows each of its files once.
//!
//! A lying archive is never an error: what it hides or contradicts becomes a [`crate::model::Problem`], and the rest is
//! shown all the same. An [`OpenError`] is a wrong path or a failing disk.

mod evidence;
mod folder;
mod gzip;
mod image;
mod limit;
mod link;
mod magic;
mod mount;
mod name;
mod problem;
pub mod registry;
mod source;
mod tar;
mod walk;
mod zip;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use base64::Engine;
use sha2::{Digest, Sha256, Sha512};

pub use self::evidence::{Attached, Evidence, EvidenceError, LARGEST_ATTACHED, Signable};
pub use self::limit::Limits;
pub use self::problem::PROBLEMS;
use self::source::Source;
pub use self::walk::{Census, EntryStream, Observer};
use self::walk::{Place, Walk};
use crate::model::{ArtifactFacts, ArtifactKind, Inventory, LayerFacts, hex};

/// Why there is no artifact to judge.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing there, or no right to read it.
    #[error("cannot open the artifact `{path}`: {source}")]
    Unreadable {
        /// As given.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
    /// An empty file.
    #[error("the artifact is empty: {0}")]
    Empty(String),
    /// Neither archive nor directory.
    #[error("the artifact is neither a zip, a tar nor a directory: {0}")]
    Unknown(String),
    /// A layer that is no zip.
    #[error("a layer must be a zip: {0}")]
    Layer(String),
    /// Layers beside a container image.
    #[error("an image takes no layers: {0}")]
    Layered(String),
    /// The image could not be pulled.
    #[error(transparent)]
    Registry(#[from] registry::RegistryError),
    /// No room for a large artifact.
    #[error("cannot copy the artifact `{path}` to a temporary file: {source}")]
    Spool {
        /// As given.
        path: String,
        /// The system's reason.
        source: io::Error,
    },
}

impl OpenError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("check the path, and that the user who runs fngate may read it".to_owned()),
            Self::Empty(_) => Some("the build that should have written it has probably failed".to_owned()),
            Self::Unknown(_) => Some(
                "give the function's zip, its directory, a tar, or an image (`oci:REF`, a layout, a saved archive); to search a single file for secrets use `fngate secrets FILE`"
                    .to_owned(),
            ),
            Self::Layer(_) => Some("give the zip that is published as the layer".to_owned()),
            Self::Layered(_) => Some("leave `--layer` away: what an image needs is in the image".to_owned()),
            Self::Registry(error) => error.hint(),
            Self::Spool { .. } => Some("make room in the temporary folder, or set TMPDIR to one that has it".to_owned()),
        }
    }
}

/// An artifact, read once: whatever happens to its path meanwhile, hash, scan and signature speak of the same bytes.
#[derive(Debug)]
pub struct Artifact {
    name: String,
    kind: ArtifactKind,
    content: Content,
    digest: [u8; 32],
    /// The lowest first.
    layers: Vec<Arc<Artifact>>,
    /// Where it was pulled from.
    pulled: Option<registry::Pulled>,
    evidence: OnceLock<Result<Evidence, EvidenceError>>,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    /// An unlinked copy, or the file itself where it is only searched.
    Spooled(File, u64),
    Folder(PathBuf),
}

/// What a walk over an artifact gave.
#[derive(Debug)]
pub struct Walked {
    /// Everything that was seen, not yet sorted.
    pub inventory: Inventory,
    /// How many entries were declared, shown and refused.
    pub census: Census,
}

/// Opens what a command line names: a path, or `oci:REF`, an image that is pulled from its registry for
/// [`registry::PLATFORM`].
pub fn open(name: &str) -> Result<Artifact, OpenError> {
    match name.strip_prefix("oci:") {
        Some(reference) => Ok(registry::pull(reference, registry::PLATFORM, &registry::Options::default())?),
        None => Artifact::open(Path::new(name)),
    }
}

/// Opens what a command line names if it is a container image; a file or directory of another kind is none of ours, and so is
/// what cannot be read.
pub fn open_image(name: &str) -> Result<Option<Artifact>, OpenError> {
    if !name.starts_with("oci:") && !may_be_image(Path::new(name)) {
        return Ok(None);
    }
    open(name).map(|artifact| Some(artifact).filter(Artifact::is_image))
}

/// Whether a directory or the first bytes of a file leave it open that it is an image.
fn may_be_image(path: &Path) -> bool {
    let head = |path| {
        let mut head = Vec::new();
        File::open(path)?.take(magic::ENOUGH as u64).read_to_end(&mut head).map(|_| head)
    };
    match path.metadata() {
        Ok(meta) if meta.is_dir() => image::of_folder(path).is_some(),
        Ok(meta) if meta.is_file() => {
            head(path).is_ok_and(|head: Vec<u8>| matches!(magic::of(&head), Some(magic::Container::Tar | magic::Container::Gzip)))
        }
        _ => false,
    }
}

impl Artifact {
    fn new(name: String, kind: ArtifactKind, content: Content, digest: [u8; 32]) -> Self {
        Self { name, kind, content, digest, layers: Vec::new(), pulled: None, evidence: OnceLock::new() }
    }

    /// Opens a zip, a tar, an image layout or a directory.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        let unreadable = |source| OpenError::Unreadable { path: name.clone(), source };
        if path.metadata().map_err(unreadable)?.is_dir() {
            path.read_dir().map_err(unreadable)?;
            let (kind, digest) = image::of_folder(path).unwrap_or((ArtifactKind::Directory, [0; 32]));
            return Ok(Self::new(name, kind, Content::Folder(path.to_path_buf()), digest));
        }
        let file = File::open(path).map_err(unreadable)?;
        Self::read(name, file)
    }

    /// The same to be searched and for nothing else: without a digest (all zeros, like a directory's), and what is too large to
    /// be held is read where it lies, because nothing has to speak of the same bytes as a signature.
    pub fn open_to_search(path: &Path) -> Result<Self, OpenError> {
        let name = path.display().to_string();
        let unreadable = |source| OpenError::Unreadable { path: name.clone(), source };
        let about = path.metadata().map_err(unreadable)?;
        if !about.is_file() || about.len() < Limits::ARTIFACT_IN_MEMORY {
            return Self::open(path);
        }
        let file = File::open(path).map_err(unreadable)?;
        let source = Source::File(&file, about.len());
        let head = source.range(0, magic::ENOUGH as u64).map_err(unreadable)?;
        let kind = match magic::of(&head) {
            Some(_) => kind_of(&name, &head)?,
            // As much as is held of any other.
            None => kind_of(&name, &source.range(0, Limits::ARTIFACT_IN_MEMORY).map_err(unreadable)?)?,
        };
        let kind = image::of_file(source).unwrap_or(kind);
        Ok(Self::new(name, kind, Content::Spooled(file, about.len()), [0; 32]))
    }

    /// Reads an artifact from a stream, `-` on the command line.
    pub fn read(name: String, mut from: impl Read) -> Result<Self, OpenError> {
        let mut head = Vec::new();
        let unreadable = |name: &str, source| OpenError::Unreadable { path: name.to_owned(), source };
        from.by_ref().take(Limits::ARTIFACT_IN_MEMORY).read_to_end(&mut head).map_err(|error| unreadable(&name, error))?;
        let kind = kind_of(&name, &head)?;
        let mut digest = Sha256::new();
        digest.update(&head);
        if (head.len() as u64) < Limits::ARTIFACT_IN_MEMORY {
            let kind = image::of_file(Source::Memory(&head)).unwrap_or(kind);
            return Ok(Self::new(name, kind, Content::Memory(head), digest.finalize().into()));
        }
        let spool = |source| OpenError::Spool { path: name.clone(), source };
        let mut file = tempfile::tempfile().map_err(spool)?;
        file.write_all(&head).map_err(spool)?;
        let mut size = head.len() as u64;
        let mut piece = std::mem::take(&mut head);
        piece.truncate(1024 * 1024);
        loop {
            let got = from.read(&mut piece).map_err(|error| unreadable(&name, error))?;
            if got == 0 {
                break;
            }
            digest.update(&piece[..got]);
            file.write_all(&piece[..got]).map_err(spool)?;
            size += got as u64;
        }
        file.rewind().map_err(spool)?;
        let kind = image::of_file(Source::File(&file, size)).unwrap_or(kind);
        Ok(Self::new(name, kind, Content::Spooled(file, size), digest.finalize().into()))
    }

    /// The same with layers that are mounted beside it, the lowest first; a later one hides what an earlier one has of the same
    /// paths. Each must be a zip. Digest and signature stay those of the function alone.
    pub fn with_layers(self, layers: Vec<Arc<Self>>) -> Result<Self, OpenError> {
        if self.is_image() && !layers.is_empty() {
            return Err(OpenError::Layered(self.name));
        }
        match layers.iter().find(|layer| layer.kind != ArtifactKind::Zip) {
            Some(layer) => Err(OpenError::Layer(layer.name.clone())),
            None => Ok(Self { layers, ..self }),
        }
    }

    /// Whether this is a container image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        matches!(self.kind, ArtifactKind::OciLayout | ArtifactKind::DockerArchive)
    }

    /// The limits for an artifact of this kind, where the operator sets none.
    #[must_use]
    pub fn default_limits(&self) -> Limits {
        if self.is_image() { Limits::image() } else { Limits::default() }
    }

    /// Shows every entry to `observer`. The workers are those of the current rayon pool.
    pub fn walk(&self, limits: &Limits, observer: &dyn Observer) -> Walked {
        let (walked, over) = self.walk_once(limits, observer, true);
        // Which entries a limit of the whole artifact cuts off must not depend on which worker came first.
        if over { self.walk_once(limits, observer, false).0 } else { walked }
    }

    fn walk_once(&self, limits: &Limits, observer: &dyn Observer, parallel: bool) -> (Walked, bool) {
        let walk = Walk::new(limits, observer, parallel);
        let mut inventory = Inventory::default();
        let place = Place { prefix: None, depth: 0, aliases: HashMap::new() };
        self.show(&walk, place, &mut inventory);
        mount::walk(&walk, &self.layers, &mut inventory);
        (Walked { inventory, census: walk.census() }, walk.is_over())
    }

    /// Shows what is in the artifact itself.
    fn show(&self, walk: &Walk<'_>, place: Place<'_>, found: &mut Inventory) {
        match &self.content {
            Content::Memory(bytes) if self.is_image() => image::file(walk, Source::Memory(bytes), found),
            Content::Spooled(file, size) if self.is_image() => image::file(walk, Source::File(file, *size), found),
            Content::Folder(root) if self.is_image() => image::folder(walk, root, found),
            Content::Memory(bytes) => top(walk, Source::Memory(bytes), place, found),
            Content::Spooled(file, size) => top(walk, Source::File(file, *size), place, found),
            Content::Folder(root) => folder::walk(walk, root, place, found),
        }
    }

    /// The artifact's SHA-256; all zeros for a directory, which has none of its own, unless it is an image layout: then that
    /// of its index.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The artifact's SHA-512, for statements that name their subjects by it; `None` for a directory.
    pub fn sha512(&self) -> io::Result<Option<[u8; 64]>> {
        let source = match &self.content {
            Content::Memory(bytes) => Source::Memory(bytes),
            Content::Spooled(file, size) => Source::File(file, *size),
            Content::Folder(_) => return Ok(None),
        };
        let (mut digest, mut reader, mut piece) = (Sha512::new(), source.reader(), vec![0; 1 << 16]);
        loop {
            match reader.read(&mut piece) {
                Ok(0) => return Ok(Some(digest.finalize().into())),
                Ok(got) => digest.update(&piece[..got]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> ArtifactKind {
        self.kind
    }

    /// What reports say of the artifact; for a directory its `inventory` gives size and digest.
    #[must_use]
    pub fn facts(&self, inventory: &Inventory) -> ArtifactFacts {
        let (size, digest) = match &self.content {
            Content::Memory(bytes) => (bytes.len() as u64, self.digest),
            Content::Spooled(_, size) => (*size, self.digest),
            Content::Folder(root) if image::is_bound(root, self.kind) && self.is_image() => (image::folder_size(root), self.digest),
            Content::Folder(root) if self.is_image() => (image::folder_size(root), folder_digest(inventory).1),
            Content::Folder(_) => folder_digest(inventory),
        };
        // Lambda's `CodeSha256` of an image is the digest of its manifest, which a layout's own bytes do not give.
        let code_sha256 = matches!(self.kind, ArtifactKind::Zip | ArtifactKind::Tar | ArtifactKind::File)
            .then(|| base64::engine::general_purpose::STANDARD.encode(digest));
        let layers = self.layers.iter().map(|layer| LayerFacts { name: layer.name.clone(), sha256: hex(&layer.digest) }).collect();
        ArtifactFacts { name: self.name.clone(), kind: self.kind, size, sha256: hex(&digest), code_sha256, layers }
    }
}

/// The kind of a file that begins with `head`.
fn kind_of(name: &str, head: &[u8]) -> Result<ArtifactKind, OpenError> {
    match magic::of(head) {
        _ if head.is_empty() => Err(OpenError::Empty(name.to_owned())),
        Some(magic::Container::Zip) => Ok(ArtifactKind::Zip),
        Some(magic::Container::Tar | magic::Container::Gzip) => Ok(ArtifactKind::Tar),
        None if ends_like_zip(head) => Ok(ArtifactKind::Zip),
        None => Err(OpenError::Unknown(name.to_owned())),
    }
}

/// Walks the outermost container; what does not begin like one was taken for a zip by its end.
fn top(walk: &Walk<'_>, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
    let mut head = [0; magic::ENOUGH];
    let length = source.read_at(0, &mut head).unwrap_or(0);
    walk.container(magic::of(&head[..length]).unwrap_or(magic::Container::Zip), source, place, found);
}

/// SHA-256 over the sorted `sha256  path` lines of a directory's files, as `sha256sum` prints them.
fn folder_digest(inventory: &Inventory) -> (u64, [u8; 32]) {
    let (mut size, mut digest) = (0, Sha256::new());
    for file in inventory.files.iter().filter(|file| !file.path.as_str().contains("!/")) {
        size += file.size;
        digest.update(format!("{}  {}\n", file.sha256, file.path.as_str()));
    }
    (size, digest.finalize().into())
}

/// SHA-256 of the document that names the rest of an image layout.
fn layout_digest(document: &[u8]) -> [u8; 32] {
    Sha256::digest(document).into()
}

/// Whether a file that does not begin like a zip ends like one: something was prepended, which is a problem to report and
/// not a reason to look away.
fn ends_like_zip(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(22 + 65_535)..];
    memchr::memmem::rfind(tail, b"PK\x05\x06").is_some_and(|at| tail.len() - at >= 22)
}
