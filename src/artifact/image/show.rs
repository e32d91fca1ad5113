//! The second pass over the layers of an image: every file is shown, under each name that is still visible, or as shadowed
//! where none is.

use std::collections::HashSet;
use std::io::{self, Read};

use rayon::prelude::*;

use super::super::tar::{self as members, Entry as Member, Fault};
use super::super::walk::{EntryStream, HEAD, Observer, Place, Walk};
use super::super::{Limits, magic, problem as kind};
use super::outline::{Outline, below, is_file, layer_path};
use super::store::Store;
use super::tree::At;
use super::{Image, layer, name};
use crate::model::{Entry, EntryPath, Inventory, Problem};

/// Files are gathered until they are this many, or this many bytes, and then looked at side by side.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// Shows what it is shown as shadowed: no packages, secrets only.
struct Shadow<'a>(&'a dyn Observer);

impl Observer for Shadow<'_> {
    fn wants_whole(&self, _: &EntryPath, _: &[u8]) -> bool {
        false
    }

    fn entry(&self, entry: &Entry<'_>, _: &[EntryPath], found: &mut Inventory) {
        self.0.shadowed(entry, found);
    }

    fn shadowed(&self, entry: &Entry<'_>, found: &mut Inventory) {
        self.0.shadowed(entry, found);
    }

    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        self.0.stream(path)
    }
}

/// A file in hand: its names, whether it is shadowed, its bytes.
struct InHand {
    paths: Vec<EntryPath>,
    shadowed: bool,
    content: Vec<u8>,
}

struct Pass<'p, 'w> {
    walk: &'p Walk<'w>,
    shadow: &'p Walk<'p>,
    outline: &'p Outline,
    place: &'p Place<'p>,
    prefix: Option<&'p EntryPath>,
    batch: Vec<InHand>,
    batch_bytes: usize,
    /// Whether the layer lies further below too: what it has in the shadow has been shown.
    repeated: bool,
    found: &'p mut Inventory,
}

/// Shows the files of all layers.
pub(super) fn all(
    walk: &Walk<'_>,
    store: &Store<'_>,
    image: &Image,
    mut outline: Outline,
    prefix: Option<&EntryPath>,
    found: &mut Inventory,
) {
    let observer = Shadow(walk.observer);
    let shadow = walk.seen_by(&observer);
    let place = Place { prefix: None, depth: 0, aliases: std::mem::take(&mut outline.aliases) };
    let mut pass =
        Pass { walk, shadow: &shadow, outline: &outline, place: &place, prefix, batch: Vec::new(), batch_bytes: 0, repeated: false, found };
    let mut walked = HashSet::new();
    for ((at, layer), &count) in (0_u32..).zip(&image.layers).zip(&outline.counts) {
        let Some(path) = layer_path(layer, prefix) else { continue };
        // What cannot be opened now could not be opened before either, and has its problem.
        pass.repeated = !walked.insert(layer.file);
        let Ok(opened) = store.open(layer.file) else { continue };
        let Ok(reader) = layer::unpacked(opened.source(), walk.limits) else { continue };
        let read = members::each(walk, reader, &mut |entry, index| match u32::try_from(index) {
            Ok(index) if index < count => {
                pass.entry(entry, At { layer: at, index }, &path);
                !walk.is_over()
            }
            _ => false,
        });
        pass.flush();
        if walk.is_over() {
            return;
        }
        // The first pass has read the same bytes and named the fault.
        drop(read);
    }
}

impl Pass<'_, '_> {
    fn entry(&mut self, entry: &mut Member<'_, '_>, at: At, layer: &EntryPath) {
        if !is_file(entry) {
            return;
        }
        let (own, whiteout) = {
            let Ok(names) = name::components(entry.path()) else { return };
            (name::path(names.iter().copied()), names.last().is_some_and(|last| last.starts_with(b".wh.")))
        };
        if whiteout && entry.size() == 0 {
            return;
        }
        let from = self.outline.files.partition_point(|(bytes, _)| *bytes < at);
        let visible: Vec<_> = self.outline.files[from..].iter().take_while(|(bytes, _)| *bytes == at).collect();
        let shadowed = visible.is_empty();
        if shadowed && self.repeated {
            return self.walk.count_shown(1);
        }
        if !shadowed && !visible.iter().any(|(bytes, id)| self.outline.tree.by(*id) == *bytes) {
            // The name is gone; the bytes are shown under the hard links that are left.
            self.walk.count_shown(1);
        }
        let paths = match shadowed {
            true => vec![own.map(|own| layer.nested(&own))],
            false => visible.iter().map(|(_, id)| self.outline.tree.path(*id).map(|path| below(self.prefix, path))).collect(),
        };
        let paths = paths.into_iter().filter_map(|path| self.admitted(path, entry.size(), layer)).collect::<Vec<_>>();
        if !paths.is_empty() {
            self.content(entry, paths, shadowed);
        }
    }

