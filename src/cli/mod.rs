//! The command line: one file a subcommand, each with its `Args` and a `run` that returns the exit code.

mod attest;
mod check;
mod completions;
mod conformance;
mod db;
mod evidence;
mod explain;
mod handbook;
mod init;
mod key;
mod man;
mod policy;
mod progress;
mod project;
mod query;
mod query_text;
mod reports;
mod repository;
mod sbom;
mod sbom_reader;
mod secrets;
mod setup;
mod sign;
mod signing;
mod statement;
mod trust;
mod verdict;
mod verify;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use fngate::model::escaped;

/// fngate: what is really inside a serverless function package, what is known against it, what it would leak, who signed it
/// - and whether it may be deployed.
#[derive(Debug, Parser)]
#[command(name = "fngate", version, about, max_term_width = 100, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 pass, 1 denied by a policy, 2 could not judge (usage, configuration, unreadable or incomplete artifact)."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options every command takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Global {
    /// Colour in text output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
    /// Say nothing but the result
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more (repeatable)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The form of what a command writes, where it is either for a person or for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge function packages: packages, advisories, secrets, signature, policies
    Check(check::Args),
    /// List the packages in an artifact, as CycloneDX or SPDX
    Sbom(sbom::Args),
    /// Look up the advisories of packages, without an artifact
    Query(query::Args),
    /// Search artifacts, directories or files for secrets
    Secrets(secrets::Args),
    /// Verify who signed an artifact
    Verify(verify::Args),
    /// Sign an artifact: `ARTIFACT.sigstore.json`
    Sign(sign::Args),
    /// Sign a statement about an artifact: its bill of materials, its provenance, the gate's verdict
    Attest(attest::Args),
    /// Make a key pair to sign with
    Key(key::Args),
    /// Make and inspect the offline advisory database
    Db(db::Args),
    /// Renew and inspect the trusted roots that signatures rest on
    Trust(trust::Args),
    /// Write fngate.toml and a workflow for a repository, from what it shows of its build
    Init(init::Args),
    /// Explain a rule, a kind of problem or a reason
    Explain(explain::Args),
    /// List and test policies
    Policy(policy::Args),
    /// Write a completion script for a shell
    Completions(completions::Args),
    /// Write the manual, a page a command
    Man(man::Args),
    /// Verify as sigstore-conformance asks
    #[command(hide = true)]
    VerifyBundle(conformance::VerifyArgs),
    /// Sign as sigstore-conformance asks
    #[command(hide = true)]
    SignBundle(conformance::SignArgs),
}

/// Parses the arguments, runs the command, and turns whatever happens into an exit code: an error is 2, and so is a panic,
/// because a gate that fell over has judged nothing.
pub(crate) fn run() -> ExitCode {
    let cli = Cli::parse();
    let outcome = catch_unwind(|| dispatch(&cli));
    match outcome {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            complain(&error);
            ExitCode::from(2)
        }
        Err(_) => {
            let _ = writeln!(
                io::stderr(),
                "error: internal-error: fngate itself failed, so nothing was judged; please report this with the lines above"
            );
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: &Cli) -> anyhow::Result<u8> {
    match &cli.command {
        Command::Check(args) => check::run(args, &cli.global),
        Command::Sbom(args) => sbom::run(args, &cli.global),
        Command::Query(args) => query::run(args, &cli.global),
        Command::Secrets(args) => secrets::run(args, &cli.global),
        Command::Verify(args) => verify::run(args, &cli.global),
        Command::Sign(args) => sign::run(args, &cli.global),
        Command::Attest(args) => attest::run(args, &cli.global),
        Command::Key(args) => key::run(args, &cli.global),
        Command::Db(args) => db::run(args, &cli.global),
        Command::Trust(args) => trust::run(args, &cli.global),
        Command::Init(args) => init::run(args, &cli.global),
        Command::Explain(args) => explain::run(args, fngate::PROBLEMS),
        Command::Policy(args) => policy::run(args),
        Command::Completions(args) => Ok(completions::run(args)),
        Command::Man(args) => man::run(args),
        Command::VerifyBundle(args) => conformance::verify(args),
        Command::SignBundle(args) => conformance::sign(args),
    }
}

/// Prints an error with its causes and, where its stage knows one, what to do next.
fn complain(error: &anyhow::Error) {
    let _ = writeln!(io::stderr(), "error: {}", said(error));
}

/// An error for a person: what failed, why, and what to do next.
pub(crate) fn said(error: &anyhow::Error) -> String {
    let mut text = escaped(&error.to_string()).into_owned();
    let mut last = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Errors that quote their source would say it twice.
        if !last.contains(&cause) {
            text.push_str(&format!("\n  caused by: {}", escaped(&cause)));
        }
        last = cause;
    }
    if let Some(hint) = error.chain().find_map(hint) {
        text.push_str(&format!("\n  hint: {}", escaped(&hint)));
    }
    text
}

/// What the stage that failed knows about what to do next.
fn hint(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    macro_rules! first {
        ($($kind:ty),+) => { None$(.or_else(|| error.downcast_ref::<$kind>().and_then(<$kind>::hint)))+ };
    }
    first!(
        crate::config::ConfigError,
        fngate::artifact::OpenError,
        fngate::extract::LockError,
        fngate::osv::SourceError,
        fngate::osv::BuildError,
        fngate::osv::DatabaseError,
        fngate::osv::db::update::UpdateError,
        fngate::osv::FeedError,
        fngate::policy::BaselineError,
        fngate::policy::PolicyError,
        fngate::policy::VexError,
        fngate::secret::RuleError,
        fngate::signature::RequirementError,
        fngate::signature::sign::SignError,
        fngate::signature::TrustError
    )
}

/// Whether text that goes to `output` is coloured.
pub(crate) fn coloured(color: Color, output: Option<&Path>) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let terminal = output.is_none_or(|path| path == Path::new("-"));
            terminal && anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
        }
    }
}

/// Columns of the terminal, within what reads well; 80 where there is none.
pub(crate) fn columns() -> usize {
    if !io::stdout().is_terminal() {
        return 80;
    }
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 120)
}

/// Opens what `-o` names, `-` or nothing meaning standard output.
pub(crate) fn output(path: Option<&Path>) -> anyhow::Result<Box<dyn Write>> {
    match path {
        None => Ok(Box::new(BufWriter::new(io::stdout()))),
        Some(path) if path == Path::new("-") => Ok(Box::new(BufWriter::new(io::stdout()))),
        Some(path) => {
            let file = File::create(path).with_context(|| format!("cannot create the output file: {}", path.display()))?;
            Ok(Box::new(BufWriter::new(file)))
        }
    }
}
