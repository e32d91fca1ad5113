//! The sources inside a source map, which a bundle carries to production with everything that stood in them.
//! Source: ECMA-426, sections 9 (source map format) and 10 (index source map).

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::check::base64;
use crate::model::EntryPath;

/// A map, or an index map with its sections.
#[derive(Deserialize)]
struct Map<'a> {
    #[serde(default, borrow)]
    sources: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "sourcesContent")]
    sources_content: Option<&'a RawValue>,
    #[serde(default, borrow)]
    sections: Vec<Section<'a>>,
}

#[derive(Deserialize)]
struct Section<'a> {
    #[serde(borrow)]
    map: Part<'a>,
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(default, borrow)]
    sources: Option<&'a RawValue>,
    #[serde(default, borrow, rename = "sourcesContent")]
    sources_content: Option<&'a RawValue>,
}

/// One source: its name within the map, and its text.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: Option<EntryPath>,
    pub(super) text: String,
}

/// What was read out of a map.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) sources: Vec<Source>,
    /// Where in the file they stand, in order.
    pub(super) places: Vec<Range<usize>>,
}

/// A source shorter than this holds no secret.
const SHORTEST: usize = 12;

const KEY: &[u8] = b"\"sourcesContent\"";

/// The sources of the map that `content` is; none where it is none or cannot be parsed, and then `content` is searched as it
/// is.
pub(super) fn of_file(content: &[u8]) -> Sources {
    if !(content.starts_with(b"{") || content.starts_with(b")]}")) {
        return Sources::default();
    }
    let start = memchr::memchr(b'{', content).unwrap_or(0);
    let mut found = of_json(&content[start..]);
    found.places.iter_mut().for_each(|place| *place = place.start + start..place.end + start);
    found
}

/// The sources of the maps that stand in `content` as `data:` URLs.
pub(super) fn inline(content: &[u8]) -> Vec<Source> {
    let mut found = Vec::new();
    let mark = b"sourceMappingURL=data:application/json";
    for at in memchr::memmem::find_iter(content, mark) {
        let Some(rest) = content.get(at + mark.len()..) else { continue };
        let Some(comma) = rest.iter().take(64).position(|&byte| byte == b',') else { continue };
        let text = &rest[comma + 1..];
        let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))).unwrap_or(text.len());
        if let Some(json) = base64(&text[..end]) {
            found.extend(of_json(&json).sources);
        }
    }
    found
}

fn of_json(json: &[u8]) -> Sources {
    if memchr::memmem::find(json, KEY).is_none() {
        return Sources::default();
    }
    let Ok(map) = serde_json::from_slice::<Map<'_>>(json) else { return Sources::default() };
    let parts = map.sections.into_iter().map(|section| (section.map.sources, section.map.sources_content));
    let mut found = Sources::default();
    for (names, contents) in std::iter::once((map.sources, map.sources_content)).chain(parts) {
        let Some(contents) = contents else { continue };
        let Ok(texts) = serde_json::from_str::<Vec<Option<Cow<'_, str>>>>(contents.get()) else { continue };
        let names: Vec<Option<Cow<'_, str>>> = names.and_then(|names| serde_json::from_str(names.get()).ok()).unwrap_or_default();
        // A raw value is a part of the text it was read from.
        let start = contents.get().as_ptr().addr().wrapping_sub(json.as_ptr().addr());
        found.places.push(start..start + contents.get().len());
        for (at, text) in texts.into_iter().enumerate() {
            let Some(text) = text.filter(|text| text.len() >= SHORTEST) else { continue };
            let name = names.get(at).and_then(Option::as_deref).and_then(name);
            found.sources.push(Source { name, text: text.into_owned() });
        }
    }
    found.places.sort_by_key(|place| place.start);
    found
}

/// A source's name as a path within the map: without a scheme (`webpack://app/`), and without what leads out of it.
fn name(source: &str) -> Option<EntryPath> {
    let path = source.split_once("://").map_or(source, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default().replace('\\', "/");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
    EntryPath::new(&parts.join("/")).ok()
}
