//! `fngate attest ARTIFACT`: signed statements about an artifact, each in a bundle of its own.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::model::{ArtifactKind, InventoryState, Outcome};
use fngate::report::{Judged, timestamp, write_sbom};
use fngate::signature::sign::{Subject, provenance_of_job, statement};
use fngate::signature::{BundleFile, CYCLONEDX, PROVENANCE, SPDX, VSA_ENDING};
use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::query::Where;
use super::setup::{self, GateArgs, Setup};
use super::signing::{DeliveryArgs, SigningArgs};
use super::verdict::{self, Notary, SummaryArgs};
use super::{Global, check, policy, sbom};

/// Bytes of a predicate: a bundle of more could not be read again.
const LARGEST: u64 = 5 << 20;

/// Options of `fngate attest`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each statement is signed, logged, timestamped and verified before it is written; what was written stays if a later one fails: ARTIFACT.sbom.sigstore.json, ARTIFACT.provenance.sigstore.json, ARTIFACT.vsa.sigstore.json, ARTIFACT.attestation.sigstore.json.\n\nExit codes: 0 attested, 1 the gate denied (with --vsa), 2 failed or could not judge."
)]
#[command(mut_arg("signing_key", |arg| arg.visible_alias("key")))]
pub(crate) struct Args {
    /// The artifact that the statements are about
    artifact: String,
    /// Attest its bill of materials: this CycloneDX or SPDX document, or what fngate finds inside
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    sbom: Option<String>,
    /// Attest its provenance (SLSA v1): this predicate, or what the CI service says of this job
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "")]
    provenance: Option<String>,
    /// Let the gate judge it by the configuration, and attest that it passed (SLSA verification summary v1)
    #[arg(long)]
    vsa: bool,
    /// Attest this predicate, of --type
    #[arg(long, value_name = "FILE", requires = "predicate_kind")]
    predicate: Option<PathBuf>,
    /// The predicate's type: a URI, or vuln, openvex, link, test-result, …
    #[arg(long = "type", id = "predicate_kind", value_name = "TYPE", requires = "predicate")]
    kind: Option<String>,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    summary: SummaryArgs,
    /// With --vsa: the configuration [default: fngate.toml in the working directory]
    #[arg(long, value_name = "PATH", requires = "vsa")]
    config: Option<PathBuf>,
    /// With --vsa: the offline advisory database
    #[arg(long, value_name = "PATH", requires = "vsa")]
    db: Option<PathBuf>,
    /// With --vsa: where advisories come from
    #[arg(long, value_name = "WHERE", requires = "vsa")]
    advisories: Option<Where>,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

/// One statement to make.
struct Wanted<'a> {
    ending: &'static str,
    what: What<'a>,
}

