//! Layers of a function: zips that the platform unpacks over each other in one folder (AWS Lambda: `/opt`) beside the
//! function's own.
//!
//! What runs sees the sum of them, so that is what is shown: each path once, as the last layer that has it says, under
//! `opt!/path`. A file that a later layer replaces is shown as shadowed, under `layer@sha256:<12 digits>!/path`: its packages
//! do not count, its secrets do.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::walk::{EntryStream, Observer, Place, Walk};
use super::{Artifact, problem as kind};
use crate::model::{Entry, EntryPath, Inventory, LAYERS, Problem, hex};

/// Shows a layer: what a later one has too as shadowed.
struct Mounted<'a> {
    observer: &'a dyn Observer,
    /// What the later layers hold.
    upper: &'a HashSet<EntryPath>,
    /// What this one holds.
    own: Mutex<Vec<EntryPath>>,
}

impl Mounted<'_> {
    fn note(&self, path: &EntryPath) {
        // An archive's entries come and go with the archive.
        if outermost(path) == path.as_str() {
            self.own.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        }
    }
}

impl Observer for Mounted<'_> {
    fn wants_whole(&self, path: &EntryPath, head: &[u8]) -> bool {
        !is_under(path, self.upper) && self.observer.wants_whole(path, head)
    }

    fn entry(&self, entry: &Entry<'_>, aliases: &[EntryPath], found: &mut Inventory) {
        self.note(entry.path);
        if is_under(entry.path, self.upper) {
            self.observer.shadowed(entry, found);
        } else {
            let visible: Vec<EntryPath> = aliases.iter().filter(|alias| !is_under(alias, self.upper)).cloned().collect();
            self.observer.entry(entry, &visible, found);
        }
    }

    fn shadowed(&self, entry: &Entry<'_>, found: &mut Inventory) {
        self.observer.shadowed(entry, found);
    }

    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        self.note(path);
        self.observer.stream(path)
    }
}

/// Walks the layers, the last one first, because it hides what the others have of its paths.
pub(super) fn walk(walk: &Walk<'_>, layers: &[Arc<Artifact>], found: &mut Inventory) {
    let Ok(mount) = EntryPath::new(LAYERS.trim_end_matches('!')) else { return };
    if layers.is_empty() {
        return;
    }
    impostor(&mount, found);
    let mut upper = HashSet::new();
    for layer in layers.iter().rev() {
        let observer = Mounted { observer: walk.observer, upper: &upper, own: Mutex::default() };
        let place = Place { prefix: Some(&mount), depth: 0, aliases: HashMap::new() };
        let mut part = Inventory::default();
        layer.show(&walk.seen_by(&observer), place, &mut part);
        let own = observer.own.into_inner().unwrap_or_else(PoisonError::into_inner);
        rename(&mut part, layer, &mount, &upper);
        found.merge(part);
        upper.extend(own);
    }
}

/// The path of the file that holds an entry of a layer: itself, or the archive that it lies in.
fn outermost(path: &EntryPath) -> &str {
    let text = path.as_str();
    let start = LAYERS.len() + 1;
    let end = text.get(start..).and_then(|rest| rest.find("!/")).map_or(text.len(), |at| start + at);
    text.get(..end).unwrap_or(text)
}

/// Whether a later layer has this path, or the archive's that it lies in.
fn is_under(path: &EntryPath, upper: &HashSet<EntryPath>) -> bool {
    let outer = outermost(path);
    path.prefix(outer.len()).is_some_and(|outer| upper.contains(&outer))
}

/// Gives what was found in shadowed files the layer's own name, and what was found about the layer as a whole too: under
/// `opt!/` there is only what can be seen there.
fn rename(part: &mut Inventory, layer: &Artifact, mount: &EntryPath, upper: &HashSet<EntryPath>) {
    let digest = hex(&layer.digest);
    let Ok(name) = EntryPath::new(&format!("layer@sha256:{}", digest.get(..12).unwrap_or(&digest))) else { return };
    let renamed = |path: &EntryPath| {
        if path == mount {
            return Some(name.clone());
        }
        is_under(path, upper).then(|| path.suffix(LAYERS.len() + 1).map(|rest| name.nested(&rest))).flatten()
    };
    part.files.retain(|file| !is_under(&file.path, upper));
    for secret in &mut part.secrets {
        secret.path = renamed(&secret.path).unwrap_or_else(|| secret.path.clone());
    }
    for problem in &mut part.problems {
        problem.path = problem.path.take().map(|path| renamed(&path).unwrap_or(path));
    }
}

/// Names an archive of the function whose entries would be named like those of the layers.
fn impostor(mount: &EntryPath, found: &mut Inventory) {
    let places = found.files.iter().map(|file| &file.path).chain(found.problems.iter().filter_map(|problem| problem.path.as_ref()));
    if places.into_iter().any(|path| path.is_in(LAYERS)) {
        found.problems.push(Problem::at(
            &kind::NAME_CONFLICT,
            mount,
            "the function has an archive of this name, and what lies in it cannot be told from what lies in the layers; rename it",
        ));
    }
}
