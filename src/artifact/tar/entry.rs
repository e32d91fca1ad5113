//! A tar's members as a visitor sees them one by one: the layers of images, and layouts that lie in a tar.

use std::io::{self, Read};

use super::super::problem as kind;
use super::super::walk::Walk;
use super::Stream;
use super::header::Kind;
use super::member::{Fault, Member, Members};

/// A member in hand; reading it gives its content.
pub(crate) struct Entry<'m, 's> {
    member: Member,
    members: &'m mut Members<Stream<'s>>,
}

impl Entry<'_, '_> {
    /// Its name, as raw bytes.
    pub(crate) fn path(&self) -> &[u8] {
        &self.member.path
    }

    /// Where it points, for links.
    pub(crate) fn link(&self) -> &[u8] {
        &self.member.link
    }

    /// What it is.
    pub(crate) fn kind(&self) -> Kind {
        self.member.kind
    }

    /// Bytes of its content.
    pub(crate) fn size(&self) -> u64 {
        self.member.size
    }

    /// Where its content begins in the tar.
    pub(crate) fn position(&self) -> u64 {
        self.member.position
    }

    /// Major and minor number, for devices.
    pub(crate) fn device(&self) -> (u32, u32) {
        self.member.device
    }

    /// What one reader takes this member for and another does not.
    pub(crate) fn ambiguity(&self) -> Option<Fault> {
        if self.member.surplus > 0 {
            let message =
                format!("an entry without content declares {} bytes; readers differ in where the next one begins", self.member.surplus);
            return Some(Fault::new(&kind::SIZE_MISMATCH, message));
        }
        self.member.lies.first().map(|lie| Fault::new(&kind::PAX_MISMATCH, lie.clone()))
    }
}

impl Read for Entry<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.members.read(buffer)
    }
}

/// Calls `see` for every member until it says stop; then looks at what follows the end.
pub(crate) fn each<'s>(walk: &Walk<'_>, stream: Stream<'s>, see: &mut dyn FnMut(&mut Entry<'_, 's>, u64) -> bool) -> Result<(), Fault> {
    let (mut members, mut index) = (Members::new(stream).with_open_end(), 0);
    while let Some(member) = members.next()? {
        if !see(&mut Entry { member, members: &mut members }, index) {
            let over = index >= walk.limits.entries;
            return if over { Err(Fault::new(&kind::LIMIT_ENTRIES, format!("more than {} entries", walk.limits.entries))) } else { Ok(()) };
        }
        index += 1;
    }
    match members.unlisted {
        0 => Ok(()),
        bytes => Err(Fault::new(&kind::UNLISTED_BYTES, format!("{bytes} bytes that are not zero stand in padding or behind the end"))),
    }
}

/// Calls `see` for every member until it says stop or the tar cannot be read further.
pub(crate) fn outline<'s>(stream: Stream<'s>, see: &mut dyn FnMut(&mut Entry<'_, 's>, u64) -> bool) -> Result<(), Fault> {
    let (mut members, mut index) = (Members::new(stream).with_open_end(), 0);
    while let Some(member) = members.next()? {
        if !see(&mut Entry { member, members: &mut members }, index) {
            break;
        }
        index += 1;
    }
    Ok(())
}

/// What a failure to read a member's content means.
pub(crate) fn fault(error: &io::Error) -> Fault {
    let kind = if error.kind() == io::ErrorKind::UnexpectedEof { &kind::TRUNCATED_ARCHIVE } else { &kind::UNREADABLE_ARCHIVE };
    Fault::new(kind, error.to_string())
}
