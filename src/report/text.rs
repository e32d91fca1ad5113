//! `text`: for a person. The verdict first, then what to do about it, gravest first, then who signed and what was known.

use std::io::{self, Write};
use std::sync::Arc;

use super::page::{Ink, Page};
use super::spool::Spool;
use super::subject::{Subject, by_subject};
use super::{Call, Closing, Examined, Judged, Report, Reporter, words};
use crate::model::{BoundFacts, Facts, Finding, Level, Outcome, SCOPE, Verdict, escaped};

/// The text report.
pub(super) struct Text;

impl Reporter for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Sheet { call: Arc::clone(call), spool: Spool::new(), rule: None })
    }
}

/// A report under construction.
struct Sheet {
    call: Arc<Call>,
    spool: Spool,
    /// The rule of the first finding.
    rule: Option<String>,
}

impl Report for Sheet {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let several = self.call.artifacts > 1;
        let mut page = Page::new(self.call.screen);
        if several {
            page.gap();
        }
        artifact(&mut page, examined, several);
        if self.rule.is_none() {
            self.rule = examined.result.as_ref().ok().and_then(|judged| judged.verdict.findings.first()).map(|one| one.rule.clone());
        }
        self.spool.write_all(page.into_text().as_bytes())
    }

    fn finish(self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        let several = self.call.artifacts > 1;
        let mut page = Page::new(self.call.screen);
        if several {
            page.paragraph(0, "", verdict_ink(closing.tally.outcome()), &words::summary(closing.tally));
        }
        out.write_all(page.into_text().as_bytes())?;
        self.spool.pour(out)?;
        let mut page = Page::new(self.call.screen);
        if several {
            page.gap();
        }
        if let Some(advisories) = &closing.advisories {
            page.paragraph(0, "advisories: ", Ink::Plain, &words::source(advisories));
            for feed in &advisories.feeds {
                page.paragraph(0, "with ", Ink::Plain, &words::exploited(feed));
            }
        }
        if let Some(baseline) = &self.call.baseline {
            page.paragraph(0, "baseline:   ", Ink::Plain, &format!("{}, until {}", escaped(&baseline.path), baseline.until));
            page.paragraph(0, "", Ink::Faint, &format!("sha256 {}", baseline.digest));
        }
        for vex in &self.call.vex {
            page.paragraph(0, "VEX:        ", Ink::Plain, &escaped(&vex.path));
            page.paragraph(0, "", Ink::Faint, &format!("sha256 {}", vex.digest));
        }
        if let Some(rule) = &self.rule {
            page.paragraph(0, "", Ink::Faint, &format!("more: fngate explain {}", escaped(rule)));
        }
        out.write_all(page.into_text().as_bytes())
    }
}

fn artifact(page: &mut Page, examined: &Examined, several: bool) {
    let name = escaped(&examined.name);
    let lead = if several { format!("{name}: ") } else { String::new() };
    match &examined.result {
        Err(error) => {
            let name = if several { String::new() } else { format!("{name}: ") };
            let line = format!("{}incomplete; {name}{}", lead, escaped(error));
            page.paragraph(0, "", verdict_ink(Outcome::Incomplete), &line);
        }
        Ok(judged) => {
            page.paragraph(0, "", verdict_ink(judged.verdict.outcome), &format!("{lead}{}", verdict_line(judged)));
            page.paragraph(0, "", Ink::Plain, &identity(&judged.facts, several));
            page.paragraph(0, "inside: ", Ink::Plain, &words::shares(&judged.facts.inventory));
            page.paragraph(0, "", Ink::Faint, &format!("sha256 {}", judged.facts.artifact.sha256));
            for layer in &judged.facts.artifact.layers {
                page.paragraph(0, "with ", Ink::Plain, &format!("layer {}", escaped(&layer.name)));
                page.paragraph(0, "", Ink::Faint, &format!("sha256 {}", layer.sha256));
            }
            for bound in &judged.facts.inventory.bounds {
                page.paragraph(0, "bounded by ", Ink::Plain, &bounded(bound));
                page.paragraph(0, "", Ink::Faint, &format!("sha256 {}", bound.sha256));
            }
            for level in [Level::Deny, Level::Incomplete, Level::Warn, Level::Info] {
                group(page, level, judged);
            }
            known(page, &judged.verdict);
            ignored(page, &judged.verdict);
            page.gap();
            page.paragraph(0, "findings:   ", Ink::Plain, &words::counts(&judged.verdict));
            page.paragraph(0, "signature:  ", Ink::Plain, &words::signature(&judged.facts.provenance));
        }
    }
}

/// `pass (npm, PyPI, crates.io); not judged: 1 Go binary, 8.4 MB`.
fn verdict_line(judged: &Judged) -> String {
    let mut line = format!("{} ({})", judged.verdict.outcome.as_str(), SCOPE.join(", "));
    let rest = words::not_judged(&judged.facts.inventory.not_judged);
    if !rest.is_empty() {
        line.push_str(&format!("; not judged: {rest}"));
    }
    if let Some(known) = judged.verdict.known.first() {
        line.push_str(&format!("; known until {}: {}", known.until, words::count(judged.verdict.known.len(), "finding")));
    }
    line
}

