//! The sections in which `cargo auditable` leaves its list (its PARSING.md): `.dep-v0` of ELF (gABI, chapter 4), PE, Mach-O and
//! universal Mach-O files, and the custom section of WebAssembly modules and components. Names are compared where they stand, so
//! that no table makes the search longer than the file.

/// The section's name.
const NAME: &[u8] = b".dep-v0";

/// Components within components of a WebAssembly file.
const DEEPEST: u32 = 8;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sections<'a> {
    /// Every section of the name.
    pub(super) found: Vec<&'a [u8]>,
    /// Whether one program has two of them, and readers may differ in which they read.
    pub(super) ambiguous: bool,
    /// Whether an architecture of a universal file has none.
    pub(super) missing: bool,
}

impl<'a> Sections<'a> {
    /// Takes the sections of one program.
    fn program(&mut self, found: Vec<&'a [u8]>) {
        self.ambiguous |= found.len() > 1;
        self.missing |= found.is_empty();
        self.found.extend(found);
    }
}

/// Looks for the section in all programs of a file.
pub(super) fn sections(content: &[u8]) -> Sections<'_> {
    let mut sections = Sections::default();
    match content {
        [0x7f, b'E', b'L', b'F', class, order, ..] => {
            sections.program(elf(Bytes { content, big: *order == 2 }, *class == 2).unwrap_or_default());
        }
        [b'M', b'Z', ..] => sections.program(pe(Bytes { content, big: false }).unwrap_or_default()),
        [0, b'a', b's', b'm', ..] => wasm(content, 0, &mut sections),
        [0xca, 0xfe, 0xba, kind @ (0xbe | 0xbf), ..] => {
            for program in architectures(Bytes { content, big: true }, *kind == 0xbf) {
                sections.program(mach_o(program));
            }
        }
        _ => sections.program(mach_o(content)),
    }
    sections
}

/// Bytes in one byte order.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    content: &'a [u8],
    big: bool,
}

impl<'a> Bytes<'a> {
    /// A number of `N` bytes.
    fn number(self, at: u64, length: usize) -> Option<u64> {
        let bytes = self.content.get(usize::try_from(at).ok()?..)?.get(..length)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if self.big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }

    fn part(self, start: u64, length: u64) -> Option<&'a [u8]> {
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(start.checked_add(length)?).ok()?);
        self.content.get(start..end)
    }

    /// Whether the name stands at `at`, up to the field's end or a NUL.
    fn is_named(self, at: u64, name: &[u8]) -> bool {
        let bytes = usize::try_from(at).ok().and_then(|at| self.content.get(at..)).unwrap_or_default();
        bytes.starts_with(name) && bytes.get(name.len()) == Some(&0)
    }
}

fn elf(bytes: Bytes<'_>, wide: bool) -> Option<Vec<&[u8]>> {
    let word = if wide { 8 } else { 4 };
    let (table, size) = (bytes.number(if wide { 0x28 } else { 0x20 }, word)?, bytes.number(if wide { 0x3a } else { 0x2e }, 2)?);
    let mut count = bytes.number(if wide { 0x3c } else { 0x30 }, 2)?;
    let mut names = bytes.number(if wide { 0x3e } else { 0x32 }, 2)?;
    let section = |index: u64| table.checked_add(index.checked_mul(size)?);
    let place = |at: u64| {
        let (offset, length) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
        Some((bytes.number(at.checked_add(offset)?, word)?, bytes.number(at.checked_add(length)?, word)?))
    };
    if size < if wide { 64 } else { 40 } || table == 0 {
        return None;
    }
    // Numbers that do not fit stand in the first section's header.
    if count == 0 {
        count = place(table)?.1;
    }
    if names == 0xffff {
        names = bytes.number(table.checked_add(if wide { 0x28 } else { 0x18 })?, 4)?;
    }
    let (names, _) = place(section(names)?)?;
    let mut found = Vec::new();
    for index in 0..count {
        let Some(at) = section(index) else { break };
        let Some(name) = bytes.number(at, 4) else { break };
        if names.checked_add(name).is_some_and(|name| bytes.is_named(name, NAME)) {
            found.extend(place(at).and_then(|(start, length)| bytes.part(start, length)));
        }
    }
    Some(found)
}

