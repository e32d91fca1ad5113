//! JavaScript bundles: found by what only bundlers write, and opened by the evidence they leave - module headers, source maps,
//! metafiles, licence comments, version literals. Which evidence counts is decided by attribution, which sees all of it.

mod build_tree;
mod detect;
mod feature;
mod header;
mod licence_comment;
mod literal;
mod maker;
mod metafile;
mod module_path;
mod segment;
mod source_map;

use std::ops::Range;

use base64::Engine;

use crate::extract::document::text;
use crate::extract::npm::place::package_root;
use crate::extract::{Extractor, Malformed};
use crate::model::{BundleTrace, Bundled, Code, CodeKind, Entry, EntryPath, Inventory};

pub use build_tree::BuildTree;
pub(crate) use detect::Bundle;
pub(crate) use metafile::Metafile;

/// Bytes of a map; the maps of the largest bundles that a function may have are smaller.
const LARGEST_MAP: usize = 128 << 20;
/// Bytes of a script in which packages are looked for though nothing shows it to be a bundle.
const SMALLEST: usize = 256;
/// Bytes by which a file is known.
const HEAD: usize = 4096;
/// Characters of what is said of a map that cannot be read: it may quote the map.
const LONGEST_FAULT: usize = 160;
/// Bytes at the end of a bundle in which the address of its map stands.
const TAIL: usize = 64 << 10;

/// What a bundle itself says of the packages in it.
fn traces(entry: &Entry<'_>, code: &Code, found: &mut Inventory) {
    let path = entry.path;
    let partial = |evidence: &'static str, packages: Vec<Bundled>| {
        let trace = BundleTrace { packages, ..BundleTrace::new(path, path, evidence) };
        (!trace.packages.is_empty()).then_some(trace)
    };
    found.bundle_traces.extend(segment::trace(path, entry.content, code.tool));
    found.bundle_traces.extend(partial("npm/version-literal", literal::packages(entry.content)));
    found.bundle_traces.extend(partial("npm/licence-comment", licence_comment::packages(entry.content)));
    inline_traces(entry, found);
}

/// What the map inside a script says. One that cannot be read says that there are sources, and hides which.
fn inline_traces(entry: &Entry<'_>, found: &mut Inventory) {
    let has_map = detect::code_of(entry.content).len() < entry.content.len();
    let trace = match inline_map(entry.content).map(|json| source_map::read(&json, &lines(entry.content))) {
        Some(Ok(map)) => mapped(entry.path, entry.path, map),
        Some(Err(fault)) if has_map => unreadable(entry.path, entry.path, &fault),
        None if has_map => unreadable(entry.path, entry.path, &Malformed("no JSON in base64".to_owned())),
        Some(Err(_)) | None => return,
    };
    found.bundle_traces.push(trace);
}

/// What a map that cannot be read says.
fn unreadable(bundle: &EntryPath, source: &EntryPath, fault: &Malformed) -> BundleTrace {
    let fault = fault.to_string().chars().take(LONGEST_FAULT).collect();
    BundleTrace { unreadable: Some(fault), ..BundleTrace::new(bundle, source, "npm/source-map") }
}

/// The file of a name in the folder that another lies in.
fn beside(path: &EntryPath, name: &str) -> Option<EntryPath> {
    let folder = path.folder();
    EntryPath::new(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }).ok()
}

/// Compares the scripts that an entry was found to be with the build's own trees.
pub(crate) fn compare(trees: &[BuildTree], entry: &Entry<'_>, found: &mut Inventory) {
    if trees.is_empty() {
        return;
    }
    let mut is_bundle = found.code.iter().any(|code| code.kind != CodeKind::RustBinary);
    let code = detect::code_of(entry.content);
    let head = &code[..code.len().min(HEAD)];
    if !is_bundle && (code.len() < SMALLEST || package_root(entry.path.as_str()).is_some() || !detect::is_script(entry.path, head)) {
        return;
    }
    let known = found.code.iter().find(|code| code.kind != CodeKind::RustBinary).cloned();
    let own = known.unwrap_or_else(|| self::code(entry.path, entry.content, CodeKind::Bundle, ""));
    for tree in trees {
        let (trace, absences) = tree.compare(entry.path, code, &own.texts);
        // A bundler that joins modules without a word leaves nothing but their code.
        if !is_bundle && trace.tree.as_ref().is_some_and(|tree| tree.is_copied) {
            found.code.push(own.clone());
            is_bundle = true;
        }
        if is_bundle {
            found.bundle_traces.push(trace);
            found.absences.extend(absences);
        }
    }
}

fn mapped(bundle: &EntryPath, source: &EntryPath, map: source_map::Map) -> BundleTrace {
    BundleTrace {
        packages: map.packages.into_values().collect(),
        own: map.own,
        whole: true,
        exact: true,
        strange: map.strange.into_iter().collect(),
        texts: map.texts,
        ..BundleTrace::new(bundle, source, "npm/source-map")
    }
}

