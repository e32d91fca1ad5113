//! One pass for all keywords, then only the rules that were hit, in windows around their hits.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::{Confidence, SecretLevel};

use super::allowlist::Allowlist;
use super::assignment;
use super::keyword::Keywords;
use super::letters::lowered;
use super::load::RuleError;
use super::rule::{Finder, Rule};
use super::search::{Outcome, Search};
use super::text::{Lines, Text};

/// Matches of one text that are kept; a text with more is its own finding.
pub(super) const MOST: usize = 1000;

/// A match in a text: places only.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) rule: usize,
    pub(super) secret: Range<usize>,
    pub(super) matched: Range<usize>,
    /// Where the match begins, with the newlines that `matched` lacks.
    pub(super) begin: usize,
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
    pub(super) keywords: Keywords,
    pub(super) actions: Vec<Vec<Action>>,
    /// Names of vendors, looked for around an assignment.
    pub(super) vendors: AhoCorasick,
    pub(super) vendor_rules: Vec<Vec<usize>>,
    /// Rules without a keyword.
    pub(super) always: Vec<usize>,
    pub(super) assignment: Option<usize>,
    pub(super) urls: Vec<usize>,
    /// There are rules of the operator.
    pub(super) custom: bool,
    /// One of them has a keyword with letters beyond ASCII.
    pub(super) letters: bool,
}

