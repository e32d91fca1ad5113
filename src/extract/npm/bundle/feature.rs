//! Features: what of a module's text survives a minifier - string literals, regular expressions, the names of properties, and which
//! two of these follow each other.
//!
//! A module's own source is read token by token. A bundle is not: one regular expression with a quote in it would put a reader of a
//! million characters on one line out of step, so there every stretch between two quotes counts as a string. What lies between
//! strings counts with it and meets nothing.

use std::collections::{HashMap, HashSet};

/// Characters that a literal and a name have at least to say anything.
const SHORTEST_TEXT: usize = 6;
const SHORTEST_NAME: usize = 5;
/// Characters of a text of several words.
const SHORTEST_SENTENCE: usize = 10;
/// Characters of a name that is one of two in a row.
const SHORTEST_OF_TWO: usize = 3;
/// Characters of a regular expression that are compared, and that one has at least.
const EXPRESSION: usize = 12;
/// Characters of a literal that are compared.
const COMPARED: usize = 64;
/// Features of one text.
const MOST: usize = 2_000_000;

/// A feature: a hash, the lowest bit of which tells literals from names.
pub(super) type Feature = u64;

/// Whether a feature is a literal.
pub(super) fn is_literal(feature: Feature) -> bool {
    feature & 1 == 1
}

/// Features in their order.
pub(super) fn sorted(features: HashSet<Feature>) -> Box<[Feature]> {
    let mut features: Box<[Feature]> = features.into_iter().collect();
    features.sort_unstable();
    features
}

/// FNV-1a, 64 bits. A collision names one package more as a candidate, and acquits none.
fn hash(bytes: &[u8], literal: bool) -> Feature {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    hash & !1 | u64::from(literal)
}

/// Two names of properties, one after the other.
fn pair(first: &[u8], second: &[u8]) -> Feature {
    hash(&[first, b".", second].concat(), false)
}

/// How a regular expression begins, its slash included. A text has no slash before it.
fn beginning(expression: &[u8]) -> Option<Feature> {
    expression.get(..=EXPRESSION).filter(|beginning| !beginning.contains(&b'\n')).map(|beginning| hash(beginning, false))
}

/// Whether a name stands behind the dot of its object, not behind three.
fn is_property(before: &[u8]) -> bool {
    before.ends_with(b".") && !before.ends_with(b"..")
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$')
}

/// What a module asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Import {
    /// The specifier, as written.
    pub(super) name: String,
    /// Whether it is called for (`require("x")`, `import("x")`): bundlers leave out nothing of what is, unlike of a declaration.
    pub(super) called: bool,
}

/// What one source file has, and what it imports.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) features: HashSet<Feature>,
    pub(super) imports: HashSet<Import>,
    /// Its literals of several words, and how long each is.
    pub(super) sentences: HashMap<Feature, usize>,
    /// Literals that a bundler may write in other characters: escapes, and whatever is no ASCII.
    pub(super) hidden: usize,
    /// Whether it has more than is read.
    pub(super) cut: bool,
}

/// Steps behind quotes and slashes that turn out to begin nothing, for each byte of a file: no file that is code needs as many.
const MOST_LOST: usize = 16;

impl Source {
    fn text(&mut self, text: &[u8]) {
        if text.len() >= SHORTEST_TEXT && (text.contains(&b'\\') || !text.is_ascii()) {
            self.hidden += 1;
        } else if text.len() >= SHORTEST_TEXT && !text.contains(&b'\n') {
            self.features.insert(hash(&text[..text.len().min(COMPARED)], true));
            self.sentences.extend(sentence(text));
            if text.iter().copied().all(is_name) {
                self.features.insert(hash(text, false));
            }
        }
    }

