//! The table of all artifacts: the denied ones first, then those that could not be judged, then those that passed.

use std::io::{self, Write};

use super::super::spool::Spool;
use super::super::{Examined, Tally, words};
use super::markup::Markup;
use super::regard::Grades;
use super::{MOST_NAME, Place, mark, outcome_title};
use crate::model::{Outcome, ProvenanceState};

/// Bytes of the rows of each outcome.
const MOST_BYTES: usize = 1_000_000;

/// The rows of one outcome.
struct Rows {
    spool: Spool,
    bytes: usize,
    left_out: usize,
}

/// The table under construction.
pub(super) struct Overview {
    /// By outcome, the gravest first.
    rows: [Rows; 3],
}

impl Overview {
    pub(super) fn new() -> Self {
        Self { rows: [(); 3].map(|()| Rows { spool: Spool::new(), bytes: 0, left_out: 0 }) }
    }

    /// Adds an artifact, with a link where it has a section.
    pub(super) fn add(&mut self, examined: &Examined, place: Place, has_section: bool) -> io::Result<()> {
        let mut markup = Markup::default();
        row(&mut markup, examined, place, has_section);
        let text = markup.into_text();
        let [deny, incomplete, pass] = &mut self.rows;
        let rows = match examined.outcome() {
            Outcome::Deny => deny,
            Outcome::Incomplete => incomplete,
            Outcome::Pass => pass,
        };
        if rows.bytes + text.len() > MOST_BYTES {
            rows.left_out += 1;
            return Ok(());
        }
        rows.bytes += text.len();
        rows.spool.write_all(text.as_bytes())
    }

    pub(super) fn pour(self, tally: Tally, out: &mut dyn Write) -> io::Result<()> {
        let mut top = Markup::default();
        top.template("<section class=\"overview\">\n<h2>Artifacts</h2>\n");
        let parts = [(tally.deny, "denied"), (tally.incomplete, "could not be judged"), (tally.pass, "passed")];
        let parts: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
        top.leaf("p", &[("class", "lead")], &parts.join(", "));
        top.template("<div class=\"scroll\" role=\"region\" aria-label=\"Artifacts\" tabindex=\"0\"><table>\n<thead><tr><th scope=\"col\">Verdict</th><th scope=\"col\">Artifact</th><th scope=\"col\" class=\"number\">Size</th><th scope=\"col\" class=\"number\">Packages</th><th scope=\"col\" class=\"number\">Denied</th><th scope=\"col\" class=\"number\">Not judged</th><th scope=\"col\" class=\"number\">Warnings</th><th scope=\"col\">Signature</th></tr></thead>\n<tbody>\n");
        out.write_all(top.into_text().as_bytes())?;
        let mut left_out = Vec::new();
        for (rows, word) in self.rows.into_iter().zip(["denied", "could not be judged", "passed"]) {
            rows.spool.pour(out)?;
            if rows.left_out > 0 {
                left_out.push(format!("{} that {word}", rows.left_out).replace("that denied", "denied"));
            }
        }
        let mut end = Markup::default();
        end.template("</tbody></table></div>\n");
        if !left_out.is_empty() {
            end.leaf("p", &[("class", "more")], &format!("and more in the JSON report: {}", left_out.join(", ")));
        }
        end.template("</section>\n");
        out.write_all(end.into_text().as_bytes())
    }
}

fn row(markup: &mut Markup, examined: &Examined, place: Place, has_section: bool) {
    let outcome = examined.outcome();
    markup.element("tr", &[], |cells| {
        cells.element("td", &[("class", outcome.as_str())], |cell| {
            mark(cell, outcome.as_str());
            cell.text(outcome_title(outcome));
        });
        cells.element("th", &[("scope", "row")], |cell| {
            let name = words::clipped(&examined.name, MOST_NAME);
            match has_section {
                true => cell.element("a", &[("href", &format!("#{}", place.id("artifact")))], |link| file(link, &name)),
                false => file(cell, &name),
            }
        });
        let mut number = |text: &str| cells.leaf("td", &[("class", "number")], text);
        match &examined.result {
            Err(_) => {
                ["–"; 5].into_iter().for_each(&mut number);
                cells.leaf("td", &[], "–");
            }
            Ok(judged) => {
                let grades = Grades::of(&judged.verdict.findings);
                number(&words::bytes(judged.facts.artifact.size));
                number(&judged.facts.inventory.packages.len().to_string());
                for count in [grades.deny, grades.incomplete, grades.warn] {
                    number(&if count > 0 { count.to_string() } else { "–".to_owned() });
                }
                let state = match judged.facts.provenance.state {
                    ProvenanceState::Verified => "verified",
                    ProvenanceState::Unsigned => "none",
                    ProvenanceState::Refused => "refused",
                };
                cells.leaf("td", &[], state);
            }
        }
    });
}

/// A path with its last part set off.
fn file(markup: &mut Markup, name: &str) {
    let (folder, file) = name.split_at_checked(name.rfind('/').map_or(0, |at| at + 1)).unwrap_or(("", name));
    if !folder.is_empty() {
        markup.leaf("span", &[("class", "folder")], folder);
    }
    markup.text(file);
}
