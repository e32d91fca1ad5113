//! Code: what a package has claimed is the package's; the rest has no owner and is said so.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::extract::cargo::CARGO;
use crate::extract::owner::{Owners, source};
use crate::extract::problem::{
    ARCHIVE_UNATTRIBUTED, BINARY_UNATTRIBUTED, BUNDLE_UNATTRIBUTED, BYTECODE_UNATTRIBUTED, CRATE_LIST_CONTRADICTED, MINIFIED_UNATTRIBUTED,
    OS_PACKAGE, PROBLEMS, RUST_BINARY_UNATTRIBUTED,
};
use crate::extract::system::System;
use crate::model::{Code, CodeKind, Ecosystem, EntryPath, File, Inventory, NotJudged, Problem, ProblemClass, ProblemKind, Relation};

/// Files of one kind outside the scope that are named one by one; an image's base has thousands.
const MOST_NAMED: usize = 20;

/// Problems of files that a package's ownership takes back.
const OWNED: [&str; 4] = [ARCHIVE_UNATTRIBUTED.id, BINARY_UNATTRIBUTED.id, BYTECODE_UNATTRIBUTED.id, CRATE_LIST_CONTRADICTED.id];

/// Turns code without an owner into problems, and drops what is a package's own.
pub(super) fn settle(inventory: &mut Inventory) {
    let (owners, system) = (Owners::new(&inventory.claims), System::new(&inventory.system));
    let code = std::mem::take(&mut inventory.code);
    let is_foreign = |code: &Code| code.kind == CodeKind::RustBinary && code.tool != CARGO && system.package(&code.path).is_some();
    let unowned: Vec<Code> =
        code.into_iter().filter(|code| !owners.answers_for(&code.path, code.kind == CodeKind::RustBinary) && !is_foreign(code)).collect();
    let paths = unowned.iter().map(|code| &code.path).chain(inventory.not_judged.iter().map(|file| &file.path));
    let copies = copies(paths, &inventory.files, &owners);
    inventory.problems.extend(unowned.iter().filter(|code| !copies.contains(&code.path)).map(problem));
    let is_owned = |path: &EntryPath| owners.owns(path) || copies.contains(path) || system.package(path).is_some();
    inventory.not_judged.retain(|file| !is_owned(&file.path));
    with_source(&mut inventory.not_judged, &inventory.files);
    inventory.problems.retain(|problem| {
        let path = problem.path.as_ref().filter(|_| OWNED.contains(&problem.kind));
        path.is_none_or(|path| {
            !(owners.answers_for(path, false) || problem.kind == ARCHIVE_UNATTRIBUTED.id && system.package(path).is_some())
        })
    });
    let databases = databases(inventory, &owners, &system);
    inventory.not_judged.extend(databases);
    inventory.problems.extend(outside(&inventory.not_judged));
    crates(inventory);
}

/// The operating system's package databases: how many packages each lists, and how many bytes their files have.
fn databases(inventory: &Inventory, owners: &Owners<'_>, system: &System<'_>) -> Vec<NotJudged> {
    let mut databases: BTreeMap<&EntryPath, (BTreeSet<&str>, u64)> = BTreeMap::new();
    for file in &inventory.system {
        databases.entry(&file.package.database).or_default().0.insert(&file.package.name);
    }
    if databases.is_empty() {
        return Vec::new();
    }
    for file in inventory.files.iter().filter(|file| !file.path.as_str().contains("!/") && !owners.owns(&file.path)) {
        if let Some((_, bytes)) = system.package(&file.path).and_then(|package| databases.get_mut(&package.database)) {
            *bytes = bytes.saturating_add(file.size);
        }
    }
    let database = |(path, (packages, bytes)): (&EntryPath, (BTreeSet<&str>, u64))| NotJudged {
        packages: Some(packages.len()),
        ..NotJudged::new(&OS_PACKAGE, path, bytes)
    };
    databases.into_iter().map(database).collect()
}

