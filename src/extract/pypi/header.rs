//! Headers of core metadata (packaging.python.org, "Core metadata specifications"): `Name: value` lines up to an empty one.

use super::requires_dist::wish;
use crate::extract::document::word;
use crate::model::Wish;

/// Bytes of a metadata file that can be headers; its long description follows them.
const LONGEST_HEAD: usize = 1 << 20;
/// Requirements of one distribution that are looked for.
pub(super) const MOST_REQUIREMENTS: usize = 10_000;

/// `Name` and `Version`, each where the headers have it.
pub(super) fn name_and_version(content: &[u8]) -> (Option<String>, Option<String>) {
    let head = content.get(..LONGEST_HEAD).unwrap_or(content);
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let (mut name, mut version) = (None, None);
    for line in head.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || (name.is_some() && version.is_some()) {
            break;
        }
        let Some(at) = memchr::memchr(b':', line) else { continue };
        // A line that begins with a blank continues the one before it and is no header.
        let (key, value) = (&line[..at], String::from_utf8_lossy(&line[at + 1..]));
        if key.eq_ignore_ascii_case(b"name") && name.is_none() {
            name = word(&value).map(str::to_owned);
        } else if key.eq_ignore_ascii_case(b"version") && version.is_none() {
            version = word(&value).map(str::to_owned);
        }
    }
    (name, version)
}

/// The distributions that `Requires-Dist` asks for.
pub(super) fn requirements(content: &[u8]) -> Vec<Wish> {
    const KEY: &[u8] = b"requires-dist:";
    let head = content.get(..LONGEST_HEAD).unwrap_or(content);
    let lines = head.split(|&byte| byte == b'\n').take_while(|line| !matches!(line, [] | [b'\r']));
    let values = lines.filter_map(|line| line.split_at_checked(KEY.len()).filter(|(key, _)| key.eq_ignore_ascii_case(KEY)));
    values.filter_map(|(_, value)| wish(&String::from_utf8_lossy(value))).take(MOST_REQUIREMENTS).collect()
}
