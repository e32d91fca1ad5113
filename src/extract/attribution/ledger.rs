//! The ledger: every file has one owner, and the bytes of all owners are the artifact's.
//!
//! A file belongs to the package that lists it, else to the one whose folder it lies in, the innermost first. What no package
//! claims is code that could not be attributed where a problem says so of the file, the archive or the folder it lies in; else
//! outside the scope where it is named there or is the operating system's; else the function's own. A bundle is divided among the
//! packages in it, and its map goes with what most of it is. An archive that was opened counts as what lies in it:
//! counting both would count it twice.

use std::collections::{HashMap, HashSet};

use super::integrity::Records;
use crate::extract::owner::{Owners, ancestors, source};
use crate::extract::system::System;
use crate::model::{
    Amount, BundleFacts, Claim, ClaimKind, Ecosystem, EntryPath, File, Holding, Inventory, Ownership, Package, ProblemClass, Relation,
    owner,
};

/// Counts every file once, gives each package what it holds, and holds the files against the packages' records.
pub(super) fn settle(inventory: &mut Inventory) {
    let standing = standing(&inventory.packages);
    let own = own_folders(&standing);
    let claims: Vec<&Claim> = inventory.claims.iter().filter(|claim| standing.contains(&*claim.owner)).chain(&own).collect();
    let ledger = Ledger {
        owners: Owners::new(claims.iter().copied()),
        unattributed: unattributed(inventory),
        not_judged: inventory.not_judged.iter().map(|file| file.path.as_str()).collect(),
    };
    let (system, mut records) = (System::new(&inventory.system), Records::new(&claims));
    let opened = opened(&inventory.files);
    let mut ownership = Ownership { unseen: unseen(inventory), ..Ownership::default() };
    let mut holdings: HashMap<&str, Holding> = HashMap::new();
    let bundles: HashMap<&str, &BundleFacts> = inventory.bundles.iter().map(|bundle| (bundle.path.as_str(), bundle)).collect();
    let beside: HashMap<&str, &BundleFacts> =
        inventory.bundles.iter().flat_map(|bundle| bundle.sources.iter().map(move |source| (source.as_str(), bundle))).collect();
    for file in &inventory.files {
        let held = ledger.claim(file.path.as_str());
        records.hold(file, held);
        if opened.contains(file.path.as_str()) {
            continue;
        }
        let path = file.path.as_str();
        if let Some(bundle) = bundles.get(path).or_else(|| beside.get(path)).filter(|_| held.is_none()) {
            divide(file.size, bundle, bundles.contains_key(path), &mut ownership);
            continue;
        }
        let amount = match held {
            Some((claim, is_listed)) => {
                let holding = holdings.entry(&claim.owner).or_default();
                ownership.packages.add(file.size);
                if is_listed { &mut holding.listed } else { &mut holding.located }
            }
            None if ledger.lies_in(&ledger.unattributed, file.path.as_str()) => &mut ownership.unattributed,
            None if ledger.lies_in(&ledger.not_judged, file.path.as_str()) => &mut ownership.not_judged,
            None if system.package(&file.path).is_some() => &mut ownership.not_judged,
            None => &mut ownership.first_party,
        };
        amount.add(file.size);
    }
    for (owner, integrity) in records.integrity(&inventory.problems) {
        holdings.entry(owner).or_default().integrity = Some(integrity);
    }
    let holdings: HashMap<String, Holding> = holdings.into_iter().map(|(owner, holding)| (owner.to_owned(), holding)).collect();
    inventory.changed = records.changed();
    inventory.ownership = ownership;
    hand_out(&mut inventory.packages, holdings);
}

/// Hands a bundle's bytes to the packages in it, to nobody and to the function; a file beside it to whom most of the bundle belongs.
/// It counts as one file there.
fn divide(size: u64, bundle: &BundleFacts, is_itself: bool, ownership: &mut Ownership) {
    let packages = bundle.packages.iter().map(|share| share.bytes).fold(0, u64::saturating_add).min(size);
    let unknown = bundle.unattributed.min(size - packages);
    let own = size - packages - unknown;
    let parts = if is_itself { [packages, unknown, own] } else { [0; 3] };
    let most =
        [packages, unknown, own].into_iter().enumerate().max_by_key(|(at, part)| (*part, std::cmp::Reverse(*at))).map_or(2, |(at, _)| at);
    let amounts = [&mut ownership.packages, &mut ownership.unattributed, &mut ownership.first_party];
    for (at, (amount, bytes)) in amounts.into_iter().zip(parts).enumerate() {
        let is_most = at == most;
        let bytes = if is_most && !is_itself { size } else { bytes };
        *amount += Amount { files: u64::from(is_most), bytes };
    }
}

