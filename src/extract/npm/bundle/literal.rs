//! Version literals: a package.json that a bundler has put into the bundle, with its own name and version.

use crate::extract::document::word;
use crate::model::Bundled;

/// Bytes before and behind the version in which the rest of the object is looked for.
const REACH: usize = 4096;
/// Literals of one bundle.
const MOST: usize = 10_000;

/// Every package whose own manifest stands in the bundle. One that no registry has served (`private`, or without the address of
/// its repository) is the function's own.
pub(super) fn packages(content: &[u8]) -> Vec<Bundled> {
    let marks = memchr::memmem::find_iter(content, b"version").take(MOST);
    let mut found: Vec<Bundled> = marks.filter_map(|at| manifest(content, at)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The first version that stands in a stretch of code, for one that is known to be a manifest.
pub(super) fn version_in(code: &[u8]) -> Option<String> {
    memchr::memmem::find_iter(code, b"version").find_map(|at| value(code, at + "version".len())).and_then(|(version, _)| exact(version))
}

fn exact(version: &str) -> Option<String> {
    semver::Version::parse(version).is_ok().then(|| version.to_owned())
}

/// The string that a key has, and where it ends: `"key": "value"`, `key:"value"`, with any of the three quotes, or with quotes that
/// are escaped because all of it stands in a string.
fn value(content: &[u8], key_end: usize) -> Option<(&str, usize)> {
    let rest = content.get(key_end..content.len().min(key_end + 300))?;
    let skip = |from: usize, skipped: &[u8]| {
        from + rest.get(from..).map_or(0, |rest| rest.iter().take_while(|byte| skipped.contains(byte)).count())
    };
    let colon = skip(0, b"\\\"' ");
    let open = skip(colon + 1, b"\\ ");
    let quote = *rest.get(open).filter(|quote| rest.get(colon) == Some(&b':') && matches!(quote, b'"' | b'\'' | b'`'))?;
    let length = memchr::memchr(quote, rest.get(open + 1..)?)?;
    let text = std::str::from_utf8(rest.get(open + 1..open + 1 + length)?).ok()?;
    Some((word(text.trim_end_matches('\\'))?, key_end + open + length + 2))
}

/// The manifest whose version's key stands at `at`.
fn manifest(content: &[u8], at: usize) -> Option<Bundled> {
    let (version, end) = value(content, at + "version".len())?;
    let version = exact(version)?;
    let before = content.get(at.saturating_sub(REACH)..at)?;
    let behind = content.get(end..content.len().min(end + REACH))?;
    // The nearest key of that name; nothing between it and the version leaves the object that it stands in.
    let (name, stretch) = memchr::memmem::rfind_iter(before, b"name").find_map(|at| value(before, at + 4))?;
    let name = Some(name).filter(|name| is_package_name(name) && before.get(stretch..).is_some_and(is_level))?;
    let object = [before, own_rest(behind)].concat();
    let has = |key: &str| memchr::memmem::find(&object, key.as_bytes()).is_some();
    let is_private = ["private:!0", "private\":true", "private: true", "private\": true", "private\\\":true"].iter().any(|key| has(key));
    (has("repository") && !is_private).then(|| Bundled { name: name.to_owned(), version: Some(version), place: String::new(), bytes: 0 })
}

/// Whether braces in a stretch open and close level, strings aside.
fn is_level(stretch: &[u8]) -> bool {
    let mut depth = 0_i32;
    for &byte in stretch {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// What follows, up to the end of the object.
fn own_rest(behind: &[u8]) -> &[u8] {
    let mut depth = 0_i32;
    for (at, &byte) in behind.iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return &behind[..at],
            b'}' => depth -= 1,
            _ => {}
        }
    }
    behind
}

fn is_package_name(name: &str) -> bool {
    let rest = name.strip_prefix('@').map_or(Some(name), |scoped| scoped.split_once('/').map(|(_, rest)| rest));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "@/._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::packages;

    fn seen(text: &str) -> Vec<(String, String)> {
        packages(text.as_bytes()).into_iter().map(|package| (package.name, package.version.unwrap_or_default())).collect()
    }

    #[test]
    fn a_manifest_names_its_package() {
        for text in [
            r#"x={name:"@s/n",description:"d",version:"1.2.3",scripts:{a:"b"},repository:{type:"git",url:"u"}}"#,
            r#"JSON.parse('{"name":"@s/n","version":"1.2.3","repository":"u"}')"#,
            r#"JSON.parse(\"{\\\"name\\\":\\\"@s/n\\\",\\\"version\\\":\\\"1.2.3\\\",\\\"repository\\\":1}\")"#,
            "x={name:`@s/n`,version:`1.2.3`,repository:{url:`u`}}",
            "{\n  name: \"@s/n\",\n  version: \"1.2.3\",\n  repository: \"u\"\n}",
        ] {
            assert_eq!(seen(text), [("@s/n".to_owned(), "1.2.3".to_owned())], "{text}");
        }
    }

    #[test]
    fn the_functions_own_manifest_and_other_versions_are_none() {
        for text in [
            r#"{name:"orders",version:"1.0.0",dependencies:{}}"#,
            r#"{name:"orders",version:"1.0.0",private:!0,repository:"u"}"#,
            r#"{name:"a"},{version:"1.0.0",repository:"u"}"#,
            r#"{name:"a b",version:"1.0.0",repository:"u"}"#,
            r#"{name:"a",version:"latest",repository:"u"}"#,
        ] {
            assert_eq!(seen(text), [], "{text}");
        }
    }
}
