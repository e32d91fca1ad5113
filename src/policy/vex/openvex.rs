//! OpenVEX, v0.0.1 to v0.2.0.
//!
//! Source: openvex/spec, `OPENVEX-SPEC.md`, "Document Struct Fields", "Statement Fields", "Product Struct Fields", "Status
//! Labels" and "Status Justifications". A statement inherits the document's timestamp. `not_affected` needs a justification or an
//! impact statement; without either the document is not valid.

use jiff::Timestamp;
use serde::Deserialize;

use super::Content;
use super::document::{Either, LONGEST, OrId, Texts, cut, excerpt};
use super::named::{Asked, Named};
use super::statement::{self, About, Scope, Statement, Status};
use crate::model::Object;

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

/// "Status Justifications".
const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id")]
    id: Option<String>,
    author: Option<String>,
    timestamp: Option<String>,
    last_updated: Option<String>,
    statements: Vec<Object<Written>>,
}

#[derive(Deserialize)]
struct Written {
    vulnerability: Either<Vulnerability>,
    products: Option<Vec<Either<Component>>>,
    /// v0.0.1: of every product.
    subcomponents: Option<Vec<Either<Component>>>,
    status: String,
    justification: Option<String>,
    impact_statement: Option<String>,
    timestamp: Option<String>,
    last_updated: Option<String>,
}

/// A string in v0.0.1.
#[derive(Deserialize)]
struct Vulnerability {
    #[serde(rename = "@id")]
    id: Option<String>,
    name: Option<String>,
    aliases: Option<Vec<String>>,
}

impl OrId for Vulnerability {
    const EXPECTED: &'static str = "a `vulnerability` is a string, or an object with a `name`";
}

/// A product or a subcomponent; a string in v0.0.1.
#[derive(Deserialize)]
struct Component {
    #[serde(rename = "@id")]
    id: Option<String>,
    identifiers: Option<Texts>,
    hashes: Option<Texts>,
    subcomponents: Option<Vec<Either<Self>>>,
}

impl OrId for Component {
    const EXPECTED: &'static str = "a product is a string, or an object with an `@id`, `identifiers` or `hashes`";
}

/// What a statement is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Products {
    list: Vec<Product>,
    /// Parts of every product.
    shared: Vec<Named>,
}

/// A product, and those of its parts that are meant; without any it is meant as a whole.
#[derive(Clone, Debug)]
struct Product {
    named: Named,
    parts: Vec<Named>,
}

/// When a statement was made, and when it was last changed.
struct Times {
    made: Option<Timestamp>,
    changed: Option<Timestamp>,
}

impl Times {
    fn of(made: Option<&str>, changed: Option<&str>) -> Result<Self, String> {
        Ok(Self { made: made.map(statement::time).transpose()?, changed: changed.map(statement::time).transpose()? })
    }

    fn latest(&self) -> Option<Timestamp> {
        self.made.max(self.changed)
    }
}

/// Reads a document.
pub(super) fn parse(text: &[u8]) -> Result<Content, String> {
    let Object(document): Object<Document> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    if !CONTEXTS.contains(&document.context.trim_end_matches('/')) {
        return Err(format!("the `@context` is of no version that is known: {}", excerpt(&document.context)));
    }
    let inherited = Times::of(document.timestamp.as_deref(), document.last_updated.as_deref())?;
    let statements = document.statements.into_iter().enumerate();
    let of_own = |(at, Object(written)): (usize, _)| statement(written, &inherited).map_err(|why| format!("statement {}: {why}", at + 1));
    Ok(Content {
        author: cut(&document.author.unwrap_or_default(), LONGEST),
        id: cut(&document.id.unwrap_or_default(), LONGEST),
        statements: statements.map(of_own).collect::<Result<_, _>>()?,
    })
}

