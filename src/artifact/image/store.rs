//! The files an image is kept in: members of a tar, read in place, or a directory's, never followed out of it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::super::name::Names;
use super::super::problem as kind;
use super::super::source::Source;
use super::super::tar::{self as members, Fault, Kind};
use super::super::walk::{Place, Walk};
use crate::model::{EntryPath, Inventory, Problem, ProblemKind, escaped};

/// Folders in folders of a layout: `blobs/sha256` is the deepest there should be.
const DEEPEST: usize = 16;

/// Links in the archive followed for one name (`docker save` writes `layer.tar -> ../<id>/layer.tar`).
const HOPS: usize = 8;

/// A file of the layout, by its place in the list.
pub(super) type Id = usize;

struct Stored<'a> {
    path: EntryPath,
    place: Bytes<'a>,
}

enum Bytes<'a> {
    Part(Source<'a>),
    Disk(PathBuf, u64),
}

/// A file of the layout, opened.
pub(super) enum Opened<'a> {
    Part(Source<'a>),
    Disk(File, u64),
}

impl Opened<'_> {
    pub(super) fn source(&self) -> Source<'_> {
        match self {
            Self::Part(source) => *source,
            Self::Disk(file, size) => Source::File(file, *size),
        }
    }
}

/// The files of a layout.
#[derive(Default)]
pub(super) struct Store<'a> {
    files: Vec<Stored<'a>>,
    names: HashMap<String, Id>,
    links: HashMap<String, String>,
    taken: RefCell<HashSet<Id>>,
}

/// The path under which a layout's own file is shown.
pub(super) fn shown(inner: &EntryPath) -> EntryPath {
    EntryPath::new("image-layout").map_or_else(|_| inner.clone(), |layout| layout.nested(inner))
}

/// A problem of a layout's file that need not be there, nor have a name that is a path.
pub(super) fn problem(kind: &'static ProblemKind, name: &str, message: impl Into<String>) -> Problem {
    match EntryPath::new(name) {
        Ok(path) => Problem::at(kind, &shown(&path), message),
        Err(_) => Problem::whole(kind, format!("`{}`: {}", escaped(name), message.into())),
    }
}

impl<'a> Store<'a> {
    /// The members of a tar.
    pub(super) fn of_tar(walk: &Walk<'_>, source: Source<'a>, found: &mut Inventory) -> Self {
        let (mut store, mut names) = (Self::default(), Names::default());
        let read = members::each(walk, Box::new(source.reader()), &mut |entry, index| {
            if index >= walk.limits.entries {
                return false;
            }
            walk.declare(1);
            let path = match EntryPath::from_bytes(entry.path()) {
                Ok(path) => path,
                Err(_) if entry.kind() == Kind::Folder => {
                    walk.count_shown(1);
                    return true;
                }
                Err(fault) => {
                    let name = String::from_utf8_lossy(entry.path()).into_owned();
                    walk.refuse(found, Problem::whole(&kind::UNSAFE_NAME, format!("`{}`: {fault}", escaped(&name))));
                    return true;
                }
            };
            if let Some(Fault(kind, message)) = entry.ambiguity() {
                found.problems.push(Problem::at(kind, &shown(&path), message));
            }
            match entry.kind() {
                Kind::File => {
                    names.file(path.clone());
                    let part = source.part(entry.position(), entry.size());
                    store.add(path, Bytes::Part(part));
                }
                Kind::Folder | Kind::Label => walk.count_shown(1),
                Kind::Link | Kind::HardLink => {
                    walk.count_shown(1);
                    let target = String::from_utf8_lossy(entry.link()).into_owned();
                    let hard = entry.kind() == Kind::HardLink;
                    store.links.insert(path.as_str().to_owned(), if hard { format!("/{target}") } else { target });
                    names.link(path);
                }
                other => {
                    let message = format!("a tar entry that is neither file, folder nor link: {other:?}");
                    walk.refuse(found, Problem::at(&kind::SPECIAL_FILE, &shown(&path), message));
                }
            }
            true
        });
        if let Err(Fault(kind, message)) = read {
            found.problems.push(Problem::whole(kind, message));
        }
        let layout = EntryPath::new("image-layout").ok();
        let place = Place { prefix: layout.as_ref(), depth: 0, aliases: HashMap::new() };
        names.sorted().problems(&place, &mut found.problems);
        store
    }

