//! A server of OSV's dumps: `<ECOSYSTEM>/modified_id.csv`, `<ECOSYSTEM>/all.zip` and `<ECOSYSTEM>/<ID>.json` under one address
//! (<https://google.github.io/osv.dev/data/>).

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::blocking::Response;

use super::super::dump::{Dump, LARGEST_RECORD};
use super::super::harvest::Harvest;
use super::list::List;
use super::{UpdateError, report};
use crate::model::Ecosystem;
use crate::osv::http::{Http, HttpError, Patience, Setback, header, sent, transport};
use crate::osv::record::Record;

/// Bytes of a list. OSV's longest has 12 MB.
const LARGEST_LIST: u64 = 256 * 1024 * 1024;
/// Bytes of a dump. OSV's largest has 250 MB.
const LARGEST_DUMP: u64 = 8 * 1024 * 1024 * 1024;
/// The longest that a list, or a record, may take with all attempts.
const LONGEST_ANSWER: Duration = Duration::from_secs(300);
/// The longest that a dump may take.
const LONGEST_DUMP: Duration = Duration::from_secs(2 * 3600);
/// The longest that all changed records of an ecosystem may take.
const LONGEST_RECORDS: Duration = Duration::from_secs(1800);
/// The longest that one attempt at a dump may take; the next goes on where it ended, if the server can do that.
const DUMP_ATTEMPT: Duration = Duration::from_secs(900);
/// The same for a list, which is read anew.
const LIST_ATTEMPT: Duration = Duration::from_secs(120);
/// Bytes of a dump that are read at once.
const CHUNK: usize = 256 * 1024;
/// Records fetched at once.
const FETCHERS: usize = 16;

/// What a mirror says of the list of an ecosystem.
pub(super) enum Listed {
    /// It is the one whose `ETag` is known.
    Same,
    /// It is this one.
    New { list: List, etag: String },
    /// There is none.
    None,
}

/// A server of dumps.
pub(super) struct Mirror<'a> {
    pub(super) base: String,
    http: Http,
    progress: &'a (dyn Fn(&str) + Sync),
}

impl<'a> Mirror<'a> {
    pub(super) fn new(base: &str, patience: Patience, progress: &'a (dyn Fn(&str) + Sync)) -> Result<Self, UpdateError> {
        let base = base.trim_end_matches('/').to_owned();
        let http = Http::new(&base, patience, reqwest::redirect::Policy::limited(5))?;
        Ok(Self { base, http, progress })
    }

    fn url(&self, ecosystem: Ecosystem, file: &str) -> String {
        format!("{}/{}/{file}", self.base, ecosystem.as_str())
    }

    /// The list of an ecosystem, unless its `ETag` is the one given (RFC 9110, section 13.1.2).
    pub(super) fn list(&self, ecosystem: Ecosystem, known: &str) -> Result<Listed, UpdateError> {
        report(self.progress, &format!("{ecosystem}: asking what has changed"));
        let url = self.url(ecosystem, "modified_id.csv");
        let request = || {
            let request = self.http.get(&url);
            if known.is_empty() { request } else { request.header("if-none-match", known) }
        };
        let accepted = [StatusCode::OK, StatusCode::NOT_MODIFIED, StatusCode::NOT_FOUND];
        let answer = self.http.answer_within(&url, request, &accepted, LARGEST_LIST, Instant::now() + LONGEST_ANSWER, LIST_ATTEMPT)?;
        match answer.status {
            StatusCode::NOT_MODIFIED if !known.is_empty() => Ok(Listed::Same),
            StatusCode::OK => match List::parse(&answer.body) {
                Ok(list) => Ok(Listed::New { list, etag: answer.etag }),
                Err(why) => Err(UpdateError::List { url, why }),
            },
            StatusCode::NOT_FOUND => Ok(Listed::None),
            status => Err(HttpError::Refused { url, status: status.as_u16() }.into()),
        }
    }

