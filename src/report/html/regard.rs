//! How findings regard what is inside: which package each is about, or the function's own code, and where the report speaks of it.

use std::collections::{BTreeMap, HashMap};

use super::super::Judged;
use super::super::component::{by_purl, owner};
use super::super::subject::by_subject;
use crate::model::{Finding, Level, Package, owner as folder};

/// How many findings of each level there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grades {
    pub(super) deny: usize,
    pub(super) incomplete: usize,
    pub(super) warn: usize,
    pub(super) info: usize,
}

impl Grades {
    pub(super) fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut grades = Self::default();
        findings.into_iter().for_each(|finding| grades.add(finding.level));
        grades
    }

    fn add(&mut self, level: Level) {
        match level {
            Level::Deny => self.deny += 1,
            Level::Incomplete => self.incomplete += 1,
            Level::Warn => self.warn += 1,
            Level::Info => self.info += 1,
        }
    }

    pub(super) fn number(self, level: Level) -> usize {
        match level {
            Level::Deny => self.deny,
            Level::Incomplete => self.incomplete,
            Level::Warn => self.warn,
            Level::Info => self.info,
        }
    }

    /// The gravest, remarks aside.
    pub(super) fn worst(self) -> Option<Level> {
        [Level::Deny, Level::Incomplete, Level::Warn].into_iter().find(|level| self.number(*level) > 0)
    }
}

/// The packages of an artifact and what findings say of each.
pub(super) struct Regard<'a> {
    /// Every package by its purl, each with every way it is known.
    pub(super) packages: BTreeMap<String, Vec<&'a Package>>,
    /// Findings by purl.
    about: HashMap<String, Grades>,
    /// Findings about the function's own code.
    pub(super) own: Grades,
    /// The number of each subject, in the order in which the report speaks of them.
    numbers: HashMap<&'a str, usize>,
}

impl<'a> Regard<'a> {
    pub(super) fn of(judged: &'a Judged) -> Self {
        let packages = by_purl(&judged.facts);
        let homes = homes(&packages);
        let mut about: HashMap<String, Grades> = HashMap::new();
        let mut own = Grades::default();
        for finding in &judged.verdict.findings {
            let place = finding.path.as_deref().unwrap_or(&finding.subject);
            match owner(&finding.subject, &packages).or_else(|| homed(place, &homes)) {
                Some(purl) => about.entry(purl.to_owned()).or_default().add(finding.level),
                None if !finding.fingerprint.is_empty() => own.add(finding.level),
                None => {}
            }
        }
        let mut numbers = HashMap::new();
        let findings: Vec<&Finding> = judged.verdict.findings.iter().collect();
        for (number, ((subject, _), _)) in by_subject(&findings).into_iter().enumerate() {
            numbers.entry(subject).or_insert(number + 1);
        }
        Self { packages, about, own, numbers }
    }

    /// What is said of a package.
    pub(super) fn grades(&self, purl: &str) -> Grades {
        self.about.get(purl).copied().unwrap_or_default()
    }

    /// The number of a subject, where the report speaks of it.
    pub(super) fn number(&self, subject: &str) -> Option<usize> {
        self.numbers.get(subject).copied()
    }

    /// How a subject is called for a person: a package by its name and version.
    pub(super) fn package(&self, subject: &str) -> Option<&'a Package> {
        self.packages.get(subject)?.first().copied()
    }
}

/// The folder that each package lies in, and whose it is.
fn homes<'m>(packages: &'m BTreeMap<String, Vec<&Package>>) -> HashMap<&'m str, &'m str> {
    let mut homes = HashMap::new();
    for (purl, ways) in packages {
        for package in ways.iter().filter(|package| package.relation.is_inside() && package.holding.is_some()) {
            for path in &package.paths {
                homes.insert(folder(path.as_str()), purl.as_str());
            }
        }
    }
    homes.remove("");
    homes
}

/// The package whose folder a path lies in.
fn homed<'m>(path: &str, homes: &HashMap<&str, &'m str>) -> Option<&'m str> {
    let mut at = path;
    while let Some((above, _)) = at.rsplit_once('/') {
        if let Some(purl) = homes.get(above) {
            return Some(purl);
        }
        at = above;
    }
    None
}
