//! What a rule is: how it finds, what it lets pass, how sure it is.

use crate::model::{Confidence, SecretLevel};

use super::allowlist::Allowlist;
use super::check::Check;
use super::pattern::Pattern;

/// One rule, built in or a team's own.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) help: String,
    pub(super) finder: Finder,
    /// The group of the expression that is the secret; 0 or less is the first that took part, else the whole match.
    pub(super) group: i64,
    /// The file must match too; alone (with [`Finder::File`]) it is the finding.
    pub(super) path: Option<Pattern>,
    /// A file that matches this is not searched by the rule.
    pub(super) keywords: Vec<String>,
    pub(super) entropy: f64,
    pub(super) allowlists: Vec<Allowlist>,
    pub(super) required: Vec<Required>,
    /// Serves as a part of others only.
    pub(super) skip_report: bool,
    pub(super) tags: Vec<String>,
    pub(super) confidence: Confidence,
    pub(super) level: Option<SecretLevel>,
    pub(super) check: Option<Check>,
    /// Found by a name and randomness rather than a format.
    pub(super) generic: bool,
    /// From a file of the operator: its semantics are gitleaks' to the letter.
    pub(super) custom: bool,
    pub(super) examples: Vec<String>,
    pub(super) counter_examples: Vec<String>,
}

/// How a rule finds.
#[derive(Clone, Debug)]
pub(super) enum Finder {
    /// A regular expression. `window` is how many bytes before and behind a keyword are searched, `None` the whole text.
    /// `pooled` is for binaries, where strings stand without anything between them.
    Regex { pattern: Pattern, pooled: Option<Pattern>, window: Option<(usize, usize)> },
    /// A fixed beginning, in this spelling, and a body behind it.
    Token { prefixes: Vec<String>, body: Pattern },
    /// A value of this shape that is assigned to a name in whose surroundings one of the keywords stands.
    Vendor { value: Pattern },
    /// Any value assigned to a name that promises a secret.
    Assignment,
    /// `scheme://user:password@host`; no schemes are all that no other rule names.
    Url { schemes: Vec<String> },
    /// The file itself, by its path.
    File,
}

/// Another rule that must match near by.
#[derive(Clone, Debug)]
pub(super) struct Required {
    pub(super) id: String,
    pub(super) within_lines: Option<i64>,
    pub(super) within_columns: Option<i64>,
}

impl Rule {
    /// Kebab-case and stable.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// One line: what it finds.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// What to do about a finding.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.help
    }

    /// How sure it is before a checksum or a structure has spoken.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// The level it is held to whatever the confidence: public-by-design keys are `info`.
    #[must_use]
    pub fn level(&self) -> Option<SecretLevel> {
        self.level
    }

    /// Texts it must find; of a shipped rule only as [`proofs`](super::proofs) gives it.
    #[must_use]
    pub fn examples(&self) -> &[String] {
        &self.examples
    }

    /// Texts it must not find; of a shipped rule only as [`proofs`](super::proofs) gives it.
    #[must_use]
    pub fn counter_examples(&self) -> &[String] {
        &self.counter_examples
    }

    /// Whether it goes by a name and randomness, so that a package's own files are no place for it.
    #[must_use]
    pub fn is_generic(&self) -> bool {
        self.generic
    }

    /// Free words of its author.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// The page of `fngate explain`.
    #[must_use]
    pub fn page(&self) -> String {
        let confidence = match self.confidence {
            Confidence::High => "high",
            Confidence::Medium => "medium",
            Confidence::Low => "low",
        };
        let mut page = format!("{}: {}\n\nconfidence: {confidence}\n", self.id, self.description);
        match &self.finder {
            Finder::Regex { pattern, .. } => page.push_str(&format!("expression: {}\n", pattern.source())),
            Finder::Token { prefixes, body } => {
                page.push_str(&format!("begins with: {}\nthen: {}\n", prefixes.join(", "), body.source()));
            }
            Finder::Vendor { value } => {
                page.push_str(&format!("named by: {}\nvalue: {}\n", self.keywords.join(", "), value.source()));
            }
            Finder::Assignment => page.push_str("finds: a random value assigned to a name that promises a secret\n"),
            Finder::Url { schemes } => page.push_str(&format!(
                "finds: a password in a URL of {}\n",
                if schemes.is_empty() { "any other scheme".to_owned() } else { schemes.join(", ") }
            )),
            Finder::File => {}
        }
        if let Some(path) = &self.path {
            page.push_str(&format!("files: {}\n", path.source()));
        }
        if !self.help.is_empty() {
            page.push_str(&format!("\n{}\n", self.help));
        }
        page
    }
}
