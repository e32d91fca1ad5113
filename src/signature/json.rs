//! JSON as a gate must read it: no member twice, no depth without end.
//!
//! `serde_json` keeps the last of two equal members; another reader keeps the first. What is signed and judged must mean one
//! thing, so such documents are refused before anything else looks at them.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a bundle or statement may nest. Real ones stay under 20.
const DEEPEST: usize = 64;
/// How many values a bundle or statement may have; the largest attested SBOMs have a third of it. Bounds the memory that a few
/// bytes of text can ask for.
const MOST_VALUES: usize = 1 << 19;

/// What marks the error of a member that occurs twice, among serde's own errors.
const TWICE: &str = "member occurs twice: ";

/// Why a text is not acceptable JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonFault {
    /// A member's name occurs twice in one object.
    Duplicate(String),
    /// Anything else.
    Malformed(String),
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate(place) => write!(f, "{TWICE}{place}"),
            Self::Malformed(message) => f.write_str(message),
        }
    }
}

/// Reads one JSON document that fills `text` but for white space.
pub(super) fn read(text: &[u8]) -> Result<Value, JsonFault> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let left = Cell::new(MOST_VALUES);
    let value = Node { depth: 0, left: &left }.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let message = error.to_string();
        match message.split_once(TWICE) {
            Some((_, rest)) => JsonFault::Duplicate(rest.to_owned()),
            None => JsonFault::Malformed(message),
        }
    })
}

/// One value at a depth, with the number of values that may still come.
#[derive(Clone, Copy)]
struct Node<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl Node<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= DEEPEST {
            return Err(E::custom(format_args!("nested deeper than {DEEPEST}")));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| D::Error::custom(format_args!("more than {MOST_VALUES} values")))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut members = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format_args!("{TWICE}`{name}`")));
            }
            let value = access.next_value_seed(inner)?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_members_are_refused_at_any_depth() {
        assert!(matches!(read(br#"{"a":1,"a":1}"#), Err(JsonFault::Duplicate(found)) if found.starts_with("`a`")));
        assert!(matches!(read(br#"[{"b":{"a":1,"\u0061":2}}]"#), Err(JsonFault::Duplicate(_))), "an escape spells the same name");
        assert!(read(br#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#).is_ok());
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        for text in ["", " ", "\u{feff}{}", "{} {}", "{", "nul", "{\"a\":1,}"] {
            assert!(matches!(read(text.as_bytes()), Err(JsonFault::Malformed(_))), "{text:?}");
        }
        assert!(read(" {}\r\n".as_bytes()).is_ok());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(DEEPEST).as_bytes()).is_ok());
        assert!(read(nested(DEEPEST + 1).as_bytes()).is_err());
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let many = |values: usize| format!("[{}0]", "0,".repeat(values - 1));
        assert!(read(many(MOST_VALUES - 1).as_bytes()).is_ok());
        assert!(matches!(read(many(MOST_VALUES).as_bytes()), Err(JsonFault::Malformed(message)) if message.starts_with("more than")));
    }
}
