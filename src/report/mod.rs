//! Reports: what was judged, written for a person or a machine. One file a format.

mod case;
mod component;
mod cyclonedx;
mod github;
mod gitlab;
mod graph;
mod html;
mod json;
mod junit;
mod markdown;
mod page;
mod place;
mod sarif;
mod spdx;
mod spool;
mod subject;
mod text;
mod words;

use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;

pub use cyclonedx::write_sbom;
pub use place::Repository;
pub use sarif::{Searched, write_secrets};
pub use spdx::write_spdx;

use crate::model::{Advisories, BaselineFacts, Facts, InventoryState, Outcome, Verdict, VexFacts};

/// One format.
pub trait Reporter: Sync {
    /// The word after `--format` and `--report`.
    fn name(&self) -> &'static str;

    /// Begins a report of a call.
    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report>;
}

/// A report under construction. Artifacts are added one by one and none of them is kept, so that a call over any number of them
/// needs the memory of one; what is said of all of them is known at the end. Every text that comes from an artifact is escaped as
/// the format asks.
pub trait Report: Send {
    /// Adds an artifact, in the order in which they were named. Fails only where there is no room for temporary files.
    fn add(&mut self, examined: &Examined) -> io::Result<()>;

    /// Writes the whole. Fails where `out` does.
    fn finish(self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()>;
}

/// Every format. A new one is a file, its `mod` line and its line here.
pub const REPORTERS: &[&dyn Reporter] = &[
    &text::Text,
    &json::Json,
    &sarif::Sarif,
    &cyclonedx::CycloneDx,
    &spdx::Spdx,
    &html::Html,
    &markdown::Markdown,
    &gitlab::DependencyScanning,
    &gitlab::SecretDetection,
    &gitlab::CodeQuality,
    &junit::JUnit,
    &github::GitHub,
];

/// The reporter of a name.
#[must_use]
pub fn reporter(name: &str) -> Option<&'static dyn Reporter> {
    REPORTERS.iter().copied().find(|reporter| reporter.name() == name)
}

/// One call of the gate over any number of artifacts: what is known of it before any of them is judged.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// SHA-256 (hex) of the policies.
    pub policy_digest: String,
    /// SHA-256 (hex) of the configuration file; empty where there is none.
    pub config_digest: String,
    /// The VEX documents that are heard.
    pub vex: Vec<VexFacts>,
    /// The former report that says what is known.
    pub baseline: Option<BaselineFacts>,
    /// When, RFC 3339, for formats that say so; see [`timestamp`].
    pub timestamp: String,
    /// How many artifacts are named.
    pub artifacts: usize,
    /// The lockfiles beside the artifacts, as the operator named them.
    pub locks: Vec<String>,
    /// The repository that the gate is called in, for formats that point into one.
    pub repository: Repository,
    /// The commit that is being built, for formats that name it.
    pub commit: Option<String>,
    /// What every rule is about.
    pub rules: Vec<RulePage>,
    /// How text is laid out.
    pub screen: Screen,
}

/// What a rule is about: its page of `fngate explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePage {
    /// Kebab-case and stable.
    pub id: String,
    /// One line: what it is; empty where its policy does not say.
    pub title: String,
    /// Why it matters and what to do; paragraphs are divided by an empty line.
    pub page: String,
}

/// What is known of a call when every artifact is judged.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// What the packages were matched against; `None` where no source could be had.
    pub advisories: Option<Advisories>,
    /// How many artifacts came to which outcome.
    pub tally: Tally,
}

/// How many artifacts came to which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Passed.
    pub pass: usize,
    /// Could not be judged.
    pub incomplete: usize,
    /// Denied.
    pub deny: usize,
}

/// One artifact of a call.
#[derive(Clone, Debug)]
pub struct Examined {
    /// As the operator named it.
    pub name: String,
    /// What was judged, or why it could not be read at all.
    pub result: Result<Judged, String>,
}

/// What was judged, and how.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What is known.
    pub facts: Facts,
    /// What was decided.
    pub verdict: Verdict,
}

/// How text is laid out for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns. Words that are longer (hashes, paths) stay whole.
    pub width: usize,
    /// Whether to colour; nothing is said by colour alone.
    pub color: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { width: 80, color: false }
    }
}

impl Call {
    /// The page of a rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&RulePage> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

impl Tally {
    /// Counts one artifact.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Pass => self.pass += 1,
            Outcome::Incomplete => self.incomplete += 1,
            Outcome::Deny => self.deny += 1,
        }
    }

    /// How many artifacts there are.
    #[must_use]
    pub fn artifacts(&self) -> usize {
        self.pass + self.incomplete + self.deny
    }

    /// The greatest outcome; a call that judged nothing could not judge.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.deny > 0 {
            Outcome::Deny
        } else if self.incomplete > 0 || self.pass == 0 {
            Outcome::Incomplete
        } else {
            Outcome::Pass
        }
    }
}

impl Examined {
    /// The verdict's outcome; what could not be read could not be judged.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.result.as_ref().map_or(Outcome::Incomplete, |judged| judged.verdict.outcome)
    }
}

impl Judged {
    /// The inventory's state once the operator's acceptances are counted in.
    fn state(&self) -> InventoryState {
        InventoryState::of(&self.verdict.problems)
    }
}

/// The time a document carries: `SOURCE_DATE_EPOCH` (seconds since 1970) where it is given and valid, else the start of
/// `today` (`YYYY-MM-DD`), so that one day's documents about one artifact are the same bytes.
#[must_use]
pub fn timestamp(source_date_epoch: Option<&str>, today: &str) -> String {
    let epoch = source_date_epoch.and_then(|text| text.trim().parse::<i64>().ok()).and_then(|seconds| Timestamp::from_second(seconds).ok());
    epoch.map_or_else(|| format!("{today}T00:00:00Z"), |time| time.to_string())
}
