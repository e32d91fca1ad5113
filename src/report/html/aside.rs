//! What does not count, and why: known and ignored findings, accepted problems; and tables of problems and of what is not judged.

use super::super::{Call, Judged, words};
use super::finding::{left_out, rule};
use super::link::advisory;
use super::markup::Markup;
use super::{Budget, MOST_ASIDES, MOST_NAME, MOST_TEXT, Place, mark};
use crate::model::{Finding, Problem, ProblemClass};

/// What was set aside: by a baseline, by an ignore, by an acceptance.
pub(super) fn set_aside(call: &Call, judged: &Judged, place: Place, budget: &mut Budget) -> Markup {
    let verdict = &judged.verdict;
    let mut markup = Markup::default();
    let accepted: Vec<&Problem> = verdict.problems.iter().filter(|problem| problem.accepted.is_some()).collect();
    let known = verdict.known.iter().map(|known| Entry {
        finding: Some(&known.finding),
        problem: None,
        until: Some(&known.until),
        reason: "a former report has it already",
    });
    list(&mut markup, call, "Known, not counted", known, place, budget);
    let ignored = verdict.ignored.iter().map(|ignored| Entry {
        finding: Some(&ignored.finding),
        problem: None,
        until: ignored.expires.as_deref(),
        reason: &ignored.reason,
    });
    list(&mut markup, call, "Ignored", ignored, place, budget);
    let accepted = accepted.into_iter().filter_map(|problem| {
        let acceptance = problem.accepted.as_ref()?;
        Some(Entry { finding: None, problem: Some(problem), until: acceptance.expires.as_deref(), reason: &acceptance.reason })
    });
    list(&mut markup, call, "Accepted", accepted, place, budget);
    markup
}

/// One thing that does not count.
struct Entry<'a> {
    finding: Option<&'a Finding>,
    problem: Option<&'a Problem>,
    until: Option<&'a str>,
    reason: &'a str,
}

fn list<'a>(markup: &mut Markup, call: &Call, title: &str, entries: impl Iterator<Item = Entry<'a>>, place: Place, budget: &mut Budget) {
    let entries: Vec<Entry<'_>> = entries.collect();
    if entries.is_empty() {
        return;
    }
    markup.element("section", &[("class", "aside")], |section| {
        section.element(place.heading(1), &[], |heading| {
            mark(heading, "aside");
            heading.text(title);
            heading.leaf("span", &[("class", "count")], &entries.len().to_string());
        });
        let mut written = 0;
        section.element("ul", &[("class", "findings")], |list| {
            for entry in entries.iter().take(MOST_ASIDES) {
                let mut one = Markup::default();
                one.element("li", &[], |li| aside(li, call, entry));
                if !budget.take(false, one.len()) {
                    break;
                }
                list.append(&one);
                written += 1;
            }
        });
        if written < entries.len() {
            left_out(section, entries.len() - written, "finding");
        }
    });
}

fn aside(li: &mut Markup, call: &Call, entry: &Entry<'_>) {
    li.element("p", &[("class", "message")], |message| {
        let (text, grade) = match (entry.finding, entry.problem) {
            (Some(finding), _) => (finding.message.as_str(), Some(finding.level)),
            (None, Some(problem)) => (problem.message.as_str(), None),
            (None, None) => ("", None),
        };
        if let Some(level) = grade {
            message.leaf("b", &[], &format!("{}: ", level.as_str()));
        }
        message.prose(&words::clipped(text, MOST_TEXT));
    });
    li.element("p", &[("class", "fix")], |reason| {
        let until = entry.until.map_or_else(|| "For ever".to_owned(), |day| format!("Until {day}"));
        reason.leaf("b", &[], &until);
        reason.text(": ");
        reason.text(&words::clipped(entry.reason, MOST_TEXT));
    });
    li.element("ul", &[("class", "evidence")], |evidence| {
        if let Some(finding) = entry.finding {
            if !finding.advisory.is_empty() {
                evidence.element("li", &[], |li| advisory(li, &finding.advisory));
            }
            if !finding.subject.is_empty() {
                evidence.element("li", &[], |li| li.leaf("code", &[], &words::clipped(&finding.subject, MOST_NAME)));
            }
            evidence.element("li", &[], |li| {
                li.text("rule ");
                rule(li, call, &finding.rule);
            });
        }
        if let Some(problem) = entry.problem {
            if let Some(path) = &problem.path {
                evidence.element("li", &[], |li| li.leaf("code", &[], &words::clipped(path.as_str(), MOST_NAME)));
            }
            evidence.element("li", &[], |li| rule(li, call, problem.kind));
        }
    });
}

