//! One pass for all keywords, then only the rules that were hit, in windows around their hits.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::model::Confidence;

use super::allowlist::{Allowlist, Subject};
use super::assignment::{self, Assigned, Strength};
use super::check::{Check, Proof};
use super::load::RuleError;
use super::randomness;
use super::rule::{Finder, Rule};
use super::text::{Kind, Lines, Text};
use super::url;

/// Matches of one text that are kept; a text with more is its own finding.
pub(super) const MOST: usize = 1000;
/// Windows of a rule that are closer than this are searched as one.
const GAP: usize = 64;
/// The bytes a token's body may have.
const LONGEST_BODY: usize = 4096;

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
enum Action {
    Rule(usize),
    Assignment,
    Url,
}

/// The rules, ready to search.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) rules: Vec<Rule>,
    allowlists: Vec<Allowlist>,
    prefilter: AhoCorasick,
    actions: Vec<Vec<Action>>,
    /// Names of vendors, looked for around an assignment.
    vendors: AhoCorasick,
    vendor_rules: Vec<Vec<usize>>,
    /// Rules without a keyword.
    always: Vec<usize>,
    assignment: Option<usize>,
    urls: Vec<usize>,
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
        let mut search = Search { engine: self, text, hits: Vec::new(), windows: Vec::new(), last_window: HashMap::new(), name_end: 0 };
        search.prefilter();
        search.expressions();
        let mut hits = std::mem::take(&mut search.hits);
        hits.retain(|hit| search.stays(hit));
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
            (rule.generic, matches!(rule.finder, Finder::Vendor { .. }), hit.confidence, hit.rule)
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

/// One search of one text.
struct Search<'a> {
    engine: &'a Engine,
    text: &'a Text<'a>,
    hits: Vec<Hit>,
    windows: Vec<(usize, Range<usize>)>,
    last_window: HashMap<usize, usize>,
    /// Assignments before this place have been read.
    name_end: usize,
}

