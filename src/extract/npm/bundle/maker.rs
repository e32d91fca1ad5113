//! The maker of a bundle, and which of its versions: no bundler but one writes its version down, yet most have changed the helpers
//! that they begin or end a bundle with.
//!
//! Only what stands before the first module counts, or behind the last: a package that somebody has bundled beforehand brings the
//! helpers of another bundler, or of another version, into the middle. Every bound was found by running the versions on both sides of
//! it on one program; what is not told apart has none.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Bytes at the beginning and at the end in which a bundler's own helpers are looked for.
const PROLOGUE: usize = 12 << 10;
const EPILOGUE: usize = 12 << 10;

/// A version, as far as bounds need it.
type Version = (u16, u16, u16);

/// The bundler, and the versions of it that write such a bundle: `>=0.14.27 <0.28.1`, or one version. Either may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Maker {
    pub(super) tool: &'static str,
    pub(super) version: String,
}

/// A shape that one bundler writes from a version on and up to another.
struct Mark {
    tool: &'static str,
    /// A regular expression, in which `W` is any name.
    shape: &'static str,
    at_end: bool,
    /// Whether the shape alone names the bundler; others share the rest.
    names: bool,
    from: Option<Version>,
    below: Option<Version>,
}

const fn mark(tool: &'static str, shape: &'static str, names: bool, from: Option<Version>, below: Option<Version>) -> Mark {
    Mark { tool, shape, at_end: false, names, from, below }
}

const fn end(tool: &'static str, shape: &'static str, names: bool, from: Option<Version>, below: Option<Version>) -> Mark {
    Mark { tool, shape, at_end: true, names, from, below }
}

