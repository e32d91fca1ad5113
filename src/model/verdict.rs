//! What was decided about one artifact.

use serde::Serialize;

use super::{Finding, Level, Problem};

/// The outcome. Ordered: the greatest over several artifacts wins, so that a pipeline that forgives "could not judge" never
/// ships what was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything in scope was judged and nothing objects. Exit 0.
    Pass,
    /// Something in scope was not judged. Exit 2.
    Incomplete,
    /// A policy objects. Exit 1.
    Deny,
}

impl Outcome {
    /// The outcome that a finding's level asks for.
    #[must_use]
    pub fn of(level: Level) -> Self {
        match level {
            Level::Deny => Self::Deny,
            Level::Incomplete => Self::Incomplete,
            Level::Warn | Level::Info => Self::Pass,
        }
    }

    /// The process' exit code.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Deny => 1,
            Self::Incomplete => 2,
        }
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Incomplete => "incomplete",
            Self::Deny => "deny",
        }
    }
}

/// A finding that an operator's ignore silenced; still shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// The finding.
    pub finding: Finding,
    /// Why.
    pub reason: String,
    /// Until when, `YYYY-MM-DD`.
    pub expires: Option<String>,
}

/// A finding that a former report had already: shown, and not counted until a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The finding.
    pub finding: Finding,
    /// The last day it is not counted, `YYYY-MM-DD`.
    pub until: String,
}

/// The former report that says what is known, as reports say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BaselineFacts {
    /// As the operator named it.
    pub path: String,
    /// SHA-256 of the file, hex.
    pub digest: String,
    /// The last day it counts, `YYYY-MM-DD`.
    pub until: String,
}

/// A VEX document that was heard, as reports say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VexFacts {
    /// As the operator named it.
    pub path: String,
    /// SHA-256 of the file, hex.
    pub digest: String,
}

/// The judgement on one artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The greatest of the findings' levels.
    pub outcome: Outcome,
    /// Gravest first, then by rule, subject, advisory and place.
    pub findings: Vec<Finding>,
    /// What a former report had already.
    pub known: Vec<Known>,
    /// What was silenced.
    pub ignored: Vec<Ignored>,
    /// The problems of the inventory, with the operator's acceptances filled in.
    pub problems: Vec<Problem>,
    /// SHA-256 over the policies that judged.
    pub policy_digest: String,
}
