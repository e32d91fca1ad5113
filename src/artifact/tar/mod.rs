//! Tars (POSIX pax, GNU, ustar, v7), plain or behind a decompressor: read in order, once for the names and links, once for
//! the contents.

mod entry;
mod header;
mod member;
mod pax;

use std::collections::{HashMap, HashSet};
use std::io::Read;

pub(super) use self::entry::{Entry, each, fault, outline};
pub(super) use self::header::Kind;
pub(super) use self::member::{Broken, Fault};
use self::member::{Member, Members};
use super::link::Links;
use super::name::Names;
use super::problem as kind;
use super::source::Source;
use super::walk::{HEAD, Place, Walk};
use super::{Limits, magic};
use crate::model::{EntryPath, Inventory, PathFault, Problem, escaped};

/// A tar from its start.
pub(super) type Stream<'s> = Box<dyn Read + 's>;

/// Walks a plain tar.
pub(super) fn walk(walk: &Walk<'_>, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
    stream(walk, &|| Box::new(source.reader()), place, found);
}

/// Walks a tar that `open` gives from its start, as often as it is asked.
pub(super) fn stream<'s>(walk: &Walk<'_>, open: &dyn Fn() -> Stream<'s>, mut place: Place<'_>, found: &mut Inventory) {
    let (mut names, mut links, mut hard) = (Names::default(), Links::default(), HardLinks::default());
    let mut members = Members::new(open());
    let mut count = 0;
    let outline = loop {
        match members.next() {
            Ok(Some(_)) if count >= walk.limits.entries => {
                break Err(Fault::new(&kind::LIMIT_ENTRIES, format!("more than {} entries", walk.limits.entries)));
            }
            Ok(Some(member)) => {
                note(&member, place.prefix.is_some(), &mut names, &mut links);
                hard.note(&member, place.prefix.is_some());
            }
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault),
        }
        count += 1;
    };
    if members.unlisted > 0 {
        found.problems.push(
            place
                .problem(&kind::UNLISTED_BYTES, format!("{} bytes that are not zero stand in padding or behind the end", members.unlisted)),
        );
    }
    if let Err(fault) = outline {
        found.problems.push(place.problem(fault.0, fault.1));
    }
    let names = names.sorted();
    names.problems(&place, &mut found.problems);
    links.resolve(&names, &mut place, found);

    let mut members = Members::new(open());
    for _ in 0..count {
        let Ok(Some(member)) = members.next() else { break };
        walk.declare(1);
        one(walk, &member, &mut members, &hard, &place, found);
    }
}

/// The name of a member. Inside another archive nothing is written to where an absolute one leads: readers take the slash off.
fn name(bytes: &[u8], nested: bool) -> Result<EntryPath, PathFault> {
    EntryPath::from_bytes(bytes.strip_prefix(b"/").filter(|_| nested).unwrap_or(bytes))
}

/// Whether a block is a header whose checksum holds.
pub(super) fn is_header(block: &[u8; header::BLOCK]) -> bool {
    header::Header(block).checksum_holds()
}

/// Takes a member's name, and its target where it is a link.
fn note(member: &Member, nested: bool, names: &mut Names, links: &mut Links) {
    let Ok(path) = name(&member.path, nested) else { return };
    match member.kind {
        Kind::Link => {
            links.add(&path, String::from_utf8_lossy(&member.link).into_owned());
            names.link(path);
        }
        Kind::Folder => names.folder(path),
        Kind::Label => {}
        _ => names.file(path),
    }
}

/// Hard links: each shares the bytes of a file that comes before it, and is shown with it under its own name.
#[derive(Default)]
struct HardLinks {
    /// Files and links so far, each with the file that holds its bytes (itself, for a file).
    holders: HashMap<EntryPath, EntryPath>,
    /// The other names of a file.
    names: HashMap<EntryPath, Vec<EntryPath>>,
    /// Links whose target does not come before them.
    dangling: HashSet<EntryPath>,
    /// Symbolic links, which hard links may point to and which have nothing to show.
    symbolic: HashSet<EntryPath>,
}

impl HardLinks {
    fn note(&mut self, member: &Member, nested: bool) {
        let Ok(path) = name(&member.path, nested) else { return };
        match member.kind {
            Kind::File => {
                self.holders.insert(path.clone(), path);
            }
            Kind::Link => {
                self.symbolic.insert(path.clone());
                self.holders.insert(path.clone(), path);
            }
            Kind::HardLink if member.surplus == 0 => {
                let target = name(&member.link, nested).ok().filter(|target| *target != path);
                match target.and_then(|target| self.holders.get(&target).cloned()) {
                    Some(holder) if self.symbolic.contains(&holder) => {
                        self.symbolic.insert(path.clone());
                        self.holders.insert(path, holder);
                    }
                    Some(holder) => {
                        self.names.entry(holder.clone()).or_default().push(path.clone());
                        self.holders.insert(path, holder);
                    }
                    None => {
                        self.dangling.insert(path);
                    }
                }
            }
            _ => {}
        }
    }

    /// The other names of a file.
    fn of(&self, path: &EntryPath) -> &[EntryPath] {
        self.names.get(path).map_or(&[], Vec::as_slice)
    }
}

