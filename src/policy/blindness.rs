//! The one kind of finding that Rust makes: this part of the artifact, or all of it by one policy, could not be judged.

use std::collections::{BTreeMap, BTreeSet};

use super::error::PolicyError;
use super::setting::{Completeness, Settings};
use crate::model::{EntryPath, Facts, Finding, Level, NotJudged, Problem, ProblemClass, ProblemKind};

/// The inventory's problems, and one for every file outside the scope that has none of its own. Where there are very many of
/// one kind, a single problem of the whole artifact speaks for all of them.
pub(super) fn problems(facts: &Facts) -> Vec<Problem> {
    let mut problems = facts.inventory.problems.clone();
    let outside = facts.inventory.problems.iter().filter(|problem| problem.class == ProblemClass::OutOfScope);
    let (grouped, single): (Vec<&Problem>, Vec<&Problem>) = outside.partition(|problem| problem.path.is_none());
    let grouped: BTreeSet<&str> = grouped.into_iter().map(|problem| problem.kind).collect();
    let said: BTreeSet<&EntryPath> = single.into_iter().filter_map(|problem| problem.path.as_ref()).collect();
    let files = facts.inventory.not_judged.iter().filter(|file| !grouped.contains(file.kind));
    let unsaid: BTreeMap<&EntryPath, &NotJudged> = files.map(|file| (&file.path, file)).filter(|(path, _)| !said.contains(path)).collect();
    if unsaid.is_empty() {
        return problems;
    }
    let files = facts.inventory.files.iter().filter(|file| unsaid.contains_key(&file.path));
    let sha256: BTreeMap<&EntryPath, &str> = files.map(|file| (&file.path, file.sha256.as_str())).collect();
    problems.extend(unsaid.into_iter().map(|(path, file)| Problem {
        class: ProblemClass::OutOfScope,
        kind: file.kind,
        path: Some(path.clone()),
        message: format!("outside the scope: hashed and searched for secrets, not judged ({})", file.kind),
        bytes: file.size,
        sha256: sha256.get(path).map(|&sha256| sha256.to_owned()),
        bounded: Vec::new(),
        accepted: None,
    }));
    problems
}

/// The finding a problem is.
pub(super) fn finding(problem: &Problem, settings: &Settings, artifact: &str) -> Finding {
    let level = match (&problem.accepted, problem.class, settings.completeness) {
        (Some(_), ..) => Level::Info,
        (None, ProblemClass::Unattributed, _) if !problem.bounded.is_empty() => Level::Info,
        (None, ProblemClass::OutOfScope, Completeness::Default) => Level::Warn,
        (None, ..) => Level::Incomplete,
    };
    let message = match &problem.accepted {
        Some(accepted) => match &accepted.expires {
            Some(day) => format!("{} (accepted until {day}: {})", problem.message, accepted.reason),
            None => format!("{} (accepted: {})", problem.message, accepted.reason),
        },
        None if !problem.bounded.is_empty() => {
            format!("{}; bounded by {}: each of its packages counts as possible", problem.message, problem.bounded.join(" and "))
        }
        None => problem.message.clone(),
    };
    let path = problem.path.as_ref().map(|path| path.as_str().to_owned());
    Finding {
        id: String::new(),
        rule: problem.kind.to_owned(),
        level,
        subject: path.clone().unwrap_or_else(|| artifact.to_owned()),
        advisory: String::new(),
        fingerprint: String::new(),
        message,
        help: String::new(),
        path,
        line: None,
        tags: Vec::new(),
    }
}

/// The rule of [`unheard`].
const POLICY_FAILED: &str = "policy-failed";

/// The finding that a policy's failure is: what it would have said is not known.
pub(super) fn unheard(failure: &PolicyError, artifact: &str) -> Finding {
    Finding {
        id: String::new(),
        rule: POLICY_FAILED.to_owned(),
        level: Level::Incomplete,
        subject: artifact.to_owned(),
        advisory: String::new(),
        fingerprint: String::new(),
        message: failure.to_string(),
        help: failure.hint().unwrap_or_default(),
        path: None,
        line: None,
        tags: Vec::new(),
    }
}

/// What the gate says about the operator's own words, for `fngate explain`. They are no problems of an artifact, and none can
/// be ignored or accepted. Each is a warning, but for a policy that failed.
pub const REMARKS: &[(&str, &str, &str)] = &[
    (
        POLICY_FAILED,
        "a policy failed",
        "A policy broke off with an error, took too long, or made a finding that the gate cannot use, so what it would have said is not known and the artifact was not judged by it. What the other policies deny stays denied. Correct the policy; `fngate policy test` runs its tests.",
    ),
    (
        "ignore-unknown",
        "an ignore names a rule that does not exist",
        "No policy that was loaded has a rule of this name, so the `[[ignore]]` can never apply. `fngate policy list` shows every rule.",
    ),
    (
        "ignore-unused",
        "an ignore meets no finding",
        "What the `[[ignore]]` was written for is gone from this artifact, or has changed. Remove it, so that it cannot silence something else one day.",
    ),
    (
        "ignore-expired",
        "an ignore has expired",
        "The last day of the `[[ignore]]` has passed and it no longer applies. Look at the finding again, then fix it or write a new date.",
    ),
    (
        super::vex::UNHEARD,
        "a VEX statement was not heard",
        "A VEX document says that a vulnerability does not affect the artifact, and the finding stands all the same: the package is malware, or the vulnerability is in the catalogue of known exploited ones, or the statement is dated after the day of judgement. Neither of the first two is set aside by what a document says. Remove or update the package. If you have looked at it and know better, write an `[[ignore]]` of `vulnerability-malicious` or `vulnerability-known-exploited` with the advisory. A date in the future is an error of the document, of this machine's clock, or of `--today`.",
    ),
    (
        "accept-unknown",
        "an acceptance names a kind of problem that does not exist",
        "No stage raises a problem of this kind, so the `[[accept]]` can never apply. `fngate explain` lists every kind.",
    ),
    (
        "accept-unused",
        "an acceptance meets no problem",
        "What the `[[accept]]` was written for is gone from this artifact, lies elsewhere, or has other bytes. Remove or correct it.",
    ),
    (
        "accept-expired",
        "an acceptance has expired",
        "The last day of the `[[accept]]` has passed and it no longer applies. Look at the problem again, then remove it or write a new date.",
    ),
    (
        "baseline-expired",
        "the baseline has expired",
        "The day of `[baseline] until` has passed, so everything that the former report had counts again. Fix what is left, or ignore it one by one with a reason; then take the baseline out of the call or the configuration.",
    ),
];

/// Whether a rule is about the operator's own words, or about a policy that failed.
pub(super) fn is_remark(rule: &str) -> bool {
    REMARKS.iter().any(|(id, ..)| *id == rule)
}

/// Whether the gate itself has a rule of this name.
pub(super) fn is_own_rule(rule: &str, kinds: &[&'static ProblemKind]) -> bool {
    is_remark(rule) || kinds.iter().any(|kind| kind.id == rule)
}