enum What<'a> {
    Bill(&'a str),
    Provenance(&'a str),
    Verdict,
    Other(&'a Path, String),
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let wanted = wanted(args)?;
    if !args.vsa && args.summary.is_given() {
        bail!("`--verifier-id` and `--resource-uri` are about the verdict: add `--vsa`");
    }
    args.delivery.check(wanted.len(), "statements")?;
    let mut places = Vec::new();
    for one in &wanted {
        places.push(args.delivery.place(&args.artifact, one.ending)?);
    }
    let signing = args.signing.prepare(args.delivery.trusted_root())?;
    let mut outcome = Outcome::Pass;
    for (one, place) in wanted.iter().zip(&places) {
        let signed = match &one.what {
            What::Verdict => {
                let (judged, bundles, policy_digest) = judged(args, global)?;
                outcome = outcome.max(judged.verdict.outcome);
                if judged.verdict.outcome != Outcome::Pass {
                    super::complain(&anyhow::anyhow!(
                        "the gate did not pass the artifact ({}), so nothing says that it did: {}",
                        judged.verdict.outcome.as_str(),
                        args.artifact
                    ));
                    if let Some(place) = place {
                        verdict::take_away(place)?;
                    }
                    continue;
                }
                Notary { signing: &signing, said: &args.summary, policy_digest: &policy_digest }.signed(&judged, &bundles)?
            }
            What::Bill("") => {
                let (digest, predicate) = own_bill(&args.artifact)?;
                signing.sign(&digest, Subject::Statement(&statement(&name(&args.artifact), &digest, CYCLONEDX, &predicate)))?
            }
            given => {
                let (kind, predicate) = given_predicate(given)?;
                let digest = super::verify::digest_of(&args.artifact)?;
                signing.sign(&digest, Subject::Statement(&statement(&name(&args.artifact), &digest, &kind, &predicate)))?
            }
        };
        args.delivery.deliver(place.as_deref(), &signed, global)?;
    }
    Ok(outcome.exit_code())
}

fn wanted(args: &Args) -> anyhow::Result<Vec<Wanted<'_>>> {
    let mut wanted = Vec::new();
    if let Some(file) = &args.sbom {
        wanted.push(Wanted { ending: ".sbom.sigstore.json", what: What::Bill(file) });
    }
    if let Some(file) = &args.provenance {
        wanted.push(Wanted { ending: ".provenance.sigstore.json", what: What::Provenance(file) });
    }
    if args.vsa {
        wanted.push(Wanted { ending: VSA_ENDING, what: What::Verdict });
    }
    if let (Some(file), Some(kind)) = (&args.predicate, &args.kind) {
        let kind = super::statement::kind(kind)?;
        wanted.push(Wanted { ending: ".attestation.sigstore.json", what: What::Other(file, kind) });
    }
    if wanted.is_empty() {
        bail!("nothing to attest: give `--sbom`, `--provenance`, `--vsa`, or `--predicate FILE --type TYPE`");
    }
    Ok(wanted)
}

/// What the artifact is called in a statement.
fn name(artifact: &str) -> String {
    Path::new(artifact).file_name().map_or_else(|| artifact.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A predicate that was given, or that the environment gives.
fn given_predicate(what: &What<'_>) -> anyhow::Result<(String, Value)> {
    match what {
        What::Provenance("") => {
            let made = provenance_of_job(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
            let made =
                made.context("this is no job of GitHub Actions or GitLab whose provenance could be told; give `--provenance FILE`")?;
            Ok((PROVENANCE.to_owned(), made))
        }
        What::Provenance(file) => Ok((PROVENANCE.to_owned(), document(Path::new(file))?)),
        What::Other(file, kind) => Ok((kind.clone(), document(file)?)),
        What::Bill(file) => {
            let document = document(Path::new(file))?;
            let kind = match (document.get("bomFormat").is_some(), document.get("spdxVersion").is_some()) {
                (true, false) => CYCLONEDX,
                (false, true) => SPDX,
                _ => bail!("it is neither a CycloneDX nor an SPDX document: {file}"),
            };
            Ok((kind.to_owned(), document))
        }
        What::Verdict => bail!("a verdict is not given"),
    }
}

fn document(path: &Path) -> anyhow::Result<Value> {
    let shown = || format!("cannot read the predicate: {}", path.display());
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).with_context(shown)?;
    if bytes.len() as u64 > LARGEST {
        bail!("the predicate is larger than {LARGEST} bytes: {}", path.display());
    }
    let value = fngate::signature::document(&bytes).map_err(anyhow::Error::msg).with_context(shown)?;
    if !value.is_object() {
        bail!("a predicate is a JSON object: {}", path.display());
    }
    Ok(value)
}

/// The digest of the artifact, and the bill of materials of these very bytes. One that is not whole is not signed.
fn own_bill(name: &str) -> anyhow::Result<([u8; 32], Value)> {
    let artifact = check::open(name)?;
    if artifact.kind() == ArtifactKind::Directory || (!name.starts_with("oci:") && Path::new(name).is_dir()) {
        bail!("a directory has no bytes that a statement could be about; pack it first: {name}");
    }
    let inventory = fngate::scan::scan_with(&artifact, &artifact.default_limits(), None, &[], &[]);
    if inventory.state() != InventoryState::Complete {
        bail!(
            "not all of it could be seen or attributed, and a bill that is not whole is not signed; `fngate sbom` says what is missing: {name}"
        );
    }
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date().to_string();
    let facts = sbom::facts(&artifact, inventory, &today);
    let mut json = Vec::new();
    write_sbom(&facts, &timestamp(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref(), &today), &mut json)?;
    Ok((artifact.digest(), serde_json::from_slice(&json)?))
}

/// Lets the gate judge by its configuration.
fn judged(args: &Args, global: &Global) -> anyhow::Result<(Judged, Vec<BundleFile>, String)> {
    let gate = GateArgs::by(args.config.clone(), args.db.clone(), args.advisories);
    let Setup { gate, config_digest, pool, .. } = setup::gate(&gate, global, &[PathBuf::from(&args.artifact)])?;
    let artifact = check::open(&args.artifact)?;
    let bundles = match args.artifact.starts_with("oci:") || args.artifact == "-" {
        true => Vec::new(),
        false => check::beside(Path::new(&args.artifact), &artifact)?,
    };
    let (judged, stood) = pool.install(|| check::by_bundles(&gate, &artifact, bundles, global.quiet))?;
    let digest = policy::combined(gate.policies.digest(), &config_digest);
    Ok((judged, stood, digest))
}
