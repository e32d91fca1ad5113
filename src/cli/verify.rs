//! `fngate verify ARTIFACT`: who signed these very bytes, and what they said about them.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use base64::Engine as _;
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

use fngate::artifact::Artifact;
use fngate::model::{Provenance, ProvenanceState, escaped, hex};
use fngate::signature::{self, BundleFile, Digests, Examination, Identity, Key, Profile, Requirement, Target, TrustedRoot};

use super::{Format, Global, trust};

/// Options of `fngate verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --bundle, bundles are looked for beside the artifact (ARTIFACT.sigstore.json, ARTIFACT.*.sigstore.json, ARTIFACT.*.attestation, sha256:HEX.jsonl), with --vsa ARTIFACT.vsa.sigstore.json too, and for an image in its layout or registry. At least one must satisfy what is asked.\n\nExit codes: 0 verified, 1 not verified (unsigned or refused), 2 failed."
)]
pub(crate) struct Args {
    /// The file or image (`oci:REF`, a layout) whose signature is verified; `sha256:HEX` names one that is elsewhere by its digest
    #[arg(required_unless_present = "code_sha256")]
    artifact: Option<String>,
    /// The digest that the deployed function reports (base64, Lambda's CodeSha256): the artifact must have it, or it stands for one
    #[arg(long, value_name = "BASE64")]
    code_sha256: Option<String>,
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
    /// The Sigstore instance: public-good, staging, github, or a trusted_root.json (or several, one a line)
    #[arg(long, value_name = "FILE", default_value = "public-good", conflicts_with = "tuf_url")]
    trusted_root: String,
    /// How many of those named must have signed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    signers: u8,
    #[command(flatten)]
    statement: super::statement::StatementArgs,
    #[command(flatten)]
    private: trust::PrivateArgs,
    #[command(flatten)]
    trust_limits: trust::LimitArgs,
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

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let requirement = requirement(args)?;
    let now = Timestamp::now();
    let trust = match args.private.repository(None)? {
        Some(repository) => repository.trusted_root(now)?,
        None => TrustedRoot::named(&args.trusted_root)?,
    };
    let trust = trust.within(&args.trust_limits.limits(), now)?;
    trust::warn_of_expiry(&trust, now, global.quiet);
    let Opened { bundles, target, sha256 } = opened(args)?;
    let examinations = signature::examine(&target, &bundles, &trust, &requirement, now);
    let provenance = signature::conclude(&examinations, &requirement);
    let name = args.artifact.clone().unwrap_or_else(|| "the deployed code".to_owned());
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Text => text(&mut out, &name, &sha256, &provenance, &examinations).and_then(|()| match args.explain {
            true => {
                writeln!(out, "  trusted    {}, {}", escaped(trust.name()), trust::origin(&trust, now))?;
                writeln!(out, "             sha256 {}", trust.sha256())?;
                examinations.iter().try_for_each(|examination| steps(&mut out, examination))
            }
            false => Ok(()),
        }),
        Format::Json => {
            let root = trust::described(&trust, now);
            as_json(&mut out, &name, &sha256, &provenance, root, args.explain.then_some(examinations.as_slice()))
        }
    }
    .and_then(|()| out.flush())
    .context("cannot write the result")?;
    Ok(if provenance.state == ProvenanceState::Verified { 0 } else { 1 })
}

