//! HTTP to advisory servers: what is tried again, how long is waited, how much is taken.
//!
//! A broken connection, a body that ends early, 429 (too many requests) and 5xx (the server's own fault) pass, and are tried
//! again after a pause that doubles, or after what `Retry-After` says (RFC 9110, section 10.2.3); any other answer is final.
//! Proxies are taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).

use std::io::Read;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect::Policy;

use crate::model::escaped;

/// Bytes read of an answer between two looks at the clock.
const CHUNK: usize = 64 * 1024;

/// Why a server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// There is no connection, or it broke.
    #[error("cannot reach `{url}`: {why}")]
    Transport {
        /// What was asked for.
        url: String,
        /// The innermost cause.
        why: String,
    },
    /// It refused, and went on refusing.
    #[error("the server refused `{url}`: {status}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer cannot be stored on this machine.
    #[error("cannot write `{path}`: {why}")]
    Store {
        /// Where.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The answer is larger than any honest one.
    #[error("the answer to `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
}

/// How long to wait and how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one attempt, from the connection to the end of the answer.
    pub timeout: Duration,
    /// Times that a request is sent at most without anything gained.
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

/// A whole answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// `ETag`, empty where there is none.
    pub(super) etag: String,
    pub(super) body: Vec<u8>,
}

/// How an attempt failed.
pub(super) enum Setback {
    /// Trying again is no use.
    Final(HttpError),
    /// It may pass.
    Passing {
        /// What is said if it does not.
        error: HttpError,
        /// How long the server asks to wait.
        wait: Option<Duration>,
        /// Whether something was gained all the same, so that the count of attempts begins anew.
        gained: bool,
    },
}

/// A client.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    patience: Patience,
}

impl Http {
    /// A client for servers under a base URL. Over TLS it stays there, wherever it is sent.
    pub(super) fn new(base: &str, patience: Patience, redirects: Policy) -> Result<Self, HttpError> {
        let client = Client::builder()
            .user_agent(concat!("fngate/", env!("CARGO_PKG_VERSION")))
            .timeout(patience.timeout)
            .connect_timeout(patience.timeout.min(Duration::from_secs(10)))
            .redirect(redirects)
            .https_only(base.starts_with("https:"))
            .build()
            .map_err(|error| transport(base, &error))?;
        Ok(Self { client, patience })
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    pub(super) fn get(&self, url: &str) -> RequestBuilder {
        self.client.get(url)
    }

    pub(super) fn post(&self, url: &str, json: String) -> RequestBuilder {
        self.client.post(url).header("content-type", "application/json").body(json)
    }

    /// The whole answer to a request, whose status is one of `accepted`. Only a 200 has a body that is read.
    pub(super) fn answer(
        &self,
        url: &str,
        request: impl Fn() -> RequestBuilder,
        accepted: &[StatusCode],
        limit: u64,
        deadline: Instant,
    ) -> Result<Answer, HttpError> {
        self.answer_within(url, request, accepted, limit, deadline, self.patience.timeout)
    }

    /// The same, with so much time for an attempt.
    pub(super) fn answer_within(
        &self,
        url: &str,
        request: impl Fn() -> RequestBuilder,
        accepted: &[StatusCode],
        limit: u64,
        deadline: Instant,
        attempt: Duration,
    ) -> Result<Answer, HttpError> {
        self.patiently(url, deadline, attempt, |timeout| {
            let answer = sent(url, request().timeout(timeout), accepted)?;
            let (status, etag) = (answer.status(), header(&answer, "etag"));
            let body = if status == StatusCode::OK { body(answer, limit, deadline) } else { Ok(Vec::new()) };
            match body {
                Ok(body) if body.len() as u64 > limit => Err(Setback::Final(HttpError::TooLarge { url: url.to_owned(), limit })),
                Ok(body) => Ok(Answer { status, etag, body }),
                Err(error) => Err(Setback::Passing { error: transport(url, &error), wait: None, gained: false }),
            }
        })
    }

    /// Tries until it succeeds, fails for good, or patience ends. The attempt is told how long it may take.
    pub(super) fn patiently<T>(
        &self,
        url: &str,
        deadline: Instant,
        longest: Duration,
        mut attempt: impl FnMut(Duration) -> Result<T, Setback>,
    ) -> Result<T, HttpError> {
        let (mut pause, mut count) = (self.patience.pause, 1);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(HttpError::Transport { url: url.to_owned(), why: "it takes too long".to_owned() });
            }
            let (error, wait, gained) = match attempt(left.min(longest)) {
                Ok(answer) => return Ok(answer),
                Err(Setback::Final(error)) => return Err(error),
                Err(Setback::Passing { error, wait, gained }) => (error, wait, gained),
            };
            if gained {
                (pause, count) = (self.patience.pause, 0);
            }
            let wait = wait.unwrap_or(pause);
            let in_time = wait < deadline.saturating_duration_since(Instant::now());
            if count >= self.patience.attempts || wait > self.patience.longest || !in_time {
                return Err(error);
            }
            thread::sleep(wait);
            count += 1;
            pause *= 2;
        }
    }
}

/// Sends a request once.
pub(super) fn sent(url: &str, request: RequestBuilder, accepted: &[StatusCode]) -> Result<Response, Setback> {
    let answer = request.send().map_err(|error| Setback::Passing { error: transport(url, &error), wait: None, gained: false })?;
    let status = answer.status();
    if accepted.contains(&status) {
        return Ok(answer);
    }
    let error = HttpError::Refused { url: url.to_owned(), status: status.as_u16() };
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT || status.is_server_error() {
        Err(Setback::Passing { error, wait: retry_after(&answer), gained: false })
    } else {
        Err(Setback::Final(error))
    }
}

/// A header's text, empty where there is none.
pub(super) fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// The whole body, or one byte more than the limit of it.
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

/// `Retry-After` in seconds, or as a date (RFC 9110, section 5.6.7), from which the seconds from now are taken.
fn retry_after(answer: &Response) -> Option<Duration> {
    let text = header(answer, "retry-after");
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let left = at.as_second().saturating_sub(jiff::Timestamp::now().as_second());
    Some(Duration::from_secs(u64::try_from(left).unwrap_or(0)))
}

/// An error with its innermost cause: the client's own text leaves out what went wrong.
pub(super) fn transport(url: &str, error: &dyn std::error::Error) -> HttpError {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    HttpError::Transport { url: url.to_owned(), why: escaped(&last.to_string()).into_owned() }
}
