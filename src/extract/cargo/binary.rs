//! Binaries: told by their first bytes, never by an executable bit, which archives lose.

use auditable_info::{Error, json_from_slice};
use memchr::memmem;
use serde::Deserialize;

use crate::extract::Malformed;

/// Bytes that the decompressed crate list may have; the longest known one has a tenth.
const LARGEST_LIST: usize = 8 << 20;

/// Whether the head is that of an ELF, PE, Mach-O or WebAssembly file.
pub(crate) fn is_executable(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..]
        | [0, b'a', b's', b'm', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // A universal Mach-O counts its few architectures where a Java class has its version, 45 and above.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] => *count < 40,
        [b'M', b'Z', ..] => is_pe(head),
        _ => false,
    }
}

/// Whether an `MZ` file has a PE header where its offset 0x3c points.
fn is_pe(head: &[u8]) -> bool {
    let Some(offset) = head.get(0x3c..0x40).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()) else { return false };
    let offset = u32::from_le_bytes(offset) as usize;
    offset >= head.len() || head.get(offset..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
}

/// The crate list of a binary.
#[derive(Deserialize)]
pub(super) struct CrateList {
    /// Every crate of the build, the binary's own among them.
    pub(super) packages: Vec<Listed>,
}

/// One crate of the list. Fields that have their default are left out of it.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) version: String,
    /// `crates.io`, `git`, `local`, `registry`.
    pub(super) source: String,
    /// `build`, or `runtime`, the default.
    #[serde(default)]
    pub(super) kind: String,
    /// Whether it is the binary's own crate.
    #[serde(default)]
    pub(super) root: bool,
    /// The crates it depends on, by their place in the list.
    #[serde(default)]
    pub(super) dependencies: Vec<u64>,
}

/// The crate list that cargo-auditable embeds (its PARSING.md), `None` where there is none.
pub(super) fn crate_list(content: &[u8]) -> Result<Option<CrateList>, Malformed> {
    let unreadable = || Malformed("a crate list (`.dep-v0`) that cannot be decompressed or read".into());
    match json_from_slice(content, LARGEST_LIST) {
        Ok(json) => serde_json::from_str(&json).map(Some).map_err(|_| unreadable()),
        Err(Error::OutputLimitExceeded) => Err(Malformed(format!("a crate list of more than {LARGEST_LIST} bytes"))),
        Err(Error::Decompression(_) | Error::Json(_) | Error::Utf8(_)) => Err(unreadable()),
        // A binary whose sections cannot be read has none that could be found; what it is, other traces tell.
        Err(_) => Ok(None),
    }
}

/// Whether rustc made the binary: the standard library's source paths and messages survive `strip`.
pub(crate) fn is_rust(content: &[u8]) -> bool {
    const TRACES: [&[u8]; 4] = [b"called `Option::unwrap()` on a `None` value", b"/rustc/", b"rust_begin_unwind", b"cargo/registry/src/"];
    TRACES.iter().any(|trace| memmem::find(content, trace).is_some())
}
