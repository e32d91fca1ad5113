//! Types that any JSON value fits: what is of the wrong type is noted and passed over, never an error.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A field that should hold a string.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Text {
    /// Not there, or `null`.
    #[default]
    Absent,
    /// A string.
    String(String),
    /// A whole number, as decimal digits.
    Number(String),
    /// Something else.
    Wrong,
}

impl Text {
    /// The string, else nothing.
    pub(super) fn string(&self) -> &str {
        if let Self::String(text) = self { text } else { "" }
    }

    /// The string or the number, else nothing.
    pub(super) fn shown(&self) -> &str {
        if let Self::String(text) | Self::Number(text) = self { text } else { "" }
    }

    /// The string, else nothing.
    pub(super) fn into_string(self) -> String {
        if let Self::String(text) = self { text } else { String::new() }
    }
}

/// The beginning of a string field, at most [`Head::LONGEST`] bytes: enough for a line, whatever the field holds.
#[derive(Debug, Default)]
pub(super) struct Head(pub(super) String);

impl Head {
    const LONGEST: usize = 2048;
}

/// A field that should hold a list.
#[derive(Debug)]
pub(super) struct List<T> {
    /// Its values.
    pub(super) values: Vec<T>,
    /// Whether it is something else.
    pub(super) wrong: bool,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { values: Vec::new(), wrong: false }
    }
}

/// A field that should hold an object.
#[derive(Debug)]
pub(super) struct Object<T> {
    /// It, where it is one.
    pub(super) value: Option<T>,
    /// Whether it is something else (and not `null`).
    pub(super) wrong: bool,
}

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self { value: None, wrong: false }
    }
}

/// Writes the visits that stand for "something else": each type's answer is the same for all of them.
macro_rules! otherwise {
    ($answer:expr; $($method:ident $kind:ty),*) => {
        $(fn $method<E>(self, _: $kind) -> Result<Self::Value, E> { Ok($answer) })*
    };
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Text, E> {
        Ok(Text::String(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
        Ok(Text::Number(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::Absent)
    }

    otherwise!(Text::Wrong; visit_bool bool, visit_i64 i64, visit_f64 f64);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::Wrong)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::Wrong)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E>(self, text: &str) -> Result<Head, E> {
        Ok(Head(text.get(..text.floor_char_boundary(Head::LONGEST)).unwrap_or_default().to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Head, E> {
        Ok(Head::default())
    }

    otherwise!(Head::default(); visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Head, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Head::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Head::default())
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadVisitor)
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<List<T>, E> {
        Ok(List::default())
    }

    otherwise!(List { values: Vec::new(), wrong: true };
        visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(List { values, wrong: false })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<List<T>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List { values: Vec::new(), wrong: true })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Object<T>, E> {
        Ok(Object::default())
    }

    otherwise!(Object { value: None, wrong: true };
        visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Object<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object { value: None, wrong: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| Object { value: Some(value), wrong: false })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}
