//! Who is heard about a finding, and what becomes of it.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::named::{Asked, Package};
use super::statement::{self, Scope, Statement};
use super::{Content, Document, UNHEARD, Vex};
use crate::model::{ArtifactKind, Facts, Finding, Ignored, LAYERS, Level, Vulnerability};

/// Vulnerabilities by id and package.
type Known<'a> = HashMap<(&'a str, &'a str), Vec<&'a Vulnerability>>;

/// A statement, in its document.
type Said<'a> = (&'a Document, &'a Statement);

/// The order of statements: of those about the artifact itself, else of those about the package at large, the latest; of two of
/// one time the one that was named last.
type Rank = (Scope, Option<Timestamp>, usize, usize);

/// What statements say about a finding.
#[derive(Default)]
struct Heard<'a> {
    /// What acquits it, if nothing speaks against that.
    acquittal: Option<Said<'a>>,
    /// The latest that would acquit it and is dated after the day of judgement.
    future: Option<Said<'a>>,
}

impl Vex {
    /// Takes the findings that statements set aside out of those that stand, and remarks on statements that were not heard.
    pub(in super::super) fn hear(&self, findings: Vec<Finding>, ignored: &mut Vec<Ignored>, facts: &Facts, today: Date) -> Vec<Finding> {
        if self.documents.is_empty() {
            return findings;
        }
        let mut known = Known::new();
        for one in &facts.vulnerabilities {
            known.entry((&one.id, &one.purl)).or_default().push(one);
        }
        let mut standing = Vec::new();
        for finding in findings {
            let known = known.get(&(finding.advisory.as_str(), finding.subject.as_str())).map(Vec::as_slice).unwrap_or_default();
            let heard = self.about(&finding, known, facts, today);
            match (heard.acquittal, unforgivable(&finding, known)) {
                (Some((document, statement)), None) => {
                    ignored.push(Ignored { finding, reason: reason(document, statement), expires: None });
                }
                (Some(said), Some((why, rule))) => {
                    let help = format!("remove or update the package; only an `[[ignore]]` of `{rule}` with this advisory is heard");
                    standing.extend([unheard(&finding, said, why, help), finding]);
                }
                (None, _) => {
                    let help = || "look at the statement's timestamp and at the clock".to_owned();
                    standing.extend(heard.future.map(|said| unheard(&finding, said, "it is dated after the day of judgement", help())));
                    standing.push(finding);
                }
            }
        }
        standing
    }

