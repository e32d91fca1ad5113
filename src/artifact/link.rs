//! Symbolic links of one container: each is resolved against the container's own names, once, and its target owns the
//! bytes. A link that leaves, dangles, loops or stands in the way is a problem.

use std::collections::{BTreeMap, HashMap};

use super::name::Sorted;
use super::problem as kind;
use super::walk::Place;
use crate::model::{EntryPath, Inventory, Link, Problem};

/// Links followed for one name before it counts as a loop: Linux' own limit (`path_resolution(7)`).
const HOPS: usize = 40;

/// Components looked up to resolve all links of one container: more than any honest one needs, and few enough to be quick.
const STEPS: usize = 4_000_000;

/// Links of different names to one file or folder; more no tool makes.
const MOST_LINKS: usize = 64;

/// The last two components of a path: what a link is called, and in which folder.
fn ending(path: &EntryPath) -> &str {
    let text = path.as_str();
    text.rmatch_indices('/').nth(1).map_or(text, |(at, _)| &text[at..])
}

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

    /// Resolves every link. `place` gets what links lead to; the links to folders are noted as such.
    pub(crate) fn resolve(&self, names: &Sorted, place: &mut Place<'_>, found: &mut Inventory) {
        let (mut aliases, mut steps): (HashMap<String, Vec<EntryPath>>, usize) = (HashMap::new(), STEPS);
        let problems = &mut found.problems;
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
                Lead::Inside(end)
                    if end.is_empty() || names.has_folder(&end) || names.has_file(&end) && !self.targets.contains_key(&end) =>
                {
                    if names.has_folder(&end)
                        && let Ok(target) = EntryPath::new(&end)
                    {
                        found.dependencies.links.push(Link { path: path.clone(), target: place.path(&target) });
                    }
                    // Links that end alike say the same of what they lead to: a package manager's store has thousands.
                    let links: &mut Vec<EntryPath> = aliases.entry(place.key(&end)).or_default();
                    if !links.iter().any(|known| ending(known) == ending(&path)) {
                        if links.len() < MOST_LINKS {
                            links.push(path);
                        } else {
                            problems.push(Problem::at(
                                &kind::LINK_SHADOW,
                                &path,
                                format!("more than {MOST_LINKS} links lead to `{shown}`"),
                            ));
                        }
                    }
                }
                Lead::Inside(_) => problems.push(Problem::at(&kind::LINK_DANGLING, &path, format!("`{shown}` is not in the artifact"))),
            }
        }
        place.aliases = aliases;
    }

    /// Follows a path through all links on its way. Its time grows with the length of the names, not with its square: the
    /// path so far is one text that is lengthened and cut.
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
                ".." => {
                    if at.is_empty() {
                        return Lead::Outside;
                    }
                    at.truncate(at.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let above = at.len();
            if above > 0 {
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
            at.truncate(above);
            todo.extend(target.split('/').rev());
            if todo.len() > 4096 {
                return Lead::Loop;
            }
        }
        Lead::Inside(at)
    }
}