/// Everything that could not be judged, open or not, and what is outside the scope.
pub(super) fn tables(judged: &Judged, budget: &mut Budget) -> Markup {
    let mut markup = Markup::default();
    // What lies outside the scope has a table of its own.
    let problems = judged.verdict.problems.iter();
    let problems: Vec<&Problem> = problems.filter(|one| one.class != ProblemClass::OutOfScope || one.accepted.is_some()).collect();
    let number = problems.len();
    let problems = problems.into_iter().map(|problem| {
        let path = problem.path.as_ref().map_or("the artifact", |path| path.as_str());
        let bytes = if problem.bytes > 0 { words::bytes(problem.bytes) } else { String::new() };
        [problem.kind.to_owned(), path.to_owned(), class(problem).to_owned(), bytes]
    });
    let heads = ["Kind", "Where", "Class", "Bytes"];
    table(&mut markup, "Problems", heads, number, problems, budget);
    let not_judged = judged.facts.inventory.not_judged.iter().map(|file| {
        let packages = file.packages.map(|packages| words::count(packages, "package"));
        let said = [packages, Some(file.detail.clone()).filter(|detail| !detail.is_empty())];
        let said = said.into_iter().flatten().collect::<Vec<_>>().join(", ");
        [file.kind.to_owned(), file.path.as_str().to_owned(), said, words::bytes(file.size)]
    });
    let heads = ["Kind", "Where", "What it says of itself", "Bytes"];
    table(&mut markup, "Outside the scope, not judged", heads, judged.facts.inventory.not_judged.len(), not_judged, budget);
    markup
}

/// `unattributed, bounded by package-lock.json`.
fn class(problem: &Problem) -> &'static str {
    match (problem.class, problem.accepted.is_some(), problem.bounded.is_empty()) {
        (_, true, _) => "accepted",
        (ProblemClass::Unattributed, false, false) => "unattributed, bounded",
        (ProblemClass::Unattributed, false, true) => "unattributed",
        (ProblemClass::Unseen, ..) => "unseen",
        (ProblemClass::OutOfScope, ..) => "out of scope",
    }
}

fn table(markup: &mut Markup, title: &str, heads: [&str; 4], number: usize, rows: impl Iterator<Item = [String; 4]>, budget: &mut Budget) {
    if number == 0 {
        return;
    }
    markup.element("details", &[], |details| {
        details.leaf("summary", &[], &format!("{title} ({number})"));
        let mut written = 0;
        details.element("div", &[("class", "scroll"), ("role", "region"), ("aria-label", title), ("tabindex", "0")], |scroll| {
            scroll.element("table", &[], |table| {
                table.element("thead", &[], |thead| {
                    thead.element("tr", &[], |row| {
                        for (at, head) in heads.iter().enumerate() {
                            row.leaf("th", &[("scope", "col"), ("class", if at == 3 { "number" } else { "" })], head);
                        }
                    });
                });
                table.element("tbody", &[], |body| {
                    for cells in rows.take(MOST_ASIDES) {
                        let mut one = Markup::default();
                        row(&mut one, &cells);
                        if !budget.take(false, one.len()) {
                            break;
                        }
                        body.append(&one);
                        written += 1;
                    }
                });
            });
        });
        if written < number {
            left_out(details, number - written, "row");
        }
    });
}

fn row(markup: &mut Markup, [kind, place, said, bytes]: &[String; 4]) {
    markup.element("tr", &[], |row| {
        row.leaf("td", &[], kind);
        row.element("td", &[], |cell| cell.leaf("code", &[], &words::clipped(place, MOST_NAME)));
        row.leaf("td", &[], &words::clipped(said, MOST_NAME));
        row.leaf("td", &[("class", "number")], bytes);
    });
}