/// `fn.zip: zip, 1.6 kB, 2 files, 1 package`.
fn identity(facts: &Facts, several: bool) -> String {
    let name = if several { String::new() } else { format!("{}: ", escaped(&facts.artifact.name)) };
    format!(
        "{name}{}, {}, {}, {}",
        facts.artifact.kind.as_str(),
        words::bytes(facts.artifact.size),
        words::count(facts.inventory.files.len(), "file"),
        words::count(facts.inventory.packages.len(), "package"),
    )
}

/// `package-lock.json: 119 packages`.
fn bounded(bound: &BoundFacts) -> String {
    format!("{}: {}", escaped(&bound.name), words::count(bound.packages, "package"))
}

/// Warnings and remarks that are written out: more of them would push what decides off the screen.
const MOST_ASIDES: usize = 30;

/// The findings of one level, those about one subject together. Of what decides the verdict nothing is left out.
fn group(page: &mut Page, level: Level, judged: &Judged) {
    let findings: Vec<&Finding> = judged.verdict.findings.iter().filter(|finding| finding.level == level).collect();
    if findings.is_empty() {
        return;
    }
    let heading = match level {
        Level::Deny => "DENIED",
        Level::Incomplete => "COULD NOT BE JUDGED",
        Level::Warn => "WARNINGS",
        Level::Info => "FOR INFORMATION",
    };
    page.gap();
    page.paragraph(0, "", Ink::Grave(level), &format!("{heading} ({})", findings.len()));
    let most = if level > Level::Warn { findings.len() } else { MOST_ASIDES };
    let (written, rest) = findings.split_at_checked(most).unwrap_or((&findings, &[]));
    for (subject, findings) in by_subject(written) {
        heading_of(page, subject, &judged.facts.artifact.name);
        findings.into_iter().for_each(|finding| one(page, finding));
    }
    if !rest.is_empty() {
        page.paragraph(2, "", Ink::Plain, &format!("and {} more, which `--report json=FILE` has too", rest.len()));
    }
}

/// What the next findings are about, and where it is.
fn heading_of(page: &mut Page, (subject, path): Subject<'_>, artifact: &str) {
    let shown = if subject.is_empty() || subject == artifact { "the artifact" } else { subject };
    page.paragraph(2, "", Ink::Strong, &escaped(shown));
    if let Some(path) = path.filter(|path| *path != subject) {
        page.paragraph(4, "in ", Ink::Plain, &escaped(path));
    }
}

fn one(page: &mut Page, finding: &Finding) {
    let line = finding.line.map_or_else(String::new, |line| format!("line {line}: "));
    page.paragraph(4, "- ", Ink::Plain, &format!("{line}{}", escaped(&finding.message)));
    if !finding.help.is_empty() {
        page.paragraph(6, "fix: ", Ink::Plain, &escaped(&finding.help));
    }
    page.paragraph(6, "", Ink::Faint, format!("[{}] {}", escaped(&finding.rule), escaped(&finding.advisory)).trim_end());
    if !finding.fingerprint.is_empty() {
        page.paragraph(6, "", Ink::Faint, &format!("fingerprint {}", escaped(&finding.fingerprint)));
    }
}

fn known(page: &mut Page, verdict: &Verdict) {
    let Some(first) = verdict.known.first() else { return };
    page.gap();
    page.paragraph(0, "", Ink::Strong, &format!("KNOWN, NOT COUNTED UNTIL {} ({})", first.until, verdict.known.len()));
    for known in &verdict.known {
        let finding = &known.finding;
        page.paragraph(2, "", Ink::Plain, &format!("{}: {}", finding.level.as_str(), escaped(&finding.message)));
        let mut names = vec![finding.rule.as_str(), finding.advisory.as_str(), finding.subject.as_str()];
        names.retain(|name| !name.is_empty());
        page.paragraph(4, "", Ink::Faint, &escaped(&names.join(" ")));
    }
}

fn ignored(page: &mut Page, verdict: &Verdict) {
    if verdict.ignored.is_empty() {
        return;
    }
    page.gap();
    page.paragraph(0, "", Ink::Strong, &format!("IGNORED ({})", verdict.ignored.len()));
    for ignored in &verdict.ignored {
        let finding = &ignored.finding;
        let mut names = vec![finding.rule.as_str(), finding.advisory.as_str(), finding.subject.as_str()];
        names.retain(|name| !name.is_empty());
        let until = ignored.expires.as_ref().map_or_else(|| "for ever".to_owned(), |day| format!("until {day}"));
        page.paragraph(2, "", Ink::Plain, &escaped(&names.join(" ")));
        page.paragraph(4, "", Ink::Plain, &format!("{until}: {}", escaped(&ignored.reason)));
    }
}

fn verdict_ink(outcome: Outcome) -> Ink {
    Ink::Grave(match outcome {
        Outcome::Pass => Level::Info,
        Outcome::Incomplete => Level::Incomplete,
        Outcome::Deny => Level::Deny,
    })
}
