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
        let regex = regex::RegexBuilder::new(&format!(r"\A(?:{body})\z"))
            .size_limit(PATTERN_SIZE)
            .build()
            .map_err(|error| RequirementError::Pattern(error.to_string()))?;
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

    /// The same, if a claim of the certificate has this value. Names as in [`claim_names`]; hyphens and capitals are taken too.
    pub fn claim(mut self, name: &str, value: &str) -> Result<Self, RequirementError> {
        let name = claim_name(name).ok_or_else(|| RequirementError::UnknownClaim(name.to_owned()))?;
        if value.is_empty() {
            return Err(RequirementError::EmptyClaim(name.to_owned()));
        }
        self.claims.insert(name.to_owned(), value.to_owned());
        Ok(self)
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

/// Whether `|` stands outside of all groups and classes.
fn outer_alternative(pattern: &str) -> bool {
    let (mut depth, mut class, mut escape) = (0_usize, false, false);
    for c in pattern.chars() {
        match c {
            _ if escape => escape = false,
            '\\' => escape = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth = depth.saturating_sub(1),
            '|' if !class && depth == 0 => return true,
            _ => {}
        }
    }
    false
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
