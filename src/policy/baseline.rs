//! Baselines: what a former report found already is known, shown and not denied, until a day that the operator sets. A baseline
//! is for a gate that comes to a grown project: what is new is denied at once, what was there has a date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::exception::{EXPLOITED, remark};
use super::{blindness, setting::Settings};
use crate::model::{BaselineFacts, Facts, Finding, Known, Level, ProblemClass, hex};

/// Bytes of a report.
const LARGEST: u64 = 256 << 20;
/// The one form of report that can be a baseline.
const SCHEMA: &str = "fngate-report/1";

/// What a former report found, by artifact.
#[derive(Clone, Debug)]
pub struct Baseline {
    facts: BaselineFacts,
    until: Date,
    /// The findings' levels by their ids, by the artifact's whole name.
    found: BTreeMap<String, BTreeMap<String, Level>>,
    /// The whole names of the artifacts whose file's name no other has, in the report and in the call, by that.
    files: BTreeMap<String, String>,
    /// Whether report and call are about one artifact each, whatever it is called.
    is_single: bool,
}

/// Why a report cannot be a baseline.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It cannot be read.
    #[error("cannot read the baseline: {path}")]
    Read {
        /// As the operator named it.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// It is no report.
    #[error("the baseline is no JSON report of fngate: {path}: {message}")]
    Malformed {
        /// As the operator named it.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// Nothing says how long it counts.
    #[error("nothing says until when the baseline counts: {path}")]
    Endless {
        /// As the operator named it.
        path: String,
    },
}

impl BaselineError {
    /// What the operator can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } | Self::Malformed { .. } => "make one with `fngate check ARTIFACT --report json=baseline.json`".to_owned(),
            Self::Endless { .. } => "set the last day in fngate.toml: `[baseline]` and `until = \"YYYY-MM-DD\"`".to_owned(),
        })
    }
}

/// The part of a report that a baseline needs.
#[derive(Deserialize)]
struct Report {
    schema: String,
    artifacts: Vec<Artifact>,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    findings: Vec<Found>,
    #[serde(default)]
    known: Vec<Former>,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    level: Level,
}

#[derive(Deserialize)]
struct Former {
    finding: Found,
}

impl Baseline {
    /// Reads a former report. It counts up to and with the day `until`, for a call over the artifacts of these names. An artifact is
    /// the report's if it has the same name, or its file has and no other's does, or if there is but one on either side.
    pub fn read(path: &Path, until: Option<Date>, artifacts: &[&str]) -> Result<Self, BaselineError> {
        let shown = path.display().to_string();
        let until = until.ok_or_else(|| BaselineError::Endless { path: shown.clone() })?;
        let read = |source| BaselineError::Read { path: shown.clone(), source };
        let mut content = Vec::new();
        File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content)).map_err(read)?;
        let malformed = |message: String| BaselineError::Malformed { path: shown.clone(), message };
        if content.len() as u64 > LARGEST {
            return Err(malformed(format!("it is larger than {LARGEST} bytes")));
        }
        let report: Report = serde_json::from_slice(&content).map_err(|fault| malformed(fault.to_string()))?;
        if report.schema != SCHEMA {
            return Err(malformed(format!("its schema is not `{SCHEMA}`")));
        }
        let is_single = report.artifacts.len() == 1 && artifacts.len() == 1;
        let mut found: BTreeMap<String, BTreeMap<String, Level>> = BTreeMap::new();
        for artifact in report.artifacts {
            let known = found.entry(artifact.name).or_default();
            for one in artifact.findings.into_iter().chain(artifact.known.into_iter().map(|former| former.finding)) {
                let level = known.entry(one.id).or_insert(one.level);
                *level = one.level.min(*level);
            }
        }
        let former: Vec<&str> = found.keys().map(String::as_str).collect();
        let shared: BTreeSet<&str> = shared(&former).union(&shared(artifacts)).copied().collect();
        let own = former.iter().filter_map(|name| Some((file_name(name)?, *name))).filter(|(file, _)| !shared.contains(file));
        let files = own.map(|(file, name)| (file.to_owned(), name.to_owned())).collect();
        let facts = BaselineFacts { path: shown, digest: hex(&Sha256::digest(&content)), until: until.to_string() };
        Ok(Self { facts, until, found, files, is_single })
    }

    /// What reports say about it.
    #[must_use]
    pub fn facts(&self) -> &BaselineFacts {
        &self.facts
    }

    /// What there is to say about one whose day has passed.
    pub(super) fn remark(&self, today: Date) -> Option<Finding> {
        let message = format!("the baseline counted until {} and no longer does", self.until);
        (today > self.until).then(|| remark("baseline-expired", self.facts.path.clone(), message))
    }

    /// The findings that count, and those that were known already. Each has its id.
    pub(super) fn part(&self, findings: Vec<Finding>, facts: &Facts, settings: &Settings, today: Date) -> (Vec<Finding>, Vec<Known>) {
        let name = facts.artifact.name.as_str();
        let by_file = || self.found.get(self.files.get(file_name(name)?)?);
        let own = self.found.get(name).or_else(by_file).or_else(|| self.found.values().next().filter(|_| self.is_single));
        let (Some(own), true) = (own, today <= self.until) else { return (findings, Vec::new()) };
        // One that has become graver is another: what was accepted or bounded then was looked at as that.
        let was_as_grave = |finding: &Finding| own.get(&finding.id).is_some_and(|level| finding.level <= *level);
        let is_known = |finding: &Finding| was_as_grave(finding) && may_wait(finding, facts, settings);
        let (known, standing): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(is_known);
        (standing, known.into_iter().map(|finding| Known { finding, until: self.facts.until.clone() }).collect())
    }
}