impl Search<'_> {
    /// Runs what needs no expression at once, and notes the windows of what does.
    fn prefilter(&mut self) {
        let bytes = self.text.bytes;
        for found in self.engine.prefilter.find_overlapping_iter(bytes) {
            let Some(actions) = self.engine.actions.get(found.pattern().as_usize()) else { continue };
            for &action in actions {
                match action {
                    Action::Rule(rule) => self.keyword(rule, found.range()),
                    Action::Assignment if self.text.kind == Kind::Text => self.assignment(found.range()),
                    Action::Url => self.url(found.start()),
                    Action::Assignment => {}
                }
            }
            if self.hits.len() > 64 * MOST {
                return;
            }
        }
        let whole = 0..bytes.len();
        self.engine.always.iter().for_each(|&rule| self.windows.push((rule, whole.clone())));
    }

    fn keyword(&mut self, index: usize, at: Range<usize>) {
        match &self.engine.rules[index].finder {
            Finder::Token { prefixes, body } => {
                if let Some(hit) = self.token(index, prefixes, body, at) {
                    self.hits.push(hit);
                }
            }
            Finder::Regex { window, .. } => {
                let length = self.text.bytes.len();
                let reach = window.map_or(0..length, |(before, behind)| at.start.saturating_sub(before)..length.min(at.end + behind));
                match self.last_window.get(&index).and_then(|&last| self.windows.get_mut(last)) {
                    Some((_, last)) if reach.start <= last.end + GAP => last.end = last.end.max(reach.end),
                    _ => {
                        self.last_window.insert(index, self.windows.len());
                        self.windows.push((index, reach));
                    }
                }
            }
            _ => {}
        }
    }

    fn token(&self, index: usize, prefixes: &[String], body: &super::pattern::Pattern, at: Range<usize>) -> Option<Hit> {
        let bytes = self.text.bytes;
        let prefix = &bytes[at.clone()];
        let text = self.text.kind == Kind::Text;
        if !prefixes.iter().any(|known| known.as_bytes() == prefix) || (text && !is_left_edge(bytes, at.start)) {
            return None;
        }
        let reach = &bytes[at.end..bytes.len().min(at.end + LONGEST_BODY)];
        let found = body.program()?.find(reach)?;
        let end = at.end + found.end();
        let goes_on = bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let secret = at.start..end;
        if (text && goes_on) || !randomness::is_random_token(&bytes[at.end..end]) {
            return None;
        }
        let confidence = self.proven(index, &secret, &secret)?;
        // In a binary nothing delimits a short prefix: there it takes a proof, or a body that looks drawn.
        let sure = text || prefix.len() >= 4 && (confidence == Confidence::High || randomness::score(&bytes[secret.clone()]) > 12.0);
        sure.then(|| Hit { rule: index, name: secret.start..secret.start, matched: secret.clone(), secret, confidence })
    }

    fn url(&mut self, mark: usize) {
        let bytes = self.text.bytes;
        let Some(found) = url::around(bytes, mark) else { return };
        let scheme = bytes[found.scheme.clone()].to_ascii_lowercase();
        let named = |rule: &&usize| matches!(&self.engine.rules[**rule].finder, Finder::Url { schemes } if schemes.iter().any(|known| known.as_bytes() == scheme));
        let other = |rule: &&usize| matches!(&self.engine.rules[**rule].finder, Finder::Url { schemes } if schemes.is_empty());
        let Some(&rule) = self.engine.urls.iter().find(named).or_else(|| self.engine.urls.iter().find(other)) else { return };
        let confidence = if found.weak { Confidence::Low } else { self.engine.rules[rule].confidence };
        self.hits.push(Hit { rule, secret: found.password, matched: found.whole, confidence, name: found.user });
    }

    fn assignment(&mut self, word: Range<usize>) {
        if word.start < self.name_end {
            return;
        }
        let Some(found) = assignment::around(self.text.bytes, word.clone()) else { return };
        let vendor = self.vendor(&found);
        if vendor || !found.loose {
            self.name_end = found.name.end;
        }
        if vendor || found.loose || self.text.lock {
            return;
        }
        let Some(rule) = self.engine.assignment else { return };
        let bytes = self.text.bytes;
        let strength = assignment::judge(&bytes[found.name.clone()], &bytes[found.value.clone()], found.quoted, self.text.config);
        let confidence = match strength {
            Some(Strength::Strong) => Confidence::Medium,
            Some(Strength::Weak) => Confidence::Low,
            None => return,
        };
        self.hits.push(Hit { rule, matched: found.name.start..found.value.end, secret: found.value, confidence, name: found.name });
    }

    /// Whether the value has the format of a vendor that is named around it.
    fn vendor(&mut self, found: &Assigned) -> bool {
        let bytes = self.text.bytes;
        let value = &bytes[found.value.clone()];
        if value.len() < 8 || self.text.lock || !value.iter().all(u8::is_ascii_graphic) || !randomness::is_varied(value) {
            return false;
        }
        let low = found.name.start.saturating_sub(64);
        let context = &bytes[low..found.value.start];
        for name in self.engine.vendors.find_overlapping_iter(context) {
            if !is_word_start(context, name.start()) {
                continue;
            }
            for &rule in self.engine.vendor_rules.get(name.pattern().as_usize()).into_iter().flatten() {
                let Finder::Vendor { value: shape } = &self.engine.rules[rule].finder else { continue };
                if !shape.is_match(value) || randomness::is_mask(value) && !randomness::is_random_key(value) {
                    continue;
                }
                if let Some(mut confidence) = self.proven(rule, &found.value, &found.value) {
                    if !randomness::is_random_key(value) || randomness::is_placeholder(value) {
                        confidence = confidence.max(Confidence::Low);
                    }
                    let matched = low + name.start()..found.value.end;
                    self.hits.push(Hit { rule, secret: found.value.clone(), matched, confidence, name: found.name.clone() });
                    return true;
                }
            }
        }
        false
    }

    /// The confidence that the rule's check leaves, `None` where it refutes the match.
    fn proven(&self, index: usize, secret: &Range<usize>, matched: &Range<usize>) -> Option<Confidence> {
        let rule = &self.engine.rules[index];
        let Some(check) = rule.check else { return Some(rule.confidence) };
        let proof: Proof = check.run(&self.text.bytes[secret.clone()], self.text.bytes, matched.end);
        proof.confidence(check, rule.confidence)
    }

    /// Runs the expressions over the windows that were noted.
    fn expressions(&mut self) {
        for (index, window) in std::mem::take(&mut self.windows) {
            let rule = &self.engine.rules[index];
            let Finder::Regex { pattern, group, .. } = &rule.finder else { continue };
            let Some(program) = pattern.program() else { continue };
            if rule.path.as_ref().is_some_and(|path| !path.is_match(self.text.path.as_bytes())) {
                continue;
            }
            if rule.allowlists.iter().any(|entry| entry.covers_file(self.text.path)) {
                continue;
            }
            let part = &self.text.bytes[window.clone()];
            for found in program.captures_iter(part) {
                let Some(whole) = found.get(0) else { continue };
                let Some((matched, secret)) = places(program, part, whole.range(), &found, *group, rule.custom) else { continue };
                let shift = |range: Range<usize>| range.start + window.start..range.end + window.start;
                let (matched, secret) = (shift(matched), shift(secret));
                let secret = if matches!(rule.check, Some(Check::Pem)) { matched.start..pem_end(self.text.bytes, matched.end) } else { secret };
                if !rule.custom && !randomness::is_random_token(&self.text.bytes[secret.clone()]) {
                    continue;
                }
                if let Some(confidence) = self.proven(index, &secret, &matched) {
                    self.hits.push(Hit { rule: index, name: secret.start..secret.start, secret, matched, confidence });
                }
                if self.hits.len() > 64 * MOST {
                    return;
                }
            }
        }
    }

    /// The filters that gitleaks has: entropy and allowlists.
    fn stays(&self, hit: &Hit) -> bool {
        let rule = &self.engine.rules[hit.rule];
        let bytes = self.text.bytes;
        let secret = &bytes[hit.secret.clone()];
        if rule.entropy > 0.0 && randomness::shannon(secret) <= rule.entropy {
            return false;
        }
        if rule.allowlists.is_empty() && self.engine.allowlists.is_empty() {
            return true;
        }
        let line = self.text.line(hit.matched.start, hit.matched.end);
        let subject = Subject { path: self.text.path, secret, matched: &bytes[hit.matched.clone()], line };
        !rule.allowlists.iter().chain(&self.engine.allowlists).any(|entry| entry.covers(&subject))
    }
}

