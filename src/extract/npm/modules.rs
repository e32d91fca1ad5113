//! Modules: which installed package a name means to the code of a folder (nodejs.org, "Loading from node_modules folders").

use std::collections::{HashMap, HashSet};

use crate::extract::owner::ancestors;

/// Where the platform mounts layers, in front of which it puts nothing: `NODE_PATH` comes last.
const LAYER_HOMES: &str = "opt!/nodejs";

/// The members of all `node_modules` folders, by the folders that have one. Of folders only their paths count, so a
/// lockfile's locations will do.
#[derive(Debug, Default)]
pub(crate) struct Modules<'a> {
    /// Folders that have a `node_modules` folder.
    homes: HashMap<&'a str, usize>,
    /// The lengths of their paths: most folders need not even be hashed.
    lengths: HashSet<usize>,
    /// The next home above each.
    above: Vec<Option<usize>>,
    members: HashMap<(usize, &'a str), usize>,
    /// Homes that every process of a function with layers looks into.
    last: Vec<usize>,
}

impl<'a> Modules<'a> {
    /// Takes folders and links, each with the number of the package that is found there; those that are no direct members of
    /// a `node_modules` folder are nobody's to find.
    pub(crate) fn new(places: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let mut modules = Self::default();
        for (folder, package) in places {
            let Some((home, name)) = member(folder) else { continue };
            let count = modules.homes.len();
            let home = *modules.homes.entry(home).or_insert(count);
            modules.members.entry((home, name)).or_insert(package);
        }
        modules.lengths = modules.homes.keys().map(|home| home.len()).collect();
        modules.above = vec![None; modules.homes.len()];
        for (home, &number) in &modules.homes {
            let above = if ends_archive(home) { None } else { upwards(home).skip(1).find_map(|folder| modules.homes.get(folder)) };
            if let Some(slot) = modules.above.get_mut(number) {
                *slot = above.copied();
            }
        }
        let mut last: Vec<_> = modules.homes.iter().filter(|(home, _)| home.starts_with(LAYER_HOMES)).collect();
        last.sort_unstable();
        modules.last = last.into_iter().map(|(_, number)| *number).collect();
        modules
    }

    /// The home from which the code of `folder` starts to look.
    pub(crate) fn home(&self, folder: &str) -> Option<usize> {
        upwards(folder).filter(|above| self.lengths.contains(&above.len())).find_map(|above| self.homes.get(above)).copied()
    }

    /// What `name` means to code that starts at `home`. Each look costs one of `steps`; where none is left nothing is found.
    pub(crate) fn find(&self, home: Option<usize>, name: &str, steps: &mut usize) -> Option<usize> {
        let mut at = home;
        while let Some(home) = at {
            *steps = steps.checked_sub(1)?;
            if let Some(package) = self.members.get(&(home, name)) {
                return Some(*package);
            }
            at = self.above.get(home).copied().flatten();
        }
        for home in &self.last {
            *steps = steps.checked_sub(1)?;
            if let Some(package) = self.members.get(&(*home, name)) {
                return Some(*package);
            }
        }
        None
    }
}

/// The folder whose `node_modules` has `folder` as a direct member, and the name it has there.
pub(crate) fn member(folder: &str) -> Option<(&str, &str)> {
    const MODULES: &str = "node_modules/";
    let at = folder.rmatch_indices(MODULES).map(|(at, _)| at).find(|at| *at == 0 || folder[..*at].ends_with('/'))?;
    let name = &folder[at + MODULES.len()..];
    let slashes = name.matches('/').count();
    let is_name = !name.is_empty() && slashes == usize::from(name.starts_with('@'));
    is_name.then_some((&folder[..at.saturating_sub(1)], name))
}

/// A folder and those above it, up to the top of the archive that it lies in.
fn upwards(folder: &str) -> impl Iterator<Item = &str> {
    let top = (!folder.contains("!/") && !ends_archive(folder) && !folder.is_empty()).then_some("");
    let mut passed = false;
    let within = std::iter::once(folder).chain(ancestors(folder)).take_while(move |above| {
        let was = passed;
        passed = ends_archive(above);
        !was
    });
    within.chain(top)
}

fn ends_archive(folder: &str) -> bool {
    folder.ends_with('!')
}

#[cfg(test)]
mod tests {
    use super::{Modules, member};

    #[test]
    fn members() {
        for (folder, expected) in [
            ("node_modules/a", Some(("", "a"))),
            ("node_modules/a/node_modules/@s/b", Some(("node_modules/a", "@s/b"))),
            ("x/node_modules/.pnpm/a@1/node_modules/a", Some(("x/node_modules/.pnpm/a@1", "a"))),
            ("l.zip!/node_modules/a", Some(("l.zip!", "a"))),
            ("node_modules/@s", None),
            ("node_modules/.store/a/package", None),
            ("my_node_modules/a", None),
            ("packages/a", None),
        ] {
            assert_eq!(member(folder), expected, "{folder}");
        }
    }

    #[test]
    fn the_nearest_one_is_meant() {
        let places = [
            "node_modules/a",
            "node_modules/b",
            "node_modules/a/node_modules/b",
            "f/node_modules/c",
            "l.zip!/node_modules/d",
            "opt!/nodejs/node_modules/e",
            "node_modules/.pnpm/p@1/node_modules/p",
            "node_modules/.pnpm/node_modules/q",
        ];
        let modules = Modules::new(places.into_iter().zip(0..));
        let find = |folder: &str, name: &str| modules.find(modules.home(folder), name, &mut 100).map(|at| places[at]);
        assert_eq!(find("", "b"), Some("node_modules/b"));
        assert_eq!(find("node_modules/a", "b"), Some("node_modules/a/node_modules/b"));
        assert_eq!(find("node_modules/a/node_modules/b", "a"), Some("node_modules/a"));
        assert_eq!(find("node_modules/b", "b"), Some("node_modules/b"));
        assert_eq!(find("f", "a"), Some("node_modules/a"));
        assert_eq!(find("f", "c"), Some("f/node_modules/c"));
        assert_eq!(find("", "c"), None);
        assert_eq!(find("l.zip!/node_modules/d", "a"), None);
        assert_eq!(find("node_modules/a", "d"), None);
        assert_eq!(find("node_modules/a", "e"), Some("opt!/nodejs/node_modules/e"));
        assert_eq!(find("node_modules/.pnpm/p@1/node_modules/p", "q"), Some("node_modules/.pnpm/node_modules/q"));
        assert_eq!(find("node_modules/.pnpm/p@1/node_modules/p", "a"), Some("node_modules/a"));
        assert_eq!(modules.find(modules.home("f"), "a", &mut 1), None);
    }
}
