//! What the bills of materials say about dependencies: who depends on whom, and where that is not all.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Facts, Package};

/// The dependencies of one artifact's components, by purl.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    /// What the artifact itself depends on: what its manifests ask for, and what nothing else in it depends on.
    pub(super) direct: BTreeSet<&'a str>,
    /// What each component depends on.
    pub(super) on: BTreeMap<&'a str, BTreeSet<&'a str>>,
    /// The components that depend on nothing else than that.
    pub(super) whole: BTreeSet<&'a str>,
    /// Whether the artifact's own manifests ask for all of `direct`, and for nothing else.
    pub(super) is_direct_whole: bool,
}

/// The graph of an artifact: its edges, and an edge from the artifact to whatever could not be reached without it.
pub(super) fn graph<'a>(facts: &Facts, by_purl: &'a BTreeMap<String, Vec<&Package>>) -> Graph<'a> {
    let dependencies = &facts.inventory.dependencies;
    let known = |purl: &str| by_purl.get_key_value(purl).map(|(purl, _)| purl.as_str());
    let mut graph = Graph::default();
    let mut asked_for = BTreeSet::new();
    for edge in &dependencies.edges {
        match (&edge.from, known(&edge.to)) {
            (_, None) => {}
            (None, Some(to)) => {
                graph.direct.insert(to);
            }
            (Some(from), Some(to)) => {
                if let Some(from) = known(from) {
                    graph.on.entry(from).or_default().insert(to);
                    asked_for.insert(to);
                }
            }
        }
    }
    graph.is_direct_whole = dependencies.whole.iter().any(Option::is_none);
    graph.whole = dependencies.whole.iter().flatten().filter_map(|purl| known(purl)).collect();

    let mut reached = BTreeSet::new();
    graph.reach(graph.direct.iter().copied().collect(), &mut reached);
    let all = || by_purl.keys().map(String::as_str);
    // First what nothing depends on; then what only depends on each other, of which one has to be named.
    for purl in all().filter(|purl| !asked_for.contains(purl)).chain(all()) {
        if !reached.contains(purl) {
            graph.direct.insert(purl);
            graph.is_direct_whole = false;
            graph.reach(vec![purl], &mut reached);
        }
    }
    graph
}

impl<'a> Graph<'a> {
    /// Notes everything that is reached from `todo`.
    fn reach(&self, mut todo: Vec<&'a str>, reached: &mut BTreeSet<&'a str>) {
        while let Some(purl) = todo.pop() {
            if reached.insert(purl) {
                todo.extend(self.on.get(purl).into_iter().flatten());
            }
        }
    }
}
