//! The build's own `node_modules` (`--modules DIR`): what of each installed package survives in a bundle whose paths are gone.
//!
//! A package is inside where enough of what only it has is in the bundle: most of one of its files, weighted by how few packages
//! share each feature, or several literals that no other package has. What a package that is inside imports is inside too, where
//! it is too small to tell or where some of it is there: a bundler follows imports. A package of whose many literals none is in the
//! bundle was shaken out, as long as the tree accounts for most of the bundle; every other package stays a candidate.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::feature::{Feature, Source, is_literal, of_bundle};
use super::module_path::located;
use crate::model::{Absence, BundleTrace, Bundled, Ecosystem, EntryPath, Origin, Package, Relation, purl};

/// Files of a tree, and bytes of one that is read.
const MOST_FILES: usize = 2_000_000;
const LARGEST_FILE: u64 = 4 << 20;
/// The share of a file's weight that must be in the bundle.
const LEAST_SHARE: f64 = 0.5;
/// The same for what a package that is inside imports.
const LEAST_IMPORTED: f64 = 0.3;
/// Features that only one package has: so few that they are no proof of absence.
const FEW: usize = 4;
/// Literals that only one package has, of which none is in the bundle: then it was shaken out.
const MANY: usize = 20;
/// The share of a bundle's texts, in percent, that the tree must account for before anything is ruled out: of ordinary bundles it
/// has 94 to 98, of one whose texts were garbled none.
const LEAST_KNOWN: usize = 75;

/// Folders of a package that no bundle is made of.
const ASIDE: [&str; 10] = ["test", "tests", "__tests__", "spec", "example", "examples", "benchmark", "benchmarks", "docs", "coverage"];

/// A build's `node_modules`, read once.
#[derive(Debug)]
pub struct BuildTree {
    packages: Vec<Installed>,
    /// How many packages have each feature.
    spread: HashMap<Feature, u32>,
    /// Packages that the project itself asks for.
    asked: HashSet<String>,
    /// Where links lead, as pnpm makes them.
    links: HashMap<String, String>,
}

#[derive(Debug)]
struct Installed {
    name: String,
    version: String,
    place: String,
    files: Vec<HashSet<Feature>>,
    all: HashSet<Feature>,
    imports: HashSet<String>,
}

