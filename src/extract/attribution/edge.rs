//! Edges: who depends on whom among the components that are left.
//!
//! What is installed is asked first: npm packages by the way Node.js looks for a name from their folder, Python distributions
//! by the names of the distributions in the same environment. A lockfile (or a binary's crate list) speaks of its own packages,
//! and where it lies above an installed package, of the dependencies that the installed tree leaves open (archives that only
//! yarn's own loader looks into). An edge has components at both ends; everything else is left out.
//!
//! A requirement of a Python distribution is an edge where it does not hang on an `extra` and what it asks for is installed.

use std::collections::{HashMap, HashSet};

use super::graph::{Components, Graph, node};
use crate::extract::npm::{Modules, Place, package_root, place, specifier};
use crate::extract::owner::Owners;
use crate::extract::pypi::{FIXTURES, base};
use crate::model::{Asked, Ecosystem, EntryPath, Inventory, Link, Package, Relation, Stated, Wish};

/// Folders that are looked through for all names of one artifact.
const STEPS: usize = 20_000_000;

/// What requirements files and pyproject.toml ask for, which is known only as long as their packages are not moot.
pub(super) fn declared(inventory: &Inventory) -> Vec<Asked> {
    let is_asked = |package: &&Package| {
        package.ecosystem == Ecosystem::PyPi && package.relation == Relation::Declared && package.evidence != "pypi/direct-url"
    };
    let asked = inventory.packages.iter().filter(is_asked).flat_map(|package| {
        let wish = Wish { name: Ecosystem::PyPi.folded(&package.name).into(), range: "".into(), needed: false };
        package.paths.iter().map(move |path| Asked { path: path.clone(), ecosystem: Ecosystem::PyPi, names: vec![wish.clone()] })
    });
    asked.collect()
}

/// Makes edges of what was collected. Comes last, when it is settled what the components are.
pub(super) fn settle(inventory: &mut Inventory, declared: Vec<Asked>) {
    let mut collected = std::mem::take(&mut inventory.dependencies);
    collected.asked.extend(declared);
    collected.sort();
    let components = Components::new(&inventory.packages);
    let owners = Owners::new(&inventory.claims);
    let mut graph = Graph::new(components.purls.len(), collected.cut);
    let places = Places::new(&components, &collected.links);
    let heard = |path: &EntryPath| components.speaks(path) || !owners.owns(path) && !in_fixture(path);
    places.answer(&collected.asked, &components, &heard, &collected.stated, &mut graph);
    take_stated(&collected.stated, &components, &heard, &mut graph);
    let mut settled = graph.finished(&components.purls);
    // What has been settled before stays.
    settled.edges.append(&mut collected.edges);
    settled.whole.append(&mut collected.whole);
    settled.distributions = collected.distributions;
    settled.distributions.retain(|one| components.numbers.contains_key(&*one.package) && heard(&one.path));
    settled.sort();
    inventory.dependencies = settled;
}

fn in_fixture(path: &EntryPath) -> bool {
    path.folder().split('/').any(|component| FIXTURES.contains(&component))
}

