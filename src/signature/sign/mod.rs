//! Signing: for the release engineer who hands an artifact over, and for the gate that says what it found.
//!
//! A signature is made over a digest or over an in-toto statement, by a workload or person whom a certificate names
//! ([`Token`]) or by a long-lived key ([`PrivateKey`]); it is entered in the transparency log and timestamped. What comes back
//! from the services is verified by this tool's own strict profile before anybody sees it: a bundle that could not be
//! verified tomorrow is refused today.

mod key;
mod statement;
mod token;

use jiff::Timestamp;

use crate::model::{Signer, Statement};

use super::certificate::Claimant;
use super::sigstore_adapter::sign::{self as adapter, By, Endpoints, Signed as Content};
use super::sigstore_adapter::{Instance, Material, Parsed, Patience};
use super::{BundleFile, Digests, Identity, Requirement, TrustedRoot, examine};

pub use key::{KEY_ENDING, PUBLIC_ENDING, PrivateKey};
pub use statement::{Environment, provenance_of_job, statement};
pub use token::{Prompt, Token};

/// Bytes a signing configuration may have.
const LARGEST_CONFIG: u64 = 1 << 20;

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The signing configuration cannot be used.
    #[error("cannot use the signing configuration `{name}`: {fault}")]
    Services {
        /// The file or instance.
        name: String,
        /// Why.
        fault: String,
    },
    /// There is no way to reach anybody.
    #[error("cannot prepare to reach the signing services: {0}")]
    Network(String),
    /// The services are slow.
    #[error("the signing services take longer than {} seconds altogether", .0.as_secs())]
    Patience(std::time::Duration),
    /// No token and no key.
    #[error("nobody is named who signs: there is no identity token in this environment, and no key was given")]
    Nobody,
    /// The token is none.
    #[error("cannot read the identity token: {0}")]
    Token(String),
    /// The token has expired.
    #[error("the identity token expired at {0}")]
    TokenExpired(Timestamp),
    /// The token is for somebody else.
    #[error("the identity token is not for `sigstore`: its audience is another")]
    TokenAudience,
    /// The login failed.
    #[error("cannot log in: {0}")]
    Login(String),
    /// The key cannot be used.
    #[error("cannot use the private key: {0}")]
    Key(String),
    /// The password is wrong, or the file was changed.
    #[error("cannot decrypt the private key: the password is wrong, or the file was changed")]
    Password,
    /// A key cannot be entered in a log of Rekor's first version.
    #[error("a signature by a key can be entered in Rekor v2 only, and the signing configuration names a log of Rekor v1")]
    KeyInOldLog,
    /// The certificate authority refuses.
    #[error("the certificate authority issued no certificate ({fault}): {url}")]
    Certificate {
        /// The authority.
        url: String,
        /// Whether it said no to this token.
        refused: bool,
        /// What it said.
        fault: String,
    },
    /// The log refuses.
    #[error("the transparency log took no entry ({fault}): {url}")]
    Log {
        /// The log.
        url: String,
        /// What it said.
        fault: String,
    },
    /// The timestamp authority refuses.
    #[error("the timestamp authority gave no timestamp ({fault}): {url}")]
    Timestamp {
        /// The authority.
        url: String,
        /// What it said.
        fault: String,
    },
    /// What came back does not verify.
    #[error("the signature that was made does not verify ({code}), so it was not written: {message}")]
    Unverified {
        /// The reason's code.
        code: &'static str,
        /// What was expected and found.
        message: String,
    },
    /// The certificate is for somebody else than the token.
    #[error("the certificate authority certified `{found}` and not `{expected}`")]
    Stranger {
        /// Whom the token names.
        expected: String,
        /// Whom the certificate names.
        found: String,
    },
}

