//! A second opinion: the `zip` crate reads the same directory. Where two independent readers of one file disagree, a third
//! one at the deployment may side with either.

use super::super::problem as kind;
use super::super::source::Source;
use super::directory::{Directory, Fault};

/// Compares what the crate sees with what we see. Where we have found nothing, its complaints are ours.
pub(super) fn compare(source: &Source<'_>, directory: &Directory, faults: &mut Vec<Fault>) {
    if !faults.is_empty() {
        return;
    }
    if let Err(message) = disagreement(source, directory) {
        faults.push(Fault::archive(&kind::HEADER_MISMATCH, format!("another reader sees another archive: {message}")));
    }
}

fn disagreement(source: &Source<'_>, directory: &Directory) -> Result<(), String> {
    let mut archive = zip::ZipArchive::new(source.reader()).map_err(|error| error.to_string())?;
    if archive.has_duplicate_names() {
        return Ok(()); // the crate keeps one of the twins; each is named elsewhere
    }
    if archive.len() != directory.records.len() {
        return Err(format!("it counts {} entries, not {}", archive.len(), directory.records.len()));
    }
    for (at, ours) in directory.records.iter().enumerate() {
        let theirs = archive.by_index_data(at).map_err(|error| error.to_string())?;
        // The crate takes the name a Unicode Path spells.
        let name = ours.spelled.as_ref().map_or(ours.name.as_slice(), String::as_bytes);
        let same = theirs.name_raw() == name
            && theirs.header_start() == ours.header_at
            && theirs.compressed_size() == ours.packed
            && theirs.size() == ours.size
            && theirs.crc32() == ours.crc
            && theirs.encrypted() == ours.is_encrypted();
        if !same {
            return Err(format!("`{}` is another entry to it", crate::model::escaped(&String::from_utf8_lossy(&ours.name))));
        }
    }
    if archive.has_overlapping_entries().map_err(|error| error.to_string())? {
        return Err("it sees overlapping entries".to_owned());
    }
    archive.validate_header_consistency().map_err(|error| error.to_string())
}
