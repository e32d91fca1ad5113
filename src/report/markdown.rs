//! `markdown`: for the summary of a job, a comment on a change, a note. The verdict is the first line. At most a megabyte, as a
//! summary that is larger is not shown at all; where that is too little, what decides is written before what does not, and what is
//! left out is counted.

mod artifact;
mod prose;
mod sheet;

use std::io::{self, Write};
use std::sync::Arc;

use prose::{code, prose};
use sheet::{Rank, Sheet};

use super::{Call, Closing, Examined, Report, Reporter, words};
use crate::model::{Outcome, SCOPE};

/// Bytes at most. GitHub takes 1 MiB, GitLab 1,000,000 characters.
const MOST_BYTES: usize = 1_000_000;

/// Documents of the operator's that are named.
const MOST_NAMED: usize = 50;

/// The Markdown report.
pub(super) struct Markdown;

impl Reporter for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        let rows = [(); 3].map(|()| Sheet::new(MOST_BYTES / 4));
        Box::new(Comment { call: Arc::clone(call), name: String::new(), rows, body: Sheet::new(MOST_BYTES) })
    }
}

/// A report under construction.
struct Comment {
    call: Arc<Call>,
    /// The name of the last artifact.
    name: String,
    /// The rows of the table of artifacts, by outcome, the gravest first.
    rows: [Sheet; 3],
    body: Sheet,
}

impl Report for Comment {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let several = self.call.artifacts > 1;
        examined.name.clone_into(&mut self.name);
        if several {
            let [deny, incomplete, pass] = &mut self.rows;
            let (rows, rank) = match examined.outcome() {
                Outcome::Deny => (deny, Rank::Deny),
                Outcome::Incomplete => (incomplete, Rank::Incomplete),
                Outcome::Pass => (pass, Rank::Beside),
            };
            rows.push(rank, 1, artifact::row(examined));
        }
        artifact::write(&mut self.body, examined, several);
        Ok(())
    }

    fn finish(mut self: Box<Self>, closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        let several = self.call.artifacts > 1;
        let outcome = closing.tally.outcome();
        let name = if several { words::count(closing.tally.artifacts(), "artifact") } else { code(&self.name) };
        let head = format!("## {} {}: {name}\n\n", sign(outcome), title(outcome));
        let tail = self.tail(closing);
        // What says that something is left out is short.
        let mut room = MOST_BYTES.saturating_sub(head.len() + tail.len() + 2_000);
        let mut table = String::new();
        let mut left_out = Vec::new();
        if several {
            table.push_str("| Verdict | Artifact | Size | Packages | Denied | Not judged | Warnings |\n|---|---|--:|--:|--:|--:|--:|\n");
            for rows in &mut self.rows {
                let (text, _) = rows.fitted(MOST_BYTES / 4);
                room = room.saturating_sub(text.len());
                table.push_str(&text);
                left_out
                    .extend(Some(rows.left_out()).filter(|text| !text.is_empty()).map(|text| format!("artifacts in the table: {text}")));
            }
            table.push('\n');
        }
        let (body, _) = self.body.fitted(room);
        left_out.extend(Some(self.body.left_out()).filter(|text| !text.is_empty()).map(|text| format!("findings: {text}")));
        out.write_all(head.as_bytes())?;
        if !left_out.is_empty() {
            let text = left_out.join("; ");
            let note = format!(
                "**This report is cut to {MOST_BYTES} bytes.** What decides is written before what does not. Left out are {text}. All of it: `--report json=FILE`.\n\n"
            );
            out.write_all(note.as_bytes())?;
        }
        if several {
            out.write_all(format!("{}\n\n{table}", prose(&words::summary(closing.tally))).as_bytes())?;
        }
        out.write_all(body.as_bytes())?;
        out.write_all(tail.as_bytes())
    }
}

impl Comment {
    /// With what the artifacts were judged.
    fn tail(&self, closing: &Closing) -> String {
        let mut lines = vec![format!("scope: {}", SCOPE.join(", "))];
        if let Some(advisories) = &closing.advisories {
            lines.push(format!("advisories: {} {}", prose(&words::source(advisories)), digest(&advisories.digest)));
            lines.extend(advisories.feeds.iter().map(|feed| format!("with {} {}", prose(&words::exploited(feed)), digest(&feed.digest))));
        } else {
            lines.push("advisories: none could be had".to_owned());
        }
        lines.push(format!("policies {}", digest(&self.call.policy_digest)));
        if !self.call.config_digest.is_empty() {
            lines.push(format!("configuration {}", digest(&self.call.config_digest)));
        }
        if let Some(baseline) = &self.call.baseline {
            lines.push(format!("baseline {} until {} {}", code(&baseline.path), baseline.until, digest(&baseline.digest)));
        }
        let vex = self.call.vex.iter().take(MOST_NAMED);
        lines.extend(vex.map(|vex| format!("VEX {} {}", code(&vex.path), digest(&vex.digest))));
        if self.call.vex.len() > MOST_NAMED {
            lines.push(format!("and {} more", self.call.vex.len() - MOST_NAMED));
        }
        lines.push(format!("fngate {}; `fngate explain RULE` says what a rule is about", env!("CARGO_PKG_VERSION")));
        let lines: Vec<String> = lines.into_iter().map(|line| format!("- {}\n", line.trim_end())).collect();
        format!("<details>\n<summary>Judged with</summary>\n\n{}\n</details>\n", lines.concat())
    }
}

/// A digest, where there is one.
fn digest(digest: &str) -> String {
    if digest.is_empty() { String::new() } else { format!("`sha256:{digest}`") }
}

fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "✓",
        Outcome::Incomplete => "?",
        Outcome::Deny => "✕",
    }
}

fn title(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "Passed",
        Outcome::Incomplete => "Could not be judged",
        Outcome::Deny => "Denied",
    }
}
