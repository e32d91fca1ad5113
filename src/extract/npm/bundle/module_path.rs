//! Module paths: what `node_modules/.pnpm/a@1.0.0/node_modules/a/lib/x.js`, as bundlers write it into comments, keys and maps,
//! says about the package.

use crate::extract::npm::specifier::name_and_rest;

/// Characters of a path that is believed to be one.
const LONGEST: usize = 1024;

/// The package a module is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Located {
    /// The package's name; where it is an alias only a lockfile tells.
    pub(crate) name: String,
    /// The version, where the path has it: pnpm, bun and yarn name folders or archives by it.
    pub(crate) version: Option<String>,
    /// Where it was installed, seen from where the bundler ran: `../node_modules/a/node_modules/b`.
    pub(crate) place: String,
    /// The rest of the path, in the package.
    pub(crate) inner: String,
}

/// Reads the path of a module; `None` for the function's own modules and for what is no path.
pub(crate) fn located(path: &str) -> Option<Located> {
    let path = plain(path)?;
    let at = path.rfind("node_modules/").filter(|&at| at == 0 || path[..at].ends_with('/'));
    let Some(at) = at else { return archived(&path) };
    let (above, below) = (&path[..at], &path[at + "node_modules/".len()..]);
    let (name, inner) = split_name(below)?;
    if name.starts_with('.') {
        return stored(&path);
    }
    if is_local(above) {
        return None;
    }
    let version =
        folder_version(above, name).or_else(|| archived(&path).filter(|known| known.name == name).and_then(|known| known.version));
    let end = path.len() - inner.len();
    let place = path[..end].trim_end_matches('/');
    Some(Located { name: name.to_owned(), version, place: place.to_owned(), inner: inner.to_owned() })
}

/// Whether a text can be the path of a module at all, in a package or not.
pub(crate) fn is_path(text: &str) -> bool {
    const EXTENSIONS: [&str; 20] = [
        "js", "cjs", "mjs", "jsx", "ts", "cts", "mts", "tsx", "json", "vue", "svelte", "css", "txt", "node", "wasm", "graphql", "gql",
        "html", "sql", "md",
    ];
    let text = text.split(['?', '#']).next().unwrap_or(text);
    let extension = text.rsplit_once('.').map_or("", |(_, extension)| extension);
    text.len() <= LONGEST && EXTENSIONS.contains(&extension) && !text.contains(['"', '`', '*', '<', '>', ';', '(', '{'])
        || text.contains("node_modules/")
}

/// The path without what bundlers put around it: schemes, loaders, queries, the other system's separators.
fn plain(path: &str) -> Option<String> {
    if path.len() > LONGEST || path.contains(['\0', '\n', '"']) {
        return None;
    }
    let path = path.rsplit('!').find(|part| !part.is_empty()).unwrap_or(path);
    let path = path.split(['?', '#']).next().unwrap_or(path).trim();
    let path = match path.rsplit_once("://") {
        // webpack's namespace stands before the path (webpack.js.org, "output.devtoolModuleFilenameTemplate").
        Some((scheme, rest)) if scheme.ends_with("webpack") => {
            let at = ["/./", "/../"].iter().filter_map(|start| rest.find(start)).min();
            at.map_or(rest, |at| &rest[at + 1..]).trim_start_matches('/')
        }
        Some((_, rest)) => rest.trim_start_matches('/'),
        None => path,
    };
    Some(path.replace('\\', "/").replace("/./", "/").trim_start_matches("./").trim_start_matches('\u{0}').to_owned())
}

/// `@scope/name` or `name`, and what follows.
pub(super) fn split_name(below: &str) -> Option<(&str, &str)> {
    let mut end = below.find('/').unwrap_or(below.len());
    if below.starts_with('@') {
        end += below.get(end + 1..)?.find('/').map_or(below.len() - end, |more| more + 1);
    }
    let name = below.get(..end.min(below.len()))?;
    let is_name = !name.is_empty() && name.len() <= 214 && name.chars().all(|c| c.is_ascii_alphanumeric() || "@/._-~$+!'()*".contains(c));
    is_name.then(|| (name, below.get(end + 1..).unwrap_or_default()))
}

/// The version in the folder that pnpm, bun or deno gave the package: `.pnpm/a@1.0.0_peer@2/node_modules/`.
fn folder_version(above: &str, name: &str) -> Option<String> {
    let folder = above.strip_suffix('/')?.rsplit('/').next()?;
    let is_store = [".pnpm/", ".bun/", ".deno/"].iter().any(|store| above.contains(store));
    let folder = folder.replace('+', "/");
    let (named, rest) = name_and_rest(&folder);
    let version = rest.filter(|_| is_store && named == name)?.split(['_', '(']).next()?;
    semver::Version::parse(version).is_ok().then(|| version.to_owned())
}

/// Whether the folder or archive is that of a package which was installed from a folder of the project's own:
/// `.pnpm/a@file+lib+a/`, `.yarn/cache/a-file-0123456789.zip/`.
fn is_local(above: &str) -> bool {
    above.contains(".pnpm/") && above.contains("@file+") || above.contains(".yarn/") && above.contains("-file-") && !above.contains("-npm-")
}

