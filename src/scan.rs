//! The one pass: while an entry is in hand it is hashed, shown to the extractors that want it and searched for secrets.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use sha2::{Digest, Sha256};

use crate::artifact::{Artifact, EntryStream, Limits, Observer};
use crate::extract::{self, BuildTree, EXTRACTORS, Owners, System};
use crate::model::{Bound, ClaimKind, Entry, EntryPath, File, Inventory, Origin, Package, Problem, ProblemClass, ProblemKind, hex, owner};
use crate::secret::{self, Found, Scanner, Standing};

/// Bytes an extractor may judge by.
const HEAD: usize = 4096;

/// fngate itself failed on an entry.
pub const INTERNAL_ERROR: ProblemKind = ProblemKind {
    id: "internal-error",
    class: ProblemClass::Unseen,
    title: "fngate itself failed",
    page: "A part of fngate panicked on this input, so nothing can be said about it. No setting excuses it. Please report it with the artifact, if you can share it.",
};

/// Every kind of problem the pass itself raises.
pub const PROBLEMS: &[&ProblemKind] = &[&INTERNAL_ERROR];

/// Shows the extractors and the scanner everything an artifact holds, and bounds what they could not attribute by what the
/// operator knows about the build.
pub fn scan(artifact: &Artifact, limits: &Limits, scanner: Option<&Scanner>, bounds: &[Bound]) -> Inventory {
    let mut found = scan_with(artifact, limits, scanner, bounds, &[]);
    attribute_secrets(&mut found, &[]);
    found
}

/// The same, where the build's own `node_modules` is at hand to compare bundles with. Whose the secrets are is left to
/// [`attribute_secrets`], once it is known which packages are the operator's own.
pub fn scan_with(artifact: &Artifact, limits: &Limits, scanner: Option<&Scanner>, bounds: &[Bound], trees: &[BuildTree]) -> Inventory {
    inventory(artifact, limits, &Eye { scanner, trees, search: false }, bounds)
}

/// Searches everything an artifact holds for secrets, and sees of its packages only whose files are whose.
pub fn search(artifact: &Artifact, limits: &Limits, scanner: &Scanner) -> Inventory {
    let mut found = inventory(artifact, limits, &Eye { scanner: Some(scanner), trees: &[], search: true }, &[]);
    attribute_secrets(&mut found, &[]);
    found
}

fn inventory(artifact: &Artifact, limits: &Limits, eye: &Eye<'_>, bounds: &[Bound]) -> Inventory {
    let mut walked = artifact.walk(limits, eye);
    if !artifact.is_image() {
        // Only an image is a file system of its own; in a zip, `usr/lib` is the function's folder like any other.
        walked.inventory.system.clear();
    }
    let mut inventory = extract::attribute(walked.inventory);
    extract::bound(&mut inventory, bounds);
    let mut inventory = inventory.sorted();
    bind(&mut inventory);
    inventory
}

/// Says of every secret whose file it lies in, and lowers those that are known from outside the artifact to be published. For a
/// whole inventory in which it is known which packages are the operator's own.
pub fn attribute_secrets(inventory: &mut Inventory, trees: &[BuildTree]) {
    let Inventory { files, packages, claims, system, changed, secrets, .. } = inventory;
    let (owners, system) = (Owners::new(&*claims), System::new(system));
    // Somebody has written into what the package's record does not have: that is not the package's publisher.
    let changed: HashSet<&EntryPath> = changed.iter().collect();
    let place = |package: &Package| package.paths.iter().map(|path| owner(path.as_str()).to_owned()).collect::<Vec<_>>();
    let (public, own): (Vec<&Package>, Vec<&Package>) = packages.iter().partition(|package| package.origin == Origin::Registry);
    let own: HashSet<String> = own.into_iter().flat_map(place).collect();
    let public: HashSet<String> = public.into_iter().flat_map(place).filter(|owner| !own.contains(owner)).collect();
    secret::attribute(secrets, |path| {
        // What stands in a source map has a path of its own; the bytes are the map's.
        let file = std::iter::successors(Some(path.as_str()), |path| path.rsplit_once("!/").map(|(outer, _)| outer))
            .find_map(|path| files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().and_then(|at| files.get(at)));
        let claim = owners.claim(path).filter(|_| file.is_none_or(|file| !changed.contains(&file.path)));
        let recorded = |file: &File| {
            claim.is_some_and(|claim| {
                let is_listed = matches!(&claim.kind, ClaimKind::Listed(Some(hash)) if hex(hash) == file.sha256);
                is_listed && claim.path == file.path.as_str() && public.contains(&*claim.owner)
            })
        };
        Standing {
            third: claim.is_some() || system.package(path).is_some(),
            same: file.is_some_and(|file| trees.iter().any(|tree| tree.has(&file.path, file.size, &file.sha256))),
            recorded: file.is_some_and(recorded),
        }
    });
}

/// Gives every problem of a shown entry that entry's digest, so that an acceptance can be bound to it. A problem of several
/// files has that of their sorted `sha256  path` lines, as `sha256sum` prints them; one of a package database that of all files
/// it lists.
fn bind(inventory: &mut Inventory) {
    let Inventory { files, problems, not_judged, system, .. } = inventory;
    let (databases, system): (HashSet<&EntryPath>, _) = (system.iter().map(|file| &file.package.database).collect(), System::new(system));
    for problem in problems {
        let Some(path) = &problem.path else {
            if problem.class == ProblemClass::OutOfScope {
                let named: HashSet<&EntryPath> =
                    not_judged.iter().filter(|file| file.kind == problem.kind).map(|file| &file.path).collect();
                problem.sha256 = Some(digest(files.iter().filter(|file| named.contains(&file.path))));
            }
            continue;
        };
        if problem.class == ProblemClass::OutOfScope && databases.contains(path) {
            let is_its = |file: &&File| system.package(&file.path).is_some_and(|package| package.database == *path);
            problem.sha256 = Some(digest(files.iter().filter(is_its)));
        } else if let Ok(at) = files.binary_search_by(|file| file.path.cmp(path)) {
            problem.sha256 = Some(files[at].sha256.clone());
        } else if problem.class == ProblemClass::Unattributed {
            let inside = format!("{}/", path.as_str());
            let first = files.partition_point(|file| file.path.as_str() < inside.as_str());
            problem.sha256 = Some(digest(files[first..].iter().take_while(|file| file.path.as_str().starts_with(&inside))));
        }
    }
}

