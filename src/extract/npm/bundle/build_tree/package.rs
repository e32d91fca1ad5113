//! A package of the build's own tree: its modules, what they ask for, and which of them answer to which specifier.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::extract::npm::bundle::feature::{Feature, Import};

/// What a bundler adds to a path that names no file (nodejs.org, "Modules: CommonJS modules", "All together"; esbuild.github.io,
/// "Resolve extensions").
const ENDINGS: [&str; 14] =
    ["", ".js", ".cjs", ".mjs", ".json", ".ts", ".cts", ".mts", ".tsx", ".jsx", "/index.js", "/index.cjs", "/index.mjs", "/index.ts"];
/// Targets of one specifier: as many conditions as any manifest has.
const MOST_TARGETS: usize = 64;
/// How deep conditions nest.
const DEEPEST: usize = 8;

/// A module, and what of it can survive a minifier.
#[derive(Debug)]
pub(super) struct Module {
    /// Its path in the package.
    pub(super) inner: String,
    pub(super) features: Box<[Feature]>,
    pub(super) imports: Box<[Import]>,
    /// How much its features say: each is worth the less, the more packages have it.
    pub(super) weight: f64,
}

/// A package, installed or of the project's own workspace.
#[derive(Debug, Default)]
pub(super) struct Installed {
    pub(super) name: String,
    /// Empty where it has none: then it is the project's own.
    pub(super) version: String,
    /// Where it lies, seen from the project.
    pub(super) place: String,
    /// In the order of their paths.
    pub(super) modules: Vec<Module>,
    /// Every feature of the modules.
    pub(super) all: Box<[Feature]>,
    /// Features of what no bundle is made of: tests, and what replaces other modules for browsers.
    pub(super) aside: Box<[Feature]>,
    /// Whether something of it was not read, or cannot be told by what a minifier leaves.
    pub(super) partial: bool,
    /// Features that no other package has, those of them that are literals, and literals in its code that no package of another name
    /// has.
    pub(super) own: usize,
    pub(super) own_literals: usize,
    pub(super) kin_literals: usize,
    /// What its manifest exports: subpath by subpath, under any condition.
    pub(super) exports: BTreeMap<String, Vec<String>>,
    /// What its own names for modules (`#x`) stand for.
    pub(super) internal: BTreeMap<String, Vec<String>>,
    /// Its main modules, where it exports nothing by name.
    pub(super) main: Vec<String>,
}

impl Installed {
    /// Takes what a manifest says of the modules that the package shows.
    pub(super) fn read(&mut self, manifest: &Value) {
        match manifest.get("exports") {
            Some(Value::Object(exports)) if exports.keys().any(|key| key.starts_with('.')) => {
                for (subpath, target) in exports {
                    let mut targets = Vec::new();
                    leaves(target, &mut targets, DEEPEST);
                    self.exports.insert(subpath.trim_start_matches("./").to_owned(), targets);
                }
            }
            Some(target) => {
                let mut targets = Vec::new();
                leaves(target, &mut targets, DEEPEST);
                self.exports.insert(".".to_owned(), targets);
            }
            None => {}
        }
        for (name, target) in manifest.get("imports").and_then(Value::as_object).into_iter().flatten() {
            let mut targets = Vec::new();
            leaves(target, &mut targets, DEEPEST);
            self.internal.insert(name.clone(), targets);
        }
        let main = ["main", "module", "jsnext:main"].iter().filter_map(|key| manifest.get(*key).and_then(Value::as_str));
        self.main = main.map(str::to_owned).chain(std::iter::once("index".to_owned())).collect();
    }

