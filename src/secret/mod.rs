//! The secret scanner: rules in gitleaks' format with proofs beside them, one pass over the bytes, and findings that hold no
//! secret.
//!
//! Nothing inside an artifact can quiet it: inline markers such as `gitleaks:allow` and rule files within the artifact mean
//! nothing here. What lets a match pass comes from the operator.

mod allowlist;
mod assignment;
mod attribute;
mod check;
mod checksum;
mod decode;
mod engine;
mod field;
mod fingerprint;
mod known;
mod letters;
mod load;
mod pattern;
mod pem;
mod randomness;
mod re2;
mod rule;
mod search;
mod shipped;
mod sourcemap;
mod stream;
mod text;
mod url;

use std::collections::HashSet;
use std::path::PathBuf;

use crate::model::{Confidence, EntryPath, Party, Problem, ProblemClass, ProblemKind, Secret, SecretLevel};

use self::check::Check;
use self::decode::{DEEPEST, stretches, utf16, wide_strings};
use self::engine::{Engine, Hit, MOST};
use self::text::{Kind, Lines, Text};

pub use self::attribute::attribute;
pub use self::load::RuleError;
pub use self::rule::Rule;
pub use self::stream::Stream;

/// A file with more findings than are listed.
pub const SECRET_OVERFLOW: ProblemKind = ProblemKind {
    id: "secret-overflow",
    class: ProblemClass::Unseen,
    title: "a file with more secrets than are listed",
    page: "More matches were found in one file than a report lists (1,000). Those listed are real; others of the same file are \
           not shown, so an ignore by fingerprint cannot make the file clean. Remove the file from the package, or replace the \
           rule that matches it so often.",
};

/// The kinds of problems this stage raises.
pub const PROBLEMS: &[&ProblemKind] = &[&SECRET_OVERFLOW];

/// What was found in one entry, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The secrets, all as the first party's; [`attribute`] knows better.
    pub secrets: Vec<Secret>,
    /// What could not be listed.
    pub problems: Vec<Problem>,
}

impl Found {
    fn merge(&mut self, other: Self) {
        self.secrets.extend(other.secrets);
        self.problems.extend(other.problems);
        if self.secrets.len() > 2 * MOST {
            self.settle();
        }
    }

    /// Orders, drops what was found twice, and cuts at the cap.
    fn settle(&mut self) {
        self.secrets.sort_by(|a, b| (a.line, a.column, &a.rule, &a.fingerprint).cmp(&(b.line, b.column, &b.rule, &b.fingerprint)));
        self.secrets.dedup();
        if self.secrets.len() > MOST {
            if self.problems.is_empty()
                && let Some(first) = self.secrets.first()
            {
                self.problems.push(overflow(&first.path));
            }
            self.secrets.truncate(MOST);
        }
        self.problems.dedup();
    }
}

fn overflow(path: &EntryPath) -> Problem {
    Problem::at(&SECRET_OVERFLOW, path, format!("more secrets than are listed: {MOST}"))
}

/// A place in an entry: line and column, both from 1.
#[derive(Clone, Copy, Debug)]
struct Place {
    line: u32,
    column: u32,
}

impl Place {
    /// Moves behind `bytes`.
    fn skip(&mut self, bytes: &[u8]) {
        let (line, column) = Lines::new(bytes).of(bytes.len());
        (self.line, self.column) = self.plus(line, column);
    }

    /// Where (`line`, `column`) of a part that begins here is.
    fn plus(self, line: u32, column: u32) -> (u32, u32) {
        let column = if line == 1 { self.column.saturating_add(column - 1) } else { column };
        (self.line.saturating_add(line - 1), column)
    }
}

/// Rules, ready to search; shared by every worker.
#[derive(Debug)]
pub struct Scanner {
    engine: Engine,
    key: Option<Vec<u8>>,
    warnings: Vec<String>,
}

impl Scanner {
    /// With the rules that ship.
    pub fn builtin() -> Result<Self, RuleError> {
        Self::with_files(&[])
    }