/// The map in the last `sourceMappingURL` comment, where it is one (ECMA-426, "Linking generated code to source maps"). A map
/// that lies in a file of its own speaks for itself.
fn inline_map(content: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"# sourceMappingURL=";
    let tail = content.len().saturating_sub(TAIL);
    // An inline map is longer than any tail: there the mark is looked for in all of the file.
    let at = memchr::memmem::rfind(content.get(tail..)?, MARK).map(|at| at + tail).or_else(|| memchr::memmem::rfind(content, MARK))?;
    let rest = content.get(at + MARK.len()..)?;
    let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
    let address = std::str::from_utf8(rest.get(..end)?).ok()?;
    let (kind, payload) = address.strip_prefix("data:")?.split_once(',')?;
    if !kind.starts_with("application/json") || payload.len() > LARGEST_MAP {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(payload).ok()?;
    String::from_utf8(bytes).ok()
}

/// Reads source maps that lie beside their bundles.
pub(crate) struct SourceMap;

impl Extractor for SourceMap {
    fn name(&self) -> &'static str {
        "npm/source-map"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.extension() == "map" && !path.file_name().ends_with(".css.map") && package_root(path.as_str()).is_none()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let name = entry.path.file_name();
        let stem = name.strip_suffix(".map").unwrap_or(name);
        let read = match entry.content.len() {
            length if length > LARGEST_MAP => Err(Malformed(format!("it is larger than {LARGEST_MAP} bytes"))),
            _ => text(entry).and_then(|text| source_map::read(text, &[])),
        };
        match read {
            Ok(map) => {
                let file = map.file.as_deref().and_then(|file| file.rsplit('/').next()).filter(|_| !stem.contains('.'));
                let bundle = beside(entry.path, file.unwrap_or(stem));
                found.bundle_traces.extend(bundle.map(|bundle| mapped(&bundle, entry.path, map)));
            }
            // Whatever else may be called `.map` is none of ours. Beside a script it says that there are sources, and hides which.
            Err(fault) if [".js", ".cjs", ".mjs"].iter().any(|end| stem.ends_with(end)) => {
                found.bundle_traces.extend(beside(entry.path, stem).map(|bundle| unreadable(&bundle, entry.path, &fault)));
            }
            Err(_) => {}
        }
        Ok(())
    }
}

/// Reads the licence comments that esbuild moves into a file of their own (`index.js.LEGAL.txt`).
pub(crate) struct LegalText;

impl Extractor for LegalText {
    fn name(&self) -> &'static str {
        "npm/licence-comment"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        (path.file_name().ends_with(".LEGAL.txt") || path.file_name() == "licenses.txt") && package_root(path.as_str()).is_none()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        if entry.path.file_name() == "licenses.txt" {
            let packages = licence_comment::listed(entry.content);
            for name in ["index.js", "index.cjs", "index.mjs"].iter().filter(|_| !packages.is_empty()) {
                let Some(bundle) = beside(entry.path, name) else { continue };
                found.bundle_traces.push(self.trace(&bundle, entry.path, packages.clone()));
            }
            return Ok(());
        }
        let packages = licence_comment::packages(entry.content);
        let bundle = entry.path.as_str().strip_suffix(".LEGAL.txt").and_then(|bundle| EntryPath::new(bundle).ok());
        found.bundle_traces.extend(bundle.filter(|_| !packages.is_empty()).map(|bundle| self.trace(&bundle, entry.path, packages)));
        Ok(())
    }
}

impl LegalText {
    fn trace(&self, bundle: &EntryPath, source: &EntryPath, packages: Vec<Bundled>) -> BundleTrace {
        BundleTrace { packages, ..BundleTrace::new(bundle, source, self.name()) }
    }
}

/// Where JSON stands that webpack has put into the code as text (`JSON.parse('..')`): data, which no map speaks of.
fn data(code: &[u8]) -> Vec<Range<usize>> {
    const MARK: &[u8] = b"JSON.parse(";
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = code.get(from..).and_then(|rest| memchr::memmem::find(rest, MARK)) {
        let start = from + at + MARK.len() + 1;
        let (quote, rest) = (code.get(start - 1).copied().unwrap_or_default(), code.get(start..).unwrap_or_default());
        from = start.min(code.len());
        if !matches!(quote, b'\'' | b'"' | b'`') || !matches!(rest.first(), Some(b'{' | b'[')) {
            continue;
        }
        let end = memchr::memchr_iter(quote, rest).find(|&end| !is_escaped(rest, end)).unwrap_or(0);
        if rest.get(end + 1) == Some(&b')') {
            found.push(start..start + end);
        }
        from = start + end;
    }
    found
}

/// The code without the data in it.
fn without(code: &[u8], data: &[Range<usize>]) -> Vec<u8> {
    let mut rest = Vec::with_capacity(code.len());
    let mut from = 0;
    for range in data {
        rest.extend_from_slice(code.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    rest.extend_from_slice(code.get(from..).unwrap_or_default());
    rest
}

/// Whether the byte at `at` stands behind an odd number of backslashes.
fn is_escaped(text: &[u8], at: usize) -> bool {
    text.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// The lengths of a text's lines, for as many as a bundle can have; empty for more.
fn lines(content: &[u8]) -> Vec<u32> {
    const MOST_LINES: usize = 2_000_000;
    let mut lines = Vec::new();
    let mut from = 0;
    for end in memchr::memchr_iter(b'\n', content).chain(std::iter::once(content.len())) {
        lines.push(u32::try_from(end - from).unwrap_or(u32::MAX));
        from = end + 1;
        if lines.len() > MOST_LINES {
            return Vec::new();
        }
    }
    lines
}

/// What a file is, for the model: a bundle or minified code.
fn code(path: &EntryPath, content: &[u8], kind: CodeKind, tool: &'static str) -> Code {
    let code = detect::code_of(content);
    let (minified, data) = (detect::is_minified(code), data(code));
    let maker::Maker { tool, version } = maker::maker(code, tool);
    Code {
        path: path.clone(),
        size: content.len() as u64,
        code: code.len().saturating_sub(data.iter().map(Range::len).sum()) as u64,
        kind,
        tool,
        version,
        minified,
        texts: if data.is_empty() { feature::sentences(code, minified) } else { feature::sentences(&without(code, &data), minified) },
    }
}
