//! A secret that an artifact would leak. It holds no secret: rule, place, fingerprint and a redacted preview, so that no
//! report can leak what no type holds.

use serde::Serialize;

use super::EntryPath;

/// How sure a rule is that what it found is a live credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Structure or checksum prove the format.
    High,
    /// The format is right and nothing proves it.
    Medium,
    /// A guess from a name and randomness.
    Low,
}

/// Whose file it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The function's own.
    First,
    /// A file of an installed package.
    Third,
}

/// What the scanner itself makes of it; policies may decide otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretLevel {
    /// A credential.
    Deny,
    /// Probably one.
    Warn,
    /// Public by design, a documented example, or a published test key.
    Info,
}

/// One secret at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Secret {
    /// The id of the rule.
    pub rule: String,
    /// The file, `outer!/inner` for nested ones and for the sources of a source map; for what was encoded, the file that holds it.
    pub path: EntryPath,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
    /// How sure.
    pub confidence: Confidence,
    /// Whose file.
    pub party: Party,
    /// How grave.
    pub level: SecretLevel,
    /// Stable over moves and edits around it; says nothing about the value (see `secret::fingerprint`).
    pub fingerprint: String,
    /// At most the first four characters, then `…`; only `…` for short values.
    pub preview: String,
    /// How it was encoded where it was found (`base64`, `hex`, `utf-16`, `source-map`), outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decoded: Vec<&'static str>,
}
