//! A rule's regular expression: RE2 syntax as rule authors write it, compiled on first use for bytes.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use super::re2;

/// A compiled program may take this much; a rule that needs more is refused rather than run.
const PROGRAM_LIMIT: usize = 32 << 20;
/// Groups within groups, as deep as RE2 takes them, each with what is written around it.
const NESTING: u32 = 4096;

/// A regular expression and, once it was needed, its program.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    source: String,
    /// Exactly what RE2 makes of it, characters and all; else over bytes.
    exact: bool,
    program: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Keeps the source; nothing is compiled yet.
    pub(super) fn new(source: &str) -> Self {
        Self { source: source.to_owned(), exact: false, program: OnceLock::new() }
    }

    /// The same for an expression of the operator, which means what it means to RE2.
    pub(super) fn re2(source: &str) -> Self {
        Self { exact: true, ..Self::new(source) }
    }

    /// The source as its author wrote it.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The program; `None` where the source is no regular expression (a loaded rule set has none of those: see
    /// [`Pattern::check`]).
    pub(super) fn program(&self) -> Option<&Regex> {
        self.program.get_or_init(|| self.compile().ok()).as_ref()
    }

    /// How many capture groups it has.
    pub(super) fn groups(&self) -> usize {
        let written = if self.exact { re2::rewritten(&self.source).ok() } else { None };
        written.map_or_else(|| self.program().map_or(0, |program| program.captures_len() - 1), |(_, groups)| groups)
    }

    /// Compiles now and says what is wrong.
    pub(super) fn check(&self) -> Result<&Regex, String> {
        match self.program() {
            Some(program) => Ok(program),
            None => Err(self.compile().err().unwrap_or_else(|| "unreadable".to_owned())),
        }
    }

    fn compile(&self) -> Result<Regex, String> {
        if !self.exact {
            return compile(&self.source).map_err(|fault| fault.to_string());
        }
        let source = re2::rewritten(&self.source).map_err(|fault| fault.to_string())?.0;
        let program = RegexBuilder::new(&source).nest_limit(NESTING).size_limit(PROGRAM_LIMIT).build();
        program.map_err(|fault| match fault {
            regex::Error::CompiledTooBig(_) => "its program is too large".to_owned(),
            // What the parser says quotes the rewritten source.
            other => format!("{}: {}", self.source, other.to_string().lines().last().unwrap_or_default()),
        })
    }

    /// Whether it matches anywhere.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.program().is_some_and(|program| program.is_match(text))
    }
}

impl Clone for Pattern {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), exact: self.exact, program: OnceLock::new() }
    }
}

/// Bytes first, which is what RE2's classes mean and what stays small; Unicode only where the source cannot do without.
fn compile(source: &str) -> Result<Regex, regex::Error> {
    let source = from_re2(source);
    let build = |unicode: bool| RegexBuilder::new(&source).unicode(unicode).octal(true).size_limit(PROGRAM_LIMIT).build();
    build(false).or_else(|_| build(true))
}

/// RE2 reads a `{` that begins no repetition, and a `[`, `&&`, `--` or `~~` within a class, as themselves; `regex` does not.
/// `\Q..\E` is written out.
pub(super) fn from_re2(source: &str) -> String {
    let mut out = String::with_capacity(source.len() + 8);
    let mut rest = source;
    let mut class = Class::Outside;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if c == '\\' {
            if let Some(quoted) = tail.strip_prefix('Q') {
                let (literal, after) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                out.push_str(&regex::escape(literal));
                rest = after;
            } else {
                let escaped = tail.chars().next();
                out.push('\\');
                out.extend(escaped);
                rest = &tail[escaped.map_or(0, char::len_utf8)..];
                // `\p{..}` and `\x{..}` own their braces.
                if matches!(escaped, Some('p' | 'P' | 'x')) && rest.starts_with('{') {
                    let end = rest.find('}').map_or(rest.len(), |at| at + 1);
                    out.push_str(&rest[..end]);
                    rest = &rest[end..];
                }
            }
            class = class.inside();
            continue;
        }
        rest = match class {
            Class::Outside if c == '[' => {
                out.push('[');
                let negated = tail.strip_prefix('^');
                if negated.is_some() {
                    out.push('^');
                }
                class = Class::Start;
                negated.unwrap_or(tail)
            }
            Class::Outside => {
                if c == '{' && !is_repetition(rest) {
                    out.push('\\');
                }
                out.push(c);
                tail
            }
            Class::Start | Class::Inside => {
                let (skip, next) = class_character(c, rest, class, &mut out);
                class = next;
                &rest[skip..]
            }
        };
    }
    out
}

/// Where in the source the reader is.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Outside,
    /// Right behind `[` or `[^`, where `]` is itself.
    Start,
    Inside,
}

impl Class {
    fn inside(self) -> Self {
        if self == Self::Outside { self } else { Self::Inside }
    }
}

/// Writes one character of a class; returns how many bytes were read and where the reader is then.
fn class_character(c: char, rest: &str, class: Class, out: &mut String) -> (usize, Class) {
    if c == ']' && class == Class::Start {
        out.push_str("\\]");
        return (1, Class::Inside);
    }
    if c == ']' {
        out.push(']');
        return (1, Class::Outside);
    }
    if rest.starts_with("[:")
        && let Some(end) = rest.find(":]")
    {
        out.push_str(&rest[..end + 2]);
        return (end + 2, Class::Inside);
    }
    let doubled = matches!(c, '&' | '~' | '-') && rest[1..].starts_with(c);
    if c == '[' || doubled {
        out.push('\\');
    }
    out.push(c);
    (c.len_utf8(), Class::Inside)
}

/// Whether `text`, which begins with `{`, begins with `{n}`, `{n,}` or `{n,m}`.
fn is_repetition(text: &str) -> bool {
    let Some(end) = text.find('}') else { return false };
    let inner = &text[1..end];
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    !low.is_empty() && low.bytes().all(|b| b.is_ascii_digit()) && high.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_re2_reads_as_itself_is_escaped() {
        for (source, wanted) in [
            (r"^\$(?:\d+|{\d+})$", r"^\$(?:\d+|\{\d+})$"),
            (r"^\${[a-z]+}$", r"^\$\{[a-z]+}$"),
            (r"a{2}b{1,}c{1,3}", r"a{2}b{1,}c{1,3}"),
            (r"[[a]", r"[\[a]"),
            (r"[]a]", r"[\]a]"),
            (r"[[:alpha:]x]", r"[[:alpha:]x]"),
            (r"\p{Greek}\x{1F}", r"\p{Greek}\x{1F}"),
            (r"\Qa.b\Ec", r"a\.bc"),
            (r"[a&&b]", r"[a\&&b]"),
        ] {
            assert_eq!(from_re2(source), wanted);
            assert!(Pattern::new(source).check().is_ok(), "{source}");
        }
    }

    #[test]
    fn a_fault_is_said() {
        assert!(Pattern::new("a(").check().is_err());
    }
}
