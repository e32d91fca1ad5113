//! The one matcher: which advisories affect which packages, whatever source the advisories come from.

use std::collections::{BTreeSet, HashMap};

use rayon::prelude::*;

use super::advisory::{Advisory, Affected, EventKind};
use super::alias;
use super::range::{Hit, Subject, affects, affects_every};
use super::severity::Rating;
use super::version::Version;
use crate::model::{Ecosystem, Package, Vulnerability};

/// Events that one package's fix versions may be compared with: a record may name thousands of fixes.
const MOST_COMPARISONS: usize = 1_000_000;

/// The vulnerabilities of each package, one list a package.
///
/// A package is judged by its version; without one by each of its candidates, of which the worst counts; without those only
/// by records that affect every version. A withdrawn record affects nothing.
#[must_use]
pub fn by_package(advisories: &[Advisory], packages: &[Package]) -> Vec<Vec<Vulnerability>> {
    let mut named: HashMap<(Ecosystem, &str), Vec<(&Advisory, &Affected)>> = HashMap::new();
    for advisory in advisories.iter().filter(|advisory| !advisory.withdrawn) {
        for affected in &advisory.affected {
            named.entry((affected.ecosystem, &affected.name)).or_default().push((advisory, affected));
        }
    }
    let judge = |package: &Package| {
        let name = package.ecosystem.folded(&package.name);
        named.get(&(package.ecosystem, name.as_str())).map_or_else(Vec::new, |entries| of_package(package, entries))
    };
    packages.par_iter().with_min_len(32).map(judge).collect()
}

/// The versions that a package is judged by: its own, else its candidates.
pub(super) fn versions(package: &Package) -> impl Iterator<Item = &str> {
    package.version.as_slice().iter().chain(package.candidates.iter().filter(|_| package.version.is_none())).map(String::as_str)
}

/// One record that affects the package, over all its entries for it.
struct Match<'a> {
    advisory: &'a Advisory,
    entries: Vec<&'a Affected>,
    hit: Hit,
}