    /// With rule files of the operator, in gitleaks' format: each replaces the built-in rules unless it extends them
    /// (`[extend] useDefault = true`); several are united. No files are the built-in rules.
    pub fn with_files(files: &[PathBuf]) -> Result<Self, RuleError> {
        let mut rules: Vec<Rule> = if files.is_empty() { shipped::rules()? } else { Vec::new() };
        let (mut allowlists, mut warnings) = (Vec::new(), Vec::new());
        for file in files {
            let set = load::custom(file, &shipped::rules)?;
            for rule in set.rules {
                match rules.iter_mut().find(|known| known.id == rule.id) {
                    Some(known) => *known = rule,
                    None => rules.push(rule),
                }
            }
            allowlists.extend(set.allowlists);
            warnings.extend(set.warnings);
        }
        if rules.is_empty() {
            return Err(RuleError::Empty { path: files.last().map(|file| file.display().to_string()).unwrap_or_default() });
        }
        Ok(Self { engine: Engine::new(rules, allowlists)?, key: None, warnings })
    }

    /// The same with the operator's key for fingerprints.
    #[must_use]
    pub fn with_key(self, key: Option<Vec<u8>>) -> Self {
        Self { key, ..self }
    }

    /// What a reader of the rule files should know: fields that do nothing, rules that are not there.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every rule, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.engine.rules
    }

    /// Searches one file, whole.
    #[must_use]
    pub fn scan(&self, path: &EntryPath, content: &[u8]) -> Found {
        let mut found = self.part(path, content, Place { line: 1, column: 1 }, true, &|_| true);
        for source in sourcemap::sources(content) {
            let text = Text { config: false, ..Text::of_file(path.as_str(), source.as_bytes()) };
            let mut inner = Inner { scanner: self, path, found: &mut found, within: None, chain: vec!["source-map"], wanted: &|_| true };
            inner.text(&text, Place { line: 1, column: 1 });
        }
        echoes(&mut found.secrets);
        found.settle();
        found
    }

    /// Begins the search of an entry that is too large to hold.
    #[must_use]
    pub fn stream(&self, path: &EntryPath) -> Stream<'_> {
        Stream::standard(self, path)
    }

    /// The same in parts of at least `part` bytes.
    #[must_use]
    pub fn stream_in_parts(&self, path: &EntryPath, part: usize) -> Stream<'_> {
        Stream::new(self, path, part)
    }

    /// Searches a part of a file that begins at `base`, keeping matches at the offsets that are `wanted`.
    fn part(&self, path: &EntryPath, content: &[u8], base: Place, first: bool, wanted: &dyn Fn(usize) -> bool) -> Found {
        let mut found = Found::default();
        found.secrets.extend(self.file_findings(path, content, first));
        let mut inner = Inner { scanner: self, path, found: &mut found, within: None, chain: Vec::new(), wanted };
        if let Some(converted) = utf16(content) {
            inner.chain.push("utf-16");
            inner.wanted = &|_| true;
            inner.text(&Text::of_file(path.as_str(), &converted), base);
        } else {
            let text = Text::of_file(path.as_str(), content);
            inner.text(&text, base);
            if text.kind == Kind::Binary {
                inner.wide(&text, base);
            }
        }
        echoes(&mut found.secrets);
        found.settle();
        found
    }

    /// What the path alone says.
    fn file_findings<'a>(&'a self, path: &'a EntryPath, content: &[u8], first: bool) -> impl Iterator<Item = Secret> + 'a {
        let name = path.as_str();
        self.engine.files(name, content, first).into_iter().map(move |rule| Secret {
            rule: rule.id.clone(),
            path: path.clone(),
            line: 1,
            column: 1,
            confidence: rule.confidence,
            party: Party::First,
            level: rule.level.unwrap_or(SecretLevel::Warn),
            fingerprint: fingerprint::fingerprint(self.key.as_deref(), &rule.id, name.as_bytes(), 0.0, name, b""),
            preview: "…".to_owned(),
            decoded: Vec::new(),
        })
    }

    fn secret(&self, path: &EntryPath, text: &Text<'_>, hit: &Hit, place: (u32, u32), chain: &[&'static str]) -> Secret {
        let rule = &self.engine.rules[hit.rule];
        let value = &text.bytes[hit.secret.clone()];
        let body = if matches!(rule.check, Some(Check::Pem)) { pem::letters(value) } else { value.to_vec() };
        let name = &text.bytes[hit.name.clone()];
        let level = match (rule.level, hit.confidence) {
            _ if known::is_known(&body) => SecretLevel::Info,
            (Some(level), _) => level,
            (None, Confidence::Low) => SecretLevel::Warn,
            (None, _) => SecretLevel::Deny,
        };
        Secret {
            rule: rule.id.clone(),
            path: path.clone(),
            line: place.0,
            column: place.1,
            confidence: hit.confidence,
            party: Party::First,
            level,
            fingerprint: fingerprint::fingerprint(self.key.as_deref(), &rule.id, &body, randomness::bits(&body), path.as_str(), name),
            preview: fingerprint::preview(value),
            decoded: chain.to_vec(),
        }
    }
}

