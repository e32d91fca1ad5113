//! `fngate db build|update|status|verify`: the offline advisory database.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Subcommand;
use fngate::model::escaped;
use fngate::osv::db::update::{Update, Updated, update, update_from};
use fngate::osv::db::{Status, build};
use fngate::osv::http::Patience;
use fngate::osv::source::age_days;
use fngate::osv::{Database, choice};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::json;

use super::progress::Progress;
use super::{Format, Global};

/// Options of `fngate db`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile OSV's dumps into a database
    Build(BuildArgs),
    /// Bring a database up to date with OSV's dumps, or make it
    Update(UpdateArgs),
    /// Say how old a database is and what it covers
    Status(StatusArgs),
    /// Read everything in a database and check it
    Verify(Place),
}

#[derive(Debug, clap::Args)]
struct BuildArgs {
    /// OSV dumps: all.zip files, a directory that holds folders npm, PyPI and crates.io, or a directory of .json records
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    from: Vec<PathBuf>,
    /// The database to write [default: the place where `check` and `query` look]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The time up to which the dumps tell [default: their newest record that is not in the future]
    #[arg(long, value_name = "TIME", value_parser = time)]
    as_of: Option<Timestamp>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "The database is replaced only by a whole one; whatever happens before, the old one stays. An update fetches what \
    has changed since the last one, and everything once a week. Proxies are taken from HTTPS_PROXY and NO_PROXY.")]
struct UpdateArgs {
    /// The database [default: FNGATE_DB, else fngate/advisories.db in the user's cache folder]
    #[arg(short = 'o', long, visible_alias = "output", value_name = "FILE")]
    db: Option<PathBuf>,
    /// Another source than OSV's own: the address of a mirror (repeatable, the first that has all of it counts), or dumps on
    /// this machine as `db build` takes them [default: FNGATE_OSV_DUMPS, else OSV's addresses]
    #[arg(long, num_args = 1.., value_name = "PATH|URL")]
    from: Vec<String>,
    /// Read the whole dumps, whatever has changed
    #[arg(long)]
    whole: bool,
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The database [default: FNGATE_DB, else fngate/advisories.db in the user's cache folder]
    #[arg(long, value_name = "PATH")]
    db: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    #[command(flatten)]
    place: Place,
    /// The form of the output
    #[arg(long, value_name = "NAME", default_value = "text")]
    format: Format,
    /// Where to write it
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, global: &Global) -> anyhow::Result<u8> {
    let mut out = super::output(match &args.command {
        Command::Status(args) => args.output.as_deref(),
        Command::Build(_) | Command::Update(_) | Command::Verify(_) => None,
    })?;
    match &args.command {
        Command::Build(args) => {
            let output = place(args.output.as_deref())?;
            let progress = Progress::begin(global, 1);
            progress.say("compiling the database");
            let status = build(&args.from, &output, args.as_of);
            progress.end();
            write_text(&mut out, &output, &status?)?;
        }
        Command::Update(args) => {
            let output = place(args.db.as_deref())?;
            let progress = Progress::begin(global, 1);
            let updated = renewed(args, &output, &progress);
            progress.end();
            let updated = updated?;
            writeln!(out, "{}", said(&updated))?;
            write_text(&mut out, &output, &updated.status)?;
        }
        Command::Status(args) => {
            let path = place(args.place.db.as_deref())?;
            let database = Database::open(&path)?;
            match args.format {
                Format::Text => write_text(&mut out, &path, database.status())?,
                Format::Json => write_json(&mut out, &path, database.status())?,
            }
        }
        Command::Verify(args) => {
            let path = place(args.db.as_deref())?;
            let database = Database::open(&path)?;
            database.verify()?;
            writeln!(out, "{}: whole, sha256:{}", escaped(&path.display().to_string()), database.status().digest)?;
        }
    }
    out.flush()?;
    Ok(0)
}

/// Brings a database up to date from where the arguments say.
fn renewed(args: &UpdateArgs, output: &Path, progress: &Progress) -> anyhow::Result<Updated> {
    let is_address = |from: &String| from.starts_with("https://") || from.starts_with("http://");
    let from = if args.from.is_empty() { choice::mirrors() } else { args.from.clone() };
    let (mirrors, dumps): (Vec<_>, Vec<_>) = from.into_iter().partition(is_address);
    if dumps.is_empty() {
        let progress = |what: &str| progress.say(what);
        let whole = args.whole;
        return Ok(update(&Update { mirrors: &mirrors, output, whole, patience: Patience::default(), progress: &progress })?);
    }
    if !mirrors.is_empty() {
        bail!("`--from` takes addresses of mirrors or dumps on this machine, not both: {}", escaped(&dumps.join(" ")));
    }
    progress.say("compiling the database");
    Ok(update_from(&dumps.into_iter().map(PathBuf::from).collect::<Vec<_>>(), output)?)
}

/// What became of an update, in a line.
fn said(updated: &Updated) -> String {
    let whole = updated.whole.iter().map(|ecosystem| ecosystem.as_str()).collect::<Vec<_>>().join(", ");
    match (updated.changed, updated.whole.is_empty(), updated.records) {
        (false, ..) => "nothing has changed".to_owned(),
        (true, true, 1) => "1 record has changed".to_owned(),
        (true, true, records) => format!("{records} records have changed"),
        (true, false, _) => format!("read the whole dump of {whole}"),
    }
}

/// The database that is meant.
fn place(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let place = named.map(Path::to_owned).or_else(choice::default_path);
    place.ok_or_else(|| anyhow!("no folder for an advisory database is known; name the file"))
}

/// `2026-09-10T12:00:00Z`, or `2026-09-10` for its first moment in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC)).map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>()
        .or_else(|_| day())
        .map_err(|_| "neither a day like 2026-09-10 nor a time like 2026-09-10T12:00:00Z".to_owned())
}

