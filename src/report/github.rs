//! `github`: annotations of a workflow's run, by the commands that GitHub's runner reads from the log.
//!
//! Sources: GitHub, "Workflow commands"; actions/toolkit, packages/core/src/command.ts (escaping). The runner takes 10 annotations of a
//! kind from a step and drops the rest in silence, so that there are at most 9 and one that says how many more. It reads commands at
//! the start of a line, and no text of an artifact comes there or has a line break.

use std::io::{self, Write};
use std::sync::Arc;

use super::case::{Case, Standing, with_cases};
use super::place::{Place, Sites, shown};
use super::{Call, Closing, Examined, Report, Reporter, words};
use crate::model::{Level, SCOPE, escaped};

/// Annotations of one kind, but for the last, which counts.
const MOST: usize = 9;

/// Characters of an annotation.
const MOST_TEXT: usize = 1_000;

/// The annotations.
pub(super) struct GitHub;

impl Reporter for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Annotations { call: Arc::clone(call), sites: Sites::default(), levels: Default::default(), known: 0, ignored: 0 })
    }
}

/// A report under construction.
struct Annotations {
    call: Arc<Call>,
    sites: Sites,
    /// From deny to info.
    levels: [Lines; 4],
    known: usize,
    ignored: usize,
}

/// The findings of a level.
#[derive(Default)]
struct Lines {
    /// As many as may be written.
    first: Vec<String>,
    number: usize,
}

impl Report for Annotations {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let site = self.sites.site(&self.call, examined);
        with_cases(examined, |cases| {
            for case in &cases {
                match case.standing {
                    Standing::Known(_) => self.known += 1,
                    Standing::Ignored(..) => self.ignored += 1,
                    Standing::Counts => {
                        let lines = &mut self.levels[rank(case.finding.level)];
                        lines.number += 1;
                        // One more than is written: where it is the last, it needs no counting.
                        if lines.first.len() <= MOST {
                            lines.first.push(annotation(case, &examined.name, &site.place(&self.call, case.finding)));
                        }
                    }
                }
            }
        });
        Ok(())
    }

    fn finish(self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        let tally = closing.tally;
        let parts = [(tally.deny, "denied"), (tally.incomplete, "could not be judged"), (tally.pass, "passed")];
        let parts = parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
        let parts: Vec<String> = parts.collect();
        let artifacts = words::count(tally.artifacts(), "artifact");
        writeln!(out, "fngate: {} ({}): of {artifacts} {}", tally.outcome().as_str(), SCOPE.join(", "), parts.join(", "))?;
        let asides = [(self.known, "known from a former report"), (self.ignored, "ignored")];
        for (number, what) in asides.iter().filter(|(number, _)| *number > 0) {
            writeln!(out, "fngate: {} {what}, without an annotation", words::count(*number, "finding"))?;
        }
        let [deny, incomplete, warn, info] = self.levels;
        kind("error", vec![(deny, "denied"), (incomplete, "could not be judged")], out)?;
        kind("warning", vec![(warn, "warnings")], out)?;
        kind("notice", vec![(info, "for information")], out)
    }
}

fn rank(level: Level) -> usize {
    match level {
        Level::Deny => 0,
        Level::Incomplete => 1,
        Level::Warn => 2,
        Level::Info => 3,
    }
}

/// Writes the annotations of a kind, of the gravest level first.
fn kind(name: &str, levels: Vec<(Lines, &str)>, out: &mut dyn Write) -> io::Result<()> {
    let number: usize = levels.iter().map(|(lines, _)| lines.number).sum();
    let most = if number == MOST + 1 { number } else { MOST };
    let mut room = most;
    let mut rest = Vec::new();
    for (lines, word) in levels {
        let written = lines.first.len().min(room);
        for line in lines.first.iter().take(written) {
            writeln!(out, "::{name} {line}")?;
        }
        room -= written;
        if lines.number > written {
            rest.push(format!("{} {word}", lines.number - written));
        }
    }
    if !rest.is_empty() {
        let text = format!("and more: {}; the JSON report has all", rest.join(", "));
        writeln!(out, "::{name} title=fngate::{}", data(&text))?;
    }
    Ok(())
}

/// What stands behind the command's name: properties, and the text.
fn annotation(case: &Case<'_>, artifact: &str, place: &Place) -> String {
    let mut properties = Vec::new();
    if place.is_inside {
        properties.push(format!("file={}", property(&shown(&place.file))));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    let mut title = format!("fngate {}", case.finding.rule);
    if !case.finding.advisory.is_empty() {
        title.push_str(&format!(" {}", case.finding.advisory));
    }
    properties.push(format!("title={}", property(&words::cut(&escaped(&title), 255))));
    let mut text = case.sentence(artifact, place, MOST_TEXT);
    let help = case.help(MOST_TEXT);
    if !help.is_empty() {
        text.push_str(&format!("\nfix: {help}"));
    }
    format!("{}::{}", properties.join(","), data(&text))
}

fn data(text: &str) -> String {
    // What the runner read as a command before `::`, anywhere in a line.
    text.replace("##[", "## [").replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::{data, property};

    #[test]
    fn text_is_escaped_as_the_toolkit_does() {
        assert_eq!(data("100%0A\r\n::error::x"), "100%250A%0D%0A::error::x");
        assert_eq!(data("##[error]x"), "## [error]x");
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
