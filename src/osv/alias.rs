//! Aliases: which records speak of one vulnerability.

use std::collections::HashMap;

use super::advisory::Advisory;

/// Groups advisories that name each other or share an alias, directly or through others (union-find). Gives the groups as
/// indices, each sorted, in the order of their first members.
#[must_use]
pub fn groups(advisories: &[&Advisory]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..advisories.len()).collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, advisory) in advisories.iter().enumerate() {
        for id in std::iter::once(&advisory.id).chain(&advisory.aliases) {
            match seen.get(id.as_str()) {
                Some(&other) => {
                    let (a, b) = (root(&mut parent, at), root(&mut parent, other));
                    // The smaller index leads, so that the order of groups is the order of their first members.
                    parent[a.max(b)] = a.min(b);
                }
                None => {
                    seen.insert(id, at);
                }
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); advisories.len()];
    for at in 0..advisories.len() {
        let leader = root(&mut parent, at);
        groups[leader].push(at);
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// The leader of a set, halving the path to it.
fn root(parent: &mut [usize], mut at: usize) -> usize {
    while parent[at] != at {
        parent[at] = parent[parent[at]];
        at = parent[at];
    }
    at
}

/// Which of two ids is shown: malware first, then GHSA, CVE, RUSTSEC, PYSEC, any other; then by text.
#[must_use]
pub fn rank(id: &str) -> (usize, &str) {
    const PREFIXES: [&str; 5] = ["MAL-", "GHSA-", "CVE-", "RUSTSEC-", "PYSEC-"];
    (PREFIXES.iter().position(|prefix| id.starts_with(prefix)).unwrap_or(PREFIXES.len()), id)
}
