//! What a bundle must look like before its signatures are worth verifying.
//!
//! The verifying crate ignores members it does not know, reads three format versions, and takes some numbers on trust. Here is
//! what it leaves open; the strict profile refuses what any of the reference clients (cosign, sigstore-python) would refuse.

use serde_json::Value;

use super::examination::{Refusal, Trace};
use super::reason;
use super::requirement::Profile;
use super::sigstore_adapter::{Content, Entry, InclusionProof, Log, Shape};
use super::trust::{Anchor, Evidence};

/// Timestamps that are verified for one signature.
const MOST_TIMESTAMPS: usize = 16;

/// Signatures that a checkpoint may have: the log's and its witnesses'. Each that claims to be the log's costs a verification.
const MOST_SIGNERS: usize = 32;

/// The layers of cosign's signatures and attestations of images before bundles.
const LEGACY_LAYERS: [&str; 2] = ["application/vnd.dev.cosign.simplesigning.v1+json", "application/vnd.dsse.envelope.v1+json"];

/// The members of an object of the format.
struct Members(&'static [(&'static str, Option<&'static Members>)]);

/// Bundle format 0.3 (sigstore/protobuf-specs, `sigstore_bundle.proto`), in the JSON spelling of Protocol Buffers.
static BUNDLE: Members = Members(&[
    ("mediaType", None),
    ("verificationMaterial", Some(&MATERIAL)),
    ("messageSignature", Some(&MESSAGE)),
    ("dsseEnvelope", Some(&ENVELOPE)),
]);
static MATERIAL: Members = Members(&[
    ("certificate", Some(&RAW)),
    ("x509CertificateChain", Some(&CHAIN)),
    ("publicKey", Some(&Members(&[("hint", None)]))),
    ("tlogEntries", Some(&ENTRY)),
    ("timestampVerificationData", Some(&Members(&[("rfc3161Timestamps", Some(&Members(&[("signedTimestamp", None)])))]))),
]);
static RAW: Members = Members(&[("rawBytes", None)]);
static CHAIN: Members = Members(&[("certificates", Some(&RAW))]);
static ENTRY: Members = Members(&[
    ("logIndex", None),
    ("logId", Some(&Members(&[("keyId", None)]))),
    ("kindVersion", Some(&Members(&[("kind", None), ("version", None)]))),
    ("integratedTime", None),
    ("inclusionPromise", Some(&Members(&[("signedEntryTimestamp", None)]))),
    ("inclusionProof", Some(&PROOF)),
    ("canonicalizedBody", None),
]);
static PROOF: Members = Members(&[
    ("logIndex", None),
    ("rootHash", None),
    ("treeSize", None),
    ("hashes", None),
    ("checkpoint", Some(&Members(&[("envelope", None)]))),
]);
static MESSAGE: Members = Members(&[("messageDigest", Some(&Members(&[("algorithm", None), ("digest", None)]))), ("signature", None)]);
static ENVELOPE: Members =
    Members(&[("payload", None), ("payloadType", None), ("signatures", Some(&Members(&[("sig", None), ("keyid", None)])))]);

/// Whether this is a Sigstore bundle at all, and which other format if not.
pub(super) fn recognise(value: &Value, trace: &mut Trace) -> Result<(), Refusal> {
    let has = |name: &str| value.get(name).is_some();
    let (reason, found) = if is_image_signature(value) {
        (&reason::LEGACY_COSIGN, "a signature of cosign 1 or 2 in an image's repository")
    } else if has("mediaType") || has("verificationMaterial") {
        return trace.hold("format", &reason::UNKNOWN_FORMAT, "a Sigstore bundle", "a Sigstore bundle", true);
    } else if has("base64Signature") || has("rekorBundle") || has("SignedEntryTimestamp") {
        (&reason::LEGACY_COSIGN, "a bundle of cosign 1 or 2")
    } else if has("payload") && has("payloadType") {
        (&reason::RAW_DSSE, "a bare DSSE envelope")
    } else {
        (&reason::UNKNOWN_FORMAT, "JSON of another kind")
    };
    trace.hold("format", reason, "a Sigstore bundle", found, false)
}

/// Whether this is the manifest of an image's signature or attestation as cosign 1 and 2 keep them under `sha256-….sig` and
/// `sha256-….att` (sigstore/cosign, `specs/SIGNATURE_SPEC.md`, `specs/ATTESTATION_SPEC.md`).
fn is_image_signature(manifest: &Value) -> bool {
    let media = |layer: &Value| layer.get("mediaType").and_then(Value::as_str).map(|media| LEGACY_LAYERS.contains(&media));
    manifest.get("layers").and_then(Value::as_array).is_some_and(|layers| layers.iter().any(|layer| media(layer) == Some(true)))
}

/// Refuses members that the format does not have.
pub(super) fn known_members(value: &Value, profile: Profile, trace: &mut Trace) -> Result<(), Refusal> {
    if profile == Profile::Compatible {
        return Ok(());
    }
    let unknown = unknown_member(value, &BUNDLE);
    let found = unknown.as_deref().map_or_else(|| "only those".to_owned(), |path| format!("`{path}`"));
    trace.hold("members", &reason::UNKNOWN_MEMBER, "members of bundle format 0.3", found, unknown.is_none())
}

/// Refuses numbers that are spelled in another way than they are written: a 64-bit integer is a string of its digits (Protocol
/// Buffers' JSON mapping), and a verifier that takes `+1` or `01` reads what others do not.
pub(super) fn plain_numbers(value: &Value, trace: &mut Trace) -> Result<(), Refusal> {
    match odd_number(value) {
        None => Ok(()),
        Some(text) => {
            let refusal = Refusal::new(&reason::MALFORMED_BUNDLE, "integers in plain decimal digits", format!("`{text}`"));
            Err(trace.fail("numbers", refusal))
        }
    }
}

fn odd_number(value: &Value) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(odd_number),
        Value::Object(object) => object.iter().find_map(|(name, value)| match value {
            Value::String(text) if ["logIndex", "treeSize", "integratedTime"].contains(&name.as_str()) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = digits == "0" || !digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                (!plain).then(|| format!("{name}: {text}"))
            }
            _ => odd_number(value),
        }),
        _ => None,
    }
}

