//! Traces of crates in a binary: panic messages name the source file they come from, and cargo keeps sources in folders called
//! `name-version`, or by their git repository.

use std::collections::BTreeSet;

use memchr::memmem;

/// Bytes after a marker in which a path ends.
const LONGEST: usize = 512;

/// What stands before a crate's folder, in either system's spelling, and whether the index's own folder lies between. The names of
/// crates.io's indexes are what is left where the folders above them were renamed (`--remap-path-prefix`); the last is where
/// Debian and Fedora keep the sources of their crates.
const MARKERS: [(&[u8], bool); 6] = [
    (b"registry/src/", true),
    (b"registry\\src\\", true),
    (b"index.crates.io-", true),
    (b"github.com-1ecc6299db9ec823", true),
    (b"share/cargo/registry/", false),
    (b"share\\cargo\\registry\\", false),
];

/// Crates that the standard library is built with (rust-lang/rust, `library/Cargo.lock`). Releases up to 1.77 name their sources
/// where they were built: `/cargo/registry/src/github.com-1ecc6299db9ec823/`.
const STANDARD: [&str; 14] = [
    "addr2line",
    "adler",
    "adler2",
    "allocator-api2",
    "cfg-if",
    "compiler_builtins",
    "getopts",
    "gimli",
    "hashbrown",
    "libc",
    "memchr",
    "miniz_oxide",
    "object",
    "rustc-demangle",
];

/// One crate's trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Trace<'a> {
    pub(super) name: &'a str,
    /// `None` for one from a git repository.
    pub(super) version: Option<&'a str>,
    /// Whether a source file of it is named, and not only a folder.
    pub(super) is_source: bool,
    /// Whether it may be the standard library's.
    pub(super) is_standard: bool,
}

/// Every trace in a binary.
pub(super) fn traces(content: &[u8]) -> BTreeSet<Trace<'_>> {
    let mut traces = BTreeSet::new();
    for (marker, has_index) in MARKERS {
        for at in memmem::find_iter(content, marker) {
            let path = path(content, at + marker.len());
            let mut parts = path.split(is_separator);
            if has_index {
                parts.next();
            }
            let (Some(folder), Some(_)) = (parts.next(), parts.next()) else { continue };
            let Some((name, version)) = std::str::from_utf8(folder).ok().and_then(name_and_version) else { continue };
            let before = content.get(..at).unwrap_or_default();
            let before = before.strip_suffix(b"registry/src/").unwrap_or(before);
            let is_old = [marker, path].iter().any(|index| index.starts_with(b"github.com-"));
            let is_built = is_old && before.ends_with(b"/cargo/") && !before.ends_with(b"/usr/local/cargo/");
            let is_standard = is_built && STANDARD.contains(&name);
            traces.insert(Trace { name, version: Some(version), is_source: is_source(path), is_standard });
        }
    }
    for marker in [&b"git/checkouts/"[..], b"git\\checkouts\\"] {
        for at in memmem::find_iter(content, marker) {
            let path = path(content, at + marker.len());
            // A folder alone does not tell which of the repository's crates it is.
            if !is_source(path) {
                continue;
            }
            let name = repository(path).and_then(|name| std::str::from_utf8(name).ok()).filter(|name| is_name(name));
            traces.extend(name.map(|name| Trace { name, version: None, is_source: true, is_standard: false }));
        }
    }
    traces
}

/// Whether cargo's own folder of downloaded sources is named: then the crates are crates.io's, whoever packed the binary.
pub(super) fn is_from_registry(content: &[u8]) -> bool {
    MARKERS.iter().take(4).any(|(marker, _)| memmem::find(content, marker).is_some())
}

/// What can be a path from `start` on.
fn path(content: &[u8], start: usize) -> &[u8] {
    let rest = content.get(start..).unwrap_or_default();
    let rest = rest.get(..LONGEST).unwrap_or(rest);
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b"/\\._-+@".contains(byte)));
    rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
}

