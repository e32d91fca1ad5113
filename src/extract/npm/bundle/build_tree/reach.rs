//! Which packages are inside: those that prove it, and those that the modules of these lead to.

use std::collections::HashSet;

use super::BuildTree;
use super::score::{LEAST_IMPORTED, LEAST_SHARE, Score};
use crate::extract::npm::bundle::feature::Import;
use crate::extract::npm::bundle::module_path::split_name;

/// The share of a module's weight from which on its imports say something.
const LEAST_THERE: f64 = 0.2;
/// The weight of a module that is too small to leave anything.
const TINY: f64 = 1.5;
/// Modules of Node.js that a package may have the name of (nodejs.org, "Built-in modules"); with a slash behind it, a name is the
/// package's.
const BUILT_IN: [&str; 35] = [
    "assert",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "dns",
    "domain",
    "events",
    "fs",
    "http",
    "http2",
    "https",
    "module",
    "net",
    "os",
    "path",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "stream",
    "string_decoder",
    "sys",
    "timers",
    "tls",
    "tty",
    "url",
    "util",
    "vm",
    "zlib",
];

impl BuildTree {
    /// The packages that are inside.
    pub(super) fn inside(&self, scores: &[Score]) -> HashSet<usize> {
        let mut reach = Reach { tree: self, scores, inside: HashSet::new(), seen: HashSet::new(), packages: Vec::new(), todo: Vec::new() };
        (0..scores.len()).filter(|at| scores.get(*at).is_some_and(Score::is_proof)).for_each(|at| reach.take(at));
        for name in &self.asked {
            let import = Import { name: name.clone(), called: false };
            reach.follow("", &import);
            reach.hint("", &import, true);
        }
        loop {
            if let Some((package, module)) = reach.todo.pop() {
                reach.module(package, module);
            } else if let Some(package) = reach.packages.pop() {
                reach.package(package);
            } else {
                return reach.inside;
            }
        }
    }

    /// The package at a place, or where a link there leads.
    fn at(&self, place: &str) -> Option<usize> {
        self.places.get(place).or_else(|| self.places.get(self.links.get(place)?.as_str())).copied()
    }

    /// What a package's name means in a folder, by the way Node.js looks for it (nodejs.org, "Loading from node_modules folders").
    fn resolve(&self, from: &str, name: &str) -> Option<usize> {
        let mut base = from;
        loop {
            let folder = match base {
                "" => "node_modules".to_owned(),
                base if base == "node_modules" || base.ends_with("/node_modules") => base.to_owned(),
                base => format!("{base}/node_modules"),
            };
            if let Some(at) = self.at(&format!("{folder}/{name}")) {
                return Some(at);
            }
            base = match base.rfind('/') {
                _ if base.is_empty() => return None,
                Some(at) => &base[..at],
                None => "",
            };
        }
    }
}

/// A walk along imports.
struct Reach<'a> {
    tree: &'a BuildTree,
    scores: &'a [Score],
    inside: HashSet<usize>,
    seen: HashSet<(usize, usize)>,
    packages: Vec<usize>,
    todo: Vec<(usize, usize)>,
}

impl Reach<'_> {
    /// Takes a package that is inside, with those of its modules of which most is there.
    fn take(&mut self, package: usize) {
        if !self.inside.insert(package) {
            return;
        }
        self.packages.push(package);
        let Some(score) = self.scores.get(package) else { return };
        let matched = score.modules.iter().enumerate().filter(|(_, module)| module.share() >= LEAST_SHARE);
        matched.for_each(|(module, _)| self.push(package, module));
    }

    /// Follows what any module of a package asks for: of it, enough must be there.
    fn package(&mut self, package: usize) {
        let tree = self.tree;
        let Some(installed) = tree.packages.get(package) else { return };
        let Some(score) = self.scores.get(package) else { return };
        let there = installed.modules.iter().zip(&score.modules).filter(|(_, score)| score.share() >= LEAST_THERE);
        let imports = there.flat_map(|(module, _)| &module.imports);
        imports.filter(|import| !import.name.starts_with(['.', '/', '#'])).for_each(|import| self.hint(&installed.place, import, false));
    }

    /// Takes the package of an import, where enough of it is there.
    fn hint(&mut self, place: &str, import: &Import, is_asked: bool) {
        let package = self.named(place, import).map(|(package, _)| package);
        if let Some(package) = package.filter(|at| self.scores.get(*at).is_some_and(|score| score.may_follow(is_asked))) {
            self.take(package);
        }
    }

    /// The package that an import from `place` names, and what follows its name.
    fn named<'i>(&self, place: &str, import: &'i Import) -> Option<(usize, &'i str)> {
        if BUILT_IN.contains(&import.name.as_str()) {
            return None;
        }
        let (name, subpath) = split_name(&import.name)?;
        self.tree.resolve(place, name).map(|package| (package, subpath))
    }

    fn push(&mut self, package: usize, module: usize) {
        if self.seen.insert((package, module)) {
            self.todo.push((package, module));
        }
    }

    /// Follows what a module asks for.
    fn module(&mut self, package: usize, module: usize) {
        let tree = self.tree;
        let Some(installed) = tree.packages.get(package) else { return };
        let Some(module) = installed.modules.get(module) else { return };
        let base = module.inner.rsplit_once('/').map_or("", |(folder, _)| folder);
        for import in &module.imports {
            if import.name.starts_with('.') {
                if let Some(target) = installed.file(base, &import.name).filter(|target| self.fits(package, *target)) {
                    self.reached(package, target, import.called);
                }
            } else if let Some(targets) = installed.internal.get(&import.name) {
                for target in targets {
                    let (name, called) = (target.clone(), import.called);
                    match target.strip_prefix("./").and_then(|path| installed.file("", path)) {
                        Some(module) if self.fits(package, module) => self.reached(package, module, called),
                        Some(_) => {}
                        None => self.follow(&installed.place, &Import { name, called }),
                    }
                }
            } else if !import.name.starts_with(['/', '#']) {
                self.follow(&installed.place, import);
            }
        }
    }

    /// Follows an import of a package from one at `place`.
    fn follow(&mut self, place: &str, import: &Import) {
        let tree = self.tree;
        let Some((package, subpath)) = self.named(place, import) else { return };
        let Some(installed) = tree.packages.get(package) else { return };
        for target in installed.targets(subpath) {
            // What the project merely asks for need not be used.
            let is_there = || self.share(package, target) >= LEAST_SHARE;
            if self.fits(package, target) && (!place.is_empty() || is_there()) {
                self.reached(package, target, import.called);
            }
        }
    }

    /// Whether nothing speaks against a module that something leads to.
    fn fits(&self, package: usize, module: usize) -> bool {
        let score = self.scores.get(package).and_then(|score| score.modules.get(module));
        score.is_some_and(|score| score.weight <= TINY || score.share() >= LEAST_IMPORTED)
    }

    fn share(&self, package: usize, module: usize) -> f64 {
        self.scores.get(package).and_then(|score| score.modules.get(module)).copied().unwrap_or_default().share()
    }

    /// Takes a module that something leads to. What a declaration imports may be shaken out, and a small one leaves nothing to tell.
    fn reached(&mut self, package: usize, module: usize, called: bool) {
        if called || self.share(package, module) >= LEAST_IMPORTED {
            self.take(package);
        }
        self.push(package, module);
    }
}
