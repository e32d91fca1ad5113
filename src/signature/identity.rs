//! Who may sign: an issuer, the subject that it vouches for, and claims; and why some patterns of subjects are refused.

use std::collections::BTreeMap;
use std::fmt;

use regex::Regex;

use super::certificate::{Claimant, SubjectKind};
use super::claim::claim_name;
use super::requirement::RequirementError;

/// Bytes a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;
/// What makes the character before it optional or repeated.
const REPETITIONS: [char; 4] = ['?', '*', '+', '{'];

/// The issuer of GitHub Actions.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Somebody who may sign: an issuer and a subject it vouches for, with optional claims.
#[derive(Clone, Debug)]
pub struct Identity {
    issuer: String,
    subject: Subject,
    kind: SubjectKind,
    claims: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
enum Subject {
    Exact(String),
    Pattern { written: String, regex: Regex },
}

impl Identity {
    /// An identity whose subject must be exactly this one. Its kind follows from its form: `scheme://…` is a URI, else what
    /// has an `@` is an e-mail address.
    pub fn exact(issuer: &str, subject: &str) -> Result<Self, RequirementError> {
        let kind = check(issuer, subject)?;
        Ok(Self { issuer: issuer.to_owned(), subject: Subject::Exact(subject.to_owned()), kind, claims: BTreeMap::new() })
    }

    /// An identity whose subject must match a regular expression from end to end. Refused are patterns that leave open whose
    /// subject it is: the host, and for a URI the first path segment, must be literal.
    pub fn pattern(issuer: &str, pattern: &str) -> Result<Self, RequirementError> {
        let kind = check(issuer, pattern)?;
        let body = pattern.strip_prefix('^').unwrap_or(pattern);
        let body = body.strip_suffix('$').filter(|rest| !rest.ends_with('\\')).unwrap_or(body);
        if let Some(why) = breadth(body, kind) {
            return Err(RequirementError::BroadPattern { pattern: pattern.to_owned(), why });
        }
        // Flags could make a comment of what follows; and only a body that is whole by itself stays within the anchors' group.
        if body.split("(?").skip(1).any(|group| !group.starts_with(':')) {
            return Err(RequirementError::Pattern(format!("flags and named groups are not taken: {pattern}")));
        }
        let compiled = |text: &str| regex::RegexBuilder::new(text).size_limit(PATTERN_SIZE).build();
        let regex = compiled(body).and_then(|_| compiled(&format!(r"\A(?:{body})\z")));
        let regex = regex.map_err(|error| RequirementError::Pattern(error.to_string()))?;
        let subject = Subject::Pattern { written: pattern.to_owned(), regex };
        Ok(Self { issuer: issuer.to_owned(), subject, kind, claims: BTreeMap::new() })
    }

    /// A workflow file of a GitHub repository, at one ref (`refs/tags/v1`) or, without it, at any branch or tag but no pull
    /// request. The source repository is required too: whoever calls a reusable workflow signs in the workflow's name.
    pub fn github(repository: &str, workflow: &str, reference: Option<&str>) -> Result<Self, RequirementError> {
        let plain = |text: &str| {
            !text.is_empty() && !text.starts_with('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let named = repository.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name));
        if !named || !plain(workflow) {
            return Err(RequirementError::GitHub(format!("{repository} {workflow}")));
        }
        let source = format!("https://github.com/{repository}");
        let file = format!("{source}/.github/workflows/{workflow}");
        let identity = match reference {
            Some(reference) if reference.starts_with("refs/") => Self::exact(GITHUB, &format!("{file}@{reference}"))?,
            Some(reference) => return Err(RequirementError::GitHub(reference.to_owned())),
            None => Self::pattern(GITHUB, &format!("{}@refs/(?:heads|tags)/.+", regex::escape(&file)))?,
        };
        identity.claim("source_repository_uri", &source)
    }

    /// The same, if a claim of the certificate has this value; a claim can be required of one value only. Names as in [`claim_names`](super::claim_names); hyphens and capitals are taken too.
    pub fn claim(mut self, name: &str, value: &str) -> Result<Self, RequirementError> {
        let name = claim_name(name).ok_or_else(|| RequirementError::UnknownClaim(name.to_owned()))?;
        if value.is_empty() {
            return Err(RequirementError::EmptyClaim(name.to_owned()));
        }
        match self.claims.insert(name.to_owned(), value.to_owned()) {
            Some(other) if other != value => Err(RequirementError::ClaimTwice(name.to_owned())),
            _ => Ok(self),
        }
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The subject or its pattern, as it was written.
    #[must_use]
    pub fn subject(&self) -> &str {
        match &self.subject {
            Subject::Exact(subject) => subject,
            Subject::Pattern { written, .. } => written,
        }
    }

    /// The kind of name that the subject is.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.kind
    }

    pub(super) fn accepts_subject(&self, subject: &str) -> bool {
        match &self.subject {
            Subject::Exact(expected) => expected == subject,
            Subject::Pattern { regex, .. } => regex.is_match(subject),
        }
    }

    /// Whether it requires a value of one of these claims.
    pub(super) fn requires_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.claims.contains_key(*name))
    }

