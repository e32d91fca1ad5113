//! The scores of the Exploit Prediction Scoring System.
//!
//! Source: FIRST, "EPSS: Data and Statistics": a line `#model_version:…,score_date:…`, a header `cve,epss,percentile`, and a
//! line for each scored CVE. Nothing says how many there are, so a plain file is only known to be whole as far as its last
//! line is; each member of a gzip is checked by its own trailer (RFC 1952), and FIRST publishes one of one member.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Cve, MOST, Parsed, time};
use crate::model::Epss;

/// Reads the scores.
pub(super) fn parse(content: &[u8]) -> Result<Parsed<Epss>, String> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let text = std::str::from_utf8(content).map_err(|_| "it is no UTF-8".to_owned())?;
    let mut lines = text.split_inclusive('\n').enumerate().map(|(at, line)| (at + 1, line));
    let (_, first) = lines.next().unwrap_or_default();
    let stated =
        first.strip_prefix('#').into_iter().flat_map(|rest| rest.split(',')).find_map(|part| part.trim().strip_prefix("score_date:"));
    let stated = stated.ok_or("its first line is no `#model_version:…,score_date:…`")?;
    let as_of = time(stated.trim()).ok_or_else(|| format!("`score_date` is no time: {}", stated.trim()))?;
    if lines.next().is_none_or(|(_, header)| header.trim_end() != "cve,epss,percentile") {
        return Err("its second line is not `cve,epss,percentile`".to_owned());
    }
    let mut entries = HashMap::new();
    for (number, line) in lines {
        let Some(whole) = line.strip_suffix('\n') else {
            return Err(format!("line {number} does not end with a line break, so the file may be cut"));
        };
        let whole = whole.strip_suffix('\r').unwrap_or(whole);
        let (cve, score) = row(whole).ok_or_else(|| format!("line {number} is no `cve,epss,percentile`: {}", excerpt(whole)))?;
        match entries.entry(cve) {
            Entry::Vacant(vacant) => {
                vacant.insert(score);
            }
            Entry::Occupied(_) => return Err(format!("line {number} names a CVE for the second time: {}", excerpt(whole))),
        }
        if entries.len() > MOST {
            return Err(format!("it names more than {MOST} vulnerabilities"));
        }
    }
    Ok(Parsed { entries, as_of })
}

fn row(line: &str) -> Option<(Cve, Epss)> {
    let mut fields = line.split(',');
    let (cve, score, percentile) = (fields.next()?, fields.next()?, fields.next()?);
    if fields.next().is_some() {
        return None;
    }
    Some((Cve::parse(cve)?, Epss { score: probability(score)?, percentile: probability(percentile)? }))
}

/// A number from 0 to 1.
fn probability(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number| (0.0..=1.0).contains(number))
}

/// So much of a line as a message has room for.
fn excerpt(line: &str) -> String {
    line.chars().take(60).collect()
}
