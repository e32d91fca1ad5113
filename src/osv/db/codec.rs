//! How a package's advisories lie in a block: little-endian base-128 numbers and length-prefixed texts.
//!
//! ```text
//! block    = package*
//! package  = ecosystem:u8 name:text body:bytes
//! body     = advisory*
//! advisory = id aliases:list vectors:list word summary published malicious:u8 affected-count affected*
//! affected = informational fault versions:text range-count range*
//! range    = fault event-count (kind:u8 version:text)*
//! ```
//! Withdrawn records are not stored; they affect nothing.

use super::super::advisory::{Advisory, Affected, Event, EventKind, Range, Versions};
use crate::model::Ecosystem;

/// The bytes end early or say what no writer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbled;

const KINDS: [EventKind; 4] = [EventKind::Introduced, EventKind::Fixed, EventKind::LastAffected, EventKind::Limit];

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

/// Appends an advisory with its entries for one package.
pub(super) fn put_advisory<'a>(out: &mut Vec<u8>, advisory: &Advisory, entries: impl Iterator<Item = &'a Affected> + Clone) {
    put_bytes(out, advisory.id.as_bytes());
    put_list(out, &advisory.aliases);
    put_list(out, &advisory.vectors);
    for text in [&advisory.word, &advisory.summary, &advisory.published] {
        put_bytes(out, text.as_bytes());
    }
    out.push(u8::from(advisory.malicious));
    put_number(out, entries.clone().count());
    for entry in entries {
        for text in [&entry.informational, &entry.fault, entry.versions.joined()] {
            put_bytes(out, text.as_bytes());
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

    /// The inverse of [`put_advisory`].
    pub(super) fn advisory(&mut self, ecosystem: Ecosystem, name: &str) -> Result<Advisory, Garbled> {
        let mut advisory = Advisory { id: self.text()?.to_owned(), aliases: self.list()?, vectors: self.list()?, ..Advisory::default() };
        advisory.word = self.text()?.to_owned();
        advisory.summary = self.text()?.to_owned();
        advisory.published = self.text()?.to_owned();
        advisory.malicious = self.byte()? != 0;
        for _ in 0..self.count()? {
            let (informational, fault) = (self.text()?.to_owned(), self.text()?.to_owned());
            let versions = Versions::from_joined(self.text()?);
            let ranges = (0..self.count()?).map(|_| self.range()).collect::<Result<_, _>>()?;
            advisory.affected.push(Affected { ecosystem, name: name.to_owned(), ranges, versions, informational, fault });
        }
        Ok(advisory)
    }

    fn range(&mut self) -> Result<Range, Garbled> {
        let fault = self.text()?.to_owned();
        let event = |bytes: &mut Self| -> Result<Event, Garbled> {
            let kind = *KINDS.get(usize::from(bytes.byte()?)).ok_or(Garbled)?;
            Ok(Event { kind, version: bytes.text()?.to_owned() })
        };
        let events = (0..self.count()?).map(|_| event(self)).collect::<Result<_, _>>()?;
        Ok(Range { events, fault })
    }
}
