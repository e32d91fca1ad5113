//! OSV's service, `api.osv.dev` (<https://google.github.io/osv.dev/api/>).
//!
//! Packages are asked for by name and without a version: the service finds the records, the matcher judges them, as it does
//! offline. Names go in batches (`POST /v1/querybatch`), records are fetched one by one in parallel (`GET /v1/vulns/{id}`).
//! Whatever is not a whole and well-shaped answer is an error; nothing is taken for "no vulnerabilities".

use std::collections::{BTreeSet, HashSet};
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Map, Value, json};

use super::advisory::Advisory;
use super::record::Record;
use super::snapshot::Snapshot;
use super::source::{About, AdvisorySource, SourceError};
use crate::model::{AdvisoryOrigin, Ecosystem, Origin, Package, escaped};

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
/// Bytes read of an answer between two looks at the clock.
const CHUNK: usize = 64 * 1024;
/// Records fetched at once.
const FETCHERS: usize = 16;

/// Why the service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// There is no connection, or it broke.
    #[error("cannot reach the advisory service at `{url}`: {why}")]
    Transport {
        /// What was asked for.
        url: String,
        /// The innermost cause.
        why: String,
    },
    /// It refused, and went on refusing.
    #[error("the advisory service refused `{url}`: {status}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is larger than any honest one.
    #[error("the advisory service's answer to `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The answer is not what the protocol says.
    #[error("the advisory service's answer to `{url}` is not what its protocol says: {why}")]
    Shape {
        /// What was asked for.
        url: String,
        /// What is wrong.
        why: String,
    },
}

/// How long to wait and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one attempt to begin to answer; [`ANSWER`] times as long for an answer with all attempts, pauses and its body, and
    /// for a batch with all its pages.
    pub timeout: Duration,
    /// Times that a request is sent at most.
    pub attempts: u32,
    /// Before the second attempt; twice as long before each further one.
    pub pause: Duration,
    /// The longest `Retry-After` that is waited for.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), attempts: 4, pause: Duration::from_millis(500), longest: Duration::from_secs(30) }
    }
}

/// The service.
#[derive(Debug)]
pub struct Api {
    base: String,
    client: Client,
    patience: Patience,
}

impl Api {
    /// A service by its base URL, [`PUBLIC`] or a mirror's. Proxies are taken from the environment (`HTTPS_PROXY`).
    pub fn new(base: &str, patience: Patience) -> Result<Self, ApiError> {
        let base = base.trim_end_matches('/').to_owned();
        let client = Client::builder()
            .user_agent(concat!("fngate/", env!("CARGO_PKG_VERSION")))
            .timeout(patience.timeout)
            // A redirected POST may become a GET and lose its question, and the service redirects nowhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(patience.timeout.min(Duration::from_secs(10)))
            .https_only(base.starts_with("https:"))
            .build()
            .map_err(|error| ApiError::Transport { url: base.clone(), why: chain(&error) })?;
        Ok(Self { base, client, patience })
    }

