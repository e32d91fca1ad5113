//! The first pass over the layers of an image: names only. What it leaves is the tree of visible files, each with the entry
//! that holds its bytes.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::super::problem as kind;
use super::super::tar::{self as members, Entry, Fault, Kind as Type};
use super::super::walk::Walk;
use super::layer::{self, Watched};
use super::store::Store;
use super::tree::{At, Full, Hid, Id, Kind, Met, ROOT, Tree};
use super::{Image, Layer, name};
use crate::model::{EntryPath, Inventory, Link, Problem, escaped};

/// The longest link target: Linux' `PATH_MAX`.
const LONGEST_TARGET: usize = 4096;

/// Components looked up to resolve all links of an image.
const STEPS: u64 = 50_000_000;

/// Bytes of the paths that links lead to and from.
const ALIAS_BYTES: usize = 64 * 1024 * 1024;

/// What the layers add up to.
pub(super) struct Outline {
    pub(super) tree: Tree,
    /// How many entries of each layer were read.
    pub(super) counts: Vec<u32>,
    /// Every visible file: the entry that holds its bytes, its node; in order.
    pub(super) files: Vec<(At, Id)>,
    /// Folders and files that links lead to, with the links' own paths.
    pub(super) aliases: HashMap<String, Vec<EntryPath>>,
}

/// What all images of a walk may read and name together.
pub(super) struct Allowance {
    pub(super) bytes: Rc<Cell<u64>>,
    pub(super) entries: u64,
    /// Whether something was left out.
    pub(super) full: bool,
}

struct Pass<'p, 'w> {
    walk: &'p Walk<'w>,
    found: &'p mut Inventory,
    allowance: &'p mut Allowance,
    tree: Tree,
    hard_links: u64,
    /// Components that may still be looked up to find the targets of hard links.
    steps: u64,
    /// How many whiteouts of the layer in hand hide nothing, and the first of them.
    dangling: (u64, String),
}

/// Reads the names of all layers. `prefix` is the folder that paths of problems get.
pub(super) fn read(
    walk: &Walk<'_>,
    store: &Store<'_>,
    image: &Image,
    prefix: Option<&EntryPath>,
    allowance: &mut Allowance,
    found: &mut Inventory,
) -> Outline {
    let tree = Tree::new(allowance.entries);
    let mut pass = Pass { walk, found, allowance, tree, hard_links: 0, steps: STEPS, dangling: (0, String::new()) };
    let mut counts = Vec::new();
    for (at, layer) in (0_u32..).zip(&image.layers) {
        counts.push(if pass.allowance.full { 0 } else { pass.layer(store, layer, at, prefix) });
    }
    pass.finish(counts, prefix)
}

/// The path of a file, below the image's own folder where several images have one.
pub(super) fn below(prefix: Option<&EntryPath>, path: EntryPath) -> EntryPath {
    match prefix {
        Some(prefix) => prefix.join(&path),
        None => path,
    }
}

/// The path of a layer, to speak of it and of what later layers hide.
pub(super) fn layer_path(layer: &Layer, prefix: Option<&EntryPath>) -> Option<EntryPath> {
    EntryPath::new(&format!("layer@sha256:{}", layer.short)).ok().map(|path| below(prefix, path))
}

