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
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use self::ledger::{Ledger, MOST_CHANGED, changed, newest};
use self::list::List;
use self::mirror::{Listed, Mirror};
use super::build::Crop;
use super::codec::Moment;
use super::harvest::{Harvest, distinct, slot, times};
use super::layout::Upstream;
use super::{BuildError, Database, DatabaseError, Status};
use crate::model::Ecosystem;
use crate::osv::AdvisorySource;
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
    /// What a mirror has lacks an ecosystem that the database covers.
    #[error("the mirror `{mirror}` has nothing of {ecosystem}, which the database covers")]
    Narrower {
        /// The mirror.
        mirror: String,
        /// The ecosystem.
        ecosystem: Ecosystem,
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
            Self::Older { .. } | Self::Narrower { .. } => {
                Some("`fngate db build` makes a database of older or fewer dumps, if that is what you want".to_owned())
            }
        }
    }

    /// Whether another mirror may do better.
    fn is_the_mirrors(&self) -> bool {
        match self {
            Self::Http(error) => !matches!(error, HttpError::Store { .. }),
            Self::Build(error) => !matches!(error, BuildError::Write { .. }),
            Self::List { .. } | Self::Older { .. } | Self::Narrower { .. } => true,
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
    if fs::symlink_metadata(&path).is_ok_and(|meta| !meta.is_file()) {
        return Err(fault(io::Error::new(io::ErrorKind::InvalidInput, "something that is no file is in its place")));
    }
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(fault)?;
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
        let week = SignedDuration::ZERO..SignedDuration::from_hours(24 * WHOLE_DAYS);
        upstream.whole.parse::<Timestamp>().is_ok_and(|whole| week.contains(&now.duration_since(whole)))
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
    // A database of which a block is damaged is made anew.
    let ledger = base.filter(|_| !whole).and_then(|base| Ledger::of(base).ok()).unwrap_or_default();
    let folder = download_folder(update.output)?;
    let changes = ledger.changes(&lists);
    let is_whole = changes.is_none();
    let mut harvest = Harvest { entries: ledger.entries, newest: ledger.newest, ..Harvest::default() };
    let mut records = 0;
    let changes = match changes {
        Some(changes) => changes,
        None => {
            harvest = Harvest::default();
            for ecosystem in Ecosystem::ALL {
                let dump = mirror.dump(ecosystem, &folder)?;
                // A broken one must not be taken for a whole one the next time.
                harvest.add(Harvest::of(&dump, now).inspect_err(|_| drop(fs::remove_dir_all(&folder)))?);
            }
            // A dump is written less often than the list.
            changed(&harvest.entries, &lists)
        }
    };
    if changes.len() > MOST_CHANGED && changes.len() * 10 > harvest.entries.len() {
        let why = format!("its dumps lack {} records that its lists name", changes.len());
        return Err(UpdateError::List { url: mirror.base, why });
    }
    for (ecosystem, (changed, gone)) in Ecosystem::ALL.into_iter().zip(changes.changed.iter().zip(&changes.gone)) {
        records += changed.len() + gone.len();
        harvest.replace(mirror.records(ecosystem, changed, now)?.0);
        let (read, absent) = mirror.records(ecosystem, gone, now)?;
        harvest.replace(read);
        harvest.entries.retain(|entry| entry.ecosystem != ecosystem || !absent.contains(&entry.id));
    }
    let crop = crop(harvest, &lists)?;
    refuse_older(base, &crop, &mirror.base)?;
    report(update.progress, "compiling the database");
    let all_read = crop.unreadable == [0; 3];
    let last_whole = if is_whole { now.to_string() } else { upstream.map(|upstream| upstream.whole.clone()).unwrap_or_default() };
    // Without its tag a list is read again the next time, and with it what could not be had this time.
    let tags = Ecosystem::ALL.into_iter().zip(lists).map(|(ecosystem, (_, etag))| (ecosystem, if all_read { etag } else { String::new() }));
    let lists = tags.map(|(ecosystem, etag)| (ecosystem.as_str().to_owned(), etag)).collect::<BTreeMap<_, _>>();
    let status = crop.store(update.output, None, now, Some(Upstream { mirror: mirror.base, whole: last_whole, lists }))?;
    // What is left behind is taken up again or thrown away the next time.
    let _ = fs::remove_dir_all(&folder);
    let whole = if is_whole { Ecosystem::ALL.to_vec() } else { Vec::new() };
    Ok(Updated { status, changed: true, records, whole })
}

/// Everything that is known, with how many records of each list could not be had: those that are not there or older than listed.
fn crop(mut harvest: Harvest, lists: &Lists) -> Result<Crop, UpdateError> {
    harvest.entries = distinct(std::mem::take(&mut harvest.entries));
    let times = times(&harvest.entries);
    let mut crop = Crop { covered: [true; 3], ..Crop::default() };
    for (at, (list, _)) in lists.iter().enumerate() {
        let Some(list) = list else { continue };
        let lacking = list.0.iter().filter(|(id, modified)| times.get(*id).is_none_or(|known| known < modified)).count() as u64;
        let first = harvest.first.clone().or_else(|| Some("one that is listed and not there, or older than listed".to_owned()));
        Harvest { records: list.0.len() as u64, unreadable: lacking, first, ..Harvest::default() }.check()?;
        crop.unreadable[at] = lacking;
    }
    crop.harvest = harvest;
    Ok(crop)
}

/// Where downloads lie until they are compiled: a folder of our own, not somebody's link.
fn download_folder(output: &Path) -> Result<PathBuf, UpdateError> {
    let path = beside(output, ".download");
    match fs::symlink_metadata(&path) {
        Ok(meta) if !meta.is_dir() => Err(UpdateError::Write {
            path,
            error: io::Error::new(io::ErrorKind::InvalidInput, "something that is no folder is in its place"),
        }),
        _ => Ok(path),
    }
}

fn refuse(mirror: &str, offered: Option<Moment>, present: Option<Moment>) -> Result<(), UpdateError> {
    let time = |moment: Option<Moment>| moment.and_then(Moment::timestamp).unwrap_or(Timestamp::UNIX_EPOCH);
    if present.is_some() && offered < present {
        return Err(UpdateError::Older { mirror: mirror.to_owned(), offered: time(offered), present: time(present) });
    }
    Ok(())
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

/// Refuses what is older than the database in any ecosystem, or lacks one that it covers.
fn refuse_older(base: Option<&Database>, crop: &Crop, mirror: &str) -> Result<(), UpdateError> {
    let Some(base) = base else { return Ok(()) };
    for (ecosystem, present) in Ecosystem::ALL.into_iter().zip(newest(base)) {
        if base.covers(ecosystem) && !crop.covered[slot(ecosystem)] {
            return Err(UpdateError::Narrower { mirror: mirror.to_owned(), ecosystem });
        }
        refuse(mirror, crop.harvest.newest[slot(ecosystem)], present)?;
    }
    Ok(())
}