fn pe(bytes: Bytes<'_>) -> Option<Vec<&[u8]>> {
    let header = bytes.number(0x3c, 4)?;
    let table = header + 24 + bytes.number(header + 20, 2)?;
    let sections = (0..bytes.number(header + 6, 2)?).map(|index| table + index * 40);
    let named = sections.filter(|at| bytes.is_named(*at, NAME));
    Some(named.filter_map(|at| bytes.part(bytes.number(at + 20, 4)?, bytes.number(at + 16, 4)?)).collect())
}

/// The programs of a universal file.
fn architectures(bytes: Bytes<'_>, wide: bool) -> Vec<&[u8]> {
    let (size, word) = if wide { (32, 8) } else { (20, 4) };
    let table = (0..bytes.number(4, 4).unwrap_or(0).min(64)).map(|index| 8 + index * size);
    table.filter_map(|at| bytes.part(bytes.number(at + 8, word)?, bytes.number(at + 8 + word as u64, word)?)).collect()
}

fn mach_o(content: &[u8]) -> Vec<&[u8]> {
    let (big, wide) = match content {
        [0xfe, 0xed, 0xfa, kind @ (0xce | 0xcf), ..] => (true, *kind == 0xcf),
        [kind @ (0xce | 0xcf), 0xfa, 0xed, 0xfe, ..] => (false, *kind == 0xcf),
        _ => return Vec::new(),
    };
    let (bytes, word) = (Bytes { content, big }, if wide { 8 } else { 4 });
    // LC_SEGMENT_64 or LC_SEGMENT; where it counts its sections, where they begin, how long each is, where it says its size.
    let (segment, counted, first, size, length) = if wide { (0x19, 64, 72, 80, 40) } else { (1, 48, 56, 68, 36) };
    let (mut found, mut at) = (Vec::new(), if wide { 32 } else { 28 });
    for _ in 0..bytes.number(16, 4).unwrap_or(0) {
        let (Some(kind), Some(skip)) = (bytes.number(at, 4), bytes.number(at + 4, 4)) else { break };
        if kind == segment {
            // A segment's sections lie in its own command.
            let count = bytes.number(at + counted, 4).unwrap_or(0).min(skip.saturating_sub(first) / size);
            let named = (0..count).map(|index| at + first + index * size).filter(|at| bytes.is_named(*at, NAME));
            found.extend(named.filter_map(|at| bytes.part(bytes.number(at + length + word as u64, 4)?, bytes.number(at + length, word)?)));
        }
        if skip < 8 {
            break;
        }
        at += skip;
    }
    found
}

/// Walks a module or a component. Modules without a list are no fault of a component: adapters are such.
fn wasm<'a>(content: &'a [u8], depth: u32, sections: &mut Sections<'a>) {
    let is_component = content.get(6) == Some(&1);
    let (mut rest, mut found) = (content.get(8..).unwrap_or_default(), Vec::new());
    while let Some((kind, (length, after))) = rest.split_first().and_then(|(kind, rest)| Some((*kind, leb128(rest)?))) {
        let Some((body, after)) = after.split_at_checked(length) else { break };
        rest = after;
        match kind {
            0 => {
                let named = leb128(body).and_then(|(length, rest)| rest.split_at_checked(length));
                found.extend(named.filter(|(name, _)| *name == NAME).map(|(_, list)| list));
            }
            // A core module, a component.
            1 | 4 if is_component && depth < DEEPEST => wasm(body, depth + 1, sections),
            1 | 4 if is_component => sections.missing = true,
            _ => {}
        }
    }
    // What no section is may hide one.
    sections.missing |= !rest.is_empty();
    sections.ambiguous |= found.len() > 1;
    sections.found.extend(found);
}

/// A length, and what follows it.
fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes.get(index + 1..)?));
        }
    }
    None
}