    /// The first claim that is not as required: its name, the value wanted and the one found.
    pub(super) fn unmet_claim<'a>(&'a self, claimant: &'a Claimant) -> Option<(&'a str, &'a str, Option<&'a str>)> {
        self.claims.iter().find_map(|(name, wanted)| {
            let found = claimant.claims.get(name).map(String::as_str);
            (found != Some(wanted)).then_some((name.as_str(), wanted.as_str(), found))
        })
    }
}

fn check(issuer: &str, subject: &str) -> Result<SubjectKind, RequirementError> {
    if issuer.trim().is_empty() {
        return Err(RequirementError::NoIssuer(subject.to_owned()));
    }
    if subject.trim().is_empty() {
        return Err(RequirementError::NoSubject(issuer.to_owned()));
    }
    if subject.contains("://") {
        Ok(SubjectKind::Uri)
    } else if subject.contains('@') {
        Ok(SubjectKind::Email)
    } else {
        Err(RequirementError::SubjectKind(subject.to_owned()))
    }
}

/// What is too broad about a pattern; `None` where strangers cannot match it.
fn breadth(pattern: &str, kind: SubjectKind) -> Option<&'static str> {
    if outer_alternative(pattern) {
        return Some("it has a `|` outside of parentheses");
    }
    match kind {
        SubjectKind::Uri => {
            let (scheme, rest) = pattern.split_once("://")?;
            if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return Some("its scheme is not literal");
            }
            let Some(path) = after_literal(rest, "-:").strip_prefix('/') else {
                return Some("its host is not literal");
            };
            let open = after_literal(path, "-_");
            let ended = open.strip_prefix(['/', '@']).is_some_and(|rest| !rest.starts_with(REPETITIONS));
            (open.len() == path.len() || !(open.is_empty() || ended)).then_some("its first path segment is not literal")
        }
        SubjectKind::Email => {
            let (_, host) = pattern.rsplit_once('@')?;
            (host.is_empty() || !after_literal(host, "-").is_empty()).then_some("its host is not literal")
        }
    }
}

/// What follows the literal beginning: letters, digits, `extra`, and escaped dots.
fn after_literal<'a>(pattern: &'a str, extra: &str) -> &'a str {
    let mut rest = pattern;
    loop {
        let next = rest
            .strip_prefix(r"\.")
            .or_else(|| rest.strip_prefix(r"\-"))
            .or_else(|| rest.strip_prefix(|c: char| c.is_ascii_alphanumeric() || extra.contains(c)));
        match next {
            // A repetition makes the character before it optional, and so not literal.
            Some(after) if !after.starts_with(REPETITIONS) => rest = after,
            _ => return rest,
        }
    }
}

/// Whether `|` stands outside of all groups and classes, as the engine's own parser reads the pattern; one that it cannot read
/// is refused where it is compiled.
fn outer_alternative(pattern: &str) -> bool {
    matches!(regex_syntax::ast::parse::Parser::new().parse(pattern), Ok(regex_syntax::ast::Ast::Alternation(_)))
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.subject(), self.issuer)?;
        for (name, value) in &self.claims {
            write!(f, ", {name} = {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    use super::*;

    /// Nobody who may sign for `https://github.com/acme/…` or `…@acme.example`, whatever the rest of a pattern says.
    const STRANGERS: [&str; 10] = [
        "https://github.com/ZQ/x",
        "https://github.com/acmeZQ/x",
        "https://github.com/acm/ZQ",
        "https://ZQ.example/acme/x",
        "https://github.com.ZQ.example/acme/x",
        "https://githubZcom/acme/x",
        "ZQ",
        "a@ZQ.example",
        "a@acmeZexample",
        "a@acme.exampleZQ",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn no_pattern_that_is_taken_matches_a_stranger(rest in r"([a-c./*+?|()\[\]{}\\^$@:-]|\(\?:|\.\*){0,12}", before in r"[a-c.*+?|()\[\]\\^$-]{0,8}") {
            for pattern in [format!(r"https://github\.com/acme{rest}"), format!(r"{before}@acme\.example"), format!(r"https://github\.com/acme/{rest}")] {
                if let Ok(identity) = Identity::pattern("issuer", &pattern) {
                    let matched = STRANGERS.iter().find(|stranger| identity.accepts_subject(stranger));
                    prop_assert!(matched.is_none(), "{pattern} matches {matched:?}");
                }
            }
        }
    }
}
