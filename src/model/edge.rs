//! Who depends on whom: what single files say about it, and the edges that the whole picture makes of that.
//!
//! Packages are named by their purl without qualifiers, as reports name components. The texts are shared: one package is
//! named by many others.

use std::sync::Arc;

use super::{Ecosystem, EntryPath};

/// One package directly depends on another; `None` is the artifact's own code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who depends.
    pub from: Option<Arc<str>>,
    /// On whom.
    pub to: Arc<str>,
}

/// What a lockfile or a binary's crate list resolves: one of its packages, and the ones that this package depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated {
    /// The file that says so.
    pub path: EntryPath,
    /// Who depends; `None` is the project whose lockfile it is.
    pub from: Option<Arc<str>>,
    /// On whom.
    pub on: Vec<Arc<str>>,
    /// Whether these are all.
    pub whole: bool,
}

/// What a manifest asks for by name; what is installed around it answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The manifest.
    pub path: EntryPath,
    /// Whose names they are.
    pub ecosystem: Ecosystem,
    /// The names.
    pub names: Vec<Wish>,
}

/// One name that a manifest asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wish {
    /// The name as resolution looks for it: the folder's name for npm, the folded name for PyPI.
    pub name: Box<str>,
    /// The range or specifier behind it, where a lockfile may have to be asked; else empty.
    pub range: Box<str>,
    /// Whether the package cannot do without: neither optional nor for some platforms only.
    pub needed: bool,
}

/// A link inside the artifact that leads to one of its folders.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The link.
    pub path: EntryPath,
    /// The folder, every link on the way followed.
    pub target: EntryPath,
}

/// Where a package was distributed from, as a lockfile or an installer's note in the artifact has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Distribution {
    /// The package.
    pub package: Arc<str>,
    /// The address: of a file, or `git+https://host/path@commit`. Never one with credentials.
    pub url: Arc<str>,
    /// The hash of the file that lies there: the algorithm as `SHA-512`, and hex.
    pub hash: Option<(&'static str, String)>,
    /// The file that says so.
    pub path: EntryPath,
}

/// Everything about dependencies. The first four lists are what the pass over the artifact collects; attribution makes the
/// others of them and leaves the first three empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// What manifests ask for.
    pub asked: Vec<Asked>,
    /// What lockfiles and binaries resolve.
    pub stated: Vec<Stated>,
    /// Links to folders.
    pub links: Vec<Link>,
    /// Where packages come from.
    pub distributions: Vec<Distribution>,
    /// Edges between components, and from the artifact to those that its own manifests ask for.
    pub edges: Vec<Edge>,
    /// The components all of whose direct dependencies are among the edges; `None` is the artifact itself.
    pub whole: Vec<Option<Arc<str>>>,
    /// Whether a limit was met: there are edges that are not in the list.
    pub cut: bool,
}

impl Dependencies {
    /// Takes everything `other` has.
    pub fn merge(&mut self, mut other: Self) {
        self.asked.append(&mut other.asked);
        self.stated.append(&mut other.stated);
        self.links.append(&mut other.links);
        self.distributions.append(&mut other.distributions);
        self.edges.append(&mut other.edges);
        self.whole.append(&mut other.whole);
        self.cut |= other.cut;
    }

    /// Brings every list into its one order, equal elements once.
    pub fn sort(&mut self) {
        fn settled<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        settled(&mut self.asked);
        settled(&mut self.stated);
        settled(&mut self.links);
        settled(&mut self.distributions);
        settled(&mut self.edges);
        settled(&mut self.whole);
    }
}
