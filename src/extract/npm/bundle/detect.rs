//! Detection: bundler output, and minified code of unknown origin.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memchr_iter;

use crate::extract::npm::place::package_root;
use crate::extract::{Extractor, Malformed};
use crate::model::{CodeKind, Entry, EntryPath, Inventory};

/// Bytes below which a file can hide nothing worth a warning: with a bundler's mark in it, and without.
const SMALLEST_BUNDLE: usize = 256;
const SMALLEST_MINIFIED: usize = 1024;
/// Bytes of the head and the tail of a file that are searched for a bundler's runtime.
const HEAD: usize = 256 << 10;
const TAIL: usize = 64 << 10;
/// Windows of a file, evenly spaced, that are looked at for the density of minified code.
const WINDOWS: usize = 8;
const WINDOW: usize = 4096;
/// Letters of an encoded text that is long enough to be a program.
const LONG_WORD: usize = 4096;
/// Bytes a line of code written by a person or a transpiler has at most, on average.
const LONG_LINE: usize = 300;

/// The texts that only a bundler writes, and the bundler. Helpers that a mere transpiler writes as well (`__toESM`,
/// `__export`) are no proof: a transpiled file is the function's own.
const RUNTIMES: [(&str, &str); 24] = [
    ("__commonJS(", "esbuild"),
    ("__commonJSMin(", "esbuild"),
    ("__esm({", "esbuild"),
    ("\n// node_modules/", "esbuild"),
    ("\n// ../node_modules/", "esbuild"),
    ("Bundled license information:", "esbuild"),
    ("// @bun", "bun"),
    ("__webpack_require__", "webpack"),
    ("__webpack_modules__", "webpack"),
    ("__webpack_exports__", "webpack"),
    ("webpackBootstrap", "webpack"),
    ("installedModules", "webpack"),
    ("For license information please see ", "webpack"),
    ("__nccwpck_require__", "ncc"),
    ("getDefaultExportFromCjs", "rollup"),
    ("getAugmentedNamespace", "rollup"),
    ("commonjsGlobal", "rollup"),
    ("var require$$0", "rollup"),
    ("//#region node_modules/", "rolldown"),
    ("parcelRequire", "parcel"),
    ("$parcel$", "parcel"),
    ("TURBOPACK", "turbopack"),
    ("throw new Error(\"Cannot find module '\"+", "browserify"),
    (".code=\"MODULE_NOT_FOUND\",", "browserify"),
];

/// Finds bundles and minified scripts that lie in no installed package.
pub(crate) struct Bundle;

impl Extractor for Bundle {
    fn name(&self) -> &'static str {
        "npm/bundle"
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        is_script(path, head) && package_root(path.as_str()).is_none()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        if let Some((kind, tool)) = judge(entry.content) {
            let code = super::code(entry.path, entry.content, kind, tool);
            super::traces(entry, &code, found);
            found.code.push(code);
        }
        Ok(())
    }
}

/// Whether Node.js may run the file. `require` takes every extension it does not know for JavaScript
/// (nodejs.org, "Modules: CommonJS modules", "All together"); of those the ones that are met, and none at all.
fn is_script(path: &EntryPath, head: &[u8]) -> bool {
    const EXTENSIONS: [&str; 12] = ["js", "cjs", "mjs", "jsx", "ts", "mts", "cts", "tsx", "es", "es6", "bin", "txt"];
    let extension = path.extension();
    // What Node.js runs by its name may hold any bytes in its comments and strings.
    if ["js", "cjs", "mjs", "jsx", "ts", "mts", "cts", "tsx"].iter().any(|known| extension.eq_ignore_ascii_case(known)) {
        return true;
    }
    let has = EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) || !path.file_name().contains('.');
    has && memchr::memchr(0, head).is_none()
}

/// What a script is, where it is not plain source.
fn judge(content: &[u8]) -> Option<(CodeKind, &'static str)> {
    let content = code_of(content);
    if content.len() < SMALLEST_BUNDLE {
        return None;
    }
    if let Some(tool) = runtime(content) {
        return Some((CodeKind::Bundle, tool));
    }
    (content.len() >= SMALLEST_MINIFIED && (is_minified(content) || unpacks(content))).then(|| (CodeKind::Minified, minifier(content)))
}

/// The code without the map that may follow it: a map in base64 is several times as long as its code, and looks like data.
pub(super) fn code_of(content: &[u8]) -> &[u8] {
    let Some(at) = memchr::memmem::rfind(content, b"# sourceMappingURL=data:") else { return content };
    let line = memchr::memchr(b'\n', &content[at..]).map_or(content.len(), |end| at + end);
    // Whatever stands behind the comment's line is code again.
    if content[line..].trim_ascii().is_empty() { &content[..at] } else { content }
}

/// The bundler whose runtime stands in the head or the tail.
fn runtime(content: &[u8]) -> Option<&'static str> {
    static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(RUNTIMES.map(|(text, _)| text)).ok());
    let automaton = AUTOMATON.as_ref()?;
    let head = content.get(..HEAD).unwrap_or(content);
    let tail = content.get(content.len().saturating_sub(TAIL)..).unwrap_or_default();
    let mark = automaton.find(head).or_else(|| automaton.find(tail))?;
    RUNTIMES.get(mark.pattern().as_usize()).map(|(_, tool)| *tool)
}