    /// The files of a directory.
    pub(super) fn of_folder(walk: &Walk<'_>, root: &Path, found: &mut Inventory) -> Self {
        let mut store = Self::default();
        let Ok(root) = root.canonicalize() else {
            found.problems.push(Problem::whole(&kind::UNREADABLE_FILE, "the layout's folder cannot be found"));
            return store;
        };
        let mut todo = vec![(root.clone(), String::new(), 0)];
        while let Some((folder, prefix, depth)) = todo.pop() {
            let children = fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).unwrap_or_else(|error| {
                walk.declare(1);
                walk.refuse(found, Problem::whole(&kind::UNREADABLE_FILE, format!("`{}`: {error}", escaped(&prefix))));
                Vec::new()
            });
            for child in children {
                walk.declare(1);
                if store.files.len() as u64 >= walk.limits.entries {
                    walk.refuse(found, Problem::whole(&kind::LIMIT_ENTRIES, format!("more than {} files", walk.limits.entries)));
                    continue;
                }
                let name = child.file_name();
                let path = match name.to_str().map(|name| EntryPath::new(&format!("{prefix}{name}"))) {
                    Some(Ok(path)) => path,
                    _ => {
                        let message = format!("`{}` is no plain name", escaped(&name.to_string_lossy()));
                        walk.refuse(found, Problem::whole(&kind::UNSAFE_NAME, message));
                        continue;
                    }
                };
                match beneath(&root, &child.path()) {
                    Ok((_, meta)) if meta.is_dir() && child.file_type().is_ok_and(|kind| kind.is_dir()) => {
                        if depth >= DEEPEST {
                            walk.refuse(found, Problem::at(&kind::LIMIT_DEPTH, &shown(&path), "a layout has no folders that deep"));
                        } else {
                            walk.count_shown(1);
                            todo.push((child.path(), format!("{}/", path.as_str()), depth + 1));
                        }
                    }
                    Ok((disk, meta)) if meta.is_file() => store.add(path, Bytes::Disk(disk, meta.len())),
                    Ok(_) => walk.refuse(found, Problem::at(&kind::SPECIAL_FILE, &shown(&path), "neither file nor folder")),
                    Err(Fault(kind, message)) => walk.refuse(found, Problem::at(kind, &shown(&path), message)),
                }
            }
        }
        store
    }

    fn add(&mut self, path: EntryPath, place: Bytes<'a>) {
        self.names.insert(path.as_str().to_owned(), self.files.len());
        self.files.push(Stored { path, place });
    }

    /// The file of a name, links of the archive followed.
    pub(super) fn find(&self, name: &str) -> Option<Id> {
        let mut name = EntryPath::new(name).ok()?.as_str().to_owned();
        for _ in 0..HOPS {
            let Some(target) = self.links.get(&name) else { return self.names.get(&name).copied() };
            name = joined(&name, target)?;
        }
        None
    }

    /// Opens a file.
    pub(super) fn open(&self, id: Id) -> io::Result<Opened<'a>> {
        let stored = self.files.get(id).ok_or(io::ErrorKind::NotFound)?;
        match &stored.place {
            Bytes::Part(source) => Ok(Opened::Part(*source)),
            Bytes::Disk(path, size) => Ok(Opened::Disk(File::open(path)?, *size)),
        }
    }

    /// Bytes of a file.
    pub(super) fn size(&self, id: Id) -> u64 {
        self.files.get(id).map_or(0, |stored| match &stored.place {
            Bytes::Part(source) => source.len(),
            Bytes::Disk(_, size) => *size,
        })
    }

    /// The whole of a small file, or why not.
    pub(super) fn read(&self, id: Id, most: u64) -> Result<Vec<u8>, String> {
        let size = self.size(id);
        if size > most {
            return Err(format!("{size} bytes; no description is larger than {most}"));
        }
        self.open(id).and_then(|opened| opened.source().range(0, size)).map_err(|error| error.to_string())
    }

    /// The path under which a file is shown, should it be.
    pub(super) fn path(&self, id: Id) -> EntryPath {
        // Ids come from `add` alone, and files are never removed.
        shown(&self.files[id].path)
    }

    /// Takes a file as a layer or a configuration; whether it is the first time.
    pub(super) fn take(&self, id: Id) -> bool {
        self.taken.borrow_mut().insert(id)
    }

    /// The files of a folder, with their names.
    pub(super) fn below(&self, folder: &str) -> Vec<(Id, &str)> {
        let names = self.names.iter().filter(|(name, _)| name.starts_with(folder));
        names.map(|(name, id)| (*id, name.as_str())).collect()
    }

    /// Everything that no image took.
    pub(super) fn rest(&self) -> Vec<Id> {
        let taken = self.taken.borrow();
        (0..self.files.len()).filter(|id| !taken.contains(id)).collect()
    }
}

/// Follows a link of the archive: `/` and `..` stay within it.
fn joined(link: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        link.rsplit_once('/').map_or_else(Vec::new, |(folder, _)| folder.split('/').collect())
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where a path of the disk leads, if it stays below `root`.
fn beneath(root: &Path, path: &Path) -> Result<(PathBuf, fs::Metadata), Fault> {
    let Ok(end) = path.canonicalize() else { return Err(Fault(&kind::LINK_DANGLING, "the link leads nowhere".to_owned())) };
    if !end.starts_with(root) {
        return Err(Fault(&kind::LINK_OUTSIDE, "the link leads out of the layout and was not followed".to_owned()));
    }
    let meta = end.symlink_metadata().map_err(|error| Fault(&kind::UNREADABLE_FILE, error.to_string()))?;
    Ok((end, meta))
}
