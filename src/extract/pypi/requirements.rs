//! requirements.txt (pip documentation, "Requirements File Format"; PEP 508 for one requirement).

use crate::extract::document::word;
use crate::extract::{Extractor, Malformed};
use crate::model::{Ecosystem, Entry, EntryPath, Inventory, Origin, Package, Relation};

/// Characters of a logical line that is still one requirement (hashes of many wheels are long).
const LONGEST_LINE: usize = 64 << 10;

/// Reads requirements files. A `==` pin is declared with its version, anything looser without one.
pub(crate) struct Requirements;

impl Extractor for Requirements {
    fn name(&self) -> &'static str {
        "pypi/requirements"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        let name = path.file_name();
        let is_text = matches!(path.extension(), "txt" | "in" | "pip");
        is_text && (name.contains("requirements") || path.folder().rsplit('/').next() == Some("requirements"))
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let text = decoded(entry.content)?;
        let name = entry.path.file_name();
        let is_dev = ["dev", "test", "lint", "docs"].iter().any(|word| name.contains(word));
        let mut fault = None;
        for (number, line) in logical_lines(&text) {
            match requirement(&line) {
                Line::Requirement { name, version, origin } => {
                    let mut package = Package::new(Ecosystem::PyPi, name, version, Relation::Declared, entry.path, self.name());
                    package.origin = origin;
                    package.dev = is_dev;
                    found.packages.push(package);
                }
                Line::Other => {}
                Line::Fault => fault = fault.or(Some(number)),
            }
        }
        match fault {
            Some(number) => Err(Malformed(format!("line {number} is no requirement that pip would read"))),
            None => Ok(()),
        }
    }
}

/// pip reads UTF-8 and, by their byte order mark, the encodings Windows shells write.
fn decoded(content: &[u8]) -> Result<String, Malformed> {
    let units = |rest: &[u8], read: fn([u8; 2]) -> u16| -> Vec<u16> {
        rest.chunks_exact(2).filter_map(|pair| <[u8; 2]>::try_from(pair).ok()).map(read).collect()
    };
    match content {
        [0xff, 0xfe, rest @ ..] => String::from_utf16(&units(rest, u16::from_le_bytes)).map_err(|_| Malformed("not UTF-16".into())),
        [0xfe, 0xff, rest @ ..] => String::from_utf16(&units(rest, u16::from_be_bytes)).map_err(|_| Malformed("not UTF-16".into())),
        _ => {
            let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
            std::str::from_utf8(text).map(str::to_owned).map_err(|fault| Malformed(format!("not UTF-8 at byte {}", fault.valid_up_to())))
        }
    }
}

/// Lines with their continuations joined and their comments gone, each with the number it begins at.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut joined: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end();
        let (start, mut logical) = joined.take().unwrap_or((index + 1, String::new()));
        // A comment ends at its own line even where it ends in a backslash.
        let is_comment = line.trim_start().starts_with('#');
        let continued = line.strip_suffix('\\').filter(|_| !is_comment);
        if !is_comment {
            let part = continued.unwrap_or(line);
            logical.push_str(part.split_once(" #").map_or(part, |(part, _)| part));
        }
        if continued.is_some() && logical.len() < LONGEST_LINE {
            joined = Some((start, logical));
        } else {
            lines.push((start, logical.trim().to_owned()));
        }
    }
    lines.extend(joined.map(|(start, logical)| (start, logical.trim().to_owned())));
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// What a logical line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Requirement {
        name: &'a str,
        version: Option<&'a str>,
        origin: Origin,
    },
    /// An option, an include, a path: nothing with a name.
    Other,
    Fault,
}

/// Reads one logical line.
pub(super) fn requirement(line: &str) -> Line<'_> {
    if let Some(source) = ["-e", "--editable"].iter().find_map(|option| line.strip_prefix(option)) {
        return named_by_url(source.trim_start_matches(['=', ' ', '\t'])).unwrap_or(Line::Other);
    }
    if line.starts_with('-') {
        return Line::Other;
    }
    if let Some(named) = named_by_url(line) {
        return named;
    }
    // An option such as --hash follows the requirement, a marker follows a semicolon.
    let line = line.split(" --").next().unwrap_or(line);
    let line = line.split(';').next().unwrap_or(line).trim();
    let end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(line.len());
    let Some(name) = word(&line[..end]).filter(|name| is_name(name)) else { return Line::Fault };
    let mut rest = line[end..].trim();
    if let Some(extras) = rest.strip_prefix('[') {
        let Some((_, after)) = extras.split_once(']') else { return Line::Fault };
        rest = after.trim();
    }
    if let Some(url) = rest.strip_prefix('@') {
        return Line::Requirement { name, version: None, origin: url_origin(url.trim()) };
    }
    let specifiers = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest);
    match version(specifiers) {
        Ok(version) => Line::Requirement { name, version, origin: Origin::Registry },
        Err(()) => Line::Fault,
    }
}