/// What some entries for a package say against it. None of their advisories is withdrawn.
pub(super) fn of_package(package: &Package, entries: &[(&Advisory, &Affected)]) -> Vec<Vulnerability> {
    let subjects = versions(package).map(|text| Subject::new(package.ecosystem, text)).collect::<Vec<_>>();
    let mut matches: Vec<Match<'_>> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (advisory, affected) in entries {
        let Some(hit) = judged(&advisory.id, affected, &subjects) else { continue };
        match by_id.get(advisory.id.as_str()).and_then(|at| matches.get_mut(*at)) {
            Some(known) => {
                known.hit = merged(std::mem::take(&mut known.hit), hit);
                known.entries.push(affected);
            }
            None => {
                by_id.insert(&advisory.id, matches.len());
                matches.push(Match { advisory, entries: vec![affected], hit });
            }
        }
    }
    let records = matches.iter().map(|one| one.advisory).collect::<Vec<_>>();
    let purl = package.purl();
    let mut fixes = Fixes { ecosystem: package.ecosystem, read: HashMap::new(), left: MOST_COMPARISONS };
    let mut found = alias::groups(&records)
        .into_iter()
        .map(|group| vulnerability(package, &purl, &group.into_iter().map(|at| &matches[at]).collect::<Vec<_>>(), &mut fixes))
        .collect::<Vec<_>>();
    if let Some(upgrade) = upgrade(package, &found, entries) {
        found.iter_mut().for_each(|one| one.upgrade = Some(upgrade.clone()));
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// Whether an entry affects any of the subjects; a certain answer before a precaution.
pub(super) fn judged(id: &str, affected: &Affected, subjects: &[Subject<'_>]) -> Option<Hit> {
    // A malware record that says nothing about versions accuses the package itself.
    let silent = affected.ranges.is_empty() && affected.versions.is_empty() && affected.fault.is_empty();
    if affects_every(affected) || (silent && id.starts_with("MAL-")) {
        return Some(Hit::default());
    }
    subjects.iter().filter_map(|subject| affects(affected, subject)).reduce(merged)
}

fn merged(a: Hit, b: Hit) -> Hit {
    match (&a.unevaluated, &b.unevaluated) {
        (None, Some(_)) => a,
        (Some(_), None) => b,
        _ => Hit { fixed: [a.fixed, b.fixed].concat(), ..a },
    }
}

/// Records of one alias set, as one vulnerability of the package.
fn vulnerability<'a>(package: &Package, purl: &str, group: &[&'a Match<'_>], fixes: &mut Fixes<'a>) -> Vulnerability {
    let records = || group.iter().map(|one| one.advisory);
    let ids: BTreeSet<&str> = records().map(|record| record.id.as_str()).collect();
    let id = ids.iter().copied().min_by_key(|id| alias::rank(id)).unwrap_or_default();
    let all: BTreeSet<&str> = ids.iter().copied().chain(records().flat_map(|record| &record.aliases).map(String::as_str)).collect();
    let rating = Rating::worst(records());
    let mut by_rank = records().collect::<Vec<_>>();
    by_rank.sort_by_key(|record| alias::rank(&record.id));
    let summary = by_rank.iter().map(|record| &record.summary).find(|summary| !summary.is_empty());
    let is_time = |published: &&String| published.parse::<jiff::Timestamp>().is_ok();
    let published = records().map(|record| &record.published).filter(is_time).min();
    let doubts = group.iter().filter_map(|one| one.hit.unevaluated.as_ref());
    Vulnerability {
        id: id.to_owned(),
        malicious: records().any(|record| record.malicious) || all.iter().any(|id| id.starts_with("MAL-")),
        aliases: all.into_iter().filter(|other| *other != id).map(str::to_owned).collect(),
        severity: rating.severity,
        cvss: rating.score,
        cvss_vector: rating.vector,
        informational: informational(group),
        purl: purl.to_owned(),
        relation: package.relation,
        dev: package.dev,
        possible: false,
        paths: package.paths.clone(),
        fixed: fixes.of(group),
        fixable: is_fixable(package, group),
        upgrade: None,
        summary: summary.cloned().unwrap_or_default(),
        published: published.cloned(),
        unevaluated: if group.iter().all(|one| one.hit.unevaluated.is_some()) { doubts.min().cloned() } else { None },
        ids: ids.into_iter().map(str::to_owned).collect(),
        known_exploited: None,
        epss: None,
    }
}

/// Whether a fix may exist: see [`Vulnerability::fixable`].
fn is_fixable(package: &Package, group: &[&Match<'_>]) -> bool {
    let own = package.version.as_ref().and_then(|version| Version::parse(package.ecosystem, version));
    let later = |at: &Option<Version>| !matches!((at, &own), (Some(at), Some(own)) if at <= own);
    let events = group.iter().flat_map(|one| &one.entries).flat_map(|entry| &entry.ranges).flat_map(|range| &range.events);
    events.into_iter().any(|event| event.kind == EventKind::Fixed && later(&event.at))
        || group.iter().any(|one| one.hit.unevaluated.is_some())
}

/// RustSec's word, if every record of the set is informational: what one database calls a notice and another a
/// vulnerability is a vulnerability.
fn informational(group: &[&Match<'_>]) -> Option<String> {
    let words = || group.iter().flat_map(|one| &one.entries).map(|entry| &entry.informational);
    if words().any(String::is_empty) { None } else { words().min().cloned() }
}

/// Fix versions, each read once for all vulnerabilities of a package: they share most of them.
struct Fixes<'a> {
    ecosystem: Ecosystem,
    read: HashMap<&'a str, Subject<'a>>,
    /// Comparisons that are left; without any, fixes are given as the windows name them.
    left: usize,
}

impl<'a> Fixes<'a> {
    /// The fix versions that no record of the set affects in turn, the least first, each once.
    fn of(&mut self, group: &[&'a Match<'_>]) -> Vec<String> {
        let texts = group.iter().flat_map(|one| &one.hit.fixed).map(String::as_str).collect::<BTreeSet<_>>();
        for text in &texts {
            self.read.entry(text).or_insert_with(|| Subject::new(self.ecosystem, text));
        }
        let read = texts.iter().filter_map(|text| self.read.get(text));
        let mut fixes = read.filter_map(|subject| Some((subject.version()?, subject))).collect::<Vec<_>>();
        fixes.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.text().cmp(y.text())));
        fixes.dedup_by(|(a, _), (b, _)| a == b);
        let entries = || group.iter().flat_map(|one| &one.entries);
        let left = &mut self.left;
        let mut clean = |fix: &Subject<'_>| {
            let mut entries = entries().take_while(|entry| {
                *left = left.saturating_sub(cost(entry));
                *left > 0
            });
            !entries.any(|entry| affects(entry, fix).is_some_and(|hit| hit.unevaluated.is_none()))
        };
        fixes.into_iter().filter(|(_, fix)| clean(fix)).map(|(_, fix)| fix.text().to_owned()).collect()
    }
}

/// The least fix version above the package's own that no record of the package affects, whether or not it affects the version
/// that is there. Notices do not count: nothing clears a package of being unmaintained.
fn upgrade(package: &Package, found: &[Vulnerability], entries: &[(&Advisory, &Affected)]) -> Option<String> {
    if found.is_empty() {
        return None;
    }
    let own = Version::parse(package.ecosystem, package.version.as_ref()?)?;
    let mut entries = entries.iter().filter(|(_, entry)| entry.informational.is_empty()).collect::<Vec<_>>();
    let events = entries.iter().flat_map(|(_, entry)| &entry.ranges).flat_map(|range| &range.events);
    let fixes = events.filter(|event| event.kind == EventKind::Fixed && event.at.as_ref().is_some_and(|at| *at > own));
    let mut fixes = fixes.map(|event| (event.at.as_ref(), &*event.version)).collect::<Vec<_>>();
    fixes.sort_unstable();
    fixes.dedup();
    let mut left = MOST_COMPARISONS;
    for (_, text) in fixes {
        let subject = [Subject::new(package.ecosystem, text)];
        let mut affecting = None;
        for (at, (advisory, entry)) in entries.iter().enumerate() {
            left = left.checked_sub(cost(entry))?;
            if judged(&advisory.id, entry, &subject).is_some() {
                affecting = Some(at);
                break;
            }
        }
        match affecting {
            None => return Some(text.to_owned()),
            // What affects this one most often affects the next one too, and is asked first.
            Some(at) => entries.swap(0, at),
        }
    }
    None
}

/// How many events an entry makes one walk over.
fn cost(entry: &Affected) -> usize {
    1 + entry.ranges.iter().map(|range| range.events.len()).sum::<usize>()
}
