//! What a SARIF run says of a rule (section 3.49), with the properties by which GitHub sorts alerts.
//!
//! GitHub takes the severity of an alert from its rule, so that every advisory is a rule of its own; and the name of the finding's
//! rule is part of its id, so that an alert which somebody has dismissed comes back when it is known to be exploited.

use serde_json::{Value, json};

use super::super::case::Case;
use super::super::{Call, words};
use super::run::{unlinked, word};
use crate::model::{Level, Severity, Vulnerability, escaped};

/// Characters of a description that GitHub takes.
const MOST_DESCRIPTION: usize = 1_024;

/// Tags of a rule that GitHub takes.
const MOST_TAGS: usize = 20;

/// The id: the finding's rule, with the advisory where it is about one.
pub(super) fn id(case: &Case<'_>) -> String {
    let finding = case.finding;
    let id = if finding.advisory.is_empty() { finding.rule.clone() } else { format!("{}/{}", finding.rule, finding.advisory) };
    words::cut(&escaped(&id), 255)
}

/// The rule of a finding; its level and severity are those of the gravest finding of it, which comes first.
pub(super) fn rule(call: &Call, case: &Case<'_>) -> Value {
    let finding = case.finding;
    let page = call.rule(&finding.rule);
    let title = page.map(|page| page.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(&finding.rule);
    let text = page.map(|page| page.page.as_str()).filter(|page| !page.is_empty()).unwrap_or("The policy says nothing about it.");
    let (short, mut full, address) = match case.vulnerability {
        Some(known) => {
            (heading(known), format!("{}.\n\n", facts(known)), Some(format!("https://osv.dev/vulnerability/{}", percent(&known.id))))
        }
        None => (title.to_owned(), String::new(), None),
    };
    full.push_str(&folded(text));
    let short = words::cut(&escaped(&short), MOST_DESCRIPTION);
    let mut own = json!({
        "id": id(case),
        "shortDescription": {"text": unlinked(&short)},
        "fullDescription": {"text": words::cut(&unlinked(&full), MOST_DESCRIPTION)},
        "help": {
            "text": words::cut(&unlinked(&full), MOST_DESCRIPTION),
            "markdown": markdown(case.vulnerability, text, &finding.rule),
        },
        "defaultConfiguration": {"level": word(finding.level)},
        "properties": properties(case),
    });
    if let Some(address) = address {
        own["helpUri"] = json!(address);
    }
    own
}

/// `Command injection in template() (GHSA-35jh-r3h4-6jhm)`.
fn heading(known: &Vulnerability) -> String {
    if known.summary.is_empty() { known.id.clone() } else { format!("{} ({})", known.summary, known.id) }
}

/// `GHSA-35jh-r3h4-6jhm (CVE-2021-23337), critical, CVSS 9.8, fixed in 4.17.21`.
fn facts(known: &Vulnerability) -> String {
    let mut text = known.id.clone();
    if !known.aliases.is_empty() {
        text.push_str(&format!(" ({})", words::cut(&known.aliases.join(", "), 200)));
    }
    text.push_str(&match known.severity {
        Severity::Unknown => ", not rated".to_owned(),
        severity => format!(", {}", severity.as_str()),
    });
    if let Some(score) = known.cvss {
        text.push_str(&format!(", CVSS {score:.1}"));
    }
    if !known.fixed.is_empty() {
        text.push_str(&format!(", fixed in {}", words::cut(&known.fixed.join(" or "), 200)));
    }
    escaped(&text).into_owned()
}

/// Help as GitHub shows it. What an advisory says stands in code, where it cannot be markup.
fn markdown(known: Option<&Vulnerability>, page: &str, rule: &str) -> String {
    let mut text = String::new();
    if let Some(known) = known {
        text.push_str(&format!("[{0}](https://osv.dev/vulnerability/{1})\n\n", code(&known.id), percent(&known.id)));
        text.push_str(&format!("{}\n\n", code(&facts(known))));
        if let Some(vector) = &known.cvss_vector {
            text.push_str(&format!("{}\n\n", code(vector)));
        }
    }
    text.push_str(&paragraphs(page).join("\n\n"));
    text.push_str(&format!("\n\n`fngate explain {}` says more.", code(rule).trim_matches('`')));
    words::cut(&text, 4 * MOST_DESCRIPTION)
}

fn code(text: &str) -> String {
    format!("`{}`", words::cut(&escaped(&text.replace('`', "'")), 500))
}

/// The text of a page on one line a paragraph.
fn folded(page: &str) -> String {
    paragraphs(page).join("\n\n")
}

fn paragraphs(page: &str) -> Vec<String> {
    page.split("\n\n").map(|paragraph| escaped(&paragraph.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()).collect()
}

/// An id of an advisory as a part of an address.
fn percent(id: &str) -> String {
    super::super::place::uri(id).replace('/', "%2F")
}

fn properties(case: &Case<'_>) -> Value {
    let finding = case.finding;
    let severity = security(case);
    let mut tags: Vec<String> = Vec::new();
    if severity.is_some() {
        tags.push("security".to_owned());
    }
    for tag in &finding.tags {
        // The form in which GitHub shows a weakness.
        if let Some(number) = tag.strip_prefix("CWE-").filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            tags.push(format!("external/cwe/cwe-{number:0>3}"));
        }
        tags.push(words::cut(&escaped(tag), 100));
    }
    tags.dedup();
    tags.truncate(MOST_TAGS);
    let mut own = json!({"tags": tags, "precision": precision(case)});
    match severity {
        Some(severity) => own["security-severity"] = json!(severity),
        None => own["problem.severity"] = json!(if word(finding.level) == "note" { "recommendation" } else { word(finding.level) }),
    }
    own
}

/// The number by which GitHub calls an alert critical (above 9.0), high (from 7.0), medium (from 4.0) or low; `None` for what is no
/// weakness, as that something could not be judged.
fn security(case: &Case<'_>) -> Option<String> {
    let finding = case.finding;
    if let Some(known) = case.vulnerability {
        let score = match (known.malicious, known.cvss) {
            (true, _) => 10.0,
            (_, Some(score)) if score > 0.0 && score <= 10.0 => score,
            _ => match known.severity {
                Severity::Critical => 9.5,
                Severity::High => 8.0,
                Severity::Medium => 5.5,
                Severity::Low => 2.0,
                Severity::None | Severity::Unknown => of_level(finding.level)?,
            },
        };
        return Some(format!("{score:.1}"));
    }
    let is_weakness = finding.level == Level::Deny || case.is_secret() || !finding.tags.is_empty();
    is_weakness.then(|| of_level(finding.level)).flatten().map(|score| format!("{score:.1}"))
}

fn of_level(level: Level) -> Option<f64> {
    match level {
        Level::Deny => Some(8.0),
        Level::Warn => Some(5.0),
        Level::Incomplete | Level::Info => None,
    }
}

/// How sure the finding is: what is only possible or suspected is less.
fn precision(case: &Case<'_>) -> &'static str {
    match case.vulnerability {
        Some(known) if known.possible || known.unevaluated.is_some() => "medium",
        Some(known) if known.relation.is_inside() => "very-high",
        None if case.is_secret() && case.finding.level != Level::Deny => "medium",
        _ => "high",
    }
}
