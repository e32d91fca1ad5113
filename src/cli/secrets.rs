//! `fngate secrets PATH...`: secrets only.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use fngate::model::{EntryPath, Problem, ProblemClass, ProblemKind, Secret, SecretLevel, escaped};
use fngate::secret::{Found, RuleError, Scanner, attribute};
use rayon::prelude::*;
use serde::Serialize;

/// Files above this are searched in parts instead of being held.
const HELD: u64 = 64 << 20;

const UNREADABLE: ProblemKind = ProblemKind {
    id: "unreadable",
    class: ProblemClass::Unseen,
    title: "a file that could not be read",
    page: "The file exists and its content could not be read, so nothing is known about it. Check its permissions.",
};

/// Options of `fngate secrets`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directories and files to search
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to write what was found
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: Format,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Search with the rules of this file, in gitleaks' format (repeatable); without `[extend] useDefault = true` they
    /// replace the built-in ones
    #[arg(long, value_name = "FILE")]
    secret_rules: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// `{"secrets": [..], "problems": [..]}`
    Json,
}

/// What is written.
#[derive(Debug, Default, Serialize)]
struct Document {
    secrets: Vec<Secret>,
    problems: Vec<Problem>,
}

pub(crate) fn run(args: &Args, global: &super::Global) -> anyhow::Result<u8> {
    let scanner = match Scanner::with_files(&args.secret_rules) {
        Ok(scanner) => scanner,
        Err(error) => return Err(hinted(error)),
    };
    if !global.quiet {
        for warning in scanner.warnings() {
            writeln!(std::io::stderr(), "warning: {}", escaped(warning))?;
        }
    }
    let mut document = search(&scanner, &args.paths)?;
    attribute(&mut document.secrets, is_third);
    document
        .secrets
        .sort_by(|a, b| (&a.path, a.line, a.column, &a.rule, &a.fingerprint).cmp(&(&b.path, b.line, b.column, &b.rule, &b.fingerprint)));
    document.problems.sort();
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut out, &document)?;
            writeln!(out)?;
        }
        Format::Text => text(&mut out, &document)?,
    }
    out.flush().context("cannot write the output")?;
    let denied = document.secrets.iter().any(|secret| secret.level == SecretLevel::Deny);
    Ok(match (denied, document.problems.is_empty()) {
        (true, _) => 1,
        (false, false) => 2,
        (false, true) => 0,
    })
}

fn hinted(error: RuleError) -> anyhow::Error {
    let hint = error.hint();
    let error = anyhow::Error::from(error);
    match hint {
        Some(hint) => anyhow::anyhow!("{error}\n  hint: {hint}"),
        None => error,
    }
}

// The seam: from here to `is_third` the artifact stage takes over, with its walker and the packages' claims.

/// Every file below the paths, searched in parallel.
fn search(scanner: &Scanner, paths: &[PathBuf]) -> anyhow::Result<Document> {
    let mut files = Vec::new();
    let mut document = Document::default();
    for path in paths {
        fs::symlink_metadata(path).with_context(|| format!("cannot read the path: {}", path.display()))?;
        let base = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(path) };
        collect(base, path, &mut files, &mut document.problems);
    }
    let found: Vec<Found> = files.par_iter().map(|(path, entry)| one(scanner, path, entry)).collect();
    for found in found {
        document.secrets.extend(found.secrets);
        document.problems.extend(found.problems);
    }
    Ok(document)
}

/// The regular files below `path`; links are not followed.
fn collect(base: &Path, path: &Path, files: &mut Vec<(PathBuf, EntryPath)>, problems: &mut Vec<Problem>) {
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let name = path.strip_prefix(base).unwrap_or(&path).to_string_lossy().into_owned();
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            match fs::read_dir(&path) {
                Ok(entries) => waiting.extend(entries.flatten().map(|entry| entry.path())),
                Err(error) => problems.push(Problem::whole(&UNREADABLE, format!("cannot read the directory `{name}`: {error}"))),
            }
        } else if meta.is_file() {
            match EntryPath::new(&name) {
                Ok(entry) => files.push((path, entry)),
                Err(fault) => problems.push(Problem::whole(&UNREADABLE, format!("cannot name the file `{name}`: {fault}"))),
            }
        }
    }
}

fn one(scanner: &Scanner, path: &Path, entry: &EntryPath) -> Found {
    let searched = File::open(path).and_then(|mut file| {
        if file.metadata()?.len() <= HELD {
            let mut content = Vec::new();
            file.read_to_end(&mut content)?;
            return Ok(scanner.scan(entry, &content));
        }
        let mut stream = scanner.stream(entry);
        let mut buffer = vec![0; 1 << 20];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(stream.finish()),
                read => stream.feed(&buffer[..read]),
            }
        }
    });
    searched.unwrap_or_else(|error| Found {
        problems: vec![Problem::at(&UNREADABLE, entry, format!("cannot read the file: {error}"))],
        ..Found::default()
    })
}

/// Whether a file lies where package managers install.
fn is_third(path: &EntryPath) -> bool {
    path.as_str().split('/').any(|folder| matches!(folder, "node_modules" | "site-packages" | "dist-packages"))
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
