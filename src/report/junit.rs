//! `junit`: findings as tests, for whatever shows tests.
//!
//! There is no standard; the form is that of Ant's JUnit task as Jenkins' and GitLab's readers take it. Text is that of XML 1.0
//! (fifth edition, production 2, `Char`): what it forbids is written out. An artifact is a suite, a finding a test: what is denied has
//! failed, what could not be judged is an error, what is known or ignored was skipped, everything else has passed with a word. A suite
//! without a test would look like nothing done, so that what passes has a test which says so.

use std::io::{self, Write};
use std::sync::Arc;

use super::case::{Case, Prints, with_cases};
use super::place::{Place, Site, Sites, shown};
use super::spool::Spool;
use super::{Call, Closing, Examined, Report, Reporter, words};
use crate::model::{Level, Outcome, SCOPE, escaped};

/// Characters of a text.
const MOST_TEXT: usize = 2_000;

/// The JUnit report.
pub(super) struct JUnit;

impl Reporter for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn begin(&self, call: &Arc<Call>) -> Box<dyn Report> {
        Box::new(Suites { call: Arc::clone(call), sites: Sites::default(), spool: Spool::new(), counts: Counts::default() })
    }
}

/// A report under construction.
struct Suites {
    call: Arc<Call>,
    sites: Sites,
    spool: Spool,
    counts: Counts,
}

/// How many tests came to what.
#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn attributes(self) -> String {
        let Self { tests, failures, errors, skipped } = self;
        format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"0\"")
    }

    fn add(&mut self, other: Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
    }
}

impl Report for Suites {
    fn add(&mut self, examined: &Examined) -> io::Result<()> {
        let site = self.sites.site(&self.call, examined);
        let name = text(&shown(&site.key));
        let mut suite = Suite { name: &name, counts: Counts::default(), body: Spool::new() };
        with_cases(examined, |cases| {
            let mut prints = Prints::default();
            for case in &cases {
                let print = prints.print(&site, &examined.name, case.finding);
                suite.finding(case, &examined.name, &site.place(&self.call, case.finding), &print)?;
            }
            suite.pass(examined, &site)
        })?;
        let Suite { counts, body, .. } = suite;
        self.counts.add(counts);
        let time = text(self.call.timestamp.get(..19).unwrap_or_default());
        writeln!(self.spool, "  <testsuite name=\"{name}\" {} timestamp=\"{time}\">", counts.attributes())?;
        body.pour(&mut self.spool)?;
        writeln!(self.spool, "  </testsuite>")
    }

    fn finish(self: Box<Self>, _closing: &Closing, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(out, "<testsuites name=\"fngate\" {}>", self.counts.attributes())?;
        self.spool.pour(out)?;
        writeln!(out, "</testsuites>")
    }
}

/// The tests of one artifact.
struct Suite<'a> {
    name: &'a str,
    counts: Counts,
    body: Spool,
}

impl Suite<'_> {
    fn finding(&mut self, case: &Case<'_>, artifact: &str, place: &Place, print: &str) -> io::Result<()> {
        let finding = case.finding;
        let message = text(&case.sentence(artifact, place, MOST_TEXT));
        let help = case.help(MOST_TEXT);
        let rule = text(&words::cut(&escaped(&finding.rule), 255));
        let said = if help.is_empty() { message.clone() } else { format!("{message}\nfix: {}", text(&help)) };
        let inner = match (case.excuse(), finding.level) {
            (Some(excuse), _) => {
                self.counts.skipped += 1;
                format!("<skipped message=\"{}\"/>\n      <system-out>{said}</system-out>", text(&excuse))
            }
            (None, Level::Deny) => {
                self.counts.failures += 1;
                format!("<failure message=\"{message}\" type=\"{rule}\">{said}</failure>")
            }
            (None, Level::Incomplete) => {
                self.counts.errors += 1;
                format!("<error message=\"{message}\" type=\"{rule}\">{said}</error>")
            }
            (None, level) => format!("<system-out>{}: {said}</system-out>", level.as_str()),
        };
        // Readers know a test by its name, so that no two of a suite may share one.
        let subject = if finding.subject == artifact { "" } else { &finding.subject };
        let place_of = finding.path.as_deref().filter(|path| *path != subject).unwrap_or_default();
        let words: Vec<&str> =
            [finding.rule.as_str(), &finding.advisory, subject, place_of].into_iter().filter(|word| !word.is_empty()).collect();
        let name = format!("{} [{}]", shown(&words.join(" ")), print.get(..8).unwrap_or_default());
        self.test(&text(&name), &text(&shown(&place.file)), &inner)
    }

    /// The test of what passes.
    fn pass(&mut self, examined: &Examined, site: &Site) -> io::Result<()> {
        let Some(judged) = examined.result.as_ref().ok().filter(|_| examined.outcome() == Outcome::Pass) else { return Ok(()) };
        let rest = words::not_judged(&judged.facts.inventory.not_judged);
        let rest = if rest.is_empty() { String::new() } else { format!("; not judged: {rest}") };
        let said = format!("<system-out>pass ({}){}</system-out>", SCOPE.join(", "), text(&escaped(&rest)));
        self.test("everything in scope was judged, and nothing objects", &text(&shown(&site.path)), &said)
    }

    fn test(&mut self, name: &str, file: &str, inner: &str) -> io::Result<()> {
        self.counts.tests += 1;
        writeln!(self.body, "    <testcase classname=\"{}\" name=\"{name}\" file=\"{file}\" time=\"0\">", self.name)?;
        writeln!(self.body, "      {inner}")?;
        writeln!(self.body, "    </testcase>")
    }
}

/// Text as XML has it between tags and in attributes.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}' => out.push(c),
            _ => out.extend(c.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn what_xml_forbids_is_written_out() {
        assert_eq!(text("a<b>&\"'c"), "a&lt;b&gt;&amp;&quot;&apos;c");
        assert_eq!(text("\u{0}\u{b}\t\u{fffe}\u{ffff}"), "\\u{0}\\u{b}\\u{9}\\u{fffe}\\u{ffff}");
        assert_eq!(text("]]>é漢\u{1f600}"), "]]&gt;é漢\u{1f600}");
    }
}
