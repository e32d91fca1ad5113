//! `fngate check ARTIFACT...`: the whole gate.

use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use fngate::Gate;
use fngate::artifact::{Artifact, OpenError};
use fngate::model::{BoundKind, Outcome};
use fngate::policy::PolicyError;
use fngate::report::{self, Closing, Examined, Judged, REPORTERS, Screen, reporter, timestamp};
use fngate::signature::{self, BundleFile};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::progress::Progress;
use super::reports::Reports;
use super::setup::{self, GateArgs, Setup};
use super::signing::SigningArgs;
use super::verdict::{Notary, SummaryArgs};
use super::{Global, evidence, explain, policy, repository, verdict};

/// Options of `fngate check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 pass, 1 denied by a policy, 2 could not judge. Over several artifacts the gravest wins: 1, then 2, then 0.\n\nBundles beside an artifact (ARTIFACT.sigstore.json, ARTIFACT.*.sigstore.json, ARTIFACT.*.attestation, sha256:HEX.jsonl) are found by themselves, and so are those in an image's layout or registry."
)]
pub(crate) struct Args {
    /// Zips, tars, directories or images (`oci:REF`, layouts, saved archives); `@FILE` reads one path a line, `-` one artifact from standard input
    #[arg(required = true, value_name = "ARTIFACT")]
    artifacts: Vec<String>,
    /// The form of the output
    #[arg(long, value_name = "NAME", default_value = "text", value_parser = names())]
    pub(super) format: String,
    /// Also write a report to a file (repeatable): json=out.json
    #[arg(long = "report", value_name = "NAME=PATH", value_parser = report)]
    pub(super) reports: Vec<(String, PathBuf)>,
    /// Where to write the output
    #[arg(short, long, value_name = "PATH")]
    pub(super) output: Option<PathBuf>,
    /// A Sigstore bundle for the artifact (repeatable)
    #[arg(long, value_name = "FILE")]
    bundle: Vec<PathBuf>,
    /// A layer that is mounted beside each artifact: judged together, later ones over earlier ones (repeatable)
    #[arg(long, value_name = "ZIP")]
    layer: Vec<PathBuf>,
    /// Sign of each artifact that passes that it passed: a verification summary, ARTIFACT.vsa.sigstore.json
    #[arg(long)]
    attest: bool,
    #[command(flatten)]
    signing: SigningArgs,
    #[command(flatten)]
    summary: SummaryArgs,
    #[command(flatten)]
    gate: GateArgs,
}

fn names() -> clap::builder::PossibleValuesParser {
    REPORTERS.iter().map(|reporter| reporter.name()).collect::<Vec<_>>().into()
}

