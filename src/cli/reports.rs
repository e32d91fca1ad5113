//! The reports of a call: each takes every artifact as soon as it is judged, and is written when all of them are.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use fngate::model::Outcome;
use fngate::report::{Call, Closing, Examined, Report, Screen, reporter};

use super::Global;
use super::check::Args;

/// Every report that a call asks for, the one to the reader last.
pub(super) struct Reports {
    open: Vec<Open>,
}

/// A report under construction, or why there is none.
struct Open {
    name: String,
    path: Option<PathBuf>,
    report: anyhow::Result<Box<dyn Report>>,
}

impl Reports {
    pub(super) fn begin(args: &Args, global: &Global, call: &Call) -> anyhow::Result<Self> {
        let screen = Screen { width: super::columns(), color: super::coloured(global.color, args.output.as_deref()) };
        let open = |name: &str, path: Option<PathBuf>, screen: Screen| {
            let reporter = reporter(name).with_context(|| format!("there is no report of this name: {name}"))?;
            let report = Ok(reporter.begin(&Arc::new(Call { screen, ..call.clone() })));
            Ok(Open { name: name.to_owned(), path, report })
        };
        let files = args.reports.iter().map(|(name, path)| open(name, Some(path.clone()), Screen::default()));
        let own = open(&args.format, args.output.clone(), screen);
        Ok(Self { open: files.chain([own]).collect::<anyhow::Result<_>>()? })
    }

    /// Adds an artifact to each.
    pub(super) fn add(&mut self, examined: &Examined) {
        for open in &mut self.open {
            if let Ok(report) = &mut open.report
                && let Err(error) = report.add(examined)
            {
                open.report = Err(anyhow!(error).context("there is no room for it among the temporary files"));
            }
        }
    }

    /// Writes each whatever became of the others, and says the outcome. One that could not be written leaves a call that was not
    /// judged as far as its reader knows; but what was denied stays denied.
    pub(super) fn finish(self, closing: &Closing) -> Outcome {
        let mut outcome = closing.tally.outcome();
        for Open { name, path, report } in self.open {
            let is_read = path.is_none();
            let written = report.and_then(|report| {
                let mut out = super::output(path.as_deref())?;
                Ok(report.finish(closing, &mut out).and_then(|()| out.flush())?)
            });
            if let Err(error) = written
                && !(is_read && is_left(&error))
            {
                super::complain(&error.context(format!("cannot write the {name} report")));
                outcome = outcome.max(Outcome::Incomplete);
            }
        }
        outcome
    }
}

/// Whether the reader of a pipe has seen enough (`| head`): the verdict stands all the same.
fn is_left(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe))
}
