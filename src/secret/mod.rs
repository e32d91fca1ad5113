//! The secret scanner: rules in gitleaks' format with proofs beside them, one pass over the bytes, and findings that hold no
//! secret.
//!
//! Nothing inside an artifact can quiet it: inline markers such as `gitleaks:allow` and rule files within the artifact mean
//! nothing here. What lets a match pass comes from the operator.

mod allowlist;
mod assignment;
mod attribute;
mod candidate;
mod check;
mod checksum;
mod decode;
mod engine;
mod field;
mod fingerprint;
mod keyword;
mod known;
mod letters;
mod load;
mod look;
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

use std::path::PathBuf;

use crate::model::{EntryPath, Party, Problem, ProblemClass, ProblemKind, Secret, SecretLevel};

use self::engine::{Engine, MOST};
use self::look::Look;
use self::text::Lines;

pub use self::attribute::{Standing, attribute};
pub use self::load::RuleError;
pub use self::rule::Rule;
pub use self::shipped::proofs;
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

/// A file that says far more when it is decoded.
pub const SECRET_ENCODING: ProblemKind = ProblemKind {
    id: "secret-encoding-limit",
    class: ProblemClass::Unseen,
    title: "more is encoded in a file than is decoded",
    page: "Base64, hexadecimal and escapes are decoded and searched, to four encodings within one another, and base64 of gzip, zlib \
           and UTF-16 up to 8 MiB each. What was decoded of this file grew beyond sixteen times its size, or one such piece beyond its \
           limit, and the rest was not searched. Ordinary files are nowhere near that; remove the file, or ship what it holds as \
           it is.",
};

/// The kinds of problems this stage raises.
pub const PROBLEMS: &[&ProblemKind] = &[&SECRET_ENCODING, &SECRET_OVERFLOW];

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
        self.secrets.sort_by(|a, b| {
            (&a.path, a.line, a.column, &a.rule, &a.fingerprint).cmp(&(&b.path, b.line, b.column, &b.rule, &b.fingerprint))
        });
        self.secrets.dedup();
        if self.secrets.len() > MOST {
            if !self.problems.iter().any(|problem| problem.kind == SECRET_OVERFLOW.id)
                && let Some(first) = self.secrets.first()
            {
                self.problems.push(overflow(&first.path));
            }
            // The gravest stay.
            self.secrets.sort_by_key(|secret| secret.level);
            self.secrets.truncate(MOST);
            self.secrets.sort_by(|a, b| (&a.path, a.line, a.column, &a.rule).cmp(&(&b.path, b.line, b.column, &b.rule)));
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
    const START: Self = Self { line: 1, column: 1 };

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
        let mut look = Look::new(self, path, content.len());
        look.file(content);
        look.finish(self.file_findings(path, content, true))
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
        let mut look = Look::new(self, path, content.len());
        look.part(content, base, wanted);
        look.finish(self.file_findings(path, content, first))
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
}
