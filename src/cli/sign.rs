//! `fngate sign ARTIFACT...`: a signature over the very bytes that are deployed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use fngate::signature::sign::Subject;

use super::Global;
use super::signing::{self, SigningArgs};

/// Options of `fngate sign`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each bundle is verified before it is written. Sign the file that is deployed: two packings of the same sources have different digests.\n\nExit codes: 0 signed, 2 failed; then nothing was written."
)]
#[command(mut_arg("signing_key", |arg| arg.visible_alias("key")))]
pub(crate) struct Args {
    /// The files to sign; `sha256:HEX` signs what has this digest, an image for example
    #[arg(required = true, value_name = "ARTIFACT")]
    artifacts: Vec<String>,
    #[command(flatten)]
    signing: SigningArgs,
    /// The Sigstore instance that the signature must verify under [default: that of --signing-config]
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    /// Where to write, `-` is standard output [default: ARTIFACT.sigstore.json]
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write over a bundle that is there
    #[arg(long)]
    overwrite: bool,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    if args.output.is_some() && args.artifacts.len() > 1 {
        bail!("`--output` is the place of one bundle, and there are {} artifacts", args.artifacts.len());
    }
    let mut places = Vec::new();
    for artifact in &args.artifacts {
        places.push(place(artifact, args.output.as_deref(), ".sigstore.json", args.overwrite)?);
    }
    let mut digests = Vec::new();
    for artifact in &args.artifacts {
        digests.push(super::verify::digest_of(artifact)?);
    }
    let signing = args.signing.prepare(args.trusted_root.as_deref())?;
    for (digest, place) in digests.iter().zip(&places) {
        let signed = signing.sign(digest, Subject::Artifact)?;
        deliver(place.as_deref(), &signed, global)?;
    }
    Ok(0)
}

/// Where a bundle goes; `None` is standard output. A digest alone has nothing beside it.
pub(super) fn place(artifact: &str, output: Option<&Path>, ending: &str, overwrite: bool) -> anyhow::Result<Option<PathBuf>> {
    let path = match output {
        Some(path) if path == Path::new("-") => return Ok(None),
        Some(path) => path.to_owned(),
        None if artifact.starts_with("sha256:") => bail!("a digest has no place of its own: say with `--output` where the bundle goes"),
        None => signing::beside(Path::new(artifact), ending),
    };
    signing::unless_there(&path, overwrite)?;
    Ok(Some(path))
}

/// Writes a bundle and says so.
pub(super) fn deliver(place: Option<&Path>, signed: &fngate::signature::sign::Signed, global: &Global) -> anyhow::Result<()> {
    let Some(path) = place else {
        writeln!(io::stdout(), "{}", signed.bundle)?;
        return Ok(());
    };
    signing::write(path, format!("{}\n", signed.bundle).as_bytes())?;
    if !global.quiet {
        signing::tell(&mut io::stdout(), path, signed)?;
    }
    Ok(())
}
