//! Compiling OSV's dumps into an offline database.
//!
//! Records are read in parallel, reduced at once to what the matcher and the reports need, sorted by package, packed into
//! blocks and written beside the target, which is replaced only by a whole and flushed file. A record that several dumps
//! hold counts once, by its newest `modified`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::codec::Moment;
use super::compile::compile;
use super::dump;
use super::harvest::{Harvest, distinct, slot};
use super::layout::{Description, Upstream};
use super::{BuildError, Status};
use crate::model::Ecosystem;

/// Compiles the dumps that `from` names into `output`.
///
/// `as_of` is the time up to which the dumps tell. Without it, it is the newest `modified` of a record that is not later
/// than now: dumps hold records dated in the future, and those must not make a database look fresh for ever.
pub fn build(from: &[PathBuf], output: &Path, as_of: Option<Timestamp>) -> Result<Status, BuildError> {
    let now = Timestamp::now();
    Crop::of(from, now)?.store(output, as_of, now, None)
}

/// All that is known, dump by dump.
#[derive(Default)]
pub(super) struct Crop {
    pub(super) harvest: Harvest,
    pub(super) covered: [bool; 3],
    pub(super) unreadable: [u64; 3],
    /// Unreadable records of dumps that are not of one ecosystem.
    pub(super) elsewhere: u64,
}

impl Crop {
    /// Reads the dumps that some paths name.
    pub(super) fn of(from: &[PathBuf], now: Timestamp) -> Result<Self, BuildError> {
        let mut crop = Self::default();
        for dump in dump::find(from)? {
            let harvest = Harvest::of(&dump, now)?;
            let covers = harvest.covers(dump.ecosystem);
            crop.add(harvest, covers);
        }
        Ok(crop)
    }

    /// Adds what was read of a dump that covers some ecosystems.
    pub(super) fn add(&mut self, harvest: Harvest, covers: [bool; 3]) {
        let mut of = (0..3).filter(|at| covers[*at]);
        match (of.next(), of.next()) {
            (Some(only), None) => self.unreadable[only] += harvest.unreadable,
            _ => self.elsewhere += harvest.unreadable,
        }
        (0..3).for_each(|at| self.covered[at] |= covers[at]);
        self.harvest.add(harvest);
    }

    /// Compiles it all and puts it in the place of `output`.
    pub(super) fn store(
        self,
        output: &Path,
        as_of: Option<Timestamp>,
        now: Timestamp,
        upstream: Option<Upstream>,
    ) -> Result<Status, BuildError> {
        if self.covered == [false; 3] {
            return Err(BuildError::Empty);
        }
        let as_of = as_of.or_else(|| self.as_of()).unwrap_or(Timestamp::UNIX_EPOCH);
        let entries = distinct(self.harvest.entries);
        compile(&entries, output, |counts| {
            let covered = Ecosystem::ALL.into_iter().filter(|ecosystem| self.covered[slot(*ecosystem)]);
            let describe = |ecosystem| {
                let newest = self.harvest.newest[slot(ecosystem)].and_then(Moment::timestamp).map(|at| at.to_string());
                counts(ecosystem).of(ecosystem, newest.unwrap_or_default(), self.unreadable[slot(ecosystem)])
            };
            Description {
                as_of: as_of.to_string(),
                built: Timestamp::from_second(now.as_second()).unwrap_or(now).to_string(),
                fngate: env!("CARGO_PKG_VERSION").to_owned(),
                unreadable: self.unreadable.iter().sum::<u64>() + self.elsewhere,
                ecosystems: covered.map(describe).collect(),
                upstream,
            }
        })
    }

    /// The newest record of all that is not in the future.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        let newest = (0..3).filter(|at| self.covered[*at]).filter_map(|at| self.harvest.newest[at]).max();
        newest.and_then(Moment::timestamp)
    }
}
