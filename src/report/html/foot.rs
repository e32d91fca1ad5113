//! What stands at the end of a report: what the rules are about, and what the artifacts were judged with.

use std::collections::BTreeSet;

use super::super::{Call, Closing, words};
use super::artifact::named;
use super::markup::Markup;

/// The page of every rule that a finding has.
pub(super) fn rules(markup: &mut Markup, call: &Call, used: &BTreeSet<String>) {
    if used.is_empty() {
        return;
    }
    markup.element("section", &[("id", "rules"), ("class", "rules")], |section| {
        section.leaf("h2", &[], "What the rules are about");
        section.element("p", &[("class", "lead")], |lead| {
            lead.text("The same text on the command line: ");
            lead.leaf("code", &[], "fngate explain RULE");
        });
        section.template("<div class=\"pages\">\n");
        for page in call.rules.iter().filter(|page| used.contains(&page.id)) {
            section.element("div", &[("id", &format!("rule-{}", page.id)), ("class", "rule")], |rule| {
                rule.element("h3", &[], |heading| heading.leaf("code", &[], &page.id));
                if !page.title.is_empty() {
                    rule.element("p", &[("class", "title")], |title| title.prose(&page.title));
                }
                for paragraph in page.page.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
                    let words: Vec<&str> = paragraph.split_whitespace().collect();
                    rule.element("p", &[], |p| p.prose(&words.join(" ")));
                }
            });
        }
        section.template("</div>\n");
    });
}

/// With what the artifacts were judged.
pub(super) fn footer(markup: &mut Markup, call: &Call, closing: &Closing) {
    markup.element("footer", &[], |footer| {
        footer.leaf("h2", &[], "Judged with");
        footer.element("dl", &[("class", "facts")], |facts| {
            let mut fact = |term: &str, content: &dyn Fn(&mut Markup)| {
                facts.element("div", &[], |pair| {
                    pair.leaf("dt", &[], term);
                    pair.element("dd", &[], |dd| content(dd));
                });
            };
            match &closing.advisories {
                None => fact("Advisories", &|dd| dd.text("none could be had")),
                Some(advisories) => {
                    fact("Advisories", &|dd| named(dd, &words::source(advisories), &advisories.digest));
                    if advisories.unreadable > 0 {
                        fact("Unreadable", &|dd| dd.text(&format!("{} of its records", advisories.unreadable)));
                    }
                    for feed in &advisories.feeds {
                        fact("With", &|dd| named(dd, &words::exploited(feed), &feed.digest));
                    }
                }
            }
            fact("Policies", &|dd| named(dd, "", &call.policy_digest));
            if !call.config_digest.is_empty() {
                fact("Configuration", &|dd| named(dd, "", &call.config_digest));
            }
            if let Some(baseline) = &call.baseline {
                fact("Baseline", &|dd| named(dd, &format!("{}, until {}", baseline.path, baseline.until), &baseline.digest));
            }
            for vex in &call.vex {
                fact("VEX", &|dd| named(dd, &vex.path, &vex.digest));
            }
            fact("By", &|dd| dd.text(&format!("fngate {}, {}", env!("CARGO_PKG_VERSION"), call.timestamp)));
        });
        footer.element("p", &[("class", "lead")], |lead| {
            lead.text("Digests are SHA-256. This page loads nothing and runs nothing. Programs read the same from ");
            lead.leaf("code", &[], "--report json=FILE");
            lead.text(".");
        });
    });
}