fn requirement(args: &Args) -> anyhow::Result<Requirement> {
    let mut requirement = Requirement { profile: args.profile.into(), signers: args.signers.into(), ..Requirement::default() };
    args.statement.require(&mut requirement)?;
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
    let named = requirement.identities.len() + requirement.keys.len();
    if named > 0 && requirement.signers > named {
        bail!("`--signers` asks for {} of those named, and {named} are", requirement.signers);
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
    let reported = args.code_sha256.as_deref().map(code_sha256).transpose()?;
    let stated = args.artifact.as_deref().map(digest).transpose()?.flatten();
    let opened = match (&args.artifact, stated) {
        (None, _) => opened_digest(args, reported.context("neither an artifact nor a digest is given")?)?,
        (Some(_), Some(stated)) => opened_digest(args, stated)?,
        (Some(name), None) => match fngate::artifact::open_image(name)? {
            Some(image) => opened_image(args, Path::new(name), &image)?,
            None => opened_file(args, Path::new(name))?,
        },
    };
    if let Some(reported) = reported.map(|reported| hex(&reported)).filter(|reported| *reported != opened.sha256) {
        bail!("the deployed code is not the artifact: expected sha256 {}, found {reported}", opened.sha256);
    }
    Ok(opened)
}

/// Something that is known by its digest alone.
fn opened_digest(args: &Args, sha256: [u8; 32]) -> anyhow::Result<Opened> {
    if args.bundle.is_empty() {
        bail!("a digest has nothing beside it: name the bundle with `--bundle`");
    }
    Ok(Opened { bundles: given(args)?, target: Target::from(Digests { sha256, sha512: None }), sha256: hex(&sha256) })
}

/// The gate's own summary beside an artifact, where it is asked for.
fn summaries(args: &Args, path: &Path) -> anyhow::Result<Vec<BundleFile>> {
    if args.statement.vsa { signature::vsas_beside(path).with_context(|| unread(path)) } else { Ok(Vec::new()) }
}

fn opened_image(args: &Args, path: &Path, image: &Artifact) -> anyhow::Result<Opened> {
    let mut bundles = given(args)?;
    if args.bundle.is_empty() {
        if !image.is_pulled() {
            bundles.extend(super::check::beside(path, image).with_context(|| unread(path))?);
            bundles.extend(summaries(args, path)?);
        }
        let attached = fngate::attached(image);
        bundles.extend(attached.map_err(|error| anyhow!(super::check::hinted(error, error.hint())))?);
    }
    let signables = image.signables().unwrap_or_default();
    let called = ["file", "image manifest"].iter().find_map(|what| signables.iter().find(|one| one.what == *what)).or(signables.first());
    let sha256 = hex(&called.map_or_else(|| image.digest(), |one| one.sha256));
    Ok(Opened { target: fngate::target(image, &bundles), bundles, sha256 })
}

fn opened_file(args: &Args, path: &Path) -> anyhow::Result<Opened> {
    let mut digests = digests(path, false)?;
    let mut bundles = given(args)?;
    if args.bundle.is_empty() {
        bundles.extend(signature::bundles_beside(path).with_context(|| unread(path))?);
        bundles.extend(signature::bundles_by_digest(path, &digests.sha256).with_context(|| unread(path))?);
        bundles.extend(summaries(args, path)?);
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

/// The SHA-256 of a file, or the one that `sha256:HEX` states.
pub(super) fn digest_of(artifact: &str) -> anyhow::Result<[u8; 32]> {
    Ok(match digest(artifact)? {
        Some(stated) => stated,
        None => digests(Path::new(artifact), false)?.sha256,
    })
}

/// The digest that an argument states; `None` where it is a path.
pub(super) fn digest(artifact: &str) -> anyhow::Result<Option<[u8; 32]>> {
    let Some(text) = artifact.strip_prefix("sha256:") else { return Ok(None) };
    let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes = (0..64).step_by(2).map_while(byte).collect::<Vec<_>>();
    let plain = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let digest = bytes.try_into().ok().filter(|_| plain);
    digest.map(Some).with_context(|| format!("a digest is `sha256:` and 64 hexadecimal digits: {artifact}"))
}

/// Lambda's `CodeSha256`.
fn code_sha256(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok();
    bytes.and_then(|bytes| bytes.try_into().ok()).with_context(|| format!("a code digest is the base64 of 32 bytes: {text}"))
}

/// Hashes the artifact in one stream.
pub(super) fn digests(path: &Path, with_sha512: bool) -> anyhow::Result<Digests> {
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

fn as_json(
    out: &mut dyn Write,
    name: &str,
    sha256: &str,
    provenance: &Provenance,
    root: Value,
    explained: Option<&[Examination]>,
) -> io::Result<()> {
    let mut document = serde_json::to_value(provenance)?;
    if let Value::Object(members) = &mut document {
        members.insert("artifact".to_owned(), json!({"name": name, "sha256": sha256}));
        members.insert("trusted_root".to_owned(), root);
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
