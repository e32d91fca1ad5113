//! What is asked of each service: a certificate of the authority, an entry of the log, a timestamp.
//!
//! Nothing here decides whether an answer is good: the bundle that is made of the answers is verified as any other, by a trusted
//! root that none of the services chose.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigstore_sign::oidc::IdentityToken;
use sigstore_sign::rekor::{DsseEntry, HashedRekord, HashedRekordV2, LogEntry, RekorApiVersion, RekorV2KeyDetails};
use sigstore_sign::types::{
    DerCertificate, KindVersion, Sha256Hash, SignatureBytes, SignatureContent, TimestampToken, TransparencyLogEntry,
};

use super::Pair;
use super::exchange::{Client, Fault, JSON};
use crate::signature::examination::quoted;
use crate::signature::json;
use crate::signature::sign::SignError;

/// RFC 3161, section 2.4.1: a request of version 1 for a timestamp over the SHA-256 that follows, up to that.
const QUESTION: [u8; 24] = [
    0x30, 0x39, 0x02, 0x01, 0x01, // version 1
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, // SHA-256
    0x04, 0x20,
];
/// And its end: the answer shall hold the authority's certificate.
const WITH_CERTIFICATE: [u8; 3] = [0x01, 0x01, 0xff];

/// Characters of a token by which a part of it is known again.
const BEGINNING: usize = 16;

/// A certificate for a key, of whoever the token names.
pub(super) async fn certificate(url: &str, client: &Client, token: &IdentityToken, pair: &Pair) -> Result<DerCertificate, SignError> {
    let fault = |fault: Fault| SignError::Certificate {
        url: url.to_owned(),
        refused: matches!(fault, Fault::Refused(_)),
        fault: quoted(&without(&fault.to_string(), token.expose_secret())),
    };
    let key = |error: String| SignError::Key(error);
    let (_, public) = pair.public().map_err(key)?;
    let possession = pair.0.sign(token.identity().as_bytes()).map_err(|error| key(error.to_string()))?;
    let request = json!({
        "credentials": {"oidcIdentityToken": token.expose_secret()},
        "publicKeyRequest": {"publicKey": {"algorithm": "", "content": public}, "proofOfPossession": possession},
    });
    let answer = client.post(&below(url, "api/v2/signingCert"), JSON, request.to_string().into_bytes()).await.map_err(fault)?;
    leaf(&answer).map_err(|error| fault(error.into()))
}

/// What the authority answers, without the token, should it send it back; of a refusal that is cut within it, up to there.
fn without(text: &str, token: &str) -> String {
    const MARK: &str = "<the token>";
    let text = text.replace(token, MARK);
    let beginning = token.get(..BEGINNING).unwrap_or(token);
    match text.find(beginning) {
        Some(at) => format!("{}{MARK}", &text[..at]),
        None => text,
    }
}

/// The first certificate of the authority's answer.
fn leaf(answer: &[u8]) -> Result<DerCertificate, String> {
    let answer = json::read(answer).map_err(|error| format!("its answer is none: {error}"))?;
    let chain = ["signedCertificateEmbeddedSct", "signedCertificateDetachedSct"].iter().find_map(|field| answer.get(field));
    let leaf = chain.and_then(|chain| chain.pointer("/chain/certificates/0")).and_then(Value::as_str);
    let leaf = leaf.ok_or("its answer holds no certificate")?;
    DerCertificate::from_pem(leaf).map_err(|error| format!("its answer holds no certificate that can be read: {error}"))
}

/// What goes into the log.
pub(super) struct Logged<'a> {
    pub(super) pair: &'a Pair,
    pub(super) certificate: Option<&'a DerCertificate>,
    pub(super) digest: Sha256Hash,
    pub(super) signature: &'a SignatureBytes,
    pub(super) content: &'a SignatureContent,
}

/// The entry in a log that speaks this version of Rekor's protocol.
pub(super) async fn entry(
    url: &str,
    version: RekorApiVersion,
    client: &Client,
    logged: &Logged<'_>,
) -> Result<TransparencyLogEntry, SignError> {
    let fault = |fault: String| SignError::Log { url: url.to_owned(), fault: quoted(&fault) };
    match version {
        RekorApiVersion::V2 => {
            let request = new_entry(logged)?;
            let answer = client.post(&below(url, "api/v2/log/entries"), JSON, request).await.map_err(|error| fault(error.to_string()))?;
            serde_json::from_slice(&answer).map_err(|error| fault(format!("its answer is no entry: {error}")))
        }
        RekorApiVersion::V1 => {
            let certificate = logged.certificate.ok_or(SignError::KeyInOldLog)?;
            let (request, kind) = old_entry(logged, certificate).map_err(fault)?;
            let answer = client.post(&below(url, "api/v1/log/entries"), JSON, request).await.map_err(|error| fault(error.to_string()))?;
            let entries = serde_json::from_slice::<BTreeMap<String, LogEntry>>(&answer);
            let entries = entries.map_err(|error| fault(format!("its answer is no entry: {error}")))?;
            let entry = entries.into_values().next().ok_or_else(|| fault("its answer holds no entry".to_owned()))?;
            entry.to_bundle_entry(kind).map_err(|error| fault(error.to_string()))
        }
        other => Err(fault(format!("it speaks version {} of Rekor's protocol", other.major()))),
    }
}

fn new_entry(logged: &Logged<'_>) -> Result<Vec<u8>, SignError> {
    let key = |error: String| SignError::Key(error);
    let details = RekorV2KeyDetails::PkixEcdsaP256Sha256;
    let request = match logged.certificate {
        Some(certificate) => HashedRekordV2::new_with_certificate(&logged.digest, logged.signature, certificate, details),
        None => {
            let public = logged.pair.0.public_key_der().map_err(|error| key(error.to_string()))?;
            HashedRekordV2::new_with_public_key(&logged.digest, logged.signature, &public, details)
        }
    };
    serde_json::to_vec(&request).map_err(|error| key(error.to_string()))
}

fn old_entry(logged: &Logged<'_>, certificate: &DerCertificate) -> Result<(Vec<u8>, KindVersion), String> {
    let (request, kind) = match logged.content {
        SignatureContent::DsseEnvelope(envelope) => {
            let entry = DsseEntry::new(envelope, certificate).map_err(|error| error.to_string())?;
            (serde_json::to_vec(&entry), KindVersion::DsseV001)
        }
        _ => {
            let entry = HashedRekord::new(&logged.digest, logged.signature, certificate);
            (serde_json::to_vec(&entry), KindVersion::HashedRekordV001)
        }
    };
    request.map(|request| (request, kind)).map_err(|error| error.to_string())
}

/// A timestamp over a signature. It has no nonce, which would tell an old answer from a new one: no answer is older than the
/// signature that it must be over, and that was made a moment ago.
pub(super) async fn timestamp(url: &str, client: &Client, signature: &SignatureBytes) -> Result<TimestampToken, SignError> {
    let digest = crate::signature::sha256(signature.as_bytes());
    let question = [&QUESTION[..], &digest, &WITH_CERTIFICATE].concat();
    let answer = client.post(url, "application/timestamp-query", question).await;
    let answer = answer.map_err(|fault| SignError::Timestamp { url: url.to_owned(), fault: quoted(&fault.to_string()) })?;
    Ok(TimestampToken::new(answer))
}

/// An address below a service's.
fn below(url: &str, path: &str) -> String {
    format!("{}/{path}", url.trim_end_matches('/'))
}
