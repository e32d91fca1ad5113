//! CycloneDX as VEX, 1.4 to 1.6.
//!
//! Source: CycloneDX 1.6 (ECMA-424), `bom-1.6.schema.json`: `vulnerabilities[].analysis` (states), `affects[].ref` and
//! `affects[].versions`; "BOM-Link" for `urn:cdx:SERIAL/VERSION#REF`. A vulnerability without a state says nothing. Ranges of
//! versions are not evaluated, and what is not evaluated acquits nobody.

use std::collections::HashMap;

use serde::Deserialize;

use super::Content;
use super::statement::{self, Statement, Status, Subject, VersionWord};
use crate::model::PackageUrl;

/// `analysis.state`.
const STATES: [Status; 6] = [
    Status { word: "resolved", acquits: true },
    Status { word: "resolved_with_pedigree", acquits: true },
    Status { word: "exploitable", acquits: false },
    Status { word: "in_triage", acquits: false },
    Status { word: "false_positive", acquits: true },
    Status { word: "not_affected", acquits: true },
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: String,
    spec_version: String,
    serial_number: Option<String>,
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    timestamp: Option<String>,
    component: Option<Component>,
    authors: Option<Vec<Party>>,
    supplier: Option<Party>,
}

#[derive(Deserialize)]
struct Party {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    purl: Option<String>,
    version: Option<String>,
    hashes: Option<Vec<Hash>>,
    components: Option<Vec<Self>>,
}

#[derive(Deserialize)]
struct Hash {
    alg: String,
    content: String,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    references: Option<Vec<Reference>>,
    analysis: Option<Analysis>,
    affects: Option<Vec<Affects>>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analysis {
    state: Option<String>,
    justification: Option<String>,
    detail: Option<String>,
    first_issued: Option<String>,
    last_updated: Option<String>,
}

#[derive(Deserialize)]
struct Affects {
    #[serde(rename = "ref")]
    reference: String,
    versions: Option<Vec<Version>>,
}

/// One with a `range` has no `version`.
#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    status: Option<String>,
}

/// Reads a document.
pub(super) fn parse(text: &[u8]) -> Result<Content, String> {
    let bom: Bom = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if bom.bom_format != "CycloneDX" || !["1.4", "1.5", "1.6"].contains(&bom.spec_version.as_str()) {
        return Err(format!("it is no CycloneDX of 1.4 to 1.6: {} {}", bom.bom_format, bom.spec_version));
    }
    let metadata = bom.metadata.unwrap_or_default();
    let places = Places::of(metadata.component.as_ref(), bom.components.as_deref().unwrap_or_default(), bom.serial_number.as_deref())?;
    let mut statements = Vec::new();
    for (at, vulnerability) in bom.vulnerabilities.into_iter().flatten().enumerate() {
        let of_own = |why: String| format!("vulnerability {}: {why}", at + 1);
        statements.extend(statement(vulnerability, metadata.timestamp.as_deref(), &places).map_err(of_own)?);
    }
    let author = metadata.authors.into_iter().flatten().chain(metadata.supplier).find_map(|party| party.name);
    Ok(Content { author: author.unwrap_or_default(), id: bom.serial_number.unwrap_or_default(), statements })
}

fn statement(written: Vulnerability, inherited: Option<&str>, places: &Places) -> Result<Option<Statement>, String> {
    let Some(analysis) = written.analysis else { return Ok(None) };
    let Some(state) = analysis.state else { return Ok(None) };
    let status = Status::of(&state, &STATES)?;
    let ids = written.id.into_iter().chain(written.references.into_iter().flatten().filter_map(|reference| reference.id));
    let ids = ids.map(|id| statement::folded(&id)).filter(|id| !id.is_empty()).collect();
    let time = analysis.last_updated.as_deref().or(analysis.first_issued.as_deref()).or(inherited);
    Ok(Some(Statement {
        ids,
        subjects: written.affects.iter().flatten().flat_map(|affects| subjects(affects, places)).collect(),
        status,
        justification: analysis.justification.unwrap_or_default(),
        detail: analysis.detail.unwrap_or_default(),
        time: time.map(statement::time).transpose()?,
    }))
}

