//! A whole Sigstore instance in memory: certificate authority with certificate transparency, a Rekor v2 log, a timestamp
//! authority, and the trusted root that names them. Every knob of [`Signing`] spoils one thing and leaves all other signatures
//! valid, so that a refusal can only come from the thing that was spoiled.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sigstore_verify::crypto::KeyPair;
use sigstore_verify::types::DerCertificate;

use super::der::*;

pub const ISSUER: &str = "https://token.actions.githubusercontent.com";
pub const SUBJECT: &str = "https://github.com/acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0";
pub const LOG_HOST: &str = "log.fake.example";
const FULCIO: &str = "1.3.6.1.4.1.57264.1";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// When everything was signed, unless a knob says otherwise.
pub fn signed_at() -> Timestamp {
    "2025-03-01T12:00:00Z".parse().unwrap()
}

/// A time of verification: a day later.
pub fn now() -> Timestamp {
    signed_at() + SignedDuration::from_hours(24)
}

pub fn b64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Whose key does a job: this instance's, a stranger's, or the job is left undone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    Ours,
    Stranger,
    Nobody,
}

/// A subject alternative name.
#[derive(Clone)]
pub enum San {
    Uri(&'static str),
    Email(&'static str),
    Dns(&'static str),
}

/// How one signing is done.
#[derive(Clone)]
pub struct Signing {
    pub subjects: Vec<San>,
    pub issuer: Option<&'static str>,
    pub issuer_raw: Option<&'static str>,
    pub claims: Vec<(u32, &'static str)>,
    pub extensions: Vec<Vec<u8>>,
    pub usage: &'static str,
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
    pub stamped: Timestamp,
    pub authority: By,
    pub transparency: By,
    pub log: By,
    pub timestamp: By,
    pub origin: &'static str,
    pub signer_name: &'static str,
    /// Sign with the long-lived key, without a certificate.
    pub with_key: bool,
    /// Log in Rekor v1, with an integrated time under a promise.
    pub old_log: bool,
    pub integrated: Timestamp,
    pub promise: By,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            subjects: vec![San::Uri(SUBJECT)],
            issuer: Some(ISSUER),
            issuer_raw: Some(ISSUER),
            claims: vec![
                (9, SUBJECT),
                (11, "github-hosted"),
                (12, "https://github.com/acme/hello"),
                (13, "5f3c1f2a0f7c4f1b8f1d2e3c4b5a69788796a5b4"),
                (14, "refs/tags/v1.0.0"),
                (15, "42424242"),
                (20, "push"),
            ],
            extensions: Vec::new(),
            usage: CODE_SIGNING,
            valid_from: signed_at() - SignedDuration::from_mins(5),
            valid_until: signed_at() + SignedDuration::from_mins(5),
            stamped: signed_at(),
            authority: By::Ours,
            transparency: By::Ours,
            log: By::Ours,
            timestamp: By::Ours,
            origin: LOG_HOST,
            signer_name: LOG_HOST,
            with_key: false,
            old_log: false,
            integrated: signed_at(),
            promise: By::Ours,
        }
    }
}

pub struct Fake {
    root: KeyPair,
    intermediate: KeyPair,
    transparency: KeyPair,
    log: KeyPair,
    stamp_root: KeyPair,
    stamp: KeyPair,
    stamp_certificate: Vec<u8>,
    stranger: KeyPair,
    pub key: KeyPair,
}

fn pair() -> KeyPair {
    KeyPair::generate_ecdsa_p256().unwrap()
}

pub fn spki(key: &KeyPair) -> Vec<u8> {
    key.public_key_der().unwrap().as_bytes().to_vec()
}

fn sign(key: &KeyPair, bytes: &[u8]) -> Vec<u8> {
    key.sign(bytes).unwrap().as_bytes().to_vec()
}

/// A P-256 `SubjectPublicKeyInfo` ends with the point, 65 bytes.
fn key_id(spki: &[u8]) -> Vec<u8> {
    sha256(&spki[spki.len() - 65..])[..20].to_vec()
}

/// A certificate's parts.
struct Cert<'a> {
    serial: u8,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    key: Vec<u8>,
    signer: &'a KeyPair,
    valid: (Timestamp, Timestamp),
    extensions: Vec<Vec<u8>>,
}

impl Cert<'_> {
    fn body(&self, more: &[Vec<u8>]) -> Vec<u8> {
        let mut extensions = self.extensions.clone();
        extensions.push(extension("2.5.29.14", false, &octets(&key_id(&self.key))));
        extensions.push(extension("2.5.29.35", false, &seq(&[tlv(0x80, &key_id(&spki(self.signer)))])));
        extensions.extend_from_slice(more);
        seq(&[
            tagged(0, &int(2)),
            int(self.serial),
            algorithm(ECDSA_SHA256),
            self.issuer.clone(),
            seq(&[utc_time(self.valid.0), utc_time(self.valid.1)]),
            self.subject.clone(),
            self.key.clone(),
            tagged(3, &seq(&extensions)),
        ])
    }

