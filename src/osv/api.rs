//! OSV's service, `api.osv.dev` (<https://google.github.io/osv.dev/api/>).
//!
//! Packages are asked for by name and without a version: the service finds the records, the matcher judges them, as it does
//! offline. Names go in batches (`POST /v1/querybatch`), records are fetched one by one in parallel (`GET /v1/vulns/{id}`)
//! unless they are in the [`Cache`]. Whatever is not a whole and well-shaped answer is an error; nothing is taken for "no
//! vulnerabilities".

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::advisory::Advisory;
use super::cache::Cache;
use super::http::{Http, HttpError, Patience, transport};
use super::matcher;
use super::record::Record;
use super::snapshot::Snapshot;
use super::source::{About, AdvisorySource, SourceError};
use crate::model::{AdvisoryOrigin, Ecosystem, Origin, Package, Vulnerability, escaped};

/// The public service.
pub const PUBLIC: &str = "https://api.osv.dev";
/// Queries in a batch: the service's limit.
const BATCH: usize = 1000;
/// Pages that one query may have.
const MOST_PAGES: usize = 200;
/// Records that one artifact may need.
const MOST_RECORDS: usize = 100_000;
/// Bytes of an answer to a batch: the service ends a page at about 10 MB.
const LARGEST_BATCH: u64 = 64 * 1024 * 1024;
/// Bytes of a record.
const LARGEST_RECORD: u64 = 16 * 1024 * 1024;
/// The longest that one artifact's advisories may take, whatever each answer does.
const LONGEST: Duration = Duration::from_secs(300);
/// An answer may take as long as so many attempts.
const ANSWER: u32 = 3;
/// Records fetched at once.
const FETCHERS: usize = 16;

/// Why the service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It cannot be reached, refuses, or says too much.
    #[error("the advisory service: {0}")]
    Http(#[from] HttpError),
    /// The answer is not what the protocol says.
    #[error("the advisory service's answer to `{url}` is not what its protocol says: {why}")]
    Shape {
        /// What was asked for.
        url: String,
        /// What is wrong.
        why: String,
    },
}

/// The answer to a batch, read only to see that no key of it is given twice.
#[derive(Deserialize)]
struct Once {
    #[serde(default, rename = "results")]
    _results: Vec<OnceResult>,
}

#[derive(Deserialize)]
struct OnceResult {
    #[serde(default, rename = "vulns")]
    _vulns: IgnoredAny,
    #[serde(default, rename = "next_page_token")]
    _token: IgnoredAny,
}

/// The service.
#[derive(Debug)]
pub struct Api {
    base: String,
    http: Http,
    cache: Cache,
}

impl Api {
    /// A service by its base URL, [`PUBLIC`] or a mirror's. `folder` keeps records between runs.
    pub fn new(base: &str, patience: Patience, folder: Option<PathBuf>) -> Result<Self, ApiError> {
        let base = base.trim_end_matches('/').to_owned();
        // A redirected POST may become a GET and lose its question, and the service redirects nowhere.
        let http = Http::new(&base, patience, reqwest::redirect::Policy::none())?;
        Ok(Self { base, http, cache: Cache::new(folder) })
    }

