//! The graph under construction: components by number, and edges between numbers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::model::{Dependencies, Edge, EntryPath, Package};

/// Edges of one artifact.
const MOST_EDGES: usize = 1_000_000;

/// The components, numbered: one for each purl.
pub(super) struct Components<'a> {
    pub(super) purls: Vec<Arc<str>>,
    pub(super) numbers: HashMap<Arc<str>, usize>,
    /// Each component's number without its version: packages of one name share it.
    pub(super) names: Vec<usize>,
    packages: Vec<Vec<&'a Package>>,
    /// Each file that shows packages, with the packages that it shows.
    pub(super) shown: HashSet<(&'a str, usize)>,
    paths: HashSet<&'a str>,
}

impl<'a> Components<'a> {
    pub(super) fn new(all: &'a [Package]) -> Self {
        let mut own = Self {
            purls: Vec::new(),
            numbers: HashMap::new(),
            names: Vec::new(),
            packages: Vec::new(),
            shown: HashSet::new(),
            paths: HashSet::new(),
        };
        let mut names: HashMap<String, usize> = HashMap::new();
        for package in all {
            let purl: Arc<str> = Arc::from(package.purl());
            let number = *own.numbers.entry(Arc::clone(&purl)).or_insert(own.purls.len());
            if number == own.purls.len() {
                let count = names.len();
                let name = purl.split('@').next().unwrap_or_default().to_owned();
                own.names.push(*names.entry(name).or_insert(count));
                own.purls.push(purl);
                own.packages.push(Vec::new());
            }
            if let Some(same) = own.packages.get_mut(number) {
                same.push(package);
            }
            own.shown.extend(package.paths.iter().map(|path| (path.as_str(), number)));
            own.paths.extend(package.paths.iter().map(EntryPath::as_str));
        }
        own
    }

    /// Whether a component is known by this file.
    pub(super) fn speaks(&self, path: &EntryPath) -> bool {
        self.paths.contains(path.as_str())
    }

    /// Every place of every component.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, &'a Package, &'a EntryPath)> {
        let all = self.packages.iter().enumerate().flat_map(|(number, same)| same.iter().map(move |package| (number, *package)));
        all.flat_map(|(number, package)| package.paths.iter().map(move |path| (number, package, path)))
    }

    /// Whether a package lies below a folder.
    pub(super) fn lies_in(&self, number: usize, folder: &str) -> bool {
        self.packages.get(number).into_iter().flatten().any(|package| package.paths.iter().any(|path| path.is_in(folder)))
    }
}

/// The edges under construction. Number 0 is the artifact; components count from 1.
pub(super) struct Graph {
    edges: Vec<(u32, u32)>,
    /// Which names a component's own manifest has found.
    pub(super) answered: HashSet<(u32, usize)>,
    /// Whether all of a component's dependencies are edges; `None` where nothing says what it depends on.
    pub(super) whole: Vec<Option<bool>>,
    pub(super) cut: bool,
}

/// The number of a component in the graph; the artifact itself is `None`.
pub(super) fn node(component: Option<usize>) -> u32 {
    component.and_then(|number| u32::try_from(number + 1).ok()).unwrap_or(0)
}

impl Graph {
    pub(super) fn new(components: usize, cut: bool) -> Self {
        Self { edges: Vec::new(), answered: HashSet::new(), whole: vec![None; components + 1], cut }
    }

    pub(super) fn add(&mut self, from: Option<usize>, to: usize) {
        let (from, to) = (node(from), node(Some(to)));
        if from == to {
            return;
        }
        if self.edges.len() >= 2 * MOST_EDGES {
            self.shrink();
        }
        if self.edges.len() < 2 * MOST_EDGES {
            self.edges.push((from, to));
        }
    }

    /// Equal edges once, and no more than there may be.
    fn shrink(&mut self) {
        self.edges.sort_unstable();
        self.edges.dedup();
        self.cut |= self.edges.len() > MOST_EDGES;
        self.edges.truncate(MOST_EDGES);
    }

    /// Notes whether a file knew all dependencies; of several that speak of one component, all must.
    pub(super) fn note(&mut self, from: Option<usize>, whole: bool) {
        if let Some(slot) = self.whole.get_mut(node(from) as usize) {
            *slot = Some(slot.unwrap_or(true) && whole);
        }
    }

    pub(super) fn finished(mut self, purls: &[Arc<str>]) -> Dependencies {
        self.shrink();
        let purl = |node: u32| (node as usize).checked_sub(1).and_then(|number| purls.get(number)).cloned();
        let edges = self.edges.iter().filter_map(|&(from, to)| Some(Edge { from: purl(from), to: purl(to)? })).collect();
        let whole = (0_u32..).zip(&self.whole).filter(|(_, whole)| **whole == Some(true) && !self.cut).map(|(node, _)| purl(node));
        Dependencies { edges, whole: whole.collect(), cut: self.cut, ..Dependencies::default() }
    }
}
