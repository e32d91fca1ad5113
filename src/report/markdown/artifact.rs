//! One artifact in Markdown: what decides in the open, everything else behind a click.

use std::collections::BTreeMap;

use super::super::component::by_purl;
use super::super::html::advisory_page;
use super::super::subject::{Subject, by_subject};
use super::super::{Examined, Judged, words};
use super::prose::{code, prose};
use super::sheet::{Rank, Sheet};
use super::{sign, title};
use crate::model::{Finding, Level, Outcome, Package};

/// Warnings, remarks and the like that are written out, of each artifact and kind; and the bytes they may have together.
const MOST_ASIDES: usize = 50;
const MOST_ASIDE_BYTES: usize = 60_000;

/// Findings about one subject that stand or fall together.
const MOST_TOGETHER: usize = 10;

/// A row of the table of artifacts.
pub(super) fn row(examined: &Examined) -> String {
    let outcome = examined.outcome();
    let figures = match &examined.result {
        Err(_) => ["–"; 5].map(str::to_owned),
        Ok(judged) => {
            let number = |level| judged.verdict.findings.iter().filter(|finding| finding.level == level).count().to_string();
            let size = words::bytes(judged.facts.artifact.size);
            let packages = judged.facts.inventory.packages.len().to_string();
            [size, packages, number(Level::Deny), number(Level::Incomplete), number(Level::Warn)]
        }
    };
    format!("| {} {} | {} | {} |\n", sign(outcome), title(outcome), code(&examined.name), figures.join(" | "))
}

/// Adds an artifact.
pub(super) fn write(sheet: &mut Sheet, examined: &Examined, several: bool) {
    let outcome = examined.outcome();
    let rank = match outcome {
        Outcome::Deny => Rank::Deny,
        Outcome::Incomplete => Rank::Incomplete,
        Outcome::Pass => Rank::Beside,
    };
    sheet.begin(rank);
    if several {
        sheet.push(rank, 0, format!("### {} {}: {}\n\n", sign(outcome), title(outcome), code(&examined.name)));
    }
    match &examined.result {
        Err(error) => sheet.push(rank, 1, format!("It could not be read: {}\n\n", prose(error))),
        Ok(judged) => {
            sheet.push(rank, 0, identity(judged));
            let written = Written { packages: by_purl(&judged.facts), artifact: &judged.facts.artifact.name };
            for level in [Level::Deny, Level::Incomplete] {
                deciding(sheet, judged, level, &written, several);
            }
            for level in [Level::Warn, Level::Info] {
                beside(sheet, judged, level, &written);
            }
            set_aside(sheet, judged);
        }
    }
}

/// What subjects are called by.
struct Written<'a> {
    packages: BTreeMap<String, Vec<&'a Package>>,
    artifact: &'a str,
}

fn identity(judged: &Judged) -> String {
    let artifact = &judged.facts.artifact;
    let inventory = &judged.facts.inventory;
    let files = words::count(inventory.files.len(), "file");
    let packages = words::count(inventory.packages.len(), "package");
    let mut lines = vec![
        format!("- findings: {}", words::counts(&judged.verdict)),
        format!("- {}, {}, {files}, {packages}", artifact.kind.as_str(), words::bytes(artifact.size)),
        format!("- inside: {}", prose(&words::shares(inventory))),
    ];
    let rest = words::not_judged(&inventory.not_judged);
    if !rest.is_empty() {
        lines.push(format!("- not judged: {}", prose(&rest)));
    }
    lines.push(format!("- signature: {}", prose(&words::signature(&judged.facts.provenance))));
    lines.push(format!("- `sha256:{}`", artifact.sha256));
    for layer in artifact.layers.iter().take(MOST_ASIDES) {
        lines.push(format!("- layer {} `sha256:{}`", code(&layer.name), layer.sha256));
    }
    for bound in inventory.bounds.iter().take(MOST_ASIDES) {
        lines.push(format!("- bounded by {} `sha256:{}`", code(&bound.name), bound.sha256));
    }
    format!("{}\n\n", lines.join("\n"))
}

/// Findings that decide, each subject a block of its own.
fn deciding(sheet: &mut Sheet, judged: &Judged, level: Level, written: &Written<'_>, several: bool) {
    let findings: Vec<&Finding> = judged.verdict.findings.iter().filter(|finding| finding.level == level).collect();
    if findings.is_empty() {
        return;
    }
    let rank = if level == Level::Deny { Rank::Deny } else { Rank::Incomplete };
    let depth = if several { "####" } else { "###" };
    sheet.push(rank, 0, format!("{depth} {} ({})\n\n", heading(level), findings.len()));
    for (subject, group) in by_subject(&findings) {
        // A subject with very many findings is several blocks, so that the last of them may be missing without the first.
        for part in group.chunks(MOST_TOGETHER) {
            sheet.push(rank, part.len(), about(subject, part, written) + "\n");
        }
    }
}

