//! The search of one text: the prefilter's hits, the windows around them, the filters behind them.

use std::collections::HashMap;
use std::ops::Range;

use crate::model::Confidence;

use super::allowlist::Subject;
use super::assignment::{self, Assigned, Strength, Surroundings};
use super::check::{Check, Proof};
use super::engine::{Action, Engine, Hit, MOST};
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

/// One search of one text.
pub(super) struct Search<'a> {
    engine: &'a Engine,
    text: &'a Text<'a>,
    hits: Vec<Hit>,
    windows: Vec<(usize, Range<usize>)>,
    last_window: HashMap<usize, usize>,
    /// Assignments before this place have been read.
    name_end: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(engine: &'a Engine, text: &'a Text<'a>) -> Self {
        Self { engine, text, hits: Vec::new(), windows: Vec::new(), last_window: HashMap::new(), name_end: 0 }
    }

    /// Every match that no filter drops, in no order.
    pub(super) fn run(mut self) -> Vec<Hit> {
        self.prefilter();
        self.expressions();
        let mut hits = std::mem::take(&mut self.hits);
        hits.retain(|hit| self.stays(hit));
        hits
    }

    /// Runs what needs no expression at once, and notes the windows of what does.
    fn prefilter(&mut self) {
        let bytes = self.text.bytes;
        for found in self.engine.prefilter.find_overlapping_iter(bytes) {
            let Some(actions) = self.engine.actions.get(found.pattern().as_usize()) else { continue };
            for &action in actions {
                match action {
                    Action::Rule(rule) => self.keyword(rule, found.range()),
                    Action::Assignment if self.text.kind == Kind::Text => self.assignment(found.range()),
                    Action::Url if !self.text.repeated => self.url(found.start()),
                    Action::Url => {}
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
        if !proves && (within || !text && prefix.ends_with(b"_")) && !randomness::is_drawn(&bytes[at.end..end]) {
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
        let stands = text || prefix.len() >= 4 && (confidence == Confidence::High || randomness::score(&bytes[secret.clone()]) > 12.0);
        stands.then(|| Hit { rule: index, name: secret.start..secret.start, matched: secret.clone(), secret, confidence })
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
        let strength = assignment::judge(&bytes[found.name.clone()], &bytes[found.value.clone()], found.quoted, place);
        // Of a list of strings one names the next by chance too.
        let listed = bytes[found.name.end..found.value.start].contains(&b',');
        let confidence = match strength {
            Some(Strength::Strong) => Confidence::Medium,
            Some(Strength::Weak) if listed => return,
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
                if randomness::is_name(value) {
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
                let secret =
                    if matches!(rule.check, Some(Check::Pem)) { matched.start..pem_end(self.text.bytes, matched.end) } else { secret };
                let judged_whole = matches!(rule.check, Some(Check::Pem | Check::Structure(_)));
                if !rule.custom && !judged_whole && !randomness::is_random_token(&self.text.bytes[secret.clone()]) {
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
