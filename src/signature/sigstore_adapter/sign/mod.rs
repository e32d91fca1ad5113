//! The services that a signature needs, behind plain values: certificate authority, transparency log, timestamp authority
//! and the issuer of identity tokens.
//!
//! The signing crate's own signer knows certificates only; here one path signs with a certificate or with a long-lived key, so
//! that both get the same log entry and the same timestamp.

mod exchange;
mod identity;
mod service;

use std::time::Duration;

use sigstore_sign::SigningServices;
use sigstore_sign::bundle::{BundleV03, VerificationMaterialV03};
use sigstore_sign::crypto::KeyPair;
use sigstore_sign::types::bundle::{MessageDigest, MessageSignature};
use sigstore_sign::types::{DsseEnvelope, DsseSignature, HashAlgorithm, KeyId, PayloadBytes, Sha256Hash, SignatureContent};
use sigstore_verify::trust_root::SigningConfig;

use super::{Instance, Patience};
use crate::signature::sign::SignError;
use exchange::Client;
pub(in crate::signature) use identity::Identity;
use service::Logged;

/// How long the services may take, unless the caller says otherwise; a log answers once its next checkpoint stands.
const PATIENCE: Patience = Patience { request: Duration::from_secs(60), whole: Duration::from_secs(150) };
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Where to sign.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Endpoints {
    services: SigningServices,
    patience: Patience,
}

impl Endpoints {
    pub(in crate::signature) fn from_json(json: &str) -> Result<Self, String> {
        let config = SigningConfig::from_json(json).map_err(|error| error.to_string())?;
        SigningServices::from_signing_config(&config).map(Self::of).map_err(|error| error.to_string())
    }

    pub(in crate::signature) fn embedded(instance: Instance) -> Result<Self, String> {
        SigningServices::from_embedded(instance.of_the_crate()).map(Self::of).map_err(|error| error.to_string())
    }

    fn of(services: SigningServices) -> Self {
        Self { services, patience: PATIENCE }
    }

    pub(in crate::signature) fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    pub(in crate::signature) fn authority(&self) -> &str {
        self.services.fulcio_url()
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
    let client = Client::new(endpoints.patience).map_err(SignError::Network)?;
    let whole = endpoints.patience.whole;
    let made = block(async { tokio::time::timeout(whole, bundle(signed, by, &endpoints.services, client)).await });
    made.map_err(SignError::Network)?.map_err(|_| SignError::Patience(whole))?
}

async fn bundle(signed: Signed<'_>, by: &By<'_>, services: &SigningServices, client: Client) -> Result<String, SignError> {
    let ephemeral;
    let (pair, certificate) = match by {
        By::Key { pair, .. } => (*pair, None),
        By::Identity(identity) => {
            ephemeral = Pair::ephemeral()?;
            let certificate = service::certificate(services.fulcio_url(), &client, identity.token(), &ephemeral).await?;
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
    let logged = Logged { pair, certificate: certificate.as_ref(), digest, signature: &signature, content: &content };
    let entry = service::entry(services.rekor_url(), services.rekor_api_version(), &client, &logged).await?;
    let material = match (certificate, by) {
        (Some(certificate), _) => VerificationMaterialV03::Certificate(certificate),
        (None, By::Key { hint, .. }) => VerificationMaterialV03::PublicKey { hint: (*hint).to_owned() },
        (None, By::Identity(_)) => return Err(SignError::Key("no certificate".to_owned())),
    };
    let mut bundle = BundleV03::new(material, content).with_tlog_entry(entry);
    if let Some(url) = services.tsa_url() {
        bundle = bundle.with_rfc3161_timestamp(service::timestamp(url, &client, &signature).await?);
    }
    bundle.into_bundle().to_json_pretty().map_err(|error| SignError::Key(error.to_string()))
}

fn too_long(patience: Duration) -> String {
    format!("it takes longer than {} seconds", patience.as_secs())
}

fn block<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    Ok(runtime.block_on(future))
}