impl BuildTree {
    /// Reads `folder`, which is a `node_modules` or a project with one. What lies behind a link is read where it lies.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let root =
            if folder.file_name().is_some_and(|name| name == "node_modules") { folder.to_owned() } else { folder.join("node_modules") };
        let mut found: BTreeMap<String, Installed> = BTreeMap::new();
        let mut skipped: HashSet<PathBuf> = HashSet::new();
        let mut links: HashMap<String, String> = HashMap::new();
        let (mut todo, mut files) = (vec![root.clone()], 0_usize);
        while let Some(folder) = todo.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let (kind, path) = (entry.file_type()?, entry.path());
                files += 1;
                if files > MOST_FILES {
                    return Err(io::Error::other(format!("more than {MOST_FILES} files")));
                }
                if kind.is_dir() {
                    todo.push(path);
                } else if kind.is_symlink() {
                    links.extend(link(&root, &path));
                } else if kind.is_file() && path.file_name().is_some_and(|name| name == "package.json") {
                    Self::manifest(&root, &path, &mut found, &mut skipped);
                }
            }
        }
        for package in found.values_mut() {
            let base = root.join(package.place.strip_prefix("node_modules/").unwrap_or(&package.place));
            sources(&base, &skipped, &mut package.files, &mut package.imports)?;
            package.all = package.files.iter().flatten().copied().collect();
        }
        let mut spread: HashMap<Feature, u32> = HashMap::new();
        found.values().flat_map(|package| &package.all).for_each(|feature| *spread.entry(*feature).or_default() += 1);
        Ok(Self { packages: found.into_values().collect(), spread, asked: asked(&root), links })
    }

    /// Takes a package's own manifest, and what it replaces for browsers: none of that is in a bundle for Node.js.
    fn manifest(root: &Path, path: &Path, found: &mut BTreeMap<String, Installed>, skipped: &mut HashSet<PathBuf>) {
        let Some(inner) = path.strip_prefix(root).ok().and_then(Path::to_str) else { return };
        let Some(module) = located(&format!("node_modules/{inner}")).filter(|module| module.inner == "package.json") else { return };
        let Some(manifest) = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else { return };
        let text = |key: &str| manifest.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(name), Some(version)) = (text("name"), text("version")) else { return };
        let base = path.parent().unwrap_or(root);
        for field in ["browser", "react-native"] {
            let replaced =
                manifest.get(field).and_then(Value::as_object).into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_str);
            // Bundlers add the extension themselves.
            let files =
                replaced.flat_map(|file| ["", ".js", ".mjs", "/index.js"].map(|end| format!("{}{end}", file.trim_start_matches("./"))));
            skipped.extend(files.map(|file| base.join(file)));
        }
        let place = module.place;
        found.insert(place.clone(), Installed { name, version, place, files: Vec::new(), all: HashSet::new(), imports: HashSet::new() });
    }

    /// Every package of the tree, as a lockfile would name it.
    #[must_use]
    pub fn packages(&self) -> Vec<Package> {
        let Ok(path) = EntryPath::new("node_modules") else { return Vec::new() };
        let package = |installed: &Installed| {
            let mut package =
                Package::new(Ecosystem::Npm, &installed.name, Some(&installed.version), Relation::Locked, &path, "npm/build-tree");
            (package.place, package.origin) = (installed.place.as_str().into(), Origin::Registry);
            package
        };
        self.packages.iter().map(package).collect()
    }

    /// What of the tree is in a bundle, and what certainly is not.
    pub(crate) fn compare(&self, path: &EntryPath, code: &[u8]) -> (BundleTrace, Vec<Absence>) {
        let bundle = of_bundle(code);
        let scores: Vec<Score> = self.packages.iter().map(|package| self.score(package, &bundle.features)).collect();
        let inside = self.inside(&scores);
        let known = bundle.texts.iter().filter(|text| self.spread.contains_key(text)).count();
        let accounts =
            !bundle.cut && bundle.texts.len() >= MANY && known.saturating_mul(100) >= bundle.texts.len().saturating_mul(LEAST_KNOWN);
        let is_out = |at: &usize| accounts && scores.get(*at).is_some_and(|score| score.own_literals >= MANY && score.own_hits == 0);
        let absent = (0..self.packages.len()).filter(|at| !inside.contains(at)).filter(is_out);
        let absences = absent.filter_map(|at| self.packages.get(at)).map(|package| Absence {
            bundle: path.clone(),
            place: package.place.clone(),
            purl: purl(Ecosystem::Npm, &package.name, Some(&package.version)),
        });
        let bundled = |package: &Installed| Bundled {
            name: package.name.clone(),
            version: Some(package.version.clone()),
            place: package.place.clone(),
            bytes: 0,
        };
        let mut packages: Vec<Bundled> = inside.iter().filter_map(|at| self.packages.get(*at)).map(bundled).collect();
        packages.sort_unstable();
        let (evidence, source) = ("npm/build-tree", path.clone());
        let trace = BundleTrace { bundle: path.clone(), source, evidence, packages, own: 0, whole: false, exact: false, size: None };
        (trace, absences.collect())
    }

    fn score(&self, package: &Installed, bundle: &HashSet<Feature>) -> Score {
        let spread = |feature: &Feature| f64::from(self.spread.get(feature).copied().unwrap_or(1).max(1));
        let mut score = Score::default();
        for file in package.files.iter().filter(|file| !file.is_empty()) {
            let (mut weight, mut hit) = (0.0, 0.0);
            for feature in file {
                let worth = 1.0 / spread(feature);
                weight += worth;
                hit += if bundle.contains(feature) { worth } else { 0.0 };
            }
            score.best = score.best.max(hit / (weight + 0.3));
        }
        for feature in &package.all {
            let (is_own, is_hit) = (self.spread.get(feature) == Some(&1), bundle.contains(feature));
            score.hits += usize::from(is_hit);
            if is_own {
                score.own += 1;
                score.own_hits += usize::from(is_hit);
                score.own_literals += usize::from(is_literal(*feature));
                score.own_literal_hits += usize::from(is_hit && is_literal(*feature));
            }
        }
        score.all = package.all.len();
        score
    }

    /// The packages that are inside: those that prove it, and what they import as far as nothing speaks against it.
    fn inside(&self, scores: &[Score]) -> HashSet<usize> {
        let places: HashMap<&str, usize> = self.packages.iter().enumerate().map(|(at, package)| (package.place.as_str(), at)).collect();
        let mut inside: HashSet<usize> = (0..scores.len()).filter(|at| scores.get(*at).is_some_and(Score::is_proof)).collect();
        let own = self.asked.iter().filter_map(|name| self.at(&places, &format!("node_modules/{name}")));
        inside.extend(own.filter(|at| scores.get(*at).is_some_and(|score| score.all > 0 && score.may_follow())));
        let mut todo: Vec<usize> = inside.iter().copied().collect();
        while let Some(at) = todo.pop() {
            let Some(package) = self.packages.get(at) else { continue };
            for import in &package.imports {
                let reached = self.resolve(&places, &package.place, import);
                let fits = |at: &usize| scores.get(*at).is_some_and(Score::may_follow);
                if let Some(at) = reached.filter(fits).filter(|at| inside.insert(*at)) {
                    todo.push(at);
                }
            }
        }
        inside
    }

    /// The package at a place, or where a link there leads.
    fn at(&self, places: &HashMap<&str, usize>, place: &str) -> Option<usize> {
        places.get(place).or_else(|| places.get(self.links.get(place)?.as_str())).copied()
    }

    /// What an import means in a package, by the way Node.js looks for it (nodejs.org, "Loading from node_modules folders").
    fn resolve(&self, places: &HashMap<&str, usize>, from: &str, import: &str) -> Option<usize> {
        let module = located(&format!("node_modules/{import}/x")).or_else(|| located(&format!("node_modules/{import}")))?;
        if import.starts_with(['.', '/']) {
            return None;
        }
        let mut base = from;
        loop {
            if let Some(at) = self.at(places, &format!("{base}/node_modules/{}", module.name)) {
                return Some(at);
            }
            let Some(at) = base.rfind("/node_modules/") else { break };
            // Beside it, too: pnpm keeps a package's dependencies in the folder that the package lies in.
            if let Some(at) = self.at(places, &format!("{}/node_modules/{}", &base[..at], module.name)) {
                return Some(at);
            }
            base = &base[..at];
        }
        self.at(places, &format!("node_modules/{}", module.name))
    }
}