/// Findings that do not decide, behind a click.
fn beside(sheet: &mut Sheet, judged: &Judged, level: Level, written: &Written<'_>) {
    let findings: Vec<&Finding> = judged.verdict.findings.iter().filter(|finding| finding.level == level).collect();
    let groups = by_subject(findings.get(..MOST_ASIDES).unwrap_or(&findings));
    let entries = groups.into_iter().map(|(subject, group)| (group.len(), about(subject, &group, written)));
    let rank = if level == Level::Warn { Rank::Warn } else { Rank::Beside };
    folded(sheet, rank, heading(level), findings.len(), entries);
}

/// What does not count, and why.
fn set_aside(sheet: &mut Sheet, judged: &Judged) {
    let verdict = &judged.verdict;
    let entry = |finding: &Finding, why: &str| {
        let mut names = vec![code(&finding.rule)];
        names.extend([&finding.advisory, &finding.subject].into_iter().filter(|name| !name.is_empty()).map(|name| code(name)));
        (1, format!("- {}: {}<br />{why}<br />{}\n", finding.level.as_str(), prose(&finding.message), names.join(" · ")))
    };
    let known = verdict.known.iter().map(|known| entry(&known.finding, &format!("not counted until {}", prose(&known.until))));
    folded(sheet, Rank::Beside, "Known, not counted", verdict.known.len(), known);
    let until = |day: Option<&String>| day.map_or_else(|| "for ever".to_owned(), |day| format!("until {}", prose(day)));
    let why = |reason: &str, expires: Option<&String>| format!("{}: {}", until(expires), prose(reason));
    let ignored = verdict.ignored.iter().map(|ignored| entry(&ignored.finding, &why(&ignored.reason, ignored.expires.as_ref())));
    folded(sheet, Rank::Beside, "Ignored", verdict.ignored.len(), ignored);
    let accepted = verdict.problems.iter().filter_map(|problem| Some((problem, problem.accepted.as_ref()?)));
    let number = accepted.clone().count();
    let accepted = accepted.map(|(problem, accepted)| {
        let place = problem.path.as_ref().map_or(String::new(), |path| format!(" in {}", code(path.as_str())));
        let why = why(&accepted.reason, accepted.expires.as_ref());
        (1, format!("- {}{place}: {}<br />{why}\n", code(problem.kind), prose(&problem.message)))
    });
    folded(sheet, Rank::Beside, "Accepted", number, accepted);
}

/// A block that opens at a click. It is whole, however many entries there are.
fn folded(sheet: &mut Sheet, rank: Rank, title: &str, number: usize, entries: impl Iterator<Item = (usize, String)>) {
    if number == 0 {
        return;
    }
    let mut text = format!("<details>\n<summary>{title} ({number})</summary>\n\n");
    let mut written = 0;
    for (weight, entry) in entries.take(MOST_ASIDES) {
        if text.len() + entry.len() > MOST_ASIDE_BYTES {
            break;
        }
        text.push_str(&entry);
        written += weight;
    }
    if written < number {
        text.push_str(&format!("- and {} more in the JSON report\n", number - written));
    }
    text.push_str("\n</details>\n\n");
    sheet.push(rank, number, text);
}

/// A subject and the findings about it.
fn about((subject, path): Subject<'_>, findings: &[&Finding], written: &Written<'_>) -> String {
    let package = written.packages.get(subject).and_then(|ways| ways.first());
    let mut text = match package {
        Some(package) => {
            let version = package.version.as_deref().map_or(String::new(), |version| format!(" {version}"));
            format!("- **{}** {}, {}", code(&format!("{}{version}", package.name)), package.ecosystem, package.relation.as_str())
        }
        None if subject.is_empty() || subject == written.artifact => "- **the artifact**".to_owned(),
        None => format!("- **{}**", code(subject)),
    };
    if let Some(path) = path.filter(|path| *path != subject) {
        text.push_str(&format!(", in {}", code(path)));
    }
    text.push('\n');
    for finding in findings {
        text.push_str(&one(finding));
    }
    text
}

fn one(finding: &Finding) -> String {
    let line = finding.line.map_or_else(String::new, |line| format!("line {line}: "));
    let mut text = format!("  - {line}{}", prose(&finding.message));
    if !finding.help.is_empty() {
        text.push_str(&format!("<br />**Fix:** {}", prose(&finding.help)));
    }
    let advisory = match advisory_page(&finding.advisory) {
        Some(page) => Some(format!("[{}]({page})", finding.advisory)),
        None if finding.advisory.is_empty() => None,
        None => Some(code(&finding.advisory)),
    };
    let fingerprint = Some(&finding.fingerprint).filter(|print| !print.is_empty()).map(|print| format!("fingerprint {}", code(print)));
    let names: Vec<String> = advisory.into_iter().chain(fingerprint).chain([format!("rule {}", code(&finding.rule))]).collect();
    text.push_str(&format!("<br />{}\n", names.join(" · ")));
    text
}

fn heading(level: Level) -> &'static str {
    match level {
        Level::Deny => "Denied",
        Level::Incomplete => "Could not be judged",
        Level::Warn => "Warnings",
        Level::Info => "For information",
    }
}
