//! One exchange with a service over HTTP: an answer of bounded size, in bounded time, from where it was asked and nowhere else.
//!
//! The clients of the signing crates read an answer to its end, however long it is; whoever answers in the place of an authority or
//! a log could fill the memory. So the requests are ours, and theirs are only the forms of what is sent and read.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;

use super::super::Patience;

/// Bytes an answer may have. A chain of certificates, a log entry and a timestamp have a few kilobytes.
const LARGEST_ANSWER: usize = 4 << 20;
/// Bytes that are read of an answer that says no.
const LONGEST_COMPLAINT: usize = 4 << 10;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// The form of what is sent.
pub(super) const JSON: &str = "application/json";

/// Why there is no answer that could be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// The service says no to what it was asked.
    Refused(String),
    /// Anything else.
    Failed(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(said) | Self::Failed(said) => f.write_str(said),
        }
    }
}

impl From<String> for Fault {
    fn from(said: String) -> Self {
        Self::Failed(said)
    }
}

/// A client that waits, but not for ever, and takes a token nowhere but where it was sent.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    patience: Patience,
}

impl Client {
    pub(super) fn new(patience: Patience) -> Result<Self, String> {
        let agent = concat!("fngate/", env!("CARGO_PKG_VERSION"));
        let builder = reqwest::Client::builder().user_agent(agent).timeout(patience.request).connect_timeout(CONNECT.min(patience.request));
        let http = builder.redirect(reqwest::redirect::Policy::none()).build().map_err(|error| error.to_string())?;
        Ok(Self { http, patience })
    }

    /// For the one exchange that is not made here: the login, whose crate takes an answer of 1 MiB at most.
    pub(super) fn http(&self) -> reqwest::Client {
        self.http.clone()
    }

    /// Sends this and gives what comes back, if it is a success.
    pub(super) async fn post(&self, url: &str, form: &str, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.answer(self.http.post(url).header(CONTENT_TYPE, form).body(body)).await
    }

    /// Asks with a credential.
    pub(super) async fn get(&self, url: reqwest::Url, bearer: &str) -> Result<Vec<u8>, Fault> {
        self.answer(self.http.get(url).bearer_auth(bearer)).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Result<Vec<u8>, Fault> {
        let response = request.send().await.map_err(|error| self.said(error))?;
        let status = response.status();
        if status.is_success() {
            let (body, whole) = self.read(response, LARGEST_ANSWER).await?;
            return if whole { Ok(body) } else { Err(format!("its answer is larger than {} MiB", LARGEST_ANSWER >> 20).into()) };
        }
        let said = self.read(response, LONGEST_COMPLAINT).await.map(|(body, _)| String::from_utf8_lossy(&body).trim().to_owned());
        let said = match said {
            Ok(said) if !said.is_empty() => format!("it answers {status}: {said}"),
            _ => format!("it answers {status}"),
        };
        Err(if status.is_client_error() { Fault::Refused(said) } else { Fault::Failed(said) })
    }

    /// At most so much of an answer, and whether that is all of it. The client unpacks nothing; if it did, what comes here would be
    /// unpacked already, and the bound would hold as well.
    async fn read(&self, mut response: reqwest::Response, most: usize) -> Result<(Vec<u8>, bool), String> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.said(error))? {
            let room = most - body.len();
            body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if chunk.len() > room {
                return Ok((body, false));
            }
        }
        Ok((body, true))
    }

    /// An error with its causes in a line, without the address: whoever reports it names that.
    fn said(&self, error: reqwest::Error) -> String {
        if error.is_timeout() {
            return super::too_long(self.patience.request);
        }
        let error = error.without_url();
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        text
    }
}
