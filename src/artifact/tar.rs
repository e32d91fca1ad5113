//! Tars (POSIX pax, GNU, ustar, v7), plain or behind a decompressor: read in order, once for the names and links, once for
//! the contents.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};
use std::rc::Rc;

use tar::{Archive, EntryType, Header};

use super::link::Links;
use super::name::Names;
use super::problem as kind;
use super::source::Source;
use super::walk::{HEAD, Place, Walk};
use super::{Limits, magic};
use crate::model::{EntryPath, Inventory, Problem, escaped};

/// Walks a plain tar.
pub(super) fn walk(walk: &Walk<'_>, source: Source<'_>, place: Place<'_>, found: &mut Inventory) {
    stream(walk, &|| Box::new(source.reader()), place, found);
}

/// Walks a tar that `open` gives from its start, as often as it is asked.
pub(super) fn stream<'s>(walk: &Walk<'_>, open: &dyn Fn() -> Box<dyn Read + 's>, mut place: Place<'_>, found: &mut Inventory) {
    let (mut names, mut links, mut files) = (Names::default(), Links::default(), HashSet::new());
    let outline = each(walk, open(), &mut |entry, index| {
        if index >= walk.limits.entries {
            return false;
        }
        let kind = entry.header().entry_type();
        let Ok(path) = EntryPath::from_bytes(&entry.path_bytes()) else { return true };
        match kind {
            EntryType::Symlink => {
                links.add(&path, entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned()).unwrap_or_default());
                names.link(path);
            }
            EntryType::Directory => names.folder(path),
            _ => {
                files.insert(path.clone());
                names.file(path);
            }
        }
        true
    });
    let names = names.sorted();
    names.problems(&place, &mut found.problems);
    links.resolve(&names, &mut place, &mut found.problems);
    let place = place;
    let contents = each(walk, open(), &mut |entry, index| {
        if index >= walk.limits.entries {
            return false;
        }
        one(walk, entry, &files, &place, found);
        !walk.is_over()
    });
    if let Err(fault) = outline.and(contents) {
        found.problems.push(place.problem(fault.0, fault.1));
    }
}

/// Why a tar could not be read to its end.
pub(super) struct Fault(pub(super) &'static crate::model::ProblemKind, pub(super) String);

/// What may lie between two entries: padding, and the extended headers, which are held in memory.
const BETWEEN: u64 = 4 * 1024 * 1024;

/// Stops a reader that gives more than is left to it; extended headers of a gigabyte would otherwise be held.
pub(super) struct Metered<'s> {
    inner: Box<dyn Read + 's>,
    left: Rc<Cell<u64>>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.inner.read(buffer)?;
        match self.left.get().checked_sub(got as u64) {
            Some(left) => self.left.set(left),
            None => return Err(io::Error::other(format!("more than {BETWEEN} bytes of extended headers"))),
        }
        Ok(got)
    }
}

/// An entry of a tar as [`each`] gives it.
pub(super) type Member<'e, 's> = tar::Entry<'e, Metered<'s>>;

/// Calls `see` for every entry until it says stop; then looks at what follows the end marker.
pub(super) fn each<'s>(
    walk: &Walk<'_>,
    reader: Box<dyn Read + 's>,
    see: &mut dyn FnMut(&mut Member<'_, 's>, u64) -> bool,
) -> Result<(), Fault> {
    let left = Rc::new(Cell::new(u64::MAX));
    let mut archive = Archive::new(Metered { inner: reader, left: Rc::clone(&left) });
    let mut index = 0;
    let mut entries = archive.entries().map_err(|error| fault(&error, index))?;
    loop {
        left.set(BETWEEN);
        let Some(entry) = entries.next() else { break };
        left.set(u64::MAX);
        let mut entry = entry.map_err(|error| fault(&error, index))?;
        if !see(&mut entry, index) {
            if index >= walk.limits.entries {
                return Err(Fault(&kind::LIMIT_ENTRIES, format!("more than {} entries", walk.limits.entries)));
            }
            return Ok(());
        }
        // An entry that ends with the archive is cut short, whether or not anybody read it.
        let mut rest = [0; 8192];
        loop {
            match entry.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(fault(&error, index)),
            }
        }
        index += 1;
    }
    left.set(u64::MAX);
    let mut rest = archive.into_inner();
    let (mut buffer, mut surplus) = ([0; 8192], 0_u64);
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => break,
            Ok(got) if buffer[..got].iter().all(|&byte| byte == 0) => {}
            Ok(got) => {
                surplus += got as u64;
                if surplus > walk.limits.entry_bytes {
                    break;
                }
            }
            Err(error) => return Err(fault(&error, index)),
        }
    }
    if surplus > 0 { Err(Fault(&kind::UNLISTED_BYTES, format!("about {surplus} bytes follow the end of the tar"))) } else { Ok(()) }
}