impl SignError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Services { .. } => {
                "give a signing_config.json of version 0.2 with `--signing-config`, as `fngate trust update` fetches it or `cosign signing-config create` writes it"
            }
            Self::Nobody => {
                "in GitHub Actions give the job `permissions: id-token: write`; in GitLab an `id_tokens: SIGSTORE_ID_TOKEN` with `aud: sigstore`; elsewhere set SIGSTORE_ID_TOKEN, give `--identity-token FILE` or `--key FILE`, or run on a terminal to log in"
            }
            Self::Token(_) => "a token is a JWT: three parts with dots between them",
            Self::TokenExpired(_) => "tokens live for minutes: fetch a fresh one right before signing",
            Self::TokenAudience => "ask the issuer for the audience `sigstore`",
            Self::Key(_) => {
                "an ECDSA P-256 key is needed: PKCS#8 (`openssl pkcs8 -topk8 -nocrypt`), or encrypted as cosign and `fngate key generate` write it"
            }
            Self::Password => "set FNGATE_KEY_PASSWORD, or give `--password-file FILE`",
            Self::KeyInOldLog => "name a Rekor v2 log in the signing configuration",
            Self::Certificate { refused: true, .. } => {
                "the authority does not say what it dislikes about a token: look at the issuer, the audience and whether the e-mail address is verified"
            }
            Self::Certificate { .. } | Self::Log { .. } | Self::Timestamp { .. } | Self::Patience(_) => {
                "no bundle was written for it; try again"
            }
            Self::Unverified { .. } => "is `--trusted-root` the root of the instance that the signing configuration names?",
            Self::Network(_) | Self::Login(_) | Self::Stranger { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// Where signatures are made: a signing configuration, version 0.2.
#[derive(Clone, Debug)]
pub struct Services(Endpoints);

impl Services {
    /// The services of a built-in instance (`public-good`, `staging`), or of the file of this name.
    pub fn named(name: &str) -> Result<Self, SignError> {
        let fail = |fault: String| SignError::Services { name: name.to_owned(), fault };
        let instance = match name {
            "public-good" => Instance::PublicGood,
            "staging" => Instance::Staging,
            "github" => Instance::GitHub,
            path => {
                let content = super::bundle::read_capped(std::path::Path::new(path), LARGEST_CONFIG);
                let content =
                    content.map_err(|error| fail(error.to_string()))?.ok_or_else(|| fail("it is larger than 1 MiB".to_owned()))?;
                return Self::from_json(name, &content);
            }
        };
        // What `fngate trust update` fetched is newer than what is built in.
        match super::cached_signing_config(name, Timestamp::now()).map_err(|error| fail(error.to_string()))? {
            Some(content) => Self::from_json(name, &content),
            None => Endpoints::embedded(instance).map(Self).map_err(fail),
        }
    }

    /// A signing configuration in memory; `name` is for messages.
    pub fn from_json(name: &str, json: &[u8]) -> Result<Self, SignError> {
        let fail = |fault: String| SignError::Services { name: name.to_owned(), fault };
        let text = std::str::from_utf8(json).map_err(|error| fail(error.to_string()))?;
        Endpoints::from_json(text).map(Self).map_err(fail)
    }

    /// The same, waited for this long. Where nothing is said it is a minute for an answer, and two and a half for all.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self(self.0.with_patience(patience))
    }

    /// The certificate authority's address.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority()
    }
}

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub enum Signatory<'a> {
    /// Whom the token names.
    Token(&'a Token),
    /// The holder of the key.
    Key(&'a PrivateKey),
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The artifact itself.
    Artifact,
    /// An in-toto statement about it, as JSON.
    Statement(&'a [u8]),
}

/// A signature that was made and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The Sigstore bundle, version 0.3, as JSON.
    pub bundle: String,
    /// Who signed.
    pub signer: Signer,
    /// What they said, where they said something.
    pub statement: Option<Statement>,
}

/// Signs the artifact of this digest, or a statement about it, and verifies the result under `trust` as [`verify`](super::verify)
/// would at the deployment.
pub fn sign(
    digest: &[u8; 32],
    subject: Subject<'_>,
    signatory: Signatory<'_>,
    services: &Services,
    trust: &TrustedRoot,
) -> Result<Signed, SignError> {
    let content = match subject {
        Subject::Artifact => Content::Digest(digest),
        Subject::Statement(statement) => Content::Statement(statement),
    };
    let bundle = match signatory {
        Signatory::Token(token) => {
            token.check(Timestamp::now())?;
            adapter::sign(content, &By::Identity(token.identity()), &services.0)?
        }
        Signatory::Key(key) => adapter::sign(content, &By::Key { pair: key.pair(), hint: key.hint() }, &services.0)?,
    };
    let mut requirement = Requirement::default();
    match signatory {
        Signatory::Token(token) => requirement.identities.push(certified(&bundle, token)?),
        Signatory::Key(key) => requirement.keys.push(key.public()?),
    }
    let file = BundleFile { name: "the new bundle".to_owned(), bytes: bundle.clone().into_bytes() };
    let examinations = examine(Digests::from(digest), &[file], trust, &requirement, Timestamp::now());
    match examinations.into_iter().next().map(|one| one.result) {
        Some(Ok(proof)) => Ok(Signed { bundle, signer: proof.signer, statement: proof.statement }),
        Some(Err(refusal)) => Err(SignError::Unverified { code: refusal.reason.code, message: refusal.message() }),
        None => Err(SignError::Unverified { code: "no-bundle", message: super::reason::NO_BUNDLE.title.to_owned() }),
    }
}

/// Whom the new certificate names, if that is whom the token names: a person by their address, a workload by its issuer and, where
/// the certificate repeats it, by the token's own subject (what the authority makes of a workload's claims is its own rule). For an
/// e-mail address the token may be of another issuer than the certificate: where the issuer passes on the login of a third, that
/// third is certified.
fn certified(bundle: &str, token: &Token) -> Result<Identity, SignError> {
    let unread = |message: String| SignError::Unverified { code: "certificate-malformed", message };
    let parsed = Parsed::from_json(bundle).map_err(unread)?;
    let Some(Material::Certificate(der)) = parsed.shape().map(|shape| shape.material) else {
        return Err(unread("no certificate".to_owned()));
    };
    let claimant = Claimant::read(&der, None).map_err(|refusal| unread(refusal.message()))?;
    let mut pairs = match token.email() {
        Some(email) => vec![(email, claimant.subject.as_str())],
        None => vec![(token.issuer(), claimant.issuer.as_str())],
    };
    let repeated = claimant.claims.get("token_subject").filter(|_| token.email().is_none());
    pairs.extend(repeated.map(|found| (token.subject(), found.as_str())));
    if let Some((expected, found)) = pairs.into_iter().find(|(expected, found)| expected != found) {
        return Err(SignError::Stranger { expected: expected.to_owned(), found: found.to_owned() });
    }
    Identity::exact(&claimant.issuer, &claimant.subject).map_err(|error| unread(error.to_string()))
}
