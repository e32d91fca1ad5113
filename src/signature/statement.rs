//! The in-toto statement inside a DSSE envelope, and whether it is about the artifact.
//!
//! Source: in-toto attestation specification, `spec/v1/statement.md`. A predicate holds for each subject, so one subject
//! that is the artifact suffices; but all digests of that subject that can be compared must agree.

use serde_json::{Map, Value};

use crate::model::Statement;

use super::Digests;
use super::examination::{Refusal, Trace};
use super::json::{self, JsonFault};
use super::reason;
use super::sigstore_adapter::Digest;

/// The payload type of in-toto statements.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The statement versions whose meaning is known; cosign still writes the older.
const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];
/// Subjects that one statement may have, as in sigstore-go.
const MOST_SUBJECTS: usize = 1024;

/// Reads the payload of an envelope and binds it to the artifact. Gives the statement and the digest by which it is bound.
pub(super) fn read<'a>(
    payload_type: &str,
    payload: &[u8],
    digests: &'a Digests,
    trace: &mut Trace,
) -> Result<(Statement, Digest<'a>), Refusal> {
    trace.hold("payload type", &reason::PAYLOAD_TYPE, PAYLOAD_TYPE, payload_type, payload_type == PAYLOAD_TYPE)?;
    let statement = trace.record("statement", object(payload))?;
    let text = |name: &str| statement.get(name).and_then(Value::as_str).unwrap_or_default();
    trace.hold("statement type", &reason::STATEMENT_TYPE, TYPES.join(" or "), text("_type"), TYPES.contains(&text("_type")))?;
    let predicate_type = text("predicateType");
    let found = if predicate_type.is_empty() { "none" } else { predicate_type };
    trace.hold("predicate type", &reason::MALFORMED_STATEMENT, "a predicate type", found, !predicate_type.is_empty())?;
    let subjects = statement.get("subject").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let count = subjects.len();
    let expected = format!("1 to {MOST_SUBJECTS} subjects");
    trace.hold("subjects", &reason::STATEMENT_SUBJECTS, expected, count.to_string(), (1..=MOST_SUBJECTS).contains(&count))?;
    let bound = trace.record("subject", bind(subjects, digests))?;
    let shown = match bound {
        Digest::Sha256(bytes) => format!("sha256 {}", super::hex(bytes)),
        Digest::Sha512(bytes) => format!("sha512 {}", super::hex(bytes)),
    };
    trace.hold("subject", &reason::SUBJECT_MISMATCH, "the artifact among the subjects", shown, true)?;
    let predicate = statement.get("predicate").cloned().unwrap_or_else(|| Value::Object(Map::new()));
    Ok((Statement { predicate_type: predicate_type.to_owned(), signer: String::new(), predicate }, bound))
}

fn object(payload: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match json::read(payload) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::new(&reason::MALFORMED_STATEMENT, "a JSON object", "another JSON value")),
        Err(fault @ JsonFault::Duplicate(_)) => Err(Refusal::new(&reason::MALFORMED_STATEMENT, "each member once", fault.to_string())),
        Err(fault) => Err(Refusal::new(&reason::MALFORMED_STATEMENT, "JSON", fault.to_string())),
    }
}

/// How one subject compares with the artifact.
struct Comparison<'a> {
    sha256: Option<bool>,
    sha512: Option<bool>,
    names_sha512: bool,
    bound: Option<Digest<'a>>,
}

/// Finds the subject that is the artifact.
fn bind<'a>(subjects: &[Value], digests: &'a Digests) -> Result<Digest<'a>, Refusal> {
    let mut comparable = false;
    let mut uncomputed = false;
    for subject in subjects {
        let comparison = compare(subject, digests)?;
        if comparison.sha256 == Some(true) && comparison.sha512 == Some(false)
            || comparison.sha256 == Some(false) && comparison.sha512 == Some(true)
        {
            let found = "one of the artifact and one of another file";
            return Err(Refusal::new(&reason::SUBJECT_DIGESTS, "sha256 and sha512 of one file", found));
        }
        if comparison.sha256 == Some(true) && comparison.names_sha512 && comparison.sha512.is_none() {
            let found = "the artifact's sha256, and a sha512 that was not compared";
            return Err(Refusal::new(&reason::SUBJECT_UNSUPPORTED, "every digest of the subject compared", found));
        }
        if let Some(bound) = comparison.bound {
            return Ok(bound);
        }
        comparable |= comparison.sha256.is_some() || comparison.sha512.is_some();
        uncomputed |= comparison.names_sha512 && comparison.sha512.is_none();
    }
    if comparable {
        let expected = format!("a subject with sha256 {}", super::hex(&digests.sha256));
        return Err(Refusal::new(&reason::SUBJECT_MISMATCH, expected, format!("{} other subjects", subjects.len())));
    }
    let found = if uncomputed { "sha512 only, and the artifact's was not computed" } else { "only weaker digests" };
    Err(Refusal::new(&reason::SUBJECT_UNSUPPORTED, "sha256 or sha512 of a subject", found))
}

fn compare<'a>(subject: &Value, digests: &'a Digests) -> Result<Comparison<'a>, Refusal> {
    let malformed = |found: &str| Refusal::new(&reason::MALFORMED_STATEMENT, "a digest in lower-case hex for each subject", found);
    let Some(Value::Object(named)) = subject.get("digest") else {
        return Err(malformed("a subject without digests"));
    };
    let hex = |algorithm: &str, length: usize| match named.get(algorithm) {
        None => Ok(None),
        Some(Value::String(text)) if is_hex(text, length) => Ok(Some(text.as_str())),
        Some(other) => Err(malformed(&format!("{algorithm} {other}"))),
    };
    let sha256 = hex("sha256", 64)?.map(|text| text == super::hex(&digests.sha256));
    let named_sha512 = hex("sha512", 128)?;
    let sha512 = named_sha512.zip(digests.sha512.as_ref()).map(|(text, own)| text == super::hex(own));
    let bound = match (sha256, sha512, &digests.sha512) {
        (Some(true), _, _) => Some(Digest::Sha256(&digests.sha256)),
        (None, Some(true), Some(own)) => Some(Digest::Sha512(own)),
        _ => None,
    };
    Ok(Comparison { sha256, sha512, names_sha512: named_sha512.is_some(), bound })
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a statement in this envelope names a subject by SHA-512, so that computing the artifact's is worth its time.
pub(super) fn names_sha512(payload: &[u8]) -> bool {
    let names = |subject: &Value| subject.get("digest").is_some_and(|digest| digest.get("sha512").is_some());
    object(payload)
        .is_ok_and(|statement| statement.get("subject").and_then(Value::as_array).is_some_and(|subjects| subjects.iter().any(names)))
}
