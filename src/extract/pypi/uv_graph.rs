//! Which packages of a uv.lock the project itself needs: the lock says so of none, but has the edges.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Deserialize;

/// A package of the lock with what it asks for.
pub(super) struct Node<'a> {
    pub(super) name: &'a str,
    pub(super) version: Option<&'a str>,
    /// Whether it is the project or a member of its workspace.
    pub(super) is_root: bool,
    pub(super) dependencies: Vec<Asked>,
    /// What its groups of development need.
    pub(super) groups: &'a BTreeMap<String, Vec<Asked>>,
    pub(super) extras: &'a BTreeMap<String, Vec<Asked>>,
}

/// One edge. Its version is written only where the lock has several of the name.
#[derive(Clone, Deserialize)]
pub(super) struct Asked {
    pub(super) name: String,
    pub(super) version: Option<String>,
    #[serde(default)]
    extra: Vec<String>,
}

/// Steps along edges. A lock of 5,000 packages takes some 50,000; one that is made up to take longer has no development packages.
const MOST_STEPS: usize = 5_000_000;

/// The packages that only an extra or a group of the roots needs.
pub(super) fn optional(nodes: &[Node<'_>]) -> HashSet<usize> {
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        by_name.entry(node.name).or_default().push(at);
    }
    let roots = || nodes.iter().filter(|node| node.is_root);
    let needed = reached(nodes, &by_name, roots().flat_map(|node| &node.dependencies));
    let asked = roots().flat_map(|node| node.extras.values().chain(node.groups.values()).flatten());
    match (needed, reached(nodes, &by_name, asked)) {
        (Some(needed), Some(mut optional)) => {
            optional.retain(|at| !needed.contains(at));
            optional
        }
        _ => HashSet::new(),
    }
}

/// Everything that these edges lead to; `None` where that takes too long.
fn reached<'a>(
    nodes: &'a [Node<'_>],
    by_name: &HashMap<&str, Vec<usize>>,
    asked: impl Iterator<Item = &'a Asked>,
) -> Option<HashSet<usize>> {
    let mut seen: HashSet<(usize, Option<&str>)> = HashSet::new();
    let mut edges: Vec<&Asked> = asked.collect();
    let mut steps = 0;
    while let Some(edge) = edges.pop() {
        for &at in by_name.get(edge.name.as_str()).into_iter().flatten() {
            steps += 1 + edge.extra.len();
            let Some(node) = nodes.get(at).filter(|node| edge.version.is_none() || node.version == edge.version.as_deref()) else {
                continue;
            };
            if seen.insert((at, None)) {
                edges.extend(&node.dependencies);
            }
            for extra in edge.extra.iter().map(String::as_str).filter(|extra| node.extras.contains_key(*extra)) {
                if seen.insert((at, Some(extra))) {
                    edges.extend(node.extras.get(extra).into_iter().flatten());
                }
            }
        }
        if steps > MOST_STEPS {
            return None;
        }
    }
    Some(seen.into_iter().map(|(at, _)| at).collect())
}
