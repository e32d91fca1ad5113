//! Reads an image's descriptions as the programs do that run images, and refuses what they could read in two ways.
//!
//! Container runtimes are written in Go, whose `encoding/json` matches keys without regard to case and lets the last of
//! several win. A description with `layers` and `Layers` is therefore one image to a strict reader and another to the
//! runtime: such a document is refused.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses a document; every key is folded to lower case, but for those of free maps (annotations, labels).
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, String> {
    // Go skips no byte order mark either; some registries' tools write one all the same, and then nothing runs.
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value =
        Strict { free: false }.deserialize(&mut deserializer).map_err(|error| crate::model::escaped(&error.to_string()).into_owned())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// A text field; empty where there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// An array field; empty where there is none.
pub(super) fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The key as Go's `encoding/json` compares it: ASCII case, and the two other letters that fold to ASCII ones.
fn folded(key: &str) -> String {
    key.chars()
        .map(|c| match c {
            'ſ' => 's',
            'K' => 'k',
            c => c.to_ascii_lowercase(),
        })
        .collect()
}

/// Maps whose keys are data: read by Go as maps, where case counts.
const FREE: [&str; 6] = ["annotations", "labels", "exposedports", "volumes", "urls", "env"];

struct Strict {
    free: bool,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Strict { free: false })? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let folded = if self.free { key.clone() } else { folded(&key) };
            let free = !self.free && FREE.contains(&folded.as_str());
            let value = map.next_value_seed(Strict { free })?;
            if values.insert(folded, value).is_some() {
                return Err(A::Error::custom(format_args!("the key `{key}` is given twice")));
            }
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_go_takes_them_for() {
        let value = parse(br#"{"Layers": [], "annotations": {"A": "1", "a": "2"}}"#).expect("one reading");
        assert_eq!(value["layers"], serde_json::json!([]));
        assert_eq!(value["annotations"]["A"], "1");
    }

    #[test]
    fn a_key_given_twice_in_any_spelling_is_refused() {
        for text in
            [r#"{"a":1,"a":2}"#, r#"{"layers":[],"Layers":[]}"#, "{\"layers\":[],\"layer\u{17f}\":[]}", r#"{"annotations":{"a":1,"a":1}}"#]
        {
            assert!(parse(text.as_bytes()).is_err_and(|message| message.contains("twice")), "{text}");
        }
        assert!(parse(b"{} {}").is_err());
    }
}
