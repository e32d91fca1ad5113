//! Keeping a database up to date with OSV's dumps.
//!
//! A mirror lists every record with the time it was modified. What the database has with another time, or not at all, is
//! fetched record by record, and what is listed no longer is dropped, so that afterwards the database says what the mirror
//! says. Where too much has changed for that, where the last whole reading is a week old, or where there is nothing to begin
//! with, the whole dump is downloaded.
//!
//! The database is replaced only by a whole and flushed file, and carries with it what the next update has to know: at
//! whatever moment a run is killed, the database is the one before or the one after. Two runs wait for each other.

mod ledger;
mod list;
mod mirror;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use self::ledger::{Ledger, MOST_CHANGED, Plan, missing, unread};
use self::list::List;
use self::mirror::{Listed, Mirror};
use super::build::Crop;
use super::harvest::{Harvest, slot};
use super::layout::Upstream;
use super::{BuildError, Database, DatabaseError, Status};
use crate::model::Ecosystem;
use crate::osv::http::{HttpError, Patience};

/// OSV's own addresses of its dumps, in the order they are tried.
pub const MIRRORS: [&str; 2] = ["https://osv-vulnerabilities.storage.googleapis.com", "https://storage.googleapis.com/osv-vulnerabilities"];

/// Whole dumps are read at least so often: some sources drop records without a word.
const WHOLE_DAYS: i64 = 7;

/// What to update, and from where.
pub struct Update<'a> {
    /// Addresses of mirrors, in the order they are tried.
    pub mirrors: &'a [String],
    /// The database.
    pub output: &'a Path,
    /// Read the whole dumps, whatever has changed.
    pub whole: bool,
    /// How long to wait and how often to try.
    pub patience: Patience,
    /// Is told what is being done.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Updated {
    /// What the database is now.
    pub status: Status,
    /// Whether it is another one than before.
    pub changed: bool,
    /// Records that were fetched one by one.
    pub records: usize,
    /// Ecosystems whose whole dump was read.
    pub whole: Vec<Ecosystem>,
}

/// Why the database was not updated. It is the one that was there before.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// A mirror cannot be reached, refuses, or says too much.
    #[error("the mirror: {0}")]
    Http(#[from] HttpError),
    /// A list or a record is not what it should be.
    #[error("the answer to `{url}` is not what a mirror of OSV's dumps says: {why}")]
    List {
        /// What was asked for.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// What was fetched cannot be compiled.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The database that is there cannot be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What a mirror has is older than what is there.
    #[error("the mirror `{mirror}` is of {offered} and the database of {present}")]
    Older {
        /// The mirror.
        mirror: String,
        /// Its newest record.
        offered: Timestamp,
        /// The database's.
        present: Timestamp,
    },
    /// Something beside the database cannot be written.
    #[error("cannot write `{path}`: {error}")]
    Write {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl UpdateError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Http(HttpError::Store { .. }) | Self::Write { .. } => Some("choose a place that can be written with `--db`".to_owned()),
            Self::Http(_) | Self::List { .. } => {
                Some("try again later, name another mirror with `--from URL`, or give dumps from a directory: `--from DIR`".to_owned())
            }
            Self::Build(error) => error.hint(),
            Self::Database(_) => Some("remove it, or make it again with `fngate db update --whole`".to_owned()),
            Self::Older { .. } => Some("`fngate db build` makes a database of older dumps, if that is what you want".to_owned()),
        }
    }

    /// Whether another mirror may do better.
    fn is_the_mirrors(&self) -> bool {
        match self {
            Self::Http(error) => !matches!(error, HttpError::Store { .. }),
            Self::Build(error) => !matches!(error, BuildError::Write { .. }),
            Self::List { .. } | Self::Older { .. } => true,
            Self::Database(_) | Self::Write { .. } => false,
        }
    }
}

/// Brings a database up to date, or makes it. The first mirror that has all of it counts; nothing of two is mixed.
pub fn update(update: &Update<'_>) -> Result<Updated, UpdateError> {
    let _lock = lock(update.output)?;
    // A database that is damaged or of another layout is made anew.
    let base = Database::open(update.output).ok();
    let mut first = None;
    for mirror in update.mirrors {
        match from_mirror(update, mirror, base.as_ref()) {
            Ok(updated) => return Ok(updated),
            Err(error) if error.is_the_mirrors() => first = first.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    Err(first.unwrap_or_else(|| UpdateError::List { url: String::new(), why: "no mirror is named".to_owned() }))
}

/// Compiles dumps that lie on this machine, as [`update`] does those of a mirror: not if they are older than what is there.
pub fn update_from(dumps: &[PathBuf], output: &Path) -> Result<Updated, UpdateError> {
    let _lock = lock(output)?;
    let crop = Crop::of(dumps, Timestamp::now())?;
    let base = Database::open(output).ok();
    refuse_older(base.as_ref(), &crop, &dumps.first().map_or_else(String::new, |path| path.display().to_string()))?;
    let whole = Ecosystem::ALL.into_iter().filter(|ecosystem| crop.covered[slot(*ecosystem)]).collect();
    let status = crop.store(output, None, Timestamp::now(), None)?;
    Ok(Updated { status, changed: true, records: 0, whole })
}

/// Held until it is dropped, or the process ends in whatever way.
fn lock(output: &Path) -> Result<File, UpdateError> {
    let path = beside(output, ".lock");
    let fault = |error| UpdateError::Write { path: path.clone(), error };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fault)?;
    }
    let file = File::create(&path).map_err(fault)?;
    file.lock().map_err(fault)?;
    Ok(file)
}

