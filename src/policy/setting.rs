//! What an operator sets: thresholds, ages, ignores, acceptances. Plain and valid; who reads it from a file has checked it.

use jiff::civil::Date;
use serde::Serialize;

use super::baseline::Baseline;
use super::vex::Vex;
use crate::model::{Level, ProblemKind};

/// Everything the policies can be told.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Levels of vulnerabilities.
    pub vulnerability: VulnerabilitySettings,
    /// Ages of advisories.
    pub advisories: AdvisorySettings,
    /// Whether somebody must have signed.
    pub signature: SignatureSettings,
    /// Levels of what lockfiles and installations disagree about.
    pub drift: DriftSettings,
    /// Levels of packages that are not as they were installed.
    pub integrity: IntegritySettings,
    /// What becomes of code outside the scope.
    pub completeness: Completeness,
    /// Findings that an operator silenced.
    pub ignores: Vec<Ignore>,
    /// What others say about vulnerabilities: VEX documents that the operator believes.
    pub vex: Vex,
    /// What a former report found already.
    pub baseline: Option<Baseline>,
    /// Problems that an operator accepted.
    pub accepts: Vec<Accept>,
    /// Every kind of problem that some stage can raise; an acceptance of another kind is reported as unknown.
    pub kinds: Vec<&'static ProblemKind>,
}

/// The least severity that reaches a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threshold {
    /// CVSS above 0.
    Low,
    /// CVSS 4.0.
    Medium,
    /// CVSS 7.0.
    High,
    /// CVSS 9.0.
    Critical,
    /// None does.
    Never,
}

impl Threshold {
    /// Every word of the configuration.
    pub const WORDS: [(&'static str, Self); 5] =
        [("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("critical", Self::Critical), ("never", Self::Never)];
}

/// Levels of vulnerabilities. Malware is denied whatever stands here.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct VulnerabilitySettings {
    /// From which severity on a vulnerability denies.
    pub deny: Threshold,
    /// From which severity on it warns.
    pub warn: Threshold,
    /// What one that nobody rated does.
    pub unknown: Level,
    /// What one does that is exploited in the wild, whatever its severity.
    pub known_exploited: Level,
    /// Whether the operator said so, and so counts on a catalogue.
    pub expects_kev: bool,
    /// From which EPSS score on a vulnerability denies, 0 to 1; `None` where no score does.
    pub epss: Option<f64>,
    /// Whether one without a known fix only warns.
    pub fixable_only: bool,
    /// For how many days after it was published an advisory only warns.
    pub grace_days: u32,
    /// From how many days on a published vulnerability with a known fix denies; `None` where no age does.
    pub overdue_days: Option<u32>,
}

impl Default for VulnerabilitySettings {
    fn default() -> Self {
        Self {
            deny: Threshold::High,
            warn: Threshold::Medium,
            unknown: Level::Warn,
            known_exploited: Level::Deny,
            expects_kev: false,
            epss: None,
            fixable_only: false,
            grace_days: 0,
            overdue_days: None,
        }
    }
}

/// How old advisories may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AdvisorySettings {
    /// Whole days above which they warn.
    pub warn_days: u32,
    /// Whole days above which nothing can pass.
    pub incomplete_days: u32,
}

impl Default for AdvisorySettings {
    fn default() -> Self {
        Self { warn_days: 3, incomplete_days: 14 }
    }
}

/// Whether somebody must have signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignatureSettings {
    /// An artifact without a verified signature is denied.
    pub required: bool,
}

/// Levels of what lockfiles and installations disagree about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DriftSettings {
    /// Installed at another version.
    pub version: Level,
    /// Installed and not locked.
    pub extra: Level,
    /// Locked and not installed.
    pub missing: Level,
}

/// Levels of packages that are not as they were installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IntegritySettings {
    /// Code was edited.
    pub altered: Level,
    /// Code was added.
    pub extra: Level,
}

impl Default for IntegritySettings {
    fn default() -> Self {
        Self { altered: Level::Info, extra: Level::Info }
    }
}

impl Default for DriftSettings {
    fn default() -> Self {
        Self { version: Level::Warn, extra: Level::Warn, missing: Level::Info }
    }
}

/// What becomes of code outside the scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Completeness {
    /// It is a warning.
    #[default]
    Default,
    /// It is incomplete.
    Strict,
}

/// An operator's word that a finding has been looked at. Every key that is given must agree with the finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// The finding's rule.
    pub rule: String,
    /// The finding's subject; for a package also its purl without the version. Required where the finding has neither
    /// advisory nor fingerprint.
    pub subject: Option<String>,
    /// Any id of the advisory's alias set. Without it no finding that has an advisory is silenced.
    pub advisory: Option<String>,
    /// The secret's fingerprint. Without it no finding that has one is silenced.
    pub fingerprint: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it applies.
    pub expires: Option<Date>,
}

/// An operator's word that a problem may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept {
    /// The kind of problem.
    pub kind: String,
    /// Where; `None` for a problem of the artifact as a whole.
    pub path: Option<String>,
    /// The SHA-256 the entry must have, hex.
    pub sha256: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day it applies.
    pub expires: Option<Date>,
}

/// `data.settings`, as policies see it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    vulnerability: &'a VulnerabilitySettings,
    advisories: &'a AdvisorySettings,
    signature: &'a SignatureSettings,
    drift: &'a DriftSettings,
    integrity: &'a IntegritySettings,
    completeness: Completeness,
}

impl Settings {
    pub(super) fn document(&self) -> Document<'_> {
        Document {
            vulnerability: &self.vulnerability,
            advisories: &self.advisories,
            signature: &self.signature,
            drift: &self.drift,
            integrity: &self.integrity,
            completeness: self.completeness,
        }
    }
}
