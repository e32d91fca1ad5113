//! File names of wheels and source archives, which state a name and a version (packaging.python.org, "Binary distribution
//! format" and "Source distribution format").

use crate::extract::document::word;

/// Endings of source archives; pip still reads all of them.
const SOURCE: [&str; 7] = [".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.Z", ".tar", ".zip"];

/// Whether a path or URL ends as an archive that pip installs.
pub(super) fn is_archive(location: &str) -> bool {
    let name = file_name(location);
    name.ends_with(".whl") || SOURCE.iter().any(|end| name.ends_with(end))
}

/// The name and version that the file name in a path or URL states.
pub(super) fn name_and_version(location: &str) -> Option<(String, String)> {
    let file = decoded(file_name(location));
    if let Some(stem) = file.strip_suffix(".whl") {
        let fields: Vec<&str> = stem.split('-').collect();
        // name, version, perhaps a build number, then the three tags.
        let [name, version, ..] = fields.as_slice() else { return None };
        return (matches!(fields.len(), 5 | 6)).then(|| pair(name, version)).flatten();
    }
    let stem = SOURCE.iter().find_map(|end| file.strip_suffix(end))?;
    let (name, version) = stem.rsplit_once('-')?;
    pair(name, version)
}

fn pair(name: &str, version: &str) -> Option<(String, String)> {
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(is_version_char);
    let is_name =
        name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    (is_name && is_version).then(|| Some((word(name)?.to_owned(), word(version)?.to_owned()))).flatten()
}

/// Characters that a version may have (PEP 440).
pub(super) fn is_version_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '!')
}

/// The last component of a path or URL, without its fragment and query.
fn file_name(location: &str) -> &str {
    let end = location.find(['#', '?']).unwrap_or(location.len());
    location[..end].rsplit(['/', '\\']).next().unwrap_or_default()
}

/// `%2B`, as a local version's `+` is written in URLs, and the other escapes of ASCII.
fn decoded(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii_graphic);
        match code {
            Some(code) => {
                text.push(char::from(code));
                rest = &rest[at + 3..];
            }
            None => {
                text.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::name_and_version;

    #[test]
    fn wheels_and_source_archives() {
        for (location, expected) in [
            ("https://example.com/a/my_pkg-1.0-py3-none-any.whl", Some(("my_pkg", "1.0"))),
            ("https://example.com/my_pkg-1.0%2Bcpu-1-cp311-cp311-manylinux2014_x86_64.whl#sha256=0", Some(("my_pkg", "1.0+cpu"))),
            ("dist/my-pkg-1.0rc1.tar.gz", Some(("my-pkg", "1.0rc1"))),
            ("file:///x/old-name-2.zip?x=/y", Some(("old-name", "2"))),
            ("my_pkg-1.0.whl", None),
            ("https://github.com/x/y/archive/refs/tags/1.0.tar.gz", None),
            ("https://github.com/x/y/archive/main.zip", None),
            ("a-b.tar.gz", None),
            ("%zz%", None),
        ] {
            let expected = expected.map(|(name, version): (&str, &str)| (name.to_owned(), version.to_owned()));
            assert_eq!(name_and_version(location), expected, "{location}");
        }
    }
}