    fn der(&self, more: &[Vec<u8>]) -> Vec<u8> {
        let body = self.body(more);
        let signature = sign(self.signer, &body);
        seq(&[body, algorithm(ECDSA_SHA256), bits(&signature)])
    }
}

fn authority(path_length: bool) -> Vec<Vec<u8>> {
    let ca = if path_length { seq(&[vec![0x01, 0x01, 0xff], int(0)]) } else { seq(&[vec![0x01, 0x01, 0xff]]) };
    vec![extension("2.5.29.19", true, &ca), extension("2.5.29.15", true, &[0x03, 0x02, 0x01, 0x06])]
}

fn usage(of: &str, critical: bool) -> Vec<u8> {
    extension("2.5.29.37", critical, &seq(&[oid(of)]))
}

fn long() -> (Timestamp, Timestamp) {
    ("2020-01-01T00:00:00Z".parse().unwrap(), "2049-01-01T00:00:00Z".parse().unwrap())
}

impl Fake {
    pub fn new() -> Self {
        let (stamp_root, stamp) = (pair(), pair());
        let extensions = vec![extension("2.5.29.15", true, &[0x03, 0x02, 0x07, 0x80]), usage(TIME_STAMPING, true)];
        let (subject, issuer) = (name("fake tsa"), name("fake tsa root"));
        let certificate = Cert { serial: 5, subject, issuer, key: spki(&stamp), signer: &stamp_root, valid: long(), extensions };
        let stamp_certificate = certificate.der(&[]);
        Self {
            root: pair(),
            intermediate: pair(),
            transparency: pair(),
            log: pair(),
            stamp_root,
            stamp,
            stamp_certificate,
            stranger: pair(),
            key: pair(),
        }
    }

    fn by<'a>(&'a self, who: By, ours: &'a KeyPair) -> &'a KeyPair {
        if who == By::Stranger { &self.stranger } else { ours }
    }

    pub fn key_pem(&self) -> String {
        self.key.public_key_der().unwrap().to_pem()
    }

    /// A bundle with a signature over the artifact.
    pub fn signed(&self, artifact: &[u8], signing: &Signing) -> Value {
        let (key, certificate) = self.signer(signing);
        let digest = sha256(artifact);
        let signature = sign(key.as_ref().unwrap_or(&self.key), artifact);
        let message = json!({"messageDigest": {"algorithm": "SHA2_256", "digest": b64(&digest)}, "signature": b64(&signature)});
        self.bundle(signing, "messageSignature", &message, &signature, &digest, certificate)
    }

    /// A bundle with a statement in a DSSE envelope.
    pub fn attested(&self, statement: &str, signing: &Signing) -> Value {
        self.enveloped("application/vnd.in-toto+json", statement, signing)
    }

