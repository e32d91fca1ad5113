//! Version literals: the version that a package's own code states (`__version__ = "1.0"`), for where its metadata is gone.

use super::archive_name::is_version_char;
use super::import_name::Known;
use super::place;
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, Trace};

/// Bytes of a module in which its version is looked for.
const LONGEST: usize = 256 << 10;

/// Bytes in which a module says whose it is.
const LONGEST_HEAD: usize = 4096;

/// Files of a package that state its version by convention, the likeliest first.
const FILES: [&str; 9] = ["__version__", "_version", "version", "__about__", "_about", "_meta", "_grpcio_metadata", "__init__", "about"];

/// A folder and the file in it where a package keeps its version against every convention.
const OWN: [(&str, &str); 2] = [("chalice", "app"), ("idna", "package_data")];

/// Reads what the first files of import packages say of the package.
pub(crate) struct VersionLiteral;

impl Extractor for VersionLiteral {
    fn name(&self) -> &'static str {
        "pypi/version-literal"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        if !matches!(path.extension(), "py" | "pyc") {
            return false;
        }
        let rest = place::after_root(path.as_str());
        if !rest.contains('/') || place::is_copies(path.folder()) && is_certain(stem(path)) {
            return true;
        }
        let is_direct = || match Known::of(rest) {
            Some((_, end)) => rest[end..].matches('/').count() <= 1,
            None => rest.matches('/').count() == 1,
        };
        rank(path).is_some() && (is_direct() || is_certain(path.folder().rsplit('/').next().unwrap_or_default()))
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let content = entry.content.get(..LONGEST).unwrap_or(entry.content);
        let is_compiled = entry.path.extension() == "pyc";
        let stem = stem(entry.path);
        let version = if is_compiled { compiled(content) } else { literal(&String::from_utf8_lossy(content), is_version_file(stem)) };
        let is_published = has_notice(content.get(..LONGEST_HEAD).unwrap_or(content));
        if version.is_some() || is_published {
            found.traces.push(Trace { path: entry.path.clone(), version, is_published });
        }
        Ok(())
    }
}

fn is_certain(import: &str) -> bool {
    Known::exactly(import).is_some_and(Known::is_certain)
}

fn stem(path: &EntryPath) -> &str {
    path.file_name().split('.').next().unwrap_or_default()
}

/// Which file of a package is believed before which; `None` for a module that is no such file.
pub(crate) fn rank(path: &EntryPath) -> Option<usize> {
    let folder = path.folder().rsplit('/').next().unwrap_or_default();
    FILES.iter().position(|file| *file == stem(path)).or_else(|| OWN.contains(&(folder, stem(path))).then_some(FILES.len()))
}

fn is_version_file(stem: &str) -> bool {
    stem != "__init__" && FILES.contains(&stem)
}

/// Whether a module speaks of its version, its author, its licence or its copyright, as what is published does.
fn has_notice(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    [
        "__version__",
        "__author__",
        "__license__",
        "__copyright__",
        "spdx-license-identifier",
        "copyright (c)",
        ":copyright:",
        "licensed under",
    ]
    .iter()
    .any(|notice| text.contains(notice))
}

/// The one version that assignments at the start of a line state: to `__version__`, and in a file for the version to `version` or
/// `VERSION` too; the JSON that versioneer writes counts as well.
fn literal(text: &str, is_version_file: bool) -> Option<String> {
    let named = |name: &str| {
        let mut stated = text.lines().filter_map(|line| assigned(line, name)).filter_map(version);
        let first = stated.next()?;
        stated.all(|other| other == first).then_some(first)
    };
    let names: &[&str] = if is_version_file { &["__version__", "VERSION", "version"] } else { &["__version__"] };
    let json = || text.lines().find_map(|line| line.trim().strip_prefix("\"version\": \"")?.split('"').next()).and_then(version);
    let tuple = || text.lines().find_map(|line| numbers(line.strip_prefix("VERSION").or_else(|| line.strip_prefix("__version__"))?));
    names.iter().find_map(|name| named(name)).or_else(|| is_version_file.then(json).flatten()).or_else(tuple)
}

/// The version that a tuple makes: `VERSION = (2, 2, 0)`, and with the words that django puts after a release.
fn numbers(assigned: &str) -> Option<String> {
    let tuple = assigned.trim_start().strip_prefix('=')?.trim().strip_prefix('(')?.split(')').next()?;
    let parts: Vec<&str> = tuple.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let numbers = match parts.as_slice() {
        [numbers @ .., "\"final\"" | "'final'", "0"] => numbers,
        numbers => numbers,
    };
    let is_plain = (2..=4).contains(&numbers.len()) && numbers.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    is_plain.then(|| numbers.join(".")).and_then(|text| version(&text))
}

/// The string literal that a line assigns to `name`: `name = "x"`, `name: str = 'x'`, `name = other = "x"`.
fn assigned<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(name)?.trim_start();
    let (before, mut value) = rest.split_once('=')?;
    let is_annotated =
        before.strip_prefix(':').is_some_and(|annotation| annotation.trim().chars().all(|c| c.is_alphanumeric() || "_.[]".contains(c)));
    if !before.trim().is_empty() && !is_annotated {
        return None;
    }
    // `version = __version__ = ..`
    while let Some((other, after)) = value.split_once('=') {
        if !other.trim().chars().all(|c| c.is_alphanumeric() || c == '_') || other.trim().is_empty() {
            break;
        }
        value = after;
    }
    let value = value.trim();
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| value.starts_with(quote))?;
    let (literal, after) = value.get(quote.len()..)?.split_once(quote)?;
    // What follows makes it another string: `"1.0" + suffix`, `"%s" % x`, `"1.0".strip()`.
    let after = after.trim();
    (after.is_empty() || after.starts_with(['#', ';'])).then_some(literal)
}

