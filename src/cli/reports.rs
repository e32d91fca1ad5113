//! The reports of a call: each takes every artifact as soon as it is judged, and is written when all of them are.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
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
    /// Begins every report. Each has a file of its own, which is none that is read: a report that takes the place of the artifact
    /// leaves nothing to deploy, and one that takes that of another report leaves less than was asked for.
    pub(super) fn begin(args: &Args, global: &Global, call: &Call, read: &[&Path]) -> anyhow::Result<Self> {
        let written = args.reports.iter().map(|(_, path)| path.as_path()).chain(args.output.as_deref());
        let mut taken: BTreeSet<PathBuf> = read.iter().filter_map(|path| place(path)).collect();
        for path in written {
            if place(path).is_some_and(|place| !taken.insert(place)) {
                bail!("a report would take the place of what is read, or of another report: {}", path.display());
            }
        }
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

/// Where a file is or will be, whatever way leads to it; `None` for what is no file, as a terminal or a pipe.
fn place(path: &Path) -> Option<PathBuf> {
    if let Ok(place) = path.canonicalize() {
        return place.is_file().then_some(place);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}

/// Whether the reader of a pipe has seen enough (`| head`): the verdict stands all the same.
fn is_left(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe))
}