/// The shapes. The first that names a bundler decides which it is.
const MARKS: [Mark; 53] = [
    mark(
        "browserify",
        r"\A(?:require=)?\(function\(\)\{function r\(e,n,t\)\{function o\(i,f\)|\A\(function\(f\)\{if\(typeof exports===.object.&&typeof module!==.undefined.\)\{module\.exports=f\(\)\}",
        true,
        None,
        None,
    ),
    mark("bun", r"var __create ?= ?Object\.create;\s*var __getProtoOf ?=", true, None, None),
    mark("bun", r"\A// @bun", true, None, None),
    mark("bun", r"var\{(?:getPrototypeOf|defineProperty):W,(?:getPrototypeOf|defineProperty):W,getOwnPropertyNames:W", true, None, None),
    mark("bun", r"var __toESM = \(mod, isNodeMode, target\) => \{\n  (?:target =|var canCache)", true, None, None),
    mark(
        "bun",
        r"mod \|\| cb\(\(mod = \{ exports: \{\} \}\)\.exports, mod\), mod\.exports\);\nvar __(?:export|require|toESM|esm)\b",
        true,
        None,
        None,
    ),
    mark("bun", r"__accessProp\b", false, Some((1, 3, 10)), None),
    mark("bun", r"var __moduleCache\b", false, Some((1, 1, 22)), None),
    mark("bun", r"__toCommonJS\.moduleCache \?\?=", false, None, Some((1, 1, 16))),
    mark("bun", r"= __commonJS\(function\(", false, Some((1, 4, 0)), None),
    mark("bun", r"= __commonJS\(\(", false, None, Some((1, 4, 0))),
    mark("rolldown", r"//#region rolldown:runtime", true, None, Some((1, 0, 0))),
    mark("rolldown", r"//#region \\0rolldown/runtime\.js", true, Some((1, 0, 0)), Some((1, 2, 15))),
    mark("rolldown", r"// \\0rolldown/runtime\.js", true, Some((1, 2, 15)), None),
    mark("rolldown", r"W\(\(W=\{exports:\{\}\}\)\.exports,W,W\.exports\),W=null", true, Some((1, 2, 14)), None),
    // Below 0.11.20 the aliases stand in one declaration, below 0.12.5 in two.
    mark("esbuild", r"(?:\A|[;{\n])var W=Object\.create,W=Object\.defineProperty,W=Object\.getPrototypeOf,", true, None, Some((0, 11, 20))),
    mark(
        "esbuild",
        r"(?:\A|[;{\n])var W=Object\.create,W=Object\.defineProperty;var W=Object\.getOwnPropertyDescriptor;",
        true,
        Some((0, 11, 20)),
        Some((0, 12, 5)),
    ),
    mark(
        "esbuild",
        r"(?:\A|[;{\n])var W=Object\.create;var W=Object\.defineProperty;var W=Object\.getOwnPropertyDescriptor;",
        true,
        Some((0, 12, 5)),
        None,
    ),
    mark("esbuild", r"var __create = Object\.create;\nvar __defProp = Object\.defineProperty;", true, None, None),
    mark("esbuild", r"var __getOwnPropNames = Object\.getOwnPropertyNames;\nvar __(?:commonJS|esm|export|copyProps) = ", true, None, None),
    mark("esbuild", r"var __commonJS = \(callback, module", true, None, Some((0, 10, 0))),
    mark(
        "esbuild",
        r"var __commonJS = \(cb, mod\) => \(\) => \(mod \|\| cb\(\(mod = \{exports: \{\}\}\)",
        true,
        Some((0, 10, 0)),
        Some((0, 11, 19)),
    ),
    mark("esbuild", r"var __commonJS = \(cb, mod\) => function __require2?\(\) \{", true, Some((0, 11, 19)), None),
    mark("esbuild", r"cb\[Object\.keys\(cb\)\[0\]\]", false, Some((0, 11, 19)), Some((0, 14, 4))),
    mark("esbuild", r"cb\[__getOwnPropNames\(cb\)\[0\]\]", false, Some((0, 14, 4)), None),
    mark("esbuild", r"function __require2?\(\) \{\n  (?:  )?return mod", false, None, Some((0, 28, 1))),
    mark("esbuild", r"function __require2?\(\) \{\n  (?:  )?try \{", false, Some((0, 28, 1)), None),
    mark("esbuild", r"var __esm = \(fn, res\) => function __init\(\) \{", true, Some((0, 11, 19)), Some((0, 28, 1))),
    mark("esbuild", r"var __esm = \(fn, res, err\) => function __init\(\) \{", true, Some((0, 28, 1)), None),
    mark("esbuild", r"var __exportStar = ", false, None, Some((0, 11, 4))),
    mark("esbuild", r"var __reExport = ", false, Some((0, 11, 4)), Some((0, 14, 27))),
    mark("esbuild", r"var __copyProps = ", false, Some((0, 14, 27)), None),
    mark("esbuild", r"var __toModule = ", false, None, Some((0, 14, 4))),
    mark("esbuild", r"var __toESM = \(module2?, isNodeMode\)", false, Some((0, 14, 4)), Some((0, 14, 27))),
    mark("esbuild", r"var __markAsModule", false, None, Some((0, 14, 27))),
    mark("esbuild", r"// If the importer is in node compatibility mode or this is not an ESM", false, Some((0, 16, 14)), None),
    mark("esbuild", r#"throw new Error\('Dynamic require of "'"#, false, None, Some((0, 18, 8))),
    mark("esbuild", r#"throw Error\('Dynamic require of "'"#, false, Some((0, 18, 8)), None),
    mark("esbuild", r"typeof WeakMap!=.undefined.\?new WeakMap:0", false, Some((0, 14, 4)), Some((0, 14, 27))),
    mark("esbuild", r#"=>W\(W\(\{\},"__esModule",\{value:!0\}\),W\)"#, false, Some((0, 14, 27)), None),
    mark("esbuild", r"=>\(\)=>\(W\|\|W\(\(W=\{exports:\{\}\}\)\.exports,W\),W\.exports\)", false, Some((0, 10, 0)), Some((0, 28, 1))),
    mark("esbuild", r"=>\(\)=>\{try\{return W\|\|W\(\(W=\{exports:\{\}\}\)\.exports,W\)", false, Some((0, 28, 1)), None),
    mark("ncc", r#"typeof __nccwpck_require__ ?!== ?['"]undefined['"]"#, true, Some((0, 26, 0)), None),
    end("ncc", r#"typeof __nccwpck_require__ ?!== ?['"]undefined['"]"#, true, Some((0, 26, 0)), None),
    mark(
        "webpack",
        r"\A(?:module\.exports=)?!function\(W\)\{var W=\{\};function W\(W\)\{if\(W\[W\]\)return W\[W\]\.exports;",
        true,
        Some((4, 0, 0)),
        Some((5, 0, 0)),
    ),
    mark("webpack", r"// The module cache\n(?:/\*{6}/)?\s+var installedModules = \{\};", true, Some((4, 0, 0)), Some((5, 0, 0))),
    mark(
        "webpack",
        r#"\A(?:module\.exports=)?\(\(\)=>\{(?:"use strict";)?var W=\{\d+:(?:W=>|\(|function|W,)"#,
        true,
        Some((5, 0, 0)),
        Some((5, 104, 0)),
    ),
    mark("webpack", r#"\A(?:module\.exports=)?\(\(\)=>\{(?:"use strict";)?var W=\{\d+\("#, true, Some((5, 104, 0)), None),
    mark("webpack", r"\(\(\) => \{ // webpackBootstrap", true, Some((5, 0, 0)), None),
    end("webpack", r"if\(__webpack_module_cache__\[moduleId\]\)", false, Some((5, 0, 0)), Some((5, 25, 0))),
    end("webpack", r"var cachedModule = __webpack_module_cache__", false, Some((5, 25, 0)), Some((5, 108, 0))),
    end("webpack", r"\n;// CONCATENATED MODULE: ", false, Some((5, 5, 0)), Some((5, 95, 0))),
    end("webpack", r"\n;// \./", false, Some((5, 95, 0)), None),
];

/// Reads off a bundle who made it; `known` is the bundler whose runtime was found anywhere in it.
pub(super) fn maker(code: &[u8], known: &'static str) -> Maker {
    static SHAPES: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
        let shape =
            |mark: &Mark| Regex::new(&format!("(?-u){}", mark.shape.replace('W', r"[\w$]+").replace("[\\w$]+eakMap", "WeakMap"))).ok();
        MARKS.iter().map(shape).collect()
    });
    let body = body(code);
    let (head, tail) = (&body[..body.len().min(PROLOGUE)], &body[body.len().saturating_sub(EPILOGUE)..]);
    let head = prologue(head);
    if let Some(version) = rspack(tail) {
        return Maker { tool: "rspack", version };
    }
    let is_there =
        |(mark, shape): &(&Mark, &Option<Regex>)| shape.as_ref().is_some_and(|shape| shape.is_match(if mark.at_end { tail } else { head }));
    let there: Vec<&Mark> = MARKS.iter().zip(SHAPES.iter()).filter(is_there).map(|(mark, _)| mark).collect();
    let tool = there.iter().find(|mark| mark.names).map_or(known, |mark| mark.tool);
    let own = || there.iter().filter(|mark| mark.tool == tool);
    let from = own().filter_map(|mark| mark.from).max();
    let below = own().filter_map(|mark| mark.below).min();
    let number = |(major, minor, patch): Version| format!("{major}.{minor}.{patch}");
    let version = match (from, below) {
        // Shapes of two ages: one of them came with a package.
        (Some(from), Some(below)) if from >= below => String::new(),
        (Some(from), Some(below)) => format!(">={} <{}", number(from), number(below)),
        (Some(from), None) => format!(">={}", number(from)),
        (None, Some(below)) => format!("<{}", number(below)),
        (None, None) => String::new(),
    };
    Maker { tool, version }
}

/// The code behind the first line of a script, its licence comments and its directives.
fn body(code: &[u8]) -> &[u8] {
    let mut rest = code.strip_prefix(b"\xef\xbb\xbf").unwrap_or(code);
    if rest.starts_with(b"#!") {
        rest = memchr::memchr(b'\n', rest).and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    }
    loop {
        rest = rest.trim_ascii_start();
        rest = match () {
            () if rest.starts_with(b"/*!") || rest.starts_with(b"/**") && !rest.starts_with(b"/*****") => {
                match memchr::memmem::find(rest, b"*/") {
                    Some(end) => &rest[end + 2..],
                    None => return rest,
                }
            }
            () if rest.starts_with(b"\"use strict\";") => &rest[13..],
            () => return rest,
        };
    }
}

/// What stands before the first module, where modules have headers.
fn prologue(head: &[u8]) -> &[u8] {
    let module = [&b"\n// node_modules/"[..], b"\n// ../", b"\n// src/", b"\n//#region node_modules/"];
    let first = module.iter().filter_map(|header| memchr::memmem::find(head, header)).min();
    first.map_or(head, |end| &head[..end])
}

/// The version that rspack writes into bundles for browsers (rspack.dev, "output.uniqueName", runtime modules `ruid` and `rv`).
fn rspack(tail: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"bundler=rspack@";
    let at = memchr::memmem::rfind(tail, MARK)? + MARK.len();
    let rest = tail.get(at..tail.len().min(at + 40))?;
    let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b".-+".contains(byte))?;
    let version = std::str::from_utf8(rest.get(..length)?).ok()?;
    semver::Version::parse(version).is_ok().then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{MARKS, Regex, maker};

    #[test]
    fn every_shape_is_one() {
        for mark in &MARKS {
            assert!(Regex::new(&format!("(?-u){}", mark.shape.replace('W', r"[\w$]+"))).is_ok(), "{}", mark.shape);
        }
    }

    #[test]
    fn helpers_tell_the_bundler_and_its_age() {
        let esbuild = "\"use strict\";var a=Object.create;var b=Object.defineProperty;var c=Object.getOwnPropertyDescriptor;var d=Object.getOwnPropertyNames;";
        for (code, tool, version) in [
            (format!("{esbuild}var k=(e,t)=>()=>(t||e((t={{exports:{{}}}}).exports,t),t.exports);"), "esbuild", ">=0.12.5 <0.28.1"),
            (format!("{esbuild}var k=e=>q(w({{}},\"__esModule\",{{value:!0}}),e);"), "esbuild", ">=0.14.27"),
            (
                "var __create = Object.create;\nvar __defProp = Object.defineProperty;\nvar __toModule = (module) => {};\n// node_modules/a/i.js\nvar __copyProps = 1;".to_owned(),
                "esbuild",
                "<0.14.4",
            ),
            ("// @bun\nvar x;".to_owned(), "bun", ""),
            ("(()=>{var e={61:(e,t,n)=>{}};var t={};".to_owned(), "webpack", ">=5.0.0 <5.104.0"),
            ("/*! For license information please see index.js.LICENSE.txt */\n(()=>{var e={2594(e,t,n){}};".to_owned(), "webpack", ">=5.104.0"),
            ("!function(e){var t={};function n(r){if(t[r])return t[r].exports;}}".to_owned(), "webpack", ">=4.0.0 <5.0.0"),
            ("x;__webpack_require__.ruid = \"bundler=rspack@1.7.12\";".to_owned(), "rspack", "1.7.12"),
            ("// \\0rolldown/runtime.js\nvar __create = Object.create;\nvar __defProp = Object.defineProperty;".to_owned(), "rolldown", ">=1.2.15"),
            ("var x = 1;".to_owned(), "", ""),
        ] {
            let made = maker(code.as_bytes(), "");
            assert_eq!((made.tool, made.version.as_str()), (tool, version), "{code}");
        }
    }
}
