//! Statements: what a lockfile or a crate list says about who depends on whom, noted within limits.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::{EntryPath, Inventory, Origin, Package, Stated};

/// Dependencies of one file that are noted; the largest lockfiles in public repositories have fewer than 100,000.
pub(super) const MOST_OF_A_FILE: usize = 500_000;

/// Who is spoken of in a lockfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The project itself, or a member of it: its own code.
    Own,
    /// A package, by its purl.
    Package(Arc<str>),
}

impl Node {
    /// The node of a package that a lockfile names.
    pub(super) fn of(package: &Package) -> Self {
        if package.origin == Origin::FirstParty { Self::Own } else { Self::Package(Arc::from(package.purl())) }
    }
}

/// The statements of one file.
pub(super) struct Statements<'a> {
    path: &'a EntryPath,
    found: &'a mut Inventory,
    left: usize,
}

impl<'a> Statements<'a> {
    /// Begins to note what the file at `path` says.
    pub(super) fn new(path: &'a EntryPath, found: &'a mut Inventory) -> Self {
        Self { path, found, left: MOST_OF_A_FILE }
    }

    /// Notes on whom `from` depends: `on` yields each dependency as whom it means (`None`: nobody of this file) and whether
    /// it must be there.
    pub(super) fn note<'n>(&mut self, from: &Node, on: impl IntoIterator<Item = (Option<&'n Node>, bool)>) {
        let mut stated = Stated { path: self.path.clone(), from: None, on: Vec::new(), whole: true };
        if let Node::Package(purl) = from {
            stated.from = Some(Arc::clone(purl));
        }
        for (node, needed) in on {
            match node {
                Some(Node::Package(_)) if self.left == 0 => {
                    stated.whole = false;
                    self.found.dependencies.cut = true;
                    break;
                }
                Some(Node::Package(purl)) => {
                    self.left -= 1;
                    stated.on.push(Arc::clone(purl));
                }
                Some(Node::Own) => {}
                None => stated.whole &= !needed,
            }
        }
        stated.on.sort_unstable();
        stated.on.dedup();
        self.found.dependencies.stated.push(stated);
    }
}

/// The members of an object; of anything else, none. What a lockfile says about dependencies never makes it malformed.
#[derive(Debug)]
pub(super) struct Table<V>(pub(super) Vec<(Box<str>, V)>);

/// The keys of an object.
pub(super) type Keys = Table<IgnoredAny>;

/// A text; of anything else, none.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Option<String>);

/// A word for yes; anything else is no.
#[derive(Debug, Default)]
pub(super) struct Flag(pub(super) bool);

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Table<V> {
    /// The first member of that name.
    pub(super) fn get(&self, name: &str) -> Option<&V> {
        self.0.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
    }

    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| &**key)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Table<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(AnyShape(PhantomData))? {
            Shape::Object(members) => Self(members),
            _ => Self::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(AnyShape::<IgnoredAny>(PhantomData))? {
            Shape::Text(text) => Self(Some(text)),
            _ => Self::default(),
        })
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let shape = deserializer.deserialize_any(AnyShape::<IgnoredAny>(PhantomData))?;
        Ok(Self(matches!(shape, Shape::Flag(true))))
    }
}

/// As much of a value as anybody here asks for.
pub(super) enum Shape<V> {
    Object(Vec<(Box<str>, V)>),
    Text(String),
    Flag(bool),
    Other,
}

/// Reads a value of any shape.
pub(super) struct AnyShape<V>(pub(super) PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for AnyShape<V> {
    type Value = Shape<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Shape<V>, M::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Shape::Object(members))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Shape<V>, S::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Shape::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Shape<V>, E> {
        Ok(Shape::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Shape<V>, E> {
        Ok(Shape::Flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape<V>, E> {
        Ok(Shape::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape<V>, E> {
        Ok(Shape::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape<V>, E> {
        Ok(Shape::Other)
    }

    fn visit_unit<E>(self) -> Result<Shape<V>, E> {
        Ok(Shape::Other)
    }
}