impl Engine {
    pub(super) fn new(rules: Vec<Rule>, allowlists: Vec<Allowlist>) -> Result<Self, RuleError> {
        let mut actions: HashMap<String, Vec<Action>> = HashMap::new();
        let mut vendors: HashMap<String, Vec<usize>> = HashMap::new();
        let (mut always, mut urls, mut assignment) = (Vec::new(), Vec::new(), None);
        for (index, rule) in rules.iter().enumerate() {
            match &rule.finder {
                Finder::Regex { .. } if rule.keywords.is_empty() => always.push(index),
                // To gitleaks an empty word is nowhere.
                Finder::Regex { .. } => rule.keywords.iter().filter(|word| !word.is_empty()).for_each(|word| {
                    actions.entry(word.clone()).or_default().push(Action::Rule(index));
                }),
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
        let (keywords, actions) = keywords(&rules, actions);
        let (vendors, vendor_rules) = automaton(vendors)?;
        let custom = rules.iter().any(|rule| rule.custom);
        let letters = rules.iter().any(|rule| rule.custom && !rule.keywords.iter().all(|word| word.is_ascii()));
        Ok(Self { rules, allowlists, keywords, actions, vendors, vendor_rules, always, assignment, urls, custom, letters })
    }

    /// Every match in `text`, in order; `true` where there were more than [`MOST`].
    pub(super) fn search(&self, text: &Text<'_>) -> (Vec<Hit>, bool) {
        if self.allowlists.iter().any(|entry| entry.covers_file(text.path)) {
            return (Vec::new(), false);
        }
        let Outcome { mut hits, parts, full } = Search::new(self, text).run();
        self.composed(text, &mut hits, &parts);
        let overflow = full || hits.len() > MOST;
        (self.settled(text, hits), overflow)
    }

    /// The rule of that id.
    pub(super) fn named(&self, id: &str) -> Option<usize> {
        self.rules.iter().position(|rule| rule.id == id)
    }

    /// The rules of which the file itself is a finding, by its path; `first` is the beginning of its content.
    pub(super) fn files<'a>(&'a self, path: &'a str, content: &[u8], first: bool) -> Vec<&'a Rule> {
        let files = self.rules.iter().filter(|rule| matches!(rule.finder, Finder::File) && !rule.skip_report);
        let mut found: Vec<&Rule> = files
            .filter(|rule| first || (rule.custom && !rule.keywords.is_empty()))
            .filter(|rule| self.is_file(rule, path))
            .filter(|rule| !rule.custom || has_keyword(rule, content))
            .collect();
        if found.is_empty() || self.allowlists.iter().any(|entry| entry.covers_file(path)) {
            return Vec::new();
        }
        if found.iter().any(|rule| rule.custom && !rule.generic) {
            found.retain(|rule| !rule.custom || !rule.generic);
        }
        found
    }

    fn is_file(&self, rule: &Rule, path: &str) -> bool {
        rule.path.as_ref().is_some_and(|pattern| pattern.is_match(path.as_bytes()))
            && !rule.allowlists.iter().any(|entry| entry.covers_file(path))
    }

    /// Keeps the matches whose required others are near, and drops those that only serve as parts.
    fn composed(&self, text: &Text<'_>, hits: &mut Vec<Hit>, parts: &HashSet<usize>) {
        let is_part = |hit: &Hit| self.rules[hit.rule].skip_report || parts.contains(&hit.rule);
        if !hits.iter().any(|hit| is_part(hit) || !self.rules[hit.rule].required.is_empty()) {
            return;
        }
        hits.sort_by_key(|hit| (hit.begin, hit.rule));
        let mut places: HashMap<usize, Vec<(i64, i64)>> = HashMap::new();
        let mut lines = Lines::new(text.bytes);
        for hit in &*hits {
            places.entry(hit.rule).or_default().push(place(&mut lines, hit.begin));
        }
        let mut near: HashMap<usize, Vec<bool>> = HashMap::new();
        for (&index, from) in &places {
            let rule = &self.rules[index];
            if rule.required.is_empty() || rule.skip_report || parts.contains(&index) {
                continue;
            }
            let mut all = vec![true; from.len()];
            let ids: HashSet<&str> = rule.required.iter().map(|required| required.id.as_str()).collect();
            for id in ids {
                let other = self.named(id);
                // A file is at no place of itself.
                let file =
                    other.filter(|&other| matches!(self.rules[other].finder, Finder::File) && self.is_file(&self.rules[other], text.path));
                let to =
                    if file.is_some() { vec![(0, 0)] } else { other.and_then(|other| places.get(&other)).cloned().unwrap_or_default() };
                // Of several bounds for one rule, one is enough.
                let mut any = vec![false; from.len()];
                for required in rule.required.iter().filter(|required| required.id == id) {
                    let some = within(from, &to, required.within_lines, required.within_columns);
                    any.iter_mut().zip(some).for_each(|(any, some)| *any |= some);
                }
                all.iter_mut().zip(any).for_each(|(all, any)| *all &= any);
            }
            near.insert(index, all);
        }
        let mut near: HashMap<usize, std::vec::IntoIter<bool>> = near.into_iter().map(|(rule, near)| (rule, near.into_iter())).collect();
        hits.retain(|hit| !is_part(hit) && near.get_mut(&hit.rule).is_none_or(|near| near.next().unwrap_or(false)));
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
        self.without_echoes(text, &mut customs, &kept);
        kept.extend(customs);
        if kept.len() > MOST {
            // The gravest stay.
            kept.sort_by_key(|hit| self.level(hit));
            kept.truncate(MOST);
        }
        kept.sort_by_key(|hit| (hit.secret.start, hit.rule));
        kept
    }

    /// How grave a match is by its rule and by how sure it is.
    pub(super) fn level(&self, hit: &Hit) -> SecretLevel {
        self.rules[hit.rule].level.unwrap_or(if hit.confidence == Confidence::Low { SecretLevel::Warn } else { SecretLevel::Deny })
    }

    /// gitleaks drops a finding of a rule called `generic` where the secret of another on the same line has it in it.
    fn without_echoes(&self, text: &Text<'_>, hits: &mut Vec<Hit>, builtin: &[Hit]) {
        if !hits.iter().any(|hit| self.rules[hit.rule].generic) {
            return;
        }
        // Every one of them may have to be compared with every other, and no more are listed.
        hits.truncate(2 * MOST);
        let mut order: Vec<&Hit> = hits.iter().chain(builtin.iter().take(2 * MOST)).collect();
        order.sort_by_key(|hit| hit.begin);
        let mut lines = Lines::new(text.bytes);
        let mut specific: HashMap<i64, HashSet<&[u8]>> = HashMap::new();
        let mut line_of: HashMap<usize, i64> = HashMap::new();
        for hit in order {
            let (line, _) = place(&mut lines, hit.begin);
            line_of.insert(hit.begin, line);
            if !self.rules[hit.rule].generic {
                specific.entry(line).or_default().insert(&text.bytes[hit.secret.clone()]);
            }
        }
        hits.retain(|hit| {
            let others = line_of.get(&hit.begin).and_then(|line| specific.get(line)).filter(|_| self.rules[hit.rule].generic);
            let secret = &text.bytes[hit.secret.clone()];
            !others.is_some_and(|others| others.iter().any(|other| memchr::memmem::find(other, secret).is_some()))
        });
    }
}

/// Where gitleaks says that a match begins: behind a newline it counts from the newline, and a newline is the beginning of the
/// line behind it.
fn place(lines: &mut Lines<'_>, begin: usize) -> (i64, i64) {
    let (line, column) = lines.of(begin + 1);
    (i64::from(line), i64::from(column) - i64::from(line == 1))
}

/// For each of `from`, which are in order as `to` is, whether one of `to` is as near as the bounds say.
fn within(from: &[(i64, i64)], to: &[(i64, i64)], lines: Option<i64>, columns: Option<i64>) -> Vec<bool> {
    let (mut low, mut high) = (0, 0);
    let mut reached: BTreeMap<i64, usize> = BTreeMap::new();
    let is_near = |&(line, column): &(i64, i64)| {
        let (first, last) = lines.map_or((i64::MIN, i64::MAX), |most| (line.saturating_sub(most), line.saturating_add(most)));
        while let Some(&(_, column)) = to.get(high).filter(|(line, _)| *line <= last) {
            *reached.entry(column).or_default() += 1;
            high += 1;
        }
        while let Some(&(_, column)) = to.get(low).filter(|(line, _)| low < high && *line < first) {
            if let Some(count) = reached.get_mut(&column) {
                *count -= 1;
                if *count == 0 {
                    reached.remove(&column);
                }
            }
            low += 1;
        }
        if first > last {
            return false;
        }
        let (left, right) = columns.map_or((i64::MIN, i64::MAX), |most| (column.saturating_sub(most), column.saturating_add(most)));
        left <= right && reached.range(left..=right).next().is_some()
    };
    from.iter().map(is_near).collect()
}

/// Whether one of the rule's keywords is in the text, where it has any.
fn has_keyword(rule: &Rule, content: &[u8]) -> bool {
    let words: Vec<&[u8]> = rule.keywords.iter().filter(|word| !word.is_empty()).map(String::as_bytes).collect();
    if rule.keywords.is_empty() {
        return !content.is_empty();
    }
    let lower = lowered(content);
    words.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// The keywords, ready to be looked for, and what each sets off. The beginning of a token counts in its own spelling only.
fn keywords(rules: &[Rule], actions: HashMap<String, Vec<Action>>) -> (Keywords, Vec<Vec<Action>>) {
    let mut pairs: Vec<(String, Vec<Action>)> = actions.into_iter().collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let prefixes = |action: &Action| match action {
        Action::Rule(index) => match &rules[*index].finder {
            Finder::Token { prefixes, .. } => Some(prefixes),
            _ => None,
        },
        _ => None,
    };
    let spellings = |word: &str, actions: &[Action]| {
        let tokens: Option<Vec<_>> = actions.iter().map(prefixes).collect();
        tokens.into_iter().flatten().flatten().map(String::as_str).filter(|prefix| prefix.eq_ignore_ascii_case(word)).collect()
    };
    let found = Keywords::new(pairs.iter().map(|(word, actions)| (word.as_str(), spellings(word, actions))));
    (found, pairs.into_iter().map(|(_, actions)| actions).collect())
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
