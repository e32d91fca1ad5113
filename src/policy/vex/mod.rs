//! VEX: what others say about whether a vulnerability affects a product, in documents that the operator names. A statement
//! that it does not sets the findings about it aside, as an ignore does, and stays in the report with its grounds.
//!
//! Nothing in an artifact is ever read as VEX. Malware and what is known to be exploited are never set aside.

mod cyclonedx;
mod error;
mod openvex;
mod statement;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

pub use error::VexError;
use statement::{Scope, Statement};

use crate::model::{Facts, Finding, Ignored, Level, VexFacts, Vulnerability, hex, package_url};

/// Bytes of a document.
const LARGEST: u64 = 64 << 20;

/// The rule of a remark that a statement was not heard.
pub(super) const UNHEARD: &str = "vex-unheard";

/// What all documents say, in the order they were named.
#[derive(Clone, Debug, Default)]
pub struct Vex {
    documents: Vec<Document>,
    /// Document and statement, by every id of the vulnerability.
    by_id: HashMap<String, Vec<(usize, usize)>>,
}

/// One document.
#[derive(Clone, Debug, Default)]
struct Document {
    path: String,
    digest: String,
    content: Content,
}

/// What a reader makes of a document.
#[derive(Clone, Debug, Default)]
struct Content {
    author: String,
    id: String,
    statements: Vec<Statement>,
}

impl Vex {
    /// Reads documents, each OpenVEX or CycloneDX.
    pub fn load(paths: &[PathBuf]) -> Result<Self, VexError> {
        let mut vex = Self::default();
        for path in paths {
            vex.add(&path.display().to_string(), &read(path)?)?;
        }
        Ok(vex)
    }

    /// Adds a document by its text.
    pub fn add(&mut self, name: &str, text: &[u8]) -> Result<(), VexError> {
        let content = parse(text).map_err(|fault| fault.of(name))?;
        for (number, statement) in content.statements.iter().enumerate() {
            for id in &statement.ids {
                self.by_id.entry(id.clone()).or_default().push((self.documents.len(), number));
            }
        }
        self.documents.push(Document { path: name.to_owned(), digest: hex(&Sha256::digest(text)), content });
        Ok(())
    }

    /// The documents, as reports say them.
    #[must_use]
    pub fn facts(&self) -> Vec<VexFacts> {
        self.documents.iter().map(|document| VexFacts { path: document.path.clone(), digest: document.digest.clone() }).collect()
    }

    /// Takes the findings that statements set aside out of those that stand, and remarks on statements that were not heard.
    pub(super) fn hear(&self, findings: Vec<Finding>, ignored: &mut Vec<Ignored>, facts: &Facts) -> Vec<Finding> {
        if self.documents.is_empty() {
            return findings;
        }
        let mut standing = Vec::new();
        for finding in findings {
            let known = facts.vulnerabilities.iter().filter(|known| known.id == finding.advisory && known.purl == finding.subject);
            let known: Vec<&Vulnerability> = known.collect();
            match self.last_word(&finding, &known, &facts.artifact.sha256).filter(|(_, statement)| statement.status.acquits) {
                None => standing.push(finding),
                Some((document, statement)) => match unforgivable(&finding, &known) {
                    None => ignored.push(Ignored { finding, reason: reason(document, statement), expires: None }),
                    Some(why) => {
                        standing.push(unheard(&finding, statement, document, why));
                        standing.push(finding);
                    }
                },
            }
        }
        standing
    }

    /// The statement that decides about a finding: of those about the artifact itself, else of those about the package at
    /// large, the latest; of two of one time the one that was named last.
    fn last_word(&self, finding: &Finding, known: &[&Vulnerability], artifact: &str) -> Option<(&Document, &Statement)> {
        if !finding.rule.starts_with("vulnerability-") || finding.advisory.is_empty() {
            return None;
        }
        let package = package_url(&finding.subject).ok();
        let of_set = known.iter().flat_map(|known| known.ids.iter().chain(&known.aliases));
        let ids: BTreeSet<String> = std::iter::once(&finding.advisory).chain(of_set).map(|id| statement::folded(id)).collect();
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten();
        let about = places.filter_map(|&(document, number)| {
            let place = self.documents.get(document)?;
            let statement = place.content.statements.get(number)?;
            let scope = statement.scope(package.as_ref(), artifact)?;
            Some(((scope, statement.time, document, number), (place, statement)))
        });
        let order = |(scope, time, document, number): &(Scope, Option<Timestamp>, usize, usize)| (*scope, *time, *document, *number);
        about.max_by_key(|(key, _)| order(key)).map(|(_, found)| found)
    }
}

/// Why nothing sets a finding aside.
fn unforgivable(finding: &Finding, known: &[&Vulnerability]) -> Option<&'static str> {
    if finding.rule == "vulnerability-malicious" || known.iter().any(|known| known.malicious) {
        Some("malware is malware wherever it runs")
    } else if finding.rule == "vulnerability-known-exploited" || known.iter().any(|known| known.known_exploited.is_some()) {
        Some("the vulnerability is known to be exploited")
    } else {
        None
    }
}

fn unheard(finding: &Finding, statement: &Statement, document: &Document, why: &str) -> Finding {
    Finding {
        id: String::new(),
        rule: UNHEARD.to_owned(),
        level: Level::Warn,
        subject: finding.subject.clone(),
        advisory: finding.advisory.clone(),
        fingerprint: String::new(),
        message: format!("the VEX statement `{}` of {} was not heard: {why}", statement.status.word, document.path),
        help: format!("remove or update the package; only an `[[ignore]]` of `{}` with this advisory is heard", finding.rule),
        path: finding.path.clone(),
        line: None,
        tags: Vec::new(),
    }
}

/// `VEX not_affected: vulnerable_code_not_present — the code is left out (A. Uthor, https://example.com/1, 2026-01-01T00:00:00Z)`.
fn reason(document: &Document, statement: &Statement) -> String {
    let grounds: Vec<&str> =
        [&statement.justification, &statement.detail].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let time = statement.time.map_or_else(String::new, |time| time.to_string());
    let Content { author, id, .. } = &document.content;
    let id = if id.is_empty() { &document.path } else { id };
    let source: Vec<&str> = [author, id, &time].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let colon = if grounds.is_empty() { "" } else { ": " };
    format!("VEX {}{colon}{} ({})", statement.status.word, grounds.join(" — "), source.join(", "))
}

fn read(path: &Path) -> Result<Vec<u8>, VexError> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content));
    read.map_err(|source| VexError::Read { path: path.to_owned(), source })?;
    if content.len() as u64 > LARGEST { Err(error::Fault::Size.of(&path.display().to_string())) } else { Ok(content) }
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "@context")]
    context: Option<IgnoredAny>,
    #[serde(rename = "bomFormat")]
    bom_format: Option<IgnoredAny>,
}

fn parse(text: &[u8]) -> Result<Content, error::Fault> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let probe: Probe = serde_json::from_slice(text).map_err(|fault| match fault.classify() {
        serde_json::error::Category::Data if !text.trim_ascii_start().starts_with(b"{") => error::Fault::Foreign,
        _ => error::Fault::Invalid(fault.to_string()),
    })?;
    match (probe.context, probe.bom_format) {
        (Some(_), None) => openvex::parse(text).map_err(error::Fault::Invalid),
        (None, Some(_)) => cyclonedx::parse(text).map_err(error::Fault::Invalid),
        _ => Err(error::Fault::Foreign),
    }
}
