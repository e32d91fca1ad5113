//! Secrets in other clothes: UTF-16, base64, hexadecimal, compressed base64, and the escapes of URLs, languages and markup.
//!
//! What is decoded is searched like a text of its own, and what is encoded in it again, to [`DEEPEST`] encodings within one
//! another.

mod escape;
mod letter;
mod run;
mod utf16;

pub(super) use utf16::{utf16, wide_strings};

/// Encodings within encodings are followed this far.
pub(super) const DEEPEST: usize = 4;
/// A stretch shorter than this hides no token, encoded or not.
const SHORTEST: usize = 20;

/// What a stretch of a text says.
#[derive(Debug)]
pub(super) struct Decoded {
    /// Where it stands in the text.
    pub(super) start: usize,
    pub(super) bytes: Vec<u8>,
    /// From the outside in.
    pub(super) encodings: &'static [&'static str],
    /// How much of the text it is, where that tells anything.
    pub(super) raw: usize,
    /// Something else stood directly before it, so that nothing tells where it begins.
    pub(super) is_loose: bool,
    /// It went on, and was not decoded further.
    pub(super) is_cut: bool,
}

/// Takes what was decoded, and says whether it wants more.
type Show<'a> = dyn FnMut(Decoded) -> bool + 'a;

/// Shows every stretch of `text` that says something else when it is decoded, twice in the order of the text: first base64 and
/// hexadecimal, then escapes.
pub(super) fn each(text: &[u8], show: &mut Show<'_>) {
    run::each(text, show);
    escape::each(text, show);
}

/// What a text is made of: printable ASCII, space and line ends.
fn is_readable(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}
