//! `gitlab-codequality`: every finding that is not ignored, for GitLab's merge request widget, which every tier has.
//!
//! Source: GitLab, "Code Quality", "Code Quality report format": a list, without a byte order mark. Entries of one fingerprint are
//! one, so that each has its own.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::case::{Case, Prints, with_cases};
use super::super::place::{Place, Sites, shown};
use super::super::spool::{List, write_list};
use super::super::{Call, Closing, Examined, Report, Reporter, words};
use crate::model::{Level, escaped};

/// Characters of a description.
const MOST_DESCRIPTION: usize = 1_000;

/// GitLab's code quality report.
pub(in super::super) struct CodeQuality;

impl Reporter for CodeQuality {
    fn name(&self) -> &'static str {
        "gitlab-codequality"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Quality { call: Arc::clone(call), sites: Sites::default(), entries: List::new() })
    }
}

struct Quality {
    call: Arc<Call>,
    sites: Sites,
    entries: List,
}

impl Report for Quality {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let site = self.sites.site(&self.call, examined);
        let mut prints = Prints::default();
        with_cases(examined, |cases| {
            let shown = cases.iter().filter(|case| !case.is_ignored());
            self.entries.extend(shown.map(|case| {
                let print = prints.print(&site, &examined.name, case.finding);
                entry(case, &examined.name, &site.place(&self.call, case.finding), &print)
            }))
        })
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        write_list(self.entries, out)
    }
}

fn entry(case: &Case<'_>, artifact: &str, place: &Place, print: &str) -> Value {
    let mut text = case.sentence(artifact, place, MOST_DESCRIPTION);
    if let Some(excuse) = case.excuse() {
        text.push_str(&format!(" ({excuse})"));
    }
    let help = case.help(MOST_DESCRIPTION);
    if !help.is_empty() {
        text.push_str(&format!("; fix: {help}"));
    }
    let severity = match case.finding.level {
        _ if !case.counts() => "info",
        Level::Deny => "blocker",
        Level::Incomplete => "critical",
        Level::Warn => "minor",
        Level::Info => "info",
    };
    json!({
        "description": text,
        "check_name": words::cut(&escaped(&case.finding.rule), 255),
        "fingerprint": print,
        "severity": severity,
        "location": {"path": shown(&place.file), "lines": {"begin": place.line.unwrap_or(1)}},
    })
}
