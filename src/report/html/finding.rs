//! Findings: by level and subject, each with its evidence and what to do.

use std::collections::HashMap;

use super::super::subject::{Subject, by_subject};
use super::super::{Call, Judged, words};
use super::block::called;
use super::link::advisory;
use super::markup::Markup;
use super::regard::Regard;
use super::{Budget, MOST_ASIDES, MOST_NAME, MOST_TEXT, Place, mark};
use crate::model::{Finding, Level, Vulnerability};

/// Places of a vulnerable package that are named.
const MOST_PLACES: usize = 4;

/// What findings are written with.
pub(super) struct Findings<'a> {
    call: &'a Call,
    judged: &'a Judged,
    regard: &'a Regard<'a>,
    place: Place,
    vulnerabilities: HashMap<(&'a str, &'a str), &'a Vulnerability>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(call: &'a Call, judged: &'a Judged, regard: &'a Regard<'a>, place: Place) -> Self {
        let vulnerabilities = judged.facts.vulnerabilities.iter().map(|one| ((one.id.as_str(), one.purl.as_str()), one)).collect();
        Self { call, judged, regard, place, vulnerabilities }
    }

    /// The findings of one level. Of what decides nothing is left out as long as there is room in the report at all.
    pub(super) fn level(&self, level: Level, budget: &mut Budget) -> Markup {
        let mut markup = Markup::default();
        let findings: Vec<&Finding> = self.judged.verdict.findings.iter().filter(|finding| finding.level == level).collect();
        if findings.is_empty() {
            return markup;
        }
        let id = self.place.id(level.as_str());
        let class = format!("level {}", level.as_str());
        let most = if level > Level::Warn { findings.len() } else { MOST_ASIDES };
        let shown = findings.get(..most).unwrap_or(&findings);
        markup.element("section", &[("id", &id), ("class", &class)], |section| {
            section.element(self.place.heading(1), &[], |heading| {
                mark(heading, level.as_str());
                heading.text(title(level));
                heading.leaf("span", &[("class", "count")], &findings.len().to_string());
            });
            let mut written = 0;
            for (subject, group) in by_subject(shown) {
                let number = group.len();
                let mut one = Markup::default();
                self.subject(&mut one, subject, &group, level);
                if !budget.take(level > Level::Warn, one.len()) {
                    break;
                }
                section.append(&one);
                written += number;
            }
            if written < findings.len() {
                left_out(section, findings.len() - written, "finding");
            }
        });
        markup
    }

    fn subject(&self, markup: &mut Markup, (subject, path): Subject<'_>, findings: &[&Finding], level: Level) {
        // The first place where the report speaks of a subject is what links lead to, whatever the path.
        let first = self.judged.verdict.findings.iter().find(|finding| finding.subject == subject);
        let is_first = first.is_some_and(|first| first.level == level && first.path.as_deref() == path);
        let id = self.regard.number(subject).filter(|_| is_first).map(|number| self.place.subject(number));
        let id = id.as_deref().map(|id| ("id", id));
        let attributes: Vec<_> = [("class", "subject")].into_iter().chain(id).collect();
        markup.element("div", &attributes, |div| {
            div.element(self.place.heading(2), &[], |heading| self.heading(heading, subject));
            if let Some(path) = path.filter(|path| *path != subject) {
                div.element("p", &[("class", "where")], |where_| {
                    where_.text("in ");
                    where_.leaf("code", &[], &words::clipped(path, MOST_TEXT));
                });
            }
            if let (Some(upgrade), 2..) = (self.upgrade(subject, findings), findings.len()) {
                div.element("p", &[("class", "upgrade")], |p| {
                    p.leaf("b", &[], &format!("Update to {}", words::clipped(upgrade, MOST_NAME)));
                    p.text(": nothing is known against that version.");
                });
            }
            div.element("ul", &[("class", "findings")], |list| {
                for finding in findings {
                    list.element("li", &[], |entry| self.one(entry, finding));
                }
            });
        });
    }

    /// The version that clears everything known of a package, where every record of it has the same.
    fn upgrade(&self, subject: &str, findings: &[&Finding]) -> Option<&'a str> {
        let known = findings.iter().filter_map(|finding| self.vulnerabilities.get(&(finding.advisory.as_str(), subject)));
        let upgrades: Vec<Option<&str>> = known.map(|known| known.upgrade.as_deref()).collect();
        let first = upgrades.iter().copied().find(Option::is_some)?;
        upgrades.iter().all(|upgrade| upgrade.is_none() || *upgrade == first).then_some(first)?
    }

    fn heading(&self, heading: &mut Markup, subject: &str) {
        match self.regard.package(subject) {
            Some(package) => {
                heading.text(&words::clipped(&called(package), MOST_NAME));
                heading.leaf("span", &[("class", "kind")], &format!("{}, {}", package.ecosystem, package.relation.as_str()));
            }
            None if subject.is_empty() || subject == self.judged.facts.artifact.name => heading.text("The artifact"),
            None => heading.leaf("code", &[], &words::clipped(subject, MOST_TEXT)),
        }
    }

    fn one(&self, entry: &mut Markup, finding: &Finding) {
        entry.element("p", &[("class", "message")], |message| {
            if let Some(line) = finding.line {
                message.leaf("b", &[], &format!("line {line}: "));
            }
            message.prose(&words::clipped(&finding.message, MOST_TEXT));
        });
        if !finding.help.is_empty() {
            entry.element("p", &[("class", "fix")], |fix| {
                fix.leaf("b", &[], "Fix: ");
                fix.prose(&words::clipped(&finding.help, MOST_TEXT));
            });
        }
        entry.element("ul", &[("class", "evidence")], |evidence| {
            let known = self.vulnerabilities.get(&(finding.advisory.as_str(), finding.subject.as_str()));
            match known {
                Some(known) => vulnerable(evidence, known),
                None if !finding.advisory.is_empty() => {
                    evidence.element("li", &[], |li| advisory(li, &finding.advisory));
                }
                None => {}
            }
            if !finding.fingerprint.is_empty() {
                evidence.element("li", &[], |li| {
                    li.text("fingerprint ");
                    li.leaf("code", &[], &words::clipped(&finding.fingerprint, MOST_NAME));
                });
            }
            for tag in finding.tags.iter().take(MOST_PLACES) {
                evidence.leaf("li", &[], &words::clipped(tag, MOST_NAME));
            }
            evidence.element("li", &[], |li| {
                li.text("rule ");
                rule(li, self.call, &finding.rule);
            });
        });
    }
}

