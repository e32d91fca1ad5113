//! Symbolic links of one container: each is resolved against the container's own names, once, and its target owns the
//! bytes. A link that leaves, dangles, loops or stands in the way is a problem.

use std::collections::{BTreeMap, HashMap};

use super::name::Sorted;
use super::problem as kind;
use super::walk::Place;
use crate::model::{EntryPath, Problem};

/// Links followed for one name before it counts as a loop: Linux' own limit (`path_resolution(7)`).
const HOPS: usize = 40;

/// Components looked up to resolve all links of one container: more than any honest one needs, and few enough to be quick.
const STEPS: usize = 4_000_000;

/// The links of one container, by their own path.
#[derive(Debug, Default)]
pub(crate) struct Links {
    targets: BTreeMap<String, String>,
}

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
enum Lead {
    /// A path within the container, every link on the way followed.
    Inside(String),
    Outside,
    Loop,
}

impl Links {
    pub(crate) fn add(&mut self, path: &EntryPath, target: String) {
        self.targets.insert(path.as_str().to_owned(), target);
    }

    /// Resolves every link. `place` gets the folders that links lead to.
    pub(crate) fn resolve(&self, names: &Sorted, place: &mut Place<'_>, problems: &mut Vec<Problem>) {
        let (mut aliases, mut steps) = (HashMap::new(), STEPS);
        for (link, target) in &self.targets {
            let Ok(link) = EntryPath::new(link) else { continue };
            let path = place.path(&link);
            let shown = crate::model::escaped(target).into_owned();
            if target.is_empty() || target.contains('\0') {
                problems.push(Problem::at(&kind::LINK_DANGLING, &path, format!("`{shown}` is no path")));
                continue;
            }
            if names.has_folder(link.as_str()) {
                problems.push(Problem::at(&kind::LINK_SHADOW, &path, format!("other entries lie below the link to `{shown}`")));
            }
            match self.follow(link.as_str(), &mut steps) {
                Lead::Outside => problems.push(Problem::at(&kind::LINK_OUTSIDE, &path, format!("the link points to `{shown}`"))),
                Lead::Loop => problems.push(Problem::at(&kind::LINK_LOOP, &path, format!("the link to `{shown}` never arrives"))),
                Lead::Inside(end) if end.is_empty() || names.has_folder(&end) => {
                    if let Ok(end) = EntryPath::new(&end) {
                        aliases.entry(place.path(&end).as_str().to_owned()).or_insert(path);
                    }
                }
                Lead::Inside(end) if names.has_file(&end) && !self.targets.contains_key(&end) => {}
                Lead::Inside(_) => problems.push(Problem::at(&kind::LINK_DANGLING, &path, format!("`{shown}` is not in the artifact"))),
            }
        }
        place.aliases = aliases;
    }

    /// Follows a path through all links on its way.
    fn follow(&self, path: &str, steps: &mut usize) -> Lead {
        let mut todo: Vec<&str> = path.split('/').rev().collect();
        let mut at = String::new();
        let mut hops = 0;
        while let Some(component) = todo.pop() {
            // Longer paths cost more to look up.
            *steps = steps.saturating_sub(1 + at.len() / 64);
            if *steps == 0 {
                return Lead::Loop;
            }
            match component {
                "" | "." => continue,
                ".." if at.is_empty() => return Lead::Outside,
                ".." => {
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let parent = at.len();
            if parent > 0 {
                at.push('/');
            }
            at.push_str(component);
            let Some(target) = self.targets.get(&at) else { continue };
            hops += 1;
            if hops > HOPS {
                return Lead::Loop;
            }
            if target.starts_with('/') || target.starts_with('\\') {
                return Lead::Outside;
            }
            at.truncate(parent);
            todo.extend(target.split('/').rev());
            if todo.len() > 4096 {
                return Lead::Loop;
            }
        }
        Lead::Inside(at)
    }
}