/// How much of a package is in a bundle.
#[derive(Debug, Default)]
struct Score {
    /// The best share of any one file's weight.
    best: f64,
    all: usize,
    hits: usize,
    /// Features that no other package has, and those of them that are literals.
    own: usize,
    own_hits: usize,
    own_literals: usize,
    own_literal_hits: usize,
}

impl Score {
    fn is_proof(&self) -> bool {
        self.best >= LEAST_SHARE && self.own_hits >= 2 || self.own_hits >= 5 && self.own_literal_hits >= 4
    }

    /// Whether nothing speaks against it, for a package that another one imports.
    fn may_follow(&self) -> bool {
        let is_small = self.own <= FEW && self.hits * 10 >= self.all * 3;
        is_small || self.best >= LEAST_IMPORTED && self.own_hits >= (self.own / 10).clamp(self.own.min(1), 3)
    }
}

/// The places of a link and of what it leads to, where both are in the tree.
fn link(root: &Path, path: &Path) -> Option<(String, String)> {
    let place = |path: &Path| Some(format!("node_modules/{}", path.strip_prefix(root).ok()?.to_str()?));
    let target = fs::canonicalize(path).ok()?;
    let root = fs::canonicalize(root).ok()?;
    Some((place(path)?, format!("node_modules/{}", target.strip_prefix(root).ok()?.to_str()?)))
}

/// Reads the scripts of one package, but not of those inside it.
fn sources(base: &Path, skipped: &HashSet<PathBuf>, files: &mut Vec<HashSet<Feature>>, imports: &mut HashSet<String>) -> io::Result<()> {
    let mut todo = vec![base.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            let name = entry.file_name();
            if kind.is_dir() && name != "node_modules" && !ASIDE.iter().any(|aside| name == *aside) {
                todo.push(path);
            } else if kind.is_file()
                && path.extension().is_some_and(|extension| ["js", "cjs", "mjs", "json"].iter().any(|known| extension == *known))
                && name != "package.json"
                && !skipped.contains(&path)
                && ![".browser.", ".native."].iter().any(|other| name.to_str().is_some_and(|name| name.contains(other)))
                && entry.metadata()?.len() <= LARGEST_FILE
            {
                let source = Source::read(&fs::read(&path)?);
                files.push(source.features);
                imports.extend(source.imports);
            }
        }
    }
    Ok(())
}

/// What the project beside the tree asks for.
fn asked(root: &Path) -> HashSet<String> {
    let manifest = root.parent().map(|project| project.join("package.json")).and_then(|path| fs::read(path).ok());
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()).unwrap_or_default();
    let lists =
        ["dependencies", "devDependencies", "optionalDependencies"].into_iter().filter_map(|key| manifest.get(key)?.as_object().cloned());
    lists.flat_map(|list| list.into_iter().map(|(name, _)| name)).collect()
}