fn report(text: &str) -> Result<(String, PathBuf), String> {
    let known = || REPORTERS.iter().map(|reporter| reporter.name()).collect::<Vec<_>>().join(", ");
    match text.split_once('=') {
        Some((_, "")) | None => Err(format!("NAME=PATH is needed, NAME one of {}", known())),
        Some((name, path)) if reporter(name).is_some() => Ok((name.to_owned(), PathBuf::from(path))),
        Some((name, _)) => Err(format!("there is no report `{name}`; there are {}", known())),
    }
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let names = expand(&args.artifacts)?;
    if args.attest {
        if !args.layer.is_empty() {
            bail!(
                "a summary is about one file, and `--layer` judges several together: attest the function without it, or the layers each on its own"
            );
        }
        if args.gate.is_for_another_day() {
            bail!("`--attest` signs what is so today, and `--today` says another day");
        }
        names.iter().try_for_each(|name| verdict::place(name).map(drop))?;
    } else if args.signing.is_given() || args.summary.is_given() {
        bail!("options about signing the verdict have no use without `--attest`");
    }
    // Who signs is found out first: a missing token should not be learned after the work is done.
    let signing = if args.attest { Some(args.signing.prepare(args.gate.trusted_root())?) } else { None };
    args.summary.check(names.len())?;
    let bundle_files = args.bundle.iter().map(|path| bundle(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
    let Setup { gate, config_digest, vex, pool } = setup::gate(&args.gate, global, &paths)?;
    let layers = layers(&args.layer);
    let call = Arc::new(report::Call {
        policy_digest: gate.policies.digest().to_owned(),
        config_digest,
        vex,
        baseline: gate.policies.baseline().cloned(),
        timestamp: timestamp(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref(), &gate.today.to_string()),
        artifacts: names.len(),
        locks: gate.bounds.iter().filter(|bound| bound.kind == BoundKind::Lock).map(|bound| bound.name.clone()).collect(),
        repository: repository::repository(),
        commit: repository::commit(),
        rules: explain::rules(&gate.policies),
        screen: Screen::default(),
    });
    let files = args.bundle.iter().chain(&args.layer).map(PathBuf::as_path).chain(args.gate.files());
    let read: Vec<&Path> = paths.iter().map(PathBuf::as_path).chain(files).collect();
    let mut reports = Reports::begin(args, global, &call, &read)?;
    let policy_digest = policy::combined(gate.policies.digest(), &call.config_digest);
    let notary = signing.as_ref().map(|signing| Notary { signing, said: &args.summary, policy_digest: &policy_digest });
    let progress = Progress::begin(global, names.len());
    let given = Given { gate: &gate, bundles: &bundle_files, layers: &layers, quiet: global.quiet };
    let mut unsigned = false;
    let mut closing = Closing::default();
    // As many artifacts at once as there are workers; what is known of one is dropped once it is in the reports.
    for names in names.chunks(pool.current_num_threads()) {
        let judged: Vec<_> = pool.install(|| names.par_iter().map(|name| examine(&given, name, &progress)).collect());
        for (examined, bundles) in judged {
            if let Some(Err(error)) = notary.as_ref().map(|notary| notary.attest(&examined, &bundles, global)) {
                super::complain(&error.context(format!("cannot sign the verdict: {}", examined.name)));
                unsigned = true;
            }
            closing.tally.count(examined.outcome());
            if closing.advisories.is_none() {
                closing.advisories = examined.result.as_ref().ok().and_then(|judged| judged.facts.advisories.clone());
            }
            reports.add(&examined);
        }
    }
    progress.end();
    closing.advisories.get_or_insert_with(|| gate.advisories());
    let outcome = reports.finish(&closing);
    // A verdict that was to be signed and is not leaves the deployment without one.
    Ok(if unsigned { outcome.max(Outcome::Incomplete) } else { outcome }.exit_code())
}

/// Replaces `@FILE` by the paths in it.
fn expand(arguments: &[String]) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for argument in arguments {
        match argument.strip_prefix('@') {
            Some(list) => {
                let text = fs::read_to_string(list).with_context(|| format!("cannot read the list of artifacts: {list}"))?;
                let before = names.len();
                let lines = text.strip_prefix('\u{feff}').unwrap_or(&text).lines().map(str::trim);
                names.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
                if names.len() == before {
                    bail!("no artifact is named: an empty list judges nothing: {list}");
                }
            }
            None => names.push(argument.clone()),
        }
    }
    Ok(names)
}

fn bundle(path: &Path) -> anyhow::Result<BundleFile> {
    signature::read_bundle(path).with_context(|| format!("cannot read the bundle: {}", path.display()))
}

/// What every artifact of a call is judged with.
struct Given<'a> {
    gate: &'a Gate,
    bundles: &'a [BundleFile],
    /// A layer that cannot be opened is an error of every artifact, because none can be judged without it.
    layers: &'a Result<Vec<Arc<Artifact>>, OpenError>,
    quiet: bool,
}

/// Opens layers, the lowest first.
pub(super) fn layers(paths: &[PathBuf]) -> Result<Vec<Arc<Artifact>>, OpenError> {
    paths.iter().map(|path| Artifact::open(path).map(Arc::new)).collect()
}

