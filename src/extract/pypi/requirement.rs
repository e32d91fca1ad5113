//! One logical line of a requirements file (pip documentation, "Requirements File Format"; PEP 508 for one requirement), read as
//! pip's `_internal/req/req_file.py` and `constructors.py` do.

use super::archive_name::{self, is_archive, is_version_char};
use crate::extract::document::word;
use crate::model::Origin;

/// What a logical line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Requirement {
        name: String,
        version: Option<String>,
        origin: Origin,
    },
    /// `-r` or, with the flag, `-c`: another file to read.
    Include {
        target: String,
        is_constraint: bool,
    },
    /// Something is installed, and the line does not say under which name.
    Nameless,
    /// An option, or a folder of the project's own.
    Other,
    Fault,
}

/// Reads one logical line.
pub(super) fn requirement(line: &str) -> Line {
    let (asked, options) = parts(line);
    if asked.is_empty() {
        return option(&words(options));
    }
    if let Some(located) = located(asked) {
        return located;
    }
    // A marker follows a semicolon.
    let asked = asked.split(';').next().unwrap_or(asked).trim();
    let end = asked.find(|c: char| !is_name_char(c)).unwrap_or(asked.len());
    let Some(name) = word(&asked[..end]).filter(|name| is_name(name)) else { return Line::Fault };
    let Some(rest) = after_extras(&asked[end..]) else { return Line::Fault };
    if let Some(url) = rest.strip_prefix('@') {
        return at_url(name, url.trim());
    }
    let specifiers = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest);
    match version(specifiers) {
        Ok(version) => Line::Requirement { name: name.to_owned(), version: version.map(str::to_owned), origin: Origin::Registry },
        Err(()) => Line::Fault,
    }
}

/// What stands before the first word that begins with a dash, and the rest: the options.
fn parts(line: &str) -> (&str, &str) {
    let mut start = 0;
    for token in line.split(' ') {
        if token.starts_with('-') {
            return (line[..start].trim(), &line[start..]);
        }
        start += token.len() + 1;
    }
    (line.trim(), "")
}

/// Words as a shell splits them: quotes and backslashes hold blanks together.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut current, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                current.get_or_insert_default();
            }
            (None | Some('"'), '\\') => current.get_or_insert_default().extend(chars.next()),
            (None, _) if c.is_whitespace() => words.extend(current.take()),
            _ => current.get_or_insert_default().push(c),
        }
    }
    words.extend(current);
    words
}

/// A line of options. pip takes the first editable, else the first included file, else the first file of constraints.
fn option(words: &[String]) -> Line {
    let value = |short: &str, long: &str, least: usize| {
        words.iter().enumerate().find_map(|(at, word)| {
            let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, value)| (name, Some(value)));
            let next = || words.get(at + 1).map(String::as_str);
            // optparse takes a long option shortened as far as it is no other's beginning.
            match word.strip_prefix(short) {
                _ if name.starts_with("--") => (name.len() >= least && long.starts_with(name)).then(|| value.or_else(next)).flatten(),
                Some("") => next(),
                glued => glued,
            }
        })
    };
    if let Some(source) = value("-e", "--editable", 4) {
        return located(source).unwrap_or(Line::Other);
    }
    let include = |target: &str, is_constraint| Line::Include { target: target.to_owned(), is_constraint };
    let included = value("-r", "--requirement", "--requirem".len()).map(|target| include(target, false));
    included.or_else(|| value("-c", "--constraint", "--cons".len()).map(|target| include(target, true))).unwrap_or(Line::Other)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// PEP 508: letters and digits at both ends.
fn is_name(name: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    name.starts_with(ends) && name.ends_with(ends)
}

/// What follows the extras, where there are such.
fn after_extras(rest: &str) -> Option<&str> {
    let rest = rest.trim();
    match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']').map(|(_, after)| after.trim()),
        None => Some(rest),
    }
}

/// `name @ url`. The file name of a wheel or source archive states the version.
fn at_url(name: &str, url: &str) -> Line {
    let url = url.split(" ;").next().unwrap_or(url).trim();
    if !url.contains("://") && !url.starts_with("file:") {
        return Line::Fault;
    }
    let origin = origin(url);
    let stated = archive_name::name_and_version(url).filter(|(stated, _)| origin == Origin::Url && folded(stated) == folded(name));
    Line::Requirement { name: name.to_owned(), version: stated.map(|(_, version)| version), origin }
}

fn folded(name: &str) -> String {
    crate::model::Ecosystem::PyPi.folded(name)
}

/// A URL, a path or an archive instead of a name; `#egg=name` or the archive's own file name gives it one.
fn located(asked: &str) -> Option<Line> {
    // `name @ https://..` has its name before the first `@`; `git+ssh://git@host/..` has none there.
    let after_name = asked.trim_start_matches(is_name_char);
    if after_extras(after_name).is_some_and(|rest| rest.starts_with('@')) {
        return None;
    }
    let source = asked.split([' ', ';']).next().unwrap_or(asked);
    let is_url = source.contains("://") || source.starts_with("file:");
    let bare = source.split('[').next().unwrap_or(source);
    let is_path = source.starts_with(['.', '/', '~']) || is_archive(bare) || after_name.starts_with(['/', '\\']);
    if !is_url && !is_path {
        return None;
    }
    if let Some(name) = egg(asked) {
        let stated = archive_name::name_and_version(source).filter(|(stated, _)| folded(stated) == folded(&name));
        return Some(Line::Requirement { name, version: stated.map(|(_, version)| version), origin: origin(source) });
    }
    Some(match archive_name::name_and_version(bare) {
        Some((name, version)) if origin(source) != Origin::Git => Line::Requirement { name, version: Some(version), origin: Origin::Url },
        // A folder is the project's own, and what it holds is seen for itself.
        _ if !is_archive(bare) && origin(source) == Origin::FirstParty => Line::Other,
        _ => Line::Nameless,
    })
}

