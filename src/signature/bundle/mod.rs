//! Where bundles come from: files beside the artifact or named by the operator, with one bundle or several, in Sigstore's own
//! format or in PyPI's.

mod beside;
mod pypi;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;

pub use self::beside::{ENDINGS, VSA_ENDING, bundles_beside, bundles_by_digest, vsas_beside};
pub(super) use self::pypi::Distribution;

use super::examination::Refusal;
use super::json::{self, JsonFault};
use super::reason;

/// Bytes a bundle file may have.
pub const LARGEST_BUNDLE: u64 = 8 << 20;
/// Bundles that are looked at for one artifact.
pub const MOST_BUNDLES: usize = 64;

/// A file with one bundle or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// What to call it in messages.
    pub name: String,
    /// All of its bytes. A file over [`LARGEST_BUNDLE`] is kept cut one byte above it, which is refused and never parsed.
    pub bytes: Vec<u8>,
}

/// Reads one bundle file that the operator names.
pub fn read_bundle(path: &Path) -> io::Result<BundleFile> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST_BUNDLE + 1).read_to_end(&mut bytes)?;
    Ok(BundleFile { name: path.display().to_string(), bytes })
}

/// Reads a whole file, or `None` if it is larger than `limit` bytes.
pub(super) fn read_capped(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// One bundle as text, with its parsed form.
#[derive(Debug)]
pub(super) struct Document {
    /// The file, and the number within it where it holds several.
    pub(super) name: String,
    /// The JSON, or why it is none.
    pub(super) content: Result<(String, Value), Refusal>,
    /// What PEP 740 asks besides, where the bundle was one of its attestations.
    pub(super) distribution: Option<Distribution>,
}

/// The bundles of a file: one, one a line, those in the `attestations` answer of a registry, or those of PyPI's provenance.
pub(super) fn documents(file: &BundleFile) -> Vec<Document> {
    let whole = |content| vec![document(file.name.clone(), content)];
    if file.bytes.len() as u64 > LARGEST_BUNDLE {
        let found = format!("more than {LARGEST_BUNDLE} bytes");
        return whole(Err(Refusal::new(&reason::BUNDLE_TOO_LARGE, format!("at most {LARGEST_BUNDLE} bytes"), found)));
    }
    let content = parse(&file.bytes);
    if let Ok((_, Value::Object(members))) = &content
        && !members.contains_key("mediaType")
    {
        if let Some(attestations) = pypi::provenance(members) {
            // One more than allowed, so that the caller sees that there are too many.
            let numbered = attestations.take(MOST_BUNDLES + 1).enumerate();
            return numbered.map(|(at, one)| converted(format!("{} #{}", file.name, at + 1), one)).collect();
        }
        if let Some(Value::Array(attestations)) = members.get("attestations") {
            return unwrapped(&file.name, attestations);
        }
    }
    match lines(&file.bytes) {
        Some(lines) if content.is_err() => numbered(&file.name, lines.into_iter().map(parse)),
        _ => whole(content),
    }
}

/// A document as it came, or as the bundle that it holds in PyPI's form.
fn document(name: String, content: Result<(String, Value), Refusal>) -> Document {
    match &content {
        Ok((_, value)) if pypi::is_attestation(value) => converted(name, pypi::convert(value)),
        _ => Document { name, content, distribution: None },
    }
}

fn converted(name: String, result: Result<pypi::Converted, Refusal>) -> Document {
    match result {
        Ok(pypi::Converted { bundle, distribution }) => {
            Document { name, content: Ok((bundle.to_string(), bundle)), distribution: Some(distribution) }
        }
        Err(refusal) => Document { name, content: Err(refusal), distribution: None },
    }
}

/// The lines of a file whose first line is already a whole document: JSON Lines, blank lines left out.
fn lines(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    (lines.len() > 1 && lines.first().is_some_and(|line| json::read(line).is_ok())).then_some(lines)
}

/// npm's and GitHub's answers: `{"attestations": [{"bundle": {…}}]}`.
fn unwrapped(name: &str, attestations: &[Value]) -> Vec<Document> {
    let bundle = |attestation: &Value| match attestation.get("bundle") {
        Some(bundle) => Ok((bundle.to_string(), bundle.clone())),
        None => Err(Refusal::new(&reason::UNKNOWN_FORMAT, "an attestation with a `bundle`", "none")),
    };
    numbered(name, attestations.iter().map(bundle))
}

fn numbered(name: &str, contents: impl Iterator<Item = Result<(String, Value), Refusal>>) -> Vec<Document> {
    // One more than allowed, so that the caller sees that there are too many.
    let numbered = contents.take(MOST_BUNDLES + 1).enumerate();
    numbered.map(|(at, content)| document(format!("{name} #{}", at + 1), content)).collect()
}

fn parse(bytes: &[u8]) -> Result<(String, Value), Refusal> {
    let text = std::str::from_utf8(bytes).map_err(|error| Refusal::new(&reason::MALFORMED_JSON, "UTF-8", error.to_string()))?;
    match json::read(bytes) {
        Ok(value) => Ok((text.to_owned(), value)),
        Err(fault @ JsonFault::Duplicate(_)) => Err(Refusal::new(&reason::DUPLICATE_MEMBER, "each member once", fault.to_string())),
        Err(fault) => Err(Refusal::new(&reason::MALFORMED_JSON, "one JSON object", fault.to_string())),
    }
}