    /// Whether the service answers at all: an empty batch, once. A service that dislikes the question is there all the same.
    pub fn reach(&self) -> Result<(), ApiError> {
        let url = format!("{}/v1/querybatch", self.base);
        let request = self.client.post(&url).timeout(self.patience.timeout.min(Duration::from_secs(10)));
        let answer = request.header("content-type", "application/json").body(r#"{"queries":[]}"#).send();
        let answer = answer.map_err(|error| ApiError::Transport { url: url.clone(), why: chain(&error) })?;
        let status = answer.status();
        let busy = status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error();
        if busy { Err(ApiError::Refused { url, status: status.as_u16() }) } else { Ok(()) }
    }

    /// The ids of all records that name one of the packages.
    fn ids(&self, names: &BTreeSet<(Ecosystem, String)>, end: Instant) -> Result<Vec<String>, ApiError> {
        let queries = names.iter().map(|(ecosystem, name)| json!({"package": {"ecosystem": ecosystem.as_str(), "name": name}}));
        let queries = queries.collect::<Vec<_>>();
        let mut ids = BTreeSet::new();
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
    fn page(&self, queries: &[Value], ids: &mut BTreeSet<String>, deadline: Instant) -> Result<Vec<Value>, ApiError> {
        const PATH: &str = "/v1/querybatch";
        let body = json!({ "queries": queries }).to_string();
        let post = || self.client.post(format!("{}{PATH}", self.base)).header("content-type", "application/json").body(body.clone());
        let answer = self.answer(PATH, post, LARGEST_BATCH, deadline)?;
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
    fn result(&self, path: &str, result: &Map<String, Value>, ids: &mut BTreeSet<String>) -> Result<String, ApiError> {
        if !result.is_empty() && !result.contains_key("vulns") && !result.contains_key("next_page_token") {
            return Err(self.shape(path, "a result has neither `vulns` nor `next_page_token`"));
        }
        let vulns = match result.get("vulns") {
            None => &[][..],
            Some(vulns) => vulns.as_array().ok_or_else(|| self.shape(path, "`vulns` is no list"))?,
        };
        for vuln in vulns {
            let id = vuln.get("id").and_then(Value::as_str).filter(|id| is_id(id)).ok_or_else(|| self.shape(path, "an `id` is none"))?;
            ids.insert(id.to_owned());
        }
        match result.get("next_page_token") {
            None => Ok(String::new()),
            Some(token) => token.as_str().map(str::to_owned).ok_or_else(|| self.shape(path, "`next_page_token` is no string")),
        }
    }

    /// Fetches records in parallel, all of them or an error.
    fn records(&self, ids: &[String], end: Instant) -> Result<Vec<Advisory>, ApiError> {
        let next = AtomicUsize::new(0);
        let fetch = || {
            let mut records = Vec::new();
            while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.record(id, self.deadline(end)) {
                    Ok(record) => records.push(record),
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

    fn record(&self, id: &str, deadline: Instant) -> Result<Advisory, ApiError> {
        let path = format!("/v1/vulns/{id}");
        let json = self.answer(&path, || self.client.get(format!("{}{path}", self.base)), LARGEST_RECORD, deadline)?;
        let record = Record::parse(&json).map_err(|error| self.shape(&path, &error.to_string()))?;
        if record.advisory.id != id {
            return Err(self.shape(&path, &format!("it is the record `{}`", escaped(&record.advisory.id))));
        }
        if record.partial {
            return Err(self.shape(&path, "a package it names cannot be read"));
        }
        Ok(record.advisory)
    }

    /// When an answer that is asked for now must be there.
    fn deadline(&self, end: Instant) -> Instant {
        end.min(Instant::now() + self.patience.timeout * ANSWER)
    }

    /// Sends a request until it is answered: again after a broken connection, 429 and 5xx.
    fn answer(&self, path: &str, request: impl Fn() -> RequestBuilder, limit: u64, deadline: Instant) -> Result<Vec<u8>, ApiError> {
        let url = || format!("{}{path}", self.base);
        let mut pause = self.patience.pause;
        let mut attempt = 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ApiError::Transport { url: url(), why: "it takes too long".to_owned() });
            }
            let (error, wait) = match request().timeout(left.min(self.patience.timeout)).send() {
                Ok(answer) if answer.status() == StatusCode::OK => match body(answer, limit, deadline) {
                    Ok(body) if body.len() as u64 > limit => return Err(ApiError::TooLarge { url: url(), limit }),
                    Ok(body) => return Ok(body),
                    Err(error) => (ApiError::Transport { url: url(), why: chain(&error) }, pause),
                },
                Ok(answer) => {
                    let status = answer.status();
                    let refused = ApiError::Refused { url: url(), status: status.as_u16() };
                    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
                        return Err(refused);
                    }
                    (refused, retry_after(&answer).unwrap_or(pause))
                }
                Err(error) => (ApiError::Transport { url: url(), why: chain(&error) }, pause),
            };
            let in_time = wait < deadline.saturating_duration_since(Instant::now());
            if attempt >= self.patience.attempts || wait > self.patience.longest || !in_time {
                return Err(error);
            }
            thread::sleep(wait);
            attempt += 1;
            pause *= 2;
        }
    }

    fn shape(&self, path: &str, why: &str) -> ApiError {
        ApiError::Shape { url: format!("{}{path}", self.base), why: why.to_owned() }
    }
}

impl AdvisorySource for Api {
    /// Only packages of the public registry are named to the service; the others are matched against the embedded snapshot,
    /// so that what an artifact says of itself does not hide a package that is known to be bad.
    fn advisories(&self, packages: &[Package]) -> Result<Vec<Advisory>, SourceError> {
        let (public, others): (Vec<_>, Vec<_>) = packages.iter().cloned().partition(|package| package.origin == Origin::Registry);
        let mut advisories = if others.is_empty() { Vec::new() } else { Snapshot::embedded().advisories(&others)? };
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
        Ok(advisories)
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
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 100
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':'))
        && !id.starts_with('.')
}

/// The whole body, or one byte more than the limit of it. The client's own timeout begins anew with every read, so that a body
/// of one byte a second would never end.
fn body(answer: Response, limit: u64, deadline: Instant) -> Result<Vec<u8>, std::io::Error> {
    let mut answer = answer.take(limit + 1);
    let (mut body, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    loop {
        match answer.read(&mut chunk) {
            Ok(0) => return Ok(body),
            Ok(length) => body.extend_from_slice(chunk.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if Instant::now() >= deadline {
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "it takes too long"));
        }
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); its form as a date is not used by the service.
fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error with its causes: reqwest's own text leaves out what went wrong.
fn chain(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    escaped(&last.to_string()).into_owned()
}