fn is_separator(byte: &u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn is_source(path: &[u8]) -> bool {
    memmem::find(path, b".rs").is_some()
}

/// The crate of `<repository>-<16 hex>/<revision>/<folder>/src/..`: the folder that `src` lies in, or the repository.
fn repository(path: &[u8]) -> Option<&[u8]> {
    let mut parts = path.split(is_separator);
    let (checkout, revision) = (parts.next()?, parts.next()?);
    let hash = checkout.get(checkout.len().checked_sub(17)?..)?;
    let is_checkout = hash.first() == Some(&b'-') && hash.iter().skip(1).all(u8::is_ascii_hexdigit);
    if !is_checkout || !(7..=40).contains(&revision.len()) || !revision.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let repository = checkout.get(..checkout.len() - 17)?;
    let mut before = None;
    for part in parts {
        if part == b"src" {
            return before.or(Some(repository));
        }
        before = Some(part);
    }
    Some(repository)
}

/// Splits `serde_json-1.0.140`: the version is the first part after a hyphen that is one.
fn name_and_version(folder: &str) -> Option<(&str, &str)> {
    let (at, _) = folder.match_indices('-').find(|(at, _)| semver::Version::parse(&folder[at + 1..]).is_ok())?;
    let name = &folder[..at];
    is_name(name).then_some((name, &folder[at + 1..]))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::{name_and_version, traces};

    #[test]
    fn versions_may_have_hyphens_and_so_may_names() {
        assert_eq!(name_and_version("serde_json-1.0.140"), Some(("serde_json", "1.0.140")));
        assert_eq!(name_and_version("tokio-util-0.7.0-rc.1"), Some(("tokio-util", "0.7.0-rc.1")));
        assert_eq!(name_and_version("md-5-0.10.6+b.1"), Some(("md-5", "0.10.6+b.1")));
        assert_eq!(name_and_version("no-version"), None);
        assert_eq!(name_and_version("-1.0.0"), None);
    }

    #[test]
    fn crates_are_known_by_the_folders_cargo_keeps_them_in() {
        for (text, expected) in [
            (&b"/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/a-1.0.0/src/lib.rs"[..], "a 1.0.0 true false"),
            (b"unwrap/root/.cargo/registry/src/github.com-1ecc6299db9ec823/a-1.0.0/src/lib.rs", "a 1.0.0 true false"),
            (b"C:\\U\\.cargo\\registry\\src\\my-registry-0123\\a-1.0.0\\src\\lib.rs", "a 1.0.0 true false"),
            (b"/deps/index.crates.io-1949cf8c6b5b557f/a-1.0.0/src/lib.rs", "a 1.0.0 true false"),
            (b"/usr/share/cargo/registry/a-1.0.0/src/lib.rs", "a 1.0.0 true false"),
            (b"/cargo/registry/src/github.com-1ecc6299db9ec823/hashbrown-0.12.3/src/raw/mod.rs", "hashbrown 0.12.3 true true"),
            (b"/usr/local/cargo/registry/src/github.com-1ecc6299db9ec823/hashbrown-0.12.3/src/a.rs", "hashbrown 0.12.3 true false"),
            (b"/.cargo/registry/src/index.crates.io-6f17d22bba15001f/a-1.0.0/src\0", "a 1.0.0 false false"),
            (b"/.cargo/git/checkouts/a-0123456789abcdef/1234567/src/lib.rs", "a - true false"),
            (b"/.cargo/git/checkouts/all-0123456789abcdef/1234567/crates/a/src/lib.rs", "a - true false"),
            (b"/.cargo/git/checkouts/all-0123456789abcdef/1234567/crates/a", ""),
            (b"/.cargo/git/checkouts/../1234567/crates/a/src/lib.rs", ""),
            (b"/rust/deps/gimli-0.31.1/src/read/line.rs", ""),
            (b"/usr/src/rustc-1.63.0/vendor/gimli-0.25.0/src/read/line.rs", ""),
            (b"cargo/registry/src/index.crates.io-1949/serde-1.0.0", ""),
        ] {
            let row = |trace: &super::Trace<'_>| {
                format!("{} {} {} {}", trace.name, trace.version.unwrap_or("-"), trace.is_source, trace.is_standard)
            };
            let found: Vec<String> = traces(text).iter().map(row).collect();
            assert_eq!(found.join(", "), expected, "{}", String::from_utf8_lossy(text));
        }
    }
}
