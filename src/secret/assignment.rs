//! A value assigned to a name that promises a secret, in any language or configuration format.

use std::ops::Range;

/// What a name has in it when it promises a secret; the prefilter looks for these.
pub(super) const WORDS: &[&str] = &["key", "token", "secret", "pass", "pwd", "auth", "cred", "access", "private", "login"];
const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 1024;

/// `name = "value"`, as places in the text.
#[derive(Clone, Debug)]
pub(super) struct Assigned {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) quoted: bool,
    /// Nothing but space, or a dash, joins them: enough for a vendor's format, for nothing else.
    pub(super) loose: bool,
}

pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// Reads the assignment around a word found at `word`; `None` where there is none.
pub(super) fn around(text: &[u8], word: Range<usize>) -> Option<Assigned> {
    let before = text[word.start.saturating_sub(LONGEST_NAME)..word.start].iter().rev().take_while(|&&byte| is_name(byte)).count();
    let behind = text[word.end..].iter().take(LONGEST_NAME).take_while(|&&byte| is_name(byte)).count();
    let name = word.start - before..word.end + behind;
    if let Some(dashed) = dashed(text, &word, &name) {
        return Some(dashed);
    }
    let mut at = name.end;
    let close = count(text, at, 4, |byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b')' | b'\\' | b'*' | b'}' | b'%'));
    at += close;
    let space = count(text, at, 40, |byte| matches!(byte, b' ' | b'\t'));
    at += space;
    at = typed(text, at);
    if let Some(behind) = value_field(text, at) {
        return value(text, behind, name, false);
    }
    let operator = operator(text, at);
    let loose = operator == 0;
    let closes = &text[name.end..name.end + close];
    // `sign('', 'key') => '…'` assigns to a call, and of two arguments the first names the second only where it is a name.
    let is_call = text[at..].starts_with(b"=>") && closes.contains(&b')');
    let is_list = text.get(at) == Some(&b',') && !is_literal(text, &name, closes);
    if loose && space == 0 || is_call || is_list {
        return None;
    }
    at += operator;
    at += count(text, at, 16, |byte| matches!(byte, b' ' | b'\t'));
    // A block of YAML.
    if !loose && matches!(text.get(at), Some(b'|' | b'>')) {
        let style = count(text, at, 3, |byte| matches!(byte, b'|' | b'>' | b'-' | b'+'));
        at += if matches!(text.get(at + style), Some(b'\n' | b'\r')) { style } else { 0 };
    }
    if !loose && matches!(text.get(at), Some(b'\n' | b'\r' | b'\\')) {
        at += count(text, at, 64, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }
    value(text, at, name, loose)
}

/// Whether the name is all of a string literal.
fn is_literal(text: &[u8], name: &Range<usize>, closes: &[u8]) -> bool {
    let quote = name.start.checked_sub(1).and_then(|at| text.get(at));
    name.len() <= 40 && matches!(quote, Some(b'"' | b'\'' | b'`')) && quote == closes.first() && !closes.contains(&b')')
}

/// `acme-key-0123…`: the value hangs on the name.
fn dashed(text: &[u8], word: &Range<usize>, name: &Range<usize>) -> Option<Assigned> {
    let tail = &text[word.end..name.end];
    let start = tail.iter().position(|&byte| byte == b'-')?;
    let start = word.end + if tail[..start].is_empty() || tail.len() - start > 16 { start + 1 } else { return None };
    (name.end - start >= 16).then(|| Assigned { name: name.start..start - 1, value: start..name.end, quoted: false, loose: true })
}

/// Skips a type between a name and its `=`: `: str = `, `: String = `, Go's `string = `.
fn typed(text: &[u8], at: usize) -> usize {
    let colon = usize::from(text.get(at) == Some(&b':'));
    let mut end = at + colon + count(text, at + colon, 4, |byte| byte == b' ');
    let width =
        count(text, end, 40, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b']' | b'&' | b'|' | b'?' | b'.' | b'\''));
    end += width;
    end += count(text, end, 4, |byte| byte == b' ');
    if width > 0 && text.get(end) == Some(&b'=') && text.get(end + 1) != Some(&b'>') { end } else { at }
}

