//! Binaries: told by their first bytes, never by an executable bit, which archives lose.

use memchr::memmem;

/// Whether the head is that of an ELF, PE, Mach-O or WebAssembly file.
pub(crate) fn is_executable(head: &[u8]) -> bool {
    match head {
        [0x7f, b'E', b'L', b'F', ..]
        | [0, b'a', b's', b'm', ..]
        | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
        | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        // A universal Mach-O counts its few architectures where a Java class has its version, 45 and above.
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] => *count < 40,
        [0xca, 0xfe, 0xba, 0xbf, 0, 0, 0, count, ..] => *count < 40,
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

/// Whether rustc made the binary: the standard library's source paths, messages and names survive `strip`, the compiler's own
/// name stands in `.comment` and in WebAssembly's `producers`, and cargo's folders in every panic message.
pub(crate) fn is_rust(content: &[u8]) -> bool {
    const TRACES: [&[u8]; 9] = [
        b"called `Option::unwrap()` on a `None` value",
        b"/rustc/",
        b"/usr/src/rustc-",
        b"rust_begin_unwind",
        b"rust_eh_personality",
        b"RUST_BACKTRACE",
        b"rustc version 1.",
        b"\x05rustc\x06",
        b"cargo/registry/src/",
    ];
    TRACES.iter().any(|trace| memmem::find(content, trace).is_some())
}
