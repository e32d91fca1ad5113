//! How a package's advisories lie in a block: little-endian base-128 numbers and length-prefixed texts.
//!
//! ```text
//! block    = package*
//! package  = ecosystem:u8 name:text body:bytes
//! body     = ordered:number versions:text advisory*
//! advisory = id modified affected-count affected* about:bytes
//! modified = seconds nanoseconds                (since 1970; both 0 where it is not known)
//! affected = informational fault run-count (gap length)* range-count range*
//! range    = fault event-count (kind:u8 version:text)*
//! about    = aliases:list vectors:list word summary published malicious:u8
//! ```
//! `versions` are all that the package's records list, as [`Table`] keeps them, and each entry says which stretches of them it
//! lists: places are counted from the end of the stretch before. What the matcher needs stands before what only reports need,
//! so that records of packages which are not affected are never read whole. Withdrawn records are not stored; they affect
//! nothing.

use std::collections::HashMap;
use std::ops;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::advisory::{Advisory, Affected, Event, EventKind, Range, Versions};
use super::super::listed::Table;
use crate::model::Ecosystem;

/// The bytes end early or say what no writer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbled;

const KINDS: [EventKind; 4] = [EventKind::Introduced, EventKind::Fixed, EventKind::LastAffected, EventKind::Limit];

/// A time after 1970, to the nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    seconds: u64,
    nanoseconds: u32,
}

impl Moment {
    /// No time; before all others.
    pub(super) const UNKNOWN: Self = Self { seconds: 0, nanoseconds: 0 };

    /// Reads RFC 3339.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.trim().parse::<Timestamp>().ok().map(Self::from).filter(|moment| *moment != Self::UNKNOWN)
    }

    pub(super) fn timestamp(self) -> Option<Timestamp> {
        Timestamp::new(i64::try_from(self.seconds).ok()?, i32::try_from(self.nanoseconds).ok()?).ok()
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        match (u64::try_from(at.as_second()), u32::try_from(at.subsec_nanosecond())) {
            (Ok(seconds), Ok(nanoseconds)) => Self { seconds, nanoseconds },
            _ => Self::UNKNOWN,
        }
    }
}

/// The byte of an ecosystem.
pub(super) fn ecosystem_byte(ecosystem: Ecosystem) -> u8 {
    match ecosystem {
        Ecosystem::Npm => 1,
        Ecosystem::PyPi => 2,
        Ecosystem::CratesIo => 3,
    }
}

/// Appends a number.
pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
    let mut rest = number;
    while rest >= 0x80 {
        out.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Appends bytes with their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_list(out: &mut Vec<u8>, texts: &[String]) {
    put_number(out, texts.len());
    texts.iter().for_each(|text| put_bytes(out, text.as_bytes()));
}

/// Appends the body of a package: its advisories, each with its entries for the package. A version that would be lost on the way
/// is an error.
pub(super) fn put_body(out: &mut Vec<u8>, ecosystem: Ecosystem, advisories: &[(&Advisory, Moment, Vec<&Affected>)]) -> Result<(), Garbled> {
    let lists = || advisories.iter().flat_map(|(_, _, entries)| entries).map(|entry| &entry.versions).filter(|list| !list.is_empty());
    // Most packages have one list, which is a table already.
    let only = lists().nth(1).is_none();
    let whole = lists().next().and_then(Versions::whole_table).filter(|_| only).cloned();
    let table = whole.clone().unwrap_or_else(|| Arc::new(Table::new(ecosystem, lists().flat_map(Versions::iter))));
    let places = if whole.is_some() { HashMap::new() } else { table.places() };
    let (texts, ordered) = table.joined();
    put_number(out, ordered);
    put_bytes(out, texts.as_bytes());
    for (advisory, modified, entries) in advisories {
        put_bytes(out, advisory.id.as_bytes());
        put_number(out, modified.seconds as usize);
        put_number(out, modified.nanoseconds as usize);
        put_number(out, entries.len());
        entries.iter().try_for_each(|entry| put_affected(out, entry, &table, &places))?;
        let mut about = Vec::with_capacity(256);
        put_list(&mut about, &advisory.aliases);
        put_list(&mut about, &advisory.vectors);
        for text in [&advisory.word, &advisory.summary, &advisory.published] {
            put_bytes(&mut about, text.as_bytes());
        }
        about.push(u8::from(advisory.malicious));
        put_bytes(out, &about);
    }
    Ok(())
}

fn put_affected(out: &mut Vec<u8>, entry: &Affected, table: &Arc<Table>, places: &HashMap<&str, u32>) -> Result<(), Garbled> {
    put_bytes(out, entry.informational.as_bytes());
    put_bytes(out, entry.fault.as_bytes());
    let own = entry.versions.table().is_some_and(|own| Arc::ptr_eq(own, table));
    let runs = if own { entry.versions.runs().to_vec() } else { entry.versions.runs_in(places).ok_or(Garbled)? };
    put_number(out, runs.len());
    let mut end = 0;
    for run in runs {
        put_number(out, (run.start - end) as usize);
        put_number(out, (run.end - run.start) as usize);
        end = run.end;
    }
    put_number(out, entry.ranges.len());
    for range in &entry.ranges {
        put_bytes(out, range.fault.as_bytes());
        put_number(out, range.events.len());
        for event in &range.events {
            out.push(KINDS.iter().position(|kind| *kind == event.kind).unwrap_or_default() as u8);
            put_bytes(out, event.version.as_bytes());
        }
    }
    Ok(())
}

/// An advisory of which what only reports need has not been read yet.
pub(super) struct Sketch<'a> {
    /// Its id.
    pub(super) id: &'a str,
    /// When it was modified.
    pub(super) modified: Moment,
    /// Its entries for the package.
    pub(super) affected: Vec<Affected>,
    about: Bytes<'a>,
}

