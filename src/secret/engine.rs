//! One pass for all keywords, then only the rules that were hit, in windows around their hits.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::Confidence;

use super::allowlist::Allowlist;
use super::assignment;
use super::load::RuleError;
use super::rule::{Finder, Rule};
use super::search::Search;
use super::text::{Lines, Text};

/// Matches of one text that are kept; a text with more is its own finding.
pub(super) const MOST: usize = 1000;

/// A match in a text: places only.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) rule: usize,
    pub(super) secret: Range<usize>,
    pub(super) matched: Range<usize>,
    pub(super) confidence: Confidence,
    /// The name the secret is assigned to, or the user and host of a URL.
    pub(super) name: Range<usize>,
}

/// What a keyword sets off.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Rule(usize),
    Assignment,
    Url,
}

/// The rules, ready to search.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) rules: Vec<Rule>,
    pub(super) allowlists: Vec<Allowlist>,
    pub(super) prefilter: AhoCorasick,
    pub(super) actions: Vec<Vec<Action>>,
    /// Names of vendors, looked for around an assignment.
    pub(super) vendors: AhoCorasick,
    pub(super) vendor_rules: Vec<Vec<usize>>,
    /// Rules without a keyword.
    pub(super) always: Vec<usize>,
    pub(super) assignment: Option<usize>,
    pub(super) urls: Vec<usize>,
}

impl Engine {
    pub(super) fn new(rules: Vec<Rule>, allowlists: Vec<Allowlist>) -> Result<Self, RuleError> {
        let mut actions: HashMap<String, Vec<Action>> = HashMap::new();
        let mut vendors: HashMap<String, Vec<usize>> = HashMap::new();
        let (mut always, mut urls, mut assignment) = (Vec::new(), Vec::new(), None);
        for (index, rule) in rules.iter().enumerate() {
            match &rule.finder {
                Finder::Regex { .. } if rule.keywords.is_empty() => always.push(index),
                Finder::Regex { .. } => {
                    rule.keywords.iter().for_each(|word| actions.entry(word.clone()).or_default().push(Action::Rule(index)))
                }
                Finder::Token { prefixes, .. } => {
                    prefixes.iter().for_each(|prefix| actions.entry(prefix.to_ascii_lowercase()).or_default().push(Action::Rule(index)));
                }
                Finder::Vendor { .. } => rule.keywords.iter().for_each(|name| vendors.entry(name.clone()).or_default().push(index)),
                Finder::Assignment => assignment = Some(index),
                Finder::Url { .. } => urls.push(index),
                Finder::File => {}
            }
        }
        if !vendors.is_empty() || assignment.is_some() {
            assignment::WORDS.iter().for_each(|word| actions.entry((*word).to_owned()).or_default().push(Action::Assignment));
        }
        if !urls.is_empty() {
            actions.entry("://".to_owned()).or_default().push(Action::Url);
        }
        let (prefilter, actions) = automaton(actions)?;
        let (vendors, vendor_rules) = automaton(vendors)?;
        Ok(Self { rules, allowlists, prefilter, actions, vendors, vendor_rules, always, assignment, urls })
    }

    /// Every match in `text`, in order; `true` where there were more than [`MOST`].
    pub(super) fn search(&self, text: &Text<'_>) -> (Vec<Hit>, bool) {
        if self.allowlists.iter().any(|entry| entry.covers_file(text.path)) {
            return (Vec::new(), false);
        }
        let mut hits = Search::new(self, text).run();
        let overflow = hits.len() > MOST;
        self.composed(text, &mut hits);
        (self.settled(text, hits), overflow)
    }

