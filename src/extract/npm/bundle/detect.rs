//! Detection: bundler output, and minified code of unknown origin.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memchr_iter;

use crate::extract::{Extractor, Malformed};
use crate::model::{CodeKind, Entry, EntryPath, Inventory};

/// Bytes below which a file can hide nothing worth a warning: with a bundler's mark in it, and without.
const SMALLEST_BUNDLE: usize = 256;
const SMALLEST_MINIFIED: usize = 1024;
/// Windows of a file, evenly spaced, that are looked at for the density of minified code.
const WINDOWS: usize = 8;
const WINDOW: usize = 4096;
/// Windows of a file that are dense before it is called minified in part.
const LEAST_DENSE: usize = 2;
/// Letters in one run that no word has, and of an encoded text that is long enough to be a program.
const LONG_WORD: usize = 60;
const LEAST_ENCODED: usize = 4096;
/// Bytes a line of code written by a person or a transpiler has at most, on average.
const LONG_LINE: usize = 300;

/// The texts that only a bundler writes, and the bundler. Helpers that a mere transpiler writes as well (`__toESM`,
/// `__export`) are no proof: a transpiled file is the function's own.
const RUNTIMES: [(&str, &str); 34] = [
    ("__commonJS(", "esbuild"),
    ("__commonJSMin(", "esbuild"),
    ("__esm({", "esbuild"),
    ("\n// node_modules/", "esbuild"),
    ("\n// ../node_modules/", "esbuild"),
    ("\n// ../../node_modules/", "esbuild"),
    ("\n// ../../../node_modules/", "esbuild"),
    ("\n// ../../../../node_modules/", "esbuild"),
    ("\n// ../../../../../node_modules/", "esbuild"),
    ("\n// .yarn/", "esbuild"),
    ("\n// ../.yarn/", "esbuild"),
    ("\n// ../../.yarn/", "esbuild"),
    ("\n// ../../../.yarn/", "esbuild"),
    ("/*! Bundled license information:", "esbuild"),
    ("// @bun", "bun"),
    ("__webpack_require__", "webpack"),
    (",exports.modules={", "webpack"),
    ("\nexports.modules = {", "webpack"),
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
        // Whose it is, attribution decides: it sees which packages are judged by their names.
        is_script(path, head)
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        if let Some((kind, tool)) = judge(entry.content) {
            let code = super::code(entry.path, entry.content, kind, tool);
            super::traces(entry, &code, found);
            found.code.push(code);
        } else if code_of(entry.content).len() < entry.content.len() {
            // However small it is, its own map may name packages.
            super::inline_traces(entry, found);
        }
        Ok(())
    }
}

/// Whether Node.js may run the file. `require` takes every extension it does not know for JavaScript
/// (nodejs.org, "Modules: CommonJS modules", "All together"): of those all but the formats that are known to be something else.
pub(super) fn is_script(path: &EntryPath, head: &[u8]) -> bool {
    const SCRIPTS: [&str; 8] = ["js", "cjs", "mjs", "jsx", "ts", "mts", "cts", "tsx"];
    const OTHERS: [&str; 46] = [
        "c",
        "cfg",
        "cpp",
        "cs",
        "css",
        "csv",
        "ejs",
        "go",
        "gql",
        "graphql",
        "h",
        "hbs",
        "htm",
        "html",
        "ini",
        "java",
        "json",
        "key",
        "less",
        "lock",
        "log",
        "map",
        "md",
        "pem",
        "php",
        "po",
        "properties",
        "proto",
        "pug",
        "py",
        "pyi",
        "rb",
        "rs",
        "rst",
        "scss",
        "sh",
        "sql",
        "svelte",
        "svg",
        "toml",
        "tsv",
        "vue",
        "xml",
        "yaml",
        "yml",
        "jsonl",
    ];
    let is = |known: &[&str]| known.iter().any(|known| path.extension().eq_ignore_ascii_case(known));
    // What Node.js runs by its name may hold any bytes in its comments and strings.
    is(&SCRIPTS) || !OTHERS.contains(&path.extension()) && memchr::memchr(0, head).is_none()
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
    (content.len() >= SMALLEST_MINIFIED && (is_minified(content) || is_minified_in_part(content) || unpacks(content)))
        .then(|| (CodeKind::Minified, minifier(content)))
}

