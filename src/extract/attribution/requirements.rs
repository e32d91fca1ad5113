//! Requirements files that speak of others: what they include is read as part of them, their constraints pin what they ask for,
//! and an include that leads nowhere is said.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::extract::owner::{Owners, ancestors};
use crate::extract::problem::{MANIFEST_MALFORMED, REQUIREMENT_UNRESOLVED};
use crate::extract::pypi::{Asked, FIXTURES, REQUIREMENTS, base, is_development, is_requirements, read_requirements};
use crate::model::{Draft, Ecosystem, EntryPath, Inventory, LAYERS, Package, Problem};

/// Problems that one file raises; a file of nothing else would fill the report.
const MOST_NAMED: usize = 20;

/// Which requirements files are read as one.
#[derive(Debug, Default)]
pub(super) struct Included {
    /// The number of each file's build.
    builds: HashMap<EntryPath, usize>,
    /// The folders of the files with which each build begins.
    folders: Vec<BTreeSet<String>>,
}

impl Included {
    /// Where one file of a build speaks of what is installed, so do all of them.
    pub(super) fn spread(&self, paths: &mut HashSet<EntryPath>) {
        let builds: HashSet<usize> = paths.iter().filter_map(|path| self.builds.get(path)).copied().collect();
        paths.extend(self.builds.iter().filter(|(_, build)| builds.contains(build)).map(|(path, _)| path.clone()));
    }

    /// The other folders that a file speaks of: those of the files that have it read.
    pub(super) fn scopes(&self, path: &EntryPath) -> impl Iterator<Item = &str> {
        let folders = self.builds.get(path).and_then(|build| self.folders.get(*build));
        folders.into_iter().flatten().map(String::as_str)
    }
}

/// Takes in what the requirements files that count include, and applies their constraints.
pub(super) fn settle(inventory: &mut Inventory) -> Included {
    let mut drafts = std::mem::take(&mut inventory.drafts);
    if !drafts.iter().any(|draft| is_requirements(&draft.path)) {
        return Included::default();
    }
    drafts.sort_unstable();
    let mut reading = Reading::new(&drafts);
    let owners = Owners::new(&inventory.claims);
    for draft in drafts.iter().filter(|draft| is_requirements(&draft.path) && !owners.owns(&draft.path)) {
        reading.read(draft, is_development(draft.path.file_name()));
    }
    let builds = reading.builds();
    let pins = reading.pins(&inventory.packages, &builds);
    reading.take_in(inventory);
    constrain(&mut inventory.packages, &pins, &builds);
    builds
}

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Use {
    /// For its requirements; the flag says whether only development asks for them.
    Install { is_dev: bool },
    /// For the versions it pins.
    Constrain,
}

/// The versions that constraints pin, by build and folded name.
type Pins = HashMap<(usize, String), BTreeSet<String>>;

/// The requirements files while they are being followed.
struct Reading<'a> {
    drafts: HashMap<&'a str, &'a Draft>,
    /// What each file says that has been followed.
    asked: BTreeMap<&'a EntryPath, Asked>,
    seen: HashSet<(EntryPath, Use)>,
    edges: BTreeSet<(EntryPath, usize, EntryPath)>,
    problems: BTreeSet<(EntryPath, usize, String)>,
}

impl<'a> Reading<'a> {
    fn new(drafts: &'a [Draft]) -> Self {
        let drafts = drafts.iter().map(|draft| (draft.path.as_str(), draft)).collect();
        Self { drafts, asked: BTreeMap::new(), seen: HashSet::new(), edges: BTreeSet::new(), problems: BTreeSet::new() }
    }