/// esbuild minifies without a name of its own, yet every such file begins with the same aliases.
fn minifier(content: &[u8]) -> &'static str {
    let head = content.get(..1024).unwrap_or(content);
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    if has(b"=Object.create;") && has(b"=Object.defineProperty;") && has(b"=Object.getOwnPropertyDescriptor;") { "esbuild" } else { "" }
}

/// Whether at least half of the windows that hold code look minified: a bundle may begin with a long banner, and plain source may
/// hold one long literal. Windows of encoded data are no code, however many there are.
pub(super) fn is_minified(content: &[u8]) -> bool {
    let step = content.len().saturating_sub(WINDOW) / (WINDOWS - 1);
    if step == 0 {
        return is_dense(content);
    }
    let windows = (0..WINDOWS).filter_map(|n| content.get(n * step..n * step + WINDOW));
    let (dense, code) =
        windows.filter(|window| !is_data(window)).fold((0, 0), |(dense, code), window| (dense + usize::from(is_dense(window)), code + 1));
    dense > 0 && dense * 2 >= code
}

/// Whether a script evaluates text, and holds a long one that is encoded: code that only it can read.
fn unpacks(content: &[u8]) -> bool {
    const EVALUATORS: [&[u8]; 5] = [b"eval(", b"Function(", b"_compile(", b"runInThisContext(", b"runInNewContext("];
    let evaluates = EVALUATORS.iter().any(|text| memchr::memmem::find(content, text).is_some());
    evaluates && longest_word(content) >= LONG_WORD
}

/// The longest run of base64's or hex's letters.
fn longest_word(content: &[u8]) -> usize {
    let (mut longest, mut run) = (0, 0);
    for byte in content {
        run = if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_') { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Whether a stretch is encoded data: one long word of letters, digits and `+/=`.
fn is_data(window: &[u8]) -> bool {
    let odd =
        window.iter().filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'%')).count();
    odd * 50 < window.len()
}

/// Whether a stretch of code has few line ends and few blanks, and the punctuation of code. Encoded payloads (base64, hex)
/// have no punctuation and are none of ours.
fn is_dense(window: &[u8]) -> bool {
    let lines = memchr_iter(b'\n', window).count() + 1;
    if window.len() / lines < LONG_LINE {
        return false;
    }
    let blanks = memchr_iter(b' ', window).count() + memchr_iter(b'\t', window).count();
    let marks = window.iter().filter(|byte| matches!(byte, b'(' | b')' | b'{' | b'}' | b';' | b',' | b'=')).count();
    blanks * 100 < window.len() * 12 && marks * 100 > window.len() * 5
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::model::CodeKind;

    fn repeated(text: &str, size: usize) -> Vec<u8> {
        text.bytes().cycle().take(size).collect()
    }

    #[test]
    fn source_is_silent_and_minified_code_is_not() {
        let source = "export const handler = async (event) => {\n  const name = event.name ?? 'world';\n  return { statusCode: 200, body: name };\n};\n";
        assert_eq!(judge(&repeated(source, 40_000)), None);
        let minified = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);";
        assert_eq!(judge(&repeated(minified, 40_000)), Some((CodeKind::Minified, "")));
        assert_eq!(judge(&repeated(minified, 3000)), Some((CodeKind::Minified, "")));
        assert_eq!(judge(&repeated(minified, 1000)), None, "too small to matter");
    }

    #[test]
    fn a_literal_is_no_minified_code() {
        let mut text = b"export const logo = '".to_vec();
        text.extend(repeated("aGVsbG8gd29ybGQhCg", 60_000));
        text.extend(b"';\n");
        assert_eq!(judge(&text), None);
        let prose = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore ";
        assert_eq!(judge(&repeated(prose, 60_000)), None);
    }

    #[test]
    fn bundlers_are_known_by_their_runtime() {
        for (text, tool) in [
            ("var __commonJS = (cb, mod) => function __require() {};\nvar x = __commonJS({\n", "esbuild"),
            ("/******/ (() => { // webpackBootstrap\n", "webpack"),
            ("module.exports = __nccwpck_require__(1);\n", "ncc"),
            ("var commonjsGlobal = typeof globalThis !== 'undefined' ? globalThis : {};\n", "rollup"),
            ("// @bun\nimport { a } from 'b';\n", "bun"),
        ] {
            let mut content = text.as_bytes().to_vec();
            content.extend(repeated("const a = 1;\nfunction f(x) { return x; }\n", 4000));
            assert_eq!(judge(&content), Some((CodeKind::Bundle, tool)));
        }
        let transpiled = "var __defProp = Object.defineProperty;\nvar __toESM = (mod, isNodeMode, target) => (target);\nvar import_x = __toESM(require('x'));\n";
        assert_eq!(judge(&repeated(transpiled, 4000)), None, "a transpiler's output is the function's own");
    }
}
