//! `fngate secrets PATH...`: secrets only.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use fngate::artifact::{Artifact, OpenError};
use fngate::model::{EntryPath, Problem, ProblemClass, ProblemKind, Secret, SecretLevel, escaped};
use fngate::report::{Repository, RulePage, Searched, write_secrets};
use fngate::secret::{Found, Scanner};
use serde::Serialize;

use super::repository;
use crate::config::Config;

/// Files above this are searched in parts instead of being held.
const HELD: u64 = 64 << 20;

/// Options of `fngate secrets`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directories and files to search
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to write what was found
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: Form,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// The configuration, for its rules and the key of fingerprints [default: fngate.toml in the working directory]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Search with the rules of this file, in gitleaks' format (repeatable); without `[extend] useDefault = true` they
    /// replace the built-in ones
    #[arg(long, value_name = "FILE")]
    secret_rules: Vec<PathBuf>,
    /// How many workers [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

/// The form of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For programs
    Json,
    /// For code hosts
    Sarif,
}

/// What is written.
#[derive(Debug, Default, Serialize)]
struct Document {
    secrets: Vec<Secret>,
    problems: Vec<Problem>,
    /// What could not be opened, and why.
    #[serde(skip)]
    failed: Vec<(String, String)>,
}

pub(crate) fn run(args: &Args, global: &super::Global) -> anyhow::Result<u8> {
    let cwd = std::env::current_dir().context("cannot tell the working directory")?;
    let config = Config::load(args.config.as_deref(), &cwd, &args.paths)?;
    let scanner = super::setup::scanner(&args.secret_rules, &config)?;
    if !global.quiet {
        for warning in config.warnings.iter().chain(scanner.warnings()) {
            writeln!(std::io::stderr(), "warning: {}", escaped(warning))?;
        }
    }
    let pool = super::setup::pool(args.jobs)?;
    let names = if args.format == Form::Sarif { Names::OfRepository(repository::repository()) } else { Names::AsGiven };
    let document = pool.install(|| search(&scanner, &args.paths, &names));
    let denied = document.secrets.iter().any(|secret| secret.level == SecretLevel::Deny);
    match deliver(args, &document, &scanner) {
        // What was found stays found, whether or not it could be written down.
        Err(error) if denied => super::complain(&error),
        written => written?,
    }
    for (_, error) in &document.failed {
        let _ = writeln!(io::stderr(), "error: {error}");
    }
    Ok(match (denied, document.problems.is_empty() && document.failed.is_empty()) {
        (true, _) => 1,
        (false, false) => 2,
        (false, true) => 0,
    })
}

fn deliver(args: &Args, document: &Document, scanner: &Scanner) -> anyhow::Result<()> {
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Form::Json => {
            serde_json::to_writer_pretty(&mut out, document)?;
            writeln!(out)?;
        }
        Form::Text => text(&mut out, document)?,
        Form::Sarif => {
            let Document { secrets, problems, failed } = document;
            let failed: Vec<_> = failed.iter().map(|(path, error)| (path.clone(), error.replace("\n  ", "; "))).collect();
            write_secrets(&Searched { secrets, problems, failed: &failed, rules: &pages(scanner) }, &mut out)?;
        }
    }
    out.flush().context("cannot write the output")
}

/// What every rule is about.
fn pages(scanner: &Scanner) -> Vec<RulePage> {
    let own = scanner.rules().iter().map(|rule| {
        let help = if rule.help().is_empty() { HELP } else { rule.help() };
        RulePage { id: rule.id().to_owned(), title: rule.description().to_owned(), page: help.to_owned() }
    });
    let kinds = UNSEARCHED.iter().flat_map(|stage| stage.iter());
    let kinds = kinds.map(|kind| RulePage { id: kind.id.to_owned(), title: kind.title.to_owned(), page: kind.page.to_owned() });
    own.chain(kinds).collect()
}

/// What to do about a secret whose rule does not say.
pub(super) const HELP: &str = "Revoke it where it was issued, and let the function read its successor at run time.";

/// What the path of an entry begins with.
enum Names {
    /// Where several paths are given, the one it lies in.
    AsGiven,
    /// The path of the one it lies in, as the repository has it.
    OfRepository(Repository),
}

impl Names {
    /// Whether an entry's path alone says too little, and what it begins with.
    fn top(&self, path: &Path, are_several: bool) -> Option<EntryPath> {
        match self {
            Self::AsGiven => are_several.then(|| top(path)).flatten(),
            Self::OfRepository(repository) => match repository.path(&path.to_string_lossy()) {
                // The repository itself.
                Some(whole) if whole.is_empty() => None,
                Some(whole) => top(Path::new(&whole)),
                None => top(path),
            },
        }
    }
}

