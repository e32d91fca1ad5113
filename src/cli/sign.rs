//! `fngate sign ARTIFACT...`: a signature over the very bytes that are deployed.

use fngate::signature::sign::Subject;

use super::Global;
use super::signing::{DeliveryArgs, SigningArgs};

/// Options of `fngate sign`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each bundle, ARTIFACT.sigstore.json, is verified before it is written. Sign the file that is deployed: two packings of the same sources have different digests.\n\nExit codes: 0 signed, 2 failed: what was signed before it stays, and nothing else was written."
)]
#[command(mut_arg("signing_key", |arg| arg.visible_alias("key")))]
pub(crate) struct Args {
    /// The files to sign; `sha256:HEX` signs what has this digest, an image for example
    #[arg(required = true, value_name = "ARTIFACT")]
    artifacts: Vec<String>,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    delivery: DeliveryArgs,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    args.delivery.check(args.artifacts.len(), "artifacts")?;
    let mut places = Vec::new();
    for artifact in &args.artifacts {
        places.push(args.delivery.place(artifact, ".sigstore.json")?);
    }
    let mut digests = Vec::new();
    for artifact in &args.artifacts {
        digests.push(super::verify::digest_of(artifact)?);
    }
    let signing = args.signing.prepare(args.delivery.trusted_root())?;
    for (digest, place) in digests.iter().zip(&places) {
        let signed = signing.sign(digest, Subject::Artifact)?;
        args.delivery.deliver(place.as_deref(), &signed, global)?;
    }
    Ok(0)
}