    /// What decides about a finding. Of each id of the vulnerability the last word counts, and none may speak against it: the ids of
    /// one advisory need not be one vulnerability.
    fn about(&self, finding: &Finding, known: &[&Vulnerability], facts: &Facts, today: Date) -> Heard<'_> {
        let mut heard = Heard::default();
        if !finding.rule.starts_with("vulnerability-") || finding.advisory.is_empty() {
            return heard;
        }
        let asked = Asked {
            package: Package::of(&finding.subject).ok(),
            artifact: &facts.artifact.sha256,
            holders: holders(finding, known, facts),
        };
        let of_set = known.iter().flat_map(|known| known.ids.iter().chain(&known.aliases));
        let ids: BTreeSet<String> = std::iter::once(&finding.advisory).chain(of_set).map(|id| statement::folded(id)).collect();
        let mut scopes: HashMap<(usize, usize), Option<Scope>> = HashMap::new();
        let mut last: HashMap<&str, (Rank, Said<'_>)> = HashMap::new();
        let mut latest: Option<(Rank, Said<'_>)> = None;
        for id in &ids {
            for &(number, at) in self.by_id.get(id).into_iter().flatten() {
                let Some(document) = self.documents.get(number) else { continue };
                let Some(statement) = document.content.statements.get(at) else { continue };
                let Some(scope) = *scopes.entry((number, at)).or_insert_with(|| statement.scope(&asked)) else { continue };
                let found = ((scope, statement.time, number, at), (document, statement));
                let is_future = statement.time.is_some_and(|time| time.to_zoned(TimeZone::UTC).date() > today);
                if statement.status.acquits && is_future {
                    latest = latest.filter(|(rank, _)| *rank > found.0).or(Some(found));
                } else if last.get(id.as_str()).is_none_or(|(rank, _)| *rank < found.0) {
                    last.insert(id, found);
                }
            }
        }
        heard.future = latest.map(|(_, said)| said);
        let is_acquitted = |id: &str| last.get(id).is_some_and(|(_, (_, statement))| statement.status.acquits);
        let shown = statement::folded(&finding.advisory);
        let cves: Vec<&String> = ids.iter().filter(|id| id.starts_with("CVE-")).collect();
        let is_whole = cves.len() < 2 || cves.iter().all(|id| is_acquitted(id)) || (!shown.starts_with("CVE-") && is_acquitted(&shown));
        if is_whole && last.values().all(|(_, (_, statement))| statement.status.acquits) {
            heard.acquittal = last.into_values().max_by_key(|(rank, _)| *rank).map(|(_, said)| said);
        }
        heard
    }
}

/// What lies beside an image in its layout. The index of a layout does not name it.
const BESIDE: &str = "image-layout!/";

/// The SHA-256 of all that the package of a finding lies in. Which of several layers holds what is not known, and what lies
/// beside an image lies in nothing that has one.
fn holders<'a>(finding: &'a Finding, known: &'a [&Vulnerability], facts: &'a Facts) -> Vec<&'a str> {
    let artifact = &facts.artifact;
    let listed = known.iter().flat_map(|known| known.paths.iter().map(|path| path.as_str()));
    let paths = || listed.clone().chain(finding.path.as_deref());
    let is_mounted = |path: &str| path.strip_prefix(LAYERS).is_some_and(|rest| rest.starts_with('/')) || path.starts_with("layer@sha256:");
    let in_layer = !artifact.layers.is_empty() && paths().any(is_mounted);
    let in_artifact = !in_layer || paths().any(|path| !is_mounted(path));
    let layers = artifact.layers.iter().filter(|_| in_layer).map(|layer| layer.sha256.as_str());
    let is_image = matches!(artifact.kind, ArtifactKind::OciLayout | ArtifactKind::DockerArchive);
    let beside = (is_image && paths().any(|path| path.contains(BESIDE))).then_some("");
    in_artifact.then_some(artifact.sha256.as_str()).into_iter().chain(layers).chain(beside).collect()
}

/// Why nothing sets a finding aside, and the rule whose ignore does.
fn unforgivable<'a>(finding: &'a Finding, known: &[&Vulnerability]) -> Option<(&'static str, &'a str)> {
    if finding.rule == "vulnerability-malicious" || known.iter().any(|known| known.malicious) {
        Some(("malware is malware wherever it runs", &finding.rule))
    } else if finding.rule == super::super::exception::EXPLOITED || known.iter().any(|known| known.known_exploited.is_some()) {
        Some(("the vulnerability is known to be exploited", super::super::exception::EXPLOITED))
    } else {
        None
    }
}

fn unheard(finding: &Finding, (document, statement): Said<'_>, why: &str, help: String) -> Finding {
    Finding {
        id: String::new(),
        rule: UNHEARD.to_owned(),
        level: Level::Warn,
        subject: finding.subject.clone(),
        advisory: finding.advisory.clone(),
        fingerprint: String::new(),
        message: format!("the VEX statement `{}` of {} was not heard: {why}", statement.status.word, document.path),
        help,
        path: finding.path.clone(),
        line: None,
        tags: Vec::new(),
    }
}

/// `VEX not_affected: vulnerable_code_not_present — the code is left out (A. Uthor, https://example.com/1, 2026-01-01T00:00:00Z)`.
fn reason(document: &Document, statement: &Statement) -> String {
    let grounds: Vec<&str> =
        [&statement.justification, &statement.detail].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let time = statement.time.map_or_else(String::new, |time| time.to_string());
    let Content { author, id, .. } = &document.content;
    let id = if id.is_empty() { &document.path } else { id };
    let source: Vec<&str> = [author, id, &time].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    let colon = if grounds.is_empty() { "" } else { ": " };
    format!("VEX {}{colon}{} ({})", statement.status.word, grounds.join(" — "), source.join(", "))
}
