//! Bytecode: code that was compiled for a runtime and lies there without its source.

use crate::extract::problem::{BYTECODE, BYTECODE_UNATTRIBUTED, JAVA};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, NotJudged, Problem, ProblemKind};

/// Names bytecode by its first bytes. Attribution takes back what a package owns, and compiled Python whose source lies beside it.
pub(crate) struct Bytecode;

impl Extractor for Bytecode {
    fn name(&self) -> &'static str {
        "other/bytecode"
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        is_script(path, head) || kind(path, head).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let size = entry.content.len() as u64;
        if is_script(entry.path, entry.content) {
            let message = "JavaScript compiled for V8; what it holds cannot be read off it: deploy its source, or accept it with a reason";
            found.problems.push(Problem::at(&BYTECODE_UNATTRIBUTED, entry.path, message).bytes(size));
        } else if let Some(kind) = kind(entry.path, entry.content) {
            found.not_judged.push(NotJudged::new(kind, entry.path, size));
        }
        Ok(())
    }
}

/// Whether a file is a code cache of V8, as bytenode and pkg write it (v8/src/snapshot/code-serializer.h: the magic number is
/// 0xC0DE0000 plus a count of external references).
fn is_script(path: &EntryPath, head: &[u8]) -> bool {
    path.extension() == "jsc" && matches!(head, [_, _, 0xde, 0xc0, ..])
}

fn kind(path: &EntryPath, head: &[u8]) -> Option<&'static ProblemKind> {
    match head {
        // A class has its version, 45 and above, where a universal Mach-O counts its architectures (JVMS 4.1).
        [0xca, 0xfe, 0xba, 0xbe, _, _, _, version, ..] if *version >= 40 => (!is_in_archive(path)).then_some(&JAVA),
        [b'd', b'e', b'x', b'\n', b'0'..=b'9', ..] => Some(&JAVA),
        // Lua (`LUA_SIGNATURE`), LuaJIT, BEAM (`FOR1` .. `BEAM`), LLVM.
        [0x1b, b'L', b'u', b'a', ..] | [0x1b, b'L', b'J', 1..=9, ..] | [b'B', b'C', 0xc0, 0xde, ..] => Some(&BYTECODE),
        [b'F', b'O', b'R', b'1', _, _, _, _, b'B', b'E', b'A', b'M', ..] => Some(&BYTECODE),
        // Python runs `a.pyc` beside where `a.py` would be; what lies in `__pycache__` it runs only for a source (PEP 3147). The
        // magic number ends in a carriage return and a line feed.
        [_, _, b'\r', b'\n', ..] => (path.extension() == "pyc" && !path.folder().ends_with("__pycache__")).then_some(&BYTECODE),
        _ => None,
    }
}

/// Whether a path lies in an archive: then its manifest has named it.
fn is_in_archive(path: &EntryPath) -> bool {
    path.as_str().rsplit_once("!/").is_some_and(|(outer, _)| [".jar", ".war", ".ear"].iter().any(|end| outer.ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::{is_script, kind};
    use crate::model::EntryPath;

    #[test]
    fn bytecode_is_known_by_its_magic() {
        let of = |path: &str, head: &[u8]| kind(&EntryPath::new(path).unwrap(), head).map(|kind| kind.id);
        assert_eq!(of("com/acme/Handler.class", b"\xca\xfe\xba\xbe\0\0\0\x41"), Some("java"));
        assert_eq!(of("tool", b"\xca\xfe\xba\xbe\0\0\0\x02"), None, "a universal Mach-O");
        assert_eq!(of("a.luac", b"\x1bLuaT"), Some("bytecode"));
        assert_eq!(of("a.beam", b"FOR1\0\0\0\0BEAM"), Some("bytecode"));
        assert_eq!(of("a.aif", b"FOR1\0\0\0\0AIFF"), None);
        assert_eq!(of("a.pyc", b"\xcb\r\r\n"), Some("bytecode"));
        assert_eq!(of("__pycache__/a.cpython-312.pyc", b"\xcb\r\r\n"), None);
        assert_eq!(of("notes.txt", b"ab\r\n"), None);
        assert!(is_script(&EntryPath::new("main.jsc").unwrap(), b"\x5e\x04\xde\xc0"));
        assert!(!is_script(&EntryPath::new("main.js").unwrap(), b"\x5e\x04\xde\xc0"));
    }
}
