//! `gitlab-secret-detection`: secrets, and what was not searched for them.
//!
//! Source: secret-detection-report-format.json 15.2.4. No value is written (`raw_source_code_extract` is left out): an entry shows the
//! rule, at most the first four characters, and the fingerprint.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::json;

use super::super::case::Case;
use super::super::place::shown;
use super::super::{Call, Closing, Examined, Report, Reporter};
use super::Scan;

/// GitLab's secret detection report.
pub(in super::super) struct SecretDetection;

impl Reporter for SecretDetection {
    fn name(&self) -> &'static str {
        "gitlab-secret-detection"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Secrets(Scan::new(call, "secret_detection")))
    }
}

struct Secrets(Scan);

impl Report for Secrets {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let commit = self.0.call.commit.clone().unwrap_or_else(|| NO_COMMIT.to_owned());
        self.0.add(examined, belongs, |entry, case, place| {
            // GitLab tells entries apart by file and line, so that the file in the archive is the place.
            let line = case.finding.line.unwrap_or(1);
            entry["location"] = json!({"file": shown(&place.whole), "start_line": line, "end_line": line, "commit": {"sha": commit}});
        })
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        self.0.write(out)
    }
}

/// What the schema has where no commit is known.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

fn belongs(case: &Case<'_>) -> bool {
    case.is_secret() || case.is_unsearched()
}
