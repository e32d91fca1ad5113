//! The walk over an artifact: every entry is shown to an [`Observer`] once, whole, or becomes a problem. Archives inside
//! are walked the same way, their entries named `outer!/inner`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::limit::Limits;
use super::source::Source;
use super::{gzip, magic, problem, tar, zip};
use crate::model::{Entry, EntryPath, Inventory, Problem, ProblemKind};

/// Links within links that are followed to find the paths of an entry.
const DEEPEST_ALIAS: usize = 4;
/// Paths of one entry that are looked at.
const MOST_ALIASES: usize = 256;

/// Bytes of an entry that [`Observer::wants_whole`] is shown.
pub(crate) const HEAD: usize = 4096;

/// Sees the entries of an artifact. Called from several workers at once.
pub trait Observer: Sync {
    /// Whether an entry too large to be looked at side by side with others must be shown whole all the same. `head` is its
    /// beginning, at most 4,096 bytes.
    fn wants_whole(&self, path: &EntryPath, head: &[u8]) -> bool;

    /// Shows an entry. Where links make it appear at other paths too, `aliases` are those paths.
    fn entry(&self, entry: &Entry<'_>, aliases: &[EntryPath], found: &mut Inventory);

    /// Shows an entry of an image's layer that a later layer deletes or replaces: it is not in the function's file system,
    /// so its packages do not count, and it is in the image, so its secrets do.
    fn shadowed(&self, entry: &Entry<'_>, found: &mut Inventory);

    /// Shows an entry that is too large to be held: its bytes follow in order.
    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a>;
}

/// Takes the bytes of one large entry.
pub trait EntryStream {
    /// The next bytes.
    fn feed(&mut self, bytes: &[u8]);
    /// The end: what the entry showed goes to `found`.
    fn finish(self: Box<Self>, found: &mut Inventory);
}

/// How many entries were declared, shown and refused. Shown and refused are declared, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Entries that the containers say they have.
    pub declared: u64,
    /// Entries that were shown, and folders and links, which have nothing to show.
    pub shown: u64,
    /// Entries that were refused; a problem names each, or the limit that they lie beyond.
    pub refused: u64,
}

/// What one walk shares between its workers.
pub(crate) struct Walk<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) observer: &'a dyn Observer,
    /// Whether workers run side by side. A walk that meets a limit of the whole artifact is done again in order by one
    /// worker, so that what is shown does not depend on scheduling.
    pub(crate) parallel: bool,
    counts: Arc<Counts>,
}

/// The counts of one walk.
#[derive(Debug, Default)]
struct Counts {
    bytes: AtomicU64,
    entries: AtomicU64,
    over: AtomicBool,
    declared: AtomicU64,
    shown: AtomicU64,
    refused: AtomicU64,
}

/// What an entry of a container shares with its neighbours: where the container lies and which links lead into it.
pub(crate) struct Place<'a> {
    pub(crate) prefix: Option<&'a EntryPath>,
    pub(crate) depth: u32,
    /// Files and folders that links lead to (the container's top is the empty path), with the paths of the links.
    pub(crate) aliases: HashMap<String, Vec<EntryPath>>,
}

