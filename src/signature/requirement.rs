//! Who must have signed: identities by issuer and subject, public keys with their windows, and how strictly bundles are read.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use regex::Regex;

use super::certificate::{Claimant, SubjectKind};
use super::claim::{claim_name, claim_names};
use super::sigstore_adapter;

/// Bytes a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;
/// What makes the character before it optional or repeated.
const REPETITIONS: [char; 4] = ['?', '*', '+', '{'];

/// What an artifact's signature must satisfy. Empty lists accept nobody.
#[derive(Clone, Debug, Default)]
pub struct Requirement {
    /// Any of these may have signed with a certificate.
    pub identities: Vec<Identity>,
    /// Any of these keys may have signed.
    pub keys: Vec<Key>,
    /// How strictly bundles are read.
    pub profile: Profile,
}

/// How strictly bundles are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What any of cosign, sigstore-python and sigstore-verify refuses is refused: format 0.3 only, no unknown member, no
    /// number or time that nothing signs.
    #[default]
    Strict,
    /// Formats 0.1 to 0.3, and members that the format does not know are ignored. Proofs, identities and times are held just the same.
    Compatible,
}

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

/// A public key that may sign.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    spki: Vec<u8>,
    fingerprint: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
}

/// Why a requirement is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// A subject without an issuer.
    #[error("an identity needs an issuer beside its subject: {0}")]
    NoIssuer(String),
    /// An issuer without a subject.
    #[error("an identity needs a subject beside its issuer: {0}")]
    NoSubject(String),
    /// A subject that is neither a URI nor an e-mail address.
    #[error("a subject is a URI or an e-mail address: {0}")]
    SubjectKind(String),
    /// A pattern that does not compile.
    #[error("the subject's pattern cannot be read: {0}")]
    Pattern(String),
    /// A pattern that accepts strangers.
    #[error("the subject's pattern accepts too much ({why}): {pattern}")]
    BroadPattern {
        /// The pattern.
        pattern: String,
        /// What is too broad about it.
        why: &'static str,
    },
    /// No such claim.
    #[error("no certificate has a claim of this name: {0}")]
    UnknownClaim(String),
    /// An empty value would be satisfied by nothing that is meant.
    #[error("the claim's expected value is empty: {0}")]
    EmptyClaim(String),
    /// Not a public key that signatures can be verified with.
    #[error("the public key cannot be read: {0}")]
    Key(String),
    /// A window that ends before it begins.
    #[error("the key's validity ends before it begins: {0}")]
    KeyWindow(String),
}

impl RequirementError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoIssuer(_) => Some("give the issuer's URL, for GitHub Actions `https://token.actions.githubusercontent.com`".to_owned()),
            Self::NoSubject(_) => Some("give the workflow's URI or the person's e-mail address".to_owned()),
            Self::SubjectKind(_) => Some("write `https://host/path` or `name@host`, as the certificate has it".to_owned()),
            Self::Pattern(_) => Some("the pattern is a regular expression without look-around".to_owned()),
            Self::BroadPattern { .. } => Some(
                r"write host and first path segment out, with `\.` for a dot: `https://github\.com/owner/repo/\.github/workflows/release\.yml@refs/tags/v.*`".to_owned(),
            ),
            Self::UnknownClaim(_) => Some(format!("the names are {}", claim_names().collect::<Vec<_>>().join(", "))),
            Self::Key(_) => Some("give a PEM file with `-----BEGIN PUBLIC KEY-----`".to_owned()),
            Self::EmptyClaim(_) | Self::KeyWindow(_) => None,
        }
    }
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

impl Key {
    /// A key from PEM (`-----BEGIN PUBLIC KEY-----`, a `SubjectPublicKeyInfo`), in force at any time.
    pub fn from_pem(pem: &str) -> Result<Self, RequirementError> {
        let spki = sigstore_adapter::public_key(pem).map_err(RequirementError::Key)?;
        let fingerprint = format!("sha256:{}", super::hex(&super::sha256(&spki)));
        Ok(Self { spki, fingerprint, not_before: None, not_after: None })
    }

    /// The same, in force only within a window (both ends included). A signature then needs an authenticated time.
    pub fn within(mut self, not_before: Option<Timestamp>, not_after: Option<Timestamp>) -> Result<Self, RequirementError> {
        if let (Some(from), Some(until)) = (not_before, not_after)
            && until < from
        {
            return Err(RequirementError::KeyWindow(format!("{from} to {until}")));
        }
        self.not_before = not_before;
        self.not_after = not_after;
        Ok(self)
    }

    /// `sha256:` and the hex digest of the key's `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub(super) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(super) fn is_bounded(&self) -> bool {
        self.not_before.is_some() || self.not_after.is_some()
    }

    pub(super) fn in_force(&self, time: Timestamp) -> bool {
        self.not_before.is_none_or(|from| from <= time) && self.not_after.is_none_or(|until| time <= until)
    }

    pub(super) fn window(&self) -> String {
        let end = |time: Option<Timestamp>| time.map_or_else(|| "any time".to_owned(), |time| time.to_string());
        format!("{} to {}", end(self.not_before), end(self.not_after))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {})", self.fingerprint, self.window())
    }
}
