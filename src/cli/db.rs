//! `fngate db build|status|verify`: the offline advisory database.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use fngate::model::escaped;
use fngate::osv::db::{Status, build};
use fngate::osv::source::age_days;
use fngate::osv::{Database, choice};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::json;

use super::Format;

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

pub(crate) fn run(args: &Args) -> anyhow::Result<u8> {
    let mut out = super::output(match &args.command {
        Command::Status(args) => args.output.as_deref(),
        Command::Build(_) | Command::Verify(_) => None,
    })?;
    match &args.command {
        Command::Build(args) => {
            let output = place(args.output.as_deref())?;
            let status = build(&args.from, &output, args.as_of)?;
            write_text(&mut out, &output, &status)?;
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
    });
    writeln!(out, "{document:#}")?;
    Ok(())
}