/// A finding that was decoded from what was found as it stands says nothing new.
fn echoes(secrets: &mut Vec<Secret>) {
    let plain: HashSet<(String, String)> =
        secrets.iter().filter(|s| s.decoded.is_empty()).map(|s| (s.rule.clone(), s.fingerprint.clone())).collect();
    secrets.retain(|secret| secret.decoded.is_empty() || !plain.contains(&(secret.rule.clone(), secret.fingerprint.clone())));
}

/// The search of a text and of what is encoded in it.
struct Inner<'a> {
    scanner: &'a Scanner,
    path: &'a EntryPath,
    found: &'a mut Found,
    /// Where the encoded text stands, for what was decoded from it.
    within: Option<(u32, u32)>,
    chain: Vec<&'static str>,
    wanted: &'a dyn Fn(usize) -> bool,
}

impl Inner<'_> {
    fn text(&mut self, text: &Text<'_>, base: Place) {
        let (hits, overflowed) = self.scanner.engine.search(text);
        let mut lines = Lines::new(text.bytes);
        for hit in hits.iter().filter(|hit| (self.wanted)(hit.secret.start)) {
            let (line, column) = lines.of(hit.secret.start);
            let place = self.within.unwrap_or_else(|| base.plus(line, column));
            self.found.secrets.push(self.scanner.secret(self.path, text, hit, place, &self.chain));
        }
        if overflowed {
            self.found.problems.push(overflow(self.path));
        }
        let encodings = self.chain.iter().filter(|encoding| !matches!(**encoding, "utf-16" | "source-map")).count();
        if encodings < DEEPEST && text.kind == Kind::Text && !text.lock {
            self.encoded(text, base);
        }
    }

    fn encoded(&mut self, text: &Text<'_>, base: Place) {
        let mut lines = Lines::new(text.bytes);
        for stretch in stretches(text.bytes) {
            if !(self.wanted)(stretch.place.start) || self.found.secrets.len() > 2 * MOST {
                continue;
            }
            let (line, column) = lines.of(stretch.place.start);
            let place = self.within.unwrap_or_else(|| base.plus(line, column));
            let mut chain = self.chain.clone();
            chain.push(stretch.encoding);
            let mut inner =
                Inner { scanner: self.scanner, path: self.path, found: self.found, within: Some(place), chain, wanted: &|_| true };
            inner.text(&text.decoded(&stretch.bytes), base);
        }
    }

    /// The UTF-16 strings of a binary.
    fn wide(&mut self, text: &Text<'_>, base: Place) {
        let strings = wide_strings(text.bytes);
        if !strings.is_empty() {
            let mut inner = Inner {
                scanner: self.scanner,
                path: self.path,
                found: self.found,
                within: Some((base.line, base.column)),
                chain: vec!["utf-16"],
                wanted: &|_| true,
            };
            inner.text(&Text { bytes: &strings, kind: Kind::Binary, ..*text }, base);
        }
    }
}
