//! PyPI's attestations (PEP 740, now packaging.python.org "Index hosted attestations"), read as the Sigstore bundles that they
//! are made from.
//!
//! `{"version": 1, "verification_material": {"certificate", "transparency_entries"}, "envelope": {"statement", "signature"}}`
//! has the parts of a bundle 0.3 under other names: the entries are the bundle format's own JSON, the envelope is DSSE with the
//! in-toto payload type (pypi-attestations 0.0.29, `Attestation.to_bundle`). An index serves several in a provenance object,
//! `{"version": 1, "attestation_bundles": [{"publisher": {…}, "attestations": […]}]}`; its `publisher` is signed by nobody and
//! is not read. The PEP lets signers add members, which the strict profile refuses as it does in bundles: nothing signs them.
//!
//! The PEP binds an attestation by the distribution's file name and its SHA-256, see [`Distribution::check`].

use std::collections::BTreeSet;

use pep440_rs::Version;
use serde_json::{Map, Value, json};

use super::super::examination::{Refusal, Trace};
use super::super::requirement::Profile;
use super::super::{json, reason};

/// Where an attestation may have members: at the top, and within these.
const MATERIAL: &str = "verification_material";
const ENVELOPE: &str = "envelope";

/// What PEP 740 asks of an attestation beyond what is asked of any bundle.
#[derive(Debug)]
pub(in super::super) struct Distribution {
    /// The first member that the PEP does not know.
    unknown: Option<String>,
    /// The statement, base64.
    statement: String,
}

/// An attestation as a bundle.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) bundle: Value,
    pub(super) distribution: Distribution,
}

/// Whether this is one of PyPI's attestations and no bundle.
pub(super) fn is_attestation(value: &Value) -> bool {
    value.get(MATERIAL).is_some() && value.get("mediaType").is_none() && value.get("verificationMaterial").is_none()
}

/// The attestations of a provenance object, if it is one.
pub(super) fn provenance(members: &Map<String, Value>) -> Option<impl Iterator<Item = Result<Converted, Refusal>>> {
    let bundles = members.get("attestation_bundles")?.as_array()?;
    let version = members.get("version").cloned();
    let outer = unknown(members, &["version", "attestation_bundles"]);
    let attestations = bundles.iter().flat_map(|bundle| {
        let inner = bundle.as_object().and_then(|bundle| unknown(bundle, &["publisher", "attestations"]));
        let attestations = bundle.get("attestations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        attestations.iter().map(move |attestation| (inner.clone(), attestation))
    });
    let attestations = attestations.collect::<Vec<_>>();
    let converted = attestations.into_iter().map(move |(inner, attestation)| {
        is_first(version.as_ref(), "provenance object")?;
        let mut converted = convert(attestation)?;
        let unknown = &mut converted.distribution.unknown;
        *unknown = unknown.take().or(inner).or_else(|| outer.clone());
        Ok(converted)
    });
    Some(converted.collect::<Vec<_>>().into_iter())
}

/// Builds the bundle of an attestation.
pub(super) fn convert(attestation: &Value) -> Result<Converted, Refusal> {
    let malformed = |found: &str| Refusal::new(&reason::MALFORMED_BUNDLE, "an attestation of PEP 740", found);
    is_first(attestation.get("version"), "attestation")?;
    let object = |value: &Value| value.as_object().cloned();
    let part = |name: &str| attestation.get(name).and_then(object).ok_or_else(|| malformed(&format!("no `{name}`")));
    let (material, envelope) = (part(MATERIAL)?, part(ENVELOPE)?);
    let text = |members: &Map<String, Value>, name: &str| {
        members.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| malformed(&format!("no `{name}`")))
    };
    let (certificate, statement, signature) =
        (text(&material, "certificate")?, text(&envelope, "statement")?, text(&envelope, "signature")?);
    let entries = material.get("transparency_entries").filter(|entries| entries.is_array());
    let entries = entries.ok_or_else(|| malformed("no `transparency_entries`"))?;
    let within = |part: &str, name: Option<String>| name.map(|name| format!("{part}.{name}"));
    let top = attestation.as_object().and_then(|members| unknown(members, &["version", MATERIAL, ENVELOPE]));
    let found = top
        .or_else(|| within(MATERIAL, unknown(&material, &["certificate", "transparency_entries"])))
        .or_else(|| within(ENVELOPE, unknown(&envelope, &["statement", "signature"])));
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": certificate}, "tlogEntries": entries},
        "dsseEnvelope": {"payload": statement, "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": signature}]},
    });
    Ok(Converted { bundle, distribution: Distribution { unknown: found, statement } })
}

fn is_first(version: Option<&Value>, what: &str) -> Result<(), Refusal> {
    match version {
        Some(version) if version.as_u64() == Some(1) => Ok(()),
        other => {
            let found = other.map_or_else(|| "none".to_owned(), Value::to_string);
            Err(Refusal::new(&reason::UNKNOWN_FORMAT, format!("version 1 of PEP 740's {what}"), found))
        }
    }
}

fn unknown(members: &Map<String, Value>, known: &[&str]) -> Option<String> {
    members.keys().find(|name| !known.contains(&name.as_str())).cloned()
}

