//! The file system of an image: what its layers add up to, by name only. Contents stay where they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{EntryPath, PathFault};

/// The root's id.
pub(super) const ROOT: Id = 0;

/// Links followed for one name before it counts as a loop: Linux' own limit (`path_resolution(7)`).
const HOPS: usize = 40;

/// Bytes of names that are held, a few hundred for each of a million entries.
const NAME_BYTES: u64 = 256 * 1024 * 1024;

/// A node of the tree.
pub(super) type Id = u32;

/// Which entry of which layer, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub(super) layer: u32,
    pub(super) index: u32,
}

/// What a name is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Folder,
    /// A file, and the entry that holds its bytes: another one where the name is a hard link.
    File(At),
    /// A symbolic link and where it points.
    Link(Arc<[u8]>),
    /// A device or a pipe.
    Special,
}

#[derive(Debug)]
struct Node {
    parent: Id,
    name: Arc<[u8]>,
    kind: Kind,
    /// The entry that gave it the name.
    by: At,
    /// The last layer that placed it or something below it.
    touched: u32,
    /// The layer up to which everything older has been hidden below it.
    cleared: Option<u32>,
    children: BTreeMap<Arc<[u8]>, Id>,
}

/// What placing an entry ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// Nothing worth a word.
    Nothing,
    /// Another entry of this name in the same layer.
    Twin,
    /// In the same layer, a file where this entry needs a folder, or entries below this file's name.
    Conflict,
    /// A link on the way: some runtimes write through it, others replace it.
    Link,
}

/// What a whiteout hid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hid {
    Nothing,
    /// Files of lower layers.
    Lower,
    /// The layer also has, before the whiteout, an entry of that name, which stays.
    NotOwn,
}

/// No room for more names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The tree.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    most: usize,
    name_bytes: u64,
}

impl Tree {
    /// An empty root that takes the names of `entries` entries.
    pub(super) fn new(entries: u64) -> Self {
        let by = At { layer: 0, index: 0 };
        let root =
            Node { parent: ROOT, name: Arc::from(&b""[..]), kind: Kind::Folder, by, touched: 0, cleared: None, children: BTreeMap::new() };
        // A few more nodes than entries: folders without an entry of their own are rare.
        let most = usize::try_from(entries.saturating_add(entries / 8).saturating_add(65_536)).unwrap_or(usize::MAX).min(Id::MAX as usize);
        Self { nodes: vec![root], most, name_bytes: 0 }
    }

    /// Gives an entry its name; whatever had it is replaced, but a folder stays the folder it is.
    pub(super) fn place(&mut self, components: &[&[u8]], at: At, kind: Kind) -> Result<Met, Full> {
        let Some((last, folders)) = components.split_last() else { return Ok(Met::Nothing) };
        let (mut folder, mut met) = (ROOT, Met::Nothing);
        self.node_mut(ROOT).touched = at.layer;
        for name in folders {
            folder = match self.child(folder, name) {
                Some(id) => {
                    let node = self.node(id);
                    match &node.kind {
                        Kind::Folder => id,
                        Kind::Link(_) => {
                            met = Met::Link;
                            self.add(folder, name, at, Kind::Folder)?
                        }
                        Kind::File(_) | Kind::Special => {
                            if node.by.layer == at.layer {
                                met = Met::Conflict;
                            }
                            self.add(folder, name, at, Kind::Folder)?
                        }
                    }
                }
                None => self.add(folder, name, at, Kind::Folder)?,
            };
            self.node_mut(folder).touched = at.layer;
        }
        if let Some(id) = self.child(folder, last) {
            let node = self.node_mut(id);
            let own = node.touched == at.layer && node.by.layer == at.layer;
            match (&node.kind, &kind) {
                (Kind::Folder, Kind::Folder) => {
                    (node.by, node.touched) = (at, at.layer);
                    return Ok(met);
                }
                (Kind::Folder, _) if node.touched == at.layer => met = Met::Conflict,
                (_, Kind::Folder) if own => met = Met::Conflict,
                _ if own => met = Met::Twin,
                _ => {}
            }
        }
        self.add(folder, last, at, kind)?;
        Ok(met)
    }

