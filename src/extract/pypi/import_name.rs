//! Import names of widely used distributions, with the distribution's name. By them a package is told from the function's own
//! modules where its metadata is gone.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A line an import package: its name, the distributions that bring it where they are called otherwise (`-` where that depends on
/// what lies below), and a `?` where a team might well give its own package that name. Distributions among the most downloaded
/// ones of the index; names that a function's own modules often have (`models`, `common`) are left out.
const LIST: &str = include_str!("import_names.txt");

/// Components that a name of the list has at most.
const DEEPEST: usize = 3;

static KNOWN: LazyLock<HashMap<&'static str, Known>> =
    LazyLock::new(|| LIST.lines().filter_map(|line| Some((line.split(' ').next()?, Known { line }))).collect());

/// An import package that is widely known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    line: &'static str,
}

impl Known {
    /// The import package of exactly this name.
    pub(crate) fn exactly(import: &str) -> Option<Self> {
        KNOWN.get(import).copied()
    }

    /// The longest beginning of a path that is one, with its length: `google/auth/jwt.py` is `google/auth`.
    pub(crate) fn of(path: &str) -> Option<(Self, usize)> {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).take(DEEPEST);
        let known = ends.filter_map(|end| {
            let name = &path[..end];
            let module = || [".py", ".pyc"].iter().find_map(|ending| name.strip_suffix(ending)).or_else(|| extension_module(name));
            Known::exactly(name).or_else(|| Known::exactly(module()?)).map(|known| (known, end))
        });
        known.last()
    }

    /// Whether a name alone says that it is the distribution's.
    pub(crate) fn is_certain(self) -> bool {
        !self.line.ends_with(" ?")
    }

    /// The distributions that bring it, the likeliest first, by their folded names.
    pub(crate) fn distributions(self) -> impl Iterator<Item = String> {
        let mut words = self.line.split(' ').filter(|word| *word != "?").peekable();
        let import = words.next().unwrap_or_default();
        let named = words.peek().is_none().then(|| import.to_ascii_lowercase().replace('_', "-"));
        named.into_iter().chain(words.filter(|word| *word != "-").map(str::to_owned))
    }
}

/// The module that a shared library is for Python: `_cffi_backend.cpython-312-x86_64-linux-gnu.so`, `a.abi3.so`, `a.pyd`.
pub(crate) fn extension_module(file: &str) -> Option<&str> {
    let stem = file.strip_suffix(".so").or_else(|| file.strip_suffix(".pyd"))?;
    let (module, tag) = stem.split_once('.').unwrap_or((stem, ""));
    let is_tagged =
        tag.is_empty() && file.ends_with(".pyd") || ["cpython-", "abi3", "cp", "pypy"].iter().any(|start| tag.starts_with(start));
    is_tagged.then_some(module)
}

/// The distribution that an import name is certainly known for.
pub(crate) fn distribution(import: &str) -> Option<String> {
    Known::exactly(import).filter(|known| known.is_certain())?.distributions().next()
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, Known, LIST, distribution, extension_module};

    #[test]
    fn the_list_is_sorted_and_has_each_name_once() {
        let names: Vec<&str> = LIST.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(names.is_sorted_by(|a, b| a < b));
        assert_eq!(names.len(), KNOWN.len());
    }

    #[test]
    fn names() {
        assert_eq!(distribution("yaml").as_deref(), Some("pyyaml"));
        assert_eq!(distribution("requests").as_deref(), Some("requests"));
        assert_eq!(distribution("typing_extensions").as_deref(), Some("typing-extensions"));
        assert_eq!(distribution("docker"), None, "a team's own folder may be called so");
        for name in ["handlers", "models", "utils", "common", "app", "lib", "tests", "config", "services", "shared"] {
            assert!(Known::exactly(name).is_none(), "{name}");
        }
        assert_eq!(Known::of("google/auth/jwt.py").map(|(_, length)| length), Some("google/auth".len()));
        assert_eq!(Known::of("six.py").map(|(_, length)| length), Some("six.py".len()));
        assert_eq!(Known::of("google/own.py").map(|(_, length)| length), None);
        assert_eq!(Known::of("azure/storage/blob/a.py").map(|(known, _)| known.distributions().count()), Some(1));
        assert_eq!(Known::of("azure/storage/x.py").map(|(known, _)| known.distributions().count()), Some(0));
    }

    #[test]
    fn extension_modules() {
        assert_eq!(extension_module("_cffi_backend.cpython-312-x86_64-linux-gnu.so"), Some("_cffi_backend"));
        assert_eq!(extension_module("a.abi3.so"), Some("a"));
        assert_eq!(extension_module("a.pyd"), Some("a"));
        assert_eq!(extension_module("libfoo.so"), None);
        assert_eq!(extension_module("libfoo.so.1"), None);
    }
}
