//! What is gathered of dumps: each record's part about each package, and what is known of the dumps as a whole.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rayon::prelude::*;

use super::super::advisory::{Advisory, Affected};
use super::super::record::{Record, RecordError};
use super::BuildError;
use super::codec::{Garbled, Moment, put_body};
use super::dump::Dump;
use crate::model::{Ecosystem, escaped};

/// Of a hundred records of a dump, how many may be unreadable (and a handful always may, so that one broken record does not
/// cost a small database; half may never).
const MOST_UNREADABLE_PERCENT: u64 = 1;
/// Unreadable records that are borne whatever their share.
const HANDFUL: u64 = 5;
/// Bytes that one record may take in the database, over all packages it names.
const LARGEST_SHARE: usize = 64 * 1024 * 1024;

/// A record's part about one package.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) ecosystem: Ecosystem,
    /// Empty for a record that affects no package of the ecosystem whose dump it is in, because it is withdrawn or names
    /// others: it is remembered so that an update knows that it was seen.
    pub(super) name: Box<str>,
    pub(super) id: Box<str>,
    /// When the record was modified; [`Moment::UNKNOWN`] where it does not say, or could not be read whole.
    pub(super) modified: Reverse<Moment>,
    pub(super) body: Box<[u8]>,
}

impl Entry {
    /// Whether it is there only to be remembered.
    pub(super) fn is_tombstone(&self) -> bool {
        self.name.is_empty()
    }

    /// A record's part about one package.
    pub(super) fn new(
        ecosystem: Ecosystem,
        name: &str,
        advisory: &Advisory,
        modified: Moment,
        affected: Vec<&Affected>,
    ) -> Result<Self, Garbled> {
        let mut body = Vec::with_capacity(256);
        put_body(&mut body, ecosystem, &[(advisory, modified, affected)])?;
        let (id, body) = (advisory.id.as_str().into(), body.into_boxed_slice());
        Ok(Self { ecosystem, name: name.into(), id, modified: Reverse(modified), body })
    }

    fn tombstone(ecosystem: Ecosystem, id: &str, modified: Moment) -> Result<Self, Garbled> {
        Self::new(ecosystem, "", &Advisory { id: id.to_owned(), ..Advisory::default() }, modified, Vec::new())
    }
}

/// What reading gathers.
#[derive(Default)]
pub(super) struct Harvest {
    pub(super) entries: Vec<Entry>,
    pub(super) records: u64,
    pub(super) unreadable: u64,
    /// The newest `modified` of each ecosystem that is not in the future; withdrawals are news too.
    pub(super) newest: [Option<Moment>; 3],
    /// The first record that could not be read, and why.
    pub(super) first: Option<String>,
    /// Ecosystems that some record names.
    pub(super) seen: [bool; 3],
    /// Ecosystems that some record names alone.
    pub(super) alone: [bool; 3],
}

/// The place of an ecosystem in arrays.
pub(super) fn slot(ecosystem: Ecosystem) -> usize {
    match ecosystem {
        Ecosystem::Npm => 0,
        Ecosystem::PyPi => 1,
        Ecosystem::CratesIo => 2,
    }
}

impl Harvest {
    /// Reads a dump, in parallel, and refuses one that is none.
    pub(super) fn of(dump: &Dump, now: Timestamp) -> Result<Self, BuildError> {
        let parts = dump.records(|harvest: &mut Self, name, json| harvest.read(dump.ecosystem, name, json, now))?;
        let mut whole = Self::default();
        parts.into_iter().for_each(|part| whole.add(part));
        whole.check()?;
        match dump.ecosystem {
            // A dump of another ecosystem, or of nothing, must not stand for "nothing is known".
            Some(ecosystem) if !whole.seen[slot(ecosystem)] => Err(BuildError::Bare { path: dump.path.clone(), ecosystem }),
            _ => Ok(whole),
        }
    }

    /// Reads one record of a dump, or counts it as unreadable.
    pub(super) fn read(&mut self, dump: Option<Ecosystem>, name: &str, json: &[u8], now: Timestamp) -> Result<(), BuildError> {
        self.records += 1;
        match Record::parse(json) {
            Ok(record) => {
                if record.partial {
                    self.lose(name, "a package it names cannot be read");
                }
                self.take(&record, dump, now)
            }
            Err(RecordError::Unreadable(why)) => {
                self.lose(name, &why);
                Ok(())
            }
            Err(error @ RecordError::TooLarge { .. }) => Err(BuildError::Record(error)),
        }
    }

    /// Counts a record as unreadable.
    pub(super) fn lose(&mut self, name: &str, why: &str) {
        self.unreadable += 1;
        self.first.get_or_insert_with(|| format!("`{}`: {why}", escaped(name)));
    }

