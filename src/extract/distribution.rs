//! Distributions: addresses and hashes that lockfiles have, as far as they may be repeated.
//!
//! An address may itself be a secret: credentials before the host, a token in the query or, with some vendors, in the path.
//! So only addresses of public hosts are repeated, without user and query.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::{Distribution, EntryPath, hex};

/// Characters of an address that is repeated.
const LONGEST: usize = 1024;

/// Hosts on which everybody finds what an address says, and no path is a secret.
const PUBLIC: [&str; 12] = [
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "registry.npmmirror.com",
    "pypi.org",
    "files.pythonhosted.org",
    "static.crates.io",
    "crates.io",
    "github.com",
    "codeload.github.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
];

/// What a lockfile at `path` says about where `package` comes from; `None` where that is no address to repeat. `integrity` is
/// a Subresource Integrity text, `sha512-<base64>`.
pub(super) fn distribution(package: &Arc<str>, url: &str, integrity: Option<&str>, path: &EntryPath) -> Option<Distribution> {
    let url = public(url)?;
    // A repository at a commit is no file that could have a hash.
    let hash = integrity.filter(|_| !url.starts_with("git+")).and_then(subresource);
    Some(Distribution { package: Arc::clone(package), url: Arc::from(url), hash, path: path.clone() })
}

/// Where the public npm registry has the file of a package: it lays all of them out alike, so that lockfiles need not say.
pub(super) fn npm_file(name: &str, version: &str) -> String {
    format!("https://registry.npmjs.org/{name}/-/{}-{version}.tgz", name.rsplit('/').next().unwrap_or(name))
}

/// The address in the form that is repeated: `https://host/path`, or `git+https://host/path@commit`.
pub(super) fn public(url: &str) -> Option<String> {
    let is_git = url.starts_with("git") || url.starts_with("ssh:") || url.split(['?', '#']).next()?.ends_with(".git");
    let rest = url.strip_prefix("git+").unwrap_or(url);
    let (scheme, rest) = rest.split_once("://")?;
    if !matches!(scheme, "https" | "http" | "ssh" | "git") || scheme != "https" && !is_git {
        return None;
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let rest = rest.split('?').next()?;
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    // A commit may stand behind the path, as SPDX writes it.
    let (path, at) = if is_git { path.split_once('@').unwrap_or((path, "")) } else { (path, "") };
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.-_~%+@!".contains(&b));
    if !PUBLIC.contains(&host) || !is_plain(path) || path.is_empty() || path.len() > LONGEST {
        return None;
    }
    if !is_git {
        return Some(format!("https://{host}/{path}"));
    }
    let commit = [fragment, at].into_iter().find(|text| text.len() >= 7 && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    Some(format!("git+https://{host}/{path}{}", commit.map(|commit| format!("@{commit}")).unwrap_or_default()))
}

/// The strongest hash of a Subresource Integrity text, as CycloneDX calls the algorithm and in hex.
pub(super) fn subresource(text: &str) -> Option<(&'static str, String)> {
    const ALGORITHMS: [(&str, &str, usize); 4] =
        [("sha512-", "SHA-512", 64), ("sha384-", "SHA-384", 48), ("sha256-", "SHA-256", 32), ("sha1-", "SHA-1", 20)];
    ALGORITHMS.into_iter().find_map(|(prefix, algorithm, length)| {
        let hashes = text.split_ascii_whitespace().filter_map(|one| one.strip_prefix(prefix));
        let mut decoded = hashes.filter_map(|one| STANDARD.decode(one.split('?').next()?).ok());
        decoded.find(|bytes| bytes.len() == length).map(|bytes| (algorithm, hex(&bytes)))
    })
}

#[cfg(test)]
mod tests {
    use super::{public, subresource};

    #[test]
    fn addresses_without_credentials() {
        for (url, expected) in [
            ("https://registry.npmjs.org/a/-/a-1.0.0.tgz", Some("https://registry.npmjs.org/a/-/a-1.0.0.tgz")),
            ("https://registry.yarnpkg.com/a/-/a-1.0.0.tgz#0123456789", Some("https://registry.yarnpkg.com/a/-/a-1.0.0.tgz")),
            ("https://user:secret@registry.npmjs.org/a.tgz?token=secret", Some("https://registry.npmjs.org/a.tgz")),
            ("git+ssh://git@github.com/x/g.git#0123456789abcdef", Some("git+https://github.com/x/g.git@0123456789abcdef")),
            ("git+https://token@github.com/x/g.git#main", Some("git+https://github.com/x/g.git")),
            ("https://github.com/x/g.git", Some("git+https://github.com/x/g.git")),
            ("https://npm.example.com/secret/a/-/a-1.0.0.tgz", None),
            ("https://github.com.example.com/a.tgz", None),
            ("https://registry.npmjs.org@example.com/a.tgz", None),
            ("http://registry.npmjs.org/a.tgz", None),
            ("https://github.com/a\" onload=\"x", None),
            ("file:../a", None),
        ] {
            assert_eq!(public(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_strongest_hash_counts() {
        let sha1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=";
        assert_eq!(subresource(sha1), Some(("SHA-1", "da39a3ee5e6b4b0d3255bfef95601890afd80709".to_owned())));
        let both = format!("{sha1} sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(subresource(&both).map(|(algorithm, _)| algorithm), Some("SHA-256"));
        assert_eq!(subresource("sha512-x"), None);
    }
}