/// PEP 508: letters and digits at both ends.
fn is_name(name: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(ends) && name.ends_with(ends)
}

/// A URL, a path or an archive instead of a name; `#egg=name` gives it one.
fn named_by_url(line: &str) -> Option<Line<'_>> {
    // `name @ https://..` has its name before the first `@`; `git+ssh://git@host/..` has none there.
    let after_name = line.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).trim_start();
    let after_extras = after_name.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(after_name, |(_, rest)| rest.trim_start());
    let source = line.split_whitespace().next().unwrap_or(line);
    let is_path = source.starts_with(['.', '/', '~']) || [".whl", ".tar.gz", ".zip"].iter().any(|end| source.ends_with(end));
    if after_extras.starts_with('@') || !is_path && !source.contains("://") {
        return None;
    }
    let name = line.split_once("#egg=").or_else(|| line.split_once("&egg=")).map(|(_, egg)| egg);
    let name = name.map(|egg| egg.split(['&', '[', ' ', ';']).next().unwrap_or(egg));
    match name.and_then(word).filter(|name| is_name(name)) {
        Some(name) => Some(Line::Requirement { name, version: None, origin: url_origin(line) }),
        None => Some(Line::Other),
    }
}

fn url_origin(url: &str) -> Origin {
    match () {
        () if ["git+", "hg+", "svn+", "bzr+"].iter().any(|start| url.starts_with(start)) => Origin::Git,
        () if url.starts_with("file:") || !url.contains("://") => Origin::FirstParty,
        () => Origin::Url,
    }
}

/// The version that `==` or `===` names, where the specifiers are such (PEP 440): at most one, without a wildcard.
fn version(specifiers: &str) -> Result<Option<&str>, ()> {
    let mut pinned = None;
    for specifier in specifiers.split(',').map(str::trim).filter(|specifier| !specifier.is_empty()) {
        let operator = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"].into_iter().find(|operator| specifier.starts_with(operator));
        let operator = operator.ok_or(())?;
        let version = word(&specifier[operator.len()..]).ok_or(())?;
        if matches!(operator, "==" | "===") && !version.ends_with(".*") {
            pinned = Some(version);
        }
    }
    Ok(pinned)
}

#[cfg(test)]
mod tests {
    use super::{Line, logical_lines, requirement};
    use crate::model::Origin;

    #[test]
    fn requirements() {
        for (line, name, version, origin) in [
            ("requests==2.19.1", "requests", Some("2.19.1"), Origin::Registry),
            ("requests", "requests", None, Origin::Registry),
            ("requests [security, socks] == 2.19.1 ; python_version > '3'", "requests", Some("2.19.1"), Origin::Registry),
            ("a==1.0 --hash=sha256:abc --hash=sha256:def", "a", Some("1.0"), Origin::Registry),
            ("a (==1.0)", "a", Some("1.0"), Origin::Registry),
            ("a===1.0+local", "a", Some("1.0+local"), Origin::Registry),
            ("a==1.*", "a", None, Origin::Registry),
            ("a>=1,<2", "a", None, Origin::Registry),
            ("a>=1,==1.5", "a", Some("1.5"), Origin::Registry),
            ("a @ https://example.com/a-1.0.whl", "a", None, Origin::Url),
            ("a@git+https://example.com/a.git@v1", "a", None, Origin::Git),
            ("git+https://example.com/a.git@v1#egg=a&subdirectory=x", "a", None, Origin::Git),
            ("git+ssh://git@example.com/a.git#egg=a", "a", None, Origin::Git),
            ("-e git+https://example.com/a.git#egg=a", "a", None, Origin::Git),
            ("-e ./a#egg=a", "a", None, Origin::FirstParty),
        ] {
            assert_eq!(requirement(line), Line::Requirement { name, version, origin }, "{line}");
        }
        for line in ["-r other.txt", "--index-url https://example.com", "./wheels/a-1.0.whl", "https://example.com/a-1.0.whl", "-e ."] {
            assert_eq!(requirement(line), Line::Other, "{line}");
        }
        for line in ["<html>", "a b c", "a=1", "a==", "{{ x }}", "a[extra==1"] {
            assert_eq!(requirement(line), Line::Fault, "{line}");
        }
    }

    #[test]
    fn continuations_and_comments() {
        let text = "a==1 \\\n  --hash=sha256:x \\\n  --hash=sha256:y\n# note \\\nb==2 # two\n\nc==3\\";
        let lines = logical_lines(text);
        let starts: Vec<(usize, &str)> = lines.iter().map(|(number, line)| (*number, line.split(' ').next().unwrap_or(""))).collect();
        assert_eq!(starts, [(1, "a==1"), (5, "b==2"), (7, "c==3")]);
    }
}