/// Calls `see` for every entry until it says stop or the tar cannot be read further.
pub(super) fn outline<'s>(reader: Box<dyn Read + 's>, see: &mut dyn FnMut(&mut Member<'_, 's>, u64) -> bool) -> io::Result<()> {
    let left = Rc::new(Cell::new(BETWEEN));
    let mut archive = Archive::new(Metered { inner: reader, left: Rc::clone(&left) });
    for (index, entry) in (0..).zip(archive.entries()?) {
        left.set(u64::MAX);
        let mut entry = entry?;
        let go_on = see(&mut entry, index);
        io::copy(&mut entry, &mut io::sink())?;
        left.set(BETWEEN);
        if !go_on {
            break;
        }
    }
    Ok(())
}

pub(super) fn fault(error: &io::Error, index: u64) -> Fault {
    let kind = match error.kind() {
        io::ErrorKind::UnexpectedEof => &kind::TRUNCATED_ARCHIVE,
        _ if error.to_string().contains("end of file") || error.to_string().contains("EOF") => &kind::TRUNCATED_ARCHIVE,
        _ => &kind::UNREADABLE_ARCHIVE,
    };
    Fault(kind, format!("after {index} entries: {}", escaped(&error.to_string())))
}

/// Shows or refuses one entry.
fn one(walk: &Walk<'_>, entry: &mut Member<'_, '_>, files: &HashSet<EntryPath>, place: &Place<'_>, found: &mut Inventory) {
    walk.declare(1);
    let inner = match EntryPath::from_bytes(&entry.path_bytes()) {
        Ok(path) => path,
        Err(_) if entry.header().entry_type() == EntryType::Directory => return walk.count_shown(1),
        Err(fault) => {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            return walk.refuse(found, place.problem(&kind::UNSAFE_NAME, format!("`{}`: {fault}", escaped(&name))));
        }
    };
    let path = place.path(&inner);
    let size = entry.size();
    if let Some(Fault(kind, message)) = ambiguity(entry) {
        found.problems.push(Problem::at(kind, &path, message));
    }
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => {}
        EntryType::Directory | EntryType::Symlink => return walk.count_shown(1),
        EntryType::Link => {
            // The bytes are the target's, and the target has been shown or refused itself.
            let target = entry.link_name_bytes().and_then(|name| EntryPath::from_bytes(&name).ok());
            if target.as_ref().is_some_and(|target| files.contains(target) && *target != inner) {
                return walk.count_shown(1);
            }
            let name = entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned()).unwrap_or_default();
            return walk.refuse(
                found,
                Problem::at(
                    &kind::HARD_LINK_DANGLING,
                    &path,
                    format!("the hard link's target is not in the archive: `{}`", escaped(&name)),
                ),
            );
        }
        other => {
            return walk.refuse(
                found,
                Problem::at(&kind::SPECIAL_FILE, &path, format!("tar entry type `{}`", escaped(&char::from(other.as_byte()).to_string()))),
            );
        }
    }
    if let Some(problem) = walk.too_large(&path, size) {
        return walk.refuse(found, problem);
    }
    if walk.admit(&path, size, found) {
        content(walk, entry, &path, size, place, found);
    }
}