/// The names of files that several of these artifacts have.
fn shared<'a>(names: &[&'a str]) -> BTreeSet<&'a str> {
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    let mut seen = BTreeSet::new();
    distinct.into_iter().filter_map(file_name).filter(|file| !seen.insert(*file)).collect()
}

/// The name of an artifact's file or folder, where its path ends in one; that of an image in a registry without its tag or digest.
fn file_name(name: &str) -> Option<&str> {
    if let Some(image) = name.strip_prefix("oci:") {
        let image = image.split('@').next().unwrap_or(image);
        return Some(match image.rsplit_once(':') {
            Some((before, tag)) if !tag.contains('/') => before,
            _ => image,
        });
    }
    let mut name = name.trim_end_matches(['/', '\\']);
    while let Some(before) = name.strip_suffix("/.") {
        name = before.trim_end_matches(['/', '\\']);
    }
    name.rsplit(['/', '\\']).next().filter(|last| !matches!(*last, "" | "." | ".." | "-"))
}

/// Whether a finding may wait: malware, what is exploited, signatures, what was not seen, and what the gate says of its own
/// advisories, policies and settings never do.
fn may_wait(finding: &Finding, facts: &Facts, settings: &Settings) -> bool {
    let rule = finding.rule.as_str();
    let is_own = |known: &&crate::model::Vulnerability| known.id == finding.advisory && known.purl == finding.subject;
    let is_grave = facts.vulnerabilities.iter().filter(is_own).any(|known| known.malicious || known.known_exploited.is_some());
    let kind = settings.kinds.iter().find(|kind| kind.id == rule);
    finding.level > Level::Info
        && !is_grave
        && !matches!(rule, "vulnerability-malicious" | EXPLOITED)
        && !rule.starts_with("signature-")
        && !rule.starts_with("advisories-")
        && kind.is_none_or(|kind| kind.class != ProblemClass::Unseen)
        && !blindness::is_remark(rule)
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn artifacts_are_told_apart_by_the_names_of_their_files() {
        for name in ["", "/", ".", "./", "..", "a/..", "../", "-"] {
            assert_eq!(file_name(name), None, "{name}");
        }
        for (name, file) in [
            ("fn.zip", "fn.zip"),
            ("build/A/", "A"),
            ("build/A/./", "A"),
            ("dist/fn.zip", "fn.zip"),
            ("dist\\fn.zip", "fn.zip"),
            ("oci:ghcr.io/a/fn:1.2", "ghcr.io/a/fn"),
            ("oci:localhost:5000/a/fn", "localhost:5000/a/fn"),
            ("oci:localhost:5000/a/fn:1@sha256:00", "localhost:5000/a/fn"),
        ] {
            assert_eq!(file_name(name), Some(file));
        }
    }
}