    fn take(&mut self, record: &Record, dump: Option<Ecosystem>, now: Timestamp) -> Result<(), BuildError> {
        let advisory = &record.advisory;
        let mut by_package: BTreeMap<(Ecosystem, &str), Vec<&Affected>> = BTreeMap::new();
        for affected in &advisory.affected {
            by_package.entry((affected.ecosystem, &affected.name)).or_default().push(affected);
        }
        let mut names = [false; 3];
        by_package.keys().for_each(|(ecosystem, _)| names[slot(*ecosystem)] = true);
        let modified = Moment::parse(&advisory.modified);
        if let Some(modified) = modified.filter(|modified| *modified <= Moment::from(now)) {
            // Each dump speaks for its own ecosystem: those of two are not of one moment.
            for at in (0..3).filter(|at| names[*at] && dump.is_none_or(|dump| slot(dump) == *at)) {
                self.newest[at] = self.newest[at].max(Some(modified));
            }
        }
        // What was not read whole is asked for again by the next update.
        let modified = modified.filter(|_| !record.partial).unwrap_or(Moment::UNKNOWN);
        let dead = |ecosystem: Ecosystem| advisory.withdrawn || !names[slot(ecosystem)];
        for ecosystem in
            Ecosystem::ALL.into_iter().filter(|ecosystem| dump == Some(*ecosystem) || (dump.is_none() && names[slot(*ecosystem)]))
        {
            if dead(ecosystem) {
                self.entries.push(Entry::tombstone(ecosystem, &advisory.id, modified).map_err(|Garbled| BuildError::TooMany)?);
            }
        }
        let mut share = 0;
        for ((ecosystem, name), affected) in by_package {
            if advisory.withdrawn {
                break;
            }
            let entry = Entry::new(ecosystem, name, advisory, modified, affected).map_err(|Garbled| BuildError::TooMany)?;
            share += entry.body.len();
            if share > LARGEST_SHARE {
                let what = "it names too many packages".to_owned();
                return Err(BuildError::Record(RecordError::TooLarge { id: advisory.id.clone(), what }));
            }
            self.entries.push(entry);
        }
        let alone = names.iter().filter(|named| **named).count() == 1;
        for (at, named) in names.into_iter().enumerate() {
            self.seen[at] |= named;
            self.alone[at] |= named && alone;
        }
        Ok(())
    }

    /// Adds what was read elsewhere.
    pub(super) fn add(&mut self, part: Self) {
        self.entries.extend(part.entries);
        self.records += part.records;
        self.unreadable += part.unreadable;
        self.first = self.first.take().or(part.first);
        for at in 0..3 {
            self.seen[at] |= part.seen[at];
            self.alone[at] |= part.alone[at];
            self.newest[at] = self.newest[at].max(part.newest[at]);
        }
    }

    /// Adds records that were read again. What was read is all there is to say of its record, in every ecosystem; but an answer
    /// that is older than what is known of the record is passed over, and one without a time stands beside it.
    pub(super) fn replace(&mut self, part: Self) {
        let (known, read) = (times(&self.entries), times(&part.entries));
        let is_older =
            |id: &str| matches!((read.get(id), known.get(id)), (Some(read), Some(known)) if *read != Moment::UNKNOWN && read < known);
        let supersedes = |id: &str| read.get(id).is_some_and(|read| *read != Moment::UNKNOWN) && !is_older(id);
        let older = part.entries.iter().map(|entry| is_older(&entry.id)).collect::<Vec<_>>();
        let kept = self.entries.iter().map(|entry| !supersedes(&entry.id)).collect::<Vec<_>>();
        let mut kept = kept.into_iter();
        self.entries.retain(|_| kept.next().unwrap_or(true));
        let mut older = older.into_iter();
        let mut part = part;
        part.entries.retain(|_| !older.next().unwrap_or(false));
        self.add(part);
    }

    /// Refuses a dump of which too much cannot be read.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        if self.records == 0 {
            return Err(BuildError::Empty);
        }
        let share = self.unreadable * 100 > self.records * MOST_UNREADABLE_PERCENT;
        if (share && self.unreadable > HANDFUL) || self.unreadable * 2 >= self.records {
            let first = self.first.clone().unwrap_or_default();
            return Err(BuildError::Unreadable { unreadable: self.unreadable, records: self.records, first });
        }
        Ok(())
    }

    /// Which ecosystems a dump covers: the one its place names. Of a dump without such a place, those that a record names
    /// alone: in a dump of one ecosystem every record names that one, whatever others it names too.
    pub(super) fn covers(&self, dump: Option<Ecosystem>) -> [bool; 3] {
        match dump {
            Some(ecosystem) => std::array::from_fn(|at| at == slot(ecosystem)),
            None if self.alone == [false; 3] => self.seen,
            None => self.alone,
        }
    }
}

/// When each record was modified, by its newest copy.
pub(super) fn times(entries: &[Entry]) -> HashMap<Box<str>, Moment> {
    let mut times: HashMap<Box<str>, Moment> = HashMap::new();
    for entry in entries {
        match times.get_mut(&entry.id) {
            Some(known) => *known = (*known).max(entry.modified.0),
            None => {
                times.insert(entry.id.clone(), entry.modified.0);
            }
        }
    }
    times
}

/// Sorted by package and id; of each record the newest copy (several, where they say different things at one time, and all
/// that do not say when they were modified).
pub(super) fn distinct(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut newest: HashMap<&str, Moment> = HashMap::new();
    for entry in &entries {
        let known = newest.entry(&entry.id).or_insert(Moment::UNKNOWN);
        *known = (*known).max(entry.modified.0);
    }
    let stale =
        |entry: &Entry| entry.modified.0 != Moment::UNKNOWN && newest.get(&*entry.id).is_some_and(|newest| *newest != entry.modified.0);
    let keep = entries.iter().map(|entry| !stale(entry)).collect::<Vec<_>>();
    let mut keep = keep.into_iter();
    entries.retain(|_| keep.next().unwrap_or(true));
    entries.par_sort_unstable();
    entries.dedup();
    entries
}