    pub fn enveloped(&self, payload_type: &str, payload: &str, signing: &Signing) -> Value {
        let (key, certificate) = self.signer(signing);
        let pae = format!("DSSEv1 {} {payload_type} {} {payload}", payload_type.len(), payload.len());
        let signature = sign(key.as_ref().unwrap_or(&self.key), pae.as_bytes());
        let envelope = json!({"payload": b64(payload.as_bytes()), "payloadType": payload_type, "signatures": [{"sig": b64(&signature)}]});
        self.bundle(signing, "dsseEnvelope", &envelope, &signature, &sha256(pae.as_bytes()), certificate)
    }

    /// A fresh key with its certificate, or nothing where the long-lived key signs.
    fn signer(&self, signing: &Signing) -> (Option<KeyPair>, Option<Vec<u8>>) {
        if signing.with_key {
            return (None, None);
        }
        let key = pair();
        let certificate = self.leaf(spki(&key), signing);
        (Some(key), Some(certificate))
    }

    /// A certificate for whoever holds this key.
    pub fn leaf(&self, key: Vec<u8>, signing: &Signing) -> Vec<u8> {
        let mut extensions = vec![extension("2.5.29.15", true, &[0x03, 0x02, 0x07, 0x80]), usage(signing.usage, false)];
        let names = signing.subjects.iter().map(|san| match san {
            San::Uri(uri) => tlv(0x86, uri.as_bytes()),
            San::Email(email) => tlv(0x81, email.as_bytes()),
            San::Dns(dns) => tlv(0x82, dns.as_bytes()),
        });
        let names = names.collect::<Vec<_>>();
        if !names.is_empty() {
            extensions.push(extension("2.5.29.17", true, &seq(&names)));
        }
        extensions.extend(signing.issuer_raw.map(|issuer| extension(&format!("{FULCIO}.1"), false, issuer.as_bytes())));
        extensions.extend(signing.issuer.map(|issuer| extension(&format!("{FULCIO}.8"), false, &utf8(issuer))));
        extensions.extend(signing.claims.iter().map(|(number, value)| claim(*number, value)));
        extensions.extend(signing.extensions.clone());
        let signer = self.by(signing.authority, &self.intermediate);
        let valid = (signing.valid_from, signing.valid_until);
        let cert = Cert { serial: 7, subject: seq(&[]), issuer: name("fake intermediate"), key, signer, valid, extensions };
        if signing.transparency == By::Nobody {
            return cert.der(&[]);
        }
        let log = self.by(signing.transparency, &self.transparency);
        cert.der(&[sct(log, &cert.body(&[]), &sha256(&spki(signer)), signing.valid_from)])
    }