impl Pass<'_, '_> {
    /// Reads one layer; says how many entries it has.
    fn layer(&mut self, store: &Store<'_>, layer: &Layer, at: u32, prefix: Option<&EntryPath>) -> u32 {
        let place = layer_path(layer, prefix);
        let problem = |kind, message: String| match &place {
            Some(path) => Problem::at(kind, path, message),
            None => Problem::whole(kind, message),
        };
        let hasher = Rc::new(RefCell::new(layer.unpacked.as_ref().map(super::digest::Digest::hasher)));
        let opened = match store.open(layer.file) {
            Ok(opened) => opened,
            Err(error) => {
                self.found.problems.push(problem(&kind::UNREADABLE_FILE, error.to_string()));
                return 0;
            }
        };
        let inner = match layer::unpacked(opened.source(), self.walk.limits) {
            Ok(inner) => inner,
            Err(error) => {
                self.found.problems.push(problem(layer::kind(&error.to_string(), &kind::UNREADABLE_FILE), error.to_string()));
                return 0;
            }
        };
        let watched = Watched { inner, hasher: Rc::clone(&hasher), left: Rc::clone(&self.allowance.bytes) };
        let (mut count, walk) = (0, self.walk);
        let read = members::each(walk, Box::new(watched), &mut |entry, index| {
            let Ok(index) = u32::try_from(index) else { return false };
            if self.allowance.entries == 0 || self.allowance.full {
                self.allowance.full = true;
                return false;
            }
            self.allowance.entries -= 1;
            count = index + 1;
            walk.declare(1);
            if let Some(Fault(kind, message)) = entry.ambiguity() {
                let name = escaped(&String::from_utf8_lossy(entry.path())).into_owned();
                self.found.problems.push(problem(kind, format!("`{name}`: {message}")));
            }
            if self.entry(entry, At { layer: at, index }, &problem) == Err(Full) {
                self.allowance.full = true;
            }
            true
        });
        if self.allowance.full {
            let message = format!("more than {} entries, or names too long to be held", walk.limits.entries);
            self.found.problems.push(problem(&kind::LIMIT_ENTRIES, message));
        }
        // One problem a layer, however many there are: they change nothing.
        if let (count @ 1.., first) = std::mem::take(&mut self.dangling) {
            let message = format!("whiteouts of files that no layer below has: {count}, the first {first}");
            self.found.problems.push(problem(&kind::WHITEOUT_DANGLING, message));
        }
        let hash = hasher.borrow_mut().take().map(super::digest::Hasher::finish);
        match read {
            Err(Fault(kind, message)) => self.found.problems.push(problem(layer::kind(&message, kind), message)),
            Ok(()) if !self.allowance.full && hash != layer.unpacked => {
                let hash = hash.map_or_else(String::new, |hash| hash.as_str().to_owned());
                let message = format!("unpacked, the layer's digest is {hash}; the configuration names another");
                self.found.problems.push(problem(&kind::DIGEST_MISMATCH, message));
            }
            Ok(()) => {}
        }
        count
    }

