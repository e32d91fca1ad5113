//! Every rule that ships finds its examples through the whole scanner and leaves its counter-examples.

use std::collections::HashSet;

use super::{builtin, path, scan};

#[test]
fn every_rule_finds_its_examples_and_leaves_its_counter_examples() {
    let mut faults = Vec::new();
    for rule in builtin().rules() {
        let file = rule.id().starts_with("file-");
        let found = |text: &str| {
            let found = if file { builtin().scan(&path(text), b"") } else { scan(text) };
            found.secrets.iter().any(|secret| secret.rule == rule.id())
        };
        if rule.examples().is_empty() || rule.counter_examples().is_empty() {
            faults.push(format!("{}: no example or no counter-example", rule.id()));
        }
        faults.extend(rule.examples().iter().filter(|text| !found(text)).map(|text| format!("{} missed {text}", rule.id())));
        faults.extend(rule.counter_examples().iter().filter(|text| found(text)).map(|text| format!("{} found {text}", rule.id())));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn ids_are_unique_and_kebab_case_and_every_rule_has_a_page() {
    let rules = builtin().rules();
    let ids: HashSet<&str> = rules.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), rules.len());
    assert!(rules.len() >= 200);
    for rule in rules {
        assert!(rule.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", rule.id());
        assert!(rule.page().starts_with(rule.id()) && !rule.description().is_empty());
    }
}
