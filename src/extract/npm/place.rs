//! Places: what a folder means to Node.js' module resolution, read off its path alone.

/// What a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The artifact's own tree.
    Tree,
    /// A `node_modules` folder of the tree or of a package root.
    Modules,
    /// `@scope` in one.
    Scope,
    /// Somewhere in a package manager's virtual store (`.pnpm`, yarn's and npm's `.store`, `.bun`, `.deno`).
    Store,
    /// A package's own folder.
    Root,
    /// Deeper in a package. A `node_modules` folder there is one to Node.js too: what lies below `lib/` resolves from
    /// `lib/node_modules`.
    Deep,
    /// In a package's tests or examples, or in a dot folder of `node_modules`: nothing below is an installed package, whatever
    /// it is called.
    Inside,
}

/// Folders of a package that no program requires from: what lies in them is there to be tested or looked at.
const ASIDE: [&str; 24] = [
    "testdata",
    "test-data",
    "test",
    "tests",
    "__tests__",
    "testing",
    "spec",
    "specs",
    "__mocks__",
    "fixture",
    "fixtures",
    "__fixtures__",
    "example",
    "examples",
    "demo",
    "demos",
    "sample",
    "samples",
    "bench",
    "benchmark",
    "benchmarks",
    "docs",
    "template",
    "templates",
];

impl Place {
    /// What the folder `name` is in a folder that is `self`; `outer` is the name of the latter.
    fn enter(self, outer: &str, name: &str) -> Self {
        match self {
            Self::Tree | Self::Root | Self::Deep | Self::Store if name == "node_modules" => Self::Modules,
            Self::Tree if name == "package" && is_tarball(outer) => Self::Root,
            Self::Tree => Self::Tree,
            Self::Modules if matches!(name, ".pnpm" | ".store" | ".bun" | ".deno") => Self::Store,
            Self::Modules if name.starts_with('.') => Self::Inside,
            Self::Modules if name.starts_with('@') => Self::Scope,
            Self::Modules | Self::Scope => Self::Root,
            Self::Store if name == "package" => Self::Root,
            Self::Store => Self::Store,
            Self::Root | Self::Deep if !ASIDE.contains(&name) && !name.starts_with('.') => Self::Deep,
            Self::Root | Self::Deep | Self::Inside => Self::Inside,
        }
    }
}

/// What a folder of an image's file system is: Debian's Node.js resolves from `/usr/share/nodejs` and `/usr/lib/nodejs`, and images of
/// Node.js have yarn unpacked in `/opt/yarn-v1.22.22`.
fn system(folder: &str) -> Option<Place> {
    let is_yarn =
        || folder.strip_prefix("opt/yarn-v").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && !rest.contains('/'));
    match folder {
        "usr/share/nodejs" | "usr/lib/nodejs" => Some(Place::Modules),
        _ => is_yarn().then_some(Place::Root),
    }
}

/// Whether a component is the top of a nested tar, as `npm pack` writes it: everything lies in its `package` folder.
fn is_tarball(component: &str) -> bool {
    [".tgz!", ".tar.gz!", ".tar!"].iter().any(|end| component.ends_with(end))
}

/// What `folder` is.
pub(crate) fn place(folder: &str) -> Place {
    walk(folder).last().map_or(Place::Tree, |(place, _)| place)
}

/// The innermost package root that `path` lies in, and everything the path has below it.
pub(crate) fn package_root(path: &str) -> Option<(&str, &str)> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let end = walk(folder).filter(|(place, _)| *place == Place::Root).last()?.1;
    Some((&path[..end], path.get(end + 1..)?))
}

/// Each folder from the top down to `folder`: what it is, and where its path ends.
fn walk(folder: &str) -> impl Iterator<Item = (Place, usize)> {
    let mut at = Place::Tree;
    let mut outer = "";
    let mut end = 0;
    folder.split('/').filter(|component| !component.is_empty()).map(move |component| {
        end = if outer.is_empty() { component.len() } else { end + 1 + component.len() };
        at = match system(&folder[..end]) {
            Some(place) if at == Place::Tree => place,
            _ => at.enter(outer, component),
        };
        outer = component;
        (at, end)
    })
}

#[cfg(test)]
mod tests {
    use super::{Place, package_root, place};

    #[test]
    fn only_direct_children_of_node_modules_are_roots() {
        for (folder, expected) in [
            ("", Place::Tree),
            ("src/handlers", Place::Tree),
            ("node_modules", Place::Modules),
            ("node_modules/a", Place::Root),
            ("node_modules/@s", Place::Scope),
            ("node_modules/@s/a", Place::Root),
            ("node_modules/a/test/fixtures", Place::Inside),
            ("node_modules/a/test/node_modules/b", Place::Inside),
            ("node_modules/a/node_modules/b", Place::Root),
            ("node_modules/a/lib", Place::Deep),
            ("node_modules/a/lib/node_modules/b", Place::Root),
            ("node_modules/a/lib/examples/node_modules/b", Place::Inside),
            ("node_modules/.bin", Place::Inside),
            ("node_modules/.pnpm/a@1.0.0/node_modules/a", Place::Root),
            ("node_modules/.pnpm/@s+a@1.0.0_b@2/node_modules/@s/a", Place::Root),
            ("node_modules/.pnpm/registry.npmjs.org/a/1.0.0/node_modules/a", Place::Root),
            ("node_modules/.store/a-npm-1.0.0-abc/package", Place::Root),
            ("layer.zip!/nodejs/node_modules/a", Place::Root),
            (".yarn/cache/a-npm-1.0.0.zip!/node_modules/a", Place::Root),
            ("node_modules/a/test/x.zip!/node_modules/b", Place::Inside),
            ("vendor/a-1.0.0.tgz!/package", Place::Root),
            ("vendor/a-1.0.0.tgz!/package/node_modules/b", Place::Root),
            ("src/package", Place::Tree),
            ("usr/share/nodejs/a", Place::Root),
            ("usr/share/nodejs/@s/a", Place::Root),
            ("usr/share/nodejs/a/node_modules/b", Place::Root),
            ("app/usr/share/nodejs/a", Place::Tree),
            ("opt/yarn-v1.22.22", Place::Root),
            ("opt/yarn-v1.22.22/lib", Place::Deep),
            ("opt/yarn", Place::Tree),
        ] {
            assert_eq!(place(folder), expected, "{folder}");
        }
    }

    #[test]
    fn the_innermost_root_owns_a_file() {
        assert_eq!(package_root("node_modules/a/lib/x.js"), Some(("node_modules/a", "lib/x.js")));
        assert_eq!(package_root("node_modules/a/node_modules/@s/b/x.js"), Some(("node_modules/a/node_modules/@s/b", "x.js")));
        assert_eq!(package_root("src/x.js"), None);
        assert_eq!(package_root("node_modules/x.js"), None);
    }
}
