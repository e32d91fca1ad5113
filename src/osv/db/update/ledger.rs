//! What a database has of each record, and what it lacks to be what a mirror lists.

use std::collections::HashMap;

use rayon::prelude::*;

use super::super::codec::{Bytes, Garbled, Moment};
use super::super::harvest::{Entry, Harvest, slot};
use super::super::{Database, DatabaseError, INFLATER};
use super::list::List;
use super::{Lists, UpdateError};
use crate::model::Ecosystem;

/// Changed records of an ecosystem above which its whole dump is read instead.
pub(super) const MOST_CHANGED: usize = 3_000;
/// Of a hundred records, how many may be listed no longer before the list is thought to be cut.
const MOST_GONE_PERCENT: usize = 1;
/// Records that may be gone whatever their share.
const FEW: usize = 50;

/// What a database has of each record.
#[derive(Default)]
pub(super) struct Ledger {
    entries: [Vec<Entry>; 3],
    newest: [Option<Moment>; 3],
}

/// How an ecosystem is brought up to date.
pub(super) enum Plan {
    /// By its whole dump.
    Whole,
    /// By these records.
    Changed(Vec<Box<str>>),
}

impl Ledger {
    /// Reads all of a database.
    pub(super) fn of(base: &Database) -> Result<Self, UpdateError> {
        let read = |number: usize| {
            INFLATER.with_borrow_mut(|inflater| {
                let raw = base.block(number, inflater)?;
                entries(raw).map_err(|fault| base.garbled(number, fault))
            })
        };
        let blocks = (0..base.blocks).into_par_iter().map(read).collect::<Result<Vec<_>, DatabaseError>>()?;
        let mut ledger = Self::default();
        for entry in blocks.into_iter().flatten() {
            ledger.entries[slot(entry.ecosystem)].push(entry);
        }
        for covered in &base.status().description.ecosystems {
            if let Some(ecosystem) = Ecosystem::from_osv(&covered.name) {
                ledger.newest[slot(ecosystem)] = Moment::parse(&covered.newest);
            }
        }
        Ok(ledger)
    }

    /// How to bring an ecosystem up to what its list says.
    pub(super) fn plan(&self, ecosystem: Ecosystem, list: Option<&List>, whole: bool) -> Plan {
        let entries = &self.entries[slot(ecosystem)];
        let Some(list) = list.filter(|_| !whole && !entries.is_empty()) else { return Plan::Whole };
        let changed = missing(entries, ecosystem, list);
        let gone = times(entries, ecosystem).into_keys().filter(|id| !list.0.contains_key(*id)).count();
        let many_gone = gone > FEW && gone * 100 > list.0.len() * MOST_GONE_PERCENT;
        if changed.len() > MOST_CHANGED || many_gone { Plan::Whole } else { Plan::Changed(changed) }
    }

    /// What the database has of an ecosystem and some list still names.
    pub(super) fn kept(&mut self, ecosystem: Ecosystem, list: Option<&List>, lists: &Lists) -> Harvest {
        let mut entries = std::mem::take(&mut self.entries[slot(ecosystem)]);
        let listed = |id: &str| lists.iter().filter_map(|(list, _)| list.as_ref()).any(|list| list.0.contains_key(id));
        entries.retain(|entry| list.is_none() || listed(&entry.id));
        let mut harvest = Harvest { entries, ..Harvest::default() };
        harvest.newest[slot(ecosystem)] = self.newest[slot(ecosystem)];
        harvest
    }
}

/// Every entry of a block.
fn entries(raw: &[u8]) -> Result<Vec<Entry>, Garbled> {
    let mut bytes = Bytes(raw);
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        let (ecosystem, name, mut body) = bytes.package()?;
        for sketch in body.body(ecosystem, name)? {
            let modified = sketch.modified;
            let advisory = sketch.finish()?;
            entries.push(Entry::new(ecosystem, name, &advisory, modified, advisory.affected.iter().collect()));
        }
    }
    Ok(entries)
}

/// When each record of an ecosystem was modified.
fn times(entries: &[Entry], ecosystem: Ecosystem) -> HashMap<&str, Moment> {
    let mut times: HashMap<&str, Moment> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.ecosystem == ecosystem) {
        let known = times.entry(&entry.id).or_insert(entry.modified.0);
        *known = (*known).max(entry.modified.0);
    }
    times
}

/// The records that a list names with another time than the entries have, or that they do not have; sorted.
pub(super) fn missing(entries: &[Entry], ecosystem: Ecosystem, list: &List) -> Vec<Box<str>> {
    let times = times(entries, ecosystem);
    let mut ids = list.0.iter().filter(|(id, modified)| times.get(&***id) != Some(modified)).map(|(id, _)| id.clone()).collect::<Vec<_>>();
    ids.sort_unstable();
    ids
}

/// How many records of a list are not there, or older than it says. One that is newer was modified since it was listed.
pub(super) fn unread(entries: &[Entry], ecosystem: Ecosystem, list: &List) -> u64 {
    let times = times(entries, ecosystem);
    list.0.iter().filter(|(id, modified)| times.get(&***id).is_none_or(|known| known < modified)).count() as u64
}
