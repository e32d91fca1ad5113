//! The pages of every rule as Markdown: `docs/rules.md` and `docs/secret-rules.md` are what this writes.

use std::fmt::Write as _;

use fngate::model::ProblemClass;
use fngate::policy::{Policies, REMARKS, RulePage, Settings};
use fngate::secret::Scanner;
use fngate::signature::REASONS;

/// Every rule of the built-in policies, every kind of problem, what the gate says of the operator's words, and why a signature may
/// not stand.
pub(super) fn rules() -> anyhow::Result<String> {
    let mut text = String::from(
        "# Rules\n\nWritten by `fngate explain --document rules`: change the policies and the kinds of problems, not this file. \
         `fngate explain RULE` shows one page.\n",
    );
    let policies = Policies::load(Settings::default(), &[])?;
    text.push_str(
        "\n## What the policies say\n\nTheir levels are the defaults; [configuration.md](configuration.md) says what moves them.\n",
    );
    for RulePage { id, title, page, policy } in policies.rules() {
        entry(&mut text, id, title, page, &format!("policy `{policy}`"));
    }
    let classes = [
        (ProblemClass::Unseen, "What could not be seen", "Incomplete. Nothing excuses it but its removal."),
        (
            ProblemClass::Unattributed,
            "What could not be attributed",
            "Incomplete, unless evidence from the build completes or bounds it, or it is accepted.",
        ),
        (ProblemClass::OutOfScope, "What is out of scope", "A warning; incomplete with `completeness = \"strict\"`."),
    ];
    for (class, heading, means) in classes {
        let _ = write!(text, "\n## {heading}\n\n{means}\n");
        let mut kinds: Vec<_> = fngate::PROBLEMS.iter().flat_map(|stage| stage.iter()).filter(|kind| kind.class == class).collect();
        kinds.sort_by_key(|kind| kind.id);
        for kind in kinds {
            entry(&mut text, kind.id, kind.title, kind.page, "");
        }
    }
    text.push_str("\n## What the gate says of your own words\n\nWarnings, but for `policy-failed`, which is incomplete.\n");
    for (id, title, page) in REMARKS {
        entry(&mut text, id, title, page, "");
    }
    text.push_str("\n## Why a signature does not stand\n\nThe reasons that `signature-refused` and `fngate verify` give.\n");
    for reason in REASONS {
        entry(&mut text, reason.code, reason.title, reason.page, "");
    }
    Ok(text)
}

fn entry(text: &mut String, id: &str, title: &str, page: &str, from: &str) {
    let _ = write!(text, "\n### {id}\n\n**{}**", plain(title));
    if !from.is_empty() {
        let _ = write!(text, " ({from})");
    }
    text.push('\n');
    for paragraph in page.split("\n\n") {
        let _ = write!(text, "\n{}\n", plain(paragraph.trim()));
    }
}

/// The rules of the secret scanner that ship, a line each.
pub(super) fn secret_rules() -> anyhow::Result<String> {
    let scanner = Scanner::builtin()?;
    let mut text = String::from(
        "# Secret rules\n\nWritten by `fngate explain --document secret-rules`: change `src/secret/rules/`, not this file. What is \
         searched, and what lowers a finding: [secrets.md](secrets.md).\n\n",
    );
    let _ = writeln!(
        text,
        "{} rules. *High*: structure or checksum prove the format. *Medium*: the format is right. *Low*: a guess.\n",
        scanner.rules().len()
    );
    text.push_str("| rule | finds | confidence |\n|---|---|---|\n");
    let mut rules: Vec<_> = scanner.rules().iter().collect();
    rules.sort_by_key(|rule| rule.id());
    for rule in rules {
        let _ = writeln!(text, "| `{}` | {} | {:?} |", rule.id(), plain(rule.description()).replace('|', "\\|"), rule.confidence());
    }
    Ok(text)
}

/// A text of ours in Markdown: what stands in backticks stays, and of the rest nothing becomes a tag.
fn plain(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    let pieces =
        pieces.map(|(number, piece)| if number % 2 == 0 { piece.replace('<', "&lt;").replace('*', "\\*") } else { piece.to_owned() });
    pieces.collect::<Vec<_>>().join("`")
}
