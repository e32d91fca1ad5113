//! Native code: Go and .NET binaries, and everything else that is compiled and not by rustc.

use memchr::memmem;

use crate::extract::cargo::{is_executable, is_rust};
use crate::extract::problem::{DOTNET, GO_BINARY, NATIVE_CODE};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, NotJudged};

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
        let has = |trace: &[u8]| memmem::find(entry.content, trace).is_some();
        let kind = match () {
            // Go's build information (debug/buildinfo) and the metadata root of an assembly (ECMA-335, II.24.2.1).
            () if has(b"\xff Go buildinf:") => &GO_BINARY,
            () if entry.content.starts_with(b"MZ") && has(b"BSJB") => &DOTNET,
            () if is_rust(entry.content) => return Ok(()),
            () => &NATIVE_CODE,
        };
        found.not_judged.push(NotJudged { kind: kind.id, path: entry.path.clone(), size: entry.content.len() as u64 });
        Ok(())
    }
}