    /// A path under which an entry may be shown; what may not is refused.
    fn admitted(&mut self, path: Result<EntryPath, crate::model::PathFault>, size: u64, layer: &EntryPath) -> Option<EntryPath> {
        let path = match path {
            Ok(path) => path,
            Err(fault) => {
                self.walk.refuse(self.found, Problem::at(&kind::UNSAFE_NAME, layer, format!("a name in the layer: {fault}")));
                return None;
            }
        };
        if let Some(problem) = self.walk.too_large(&path, size) {
            self.walk.refuse(self.found, problem);
            return None;
        }
        self.walk.admit(&path, size, self.found).then_some(path)
    }

    /// Reads an entry's bytes: into the batch, or in pieces where they are many.
    fn content(&mut self, entry: &mut Member<'_, '_>, paths: Vec<EntryPath>, shadowed: bool) {
        let (size, mut content) = (entry.size(), Vec::new());
        if let Err(error) = entry.by_ref().take(HEAD as u64).read_to_end(&mut content) {
            return self.refuse(&paths, &error, size);
        }
        let walk = if shadowed { self.shadow } else { self.walk };
        let whole = paths.iter().any(|path| magic::container(&content, path).is_some() || walk.observer.wants_whole(path, &content));
        if size > Limits::ENTRY_IN_PARALLEL && (!whole || size > Limits::ENTRY_WHOLE) {
            if whole {
                let message = format!("{size} bytes; an archive or a binary larger than {} is not opened", Limits::ENTRY_WHOLE);
                self.found
                    .problems
                    .extend(paths.iter().map(|path| Problem::at(&kind::LIMIT_ENTRY_BYTES, path, message.clone()).bytes(size)));
            }
            return self.pieces(entry, &content, &paths, shadowed);
        }
        match entry.read_to_end(&mut content) {
            Ok(_) if content.len() as u64 == size => {}
            Ok(_) => return self.refuse(&paths, &io::ErrorKind::UnexpectedEof.into(), size),
            Err(error) => return self.refuse(&paths, &error, size),
        }
        self.batch_bytes += content.len();
        self.batch.push(InHand { paths, shadowed, content });
        if self.batch.len() >= BATCH || self.batch_bytes >= BATCH_BYTES {
            self.flush();
        }
    }

    /// Shows a large entry in pieces, under each of its names at once.
    fn pieces(&mut self, entry: &mut Member<'_, '_>, head: &[u8], paths: &[EntryPath], shadowed: bool) {
        let walk = if shadowed { self.shadow } else { self.walk };
        let mut streams: Vec<_> = paths.iter().map(|path| walk.observer.stream(path)).collect();
        streams.iter_mut().for_each(|stream| stream.feed(head));
        let mut piece = vec![0; 256 * 1024];
        loop {
            match entry.read(&mut piece) {
                Ok(0) => break,
                Ok(got) => streams.iter_mut().for_each(|stream| stream.feed(&piece[..got])),
                Err(error) => return self.refuse(paths, &error, entry.size()),
            }
        }
        for stream in streams {
            walk.count_shown(1);
            stream.finish(self.found);
        }
    }

    fn refuse(&mut self, paths: &[EntryPath], error: &io::Error, size: u64) {
        let Fault(fault, message) = members::fault(error);
        for path in paths {
            self.walk.refuse(self.found, Problem::at(layer::kind(&message, fault), path, message.clone()).bytes(size));
        }
    }

    /// Shows what is in hand.
    fn flush(&mut self) {
        let (batch, place, walk, shadow) = (std::mem::take(&mut self.batch), self.place, self.walk, self.shadow);
        self.batch_bytes = 0;
        let show = |mut found: Inventory, file: &InHand| {
            let walk = if file.shadowed { shadow } else { walk };
            file.paths.iter().for_each(|path| walk.show(path, &file.content, place, &mut found));
            found
        };
        if walk.parallel {
            let shown = batch.par_iter().with_min_len(8).fold(Inventory::default, show).reduce(Inventory::default, |mut all, part| {
                all.merge(part);
                all
            });
            self.found.merge(shown);
        } else {
            let shown = batch.iter().fold(Inventory::default(), show);
            self.found.merge(shown);
        }
    }
}