    /// The modules that a specifier may mean: `subpath` is what follows the package's name.
    pub(super) fn targets(&self, subpath: &str) -> Vec<usize> {
        let key = if subpath.is_empty() { "." } else { subpath };
        let mut paths: Vec<String> = self.exports.get(key).cloned().unwrap_or_default();
        for (pattern, targets) in self.exports.iter().filter(|(pattern, _)| pattern.contains('*')) {
            let Some((start, end)) = pattern.split_once('*') else { continue };
            let middle = key.strip_prefix(start).and_then(|rest| rest.strip_suffix(end)).filter(|middle| !middle.is_empty());
            paths.extend(middle.into_iter().flat_map(|middle| targets.iter().map(move |target| target.replace('*', middle))));
        }
        if subpath.is_empty() {
            paths.extend(self.main.iter().cloned());
        } else {
            paths.push(subpath.to_owned());
        }
        let mut found: Vec<usize> = paths.iter().take(MOST_TARGETS).filter_map(|path| self.file("", path)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The module that `path` means in the folder `base`.
    pub(super) fn file(&self, base: &str, path: &str) -> Option<usize> {
        let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()?),
                part => parts.push(part),
            }
        }
        let path = parts.join("/");
        // TypeScript's modules are asked for by the names that their output will have.
        let written = path.strip_suffix(".js").map(|stem| format!("{stem}.ts"));
        let ends = ENDINGS.iter().map(|end| if path.is_empty() { end.trim_start_matches('/').to_owned() } else { format!("{path}{end}") });
        ends.chain(written).find_map(|name| self.modules.binary_search_by(|module| module.inner.as_str().cmp(&name)).ok())
    }
}

/// Every path that a target of `exports` can end in (nodejs.org, "Conditional exports").
fn leaves(target: &Value, found: &mut Vec<String>, deep: usize) {
    match target {
        Value::String(path) if found.len() < MOST_TARGETS => found.push(path.clone()),
        Value::Array(any) if deep > 0 => any.iter().for_each(|target| leaves(target, found, deep - 1)),
        Value::Object(conditions) if deep > 0 => {
            // Types are no code, and a browser's module is not what Node.js gets.
            let conditions = conditions.iter().filter(|(key, _)| !matches!(key.as_str(), "types" | "browser" | "react-native"));
            conditions.for_each(|(_, target)| leaves(target, found, deep - 1));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{Installed, Module};

    fn package(manifest: &serde_json::Value, files: &[&str]) -> Installed {
        let mut package = Installed::default();
        package.read(manifest);
        let module = |inner: &&str| Module { inner: (*inner).to_owned(), features: Box::default(), imports: Box::default(), weight: 0.0 };
        package.modules = files.iter().map(module).collect();
        package.modules.sort_by(|a, b| a.inner.cmp(&b.inner));
        package
    }

    fn seen(package: &Installed, subpath: &str) -> Vec<String> {
        package.targets(subpath).into_iter().map(|at| package.modules[at].inner.clone()).collect()
    }

    #[test]
    fn specifiers_mean_what_node_and_bundlers_take_them_for() {
        let plain = package(&serde_json::json!({"main": "lib"}), &["lib/index.js", "type.js", "lib/a/index.js", "package.json"]);
        assert_eq!(seen(&plain, ""), ["lib/index.js"]);
        assert_eq!(seen(&plain, "type"), ["type.js"]);
        assert_eq!(seen(&plain, "lib/a"), ["lib/a/index.js"]);
        assert!(seen(&plain, "../../x").is_empty() && seen(&plain, "gone").is_empty());
        assert_eq!(plain.file("lib/a", "..").map(|at| plain.modules[at].inner.as_str()), Some("lib/index.js"));
        let exports = serde_json::json!({"exports": {
            ".": {"types": "./x.d.ts", "import": "./esm.mjs", "require": {"workerd": "./w.js", "default": "./empty.js"}},
            "./sub": "./lib/sub.js", "./all/*": ["./lib/*.js"]
        }});
        let modern = package(&exports, &["esm.mjs", "w.js", "empty.js", "lib/sub.js", "lib/deep.js", "index.js"]);
        assert_eq!(seen(&modern, ""), ["empty.js", "esm.mjs", "index.js", "w.js"]);
        assert_eq!(seen(&modern, "sub"), ["lib/sub.js"]);
        assert_eq!(seen(&modern, "all/deep"), ["lib/deep.js"]);
        let short = package(&serde_json::json!({"exports": "./a.js"}), &["a.js"]);
        assert_eq!(seen(&short, ""), ["a.js"]);
    }
}