/// What is known of a vulnerability.
fn vulnerable(evidence: &mut Markup, known: &Vulnerability) {
    let others = known.ids.iter().chain(&known.aliases).filter(|id| **id != known.id);
    let mut ids: Vec<&str> = std::iter::once(&known.id).chain(others).map(String::as_str).collect();
    ids.truncate(6);
    for (at, id) in ids.iter().enumerate() {
        if !ids.iter().take(at).any(|known| known == id) {
            evidence.element("li", &[], |li| advisory(li, id));
        }
    }
    if let Some(score) = known.cvss {
        evidence.element("li", &[], |li| {
            li.text(&format!("CVSS {score:.1}"));
            if let Some(vector) = &known.cvss_vector {
                li.text(" ");
                li.leaf("code", &[], &words::clipped(vector, MOST_NAME));
            }
        });
    }
    if let Some(exploited) = &known.known_exploited {
        let ransomware = if exploited.ransomware { ", used by ransomware" } else { "" };
        let text = format!("known to be exploited (CISA KEV, since {}, due {}{ransomware})", exploited.added, exploited.due);
        evidence.element("li", &[], |li| li.leaf("b", &[], &text));
    }
    if let Some(epss) = &known.epss {
        evidence.leaf("li", &[], &format!("EPSS {:.1} %, percentile {:.1}", epss.score * 100.0, epss.percentile * 100.0));
    }
    if let Some(published) = &known.published {
        evidence.leaf("li", &[], &format!("published {}", published.get(..10).unwrap_or(published)));
    }
    if known.paths.len() > 1 {
        evidence.element("li", &[], |li| {
            li.text("also in ");
            for (at, path) in known.paths.iter().skip(1).take(MOST_PLACES).enumerate() {
                li.text(if at > 0 { ", " } else { "" });
                li.leaf("code", &[], &words::clipped(path.as_str(), MOST_NAME));
            }
            if known.paths.len() > MOST_PLACES + 1 {
                li.text(&format!(" and {} more", known.paths.len() - MOST_PLACES - 1));
            }
        });
    }
}

/// A rule, and where the report says what it is about.
pub(super) fn rule(markup: &mut Markup, call: &Call, rule: &str) {
    match call.rule(rule) {
        Some(page) => markup.leaf("a", &[("href", &format!("#rule-{}", page.id))], rule),
        None => markup.leaf("code", &[], &words::clipped(rule, MOST_NAME)),
    }
}

/// That something is not in this report.
pub(super) fn left_out(markup: &mut Markup, number: usize, word: &str) {
    markup.element("p", &[("class", "more")], |more| {
        more.text(&format!("and {} in the JSON report (", words::count(number, &format!("more {word}"))));
        more.leaf("code", &[], "--report json=FILE");
        more.text(")");
    });
}

fn title(level: Level) -> &'static str {
    match level {
        Level::Deny => "Denied",
        Level::Incomplete => "Could not be judged",
        Level::Warn => "Warnings",
        Level::Info => "For information",
    }
}