    /// Whether the service answers at all: an empty batch, once. A service that dislikes the question is there all the same.
    pub fn reach(&self) -> Result<(), ApiError> {
        let url = format!("{}/v1/querybatch", self.base);
        let request = self.http.post(&url, r#"{"queries":[]}"#.to_owned());
        let answer = request.timeout(self.http.patience().timeout.min(Duration::from_secs(10))).send();
        let status = answer.map_err(|error| transport(&url, &error))?.status();
        let busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        if busy { Err(HttpError::Refused { url, status: status.as_u16() }.into()) } else { Ok(()) }
    }

    /// The ids of all records that name one of the packages, with when they were modified.
    fn ids(&self, names: &BTreeSet<(Ecosystem, String)>, end: Instant) -> Result<Vec<(String, String)>, ApiError> {
        let queries = names.iter().map(|(ecosystem, name)| json!({"package": {"ecosystem": ecosystem.as_str(), "name": name}}));
        let queries = queries.collect::<Vec<_>>();
        let mut ids = BTreeMap::new();
        for batch in queries.chunks(BATCH) {
            let mut open = batch.to_vec();
            let deadline = self.deadline(end);
            for page in 0.. {
                if open.is_empty() {
                    break;
                }
                open = self.page(&open, &mut ids, deadline)?;
                if page == MOST_PAGES || ids.len() > MOST_RECORDS {
                    return Err(self.shape("/v1/querybatch", "its answer goes on without end"));
                }
            }
        }
        Ok(ids.into_iter().collect())
    }

    /// One batch: adds its ids, and gives the queries that have a further page.
    fn page(&self, queries: &[Value], ids: &mut BTreeMap<String, String>, deadline: Instant) -> Result<Vec<Value>, ApiError> {
        const PATH: &str = "/v1/querybatch";
        let body = json!({ "queries": queries }).to_string();
        let url = format!("{}{PATH}", self.base);
        let answer = self.http.answer(&url, || self.http.post(&url, body.clone()), &[StatusCode::OK], LARGEST_BATCH, deadline)?.body;
        // A key given twice would hide what stands under the first.
        serde_json::from_slice::<Once>(&answer).map_err(|error| self.shape(PATH, &error.to_string()))?;
        let answer: Value = serde_json::from_slice(&answer).map_err(|error| self.shape(PATH, &error.to_string()))?;
        let results = answer.get("results").and_then(Value::as_array).ok_or_else(|| self.shape(PATH, "there are no `results`"))?;
        if results.len() != queries.len() {
            return Err(self.shape(PATH, &format!("{} results for {} queries", results.len(), queries.len())));
        }
        let mut further = Vec::new();
        for (query, result) in queries.iter().zip(results) {
            let result = result.as_object().ok_or_else(|| self.shape(PATH, "a result is no object"))?;
            let token = self.result(PATH, result, ids)?;
            if token.is_empty() {
                continue;
            }
            if query.get("page_token").and_then(Value::as_str) == Some(token.as_str()) {
                return Err(self.shape(PATH, "a page names itself as the next"));
            }
            let mut query = query.clone();
            query["page_token"] = Value::String(token);
            further.push(query);
        }
        Ok(further)
    }

    /// One query's ids, and the token of its next page, if any.
    fn result(&self, path: &str, result: &Map<String, Value>, ids: &mut BTreeMap<String, String>) -> Result<String, ApiError> {
        if !result.is_empty() && !result.contains_key("vulns") && !result.contains_key("next_page_token") {
            return Err(self.shape(path, "a result has neither `vulns` nor `next_page_token`"));
        }
        let vulns = match result.get("vulns") {
            None => &[][..],
            Some(vulns) => vulns.as_array().ok_or_else(|| self.shape(path, "`vulns` is no list"))?,
        };
        for vuln in vulns {
            let id = vuln.get("id").and_then(Value::as_str).filter(|id| is_id(id)).ok_or_else(|| self.shape(path, "an `id` is none"))?;
            let modified = vuln.get("modified").and_then(Value::as_str).unwrap_or_default();
            match ids.get(id) {
                // Said twice and differently: none of the two is to be relied on, and nothing is taken from the cache.
                Some(known) if known != modified => ids.insert(id.to_owned(), String::new()),
                _ => ids.insert(id.to_owned(), modified.to_owned()),
            };
        }
        match result.get("next_page_token") {
            None => Ok(String::new()),
            Some(token) => token.as_str().map(str::to_owned).ok_or_else(|| self.shape(path, "`next_page_token` is no string")),
        }
    }

    /// Fetches records in parallel, all of them or an error.
    fn records(&self, ids: &[(String, String)], end: Instant) -> Result<Vec<Advisory>, ApiError> {
        let next = AtomicUsize::new(0);
        let fetch = || {
            let mut records = Vec::new();
            while let Some((id, modified)) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.record(id, modified, self.deadline(end)) {
                    Ok(record) => records.push(Advisory::clone(&record)),
                    Err(error) => {
                        // The others stop too: one missing record spoils the answer.
                        next.store(ids.len(), Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
            Ok(records)
        };
        let parts = thread::scope(|scope| {
            let threads = (0..FETCHERS.min(ids.len())).map(|_| scope.spawn(fetch)).collect::<Vec<_>>();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>()
        });
        let mut records = Vec::with_capacity(ids.len());
        for part in parts {
            records.extend(part.map_err(|_| self.shape("/v1/vulns", "a thread failed"))??);
        }
        Ok(records)
    }

    fn record(&self, id: &str, modified: &str, deadline: Instant) -> Result<Arc<Advisory>, ApiError> {
        if let Some(known) = self.cache.get(id, modified) {
            return Ok(known);
        }
        let path = format!("/v1/vulns/{id}");
        let url = format!("{}{path}", self.base);
        let json = self.http.answer(&url, || self.http.get(&url), &[StatusCode::OK], LARGEST_RECORD, deadline)?.body;
        let record = Record::parse(&json).map_err(|error| self.shape(&path, &error.to_string()))?;
        if record.advisory.id != id {
            return Err(self.shape(&path, &format!("it is the record `{}`", escaped(&record.advisory.id))));
        }
        if record.partial {
            return Err(self.shape(&path, "a package it names cannot be read"));
        }
        let time = |text: &str| text.parse::<Timestamp>().ok();
        if matches!((time(&record.advisory.modified), time(modified)), (Some(given), Some(promised)) if given < promised) {
            return Err(self.shape(&path, "it is an older copy than the service itself says"));
        }
        let advisory = Arc::new(record.advisory);
        self.cache.put(&advisory, &json);
        Ok(advisory)
    }

    /// When an answer that is asked for now must be there.
    fn deadline(&self, end: Instant) -> Instant {
        end.min(Instant::now() + self.http.patience().timeout * ANSWER)
    }

    fn shape(&self, path: &str, why: &str) -> ApiError {
        ApiError::Shape { url: format!("{}{path}", self.base), why: why.to_owned() }
    }
}

impl AdvisorySource for Api {
    /// Only packages of the public registry are named to the service; the others are matched against the embedded snapshot,
    /// so that what an artifact says of itself does not hide a package that is known to be bad.
    fn judge(&self, packages: &[Package]) -> Result<Vec<Vec<Vulnerability>>, SourceError> {
        let (public, others): (Vec<_>, Vec<_>) = packages.iter().cloned().partition(|package| package.origin == Origin::Registry);
        let mut advisories = if others.is_empty() { Vec::new() } else { Snapshot::embedded().about_packages(&others) };
        let end = Instant::now() + LONGEST;
        let names = public.iter().flat_map(spellings).collect();
        let ids = self.ids(&names, end)?;
        let records = self.records(&ids, end)?;
        let meant: HashSet<_> = public.iter().map(|package| (package.ecosystem, package.ecosystem.folded(&package.name))).collect();
        let is_meant = |record: &Advisory| record.affected.iter().any(|one| meant.contains(&(one.ecosystem, one.name.clone())));
        if let Some(stray) = records.iter().find(|record| !record.withdrawn && !is_meant(record)) {
            // Found by a name that it does not bear: which package it speaks of is not known.
            return Err(self.shape(&format!("/v1/vulns/{}", stray.id), "the record names none of the packages it was found for").into());
        }
        advisories.extend(records);
        Ok(matcher::by_package(&advisories, packages))
    }

    fn covers(&self, _: Ecosystem) -> bool {
        true
    }

    fn about(&self) -> About {
        About { origin: AdvisoryOrigin::Api, as_of: Timestamp::now(), digest: String::new(), unreadable: 0, note: String::new() }
    }
}

/// The spellings under which records may name a package: the service folds PyPI's names and no others.
fn spellings(package: &Package) -> BTreeSet<(Ecosystem, String)> {
    let folded = package.ecosystem.folded(&package.name);
    let names = match package.ecosystem {
        Ecosystem::CratesIo => vec![package.name.clone(), folded.replace('-', "_"), folded],
        Ecosystem::Npm | Ecosystem::PyPi => vec![folded],
    };
    names.into_iter().map(|name| (package.ecosystem, name)).collect()
}

/// Whether a text is an id that may stand in a URL.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 100
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
        && !id.starts_with('.')
}
