//! Licence comments that esbuild gathers at the end of a bundle, or in a file beside it (`--legal-comments`): each group begins
//! with the paths of the modules it stands for, below `node_modules/`.

use std::collections::BTreeMap;

use super::module_path::located;
use crate::model::Bundled;

/// What begins the list.
const HEAD: &[u8] = b"Bundled license information:";
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
            let fresh = Bundled { name: module.name, version: module.version, place: module.place.clone(), bytes: 0 };
            found.entry(module.place).or_insert(fresh);
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::packages;

    #[test]
    fn groups_name_their_modules() {
        let text = b"x;\n/*! Bundled license information:\n\nlodash/lodash.js:\n  (**\n   * Build: x\n   *)\n\n@s/n/a.js, depd/index.js:\n  (*!\n   * MIT Licensed:\n   *)\n\nsrc/own.js:\n  (*! mine *)\n*/\nrest/of.js:\n";
        let names: Vec<String> = packages(text).into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["@s/n", "depd", "lodash"]);
        assert!(packages(b"nothing").is_empty());
    }
}
