//! Policies pass judgement: facts in, a verdict out. They are Rego, some inside the binary and some of the operator's; each is
//! a package `fngate.NAME` with a set `findings`, reads the facts as `input` and the thresholds as `data.settings`.

mod annotation;
mod baseline;
mod blindness;
mod builtin;
mod engine;
mod error;
mod exception;
mod proof;
mod setting;
mod source;
mod vex;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;
use sha2::{Digest, Sha256};

pub use annotation::RulePage;
pub use baseline::{Baseline, BaselineError};
pub use blindness::REMARKS;
pub use error::PolicyError;
pub use exception::missing_key;
pub use proof::{Proof, prove};
pub use setting::{
    Accept, AdvisorySettings, Completeness, DriftSettings, Ignore, IntegritySettings, Settings, SignatureSettings, Threshold,
    VulnerabilitySettings,
};
pub use vex::{Vex, VexError};

use crate::model::{BaselineFacts, Facts, Finding, Outcome, Verdict, hex};
use engine::{Engine, Spoken};
use source::Source;

/// Every policy of a run, ready to judge any number of artifacts, from any number of threads.
#[derive(Clone, Debug)]
pub struct Policies {
    engine: Engine,
    settings: Settings,
    rules: Vec<RulePage>,
    digest: String,
}

impl Policies {
    /// Loads the built-in policies and those at `extra` (files, or folders with everything below). Tests among them are left
    /// to [`prove`].
    pub fn load(settings: Settings, extra: &[PathBuf]) -> Result<Self, PolicyError> {
        exception::check(&settings)?;
        let given = source::given(extra)?.into_iter().filter(|source| !source.is_test());
        let sources: Vec<Source> = source::builtin().into_iter().chain(given).collect();
        let engine = Engine::load(&sources, &settings.document())?;
        let rules = sources.iter().flat_map(|source| annotation::pages(&source.name, &source.rego)).collect();
        Ok(Self { engine, settings, rules, digest: source::digest(&sources) })
    }

    /// Judges one artifact. A policy that fails is a finding of level incomplete beside what the others find.
    pub fn judge(&self, facts: &Facts) -> Result<Verdict, PolicyError> {
        let today: Date = facts.today.parse().map_err(|_| PolicyError::Day(facts.today.clone()))?;
        let input = serde_json::to_string(facts).map_err(|fault| PolicyError::Input(fault.to_string()))?;
        let Spoken { findings, failures } = self.engine.findings(&input)?;
        let (problems, remarks) = exception::accepted(&self.settings, blindness::problems(facts), today);
        let is_known = |rule: &str| self.knows(rule);
        let (findings, mut ignored) = exception::ignored(&self.settings, united(findings), &is_known, facts, today);
        let mut findings = self.settings.vex.hear(findings, &mut ignored, facts, today);
        findings.extend(remarks);
        findings.extend(self.settings.baseline.as_ref().and_then(|baseline| baseline.remark(today)));
        findings.extend(failures.iter().map(|failure| blindness::unheard(failure, &facts.artifact.name)));
        findings.extend(problems.iter().map(|problem| blindness::finding(problem, &self.settings, &facts.artifact.name)));
        findings.sort_by(order);
        ignored.sort_by(|a, b| order(&a.finding, &b.finding));
        identify(findings.iter_mut().chain(ignored.iter_mut().map(|ignored| &mut ignored.finding)));
        let (findings, known) = match &self.settings.baseline {
            Some(baseline) => baseline.part(findings, facts, &self.settings, today),
            None => (findings, Vec::new()),
        };
        let outcome = findings.iter().map(|finding| Outcome::of(finding.level)).max().unwrap_or(Outcome::Pass);
        Ok(Verdict { outcome, findings, known, ignored, problems, policy_digest: self.digest.clone() })
    }

    /// Every rule of every policy that was loaded, by policy and name.
    #[must_use]
    pub fn rules(&self) -> &[RulePage] {
        &self.rules
    }

    /// The former report that says what is known.
    #[must_use]
    pub fn baseline(&self) -> Option<&BaselineFacts> {
        self.settings.baseline.as_ref().map(Baseline::facts)
    }

    /// SHA-256 (hex) over names and texts of every policy that was loaded.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whether some policy or the gate itself has a rule of this name.
    fn knows(&self, rule: &str) -> bool {
        self.rules.iter().any(|page| page.id == rule) || blindness::is_own_rule(rule, &self.settings.kinds)
    }
}

/// Findings that differ only in their line are one, at the first.
fn united(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(order);
    findings.dedup_by(|next, kept| {
        let line = std::mem::replace(&mut next.line, kept.line);
        let same = next == kept;
        next.line = line;
        same
    });
    findings
}

/// Gravest first, then by name and place.
fn order(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    fn key(f: &Finding) -> impl Ord + '_ {
        (&f.rule, &f.subject, &f.advisory, &f.path, &f.fingerprint, &f.message, &f.help, &f.tags, f.line)
    }
    b.level.cmp(&a.level).then_with(|| key(a).cmp(&key(b)))
}

/// Gives every finding its id; those that would share one are told apart by their order.
fn identify<'a>(findings: impl Iterator<Item = &'a mut Finding>) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for finding in findings {
        let first = id(finding, 0);
        let times = seen.entry(first.clone()).or_default();
        finding.id = if *times == 0 { first } else { id(finding, *times) };
        *times += 1;
    }
}

/// The first 16 hex digits of SHA-256 over what makes a finding this one; what it says about it may change.
fn id(finding: &Finding, ordinal: u32) -> String {
    let mut hasher = Sha256::new();
    let path = finding.path.as_deref().unwrap_or_default();
    for part in [&finding.rule, &finding.subject, &finding.advisory, &finding.fingerprint, path] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    if ordinal > 0 {
        hasher.update(ordinal.to_be_bytes());
    }
    hex(&hasher.finalize()).chars().take(16).collect()
}

/// Whether a name is kebab-case: lower-case letters and digits, divided by single hyphens.
fn is_kebab(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}