    /// Reads a module's source.
    pub(super) fn read(code: &[u8]) -> Self {
        let mut own = Self::default();
        // The last significant byte, and the last word, tell a regular expression from a division and an import from a text.
        let (mut at, mut before, mut word): (usize, u8, &[u8]) = (0, b';', b"");
        let mut former: &[u8] = b"";
        let mut lost = code.len().saturating_mul(MOST_LOST).saturating_add(4096);
        while let Some(&byte) = code.get(at) {
            if lost == 0 || own.features.len() > MOST {
                own.cut = true;
                break;
            }
            let rest = code.get(at..).unwrap_or_default();
            let length = match byte {
                b'/' if rest.starts_with(b"//") => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                b'/' if rest.starts_with(b"/*") => memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
                b'/' if begins_expression(before, word) => {
                    let length = expression(rest, &mut lost);
                    if length > EXPRESSION + 1 {
                        own.features.extend(beginning(rest));
                    }
                    length
                }
                b'\'' | b'"' => {
                    let length = quoted(rest, &mut lost);
                    let text = rest.get(1..length.saturating_sub(1)).unwrap_or_default();
                    if matches!(word, b"from" | b"import" | b"require")
                        && let Ok(name) = std::str::from_utf8(text)
                    {
                        own.imports.insert(Import { name: name.to_owned(), called: before == b'(' });
                    }
                    own.text(text);
                    length
                }
                b'`' => {
                    let length = quoted_template(rest, &mut lost);
                    parts(rest.get(1..length.saturating_sub(1)).unwrap_or_default()).for_each(|part| own.text(part));
                    length
                }
                _ if is_name(byte) => {
                    let length = rest.iter().take_while(|byte| is_name(**byte)).count();
                    let behind = rest.get(length..).unwrap_or_default();
                    let next = behind.iter().copied().find(|byte| !byte.is_ascii_whitespace());
                    if length >= SHORTEST_NAME && (before == b'.' || next == Some(b':')) {
                        own.features.insert(hash(&rest[..length], false));
                    }
                    word = &rest[..length];
                    if length >= SHORTEST_OF_TWO && is_property(&code[..at]) {
                        if !former.is_empty() {
                            own.features.insert(pair(former, word));
                        }
                        former = word;
                    }
                    length
                }
                _ => 1,
            };
            if !byte.is_ascii_whitespace() && !rest.starts_with(b"//") && !rest.starts_with(b"/*") {
                before = if is_name(byte) { b'a' } else { byte };
                if !is_name(byte) && byte != b'(' {
                    word = b"";
                }
            }
            at += length.max(1);
        }
        own
    }
}

/// Whether a slash behind `before` begins a regular expression (ECMA-262, "InputElementRegExp", as far as one byte tells).
fn begins_expression(before: u8, word: &[u8]) -> bool {
    matches!(
        before,
        b'(' | b','
            | b'='
            | b':'
            | b'['
            | b'!'
            | b'&'
            | b'|'
            | b'?'
            | b'{'
            | b'}'
            | b';'
            | b'+'
            | b'*'
            | b'%'
            | b'~'
            | b'^'
            | b'<'
            | b'>'
            | b'-'
    ) || matches!(word, b"return" | b"typeof" | b"case" | b"in" | b"of" | b"delete" | b"void")
}

/// What stands at `at` begins nothing that ends: one byte, and the steps to find out are counted.
fn lose(at: usize, lost: &mut usize) -> usize {
    *lost = lost.saturating_sub(at);
    1
}

/// The length of a regular expression on its line; 1 where it is none.
fn expression(rest: &[u8], lost: &mut usize) -> usize {
    let (mut class, mut escape) = (false, false);
    for (at, &byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return lose(at, lost),
            _ if escape => escape = false,
            b'\\' => escape = true,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => return at + 1,
            _ => {}
        }
    }
    lose(rest.len(), lost)
}

/// The length of a string literal, which ends on its line.
fn quoted(rest: &[u8], lost: &mut usize) -> usize {
    let quote = rest.first().copied().unwrap_or_default();
    let mut escape = false;
    for (at, &byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escape => escape = false,
            b'\\' => escape = true,
            b'\n' => return lose(at, lost),
            _ if byte == quote => return at + 1,
            _ => {}
        }
    }
    lose(rest.len(), lost)
}

fn quoted_template(rest: &[u8], lost: &mut usize) -> usize {
    let mut escape = false;
    for (at, &byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escape => escape = false,
            b'\\' => escape = true,
            b'`' => return at + 1,
            _ => {}
        }
    }
    lose(rest.len(), lost)
}

/// The texts of a template literal, without what is put in between.
fn parts(template: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(open) = memchr::memmem::find(text, b"${") else { return Some(text) };
        rest = memchr::memchr(b'}', &text[open..]).map(|close| &text[open + close + 1..]);
        Some(&text[..open])
    })
}

/// What a bundle has.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) features: HashSet<Feature>,
    /// Where each feature stands, in no order.
    pub(super) spots: Vec<(usize, Feature)>,
    /// The literals that are words and blanks, so that they are no code between two of them.
    pub(super) texts: HashSet<Feature>,
    /// Whether it has more than are kept: then what is not among them may be there all the same.
    pub(super) cut: bool,
}

/// Whether what stands between two quotes can only be a text.
fn is_text(text: &[u8]) -> bool {
    text.iter().all(|byte| byte.is_ascii_alphanumeric() || b" _-./@".contains(byte)) && text.iter().any(u8::is_ascii_alphabetic)
}

