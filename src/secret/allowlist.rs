//! What a rule, or a whole rule set, lets pass: gitleaks' `[[allowlists]]` with its exact meaning.

use super::letters::lowered;
use super::pattern::Pattern;

/// One entry. With `all` every criterion it has must hold, otherwise one is enough.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowlist {
    pub(super) all: bool,
    pub(super) paths: Vec<Pattern>,
    pub(super) regexes: Vec<Pattern>,
    pub(super) target: Target,
    /// Lower case; any part of the secret, whatever the target.
    pub(super) stopwords: Vec<String>,
    /// Names commits, which no artifact has: with `all` it never holds.
    pub(super) commits: bool,
}

/// What the `regexes` of an allowlist look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Target {
    #[default]
    Secret,
    Match,
    Line,
}

/// A match and its surroundings, as an allowlist sees them.
pub(super) struct Subject<'a> {
    pub(super) path: &'a str,
    pub(super) secret: &'a [u8],
    pub(super) matched: &'a [u8],
    pub(super) line: &'a [u8],
}

impl Allowlist {
    /// Whether the file alone is enough to let everything in it pass.
    pub(super) fn covers_file(&self, path: &str) -> bool {
        let only_path = self.regexes.is_empty() && self.stopwords.is_empty() && !self.commits;
        (!self.all || only_path) && self.paths.iter().any(|pattern| pattern.is_match(path.as_bytes()))
    }

    /// Whether it lets this match pass.
    pub(super) fn covers(&self, subject: &Subject<'_>) -> bool {
        let path = || self.paths.iter().any(|pattern| pattern.is_match(subject.path.as_bytes()));
        let target = match self.target {
            Target::Secret => subject.secret,
            Target::Match => subject.matched,
            Target::Line => subject.line,
        };
        // To gitleaks nothing matches a secret of no characters, and an empty word stops none.
        let regex = || !target.is_empty() && self.regexes.iter().any(|pattern| pattern.is_match(target));
        let stopword = || {
            let lower = lowered(subject.secret);
            self.stopwords.iter().any(|word| !word.is_empty() && memchr::memmem::find(&lower, word.as_bytes()).is_some())
        };
        if !self.all {
            return path() || regex() || stopword();
        }
        !self.commits
            && (self.paths.is_empty() || path())
            && (self.regexes.is_empty() || regex())
            && (self.stopwords.is_empty() || stopword())
    }
}
