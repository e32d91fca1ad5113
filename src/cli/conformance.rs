//! The command line of sigstore-conformance, hidden: `fngate` is itself the entry point that the suite calls.
//!
//! Source: sigstore/sigstore-conformance, `docs/cli_protocol.md`. The profile is `compatible`: the suite has bundles of all
//! versions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use fngate::model::ProvenanceState;
use fngate::signature::sign::{self, Services, Signatory, Subject, Token};
use fngate::signature::{self, Digests, Identity, Key, Profile, Requirement, TrustedRoot};
use jiff::Timestamp;
use serde_json::Value;

use super::{signing, verify};

/// Options of `fngate verify-bundle`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[arg(long)]
    staging: bool,
    #[arg(long)]
    bundle: PathBuf,
    #[arg(long, requires = "certificate_oidc_issuer", required_unless_present = "key")]
    certificate_identity: Option<String>,
    #[arg(long)]
    certificate_oidc_issuer: Option<String>,
    #[arg(long, conflicts_with = "certificate_identity")]
    key: Option<PathBuf>,
    #[arg(long)]
    trusted_root: Option<String>,
    file_or_digest: String,
}

/// Options of `fngate sign-bundle`. The token is an argument because the suite gives it so; `fngate sign` takes none.
#[derive(Debug, clap::Args)]
pub(crate) struct SignArgs {
    #[arg(long)]
    staging: bool,
    #[arg(long)]
    in_toto: bool,
    #[arg(long)]
    identity_token: String,
    #[arg(long)]
    bundle: PathBuf,
    #[arg(long)]
    trusted_root: Option<String>,
    #[arg(long)]
    signing_config: Option<String>,
    file: PathBuf,
}

fn instance(staging: bool) -> &'static str {
    if staging { "staging" } else { "public-good" }
}

pub(crate) fn verify(args: &VerifyArgs) -> anyhow::Result<u8> {
    let trust = TrustedRoot::named(args.trusted_root.as_deref().unwrap_or(instance(args.staging)))?;
    let mut requirement = Requirement { profile: Profile::Compatible, ..Requirement::default() };
    match (&args.key, &args.certificate_identity, &args.certificate_oidc_issuer) {
        (Some(key), ..) => requirement.keys.push(Key::from_file(key)?),
        (None, Some(subject), Some(issuer)) => requirement.identities.push(Identity::exact(issuer, subject)?),
        _ => bail!("an identity or a key is needed"),
    }
    let bundles = [signature::read_bundle(&args.bundle).with_context(|| format!("cannot read the bundle: {}", args.bundle.display()))?];
    // What is no digest, or a path after all, is a file.
    let stated = verify::digest(&args.file_or_digest).ok().flatten().filter(|_| !Path::new(&args.file_or_digest).exists());
    let digests = match stated {
        Some(sha256) => Digests { sha256, sha512: None },
        None => verify::digests(Path::new(&args.file_or_digest), signature::names_sha512(&bundles))?,
    };
    let provenance = signature::verify(digests, &bundles, &trust, &requirement, Timestamp::now());
    if provenance.state != ProvenanceState::Verified {
        bail!("{}: {}", provenance.reason, provenance.message);
    }
    Ok(0)
}

pub(crate) fn sign(args: &SignArgs) -> anyhow::Result<u8> {
    let trust = TrustedRoot::named(args.trusted_root.as_deref().unwrap_or(instance(args.staging)))?;
    let services = Services::named(args.signing_config.as_deref().unwrap_or(instance(args.staging)))?;
    let token = Token::from_jwt(&args.identity_token)?;
    let content = fs::read(&args.file).with_context(|| format!("cannot read the file: {}", args.file.display()))?;
    let (digest, subject) = match args.in_toto {
        true => (subject(&content)?, Subject::Statement(&content)),
        false => (verify::digests(&args.file, false)?.sha256, Subject::Artifact),
    };
    let signed = sign::sign(&digest, subject, Signatory::Token(&token), &services, &trust)?;
    signing::write(&args.bundle, signed.bundle.as_bytes(), true)?;
    Ok(0)
}

/// The SHA-256 of a statement's first subject.
fn subject(statement: &[u8]) -> anyhow::Result<[u8; 32]> {
    let statement: Value = serde_json::from_slice(statement).context("the statement is no JSON")?;
    let digest = statement.pointer("/subject/0/digest/sha256").and_then(Value::as_str);
    verify::digest_of(&format!("sha256:{}", digest.context("the statement's first subject has no sha256")?))
}