/// Takes back compiled Python whose source lies beside it, and was seen.
fn with_source(not_judged: &mut Vec<NotJudged>, files: &[File]) {
    let sources: HashSet<String> = not_judged.iter().filter_map(|file| source(file.path.as_str())).collect();
    if sources.is_empty() {
        return;
    }
    let there: HashSet<&str> = files.iter().map(|file| file.path.as_str()).filter(|path| sources.contains(*path)).collect();
    not_judged.retain(|file| source(file.path.as_str()).is_none_or(|source| !there.contains(source.as_str())));
}

/// The commands in `node_modules/.bin` that are, byte for byte, a package's own file: a packer that follows links copies them.
pub(super) fn copies<'a>(paths: impl Iterator<Item = &'a EntryPath>, files: &[File], owners: &Owners<'_>) -> HashSet<EntryPath> {
    let commands: HashSet<&EntryPath> = paths.filter(|path| path.folder().ends_with("node_modules/.bin")).collect();
    if commands.is_empty() {
        return HashSet::new();
    }
    let owned: HashSet<&str> = files.iter().filter(|file| owners.owns(&file.path)).map(|file| file.sha256.as_str()).collect();
    let copies = files.iter().filter(|file| commands.contains(&file.path) && owned.contains(file.sha256.as_str()));
    copies.map(|file| file.path.clone()).collect()
}

fn problem(code: &Code) -> Problem {
    let maker = if code.tool.is_empty() { String::new() } else { format!(" by `{}`", code.tool) };
    let (kind, message) = match code.kind {
        CodeKind::Bundle => (
            &BUNDLE_UNATTRIBUTED,
            format!(
                "a bundle made{maker}; which packages it holds cannot be read off it: give the lockfile it was built from with `--lock package-lock.json`, or deploy node_modules unbundled"
            ),
        ),
        CodeKind::Minified => (
            &MINIFIED_UNATTRIBUTED,
            format!(
                "minified{maker} and in no package; what it holds cannot be read off it: give the lockfile it was built from with `--lock package-lock.json`, or deploy its source"
            ),
        ),
        CodeKind::RustBinary => (
            &RUST_BINARY_UNATTRIBUTED,
            "a Rust binary without its list of crates: build it with `cargo auditable build`, or give `--lock Cargo.lock`".to_owned(),
        ),
    };
    Problem::at(kind, &code.path, message).bytes(code.size)
}

/// The problems of what is outside the scope: one a file, or one a kind where there are very many.
fn outside(files: &[NotJudged]) -> Vec<Problem> {
    let mut kinds: BTreeMap<&str, Vec<&NotJudged>> = BTreeMap::new();
    for file in files {
        kinds.entry(file.kind).or_default().push(file);
    }
    let mut problems = Vec::new();
    for (id, files) in kinds {
        let Some(kind) = known(id) else { continue };
        if files.len() > MOST_NAMED {
            let bytes = files.iter().map(|file| file.size).fold(0, u64::saturating_add);
            problems.push(Problem::whole(kind, format!("{} files: {}", files.len(), kind.title)).bytes(bytes));
        } else {
            problems.extend(files.iter().map(|file| Problem::at(kind, &file.path, told(kind, file)).bytes(file.size)));
        }
    }
    problems
}

/// What there is to say of one file.
fn told(kind: &ProblemKind, file: &NotJudged) -> String {
    let detail = file.packages.map_or_else(|| file.detail.clone(), |packages| packages.to_string());
    if detail.is_empty() { kind.title.to_owned() } else { format!("{}: {detail}", kind.title) }
}

fn known(id: &str) -> Option<&'static ProblemKind> {
    PROBLEMS.iter().copied().find(|kind| kind.class == ProblemClass::OutOfScope && kind.id == id)
}

/// Crates in a binary that another package owns: listed ones are copies inside that package; ones that are merely guessed from
/// panic messages add nothing to the package that is judged.
fn crates(inventory: &mut Inventory) {
    let owners = Owners::new(&inventory.claims);
    inventory.packages.retain_mut(|package| {
        let is_owned = package.ecosystem == Ecosystem::CratesIo
            && package.relation == Relation::Embedded
            && package.paths.iter().all(|path| owners.answers_for(path, true));
        if is_owned {
            package.relation = Relation::Vendored;
        }
        !(is_owned && package.evidence == "cargo/panic-path")
    });
}
