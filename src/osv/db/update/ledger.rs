//! What a database has of each record, and what it lacks to be what a mirror lists.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::super::codec::{Bytes, Garbled, Moment};
use super::super::harvest::{Entry, slot, times};
use super::super::{Database, DatabaseError, INFLATER};
use super::Lists;
use crate::model::Ecosystem;

/// Changed records of all ecosystems above which the whole dumps are read instead.
pub(super) const MOST_CHANGED: usize = 3_000;
/// Of a hundred records, how many may be listed no longer before the list is thought to be cut.
const MOST_GONE_PERCENT: usize = 1;

/// What a database has.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) entries: Vec<Entry>,
    /// The newest record of each ecosystem that is not in the future.
    pub(super) newest: [Option<Moment>; 3],
}

/// What has to be asked for, by ecosystem.
#[derive(Default)]
pub(super) struct Changes {
    /// Records that a list has newer, or that are not there. Each is asked for where it is listed newest.
    pub(super) changed: [Vec<Box<str>>; 3],
    /// Records that no list has any more.
    pub(super) gone: [Vec<Box<str>>; 3],
}

impl Changes {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.changed.iter().chain(&self.gone).map(Vec::len).sum()
    }
}

impl Ledger {
    /// Reads all of a database.
    pub(super) fn of(base: &Database) -> Result<Self, DatabaseError> {
        let read = |number: usize| {
            INFLATER.with_borrow_mut(|inflater| {
                let raw = base.block(number, inflater)?;
                entries(raw).map_err(|fault| base.garbled(number, fault))
            })
        };
        let blocks = (0..base.blocks).into_par_iter().map(read).collect::<Result<Vec<_>, DatabaseError>>()?;
        Ok(Self { entries: blocks.into_iter().flatten().collect(), newest: newest(base) })
    }

    /// What has changed since; nothing if that is too much to be asked for one by one, or a list is lacking or seems to be cut.
    pub(super) fn changes(&self, lists: &Lists) -> Option<Changes> {
        if self.entries.is_empty() || lists.iter().any(|(list, _)| list.is_none()) {
            return None;
        }
        let mut changes = changed(&self.entries, lists);
        for ecosystem in Ecosystem::ALL {
            let at = slot(ecosystem);
            let own = self.entries.iter().filter(|entry| entry.ecosystem == ecosystem).map(|entry| &entry.id).collect::<HashSet<_>>();
            let listed = |id: &str| lists.iter().filter_map(|(list, _)| list.as_ref()).any(|list| list.0.contains_key(id));
            let mut gone = own.iter().filter(|id| !listed(id)).map(|id| (*id).clone()).collect::<Vec<_>>();
            if gone.len() * 100 > own.len() * MOST_GONE_PERCENT && gone.len() > 1 {
                return None;
            }
            gone.sort_unstable();
            changes.gone[at] = gone;
        }
        (changes.len() <= MOST_CHANGED).then_some(changes)
    }
}

/// The newest record of each ecosystem that a database says it has.
pub(super) fn newest(base: &Database) -> [Option<Moment>; 3] {
    let mut newest = [None; 3];
    for covered in &base.status().description.ecosystems {
        if let Some(ecosystem) = Ecosystem::from_osv(&covered.name) {
            newest[slot(ecosystem)] = Moment::parse(&covered.newest);
        }
    }
    newest
}

/// The records that some list has newer than the entries, or that are not there; sorted.
pub(super) fn changed(entries: &[Entry], lists: &Lists) -> Changes {
    let times = times(entries);
    let mut wanted: HashMap<&str, (Moment, usize)> = HashMap::new();
    for (at, (list, _)) in lists.iter().enumerate() {
        for (id, modified) in list.iter().flat_map(|list| &list.0) {
            if times.get(id).is_none_or(|known| known < modified) {
                let newest = wanted.entry(id).or_insert((*modified, at));
                *newest = (*newest).max((*modified, at));
            }
        }
    }
    let mut changes = Changes::default();
    for (id, (_, at)) in wanted {
        changes.changed[at].push(id.into());
    }
    changes.changed.iter_mut().for_each(|ids| ids.sort_unstable());
    changes
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
            entries.push(Entry::new(ecosystem, name, &advisory, modified, advisory.affected.iter().collect())?);
        }
    }
    Ok(entries)
}
