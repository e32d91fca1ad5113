//! Names that mean one file to one reader and another to the next: twins, collisions, conflicts.

use std::collections::{HashMap, HashSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::problem as kind;
use super::walk::Place;
use crate::model::{EntryPath, Problem};

/// The names of one container.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Everything that is not a folder, in any order; twins stand twice.
    files: Vec<EntryPath>,
    links: HashSet<EntryPath>,
    folders: HashSet<EntryPath>,
}

impl Names {
    /// Takes the name of a file.
    pub(crate) fn file(&mut self, path: EntryPath) {
        self.files.push(path);
    }

    /// Takes the name of a link.
    pub(crate) fn link(&mut self, path: EntryPath) {
        self.links.insert(path.clone());
        self.files.push(path);
    }

    /// Takes the name of a folder that has an entry of its own.
    pub(crate) fn folder(&mut self, path: EntryPath) {
        self.folders.insert(path);
    }

    /// The names in order, to look up what exists.
    pub(crate) fn sorted(mut self) -> Sorted {
        self.files.sort_unstable();
        Sorted { files: self.files, links: self.links, folders: self.folders }
    }
}

/// The names of one container, in order.
#[derive(Debug)]
pub(crate) struct Sorted {
    files: Vec<EntryPath>,
    links: HashSet<EntryPath>,
    folders: HashSet<EntryPath>,
}

impl Sorted {
    /// Whether there is a file of this name.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.binary_search_by(|file| file.as_str().cmp(path)).is_ok()
    }

    /// Whether there is a folder of this name, with an entry of its own or with something in it.
    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        let at = self.files.partition_point(|file| file.as_str() < inside.as_str());
        self.files.get(at).is_some_and(|file| file.as_str().starts_with(&inside))
            || EntryPath::new(path).is_ok_and(|path| self.folders.contains(&path))
    }

    /// Every twin, collision and conflict among the names.
    pub(crate) fn problems(&self, place: &Place<'_>, problems: &mut Vec<Problem>) {
        let mut folded: HashMap<String, &EntryPath> = HashMap::with_capacity(self.files.len());
        for (at, file) in self.files.iter().enumerate() {
            let twin = at > 0 && self.files[at - 1] == *file;
            if twin {
                if at < 2 || self.files[at - 2] != *file {
                    if self.links.contains(file) {
                        problems.push(Problem::at(&kind::LINK_SHADOW, &place.path(file), "a link and another entry have this name"));
                    }
                    problems.push(Problem::at(&kind::DUPLICATE_NAME, &place.path(file), "the archive has several entries of this name"));
                }
                continue;
            }
            if self.has_folder(file.as_str()) && !self.links.contains(file) {
                problems.push(Problem::at(&kind::NAME_CONFLICT, &place.path(file), "the name is a file, and other entries lie below it"));
            }
            if let Some(other) = folded.insert(fold(file.as_str()), file) {
                problems.push(Problem::at(
                    &kind::NAME_COLLISION,
                    &place.path(file),
                    format!("the name differs from `{other}` only by case or Unicode form"),
                ));
            }
        }
    }
}

/// What a case-insensitive, normalising file system makes of a name: NFC, then lower case.
fn fold(name: &str) -> String {
    if name.is_ascii() {
        name.to_ascii_lowercase()
    } else if is_nfc(name) {
        name.to_lowercase()
    } else {
        name.nfc().collect::<String>().to_lowercase()
    }
}
