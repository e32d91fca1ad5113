//! Makes a [`Gate`] of arguments and configuration: the options that every judging command shares.

use std::path::{Path, PathBuf};

use anyhow::Context;
use fngate::Gate;
use fngate::artifact::Limits;
use fngate::osv::{Choice, choice, choose};
use fngate::policy::{Policies, Settings};
use fngate::secret::Scanner;
use fngate::signature::{Identity, Key, Requirement, TrustedRoot};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Global;
use super::query::Where;

/// Options that every judging command shares.
#[derive(Debug, clap::Args)]
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
    /// Who must have signed: the certificate's URI or e-mail address, exactly
    #[arg(long, value_name = "SUBJECT", requires = "issuer")]
    identity: Option<String>,
    /// Who must have vouched for the signer, exactly
    #[arg(long, value_name = "URL", requires = "identity")]
    issuer: Option<String>,
    /// A public key (PEM) that may have signed (repeatable)
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// The Sigstore instance: public-good, staging, github, or a trusted_root.json
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
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
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

/// A gate and what belongs to the call rather than to the gate.
pub(crate) struct Setup {
    pub(crate) gate: Gate,
    /// SHA-256 (hex) of the configuration file; empty where there is none.
    pub(crate) config_digest: String,
    /// The workers.
    pub(crate) pool: rayon::ThreadPool,
}

/// Makes the gate that judges `artifacts`.
pub(crate) fn gate(args: &GateArgs, global: &Global, artifacts: &[PathBuf]) -> anyhow::Result<Setup> {
    let _ = (global, artifacts);
    let today = args.today.unwrap_or_else(|| Zoned::now().with_time_zone(TimeZone::UTC).date());
    let settings = Settings { kinds: fngate::problem_kinds().collect(), ..Settings::default() };
    let service = choice::service_url();
    let source = choose(&Choice {
        mode: args.advisories.unwrap_or(Where::Auto).into(),
        db: args.db.as_deref(),
        today,
        fresh_days: i64::from(settings.advisories.incomplete_days),
        service: &service,
    })?;
    let gate = Gate {
        limits: Limits::default(),
        scanner: Scanner::with_files(&args.secret_rules)?,
        source,
        private: args.private.clone(),
        trust: TrustedRoot::named(args.trusted_root.as_deref().unwrap_or("public-good"))?,
        requirement: requirement(args)?,
        policies: Policies::load(settings, &args.policy)?,
        today,
        now: Timestamp::now(),
    };
    Ok(Setup { gate, config_digest: String::new(), pool: pool(args.jobs)? })
}

/// The workers: as many as asked for, else one a processor.
pub(crate) fn pool(jobs: Option<u16>) -> anyhow::Result<rayon::ThreadPool> {
    let builder = rayon::ThreadPoolBuilder::new().num_threads(jobs.map_or(0, usize::from));
    builder.build().context("cannot start the workers")
}

fn requirement(args: &GateArgs) -> anyhow::Result<Requirement> {
    let mut requirement = Requirement::default();
    if let (Some(subject), Some(issuer)) = (&args.identity, &args.issuer) {
        requirement.identities.push(Identity::exact(issuer, subject)?);
    }
    for path in &args.key {
        requirement.keys.push(key(path)?);
    }
    Ok(requirement)
}

fn key(path: &Path) -> anyhow::Result<Key> {
    let pem = std::fs::read_to_string(path).with_context(|| format!("cannot read the key: {}", path.display()))?;
    Ok(Key::from_pem(&pem)?)
}
