//! What a policy says about the facts.

use serde::{Deserialize, Serialize};

/// How grave a finding is. Ordered: the greatest decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Worth changing.
    Warn,
    /// Could not be judged.
    Incomplete,
    /// Must not be deployed.
    Deny,
}

impl Level {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Incomplete => "incomplete",
            Self::Deny => "deny",
        }
    }
}

/// One objection or remark, by a policy, or by the gate itself about what could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable over runs: a digest of rule, subject, advisory and fingerprint.
    #[serde(default)]
    pub id: String,
    /// Kebab-case; `fngate explain RULE` has a page for each.
    pub rule: String,
    /// How grave.
    pub level: Level,
    /// What it is about: a purl, a path, a signer, the artifact.
    #[serde(default)]
    pub subject: String,
    /// The advisory, for rules about vulnerabilities; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advisory: String,
    /// The secret's fingerprint, for rules about secrets; empty otherwise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Where, in the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// References into other catalogues (`SAS-06`, `CWE-798`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}
