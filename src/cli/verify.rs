//! `fngate verify ARTIFACT`: who signed these very bytes, and what they said about them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

use fngate::artifact::Artifact;
use fngate::model::{Provenance, ProvenanceState, escaped, hex};
use fngate::signature::{self, BundleFile, Digests, Examination, Identity, Key, Profile, Requirement, Target, TrustedRoot};

use super::Format;

/// Options of `fngate verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --bundle, bundles are looked for beside the artifact (ARTIFACT.sigstore.json, ARTIFACT.*.sigstore.json, ARTIFACT.*.attestation, sha256:HEX.jsonl), and for an image in its layout or registry. At least one must satisfy what is asked.\n\nExit codes: 0 verified, 1 not verified (unsigned or refused), 2 failed."
)]
pub(crate) struct Args {
    /// The file or image (`oci:REF`, a layout) whose signature is verified
    artifact: PathBuf,
    /// A Sigstore bundle, or a file with one a line (repeatable)
    #[arg(long, value_name = "FILE")]
    bundle: Vec<PathBuf>,
    /// Who must have signed: the certificate's URI or e-mail address, exactly
    #[arg(long, value_name = "SUBJECT", requires = "issuer", conflicts_with = "identity_pattern")]
    identity: Option<String>,
    /// The same as a regular expression over the whole subject; its host and first path segment must be literal
    #[arg(long, value_name = "REGEX", requires = "issuer")]
    identity_pattern: Option<String>,
    /// Who must have vouched for the signer, exactly
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Shorthand for a workflow of this GitHub repository; needs --workflow
    #[arg(long, value_name = "OWNER/NAME", requires = "workflow", conflicts_with_all = ["identity", "identity_pattern", "issuer"])]
    repo: Option<String>,
    /// The workflow's file, such as release.yml
    #[arg(long, value_name = "FILE", requires = "repo")]
    workflow: Option<String>,
    /// The ref the workflow ran at, such as refs/tags/v1; without it, any branch or tag
    #[arg(long = "ref", value_name = "REF", requires = "repo")]
    reference: Option<String>,
    /// What the certificate must say besides, such as source_repository_ref=refs/heads/main (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// A public key (PEM) that may have signed (repeatable)
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// The time before which the keys were not in force, RFC 3339
    #[arg(long, value_name = "TIME", requires = "key")]
    key_not_before: Option<Timestamp>,
    /// The time after which the keys are no longer in force, RFC 3339
    #[arg(long, value_name = "TIME", requires = "key")]
    key_not_after: Option<Timestamp>,
    /// The Sigstore instance: public-good, staging, github, or a trusted_root.json
    #[arg(long, value_name = "FILE", default_value = "public-good")]
    trusted_root: String,
    /// How strictly bundles are read
    #[arg(long, value_name = "PROFILE", default_value = "strict")]
    profile: ProfileName,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// List every step with what was expected and found
    #[arg(long)]
    explain: bool,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// The profiles of [`signature::Profile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    /// Refuse what any of the reference clients refuses
    Strict,
    /// Read bundle formats 0.1 and 0.2 and unknown members too
    Compatible,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    let requirement = requirement(args)?;
    let trust = TrustedRoot::named(&args.trusted_root)?;
    let Opened { bundles, target, sha256 } = opened(args)?;
    let examinations = signature::examine(&target, &bundles, &trust, &requirement, Timestamp::now());
    let provenance = signature::conclude(&examinations);
    let name = args.artifact.display().to_string();
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Text => text(&mut out, &name, &sha256, &provenance, &examinations).and_then(|()| match args.explain {
            true => examinations.iter().try_for_each(|examination| steps(&mut out, examination)),
            false => Ok(()),
        }),
        Format::Json => as_json(&mut out, &name, &sha256, &provenance, args.explain.then_some(examinations.as_slice())),
    }
    .and_then(|()| out.flush())
    .context("cannot write the result")?;
    Ok(if provenance.state == ProvenanceState::Verified { 0 } else { 1 })
}

