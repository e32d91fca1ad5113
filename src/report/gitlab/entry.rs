//! What the entries of GitLab's security reports share (schema 15.2.4, `vulnerabilities`): names, identifiers, links and details.

use serde_json::{Value, json};

use super::super::case::Case;
use super::super::component::Seed;
use super::super::place::{Place, shown, uri};
use super::super::words;
use super::Scan;
use crate::model::{Level, Severity, escaped, package_url};

/// Characters of a name, a solution, a description; the schema takes 255, 7000 and 1,048,576.
const MOST_NAME: usize = 255;
const MOST_SOLUTION: usize = 7_000;
const MOST_DESCRIPTION: usize = 10_000;

/// Identifiers of an entry that GitLab takes.
const MOST_IDENTIFIERS: usize = 20;

impl Scan {
    /// An entry without its location.
    pub(super) fn entry(&self, case: &Case<'_>, artifact: &str, place: &Place, print: &str) -> Value {
        let finding = case.finding;
        let mut seed = Seed::new(self.kind);
        seed.add(print);
        let mut description = case.sentence(artifact, place, MOST_DESCRIPTION);
        if let Some(excuse) = case.excuse() {
            description.push_str(&format!(" ({excuse})"));
        }
        if let Some(page) = self.call.rule(&finding.rule).filter(|page| !page.page.is_empty()) {
            description.push_str(&format!("\n\n{}", words::cut(&page.page, MOST_DESCRIPTION)));
        }
        let mut own = json!({
            "id": seed.uuid(),
            "name": name(case),
            "description": description,
            "severity": severity(case),
            "identifiers": identifiers(case),
            "details": details(case, place),
        });
        let help = case.help(MOST_SOLUTION);
        if !help.is_empty() {
            own["solution"] = json!(help);
        }
        let links = links(case);
        if !links.is_empty() {
            own["links"] = Value::Array(links);
        }
        own
    }
}

/// `lodash 4.17.15: Command injection in template()`, and in front of what could not be judged that it could not.
fn name(case: &Case<'_>) -> String {
    let finding = case.finding;
    let text = match case.vulnerability {
        Some(known) if !known.summary.is_empty() => &known.summary,
        Some(known) => &known.id,
        None => &finding.message,
    };
    let lead = match finding.level {
        Level::Incomplete => "Could not be judged: ",
        _ => "",
    };
    let package = match package_url(&finding.subject) {
        Ok((_, name, version)) => {
            format!("{} {}: ", words::cut(&name, 80), words::cut(&version.unwrap_or_default(), 40)).replace(" : ", ": ")
        }
        Err(_) => String::new(),
    };
    words::cut(&format!("{lead}{}", escaped(&format!("{package}{text}"))), MOST_NAME)
}

