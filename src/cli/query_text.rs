//! The text form of `fngate query`: at most 80 columns, what comes from outside escaped.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use fngate::model::{Advisories, AdvisoryOrigin, Severity, Vulnerability, escaped};

use super::query::{Answer, Question};

/// Columns of a line.
const WIDTH: usize = 80;

/// Writes every package with what is known of it, then a line of totals.
pub(super) fn write(out: &mut dyn Write, questions: &[Question], answers: &[Answer], about: &Advisories, coloured: bool) -> io::Result<()> {
    let bold = if coloured { Style::new().bold() } else { Style::new() };
    for (question, answer) in questions.iter().zip(answers) {
        let subject = match &question.package {
            Ok(package) => package.purl(),
            Err(_) => question.echo.values().find_map(|value| value.as_str()).unwrap_or("a line of the batch").to_owned(),
        };
        let count = answer.vulnerabilities.len();
        let verdict = match (&answer.error, count) {
            (Some(_), 0) => "not judged".to_owned(),
            (None, 0) => "no known vulnerability".to_owned(),
            (_, 1) => "1 vulnerability".to_owned(),
            (_, count) => format!("{count} vulnerabilities"),
        };
        writeln!(out, "{bold}{}{bold:#}: {verdict}", escaped(&subject))?;
        if let Some(error) = &answer.error {
            let wholly = if count == 0 { "" } else { "not wholly judged: " };
            paragraph(out, &format!("{wholly}{}", escaped(error)), 2)?;
        }
        for vulnerability in &answer.vulnerabilities {
            write_one(out, vulnerability, coloured)?;
        }
    }
    totals(out, answers, about)
}

fn write_one(out: &mut dyn Write, vulnerability: &Vulnerability, coloured: bool) -> io::Result<()> {
    let style = if coloured { style(vulnerability) } else { Style::new() };
    let rating = match (vulnerability.malicious, &vulnerability.informational, vulnerability.cvss) {
        (true, ..) => "malware".to_owned(),
        (_, Some(word), _) => escaped(word).into_owned(),
        (_, _, Some(score)) => format!("{} {score:.1}", vulnerability.severity.as_str()),
        _ => vulnerability.severity.as_str().to_owned(),
    };
    let fixed = match vulnerability.fixed.as_slice() {
        [] => "no fix".to_owned(),
        fixes => format!("fixed in {}", escaped(&fixes.join(", "))),
    };
    let fixed = cut(&fixed, WIDTH - 40);
    writeln!(out, "  {:<22} {style}{rating:<13}{style:#}  {fixed}", escaped(&vulnerability.id))?;
    if !vulnerability.summary.is_empty() {
        paragraph(out, &escaped(&vulnerability.summary), 4)?;
    }
    if let Some(known) = &vulnerability.known_exploited {
        let ransomware = if known.ransomware { ", by ransomware too" } else { "" };
        paragraph(out, &format!("known exploited (CISA KEV, due {}{ransomware})", escaped(&known.due)), 4)?;
    }
    if let Some(epss) = vulnerability.epss {
        paragraph(out, &format!("EPSS {:.1} %", epss.score * 100.0), 4)?;
    }
    if let Some(why) = &vulnerability.unevaluated {
        paragraph(out, &format!("counts as affected because it could not be evaluated: {}", escaped(why)), 4)?;
    }
    Ok(())
}

fn style(vulnerability: &Vulnerability) -> Style {
    let color = match vulnerability.severity {
        _ if vulnerability.malicious => AnsiColor::Red,
        Severity::Critical | Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low | Severity::None => AnsiColor::Cyan,
        Severity::Unknown => AnsiColor::Magenta,
    };
    Style::new().fg_color(Some(color.into()))
}

fn totals(out: &mut dyn Write, answers: &[Answer], about: &Advisories) -> io::Result<()> {
    let hit = answers.iter().filter(|answer| !answer.vulnerabilities.is_empty()).count();
    let failed = answers.iter().filter(|answer| answer.error.is_some()).count();
    let source = match about.source {
        AdvisoryOrigin::Db => "offline database",
        AdvisoryOrigin::Api => "advisory service",
        AdvisoryOrigin::Embedded => "embedded snapshot",
    };
    let day = |as_of: &str| escaped(as_of.get(..10).unwrap_or_default()).into_owned();
    let feeds: String = about.feeds.iter().map(|feed| format!("; {} of {}", feed.name.title(), day(&feed.as_of))).collect();
    writeln!(out, "\n{} asked, {hit} vulnerable, {failed} not judged ({source}, as of {}{feeds})", answers.len(), day(&about.as_of))
}

/// Words in lines of at most [`WIDTH`] columns, indented.
fn paragraph(out: &mut dyn Write, text: &str, indent: usize) -> io::Result<()> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count();
        if length > 0 && indent + length + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{:indent$}{line}", "")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&cut(word, WIDTH - indent));
    }
    if line.is_empty() { Ok(()) } else { writeln!(out, "{:indent$}{line}", "") }
}

/// At most so many characters, the last of them `…` where some are missing.
fn cut(text: &str, length: usize) -> String {
    if text.chars().count() <= length { text.to_owned() } else { text.chars().take(length - 1).chain(['…']).collect() }
}
