//! Packed files that are not opened: archives in formats without a reader, and executables that unpack themselves.

use memchr::memmem;

use super::mark::{find, kept};
use crate::extract::cargo::is_executable;
use crate::extract::problem::{ARCHIVE_UNATTRIBUTED, BINARY_UNATTRIBUTED};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, Problem};

/// Bytes at either end of an executable where UPX leaves its mark (its `l_info` behind the headers, its `PackHeader` last).
const MARKED: usize = 4096;

/// Raises `archive-unattributed` and `binary-unattributed`. Attribution takes back what an installed package owns.
pub(crate) struct Packed;

impl Extractor for Packed {
    fn name(&self) -> &'static str {
        "other/packed"
    }

    fn attributes(&self) -> bool {
        true
    }

    fn wants(&self, _path: &EntryPath, head: &[u8]) -> bool {
        format(head).is_some() || is_executable(head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let size = entry.content.len() as u64;
        if let Some(format) = format(entry.content) {
            let message = format!("{format} is not unpacked; what it holds was not judged");
            found.problems.push(Problem::at(&ARCHIVE_UNATTRIBUTED, entry.path, message).bytes(size));
        } else if let Some(maker) = carries(entry.content) {
            let message = format!("a program that {maker} has put scripts and packages into, which are not taken out of it");
            found.problems.push(Problem::at(&BINARY_UNATTRIBUTED, entry.path, message).bytes(size));
        } else if is_packed(entry.content) {
            let message = "packed by UPX: neither its language nor its packages can be read off it";
            found.problems.push(Problem::at(&BINARY_UNATTRIBUTED, entry.path, message).bytes(size));
        }
        Ok(())
    }
}

/// The format of a compressed file, by its magic bytes.
fn format(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => Some("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some("xz"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some("7z"),
        [b'R', b'a', b'r', b'!', 0x1a, 7, ..] => Some("rar"),
        _ => None,
    }
}

/// What has put an interpreted program into an executable, by what its own loader looks for.
fn carries(content: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 4] = [
        (&kept(b"NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1"), "Node.js (single executable application)"),
        (&kept(b"\n---- Bun! ----\n"), "bun"),
        (&kept(b"d3n0l4nd"), "deno"),
        (&kept(b"MEI\x0c\x0b\x0a\x0b\x0e"), "PyInstaller"),
    ];
    MARKS.iter().find(|(mark, _)| find(content, mark).is_some()).map(|(_, maker)| *maker)
}

/// Whether UPX made the executable what it is.
fn is_packed(content: &[u8]) -> bool {
    let head = &content[..content.len().min(MARKED)];
    let tail = &content[content.len().saturating_sub(MARKED)..];
    memmem::find(head, b"UPX!").is_some() && (content.len() <= MARKED || memmem::find(tail, b"UPX!").is_some())
}

#[cfg(test)]
mod tests {
    use super::{format, is_packed};

    #[test]
    fn formats_are_known_by_their_magic() {
        assert_eq!(format(b"\xfd7zXZ\0rest"), Some("xz"));
        assert_eq!(format(b"BZh91AY&SYrest"), Some("bzip2"));
        assert_eq!(format(b"BZh9 is how a note may begin"), None);
        assert_eq!(format(b""), None);
    }

    #[test]
    fn upx_marks_both_ends() {
        let mut content = b"\x7fELF....UPX!".to_vec();
        content.resize(20_000, 1);
        assert!(!is_packed(&content), "a program may speak of UPX");
        content.extend(b"UPX!....");
        assert!(is_packed(&content));
    }
}
