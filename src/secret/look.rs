//! One look at a file or a part of one: its text, the sources it carries, and what is encoded in them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use crate::model::{EntryPath, Party, Problem, Secret, SecretLevel};

use super::check::Check;
use super::decode::{self, DEEPEST, Decoded, utf16, wide_strings};
use super::engine::{Hit, MOST};
use super::text::{Kind, Lines, Text};
use super::{Found, Place, SECRET_ENCODING, Scanner, fingerprint, known, overflow, pem, randomness, sourcemap};

/// Bytes that may be decoded out of a file, as a multiple of its own and beyond that. Encodings shrink what they say, so only
/// what was made to grow comes near.
const GROWTH: usize = 16;
const GROUND: usize = 16 << 20;

/// A secret and, for as long as the look takes, a hash of its value under a key that nobody knows.
#[derive(Debug)]
struct Seen {
    secret: Secret,
    value: u64,
}

/// The search of one file, or of a part of one.
pub(super) struct Look<'a> {
    scanner: &'a Scanner,
    path: &'a EntryPath,
    seen: Vec<Seen>,
    problems: Vec<Problem>,
    /// Bytes that may still be decoded.
    budget: usize,
}

/// What a text is within the file.
#[derive(Clone)]
struct Context<'a> {
    /// The file, or a source within it.
    path: &'a EntryPath,
    /// Where the text begins.
    base: Place,
    /// Where the encoded text stands that this was decoded from.
    within: Option<(u32, u32)>,
    /// Its encodings, from the outside in.
    chain: Vec<&'static str>,
}

impl<'a> Look<'a> {
    pub(super) fn new(scanner: &'a Scanner, path: &'a EntryPath, size: usize) -> Self {
        Self { scanner, path, seen: Vec::new(), problems: Vec::new(), budget: size.saturating_mul(GROWTH).saturating_add(GROUND) }
    }

    /// Searches a whole file.
    pub(super) fn file(&mut self, content: &[u8]) {
        let found = sourcemap::of_file(content);
        if found.places.is_empty() {
            self.part(content, Place::START, &|_| true);
        } else {
            // The sources are searched as what they are; the rest of the map is the map's.
            let whole = Text::of_file(self.path.as_str(), content);
            let mut lines = Lines::new(content);
            let mut from = 0;
            for place in found.places.iter().cloned().chain(std::iter::once(content.len()..content.len())) {
                let (line, column) = lines.of(from);
                let piece = Text { bytes: &content[from..place.start.max(from)], ..whole };
                self.text(&piece, &Context { path: self.path, base: Place { line, column }, within: None, chain: Vec::new() }, &|_| true);
                from = place.end;
            }
        }
        for source in found.sources.into_iter().chain(sourcemap::inline(content)) {
            let path = source.name.map_or_else(|| self.path.clone(), |name| self.path.nested(&name));
            let text = Text::of_file(path.as_str(), source.text.as_bytes());
            self.text(&text, &Context { path: &path, base: Place::START, within: None, chain: vec!["source-map"] }, &|_| true);
        }
    }

    /// Searches a part of a file that begins at `base`, keeping matches at the offsets that are `wanted`.
    pub(super) fn part(&mut self, content: &[u8], base: Place, wanted: &dyn Fn(usize) -> bool) {
        let path = self.path;
        let mut context = Context { path, base, within: None, chain: Vec::new() };
        if let Some(converted) = utf16(content) {
            context.chain.push("utf-16");
            self.text(&Text::of_file(path.as_str(), &converted), &context, &|_| true);
            return;
        }
        let text = Text::of_file(path.as_str(), content);
        self.text(&text, &context, wanted);
        if text.kind == Kind::Binary {
            let strings = wide_strings(content);
            if !strings.is_empty() {
                context.chain.push("utf-16");
                context.within = Some((base.line, base.column));
                self.both(&text.decoded(&strings), &context);
            }
        }
    }

    /// What was found, each once, in order.
    pub(super) fn finish(mut self, files: impl Iterator<Item = Secret>) -> Found {
        self.without_echoes();
        let secrets = files.chain(self.seen.into_iter().map(|seen| seen.secret)).collect();
        let mut found = Found { secrets, problems: self.problems };
        found.settle();
        found
    }

    fn text(&mut self, text: &Text<'_>, context: &Context<'_>, wanted: &dyn Fn(usize) -> bool) {
        self.search(text, context, wanted);
        let encodings = context.chain.iter().filter(|encoding| !matches!(**encoding, "utf-16" | "source-map" | "gzip" | "zlib")).count();
        if encodings < DEEPEST && !text.lock {
            self.encoded(text, context, wanted);
        }
    }

