//! Everything that is known about one artifact: the policies' input. Its JSON form is a public interface, described by
//! `policies/input.schema.json`; a change that a policy could notice changes [`INPUT_VERSION`].

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Advisories, Inventory, Provenance, Vulnerability};

/// The version of the policies' input document, `input.version`.
pub const INPUT_VERSION: u32 = 1;

/// What an artifact is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// A zip.
    Zip,
    /// A directory.
    Directory,
    /// A tar, plain or compressed.
    Tar,
    /// An OCI image layout, as a directory or a tar, or pulled from a registry.
    OciLayout,
    /// What `docker save` writes.
    DockerArchive,
    /// Anything else: one file.
    File,
}

impl ArtifactKind {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Directory => "directory",
            Self::Tar => "tar",
            Self::OciLayout => "oci-layout",
            Self::DockerArchive => "docker-archive",
            Self::File => "file",
        }
    }
}

/// The artifact itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArtifactFacts {
    /// As the operator named it.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// Bytes of the file; for a directory, of all files.
    pub size: u64,
    /// SHA-256 of the file, hex; for a directory, over the sorted list of `sha256  path` lines; for an image layout that is a
    /// directory, of its index, which names everything else by digest; where a `docker save` directory names no digests, over
    /// such a list of the files in the image; for an image pulled from a registry, of its manifest.
    pub sha256: String,
    /// The same in base64, as AWS Lambda reports it (`CodeSha256`); `None` for a directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_sha256: Option<String>,
    /// What is mounted beside it, the lowest first; absent where nothing is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerFacts>,
}

/// A layer that is mounted beside a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerFacts {
    /// As the operator named it.
    pub name: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// Everything known about one artifact.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The artifact.
    pub artifact: ArtifactFacts,
    /// What is inside.
    pub inventory: Inventory,
    /// What is known against it.
    pub vulnerabilities: Vec<Vulnerability>,
    /// What it was matched against; `None` where no source could be had.
    pub advisories: Option<Advisories>,
    /// Who signed it.
    pub provenance: Provenance,
    /// The day of judgement, `YYYY-MM-DD`.
    pub today: String,
}

impl Serialize for Facts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Facts", 8)?;
        s.serialize_field("version", &INPUT_VERSION)?;
        s.serialize_field("today", &self.today)?;
        s.serialize_field("artifact", &self.artifact)?;
        s.serialize_field("inventory", &self.inventory)?;
        s.serialize_field("vulnerabilities", &self.vulnerabilities)?;
        s.serialize_field("advisories", &self.advisories)?;
        s.serialize_field("provenance", &self.provenance)?;
        s.end()
    }
}
