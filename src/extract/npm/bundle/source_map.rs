//! Source maps (ECMA-426): which module each stretch of a bundle comes from.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::module_path::located;
use crate::extract::Malformed;
use crate::model::Bundled;

/// Sources of one map, all its sections together.
const MOST_SOURCES: usize = 500_000;
/// Sections of an indexed map.
const MOST_SECTIONS: usize = 100_000;

/// What a map says.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) packages: BTreeMap<String, Bundled>,
    pub(super) own: u64,
    /// The file that it says it is of.
    pub(super) file: Option<String>,
}

#[derive(Deserialize)]
struct Raw {
    version: Option<u32>,
    file: Option<String>,
    #[serde(rename = "sourceRoot")]
    root: Option<String>,
    #[serde(default, deserialize_with = "sources")]
    sources: Option<Vec<Option<String>>>,
    mappings: Option<String>,
    sections: Option<Vec<Section>>,
}

#[derive(Deserialize)]
struct Section {
    map: Part,
}

/// A map within a section, which has no sections of its own (ECMA-426, "Index source map").
#[derive(Deserialize)]
struct Part {
    #[serde(rename = "sourceRoot")]
    root: Option<String>,
    #[serde(default, deserialize_with = "sources")]
    sources: Option<Vec<Option<String>>>,
    mappings: Option<String>,
    sections: Option<IgnoredAny>,
}

/// Reads a map. `lines` are the lengths of the bundle's lines, where they are known: without them the last stretch of each
/// line is not counted.
pub(super) fn read(text: &str, lines: &[u32]) -> Result<Map, Malformed> {
    // A map may begin with a line that keeps browsers from running it (ECMA-426, "Resolving sources").
    let text = text.strip_prefix(")]}'").map_or(text, |rest| rest.split_once('\n').map_or("", |(_, rest)| rest));
    let raw: Raw = serde_json::from_str(text).map_err(|fault| Malformed(format!("not a source map: {fault}")))?;
    if raw.version != Some(3) {
        return Err(Malformed("a source map of an unknown version".into()));
    }
    let mut map = Map { file: raw.file, ..Map::default() };
    let Some(sections) = raw.sections else {
        map.take(raw.root.as_deref(), raw.sources.unwrap_or_default(), raw.mappings.as_deref().unwrap_or_default(), lines)?;
        return Ok(map);
    };
    if sections.len() > MOST_SECTIONS {
        return Err(Malformed(format!("a source map of more than {MOST_SECTIONS} sections")));
    }
    let mut left = MOST_SOURCES;
    for Section { map: part } in sections {
        if part.sections.is_some() {
            return Err(Malformed("a source map whose sections have sections".into()));
        }
        let sources = part.sources.unwrap_or_default();
        left = left.checked_sub(sources.len()).ok_or_else(|| Malformed(format!("a source map of more than {MOST_SOURCES} sources")))?;
        // Where a section begins is not needed to know how much of it is whose, but for the last stretch of its lines.
        map.take(part.root.as_deref(), sources, part.mappings.as_deref().unwrap_or_default(), &[])?;
    }
    Ok(map)
}

/// The list of sources, cut off where no bundle has as many.
fn sources<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Option<String>>>, D::Error> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Option<Vec<Option<String>>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of sources")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut sources = Vec::new();
            while let Some(source) = list.next_element::<Option<String>>()? {
                if sources.len() == MOST_SOURCES {
                    return Err(serde::de::Error::custom(format_args!("more than {MOST_SOURCES} sources")));
                }
                sources.push(source);
            }
            Ok(Some(sources))
        }
    }
    deserializer.deserialize_any(List)
}

impl Map {
    fn take(&mut self, root: Option<&str>, sources: Vec<Option<String>>, mappings: &str, lines: &[u32]) -> Result<(), Malformed> {
        let bytes = shares(mappings, sources.len(), lines)?;
        for (source, bytes) in sources.into_iter().zip(bytes) {
            let source = source.unwrap_or_default();
            let source = root
                .filter(|root| !root.is_empty())
                .map_or_else(|| source.clone(), |root| format!("{}/{source}", root.trim_end_matches('/')));
            match located(&source) {
                Some(module) => {
                    let fresh = Bundled { name: module.name, version: module.version, place: module.place.clone(), bytes: 0 };
                    self.packages.entry(module.place).or_insert(fresh).bytes += bytes;
                }
                None => self.own += bytes,
            }
        }
        Ok(())
    }
}

