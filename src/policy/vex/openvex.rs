//! OpenVEX, v0.0.1 to v0.2.0.
//!
//! Source: openvex/spec, `OPENVEX-SPEC.md`, "Document Struct Fields", "Statement Fields", "Product Struct Fields" and "Status
//! Labels". A statement inherits the document's timestamp. `not_affected` needs a justification or an impact statement; without
//! either the document is not valid.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Content;
use super::statement::{self, Statement, Status, Subject};

/// Namespaces of the versions that are read. One without a version is v0.0.1's ("Document Struct Fields", `@context`).
const CONTEXTS: [&str; 4] =
    ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.0.1", "https://openvex.dev/ns/v0.1.0", "https://openvex.dev/ns/v0.2.0"];

/// "Status Labels".
const STATUSES: [Status; 4] = [
    Status { word: "not_affected", acquits: true },
    Status { word: "affected", acquits: false },
    Status { word: "fixed", acquits: true },
    Status { word: "under_investigation", acquits: false },
];

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id")]
    id: Option<String>,
    author: Option<String>,
    timestamp: Option<String>,
    statements: Vec<Written>,
}

#[derive(Deserialize)]
struct Written {
    vulnerability: Vulnerability,
    products: Option<Vec<Component>>,
    /// v0.0.1: of every product.
    subcomponents: Option<Vec<Component>>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    timestamp: Option<String>,
}

/// A string in v0.0.1.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a `vulnerability` is a string, or an object with a `name`")]
enum Vulnerability {
    Id(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        name: Option<String>,
        aliases: Option<Vec<String>>,
    },
}

/// A product or a subcomponent; a string in v0.0.1.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a product is a string, or an object with an `@id`, `identifiers` or `hashes`")]
enum Component {
    Id(String),
    Named {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<BTreeMap<String, String>>,
        hashes: Option<BTreeMap<String, String>>,
        subcomponents: Option<Vec<Self>>,
    },
}

/// Reads a document.
pub(super) fn parse(text: &[u8]) -> Result<Content, String> {
    let document: Document = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if !CONTEXTS.contains(&document.context.trim_end_matches('/')) {
        return Err(format!("the `@context` is of no version that is known: {}", document.context));
    }
    let inherited = document.timestamp.as_deref();
    let statements = document.statements.into_iter().enumerate();
    let statements = statements.map(|(at, written)| statement(written, inherited).map_err(|why| format!("statement {}: {why}", at + 1)));
    Ok(Content {
        author: document.author.unwrap_or_default(),
        id: document.id.unwrap_or_default(),
        statements: statements.collect::<Result<_, _>>()?,
    })
}

fn statement(written: Written, inherited: Option<&str>) -> Result<Statement, String> {
    let status = Status::of(&written.status, &STATUSES)?;
    let (justification, detail) = (filled(written.justification), filled(written.impact_statement));
    if status.word == "not_affected" && justification.is_empty() && detail.is_empty() {
        return Err("`not_affected` needs a `justification` or an `impact_statement`".to_owned());
    }
    let ids = match written.vulnerability {
        Vulnerability::Id(id) => vec![id],
        Vulnerability::Named { id, name, aliases } => id.into_iter().chain(name).chain(aliases.into_iter().flatten()).collect(),
    };
    let ids: Vec<String> = ids.iter().map(|id| statement::folded(id)).filter(|id| !id.is_empty()).collect();
    if ids.is_empty() {
        return Err("the vulnerability has no id".to_owned());
    }
    let time = written.timestamp.as_deref().or(inherited).ok_or("neither it nor the document has a `timestamp`")?;
    let shared = written.subcomponents.as_deref();
    let subjects = written.products.iter().flatten().flat_map(|product| subjects(product, shared)).collect();
    Ok(Statement { ids, subjects, status, justification, detail, time: Some(statement::time(time)?) })
}

/// A product is the package itself, or the artifact, whose subcomponents are the packages.
fn subjects(product: &Component, shared: Option<&[Component]>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    let packages = packages(product);
    if !packages.is_empty() {
        subjects.push(Subject { packages: Some(packages), ..Subject::default() });
    }
    let digests = digests(product);
    if !digests.is_empty() {
        let own = match product {
            Component::Named { subcomponents, .. } => subcomponents.as_deref(),
            Component::Id(_) => None,
        };
        let parts: Vec<&Component> = own.into_iter().chain(shared).flatten().collect();
        let packages = if parts.is_empty() { None } else { Some(parts.into_iter().flat_map(self::packages).collect()) };
        subjects.push(Subject { within: vec![digests], packages, ..Subject::default() });
    }
    subjects
}

/// The purls among a component's identifiers.
fn purls(component: &Component) -> Vec<&str> {
    match component {
        Component::Id(id) => vec![id],
        Component::Named { id, identifiers, .. } => {
            let stated = identifiers.iter().flatten().filter(|(kind, _)| *kind == "purl").map(|(_, purl)| purl);
            id.iter().chain(stated).map(String::as_str).filter(|text| text.starts_with("pkg:")).collect()
        }
    }
}

fn packages(component: &Component) -> Vec<crate::model::PackageUrl> {
    purls(component).into_iter().filter_map(statement::package).collect()
}

/// Every SHA-256 that a component is known by.
fn digests(component: &Component) -> Vec<String> {
    let hashes = match component {
        Component::Named { hashes, .. } => hashes.as_ref(),
        Component::Id(_) => None,
    };
    let stated = hashes.into_iter().flatten().filter(|(name, _)| matches!(name.to_ascii_lowercase().as_str(), "sha-256" | "sha256"));
    stated.map(|(_, hash)| hash.clone()).chain(purls(component).into_iter().flat_map(statement::digests)).collect()
}

fn filled(text: Option<String>) -> String {
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}
