//! Segments: the stretches of an unminified bundle between its module headers, each of them one module's.

use std::collections::BTreeMap;

use super::detect::is_minified;
use super::header::{Header, Style, headers};
use super::module_path::Located;
use crate::model::{BundleTrace, Bundled, EntryPath};

/// Bytes of a module of the function's own that may look minified (a data table, a vendored snippet) without a word.
const MOST_DENSE: usize = 4096;

/// What the headers of a bundle say; `None` where it has none, or none that speaks of a package or of this bundler's modules.
pub(super) fn trace(path: &EntryPath, content: &[u8], tool: &str) -> Option<BundleTrace> {
    let all = headers(content)?;
    let of = |style: Style| all.iter().filter(move |header| header.style == style);
    let speaks = |style: Style| of(style).any(|header| header.module.is_some());
    let (style, evidence) = match () {
        () if speaks(Style::Webpack) || tool == "webpack" && of(Style::Webpack).next().is_some() => (Style::Webpack, "npm/module-key"),
        () if speaks(Style::Elsewhere) && !speaks(Style::SourceUrl) => (Style::Webpack, "npm/module-key"),
        () if speaks(Style::SourceUrl) => (Style::SourceUrl, "npm/source-url"),
        () if speaks(Style::Comment) || matches!(tool, "esbuild" | "bun" | "rolldown") && of(Style::Comment).next().is_some() => {
            (Style::Comment, "npm/path-comment")
        }
        () if speaks(Style::Wrapper) => (Style::Wrapper, "npm/module-key"),
        () => return None,
    };
    let chosen: Vec<&Header> = of(style).collect();
    let mut modules = Modules::default();
    modules.take(&chosen, style, content);
    // Whatever else names a module names one that is there.
    let others = all.iter().filter(|header| header.style != style);
    others.filter_map(|header| header.module.as_ref()).for_each(|module| modules.package(module, &[]));
    // A table that numbers its modules has some without a name, and a wrapper's key stands for CommonJS modules only.
    let whole = match style {
        Style::Webpack => !numbers_modules(content),
        // A package that another bundler made beforehand brings comments into a bundle that has none of its own.
        Style::Comment => !numbers_modules(content) && !matches!(tool, "webpack" | "ncc" | "rollup" | "parcel" | "browserify"),
        Style::SourceUrl => true,
        Style::Wrapper | Style::Elsewhere => false,
    };
    Some(BundleTrace {
        packages: modules.packages.into_values().collect(),
        own: modules.own,
        whole: whole && !modules.is_dense && !is_minified(content),
        ..BundleTrace::new(path, path, evidence)
    })
}

/// Modules, summed up by the place of their package.
#[derive(Default)]
struct Modules {
    packages: BTreeMap<String, Bundled>,
    own: u64,
    /// Whether a module of the function's own holds a stretch of minified code.
    is_dense: bool,
}

impl Modules {
    fn take(&mut self, headers: &[&Header], style: Style, content: &[u8]) {
        let mut from = 0;
        for (number, header) in headers.iter().enumerate() {
            let next = headers.get(number + 1).map_or(content.len(), |next| next.at);
            let (start, end) = if style == Style::SourceUrl { (from, header.at) } else { (header.at, next) };
            if number == 0 && style != Style::SourceUrl && style != Style::Wrapper {
                self.own += header.at as u64;
            }
            let code = content.get(start..end).unwrap_or_default();
            match &header.module {
                Some(module) => self.package(module, code),
                None if code.len() > MOST_DENSE && is_minified(code) => self.is_dense = true,
                None => self.own += code.len() as u64,
            }
            from = end;
        }
        if style == Style::SourceUrl {
            let code = content.get(from..).unwrap_or_default();
            self.is_dense |= code.len() > MOST_DENSE && is_minified(code);
            self.own += code.len() as u64;
        }
    }

    fn package(&mut self, module: &Located, code: &[u8]) {
        let fresh = || Bundled { name: module.name.clone(), version: module.version.clone(), place: module.place.clone(), bytes: 0 };
        let package = self.packages.entry(module.place.clone()).or_insert_with(fresh);
        package.bytes += code.len() as u64;
        if module.inner == "package.json" && package.version.is_none() {
            package.version = super::literal::version_in(code);
        }
    }
}

/// Whether webpack's table has keys that are numbers (`/***/ 123:`, `/***/ 123` on newer versions).
fn numbers_modules(content: &[u8]) -> bool {
    memchr::memmem::find_iter(content, b"/***/ ").any(|at| {
        let rest = content.get(at + 6..content.len().min(at + 26)).unwrap_or_default();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && matches!(rest.get(digits), Some(b':' | b'\n'))
    })
}
