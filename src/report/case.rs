//! The findings of an artifact one by one, as the reports for services take them: each with what stands behind it, how far it counts,
//! and one sentence that makes sense alone.

use std::collections::HashMap;

use super::place::{self, Place, Site};
use super::{Examined, Judged, words};
use crate::model::{Finding, Level, Problem, ProblemClass, Severity, Vulnerability, escaped};

/// How far a finding counts.
#[derive(Clone, Copy)]
pub(super) enum Standing<'a> {
    /// It decides.
    Counts,
    /// A former report had it, and it is not counted until a day.
    Known(&'a str),
    /// The operator silenced it, why, and until when.
    Ignored(&'a str, Option<&'a str>),
}

/// One finding.
pub(super) struct Case<'a> {
    pub(super) finding: &'a Finding,
    pub(super) standing: Standing<'a>,
    /// What is known against the package, for findings about advisories.
    pub(super) vulnerability: Option<&'a Vulnerability>,
    /// What could not be judged, for findings that say so of a file.
    pub(super) problem: Option<&'a Problem>,
}

/// Every finding of an artifact: those that count, gravest first, then those that are known, then those that are ignored.
fn cases(judged: &Judged) -> Vec<Case<'_>> {
    let verdict = &judged.verdict;
    let mut known: HashMap<(&str, &str), &Vulnerability> = HashMap::new();
    for one in &judged.facts.vulnerabilities {
        known.entry((&one.id, &one.purl)).or_insert(one);
    }
    let mut problems: HashMap<(&str, Option<&str>), &Problem> = HashMap::new();
    for one in &verdict.problems {
        problems.entry((one.kind, one.path.as_ref().map(|path| path.as_str()))).or_insert(one);
    }
    let case = |finding, standing| case_of(finding, standing, &known, &problems);
    let counted = verdict.findings.iter().map(|finding| case(finding, Standing::Counts));
    let former = verdict.known.iter().map(|known| case(&known.finding, Standing::Known(&known.until)));
    let ignored = verdict.ignored.iter().map(|one| case(&one.finding, Standing::Ignored(&one.reason, one.expires.as_deref())));
    counted.chain(former).chain(ignored).collect()
}

fn case_of<'a>(
    finding: &'a Finding,
    standing: Standing<'a>,
    known: &HashMap<(&str, &str), &'a Vulnerability>,
    problems: &HashMap<(&str, Option<&str>), &'a Problem>,
) -> Case<'a> {
    Case {
        finding,
        standing,
        vulnerability: known.get(&(finding.advisory.as_str(), finding.subject.as_str())).copied().filter(|_| !is_remark(&finding.rule)),
        problem: problems.get(&(finding.rule.as_str(), finding.path.as_deref())).copied(),
    }
}

/// Whether a rule speaks of the operator's own words, which may name a package and an advisory as what is said against one does.
fn is_remark(rule: &str) -> bool {
    ["ignore-", "accept-", "vex-", "baseline-"].iter().any(|start| rule.starts_with(start))
}

/// Every finding of an artifact, and what is said of one that could not be read at all.
pub(super) fn with_cases<T>(examined: &Examined, take: impl FnOnce(Vec<Case<'_>>) -> T) -> T {
    match &examined.result {
        Ok(judged) => take(cases(judged)),
        Err(error) => {
            let finding = &unread(examined, error);
            take(vec![Case { finding, standing: Standing::Counts, vulnerability: None, problem: None }])
        }
    }
}

/// The kind of problem that an artifact has which could not be read at all.
pub(super) fn unread_kind(error: &str) -> &'static str {
    if error.starts_with("internal-error") { "internal-error" } else { "artifact-unreadable" }
}

/// The one finding of an artifact that could not be read at all.
pub(super) fn unread(examined: &Examined, error: &str) -> Finding {
    Finding {
        id: String::new(),
        rule: unread_kind(error).to_owned(),
        level: Level::Incomplete,
        subject: examined.name.clone(),
        advisory: String::new(),
        fingerprint: String::new(),
        message: error.to_owned(),
        help: String::new(),
        path: None,
        line: None,
        tags: Vec::new(),
    }
}

/// Numbers findings that nothing else tells apart.
#[derive(Default)]
pub(super) struct Prints {
    times: HashMap<String, usize>,
}

impl Prints {
    /// The fingerprint of a finding, which no other of the artifact has, over runs the same.
    pub(super) fn print(&mut self, site: &Site, artifact: &str, finding: &Finding) -> String {
        let own = site.fingerprint(artifact, finding);
        let times = self.times.entry(own.clone()).or_default();
        *times += 1;
        match *times {
            1 => own,
            // The last digits count, so that the first of several stays what it was.
            times => format!("{}{times:08x}", own.get(..56).unwrap_or_default()),
        }
    }
}

impl<'a> Case<'a> {
    /// `pkg:npm/lodash@4.17.15 in dist/fn.zip!/node_modules/lodash/package.json: Command injection (critical)`.
    pub(super) fn sentence(&self, artifact: &str, place: &Place, most: usize) -> String {
        let finding = self.finding;
        let whole = place::shown(&place.whole);
        let subject = place::shown(&finding.subject);
        let is_place = finding.subject.is_empty() || finding.subject == artifact || finding.path.as_deref() == Some(&finding.subject);
        let lead = if is_place { whole } else { format!("{subject} in {whole}") };
        let line = match (finding.line, place.line) {
            (Some(line), None) => format!(", line {line}"),
            _ => String::new(),
        };
        words::cut(&format!("{lead}{line}: {}", escaped(&finding.message)), most)
    }

    /// What to do, on one line; empty where nobody knows.
    pub(super) fn help(&self, most: usize) -> String {
        words::cut(&escaped(&self.finding.help), most)
    }

    /// Why it does not count, where it does not.
    pub(super) fn excuse(&self) -> Option<String> {
        match self.standing {
            Standing::Counts => None,
            Standing::Known(until) => Some(format!("known from a former report, and not counted until {}", escaped(until))),
            Standing::Ignored(reason, until) => {
                let until = until.map_or_else(|| "for ever".to_owned(), |day| format!("until {}", escaped(day)));
                Some(words::cut(&format!("ignored {until}: {}", escaped(reason)), 1_000))
            }
        }
    }

    pub(super) fn is_ignored(&self) -> bool {
        matches!(self.standing, Standing::Ignored(..))
    }

    pub(super) fn counts(&self) -> bool {
        matches!(self.standing, Standing::Counts)
    }

    /// Whether something is said against a package.
    pub(super) fn is_about_package(&self) -> bool {
        !is_remark(&self.finding.rule) && (self.vulnerability.is_some() || self.finding.subject.starts_with("pkg:"))
    }

    pub(super) fn is_secret(&self) -> bool {
        !self.finding.fingerprint.is_empty()
    }

    /// The vulnerability's severity; `None` where the finding is about none.
    pub(super) fn severity(&self) -> Option<Severity> {
        self.vulnerability.map(|known| if known.malicious { Severity::Critical } else { known.severity })
    }

    /// Whether what could not be judged was not searched for secrets either. Where that is not known it was not.
    pub(super) fn is_unsearched(&self) -> bool {
        let finding = self.finding;
        let is_other = self.is_about_package() || finding.rule.starts_with("advisories-");
        let is_read = self.problem.is_some_and(|problem| problem.class != ProblemClass::Unseen);
        finding.level == Level::Incomplete && !is_other && !is_read
    }
}
