//! The one matcher: which advisories affect which packages, whatever source the advisories come from.

use std::collections::{BTreeSet, HashMap};

use super::advisory::{Advisory, Affected};
use super::range::{Hit, Subject, affects, affects_every};
use super::severity::Rating;
use super::version::Version;
use super::{alias, range};
use crate::model::{Ecosystem, Package, Vulnerability};

/// Every vulnerability of every package, in the packages' order, those of one package by id.
#[must_use]
pub fn vulnerabilities(advisories: &[Advisory], packages: &[Package]) -> Vec<Vulnerability> {
    by_package(advisories, packages).into_iter().flatten().collect()
}

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
    packages.iter().map(judge).collect()
}

/// One record that affects the package, over all its entries for it.
struct Match<'a> {
    advisory: &'a Advisory,
    entries: Vec<&'a Affected>,
    hit: Hit,
}

fn of_package(package: &Package, entries: &[(&Advisory, &Affected)]) -> Vec<Vulnerability> {
    let texts = match &package.version {
        Some(version) => std::slice::from_ref(version),
        None => package.candidates.as_slice(),
    };
    let subjects = texts.iter().map(|text| Subject::new(package.ecosystem, text)).collect::<Vec<_>>();
    let mut matches: Vec<Match<'_>> = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    for (advisory, affected) in entries {
        let Some(hit) = judged(advisory, affected, &subjects) else { continue };
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
    let mut found = alias::groups(&records)
        .into_iter()
        .map(|group| vulnerability(package, &group.into_iter().map(|at| &matches[at]).collect::<Vec<_>>()))
        .collect::<Vec<_>>();
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

/// Whether an entry affects any of the subjects; a certain answer before a precaution.
fn judged(advisory: &Advisory, affected: &Affected, subjects: &[Subject<'_>]) -> Option<Hit> {
    // A malware record that says nothing about versions accuses the package itself.
    let silent = affected.ranges.is_empty() && affected.versions.is_empty() && affected.fault.is_empty();
    if affects_every(affected) || (silent && advisory.id.starts_with("MAL-")) {
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
fn vulnerability(package: &Package, group: &[&Match<'_>]) -> Vulnerability {
    let records = || group.iter().map(|one| one.advisory);
    let ids: BTreeSet<&str> = records().map(|record| record.id.as_str()).collect();
    let id = ids.iter().copied().min_by_key(|id| alias::rank(id)).unwrap_or_default();
    let all: BTreeSet<&str> = ids.iter().copied().chain(records().flat_map(|record| &record.aliases).map(String::as_str)).collect();
    let rating = Rating::worst(records());
    let mut by_rank = records().collect::<Vec<_>>();
    by_rank.sort_by_key(|record| alias::rank(&record.id));
    let summary = by_rank.iter().map(|record| &record.summary).find(|summary| !summary.is_empty());
    let published = records().map(|record| &record.published).filter(|published| !published.is_empty()).min();
    let doubts = group.iter().filter_map(|one| one.hit.unevaluated.as_ref());
    Vulnerability {
        id: id.to_owned(),
        malicious: records().any(|record| record.malicious) || all.iter().any(|id| id.starts_with("MAL-")),
        aliases: all.into_iter().filter(|other| *other != id).map(str::to_owned).collect(),
        severity: rating.severity,
        cvss: rating.score,
        cvss_vector: rating.vector,
        informational: informational(group),
        purl: package.purl(),
        relation: package.relation,
        dev: package.dev,
        possible: false,
        paths: package.paths.clone(),
        fixed: fixes(package.ecosystem, group),
        summary: summary.cloned().unwrap_or_default(),
        published: published.cloned(),
        unevaluated: if group.iter().all(|one| one.hit.unevaluated.is_some()) { doubts.min().cloned() } else { None },
        ids: ids.into_iter().map(str::to_owned).collect(),
        known_exploited: None,
        epss: None,
    }
}

/// RustSec's word, if every record of the set is informational: what one database calls a notice and another a
/// vulnerability is a vulnerability.
fn informational(group: &[&Match<'_>]) -> Option<String> {
    let words = || group.iter().flat_map(|one| &one.entries).map(|entry| &entry.informational);
    if words().any(String::is_empty) { None } else { words().min().cloned() }
}

/// The fix versions that no record of the set affects in turn, the least first, each once.
fn fixes(ecosystem: Ecosystem, group: &[&Match<'_>]) -> Vec<String> {
    let mut fixes =
        group.iter().flat_map(|one| &one.hit.fixed).filter_map(|fix| Some((Version::parse(ecosystem, fix)?, fix))).collect::<Vec<_>>();
    fixes.sort();
    fixes.dedup_by(|(a, _), (b, _)| a == b);
    let clean = |fix: &str| {
        let subject = Subject::new(ecosystem, fix);
        !group.iter().flat_map(|one| &one.entries).any(|entry| range::affects(entry, &subject).is_some_and(|hit| hit.unevaluated.is_none()))
    };
    fixes.into_iter().filter(|(_, fix)| clean(fix)).map(|(_, fix)| fix.clone()).collect()
}
