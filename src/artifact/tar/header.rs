//! One tar header block: its fields, its checksum, its kind (POSIX.1-1988 ustar, GNU, and v7 before them).

/// Bytes of a block.
pub(super) const BLOCK: usize = 512;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A hard link.
    HardLink,
    /// A GNU volume label: a name and nothing else.
    Label,
    /// The rest of a file that another volume began.
    Continuation,
    /// A device, a pipe, a sparse file, or a type that no standard names.
    Special(u8),
}

/// A header block.
#[derive(Debug)]
pub(super) struct Header<'a>(pub(super) &'a [u8; BLOCK]);

impl Header<'_> {
    /// Whether the stored checksum is that of the block, by unsigned sum or, as some old tools had it, by signed.
    pub(super) fn checksum_holds(&self) -> bool {
        let Some(stored) = octal(&self.0[148..156]) else { return false };
        let (mut unsigned, mut signed) = (0_i64, 0_i64);
        for (at, &byte) in self.0.iter().enumerate() {
            let byte = if (148..156).contains(&at) { b' ' } else { byte };
            unsigned += i64::from(byte);
            signed += i64::from(byte.cast_signed());
        }
        i64::try_from(stored).is_ok_and(|stored| stored == unsigned || stored == signed)
    }

    /// Whether the block is all zeros.
    pub(super) fn is_zero(&self) -> bool {
        self.0.iter().all(|&byte| byte == 0)
    }

    /// The type flag.
    pub(super) fn flag(&self) -> u8 {
        self.0[156]
    }

    fn is_posix(&self) -> bool {
        // GNU's magic is `ustar  ` and uses the prefix field for times.
        &self.0[257..263] == b"ustar\0"
    }

    /// The path: prefix, `/`, name.
    pub(super) fn path(&self) -> Vec<u8> {
        let name = text(&self.0[..100]);
        let prefix = if self.is_posix() { text(&self.0[345..500]) } else { b"" };
        if prefix.is_empty() { name.to_vec() } else { [prefix, b"/", name].concat() }
    }

    /// The target of a link.
    pub(super) fn link(&self) -> Vec<u8> {
        text(&self.0[157..257]).to_vec()
    }

    /// Bytes of content. `None` where the field is no number.
    pub(super) fn size(&self) -> Option<u64> {
        number(&self.0[124..136])
    }

    /// Major and minor number of a device; fields left empty are zeros, as every reader takes them.
    pub(super) fn device(&self) -> (u32, u32) {
        let part = |field: &[u8]| number(field).and_then(|value| u32::try_from(value).ok()).unwrap_or(0);
        (part(&self.0[329..337]), part(&self.0[337..345]))
    }

    /// What the entry is, by flag and, for v7, by the slash at the end of its name.
    pub(super) fn kind(&self, path: &[u8]) -> Kind {
        match self.flag() {
            b'0' | 0 | b'7' if path.last() == Some(&b'/') => Kind::Folder,
            b'0' | 0 | b'7' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Link,
            b'5' => Kind::Folder,
            b'V' => Kind::Label,
            b'M' => Kind::Continuation,
            other => Kind::Special(other),
        }
    }
}

/// Up to the first NUL.
fn text(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// Octal digits between spaces and NULs; an empty field is zero.
fn octal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_start();
    let end = digits.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(digits.len());
    let (digits, rest) = digits.split_at(end);
    if !rest.iter().all(|byte| matches!(byte, 0 | b' ')) {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

/// A numeric field: octal, or GNU's base 256 where the first bit is set. Negative numbers are none.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 == 0 {
        return octal(field);
    }
    let first = u64::from(field[0] & 0x7f);
    field[1..].iter().try_fold(first, |value, &byte| value.checked_mul(256)?.checked_add(u64::from(byte)))
}