/// `advisories.db` and a suffix.
fn beside(output: &Path, suffix: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn report(progress: &(dyn Fn(&str) + Sync), what: &str) {
    progress(what);
}

fn from_mirror(update: &Update<'_>, address: &str, base: Option<&Database>) -> Result<Updated, UpdateError> {
    let now = Timestamp::now();
    let mirror = Mirror::new(address, update.patience, update.progress)?;
    let upstream = base.and_then(|base| base.status().description.upstream.as_ref()).filter(|upstream| upstream.mirror == mirror.base);
    let recent = |upstream: &Upstream| {
        upstream.whole.parse::<Timestamp>().is_ok_and(|whole| now.duration_since(whole) < SignedDuration::from_hours(24 * WHOLE_DAYS))
    };
    let whole = update.whole || !upstream.is_some_and(recent);
    // With records that are still to be had, the lists are asked for whether or not they have changed.
    let all_read = base.is_some_and(|base| base.status().description.unreadable == 0);
    let Some(lists) = lists(&mirror, upstream.filter(|_| !whole && all_read))? else {
        let status = base.map(|base| base.status().clone());
        let status =
            status.ok_or_else(|| UpdateError::List { url: mirror.base.clone(), why: "it says that nothing has changed".to_owned() })?;
        return Ok(Updated { status, changed: false, records: 0, whole: Vec::new() });
    };
    let mut ledger = match base {
        Some(base) if !whole => Ledger::of(base)?,
        _ => Ledger::default(),
    };
    let folder = beside(update.output, ".download");
    let mut crop = Crop::default();
    let mut updated = (0, Vec::new());
    for (ecosystem, (list, _)) in Ecosystem::ALL.into_iter().zip(&lists) {
        let plan = ledger.plan(ecosystem, list.as_ref(), whole);
        let mut harvest = match &plan {
            Plan::Whole => {
                updated.1.push(ecosystem);
                let dump = mirror.dump(ecosystem, &folder)?;
                // A broken one must not be taken for a whole one the next time.
                Harvest::of(&dump, now).inspect_err(|_| drop(fs::remove_dir_all(&folder)))?
            }
            Plan::Changed(_) => ledger.kept(ecosystem, list.as_ref(), &lists),
        };
        let missing = match plan {
            Plan::Changed(ids) => ids,
            // A dump is written less often than the list.
            Plan::Whole => list.as_ref().map_or_else(Vec::new, |list| missing(&harvest.entries, ecosystem, list)),
        };
        if missing.len() > MOST_CHANGED && missing.len() * 10 > harvest.entries.len() {
            let why = format!("its dump of {ecosystem} lacks {} records that its list names", missing.len());
            return Err(UpdateError::List { url: mirror.base, why });
        }
        updated.0 += missing.len();
        harvest.replace(mirror.records(ecosystem, &missing, now)?);
        if let Some(list) = list {
            harvest.unreadable = unread(&harvest.entries, ecosystem, list);
            harvest.records = list.0.len() as u64;
            harvest.check()?;
        }
        crop.add(harvest, std::array::from_fn(|at| at == slot(ecosystem)));
    }
    refuse_older(base, &crop, &mirror.base)?;
    report(update.progress, "compiling the database");
    let last_whole = if updated.1.len() < Ecosystem::ALL.len() && !whole {
        upstream.map(|upstream| upstream.whole.clone())
    } else {
        Some(now.to_string())
    };
    let tags = Ecosystem::ALL.into_iter().zip(lists).map(|(ecosystem, (_, etag))| (ecosystem.as_str().to_owned(), etag));
    let upstream = Upstream { mirror: mirror.base, whole: last_whole.unwrap_or_default(), lists: tags.collect::<BTreeMap<_, _>>() };
    let status = crop.store(update.output, None, now, Some(upstream))?;
    // What is left behind is taken up again or thrown away the next time.
    let _ = fs::remove_dir_all(&folder);
    Ok(Updated { status, changed: true, records: updated.0, whole: updated.1 })
}

/// The list of each ecosystem, if there is one, and its `ETag`.
type Lists = [(Option<List>, String); 3];

/// The lists of all ecosystems with their tags, or nothing if none has changed since `upstream`.
fn lists(mirror: &Mirror<'_>, upstream: Option<&Upstream>) -> Result<Option<Lists>, UpdateError> {
    let mut lists = Ecosystem::ALL.map(|_| (None, String::new()));
    let mut same = Vec::new();
    for (ecosystem, slot) in Ecosystem::ALL.into_iter().zip(&mut lists) {
        let known = upstream.and_then(|upstream| upstream.lists.get(ecosystem.as_str())).map_or("", String::as_str);
        match mirror.list(ecosystem, known)? {
            Listed::Same => same.push(ecosystem),
            Listed::New { list, etag } => *slot = (Some(list), etag),
            Listed::None => {}
        }
    }
    if same.len() == Ecosystem::ALL.len() {
        return Ok(None);
    }
    // Whether a record is gone can be said only with all lists at hand: some stand in several.
    for (ecosystem, slot) in Ecosystem::ALL.into_iter().zip(&mut lists).filter(|(ecosystem, _)| same.contains(ecosystem)) {
        if let Listed::New { list, etag } = mirror.list(ecosystem, "")? {
            *slot = (Some(list), etag);
        }
    }
    Ok(Some(lists))
}

fn refuse_older(base: Option<&Database>, crop: &Crop, mirror: &str) -> Result<(), UpdateError> {
    match (base.map(Database::as_of), crop.as_of()) {
        (Some(present), Some(offered)) if offered < present => Err(UpdateError::Older { mirror: mirror.to_owned(), offered, present }),
        _ => Ok(()),
    }
}