    /// Keeps the matches whose required others are near, and drops those that only serve as parts.
    fn composed(&self, text: &Text<'_>, hits: &mut Vec<Hit>) {
        if !hits.iter().any(|hit| self.rules[hit.rule].skip_report || !self.rules[hit.rule].required.is_empty()) {
            return;
        }
        hits.sort_by_key(|hit| (hit.matched.start, hit.rule));
        let mut lines = Lines::new(text.bytes);
        let places: Vec<(&str, u32, u32)> = hits
            .iter()
            .map(|hit| (self.rules[hit.rule].id.as_str(), lines.of(hit.matched.start)))
            .map(|(id, (line, column))| (id, line, column))
            .collect();
        let near = |at: usize| {
            let (_, line, column) = places[at];
            self.rules[hits[at].rule].required.iter().all(|required| {
                places.iter().any(|&(id, other_line, other_column)| {
                    id == required.id
                        && required.within_lines.is_none_or(|most| line.abs_diff(other_line) <= most)
                        && required.within_columns.is_none_or(|most| column.abs_diff(other_column) <= most)
                })
            })
        };
        let keep: Vec<bool> = (0..hits.len()).map(|at| !self.rules[hits[at].rule].skip_report && near(at)).collect();
        let mut keep = keep.iter();
        hits.retain(|_| keep.next().copied().unwrap_or(true));
    }

    /// One match a place: of overlapping ones the surest; a generic one never beside another on the same value.
    fn settled(&self, text: &Text<'_>, mut hits: Vec<Hit>) -> Vec<Hit> {
        let rank = |hit: &Hit| {
            let rule = &self.rules[hit.rule];
            (rule.generic, matches!(rule.finder, Finder::Vendor { .. } | Finder::Url { .. }), hit.confidence, hit.rule)
        };
        hits.sort_by(|a, b| (a.secret.start, a.secret.end).cmp(&(b.secret.start, b.secret.end)).then_with(|| rank(a).cmp(&rank(b))));
        let mut kept: Vec<Hit> = Vec::with_capacity(hits.len().min(MOST));
        let mut customs: Vec<Hit> = Vec::new();
        for hit in hits {
            if self.rules[hit.rule].custom {
                if customs.last().is_none_or(|last| last.rule != hit.rule || last.secret != hit.secret) {
                    customs.push(hit);
                }
                continue;
            }
            match kept.last_mut() {
                Some(last) if hit.secret.start < last.secret.end => {
                    if rank(&hit) < rank(last) {
                        *last = hit;
                    }
                }
                _ => kept.push(hit),
            }
        }
        self.without_echoes(text, &mut customs);
        kept.extend(customs);
        kept.sort_by_key(|hit| (hit.secret.start, hit.rule));
        kept.truncate(MOST);
        kept
    }

    /// gitleaks drops a finding of a rule called `generic` where another on the same line has the secret in it.
    fn without_echoes(&self, text: &Text<'_>, hits: &mut Vec<Hit>) {
        let specific: Vec<Range<usize>> = hits.iter().filter(|hit| !self.rules[hit.rule].generic).map(|hit| hit.matched.clone()).collect();
        hits.retain(|hit| {
            !self.rules[hit.rule].generic
                || !specific.iter().any(|other| {
                    let (low, high) = (other.start.min(hit.matched.start), other.start.max(hit.matched.start));
                    memchr::memchr(b'\n', &text.bytes[low..high]).is_none()
                        && memchr::memmem::find(&text.bytes[other.clone()], &text.bytes[hit.secret.clone()]).is_some()
                })
        });
    }
}

/// A case-insensitive DFA over the keys, and the values in the order of its patterns.
fn automaton<T>(map: HashMap<String, Vec<T>>) -> Result<(AhoCorasick, Vec<Vec<T>>), RuleError> {
    let mut pairs: Vec<(String, Vec<T>)> = map.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let (words, values): (Vec<String>, Vec<Vec<T>>) = pairs.into_iter().unzip();
    let built = AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(&words);
    let automaton = built.map_err(|fault| RuleError::Meaning { rule: "keywords".to_owned(), fault: fault.to_string() })?;
    Ok((automaton, values))
}
