//! What one pass over an artifact saw.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{
    Absence, BoundFacts, BundleFacts, BundleTrace, Claim, Dependencies, Drift, EntryPath, NotJudged, Ownership, Package, Problem,
    ProblemClass, Secret, SystemFile,
};

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
    /// The versions of the tool that write such code (`>=0.14.27 <0.28.1`), where anything shows them, else empty.
    pub version: String,
    /// Bytes of it that are code, without a map or JSON inside it.
    pub code: u64,
    /// Whether it looks minified.
    pub minified: bool,
    /// The texts in it, hashed, in order, and how long each is; empty where it has more than are compared.
    pub texts: Box<[(u64, usize)]>,
}

/// A text that speaks of other files, or that counts only where another file speaks of it (what a requirements file includes):
/// it is read once all of them have been seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Draft {
    /// Where.
    pub path: EntryPath,
    /// What it says.
    pub text: String,
}

/// What a file of a Python package says of the package it is part of, for where no metadata speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// Where.
    pub path: EntryPath,
    /// The version that the code states.
    pub version: Option<String>,
    /// Whether it names its author, its licence or its copyright.
    pub is_published: bool,
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

impl InventoryState {
    /// The state that these problems leave: incomplete as long as one is open.
    #[must_use]
    pub fn of(problems: &[Problem]) -> Self {
        if problems.iter().any(Problem::is_open) {
            Self::Incomplete
        } else if problems.iter().any(|problem| problem.accepted.is_none() && !problem.bounded.is_empty()) {
            Self::Bounded
        } else {
            Self::Complete
        }
    }
}

/// What one pass over an artifact saw. [`merge`](Self::merge) is associative and [`sorted`](Self::sorted) makes any order of
/// merging the same, so one worker and eight give the same bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// Every file shown.
    pub files: Vec<File>,
    /// Every package.
    pub packages: Vec<Package>,
    /// Every package that may be inside, each at one version: what is not attributed must be one of them.
    pub candidates: Vec<Package>,
    /// The documents of the build that say so.
    pub bounds: Vec<BoundFacts>,
    /// Where lockfiles and what is installed disagree.
    pub drift: Vec<Drift>,
    /// Which files belong to which package.
    pub claims: Vec<Claim>,
    /// Which files the packages of an image's operating system have.
    pub system: Vec<SystemFile>,
    /// Files in packages that are not as the package's record has them.
    pub changed: Vec<EntryPath>,
    /// Whose the bytes are.
    pub ownership: Ownership,
    /// Code that needs an owner; empty once attribution is done.
    pub code: Vec<Code>,
    /// What evidence says of bundles; empty once attribution is done.
    pub bundle_traces: Vec<BundleTrace>,
    /// Packages of the build's own tree of which nothing is in a bundle.
    pub absences: Vec<Absence>,
    /// Facts about every bundle.
    pub bundles: Vec<BundleFacts>,
    /// Texts that speak of other files or count where others speak of them; empty once attribution is done.
    pub drafts: Vec<Draft>,
    /// What Python packages say of themselves; empty once attribution is done.
    pub traces: Vec<Trace>,
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
        self.candidates.append(&mut other.candidates);
        self.bounds.append(&mut other.bounds);
        self.drift.append(&mut other.drift);
        self.claims.append(&mut other.claims);
        self.system.append(&mut other.system);
        self.changed.append(&mut other.changed);
        self.ownership += other.ownership;
        self.code.append(&mut other.code);
        self.bundle_traces.append(&mut other.bundle_traces);
        self.absences.append(&mut other.absences);
        self.bundles.append(&mut other.bundles);
        self.drafts.append(&mut other.drafts);
        self.traces.append(&mut other.traces);
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
        self.system.sort_unstable();
        self.system.dedup();
        self.changed.sort_unstable();
        self.changed.dedup();
        self.code.sort_unstable();
        self.code.dedup();
        self.bundle_traces.sort_unstable();
        self.bundle_traces.dedup();
        self.absences.sort_unstable();
        self.absences.dedup();
        self.bundles.sort_unstable();
        self.bundles.dedup();
        self.drafts.sort_unstable();
        self.traces.sort_unstable();
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
        self.candidates = united(std::mem::take(&mut self.candidates));
        self.bounds.sort_unstable();
        self.bounds.dedup();
        self.drift.sort_unstable();
        self.drift.dedup();
        self
    }

    /// How much is covered.
    #[must_use]
    pub fn state(&self) -> InventoryState {
        InventoryState::of(&self.problems)
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
    fn key(p: &Package) -> impl Ord + '_ {
        (p.ecosystem, &p.name, p.version.as_deref(), &p.candidates, p.inferred, p.relation, p.origin, p.dev, p.evidence)
    }
    packages.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.paths.cmp(&b.paths)));
    let mut united: Vec<Package> = Vec::with_capacity(packages.len());
    for package in packages {
        match united.last_mut() {
            Some(last) if key(last) == key(&package) => {
                last.paths.extend(package.paths);
                match (&mut last.holding, package.holding) {
                    (Some(own), Some(other)) => **own += *other,
                    (own @ None, other) => *own = other,
                    (Some(_), None) => {}
                }
            }
            _ => united.push(package),
        }
    }
    for package in &mut united {
        package.paths.sort_unstable();
        package.paths.dedup();
    }
    united
}

/// A package with its purl, as policies see it.
#[derive(Serialize)]
struct Row<'a> {
    purl: String,
    #[serde(flatten)]
    package: &'a Package,
}

fn rows(packages: &[Package]) -> Vec<Row<'_>> {
    packages.iter().map(|package| Row { purl: package.purl(), package }).collect()
}

impl Serialize for Inventory {
    /// The form policies see: files, claims and dependencies stay inside, they would make the document as large as the artifact.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Inventory", 12)?;
        s.serialize_field("state", &self.state())?;
        s.serialize_field("file_count", &self.files.len())?;
        s.serialize_field("unattributed_bytes", &self.unattributed_bytes())?;
        s.serialize_field("bytes", &self.ownership)?;
        s.serialize_field("packages", &rows(&self.packages))?;
        s.serialize_field("candidates", &rows(&self.candidates))?;
        s.serialize_field("bounds", &self.bounds)?;
        s.serialize_field("drift", &self.drift)?;
        s.serialize_field("bundles", &self.bundles)?;
        s.serialize_field("secrets", &self.secrets)?;
        s.serialize_field("problems", &self.problems)?;
        s.serialize_field("not_judged", &self.not_judged)?;
        s.end()
    }
}
