//! Tars (POSIX pax, GNU, ustar, v7), plain or behind a decompressor: read in order, once for the names and links, once for
//! the contents.

mod header;
mod member;
mod pax;

use std::collections::HashSet;
use std::io::Read;

pub(super) use self::header::Kind;
pub(super) use self::member::{Broken, Fault, Member, Members};
use super::link::Links;
use super::name::Names;
use super::problem as kind;
use super::source::Source;
use super::walk::{HEAD, Place, Walk};
use super::{Limits, magic};
use crate::model::{EntryPath, Inventory, PathFault, Problem, escaped};

/// A tar from its start.
type Stream<'s> = Box<dyn Read + 's>;

/// Walks a plain tar.
pub(super) fn walk(walk: &Walk<'_>, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
    stream(walk, &|| Box::new(source.reader()), place, found);
}

/// Walks a tar that `open` gives from its start, as often as it is asked.
pub(super) fn stream<'s>(walk: &Walk<'_>, open: &dyn Fn() -> Stream<'s>, mut place: Place<'_>, found: &mut Inventory) {
    let (mut names, mut links) = (Names::default(), Links::default());
    let mut members = Members::new(open());
    let mut count = 0;
    let outline = loop {
        match members.next() {
            Ok(Some(_)) if count >= walk.limits.entries => {
                break Err(Fault::new(&kind::LIMIT_ENTRIES, format!("more than {} entries", walk.limits.entries)));
            }
            Ok(Some(member)) => note(&member, &mut names, &mut links),
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
        found.problems.push(place.problem(fault.kind, fault.message));
    }
    let names = names.sorted();
    names.problems(&place, &mut found.problems);
    links.resolve(&names, &mut place, &mut found.problems);

    let mut members = Members::new(open());
    let mut earlier = HashSet::new();
    for _ in 0..count {
        let Ok(Some(member)) = members.next() else { break };
        walk.declare(1);
        one(walk, &member, &mut members, &mut earlier, &place, found);
    }
}

/// Takes a member's name, and its target where it is a link.
fn note(member: &Member, names: &mut Names, links: &mut Links) {
    let Ok(path) = EntryPath::from_bytes(&member.path) else { return };
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

/// Shows or refuses one member.
fn one(
    walk: &Walk<'_>,
    member: &Member,
    members: &mut Members<Stream<'_>>,
    earlier: &mut HashSet<EntryPath>,
    place: &Place<'_>,
    found: &mut Inventory,
) {
    let inner = match EntryPath::from_bytes(&member.path) {
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
        Kind::File => {
            earlier.insert(inner);
        }
        Kind::Link => {
            earlier.insert(inner);
            return walk.count_shown(1);
        }
        Kind::Folder | Kind::Label => return walk.count_shown(1),
        Kind::HardLink => {
            let result = hard_link(member, &inner, earlier);
            earlier.insert(inner);
            return match result {
                Ok(()) => walk.count_shown(1),
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
    if let Some(problem) = walk.too_large(&path, member.size) {
        return walk.refuse(found, problem);
    }
    if walk.admit(&path, member.size, found) {
        content(walk, members, &path, member.size, place, found);
    }
}

/// A hard link shares the bytes of a member that comes before it, which have been shown or refused there.
fn hard_link(member: &Member, own: &EntryPath, earlier: &HashSet<EntryPath>) -> Result<(), (&'static crate::model::ProblemKind, String)> {
    let shown = escaped(&String::from_utf8_lossy(&member.link)).into_owned();
    match EntryPath::from_bytes(&member.link) {
        Ok(target) if target != *own && earlier.contains(&target) => Ok(()),
        Ok(_) | Err(PathFault::Empty) => Err((&kind::HARD_LINK_DANGLING, format!("no entry before it is called `{shown}`"))),
        Err(_) => Err((&kind::LINK_OUTSIDE, format!("the hard link points to `{shown}`"))),
    }
}

/// Reads a member's bytes and shows them, in pieces where they are many and nobody wants them whole.
fn content(walk: &Walk<'_>, members: &mut Members<Stream<'_>>, path: &EntryPath, size: u64, place: &Place<'_>, found: &mut Inventory) {
    let mut buffer = Vec::new();
    let refused = |error: &std::io::Error| {
        let kind = if error.kind() == std::io::ErrorKind::UnexpectedEof { &kind::TRUNCATED_ARCHIVE } else { &kind::UNREADABLE_ARCHIVE };
        Problem::at(kind, path, format!("the entry's {size} bytes are not all there: {error}")).bytes(size)
    };
    if let Err(error) = members.by_ref().take((HEAD as u64).min(size)).read_to_end(&mut buffer) {
        return walk.refuse(found, refused(&error));
    }
    if size > Limits::ENTRY_IN_PARALLEL && magic::container(&buffer, path).is_none() && !walk.observer.wants_whole(path, &buffer) {
        let mut stream = walk.observer.stream(path);
        stream.feed(&buffer);
        let mut piece = vec![0; 256 * 1024];
        let mut left = size - buffer.len() as u64;
        while left > 0 {
            match members.read(&mut piece) {
                Ok(got) => {
                    stream.feed(&piece[..got]);
                    left -= got as u64;
                }
                Err(error) => return walk.refuse(found, refused(&error)),
            }
        }
        walk.count_shown(1);
        return stream.finish(found);
    }
    let left = size - buffer.len() as u64;
    match members.by_ref().take(left).read_to_end(&mut buffer) {
        Ok(_) => walk.show(path, &buffer, place, found),
        Err(error) => walk.refuse(found, refused(&error)),
    }
}