/// `.yarn/cache/a-npm-1.0.0-0123456789-8.zip/node_modules/a/`, yarn's archives.
fn archived(path: &str) -> Option<Located> {
    let (above, below) = path.split_once(".zip/node_modules/")?;
    let (name, inner) = split_name(below)?;
    let archive = above.rsplit('/').next()?;
    let version = yarn_version(archive, name)?;
    Some(Located { name: name.to_owned(), version: Some(version), place: format!("node_modules/{name}"), inner: inner.to_owned() })
}

/// `node_modules/.store/a-npm-1.0.0-0123456789/package/`, yarn's pnpm linker.
fn stored(path: &str) -> Option<Located> {
    let (_, below) = path.split_once("node_modules/.store/")?;
    let (folder, rest) = below.split_once('/')?;
    let inner = rest.strip_prefix("package/")?;
    let (stem, _) = folder.split_once("-npm-")?;
    // `@scope-name`: the scope ends at the first hyphen, so far as a folder can tell.
    let name = if stem.starts_with('@') { stem.replacen('-', "/", 1) } else { stem.to_owned() };
    let version = yarn_version(folder, &name)?;
    Some(Located { place: format!("node_modules/{name}"), name, version: Some(version), inner: inner.to_owned() })
}

fn yarn_version(archive: &str, name: &str) -> Option<String> {
    let rest = archive.strip_prefix(&name.replacen('/', "-", 1))?.strip_prefix("-npm-")?;
    // A hash of ten hexadecimal digits follows, and behind it may stand another, or the cache's number.
    let is_hash = |tail: &str| tail.len() == 10 && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut ends = rest.match_indices('-').map(|(at, _)| (&rest[..at], rest[at + 1..].split('-').next().unwrap_or_default()));
    ends.find(|(version, tail)| is_hash(tail) && semver::Version::parse(version).is_ok()).map(|(version, _)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{is_path, located};

    #[test]
    fn paths_say_name_version_and_place() {
        for (path, name, version, place, inner) in [
            ("node_modules/lodash/lodash.js", "lodash", None, "node_modules/lodash", "lodash.js"),
            ("../../tmp12/node_modules/@s/n/lib/x.mjs", "@s/n", None, "../../tmp12/node_modules/@s/n", "lib/x.mjs"),
            ("node_modules/a/node_modules/b/i.js", "b", None, "node_modules/a/node_modules/b", "i.js"),
            ("webpack://fn/./node_modules/a/i.js?a1b2", "a", None, "node_modules/a", "i.js"),
            ("webpack://fn/../node_modules/a/i.js", "a", None, "../node_modules/a", "i.js"),
            ("webpack:///../node_modules/a/i.js", "a", None, "../node_modules/a", "i.js"),
            ("./node_modules/ts-loader/index.js!./node_modules/a/i.ts", "a", None, "node_modules/a", "i.ts"),
            ("node_modules\\a\\i.js", "a", None, "node_modules/a", "i.js"),
            (
                "node_modules/.pnpm/@s+n@1.2.3_react@18.0.0/node_modules/@s/n/x.js",
                "@s/n",
                Some("1.2.3"),
                "node_modules/.pnpm/@s+n@1.2.3_react@18.0.0/node_modules/@s/n",
                "x.js",
            ),
            (
                "node_modules/.bun/a@1.0.0-rc.1/node_modules/a/x.js",
                "a",
                Some("1.0.0-rc.1"),
                "node_modules/.bun/a@1.0.0-rc.1/node_modules/a",
                "x.js",
            ),
            (
                "../.yarn/cache/is-npm-4.6.0-7cad05c55e-33e0ec9c1a.zip/node_modules/is/x.js",
                "is",
                Some("4.6.0"),
                "../.yarn/cache/is-npm-4.6.0-7cad05c55e-33e0ec9c1a.zip/node_modules/is",
                "x.js",
            ),
            (
                "../.yarn/berry/cache/lodash-npm-4.17.15-b4b9e6f6f2-10c0.zip/node_modules/lodash/lodash.js",
                "lodash",
                Some("4.17.15"),
                "../.yarn/berry/cache/lodash-npm-4.17.15-b4b9e6f6f2-10c0.zip/node_modules/lodash",
                "lodash.js",
            ),
            ("node_modules/.store/@s-n-npm-1.0.0-0123456789/package/x.js", "@s/n", Some("1.0.0"), "node_modules/@s/n", "x.js"),
        ] {
            let found = located(path).unwrap();
            let found = (found.name.as_str(), found.version.as_deref(), found.place.as_str(), found.inner.as_str());
            assert_eq!(found, (name, version, place, inner), "{path}");
        }
        for path in
            ["src/index.ts", "my_node_modules/a/x.js", "node_modules/", "node_modules/@s", "node_modules/.bin/x", "webpack/bootstrap", ""]
        {
            assert_eq!(located(path), None, "{path}");
        }
    }

    #[test]
    fn only_paths_are_paths() {
        assert!(is_path("src/a b.ts") && is_path("node_modules/a/x") && is_path("x.js?raw"));
        assert!(!is_path("see the docs.") && !is_path("eslint-disable no-x") && !is_path("a(b).js"));
    }
}