/// GitLab's word: the advisory's own rating, and the level for what has none. A secret that is denied is critical, as GitLab's own
/// analyzer has every one; what could not be judged is unknown.
fn severity(case: &Case<'_>) -> &'static str {
    if case.finding.level == Level::Incomplete && case.vulnerability.is_none() {
        return "Unknown";
    }
    match (case.severity(), case.finding.level) {
        (Some(Severity::Critical), _) => "Critical",
        (Some(Severity::High), _) => "High",
        (Some(Severity::Medium), _) => "Medium",
        (Some(Severity::Low), _) => "Low",
        (Some(Severity::Unknown), _) if case.vulnerability.is_some_and(|known| known.informational.is_none()) => "Unknown",
        (_, Level::Deny) if case.is_secret() => "Critical",
        (_, Level::Deny) => "High",
        (_, Level::Incomplete) => "Unknown",
        (_, Level::Warn) => "Medium",
        (_, Level::Info) => "Info",
    }
}

/// The advisory or the secret's fingerprint first, because GitLab knows an entry by it; then its other names, its weaknesses and the rule.
fn identifiers(case: &Case<'_>) -> Value {
    let finding = case.finding;
    let mut ids: Vec<Value> = Vec::new();
    if !finding.advisory.is_empty() && case.is_about_package() {
        ids.push(identifier(&finding.advisory));
    } else if case.is_secret() {
        let print = words::cut(&escaped(&finding.fingerprint), MOST_NAME);
        ids.push(json!({"type": "fngate_secret", "name": format!("fngate secret {print}"), "value": print}));
    }
    let rule = words::cut(&escaped(&finding.rule), MOST_NAME);
    let own = json!({"type": "fngate_rule", "name": format!("fngate {rule}"), "value": rule});
    let numbered = |tag: &String| tag.strip_prefix("CWE-").and_then(|number| number.parse::<u32>().ok());
    let weaknesses = finding.tags.iter().filter_map(numbered).map(|number| {
        json!({"type": "cwe", "name": format!("CWE-{number}"), "value": number.to_string(),
            "url": format!("https://cwe.mitre.org/data/definitions/{number}.html")})
    });
    let aliases = case.vulnerability.into_iter().flat_map(|known| &known.aliases).filter(|alias| **alias != finding.advisory);
    // The rule and the weaknesses stay, however many names an advisory has.
    let weaknesses: Vec<Value> = weaknesses.take(5).collect();
    let room = MOST_IDENTIFIERS.saturating_sub(ids.len() + 1 + weaknesses.len());
    if ids.is_empty() {
        ids.push(own);
        ids.extend(aliases.take(room).map(|alias| identifier(alias)).chain(weaknesses));
    } else {
        ids.extend(aliases.take(room).map(|alias| identifier(alias)).chain(weaknesses));
        ids.push(own);
    }
    Value::Array(ids)
}

/// An advisory by its id, with the address of who gives such ids.
fn identifier(id: &str) -> Value {
    let value = words::cut(&escaped(id), MOST_NAME);
    let path = uri(&value).replace('/', "%2F");
    let (kind, address) = match id.split('-').next() {
        Some("CVE") => ("cve", format!("https://www.cve.org/CVERecord?id={path}")),
        Some("GHSA") => ("ghsa", format!("https://github.com/advisories/{path}")),
        _ => ("osv", format!("https://osv.dev/vulnerability/{path}")),
    };
    json!({"type": kind, "name": value, "value": value, "url": address})
}

fn links(case: &Case<'_>) -> Vec<Value> {
    let advisory = &case.finding.advisory;
    if advisory.is_empty() || !case.is_about_package() {
        return Vec::new();
    }
    let path = uri(advisory).replace('/', "%2F");
    vec![json!({"name": "OSV", "url": format!("https://osv.dev/vulnerability/{path}")})]
}

/// What a reader wants to know beside the text (schema 15.2.4, `named_list`).
fn details(case: &Case<'_>, place: &Place) -> Value {
    let finding = case.finding;
    let mut fields = vec![("place", "Place", shown(&place.whole)), ("level", "fngate's level", finding.level.as_str().to_owned())];
    if let Some(known) = case.vulnerability {
        fields.push(("relation", "Known because it is", known.relation.as_str().to_owned()));
        if let Some(score) = known.cvss {
            fields.push(("cvss", "CVSS", format!("{score:.1}")));
        }
        if let Some(entry) = &known.known_exploited {
            fields.push(("kev", "Known to be exploited since", words::cut(&escaped(&entry.added), 40)));
        }
        if let Some(epss) = known.epss {
            fields.push(("epss", "EPSS", format!("{:.5}", epss.score)));
        }
    }
    if case.is_secret() {
        fields.push(("fingerprint", "Fingerprint", words::cut(&escaped(&finding.fingerprint), 200)));
    }
    let field = |(key, name, value): (&str, &str, String)| (key.to_owned(), json!({"name": name, "type": "text", "value": value}));
    fields.into_iter().map(field).collect()
}