    /// A text of which nothing tells where its strings begin: as it stands, and as a binary.
    fn both(&mut self, text: &Text<'_>, context: &Context<'_>) {
        self.text(text, context, &|_| true);
        self.search(&Text { kind: Kind::Binary, ..*text }, context, &|_| true);
    }

    fn search(&mut self, text: &Text<'_>, context: &Context<'_>, wanted: &dyn Fn(usize) -> bool) {
        let (hits, overflowed) = self.scanner.engine.search(text);
        let mut lines = Lines::new(text.bytes);
        for hit in hits.iter().filter(|hit| wanted(hit.secret.start)) {
            let (line, column) = lines.of(hit.secret.start);
            let place = context.within.unwrap_or_else(|| context.base.plus(line, column));
            let secret = self.secret(text, hit, place, context);
            self.seen.push(Seen { secret, value: hash(&text.bytes[hit.secret.clone()]) });
        }
        if overflowed {
            self.problems.push(overflow(self.path));
        }
        if self.seen.len() > 8 * MOST {
            self.without_echoes();
        }
    }

    fn encoded(&mut self, text: &Text<'_>, context: &Context<'_>, wanted: &dyn Fn(usize) -> bool) {
        let mut lines = Lines::new(text.bytes);
        let mut last = 0;
        decode::each(text.bytes, &mut |Decoded { start, bytes, encodings, raw, is_loose, is_cut }| {
            if self.seen.len() > 8 * MOST {
                // What is left may hold others; that some are echoes of one another does not make it searched.
                self.problems.push(overflow(self.path));
                return false;
            }
            if !wanted(start) {
                return true;
            }
            let Some(left) = self.budget.checked_sub(bytes.len()) else {
                self.limited();
                return false;
            };
            self.budget = left;
            if is_cut {
                self.limited();
            }
            if start < last {
                lines = Lines::new(text.bytes);
            }
            last = start;
            let (line, column) = lines.of(start);
            let within = Some(context.within.unwrap_or_else(|| context.base.plus(line, column)));
            let inner = Context { within, chain: [&context.chain, encodings].concat(), ..context.clone() };
            let mut decoded = text.decoded(&bytes);
            decoded.raw = &text.bytes[start..start + raw];
            if is_loose || text.kind == Kind::Binary {
                self.both(&decoded, &inner);
            } else {
                self.text(&decoded, &inner, &|_| true);
            }
            true
        });
    }

    fn limited(&mut self) {
        if !self.problems.iter().any(|problem| problem.kind == SECRET_ENCODING.id) {
            let message = "more is encoded in it than is decoded to be searched";
            self.problems.push(Problem::at(&SECRET_ENCODING, self.path, message));
        }
    }

    fn secret(&self, text: &Text<'_>, hit: &Hit, place: (u32, u32), context: &Context<'_>) -> Secret {
        let rule = &self.scanner.engine.rules[hit.rule];
        let value = &text.bytes[hit.secret.clone()];
        let body = if matches!(rule.check, Some(Check::Pem)) { pem::letters(value) } else { value.to_vec() };
        let name = &text.bytes[hit.name.clone()];
        let level = if known::is_known(&body) { SecretLevel::Info } else { self.scanner.engine.level(hit) };
        let (key, bits) = (self.scanner.key.as_deref(), randomness::bits(&body));
        Secret {
            rule: rule.id.clone(),
            path: context.path.clone(),
            line: place.0,
            column: place.1,
            confidence: hit.confidence,
            party: Party::First,
            level,
            fingerprint: fingerprint::fingerprint(key, &rule.id, &body, bits, context.path.as_str(), name),
            preview: fingerprint::preview(value),
            decoded: context.chain.clone(),
        }
    }

    /// Drops what says nothing new: a value that was decoded, where it was found in fewer clothes too.
    fn without_echoes(&mut self) {
        // A source within a map is no encoding, but its bundle is the nearer place.
        let clothes = |secret: &Secret| {
            let sources = secret.decoded.iter().filter(|encoding| **encoding == "source-map").count();
            sources + 2 * (secret.decoded.len() - sources)
        };
        let mut least: HashMap<(&str, u64), usize> = HashMap::new();
        for Seen { secret, value } in &self.seen {
            let of_this = least.entry((&secret.rule, *value)).or_insert(usize::MAX);
            *of_this = (*of_this).min(clothes(secret));
        }
        let keep: Vec<bool> =
            self.seen.iter().map(|Seen { secret, value }| least.get(&(secret.rule.as_str(), *value)) == Some(&clothes(secret))).collect();
        let mut keep = keep.into_iter();
        self.seen.retain(|_| keep.next().unwrap_or(true));
    }
}

fn hash(value: &[u8]) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    KEY.get_or_init(RandomState::new).hash_one(value)
}
