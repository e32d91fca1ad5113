//! Source maps (ECMA-426): which module each stretch of a bundle comes from.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::feature::{Feature, Source, sorted};
use super::module_path::located;
use crate::extract::Malformed;
use crate::model::Bundled;

/// Sources of one map, all its sections together.
const MOST_SOURCES: usize = 500_000;
/// Strangers that are told apart.
const MOST_STRANGERS: usize = 64;
/// Sections of an indexed map.
const MOST_SECTIONS: usize = 100_000;

/// What a map says.
#[derive(Debug, Default)]
pub(super) struct Map {
    pub(super) packages: BTreeMap<String, Bundled>,
    pub(super) own: u64,
    /// Bytes of sources that are of no package and not the function's own either, by where they come from.
    pub(super) strange: BTreeMap<String, u64>,
    /// The texts of all sources, in order, where the map holds every source that anything comes from.
    pub(super) texts: Option<Box<[Feature]>>,
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
    #[serde(default, rename = "sourcesContent", deserialize_with = "contents")]
    contents: Contents,
    mappings: Option<String>,
    sections: Option<Vec<Section>>,
}

/// The sources themselves, of which nothing is kept but the texts in them.
#[derive(Default)]
struct Contents {
    /// Which of them there are.
    there: Vec<bool>,
    texts: HashSet<Feature>,
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
    #[serde(default, rename = "sourcesContent", deserialize_with = "contents")]
    contents: Contents,
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
        let mut texts = Some(HashSet::new());
        map.take(
            raw.root.as_deref(),
            raw.sources.unwrap_or_default(),
            raw.contents,
            raw.mappings.as_deref().unwrap_or_default(),
            lines,
            &mut texts,
        )?;
        map.texts = texts.map(sorted);
        return Ok(map);
    };
    if sections.len() > MOST_SECTIONS {
        return Err(Malformed(format!("a source map of more than {MOST_SECTIONS} sections")));
    }
    let mut left = MOST_SOURCES;
    let mut texts = Some(HashSet::new());
    for Section { map: part } in sections {
        if part.sections.is_some() {
            return Err(Malformed("a source map whose sections have sections".into()));
        }
        let sources = part.sources.unwrap_or_default();
        left = left.checked_sub(sources.len()).ok_or_else(|| Malformed(format!("a source map of more than {MOST_SOURCES} sources")))?;
        // Where a section begins is not needed to know how much of it is whose, but for the last stretch of its lines.
        map.take(part.root.as_deref(), sources, part.contents, part.mappings.as_deref().unwrap_or_default(), &[], &mut texts)?;
    }
    map.texts = texts.map(sorted);
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

/// The sources themselves. Each is read as it passes, and dropped.
fn contents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Contents, D::Error> {
    struct List;
    impl<'de> Visitor<'de> for List {
        type Value = Contents;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of the sources' contents")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Contents::default())
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut contents = Contents::default();
            while let Some(content) = list.next_element::<Option<Cow<'de, str>>>()? {
                if contents.there.len() == MOST_SOURCES {
                    return Err(serde::de::Error::custom(format_args!("more than {MOST_SOURCES} sources")));
                }
                contents.there.push(content.is_some());
                contents.texts.extend(content.into_iter().flat_map(|content| Source::read(content.as_bytes()).sentences.into_keys()));
            }
            Ok(contents)
        }
    }
    deserializer.deserialize_any(List)
}

/// Where a source that is of no package comes from; `None` for the function's own. What a package's own map says of itself stands in
/// the map of the bundle: the address of its repository, or a path that leads out of the package.
fn stranger(source: &str) -> Option<String> {
    if source.is_empty() {
        return Some("a source without a name".to_owned());
    }
    let (_, rest) = source.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let mut parts = rest.split('/');
    let parts: Vec<&str> = parts.by_ref().take(3).collect();
    Some(parts.join("/"))
}

/// Names below `node_modules` that are a package's own folder, which its map has led out of it.
fn is_folder(name: &str) -> bool {
    matches!(name, "src" | "lib" | "dist" | "source" | "sources" | "packages")
}

impl Map {
    fn take(
        &mut self,
        root: Option<&str>,
        sources: Vec<Option<String>>,
        contents: Contents,
        mappings: &str,
        lines: &[u32],
        texts: &mut Option<HashSet<Feature>>,
    ) -> Result<(), Malformed> {
        let bytes = shares(mappings, sources.len(), lines)?;
        let has_all = bytes.iter().enumerate().all(|(at, bytes)| *bytes == 0 || contents.there.get(at) == Some(&true));
        match texts {
            Some(texts) if has_all => texts.extend(contents.texts),
            texts => *texts = None,
        }
        // Where every source has an address, it is the function's own repository.
        let is_own =
            |source: &Option<String>| source.as_deref().is_some_and(|source| located(source).is_none() && stranger(source).is_none());
        let has_own = root.is_some_and(|root| root.contains("://")) || sources.iter().any(is_own);
        for (source, bytes) in sources.into_iter().zip(bytes) {
            let source = source.unwrap_or_default();
            if let Some(from) = stranger(&source).filter(|from| bytes > 0 && (has_own || !from.contains('/')))
                && located(&source).is_none()
            {
                self.stranger(from, bytes);
                continue;
            }
            let source = root
                .filter(|root| !root.is_empty())
                .map_or_else(|| source.clone(), |root| format!("{}/{source}", root.trim_end_matches('/')));
            match located(&source) {
                Some(module) if is_folder(&module.name) => self.stranger(module.place, bytes),
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

impl Map {
    fn stranger(&mut self, from: String, bytes: u64) {
        let from = if self.strange.len() < MOST_STRANGERS || self.strange.contains_key(&from) { from } else { "elsewhere".to_owned() };
        *self.strange.entry(from).or_default() += bytes;
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