/// The claims, and the places that have no owner among the packages.
struct Ledger<'a> {
    owners: Owners<'a>,
    unattributed: HashSet<&'a str>,
    not_judged: HashSet<&'a str>,
}

impl<'a> Ledger<'a> {
    /// The claim on a file, and whether a record lists the file or the archive it lies in.
    fn claim(&self, path: &str) -> Option<(&'a Claim, bool)> {
        if let Some(claim) = self.owners.file(path) {
            return Some((claim, matches!(claim.kind, ClaimKind::Listed(_))));
        }
        let above = ancestors(path).find_map(|above| match above.strip_suffix('!').and_then(|archive| self.owners.file(archive)) {
            Some(claim) => Some((claim, matches!(claim.kind, ClaimKind::Listed(_)))),
            None => self.owners.folder(above).map(|claim| (claim, false)),
        });
        // What Python has compiled is whose it was compiled from.
        above.or_else(|| self.owners.file(&source(path)?).map(|claim| (claim, false)))
    }

    /// Whether a file, an archive around it or a folder above it is one of `places`.
    fn lies_in(&self, places: &HashSet<&str>, path: &str) -> bool {
        let is_one = |place: &str| places.contains(place) || place.strip_suffix('!').is_some_and(|archive| places.contains(archive));
        !places.is_empty() && (places.contains(path) || ancestors(path).any(is_one))
    }
}

/// The owners that packages of the inventory stand for.
fn standing(packages: &[Package]) -> HashSet<String> {
    let installed = packages.iter().filter(|package| is_held(package));
    installed.flat_map(|package| &package.paths).map(|path| owner(path.as_str()).to_owned()).collect()
}

/// Whether a package has files of its own. A crate has been compiled into somebody's.
fn is_held(package: &Package) -> bool {
    package.ecosystem != Ecosystem::CratesIo && matches!(package.relation, Relation::Installed | Relation::Vendored)
}

/// The claims of metadata on itself.
fn own_folders(standing: &HashSet<String>) -> Vec<Claim> {
    let is_metadata = |owner: &&String| [".dist-info", ".egg-info", "/EGG-INFO"].iter().any(|end| owner.ends_with(end));
    let metadata = standing.iter().filter(is_metadata).map(|owner| (owner, owner.as_str().into()));
    metadata.flat_map(|(path, owner)| [Claim::folder(&owner, path.as_str()), Claim::module(&owner, path.as_str())]).collect()
}

/// The files, archives and folders whose packages are unknown.
fn unattributed(inventory: &Inventory) -> HashSet<&str> {
    let problems = inventory.problems.iter().filter(|problem| problem.class == ProblemClass::Unattributed);
    problems.filter_map(|problem| problem.path.as_ref()).map(EntryPath::as_str).collect()
}

/// The archives of which something was shown.
fn opened(files: &[File]) -> HashSet<&str> {
    let paths = files.iter().map(|file| file.path.as_str());
    paths.flat_map(|path| path.match_indices("!/").map(|(at, _)| &path[..at])).collect()
}

/// The bytes of entries with a problem that were not shown.
fn unseen(inventory: &Inventory) -> u64 {
    let problems = inventory.problems.iter().filter(|problem| problem.class == ProblemClass::Unseen && problem.bytes > 0);
    let mut unseen: HashMap<&EntryPath, u64> = HashMap::new();
    for (path, bytes) in problems.filter_map(|problem| Some((problem.path.as_ref()?, problem.bytes))) {
        let most = unseen.entry(path).or_default();
        *most = bytes.max(*most);
    }
    if unseen.is_empty() {
        return 0;
    }
    for file in &inventory.files {
        unseen.remove(&file.path);
    }
    unseen.into_values().fold(0, u64::saturating_add)
}

/// Gives each package what its places hold. What one package has taken no other one gets, in whatever order they stand.
fn hand_out(packages: &mut [Package], mut holdings: HashMap<String, Holding>) {
    let mut takers: Vec<&mut Package> = packages.iter_mut().collect();
    takers.iter_mut().for_each(|package| package.holding = None);
    takers.sort_unstable();
    for package in takers.into_iter().filter(|package| is_held(package)) {
        for holding in package.paths.iter().filter_map(|path| holdings.remove(owner(path.as_str()))) {
            **package.holding.get_or_insert_default() += holding;
        }
    }
}
