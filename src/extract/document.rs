//! Reads whole manifests: text, JSON, TOML and YAML, within limits that keep memory a small multiple of the entry.

use serde::de::DeserializeOwned;

use super::Malformed;
use crate::model::Entry;

/// Bytes a TOML or YAML manifest may have. The largest lockfiles in public repositories have a few megabytes; the parsers
/// build a tree several times as large as the text.
const LARGEST_TREE: usize = 16 << 20;

/// Bytes a JSON manifest may have; it is read into the few fields that matter, without a tree.
const LARGEST_JSON: usize = 64 << 20;

/// Documents of a YAML stream; pnpm writes at most two.
const MOST_DOCUMENTS: usize = 16;

/// Levels of YAML that are read; lockfiles have five.
const DEEPEST_YAML: usize = 200;

/// Characters of a name or a version that is believed to be one (npm allows 214 for a name).
const LONGEST_WORD: usize = 256;

/// The entry as text, without a byte order mark.
pub(super) fn text<'a>(entry: &Entry<'a>) -> Result<&'a str, Malformed> {
    let text = std::str::from_utf8(entry.content).map_err(|fault| Malformed(format!("not UTF-8 at byte {}", fault.valid_up_to())))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The entry as JSON.
pub(super) fn json<T: DeserializeOwned>(entry: &Entry<'_>) -> Result<T, Malformed> {
    within(entry, LARGEST_JSON)?;
    serde_json::from_str(text(entry)?).map_err(|fault| Malformed(format!("not the expected JSON: {fault}")))
}

/// The entry as TOML. The parser itself bounds how deep keys and tables nest.
pub(super) fn toml<T: DeserializeOwned>(entry: &Entry<'_>) -> Result<T, Malformed> {
    ::toml::from_str(tree_text(entry)?).map_err(|fault| Malformed(format!("not the expected TOML: {}", fault.message())))
}

/// The entry as text that is small enough for a parser that builds a tree.
pub(super) fn tree_text<'a>(entry: &Entry<'a>) -> Result<&'a str, Malformed> {
    within(entry, LARGEST_TREE)?;
    text(entry)
}

/// The documents of a YAML stream. The parser itself bounds the repetition of aliases; its time grows with the square of the
/// depth, so depth is bounded here.
pub(super) fn yaml<T: DeserializeOwned>(entry: &Entry<'_>) -> Result<Vec<T>, Malformed> {
    if yaml_depth(tree_text(entry)?) > DEEPEST_YAML {
        return Err(Malformed(format!("YAML nested more than {DEEPEST_YAML} levels deep")));
    }
    let documents = yaml_serde::Deserializer::from_str(tree_text(entry)?).take(MOST_DOCUMENTS);
    documents.map(|document| T::deserialize(document).map_err(|fault| Malformed(format!("not the expected YAML: {fault}")))).collect()
}

/// An upper bound of how deep a text nests: brackets, whether or not they stand in a string, and the longest run of indicators
/// that open blocks.
fn yaml_depth(text: &str) -> usize {
    let (mut flow, mut block, mut deepest) = (0_usize, 0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => flow += 1,
            b']' | b'}' => flow = flow.saturating_sub(1),
            b'-' | b'?' | b':' => block += 1,
            b' ' => {}
            _ => block = 0,
        }
        deepest = deepest.max(flow).max(block);
    }
    deepest
}

/// JSON with comments and trailing commas as plain JSON of the same length.
pub(super) fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => string_end(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |at| at + 2),
            _ => c.len_utf8(),
        };
        let (token, after) = rest.split_at(taken);
        match c {
            '/' if taken > 1 => plain.push(' '),
            ']' | '}' => {
                let kept = plain.trim_end().len();
                if plain[..kept].ends_with(',') {
                    plain.truncate(kept - 1);
                }
                plain.push(c);
            }
            _ => plain.push_str(token),
        }
        rest = after;
    }
    plain
}

/// Where the string literal that `text` begins with ends.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn within(entry: &Entry<'_>, largest: usize) -> Result<(), Malformed> {
    if entry.content.len() > largest {
        return Err(Malformed(format!("a manifest of {} bytes; at most {largest} are read", entry.content.len())));
    }
    Ok(())
}

/// `word` where it can be a name or a version: not empty, not absurdly long, without control characters or blanks.
pub(super) fn word(word: &str) -> Option<&str> {
    let word = word.trim();
    (!word.is_empty() && word.len() <= LONGEST_WORD && !word.contains(|c: char| c.is_control() || c.is_whitespace())).then_some(word)
}
