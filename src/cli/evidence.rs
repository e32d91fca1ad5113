//! What the operator knows about the build: lockfiles and bills of materials that lie beside the artifact, not in it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::extract::read_lock;
use fngate::model::{Bound, BoundKind, hex};
use sha2::{Digest, Sha256};

use super::sbom_reader;

/// Bytes of a document.
const LARGEST: u64 = 128 << 20;

/// Options that name documents of the build.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct EvidenceArgs {
    /// The lockfile the artifact was built from: what cannot be attributed must be one of its packages (repeatable)
    #[arg(long, value_name = "FILE")]
    lock: Vec<PathBuf>,
    /// The build's own bill of materials (CycloneDX or SPDX, JSON), to the same end (repeatable)
    #[arg(long, value_name = "FILE")]
    sbom: Vec<PathBuf>,
}

impl EvidenceArgs {
    /// Reads every document that the arguments and the configuration name.
    pub(crate) fn read(&self, locks: &[PathBuf], sboms: &[PathBuf]) -> anyhow::Result<Vec<Bound>> {
        let locks = locks.iter().chain(&self.lock).map(|path| lock(path));
        let sboms = sboms.iter().chain(&self.sbom).map(|path| sbom(path));
        locks.chain(sboms).collect()
    }
}

fn lock(path: &Path) -> anyhow::Result<Bound> {
    let content = content(path).with_context(|| format!("cannot read the lockfile: {}", path.display()))?;
    let name = path.display().to_string();
    let packages = read_lock(&name, &content)?;
    Ok(Bound { name, kind: BoundKind::Lock, sha256: hex(&Sha256::digest(&content)), packages })
}

fn sbom(path: &Path) -> anyhow::Result<Bound> {
    let shown = || format!("cannot read the SBOM: {}", path.display());
    let content = content(path).with_context(shown)?;
    let packages = sbom_reader::packages(&content).with_context(shown)?;
    Ok(Bound { name: path.display().to_string(), kind: BoundKind::Sbom, sha256: hex(&Sha256::digest(&content)), packages })
}

fn content(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        bail!("it is larger than {LARGEST} bytes");
    }
    Ok(content)
}
