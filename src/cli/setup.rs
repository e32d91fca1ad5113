//! Makes a [`Gate`] of arguments and configuration: the options that every judging command shares.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use fngate::Gate;
use fngate::artifact::Limits;
use fngate::model::{VexFacts, escaped};
use fngate::osv::{Choice, Feeds, Mode, choice, choose};
use fngate::policy::{Baseline, Policies, Settings, Vex};
use fngate::secret::Scanner;
use fngate::signature::{Identity, Key, Requirement, TrustedRoot, TufRepository};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Global;
use super::evidence::{EvidenceArgs, Given};
use super::query::Where;
use super::trust::{LimitArgs, warn_of_expiry};
use crate::config::{self, AdvisoryMode, Config, Name};

/// Options that every judging command shares.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct GateArgs {
    /// The configuration [default: fngate.toml in the working directory]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// A Rego policy, or a folder of them (repeatable)
    #[arg(long, value_name = "PATH")]
    policy: Vec<PathBuf>,
    /// The offline advisory database
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Where advisories come from
    #[arg(long, value_name = "WHERE")]
    advisories: Option<Where>,
    /// CISA's catalogue of known exploited vulnerabilities (JSON or CSV)
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's EPSS scores (CSV, plain or gzip)
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// A VEX document, OpenVEX or CycloneDX, that you believe: what it says does not affect the artifact is set aside (repeatable)
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
    /// A former JSON report: what it found already is known, and not counted until the day that `[baseline]` sets
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    evidence: EvidenceArgs,
    /// Who must have signed: the certificate's URI or e-mail address, exactly
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    identity: Option<String>,
    /// Who must have vouched for the signer, exactly
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// A public key (PEM) that may have signed (repeatable)
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// The Sigstore instance: public-good, staging, github, or a trusted_root.json (or several, one a line)
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    #[command(flatten)]
    trust_limits: LimitArgs,
    /// Packages that are your own and never sent anywhere; `*` stands for anything (repeatable)
    #[arg(long, value_name = "PATTERN")]
    private: Vec<String>,
    /// Search for secrets with the rules of this file, in gitleaks' format (repeatable)
    #[arg(long, value_name = "FILE")]
    secret_rules: Vec<PathBuf>,
    /// The day of judgement [default: today, in UTC]
    #[arg(long, value_name = "DATE")]
    today: Option<Date>,
    /// How many workers [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl GateArgs {
    /// The trusted root that the call names.
    pub(crate) fn trusted_root(&self) -> Option<&str> {
        self.trusted_root.as_deref()
    }

    /// The files that the call names, to be read.
    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        let single = [&self.config, &self.db, &self.kev, &self.epss, &self.baseline].into_iter().flatten();
        let several = [&self.policy, &self.vex, &self.key, &self.secret_rules].into_iter().flatten();
        single.chain(several).map(PathBuf::as_path).chain(self.evidence.files())
    }

    /// Whether the day of judgement that the call names is not the present one.
    pub(crate) fn is_for_another_day(&self) -> bool {
        self.today.is_some_and(|today| today != Zoned::now().with_time_zone(TimeZone::UTC).date())
    }

    /// A gate by its configuration, as a command that has other options of these names sets it up.
    pub(crate) fn by(config: Option<PathBuf>, db: Option<PathBuf>, advisories: Option<Where>) -> Self {
        Self { config, db, advisories, ..Self::default() }
    }
}

/// A gate and what belongs to the call rather than to the gate.
pub(crate) struct Setup {
    pub(crate) gate: Gate,
    /// SHA-256 (hex) of the configuration file; empty where there is none.
    pub(crate) config_digest: String,
    /// The VEX documents.
    pub(crate) vex: Vec<VexFacts>,
    /// The workers.
    pub(crate) pool: rayon::ThreadPool,
}

