//! CycloneDX as VEX, 1.4 to 1.6.
//!
//! Source: CycloneDX 1.6 (ECMA-424), `bom-1.6.schema.json`: `vulnerabilities[].analysis` (states), `affects[].ref` and
//! `affects[].versions`; "BOM-Link" for `urn:cdx:SERIAL/VERSION#REF`. A vulnerability without a state says nothing. Ranges of
//! versions are not evaluated, and what is not evaluated acquits nobody.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use super::Content;
use super::document::{LONGEST, cut, excerpt};
use super::named::Asked;
use super::place::{Place, Places};
use super::statement::{self, About, Scope, Statement, Status};
use super::version::may_be_same;
use crate::model::Object;

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
    version: Option<u64>,
    metadata: Option<Object<Metadata>>,
    components: Option<Vec<Object<Component>>>,
    vulnerabilities: Option<Vec<Object<Vulnerability>>>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    timestamp: Option<String>,
    component: Option<Object<Component>>,
    authors: Option<Vec<Object<Party>>>,
    supplier: Option<Object<Party>>,
}

#[derive(Deserialize)]
struct Party {
    name: Option<String>,
}

/// A component, so far as it tells one from another.
#[derive(Deserialize)]
pub(super) struct Component {
    #[serde(rename = "bom-ref")]
    pub(super) reference: Option<String>,
    pub(super) purl: Option<String>,
    pub(super) cpe: Option<String>,
    pub(super) version: Option<String>,
    pub(super) hashes: Option<Vec<Object<Hash>>>,
    pub(super) properties: Option<Vec<Object<Property>>>,
    pub(super) components: Option<Vec<Object<Self>>>,
}

/// A hash of a component.
#[derive(Deserialize)]
pub(super) struct Hash {
    pub(super) alg: String,
    pub(super) content: String,
}

/// A property of a component.
#[derive(Deserialize)]
pub(super) struct Property {
    pub(super) name: Option<String>,
    pub(super) value: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    references: Option<Vec<Object<Reference>>>,
    analysis: Option<Object<Analysis>>,
    affects: Option<Vec<Object<Affects>>>,
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
    versions: Option<Vec<Object<Version>>>,
}

/// One with a `range` has no `version`.
#[derive(Deserialize)]
struct Version {
    version: Option<String>,
    status: Option<String>,
}

/// Reads a document.
pub(super) fn parse(text: &[u8]) -> Result<Content, String> {
    let Object(bom): Object<Bom> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if bom.bom_format != "CycloneDX" || !["1.4", "1.5", "1.6"].contains(&bom.spec_version.as_str()) {
        return Err(format!("it is no CycloneDX of 1.4 to 1.6: {} {}", excerpt(&bom.bom_format), excerpt(&bom.spec_version)));
    }
    let metadata = bom.metadata.unwrap_or_default().0;
    let components = bom.components.unwrap_or_default();
    let own = bom.serial_number.as_deref().map(|serial| (serial, bom.version.unwrap_or(1)));
    let places = Places::of(metadata.component.map(|Object(root)| root), components, own)?;
    let issued = metadata.timestamp.as_deref().map(statement::time).transpose()?;
    let mut statements = Vec::new();
    for (at, Object(vulnerability)) in bom.vulnerabilities.into_iter().flatten().enumerate() {
        let of_own = |why: String| format!("vulnerability {}: {why}", at + 1);
        statements.extend(statement(vulnerability, issued, &places).map_err(of_own)?);
    }
    let author = metadata.authors.into_iter().flatten().chain(metadata.supplier).find_map(|Object(party)| party.name);
    Ok(Content { author: cut(&author.unwrap_or_default(), LONGEST), id: cut(&bom.serial_number.unwrap_or_default(), LONGEST), statements })
}

fn statement(written: Vulnerability, issued: Option<Timestamp>, places: &Places) -> Result<Option<Statement>, String> {
    let Some(Object(analysis)) = written.analysis else { return Ok(None) };
    let Some(state) = &analysis.state else { return Ok(None) };
    let status = Status::of(state, &STATES)?;
    let references = written.references.into_iter().flatten().filter_map(|Object(reference)| reference.id);
    let time = |text: Option<&str>| text.map(statement::time).transpose();
    let (first, last) = (time(analysis.first_issued.as_deref())?, time(analysis.last_updated.as_deref())?);
    let time = if status.acquits {
        last.or(first).or(issued)
    } else {
        Some([last, first, issued].into_iter().flatten().max().unwrap_or(Timestamp::MAX))
    };
    let text = |text: Option<String>| text.map(|text| cut(&text, LONGEST)).unwrap_or_default();
    Ok(Some(Statement {
        ids: statement::ids(written.id.into_iter().chain(references), status.acquits),
        about: About::CycloneDx(Affected::of(written.affects.unwrap_or_default(), places)),
        status,
        justification: text(analysis.justification),
        detail: text(analysis.detail),
        time,
    }))
}

/// What a statement is about.
#[derive(Clone, Debug)]
pub(super) struct Affected {
    targets: Vec<Target>,
}

/// What one reference leads to, and what is said of its versions.
#[derive(Clone, Debug)]
struct Target {
    places: Arc<Vec<Place>>,
    words: Words,
}

/// What is said of versions.
#[derive(Clone, Debug, Default)]
struct Words {
    /// Whether some word is of no version in particular.
    is_whole: bool,
    /// Whether some word is of a range, which is not evaluated.
    has_range: bool,
    /// Of each version whether it is said to be unaffected and nothing else.
    exact: HashMap<String, bool>,
}

impl Affected {
    fn of(written: Vec<Object<Affects>>, places: &Places) -> Self {
        if written.is_empty() {
            return Self { targets: vec![Target { places: places.unclear(), words: Words { is_whole: true, ..Words::default() } }] };
        }
        let mut words: BTreeMap<_, Words> = BTreeMap::new();
        for Object(affects) in written {
            let own = words.entry(places.target(&affects.reference)).or_default();
            let versions = affects.versions.unwrap_or_default();
            own.is_whole |= versions.is_empty();
            for Object(Version { version, status }) in versions {
                match version {
                    None => own.has_range = true,
                    Some(version) => *own.exact.entry(version).or_insert(true) &= status.as_deref() == Some("unaffected"),
                }
            }
        }
        Self { targets: words.into_iter().map(|(target, words)| Target { places: places.find(&target), words }).collect() }
    }

    /// How closely the package in the file that is asked about is meant.
    pub(super) fn scope(&self, asked: &Asked<'_>, holder: &str, acquits: bool) -> Option<Scope> {
        let version = asked.package.as_ref().and_then(|package| package.version());
        let applying =
            self.targets.iter().filter(|target| if acquits { target.words.excepts(version) } else { target.words.may_concern(version) });
        let places = applying.flat_map(|target| target.places.iter());
        places.filter_map(|place| if acquits { place.acquits(asked, holder) } else { place.concerns(asked, holder) }).max()
    }
}

impl Words {
    /// Whether nothing is said of versions, or just that this one is unaffected.
    fn excepts(&self, version: Option<&str>) -> bool {
        let is_silent = self.exact.is_empty() && !self.has_range;
        if is_silent { self.is_whole } else { version.and_then(|version| self.exact.get(version)).copied().unwrap_or(false) }
    }

    /// Whether what is said of versions leaves room for this one.
    fn may_concern(&self, version: Option<&str>) -> bool {
        let is_named = |own: &str| self.exact.contains_key(own) || self.exact.keys().any(|stated| may_be_same(stated, own));
        self.is_whole || self.has_range || version.is_none_or(is_named)
    }
}
