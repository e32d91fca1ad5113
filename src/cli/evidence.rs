//! What the operator knows about the build: lockfiles and bills of materials that lie beside the artifact, not in it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::extract::{BuildTree, read_lock};
use fngate::model::{Bound, BoundKind, Statement, escaped, hex};
use serde_json::Value;
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
    /// The build's own node_modules: what of each package survives in a bundle (repeatable)
    #[arg(long, value_name = "DIR")]
    modules: Vec<PathBuf>,
    /// The build's own bill of materials (CycloneDX or SPDX, JSON), to the same end (repeatable)
    #[arg(long, value_name = "FILE")]
    sbom: Vec<PathBuf>,
}

/// What the configuration names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given<'a> {
    pub(crate) locks: &'a [PathBuf],
    pub(crate) sboms: &'a [PathBuf],
    pub(crate) modules: &'a [PathBuf],
}

/// What is known about the build.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) bounds: Vec<Bound>,
    pub(crate) trees: Vec<BuildTree>,
}

impl EvidenceArgs {
    /// The files that the call names.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.lock.iter().chain(&self.sbom).map(PathBuf::as_path)
    }

    /// Reads everything that the arguments and the configuration name.
    pub(crate) fn read(&self, given: &Given<'_>) -> anyhow::Result<Evidence> {
        let mut evidence = Evidence::default();
        for path in given.locks.iter().chain(&self.lock) {
            evidence.bounds.push(lock(path)?);
        }
        for path in given.sboms.iter().chain(&self.sbom) {
            evidence.bounds.push(sbom(path)?);
        }
        for path in given.modules.iter().chain(&self.modules) {
            let tree = BuildTree::read(path).with_context(|| format!("cannot read the build's modules: {}", path.display()))?;
            let packages = tree.packages();
            if packages.is_empty() {
                bail!("no package is installed in the build's modules: {}", path.display());
            }
            let mut digest = Sha256::new();
            packages.iter().for_each(|package| digest.update(format!("{} {}\n", package.purl(), package.place)));
            let (name, sha256) = (path.display().to_string(), hex(&digest.finalize()));
            evidence.bounds.push(Bound { name, kind: BoundKind::Modules, sha256, packages });
            evidence.trees.push(tree);
        }
        Ok(evidence)
    }
}

/// What the signed bills of materials say may be inside. One that cannot be read says nothing, and that is told.
pub(crate) fn attested(bills: &[Statement], quiet: bool) -> Vec<Bound> {
    let mut bounds = Vec::new();
    for statement in bills {
        // in-toto's SPDX predicate is the document; older signers wrap it in `Data`, as a text or as it is.
        let content = match statement.predicate.get("Data") {
            Some(Value::String(text)) => text.clone().into_bytes(),
            Some(document) => document.to_string().into_bytes(),
            None => statement.predicate.to_string().into_bytes(),
        };
        let name = format!("the bill of materials that {} signed", statement.signer);
        match sbom_reader::packages(&content) {
            Ok(packages) => bounds.push(Bound { name, kind: BoundKind::Sbom, sha256: hex(&Sha256::digest(&content)), packages }),
            Err(error) if !quiet => {
                let _ = writeln!(io::stderr(), "warning: nothing is taken from {}: {}", escaped(&name), super::said(&error));
            }
            Err(_) => {}
        }
    }
    bounds
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
