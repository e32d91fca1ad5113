//! `fngate query`: the advisories of packages that are named rather than found.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use fngate::is_private;
use fngate::model::{Advisories, AdvisoryOrigin, Ecosystem, Origin, Package, Relation, Vulnerability, package_url};
use fngate::osv::range::Subject;
use fngate::osv::{AdvisorySource, Choice, Feeds, Mode, choice, choose};
use jiff::Zoned;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Format, Global, query_text, sbom_reader};

/// Days after which a database is no longer fresh, so that `auto` prefers the service.
const FRESH_DAYS: i64 = 3;
/// Lines of an answer that are written by one thread.
const LINES: usize = 64;
/// Bytes of a line of a batch.
const LONGEST_LINE: usize = 1 << 20;

/// Options of `fngate query`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 no vulnerability, 1 any vulnerability, 2 failed, or something could not be judged.")]
pub(crate) struct Args {
    /// Package URLs: pkg:npm/lodash@4.17.15
    #[arg(value_name = "PURL", required_unless_present_any = ["batch", "sbom"])]
    purls: Vec<String>,
    /// JSON lines of {"ecosystem", "name", "version"}; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "purls")]
    batch: Option<PathBuf>,
    /// A bill of materials (CycloneDX 1.2 to 1.7 or SPDX 2.2 and 2.3, JSON) whose npm, pypi and cargo packages are asked about
    #[arg(long, value_name = "FILE", conflicts_with_all = ["purls", "batch"])]
    sbom: Option<PathBuf>,
    /// The form of the output; json is one line for each package asked about, in their order
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: Format,
    /// The offline database [default: FNGATE_DB, else fngate/advisories.db in the user's cache folder]
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
    /// Where advisories come from
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    advisories: Where,
    /// CISA's catalogue of known exploited vulnerabilities (JSON or CSV)
    #[arg(long, value_name = "FILE")]
    kev: Option<PathBuf>,
    /// FIRST's EPSS scores (CSV, plain or gzip)
    #[arg(long, value_name = "FILE")]
    epss: Option<PathBuf>,
    /// Packages that are your own and never sent anywhere; `*` stands for anything (repeatable)
    #[arg(long, value_name = "PATTERN")]
    private: Vec<String>,
    /// Where to write the output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

/// Where advisories come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Where {
    /// A fresh database, else the service
    Auto,
    /// A database; no network
    Offline,
    /// The service at api.osv.dev, or at FNGATE_OSV_API
    Online,
}

impl From<Where> for Mode {
    fn from(place: Where) -> Self {
        match place {
            Where::Auto => Self::Auto,
            Where::Offline => Self::Offline,
            Where::Online => Self::Online,
        }
    }
}

/// One package asked about.
pub(super) struct Question {
    /// As it was asked, for the answer.
    pub(super) echo: Map<String, Value>,
    /// The package, or why it is none.
    pub(super) package: Result<Package, String>,
}

/// What is known of it.
#[derive(Default)]
pub(super) struct Answer {
    /// Its vulnerabilities.
    pub(super) vulnerabilities: Vec<Vulnerability>,
    /// Why it could not be judged, or not wholly.
    pub(super) error: Option<String>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let mut questions = match (&args.batch, &args.sbom) {
        (Some(path), _) => batch(path)?,
        (None, Some(path)) => {
            let bill = sbom_reader::read(path)?;
            if !global.quiet {
                bill.warn();
            }
            bill.questions
        }
        (None, None) => args.purls.iter().map(|purl| Question::of_listed(purl, None)).collect(),
    };
    let packages = questions.iter_mut().filter_map(|question| question.package.as_mut().ok());
    packages.filter(|package| is_private(&args.private, &package.name)).for_each(|package| package.origin = Origin::Own);
    let today = Zoned::now().with_time_zone(TimeZone::UTC).date();
    let mode = args.advisories.into();
    let service = choice::service_url();
    let source = choose(&Choice { mode, db: args.db.as_deref(), today, fresh_days: FRESH_DAYS, service: &service })?;
    let feeds = Feeds::load(args.kev.as_deref(), args.epss.as_deref())?;
    let mut answers = answers(&*source, &questions)?;
    answers.iter_mut().for_each(|answer| feeds.annotate(&mut answer.vulnerabilities));
    let about = Advisories { feeds: feeds.about(today), ..source.about().on(today) };
    let mut out = super::output(args.output.as_deref())?;
    match args.format {
        Format::Json => write_json(&mut out, &questions, &answers)?,
        Format::Text => query_text::write(&mut out, &questions, &answers, &about, super::coloured(global.color, args.output.as_deref()))?,
    }
    out.flush()?;
    if !global.quiet {
        warn(&about);
    }
    let found = answers.iter().any(|answer| !answer.vulnerabilities.is_empty());
    let failed = answers.iter().any(|answer| answer.error.is_some());
    Ok(if found { 1 } else { u8::from(failed) * 2 })
}