/// Skips to the value of `"name": "DB_PASSWORD", "value": …` and of `<add key="Password" value=…`: the place behind the
/// operator.
fn value_field(text: &[u8], at: usize) -> Option<usize> {
    if text[at..].starts_with(b"</key>") {
        let at = at + 6 + count(text, at + 6, 80, |byte| byte.is_ascii_whitespace());
        return text[at..].starts_with(b"<string>").then_some(at + 8);
    }
    let opens = count(text, at, 2, |byte| matches!(byte, b':' | b' '));
    let mut at = at + opens;
    at += count(text, at, 200, |byte| matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'\\' | b'{'));
    let is = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word));
    // A parameter of a template: its type, and then what it is by default.
    if opens > 0 && is(at, b"type") {
        let reach = &text[at..text.len().min(at + 400)];
        let reach = &reach[..memchr::memmem::find(reach, b"\n\n").unwrap_or(reach.len())];
        at += memchr::memmem::find(reach, b"efault").filter(|&found| reach[found - 1].eq_ignore_ascii_case(&b'd'))? - 1;
    }
    at += [&b"defaultvalue"[..], b"default", b"value"].iter().find(|word| is(at, word))?.len();
    at += count(text, at, 3, |byte| matches!(byte, b'"' | b'\'' | b'\\' | b' '));
    match text.get(at) {
        Some(b':' | b'=') => Some(at + 1 + count(text, at + 1, 16, |byte| byte == b' ')),
        _ => None,
    }
}

/// How many bytes the assignment operator at `at` has; 0 for none.
fn operator(text: &[u8], at: usize) -> usize {
    let here = &text[at.min(text.len())..text.len().min(at + 4)];
    const OPERATORS: &[&[u8]] =
        &[b":::=", b"::=", b"??=", b"??", b"?=", b":=", b"=>", b"->", b"||", b"==", b"!=", b"+=", b".=", b"=", b":", b",", b">", b"("];
    if !matches!(here.first(), Some(b':' | b'?' | b'=' | b'-' | b'|' | b'!' | b'+' | b'.' | b',' | b'>' | b'(')) {
        return 0;
    }
    OPERATORS.iter().find(|operator| here.starts_with(operator)).map_or(0, |operator| operator.len())
}

/// The value at `at`: a string literal, or what stands there up to a space.
fn value(text: &[u8], at: usize, name: Range<usize>, loose: bool) -> Option<Assigned> {
    let mut at = at + count(text, at, 3, |byte| matches!(byte, b'(' | b'[' | b'='));
    at += count(text, at, 4, |byte| byte == b' ');
    // A literal's prefix: `b"`, `r'`, `@"`.
    if matches!(text.get(at), Some(b'b' | b'B' | b'r' | b'R' | b'u' | b'L' | b'@' | b'f')) && matches!(text.get(at + 1), Some(b'"' | b'\''))
    {
        at += 1;
    }
    let escapes = count(text, at, 3, |byte| byte == b'\\');
    let mut quoted = true;
    let (start, length) = match text.get(at + escapes) {
        Some(&quote @ (b'"' | b'\'' | b'`')) => {
            let start = at + escapes + count(text, at + escapes, 3, |byte| byte == quote);
            (start, count(text, start, LONGEST_VALUE, |byte| byte != quote && byte != b'\n' && byte != b'\\'))
        }
        _ => {
            quoted = false;
            let ends = |byte: u8| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b'|' | b'&' | b'\\')
            };
            let length = count(text, at, LONGEST_VALUE, |byte| !ends(byte) && byte != b'=');
            (at, length + count(text, at + length, 4, |byte| byte == b'='))
        }
    };
    (length > 3 && length < LONGEST_VALUE).then(|| Assigned { name, value: start..start + length, quoted, loose })
}

pub(super) fn count(text: &[u8], at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    text.get(at..).unwrap_or_default().iter().take(most).take_while(|&&byte| is(byte)).count()
}
