//! Binaries of every format, as small as they can be: named sections around given bytes.

use std::io::Write;

use flate2::write::ZlibEncoder;
use serde_json::Value;

pub const LIST: &str = ".dep-v0";

/// A crate list as `cargo auditable` writes it.
pub fn list(packages: &Value) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(serde_json::json!({ "packages": packages }).to_string().as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Numbers in one byte order and one width of addresses.
struct Out {
    bytes: Vec<u8>,
    big: bool,
    wide: bool,
}

impl Out {
    fn put(&mut self, value: usize, length: usize) {
        let bytes = (value as u64).to_be_bytes();
        let bytes = &bytes[8 - length..];
        if self.big { self.bytes.extend(bytes) } else { self.bytes.extend(bytes.iter().rev()) }
    }

    fn word(&mut self, value: usize) {
        self.put(value, if self.wide { 8 } else { 4 });
    }

    fn name(&mut self, name: &str, length: usize) {
        let end = self.bytes.len() + length;
        self.bytes.extend(name.as_bytes());
        self.bytes.resize(end, 0);
    }
}

/// An ELF file with these sections behind the empty first one, and a text.
pub fn elf(wide: bool, big: bool, sections: &[(&str, &[u8])], text: &str) -> Vec<u8> {
    let mut out = Out { bytes: vec![0x7f, b'E', b'L', b'F', if wide { 2 } else { 1 }, if big { 2 } else { 1 }, 1], big, wide };
    out.bytes.resize(16, 0);
    out.put(3, 2);
    out.put(if wide { 62 } else { 3 }, 2);
    out.put(1, 4);
    let (header, size) = if wide { (64, 64) } else { (52, 40) };
    let mut names = vec![0];
    let mut table = vec![(0, 0, 0)];
    let mut content = text.as_bytes().to_vec();
    for (name, bytes) in sections {
        table.push((names.len(), header + content.len(), bytes.len()));
        names.extend(name.as_bytes());
        names.push(0);
        content.extend(*bytes);
    }
    let strings = names.len();
    names.extend(b".shstrtab\0");
    table.push((strings, header + content.len(), names.len()));
    content.extend(names);
    for value in [0, 0, header + content.len()] {
        out.word(value);
    }
    for (value, length) in [(0, 4), (header, 2), (0, 2), (0, 2), (size, 2), (table.len(), 2), (table.len() - 1, 2)] {
        out.put(value, length);
    }
    out.bytes.extend(content);
    for (name, offset, length) in table {
        out.put(name, 4);
        out.put(1, 4);
        for value in [0, 0, offset, length] {
            out.word(value);
        }
        out.put(0, 8);
        out.word(1);
        out.word(0);
    }
    out.bytes
}

/// A Windows program with these sections.
pub fn pe(sections: &[(&str, &[u8])], text: &str) -> Vec<u8> {
    let mut out = Out { bytes: b"MZ".to_vec(), big: false, wide: false };
    out.bytes.resize(0x3c, 0);
    out.put(0x40, 4);
    out.bytes.extend(b"PE\0\0");
    for (value, length) in [(0x8664, 2), (sections.len(), 2), (0, 4), (0, 4), (0, 4), (16, 2), (0x22, 2)] {
        out.put(value, length);
    }
    out.bytes.extend([0; 16]);
    let mut at = out.bytes.len() + 40 * sections.len();
    for (name, bytes) in sections {
        out.name(name, 8);
        for value in [bytes.len(), 0x1000, bytes.len(), at] {
            out.put(value, 4);
        }
        out.bytes.extend([0; 16]);
        at += bytes.len();
    }
    sections.iter().for_each(|(_, bytes)| out.bytes.extend(*bytes));
    out.bytes.extend(text.as_bytes());
    out.bytes
}

/// A Mach-O file with these sections in one segment.
pub fn mach_o(wide: bool, big: bool, sections: &[(&str, &[u8])], text: &str) -> Vec<u8> {
    let mut out = Out { bytes: Vec::new(), big, wide };
    let (segment, section, header) = if wide { (72, 80, 32) } else { (56, 68, 28) };
    let command = segment + section * sections.len();
    out.put(if wide { 0xfeed_facf } else { 0xfeed_face }, 4);
    // A command of another kind stands before the segment.
    for value in [0x0100_000c, 0, 2, 2, command + 16, 0] {
        out.put(value, 4);
    }
    out.bytes.resize(header, 0);
    for value in [0x1b, 16, 0, 0, if wide { 0x19 } else { 1 }, command] {
        out.put(value, 4);
    }
    out.name("__DATA", 16);
    for _ in 0..4 {
        out.word(0);
    }
    for value in [0, 0, sections.len(), 0] {
        out.put(value, 4);
    }
    let mut at = header + 16 + command;
    for (name, bytes) in sections {
        out.name(name, 16);
        out.name("__DATA", 16);
        out.word(0);
        out.word(bytes.len());
        out.put(at, 4);
        let end = out.bytes.len() + section - 32 - 2 * if wide { 8 } else { 4 } - 4;
        out.bytes.resize(end, 0);
        at += bytes.len();
    }
    sections.iter().for_each(|(_, bytes)| out.bytes.extend(*bytes));
    out.bytes.extend(text.as_bytes());
    out.bytes
}

/// A universal file of these programs.
pub fn universal(programs: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Out { bytes: vec![0xca, 0xfe, 0xba, 0xbe], big: true, wide: false };
    out.put(programs.len(), 4);
    let mut at = 8 + 20 * programs.len();
    for program in programs {
        for value in [0x0100_000c, 0, at, program.len(), 0] {
            out.put(value, 4);
        }
        at += program.len();
    }
    programs.iter().for_each(|program| out.bytes.extend(program));
    out.bytes
}

fn leb128(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
}

/// A WebAssembly module, or a component of modules, with these custom sections.
pub fn wasm(modules: Option<&[Vec<u8>]>, sections: &[(&str, &[u8])], text: &str) -> Vec<u8> {
    let mut out = b"\0asm".to_vec();
    out.extend(if modules.is_some() { [0x0d, 0, 1, 0] } else { [1, 0, 0, 0] });
    for module in modules.unwrap_or_default() {
        out.push(1);
        leb128(module.len(), &mut out);
        out.extend(module);
    }
    for (name, bytes) in sections.iter().copied().chain([("text", text.as_bytes())]) {
        let mut body = Vec::new();
        leb128(name.len(), &mut body);
        body.extend(name.as_bytes());
        body.extend(bytes);
        out.push(0);
        leb128(body.len(), &mut out);
        out.extend(body);
    }
    out
}