fn requirement(args: &Args) -> anyhow::Result<Requirement> {
    let mut requirement = Requirement { profile: args.profile.into(), ..Requirement::default() };
    let identity = match identity(args) {
        Some(identity) => Some(identity?),
        None if args.issuer.is_some() => bail!("`--issuer` needs `--identity` or `--identity-pattern`: an issuer vouches for many"),
        None if !args.claim.is_empty() => bail!("`--claim` needs an identity whose claims they are"),
        None => None,
    };
    if let Some(mut identity) = identity {
        for claim in &args.claim {
            let (name, value) = claim.split_once('=').ok_or_else(|| anyhow!("a claim is `NAME=VALUE`: {claim}"))?;
            identity = identity.claim(name, value)?;
        }
        requirement.identities.push(identity);
    }
    for path in &args.key {
        requirement.keys.push(Key::from_file(path)?.within(args.key_not_before, args.key_not_after)?);
    }
    Ok(requirement)
}

fn identity(args: &Args) -> Option<Result<Identity, signature::RequirementError>> {
    let issuer = args.issuer.as_deref().unwrap_or_default();
    match (&args.identity, &args.identity_pattern, &args.repo, &args.workflow) {
        (Some(subject), ..) => Some(Identity::exact(issuer, subject)),
        (_, Some(pattern), ..) => Some(Identity::pattern(issuer, pattern)),
        (_, _, Some(repository), Some(workflow)) => Some(Identity::github(repository, workflow, args.reference.as_deref())),
        _ => None,
    }
}

/// The artifact with the bundles that are about it.
struct Opened {
    bundles: Vec<BundleFile>,
    target: Target,
    /// The digest to call it by.
    sha256: String,
}

fn opened(args: &Args) -> anyhow::Result<Opened> {
    match args.artifact.to_str().map(fngate::artifact::open_image).transpose()?.flatten() {
        Some(image) => opened_image(args, &image),
        None => opened_file(args),
    }
}

fn opened_image(args: &Args, image: &Artifact) -> anyhow::Result<Opened> {
    let mut bundles = given(args)?;
    if args.bundle.is_empty() {
        if !image.is_pulled() {
            bundles.extend(super::check::beside(&args.artifact, image).with_context(|| unread(&args.artifact))?);
        }
        let attached = fngate::attached(image);
        bundles.extend(attached.map_err(|error| anyhow!(super::check::hinted(error, error.hint())))?);
    }
    let signables = image.signables().unwrap_or_default();
    let called = ["file", "image manifest"].iter().find_map(|what| signables.iter().find(|one| one.what == *what)).or(signables.first());
    let sha256 = hex(&called.map_or_else(|| image.digest(), |one| one.sha256));
    Ok(Opened { target: fngate::target(image, &bundles), bundles, sha256 })
}

fn opened_file(args: &Args) -> anyhow::Result<Opened> {
    let path = &args.artifact;
    let mut digests = digests(path, false)?;
    let mut bundles = given(args)?;
    if args.bundle.is_empty() {
        bundles.extend(signature::bundles_beside(path).with_context(|| unread(path))?);
        bundles.extend(signature::bundles_by_digest(path, &digests.sha256).with_context(|| unread(path))?);
    }
    if signature::names_sha512(&bundles) {
        let first = digests.sha256;
        digests = self::digests(path, true)?;
        if digests.sha256 != first {
            bail!("the artifact changed while it was read: {}", path.display());
        }
    }
    let sha256 = hex(&digests.sha256);
    let name = path.file_name().and_then(OsStr::to_str).map(str::to_owned);
    Ok(Opened { bundles, target: Target::from(digests).called(name), sha256 })
}

fn unread(path: &Path) -> String {
    format!("cannot read the bundle beside the artifact: {}", path.display())
}

fn given(args: &Args) -> anyhow::Result<Vec<BundleFile>> {
    let read = |path: &PathBuf| signature::read_bundle(path).with_context(|| format!("cannot read the bundle: {}", path.display()));
    args.bundle.iter().map(read).collect()
}