/// How many columns of the generated code come from each source: from one segment to the next on its line.
fn shares(mappings: &str, sources: usize, lines: &[u32]) -> Result<Vec<u64>, Malformed> {
    let mut shares = vec![0_u64; sources];
    let mut source = 0_i64;
    for (number, line) in mappings.split(';').enumerate() {
        let mut column = 0_i64;
        // The segment before, and whose it is.
        let mut open: Option<(i64, Option<usize>)> = None;
        for segment in line.split(',').filter(|segment| !segment.is_empty()) {
            let mut fields = Fields(segment.bytes());
            let step = fields.next_field()?.ok_or_else(|| Malformed("a mapping without a column".into()))?;
            let next = column.checked_add(step).filter(|column| *column >= 0);
            let next = next.ok_or_else(|| Malformed("a mapping to a column that does not exist".into()))?;
            close(&mut shares, open, next);
            column = next;
            let owner = match fields.next_field()? {
                None => None,
                Some(step) => {
                    let moved = source.checked_add(step).and_then(|source| usize::try_from(source).ok()).filter(|at| *at < sources);
                    let moved = moved.ok_or_else(|| Malformed("a mapping to a source that does not exist".into()))?;
                    source = i64::try_from(moved).unwrap_or(i64::MAX);
                    Some(moved)
                }
            };
            open = Some((column, owner));
        }
        if let Some(&length) = lines.get(number) {
            close(&mut shares, open, i64::from(length).max(column));
        }
    }
    Ok(shares)
}

fn close(shares: &mut [u64], open: Option<(i64, Option<usize>)>, next: i64) {
    let Some((from, Some(owner))) = open else { return };
    if let (Some(share), Ok(length)) = (shares.get_mut(owner), u64::try_from(next - from)) {
        *share = share.saturating_add(length);
    }
}

/// The base64 VLQ fields of one segment.
struct Fields<'a>(std::str::Bytes<'a>);

impl Fields<'_> {
    fn next_field(&mut self) -> Result<Option<i64>, Malformed> {
        let mut value = 0_u64;
        let mut shift = 0_u32;
        let mut any = false;
        for byte in self.0.by_ref() {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return Err(Malformed("a mapping that is no base64".into())),
            };
            any = true;
            if shift > 30 {
                return Err(Malformed("a mapping beyond 32 bits".into()));
            }
            value |= u64::from(digit & 31) << shift;
            if digit & 32 == 0 {
                let magnitude = i64::try_from(value >> 1).unwrap_or(i64::MAX);
                return Ok(Some(if value & 1 == 1 { -magnitude } else { magnitude }));
            }
            shift += 5;
        }
        if any { Err(Malformed("a mapping that is cut off".into())) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::{read, shares};

    #[test]
    fn columns_are_counted_by_source() {
        // Columns 0, 4 and 8 of the first line from sources 0, 1 and 0; the second line from source 1.
        assert_eq!(shares("AAAA,ICAA,IDAA;ACAA", 2, &[10, 5]).unwrap(), [6, 9]);
        assert_eq!(shares("AAAA,ICAA,IDAA;ACAA", 2, &[]).unwrap(), [4, 4]);
    }

    #[test]
    fn lies_are_faults() {
        for mappings in ["AEAA", "DAAA", "A!AA", "gggggggggggggA", "g"] {
            assert!(shares(mappings, 1, &[]).is_err(), "{mappings}");
        }
        for text in ["{}", "{\"version\":2}", "{\"version\":3,\"sections\":[{\"map\":{\"sections\":[]}}]}", "[]"] {
            assert!(read(text, &[]).is_err(), "{text}");
        }
    }

    #[test]
    fn packages_and_the_functions_own_are_told_apart() {
        let text = r#"{"version":3,"sourceRoot":"webpack://fn/","sources":["./node_modules/a/i.js","./src/x.ts",null],"mappings":"AAAA,ICAA,IDAA"}"#;
        let map = read(text, &[12]).unwrap();
        let packages: Vec<(&str, u64)> = map.packages.values().map(|package| (package.name.as_str(), package.bytes)).collect();
        assert_eq!((packages, map.own), (vec![("a", 8)], 4));
    }
}