/// The path of the first member that is not in the format; arrays are looked through.
fn unknown_member(value: &Value, members: &'static Members) -> Option<String> {
    match value {
        Value::Array(values) => values.iter().find_map(|value| unknown_member(value, members)),
        Value::Object(object) => object.iter().find_map(|(name, value)| match members.0.iter().find(|(known, _)| known == name) {
            None => Some(name.clone()),
            Some((_, None)) => None,
            Some((_, Some(inner))) => unknown_member(value, inner).map(|path| format!("{name}.{path}")),
        }),
        _ => None,
    }
}

/// Media type, timestamps and log entry. Gives back the log that the entry names, or `None` on an instance without logs.
pub(super) fn check<'a>(shape: &Shape, trust: &'a Anchor, profile: Profile, trace: &mut Trace) -> Result<Option<&'a Log>, Refusal> {
    let strict = profile == Profile::Strict;
    let expected = if strict { "format 0.3" } else { "format 0.1, 0.2 or 0.3" };
    trace.hold("media type", &reason::MEDIA_TYPE, expected, shape.media_type, shape.is_current || !strict)?;
    timestamps(shape, strict, trace)?;
    if strict && matches!(shape.content, Content::Message(None)) {
        let refusal = Refusal::new(&reason::MESSAGE_DIGEST_MISSING, "the digest that was signed", "none");
        return Err(trace.fail("message digest", refusal));
    }
    let wanted = match trust.evidence() {
        Evidence::Logged => 1,
        Evidence::Timestamped => 0,
    };
    let count = shape.entries.len();
    trace.hold("log entry", &reason::LOG_ENTRY_COUNT, format!("exactly {wanted}"), count.to_string(), count == wanted)?;
    shape.entries.first().map(|entry| entry_in_log(entry, trust, strict, trace)).transpose()
}

fn timestamps(shape: &Shape, strict: bool, trace: &mut Trace) -> Result<(), Refusal> {
    let count = shape.timestamps.len();
    let expected = format!("at most {MOST_TIMESTAMPS}");
    trace.hold("timestamps", &reason::TOO_MANY_TIMESTAMPS, expected, count.to_string(), count <= MOST_TIMESTAMPS)?;
    let repeated = shape.timestamps.iter().enumerate().any(|(at, stamp)| shape.timestamps.iter().take(at).any(|other| other == stamp));
    if repeated && strict {
        trace.hold("timestamps", &reason::DUPLICATE_TIMESTAMP, "each timestamp once", "one of them twice", false)?;
    }
    Ok(())
}