fn egg(url: &str) -> Option<String> {
    let (_, egg) = url.split_once("#egg=").or_else(|| url.split_once("&egg="))?;
    word(egg.split(['&', '[', ' ', ';', '=']).next()?).filter(|name| is_name(name)).map(str::to_owned)
}

fn origin(url: &str) -> Origin {
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
        if matches!(operator, "==" | "===") && version.chars().all(is_version_char) {
            pinned = Some(version);
        }
    }
    Ok(pinned)
}

#[cfg(test)]
mod tests {
    use super::{Line, requirement};
    use crate::model::Origin;

    #[test]
    fn requirements() {
        for (line, name, version, origin) in [
            ("requests==2.19.1", "requests", Some("2.19.1"), Origin::Registry),
            ("requests", "requests", None, Origin::Registry),
            ("requests [security, socks] == 2.19.1 ; python_version > '3'", "requests", Some("2.19.1"), Origin::Registry),
            ("a==1.0;python_version<'3'", "a", Some("1.0"), Origin::Registry),
            ("a==1.0 --hash=sha256:abc --hash=sha256:def", "a", Some("1.0"), Origin::Registry),
            ("a==1.0 --config-settings \"x=-r y\"", "a", Some("1.0"), Origin::Registry),
            ("a (==1.0)", "a", Some("1.0"), Origin::Registry),
            ("a===1.0+local", "a", Some("1.0+local"), Origin::Registry),
            ("a==1!2.0.post1", "a", Some("1!2.0.post1"), Origin::Registry),
            ("a==1.*", "a", None, Origin::Registry),
            ("a==${A_VERSION}", "a", None, Origin::Registry),
            ("a~=1.4.2", "a", None, Origin::Registry),
            ("a>=1,<2", "a", None, Origin::Registry),
            ("a>=1,==1.5", "a", Some("1.5"), Origin::Registry),
            ("a @ https://example.com/a-1.0-py3-none-any.whl", "a", Some("1.0"), Origin::Url),
            ("a[x] @ https://u:${TOKEN}@example.com/a-1.0.tar.gz ; python_version > '3'", "a", Some("1.0"), Origin::Url),
            ("a @ https://example.com/b-1.0.tar.gz", "a", None, Origin::Url),
            ("a @ https://example.com/main.zip", "a", None, Origin::Url),
            ("a@git+https://example.com/a.git@v1", "a", None, Origin::Git),
            ("git+https://example.com/a.git@v1#egg=a&subdirectory=x", "a", None, Origin::Git),
            ("git+ssh://git@example.com/a.git#egg=a[x]", "a", None, Origin::Git),
            ("https://example.com/a-1.0-py3-none-any.whl", "a", Some("1.0"), Origin::Url),
            ("https://example.com/x.zip#egg=a==1", "a", None, Origin::Url),
            ("./wheels/a-1.0-py3-none-any.whl[x]", "a", Some("1.0"), Origin::Url),
            ("dist/a-1.0.tar.gz", "a", Some("1.0"), Origin::Url),
            ("-e git+https://example.com/a.git#egg=a", "a", None, Origin::Git),
            ("--editable=git+https://example.com/a.git#egg=a", "a", None, Origin::Git),
            ("-e ./a#egg=a", "a", None, Origin::FirstParty),
        ] {
            let expected = Line::Requirement { name: name.to_owned(), version: version.map(str::to_owned), origin };
            assert_eq!(requirement(line), expected, "{line}");
        }
        for line in ["--index-url https://example.com", "-i https://example.com", "-e .", "-e ./a", "./a", "libs/a", "file:///x/a", "--pre"]
        {
            assert_eq!(requirement(line), Line::Other, "{line}");
        }
        for line in ["git+https://example.com/a.git", "-e git+https://example.com/a.git", "https://example.com/main.zip", "./a.whl"] {
            assert_eq!(requirement(line), Line::Nameless, "{line}");
        }
        for line in ["<html>", "a b c", "a=1", "a==", "{{ x }}", "a[extra==1", "${A}==1", "a @ 1.0", "a>=1 <2"] {
            assert_eq!(requirement(line), Line::Fault, "{line}");
        }
    }

    #[test]
    fn includes() {
        for (line, target, is_constraint) in [
            ("-r other.txt", "other.txt", false),
            ("-rother.txt", "other.txt", false),
            ("--requirement other.txt", "other.txt", false),
            ("--requirement=deps/base.in", "deps/base.in", false),
            ("--requirem other.txt", "other.txt", false),
            ("-r \"my file.txt\"", "my file.txt", false),
            ("-r my\\ file.txt", "my file.txt", false),
            ("--no-binary :all: -r other.txt", "other.txt", false),
            ("-c constraints.txt", "constraints.txt", true),
            ("--constraint=constraints.txt", "constraints.txt", true),
            ("-c c.txt -r r.txt", "r.txt", false),
        ] {
            assert_eq!(requirement(line), Line::Include { target: target.to_owned(), is_constraint }, "{line}");
        }
        for line in ["--require-hashes", "-r", "--requirement"] {
            assert_eq!(requirement(line), Line::Other, "{line}");
        }
    }
}
