//! JSON as VEX is read: an object is no list, a key stands once, nothing is read twice, and there is an end to it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// Values of a document: as many as the largest honest ones have several times over.
const MOST: usize = 2_000_000;

/// Characters of a text that reports repeat.
pub(super) const LONGEST: usize = 1000;

/// Characters of a text that an error repeats.
const EXCERPT: usize = 200;

/// Refuses a document of more values than anybody writes: each takes memory, however short it is.
pub(super) fn check(text: &[u8]) -> Result<(), String> {
    let (mut values, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' | b',' if !quoted => values += 1,
            _ => {}
        }
    }
    if values > MOST { Err(format!("it has more than {MOST} values")) } else { Ok(()) }
}

/// The beginning of a text; where something is left out an ellipsis says so.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// So much of a text as an error has room for.
pub(super) fn excerpt(text: &str) -> String {
    cut(text, EXCERPT)
}

/// What may be an object, or its id alone.
pub(super) trait OrId {
    /// What stands in an error about anything else.
    const EXPECTED: &'static str;
}

/// An object, or its id alone.
pub(super) enum Either<T> {
    /// The id.
    Id(String),
    /// The object.
    Object(T),
}

impl<'de, T: Deserialize<'de> + OrId> Deserialize<'de> for Either<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Both<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + OrId> Visitor<'de> for Both<T> {
            type Value = Either<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Either::Id(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Either::Object)
            }
        }
        deserializer.deserialize_any(Both(PhantomData))
    }
}

/// Texts by name, each name once.
#[derive(Default)]
pub(super) struct Texts(pub(super) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut texts = BTreeMap::new();
                while let Some((name, text)) = map.next_entry::<String, String>()? {
                    if let Some(twin) = texts.keys().find(|known: &&String| known.eq_ignore_ascii_case(&name)) {
                        return Err(A::Error::custom(format!("duplicate field `{}`", excerpt(twin))));
                    }
                    if texts.len() >= super::named::MOST {
                        return Err(A::Error::custom(format!("more than {} names of one thing", super::named::MOST)));
                    }
                    texts.insert(name, text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
