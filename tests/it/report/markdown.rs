//! `markdown`: a summary that nothing in an artifact can forge, and that is never too large to be shown.

use fngate::model::{Finding, Ignored, Known, Level, Severity};
use fngate::report::Examined;
use insta::assert_snapshot;

use super::accused::{self, TEXTS};
use super::{Run, run, written};
use crate::policy::sample;

#[test]
fn a_pass() {
    assert_snapshot!(written("markdown", &run(vec![sample::clean()])));
}

#[test]
fn a_denial() {
    assert_snapshot!(written("markdown", &run(vec![sample::grave()])));
}

#[test]
fn what_could_not_be_judged() {
    assert_snapshot!(written("markdown", &run(vec![sample::unseen()])));
}

#[test]
fn several_artifacts_and_one_that_cannot_be_read() {
    let mut run = run(vec![sample::clean(), sample::unseen(), sample::grave()]);
    let result = Err("cannot read the artifact: permission denied".to_owned());
    run.artifacts.push(Examined { name: "secret.zip".to_owned(), result });
    assert_snapshot!(written("markdown", &run));
}

#[test]
fn what_does_not_count_is_shown_with_its_reason_and_day() {
    let mut run = run(vec![sample::with_vulnerability(Severity::High)]);
    let verdict = &mut run.artifacts[0].result.as_mut().unwrap().verdict;
    let finding = verdict.findings.remove(0);
    verdict.known.push(Known { finding: finding.clone(), until: "2026-12-31".to_owned() });
    let expires = Some("2027-01-31".to_owned());
    verdict.ignored.push(Ignored { finding, reason: "template() is not used".to_owned(), expires });
    let text = written("markdown", &run);
    for part in ["Known, not counted (1)", "not counted until 2026-12-31", "Ignored (1)", "until 2027-01-31: template() is not used"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

/// That every line is of a kind the template has, that what is opened is closed, and that outside of code nothing links or calls.
fn check(text: &str) {
    let mut open = 0_usize;
    for line in text.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        match line {
            "<details>" => open += 1,
            "</details>" => open -= 1,
            "" => {}
            _ if line.starts_with("<summary>") => assert!(line.ends_with("</summary>") && open == 1, "{line}"),
            _ => {
                let kinds =
                    ["- ", "  - ", "| ", "|---", "## ", "### ", "#### ", "It could not be read: ", "deny: ", "incomplete: ", "**This"];
                assert!(kinds.iter().any(|kind| line.starts_with(kind)), "{line}");
                assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            }
        }
        // Escaped backticks would not be paired; what the template writes is.
        let outside: String = line.split('`').step_by(2).collect();
        let bare = outside.replace("\\](", "").replace("<br />", "").replace("<summary>", "").replace("</summary>", "");
        let bare = bare.replace("<details>", "").replace("</details>", "").replace("](https://osv.dev/vulnerability/", "");
        assert!(!bare.contains(['<', '>', '@']) && !bare.contains("](") && !bare.contains("://") && !bare.contains("www."), "{line}");
    }
    assert_eq!(open, 0);
}

#[test]
fn whatever_an_artifact_says_is_text() {
    for text in TEXTS.iter().filter(|text| text.matches('`').count() % 2 == 0) {
        let markdown = written("markdown", &accused::run_of(text));
        check(&markdown);
        assert!(markdown.starts_with("## ✕ Denied: 2 artifacts\n"), "{markdown}");
        assert_eq!(markdown.lines().filter(|line| line.starts_with("## ")).count(), 1);
        let columns = |line: &str| line.matches('|').count();
        let rows: Vec<&str> = markdown.lines().filter(|line| line.starts_with('|')).collect();
        assert!(rows.len() == 4 && rows.iter().all(|row| columns(row) == 8), "{rows:?}");
    }
    let long = written("markdown", &accused::run_of(&"|".repeat(10_000)));
    assert!(long.len() < 60_000, "{}", long.len());
}

fn many(number: usize, level: Level, message: &str) -> Run {
    let mut run = run(vec![sample::with_vulnerability(Severity::High)]);
    let verdict = &mut run.artifacts[0].result.as_mut().unwrap().verdict;
    let one = verdict.findings[0].clone();
    verdict.findings = (0..number)
        .map(|number| Finding { level, subject: format!("pkg:npm/x@{number}"), message: message.to_owned(), ..one.clone() })
        .collect();
    run
}

#[test]
fn it_is_never_too_large_and_what_decides_stays_longest() {
    let mut run = many(20_000, Level::Deny, "äöü decides");
    run.artifacts.insert(0, many(40, Level::Warn, "only warns").artifacts.remove(0));
    let text = written("markdown", &run);
    assert!(text.len() <= 1_000_000 && text.len() > 900_000, "{}", text.len());
    check(&text);
    let shown = text.matches("decides<br />").count();
    assert!(shown > 3_000);
    assert!(!text.contains("only warns"));
    let note = format!("Left out are findings: {} denied, 40 with warnings", 20_000 - shown);
    assert!(text.contains(&note), "{note}: {}", &text[..600]);
    assert!(text.ends_with("</details>\n"));

    let few = written("markdown", &many(200, Level::Deny, "decides"));
    assert_eq!(few.matches("decides<br />").count(), 200);
    assert!(!few.contains("cut to"));
}

#[test]
fn very_many_artifacts_are_a_table_that_ends() {
    let mut run = run(vec![sample::clean()]);
    run.artifacts = vec![run.artifacts[0].clone(); 6_000];
    run.artifacts.push(Examined { name: "last.zip".to_owned(), result: Err("no".to_owned()) });
    let text = written("markdown", &run);
    assert!(text.len() <= 1_000_000, "{}", text.len());
    check(&text);
    assert!(text.contains("? Could not be judged | `last.zip`") && text.contains("It could not be read: no"));
    assert!(text.contains("artifacts in the table: "));
}