/// Makes the gate that judges `artifacts`: what the arguments say, else what the configuration says, else the defaults.
pub(crate) fn gate(args: &GateArgs, global: &Global, artifacts: &[PathBuf]) -> anyhow::Result<Setup> {
    let cwd = std::env::current_dir().context("cannot tell the working directory")?;
    let config = Config::load(args.config.as_deref(), &cwd, artifacts)?;
    let today = args.today.unwrap_or_else(|| Zoned::now().with_time_zone(TimeZone::UTC).date());
    let service = choice::service_url();
    let mode = args.advisories.map(Mode::from).or_else(|| config.advisory_mode.map(Mode::from)).unwrap_or_default();
    let source = choose(&Choice {
        mode,
        db: args.db.as_deref().or(config.db.as_deref()),
        today,
        fresh_days: i64::from(config.policy.advisories.incomplete_days),
        service: &service,
    })?;
    let feeds = Feeds::load(args.kev.as_deref().or(config.kev.as_deref()), args.epss.as_deref().or(config.epss.as_deref()))?;
    let vex = Vex::load(&config.vex.iter().chain(&args.vex).cloned().collect::<Vec<_>>())?;
    let documents = vex.facts();
    let names: Vec<String> = artifacts.iter().map(|artifact| artifact.display().to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let baseline = args.baseline.as_ref().or(config.baseline.as_ref());
    let baseline = baseline.map(|path| Baseline::read(path, config.baseline_until, &names)).transpose()?;
    let requirement = requirement(args, &config)?;
    let trust = trust(args, &config.signature)?;
    warn_of_expiry(&trust, Timestamp::now(), global.quiet);
    let scanner = scanner(&args.secret_rules, &config)?;
    let evidence = args.evidence.read(&Given { locks: &config.locks, sboms: &config.sboms, modules: &config.modules })?;
    let warnings = config.warnings.iter().map(String::as_str).chain(scanner.warnings().iter().map(String::as_str));
    if !global.quiet {
        for warning in warnings {
            let _ = writeln!(io::stderr(), "warning: {}", escaped(warning));
        }
    }
    let settings =
        Settings { kinds: fngate::PROBLEMS.iter().flat_map(|stage| stage.iter().copied()).collect(), vex, baseline, ..config.policy };
    let mut settings = settings;
    // A signer named in the call is asked for in the call.
    settings.signature.required |= args.identity.is_some() || !args.key.is_empty();
    let gate = Gate {
        limits: limits(&config.limits, &Limits::default()),
        image_limits: limits(&config.limits, &Limits::image()),
        scanner,
        bounds: evidence.bounds,
        trees: evidence.trees,
        source,
        feeds,
        private: config.private.into_iter().chain(args.private.iter().cloned()).collect(),
        trust,
        requirement,
        policies: Policies::load(settings, &config.policy_paths.into_iter().chain(args.policy.iter().cloned()).collect::<Vec<_>>())?,
        today,
        now: Timestamp::now(),
    };
    Ok(Setup { gate, config_digest: config.digest, vex: documents, pool: pool(args.jobs)? })
}

/// The workers: as many as asked for, else one a processor.
pub(crate) fn pool(jobs: Option<u16>) -> anyhow::Result<rayon::ThreadPool> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, usize::from));
    builder.build().context("cannot start the workers")
}

/// The rules of the configuration and of the arguments, else those that ship.
pub(crate) fn scanner(files: &[PathBuf], config: &Config) -> anyhow::Result<Scanner> {
    let files: Vec<PathBuf> = config.secret_rules.iter().chain(files).cloned().collect();
    Ok(Scanner::with_files(&files)?.with_key(config.fingerprint_key.as_ref().map(|key| key.as_bytes().to_vec())))
}

/// The limits of the configuration over the defaults.
fn limits(set: &config::Limits, default: &Limits) -> Limits {
    Limits {
        entry_bytes: set.entry_bytes.unwrap_or(default.entry_bytes),
        total_bytes: set.total_bytes.unwrap_or(default.total_bytes),
        entries: set.entries.unwrap_or(default.entries),
        depth: set.depth.map_or(default.depth, |depth| u32::try_from(depth).unwrap_or(u32::MAX)),
        ratio: set.ratio.unwrap_or(default.ratio),
    }
}

/// Who must have signed, and what they must have said: everybody the configuration and the arguments name.
fn requirement(args: &GateArgs, config: &Config) -> anyhow::Result<Requirement> {
    let signature = &config.signature;
    let mut requirement = Requirement { signers: signature.signers, statements: signature.statements.clone(), ..Requirement::default() };
    for identity in &signature.identities {
        let named = match &identity.name {
            Name::Exact { issuer, subject } => Identity::exact(issuer, subject)?,
            Name::Pattern { issuer, pattern } => Identity::pattern(issuer, pattern)?,
            Name::Workflow { repository, workflow, reference } => Identity::github(repository, workflow, reference.as_deref())?,
        };
        let with_claims = identity.claims.iter().try_fold(named, |identity, (name, value)| identity.claim(name, value))?;
        requirement.identities.push(with_claims);
    }
    if let (Some(subject), Some(issuer)) = (&args.identity, &args.issuer) {
        requirement.identities.push(Identity::exact(issuer, subject)?);
    }
    for key in &signature.keys {
        requirement.keys.push(Key::from_file(&key.path)?.within(key.not_before, key.not_after)?);
    }
    for path in &args.key {
        requirement.keys.push(Key::from_file(path)?);
    }
    Ok(requirement)
}

/// The trusted root of the call, else of the configuration, else the public one; within what the call and the configuration ask
/// of it.
fn trust(args: &GateArgs, signature: &config::Signature) -> anyhow::Result<TrustedRoot> {
    let now = Timestamp::now();
    let root = match (&args.trusted_root, &signature.trusted_root, &signature.tuf) {
        (Some(name), ..) => TrustedRoot::named(name)?,
        // A file of the configuration is a file, whatever its name.
        (None, Some(path), _) => TrustedRoot::from_file(path)?,
        (None, None, Some((url, root))) => TufRepository::private(url, root, None)?.trusted_root(now)?,
        (None, None, None) => TrustedRoot::public_good()?,
    };
    Ok(root.within(&signature.limits, now)?.within(&args.trust_limits.limits(), now)?)
}

impl From<AdvisoryMode> for Mode {
    fn from(mode: AdvisoryMode) -> Self {
        match mode {
            AdvisoryMode::Auto => Self::Auto,
            AdvisoryMode::Offline => Self::Offline,
            AdvisoryMode::Online => Self::Online,
        }
    }
}
