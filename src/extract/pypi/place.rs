//! Places: where installed distributions may lie, read off paths (packaging.python.org, "Recording installed projects").

/// What a folder that holds a distribution's metadata is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A folder that the interpreter of some platform looks into: the artifact's or an archive's top, `site-packages`,
    /// a layer's `python`.
    Root,
    /// A folder of copies inside another package.
    Vendored,
    /// Any other folder. It counts where the files that the metadata lists really lie in it.
    Doubtful,
}

/// Folders whose contents are made up for tests.
pub(crate) const FIXTURES: [&str; 12] = [
    "fixtures",
    "__fixtures__",
    "fixture",
    "testdata",
    "test-data",
    "test_data",
    "__tests__",
    "tests",
    "test",
    "testing",
    "examples",
    "example",
];

/// The folder that a metadata file speaks for: the parent of the `.dist-info` or `.egg-info` folder, of the egg, or the top
/// of a source archive.
pub(crate) fn base(path: &str) -> Option<&str> {
    let (folder, name) = split(path);
    if name.ends_with(".egg-info") {
        return Some(folder);
    }
    let (outer, inner) = split(folder);
    if inner.ends_with(".dist-info") || inner.ends_with(".egg-info") {
        return Some(outer);
    }
    if inner == "EGG-INFO" {
        let egg = split(outer);
        return Some(if egg.1.ends_with(".egg") || egg.1.ends_with(".egg!") { egg.0 } else { outer });
    }
    is_source_archive(outer, inner).then_some(outer)
}

/// Whether a path lies in a folder into which only installers write.
pub(crate) fn is_site(path: &str) -> bool {
    path.split('/').any(|component| matches!(component, "site-packages" | "dist-packages"))
}

/// Whether a metadata file is that of a source archive, and so speaks for all of it.
pub(crate) fn is_source(path: &str) -> bool {
    let (outer, inner) = split(split(path).0);
    !inner.ends_with(".dist-info") && !inner.ends_with(".egg-info") && is_source_archive(outer, inner)
}

/// Whether `outer` is the top of an archive as `python -m build --sdist` writes it, with everything in one folder of the
/// archive's own name.
fn is_source_archive(outer: &str, inner: &str) -> bool {
    let (_, archive) = split(outer);
    let stem = [".tar.gz!", ".tgz!", ".zip!", ".tar.bz2!", ".tar!"].iter().find_map(|end| archive.strip_suffix(end));
    stem.is_some_and(|stem| !inner.is_empty() && stem == inner)
}

/// What the folder `base` is.
pub(crate) fn standing(base: &str) -> Standing {
    let inner = base.rsplit_once("!/").map_or(base, |(_, inner)| inner);
    let inner = if inner.ends_with('!') { "" } else { inner };
    let mut components = inner.split('/').filter(|component| !component.is_empty());
    let last = inner.rsplit('/').next().unwrap_or(inner);
    let is_vendor = |name: &str| matches!(name, "_vendor" | "_vendored" | "_bundled");
    let is_inner_vendor = |name: &str| matches!(name, "vendored" | "vendor");
    if base.split('/').any(is_vendor) || components.clone().skip(1).any(is_inner_vendor) && !components.clone().all(is_system) {
        return Standing::Vendored;
    }
    let known = matches!(inner, "" | "python" | "opt/python" | "var/task" | "var/runtime" | "home/site/wwwroot")
        || matches!(last, "site-packages" | "dist-packages");
    if known && components.all(|component| !FIXTURES.contains(&component)) { Standing::Root } else { Standing::Doubtful }
}

/// Folders, besides the top of an artifact or archive, that an interpreter looks into.
const ROOTS: [&str; 5] = ["python/", "opt/python/", "var/task/", "var/runtime/", "home/site/wwwroot/"];

/// Where in a path what follows `site-packages`, or the nearest folder that an interpreter looks into, begins.
pub(crate) fn root_end(path: &str) -> usize {
    if let Some(at) = site_end(path) {
        return at;
    }
    let top = path.rfind("!/").map_or(0, |at| at + 2);
    let root = ROOTS.iter().find(|root| path[top..].starts_with(*root));
    top + root.map_or(0, |root| root.len())
}

