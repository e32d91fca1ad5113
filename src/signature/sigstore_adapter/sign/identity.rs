//! The token that says who signs: from the job's own service, or from a person who logs in.

use serde::Deserialize;
use sigstore_sign::oidc::{AuthCallback, AuthMode, AuthOptions, HtmlTemplates, IdentityToken, OAuthClient, OAuthConfig, SecretString};

use super::exchange::Client;
use super::{Endpoints, PATIENCE, block};
use crate::signature::examination::quoted;
use crate::signature::sign::Prompt;

/// What GitHub Actions tells a job that may ask for a token: where, and with what.
const GITHUB: [&str; 2] = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// A token that says who signs. Never printed.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Identity(IdentityToken);

/// GitHub's answer to a job that asks for a token.
#[derive(Deserialize)]
struct Issued {
    value: SecretString,
}

impl Identity {
    pub(in crate::signature) fn from_jwt(jwt: &str) -> Result<Self, String> {
        IdentityToken::from_jwt(jwt).map(Self).map_err(|error| error.to_string())
    }

    /// The token that the continuous integration service offers to this job. GitHub's has to be fetched, which is done here, with
    /// a bound on the answer; of the others the crate reads a variable or runs their program.
    pub(in crate::signature) fn ambient(audience: &str) -> Result<Option<Self>, String> {
        if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
            return Self::of_github(audience).map(Some);
        }
        let found = block(IdentityToken::detect_ambient())?;
        found.map(|token| token.map(Self)).map_err(|error| error.to_string())
    }

    fn of_github(audience: &str) -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let [Some(url), Some(bearer)] = GITHUB.map(variable) else {
            return Err("the job may not ask for a token; give it the permission `id-token: write`".to_owned());
        };
        let mut url = reqwest::Url::parse(&url).map_err(|error| format!("{} is no address ({error})", GITHUB[0]))?;
        url.query_pairs_mut().append_pair("audience", audience);
        let client = Client::new(PATIENCE)?;
        let place = url.host_str().unwrap_or_default().to_owned();
        let answer = block(client.get(url, &bearer))?.map_err(|fault| format!("the job's service gave none ({fault}): {place}"))?;
        // The answer holds a credential: nothing of it is repeated.
        let issued = serde_json::from_slice::<Issued>(&answer).map_err(|_| format!("the job's service answers something else: {place}"))?;
        Self::from_jwt(issued.value.expose_secret())
    }

    /// Asks a person, in a browser or by a code that they paste.
    pub(in crate::signature) fn interactive(endpoints: &Endpoints, by_code: bool, prompt: &dyn Prompt) -> Result<Self, String> {
        let issuer = endpoints.services.oidc_url().ok_or("the signing configuration names no issuer to log in at")?;
        let client = Client::new(endpoints.patience)?;
        let client = OAuthClient::with_http_client(OAuthConfig::dex(issuer), client.http());
        let options = AuthOptions::new().with_force_oob(by_code);
        let token = block(client.authenticate_with_options(Login(prompt), options))?;
        // Whoever reaches the port on loopback has a word in it.
        token.map(Self).map_err(|error| quoted(&error.to_string()))
    }

    pub(super) fn token(&self) -> &IdentityToken {
        &self.0
    }

    pub(in crate::signature) fn issuer(&self) -> &str {
        self.0.issuer()
    }

    pub(in crate::signature) fn subject(&self) -> &str {
        self.0.subject()
    }

    pub(in crate::signature) fn email(&self) -> Option<&str> {
        self.0.email()
    }

    pub(in crate::signature) fn expires(&self) -> jiff::Timestamp {
        self.0.expiration()
    }

    pub(in crate::signature) fn is_for(&self, audience: &str) -> bool {
        self.0.claims().aud.contains(audience)
    }
}

/// The conversation of a login.
struct Login<'a>(&'a dyn Prompt);

impl HtmlTemplates for Login<'_> {}

impl AuthCallback for Login<'_> {
    fn auth_url_ready(&self, url: &str, mode: AuthMode) {
        self.0.visit(url, mode == AuthMode::BrowserRedirect);
    }

    fn prompt_for_code(&self) -> std::io::Result<SecretString> {
        self.0.code().map(SecretString::new)
    }
}