/// `text` where it is a version as an index spells it: `2024.07.04` is `2024.7.4`.
fn version(text: &str) -> Option<String> {
    let text = text.trim();
    let is_version =
        text.len() <= 64 && text.contains('.') && text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_version_char);
    // What stands in a source tree before its build has filled it in.
    if !is_version || matches!(text, "0.0.0" | "0.0") {
        return None;
    }
    let plain = |part: &str| !part.is_empty() && part.len() < 10 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !text.split('.').all(plain) {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> =
        text.split('.').map(|part| Some(part.trim_start_matches('0')).filter(|part| !part.is_empty()).unwrap_or("0")).collect();
    Some(parts.join("."))
}

/// The one constant of a compiled module that is a version, where the module has a name for it. Strings are marshalled as their
/// kind, their length in a byte and themselves (CPython, `Python/marshal.c`: `TYPE_SHORT_ASCII` and its interned kind).
fn compiled(content: &[u8]) -> Option<String> {
    memchr::memmem::find(content, b"__version__").or_else(|| memchr::memmem::find(content, b"VERSION"))?;
    let mut stated = None;
    for (at, kind) in content.iter().enumerate() {
        if !matches!(kind & 0x7f, b'z' | b'Z') {
            continue;
        }
        let Some(length) = content.get(at + 1).copied().map(usize::from) else { break };
        let Some(found) = content.get(at + 2..at + 2 + length).and_then(|text| std::str::from_utf8(text).ok()).and_then(version) else {
            continue;
        };
        if stated.as_ref().is_some_and(|stated| *stated != found) {
            return None;
        }
        stated = Some(found);
    }
    stated
}

#[cfg(test)]
mod tests {
    use super::{compiled, has_notice, literal};

    #[test]
    fn literals() {
        for (text, expected) in [
            ("__version__ = \"1.2.3\"\n", Some("1.2.3")),
            ("import x\n__version__ = version = '2.9.0.post0'  # made by a tool\n", Some("2.9.0.post0")),
            ("__version__: Final[str] = '1.0rc1'\n", Some("1.0rc1")),
            ("__version__ = \"\"\"1.66.0\"\"\"", Some("1.66.0")),
            ("__version__ = '2024.07.04'", Some("2024.7.4")),
            ("__version__ = '1.0' if x else '2.0'", None),
            ("__version__ = '1.0'\n__version__ = '2.0'", None),
            ("__version__ = '1.0' + suffix", None),
            ("__version__ = metadata('x')", None),
            ("__version__ = '2.9.9 (dt dec pq3)'", None),
            ("__version__ = '0.0.0'", None),
            ("__version__ == '1.0'", None),
            ("    __version__ = '1.0'", None),
            ("version = '1.0'", None),
        ] {
            assert_eq!(literal(text, false).as_deref(), expected, "{text}");
        }
        assert_eq!(literal("version = '1.0'\nfull_version = version\n", true).as_deref(), Some("1.0"));
        assert_eq!(literal("version_json = '''\n{\n \"version\": \"1.0.1\"\n}\n'''", true).as_deref(), Some("1.0.1"));
        for (tuple, expected) in [("(2, 2, 0)", Some("2.2.0")), ("(5, 0, 6, \"final\", 0)", Some("5.0.6")), ("(5, 1, 0, 'rc', 1)", None)] {
            assert_eq!(literal(&format!("VERSION = {tuple}\n"), false).as_deref(), expected, "{tuple}");
        }
        assert_eq!(literal("VERSION = '2.5.3'\nversion_short = 2", true).as_deref(), Some("2.5.3"));
    }

    #[test]
    fn constants_of_compiled_modules() {
        let module = |version: &[&str]| {
            let mut content = b"\xa7\r\r\n\0\0\0\0\xe3\0\0".to_vec();
            for text in [&["__version__"], version].concat() {
                content.push(0xda);
                content.push(u8::try_from(text.len()).unwrap());
                content.extend(text.as_bytes());
            }
            content
        };
        assert_eq!(compiled(&module(&["2.31.0"])).as_deref(), Some("2.31.0"));
        assert_eq!(compiled(&[module(&["2.31.0"]), b"z".to_vec()].concat()).as_deref(), Some("2.31.0"), "the last byte says nothing");
        assert_eq!(compiled(&module(&["2.31.0", "2.31.0"])).as_deref(), Some("2.31.0"));
        assert_eq!(compiled(&module(&["2.31.0", "1.26.0"])), None, "which of them is its own cannot be told");
        assert_eq!(compiled(b"\xda\x062.31.0"), None);
        assert_eq!(compiled(b"__version__\xda"), None);
    }

    #[test]
    fn notices() {
        assert!(has_notice(b"# SPDX-License-Identifier: MIT\n"));
        assert!(!has_notice(b"def handler(event, context):\n"));
    }
}