/// SHA-256 over the lines of files, hex.
fn digest<'a>(files: impl Iterator<Item = &'a File>) -> String {
    let mut digest = Sha256::new();
    for file in files {
        digest.update(format!("{}  {}\n", file.sha256, file.path.as_str()));
    }
    hex(&digest.finalize())
}

/// What looks at the entries.
struct Eye<'a> {
    scanner: Option<&'a Scanner>,
    trees: &'a [BuildTree],
    /// Only secrets are asked for.
    search: bool,
}

impl Eye<'_> {
    fn extractors(&self) -> impl Iterator<Item = &'static dyn extract::Extractor> + use<> {
        let search = self.search;
        EXTRACTORS.iter().copied().filter(move |extractor| !search || extractor.attributes())
    }
}

impl Observer for Eye<'_> {
    fn wants_whole(&self, path: &EntryPath, head: &[u8]) -> bool {
        self.extractors().any(|extractor| extractor.wants(path, head))
    }

    fn entry(&self, entry: &Entry<'_>, aliases: &[EntryPath], found: &mut Inventory) {
        let file = File { path: entry.path.clone(), size: entry.content.len() as u64, sha256: hex(&Sha256::digest(entry.content)) };
        found.files.push(file);
        guarded(entry.path, found, |found| {
            extract(self.extractors(), entry, aliases, found);
            extract::compare(self.trees, entry, found);
        });
        if let Some(scanner) = self.scanner {
            guarded(entry.path, found, |found| keep(scanner.scan(entry.path, entry.content), found));
        }
    }

    fn shadowed(&self, entry: &Entry<'_>, found: &mut Inventory) {
        if let Some(scanner) = self.scanner {
            guarded(entry.path, found, |found| keep(scanner.scan(entry.path, entry.content), found));
        }
    }

    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        Box::new(Streamed { path, size: 0, digest: Sha256::new(), search: self.scanner.map(|scanner| scanner.stream(path)) })
    }
}

/// Runs `look` so that a panic in it costs this entry and no other, and never passes for silence.
fn guarded(path: &EntryPath, found: &mut Inventory, look: impl FnOnce(&mut Inventory)) {
    let mut seen = Inventory::default();
    let outcome = catch_unwind(AssertUnwindSafe(|| look(&mut seen)));
    found.merge(seen);
    if outcome.is_err() {
        found.problems.push(Problem::at(&INTERNAL_ERROR, path, "fngate failed on this file and did not judge it"));
    }
}

/// Shows an entry to every extractor that wants it: by its own path, or by the path that a link gives it where the link
/// makes it a package's (`node_modules/a`, which leads to `packages/a`) or where its own path says nothing.
fn extract(
    extractors: impl Iterator<Item = &'static dyn extract::Extractor>,
    entry: &Entry<'_>,
    aliases: &[EntryPath],
    found: &mut Inventory,
) {
    let head = &entry.content[..entry.content.len().min(HEAD)];
    let is_packaged = extract::lies_in_package(entry.path);
    for extractor in extractors {
        let is_own = extractor.wants(entry.path, head);
        // A package's own file is the package's under any other name too.
        let mut linked = aliases.iter().filter(|_| !(is_packaged && is_own));
        let says_more = |alias: &&EntryPath| extract::lies_in_package(alias) || !is_packaged && !is_own;
        let alias = linked.find(|alias| says_more(alias) && extractor.wants(alias, head));
        if is_own {
            read(extractor, entry, entry.path, found);
        }
        if let Some(path) = alias {
            let mut linked = Inventory::default();
            read(extractor, &Entry { path, ..*entry }, entry.path, &mut linked);
            // What a registry serves has a version; a folder of the project's own need not.
            linked.packages.retain(|package| !is_own || package.version.is_some());
            found.merge(linked);
        }
    }
}

/// Runs one extractor on an entry that lies at `place`.
fn read(extractor: &dyn extract::Extractor, entry: &Entry<'_>, place: &EntryPath, found: &mut Inventory) {
    if let Err(malformed) = extractor.extract(entry, found) {
        found.problems.push(
            Problem::at(&extract::MANIFEST_MALFORMED, place, format!("{}: {malformed}", extractor.name()))
                .bytes(entry.content.len() as u64),
        );
    }
}

/// Takes what the scanner found.
fn keep(searched: Found, found: &mut Inventory) {
    found.secrets.extend(searched.secrets);
    found.problems.extend(searched.problems);
}

/// An entry that is too large to be held: hashed and searched while it passes.
struct Streamed<'a> {
    path: &'a EntryPath,
    size: u64,
    digest: Sha256,
    search: Option<secret::Stream<'a>>,
}

impl EntryStream for Streamed<'_> {
    fn feed(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        if let Some(search) = &mut self.search {
            search.feed(bytes);
        }
    }

    fn finish(self: Box<Self>, found: &mut Inventory) {
        let Self { path, size, digest, search } = *self;
        found.files.push(File { path: path.clone(), size, sha256: hex(&digest.finalize()) });
        if let Some(search) = search {
            keep(search.finish(), found);
        }
    }
}
