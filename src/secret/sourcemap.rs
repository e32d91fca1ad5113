//! The sources inside a source map, which a bundle carries to production with everything that stood in them.

use std::borrow::Cow;

use serde::Deserialize;

use super::check::base64;

#[derive(Deserialize)]
struct Map<'a> {
    #[serde(default, borrow, rename = "sourcesContent")]
    sources_content: Vec<Option<Cow<'a, str>>>,
    #[serde(default, borrow)]
    sections: Vec<Section<'a>>,
}

#[derive(Deserialize)]
struct Section<'a> {
    #[serde(borrow)]
    map: Inner<'a>,
}

#[derive(Deserialize)]
struct Inner<'a> {
    #[serde(default, borrow, rename = "sourcesContent")]
    sources_content: Vec<Option<Cow<'a, str>>>,
}

/// The text of every source in the map that `content` is, or that stands in it as a `data:` URL; nothing where there is
/// none. `content` itself is searched besides, so what cannot be parsed is not lost.
pub(super) fn sources(content: &[u8]) -> Vec<String> {
    if content.starts_with(b"{") || content.starts_with(b")]}") {
        let start = memchr::memchr(b'{', content).unwrap_or(0);
        return of_json(&content[start..]);
    }
    let mut found = Vec::new();
    let mark = b"sourceMappingURL=data:application/json";
    for at in memchr::memmem::find_iter(content, mark) {
        let Some(rest) = content.get(at + mark.len()..) else { continue };
        let Some(comma) = rest.iter().take(64).position(|&byte| byte == b',') else { continue };
        let text = &rest[comma + 1..];
        let end = text.iter().position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))).unwrap_or(text.len());
        if let Some(json) = base64(&text[..end]) {
            found.extend(of_json(&json));
        }
    }
    found
}

fn of_json(json: &[u8]) -> Vec<String> {
    if memchr::memmem::find(json, b"\"sourcesContent\"").is_none() {
        return Vec::new();
    }
    let Ok(map) = serde_json::from_slice::<Map<'_>>(json) else { return Vec::new() };
    let sections = map.sections.into_iter().flat_map(|section| section.map.sources_content);
    map.sources_content.into_iter().chain(sections).flatten().map(Cow::into_owned).collect()
}
