//! Says what is being done when it takes longer than a person waits: on a terminal, after two seconds, and nowhere else.

use std::io::IsTerminal;
use std::time::Duration;

use fngate::model::escaped;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long silence is fine.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);

/// A line on standard error while work goes on.
pub(crate) struct Progress {
    bar: ProgressBar,
    total: usize,
}

impl Progress {
    /// Begins in silence; a watcher makes it visible if the work is not done in time.
    pub(crate) fn begin(global: &super::Global, total: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if std::io::stderr().is_terminal() && !global.quiet {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            let watched = bar.clone();
            std::thread::spawn(move || {
                std::thread::sleep(PATIENCE);
                if !watched.is_finished() {
                    watched.set_draw_target(ProgressDrawTarget::stderr());
                    watched.enable_steady_tick(TICK);
                }
            });
        }
        Self { bar, total }
    }

    /// The next artifact.
    pub(crate) fn next(&self, name: &str) {
        self.bar.inc(1);
        let count = if self.total > 1 { format!(" ({} of {})", self.bar.position(), self.total) } else { String::new() };
        self.bar.set_message(format!("judging {}{count}", escaped(name)));
    }

    /// What is being done.
    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(escaped(what).into_owned());
    }

    /// The end: the line goes.
    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}
