//! requirements.txt (pip documentation, "Requirements File Format"), read as pip's `_internal/req/req_file.py` does.

use super::requirement::{Line, requirement};
use crate::extract::{Extractor, Malformed};
use crate::model::{Draft, Ecosystem, Entry, EntryPath, Inventory, Package, Relation};

/// Characters of a logical line that is still one requirement (hashes of many wheels are long).
const LONGEST_LINE: usize = 64 << 10;

/// Bytes of a requirements file; each line becomes many times as large.
const LARGEST: usize = 16 << 20;

/// Bytes of a file that is kept on the chance that a requirements file includes it.
const LARGEST_DRAFT: usize = 1 << 20;

/// Files that one file may include.
const MOST_INCLUDES: usize = 500;

/// Words in the name of a file that is no part of what is deployed.
const DEVELOPMENT: [&str; 10] = ["dev", "develop", "development", "test", "tests", "testing", "lint", "docs", "doc", "typing"];

/// What every package of a requirements file has as evidence.
pub(crate) const REQUIREMENTS: &str = "pypi/requirements";

/// Reads requirements files. A `==` pin is declared with its version, anything looser without one. Other text that could be one
/// is kept, and counts where a requirements file includes it, which attribution sees.
pub(crate) struct Requirements;

impl Extractor for Requirements {
    fn name(&self) -> &'static str {
        REQUIREMENTS
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        is_named(path) || is_draft(path, head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let (path, size) = (entry.path, entry.content.len());
        if !is_named(path) {
            if size <= LARGEST_DRAFT {
                let text = decoded(entry.content);
                found.drafts.extend(begins_as_one(&text).then(|| Draft { path: path.clone(), text }));
            }
            return Ok(());
        }
        if size > LARGEST {
            return Err(Malformed(format!("a manifest of {size} bytes; at most {LARGEST} are read")));
        }
        let text = decoded(entry.content);
        let asked = read(path, &text);
        found.packages.extend(asked.packages);
        if !asked.includes.is_empty() || !asked.nameless.is_empty() {
            found.drafts.push(Draft { path: path.clone(), text });
        }
        asked.fault.map_or(Ok(()), |fault| Err(Malformed(fault)))
    }
}

/// Whether a file's name says that it is one: `requirements-dev.txt`, `requirements/base.txt`, `requirements.lock` (rye).
pub(crate) fn is_named(path: &EntryPath) -> bool {
    let name = path.file_name();
    let is_text = matches!(path.extension(), "txt" | "in" | "pip") || path.extension() == "lock" && name.starts_with("requirements");
    is_text && (name.contains("requirements") || path.folder().rsplit('/').next() == Some("requirements"))
}

/// Whether another file may include it. pip reads whatever it is told to; text of other kinds is left to attribution, which
/// says that it was not read.
fn is_draft(path: &EntryPath, head: &[u8]) -> bool {
    let is_text = matches!(path.extension(), "txt" | "in" | "pip" | "req" | "reqs" | "list" | "lst" | "conf")
        || !path.file_name().contains('.') && !head.contains(&0);
    let has_owner = ["node_modules/", "site-packages/", "dist-packages/", ".dist-info/", ".egg-info/", "EGG-INFO/"];
    is_text && !has_owner.iter().any(|folder| path.as_str().contains(folder))
}

/// Whether the first lines are such that pip would read: a licence is told by its first sentence.
fn begins_as_one(text: &str) -> bool {
    let mut end = text.len().min(4096);
    if end < text.len() {
        end = text.as_bytes()[..end].iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
    }
    text.get(..end).is_some_and(|head| logical_lines(head).iter().all(|(_, line)| requirement(line) != Line::Fault))
}

/// What a requirements file says.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What is to be installed, or in a file of constraints in which version.
    pub(crate) packages: Vec<Package>,
    /// The other files to read.
    pub(crate) includes: Vec<Include>,
    /// The lines that install something without saying what.
    pub(crate) nameless: Vec<usize>,
    /// Where it keeps to no format.
    pub(crate) fault: Option<String>,
}

/// A line that has another file read.
#[derive(Debug)]
pub(crate) struct Include {
    /// The file, as written.
    pub(crate) target: String,
    /// Whether that file only says in which version things are installed (`-c`).
    pub(crate) is_constraint: bool,
    /// The line.
    pub(crate) line: usize,
}

/// Reads a whole file; what follows a line that pip would refuse counts too.
pub(crate) fn read(path: &EntryPath, text: &str) -> Asked {
    let is_dev = is_development(path.file_name());
    let mut asked = Asked::default();
    for (number, line) in logical_lines(text) {
        match requirement(&line) {
            Line::Requirement { name, version, origin } => {
                let mut package = Package::new(Ecosystem::PyPi, &name, version.as_deref(), Relation::Declared, path, REQUIREMENTS);
                package.origin = origin;
                package.dev = is_dev;
                // A marker leaves it out on some platforms.
                package.elective = line.contains(';');
                asked.packages.push(package);
            }
            Line::Include { target, is_constraint } if asked.includes.len() < MOST_INCLUDES => {
                asked.includes.push(Include { target, is_constraint, line: number });
            }
            Line::Include { .. } => asked.fault = Some(format!("line {number}: more than {MOST_INCLUDES} files are included")),
            Line::Nameless if asked.nameless.len() < MOST_INCLUDES => asked.nameless.push(number),
            Line::Nameless | Line::Other => {}
            Line::Fault => {
                asked.fault.get_or_insert_with(|| format!("line {number} is no requirement that pip would read"));
            }
        }
    }
    asked
}