fn subjects(affects: &Affects, places: &Places) -> Vec<Subject> {
    let word =
        |version: &Version| VersionWord { exact: version.version.clone(), is_unaffected: version.status.as_deref() == Some("unaffected") };
    let versions: Vec<VersionWord> = affects.versions.iter().flatten().map(word).collect();
    places.find(&affects.reference).into_iter().map(|subject| Subject { versions: versions.clone(), ..subject }).collect()
}

/// Where a reference may lead: the components of the document, each within those around it.
#[derive(Default)]
struct Places {
    serial: Option<String>,
    /// What all of the document is about.
    root: Vec<Vec<String>>,
    by_reference: HashMap<String, Vec<Subject>>,
    by_purl: HashMap<String, Vec<Subject>>,
}

impl Places {
    fn of(root: Option<&Component>, components: &[Component], serial: Option<&str>) -> Result<Self, String> {
        let mut places = Self { serial: serial.map(str::to_owned), ..Self::default() };
        if let Some(root) = root {
            places.add(root, &[])?;
            places.root.extend(Some(digests(root)).filter(|digests| !digests.is_empty()));
        }
        let around = places.root.clone();
        components.iter().try_for_each(|component| places.add(component, &around))?;
        Ok(places)
    }

    /// Notes a component and those in it.
    fn add(&mut self, component: &Component, around: &[Vec<String>]) -> Result<(), String> {
        let digests = digests(component);
        let mut subjects = Vec::new();
        if let Some(package) = component.purl.as_deref().and_then(|purl| package(purl, component.version.as_deref())) {
            subjects.push(Subject { within: around.to_vec(), packages: Some(vec![package]), ..Subject::default() });
        }
        if !digests.is_empty() {
            subjects.push(Subject { within: vec![digests.clone()], ..Subject::default() });
        }
        if let Some(purl) = &component.purl {
            self.by_purl.entry(purl.clone()).or_default().extend(subjects.iter().cloned());
        }
        if let Some(reference) = &component.reference
            && self.by_reference.insert(reference.clone(), subjects).is_some()
        {
            return Err(format!("two components have one `bom-ref`: {reference}"));
        }
        let mut inner = around.to_vec();
        inner.extend(Some(digests).filter(|digests| !digests.is_empty()));
        component.components.iter().flatten().try_for_each(|part| self.add(part, &inner))
    }

    /// What a reference is about: a component by its `bom-ref` or purl, a purl, or either in a BOM-Link. A BOM-Link into
    /// another document is only followed where it names a package.
    fn find(&self, reference: &str) -> Vec<Subject> {
        let Some(link) = reference.strip_prefix("urn:cdx:") else { return self.own(reference) };
        let Some((document, reference)) = link.split_once('#') else { return Vec::new() };
        let reference = decoded(reference);
        let serial = document.split('/').next().unwrap_or_default();
        let own = self.serial.as_deref().and_then(|own| own.strip_prefix("urn:uuid:"));
        if own.is_some_and(|own| own.eq_ignore_ascii_case(serial)) { self.own(&reference) } else { self.named(&reference) }
    }

    fn own(&self, reference: &str) -> Vec<Subject> {
        let known = self.by_reference.get(reference).or_else(|| self.by_purl.get(reference));
        known.map_or_else(|| self.named(reference), Clone::clone)
    }

    /// What a purl is about that no component of the document has.
    fn named(&self, purl: &str) -> Vec<Subject> {
        let digests = statement::digests(purl);
        if !digests.is_empty() {
            return vec![Subject { within: vec![digests], ..Subject::default() }];
        }
        let package = statement::package(purl).into_iter();
        package.map(|package| Subject { within: self.root.clone(), packages: Some(vec![package]), ..Subject::default() }).collect()
    }
}

/// The package of a component, whose version may stand beside its purl.
fn package(purl: &str, version: Option<&str>) -> Option<PackageUrl> {
    let (ecosystem, name, own) = statement::package(purl)?;
    Some((ecosystem, name, own.or_else(|| version.map(str::to_owned))))
}

/// Every SHA-256 that a component is known by.
fn digests(component: &Component) -> Vec<String> {
    let stated = component.hashes.iter().flatten().filter(|hash| hash.alg == "SHA-256").map(|hash| hash.content.clone());
    stated.chain(component.purl.iter().flat_map(|purl| statement::digests(purl))).collect()
}

/// Percent-decoded (RFC 3986, section 2.1); what is no UTF-8 then is left as it was.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| byte == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                plain.push(value);
                at += 3;
            }
            None => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}