/// Shows or refuses one member.
fn one(walk: &Walk<'_>, member: &Member, members: &mut Members<Stream<'_>>, hard: &HardLinks, place: &Place<'_>, found: &mut Inventory) {
    let inner = match name(&member.path, place.prefix.is_some()) {
        Ok(path) => path,
        Err(_) if matches!(&member.path[..], b"." | b"./" | b"/") && member.kind == Kind::Folder && member.surplus == 0 => {
            return walk.count_shown(1);
        }
        Err(_) if member.kind == Kind::Label => return walk.count_shown(1),
        Err(fault) => {
            let name = String::from_utf8_lossy(&member.path).into_owned();
            found.problems.extend(member.lies.iter().map(|lie| place.problem(&kind::PAX_MISMATCH, lie.clone())));
            return walk.refuse(found, place.problem(&kind::UNSAFE_NAME, format!("`{}`: {fault}", escaped(&name))).bytes(member.size));
        }
    };
    let path = place.path(&inner);
    found.problems.extend(member.lies.iter().map(|lie| Problem::at(&kind::PAX_MISMATCH, &path, lie.clone())));
    if member.surplus > 0 {
        let kind = if member.kind == Kind::Folder { &kind::UNLISTED_BYTES } else { &kind::SIZE_MISMATCH };
        return walk.refuse(
            found,
            Problem::at(kind, &path, format!("{} bytes follow an entry that has no content", member.surplus)).bytes(member.surplus),
        );
    }
    match member.kind {
        Kind::File => {}
        Kind::Folder | Kind::Label | Kind::Link => return walk.count_shown(1),
        Kind::HardLink => {
            return match hard_link(member, place.prefix.is_some(), hard.dangling.contains(&inner)) {
                Ok(()) if hard.symbolic.contains(&inner) => walk.count_shown(1),
                // Counted where the bytes are shown.
                Ok(()) => {}
                Err((kind, message)) => walk.refuse(found, Problem::at(kind, &path, message)),
            };
        }
        Kind::Continuation => {
            return walk.refuse(found, Problem::at(&kind::SPLIT_ARCHIVE, &path, "the entry continues one of another volume"));
        }
        Kind::Special(flag) => {
            let shown = escaped(&char::from(flag).to_string()).into_owned();
            return walk.refuse(found, Problem::at(&kind::SPECIAL_FILE, &path, format!("tar entry type `{shown}`")).bytes(member.size));
        }
    }
    let mut paths = vec![path];
    paths.extend(hard.of(&inner).iter().map(|other| place.path(other)));
    paths.retain(|path| match walk.too_large(path, member.size) {
        Some(problem) => {
            walk.refuse(found, problem);
            false
        }
        None => walk.admit(path, member.size, found),
    });
    if !paths.is_empty() {
        content(walk, members, &paths, member.size, place, found);
    }
}

/// Whether a hard link's bytes are those of a file before it.
fn hard_link(member: &Member, nested: bool, dangles: bool) -> Result<(), (&'static crate::model::ProblemKind, String)> {
    let shown = escaped(&String::from_utf8_lossy(&member.link)).into_owned();
    match name(&member.link, nested) {
        Ok(_) if !dangles => Ok(()),
        Ok(_) | Err(PathFault::Empty) => Err((&kind::HARD_LINK_DANGLING, format!("no entry before it is called `{shown}`"))),
        Err(_) => Err((&kind::LINK_OUTSIDE, format!("the hard link points to `{shown}`"))),
    }
}

/// Reads a member's bytes and shows them under each of its names, in pieces where they are many and nobody wants them whole.
fn content(walk: &Walk<'_>, members: &mut Members<Stream<'_>>, paths: &[EntryPath], size: u64, place: &Place<'_>, found: &mut Inventory) {
    let mut buffer = Vec::new();
    let refuse = |error: &std::io::Error, found: &mut Inventory| {
        let Fault(kind, message) = fault(error);
        for path in paths {
            walk.refuse(found, Problem::at(kind, path, format!("the entry's {size} bytes are not all there: {message}")).bytes(size));
        }
    };
    if let Err(error) = members.by_ref().take((HEAD as u64).min(size)).read_to_end(&mut buffer) {
        return refuse(&error, found);
    }
    let whole = paths.iter().any(|path| magic::container(&buffer, path).is_some() || walk.observer.wants_whole(path, &buffer));
    if size > Limits::ENTRY_IN_PARALLEL && !whole {
        let mut streams: Vec<_> = paths.iter().map(|path| walk.observer.stream(path)).collect();
        streams.iter_mut().for_each(|stream| stream.feed(&buffer));
        let mut piece = vec![0; 256 * 1024];
        let mut left = size - buffer.len() as u64;
        while left > 0 {
            match members.read(&mut piece) {
                Ok(got) => {
                    streams.iter_mut().for_each(|stream| stream.feed(&piece[..got]));
                    left -= got as u64;
                }
                Err(error) => return refuse(&error, found),
            }
        }
        for stream in streams {
            walk.count_shown(1);
            stream.finish(found);
        }
        return;
    }
    let left = size - buffer.len() as u64;
    match members.by_ref().take(left).read_to_end(&mut buffer) {
        Ok(_) => paths.iter().for_each(|path| walk.show(path, &buffer, place, found)),
        Err(error) => refuse(&error, found),
    }
}