    /// Downloads the dump of an ecosystem into a folder, going on where an earlier run was cut off if the server still has the
    /// same one (`If-Range`, RFC 9110, section 13.1.5).
    pub(super) fn dump(&self, ecosystem: Ecosystem, folder: &Path) -> Result<Dump, UpdateError> {
        let url = self.url(ecosystem, "all.zip");
        let part = Part::new(folder, ecosystem)?;
        let deadline = Instant::now() + LONGEST_DUMP;
        let mut most = 0;
        self.http.patiently(&url, deadline, DUMP_ATTEMPT, |timeout| {
            let (etag, have) = part.state();
            most = most.max(have);
            let request = self.http.get(&url).timeout(timeout);
            let request = if have > 0 { request.header("range", format!("bytes={have}-")).header("if-range", etag) } else { request };
            let answer = sent(&url, request, &[StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::RANGE_NOT_SATISFIABLE])?;
            let again = |why: &str, gained| {
                let error = HttpError::Transport { url: url.clone(), why: why.to_owned() };
                Setback::Passing { error, wait: None, gained }
            };
            let (first, total) = match answer.status() {
                StatusCode::OK => (0, answer.content_length()),
                _ => match content_range(&header(&answer, "content-range")) {
                    // All of it is here already.
                    Some((None, Some(total))) if total == have && have > 0 => return Ok(()),
                    Some((Some(first), total)) if first == have && answer.status() == StatusCode::PARTIAL_CONTENT => (first, total),
                    _ => {
                        part.forget().map_err(|error| part.fault(&error))?;
                        return Err(again("it continues another file", false));
                    }
                },
            };
            if first == 0 {
                part.begin(&header(&answer, "etag")).map_err(|error| part.fault(&error))?;
            }
            // Only what was never here before is a gain: one that begins anew each time would go on for ever.
            let size = self.store(ecosystem, answer, &part, first, total, deadline).map_err(|(error, size)| match error {
                Stored::Read(error) => Setback::Passing { error: transport(&url, &error), wait: None, gained: size > most },
                Stored::Write(error) => part.fault(&error),
                Stored::TooLarge => Setback::Final(HttpError::TooLarge { url: url.clone(), limit: LARGEST_DUMP }),
            })?;
            if total.is_none_or(|total| total == size) { Ok(()) } else { Err(again("the answer ends early", size > most)) }
        })?;
        Ok(Dump { path: part.path, ecosystem: Some(ecosystem) })
    }

    /// Appends an answer to a part, and gives the size it has then.
    fn store(
        &self,
        ecosystem: Ecosystem,
        mut answer: Response,
        part: &Part,
        first: u64,
        total: Option<u64>,
        deadline: Instant,
    ) -> Result<u64, (Stored, u64)> {
        let mut file = OpenOptions::new().append(true).open(&part.path).map_err(|error| (Stored::Write(error), first))?;
        let mut size = first;
        let mut chunk = vec![0; CHUNK];
        loop {
            let of = total.map_or_else(String::new, |total| format!(" of {}", total.div_ceil(1_000_000)));
            report(self.progress, &format!("{ecosystem}: downloading, {}{of} MB", size.div_ceil(1_000_000)));
            let length = match answer.read(&mut chunk) {
                Ok(0) => return Ok(size),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err((Stored::Read(error), size)),
            };
            size += length as u64;
            if size > LARGEST_DUMP {
                let _ = part.forget();
                return Err((Stored::TooLarge, size));
            }
            file.write_all(chunk.get(..length).unwrap_or_default()).map_err(|error| (Stored::Write(error), size))?;
            if Instant::now() >= deadline {
                return Err((Stored::Read(io::Error::new(io::ErrorKind::TimedOut, "it takes too long")), size));
            }
        }
    }

