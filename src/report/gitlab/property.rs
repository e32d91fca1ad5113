//! The properties by which GitLab takes a CycloneDX document for a report of dependencies.
//!
//! Source: GitLab, "CycloneDX property taxonomy", schema version 1. Without the version and the input file GitLab looks for no
//! vulnerabilities in a document.

use serde_json::{Value, json};

use super::super::Call;
use super::super::place::{lock_of, shown};
use crate::model::Ecosystem;

/// Which taxonomy the document follows.
pub(in super::super) fn schema_property() -> Value {
    json!({"name": "gitlab:meta:schema_version", "value": "1"})
}

/// What GitLab reads of a component beside its purl: which file of the repository names it, and in whose terms.
pub(in super::super) fn component_properties(ecosystem: Ecosystem, call: &Call, file: &str, is_aside: bool) -> Vec<Value> {
    let (manager, language) = match ecosystem {
        Ecosystem::Npm => ("npm", "JavaScript"),
        Ecosystem::PyPi => ("pip", "Python"),
        Ecosystem::CratesIo => ("cargo", "Rust"),
    };
    let input = lock_of(call, ecosystem).unwrap_or_else(|| file.to_owned());
    let properties = [
        ("category", if is_aside { "development" } else { "production" }),
        ("input_file:path", &shown(&input)),
        ("language:name", language),
        ("package_manager:name", manager),
    ];
    properties.map(|(name, value)| json!({"name": format!("gitlab:dependency_scanning:{name}"), "value": value})).to_vec()
}