/// Judges one artifact. Whatever goes wrong with it is said of it and stops no other. Gives those of its bundles that stood too.
fn examine(call: &Given<'_>, name: &str, progress: &Progress) -> (Examined, Vec<BundleFile>) {
    progress.next(name);
    let result = catch_unwind(AssertUnwindSafe(|| judge(call, name)))
        .unwrap_or_else(|_| Err("internal-error: fngate itself failed on this artifact and judged nothing".to_owned()));
    let (result, bundles) = match result {
        Ok((judged, bundles)) => (Ok(judged), bundles),
        Err(error) => (Err(error), Vec::new()),
    };
    (Examined { name: name.to_owned(), result }, bundles)
}

fn judge(call: &Given<'_>, name: &str) -> Result<(Judged, Vec<BundleFile>), String> {
    let layers = call.layers.as_ref().map_err(|error| format!("a layer cannot be judged: {}", explained(error)))?;
    let artifact = open(name).map_err(|error| line(&error))?.with_layers(layers.clone()).map_err(|error| line(&error.into()))?;
    let bundles = bundles(call, name, &artifact)?;
    let (judged, stood) = by_bundles(call.gate, &artifact, bundles, call.quiet).map_err(|error| line(&error.into()))?;
    Ok((judged, stood))
}

/// Judges an artifact with its bundles, and gives those of them that stood: the others have proved nothing.
pub(super) fn by_bundles(
    gate: &Gate,
    artifact: &Artifact,
    bundles: Vec<BundleFile>,
    quiet: bool,
) -> Result<(Judged, Vec<BundleFile>), PolicyError> {
    let examinations = gate.examine(artifact, &bundles);
    let attested = evidence::attested(&signature::bills(&examinations, &gate.requirement), quiet);
    let (facts, verdict) = gate.judge(artifact, gate.conclude(artifact, &examinations), &attested)?;
    let stands = |at: usize| examinations.iter().any(|one| one.file == Some(at) && one.result.is_ok());
    let stood = bundles.into_iter().enumerate().filter(|(at, _)| stands(*at)).map(|(_, bundle)| bundle).collect();
    Ok((Judged { facts, verdict }, stood))
}

/// The bundles that are given, those that lie beside the artifact, and those that are attached to an image.
fn bundles(call: &Given<'_>, name: &str, artifact: &Artifact) -> Result<Vec<BundleFile>, String> {
    let mut bundles = call.bundles.to_vec();
    let mut found = Vec::new();
    if name != "-" && !artifact.is_pulled() {
        let beside = beside(Path::new(name), artifact);
        found.extend(beside.map_err(|error| format!("cannot read the bundle beside the artifact: {error}"))?);
    }
    // Where nobody could be verified, no registry is asked who has signed.
    let requirement = &call.gate.requirement;
    let accepts_nobody = requirement.identities.is_empty() && requirement.keys.is_empty();
    if artifact.is_image() && !(artifact.is_pulled() && accepts_nobody) {
        found.extend(fngate::attached(artifact).map_err(|error| hinted(error, error.hint()))?);
    }
    bundles.extend(found.into_iter().filter(|bundle| !call.bundles.contains(bundle)));
    Ok(bundles)
}

/// The bundles beside an artifact, by its name and by its digests.
pub(super) fn beside(path: &Path, artifact: &Artifact) -> io::Result<Vec<BundleFile>> {
    let mut found = signature::bundles_beside(path)?;
    for signable in artifact.signables().unwrap_or_default() {
        found.extend(signature::bundles_by_digest(path, &signable.sha256)?);
    }
    Ok(found)
}

/// An error and what to do about it, on one line.
pub(super) fn hinted(error: &dyn std::fmt::Display, hint: Option<String>) -> String {
    hint.map_or_else(|| error.to_string(), |hint| format!("{error}; hint: {hint}"))
}

/// The same of an error that several artifacts share.
fn explained(error: &OpenError) -> String {
    hinted(error, error.hint())
}

/// An error on one line, as a report of many artifacts has it.
fn line(error: &anyhow::Error) -> String {
    super::said(error).replace("\n  ", "; ")
}

/// Opens an artifact by path, or from standard input.
pub(super) fn open(name: &str) -> anyhow::Result<Artifact> {
    Ok(if name == "-" { Artifact::read("-".to_owned(), io::stdin().lock())? } else { fngate::artifact::open(name)? })
}