impl Place<'_> {
    /// The path of an entry of this container.
    pub(crate) fn path(&self, inner: &EntryPath) -> EntryPath {
        self.prefix.map_or_else(|| inner.clone(), |prefix| prefix.nested(inner))
    }

    /// The key of `inner` among the aliases; the container's own top is its prefix.
    pub(crate) fn key(&self, inner: &str) -> String {
        match (self.prefix, inner) {
            (None, inner) => inner.to_owned(),
            (Some(prefix), "") => format!("{prefix}!", prefix = prefix.as_str()),
            (Some(prefix), inner) => format!("{prefix}!/{inner}", prefix = prefix.as_str()),
        }
    }

    /// A problem of an entry whose name is no path, or of the container itself.
    pub(crate) fn problem(&self, kind: &'static ProblemKind, message: impl Into<String>) -> Problem {
        match self.prefix {
            Some(prefix) => Problem::at(kind, prefix, message),
            None => Problem::whole(kind, message),
        }
    }

    /// Where links make an entry appear too, through links to its folders' own links as well.
    fn aliases(&self, path: &EntryPath) -> Vec<EntryPath> {
        let mut found: Vec<EntryPath> = Vec::new();
        if self.aliases.is_empty() {
            return found;
        }
        let mut level = vec![path.clone()];
        for _ in 0..DEEPEST_ALIAS {
            let mut next = Vec::new();
            for path in &level {
                for alias in self.one_link(path) {
                    if found.len() < MOST_ALIASES && alias != *path && !found.contains(&alias) {
                        found.push(alias.clone());
                        next.push(alias);
                    }
                }
            }
            level = next;
        }
        found
    }

    /// The paths that one link gives an entry.
    fn one_link(&self, path: &EntryPath) -> Vec<EntryPath> {
        let mut paths = Vec::new();
        let mut at = path.as_str();
        loop {
            let rest = path.as_str().get(at.len()..).unwrap_or_default().trim_start_matches('/');
            for link in self.aliases.get(at).into_iter().flatten() {
                match EntryPath::new(rest) {
                    Ok(rest) => paths.push(link.join(&rest)),
                    Err(_) => paths.push(link.clone()),
                }
            }
            if at.is_empty() {
                return paths;
            }
            at = at.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

impl<'a> Walk<'a> {
    pub(crate) fn new(limits: &'a Limits, observer: &'a dyn Observer, parallel: bool) -> Self {
        Self { limits, observer, parallel, counts: Arc::default() }
    }

    /// The same walk, its counts shared, with another observer.
    pub(crate) fn seen_by<'b>(&'b self, observer: &'b dyn Observer) -> Walk<'b> {
        Walk { limits: self.limits, observer, parallel: self.parallel, counts: Arc::clone(&self.counts) }
    }

    /// Whether a limit of the whole artifact was met.
    pub(crate) fn is_over(&self) -> bool {
        self.counts.over.load(Ordering::Relaxed)
    }

    pub(crate) fn census(&self) -> Census {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Census { declared: read(&self.counts.declared), shown: read(&self.counts.shown), refused: read(&self.counts.refused) }
    }

    pub(crate) fn declare(&self, entries: u64) {
        self.counts.declared.fetch_add(entries, Ordering::Relaxed);
    }

    pub(crate) fn count_shown(&self, entries: u64) {
        self.counts.shown.fetch_add(entries, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self, entries: u64) {
        self.counts.refused.fetch_add(entries, Ordering::Relaxed);
    }

    /// Refuses one entry with its problem.
    pub(crate) fn refuse(&self, found: &mut Inventory, problem: Problem) {
        self.count_refused(1);
        found.problems.push(problem);
    }

    /// Takes one entry of `bytes` from the artifact's allowance; says whether it may be shown. Beyond the allowance every
    /// entry is refused: the first with a problem, the others silently counted, because one limit is one problem.
    pub(crate) fn admit(&self, path: &EntryPath, bytes: u64, found: &mut Inventory) -> bool {
        let entries = self.counts.entries.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.counts.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let problem = if entries > self.limits.entries {
            Problem::whole(&problem::LIMIT_ENTRIES, format!("more than {} entries; the first beyond is `{path}`", self.limits.entries))
        } else if total > self.limits.total_bytes {
            Problem::whole(
                &problem::LIMIT_TOTAL_BYTES,
                format!("more than {} bytes; the first entry beyond is `{path}`", self.limits.total_bytes),
            )
        } else if self.is_over() {
            self.count_refused(1);
            return false;
        } else {
            return true;
        };
        self.count_refused(1);
        if !self.counts.over.swap(true, Ordering::Relaxed) {
            found.problems.push(problem);
        }
        false
    }

    /// Refuses what is over the limit of a single entry.
    pub(crate) fn too_large(&self, path: &EntryPath, size: u64) -> Option<Problem> {
        (size > self.limits.entry_bytes).then(|| {
            Problem::at(&problem::LIMIT_ENTRY_BYTES, path, format!("{size} bytes; the limit is {}", self.limits.entry_bytes)).bytes(size)
        })
    }

    /// Refuses what is packed like a bomb.
    pub(crate) fn bomb(&self, path: &EntryPath, packed: u64, size: u64) -> Option<Problem> {
        (size > Limits::RATIO_FROM && size / packed.max(1) > self.limits.ratio).then(|| {
            Problem::at(
                &problem::LIMIT_RATIO,
                path,
                format!(
                    "{packed} packed bytes inflate to {size}, {} times as many; the limit is {}",
                    size / packed.max(1),
                    self.limits.ratio
                ),
            )
            .bytes(size)
        })
    }

    /// Shows an entry that is in hand and, where it is an archive itself, its entries.
    pub(crate) fn show(&self, path: &EntryPath, content: &[u8], place: &Place<'_>, found: &mut Inventory) {
        self.count_shown(1);
        self.observer.entry(&Entry { path, content }, &place.aliases(path), found);
        self.open(path, Source::Memory(content), place.depth + 1, found);
    }

    /// Walks what is inside an entry, if anything is.
    pub(crate) fn open(&self, path: &EntryPath, source: Source<'_>, depth: u32, found: &mut Inventory) {
        let mut head = [0; magic::ENOUGH];
        let Ok(length) = source.read_at(0, &mut head) else { return };
        let container = magic::container(&head[..length], path).or_else(|| zip::ends_in_one(&source).then_some(magic::Container::Zip));
        let Some(container) = container else { return };
        if depth > self.limits.depth {
            found.problems.push(Problem::at(
                &problem::LIMIT_DEPTH,
                path,
                format!("archives nested {depth} deep; the limit is {}", self.limits.depth),
            ));
            return;
        }
        let place = Place { prefix: Some(path), depth, aliases: HashMap::new() };
        self.container(container, source, place, found);
    }

    /// Walks a container.
    pub(crate) fn container(&self, container: magic::Container, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
        match container {
            magic::Container::Zip => zip::walk(self, source, place, found),
            magic::Container::Tar => tar::walk(self, source, place, found),
            magic::Container::Gzip => gzip::walk(self, source, place, found),
        }
    }
}