    fn bundle(
        &self,
        signing: &Signing,
        content_name: &str,
        content: &Value,
        signature: &[u8],
        digest: &[u8],
        certificate: Option<Vec<u8>>,
    ) -> Value {
        let mut verifier = json!({"keyDetails": "PKIX_ECDSA_P256_SHA_256"});
        let mut material = json!({});
        let pem = match certificate {
            Some(der) => {
                verifier["x509Certificate"] = json!({"rawBytes": b64(&der)});
                material["certificate"] = json!({"rawBytes": b64(&der)});
                DerCertificate::new(der).to_pem()
            }
            None => {
                verifier["publicKey"] = json!({"rawBytes": b64(&spki(&self.key))});
                material["publicKey"] = json!({"hint": b64(&sha256(&spki(&self.key)))});
                self.key_pem()
            }
        };
        let old_envelope = signing.old_log && content_name == "dsseEnvelope";
        let body = if old_envelope {
            let payload = STANDARD.decode(content["payload"].as_str().unwrap()).unwrap();
            let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": hex(&sha256(bytes))});
            json!({"apiVersion": "0.0.1", "kind": "dsse", "spec": {"envelopeHash": hash(content.to_string().as_bytes()), "payloadHash": hash(&payload),
                "signatures": [{"signature": b64(signature), "verifier": b64(pem.as_bytes())}]}})
        } else if signing.old_log {
            json!({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
                "data": {"hash": {"algorithm": "sha256", "value": hex(digest)}},
                "signature": {"content": b64(signature), "publicKey": {"content": b64(pem.as_bytes())}}}})
        } else {
            json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
                "data": {"algorithm": "SHA2_256", "digest": b64(digest)},
                "signature": {"content": b64(signature), "verifier": verifier}}}})
        };
        material["tlogEntries"] = match signing.log {
            By::Nobody => json!([]),
            _ => json!([self.entry(body.to_string().as_bytes(), signing)]),
        };
        if old_envelope && signing.log != By::Nobody {
            material["tlogEntries"][0]["kindVersion"]["kind"] = json!("dsse");
        }
        if signing.timestamp != By::Nobody {
            let stamp = self.timestamp(signature, signing);
            material["timestampVerificationData"] = json!({"rfc3161Timestamps": [{"signedTimestamp": b64(&stamp)}]});
        }
        json!({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material, content_name: content})
    }

    /// The second of three entries of the log.
    pub fn entry(&self, body: &[u8], signing: &Signing) -> Value {
        let leaf = |body: &[u8]| sha256(&[&[0], body].concat());
        let node = |left: &[u8], right: &[u8]| sha256(&[&[1], left, right].concat());
        let (first, third) = (leaf(b"first"), leaf(b"third"));
        let root = node(&node(&first, &leaf(body)), &third);
        let note = format!("{}\n3\n{}\n", signing.origin, b64(&root));
        let signature = sign(self.by(signing.log, &self.log), note.as_bytes());
        let hint = &sha256(&spki(&self.log))[..4];
        let checkpoint = format!("{note}\n\u{2014} {} {}\n", signing.signer_name, b64(&[hint, &signature].concat()));
        let mut entry = json!({
            "logIndex": "1",
            "logId": {"keyId": b64(&sha256(&spki(&self.log)))},
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
            "integratedTime": "0",
            "inclusionProof": {"logIndex": "1", "rootHash": b64(&root), "treeSize": "3", "hashes": [b64(&first), b64(&third)],
                "checkpoint": {"envelope": checkpoint}},
            "canonicalizedBody": b64(body),
        });
        if signing.old_log {
            // The index of a v1 entry counts over all shards of the log.
            entry["logIndex"] = json!("1001");
            entry["kindVersion"]["version"] = json!("0.0.1");
            entry["integratedTime"] = json!(signing.integrated.as_second().to_string());
            let promised = json!({"body": b64(body), "integratedTime": signing.integrated.as_second(),
                "logID": hex(&sha256(&spki(&self.log))), "logIndex": 1001});
            let promise = sign(self.by(signing.promise, &self.log), promised.to_string().as_bytes());
            if signing.promise != By::Nobody {
                entry["inclusionPromise"] = json!({"signedEntryTimestamp": b64(&promise)});
            }
        }
        entry
    }

    /// An RFC 3161 answer over a signature.
    fn timestamp(&self, signature: &[u8], signing: &Signing) -> Vec<u8> {
        self.stamp_of(&sha256(signature), &[], signing)
    }

    /// The same over a digest, with the nonce (an INTEGER, whole) of the question.
    pub fn stamp_of(&self, digest: &[u8], nonce: &[u8], signing: &Signing) -> Vec<u8> {
        const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
        let sha = algorithm(SHA256);
        let imprint = seq(&[sha.clone(), octets(digest)]);
        let token = seq(&[int(1), oid("1.3.6.1.4.1.57264.2"), imprint, int(9), time(signing.stamped), nonce.to_vec()]);
        let certificate_hash = seq(&[seq(&[seq(&[octets(&sha256(&self.stamp_certificate))])])]);
        let attributes = set(&[
            seq(&[oid("1.2.840.113549.1.9.3"), set(&[oid(TST_INFO)])]),
            seq(&[oid("1.2.840.113549.1.9.4"), set(&[octets(&sha256(&token))])]),
            seq(&[oid("1.2.840.113549.1.9.16.2.47"), set(&[certificate_hash])]),
        ]);
        let proof = sign(self.by(signing.timestamp, &self.stamp), &attributes);
        let mut implicit = attributes;
        implicit[0] = 0xa0;
        let signer = seq(&[int(1), seq(&[name("fake tsa root"), int(5)]), sha.clone(), implicit, algorithm(ECDSA_SHA256), octets(&proof)]);
        let content = seq(&[oid(TST_INFO), tagged(0, &octets(&token))]);
        let signed = seq(&[int(3), set(&[sha]), content, set(&[signer])]);
        seq(&[seq(&[int(0)]), seq(&[oid("1.2.840.113549.1.7.2"), tagged(0, &signed)])])
    }

    fn self_signed(called: &str, key: &KeyPair) -> Vec<u8> {
        let (subject, issuer) = (name(called), name(called));
        Cert { serial: 1, subject, issuer, key: spki(key), signer: key, valid: long(), extensions: authority(false) }.der(&[])
    }

    pub fn trusted_root(&self) -> Value {
        let mut extensions = authority(true);
        extensions.push(usage(CODE_SIGNING, false));
        let (subject, issuer) = (name("fake intermediate"), name("fake root"));
        let intermediate =
            Cert { serial: 2, subject, issuer, key: spki(&self.intermediate), signer: &self.root, valid: long(), extensions }.der(&[]);
        let chain = |certificates: &[Vec<u8>]| {
            let entries = certificates.iter().map(|der| json!({"rawBytes": b64(der)})).collect::<Vec<_>>();
            json!({"certificates": entries})
        };
        let valid = json!({"start": "2020-01-01T00:00:00Z"});
        let log = |url: &str, key: &KeyPair| {
            json!({"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(&sha256(&spki(key)))},
                "publicKey": {"rawBytes": b64(&spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}})
        };
        let party = |uri: &str, chain: Value| json!({"subject": {"organization": "fake.example", "commonName": "fake"}, "uri": uri, "certChain": chain, "validFor": valid});
        let authority = chain(&[intermediate, Self::self_signed("fake root", &self.root)]);
        let stamps = chain(&[self.stamp_certificate.clone(), Self::self_signed("fake tsa root", &self.stamp_root)]);
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(&format!("https://{LOG_HOST}"), &self.log)],
            "ctlogs": [log("https://ct.fake.example", &self.transparency)],
            "certificateAuthorities": [party("https://ca.fake.example", authority)],
            "timestampAuthorities": [party("https://tsa.fake.example/api/v1/timestamp", stamps)],
        })
    }
}

