//! The verdict travels: what the gate found is signed as a verification summary, for the deployment to rely on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::model::{ArtifactKind, InventoryState, Outcome, ProvenanceState};
use fngate::report::{Examined, Judged};
use fngate::signature::sign::{Signed, Subject, statement};
use fngate::signature::{BundleFile, Summary, VERIFIER, VSA, VSA_ENDING};
use jiff::Timestamp;
use packageurl::PackageUrl;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::Global;
use super::signing::{self, Signing};

/// Options that say what a summary says.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SummaryArgs {
    /// Who verifies, as the summary says [default: https://github.com/fngate/fngate]
    #[arg(long, value_name = "URI")]
    verifier_id: Option<String>,
    /// Where the artifact will be deployed from, as the summary says (s3://…) [default: a purl of its name and digest]
    #[arg(long, value_name = "URI")]
    resource_uri: Option<String>,
}

/// What signs the verdicts of a call.
pub(super) struct Notary<'a> {
    pub(super) signing: &'a Signing,
    pub(super) said: &'a SummaryArgs,
    /// SHA-256 (hex) of policies and configuration together.
    pub(super) policy_digest: &'a str,
}

impl SummaryArgs {
    /// Whether any of the options is there.
    pub(super) fn is_given(&self) -> bool {
        self.verifier_id.is_some() || self.resource_uri.is_some()
    }

    /// One address cannot be that of several artifacts.
    pub(super) fn check(&self, artifacts: usize) -> anyhow::Result<()> {
        if self.resource_uri.is_some() && artifacts > 1 {
            bail!("`--resource-uri` is the address of one artifact, and there are {artifacts}");
        }
        Ok(())
    }
}

impl Notary<'_> {
    /// Signs that an artifact passed. One that did not gets nothing, and a summary that lies there from an earlier time is taken
    /// away: it says otherwise.
    pub(super) fn attest(&self, examined: &Examined, bundles: &[BundleFile], global: &Global) -> anyhow::Result<()> {
        let path = place(&examined.name)?;
        match &examined.result {
            Ok(judged) if judged.verdict.outcome == Outcome::Pass => {
                if !judged.verdict.known.is_empty() {
                    take_away(&path)?;
                }
                let signed = self.signed(judged, bundles)?;
                signing::write(&path, format!("{}\n", signed.bundle).as_bytes(), true)?;
                if !global.quiet {
                    signing::tell(&mut io::stderr(), &path, &signed)?;
                }
            }
            _ => take_away(&path)?,
        }
        Ok(())
    }

    /// The summary of one artifact that passed. `used` are the bundles that stood.
    pub(super) fn signed(&self, judged: &Judged, used: &[BundleFile]) -> anyhow::Result<Signed> {
        let facts = &judged.facts;
        let artifact = &facts.artifact;
        if !judged.verdict.known.is_empty() {
            bail!("it passed only because a baseline sets findings aside, and a summary would not say so: {}", judged.verdict.known.len());
        }
        if artifact.kind == ArtifactKind::Directory || (!artifact.name.starts_with("oci:") && Path::new(&artifact.name).is_dir()) {
            bail!("a directory has no bytes that a summary could be about; pack it, or push the image, first: {}", artifact.name);
        }
        let digest = super::verify::digest_of(&format!("sha256:{}", artifact.sha256))?;
        let name = Path::new(&artifact.name).file_name().map_or_else(|| artifact.name.clone(), |name| name.to_string_lossy().into_owned());
        let mut levels = Vec::new();
        match facts.inventory.state() {
            InventoryState::Complete => levels.push("FNGATE_INVENTORY_COMPLETE".to_owned()),
            InventoryState::Bounded => levels.push("FNGATE_INVENTORY_BOUNDED".to_owned()),
            InventoryState::Incomplete => {}
        }
        let verified = facts.provenance.state == ProvenanceState::Verified;
        if verified {
            levels.push("FNGATE_SIGNATURE_VERIFIED".to_owned());
        }
        let used = used.iter().filter(|_| verified);
        let inputs = used.map(|bundle| (bundle.name.clone(), fngate::model::hex(&Sha256::digest(&bundle.bytes))));
        let layers = artifact.layers.iter().map(|layer| json!({"name": layer.name, "digest": {"sha256": layer.sha256}}));
        let advisories = facts.advisories.as_ref().map(|known| json!({"as_of": known.as_of, "digest": known.digest}));
        let summary = Summary {
            verifier: self.said.verifier_id.clone().unwrap_or_else(|| VERIFIER.to_owned()),
            time: Timestamp::now(),
            resource: self.said.resource_uri.clone().map_or_else(|| resource(&name, &artifact.sha256), Ok)?,
            policy_digest: self.policy_digest.to_owned(),
            inputs: inputs.collect(),
            levels,
            details: json!({"layers": layers.collect::<Vec<_>>(), "advisories": advisories}),
        };
        let statement = statement(&name, &digest, VSA, &summary.predicate());
        Ok(self.signing.sign(&digest, Subject::Statement(&statement))?)
    }
}

/// Takes away an earlier summary of an artifact that did not pass: it says otherwise.
pub(super) fn take_away(path: &Path) -> anyhow::Result<()> {
    if path.symlink_metadata().is_ok() {
        std::fs::remove_file(path).with_context(|| format!("cannot take away the earlier summary: {}", path.display()))?;
        let told = "warning: the artifact did not pass, so its earlier summary was taken away";
        let _ = writeln!(io::stderr(), "{told}: {}", path.display());
    }
    Ok(())
}

/// Where the summary of an artifact goes.
pub(super) fn place(name: &str) -> anyhow::Result<PathBuf> {
    if name == "-" || name.starts_with("oci:") {
        bail!(
            "a summary lies beside its artifact, and nothing lies beside this one; `fngate attest --vsa --output PATH` writes it elsewhere: {name}"
        );
    }
    Ok(signing::beside(Path::new(name), VSA_ENDING))
}

/// An address for an artifact that has none yet: what it is called, and which bytes it is.
fn resource(name: &str, sha256: &str) -> anyhow::Result<String> {
    let mut purl = PackageUrl::new("generic", name).context("the artifact's name fits in no purl; give `--resource-uri`")?;
    purl.add_qualifier("checksum", format!("sha256:{sha256}")).context("the digest fits in no purl")?;
    Ok(purl.to_string())
}