/// Whether a file's name says that it is for development.
pub(crate) fn is_development(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| DEVELOPMENT.iter().any(|dev| dev.eq_ignore_ascii_case(word)))
}

/// pip reads what the byte order mark or the coding line (PEP 263) of the file says, and UTF-8 otherwise. What is not text in
/// it can only be in a comment: no name of a package has such characters.
pub(super) fn decoded(content: &[u8]) -> String {
    match content {
        [0xff, 0xfe, 0, 0, rest @ ..] => units(rest, u32::from_le_bytes).map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect(),
        [0, 0, 0xfe, 0xff, rest @ ..] => units(rest, u32::from_be_bytes).map(|unit| char::from_u32(unit).unwrap_or('\u{fffd}')).collect(),
        [0xff, 0xfe, rest @ ..] => String::from_utf16_lossy(&units(rest, u16::from_le_bytes).collect::<Vec<u16>>()),
        [0xfe, 0xff, rest @ ..] => String::from_utf16_lossy(&units(rest, u16::from_be_bytes).collect::<Vec<u16>>()),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(content).into_owned(),
    }
}

/// The units of a wide encoding; bytes that make no whole one at the end are left out.
fn units<const SIZE: usize, Unit: 'static>(bytes: &[u8], read: fn([u8; SIZE]) -> Unit) -> impl Iterator<Item = Unit> + '_ {
    bytes.chunks_exact(SIZE).filter_map(move |unit| <[u8; SIZE]>::try_from(unit).ok().map(read))
}

/// Lines with their continuations joined and their comments gone, each with the number it begins at. A comment line ends the
/// line before it, and a comment after a requirement takes the lines with it that continue it, as in pip.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut joined: Option<(usize, String)> = None;
    for (index, line) in text.split(['\n', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}']).enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let is_comment = line.trim_start().starts_with('#');
        let (start, mut logical) = joined.take().unwrap_or((index + 1, String::new()));
        if is_comment {
            logical.push(' ');
        }
        match line.strip_suffix('\\').filter(|_| !is_comment && logical.len() < LONGEST_LINE) {
            Some(continued) => {
                logical.push_str(continued.trim_matches('\\'));
                joined = Some((start, logical));
            }
            None => {
                logical.push_str(line);
                lines.push((start, logical));
            }
        }
    }
    lines.extend(joined);
    for (_, line) in &mut lines {
        let end = comment(line).unwrap_or(line.len());
        *line = line[..end].trim().to_owned();
    }
    lines.retain(|(_, line)| !line.is_empty());
    lines
}

/// Where the comment of a line begins: a `#` at its start or after a blank.
fn comment(line: &str) -> Option<usize> {
    let mut before = ' ';
    line.char_indices().find_map(|(at, c)| {
        let is_comment = c == '#' && before.is_whitespace();
        before = c;
        is_comment.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::{decoded, is_development, logical_lines};

    #[test]
    fn continuations_and_comments() {
        let text = "a==1 \\\n  --hash=sha256:x \\\n  --hash=sha256:y\n# note \\\nb==2\t# two\r\n\nc==3 # three \\\nd==4\ne==5\\";
        let lines = logical_lines(text);
        let starts: Vec<(usize, &str)> = lines.iter().map(|(number, line)| (*number, line.split(' ').next().unwrap_or(""))).collect();
        // What continues a comment is one: pip does not install `d`.
        assert_eq!(starts, [(1, "a==1"), (5, "b==2"), (7, "c==3"), (9, "e==5")]);
        assert_eq!(lines[0].1, "a==1   --hash=sha256:x   --hash=sha256:y");
        let commented = logical_lines("a==1 \\\n# why\nb==2\n");
        assert_eq!(commented, [(1, "a==1".to_owned()), (3, "b==2".to_owned())]);
    }

    #[test]
    fn encodings() {
        let wide: Vec<u8> = [0xff, 0xfe, 0, 0].into_iter().chain("a==1".chars().flat_map(|c| u32::from(c).to_le_bytes())).collect();
        assert_eq!(decoded(&wide), "a==1");
        let wide: Vec<u8> = [0xfe, 0xff].into_iter().chain("a==1".encode_utf16().flat_map(u16::to_be_bytes)).collect();
        assert_eq!(decoded(&wide), "a==1");
        assert!(decoded(b"# -*- coding: latin-1 -*-\n# \xe9t\xe9\na==1\n").ends_with("\na==1\n"));
    }

    #[test]
    fn names_of_development() {
        for (name, expected) in [
            ("requirements-dev.txt", true),
            ("requirements.test.txt", true),
            ("dev_requirements.in", true),
            ("requirements.txt", false),
            ("latest-requirements.txt", false),
            ("device-requirements.txt", false),
        ] {
            assert_eq!(is_development(name), expected, "{name}");
        }
    }
}