/// Hashes the artifact in one stream.
fn digests(path: &Path, with_sha512: bool) -> anyhow::Result<Digests> {
    let whole = || format!("cannot read the artifact: {}", path.display());
    let mut file = File::open(path).with_context(whole)?;
    if file.metadata().with_context(whole)?.is_dir() {
        bail!("a signature is over a file, and the artifact is a directory: {}", path.display());
    }
    let (mut sha256, mut sha512) = (Sha256::new(), with_sha512.then(Sha512::new));
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error).with_context(whole),
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        sha256.update(bytes);
        if let Some(sha512) = &mut sha512 {
            sha512.update(bytes);
        }
    }
    Ok(Digests { sha256: sha256.finalize().into(), sha512: sha512.map(|hash| hash.finalize().into()) })
}

fn text(out: &mut dyn Write, name: &str, sha256: &str, provenance: &Provenance, examinations: &[Examination]) -> io::Result<()> {
    let name = escaped(name);
    match provenance.state {
        ProvenanceState::Verified => writeln!(out, "{name}: verified")?,
        ProvenanceState::Unsigned => writeln!(out, "{name}: unsigned: {}", provenance.message)?,
        ProvenanceState::Refused => writeln!(out, "{name}: refused: {}", provenance.reason)?,
    }
    writeln!(out, "  sha256     {sha256}")?;
    for signer in &provenance.signers {
        writeln!(out, "  signer     {}", escaped(&signer.subject))?;
        let rows = [("issuer", &signer.issuer), ("time", &signer.time)];
        for (label, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(out, "  {label:<10} {}", escaped(value))?;
        }
        for (claim, value) in &signer.claims {
            writeln!(out, "    {claim} = {}", escaped(value))?;
        }
    }
    for statement in &provenance.statements {
        writeln!(out, "  statement  {}", escaped(&statement.predicate_type))?;
    }
    for (examination, refusal) in examinations.iter().filter_map(|one| one.result.as_ref().err().map(|refusal| (one, refusal))) {
        writeln!(out, "  bundle     {}", examination.name)?;
        writeln!(out, "    {}: {}", refusal.reason.code, refusal.reason.title)?;
        writeln!(out, "    expected {}", refusal.expected)?;
        writeln!(out, "    found    {}", refusal.found)?;
    }
    if provenance.state != ProvenanceState::Verified {
        writeln!(out, "  more       fngate explain {}", provenance.reason)?;
    }
    Ok(())
}

fn steps(out: &mut dyn Write, examination: &Examination) -> io::Result<()> {
    writeln!(out, "\n{}", examination.name)?;
    for step in &examination.steps {
        let mark = if step.passed { "ok  " } else { "FAIL" };
        writeln!(out, "  {mark}  {}", step.name)?;
        writeln!(out, "          expected  {}", step.expected)?;
        writeln!(out, "          found     {}", step.found)?;
    }
    Ok(())
}

fn as_json(out: &mut dyn Write, name: &str, sha256: &str, provenance: &Provenance, explained: Option<&[Examination]>) -> io::Result<()> {
    let mut document = serde_json::to_value(provenance)?;
    if let Value::Object(members) = &mut document {
        members.insert("artifact".to_owned(), json!({"name": name, "sha256": sha256}));
        if let Some(examinations) = explained {
            members.insert("bundles".to_owned(), examinations.iter().map(examination_json).collect());
        }
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn examination_json(examination: &Examination) -> Value {
    let steps = examination.steps.iter();
    let steps = steps.map(|step| json!({"name": step.name, "expected": step.expected, "found": step.found, "passed": step.passed}));
    let reason = examination.result.as_ref().err().map(|refusal| refusal.reason.code);
    json!({"name": examination.name, "verified": reason.is_none(), "reason": reason, "steps": steps.collect::<Vec<_>>()})
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Strict => Self::Strict,
            ProfileName::Compatible => Self::Compatible,
        }
    }
}
