//! `fngate explain [RULE]`: the page of a rule, of a kind of problem, of a refusal's reason, or of what the gate says about itself.

use std::io::{self, Write};
use std::path::PathBuf;

use super::handbook;
use anyhow::{anyhow, bail};
use fngate::model::{ProblemClass, ProblemKind};
use fngate::policy::{Policies, REMARKS};
use fngate::report::RulePage;

/// Options of `fngate explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A rule or a kind of problem; without it, all of them are listed
    rule: Option<String>,
    /// A policy of your own whose rules are explained too: a file, or a folder with everything below
    #[arg(long, value_name = "PATH")]
    policy: Vec<PathBuf>,
    /// Write every page as one Markdown document
    #[arg(long, value_name = "WHICH", conflicts_with_all = ["rule", "policy"])]
    document: Option<Document>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Document {
    /// Rules of policies, kinds of problems, reasons of signatures
    Rules,
    /// Rules of the secret scanner
    SecretRules,
}

/// One page.
struct Page {
    id: String,
    title: String,
    text: String,
    from: String,
}

pub(crate) fn run(args: &Args, problems: &[&[&'static ProblemKind]]) -> anyhow::Result<u8> {
    if let Some(document) = args.document {
        let text = match document {
            Document::Rules => handbook::rules()?,
            Document::SecretRules => handbook::secret_rules()?,
        };
        io::stdout().write_all(text.as_bytes())?;
        return Ok(0);
    }
    let pages = pages(&args.policy, problems)?;
    let text = match &args.rule {
        None => listed(&pages),
        Some(rule) => match pages.iter().find(|page| &page.id == rule) {
            Some(page) => written(page),
            None => match detail(rule)? {
                Some(page) => written(&page),
                None => bail!(unknown(rule, pages.iter().map(|page| page.id.as_str()))),
            },
        },
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(0)
}

/// What stands in a finding's details and is too much for the list: the reasons of signatures, the rules of the secret scanner.
fn detail(id: &str) -> anyhow::Result<Option<Page>> {
    if let Some(reason) = fngate::signature::reason(id) {
        let from = "a reason why a signature does not stand".to_owned();
        return Ok(Some(Page { id: id.to_owned(), title: reason.title.to_owned(), text: reason.page.to_owned(), from }));
    }
    let scanner = fngate::secret::Scanner::builtin()?;
    Ok(scanner.rules().iter().find(|rule| rule.id() == id).map(|rule| {
        let help = if rule.help().is_empty() { super::secrets::HELP } else { rule.help() };
        Page {
            id: id.to_owned(),
            title: rule.description().to_owned(),
            text: help.to_owned(),
            from: "a rule of the secret scanner".to_owned(),
        }
    }))
}

/// The page of every rule that a finding may have.
pub(super) fn rules(policies: &Policies) -> Vec<RulePage> {
    let rule = |page: Page| RulePage { id: page.id, title: page.title, page: page.text };
    pages_of(policies, fngate::PROBLEMS).into_iter().map(rule).collect()
}

fn pages(policies: &[PathBuf], problems: &[&[&'static ProblemKind]]) -> anyhow::Result<Vec<Page>> {
    Ok(pages_of(&super::policy::load(policies)?, problems))
}

fn pages_of(policies: &Policies, problems: &[&[&'static ProblemKind]]) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for rule in policies.rules() {
        let text = if rule.page.is_empty() { "The policy says nothing about it.".to_owned() } else { rule.page.clone() };
        pages.push(Page { id: rule.id.clone(), title: rule.title.clone(), text, from: format!("a rule of {}", rule.policy) });
    }
    for (id, title, text) in REMARKS {
        pages.push(Page {
            id: (*id).to_owned(),
            title: (*title).to_owned(),
            text: (*text).to_owned(),
            from: "a warning of the gate".to_owned(),
        });
    }
    for kind in problems.iter().flat_map(|stage| stage.iter()) {
        let from = match kind.class {
            ProblemClass::Unseen => "a problem of the class unseen: incomplete, and nothing excuses it but its removal",
            ProblemClass::Unattributed => "a problem of the class unattributed: incomplete, unless it is accepted",
            ProblemClass::OutOfScope => "a problem of the class out of scope: a warning, or incomplete with `completeness = \"strict\"`",
        };
        pages.push(Page { id: kind.id.to_owned(), title: kind.title.to_owned(), text: kind.page.to_owned(), from: from.to_owned() });
    }
    pages.sort_by(|a, b| a.id.cmp(&b.id));
    pages
}

fn listed(pages: &[Page]) -> String {
    let width = pages.iter().map(|page| page.id.len()).max().unwrap_or_default();
    pages.iter().map(|page| format!("{:width$}  {}", page.id, page.title).trim_end().to_owned() + "\n").collect()
}

fn written(page: &Page) -> String {
    let mut text = format!("{}\n{}\n", page.id, page.title);
    for paragraph in page.text.split("\n\n") {
        text.push('\n');
        text.push_str(&folded(paragraph));
    }
    format!("{text}\n{}", folded(&format!("({})", page.from)))
}

/// Lines of at most 80 characters.
fn folded(paragraph: &str) -> String {
    let mut text = String::new();
    let mut length = 0;
    for word in paragraph.split_whitespace() {
        let own = word.chars().count();
        if length > 0 && length + 1 + own > 80 {
            text.push('\n');
            length = 0;
        } else if length > 0 {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += own;
    }
    text.push('\n');
    text
}

/// The complaint about a rule that does not exist, with the nearest that does.
fn unknown<'a>(rule: &str, known: impl Iterator<Item = &'a str>) -> anyhow::Error {
    let nearest = known.map(|id| (distance(rule, id), id)).min();
    match nearest.filter(|(distance, id)| *distance <= id.len() / 2) {
        Some((_, id)) => anyhow!("there is no rule `{rule}`; did you mean `{id}`? (`fngate explain` lists them all)"),
        None => anyhow!("there is no rule `{rule}` (`fngate explain` lists them all)"),
    }
}

/// How many letters must be inserted, removed or changed to make one word the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (number, theirs) in b.chars().enumerate() {
        let mut diagonal = number;
        let mut left = number + 1;
        for (ours, cell) in a.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            left = (diagonal + usize::from(*ours != theirs)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = number + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("hihg", "high", 2), ("abc", "abc", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_is_suggested_and_the_far_is_not() {
        let known = || ["vulnerability-high", "secret-exposed"].into_iter();
        assert!(unknown("vulnerability-hihg", known()).to_string().contains("did you mean `vulnerability-high`?"));
        assert!(!unknown("zzz", known()).to_string().contains("did you mean"));
    }

    #[test]
    fn every_page_has_a_title_and_words_and_no_two_share_a_name() {
        let pages = pages(&[], &[]).unwrap();
        assert!(pages.iter().all(|page| !page.title.is_empty() && page.text.len() > 40));
        assert!(pages.windows(2).all(|pair| pair[0].id != pair[1].id));
        assert!(listed(&pages).lines().all(|line| line.len() <= 110), "{}", listed(&pages));
    }
}
