//! What a Go binary says of itself (Go's `debug/buildinfo`, `buildinfo.go`): a magic, then, since Go 1.18, the toolchain's version and
//! the module table as two strings with their lengths before them.

use super::mark::{find, kept};

/// Before the build information, at a multiple of 16 bytes.
const MAGIC: [u8; 14] = kept(b"\xff Go buildinf:");

/// Bytes of the header that the strings follow.
const HEADER: usize = 32;

/// Characters of a name that are kept.
const LONGEST: usize = 200;

/// Whether the binary was made by Go.
pub(super) fn is_go(content: &[u8]) -> bool {
    find(content, &MAGIC).is_some()
}

/// `example.com/fn (devel), go1.22.1, 12 modules`; empty where the binary does not say.
pub(super) fn described(content: &[u8]) -> String {
    let header = find(content, &MAGIC).and_then(|at| content.get(at..)).unwrap_or_default();
    // The second flag: the strings stand here. Older binaries have pointers to them.
    if header.get(15).is_none_or(|flags| flags & 2 == 0) {
        return String::new();
    }
    let Some((version, rest)) = header.get(HEADER..).and_then(string) else { return String::new() };
    let table = string(rest).map_or(&[][..], |(table, _)| table);
    let table = String::from_utf8_lossy(table);
    let field =
        |name: &str| table.lines().find_map(|line| line.split_once('\t').filter(|(key, _)| key.ends_with(name)).map(|(_, rest)| rest));
    let module = field("mod").map(|module| {
        let mut parts = module.split('\t');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        format!("{name} {version}").trim_end().to_owned()
    });
    let module = module.or_else(|| field("path").map(str::to_owned));
    let modules = table.lines().filter(|line| line.starts_with("dep\t")).count();
    let mut said: Vec<String> = module.into_iter().collect();
    said.push(String::from_utf8_lossy(version).into_owned());
    if modules > 0 {
        said.push(format!("{modules} {}", if modules == 1 { "module" } else { "modules" }));
    }
    said.iter().map(|text| text.chars().take(LONGEST).collect::<String>()).collect::<Vec<_>>().join(", ")
}

/// A string behind its length, a varint, and what follows it.
fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return bytes.get(index + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::described;

    fn binary(version: &str, table: &str) -> Vec<u8> {
        let mut binary = b"\x7fELF\xff Go buildinf:\x08\x02".to_vec();
        binary.resize(4 + 32, 0);
        for text in [version.to_owned(), format!("0123456789abcdef{table}0123456789abcdef")] {
            binary.push(u8::try_from(text.len() & 0x7f).unwrap() | 0x80);
            binary.push(u8::try_from(text.len() >> 7).unwrap());
            binary.extend(text.as_bytes());
        }
        binary
    }

    #[test]
    fn a_binary_names_its_module() {
        let table =
            "path\texample.com/fn/cmd\nmod\texample.com/fn\t(devel)\t\ndep\ta.example/b\tv1.2.3\th1:x=\ndep\tc.example/d\tv0.1.0\th1:y=\n";
        assert_eq!(described(&binary("go1.22.1", table)), "example.com/fn (devel), go1.22.1, 2 modules");
        assert_eq!(described(&binary("go1.22.1", "path\tcommand-line-arguments\n")), "command-line-arguments, go1.22.1");
        assert_eq!(described(&binary("go1.22.1", "")), "go1.22.1");
        assert_eq!(described(b"\xff Go buildinf:\x08\x00rest"), "", "pointers of before Go 1.18");
        let whole = binary("go1.22.1", table);
        for end in 0..whole.len() {
            described(&whole[..end]);
        }
    }
}
