//! `github`: annotations, as many as the runner takes.

use fngate::model::Level;

use super::{everything, with_findings, written};

#[test]
fn every_state() {
    insta::assert_snapshot!(written("github", &everything()));
}

#[test]
fn there_are_at_most_ten_of_a_kind_and_the_last_counts() {
    let kinds = |number: usize, level: fn(usize) -> Level| {
        let text = written("github", &with_findings(number, |number, finding| finding.level = level(number)));
        let count = |kind: &str| text.lines().filter(|line| line.starts_with(kind)).count();
        ([count("::error "), count("::warning "), count("::notice ")], text)
    };
    assert_eq!(kinds(10, |_| Level::Warn).0, [0, 10, 0]);
    let (counts, text) = kinds(40, |number| if number % 2 == 0 { Level::Incomplete } else { Level::Deny });
    assert_eq!(counts, [10, 0, 0]);
    assert!(text.ends_with("::error title=fngate::and more: 11 denied, 20 could not be judged; the JSON report has all\n"), "{text}");
    let (counts, text) = kinds(13, |number| if number < 3 { Level::Deny } else { Level::Incomplete });
    assert_eq!(counts, [10, 0, 0]);
    assert!(text.ends_with("and more: 4 could not be judged; the JSON report has all\n"), "{text}");
}