fn entry_in_log<'a>(entry: &Entry, trust: &'a Anchor, strict: bool, trace: &mut Trace) -> Result<&'a Log, Refusal> {
    let id = super::hex(&entry.log);
    let log = trust.log(&entry.log);
    let expected = format!("a log of the trusted root `{}`", trust.name());
    let found = log.map_or(id, |log| log.url.clone());
    let Some(log) = log else {
        return Err(trace.fail("log", Refusal::new(&reason::UNKNOWN_LOG, expected, found)));
    };
    trace.hold("log", &reason::UNKNOWN_LOG, expected, found, true)?;
    let Some(proof) = &entry.proof else {
        return Err(trace.fail("inclusion proof", Refusal::new(&reason::INCLUSION_PROOF_MISSING, "an inclusion proof", "none")));
    };
    if strict {
        unsigned_time(entry, trace)?;
    }
    position(entry, proof, log, strict, trace)?;
    Ok(log)
}

fn unsigned_time(entry: &Entry, trace: &mut Trace) -> Result<(), Refusal> {
    let unsigned = entry.has_time && (entry.is_v2 || !entry.has_promise);
    let found = if unsigned { "an integrated time that nothing signs" } else { "none" };
    trace.hold("integrated time", &reason::UNSIGNED_TIME, "no unsigned time", found, !unsigned)
}

/// Index, size and root must be what the checkpoint and the proof prove. The entry's own index of a Rekor v1 entry counts over
/// all shards of the log and so differs from the proof's; it is covered by the signed promise.
fn position(entry: &Entry, proof: &InclusionProof, log: &Log, strict: bool, trace: &mut Trace) -> Result<(), Refusal> {
    let Some(checkpoint) = &proof.checkpoint else {
        return Err(trace.fail("checkpoint", Refusal::new(&reason::INCLUSION_PROOF_MISSING, "a signed checkpoint", "none")));
    };
    let (count, expected) = (checkpoint.signers.len(), format!("at most {MOST_SIGNERS} signatures"));
    trace.hold("checkpoint signatures", &reason::CHECKPOINT_INVALID, expected, count.to_string(), count <= MOST_SIGNERS)?;
    if !strict {
        return Ok(());
    }
    let agree = proof.size == checkpoint.size && proof.root == checkpoint.root && (!entry.is_v2 || proof.index == entry.index);
    let expected = format!("size {}, root {}", checkpoint.size, super::hex(&checkpoint.root));
    let found = format!("index {} and {}, size {}, root {}", entry.index, proof.index, proof.size, super::hex(&proof.root));
    trace.hold("log position", &reason::LOG_POSITION, expected, found, agree)?;
    let host = log.host();
    // A Rekor v1 origin is the host, a hyphen and the number of the tree.
    let origin = checkpoint.origin == host || checkpoint.origin.strip_prefix(host).is_some_and(|rest| rest.starts_with(" - "));
    let signed = checkpoint.signers.iter().any(|name| name == host);
    let found = format!("origin {}, signed by {}", checkpoint.origin, checkpoint.signers.join(", "));
    trace.hold("checkpoint", &reason::CHECKPOINT_SIGNER, format!("origin and signer {host}"), found, origin && signed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_in_one_way() {
        let odd = |text: &str| odd_number(&serde_json::json!({"a": [{"inclusionProof": {"treeSize": text}}]})).is_some();
        for plain in ["0", "1", "10", "9223372036854775807", "-1"] {
            assert!(!odd(plain), "{plain}");
        }
        for spelled in ["+1", "01", "00", "", "-", "1 ", "0x1", "1e3", "１"] {
            assert!(odd(spelled), "{spelled:?}");
        }
    }

    #[test]
    fn unknown_members_are_found_at_any_depth() {
        let at = |text: &str| unknown_member(&serde_json::from_str(text).unwrap(), &BUNDLE);
        assert_eq!(at(r#"{"mediaType":1,"verificationMaterial":{"tlogEntries":[{"logIndex":"0"}]}}"#), None);
        assert_eq!(at(r#"{"extra":1}"#).as_deref(), Some("extra"));
        assert_eq!(
            at(r#"{"verificationMaterial":{"tlogEntries":[{},{"inclusionProof":{"checkpoint":{"x":1}}}]}}"#).as_deref(),
            Some("verificationMaterial.tlogEntries.inclusionProof.checkpoint.x")
        );
    }
}
