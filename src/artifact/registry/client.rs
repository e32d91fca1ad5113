//! Asks a registry: tokens, retries, redirects, and never more bytes than allowed.

use std::io::Read;
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LINK, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{StatusCode, Url, redirect};

use super::auth::{Challenge, Credentials};
use super::{Options, Reference, RegistryError};
use crate::artifact::image::{DESCRIPTION, INDEXES, MANIFESTS};
use crate::model::escaped;

/// The longest that a registry may make us wait before the next attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Bytes a second below which a transfer counts as stuck.
const SLOWEST: u64 = 64 * 1024;

/// One registry, asked about one repository.
pub(super) struct Registry<'r> {
    client: Client,
    reference: &'r Reference,
    options: &'r Options,
    base: String,
    authorization: Option<String>,
    credentials: Option<Credentials>,
}

/// A manifest as the registry gave it.
pub(super) struct Document {
    pub(super) media: String,
    pub(super) bytes: Vec<u8>,
    /// `Docker-Content-Digest`, where it is given.
    pub(super) digest: Option<String>,
}

impl<'r> Registry<'r> {
    pub(super) fn new(reference: &'r Reference, options: &'r Options) -> Result<Self, RegistryError> {
        let plain = options.plain_http || reference.is_local();
        // Credentials stay with the host they were meant for (reqwest drops them on the way to another), and TLS stays on.
        let policy = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > 5 {
                attempt.error("more than five redirects")
            } else if attempt.url().scheme() != "https" && !plain {
                attempt.error("a redirect away from https")
            } else {
                attempt.follow()
            }
        });
        let client = Client::builder()
            .user_agent(concat!("fngate/", env!("CARGO_PKG_VERSION")))
            .redirect(policy)
            .connect_timeout(options.timeout)
            .build()
            .map_err(|error| RegistryError::unreachable(reference, &error))?;
        let base = format!("{}://{}/v2/{}", if plain { "http" } else { "https" }, reference.host(), reference.repository);
        let credentials = options.credentials.clone().or_else(|| Credentials::find(&reference.registry));
        Ok(Self { client, reference, options, base, authorization: None, credentials })
    }

    /// A manifest or an index, by tag or digest.
    pub(super) fn manifest(&mut self, target: &str) -> Result<Document, RegistryError> {
        let accept = INDEXES.iter().chain(&MANIFESTS).copied().collect::<Vec<_>>().join(", ");
        let url = format!("{}/manifests/{target}", self.base);
        self.document(&url, &accept, &format!("the manifest `{target}`")).map(|(document, _)| document)
    }

    /// A page of the list of a manifest's referrers, and where the next one is (distribution specification 1.1, "Listing
    /// Referrers"). The next page is asked for only where it belongs to the same list.
    pub(super) fn referrers(&mut self, digest: &str, page: Option<&str>) -> Result<(Document, Option<String>), RegistryError> {
        let first = format!("{}/referrers/{digest}", self.base);
        let malformed = || RegistryError::Malformed { registry: self.reference.registry.clone(), why: "the next page is on another list" };
        let own = Url::parse(&first).map_err(|_| malformed())?;
        let url = match page {
            None => own,
            Some(page) => {
                own.join(page).ok().filter(|url| (url.origin(), url.path()) == (own.origin(), own.path())).ok_or_else(malformed)?
            }
        };
        let (document, link) = self.document(url.as_str(), INDEXES[0], "the list of referrers")?;
        Ok((document, link.as_deref().and_then(next)))
    }

    /// A document, and its `Link` header.
    fn document(&mut self, url: &str, accept: &str, what: &str) -> Result<(Document, Option<String>), RegistryError> {
        let mut attempt = 0;
        loop {
            let response = self.get(url, Some(accept), self.options.timeout)?;
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let media = header(CONTENT_TYPE.as_str()).unwrap_or_default();
            let (media, digest) = (media.split(';').next().unwrap_or_default().trim().to_owned(), header("docker-content-digest"));
            let link = header(LINK.as_str());
            let mut bytes = Vec::new();
            match response.take(DESCRIPTION + 1).read_to_end(&mut bytes) {
                Ok(_) if bytes.len() as u64 > DESCRIPTION => {
                    return Err(RegistryError::TooLarge { what: what.to_owned(), most: DESCRIPTION });
                }
                Ok(_) => return Ok((Document { media, bytes, digest }, link)),
                Err(error) if attempt >= self.options.attempts => return Err(RegistryError::unreachable(self.reference, &error)),
                Err(_) => self.wait(&mut attempt, None),
            }
        }
    }

    /// A blob, as a stream; who reads it verifies it.
    pub(super) fn blob(&mut self, digest: &str, size: u64) -> Result<Response, RegistryError> {
        let url = format!("{}/blobs/{digest}", self.base);
        self.get(&url, None, self.options.timeout + Duration::from_secs(size / SLOWEST))
    }

    /// Waits before the next attempt: as long as the registry says, else twice as long as before.
    pub(super) fn wait(&self, attempt: &mut u32, asked: Option<Duration>) {
        let backoff = self.options.backoff.saturating_mul(1 << (*attempt).min(8));
        *attempt += 1;
        std::thread::sleep(asked.unwrap_or(backoff).min(LONGEST_WAIT));
    }

    /// How often a transfer is tried.
    pub(super) fn attempts(&self) -> u32 {
        self.options.attempts
    }

    /// Gets a URL of the registry, with a token where it asks for one.
    fn get(&mut self, url: &str, accept: Option<&str>, timeout: Duration) -> Result<Response, RegistryError> {
        let (mut attempt, mut asked) = (0, false);
        loop {
            let mut request = self.client.get(url).timeout(timeout);
            if let Some(accept) = accept {
                request = request.header(ACCEPT, accept);
            }
            if let Some(authorization) = &self.authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
            let response = match request.send() {
                Ok(response) => response,
                Err(error) if attempt >= self.options.attempts || error.is_redirect() || error.is_builder() => {
                    return Err(RegistryError::unreachable(self.reference, &error));
                }
                Err(_) => {
                    self.wait(&mut attempt, None);
                    continue;
                }
            };
            match response.status() {
                status if status.is_success() => return Ok(response),
                // Only the registry itself may ask for credentials: a host that it redirects to would choose where they go.
                StatusCode::UNAUTHORIZED if !asked && self.is_own(response.url()) => {
                    asked = true;
                    let challenge =
                        response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).and_then(Challenge::parse);
                    self.authorization = Some(self.answer(challenge)?);
                }
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.unauthorized()),
                StatusCode::NOT_FOUND => return Err(RegistryError::NotFound(escaped(url).into_owned())),
                status if attempt < self.options.attempts && (status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()) => {
                    let after =
                        response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
                    self.wait(&mut attempt, after.map(Duration::from_secs));
                }
                status => return Err(RegistryError::Status { registry: self.reference.registry.clone(), status: status.as_u16() }),
            }
        }
    }

    fn is_own(&self, url: &Url) -> bool {
        Url::parse(&self.base).is_ok_and(|base| base.origin() == url.origin())
    }

    fn unauthorized(&self) -> RegistryError {
        RegistryError::Unauthorized { registry: self.reference.registry.clone(), repository: self.reference.repository.clone() }
    }

    /// What the registry wants to see: basic credentials, or a token got with them.
    fn answer(&self, challenge: Option<Challenge>) -> Result<String, RegistryError> {
        let malformed = |why: &'static str| RegistryError::Malformed { registry: self.reference.registry.clone(), why };
        let (realm, service, scope) = match challenge {
            None => return Err(self.unauthorized()),
            Some(Challenge::Basic) => return self.credentials.as_ref().map(Credentials::basic).ok_or_else(|| self.unauthorized()),
            Some(Challenge::Bearer { realm, service, scope }) => (realm, service, scope),
        };
        let mut url = Url::parse(&realm).map_err(|_| malformed("the token's realm is no URL"))?;
        if url.scheme() != "https" && !(self.options.plain_http || self.reference.is_local()) {
            return Err(malformed("the token's realm is not https"));
        }
        let scope = if scope.is_empty() { format!("repository:{}:pull", self.reference.repository) } else { scope };
        url.query_pairs_mut().append_pair("service", &service).append_pair("scope", &scope);
        let mut request = self.client.get(url).timeout(self.options.timeout);
        if let Some(credentials) = &self.credentials {
            request = request.header(AUTHORIZATION, credentials.basic());
        }
        let response = request.send().map_err(|error| RegistryError::unreachable(self.reference, &error))?;
        if !response.status().is_success() {
            return Err(self.unauthorized());
        }
        let mut bytes = Vec::new();
        response.take(1024 * 1024).read_to_end(&mut bytes).map_err(|error| RegistryError::unreachable(self.reference, &error))?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|_| malformed("the token is no JSON"))?;
        let token =
            ["token", "access_token"].iter().find_map(|key| value.get(key)?.as_str()).ok_or_else(|| malformed("there is no token"))?;
        Ok(format!("Bearer {token}"))
    }
}

/// The target of a `Link` header with the relation `next` (RFC 8288).
fn next(header: &str) -> Option<String> {
    let (target, parameters) = header.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or_default();
        name.trim().eq_ignore_ascii_case("rel") && value.trim().trim_matches('"').eq_ignore_ascii_case("next")
    };
    parameters.split(';').any(is_next).then(|| target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_named_by_a_header() {
        assert_eq!(next("</v2/a/referrers/b?n=2&last=c>; rel=\"next\"").as_deref(), Some("/v2/a/referrers/b?n=2&last=c"));
        assert_eq!(next("<x>;rel=next").as_deref(), Some("x"));
        assert_eq!(next("<x>; rel=\"prev\""), None);
        assert_eq!(next("x; rel=next"), None);
    }
}
