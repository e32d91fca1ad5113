//! Private keys: PKCS#8, or encrypted the way cosign encrypts them.
//!
//! Source of the encrypted form: `go-securesystemslib`'s `encrypted` package and cosign's `KEYS.md`. The PEM body is JSON with the
//! parameters of scrypt (RFC 7914) and a NaCl secretbox (XSalsa20-Poly1305) over the PKCS#8 document.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::SignError;
use crate::signature::Key;
use crate::signature::sigstore_adapter::sign::Pair;

/// The ending of a private key's file.
pub const KEY_ENDING: &str = ".key";
/// The ending of a public key's file.
pub const PUBLIC_ENDING: &str = ".pub";

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// What cosign wrote before its version 2.
const ENCRYPTED_OLD: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// The cost of scrypt that new keys are encrypted with, cosign's own: 2^16, 64 MiB.
const LOG_N: u8 = 16;
/// The highest that is read: a gibibyte. A file may not ask for more.
const MOST_LOG_N: u8 = 20;
const BLOCK: u32 = 8;

/// An ECDSA P-256 key that signs. It is never shown.
pub struct PrivateKey {
    pair: Pair,
    spki: Vec<u8>,
    public: String,
    hint: String,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    kdf: Kdf,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Kdf {
    name: String,
    params: Params,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Params {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

impl PrivateKey {
    /// Reads a key in PEM. `password` is asked only where the key is encrypted.
    pub fn from_pem(pem: &str, password: impl FnOnce() -> Result<Zeroizing<String>, SignError>) -> Result<Self, SignError> {
        let (label, body) = block(pem)?;
        match label {
            PLAIN => Self::from_pkcs8(&body),
            ENCRYPTED | ENCRYPTED_OLD => Self::from_pkcs8(&decrypted(&body, &password()?)?),
            "ENCRYPTED PRIVATE KEY" => Err(SignError::Key("it is encrypted as PKCS#8, which is not read".to_owned())),
            "EC PRIVATE KEY" => Err(SignError::Key("it is a SEC1 key, not PKCS#8".to_owned())),
            "PUBLIC KEY" => Err(SignError::Key("it is a public key".to_owned())),
            other => Err(SignError::Key(format!("it is a PEM block of another kind: {other}"))),
        }
    }

    /// A new key: the private half encrypted under the password, in PEM, and the public half in PEM.
    pub fn generate(password: &str) -> Result<(Zeroizing<String>, String), SignError> {
        use aws_lc_rs::rand::SystemRandom;
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
        let fail = |what: &str| SignError::Key(what.to_owned());
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(|_| fail("none could be made"))?;
        let key = Self::from_pkcs8(made.as_ref())?;
        let mut seed = [0; 56];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| fail("there is no randomness"))?;
        let (salt, nonce) = seed.split_at(32);
        let params = scrypt::Params::new(LOG_N, BLOCK, 1, 32).map_err(|error| fail(&error.to_string()))?;
        let sealed = cipher(password, salt, &params)?.encrypt(Nonce::from_slice(nonce), made.as_ref());
        let envelope = Envelope {
            kdf: Kdf { name: "scrypt".to_owned(), params: Params { n: 1 << LOG_N, r: BLOCK, p: 1 }, salt: STANDARD.encode(salt) },
            cipher: Cipher { name: "nacl/secretbox".to_owned(), nonce: STANDARD.encode(nonce) },
            ciphertext: STANDARD.encode(sealed.map_err(|_| fail("it cannot be encrypted"))?),
        };
        let json = serde_json::to_vec(&envelope).map_err(|error| fail(&error.to_string()))?;
        Ok((Zeroizing::new(pem(ENCRYPTED, &json)), key.public))
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, SignError> {
        let pair = Pair::from_pkcs8(der).map_err(SignError::Key)?;
        let (spki, public) = pair.public().map_err(SignError::Key)?;
        let hint = STANDARD.encode(crate::signature::sha256(&spki));
        Ok(Self { pair, spki, public, hint })
    }

    /// The public half in PEM.
    #[must_use]
    pub fn public_pem(&self) -> &str {
        &self.public
    }

    /// The public half, as a verifier names it.
    pub(super) fn public(&self) -> Result<Key, SignError> {
        Key::from_pem(&self.public).map_err(|error| SignError::Key(error.to_string()))
    }

    pub(super) fn pair(&self) -> &Pair {
        &self.pair
    }

    /// What a bundle names the key by: the base64 SHA-256 of its `SubjectPublicKeyInfo`, as cosign does.
    pub(super) fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey(sha256:{})", crate::signature::hex(&crate::signature::sha256(&self.spki)))
    }
}

/// The one PEM block of a text: its label and its bytes.
fn block(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), SignError> {
    let fail = |what: &str| SignError::Key(what.to_owned());
    let rest = text.split_once("-----BEGIN ").ok_or_else(|| fail("it is not PEM"))?.1;
    let (label, rest) = rest.split_once("-----").ok_or_else(|| fail("its first line is cut off"))?;
    let (body, rest) = rest.split_once(&format!("-----END {label}-----")).ok_or_else(|| fail("its last line is missing"))?;
    if rest.contains("-----BEGIN ") {
        return Err(fail("the file holds more than the key"));
    }
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let bytes = STANDARD.decode(body.as_bytes()).map_err(|_| fail("its body is not base64"))?;
    Ok((label, Zeroizing::new(bytes)))
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let lines = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn decrypted(json: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, SignError> {
    let fail = |what: &str| SignError::Key(what.to_owned());
    let envelope: Envelope = serde_json::from_slice(json).map_err(|_| fail("its encryption is of an unknown form"))?;
    if envelope.kdf.name != "scrypt" || envelope.cipher.name != "nacl/secretbox" {
        return Err(fail("it is encrypted with something else than scrypt and nacl/secretbox"));
    }
    let Params { n, r, p } = envelope.kdf.params;
    let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
    if !n.is_power_of_two() || log_n > MOST_LOG_N || r > BLOCK || p > 4 {
        return Err(fail("its scrypt parameters are out of bounds"));
    }
    let params = scrypt::Params::new(log_n, r, p, 32).map_err(|error| fail(&error.to_string()))?;
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| fail("a part of its encryption is not base64"));
    let (salt, nonce, sealed) = (bytes(&envelope.kdf.salt)?, bytes(&envelope.cipher.nonce)?, bytes(&envelope.ciphertext)?);
    if nonce.len() != 24 {
        return Err(fail("its nonce does not have 24 bytes"));
    }
    let opened = cipher(password, &salt, &params)?.decrypt(Nonce::from_slice(&nonce), sealed.as_slice());
    opened.map(Zeroizing::new).map_err(|_| SignError::Password)
}

fn cipher(password: &str, salt: &[u8], params: &scrypt::Params) -> Result<XSalsa20Poly1305, SignError> {
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(password.as_bytes(), salt, params, key.as_mut()).map_err(|error| SignError::Key(error.to_string()))?;
    XSalsa20Poly1305::new_from_slice(key.as_ref()).map_err(|error| SignError::Key(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pem: &str, password: &str) -> Result<PrivateKey, SignError> {
        PrivateKey::from_pem(pem, || Ok(Zeroizing::new(password.to_owned())))
    }

    #[test]
    fn a_generated_key_opens_with_its_password_only() {
        let (pem, public) = PrivateKey::generate("correct horse").unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
        assert_eq!(with(&pem, "correct horse").unwrap().public_pem(), public);
        assert!(matches!(with(&pem, "wrong"), Err(SignError::Password)));
        let spoiled = pem.replacen("-----\n", "-----\nAAAA", 1);
        assert!(matches!(with(&spoiled, "correct horse"), Err(SignError::Key(_))));
    }

    #[test]
    fn what_a_file_may_cost_is_bounded() {
        let costly = |n: u64| {
            let json = format!(
                r#"{{"kdf":{{"name":"scrypt","params":{{"N":{n},"r":8,"p":1}},"salt":"AAAA"}},"cipher":{{"name":"nacl/secretbox","nonce":"AAAA"}},"ciphertext":"AAAA"}}"#
            );
            with(&pem(ENCRYPTED, json.as_bytes()), "x").unwrap_err().to_string()
        };
        assert!(costly(1 << 40).contains("out of bounds"));
        assert!(costly(0).contains("out of bounds"));
        assert!(costly(1000).contains("out of bounds"));
        assert!(costly(2).contains("24 bytes"), "{}", costly(2));
    }

    #[test]
    fn other_keys_are_named() {
        for (label, expected) in
            [("EC PRIVATE KEY", "SEC1"), ("ENCRYPTED PRIVATE KEY", "PKCS#8"), ("PUBLIC KEY", "public"), ("CERTIFICATE", "another kind")]
        {
            let error = with(&pem(label, b"x"), "").unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(with("no key", "").unwrap_err().to_string().contains("not PEM"));
    }
}