    /// Follows the includes of a file, each file once a use: cycles end, and the order of the lines does not matter.
    fn read(&mut self, draft: &'a Draft, is_dev: bool) {
        let mut open = vec![(draft, Use::Install { is_dev })];
        while let Some((draft, used)) = open.pop() {
            if !self.seen.insert((draft.path.clone(), used)) {
                continue;
            }
            let asked = self.asked.entry(&draft.path).or_insert_with(|| read_requirements(&draft.path, &draft.text));
            let nameless = asked.nameless.iter().map(|line| (draft.path.clone(), *line, "installs something without a name".to_owned()));
            self.problems.extend(nameless);
            for include in &asked.includes {
                let Some(path) = target(&draft.path, &include.target) else {
                    self.problems.insert((draft.path.clone(), include.line, missing(&include.target)));
                    continue;
                };
                let used = match used {
                    _ if include.is_constraint => Use::Constrain,
                    // What constraints include is installed (pip, `_parse_and_recurse`).
                    Use::Constrain => Use::Install { is_dev: false },
                    install @ Use::Install { .. } => install,
                };
                match self.drafts.get(path.as_str()) {
                    Some(draft) => open.push((draft, used)),
                    None => drop(self.seen.insert((path.clone(), used))),
                }
                self.edges.insert((draft.path.clone(), include.line, path));
            }
        }
    }

    fn is_used(&self, path: &EntryPath, used: Use) -> bool {
        self.seen.contains(&(path.clone(), used))
    }

    /// The versions that files of constraints pin.
    fn pins(&self, packages: &[Package], builds: &Included) -> Pins {
        let mut pins = Pins::new();
        let drafted = self.asked.values().flat_map(|asked| &asked.packages);
        let named = packages.iter().filter(|package| package.evidence == REQUIREMENTS);
        for package in drafted.chain(named) {
            let constrains = package.paths.iter().filter(|path| self.is_used(path, Use::Constrain));
            for build in constrains.filter_map(|path| builds.builds.get(path)) {
                let key = (*build, Ecosystem::PyPi.folded(&package.name));
                pins.entry(key).or_default().extend(package.version.clone());
            }
        }
        pins
    }

    /// Adds the packages of files that are included, and says which of them are not there or cannot be read.
    fn take_in(&mut self, inventory: &mut Inventory) {
        let is_deployed = |path: &EntryPath| self.is_used(path, Use::Install { is_dev: false });
        for (path, asked) in self.asked.iter().filter(|(path, _)| !is_requirements(path)) {
            if is_deployed(path) || self.is_used(path, Use::Install { is_dev: true }) {
                inventory.packages.extend(asked.packages.iter().cloned());
            }
            inventory.problems.extend(asked.fault.iter().map(|fault| Problem::at(&MANIFEST_MALFORMED, path, fault.clone())));
        }
        // A file that says of itself that it constrains is no list of packages where it is used as such.
        let constrains =
            |path: &EntryPath| path.file_name().contains("constraint") && self.is_used(path, Use::Constrain) && !is_deployed(path);
        inventory.packages.retain(|package| package.evidence != REQUIREMENTS || !package.paths.iter().all(constrains));
        for package in inventory.packages.iter_mut().filter(|package| package.evidence == REQUIREMENTS) {
            // What the deployed file includes is deployed, whatever its name says.
            package.dev &= !package.paths.iter().any(is_deployed);
        }
        let wanted: HashSet<&str> = self.edges.iter().map(|(_, _, to)| to.as_str()).collect();
        let shown: HashSet<&str> = inventory.files.iter().map(|file| file.path.as_str()).filter(|path| wanted.contains(path)).collect();
        for (from, line, to) in &self.edges {
            let is_read = self.drafts.contains_key(to.as_str()) || is_requirements(to);
            match shown.contains(to.as_str()) {
                true if is_read => continue,
                true => self.problems.insert((from.clone(), *line, format!("includes `{to}`, which is not read as a requirements file"))),
                false => self.problems.insert((from.clone(), *line, missing(to.as_str()))),
            };
        }
        let mut named: HashMap<&EntryPath, usize> = HashMap::new();
        for (path, line, what) in &self.problems {
            let count = named.entry(path).or_default();
            *count += 1;
            if *count <= MOST_NAMED {
                inventory.problems.push(Problem::at(&REQUIREMENT_UNRESOLVED, path, format!("line {line} {what}")));
            }
        }
    }