/// Reads an entry's bytes and shows them, in pieces where they are many and nobody wants them whole.
fn content(walk: &Walk<'_>, entry: &mut Member<'_, '_>, path: &EntryPath, size: u64, place: &Place<'_>, found: &mut Inventory) {
    let mut buffer = Vec::new();
    let failed = |error: &io::Error| {
        let Fault(kind, message) = fault(error, 0);
        Problem::at(kind, path, message).bytes(size)
    };
    if let Err(error) = entry.by_ref().take(HEAD as u64).read_to_end(&mut buffer) {
        return walk.refuse(found, failed(&error));
    }
    if size > Limits::ENTRY_IN_PARALLEL && magic::container(&buffer, path).is_none() && !walk.observer.wants_whole(path, &buffer) {
        let mut stream = walk.observer.stream(path);
        stream.feed(&buffer);
        let mut piece = vec![0; 256 * 1024];
        loop {
            match entry.read(&mut piece) {
                Ok(0) => break,
                Ok(got) => stream.feed(&piece[..got]),
                Err(error) => return walk.refuse(found, failed(&error)),
            }
        }
        walk.count_shown(1);
        return stream.finish(found);
    }
    match entry.read_to_end(&mut buffer) {
        Ok(_) if buffer.len() as u64 == size => walk.show(path, &buffer, place, found),
        Ok(_) => walk.refuse(found, Problem::at(&kind::TRUNCATED_ARCHIVE, path, format!("{} of {size} bytes are there", buffer.len()))),
        Err(error) => walk.refuse(found, failed(&error)),
    }
}

/// What one reader takes this entry for and another does not.
pub(super) fn ambiguity(entry: &mut Member<'_, '_>) -> Option<Fault> {
    let size = entry.size();
    let bare = match entry.header().entry_type() {
        EntryType::Directory | EntryType::Symlink | EntryType::Link | EntryType::Char | EntryType::Block | EntryType::Fifo => true,
        EntryType::Regular => entry.path_bytes().ends_with(b"/"),
        _ => false,
    };
    if bare && size > 0 {
        // Go's `archive/tar` reads the next header at once, others skip these bytes: each sees entries that the other does not.
        let message = format!("a folder, link or device declares {size} bytes; readers differ in where the next entry begins");
        return Some(Fault(&kind::SIZE_MISMATCH, message));
    }
    if let Some(message) = pax_lie(entry) {
        return Some(Fault(&kind::PAX_MISMATCH, message));
    }
    for record in entry.pax_extensions().ok()??.flatten() {
        let key = record.key_bytes();
        if key.starts_with(b"GNU.sparse.") {
            return Some(Fault(
                &kind::SPECIAL_FILE,
                "a sparse file, whose name and contents some readers take from extended headers".to_owned(),
            ));
        }
        if [&b"SCHILY.xattr.trusted.overlay."[..], b"SCHILY.xattr.user.overlay."].iter().any(|mark| key.starts_with(mark)) {
            return Some(Fault(&kind::SPECIAL_FILE, "a mark with which overlay file systems hide or rename files".to_owned()));
        }
    }
    None
}

/// Whether the PAX records of an entry contradict each other or its header (POSIX.1-2017, pax, "pax Extended Header").
fn pax_lie(entry: &mut Member<'_, '_>) -> Option<String> {
    let header: Header = entry.header().clone();
    let mut seen = HashSet::new();
    for record in entry.pax_extensions().ok()?? {
        let Ok(record) = record else { return Some("an extended header record is malformed".to_owned()) };
        let key = String::from_utf8_lossy(record.key_bytes()).into_owned();
        if !matches!(key.as_str(), "path" | "linkpath" | "size") {
            continue;
        }
        if !seen.insert(key.clone()) {
            return Some(format!("the extended header gives `{key}` twice"));
        }
        if key == "size" {
            let value = String::from_utf8_lossy(record.value_bytes()).into_owned();
            let declared = header.entry_size().unwrap_or(0);
            match value.parse::<u64>() {
                Ok(value) if value == declared || declared == 0 || value > 0o777_7777_7777 => {}
                _ => return Some(format!("the extended header declares `{}` bytes, the header {declared}", escaped(&value))),
            }
        }
        if key != "size" && record.value_bytes().contains(&0) {
            return Some(format!("the extended header's `{key}` has a NUL byte"));
        }
    }
    None
}