    /// Fetches records one by one, in parallel: what was read, and the ids of those that are not there.
    pub(super) fn records(
        &self,
        ecosystem: Ecosystem,
        ids: &[Box<str>],
        now: Timestamp,
    ) -> Result<(Harvest, HashSet<Box<str>>), UpdateError> {
        let next = AtomicUsize::new(0);
        let fetch = || {
            let (mut harvest, mut absent) = (Harvest::default(), HashSet::new());
            let end = Instant::now() + LONGEST_RECORDS;
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(id) = ids.get(at) else { return Ok((harvest, absent)) };
                report(self.progress, &format!("{ecosystem}: fetching what has changed, {} of {}", at + 1, ids.len()));
                match self.record(ecosystem, id, now, end, &mut harvest) {
                    Ok(true) => {}
                    Ok(false) => {
                        absent.insert(id.clone());
                    }
                    Err(error) => {
                        // The others stop too: one missing record spoils the update.
                        next.store(ids.len(), Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
        };
        let parts = thread::scope(|scope| {
            let threads = (0..FETCHERS.min(ids.len())).map(|_| scope.spawn(fetch)).collect::<Vec<_>>();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        let (mut whole, mut lacking) = (Harvest::default(), HashSet::new());
        for part in parts {
            let (harvest, absent) = part.map_err(|_| UpdateError::List { url: self.base.clone(), why: "a thread failed".to_owned() })??;
            whole.add(harvest);
            lacking.extend(absent);
        }
        Ok((whole, lacking))
    }

    /// Fetches one record; whether it is there.
    fn record(&self, ecosystem: Ecosystem, id: &str, now: Timestamp, end: Instant, harvest: &mut Harvest) -> Result<bool, UpdateError> {
        let url = self.url(ecosystem, &format!("{id}.json"));
        let accepted = [StatusCode::OK, StatusCode::NOT_FOUND];
        let deadline = end.min(Instant::now() + LONGEST_ANSWER);
        let answer = self.http.answer(&url, || self.http.get(&url), &accepted, LARGEST_RECORD, deadline)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        match Record::parse(&answer.body) {
            Ok(record) if record.advisory.id != id => return Err(UpdateError::List { url, why: "it is another record".to_owned() }),
            _ => harvest.read(Some(ecosystem), id, &answer.body, now)?,
        }
        Ok(true)
    }
}

/// How storing an answer failed.
enum Stored {
    Read(io::Error),
    Write(io::Error),
    TooLarge,
}

/// A dump that is being downloaded, and beside it the `ETag` of what it is a part of.
struct Part {
    path: PathBuf,
    tag: PathBuf,
}

impl Part {
    fn new(folder: &Path, ecosystem: Ecosystem) -> Result<Self, UpdateError> {
        fs::create_dir_all(folder).map_err(|error| UpdateError::Write { path: folder.to_owned(), error })?;
        let name = ecosystem.as_str();
        Ok(Self { path: folder.join(format!("{name}.zip")), tag: folder.join(format!("{name}.etag")) })
    }

    /// The tag, and how much is here; nothing without a tag that can be asked for.
    fn state(&self) -> (String, u64) {
        let tag = fs::read_to_string(&self.tag).unwrap_or_default();
        let have = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        if tag.is_empty() { (tag, 0) } else { (tag, have) }
    }

    /// An empty file. The old tag goes before the old bytes and the new one comes after, so that whatever moment a run is
    /// killed at, bytes are never taken for those of another file. A weak tag does not promise the same bytes.
    fn begin(&self, etag: &str) -> io::Result<()> {
        self.forget()?;
        File::create(&self.path)?;
        if etag.starts_with('"') { fs::write(&self.tag, etag) } else { Ok(()) }
    }

    fn forget(&self) -> io::Result<()> {
        for path in [&self.tag, &self.path] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn fault(&self, error: &io::Error) -> Setback {
        Setback::Final(HttpError::Store { path: self.path.clone(), why: error.to_string() })
    }
}

/// First byte and total of `bytes 5-9/10` and `bytes */10`; `None` where it is neither.
fn content_range(text: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let first = if range == "*" { None } else { Some(range.split_once('-')?.0.parse().ok()?) };
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    Some((first, total))
}
