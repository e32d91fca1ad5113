//! Module headers: what bundlers write before each module they put into a bundle, where the output is not minified.
//!
//! esbuild and bun: `// path` on a line of its own, and the path as the key of a wrapper (`__commonJS({ "path"(`), which outlives
//! the removal of comments. webpack 4 and 5 in development: `/***/ "path":` (later without the colon), and `// CONCATENATED MODULE: path`,
//! later `;// path` and `// MODULE: path`, where modules were joined; the paths are the keys of its minified table too where modules are
//! named; with `devtool: eval` a `sourceURL=webpack://name/path` behind each. rolldown: `//#region path`.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::module_path::{Located, is_path, located};

/// Module headers of one bundle.
const MOST_HEADERS: usize = 200_000;

/// How a header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// A comment that the bundler writes before every module.
    Comment,
    /// The key of a wrapper, which only CommonJS modules have.
    Wrapper,
    /// A key of webpack's table of modules, or its comment before a joined module.
    Webpack,
    /// A `sourceURL`, which stands behind its module.
    SourceUrl,
    /// A comment that names a module which stands elsewhere in the bundle.
    Elsewhere,
}

/// A module begins here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) at: usize,
    pub(super) style: Style,
    /// The package; `None` for the function's own module.
    pub(super) module: Option<Located>,
}

const MARKS: [(&str, Style, &str); 11] = [
    ("\n// CONCATENATED MODULE: ", Style::Webpack, "\n"),
    ("\n;// CONCATENATED MODULE: ", Style::Webpack, "\n"),
    ("\n// MODULE: ", Style::Webpack, "\n"),
    ("\n// EXTERNAL MODULE: ", Style::Elsewhere, "\n"),
    ("\n;// ", Style::Webpack, "\n"),
    ("\n//#region ", Style::Comment, "\n"),
    ("\n// ", Style::Comment, "\n"),
    ("/***/ \"", Style::Webpack, "\""),
    ("/***/ '", Style::Webpack, "'"),
    ("\\n//# sourceURL=webpack", Style::SourceUrl, "\\n"),
    ("node_modules/", Style::Wrapper, ""),
];

/// Every header of the bundle, in order. `None` where there are more than a bundle has.
pub(super) fn headers(content: &[u8]) -> Option<Vec<Header>> {
    static AUTOMATON: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MARKS.map(|(text, ..)| text)).ok());
    let mut headers: Vec<Header> = Vec::new();
    // The first line of a file has no line break before it.
    let start = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    for (mark, style, end) in &MARKS {
        if let Some(mark) = mark.strip_prefix('\n').filter(|mark| start.starts_with(mark.as_bytes())) {
            headers.extend(framed(start, 0, mark.len(), *style, end));
        }
    }
    for mark in AUTOMATON.as_ref()?.find_iter(content) {
        let (_, style, end) = MARKS.get(mark.pattern().as_usize())?;
        let header = match style {
            Style::Wrapper => wrapper(content, mark.start()),
            style => framed(content, mark.start(), mark.end(), *style, end),
        };
        headers.extend(header);
        if headers.len() > MOST_HEADERS {
            return None;
        }
    }
    Some(headers)
}

/// A header with fixed text on both sides of the path.
fn framed(content: &[u8], at: usize, from: usize, style: Style, end: &str) -> Option<Header> {
    let rest = content.get(from..content.len().min(from + 1200))?;
    let length = memchr::memmem::find(rest, end.as_bytes())?;
    let path = std::str::from_utf8(rest.get(..length)?).ok()?.trim_end();
    // A region's first line is its path; what stands behind a blank there is prose.
    is_path(path).then(|| Header { at, style, module: located(path) })
}

/// The key of an esbuild wrapper: `"path"(exports` or `"path"() {`, with whatever stands before `node_modules/` in the string.
fn wrapper(content: &[u8], middle: usize) -> Option<Header> {
    let before = content.get(middle.saturating_sub(256)..middle)?;
    let quote = memchr::memrchr2(b'"', b'\n', before).filter(|&at| before.get(at) == Some(&b'"'))?;
    let start = middle - (before.len() - quote) + 1;
    let rest = content.get(start..content.len().min(start + 1200))?;
    let length = memchr::memchr(b'"', rest)?;
    let behind = rest.get(length + 1..)?;
    if ![&b"("[..], b":(", b": (", b":function", b": function"].iter().any(|open| behind.starts_with(open)) {
        return None;
    }
    let path = std::str::from_utf8(rest.get(..length)?).ok()?;
    Some(Header { at: start, style: Style::Wrapper, module: Some(located(path)?) })
}

#[cfg(test)]
mod tests {
    use super::{Style, headers};

    fn seen(text: &str) -> Vec<(Style, String)> {
        let name = |module: Option<super::Located>| module.map_or_else(|| "-".to_owned(), |module| module.name);
        headers(text.as_bytes()).unwrap().into_iter().map(|header| (header.style, name(header.module))).collect()
    }

    #[test]
    fn each_bundler_has_its_own() {
        for (text, style, name) in [
            ("x;\n// node_modules/a/index.js\nvar", Style::Comment, "a"),
            ("// node_modules/a/index.js\nvar", Style::Comment, "a"),
            ("x;\n// ../../node_modules/@s/n/index.js\nvar", Style::Comment, "@s/n"),
            ("x;\n// src/handler.ts\nvar", Style::Comment, "-"),
            ("x;\n//#region node_modules/a/i.mjs\nvar", Style::Comment, "a"),
            ("__commonJS({\"node_modules/a/i.js\"(e,m){", Style::Wrapper, "a"),
            ("__esm({\n  \"../node_modules/a/i.js\"() {", Style::Wrapper, "a"),
            ("/***/ \"./node_modules/a/i.js\":\n/*!**", Style::Webpack, "a"),
            ("/***/ \"./node_modules/a/i.js\"\n/*!**", Style::Webpack, "a"),
            ("\n// MODULE: ./node_modules/a/i.js\nvar", Style::Webpack, "a"),
            ("var e={\"./node_modules/a/i.js\":(e,t,n)=>{", Style::Wrapper, "a"),
            ("/***/ \"./src/i.js\":\n/*!**", Style::Webpack, "-"),
            ("}\n;// CONCATENATED MODULE: ./node_modules/a/i.js\nvar", Style::Webpack, "a"),
            ("}\n;// ./node_modules/a/i.js\nvar", Style::Webpack, "a"),
            ("eval(\"x\\n\\n//# sourceURL=webpack://fn/./node_modules/a/i.js?\\n\");", Style::SourceUrl, "a"),
        ] {
            assert_eq!(seen(text), [(style, name.to_owned())], "{text}");
        }
    }

    #[test]
    fn prose_and_requests_are_no_headers() {
        for text in [
            "\n// see the docs\nvar",
            "require(\"node_modules/a/i.js\")",
            "\n// node's modules (a.js) are loaded here\n",
            "__webpack_require__(/*! a */ \"./node_modules/a/i.js\");",
        ] {
            assert_eq!(seen(text), [], "{text}");
        }
    }
}
