//! The services that a signature needs, behind plain values: certificate authority, transparency log, timestamp authority
//! and the issuer of identity tokens.
//!
//! The signing crate's own signer knows certificates only; here one path signs with a certificate or with a long-lived key, so
//! that both get the same log entry and the same timestamp.

use std::time::Duration;

use sigstore_sign::bundle::{BundleV03, VerificationMaterialV03};
use sigstore_sign::crypto::KeyPair;
use sigstore_sign::fulcio::FulcioClient;
use sigstore_sign::oidc::{AuthCallback, AuthMode, AuthOptions, IdentityToken, OAuthClient, OAuthConfig, SecretString};
use sigstore_sign::rekor::{DsseEntry, HashedRekord, HashedRekordV2, RekorApiVersion, RekorClient, RekorV2Client, RekorV2KeyDetails};
use sigstore_sign::tsa::TimestampClient;
use sigstore_sign::types::bundle::{MessageDigest, MessageSignature};
use sigstore_sign::types::{
    DerCertificate, DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, KindVersion, PayloadBytes, Sha256Hash, SignatureBytes,
    SignatureContent, TransparencyLogEntry,
};
use sigstore_sign::{SigningServices, reqwest};
use sigstore_verify::trust_root::SigningConfig;

use super::Instance;
use crate::signature::sign::{Prompt, SignError};

/// How long one answer of a service may take; a log answers once its next checkpoint stands.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Where to sign.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Endpoints(SigningServices);

impl Endpoints {
    pub(in crate::signature) fn from_json(json: &str) -> Result<Self, String> {
        let config = SigningConfig::from_json(json).map_err(|error| error.to_string())?;
        SigningServices::from_signing_config(&config).map(Self).map_err(|error| error.to_string())
    }

    pub(in crate::signature) fn embedded(instance: Instance) -> Result<Self, String> {
        SigningServices::from_embedded(instance.of_the_crate()).map(Self).map_err(|error| error.to_string())
    }

    pub(in crate::signature) fn authority(&self) -> &str {
        self.0.fulcio_url()
    }
}

/// A token that says who signs. Never printed.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Identity(IdentityToken);

impl Identity {
    pub(in crate::signature) fn from_jwt(jwt: &str) -> Result<Self, String> {
        IdentityToken::from_jwt(jwt).map(Self).map_err(|error| error.to_string())
    }

    /// The token that the continuous integration service offers to this job.
    pub(in crate::signature) fn ambient() -> Result<Option<Self>, String> {
        let found = block(IdentityToken::detect_ambient())?;
        found.map(|token| token.map(Self)).map_err(|error| error.to_string())
    }

    /// Asks a person, in a browser or by a code that they paste.
    pub(in crate::signature) fn interactive(endpoints: &Endpoints, by_code: bool, prompt: &dyn Prompt) -> Result<Self, String> {
        let issuer = endpoints.0.oidc_url().ok_or("the signing configuration names no issuer to log in at")?;
        let client = OAuthClient::with_http_client(OAuthConfig::dex(issuer), client()?);
        let options = AuthOptions::new().with_force_oob(by_code);
        let token = block(client.authenticate_with_options(Login(prompt), options))?;
        token.map(Self).map_err(|error| error.to_string())
    }

    pub(in crate::signature) fn issuer(&self) -> &str {
        self.0.issuer()
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

impl sigstore_sign::oidc::HtmlTemplates for Login<'_> {}

impl AuthCallback for Login<'_> {
    fn auth_url_ready(&self, url: &str, mode: AuthMode) {
        self.0.visit(url, mode == AuthMode::BrowserRedirect);
    }

    fn prompt_for_code(&self) -> std::io::Result<SecretString> {
        self.0.code().map(SecretString::new)
    }
}

/// A key that signs.
pub(in crate::signature) struct Pair(KeyPair);

impl Pair {
    /// A PKCS#8 private key, ECDSA P-256.
    pub(in crate::signature) fn from_pkcs8(der: &[u8]) -> Result<Self, String> {
        KeyPair::from_pkcs8_der(der).map(Self).map_err(|error| error.to_string())
    }

    fn ephemeral() -> Result<Self, SignError> {
        KeyPair::generate_ecdsa_p256().map(Self).map_err(|error| SignError::Key(error.to_string()))
    }

