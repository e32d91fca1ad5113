//! Recognises archives by their first bytes; a name alone never says what a file is.

use crate::model::EntryPath;

/// Bytes that are enough to recognise any container: one tar block.
pub(crate) const ENOUGH: usize = 512;

/// A file that holds other files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// PKWARE zip, and everything that is one: wheel, egg, jar.
    Zip,
    /// POSIX tar.
    Tar,
    /// One or more gzip members, a tar or a single file.
    Gzip,
}

/// Recognises a container. A zip may begin with something else (a zip application with its shebang line), so names that
/// zip applications have count too where they begin with `#!`.
pub(crate) fn container(head: &[u8], path: &EntryPath) -> Option<Container> {
    of(head).or_else(|| {
        let application = ["pyz", "pyzw", "pex", "zip", "egg", "whl", "par", "xar"]
            .iter()
            .any(|extension| path.extension().eq_ignore_ascii_case(extension));
        (application && head.starts_with(b"#!")).then_some(Container::Zip)
    })
}

/// Recognises a container by its first bytes alone.
pub(crate) fn of(head: &[u8]) -> Option<Container> {
    // Local header, end record (an empty zip), split marker.
    if [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic)) {
        return Some(Container::Zip);
    }
    // RFC 1952: ID1 ID2. Deflate is the only method there is; another one is found out when the file is read.
    if head.starts_with(&[0x1f, 0x8b]) {
        return Some(Container::Gzip);
    }
    is_tar(head).then_some(Container::Tar)
}

/// A tar block: a header whose checksum holds. The `ustar` magic alone is a word that a tar library's own source has in it.
fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.first_chunk::<ENOUGH>() else { return false };
    let declared = block[148..156]
        .iter()
        .filter(|byte| matches!(byte, b'0'..=b'7'))
        .fold(0_u32, |sum, byte| sum.wrapping_mul(8).wrapping_add(u32::from(byte - b'0')));
    let sum: u32 = block.iter().enumerate().map(|(at, &byte)| if (148..156).contains(&at) { 32 } else { u32::from(byte) }).sum();
    block[0] != 0 && block[148..156].iter().any(u8::is_ascii_digit) && (declared == sum || super::tar::is_header(block))
}