/// Everything in every path: artifacts and directories by the gate's own walk, any other file as it is.
fn search(scanner: &Scanner, paths: &[PathBuf], names: &Names) -> Document {
    let mut document = Document::default();
    for path in paths {
        let (mut secrets, mut problems) = match Artifact::open_to_search(path) {
            Ok(artifact) => {
                let inventory = fngate::scan::search(&artifact, &artifact.default_limits(), scanner);
                let unsearched = inventory.problems.into_iter().filter(|problem| {
                    let is_packed = problem.kind == fngate::extract::ARCHIVE_UNATTRIBUTED.id;
                    UNSEARCHED
                        .iter()
                        .flat_map(|stage| stage.iter())
                        .any(|kind| kind.id == problem.kind && (is_packed || kind.class == ProblemClass::Unseen))
                });
                (inventory.secrets, unsearched.collect())
            }
            Err(OpenError::Empty(_)) => (Vec::new(), Vec::new()),
            // What the other paths hold is not lost over one that cannot be read.
            Err(OpenError::Unknown(_)) => match file(scanner, path).with_context(|| format!("cannot read the file: {}", path.display())) {
                Ok(found) => (found.secrets, found.problems),
                Err(error) => {
                    document.failed.push((called(names, path), super::said(&error)));
                    continue;
                }
            },
            Err(error) => {
                document.failed.push((called(names, path), super::said(&error.into())));
                continue;
            }
        };
        if let Some(top) = names.top(path, paths.len() > 1) {
            secrets.iter_mut().for_each(|secret| secret.path = under(&top, path, &secret.path));
            problems.iter_mut().for_each(|problem: &mut Problem| {
                problem.path = Some(problem.path.as_ref().map_or_else(|| top.clone(), |inner| under(&top, path, inner)))
            });
        }
        document.secrets.append(&mut secrets);
        document.problems.append(&mut problems);
    }
    document
}

/// The kinds of problems that leave something unsearched.
const UNSEARCHED: &[&[&ProblemKind]] =
    &[fngate::artifact::PROBLEMS, fngate::secret::PROBLEMS, fngate::scan::PROBLEMS, &[&fngate::extract::ARCHIVE_UNATTRIBUTED]];

/// What a path that cannot be opened is called.
fn called(names: &Names, path: &Path) -> String {
    names.top(path, true).map_or_else(|| path.to_string_lossy().into_owned(), |top| top.to_string())
}

/// What an entry's path begins with: the path it lies in, or as much of its end as makes a path.
fn top(path: &Path) -> Option<EntryPath> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    EntryPath::new(&path.to_string_lossy()).or_else(|_| EntryPath::new(&name)).ok()
}

fn under(top: &EntryPath, path: &Path, inner: &EntryPath) -> EntryPath {
    match (path.is_dir(), path.file_name().is_some_and(|name| name.to_string_lossy() == inner.as_str())) {
        (true, _) => top.join(inner),
        (false, true) => top.clone(),
        (false, false) => top.nested(inner),
    }
}

/// Searches one file that is no artifact.
fn file(scanner: &Scanner, path: &Path) -> io::Result<Found> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let entry = EntryPath::new(&name).map_err(io::Error::other)?;
    let mut file = File::open(path)?;
    if file.metadata()?.len() <= HELD {
        let mut content = Vec::new();
        file.take(HELD).read_to_end(&mut content)?;
        return Ok(scanner.scan(&entry, &content));
    }
    let mut stream = scanner.stream(&entry);
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(stream.finish()),
            read => stream.feed(&piece[..read]),
        }
    }
}

/// For people, within 80 columns as far as paths allow.
fn text(out: &mut dyn Write, document: &Document) -> std::io::Result<()> {
    for secret in &document.secrets {
        let level = match secret.level {
            SecretLevel::Deny => "deny",
            SecretLevel::Warn => "warn",
            SecretLevel::Info => "info",
        };
        writeln!(out, "{level}  {}:{}:{}", secret.path, secret.line, secret.column)?;
        let decoded = if secret.decoded.is_empty() { String::new() } else { format!("  in {}", secret.decoded.join(" in ")) };
        writeln!(out, "      {}  {}{decoded}", secret.rule, escaped(&secret.preview))?;
        writeln!(out, "      fingerprint {}", secret.fingerprint)?;
    }
    for problem in &document.problems {
        let place = problem.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
        writeln!(out, "problem  {place}{}", escaped(&problem.message))?;
    }
    let count = |level| document.secrets.iter().filter(|secret| secret.level == level).count();
    writeln!(
        out,
        "secrets: {} deny, {} warn, {} info; problems: {}",
        count(SecretLevel::Deny),
        count(SecretLevel::Warn),
        count(SecretLevel::Info),
        document.problems.len()
    )
}