fn statement(written: Written, inherited: &Times) -> Result<Statement, String> {
    let status = Status::of(&written.status, &STATUSES)?;
    let (justification, detail) = (filled(written.justification), filled(written.impact_statement));
    if !justification.is_empty() && !JUSTIFICATIONS.contains(&justification.as_str()) {
        return Err(format!("the justification is none of the format's: {}", excerpt(&justification)));
    }
    if status.word == "not_affected" && justification.is_empty() && detail.is_empty() {
        return Err("`not_affected` needs a `justification` or an `impact_statement`".to_owned());
    }
    let given = match written.vulnerability {
        Either::Id(id) => vec![id],
        Either::Object(Vulnerability { id, name, aliases }) => id.into_iter().chain(name).chain(aliases.into_iter().flatten()).collect(),
    };
    let ids = statement::ids(given.into_iter(), status.acquits);
    if ids.is_empty() {
        return Err("the vulnerability has no id".to_owned());
    }
    let own = Times::of(written.timestamp.as_deref(), written.last_updated.as_deref())?;
    let time = if status.acquits {
        own.made.or_else(|| [own.changed, inherited.made].into_iter().flatten().min())
    } else {
        own.latest().or_else(|| inherited.latest())
    };
    let time = time.ok_or("neither it nor the document has a `timestamp`")?;
    let list = written.products.into_iter().flatten().map(product).collect::<Result<_, _>>()?;
    let about = About::OpenVex(Products { list, shared: parts(written.subcomponents)? });
    Ok(Statement { ids, about, status, justification, detail, time: Some(time) })
}

fn product(written: Either<Component>) -> Result<Product, String> {
    let (component, subcomponents) = match written {
        Either::Id(_) => (written, None),
        Either::Object(mut component) => {
            let subcomponents = component.subcomponents.take();
            (Either::Object(component), subcomponents)
        }
    };
    Ok(Product { named: named(component)?, parts: parts(subcomponents)? })
}

fn parts(written: Option<Vec<Either<Component>>>) -> Result<Vec<Named>, String> {
    written.into_iter().flatten().map(named).collect()
}

/// A component by all its names.
fn named(written: Either<Component>) -> Result<Named, String> {
    let mut named = Named::default();
    let component = match written {
        Either::Id(id) => Component { id: Some(id), identifiers: None, hashes: None, subcomponents: None },
        Either::Object(component) => component,
    };
    // An `@id` that is no purl names a thing of the document only.
    if let Some(id) = component.id.filter(|id| id.starts_with("pkg:")) {
        named.purl(&id, None);
    }
    for (kind, text) in component.identifiers.unwrap_or_default().0 {
        if kind == "purl" { named.purl(&text, None) } else { named.vaguely() }
    }
    for (algorithm, content) in component.hashes.unwrap_or_default().0 {
        named.hash(&algorithm, &content);
    }
    named.checked()
}

impl Products {
    /// How closely the package in the file that is asked about is meant.
    pub(super) fn scope(&self, asked: &Asked<'_>, holder: &str, acquits: bool) -> Option<Scope> {
        let is_part = |part: &Named| if acquits { part.names(asked, true) } else { part.may_name(asked) || part.is_unclear() };
        let in_shared = self.shared.iter().any(is_part);
        let scopes = self.list.iter().filter_map(|product| {
            let is_whole = product.parts.is_empty() && self.shared.is_empty();
            let in_parts = in_shared || product.parts.iter().any(is_part);
            if acquits { product.acquits(asked, holder, is_whole, in_parts) } else { product.concerns(asked, holder, is_whole, in_parts) }
        });
        let of_nothing = (!acquits && self.list.is_empty()).then_some(Scope::Artifact);
        scopes.max().max(of_nothing)
    }
}

impl Product {
    /// A package is only acquitted as a whole: that it does no harm in another is no word about it anywhere else.
    fn acquits(&self, asked: &Asked<'_>, holder: &str, is_whole: bool, in_parts: bool) -> Option<Scope> {
        if self.named.is(holder, asked.artifact) && (is_whole || in_parts) {
            Some(Scope::Artifact)
        } else {
            (is_whole && self.named.names(asked, false)).then_some(Scope::Package)
        }
    }

    /// What nobody can tell from the artifact may be it.
    fn concerns(&self, asked: &Asked<'_>, holder: &str, is_whole: bool, in_parts: bool) -> Option<Scope> {
        if (self.named.may_be(holder) || self.named.is_unclear()) && (is_whole || in_parts) {
            Some(Scope::Artifact)
        } else {
            (self.named.may_name(asked) || (self.named.has_package() && in_parts)).then_some(Scope::Package)
        }
    }
}

fn filled(text: Option<String>) -> String {
    text.map(|text| cut(text.trim(), LONGEST)).unwrap_or_default()
}
