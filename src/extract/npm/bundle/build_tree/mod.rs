//! The build's own `node_modules` (`--modules DIR`): what of each installed package survives in a bundle whose paths are gone.
//!
//! A package is inside where enough of what only it has is in the bundle: most of one of its modules, weighted by how few packages
//! share each feature, or several literals that no other package has. From the modules that are inside, their imports lead on, as
//! a bundler follows them: to a module of which some is there, or which is too small to leave anything. A package of whose many
//! literals none is in the bundle was shaken out, as long as the tree accounts for most of the bundle; every other package stays a
//! candidate.

mod folder;
mod package;
mod reach;
mod score;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use self::package::Installed;
use self::score::Score;
use super::detect::unpacks;
use super::feature::{Bundle, Feature, of_bundle};
use crate::model::{Absence, BundleTrace, Bundled, Ecosystem, EntryPath, Origin, Package, Relation, TreeFacts, hex, purl};

/// Literals that only one package has, of which none is in the bundle: then it was shaken out.
const MANY: usize = 20;
/// The share of a bundle's texts, in percent, that the tree must account for before anything is ruled out: of ordinary bundles it
/// has 94 to 98, of one whose texts were garbled none.
const LEAST_KNOWN: usize = 75;

/// Bytes beyond a feature that are taken for the same package's, where no other is: code without any is somebody else's.
const LONGEST_GAP: usize = 1024;

/// A build's `node_modules`, read once.
#[derive(Debug)]
pub struct BuildTree {
    /// The `node_modules` itself.
    root: PathBuf,
    packages: Vec<Installed>,
    /// How many packages have each feature, and one of them.
    spread: HashMap<Feature, Spread>,
    places: HashMap<String, usize>,
    /// Where links lead, as npm makes them to workspaces and pnpm everywhere.
    links: HashMap<String, String>,
    /// Packages that the project itself asks for.
    asked: Vec<String>,
    /// Whether scripts lie in it of which nothing says whose they are: then nothing is ruled out.
    nameless: bool,
}

/// How far a feature is spread.
#[derive(Clone, Copy, Debug)]
struct Spread {
    packages: u32,
    /// One of them.
    one: u32,
    /// Whether all of them have one name: copies of one package, in several versions or places.
    kin: bool,
}

