//! GitLab's own reports: dependency scanning, secret detection and code quality.
//!
//! Source: gitlab-org/security-products/security-report-schemas 15.2.4; GitLab, "Security scanner integration" and "Code Quality".
//! GitLab's reader looks at the entries alone, neither at `scan.status` nor at `scan.messages` (lib/gitlab/ci/parsers/security/
//! common.rb), so what could not be judged is an entry, of unknown severity. It takes two entries for one where their first
//! identifiers and places are the same. What the operator ignores is no entry.

mod dependency;
mod entry;
mod property;
mod quality;
mod secret;

pub(super) use dependency::DependencyScanning;
pub(super) use property::{component_properties, schema_property};
pub(super) use quality::CodeQuality;
pub(super) use secret::SecretDetection;

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::{Value, json};

use super::case::{Case, Prints, with_cases};
use super::place::{Place, Sites};
use super::spool::{List, Member, write_document};
use super::{Call, Examined};
use crate::model::Level;

/// The version of the schemas.
const VERSION: &str = "15.2.4";

/// A security report under construction.
struct Scan {
    call: Arc<Call>,
    /// `dependency_scanning`, `secret_detection`.
    kind: &'static str,
    sites: Sites,
    vulnerabilities: List,
    /// Artifacts that could not be read at all.
    unread: usize,
    incomplete: usize,
    known: usize,
    ignored: usize,
}

impl Scan {
    fn new(call: &Arc<Call>, kind: &'static str) -> Self {
        let call = Arc::clone(call);
        Self { call, kind, sites: Sites::default(), vulnerabilities: List::new(), unread: 0, incomplete: 0, known: 0, ignored: 0 }
    }

    /// Adds those findings of an artifact that belong into the report, each with what `locate` says of its place.
    fn add(
        &mut self,
        examined: &Examined,
        belongs: impl Fn(&Case<'_>) -> bool,
        locate: impl Fn(&mut Value, &Case<'_>, &Place),
    ) -> io::Result<()> {
        let site = self.sites.site(&self.call, examined);
        self.unread += usize::from(examined.result.is_err());
        let mut prints = Prints::default();
        with_cases(examined, |cases| {
            for case in cases.iter().filter(|case| belongs(case)) {
                if case.is_ignored() {
                    self.ignored += 1;
                    continue;
                }
                self.known += usize::from(!case.counts());
                self.incomplete += usize::from(case.finding.level == Level::Incomplete);
                let place = site.place(&self.call, case.finding);
                let print = prints.print(&site, &examined.name, case.finding);
                let mut entry = self.entry(case, &examined.name, &place, &print);
                locate(&mut entry, case, &place);
                self.vulnerabilities.push(&entry)?;
            }
            Ok(())
        })
    }

    fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let name = self.kind.replace('_', "-");
        let tool = json!({
            "id": "fngate",
            "name": "fngate",
            "version": env!("CARGO_PKG_VERSION"),
            "vendor": {"name": "fngate"},
            "url": env!("CARGO_PKG_REPOSITORY"),
        });
        // The schema wants seconds, and no zone.
        let time = self.call.timestamp.get(..19).unwrap_or("1970-01-01T00:00:00");
        let mut scan = json!({
            "type": self.kind,
            "status": if self.unread > 0 { "failure" } else { "success" },
            "start_time": time,
            "end_time": time,
            "analyzer": tool,
            "scanner": tool,
        });
        let messages = self.messages();
        if !messages.is_empty() {
            scan["messages"] = Value::Array(messages);
        }
        let schema = format!(
            "https://gitlab.com/gitlab-org/security-products/security-report-schemas/-/raw/v{VERSION}/dist/{name}-report-format.json"
        );
        let members = vec![
            ("schema", Member::value(&schema)?),
            ("version", Member::value(&VERSION)?),
            ("scan", Member::value(&scan)?),
            ("vulnerabilities", Member::List(self.vulnerabilities)),
        ];
        write_document(members, out)
    }

    fn messages(&self) -> Vec<Value> {
        let counts = [
            (self.unread, "fatal", "artifacts that could not be read"),
            (self.incomplete, "warn", "entries of unknown severity: what could not be judged"),
            (self.known, "info", "entries that a former report had, and that are not counted until a day"),
            (self.ignored, "info", "findings that the configuration ignores, and that are no entries"),
        ];
        let said = counts.into_iter().filter(|(number, ..)| *number > 0);
        said.map(|(number, level, what)| json!({"level": level, "value": format!("{what}: {number}")})).collect()
    }
}
