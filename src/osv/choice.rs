//! Which source answers: a fresh database first, else the service, else the embedded snapshot.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use super::api::{Api, PUBLIC};
use super::db::Database;
use super::db::update::MIRRORS;
use super::http::Patience;
use super::snapshot::Snapshot;
use super::source::{About, AdvisorySource, SourceError, age_days};
use crate::cache_folder::cache_folder;
use crate::model::{Ecosystem, Package, Vulnerability};

/// Where advisories may come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A fresh database, else the service, else a stale database, else the embedded snapshot.
    #[default]
    Auto,
    /// A database, however old, else the embedded snapshot. Never opens a socket.
    Offline,
    /// The service, and nothing else.
    Online,
}

/// What the choice hangs on.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// Where advisories may come from.
    pub mode: Mode,
    /// The database that the operator named. Missing or broken, it is an error and nothing is used in its place.
    pub db: Option<&'a Path>,
    /// The day of judgement.
    pub today: Date,
    /// Days after which a database is no longer fresh.
    pub fresh_days: i64,
    /// The service; [`service_url`] unless told otherwise.
    pub service: &'a str,
}

/// Chooses a source. The source says in [`About::note`] why no better one was used.
pub fn choose(choice: &Choice<'_>) -> Result<Box<dyn AdvisorySource>, SourceError> {
    let database = if choice.mode == Mode::Online { Err("online advisories were asked for".to_owned()) } else { database(choice)? };
    let stale = match database {
        Ok(database) if choice.mode == Mode::Offline || is_fresh(&database, choice) => return Ok(Box::new(database)),
        other => other,
    };
    let online = if choice.mode == Mode::Offline { Err("offline advisories were asked for".to_owned()) } else { service(choice)? };
    match (online, stale) {
        (Ok(api), _) => Ok(Box::new(api)),
        (Err(why), Ok(database)) => {
            let note = format!("the advisory database is {} days old, and {why}", age_days(database.as_of(), choice.today));
            Ok(Box::new(Stale { database, note }))
        }
        (Err(offline), Err(missing)) => Ok(Box::new(Snapshot::embedded().because(format!("{missing}, and {offline}")))),
    }
}

/// The database that the operator named or that lies where databases lie; the text says why there is none.
fn database(choice: &Choice<'_>) -> Result<Result<Database, String>, SourceError> {
    if let Some(path) = choice.db {
        return Ok(Ok(Database::open(path)?));
    }
    let Some(path) = default_path() else { return Ok(Err("no folder for an advisory database is known".to_owned())) };
    if !path.exists() {
        let named = std::env::var_os("FNGATE_DB").is_some_and(|value| !value.is_empty());
        let place = if named { format!("at `{}`", path.display()) } else { "in the cache folder".to_owned() };
        return Ok(Err(format!("there is no advisory database {place}")));
    }
    Ok(Database::open(&path).map_err(|error| error.to_string()))
}

fn is_fresh(database: &Database, choice: &Choice<'_>) -> bool {
    age_days(database.as_of(), choice.today) <= choice.fresh_days
}

/// The service, if it answers; when nothing else may be used, an error if it does not.
fn service(choice: &Choice<'_>) -> Result<Result<Api, String>, SourceError> {
    let reached = Api::new(choice.service, Patience::default(), cache_folder().map(|folder| folder.join("records")))
        .and_then(|api| api.reach().map(|()| api));
    match reached {
        Ok(api) => Ok(Ok(api)),
        Err(error) if choice.mode == Mode::Online => Err(error.into()),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// A database that is used although it is no longer fresh.
struct Stale {
    database: Database,
    note: String,
}

impl AdvisorySource for Stale {
    fn judge(&self, packages: &[Package]) -> Result<Vec<Vec<Vulnerability>>, SourceError> {
        self.database.judge(packages)
    }

    fn covers(&self, ecosystem: Ecosystem) -> bool {
        self.database.covers(ecosystem)
    }

    fn about(&self) -> About {
        About { note: self.note.clone(), ..self.database.about() }
    }
}

/// The service's base URL: `FNGATE_OSV_API` (a mirror), else the public one.
#[must_use]
pub fn service_url() -> String {
    std::env::var("FNGATE_OSV_API").ok().filter(|url| !url.is_empty()).unwrap_or_else(|| PUBLIC.to_owned())
}

/// Addresses of mirrors of OSV's dumps: `FNGATE_OSV_DUMPS` (several apart by white space), else OSV's own.
#[must_use]
pub fn mirrors() -> Vec<String> {
    let named = std::env::var("FNGATE_OSV_DUMPS").unwrap_or_default();
    let named = named.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    if named.is_empty() { MIRRORS.map(str::to_owned).to_vec() } else { named }
}

/// Where the database lies unless `--db` says otherwise: `FNGATE_DB`, else `fngate/advisories.db` in the platform's folder
/// for caches (`XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches`; `%LOCALAPPDATA%`).
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("FNGATE_DB").filter(|value| !value.is_empty()) {
        return Some(path.into());
    }
    cache_folder().map(|folder| folder.join("advisories.db"))
}
