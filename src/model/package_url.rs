//! Reads package URLs (package-url/purl-spec) as far as an advisory is looked up by them: type, name and version.

use super::Ecosystem;

/// Ecosystem, name and version.
pub type PackageUrl = (Ecosystem, String, Option<String>);

/// The type of a package URL, in lower case; `None` where the text is none.
#[must_use]
pub fn package_url_kind(text: &str) -> Option<String> {
    split(text).map(|(kind, _)| kind.to_ascii_lowercase())
}

/// What a package URL names. Qualifiers and a subpath say nothing about which package it is and are not read.
pub fn package_url(text: &str) -> Result<PackageUrl, String> {
    let none = |why: &dyn std::fmt::Display| format!("no package URL: {why}");
    let (kind, rest) = split(text).ok_or_else(|| none(&"it is not `pkg:type/name@version`"))?;
    let ecosystem = Ecosystem::from_purl_type(&kind.to_ascii_lowercase()).ok_or("the type is none of npm, pypi and cargo")?;
    // Read as `npm`, the name would lose its capitals: `JSONStream` and `jsonstream` are two packages.
    let purl: packageurl::PackageUrl<'_> = format!("pkg:generic/{rest}").parse().map_err(|error| none(&error))?;
    let name = match purl.namespace() {
        None => purl.name().to_owned(),
        Some(namespace) if ecosystem == Ecosystem::Npm => format!("{namespace}/{}", purl.name()),
        Some(_) => return Err(none(&format!("a {} package has no namespace", ecosystem.purl_type()))),
    };
    Ok((ecosystem, name, purl.version().map(str::to_owned)))
}

/// The type, and the rest without qualifiers and subpath.
fn split(text: &str) -> Option<(&str, &str)> {
    let bare = text.trim().split(['?', '#']).next()?;
    let (kind, rest) = bare.strip_prefix("pkg:")?.trim_start_matches('/').split_once('/')?;
    (!kind.is_empty()).then_some((kind, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_a_purl_names() {
        let told = |text: &str| package_url(text).map(|(ecosystem, name, version)| format!("{ecosystem} {name} {version:?}"));
        for (text, wanted) in [
            ("pkg:npm/lodash@4.17.15", "npm lodash Some(\"4.17.15\")"),
            ("pkg:npm/JSONStream@1.0.3", "npm JSONStream Some(\"1.0.3\")"),
            ("pkg:npm/%40scope/a@1.0.0?vcs_url=git%2Bssh://x#lib/b@2", "npm @scope/a Some(\"1.0.0\")"),
            ("pkg:npm/@scope/a@1.0.0", "npm @scope/a Some(\"1.0.0\")"),
            ("pkg:npm/@scope/a", "npm @scope/a None"),
            ("pkg://PyPI/Django@5.0?bad qualifier", "PyPI Django Some(\"5.0\")"),
            ("pkg:cargo/rand@0.9.0%2Bmeta", "crates.io rand Some(\"0.9.0+meta\")"),
        ] {
            assert_eq!(told(text).unwrap(), wanted, "{text}");
        }
        for text in ["", "lodash", "pkg:", "pkg:npm", "pkg:npm/", "pkg:npm/@1.0.0", "pkg:pypi/a/b@1", "pkg:gem/a@1", "pkg:npm/%ff@1"] {
            assert!(told(text).is_err(), "{text}");
        }
        assert_eq!((package_url_kind("pkg:GoLang/a/b@v1").as_deref(), package_url_kind("golang/a")), (Some("golang"), None));
    }
}
