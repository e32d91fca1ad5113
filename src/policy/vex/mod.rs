//! VEX: what others say about whether a vulnerability affects a product, in documents that the operator names. A statement
//! that it does not sets the findings about it aside, as an ignore does, and stays in the report with its grounds.
//!
//! Nothing in an artifact is ever read as VEX. Malware and what is known to be exploited are never set aside.

mod cyclonedx;
mod document;
mod error;
mod hearing;
mod named;
mod openvex;
mod place;
mod statement;
mod version;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};

pub use error::VexError;
use statement::Statement;

use crate::model::{Object, VexFacts, hex};

/// Bytes of a document.
const LARGEST: u64 = 64 << 20;

/// The rule of a remark that a statement was not heard.
pub(super) const UNHEARD: &str = "vex-unheard";

/// What all documents say, in the order they were named.
#[derive(Clone, Debug, Default)]
pub struct Vex {
    documents: Vec<Document>,
    /// Document and statement, by every id of the vulnerability.
    by_id: HashMap<String, Vec<(usize, usize)>>,
}

/// One document.
#[derive(Clone, Debug, Default)]
struct Document {
    path: String,
    digest: String,
    content: Content,
}

/// What a reader makes of a document.
#[derive(Clone, Debug, Default)]
struct Content {
    author: String,
    id: String,
    statements: Vec<Statement>,
}

impl Vex {
    /// Reads documents, each OpenVEX or CycloneDX.
    pub fn load(paths: &[PathBuf]) -> Result<Self, VexError> {
        let mut vex = Self::default();
        for path in paths {
            vex.add(&path.display().to_string(), &read(path)?)?;
        }
        Ok(vex)
    }

    /// Adds a document by its text.
    pub fn add(&mut self, name: &str, text: &[u8]) -> Result<(), VexError> {
        let content = parse(text).map_err(|fault| fault.of(name))?;
        for (number, statement) in content.statements.iter().enumerate() {
            for id in &statement.ids {
                self.by_id.entry(id.clone()).or_default().push((self.documents.len(), number));
            }
        }
        self.documents.push(Document { path: name.to_owned(), digest: hex(&Sha256::digest(text)), content });
        Ok(())
    }

    /// The documents, as reports say them.
    #[must_use]
    pub fn facts(&self) -> Vec<VexFacts> {
        self.documents.iter().map(|document| VexFacts { path: document.path.clone(), digest: document.digest.clone() }).collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, VexError> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut content));
    read.map_err(|source| VexError::Read { path: path.to_owned(), source })?;
    if content.len() as u64 > LARGEST { Err(error::Fault::Size.of(&path.display().to_string())) } else { Ok(content) }
}

/// What tells the formats apart.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "@context")]
    context: Option<IgnoredAny>,
    #[serde(rename = "bomFormat")]
    bom_format: Option<IgnoredAny>,
}

fn parse(text: &[u8]) -> Result<Content, error::Fault> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    document::check(text).map_err(error::Fault::Invalid)?;
    let Object(probe): Object<Probe> = serde_json::from_slice(text).map_err(|fault| match fault.classify() {
        serde_json::error::Category::Data if !text.trim_ascii_start().starts_with(b"{") => error::Fault::Foreign,
        _ => error::Fault::Invalid(fault.to_string()),
    })?;
    match (probe.context, probe.bom_format) {
        (Some(_), None) => openvex::parse(text).map_err(error::Fault::Invalid),
        (None, Some(_)) => cyclonedx::parse(text).map_err(error::Fault::Invalid),
        _ => Err(error::Fault::Foreign),
    }
}