/// Asks once for all packages; a package that cannot be judged has an error of its own.
fn answers(source: &dyn AdvisorySource, questions: &[Question]) -> anyhow::Result<Vec<Answer>> {
    let asked = |question: &Question| match &question.package {
        Ok(package) if source.covers(package.ecosystem) => Ok(package.clone()),
        Ok(package) => Err(format!("the advisory database does not cover {}", package.ecosystem)),
        Err(why) => Err(why.clone()),
    };
    let asked = questions.iter().map(asked).collect::<Vec<_>>();
    let packages = asked.iter().filter_map(|package| package.as_ref().ok()).cloned().collect::<Vec<_>>();
    let mut found = source.judge(&packages)?.into_iter();
    let embedded = source.about().origin == AdvisoryOrigin::Embedded;
    let answer = |package: &Result<Package, String>| match package {
        Err(why) => Answer { vulnerabilities: Vec::new(), error: Some(why.clone()) },
        Ok(package) => {
            let vulnerabilities = found.next().unwrap_or_default();
            let error = fault(package, vulnerabilities.is_empty()).or_else(|| {
                (embedded && vulnerabilities.is_empty())
                    .then(|| "only the embedded snapshot could be asked, which cannot acquit a package".to_owned())
            });
            Answer { vulnerabilities, error }
        }
    };
    Ok(asked.iter().map(answer).collect())
}

/// Why an answer about this package is not a judgement: no version, one that has no place in the order, a name that is none.
fn fault(package: &Package, acquitted: bool) -> Option<String> {
    if acquitted && !may_be_name(package.ecosystem, &package.name) {
        return Some(format!("the name is no {} name", package.ecosystem));
    }
    match &package.version {
        None => Some("there is no version".to_owned()),
        Some(version) if !Subject::new(package.ecosystem, version).is_version() => {
            Some(format!("the version is no {} version", package.ecosystem))
        }
        Some(_) => None,
    }
}

/// Whether a registry could have a package of the name: what was mangled on the way here must not be acquitted. Wider than
/// what registries take today, because they took more once (`validate-npm-package-name`, legacy names; "Names and
/// normalization" of the Python packaging specifications; the Cargo book, "The Manifest Format", `name`).
fn may_be_name(ecosystem: Ecosystem, name: &str) -> bool {
    let of = |others: &'static [u8]| move |b: u8| b.is_ascii_alphanumeric() || others.contains(&b);
    match ecosystem {
        Ecosystem::Npm => {
            let parts =
                name.strip_prefix('@').map_or_else(|| (None, name), |rest| rest.split_once('/').map_or((None, "@"), |(s, n)| (Some(s), n)));
            let is_part = |part: &str| !part.is_empty() && part.bytes().all(of(b"-._~!*'()"));
            parts.0.is_none_or(is_part) && is_part(parts.1)
        }
        Ecosystem::PyPi => name.bytes().all(of(b"-._")),
        Ecosystem::CratesIo => name.bytes().all(of(b"-_")),
    }
}

impl Question {
    /// A purl, and the version beside it, which counts where the purl has none.
    pub(super) fn of_listed(text: &str, beside: Option<&str>) -> Self {
        let mut echo = Map::new();
        echo.insert("purl".to_owned(), Value::from(text));
        match package_url(text) {
            Err(why) => Self { echo, package: Err(why) },
            Ok((ecosystem, name, version)) => {
                let version = version.or_else(|| beside.map(str::to_owned));
                echo.insert("ecosystem".to_owned(), Value::from(ecosystem.as_str()));
                echo.insert("name".to_owned(), Value::from(name.as_str()));
                echo.insert("version".to_owned(), version.clone().map_or(Value::Null, Value::from));
                Self { echo, package: package(ecosystem, &name, version) }
            }
        }
    }