    /// Names one entry, and counts it unless its bytes are to be shown.
    fn entry(
        &mut self,
        entry: &Entry<'_, '_>,
        at: At,
        problem: &dyn Fn(&'static crate::model::ProblemKind, String) -> Problem,
    ) -> Result<(), Full> {
        let raw = entry.path().to_vec();
        let shown = || format!("`{}`", escaped(&String::from_utf8_lossy(&raw[..raw.len().min(200)])));
        let names = match name::components(&raw) {
            Ok(names) => names,
            Err(fault) => {
                self.walk.refuse(self.found, problem(&kind::UNSAFE_NAME, format!("{}: {fault}", shown())));
                return Ok(());
            }
        };
        if let Some((last, folder)) = names.split_last()
            && let Some(hidden) = last.strip_prefix(b".wh.")
        {
            // One with contents hides them; they are shown as shadowed.
            if !is_file(entry) || entry.size() == 0 {
                self.walk.count_shown(1);
            }
            self.whiteout(folder, hidden, at.layer, &shown(), problem);
            return Ok(());
        }
        let kind = match entry.kind() {
            // A file is counted where its bytes are.
            _ if is_file(entry) => Kind::File(at),
            Type::HardLink => match self.target(entry) {
                Some(kind) => {
                    if matches!(kind, Kind::File(_)) {
                        self.hard_links += 1;
                    } else {
                        self.walk.count_shown(1);
                    }
                    kind
                }
                None => {
                    let message = format!("{}: the hard link's target is in neither this layer nor one below", shown());
                    self.walk.refuse(self.found, problem(&kind::HARD_LINK_DANGLING, message));
                    return Ok(());
                }
            },
            Type::Special(b'S') => {
                self.walk.refuse(self.found, problem(&kind::SPECIAL_FILE, format!("{}: a sparse file", shown())));
                return Ok(());
            }
            other => {
                self.walk.count_shown(1);
                match other {
                    Type::Folder => Kind::Folder,
                    Type::Link => Kind::Link(Some(entry.link()).filter(|target| target.len() <= LONGEST_TARGET).unwrap_or_default().into()),
                    Type::Label => return Ok(()),
                    Type::Special(b'3') if entry.device() == (0, 0) => {
                        let message = format!("{}: a device 0:0, which overlay file systems take for a whiteout", shown());
                        self.found.problems.push(problem(&kind::SPECIAL_FILE, message));
                        Kind::Special
                    }
                    Type::Special(b'3' | b'4' | b'6') => Kind::Special,
                    other => {
                        let message = format!("{}: a tar entry that is neither file, folder nor link: {other:?}", shown());
                        self.found.problems.push(problem(&kind::SPECIAL_FILE, message));
                        return Ok(());
                    }
                }
            }
        };
        match self.tree.place(&names, at, kind)? {
            Met::Nothing => {}
            Met::Twin => {
                self.found.problems.push(problem(&kind::DUPLICATE_NAME, format!("{}: the layer has several entries of this name", shown())))
            }
            Met::Conflict => {
                self.found.problems.push(problem(&kind::NAME_CONFLICT, format!("{}: a file and a folder of one name", shown())))
            }
            Met::Link => {
                self.found.problems.push(problem(&kind::LINK_SHADOW, format!("{}: a link stands where this entry needs a folder", shown())))
            }
        }
        Ok(())
    }

    /// Applies a whiteout: `.wh..wh..opq` empties its folder, `.wh..wh.` and more is a storage driver's own, `.wh.x` hides `x`.
    fn whiteout(
        &mut self,
        folder: &[&[u8]],
        hidden: &[u8],
        layer: u32,
        shown: &str,
        problem: &dyn Fn(&'static crate::model::ProblemKind, String) -> Problem,
    ) {
        if hidden == b".wh..opq" {
            return self.tree.opaque(folder, layer);
        }
        if hidden.starts_with(b".wh.") {
            return;
        }
        let path: Vec<&[u8]> = folder.iter().copied().chain([hidden]).collect();
        match self.tree.hide(&path, layer) {
            Hid::Lower => {}
            Hid::Nothing => {
                self.dangling.0 += 1;
                if self.dangling.0 == 1 {
                    shown.clone_into(&mut self.dangling.1);
                }
            }
            Hid::NotOwn => {
                let message = format!("{shown}: the layer has that name itself, before its whiteout; readers keep it or not");
                self.found.problems.push(problem(&kind::NAME_CONFLICT, message));
            }
        }
    }

    /// What a hard link is: what its target is now, in this layer or one below.
    fn target(&mut self, entry: &Entry<'_, '_>) -> Option<Kind> {
        let names = name::components(entry.link()).ok()?;
        let id = self.tree.lookup(&names).or_else(|| {
            // Runtimes follow links in the target's folder.
            let (_, folder) = names.split_last()?;
            let folder = self.tree.follow(ROOT, &folder.join(&b'/'), &mut self.steps)?;
            self.tree.lookup_in(folder, names.last()?)
        })?;
        Some(self.tree.kind(id).clone()).filter(|kind| !matches!(kind, Kind::Folder))
    }

    /// Collects what is visible in the end.
    fn finish(self, counts: Vec<u32>, prefix: Option<&EntryPath>) -> Outline {
        let Self { walk, found, tree, hard_links, .. } = self;
        let (mut files, mut links, mut visible_links) = (Vec::new(), Vec::new(), HashSet::new());
        for id in tree.visible() {
            match tree.kind(id) {
                Kind::File(bytes) => {
                    files.push((*bytes, id));
                    if *bytes != tree.by(id) {
                        visible_links.insert(tree.by(id));
                    }
                }
                Kind::Link(_) => links.push(id),
                Kind::Folder | Kind::Special => {}
            }
        }
        files.sort_unstable();
        // A hard link that is still visible is counted where its bytes are shown.
        walk.count_shown(hard_links.saturating_sub(visible_links.len() as u64));
        let aliases = aliases(&tree, &links, prefix, found);
        Outline { tree, counts, files, aliases }
    }
}

/// Where links to folders lead. A link of an image that dangles, loops or climbs above the root is no problem: base images
/// are full of the first, and a process inside the image sees nothing there, or the root.
fn aliases(tree: &Tree, links: &[Id], prefix: Option<&EntryPath>, found: &mut Inventory) -> HashMap<String, Vec<EntryPath>> {
    let (mut aliases, mut steps, mut bytes): (HashMap<String, Vec<EntryPath>>, _, _) = (HashMap::new(), STEPS, 0);
    for &link in links {
        let Kind::Link(target) = tree.kind(link) else { continue };
        let end = tree.follow(tree.parent(link), target, &mut steps);
        if steps == 0 || bytes > ALIAS_BYTES {
            found.problems.push(Problem::whole(&kind::LIMIT_ENTRIES, "the image has more links than can be followed"));
            break;
        }
        let Some(end) = end.filter(|end| *end != ROOT && matches!(tree.kind(*end), Kind::Folder | Kind::File(_))) else { continue };
        let is_folder = matches!(tree.kind(end), Kind::Folder);
        if let (Ok(end), Ok(link)) = (tree.path(end), tree.path(link)) {
            bytes += end.as_str().len() + link.as_str().len();
            let (end, link) = (below(prefix, end), below(prefix, link));
            if is_folder {
                found.dependencies.links.push(Link { path: link.clone(), target: end.clone() });
            }
            aliases.entry(end.as_str().to_owned()).or_default().push(link);
        }
    }
    aliases
}

/// Whether an entry is a file with bytes to show. One that is a folder by its name and has bytes all the same is both.
pub(super) fn is_file(entry: &Entry<'_, '_>) -> bool {
    entry.kind() == Type::File
}
