//! Licence comments that esbuild gathers at the end of a bundle, or in a file beside it (`--legal-comments`): each group begins
//! with the paths of the modules it stands for, below `node_modules/`.

use std::collections::BTreeMap;

use super::module_path::located;
use crate::model::Bundled;

/// What begins the list.
const HEAD: &[u8] = b"Bundled license information:";
/// Packages of a list: one of more is none.
const MOST_PACKAGES: usize = 20_000;
/// Lines of a list.
const MOST_LINES: usize = 200_000;
/// Folders of the function's own sources, which esbuild writes like packages.
const OWN: [&str; 8] = ["src", "lib", "app", "dist", "functions", "packages", "handlers", "lambda"];

/// The packages of the list, if there is one.
pub(super) fn packages(content: &[u8]) -> Vec<Bundled> {
    let Some(at) = memchr::memmem::rfind(content, HEAD) else { return Vec::new() };
    let mut found: BTreeMap<String, Bundled> = BTreeMap::new();
    let lines = content.get(at + HEAD.len()..).unwrap_or_default().split(|&byte| byte == b'\n').take(MOST_LINES);
    for line in lines.take_while(|line| !line.starts_with(b"*/")) {
        let Some(paths) = std::str::from_utf8(line).ok().and_then(|line| line.trim_end().strip_suffix(':')) else { continue };
        if paths.starts_with([' ', '\t', '(']) {
            continue;
        }
        for path in paths.split(", ").filter(|path| path.contains('/') && !path.starts_with('.')) {
            let Some(module) = located(&format!("node_modules/{path}")).filter(|module| !OWN.contains(&module.name.as_str())) else {
                continue;
            };
            if found.len() > MOST_PACKAGES {
                return found.into_values().collect();
            }
            let fresh = Bundled { name: module.name, version: module.version, place: module.place.clone(), bytes: 0 };
            found.entry(module.place).or_insert(fresh);
        }
    }
    found.into_values().collect()
}

/// The packages of ncc's `licenses.txt`: a block for each, of its name, its licence's id and the licence's text, in the order of the
/// names.
pub(super) fn listed(content: &[u8]) -> Vec<Bundled> {
    let Ok(text) = std::str::from_utf8(content) else { return Vec::new() };
    let lines: Vec<&str> = text.lines().take(MOST_LINES).collect();
    let mut names: Vec<&str> = Vec::new();
    for (at, pair) in lines.windows(2).enumerate() {
        let [name, licence] = pair else { continue };
        let begins = at == 0 || lines.get(at - 1).is_some_and(|line| line.is_empty());
        let is_id = licence.len() <= 60
            && licence.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+() ".contains(&byte))
            && !licence.ends_with('.');
        let is_name =
            located(&format!("node_modules/{name}/x")).is_some_and(|module| module.name == *name) && !name.contains(char::is_uppercase);
        if begins && is_id && is_name && names.last().is_none_or(|last| last < name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .map(|name| Bundled { name: name.to_owned(), version: None, place: format!("node_modules/{name}"), bytes: 0 })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{listed, packages};

    #[test]
    fn ncc_lists_names_in_order() {
        let text = b"@s/n\nMIT\nCopyright Somebody\n\nPermission is hereby granted\n\naccepts\nISC\nthe text\n\nmit\nis a word.\n\nzod\n(MIT OR Apache-2.0)\nx\n";
        let names: Vec<String> = listed(text).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["@s/n", "accepts", "zod"]);
    }

    #[test]
    fn groups_name_their_modules() {
        let text = b"x;\n/*! Bundled license information:\n\nlodash/lodash.js:\n  (**\n   * Build: x\n   *)\n\n@s/n/a.js, depd/index.js:\n  (*!\n   * MIT Licensed:\n   *)\n\nsrc/own.js:\n  (*! mine *)\n*/\nrest/of.js:\n";
        let names: Vec<String> = packages(text).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["@s/n", "depd", "lodash"]);
        assert!(packages(b"nothing").is_empty());
    }
}
