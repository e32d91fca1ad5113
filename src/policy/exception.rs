//! Ignores and acceptances: what an operator silenced, and what becomes of a word that silences nothing.

use jiff::civil::Date;

use super::error::PolicyError;
use super::setting::{Accept, Ignore, Settings};
use crate::model::{Acceptance, Facts, Finding, Ignored, Level, Problem, ProblemClass, Vulnerability};

/// The kind of problem that a caught panic leaves. No setting excuses it.
const INTERNAL_ERROR: &str = "internal-error";

/// The rule that an ignore must name to silence what is known to be exploited, by whatever rule it is said.
pub(super) const EXPLOITED: &str = "vulnerability-known-exploited";

/// Refuses acceptances of what nothing excuses, and ignores that are not bound to what was looked at.
pub(super) fn check(settings: &Settings) -> Result<(), PolicyError> {
    for accept in &settings.accepts {
        let unseen = settings.kinds.iter().any(|kind| kind.id == accept.kind && kind.class == ProblemClass::Unseen);
        if unseen || accept.kind == INTERNAL_ERROR {
            return Err(PolicyError::Unacceptable { kind: accept.kind.clone() });
        }
    }
    for ignore in &settings.ignores {
        if let Some(key) = missing_key(ignore) {
            return Err(PolicyError::Unbound { rule: ignore.rule.clone(), key });
        }
    }
    Ok(())
}

/// The key an ignore needs and lacks: the advisory for rules about vulnerabilities, the fingerprint for rules about secrets,
/// the subject for the others.
#[must_use]
pub fn missing_key(ignore: &Ignore) -> Option<&'static str> {
    if ignore.rule.starts_with("vulnerability-") {
        ignore.advisory.is_none().then_some("advisory")
    } else if ignore.rule.starts_with("secret-") {
        ignore.fingerprint.is_none().then_some("fingerprint")
    } else {
        (ignore.subject.is_none() && ignore.advisory.is_none() && ignore.fingerprint.is_none()).then_some("subject")
    }
}

/// The problems with the acceptances that apply filled in, and what there is to say about the acceptances.
pub(super) fn accepted(settings: &Settings, mut problems: Vec<Problem>, today: Date) -> (Vec<Problem>, Vec<Finding>) {
    let mut remarks = Vec::new();
    for accept in &settings.accepts {
        let subject = accept.path.clone().unwrap_or_default();
        let what = format!("the acceptance of `{}`", accept.kind);
        if !settings.kinds.iter().any(|kind| kind.id == accept.kind) {
            remarks.push(remark("accept-unknown", subject, format!("{what} names no kind of problem that exists")));
        } else if let Some(day) = accept.expires.filter(|day| *day < today) {
            remarks.push(remark("accept-expired", subject, format!("{what} applied until {day} and no longer does")));
        } else if !accept_in(&mut problems, accept) {
            remarks.push(remark("accept-unused", subject, format!("{what} meets no problem of this artifact")));
        }
    }
    (problems, remarks)
}

/// Fills one acceptance in wherever it applies.
fn accept_in(problems: &mut [Problem], accept: &Accept) -> bool {
    let mut used = false;
    for problem in problems {
        let excusable = problem.class != ProblemClass::Unseen && problem.kind != INTERNAL_ERROR;
        let same_place = problem.path.as_ref().map(|path| path.as_str()) == accept.path.as_deref();
        let same_bytes =
            accept.sha256.as_ref().is_none_or(|sha256| problem.sha256.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(sha256)));
        if excusable && problem.kind == accept.kind && same_place && same_bytes {
            problem.accepted = Some(Acceptance { reason: accept.reason.clone(), expires: accept.expires.map(|day| day.to_string()) });
            used = true;
        }
    }
    used
}

