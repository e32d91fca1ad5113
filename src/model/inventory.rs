//! What one pass over an artifact saw.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Dependencies, EntryPath, NotJudged, Package, Problem, ProblemClass, Secret};

/// A file that was shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct File {
    /// Where.
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// A package's claim on files of the artifact: they are its own, and whoever judges the package has judged them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Everything below a folder (an installed npm package's own).
    Folder(String),
    /// One file that an installation record lists (a line of `RECORD`).
    Listed(String),
}

/// What kind of code needs an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CodeKind {
    /// The output of a JavaScript bundler.
    Bundle,
    /// Minified JavaScript of unknown origin.
    Minified,
    /// A Rust binary without the list of its crates.
    RustBinary,
}

/// A file whose packages cannot be read off it. It becomes a [`Problem`] unless a package claims it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code {
    /// Where.
    pub path: EntryPath,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: CodeKind,
    /// The tool that made it, where recognisable (`esbuild`, `webpack`), else empty.
    pub tool: &'static str,
}

/// How much of the artifact's scope the inventory covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InventoryState {
    /// All of it.
    Complete,
    /// What is not attributed lies within a known set of candidates, all of them judged.
    Bounded,
    /// Something was not seen or not attributed.
    Incomplete,
}

/// What one pass over an artifact saw. [`merge`](Self::merge) is associative and [`sorted`](Self::sorted) makes any order of
/// merging the same, so one worker and eight give the same bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Every file shown.
    pub files: Vec<File>,
    /// Every package.
    pub packages: Vec<Package>,
    /// Which files belong to which package.
    pub claims: Vec<Claim>,
    /// Code that needs an owner; empty once attribution is done.
    pub code: Vec<Code>,
    /// Every secret.
    pub secrets: Vec<Secret>,
    /// Everything that could not be judged.
    pub problems: Vec<Problem>,
    /// Everything outside the scope.
    pub not_judged: Vec<NotJudged>,
    /// Who depends on whom.
    pub dependencies: Dependencies,
}

impl Inventory {
    /// Takes everything `other` saw.
    pub fn merge(&mut self, mut other: Self) {
        self.files.append(&mut other.files);
        self.packages.append(&mut other.packages);
        self.claims.append(&mut other.claims);
        self.code.append(&mut other.code);
        self.secrets.append(&mut other.secrets);
        self.problems.append(&mut other.problems);
        self.not_judged.append(&mut other.not_judged);
        self.dependencies.merge(other.dependencies);
    }

    /// The same in its one order: each list sorted, equal elements once, a package that several places show once with all
    /// of its places.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.files.sort_unstable();
        self.claims.sort_unstable();
        self.claims.dedup();
        self.code.sort_unstable();
        self.code.dedup();
        self.secrets.sort_unstable_by(|a, b| {
            (&a.path, a.line, a.column, &a.rule, &a.fingerprint).cmp(&(&b.path, b.line, b.column, &b.rule, &b.fingerprint))
        });
        self.secrets.dedup();
        self.problems.sort_unstable_by(|a, b| (&a.path, a.kind, &a.message).cmp(&(&b.path, b.kind, &b.message)));
        self.problems.dedup();
        self.not_judged.sort_unstable_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        self.not_judged.dedup();
        self.dependencies.sort();
        self.packages = united(std::mem::take(&mut self.packages));
        self
    }

    /// How much is covered: incomplete as long as one problem that is not out of scope stands unaccepted.
    #[must_use]
    pub fn state(&self) -> InventoryState {
        if self.problems.iter().any(|problem| problem.class != ProblemClass::OutOfScope && problem.accepted.is_none()) {
            InventoryState::Incomplete
        } else {
            InventoryState::Complete
        }
    }

    /// Bytes of code in scope that no package is known for.
    #[must_use]
    pub fn unattributed_bytes(&self) -> u64 {
        self.problems.iter().filter(|problem| problem.class == ProblemClass::Unattributed).map(|problem| problem.bytes).sum()
    }

    /// The packages that are components of the artifact: everything inside it, and what is only locked or declared where
    /// nothing else speaks for it (the extractors drop those that an installed tree makes moot).
    pub fn components(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter()
    }
}

/// One package for each (ecosystem, name, version, candidates, relation, origin, dev, evidence), with all of its paths.
fn united(mut packages: Vec<Package>) -> Vec<Package> {
    fn key(p: &Package) -> (super::Ecosystem, &str, Option<&str>, &[String], super::Relation, super::Origin, bool, &'static str) {
        (p.ecosystem, &p.name, p.version.as_deref(), &p.candidates, p.relation, p.origin, p.dev, p.evidence)
    }
    packages.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.paths.cmp(&b.paths)));
    let mut united: Vec<Package> = Vec::with_capacity(packages.len());
    for package in packages {
        match united.last_mut() {
            Some(last) if key(last) == key(&package) => last.paths.extend(package.paths),
            _ => united.push(package),
        }
    }
    for package in &mut united {
        package.paths.sort_unstable();
        package.paths.dedup();
    }
    united
}

impl Serialize for Inventory {
    /// The form policies see: files, claims and dependencies stay inside, they would make the document as large as the artifact.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            purl: String,
            #[serde(flatten)]
            package: &'a Package,
        }
        let rows: Vec<Row<'_>> = self.packages.iter().map(|package| Row { purl: package.purl(), package }).collect();
        let mut s = serializer.serialize_struct("Inventory", 8)?;
        s.serialize_field("state", &self.state())?;
        s.serialize_field("file_count", &self.files.len())?;
        s.serialize_field("unattributed_bytes", &self.unattributed_bytes())?;
        s.serialize_field("packages", &rows)?;
        s.serialize_field("secrets", &self.secrets)?;
        s.serialize_field("problems", &self.problems)?;
        s.serialize_field("not_judged", &self.not_judged)?;
        s.end()
    }
}
