//! Native code: Go and .NET binaries, and everything else that is compiled and not by rustc.

use super::go::{described, is_go};
use super::mark::{find, kept};
use crate::extract::cargo::{is_executable, is_rust};
use crate::extract::problem::{DOTNET, GO_BINARY, NATIVE_CODE};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, NotJudged};

/// The metadata root of a .NET assembly (ECMA-335, II.24.2.1).
const METADATA: [u8; 4] = kept(b"BSJB");

/// Names what a binary is, by what its toolchain always leaves in it.
pub(crate) struct Native;

impl Extractor for Native {
    fn name(&self) -> &'static str {
        "other/native"
    }

    fn wants(&self, _path: &EntryPath, head: &[u8]) -> bool {
        is_executable(head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let kind = match () {
            () if is_go(entry.content) => &GO_BINARY,
            () if entry.content.starts_with(b"MZ") && find(entry.content, &METADATA).is_some() => &DOTNET,
            () if is_rust(entry.content) => return Ok(()),
            () => &NATIVE_CODE,
        };
        let mut binary = NotJudged::new(kind, entry.path, entry.content.len() as u64);
        if kind == &GO_BINARY {
            binary.detail = described(entry.content);
        }
        found.not_judged.push(binary);
        Ok(())
    }
}