impl Distribution {
    /// Refuses members that the PEP does not know, in the strict profile.
    pub(in super::super) fn known_members(&self, profile: Profile, trace: &mut Trace) -> Result<(), Refusal> {
        let found = self.unknown.as_deref().map_or_else(|| "only those".to_owned(), |path| format!("`{path}`"));
        let holds = self.unknown.is_none() || profile == Profile::Compatible;
        trace.hold("members", &reason::UNKNOWN_MEMBER, "members of an attestation of PEP 740", found, holds)
    }

    /// The rules of the PEP, "Attestation verification", as `pypi-attestations` applies them: a statement v1 with exactly one
    /// subject, which names a distribution by file name and SHA-256. The artifact's own name must be the same distribution's:
    /// project, version, build and tags are compared, not spelling. An artifact without a name (standard input) has none that
    /// could lie, and its digest binds it. Called on a statement whose signature and digest stand.
    pub(in super::super) fn check(&self, artifact: Option<&str>, trace: &mut Trace) -> Result<(), Refusal> {
        let payload = decoded(&self.statement);
        let statement = payload.as_deref().and_then(|payload| json::read(payload).ok()).unwrap_or_default();
        let kind = statement.get("_type").and_then(Value::as_str).unwrap_or_default();
        let first = "https://in-toto.io/Statement/v1";
        trace.hold("statement type", &reason::STATEMENT_TYPE, first, kind, kind == first)?;
        let subjects = statement.get("subject").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let [subject] = subjects else {
            let refusal = Refusal::new(&reason::STATEMENT_SUBJECTS, "exactly one subject (PEP 740)", subjects.len().to_string());
            return Err(trace.fail("subjects", refusal));
        };
        let has_digest = subject.get("digest").is_some_and(|digest| digest.get("sha256").is_some());
        trace.hold("subject", &reason::SUBJECT_UNSUPPORTED, "a sha256 (PEP 740)", if has_digest { "one" } else { "none" }, has_digest)?;
        let name = subject.get("name").and_then(Value::as_str).unwrap_or_default();
        let signed = File::parse(name);
        let expected = "the name of a source distribution or wheel";
        trace.hold("distribution", &reason::SUBJECT_NAME, expected, name, signed.is_some())?;
        let Some(own) = artifact else {
            return trace.hold("distribution", &reason::SUBJECT_NAME, "any: the artifact has no name", name, true);
        };
        trace.hold("distribution", &reason::SUBJECT_NAME, own, name, File::parse(own).is_some_and(|own| Some(own) == signed))
    }
}

fn decoded(base64: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).ok()
}

/// What the name of a distribution's file says (packaging.python.org, "Binary distribution format", "Source distribution
/// format").
#[derive(Debug, PartialEq)]
enum File {
    Source { project: String, version: Version },
    Wheel { project: String, version: Version, build: String, tags: [BTreeSet<String>; 3] },
}

impl File {
    fn parse(name: &str) -> Option<Self> {
        let version = |text: &str| text.parse::<Version>().ok();
        let Some(stem) = name.strip_suffix(".whl") else {
            let stem = name.strip_suffix(".tar.gz").or_else(|| name.strip_suffix(".zip"))?;
            let (project, text) = stem.rsplit_once('-')?;
            return Some(Self::Source { project: normal(project)?, version: version(text)? });
        };
        let parts = stem.split('-').collect::<Vec<_>>();
        let (project, text, build, tags) = match parts.as_slice() {
            [project, text, tags @ ..] if tags.len() == 3 => (project, text, "", tags),
            [project, text, build, tags @ ..] if tags.len() == 3 && build.starts_with(|c: char| c.is_ascii_digit()) => {
                (project, text, *build, tags)
            }
            _ => return None,
        };
        // A wheel of several tags names them in any order (PEP 425, "Compressed Tag Sets").
        let set = |at: usize| tags.get(at).map(|tags| tags.split('.').map(str::to_ascii_lowercase).collect::<BTreeSet<_>>());
        let tags = [set(0)?, set(1)?, set(2)?];
        Some(Self::Wheel { project: normal(project)?, version: version(text)?, build: build.to_owned(), tags })
    }
}

/// A project's name in its normal form (PEP 503).
fn normal(name: &str) -> Option<String> {
    let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    (plain && !parts.is_empty()).then(|| parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        File::parse(one).is_some_and(|one| Some(one) == File::parse(other))
    }

    #[test]
    fn distributions_are_compared_by_their_parts() {
        assert!(same("Sample_Project-1.0.tar.gz", "sample-project-1.0.0.tar.gz"));
        assert!(same("a-1.0-py3-none-any.whl", "A-1-py3-none-any.whl"));
        assert!(same(
            "a-1-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
        ));
        for (one, other) in [
            ("a-1.0.tar.gz", "a-1.1.tar.gz"),
            ("a-1.0.tar.gz", "b-1.0.tar.gz"),
            ("a-1.0.tar.gz", "a-1.0-py3-none-any.whl"),
            ("a-1.0-py3-none-any.whl", "a-1.0-1-py3-none-any.whl"),
            ("a-1.0-py3-none-any.whl", "a-1.0-py2-none-any.whl"),
            ("a-1.0-py2.py3-none-any.whl", "a-1.0-py3-none-any.whl"),
            ("fn.zip", "fn.zip"),
            ("", ""),
            ("a-x.tar.gz", "a-x.tar.gz"),
            ("a-1.0-any.whl", "a-1.0-any.whl"),
            ("a/b-1.0.tar.gz", "a/b-1.0.tar.gz"),
        ] {
            assert!(!same(one, other), "{one} {other}");
        }
    }
}
