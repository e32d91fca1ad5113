//! The search of one text: the prefilter's hits, the windows around them, the filters behind them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use regex::bytes::{Captures, Regex};

use crate::model::Confidence;

use super::allowlist::Subject;
use super::assignment::{self, Assigned};
use super::candidate::{self, Strength, Surroundings};
use super::check::{Check, Proof};
use super::engine::{Action, Engine, Hit, MOST};
use super::letters;
use super::pattern::Pattern;
use super::randomness;
use super::rule::Finder;
use super::text::{Kind, Text};
use super::url;

/// Windows of a rule that are closer than this are searched as one.
const GAP: usize = 64;
/// The bytes a token's body may have.
const LONGEST_BODY: usize = 4096;
/// Letters of base64 around a token that make a run of it.
const ENCODED: usize = 256;
/// The text around an assignment that is looked at.
const NEAR: usize = 160;
/// Matches of one text that are kept for what is made of them later.
const HELD: usize = 64 * MOST;
/// How much of a line an allowlist sees before and behind a match, in steps of this.
const LINE: usize = 64 << 10;

/// One search of one text.
pub(super) struct Search<'a> {
    engine: &'a Engine,
    text: &'a Text<'a>,
    hits: Vec<Hit>,
    windows: Vec<(usize, Range<usize>)>,
    last_window: HashMap<usize, usize>,
    /// Assignments before this place have been read.
    name_end: usize,
    /// There were more matches than are held.
    full: bool,
}

/// What a search found.
pub(super) struct Outcome {
    /// Every match that no filter drops, in no order.
    pub(super) hits: Vec<Hit>,
    /// Rules that were searched with for the sake of others only.
    pub(super) parts: HashSet<usize>,
    /// Whether there were more matches than are held.
    pub(super) full: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(engine: &'a Engine, text: &'a Text<'a>) -> Self {
        Self { engine, text, hits: Vec::new(), windows: Vec::new(), last_window: HashMap::new(), name_end: 0, full: false }
    }

    pub(super) fn run(mut self) -> Outcome {
        self.prefilter();
        self.lowered();
        self.expressions();
        let parts = self.parts();
        Outcome { hits: self.hits, parts, full: self.full }
    }

    /// Takes a match, unless a filter drops it.
    fn take(&mut self, hit: Hit) {
        if self.stays(&hit) {
            self.hits.push(hit);
            self.full |= self.hits.len() > HELD;
        }
    }

    /// Runs what needs no expression at once, and notes the windows of what does.
    fn prefilter(&mut self) {
        let (engine, bytes) = (self.engine, self.text.bytes);
        engine.keywords.each(bytes, &mut |word, place| {
            for &action in engine.actions.get(word).into_iter().flatten() {
                match action {
                    Action::Rule(rule) => self.keyword(rule, place.clone()),
                    Action::Assignment if self.text.kind == Kind::Text => self.assignment(place.clone()),
                    Action::Url => self.url(place.start),
                    Action::Assignment => {}
                }
            }
            !self.full
        });
        if self.full {
            return;
        }
        let whole = 0..bytes.len();
        self.engine.always.iter().for_each(|&rule| self.windows.push((rule, whole.clone())));
    }

    /// The keywords of the operator's rules once more, in a text that has them only in lower case beyond ASCII.
    fn lowered(&mut self) {
        let (engine, bytes) = (self.engine, self.text.bytes);
        if !engine.custom || bytes.is_ascii() || !(engine.letters || letters::hides_ascii(bytes)) {
            return;
        }
        let lower = letters::lowered(bytes);
        let mut seen = HashSet::new();
        engine.keywords.each(&lower, &mut |word, _| {
            let actions = engine.actions.get(word).filter(|_| seen.insert(word));
            for action in actions.into_iter().flatten() {
                if let Action::Rule(rule) = *action
                    && engine.rules[rule].custom
                    && matches!(engine.rules[rule].finder, Finder::Regex { window: None, .. })
                {
                    self.keyword(rule, 0..0);
                }
            }
            true
        });
    }