fn age(status: &Status) -> anyhow::Result<i64> {
    let as_of = status.description.as_of.parse().context("cannot read the date of the database")?;
    Ok(age_days(as_of, Zoned::now().with_time_zone(TimeZone::UTC).date()))
}

fn write_text(out: &mut dyn Write, path: &Path, status: &Status) -> anyhow::Result<()> {
    let about = &status.description;
    writeln!(out, "{}", escaped(&path.display().to_string()))?;
    writeln!(out, "  as of       {} ({} days old)", escaped(&about.as_of), age(status)?)?;
    writeln!(out, "  compiled    {} by fngate {}", escaped(&about.built), escaped(&about.fngate))?;
    writeln!(out, "  digest      {}", status.digest)?;
    writeln!(out, "  size        {} bytes", status.size)?;
    writeln!(out, "  unreadable  {} records", about.unreadable)?;
    if let Some(upstream) = &about.upstream {
        writeln!(out, "  from        {}", escaped(&upstream.mirror))?;
        writeln!(out, "  whole       {}", escaped(&upstream.whole))?;
    }
    writeln!(out, "\n  {:<10} {:>9} {:>9} {:>9}  newest", "ecosystem", "packages", "records", "malware")?;
    for covered in &about.ecosystems {
        let newest = covered.newest.get(..10).unwrap_or("-");
        writeln!(out, "  {:<10} {:>9} {:>9} {:>9}  {newest}", escaped(&covered.name), covered.packages, covered.records, covered.malware)?;
    }
    Ok(())
}

fn write_json(out: &mut dyn Write, path: &Path, status: &Status) -> anyhow::Result<()> {
    let about = &status.description;
    let document = json!({
        "path": path.display().to_string(), "as_of": about.as_of, "age_days": age(status)?, "built": about.built, "fngate": about.fngate,
        "digest": status.digest, "size": status.size, "unreadable": about.unreadable, "ecosystems": about.ecosystems,
        "upstream": about.upstream,
    });
    writeln!(out, "{document:#}")?;
    Ok(())
}
