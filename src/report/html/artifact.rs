//! One artifact: what it is, what is inside, what is found, who signed it.

use super::super::{Call, Examined, Judged, words};
use super::aside::{set_aside, tables};
use super::block::{blocks, total};
use super::finding::Findings;
use super::markup::Markup;
use super::package::packages;
use super::picture::picture;
use super::regard::Regard;
use super::{Budget, MOST_NAME, MOST_TEXT, Place, mark, outcome_title};
use crate::model::{InventoryState, Level, Outcome, Provenance, ProvenanceState, SCOPE, Signer};

/// Layers, bounds, signers and statements that are named.
const MOST_NAMED: usize = 50;

/// The section of an artifact. Where there are several it has a heading of its own; where there is one, the page's is its.
pub(super) fn artifact(call: &Call, examined: &Examined, place: Place, several: bool, budget: &mut Budget) -> Markup {
    let mut markup = Markup::default();
    let class = format!("artifact {}", examined.outcome().as_str());
    markup.element("section", &[("id", &place.id("artifact")), ("class", &class)], |section| {
        if several {
            heading(section, &examined.name, examined.outcome());
        }
        match &examined.result {
            Err(error) => section.element("p", &[("class", "unread")], |unread| {
                unread.text("It could not be read: ");
                unread.prose(&words::clipped(error, MOST_TEXT));
            }),
            Ok(judged) => body(section, call, judged, place, several, budget),
        }
    });
    markup
}

fn heading(section: &mut Markup, name: &str, outcome: Outcome) {
    section.element("h2", &[("class", outcome.as_str())], |heading| {
        mark(heading, outcome.as_str());
        heading.leaf("span", &[("class", "name")], &words::clipped(name, MOST_NAME));
        heading.leaf("span", &[("class", "word")], outcome_title(outcome));
    });
}

fn body(section: &mut Markup, call: &Call, judged: &Judged, place: Place, several: bool, budget: &mut Budget) {
    let regard = Regard::of(judged);
    // What decides is written before what does not, so that it is first to have the room.
    let findings = Findings::new(call, judged, &regard, place);
    let deny = findings.level(Level::Deny, budget);
    let incomplete = findings.level(Level::Incomplete, budget);
    section.element("dl", &[("class", "facts")], |facts| identity(facts, judged));
    let blocks = blocks(judged, &regard);
    if total(&blocks) > 0 {
        let mut inside = Markup::default();
        picture(&mut inside, &blocks, &regard, place);
        if budget.take(false, inside.len()) {
            // Of many that passed the picture is one click away.
            if several && judged.verdict.outcome == Outcome::Pass {
                section.element("details", &[], |details| {
                    details.leaf("summary", &[], "What is inside");
                    details.append(&inside);
                });
            } else {
                section.leaf(place.heading(1), &[], "What is inside");
                section.append(&inside);
            }
        }
    }
    section.append(&deny);
    section.append(&incomplete);
    for level in [Level::Warn, Level::Info] {
        let findings = findings.level(level, budget);
        section.append(&findings);
    }
    if judged.verdict.findings.is_empty() {
        section.leaf("p", &[("class", "nothing")], "Nothing is found against it.");
    }
    section.append(&set_aside(call, judged, place, budget));
    section.append(&packages(judged, &regard, place, budget));
    section.append(&tables(judged, budget));
    section.append(&signature(&judged.facts.provenance));
}

/// A term and what it is.
fn fact(facts: &mut Markup, term: &str, content: impl FnOnce(&mut Markup)) {
    facts.element("div", &[], |pair| {
        pair.leaf("dt", &[], term);
        pair.element("dd", &[], content);
    });
}

fn identity(facts: &mut Markup, judged: &Judged) {
    let artifact = &judged.facts.artifact;
    let inventory = &judged.facts.inventory;
    fact(facts, "Findings", |dd| dd.text(&words::counts(&judged.verdict)));
    fact(facts, "Judged", |dd| {
        dd.text(&SCOPE.join(", "));
        match judged.state() {
            InventoryState::Complete => {}
            InventoryState::Bounded => dd.text("; what is not attributed lies within what the build names"),
            InventoryState::Incomplete => dd.text("; the inventory is incomplete"),
        }
    });
    let rest = words::not_judged(&inventory.not_judged);
    if !rest.is_empty() {
        fact(facts, "Not judged", |dd| dd.text(&rest));
    }
    fact(facts, "Artifact", |dd| {
        let files = words::count(inventory.files.len(), "file");
        let packages = words::count(inventory.packages.len(), "package");
        dd.text(&format!("{}, {}, {files}, {packages}", artifact.kind.as_str(), words::bytes(artifact.size)));
    });
    fact(facts, "Inside", |dd| dd.text(&words::shares(inventory)));
    fact(facts, "Signature", |dd| dd.text(&words::clipped(&words::signature(&judged.facts.provenance), MOST_TEXT)));
    fact(facts, "SHA-256", |dd| dd.leaf("code", &[], &artifact.sha256));
    if let Some(code) = &artifact.code_sha256 {
        fact(facts, "CodeSha256", |dd| dd.leaf("code", &[], code));
    }
    for layer in artifact.layers.iter().take(MOST_NAMED) {
        fact(facts, "With layer", |dd| named(dd, &layer.name, &layer.sha256));
    }
    for bound in inventory.bounds.iter().take(MOST_NAMED) {
        fact(facts, "Bounded by", |dd| {
            named(dd, &bound.name, &bound.sha256);
            dd.text(&format!(" {}", words::count(bound.packages, "package")));
        });
    }
}

/// A file of the operator's and its digest.
pub(super) fn named(markup: &mut Markup, name: &str, digest: &str) {
    markup.text(&words::clipped(name, MOST_NAME));
    markup.text(" ");
    markup.leaf("code", &[], digest);
}

fn signature(provenance: &Provenance) -> Markup {
    let mut markup = Markup::default();
    if provenance.state == ProvenanceState::Unsigned {
        return markup;
    }
    markup.element("details", &[], |details| {
        let state = match provenance.state {
            ProvenanceState::Refused => "Signature: refused",
            _ => "Signature: verified",
        };
        details.leaf("summary", &[], state);
        if !provenance.message.is_empty() {
            details.element("p", &[], |p| p.prose(&words::clipped(&provenance.message, MOST_TEXT)));
        }
        details.element("dl", &[("class", "facts")], |facts| {
            if !provenance.reason.is_empty() {
                fact(facts, "Reason", |dd| dd.leaf("code", &[], &words::clipped(&provenance.reason, MOST_NAME)));
            }
            for signer in provenance.signers.iter().take(MOST_NAMED) {
                fact(facts, "Signer", |dd| dd.text(&words::clipped(&signer.subject, MOST_TEXT)));
                signed(facts, signer);
            }
            for statement in provenance.statements.iter().take(MOST_NAMED) {
                fact(facts, "Statement", |dd| dd.text(&words::clipped(&statement.predicate_type, MOST_NAME)));
            }
        });
    });
    markup
}

fn signed(facts: &mut Markup, signer: &Signer) {
    if !signer.issuer.is_empty() {
        fact(facts, "Issuer", |dd| dd.text(&words::clipped(&signer.issuer, MOST_NAME)));
    }
    if !signer.time.is_empty() {
        fact(facts, "Signed at", |dd| dd.text(&words::clipped(&signer.time, MOST_NAME)));
    }
    for (name, claim) in signer.claims.iter().take(MOST_NAMED) {
        fact(facts, &words::clipped(name, MOST_NAME), |dd| dd.text(&words::clipped(claim, MOST_NAME)));
    }
}
