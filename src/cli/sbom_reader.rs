//! Reads the packages of a bill of materials, CycloneDX 1.2 to 1.7 or SPDX 2.2 and 2.3 in JSON, as questions.
//!
//! Only what names a package is read; whatever else stands in a document may have any shape. A field that is read stands once
//! in its object (of two, readers disagree which counts), and components are nested as deep as the JSON reader goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use fngate::model::{Ecosystem, Package, escaped, package_url_kind};
use serde::Deserialize;

use super::query::Question;

/// Bytes of a document.
const LARGEST: u64 = 128 << 20;
/// Objects and arrays of a document: they bound the memory that a few bytes each can ask for.
const MOST_OBJECTS: usize = 4_000_000;
/// Kinds, and packages of a kind, that are named as not judged.
const SHOWN: usize = 10;

/// A bill of materials, as questions.
pub(super) struct Bill {
    /// One for each package of a registry that is judged, in the document's order.
    pub(super) questions: Vec<Question>,
    /// The rest, by the type of its purl; what has no purl is under the empty type.
    outside: BTreeMap<String, Vec<String>>,
    /// Libraries without a purl.
    nameless: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    bom_format: Option<String>,
    spec_version: Option<String>,
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
    spdx_version: Option<String>,
    packages: Option<Vec<SpdxPackage>>,
}

#[derive(Deserialize)]
struct Metadata {
    component: Option<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpdxPackage {
    name: Option<String>,
    version_info: Option<String>,
    external_refs: Option<Vec<Reference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

/// Reads the document at `path`; `-` is standard input. One that lists no package of a registry that is judged is an error:
/// whoever asks about nothing would be told that nothing is known.
pub(super) fn read(path: &Path) -> anyhow::Result<Bill> {
    let shown = || format!("cannot read the SBOM: {}", path.display());
    let reader: Box<dyn Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).with_context(shown)?) };
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes).with_context(shown)?;
    parse(&bytes).with_context(shown)
}

/// Every package of a registry that is judged, for a document that bounds what is inside: one that cannot be read is an error,
/// because it may be the one that is inside.
pub(super) fn packages(bytes: &[u8]) -> anyhow::Result<Vec<Package>> {
    let bill = parse(bytes)?;
    if let Some(name) = bill.nameless.first() {
        bail!("a library in it has no purl, so it may be any package: {}", escaped(name));
    }
    let packages = bill.questions.into_iter().map(|question| question.package.map_err(|why| anyhow!("a package in it: {why}")));
    packages.collect()
}

fn parse(bytes: &[u8]) -> anyhow::Result<Bill> {
    if bytes.len() as u64 > LARGEST || bytes.iter().filter(|byte| matches!(byte, b'{' | b'[')).count() > MOST_OBJECTS {
        bail!("it is larger than {LARGEST} bytes, or has more than {MOST_OBJECTS} objects and arrays");
    }
    // Some shells put a byte order mark before whatever they redirect.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Document = serde_json::from_slice(bytes).context("it is no CycloneDX or SPDX document in JSON")?;
    let mut list = List::default();
    match (document.bom_format.as_deref(), document.spec_version.as_deref(), document.spdx_version.as_deref()) {
        (Some("CycloneDX"), Some("1.2" | "1.3" | "1.4" | "1.5" | "1.6" | "1.7"), None) => {
            list.components(document.components.unwrap_or_default());
            if list.asked == 0 {
                bail!("{}", list.empty());
            }
            // What the document describes is asked about as well, but a list of nothing else lists no package.
            list.subject(document.metadata.and_then(|metadata| metadata.component));
        }
        (None, _, Some("SPDX-2.2" | "SPDX-2.3")) => {
            list.packages(document.packages.unwrap_or_default());
            if list.asked == 0 {
                bail!("{}", list.empty());
            }
        }
        (Some("CycloneDX"), Some(version), None) => bail!("CycloneDX 1.2 to 1.7 can be read, this is version: {version}"),
        (None, _, Some(version)) => bail!("SPDX 2.2 and 2.3 can be read, this is: {version}"),
        _ => bail!("it is neither CycloneDX 1.2 to 1.7 nor SPDX 2.2 or 2.3"),
    }
    Ok(Bill { questions: list.questions, outside: list.outside, nameless: list.nameless })
}

