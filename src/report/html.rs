//! `html`: one page for a person, which loads nothing and runs nothing. The verdict first, then a picture of what is inside, what
//! is found, and with what it was judged. However much an artifact holds, the page stays below twenty megabytes: what decides has
//! room of its own, and what is left out is counted.

mod artifact;
mod aside;
mod block;
mod finding;
mod foot;
mod link;
mod markup;
mod overview;
mod package;
mod picture;
mod regard;
mod treemap;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(super) use link::page as advisory_page;
use markup::Markup;
use overview::Overview;

use super::spool::Spool;
use super::{Call, Closing, Examined, Report, Reporter, words};
use crate::model::Outcome;

/// Bytes for findings that decide, over all artifacts, and for everything else.
const MOST_DECIDING: usize = 7_000_000;
const MOST_BESIDE: usize = 9_000_000;

/// Warnings, remarks, problems and the like that are written out, of each artifact and kind.
const MOST_ASIDES: usize = 500;

/// Packages in the table.
const MOST_PACKAGES: usize = 2_000;

/// Characters of a name, and of a sentence.
const MOST_NAME: usize = 160;
const MOST_TEXT: usize = 1_200;

const STYLE: &str = include_str!("html/style.css");
const SHAPES: &str = include_str!("html/shapes.svg");

/// The HTML report.
pub(super) struct Html;

impl Reporter for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Sheet {
            call: Arc::clone(call),
            budget: Budget { deciding: MOST_DECIDING, beside: MOST_BESIDE },
            number: 0,
            name: String::new(),
            overview: Overview::new(),
            sections: [(); 3].map(|()| Spool::new()),
            rules: BTreeSet::new(),
        })
    }
}

/// A report under construction.
struct Sheet {
    call: Arc<Call>,
    budget: Budget,
    /// How many artifacts were added.
    number: usize,
    /// The name of the last one.
    name: String,
    overview: Overview,
    /// The sections of the artifacts by outcome, the gravest first.
    sections: [Spool; 3],
    /// The rules that findings have, of those that have a page.
    rules: BTreeSet<String>,
}

/// Bytes that may still be written.
struct Budget {
    deciding: usize,
    beside: usize,
}

impl Budget {
    /// Takes room for `length` bytes, if there is as much. What decides may also have the room of what does not.
    fn take(&mut self, decides: bool, length: usize) -> bool {
        let (first, second) = if decides { (&mut self.deciding, &mut self.beside) } else { (&mut self.beside, &mut 0) };
        let Some(own) = [first, second].into_iter().find(|room| **room >= length) else { return false };
        *own -= length;
        true
    }
}

/// Where on the page an artifact stands.
#[derive(Clone, Copy)]
struct Place {
    number: usize,
    /// Whether the artifact has a heading of its own.
    several: bool,
}

impl Place {
    /// An id of the artifact's own.
    fn id(self, name: &str) -> String {
        format!("a{}-{name}", self.number)
    }

    /// The id of a subject.
    fn subject(self, number: usize) -> String {
        format!("a{}-s{number}", self.number)
    }

    /// The heading `depth` below the artifact's.
    fn heading(self, depth: usize) -> &'static str {
        let above = if self.several { 2 } else { 1 };
        ["h1", "h2", "h3", "h4"].get(above + depth - 1).copied().unwrap_or("h4")
    }
}

