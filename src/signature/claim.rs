//! The claims that Fulcio writes into a certificate, by name and extension number.
//!
//! Source: Fulcio's `docs/oid-info.md`, arc 1.3.6.1.4.1.57264.1. The names are its headings in lower case with underscores,
//! so that a policy reads `signer.claims.source_repository_uri`.

/// How an extension holds its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The bytes of the extension are the text (`.1` to `.6`, deprecated).
    Raw,
    /// A DER `UTF8String` (`.8` onwards).
    Der,
}

/// The extension that holds the issuer as raw text (deprecated).
pub(super) const ISSUER_RAW: u32 = 1;
/// The extension that holds the issuer as a DER `UTF8String`.
pub(super) const ISSUER_DER: u32 = 8;

/// Every claim but the issuer: number, name, encoding.
pub(super) const CLAIMS: &[(u32, &str, Encoding)] = &[
    (2, "github_workflow_trigger", Encoding::Raw),
    (3, "github_workflow_sha", Encoding::Raw),
    (4, "github_workflow_name", Encoding::Raw),
    (5, "github_workflow_repository", Encoding::Raw),
    (6, "github_workflow_ref", Encoding::Raw),
    (9, "build_signer_uri", Encoding::Der),
    (10, "build_signer_digest", Encoding::Der),
    (11, "runner_environment", Encoding::Der),
    (12, "source_repository_uri", Encoding::Der),
    (13, "source_repository_digest", Encoding::Der),
    (14, "source_repository_ref", Encoding::Der),
    (15, "source_repository_identifier", Encoding::Der),
    (16, "source_repository_owner_uri", Encoding::Der),
    (17, "source_repository_owner_identifier", Encoding::Der),
    (18, "build_config_uri", Encoding::Der),
    (19, "build_config_digest", Encoding::Der),
    (20, "build_trigger", Encoding::Der),
    (21, "run_invocation_uri", Encoding::Der),
    (22, "source_repository_visibility_at_signing", Encoding::Der),
    (23, "deployment_environment", Encoding::Der),
    (24, "token_subject", Encoding::Der),
];

/// The claim names that a requirement may constrain, in the order of their numbers.
pub fn claim_names() -> impl Iterator<Item = &'static str> {
    CLAIMS.iter().map(|(_, name, _)| *name)
}

/// The name as [`claim_names`] spells it, for one typed with hyphens or capitals; `None` if there is no such claim.
#[must_use]
pub fn claim_name(typed: &str) -> Option<&'static str> {
    let folded = typed.to_ascii_lowercase().replace('-', "_");
    claim_names().find(|name| *name == folded)
}