/// The code without the map that may follow it: a map in base64 is several times as long as its code, and looks like data. Only a
/// comment that is the last of the file is one: whatever stands behind it, on whichever kind of line, is code.
pub(super) fn code_of(content: &[u8]) -> &[u8] {
    const MARK: &[u8] = b"//# sourceMappingURL=data:";
    let Some(at) = memchr::memmem::rfind(content, MARK) else { return content };
    let is_address = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=;,:%-_.".contains(byte);
    let rest = content[at + MARK.len()..].trim_ascii_end();
    if rest.iter().all(is_address) { &content[..at] } else { content }
}

/// The bundler whose runtime stands anywhere in the file.
fn runtime(content: &[u8]) -> Option<&'static str> {
    static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(RUNTIMES.map(|(text, _)| text)).ok());
    let automaton = AUTOMATON.as_ref()?;
    if let Some(mark) = automaton.find(content) {
        return RUNTIMES.get(mark.pattern().as_usize()).map(|(_, tool)| *tool);
    }
    // The first line of a file has no line break before it.
    let begins = |text: &str| text.strip_prefix('\n').is_some_and(|text| content.starts_with(text.as_bytes()));
    RUNTIMES.iter().find(|(text, _)| begins(text)).map(|(_, tool)| *tool)
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

/// Whether a script evaluates text, and holds much that is encoded: code that only it can read.
pub(super) fn unpacks(content: &[u8]) -> bool {
    const EVALUATORS: [&[u8]; 17] = [
        b"eval(",
        b"eval (",
        b"eval)",
        b"eval`",
        b"Function(",
        b"Function (",
        b"Function.apply",
        b"Function.call",
        b"_compile(",
        b"runInThisContext",
        b"runInNewContext",
        b"runInContext",
        b".Script(",
        b"compileFunction(",
        b"SourceTextModule(",
        b"data:text/javascript",
        b"data:application/javascript",
    ];
    EVALUATORS.iter().any(|text| memchr::memmem::find(content, text).is_some()) && encoded(content) >= LEAST_ENCODED
}

/// How many letters stand in long runs of base64's or hex's, and in escapes.
fn encoded(content: &[u8]) -> usize {
    let (mut total, mut run) = (0, 0);
    for byte in content.iter().chain(std::iter::once(&b' ')) {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_') {
            run += 1;
        } else {
            total += if run >= LONG_WORD { run } else { 0 };
            run = 0;
        }
    }
    total + 4 * memchr::memmem::find_iter(content, b"\\x").count() + 6 * memchr::memmem::find_iter(content, b"\\u").count()
}

/// Whether a stretch is encoded data: one long word of letters, digits and `+/=`.
fn is_data(window: &[u8]) -> bool {
    let odd =
        window.iter().filter(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_' | b'%')).count();
    odd * 50 < window.len()
}

/// Whether enough of a file is minified, however much readable code lies around it.
fn is_minified_in_part(content: &[u8]) -> bool {
    content.chunks_exact(WINDOW).filter(|window| is_dense(window)).count() >= LEAST_DENSE
}

/// Whether a stretch of code has few blanks, and the punctuation of code; or few blanks on long lines. A minifier may be told to break
/// its lines. Encoded payloads (base64, hex) and tables of numbers have no brackets and are none of ours.
fn is_dense(window: &[u8]) -> bool {
    let lines = memchr_iter(b'\n', window).count() + 1;
    let blanks = memchr_iter(b' ', window).count() + memchr_iter(b'\t', window).count();
    let brackets = memchr_iter(b'(', window).count() + memchr_iter(b')', window).count();
    let marks = brackets + window.iter().filter(|byte| matches!(byte, b'{' | b'}' | b';' | b',' | b'=')).count();
    let few = if window.len() / lines >= LONG_LINE { 12 } else { 7 };
    blanks * 100 < window.len() * few && marks * 100 > window.len() * 5 && brackets * 100 > window.len() * 2
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
            ("var x = 1;\n// ../../node_modules/a/index.js\n", "esbuild"),
            ("// node_modules/a/index.js\n", "esbuild"),
            ("// ../.yarn/cache/a-npm-1.0.0-0123456789.zip/node_modules/a/index.js\n", "esbuild"),
            ("exports.id=880,exports.ids=[880],exports.modules={61:e=>{}};\n", "webpack"),
        ] {
            let mut content = text.as_bytes().to_vec();
            content.extend(repeated("const a = 1;\nfunction f(x) { return x; }\n", 4000));
            assert_eq!(judge(&content), Some((CodeKind::Bundle, tool)));
        }
        let transpiled = "var __defProp = Object.defineProperty;\nvar __toESM = (mod, isNodeMode, target) => (target);\nvar import_x = __toESM(require('x'));\n";
        assert_eq!(judge(&repeated(transpiled, 4000)), None, "a transpiler's output is the function's own");
    }
}