    /// Applies a whiteout of `components` to the layers below `layer` (OCI image specification, layer.md, "Whiteouts":
    /// entries of the same layer stay).
    pub(super) fn hide(&mut self, components: &[&[u8]], layer: u32) -> Hid {
        let Some((last, folders)) = components.split_last() else { return Hid::Nothing };
        let Some(folder) = self.lookup(folders) else { return Hid::Nothing };
        let Some(id) = self.child(folder, last) else { return Hid::Nothing };
        if self.node(id).touched < layer {
            self.node_mut(folder).children.remove(*last);
            return Hid::Lower;
        }
        self.clear(id, layer);
        Hid::NotOwn
    }

    /// Applies an opaque marker: the folder's entries of lower layers vanish.
    pub(super) fn opaque(&mut self, components: &[&[u8]], layer: u32) {
        if let Some(id) = self.lookup(components) {
            self.clear(id, layer);
        }
    }

    /// Hides everything below `id` that is older than `layer`; each folder is cleared once a layer.
    fn clear(&mut self, id: Id, layer: u32) {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if self.node(id).cleared == Some(layer) {
                continue;
            }
            let mut children = std::mem::take(&mut self.node_mut(id).children);
            children.retain(|_, child| self.node(*child).touched == layer);
            todo.extend(children.values());
            let node = self.node_mut(id);
            node.children = children;
            node.cleared = Some(layer);
        }
    }

    /// What lies at a path, no link followed.
    pub(super) fn lookup(&self, components: &[&[u8]]) -> Option<Id> {
        components.iter().try_fold(ROOT, |at, name| self.child(at, name))
    }

    /// What lies in a folder by this name.
    pub(super) fn lookup_in(&self, folder: Id, name: &[u8]) -> Option<Id> {
        self.child(folder, name)
    }

    /// Where a path leads from `start`, links followed as a process inside the image does: `/` is the image's root, and
    /// `..` above it stays there. `steps` bounds the work over all calls.
    pub(super) fn follow(&self, start: Id, path: &[u8], steps: &mut u64) -> Option<Id> {
        let mut at = if path.first() == Some(&b'/') { ROOT } else { start };
        let mut todo: Vec<&[u8]> = path.rsplit(|&byte| byte == b'/').collect();
        let mut hops = 0;
        while let Some(name) = todo.pop() {
            *steps = steps.checked_sub(1)?;
            match name {
                b"" | b"." => {}
                b".." => at = self.node(at).parent,
                name => {
                    let child = self.child(at, name)?;
                    let Kind::Link(target) = &self.node(child).kind else {
                        at = child;
                        continue;
                    };
                    hops += 1;
                    if hops > HOPS || todo.len() > 4096 {
                        return None;
                    }
                    if target.first() == Some(&b'/') {
                        at = ROOT;
                    }
                    todo.extend(target.rsplit(|&byte| byte == b'/'));
                }
            }
        }
        Some(at)
    }

    /// What a node is.
    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.node(id).kind
    }

    /// The entry that gave a node its name.
    pub(super) fn by(&self, id: Id) -> At {
        self.node(id).by
    }

    /// The folder a node lies in.
    pub(super) fn parent(&self, id: Id) -> Id {
        self.node(id).parent
    }

    /// The path of a node.
    pub(super) fn path(&self, id: Id) -> Result<EntryPath, PathFault> {
        let (mut names, mut at) = (Vec::new(), id);
        while at != ROOT {
            names.push(&*self.node(at).name);
            at = self.node(at).parent;
        }
        super::name::path(names.into_iter().rev())
    }

    /// Every node that is still there, folders before what they hold, names in order.
    pub(super) fn visible(&self) -> Vec<Id> {
        let (mut visible, mut todo) = (Vec::new(), vec![ROOT]);
        while let Some(id) = todo.pop() {
            visible.push(id);
            todo.extend(self.node(id).children.values().rev());
        }
        visible
    }

    fn child(&self, folder: Id, name: &[u8]) -> Option<Id> {
        self.node(folder).children.get(name).copied()
    }

    fn add(&mut self, parent: Id, name: &[u8], by: At, kind: Kind) -> Result<Id, Full> {
        self.name_bytes += name.len() as u64;
        if self.nodes.len() >= self.most || self.name_bytes > NAME_BYTES {
            return Err(Full);
        }
        let id = Id::try_from(self.nodes.len()).map_err(|_| Full)?;
        let name: Arc<[u8]> = Arc::from(name);
        self.nodes.push(Node { parent, name: Arc::clone(&name), kind, by, touched: by.layer, cleared: None, children: BTreeMap::new() });
        self.node_mut(parent).children.insert(name, id);
        Ok(id)
    }

    // Ids come from `add` alone, and nodes are never removed.
    fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }
}
