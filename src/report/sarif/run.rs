//! One run of a SARIF log (section 3.14): the gravest results, the rules they name, and what was left out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::super::case::{Case, Prints};
use super::super::place::{Place, Site, shown, uri};
use super::super::{Call, words};
use super::rule;
use crate::model::{Level, escaped};

/// Characters of a message.
const MOST_MESSAGE: usize = 1_000;

/// A run under construction: no more is kept than will be written.
pub(super) struct Run {
    id: String,
    most: usize,
    /// By gravity, then in the order in which they came.
    kept: BTreeMap<(bool, Reverse<Level>, usize), Kept>,
    number: usize,
    ignored: usize,
}

/// A result and its rule.
struct Kept {
    rule: String,
    description: Value,
    result: Value,
}

impl Run {
    /// A run about the artifact that `key` names, of at most `most` results.
    pub(super) fn new(key: &str, most: usize) -> Self {
        Self { id: format!("fngate/{}/", shown(key)), most, kept: BTreeMap::new(), number: 0, ignored: 0 }
    }

    /// Adds what is said of an artifact.
    pub(super) fn add(&mut self, call: &Call, site: &Site, artifact: &str, cases: &[Case<'_>]) {
        let mut prints = Prints::default();
        for case in cases {
            if case.is_ignored() {
                self.ignored += 1;
                continue;
            }
            let print = prints.print(site, artifact, case.finding);
            self.keep((!case.counts(), Reverse(case.finding.level)), || {
                let place = site.place(call, case.finding);
                let rule = rule::id(case);
                Kept { description: rule::rule(call, case), result: result(case, &rule, artifact, &place, &print), rule }
            });
        }
    }

    /// Keeps a result unless there are enough that are as grave.
    fn keep(&mut self, (excused, level): (bool, Reverse<Level>), kept: impl FnOnce() -> Kept) {
        let key = (excused, level, self.number);
        self.number += 1;
        let is_full = self.kept.len() >= self.most;
        if is_full && self.kept.last_key_value().is_none_or(|(last, _)| *last < key) {
            return;
        }
        if is_full {
            self.kept.pop_last();
        }
        self.kept.insert(key, kept());
    }

    /// The run as it is written.
    pub(super) fn finish(self) -> Value {
        let mut notes = Vec::new();
        let cut = self.number - self.kept.len();
        if cut > 0 {
            let text = format!(
                "{} of {} are left out: the {} gravest are here, and the JSON report has all",
                words::count(cut, "result"),
                self.number,
                self.kept.len()
            );
            notes.push(json!({"level": "warning", "message": {"text": text}}));
        }
        if self.ignored > 0 {
            let text = format!(
                "{} that the configuration ignores: the JSON report has each with its reason",
                words::count(self.ignored, "finding")
            );
            notes.push(json!({"level": "note", "message": {"text": text}}));
        }
        let mut indexes: HashMap<String, usize> = HashMap::new();
        let (mut rules, mut results) = (Vec::new(), Vec::new());
        for Kept { rule, description, mut result } in self.kept.into_values() {
            let index = *indexes.entry(rule).or_insert_with(|| {
                rules.push(description);
                rules.len() - 1
            });
            result["ruleIndex"] = json!(index);
            results.push(result);
        }
        let mut invocation = json!({"executionSuccessful": true});
        if !notes.is_empty() {
            invocation["toolExecutionNotifications"] = Value::Array(notes);
        }
        json!({
            "tool": {"driver": {
                "name": "fngate",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
            }},
            "automationDetails": {"id": self.id},
            "invocations": [invocation],
            "results": results,
        })
    }
}

/// SARIF's word for a level. What could not be judged does not pass, so that it is an error as what is denied.
pub(super) fn word(level: Level) -> &'static str {
    match level {
        Level::Deny | Level::Incomplete => "error",
        Level::Warn => "warning",
        Level::Info => "note",
    }
}

fn result(case: &Case<'_>, rule: &str, artifact: &str, place: &Place, print: &str) -> Value {
    let finding = case.finding;
    let mut text = case.sentence(artifact, place, MOST_MESSAGE);
    if let Some(excuse) = case.excuse() {
        text.push_str(&format!(" ({excuse})"));
    }
    let help = case.help(MOST_MESSAGE);
    if !help.is_empty() {
        text.push_str(&format!("\nfix: {help}"));
    }
    let line = place.line.unwrap_or(1);
    let mut own = json!({
        "ruleId": rule,
        "ruleIndex": 0,
        "level": word(finding.level),
        "message": {"text": unlinked(&text)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(&place.file)},
                "region": {"startLine": line, "startColumn": 1, "endLine": line, "endColumn": 2},
            },
            "logicalLocations": [{"fullyQualifiedName": shown(&place.whole), "kind": "resource"}],
        }],
        "partialFingerprints": {
            "primaryLocationLineHash": format!("{}:1", print.get(48..).unwrap_or(print)),
            "fngate/v1": print,
        },
    });
    let properties =
        [("fngate:level", finding.level.as_str()), ("fngate:subject", &finding.subject), ("fngate:fingerprint", &finding.fingerprint)];
    let properties = properties.iter().filter(|(_, value)| !value.is_empty());
    own["properties"] = properties.map(|(name, value)| ((*name).to_owned(), json!(words::cut(&escaped(value), MOST_MESSAGE)))).collect();
    if let Some(excuse) = case.excuse() {
        own["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": excuse}]);
    }
    own
}

/// `text` without the form of a link (section 3.11.6), which only what comes from an artifact can have here.
pub(super) fn unlinked(text: &str) -> String {
    text.replace("](", "] (")
}