/// Where in a path what follows the last `site-packages` or `dist-packages` begins.
pub(crate) fn site_end(path: &str) -> Option<usize> {
    let ends = ["site-packages/", "dist-packages/"].iter().filter_map(|folder| path.rfind(folder).map(|at| at + folder.len()));
    ends.max()
}

/// A path within the folder that an interpreter looks into.
pub(crate) fn after_root(path: &str) -> &str {
    &path[root_end(path)..]
}

/// Whether a folder is one in which projects and packages keep copies of others.
pub(crate) fn is_copies(folder: &str) -> bool {
    let last = folder.rsplit('/').next().unwrap_or(folder);
    matches!(last, "vendor" | "vendored" | "lib" | "libs" | "deps" | "_vendor" | "_vendored" | "extern")
        || folder.ends_with("requests/packages")
}

fn is_system(component: &str) -> bool {
    matches!(component, "var" | "task" | "opt" | "usr" | "local" | "vendor" | "vendored" | "home" | "site" | "wwwroot")
}

/// The name and version in a metadata folder's name: `azure_core-1.29.1.dist-info`, `docopt-0.6.2-py3.11.egg-info`.
pub(crate) fn name_and_version(folder: &str) -> Option<(&str, &str)> {
    if let Some(stem) = folder.strip_suffix(".dist-info") {
        return stem.rsplit_once('-').filter(|(name, version)| !name.is_empty() && starts_with_digit(version));
    }
    let stem = folder.strip_suffix(".egg-info")?;
    let (name, rest) = stem.split_once('-')?;
    let version = rest.split_once("-py").map_or(rest, |(version, _)| version);
    (!name.is_empty() && starts_with_digit(version)).then_some((name, version))
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::{Standing, base, name_and_version, standing};

    #[test]
    fn bases() {
        for (path, expected) in [
            ("a-1.dist-info/METADATA", Some("")),
            ("x/a-1.dist-info/METADATA", Some("x")),
            ("a.whl!/a-1.dist-info/METADATA", Some("a.whl!")),
            ("lib/a-1-py3.11.egg-info", Some("lib")),
            ("lib/a-1-py3.11.egg!/EGG-INFO/PKG-INFO", Some("lib")),
            ("a-1-py3.11.egg/EGG-INFO/PKG-INFO", Some("")),
            ("sdist/a-1.tar.gz!/a-1/PKG-INFO", Some("sdist/a-1.tar.gz!")),
            ("sdist/a-1.tar.gz!/b/PKG-INFO", None),
            ("PKG-INFO", None),
        ] {
            assert_eq!(base(path), expected, "{path}");
        }
    }

    #[test]
    fn standings() {
        for (folder, expected) in [
            ("", Standing::Root),
            ("python", Standing::Root),
            ("python/lib/python3.12/site-packages", Standing::Root),
            (".python_packages/lib/site-packages", Standing::Root),
            ("var/lang/lib/python3.11/site-packages", Standing::Root),
            (".requirements.zip!", Standing::Root),
            ("layer.zip!/python", Standing::Root),
            ("pip/_vendor", Standing::Vendored),
            ("ensurepip/_bundled/pip-24.0-py3-none-any.whl!", Standing::Vendored),
            ("botocore/vendored", Standing::Vendored),
            ("vendored", Standing::Doubtful),
            ("functions/orders", Standing::Doubtful),
            ("tests/fixtures", Standing::Doubtful),
            ("tests/data/site-packages", Standing::Doubtful),
        ] {
            assert_eq!(standing(folder), expected, "{folder}");
        }
    }

    #[test]
    fn folder_names() {
        assert_eq!(name_and_version("azure_core-1.29.1.dist-info"), Some(("azure_core", "1.29.1")));
        assert_eq!(name_and_version("old-name-1.0.dist-info"), Some(("old-name", "1.0")));
        assert_eq!(name_and_version("docopt-0.6.2-py3.11.egg-info"), Some(("docopt", "0.6.2")));
        assert_eq!(name_and_version("mine.egg-info"), None);
    }
}