    fn keyword(&mut self, index: usize, at: Range<usize>) {
        match &self.engine.rules[index].finder {
            Finder::Token { prefixes, body } => {
                if let Some(hit) = self.token(index, prefixes, body, at) {
                    self.take(hit);
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

    fn token(&self, index: usize, prefixes: &[String], body: &Pattern, at: Range<usize>) -> Option<Hit> {
        let bytes = self.text.bytes;
        let prefix = &bytes[at.clone()];
        let text = self.text.kind == Kind::Text;
        let is_other = !prefixes.iter().any(|known| known.as_bytes() == prefix);
        if is_other || (text && !is_left_edge(bytes, at.start)) || is_digest(&bytes[..at.start]) {
            return None;
        }
        // `test_prf_no_warnings`: a prefix that ends like a word of a name, within one.
        let within = ends_word(prefix) && at.start.checked_sub(1).is_some_and(|before| ends_word(&bytes[before..before + 1]));
        let reach = &bytes[at.end..bytes.len().min(at.end + LONGEST_BODY)];
        let found = body.program()?.find(reach)?;
        let end = at.end + found.end();
        let goes_on = bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let secret = at.start..end;
        let body = &bytes[at.end..end];
        // A format that proves itself by its shape may have a dull body.
        let sure = self.engine.rules[index].confidence == Confidence::High;
        let varied = if sure { randomness::is_varied(body) } else { randomness::is_random_token(body) };
        if (text && goes_on) || !varied {
            return None;
        }
        // Hexadecimal throughout: the stretch of a checksum, which the letters of a prefix happen to begin.
        if secret.len() >= 32 && bytes[secret.clone()].iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let mut confidence = self.proven(index, &secret, &secret)?;
        let proves = confidence == Confidence::High && self.engine.rules[index].check.is_some();
        if !proves && (within || prefix.len() <= 2 || !text && prefix.ends_with(b"_")) && !randomness::is_drawn(&bytes[at.end..end]) {
            return None;
        }
        // Within a longer run of letters (a mangled symbol, an encoded font) a format without a proof is a guess.
        let is_within = goes_on && at.start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric());
        if !text && is_within && confidence != Confidence::High {
            confidence = Confidence::Low;
        }
        if confidence != Confidence::High && is_encoded(bytes, &secret) {
            // What the encoded bytes hold is searched once they are decoded.
            if !text {
                return None;
            }
            confidence = Confidence::Low;
        }
        // In a binary nothing delimits a short prefix: there it takes a proof, or a body that looks drawn.
        let body = &bytes[at.end..end];
        let drawn = confidence == Confidence::High || randomness::score(&bytes[secret.clone()]) > 12.0 || randomness::is_random_key(body);
        let delimited = !goes_on && at.start.checked_sub(1).is_none_or(|before| !bytes[before].is_ascii_alphanumeric());
        let marked = prefix.len() >= 3 && !prefix.iter().all(u8::is_ascii_alphanumeric) || delimited;
        let stands = text || drawn && (prefix.len() >= 4 || proves || marked && randomness::is_drawn(body));
        let name = secret.start..secret.start;
        stands.then(|| Hit { rule: index, name, matched: secret.clone(), begin: secret.start, secret, confidence })
    }

    fn url(&mut self, mark: usize) {
        let bytes = self.text.bytes;
        let Some(found) = url::around(bytes, mark) else { return };
        // What began in the open has been read as it stands: `http://user%40mail:password@host`.
        let begin = &bytes[found.scheme.start..found.user.end.min(found.user.start + 4)];
        if memchr::memmem::find(self.text.raw, begin).is_some() {
            return;
        }
        let scheme = bytes[found.scheme.clone()].to_ascii_lowercase();
        let named = |rule: &&usize| matches!(&self.engine.rules[**rule].finder, Finder::Url { schemes } if schemes.iter().any(|known| known.as_bytes() == scheme));
        let other = |rule: &&usize| matches!(&self.engine.rules[**rule].finder, Finder::Url { schemes } if schemes.is_empty());
        let Some(&rule) = self.engine.urls.iter().find(named).or_else(|| self.engine.urls.iter().find(other)) else { return };
        let confidence = if found.weak { Confidence::Low } else { self.engine.rules[rule].confidence };
        let begin = found.whole.start;
        self.take(Hit { rule, secret: found.password, matched: found.whole, begin, confidence, name: found.user });
    }

    fn assignment(&mut self, word: Range<usize>) {
        if word.start < self.name_end {
            return;
        }
        let Some(found) = assignment::around(self.text.bytes, word) else { return };
        let vendor = self.vendor(&found);
        if vendor || !found.loose {
            self.name_end = found.name.end;
        }
        if vendor || found.loose || self.text.lock {
            return;
        }
        let Some(rule) = self.engine.assignment else { return };
        let bytes = self.text.bytes;
        let place = Surroundings {
            before: &bytes[found.name.start.saturating_sub(NEAR)..found.name.start],
            around: &bytes[found.name.start.saturating_sub(NEAR)..bytes.len().min(found.value.end + NEAR)],
            config: self.text.config,
        };
        let strength = candidate::judge(&bytes[found.name.clone()], &bytes[found.value.clone()], found.quoted, place);
        // Of a list of strings one names the next by chance too.
        let gap = &bytes[found.name.end..found.value.start];
        let listed = gap.contains(&b',') && !gap.iter().any(|byte| matches!(byte, b':' | b'='));
        let confidence = match strength {
            Some(Strength::Strong) => Confidence::Medium,
            Some(Strength::Weak) if listed => return,
            Some(Strength::Weak) => Confidence::Low,
            None => return,
        };
        let (begin, matched) = (found.name.start, found.name.start..found.value.end);
        self.take(Hit { rule, matched, begin, secret: found.value, confidence, name: found.name });
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
                if randomness::is_name(value) {
                    continue;
                }
                if let Some(mut confidence) = self.proven(rule, &found.value, &found.value) {
                    if !randomness::is_random_key(value) || randomness::is_placeholder(value) {
                        confidence = confidence.max(Confidence::Low);
                    }
                    let matched = low + name.start()..found.value.end;
                    let begin = matched.start;
                    self.take(Hit { rule, secret: found.value.clone(), matched, begin, confidence, name: found.name.clone() });
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
            self.expression(index, window);
        }
    }

    fn expression(&mut self, index: usize, window: Range<usize>) {
        let rule = &self.engine.rules[index];
        let Finder::Regex { pattern, pooled, .. } = &rule.finder else { return };
        let pattern = pooled.as_ref().filter(|_| self.text.kind == Kind::Binary).unwrap_or(pattern);
        let Some(program) = pattern.program() else { return };
        let path = self.text.path;
        if rule.path.as_ref().is_some_and(|pattern| !pattern.is_match(path.as_bytes()))
            || rule.allowlists.iter().any(|entry| entry.covers_file(path))
        {
            return;
        }
        let part = &self.text.bytes[window.clone()];
        let shift = |range: Range<usize>| range.start + window.start..range.end + window.start;
        let group = usize::try_from(rule.group).unwrap_or(0);
        if rule.custom {
            let mut at = 0;
            while at <= part.len() && !self.full {
                let Some(found) = program.find_at(part, at) else { break };
                at = behind(part, at, found.end());
                let begin = window.start + found.start();
                let Some((matched, secret)) = own_places(program, part, found.range(), group) else { continue };
                self.matched(index, shift(matched), shift(secret), begin);
            }
            return;
        }
        for found in program.captures_iter(part) {
            if self.full {
                return;
            }
            let Some(whole) = found.get(0) else { continue };
            let Some((matched, secret)) = places(part, whole.range(), &found, group) else { continue };
            let (matched, secret) = (shift(matched), shift(secret));
            let pem = matches!(rule.check, Some(Check::Pem));
            let secret = if pem { matched.start..pem_end(self.text.bytes, matched.end) } else { secret };
            let judged_whole = matches!(rule.check, Some(Check::Pem | Check::Structure(_)));
            if judged_whole || randomness::is_random_token(&self.text.bytes[secret.clone()]) {
                let begin = matched.start;
                self.matched(index, matched, secret, begin);
            }
        }
    }

    fn matched(&mut self, index: usize, matched: Range<usize>, secret: Range<usize>, begin: usize) {
        if let Some(confidence) = self.proven(index, &secret, &matched) {
            self.take(Hit { rule: index, name: secret.start..secret.start, secret, matched, begin, confidence });
        }
    }

    /// Searches for what the rules that have matched require, whether or not its keywords are there.
    fn parts(&mut self) -> HashSet<usize> {
        let rules = &self.engine.rules;
        let matched: HashSet<usize> = self.hits.iter().map(|hit| hit.rule).filter(|&rule| !rules[rule].required.is_empty()).collect();
        let wanted = matched.iter().flat_map(|&rule| &rules[rule].required).filter_map(|part| self.engine.named(&part.id));
        let ran: HashSet<usize> = self.last_window.keys().chain(&self.engine.always).copied().collect();
        let parts: HashSet<usize> = wanted.filter(|part| rules[*part].custom && !ran.contains(part)).collect();
        let whole = 0..self.text.bytes.len();
        parts.iter().for_each(|&part| self.expression(part, whole.clone()));
        parts
    }

    /// The filters that gitleaks has: entropy and allowlists.
    fn stays(&self, hit: &Hit) -> bool {
        let rule = &self.engine.rules[hit.rule];
        let bytes = self.text.bytes;
        let secret = &bytes[hit.secret.clone()];
        let entropy = if rule.custom { letters::entropy } else { randomness::shannon };
        if rule.entropy != 0.0 && entropy(secret) <= rule.entropy {
            return false;
        }
        if rule.allowlists.is_empty() && self.engine.allowlists.is_empty() {
            return true;
        }
        let line = if rule.custom { line(bytes, hit) } else { self.text.line(hit.matched.start, hit.matched.end) };
        let subject = Subject { path: self.text.path, secret, matched: &bytes[hit.matched.clone()], line };
        !rule.allowlists.iter().chain(&self.engine.allowlists).any(|entry| entry.covers(&subject))
    }
}

/// The lines of a match as gitleaks shows them to an allowlist: from the newline before, which is part of them, to the one
/// behind. Where the match begins with newlines, the end is counted as if it did not.
fn line<'a>(bytes: &'a [u8], hit: &Hit) -> &'a [u8] {
    let end = hit.begin + hit.matched.len();
    let low = (hit.begin / LINE).saturating_sub(1) * LINE;
    let from = memchr::memrchr(b'\n', &bytes[low..bytes.len().min(hit.begin + 1)]).map_or(low, |at| low + at);
    let high = bytes.len().min((end / LINE + 2) * LINE);
    let to = memchr::memchr(b'\n', &bytes[end..high]).map_or(high, |at| end + at);
    &bytes[from..to]
}

/// The places of the match and of its secret: a group by number, or the first that took part, or all of it.
fn places(part: &[u8], whole: Range<usize>, found: &Captures<'_>, group: usize) -> Option<(Range<usize>, Range<usize>)> {
    let matched = trimmed(part, whole);
    let secret = picked(found, group).unwrap_or_else(|| matched.clone());
    (!secret.is_empty()).then_some((matched, secret))
}

/// The same for a rule of the operator, which is matched again on the match alone, as gitleaks does: that moves what `^`, `$` and
/// `\b` see. A group by number that took no part leaves a finding without a secret, which is one all the same.
fn own_places(program: &Regex, part: &[u8], whole: Range<usize>, group: usize) -> Option<(Range<usize>, Range<usize>)> {
    let matched = trimmed(part, whole);
    if matched.is_empty() {
        return None;
    }
    let again = if group > 0 || program.captures_len() > 1 { program.captures(&part[matched.clone()]) } else { None };
    let secret = match again {
        Some(found) => match picked(&found, group) {
            Some(secret) => matched.start + secret.start..matched.start + secret.end,
            None if group > 0 => matched.start..matched.start,
            None => matched.clone(),
        },
        None => matched.clone(),
    };
    Some((matched, secret))
}

/// Where the search goes on that began at `at` and found a match up to `end`: at least one character further.
fn behind(text: &[u8], at: usize, end: usize) -> usize {
    let here = text.get(at..text.len().min(at + 4)).unwrap_or_default();
    let first = here.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    end.max(at + first.map_or(1, char::len_utf8))
}

/// Without the newlines at both ends.
fn trimmed(part: &[u8], whole: Range<usize>) -> Range<usize> {
    let text = &part[whole.clone()];
    let lead = text.iter().take_while(|&&byte| byte == b'\n').count();
    let tail = text[lead..].iter().rev().take_while(|&&byte| byte == b'\n').count();
    whole.start + lead..whole.end - tail
}

fn picked(found: &Captures<'_>, group: usize) -> Option<Range<usize>> {
    let first = || (1..found.len()).find_map(|at| found.get(at).filter(|group| !group.is_empty()));
    let chosen = if group > 0 { found.get(group) } else { first() };
    chosen.map(|group| group.range())
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

/// Whether bytes end like a word of a name.
fn ends_word(bytes: &[u8]) -> bool {
    matches!(bytes.last(), Some(b'_' | b'-'))
}

/// Whether what stands before says that a digest follows: `sha256=` of RECORD, `sha512-` of SRI.
fn is_digest(before: &[u8]) -> bool {
    let tail = &before[before.len().saturating_sub(7)..];
    [&b"sha256"[..], b"sha384", b"sha512"].iter().any(|name| tail.starts_with(name)) && matches!(tail.last(), Some(b'=' | b'-' | b':'))
}

/// Whether a token lies in a long run of base64, as programs carry WebAssembly and fonts: in the megabytes of it that Node.js has
/// built in, every short prefix occurs by chance.
fn is_encoded(text: &[u8], token: &Range<usize>) -> bool {
    let is_letter = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let before = text[..token.start].iter().rev().take(ENCODED).take_while(is_letter).count();
    let behind = text[token.end..].iter().take(ENCODED).take_while(is_letter).count();
    before + behind >= ENCODED
}

/// Whether a word of an identifier begins at `at`.
fn is_word_start(text: &[u8], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| text.get(before)) {
        Some(before) => !before.is_ascii_alphabetic() || (before.is_ascii_lowercase() && text.get(at).is_some_and(u8::is_ascii_uppercase)),
        None => true,
    }
}
