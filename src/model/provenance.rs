//! Who signed the artifact, and what they said about it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Whether a signature stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProvenanceState {
    /// At least one signature stands and meets what was asked.
    Verified,
    /// There is no signature.
    #[default]
    Unsigned,
    /// There is one, and it was refused.
    Refused,
}

/// What verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// The result.
    pub state: ProvenanceState,
    /// A stable reason code (`digest-mismatch`), empty where the state is `verified`.
    pub reason: String,
    /// The same for a person: what was expected and what was found.
    pub message: String,
    /// The signers that were verified.
    pub signers: Vec<Signer>,
    /// The in-toto statements that were verified.
    pub statements: Vec<Statement>,
}

/// A verified signer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Signer {
    /// The OIDC issuer of the certificate; empty for a key.
    pub issuer: String,
    /// The certificate's subject alternative name, or the key's fingerprint (`sha256:…`).
    pub subject: String,
    /// The other claims of a Fulcio certificate, by their names in Fulcio's oid-info.
    pub claims: BTreeMap<String, String>,
    /// The verified signing time, RFC 3339; empty where no authenticated time exists.
    pub time: String,
}

/// A verified in-toto statement.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// `https://slsa.dev/provenance/v1` and the like.
    pub predicate_type: String,
    /// The subject of who made it, as among the signers.
    pub signer: String,
    /// What it says, for policies. Reports leave it out: it is the signer's text, and may be large.
    pub predicate: Value,
}