impl BuildTree {
    /// Reads `folder`, which is a `node_modules` or a project with one. What lies behind a link is read where it lies.
    ///
    /// # Errors
    ///
    /// When something of it cannot be read, or a package's manifest is no JSON: what is not known cannot be ruled out.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let folder::Folder { packages, links, asked, nameless } = folder::read(folder)?;
        let mut spread: HashMap<Feature, Spread> = HashMap::new();
        for (one, package) in packages.iter().enumerate() {
            let one = u32::try_from(one).unwrap_or(u32::MAX);
            for feature in &package.all {
                let known = spread.entry(*feature).or_insert(Spread { packages: 0, one, kin: true });
                known.packages += 1;
                known.kin &= packages.get(known.one as usize).is_some_and(|first| first.name == package.name);
            }
        }
        let places = packages.iter().enumerate().map(|(at, package)| (package.place.clone(), at)).collect();
        let inner = folder.join("node_modules");
        let root = if inner.is_dir() { inner } else { folder.to_path_buf() };
        let mut tree = Self { root, packages, spread, places, links, asked, nameless };
        tree.weigh();
        Ok(tree)
    }

    /// Whether a file of the artifact's `node_modules` is the same in the tree: at the same place and with the same bytes.
    #[must_use]
    pub fn has(&self, path: &EntryPath, size: u64, sha256: &str) -> bool {
        const FOLDER: &str = "node_modules/";
        let path = path.as_str();
        // A path within an archive is none on the disk.
        let starts = path.match_indices(FOLDER).filter(|(at, _)| (*at == 0 || path[..*at].ends_with('/')) && !path[*at..].contains('!'));
        starts.map(|(at, _)| self.root.join(&path[at + FOLDER.len()..])).any(|file| is_same(&file, size, sha256).unwrap_or(false))
    }

    /// Every package of the tree, as a lockfile would name it. Those of the workspace without a version are the project's own.
    #[must_use]
    pub fn packages(&self) -> Vec<Package> {
        let Ok(path) = EntryPath::new("node_modules") else { return Vec::new() };
        let package = |installed: &Installed| {
            let version = Some(installed.version.as_str()).filter(|version| !version.is_empty());
            let mut package = Package::new(Ecosystem::Npm, &installed.name, version, Relation::Locked, &path, "npm/build-tree");
            (package.place, package.origin) = (installed.place.as_str().into(), installed.origin());
            package
        };
        self.packages.iter().filter(|package| !package.name.is_empty()).map(package).collect()
    }

    /// What of the tree is in a bundle, and what certainly is not.
    pub(crate) fn compare(&self, path: &EntryPath, code: &[u8], sentences: &[(Feature, usize)]) -> (BundleTrace, Vec<Absence>) {
        let bundle = of_bundle(code);
        let scores: Vec<Score> = self.packages.iter().map(|package| self.score(package, &bundle)).collect();
        let inside = self.inside(&scores);
        let known = bundle.texts.iter().filter(|text| self.spread.contains_key(text)).count();
        // What a program has encoded may be anything.
        let accounts = !self.nameless
            && !unpacks(code)
            && !bundle.cut
            && bundle.texts.len() >= MANY
            && known.saturating_mul(100) >= bundle.texts.len().saturating_mul(LEAST_KNOWN);
        let is_out = |at: &usize| accounts && scores.get(*at).is_some_and(|score| score.own_literals >= MANY && score.is_gone);
        let absent = (0..self.packages.len()).filter(|at| !inside.contains(at)).filter(is_out);
        let absences = absent.filter_map(|at| self.packages.get(at)).map(|package| Absence {
            bundle: path.clone(),
            place: package.place.clone(),
            purl: purl(Ecosystem::Npm, &package.name, Some(&package.version)),
        });
        let bytes = self.bytes(&bundle, &inside, code.len());
        let bundled = |at: usize| {
            let package = self.packages.get(at).filter(|package| package.origin() == Origin::Registry)?;
            let (name, version, place) = (package.name.clone(), Some(package.version.clone()), package.place.clone());
            Some(Bundled { name, version, place, bytes: bytes.get(&at).copied().unwrap_or_default() })
        };
        let mut packages: Vec<Bundled> = inside.iter().filter_map(|at| bundled(*at)).collect();
        packages.sort_unstable();
        let proven =
            scores.iter().zip(&self.packages).filter(|(score, package)| score.is_certain() && package.origin() == Origin::Registry);
        let is_copied = inside.iter().any(|at| {
            let is_registry = self.packages.get(*at).is_some_and(|package| package.origin() == Origin::Registry);
            is_registry && scores.get(*at).is_some_and(Score::is_copied)
        });
        let place = |score: &Score, package: &Installed| if score.is_this_copy() { package.place.clone() } else { String::new() };
        let proven = proven.map(|(score, package)| (package.name.clone(), place(score, package))).collect();
        let unknown = || sentences.iter().filter(|(text, _)| !self.spread.contains_key(text));
        let (known, unknown_bytes) = (sentences.len() - unknown().count(), unknown().map(|(_, length)| *length as u64).sum());
        let likely = inside.iter().filter(|at| scores.get(**at).is_some_and(Score::is_all_there));
        let likely = likely.filter_map(|at| self.packages.get(*at)).filter(|package| package.origin() == Origin::Registry);
        let mut likely: Vec<String> = likely.map(|package| package.name.clone()).collect();
        likely.sort_unstable();
        let tree = Some(TreeFacts { texts: sentences.len(), known, unknown_bytes, proven, likely, is_copied });
        (BundleTrace { packages, tree, ..BundleTrace::new(path, path, "npm/build-tree") }, absences.collect())
    }

    /// An estimate of how much of a bundle is each package's: modules stand in one piece, so what lies between two features of one
    /// package is its own, and between those of two the half of each.
    fn bytes(&self, bundle: &Bundle, inside: &HashSet<usize>, length: usize) -> HashMap<usize, u64> {
        let owner = |feature: &Feature| {
            let spread = self.spread.get(feature).filter(|spread| spread.packages == 1)?;
            Some(spread.one as usize).filter(|one| inside.contains(one))
        };
        let mut spots: Vec<(usize, usize)> =
            bundle.spots.iter().filter_map(|(at, feature)| Some((*at, owner(feature)?))).filter(|(at, _)| *at < length).collect();
        spots.sort_unstable();
        let mut bytes: HashMap<usize, u64> = HashMap::new();
        for pair in spots.windows(2) {
            let [(from, one), (to, other)] = pair else { continue };
            let half = |share: usize| share.min(LONGEST_GAP) as u64;
            let gap = to - from;
            *bytes.entry(*one).or_default() += half(gap - gap / 2);
            *bytes.entry(*other).or_default() += half(gap / 2);
        }
        bytes
    }
}

impl Installed {
    fn origin(&self) -> Origin {
        if self.version.is_empty() || !self.place.starts_with("node_modules/") && !self.place.contains("/node_modules/") {
            Origin::FirstParty
        } else {
            Origin::Registry
        }
    }
}
/// Whether the file on the disk has this size and this hash.
fn is_same(file: &Path, size: u64, sha256: &str) -> io::Result<bool> {
    let mut file = File::open(file)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() != size {
        return Ok(false);
    }
    let mut digest = Sha256::new();
    let mut piece = vec![0; 256 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&digest.finalize()) == sha256),
            read => digest.update(&piece[..read]),
        }
    }
}
