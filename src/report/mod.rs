//! Reports: what was judged, written for a person or a machine. One file a format.

mod component;
mod cyclonedx;
mod graph;
mod json;
mod page;
mod spdx;
mod text;
mod words;

use std::io::{self, Write};

use jiff::Timestamp;

pub use cyclonedx::write_sbom;
pub use spdx::write_spdx;

use crate::model::{Advisories, Facts, InventoryState, Outcome, Verdict, VexFacts};

/// Writes one format.
pub trait Reporter: Sync {
    /// The word after `--format` and `--report`.
    fn name(&self) -> &'static str;

    /// Writes the whole run. Fails only where `out` does. Every text that comes from an artifact is escaped as the format
    /// asks.
    fn write(&self, run: &Run, out: &mut dyn Write) -> io::Result<()>;
}

/// Every format. A new one is a file, its `mod` line and its line here.
pub const REPORTERS: &[&dyn Reporter] = &[&text::Text, &json::Json, &cyclonedx::CycloneDx, &spdx::Spdx];

/// The reporter of a name.
#[must_use]
pub fn reporter(name: &str) -> Option<&'static dyn Reporter> {
    REPORTERS.iter().copied().find(|reporter| reporter.name() == name)
}

/// One call of the gate over any number of artifacts.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the packages were matched against; `None` where no source could be had.
    pub advisories: Option<Advisories>,
    /// SHA-256 (hex) of the policies.
    pub policy_digest: String,
    /// SHA-256 (hex) of the configuration file; empty where there is none.
    pub config_digest: String,
    /// The VEX documents that were heard.
    pub vex: Vec<VexFacts>,
    /// When, RFC 3339, for formats that say so; see [`timestamp`].
    pub timestamp: String,
    /// The artifacts, in the order they were named.
    pub artifacts: Vec<Examined>,
    /// How text is laid out.
    pub screen: Screen,
}

/// One artifact of a run.
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

impl Run {
    /// The greatest outcome; a run that judged nothing could not judge.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.artifacts.iter().map(Examined::outcome).max().unwrap_or(Outcome::Incomplete)
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