impl Sketch<'_> {
    /// The whole advisory.
    pub(super) fn finish(self) -> Result<Advisory, Garbled> {
        let mut about = self.about;
        let advisory = Advisory {
            id: self.id.to_owned(),
            aliases: about.list()?,
            vectors: about.list()?,
            word: about.text()?.to_owned(),
            summary: about.text()?.to_owned(),
            published: about.text()?.to_owned(),
            malicious: about.byte()? != 0,
            affected: self.affected,
            ..Advisory::default()
        };
        if about.is_empty() { Ok(advisory) } else { Err(Garbled) }
    }
}

/// A cursor over bytes; every read is checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Garbled> {
        let (first, rest) = self.0.split_first().ok_or(Garbled)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<usize, Garbled> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return usize::try_from(number).map_err(|_| Garbled);
            }
        }
        Err(Garbled)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Garbled> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Garbled)?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Garbled> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Garbled)
    }

    /// A count of things that take at least a byte each: more than there are bytes left is garbled, not an allocation.
    fn count(&mut self) -> Result<usize, Garbled> {
        let count = self.number()?;
        if count > self.0.len() { Err(Garbled) } else { Ok(count) }
    }

    fn list(&mut self) -> Result<Vec<String>, Garbled> {
        (0..self.count()?).map(|_| self.text().map(str::to_owned)).collect()
    }

    /// An ecosystem, a name and a body.
    pub(super) fn package(&mut self) -> Result<(Ecosystem, &'a str, Bytes<'a>), Garbled> {
        let byte = self.byte()?;
        let ecosystem = Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem_byte(*ecosystem) == byte).ok_or(Garbled)?;
        Ok((ecosystem, self.text()?, Bytes(self.bytes()?)))
    }

    /// The inverse of [`put_body`].
    pub(super) fn body(&mut self, ecosystem: Ecosystem, name: &str) -> Result<Vec<Sketch<'a>>, Garbled> {
        let ordered = self.number()?;
        let table = Arc::new(Table::from_joined(ecosystem, self.text()?, ordered).ok_or(Garbled)?);
        let mut advisories = Vec::new();
        while !self.is_empty() {
            let id = self.text()?;
            let modified = self.moment()?;
            let affected = (0..self.count()?).map(|_| self.affected(ecosystem, name, &table)).collect::<Result<_, _>>()?;
            advisories.push(Sketch { id, modified, affected, about: Bytes(self.bytes()?) });
        }
        Ok(advisories)
    }

    fn moment(&mut self) -> Result<Moment, Garbled> {
        let (seconds, nanoseconds) = (self.number()? as u64, self.number()?);
        Ok(Moment { seconds, nanoseconds: u32::try_from(nanoseconds).map_err(|_| Garbled)? })
    }

    fn affected(&mut self, ecosystem: Ecosystem, name: &str, table: &Arc<Table>) -> Result<Affected, Garbled> {
        let (informational, fault) = (self.text()?.to_owned(), self.text()?.to_owned());
        let mut runs = Vec::new();
        let mut end = 0;
        for _ in 0..self.count()? {
            let run = self.run(end, table.len())?;
            end = run.end;
            runs.push(run);
        }
        let versions = Versions::within(table, runs);
        let ranges = (0..self.count()?).map(|_| self.range(ecosystem)).collect::<Result<_, _>>()?;
        Ok(Affected { ecosystem, name: name.to_owned(), ranges, versions, informational, fault })
    }

    /// A stretch that begins at or after a place and ends within a table.
    fn run(&mut self, from: u32, length: u32) -> Result<ops::Range<u32>, Garbled> {
        let (gap, count) = (self.number()?, self.number()?);
        let place = |number: usize| u32::try_from(number).map_err(|_| Garbled);
        let start = from.checked_add(place(gap)?).ok_or(Garbled)?;
        let end = start.checked_add(place(count)?).ok_or(Garbled)?;
        if count == 0 || end > length { Err(Garbled) } else { Ok(start..end) }
    }

    fn range(&mut self, ecosystem: Ecosystem) -> Result<Range, Garbled> {
        let fault = self.text()?.to_owned();
        let event = |bytes: &mut Self| -> Result<Event, Garbled> {
            let kind = *KINDS.get(usize::from(bytes.byte()?)).ok_or(Garbled)?;
            Ok(Event::new(ecosystem, kind, bytes.text()?))
        };
        let events = (0..self.count()?).map(|_| event(self)).collect::<Result<_, _>>()?;
        Ok(Range { events, fault })
    }
}
