//! `sarif`: findings as alerts of a code host, SARIF 2.1.0 as GitHub's code scanning takes it.
//!
//! Sources: OASIS SARIF 2.1.0 with errata 01; GitHub, "SARIF support for code scanning" (properties, limits). One run for each
//! artifact, because an upload may not have two runs of one category; beyond 20 artifacts, the most that GitHub takes, one run for
//! all of them. A result lies in exactly one file of the repository, because one that lies elsewhere has the whole upload refused;
//! where it is inside the artifact is its logical location (section 3.33). GitHub opens an alert for a suppressed result too
//! (codeql-action issue 1230), so what the operator ignores is no result; what is known from a baseline is one, suppressed.

mod rule;
mod run;
mod search;

use std::io::{self, Write};
use std::sync::Arc;

pub use search::{Searched, write_secrets};

use super::case::with_cases;
use super::place::Sites;
use super::spool::{List, Member, write_document};
use super::{Call, Closing, Examined, Report, Reporter};
use run::Run;

/// Runs in one upload that GitHub takes.
const MOST_RUNS: usize = 20;

/// Results of one run that GitHub keeps.
const MOST_RESULTS: usize = 5_000;

/// Results of all runs, so that the upload stays below 10 MB once it is compressed.
const MOST_RESULTS_OF_ALL: usize = 20_000;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The SARIF report.
pub(super) struct Sarif;

impl Reporter for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        let all = (call.artifacts > MOST_RUNS).then(|| Run::new("all", MOST_RESULTS));
        Box::new(Log { call: Arc::clone(call), sites: Sites::default(), runs: List::new(), all })
    }
}

/// A report under construction.
struct Log {
    call: Arc<Call>,
    sites: Sites,
    runs: List,
    /// The run of all artifacts, where there are too many for one each.
    all: Option<Run>,
}

impl Report for Log {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let site = self.sites.site(&self.call, examined);
        let most = MOST_RESULTS.min(MOST_RESULTS_OF_ALL / self.call.artifacts.max(1));
        let mut own = self.all.is_none().then(|| Run::new(&site.key, most));
        if let Some(run) = own.as_mut().or(self.all.as_mut()) {
            with_cases(examined, |cases| run.add(&self.call, &site, &examined.name, &cases));
        }
        own.map_or(Ok(()), |run| self.runs.push(&run.finish()))
    }

    fn finish(mut self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        if let Some(run) = self.all.take() {
            self.runs.push(&run.finish())?;
        }
        write_log(self.runs, out)
    }
}

fn write_log(runs: List, out: &mut dyn Write) -> io::Result<()> {
    write_document(vec![("$schema", Member::value(&SCHEMA)?), ("version", Member::value(&"2.1.0")?), ("runs", Member::List(runs))], out)
}