    /// The files that are connected.
    fn builds(&self) -> Included {
        let mut included = Included::default();
        let mut neighbours: BTreeMap<&EntryPath, Vec<&EntryPath>> = BTreeMap::new();
        for (from, _, to) in &self.edges {
            neighbours.entry(from).or_default().push(to);
            neighbours.entry(to).or_default().push(from);
        }
        for start in neighbours.keys().copied() {
            if included.builds.contains_key(start) {
                continue;
            }
            let build = included.folders.len();
            let mut folders = BTreeSet::new();
            let mut open = vec![start];
            while let Some(path) = open.pop() {
                if included.builds.insert(path.clone(), build).is_none() {
                    open.extend(neighbours.get(path).into_iter().flatten());
                    if is_requirements(path) && folders.len() < MOST_NAMED {
                        folders.insert(path.folder().to_owned());
                    }
                }
            }
            included.folders.push(folders);
        }
        included
    }
}

fn missing(target: &str) -> String {
    format!("includes `{target}`, which is not in the artifact")
}

/// Gives what is asked for without a version the one that a constraint of the same build pins; several are all candidates.
fn constrain(packages: &mut [Package], pins: &Pins, builds: &Included) {
    for package in packages.iter_mut().filter(|package| package.evidence == REQUIREMENTS && package.version.is_none()) {
        let Some(build) = package.paths.iter().find_map(|path| builds.builds.get(path)) else { continue };
        let Some(versions) = pins.get(&(*build, Ecosystem::PyPi.folded(&package.name))) else { continue };
        let mut each = versions.iter();
        match (each.next(), each.next()) {
            (Some(one), None) => package.version = Some(one.clone()),
            _ => package.candidates = versions.iter().cloned().collect(),
        }
    }
}

/// The path that an include means: from the folder of the file that includes it, an absolute one from the top of the file system
/// that the artifact is.
fn target(from: &EntryPath, target: &str) -> Option<EntryPath> {
    if target.contains("://") || target.contains('\\') {
        return None;
    }
    let folder = from.folder();
    let top = folder.rfind('!').map_or("", |at| &folder[..=at]);
    let mut components: Vec<&str> = folder[top.len()..].split('/').filter(|component| !component.is_empty()).collect();
    if target.starts_with('/') {
        components.clear();
    }
    for component in target.split('/') {
        match component {
            "" | "." => {}
            ".." => drop(components.pop()?),
            _ => components.push(component),
        }
    }
    let inner = EntryPath::new(&components.join("/")).ok()?;
    // Only a path that is there has a prefix that is an archive.
    match top.strip_suffix('!') {
        Some(outer) => from.prefix(outer.len()).map(|outer| outer.nested(&inner)),
        None => Some(inner),
    }
}

/// Takes back `requirement-unresolved` where installed distributions speak for themselves, in what belongs to a package, and in
/// test data beside something real.
pub(super) fn quiet(inventory: &mut Inventory) {
    if !inventory.problems.iter().any(|problem| problem.kind == REQUIREMENT_UNRESOLVED.id) {
        return;
    }
    let owners = Owners::new(&inventory.claims);
    let distributions = || inventory.packages.iter().filter(|package| package.ecosystem == Ecosystem::PyPi);
    let installed: Vec<&EntryPath> =
        distributions().filter(|package| package.relation.is_inside()).flat_map(|package| &package.paths).collect();
    // Below the file's folder, or where its code finds them.
    let served: HashSet<&str> = installed.iter().flat_map(|path| ancestors(path.as_str()).chain([""])).collect();
    let serves_all = |path: &&EntryPath| path.is_in(LAYERS) || base(path.as_str()).is_some_and(|base| base.contains("lib/python"));
    let is_served = installed.iter().any(|path| serves_all(path));
    let homes: HashSet<&str> = installed.iter().filter_map(|path| base(path.as_str())).collect();
    let is_serious = distributions().next().is_some();
    inventory.problems.retain(|problem| {
        let path = problem.path.as_ref().filter(|_| problem.kind == REQUIREMENT_UNRESOLVED.id);
        path.is_none_or(|path| {
            let in_fixture = path.folder().split('/').any(|component| FIXTURES.contains(&component));
            let is_known =
                is_served || served.contains(path.folder()) || ancestors(path.as_str()).chain([""]).any(|above| homes.contains(above));
            !owners.owns(path) && !is_known && !(is_serious && in_fixture)
        })
    });
}
