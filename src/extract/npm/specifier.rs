//! Specifiers: what the text behind a dependency's name (`^1.2.3`, `npm:ms@0.7.1`, `git+ssh://..`) says about name, version
//! and origin (docs.npmjs.com, package.json, "dependencies").

use crate::extract::document::word;
use crate::model::Origin;

/// What a specifier says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Specifier<'a> {
    /// The package's own name, where the key was an alias.
    pub(crate) name: Option<&'a str>,
    /// The version, where it is exactly one.
    pub(crate) version: Option<&'a str>,
    /// Where it comes from.
    pub(crate) origin: Origin,
}

/// Reads a specifier of a manifest or of a version 1 lockfile.
pub(crate) fn specifier(text: &str) -> Specifier<'_> {
    let text = text.trim();
    if let Some(alias) = text.strip_prefix("npm:") {
        let (name, range) = name_and_rest(alias);
        return Specifier { name: word(name), version: range.and_then(exact), origin: Origin::Registry };
    }
    let origin = origin(text);
    Specifier { name: None, version: if origin == Origin::Registry { exact(text) } else { None }, origin }
}

/// Splits `name@rest` and `@scope/name@rest`.
pub(super) fn name_and_rest(text: &str) -> (&str, Option<&str>) {
    let from = usize::from(text.starts_with('@'));
    match text.get(from..).and_then(|rest| rest.find('@')) {
        Some(at) => (&text[..from + at], text.get(from + at + 1..)),
        None => (text, None),
    }
}

/// The version, where the text is exactly one and not a range or a tag.
pub(super) fn exact(text: &str) -> Option<&str> {
    let text = text.trim().trim_start_matches(['=', 'v']).trim();
    semver::Version::parse(text).ok().map(|_| text)
}

/// Where a resolved URL or a specifier points.
///
/// A tarball URL of any registry has `/-/` in it; mirrors and proxies of the public registry count as the registry, since
/// what they serve is what the public advisories speak of.
pub(super) fn origin(text: &str) -> Origin {
    const FIRST_PARTY: [&str; 4] = ["link:", "workspace:", "portal:", "file:"];
    const GIT: [&str; 9] = ["git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:", "gist:", "https://codeload.github.com/"];
    // yarn appends the digest: `file:a.tgz#0123`.
    let address = text.split(['?', '#']).next().unwrap_or(text);
    let is_tarball = [".tgz", ".tar.gz", ".tar"].iter().any(|end| address.ends_with(end));
    if FIRST_PARTY.iter().any(|start| text.starts_with(start)) {
        return if is_tarball { Origin::Url } else { Origin::FirstParty };
    }
    if GIT.iter().any(|start| text.starts_with(start)) {
        return Origin::Git;
    }
    if text.starts_with("http:") || text.starts_with("https:") {
        return match () {
            () if address.ends_with(".git") => Origin::Git,
            () if text.contains("/-/") || text.contains("//npm.pkg.github.com/download/") => Origin::Registry,
            () => Origin::Url,
        };
    }
    // bun writes a file of the project without `file:`.
    if is_tarball {
        return Origin::Url;
    }
    // `user/repo` and `user/repo#branch`: the short form of a GitHub repository. A range or a tag has no slash.
    if !text.starts_with('@')
        && text.split_once('/').is_some_and(|(user, repo)| !user.is_empty() && !user.contains(' ') && !repo.is_empty())
    {
        return if text.starts_with('.') || text.starts_with('~') { Origin::FirstParty } else { Origin::Git };
    }
    Origin::Registry
}

#[cfg(test)]
mod tests {
    use super::{name_and_rest, specifier};
    use crate::model::Origin;

    #[test]
    fn specifiers() {
        for (text, name, version, origin) in [
            ("1.2.3", None, Some("1.2.3"), Origin::Registry),
            ("=1.2.3-rc.1", None, Some("1.2.3-rc.1"), Origin::Registry),
            ("^1.2.3", None, None, Origin::Registry),
            ("latest", None, None, Origin::Registry),
            ("npm:ms@0.7.1", Some("ms"), Some("0.7.1"), Origin::Registry),
            ("npm:@s/n@^1", Some("@s/n"), None, Origin::Registry),
            ("git+ssh://git@github.com/a/b.git#abc", None, None, Origin::Git),
            ("a/b#main", None, None, Origin::Git),
            ("https://example.com/a.tgz", None, None, Origin::Url),
            ("https://registry.npmjs.org/a/-/a-1.0.0.tgz", None, None, Origin::Registry),
            ("file:../a", None, None, Origin::FirstParty),
            ("file:a-1.0.0.tgz", None, None, Origin::Url),
            ("file:a-1.0.0.tgz#0123456789abcdef", None, None, Origin::Url),
            ("vendor/a-1.0.0.tgz", None, None, Origin::Url),
            ("workspace:*", None, None, Origin::FirstParty),
            ("./a", None, None, Origin::FirstParty),
        ] {
            let read = specifier(text);
            assert_eq!((read.name, read.version, read.origin), (name, version, origin), "{text}");
        }
    }

    #[test]
    fn a_scope_is_part_of_the_name() {
        assert_eq!(name_and_rest("@s/n@1"), ("@s/n", Some("1")));
        assert_eq!(name_and_rest("n"), ("n", None));
        assert_eq!(name_and_rest("@"), ("@", None));
    }
}