/// Where what is installed lies.
struct Places<'a> {
    modules: Modules<'a>,
    /// npm packages by their folder.
    folders: HashMap<&'a str, usize>,
    /// Where links to folders lead.
    links: HashMap<&'a str, &'a str>,
    /// Python distributions by the folder of their metadata, or its file.
    metadata: HashMap<&'a str, usize>,
    /// Python distributions by environment and name.
    environments: HashMap<(&'a str, String), usize>,
    /// The only component of a name, wherever it lies; `None` where there are several.
    only: HashMap<String, Option<usize>>,
    /// npm packages that a lockfile of this folder has, by name.
    locked: HashMap<(&'a str, &'a str), Vec<(&'a str, usize)>>,
}

impl<'a> Places<'a> {
    fn new(components: &Components<'a>, links: &'a [Link]) -> Self {
        let mut own = Self {
            modules: Modules::default(),
            folders: HashMap::new(),
            links: links.iter().map(|link| (link.path.as_str(), link.target.as_str())).collect(),
            metadata: HashMap::new(),
            environments: HashMap::new(),
            only: HashMap::new(),
            locked: HashMap::new(),
        };
        for (number, package, path) in components.places() {
            let is_installed = matches!(package.relation, Relation::Installed | Relation::Vendored);
            match package.ecosystem {
                Ecosystem::Npm if is_installed => {
                    own.folders.insert(path.folder(), number);
                }
                Ecosystem::Npm if package.relation == Relation::Locked => {
                    if let Some(version) = &package.version {
                        own.locked.entry((path.folder(), &package.name)).or_default().push((version, number));
                    }
                }
                Ecosystem::PyPi => {
                    let name = Ecosystem::PyPi.folded(&package.name);
                    if is_installed && let Some(base) = base(path.as_str()) {
                        own.metadata.insert(path.folder(), number);
                        own.metadata.insert(path.as_str(), number);
                        own.environments.insert((base, name.clone()), number);
                    }
                    own.only.entry(name).and_modify(|only| *only = only.filter(|other| *other == number)).or_insert(Some(number));
                }
                _ => {}
            }
        }
        let linked = links.iter().filter_map(|link| Some((link.path.as_str(), *own.folders.get(link.target.as_str())?)));
        let installed = own.folders.iter().map(|(folder, number)| (*folder, *number));
        own.modules = Modules::new(installed.chain(linked));
        own
    }

    /// Answers what manifests ask for.
    fn answer(
        &self,
        asked: &[Asked],
        components: &Components<'_>,
        heard: &dyn Fn(&EntryPath) -> bool,
        stated: &[Stated],
        graph: &mut Graph,
    ) {
        let resolved: HashSet<&str> = stated.iter().filter(|one| one.from.is_none()).map(|one| one.path.folder()).collect();
        let mut steps = STEPS;
        for one in asked {
            let Some(from) = self.who(one, heard) else { continue };
            let mut whole = true;
            let folder = one.path.folder();
            let start = self.links.get(folder).copied().unwrap_or(folder);
            let home = if one.ecosystem == Ecosystem::Npm { self.modules.home(start) } else { None };
            for wish in &one.names {
                let mut found = match one.ecosystem {
                    Ecosystem::Npm => self.modules.find(home, &wish.name, &mut steps),
                    _ => self.distribution(&one.path, &wish.name),
                };
                if from.is_none() && one.ecosystem == Ecosystem::Npm && !resolved.contains(folder) {
                    found = found.or_else(|| self.of_lock(folder, wish));
                }
                match found {
                    Some(to) => {
                        graph.add(from, to);
                        graph.answered.extend(components.names.get(to).map(|name| (node(from), *name)));
                    }
                    None => whole &= !wish.needed,
                }
            }
            // A requirements file need not say all, and where nothing is installed the lockfile says it.
            match (from, one.ecosystem) {
                (None, Ecosystem::Npm) if whole || !resolved.contains(folder) => graph.note(None, whole),
                (None, _) => {}
                _ => graph.note(from, whole),
            }
        }
        graph.cut |= steps == 0;
    }

    /// Who asks: a component, the artifact itself (`None`), or nobody that counts.
    fn who(&self, asked: &Asked, heard: &dyn Fn(&EntryPath) -> bool) -> Option<Option<usize>> {
        let path = asked.path.as_str();
        let installed = match asked.ecosystem {
            Ecosystem::Npm => package_root(path).map(|(root, _)| self.folders.get(root)),
            _ => base(path).map(|_| self.metadata.get(asked.path.folder()).or_else(|| self.metadata.get(path))),
        };
        match installed {
            Some(found) => found.map(|number| Some(*number)),
            None if asked.ecosystem == Ecosystem::Npm && place(asked.path.folder()) != Place::Tree => None,
            None => heard(&asked.path).then_some(None),
        }
    }

    /// The distribution that a name means in the environment of a file: the one beside it, or the only one there is.
    fn distribution(&self, path: &EntryPath, name: &str) -> Option<usize> {
        let environment = base(path.as_str()).unwrap_or(path.folder());
        let beside = self.environments.get(&(environment, name.to_owned()));
        beside.or_else(|| self.only.get(name).and_then(Option::as_ref)).copied()
    }

    /// What a name and its range mean where only a lockfile beside the manifest tells: the only version, or the highest that
    /// fits.
    fn of_lock(&self, folder: &str, wish: &Wish) -> Option<usize> {
        let alias = specifier(&wish.range);
        let versions = self.locked.get(&(folder, alias.name.unwrap_or(&wish.name)))?;
        if let [(_, only)] = versions.as_slice() {
            return Some(*only);
        }
        let range = wish.range.rsplit_once('@').map_or(&*wish.range, |(_, range)| range);
        let range = semver::VersionReq::parse(range).ok()?;
        let fitting = versions.iter().filter_map(|(text, number)| Some((semver::Version::parse(text).ok()?, *number)));
        fitting.filter(|(version, _)| range.matches(version)).max().map(|(_, number)| number)
    }
}

/// Takes what lockfiles and crate lists resolve, where no manifest has answered.
fn take_stated(stated: &[Stated], components: &Components<'_>, heard: &dyn Fn(&EntryPath) -> bool, graph: &mut Graph) {
    let mut spoken: Vec<Option<bool>> = vec![None; graph.whole.len()];
    for one in stated.iter().filter(|one| heard(&one.path)) {
        let from = match &one.from {
            None => None,
            Some(purl) => match components.numbers.get(&**purl) {
                None => continue,
                Some(number) => Some(*number),
            },
        };
        let shows = |number: usize| components.shown.contains(&(one.path.as_str(), number));
        // Of what is installed, a lockfile speaks only below its own folder.
        if from.is_some_and(|from| !shows(from) && !components.lies_in(from, one.path.folder())) {
            continue;
        }
        let mut whole = one.whole;
        for purl in &one.on {
            let to = components.numbers.get(&**purl).copied().filter(|to| shows(*to) || from.is_none_or(|from| !shows(from)));
            match to {
                Some(to) => {
                    let name = components.names.get(to).copied().unwrap_or_default();
                    if !graph.answered.contains(&(node(from), name)) {
                        graph.add(from, to);
                    }
                }
                None => whole = false,
            }
        }
        if let Some(slot) = spoken.get_mut(node(from) as usize) {
            *slot = Some(slot.unwrap_or(true) && whole);
        }
    }
    for (own, spoken) in graph.whole.iter_mut().zip(spoken) {
        *own = own.or(spoken);
    }
}
