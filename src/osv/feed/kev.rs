//! The Known Exploited Vulnerabilities catalogue of CISA, in both forms that it is published in.
//!
//! Source: CISA, "Known Exploited Vulnerabilities Catalog" and its JSON schema
//! (`known_exploited_vulnerabilities_schema.json`). The JSON form says how many entries it has; the CSV form does not, and of
//! it only a cut within a record is noticed. It carries no date either, so the newest `dateAdded` stands for one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Cve, MOST, Parsed, csv, day, time};
use crate::model::{KnownExploited, Object};

/// Reads the catalogue: an object is the JSON form, anything else the CSV form.
pub(super) fn parse(content: &[u8]) -> Result<Parsed<KnownExploited>, String> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    if content.trim_ascii_start().starts_with(b"{") { json(content) } else { table(content) }
}

/// The JSON form, so far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    date_released: String,
    count: usize,
    vulnerabilities: Vec<Object<Row>>,
}

/// One entry of either form.
#[derive(Deserialize)]
struct Row {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(rename = "dateAdded")]
    added: String,
    #[serde(rename = "dueDate")]
    due: String,
    #[serde(rename = "knownRansomwareCampaignUse", default)]
    ransomware: String,
}

fn json(content: &[u8]) -> Result<Parsed<KnownExploited>, String> {
    let Object(catalogue): Object<Catalogue> = serde_json::from_slice(content).map_err(|error| error.to_string())?;
    let (count, own) = (catalogue.count, catalogue.vulnerabilities.len());
    if count != own {
        return Err(format!("`count` says {count} entries and there are {own}"));
    }
    let as_of = time(&catalogue.date_released).ok_or_else(|| format!("`dateReleased` is no time: {}", catalogue.date_released))?;
    let rows = catalogue.vulnerabilities.into_iter().enumerate();
    Ok(Parsed { entries: entries(rows.map(|(at, Object(row))| (format!("entry {}", at + 1), row)))?, as_of })
}

/// The columns of the CSV form that matter.
const COLUMNS: [&str; 4] = ["cveID", "dateAdded", "dueDate", "knownRansomwareCampaignUse"];

fn table(content: &[u8]) -> Result<Parsed<KnownExploited>, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no UTF-8".to_owned())?;
    let mut records = csv::records(text);
    let header = records.next().transpose()?.map(|record| record.fields).unwrap_or_default();
    let place = |name: &str| header.iter().position(|field| field == name);
    let [Some(cve), Some(added), Some(due), ransomware] = COLUMNS.map(place) else {
        return Err(format!("it is neither JSON nor a CSV with the columns {}, {} and {}", COLUMNS[0], COLUMNS[1], COLUMNS[2]));
    };
    if let Some(twice) = COLUMNS.iter().find(|name| header.iter().filter(|field| field == *name).count() > 1) {
        return Err(format!("it has two columns {twice}"));
    }
    let mut rows = Vec::new();
    for record in records {
        let csv::Record { line, mut fields } = record?;
        if fields.len() != header.len() {
            return Err(format!("line {line} has {} fields and the header {}", fields.len(), header.len()));
        }
        // A quote too many takes the entries after it into one field.
        if fields.iter().any(|field| field.to_ascii_uppercase().contains("\nCVE-")) {
            return Err(format!("a quoted field of line {line} has an entry in it"));
        }
        let mut take = |at: usize| fields.get_mut(at).map(std::mem::take).unwrap_or_default();
        let row = Row { cve: take(cve), added: take(added), due: take(due), ransomware: ransomware.map(&mut take).unwrap_or_default() };
        rows.push((format!("line {line}"), row));
    }
    let newest = rows.iter().filter_map(|(_, row)| time(&row.added)).max();
    Ok(Parsed { entries: entries(rows.into_iter())?, as_of: newest.unwrap_or(Timestamp::UNIX_EPOCH) })
}

/// Checks and keeps the rows; of two about one vulnerability the graver counts.
fn entries(rows: impl Iterator<Item = (String, Row)>) -> Result<HashMap<Cve, KnownExploited>, String> {
    let mut entries = HashMap::new();
    for (place, row) in rows {
        let cve = Cve::parse(&row.cve).ok_or_else(|| format!("{place} has no CVE id: {}", row.cve))?;
        for (name, text) in [("dateAdded", &row.added), ("dueDate", &row.due)] {
            if day(text).is_none() {
                return Err(format!("`{name}` of {place} is no date (`YYYY-MM-DD`): {text}"));
            }
        }
        let known = KnownExploited { added: row.added, due: row.due, ransomware: row.ransomware.eq_ignore_ascii_case("known") };
        match entries.entry(cve) {
            Entry::Vacant(vacant) => {
                vacant.insert(known);
            }
            Entry::Occupied(mut other) => {
                let both = super::gravest(other.get().clone(), known);
                other.insert(both);
            }
        }
        if entries.len() > MOST {
            return Err(format!("it names more than {MOST} vulnerabilities"));
        }
    }
    Ok(entries)
}