/// A Fulcio claim in its encoding.
pub fn claim(number: u32, value: &str) -> Vec<u8> {
    let encoded = if number < 8 { value.as_bytes().to_vec() } else { utf8(value) };
    extension(&format!("{FULCIO}.{number}"), false, &encoded)
}

/// A claim whose content is not text at all.
pub fn malformed_claim(number: u32) -> Vec<u8> {
    extension(&format!("{FULCIO}.{number}"), false, &[0xff, 0xff])
}

/// The certificate transparency extension with one timestamp (RFC 6962, sections 3.2 and 3.3).
fn sct(log: &KeyPair, body: &[u8], issuer_key_hash: &[u8; 32], at: Timestamp) -> Vec<u8> {
    let short = |bytes: &[u8]| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat();
    let milliseconds = u64::try_from(at.as_millisecond()).unwrap().to_be_bytes();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let signed = [&[0, 0][..], &milliseconds, &[0, 1], issuer_key_hash, &length[1..], body, &[0, 0]].concat();
    let signature = short(&sign(log, &signed));
    let stamp = [&[0][..], &sha256(&spki(log)), &milliseconds, &[0, 0], &[4, 3], &signature].concat();
    extension("1.3.6.1.4.1.11129.2.4.2", false, &octets(&short(&short(&stamp))))
}