/// The findings that stand, those that were silenced, and what there is to say about the ignores (among those that stand).
pub(super) fn ignored(
    settings: &Settings,
    findings: Vec<Finding>,
    known: &dyn Fn(&str) -> bool,
    facts: &Facts,
    today: Date,
) -> (Vec<Finding>, Vec<Ignored>) {
    let mut standing = findings;
    let mut silenced = Vec::new();
    let mut remarks = Vec::new();
    for ignore in &settings.ignores {
        let subject = ignore.subject.clone().or_else(|| ignore.advisory.clone()).or_else(|| ignore.fingerprint.clone()).unwrap_or_default();
        let what = format!("the ignore of `{}`", ignore.rule);
        if !known(&ignore.rule) && !standing.iter().any(|finding| finding.rule == ignore.rule) {
            remarks.push(remark("ignore-unknown", subject, format!("{what} names no rule that exists")));
            continue;
        }
        if let Some(day) = ignore.expires.filter(|day| *day < today) {
            remarks.push(remark("ignore-expired", subject, format!("{what} applied until {day} and no longer does")));
            continue;
        }
        let (hit, rest): (Vec<_>, Vec<_>) = standing.into_iter().partition(|finding| silences(ignore, finding, &facts.vulnerabilities));
        standing = rest;
        if hit.is_empty() && !silenced.iter().any(|other: &Ignored| silences(ignore, &other.finding, &facts.vulnerabilities)) {
            let outdated = standing.iter().any(|finding| ignore.rule == finding.rule && is_meant(ignore, finding, &facts.vulnerabilities));
            let why = if outdated {
                format!("does not apply: the vulnerability is known to be exploited, which takes an ignore of `{EXPLOITED}`")
            } else {
                "meets no finding of this artifact".to_owned()
            };
            remarks.push(remark("ignore-unused", subject, format!("{what} {why}")));
        }
        silenced.extend(hit.into_iter().map(|finding| Ignored {
            finding,
            reason: ignore.reason.clone(),
            expires: ignore.expires.map(|day| day.to_string()),
        }));
    }
    standing.extend(remarks);
    (standing, silenced)
}

/// Whether an ignore silences a finding: its rule and every key agree. What is known to be exploited is only silenced by a word
/// that was written for it, whichever rule says it.
fn silences(ignore: &Ignore, finding: &Finding, vulnerabilities: &[Vulnerability]) -> bool {
    if (ignore.rule != finding.rule && ignore.rule != EXPLOITED) || !is_meant(ignore, finding, vulnerabilities) {
        return false;
    }
    let is_own = |known: &Vulnerability| known.id == finding.advisory && known.purl == finding.subject;
    let exploited = finding.rule.starts_with("vulnerability-")
        && finding.rule != "vulnerability-malicious"
        && vulnerabilities.iter().any(|known| known.known_exploited.is_some() && is_own(known));
    ignore.rule == if exploited { EXPLOITED } else { finding.rule.as_str() }
}

/// Whether every key of an ignore agrees with a finding, and it names what tells this finding from next month's.
fn is_meant(ignore: &Ignore, finding: &Finding, vulnerabilities: &[Vulnerability]) -> bool {
    let advisory = match (&ignore.advisory, finding.advisory.as_str()) {
        (None, own) => own.is_empty(),
        (Some(_), "") => false,
        (Some(id), own) => {
            id == own || vulnerabilities.iter().any(|known| known.id == own && (known.ids.contains(id) || known.aliases.contains(id)))
        }
    };
    let fingerprint = match (&ignore.fingerprint, finding.fingerprint.as_str()) {
        (None, own) => own.is_empty(),
        (Some(given), own) => given == own,
    };
    let subject = ignore.subject.as_ref().is_none_or(|subject| is_about(subject, &finding.subject));
    // What could not be judged is not silenced by a word; a named advisory has been looked at.
    let judged = finding.level != Level::Incomplete || !finding.advisory.is_empty();
    advisory && fingerprint && subject && judged
}

/// Whether the subject of an ignore is that of a finding: the same, or its purl without the version.
fn is_about(given: &str, own: &str) -> bool {
    given == own || (given.starts_with("pkg:") && own.strip_prefix(given).is_some_and(|rest| rest.starts_with('@')))
}

pub(super) fn remark(rule: &str, subject: String, message: String) -> Finding {
    Finding {
        id: String::new(),
        rule: rule.to_owned(),
        level: Level::Warn,
        subject,
        advisory: String::new(),
        fingerprint: String::new(),
        message,
        help: "remove it from fngate.toml, or correct it".to_owned(),
        path: None,
        line: None,
        tags: Vec::new(),
    }
}
