//! What became of one bundle: the steps that were taken, and why it stands or is refused.

use crate::model::{Signer, Statement, escaped};

use super::reason::Reason;

/// How much of a foreign text a message repeats.
const LONGEST_QUOTE: usize = 300;

/// One check of one bundle, for `--explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was checked.
    pub name: &'static str,
    /// What had to hold.
    pub expected: String,
    /// What the bundle says, escaped for a terminal.
    pub found: String,
    /// Whether it held.
    pub passed: bool,
}

/// Why a bundle is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason.
    pub reason: &'static Reason,
    /// What had to hold.
    pub expected: String,
    /// What the bundle says, escaped for a terminal.
    pub found: String,
}

impl Refusal {
    pub(super) fn new(reason: &'static Reason, expected: impl Into<String>, found: impl AsRef<str>) -> Self {
        Self { reason, expected: quoted(&expected.into()), found: quoted(found.as_ref()) }
    }

    /// One line: the title, what was expected and what was found.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}: expected {}, found {}", self.reason.title, self.expected, self.found)
    }
}

/// What a bundle that stands has proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who signed.
    pub signer: Signer,
    /// The entries of the requirement that they satisfy: identities, then keys.
    pub matched: Vec<usize>,
    /// What they said; `None` for a bare signature.
    pub statement: Option<Statement>,
}

/// The whole of what was found out about one bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examination {
    /// The bundle's file, with the number of the bundle where the file holds several; escaped for a terminal.
    pub name: String,
    /// The place of that file among those that were given; `None` where all were refused together.
    pub file: Option<usize>,
    /// The checks in the order in which they were made; the last one is the failed one where it was refused.
    pub steps: Vec<Step>,
    /// The result.
    pub result: Result<Proof, Refusal>,
}

/// Collects the steps of one bundle.
#[derive(Debug, Default)]
pub(super) struct Trace(Vec<Step>);

impl Trace {
    /// Records a check, and refuses if it does not hold.
    pub(super) fn hold(
        &mut self,
        name: &'static str,
        reason: &'static Reason,
        expected: impl Into<String>,
        found: impl AsRef<str>,
        holds: bool,
    ) -> Result<(), Refusal> {
        let (expected, found) = (expected.into(), found.as_ref());
        if !holds {
            return Err(self.fail(name, Refusal::new(reason, expected, found)));
        }
        self.0.push(Step { name, expected: quoted(&expected), found: quoted(found), passed: true });
        Ok(())
    }

    /// Records a check that failed, and gives the refusal back.
    pub(super) fn fail(&mut self, name: &'static str, refusal: Refusal) -> Refusal {
        self.0.push(Step { name, expected: refusal.expected.clone(), found: refusal.found.clone(), passed: false });
        refusal
    }

    /// Records a check whose failure comes as a refusal.
    pub(super) fn record<T>(&mut self, name: &'static str, outcome: Result<T, Refusal>) -> Result<T, Refusal> {
        outcome.map_err(|refusal| self.fail(name, refusal))
    }

    /// Takes over the steps of an attempt.
    pub(super) fn append(&mut self, mut attempt: Self) {
        self.0.append(&mut attempt.0);
    }

    pub(super) fn into_steps(self) -> Vec<Step> {
        self.0
    }
}

/// `text` as a message may repeat it: escaped, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    let mut shown = text.chars().take(LONGEST_QUOTE).collect::<String>();
    if shown.len() < text.len() {
        shown.push('…');
    }
    escaped(&shown).into_owned()
}