    fn of_line(line: &[u8]) -> Self {
        let broken = |why: String| Self { echo: Map::new(), package: Err(why) };
        let object = match serde_json::from_slice::<Value>(line) {
            Ok(Value::Object(object)) => object,
            Ok(_) => return broken("the line is no JSON object".to_owned()),
            Err(error) => return broken(format!("the line is no JSON: {error}")),
        };
        let field = |name: &str| object.get(name).cloned().unwrap_or(Value::Null);
        let echo = ["ecosystem", "name", "version"].map(|name| (name.to_owned(), field(name))).into_iter().collect();
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let version = match field("version") {
            Value::Null => Ok(None),
            Value::String(version) => Ok(Some(version)),
            _ => Err("`version` is no string".to_owned()),
        };
        let package = match (text("ecosystem").map(Ecosystem::from_osv), text("name"), version) {
            (None, ..) => Err("`ecosystem` is no string".to_owned()),
            (Some(None), ..) => Err("the ecosystem is none of npm, PyPI and crates.io".to_owned()),
            (_, None, _) => Err("`name` is no string".to_owned()),
            (_, _, Err(why)) => Err(why),
            (Some(Some(ecosystem)), Some(name), Ok(version)) => package(ecosystem, name, version),
        };
        Self { echo, package }
    }
}

fn package(ecosystem: Ecosystem, name: &str, version: Option<String>) -> Result<Package, String> {
    if name.trim().is_empty() {
        return Err("the name is empty".to_owned());
    }
    Ok(Package {
        ecosystem,
        name: name.to_owned(),
        version: version.filter(|version| !version.trim().is_empty()),
        candidates: Vec::new(),
        inferred: false,
        relation: Relation::Declared,
        origin: Origin::Registry,
        place: Box::default(),
        elective: false,
        dev: false,
        paths: Vec::new(),
        evidence: "query",
        holding: None,
    })
}

/// The questions of a batch, one for each line that is not blank.
fn batch(path: &Path) -> anyhow::Result<Vec<Question>> {
    let shown = || format!("cannot read the batch: {}", path.display());
    let reader: Box<dyn io::Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(shown)?) };
    let mut questions = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = line.with_context(shown)?;
        let line = line.trim_ascii();
        if line.len() > LONGEST_LINE {
            questions.push(Question { echo: Map::new(), package: Err(format!("the line is longer than {LONGEST_LINE} bytes")) });
        } else if !line.is_empty() {
            questions.push(Question::of_line(line));
        }
    }
    if questions.is_empty() {
        bail!("the batch asks about nothing: {}", path.display());
    }
    Ok(questions)
}

/// One line of the answer: what was asked, then `vulnerabilities` or `error`, and both where a precaution found some.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    echo: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerabilities: Option<&'a [Vulnerability]>,
}

fn write_json(out: &mut dyn Write, questions: &[Question], answers: &[Answer]) -> anyhow::Result<()> {
    let write = |(questions, answers): (&[Question], &[Answer])| {
        let mut lines = Vec::with_capacity(64 * 1024);
        for (question, answer) in questions.iter().zip(answers) {
            let judged = answer.error.is_none() || !answer.vulnerabilities.is_empty();
            let vulnerabilities = judged.then_some(answer.vulnerabilities.as_slice());
            serde_json::to_writer(&mut lines, &Line { echo: &question.echo, error: answer.error.as_deref(), vulnerabilities })?;
            lines.push(b'\n');
        }
        Ok(lines)
    };
    let chunks = questions.par_chunks(LINES).zip(answers.par_chunks(LINES));
    let lines = chunks.map(write).collect::<serde_json::Result<Vec<_>>>()?;
    lines.iter().try_for_each(|lines| out.write_all(lines))?;
    Ok(())
}

/// What the reader should know of the source.
fn warn(about: &Advisories) {
    let mut stderr = io::stderr();
    if !about.note.is_empty() {
        let _ = writeln!(stderr, "warning: {}", fngate::model::escaped(&about.note));
    } else if about.age_days > FRESH_DAYS {
        let _ = writeln!(stderr, "warning: the advisory database is {} days old", about.age_days);
    }
    for feed in about.feeds.iter().filter(|feed| feed.age_days > FRESH_DAYS) {
        let _ = writeln!(stderr, "warning: the {} feed is {} days old", feed.name.title(), feed.age_days);
    }
    if about.unreadable > 0 {
        let _ = writeln!(stderr, "warning: {} records of the advisory database could not be read", about.unreadable);
    }
}