    /// Its public half: DER `SubjectPublicKeyInfo` and PEM.
    pub(in crate::signature) fn public(&self) -> Result<(Vec<u8>, String), String> {
        let key = self.0.public_key_der().map_err(|error| error.to_string())?;
        Ok((key.as_bytes().to_vec(), key.to_pem()))
    }
}

/// Who signs.
pub(in crate::signature) enum By<'a> {
    /// Whoever the token names, by a key that is forgotten.
    Identity(&'a Identity),
    /// The holder of a key, which the bundle names by this hint.
    Key { pair: &'a Pair, hint: &'a str },
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(in crate::signature) enum Signed<'a> {
    /// A file, by its SHA-256.
    Digest(&'a [u8; 32]),
    /// An in-toto statement.
    Statement(&'a [u8]),
}

/// Signs, logs and timestamps. Gives the bundle as JSON.
pub(in crate::signature) fn sign(signed: Signed<'_>, by: &By<'_>, endpoints: &Endpoints) -> Result<String, SignError> {
    let client = client().map_err(SignError::Network)?;
    block(bundle(signed, by, &endpoints.0, client)).map_err(SignError::Network)?
}

async fn bundle(signed: Signed<'_>, by: &By<'_>, services: &SigningServices, client: reqwest::Client) -> Result<String, SignError> {
    let ephemeral;
    let (pair, certificate) = match by {
        By::Key { pair, .. } => (*pair, None),
        By::Identity(identity) => {
            ephemeral = Pair::ephemeral()?;
            let certificate = certificate(services.fulcio_url(), &client, &identity.0, &ephemeral).await?;
            (&ephemeral, Some(certificate))
        }
    };
    let digest = match signed {
        Signed::Digest(digest) => *digest,
        Signed::Statement(statement) => crate::signature::sha256(&sigstore_sign::types::pae(PAYLOAD_TYPE, statement)),
    };
    let digest = Sha256Hash::from(digest);
    let signature = pair.0.sign_digest(&digest).map_err(|error| SignError::Key(error.to_string()))?;
    let content = match signed {
        Signed::Digest(_) => SignatureContent::MessageSignature(
            MessageSignature::new(signature.clone()).with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, digest.into())),
        ),
        Signed::Statement(statement) => SignatureContent::DsseEnvelope(DsseEnvelope::new(
            PAYLOAD_TYPE.to_owned(),
            PayloadBytes::new(statement.to_vec()),
            DsseSignature::new(signature.clone(), KeyId::default()),
        )),
    };
    let entry =
        entry(services, &client, &Logged { pair, certificate: certificate.as_ref(), digest, signature: &signature, content: &content })
            .await?;
    let material = match (certificate, by) {
        (Some(certificate), _) => VerificationMaterialV03::Certificate(certificate),
        (None, By::Key { hint, .. }) => VerificationMaterialV03::PublicKey { hint: (*hint).to_owned() },
        (None, By::Identity(_)) => return Err(SignError::Key("no certificate".to_owned())),
    };
    let mut bundle = BundleV03::new(material, content).with_tlog_entry(entry);
    if let Some(url) = services.tsa_url() {
        let authority = TimestampClient::builder(url).with_http_client(client).build();
        let stamped = async { authority?.timestamp_signature(&signature).await }.await;
        bundle =
            bundle.with_rfc3161_timestamp(stamped.map_err(|error| SignError::Timestamp { url: url.to_owned(), fault: error.to_string() })?);
    }
    bundle.into_bundle().to_json_pretty().map_err(|error| SignError::Key(error.to_string()))
}

async fn certificate(url: &str, client: &reqwest::Client, token: &IdentityToken, pair: &Pair) -> Result<DerCertificate, SignError> {
    let authority = FulcioClient::builder(url).with_http_client(client.clone()).build();
    let issued = async { authority?.create_signing_certificate(token, &pair.0).await }.await;
    // What the authority answers is repeated, but for the token, should it send it back.
    let said = |error: String| crate::signature::examination::quoted(&error.replace(token.expose_secret(), "<the token>"));
    let issued = issued.map_err(|error| SignError::Certificate { url: url.to_owned(), fault: said(error.to_string()) })?;
    Ok(issued.leaf_certificate().clone())
}

/// What goes into the log.
struct Logged<'a> {
    pair: &'a Pair,
    certificate: Option<&'a DerCertificate>,
    digest: Sha256Hash,
    signature: &'a SignatureBytes,
    content: &'a SignatureContent,
}

async fn entry(services: &SigningServices, client: &reqwest::Client, logged: &Logged<'_>) -> Result<TransparencyLogEntry, SignError> {
    let url = services.rekor_url();
    let fault = |fault: String| SignError::Log { url: url.to_owned(), fault: crate::signature::examination::quoted(&fault) };
    match services.rekor_api_version() {
        RekorApiVersion::V2 => {
            let details = RekorV2KeyDetails::PkixEcdsaP256Sha256;
            let request = match logged.certificate {
                Some(certificate) => HashedRekordV2::new_with_certificate(&logged.digest, logged.signature, certificate, details),
                None => {
                    let key = logged.pair.0.public_key_der().map_err(|error| SignError::Key(error.to_string()))?;
                    HashedRekordV2::new_with_public_key(&logged.digest, logged.signature, &key, details)
                }
            };
            let log = RekorV2Client::builder(url).with_http_client(client.clone()).build();
            async { log?.create_entry(request).await }.await.map_err(|error| fault(error.to_string()))
        }
        RekorApiVersion::V1 => {
            let certificate = logged.certificate.ok_or(SignError::KeyInOldLog)?;
            let log = RekorClient::builder(url).with_http_client(client.clone()).build().map_err(|error| fault(error.to_string()))?;
            let (entry, kind) = match logged.content {
                SignatureContent::DsseEnvelope(envelope) => {
                    let request = DsseEntry::new(envelope, certificate).map_err(|error| fault(error.to_string()))?;
                    (log.create_dsse_entry(request).await, KindVersion::DsseV001)
                }
                _ => (
                    log.create_entry(HashedRekord::new(&logged.digest, logged.signature, certificate)).await,
                    KindVersion::HashedRekordV001,
                ),
            };
            entry.map_err(|error| fault(error.to_string()))?.to_bundle_entry(kind).map_err(|error| fault(error.to_string()))
        }
        other => Err(fault(format!("it speaks version {} of Rekor's protocol", other.major()))),
    }
}

/// A client that waits, but not for ever, and takes a token nowhere but where it was sent.
fn client() -> Result<reqwest::Client, String> {
    let agent = concat!("fngate/", env!("CARGO_PKG_VERSION"));
    let builder = reqwest::Client::builder().user_agent(agent).timeout(PATIENCE).connect_timeout(CONNECT);
    builder.redirect(reqwest::redirect::Policy::none()).build().map_err(|error| error.to_string())
}

fn block<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    Ok(runtime.block_on(future))
}