impl Report for Sheet {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        self.number += 1;
        let several = self.call.artifacts > 1;
        let place = Place { number: self.number, several };
        examined.name.clone_into(&mut self.name);
        if let Ok(judged) = &examined.result {
            let verdict = &judged.verdict;
            let findings = verdict.findings.iter().chain(verdict.known.iter().map(|known| &known.finding));
            let findings = findings.chain(verdict.ignored.iter().map(|ignored| &ignored.finding)).map(|finding| finding.rule.as_str());
            for rule in findings.chain(verdict.problems.iter().map(|problem| problem.kind)) {
                if !self.rules.contains(rule) && self.call.rule(rule).is_some() {
                    self.rules.insert(rule.to_owned());
                }
            }
        }
        // An artifact's frame is small and everything large in it takes its own room; here the frames of very many are bounded.
        let is_written = self.budget.take(examined.outcome() > Outcome::Pass, 6_000);
        if several {
            self.overview.add(examined, place, is_written)?;
        }
        if is_written {
            let section = artifact::artifact(&self.call, examined, place, several, &mut self.budget);
            let [deny, incomplete, pass] = &mut self.sections;
            let spool = match examined.outcome() {
                Outcome::Deny => deny,
                Outcome::Incomplete => incomplete,
                Outcome::Pass => pass,
            };
            spool.write_all(section.into_text().as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        let several = self.call.artifacts > 1;
        let outcome = closing.tally.outcome();
        let name = if several { words::count(closing.tally.artifacts(), "artifact") } else { self.name };
        out.write_all(head(&name, outcome).as_bytes())?;
        let mut top = Markup::default();
        top.template("<header>\n");
        top.leaf("p", &[("class", "kicker")], &format!("fngate {}, {}", env!("CARGO_PKG_VERSION"), day(&self.call.timestamp)));
        top.element("h1", &[("class", outcome.as_str())], |heading| {
            mark(heading, outcome.as_str());
            heading.text(outcome_title(outcome));
        });
        top.leaf("p", &[("class", "subject-of-all")], &words::clipped(&name, MOST_NAME));
        top.element("p", &[("class", "meaning")], |meaning| meaning.text(meant(outcome, several)));
        top.template("</header>\n<main>\n");
        out.write_all(top.into_text().as_bytes())?;
        if several {
            self.overview.pour(closing.tally, out)?;
        }
        self.sections.into_iter().try_for_each(|section| section.pour(out))?;
        let mut end = Markup::default();
        foot::rules(&mut end, &self.call, &self.rules);
        end.template("</main>\n");
        foot::footer(&mut end, &self.call, closing);
        end.template("</body>\n</html>\n");
        out.write_all(end.into_text().as_bytes())
    }
}

/// Everything before the first word. The style sheet is allowed by its hash, so that no other can be smuggled in.
fn head(name: &str, outcome: Outcome) -> String {
    // A browser reads every line break as one character, and hashes what it read.
    let style = STYLE.replace("\r\n", "\n");
    let hash = STANDARD.encode(Sha256::digest(&style));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let mut markup = Markup::default();
    markup.template("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n");
    markup.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", &policy)]);
    markup.template("\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<meta name=\"referrer\" content=\"no-referrer\" />\n<meta name=\"color-scheme\" content=\"light dark\" />\n");
    markup.leaf("title", &[], &format!("{}: {}", outcome_title(outcome), words::clipped(name, MOST_NAME)));
    format!("{}\n<style>{style}</style>\n</head>\n<body>\n{SHAPES}", markup.into_text())
}

/// The day of a time.
fn day(timestamp: &str) -> &str {
    timestamp.get(..10).unwrap_or(timestamp)
}

/// The sign of a level or an outcome; the words beside it say the same.
fn mark(markup: &mut Markup, level: &str) {
    let (class, shape) = (format!("mark {level}"), format!("#m-{level}"));
    markup.element("svg", &[("class", &class), ("viewBox", "0 0 20 20"), ("aria-hidden", "true")], |svg| {
        svg.empty("use", &[("href", &shape)]);
    });
}

fn outcome_title(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "Passed",
        Outcome::Incomplete => "Could not be judged",
        Outcome::Deny => "Denied",
    }
}

/// What an outcome asks for.
fn meant(outcome: Outcome, several: bool) -> &'static str {
    match (outcome, several) {
        (Outcome::Pass, _) => "Everything in scope was judged, and no policy objects.",
        (Outcome::Incomplete, false) => "Something in scope was not judged. It should not be deployed as it is.",
        (Outcome::Incomplete, true) => "Not all of them were judged. Those should not be deployed as they are.",
        (Outcome::Deny, false) => "A policy objects. It must not be deployed as it is.",
        (Outcome::Deny, true) => "A policy objects. What is denied must not be deployed as it is.",
    }
}