/// The questions under construction.
#[derive(Default)]
struct List {
    questions: Vec<Question>,
    seen: BTreeSet<String>,
    outside: BTreeMap<String, Vec<String>>,
    nameless: Vec<String>,
    asked: usize,
}

impl List {
    fn components(&mut self, components: Vec<Component>) {
        for component in components {
            match &component.purl {
                Some(purl) => self.take(purl, component.version.as_deref()),
                None if matches!(component.kind.as_deref(), None | Some("library" | "framework")) => {
                    let name = component.name.unwrap_or_default();
                    self.put_outside("", &name);
                    self.nameless.push(name);
                }
                None => self.put_outside("", component.name.as_deref().unwrap_or_default()),
            }
            self.components(component.components.unwrap_or_default());
        }
    }

    /// What the document describes: usually the operator's own, so that it needs no purl.
    fn subject(&mut self, subject: Option<Component>) {
        let Some(subject) = subject else { return };
        if let Some(purl) = &subject.purl {
            self.take(purl, subject.version.as_deref());
        }
        self.components(subject.components.unwrap_or_default());
    }

    fn packages(&mut self, packages: Vec<SpdxPackage>) {
        for package in packages {
            let is_purl = |kind: &str| kind == "purl" || kind.ends_with("/purl");
            let references = package.external_refs.unwrap_or_default();
            let purls = references.iter().filter(|reference| reference.reference_type.as_deref().is_some_and(is_purl));
            let purls: Vec<&str> = purls.map(|reference| reference.reference_locator.as_deref().unwrap_or_default()).collect();
            let version = package.version_info.as_deref().filter(|version| !matches!(*version, "NOASSERTION" | "NONE"));
            for purl in &purls {
                self.take(purl, version);
            }
            if purls.is_empty() {
                self.put_outside("", package.name.as_deref().unwrap_or_default());
            }
        }
    }

    /// A purl and the version beside it, which counts where the purl has none. Duplicates are asked about once.
    fn take(&mut self, purl: &str, version: Option<&str>) {
        if let Some(kind) = package_url_kind(purl).filter(|kind| Ecosystem::from_purl_type(kind).is_none()) {
            return self.put_outside(&kind, purl);
        }
        self.asked += 1;
        let question = Question::of_listed(purl, version);
        let key = question.package.as_ref().map_or_else(|_| format!("? {purl}"), |package| package.purl());
        if self.seen.insert(key) {
            self.questions.push(question);
        }
    }

    fn put_outside(&mut self, kind: &str, name: &str) {
        self.outside.entry(kind.to_owned()).or_default().push(name.to_owned());
    }

    fn empty(&self) -> String {
        match self.outside.values().map(Vec::len).sum::<usize>() {
            0 => "it lists no package".to_owned(),
            others => format!("it lists no package of npm, PyPI or crates.io, and others: {others}"),
        }
    }
}

impl Bill {
    /// Says what is listed and was not asked about.
    pub(super) fn warn(&self) {
        let mut stderr = io::stderr();
        for (kind, names) in self.outside.iter().take(SHOWN) {
            let what = if kind.is_empty() { "without a purl".to_owned() } else { format!("of type {}", escaped(kind)) };
            let shown: Vec<_> = names.iter().take(SHOWN).map(|name| escaped(name).chars().take(100).collect::<String>()).collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            let _ = writeln!(stderr, "not judged: {} {what}: {}{more}", names.len(), shown.join(", "));
        }
        if self.outside.len() > SHOWN {
            let _ = writeln!(stderr, "not judged: packages of {} more types", self.outside.len() - SHOWN);
        }
    }
}
