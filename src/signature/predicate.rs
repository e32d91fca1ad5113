//! The predicate types that have names: what an in-toto statement may say.
//!
//! Sources: in-toto attestation `spec/predicates`, slsa.dev, and the shorthands of `cosign attest --type`.

/// SLSA provenance v1.
pub const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
/// SLSA provenance v0.2.
pub const PROVENANCE_0_2: &str = "https://slsa.dev/provenance/v0.2";
/// SLSA verification summary v1.
pub const VSA: &str = "https://slsa.dev/verification_summary/v1";
/// A bill of materials in CycloneDX.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";
/// A bill of materials in SPDX; a version may follow.
pub const SPDX: &str = "https://spdx.dev/Document";

/// Shorthand and type.
const NAMES: [(&str, &str); 12] = [
    ("slsaprovenance1", PROVENANCE),
    ("slsaprovenance", PROVENANCE),
    ("slsaprovenance02", PROVENANCE_0_2),
    ("vsa", VSA),
    ("cyclonedx", CYCLONEDX),
    ("spdx", SPDX),
    ("spdxjson", SPDX),
    ("vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"),
    ("openvex", "https://openvex.dev/ns"),
    ("link", "https://in-toto.io/Link/v1"),
    ("test-result", "https://in-toto.io/attestation/test-result/v0.1"),
    ("release", "https://in-toto.io/attestation/release/v0.1"),
];

/// The type that a shorthand or a URI names; `None` where it is neither.
#[must_use]
pub fn predicate_type(name: &str) -> Option<String> {
    let known = NAMES.iter().find(|(short, _)| *short == name).map(|(_, uri)| (*uri).to_owned());
    known.or_else(|| name.contains("://").then(|| name.to_owned()))
}

/// The shorthands.
pub fn predicate_names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(short, _)| *short)
}

/// Whether a statement of type `found` is one of type `wanted`. Documents whose type may carry the version of their format
/// (`https://spdx.dev/Document/v2.3`, `https://cyclonedx.org/bom/v1.6`) are meant without it too.
pub(super) fn is_of_type(found: &str, wanted: &str) -> bool {
    let versioned = |rest: &str| rest.strip_prefix("/v").is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    found == wanted || [CYCLONEDX, SPDX].contains(&wanted) && found.strip_prefix(wanted).is_some_and(versioned)
}

/// The types by which a signer stands for an artifact itself: where it comes from, that it is released or published. Whoever makes
/// another statement (a scan, a test, a bill of materials) reports about the artifact, and may report the worst.
const ENDORSEMENTS: [&str; 7] = [
    PROVENANCE,
    PROVENANCE_0_2,
    "https://sigstore.dev/cosign/sign/v1",
    "https://in-toto.io/attestation/release/v0.1",
    "https://in-toto.io/attestation/release/v0.2",
    "https://docs.pypi.org/attestations/publish/v1",
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
];

/// Whether a statement of this type counts as a signature without having been asked for.
pub(super) fn is_endorsement(found: &str) -> bool {
    ENDORSEMENTS.contains(&found)
}

/// Whether a statement is a bill of materials.
#[must_use]
pub fn is_bill(found: &str) -> bool {
    is_of_type(found, CYCLONEDX) || is_of_type(found, SPDX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_and_uris_name_types() {
        assert_eq!(predicate_type("slsaprovenance").as_deref(), Some(PROVENANCE));
        assert_eq!(predicate_type("https://example.com/x").as_deref(), Some("https://example.com/x"));
        assert_eq!(predicate_type("slsa"), None);
    }

    #[test]
    fn a_version_of_the_format_may_follow_a_bill_and_nothing_else() {
        assert!(is_bill("https://spdx.dev/Document/v2.3") && is_bill("https://cyclonedx.org/bom/v1.6") && is_bill(SPDX));
        assert!(!is_bill("https://cyclonedx.org/bomb") && !is_bill("https://spdx.dev/Document/evil"));
        assert!(!is_of_type("https://slsa.dev/provenance/v1/v2", PROVENANCE));
    }
}
