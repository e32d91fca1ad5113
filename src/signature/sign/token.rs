//! The identity token that says who signs: where it comes from, and whether it is worth sending.

use jiff::Timestamp;

use super::{Services, SignError};
use crate::signature::sigstore_adapter::sign::Identity;

/// The audience that certificate authorities of Sigstore ask for.
const AUDIENCE: &str = "sigstore";

/// How a person logs in.
pub trait Prompt {
    /// Says where to log in; `opened` if a browser already shows the page.
    fn visit(&self, url: &str, opened: bool);
    /// Asks for the code that the page shows.
    fn code(&self) -> std::io::Result<String>;
}

/// An OpenID Connect identity token. Its text is a credential: it is never shown, and wiped when it is dropped.
#[derive(Clone, Debug)]
pub struct Token(Identity);

impl Token {
    /// A token that was given.
    pub fn from_jwt(jwt: &str) -> Result<Self, SignError> {
        Identity::from_jwt(jwt.trim()).map(Self).map_err(SignError::Token)
    }

    /// The token of this environment: `SIGSTORE_ID_TOKEN`, else what GitHub Actions, GitLab, Buildkite or CircleCI offer to the
    /// job; `None` where there is none.
    pub fn ambient() -> Result<Option<Self>, SignError> {
        match std::env::var("SIGSTORE_ID_TOKEN") {
            Ok(jwt) if !jwt.trim().is_empty() => Self::from_jwt(&jwt).map(Some),
            _ => Identity::ambient(AUDIENCE).map(|found| found.map(Self)).map_err(SignError::Token),
        }
    }

    /// Asks a person to log in at the issuer of the signing configuration: in a browser, or `by_code`.
    pub fn interactive(services: &Services, by_code: bool, prompt: &dyn Prompt) -> Result<Self, SignError> {
        Identity::interactive(&services.0, by_code, prompt).map(Self).map_err(SignError::Login)
    }

    /// What the certificate authority would refuse without saying why.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), SignError> {
        if self.0.expires() <= now {
            return Err(SignError::TokenExpired(self.0.expires()));
        }
        if !self.0.is_for(AUDIENCE) {
            return Err(SignError::TokenAudience);
        }
        Ok(())
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.0
    }

    pub(super) fn issuer(&self) -> &str {
        self.0.issuer()
    }

    pub(super) fn subject(&self) -> &str {
        self.0.subject()
    }

    pub(super) fn email(&self) -> Option<&str> {
        self.0.email()
    }
}
