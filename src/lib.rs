//! The gate a serverless function passes before it is deployed.
//!
//! Rust finds facts, Rego passes judgement. Three nouns carry the data, each made by one stage and never changed after it:
//! [`model::Inventory`] (one pass over the files), [`model::Facts`] (with vulnerabilities and provenance; the policies'
//! input) and [`model::Verdict`] (the reports' input). A stage imports `model` and no other stage.

pub mod artifact;
pub mod extract;
pub mod model;
pub mod osv;
pub mod policy;
pub mod report;
pub mod secret;
pub mod signature;