/// The sentences of a bundle, in order; none where it has more than are compared. Of readable code they are its literals; of minified
/// code, what stands between two quotes.
pub(super) fn sentences(code: &[u8], minified: bool) -> Box<[(Feature, usize)]> {
    let mut found: HashMap<Feature, usize> = HashMap::new();
    if minified {
        for quote in [b'"', b'\'', b'`'] {
            let mut from = None;
            for at in memchr::memchr_iter(quote, code) {
                found.extend(sentence(from.replace(at + 1).and_then(|from| code.get(from..at)).unwrap_or_default()));
                if found.len() > MOST {
                    return Box::default();
                }
            }
        }
    } else {
        found = Source::read(code).sentences;
    }
    let mut found: Box<[(Feature, usize)]> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// A text of several words, which is of code and not of data: names of types and addresses are in tables.
fn sentence(text: &[u8]) -> Option<(Feature, usize)> {
    let is_one = text.len() >= SHORTEST_SENTENCE && text.contains(&b' ') && is_text(text);
    is_one.then(|| (hash(&text[..text.len().min(COMPARED)], true), text.len()))
}

/// The features of a bundle.
pub(super) fn of_bundle(code: &[u8]) -> Bundle {
    let mut bundle = Bundle::default();
    for quote in [b'"', b'\'', b'`'] {
        let mut from = None;
        for at in memchr::memchr_iter(quote, code) {
            if let Some(from) = from.replace(at + 1) {
                let text = &code[from..at];
                // JSON in a string: its quotes are escaped.
                let text = text.strip_suffix(b"\\").unwrap_or(text);
                let whole = text.len() >= SHORTEST_TEXT;
                if whole {
                    if is_text(text) {
                        bundle.texts.insert(hash(&text[..text.len().min(COMPARED)], true));
                    }
                    bundle.add(from, hash(&text[..text.len().min(COMPARED)], true));
                    if text.len() <= COMPARED && text.iter().copied().all(is_name) {
                        bundle.add(from, hash(text, false));
                    }
                }
                if quote == b'`' {
                    parts(text)
                        .filter(|part| part.len() >= SHORTEST_TEXT)
                        .for_each(|part| bundle.add(from, hash(&part[..part.len().min(COMPARED)], true)));
                }
            }
            if bundle.cut {
                return bundle;
            }
        }
    }
    names(code, &mut bundle);
    bundle
}

impl Bundle {
    /// Those of a module's features, which are in order, that the bundle has.
    pub(super) fn hits<'a>(&'a self, features: &'a [Feature]) -> Box<dyn Iterator<Item = Feature> + 'a> {
        // Of a small bundle there is less to look up than of a large package.
        if self.features.len().saturating_mul(16) < features.len() {
            Box::new(self.features.iter().copied().filter(|feature| features.binary_search(feature).is_ok()))
        } else {
            Box::new(features.iter().copied().filter(|feature| self.features.contains(feature)))
        }
    }

    fn add(&mut self, at: usize, feature: Feature) {
        self.features.insert(feature);
        if self.spots.len() < MOST {
            self.spots.push((at, feature));
        }
        self.cut |= self.features.len() > MOST;
    }
}

/// Names of properties: behind a dot, or before a colon or a bracket; two of them; and where a regular expression may begin.
fn names(code: &[u8], bundle: &mut Bundle) {
    let mut at = 0;
    let mut former: &[u8] = b"";
    while at < code.len() && !bundle.cut {
        if code[at] == b'/'
            && let Some(expression) = beginning(&code[at..])
        {
            bundle.add(at, expression);
        }
        if !is_name(code[at]) {
            at += 1;
            continue;
        }
        let length = code[at..].iter().take_while(|byte| is_name(**byte)).count();
        let is_behind_dot = at > 0 && code[at - 1] == b'.';
        let next = code.get(at + length..).unwrap_or_default().iter().copied().take(8).find(|byte| !byte.is_ascii_whitespace());
        if length >= SHORTEST_NAME && (is_behind_dot || matches!(next, Some(b':' | b'('))) {
            bundle.add(at, hash(&code[at..at + length], false));
        }
        if length >= SHORTEST_OF_TWO && is_property(&code[..at]) {
            let name = &code[at..at + length];
            if !former.is_empty() {
                bundle.add(at, pair(former, name));
            }
            former = name;
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, of_bundle};

    #[test]
    fn what_survives_a_minifier_is_found_on_both_sides() {
        let source = b"// note 'one\nvar x = require('left-pad');\nimport y from \"@s/n\";\nif (/['\"]/.test(value)) throw new TypeError('expected a function here');\nexports.settings = { timeout: 5, other: `hello ${x} world there` };\n";
        let minified = b"var e=n(1);if(/['\"]/.test(t))throw new TypeError(\"expected a function here\");r.settings={timeout:5,other:`hello ${e} world there`};";
        let (source, bundle) = (Source::read(source), of_bundle(minified));
        let mut imports: Vec<(&str, bool)> = source.imports.iter().map(|import| (import.name.as_str(), import.called)).collect();
        imports.sort_unstable();
        assert_eq!(imports, [("@s/n", false), ("left-pad", true)]);
        let hits = source.features.iter().filter(|feature| bundle.features.contains(feature)).count();
        assert!(hits >= 6, "{hits} of {}", source.features.len());
    }
}