/// The places of the match and of its secret: a group by number, or the first that took part, or all of it. A rule of the
/// operator is matched again on the match alone, as gitleaks does, which moves what `^`, `$` and `\b` see.
fn places(
    program: &regex::bytes::Regex,
    part: &[u8],
    whole: Range<usize>,
    found: &regex::bytes::Captures<'_>,
    group: usize,
    again: bool,
) -> Option<(Range<usize>, Range<usize>)> {
    let text = &part[whole.clone()];
    let lead = text.iter().take_while(|&&byte| byte == b'\n').count();
    let tail = text[lead..].iter().rev().take_while(|&&byte| byte == b'\n').count();
    let matched = whole.start + lead..whole.end - tail;
    let pick = |captures: &regex::bytes::Captures<'_>, base: usize| {
        let first = || (1..captures.len()).find_map(|at| captures.get(at).filter(|group| !group.is_empty()));
        let chosen = if group > 0 { captures.get(group) } else { first() };
        chosen.map(|group| base + group.start()..base + group.end())
    };
    let secret =
        if again { program.captures(&part[matched.clone()]).and_then(|captures| pick(&captures, matched.start)) } else { pick(found, 0) };
    let secret = secret.unwrap_or_else(|| matched.clone());
    (!secret.is_empty()).then_some((matched, secret))
}

/// Where a private key's block ends, as far as it is there.
fn pem_end(text: &[u8], from: usize) -> usize {
    let reach = &text[from..text.len().min(from + (24 << 10))];
    memchr::memmem::find(reach, b"-----").map_or(from + reach.len().min(64), |at| from + at)
}

/// Whether a token may begin at `at`: behind no letter or digit, unless that ends an escape (`\n`, `%3D`, `\u003d`).
fn is_left_edge(text: &[u8], at: usize) -> bool {
    let back = |n: usize| at.checked_sub(n).and_then(|at| text.get(at)).copied();
    match back(1) {
        // `video.ico-…`: the end of a name.
        Some(b'.') => !back(2).is_some_and(|byte| byte.is_ascii_alphanumeric()),
        Some(byte) if byte.is_ascii_alphanumeric() => {
            (back(2) == Some(b'\\') && matches!(byte, b'n' | b'r' | b't'))
                || back(3) == Some(b'%')
                || (back(6) == Some(b'\\') && back(5) == Some(b'u'))
        }
        _ => true,
    }
}

/// Whether a word of an identifier begins at `at`.
fn is_word_start(text: &[u8], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| text.get(before)) {
        Some(before) => !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && text.get(at).is_some_and(u8::is_ascii_uppercase)),
        None => true,
    }
}
