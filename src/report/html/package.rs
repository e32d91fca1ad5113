//! The table of packages: those that findings are about first, then by size.

use super::super::{Judged, words};
use super::block::held;
use super::finding::left_out;
use super::markup::Markup;
use super::regard::{Grades, Regard};
use super::{Budget, MOST_NAME, MOST_PACKAGES, Place};
use crate::model::{Level, Package};

/// One row.
struct Row<'a> {
    purl: &'a str,
    ways: &'a [&'a Package],
    bytes: u64,
    grades: Grades,
}

pub(super) fn packages(judged: &Judged, regard: &Regard<'_>, place: Place, budget: &mut Budget) -> Markup {
    let mut markup = Markup::default();
    let bytes = held(judged, regard);
    let mut rows: Vec<Row<'_>> = regard
        .packages
        .iter()
        .map(|(purl, ways)| Row { purl, ways, bytes: bytes.get(purl.as_str()).copied().unwrap_or_default(), grades: regard.grades(purl) })
        .collect();
    if rows.is_empty() {
        return markup;
    }
    rows.sort_by(|a, b| (b.grades.worst(), b.bytes, a.purl).cmp(&(a.grades.worst(), a.bytes, b.purl)));
    let number = rows.len();
    markup.element("details", &[("class", "packages")], |details| {
        details.leaf("summary", &[], &format!("Packages ({number})"));
        let mut written = 0;
        details.element("div", &[("class", "scroll"), ("role", "region"), ("aria-label", "Packages"), ("tabindex", "0")], |scroll| {
            scroll.element("table", &[], |table| {
                table.template("<thead><tr><th scope=\"col\">Package</th><th scope=\"col\">Version</th><th scope=\"col\">Registry</th><th scope=\"col\">How it is known</th><th scope=\"col\" class=\"number\">Bytes</th><th scope=\"col\">Findings</th></tr></thead>\n");
                table.element("tbody", &[], |body| {
                    for row in rows.iter().take(MOST_PACKAGES) {
                        let mut one = Markup::default();
                        one.element("tr", &[], |cells| self::row(cells, row, regard, place));
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
            left_out(details, number - written, "package");
        }
    });
    markup
}

fn row(cells: &mut Markup, row: &Row<'_>, regard: &Regard<'_>, place: Place) {
    let Some(first) = row.ways.first() else { return };
    cells.leaf("th", &[("scope", "row"), ("title", &words::clipped(row.purl, MOST_NAME))], &words::clipped(&first.name, MOST_NAME));
    let version = match &first.version {
        Some(version) => version.clone(),
        None if first.candidates.is_empty() => "unknown".to_owned(),
        None => format!("one of {}", first.candidates.join(", ")),
    };
    cells.leaf("td", &[("class", "version")], &words::clipped(&version, MOST_NAME));
    cells.leaf("td", &[], first.ecosystem.as_str());
    let mut known: Vec<&str> = row.ways.iter().map(|package| package.relation.as_str()).collect();
    known.dedup();
    cells.leaf("td", &[], &known.join(", "));
    cells.leaf("td", &[("class", "number")], &if row.bytes > 0 { words::bytes(row.bytes) } else { "–".to_owned() });
    cells.element("td", &[], |cell| match regard.number(row.purl) {
        Some(number) => cell.leaf("a", &[("href", &format!("#{}", place.subject(number)))], &said(row.grades)),
        None => cell.text(&said(row.grades)),
    });
}

/// `2 denied, 1 warning`.
fn said(grades: Grades) -> String {
    let of = |level, word: &str| (grades.number(level), format!("{} {word}", grades.number(level)));
    let warnings = (grades.warn, words::count(grades.warn, "warning"));
    let parts = [of(Level::Deny, "denied"), of(Level::Incomplete, "not judged"), warnings, of(Level::Info, "for information")];
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}
