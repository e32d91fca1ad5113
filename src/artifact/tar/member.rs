//! Reads a tar member by member from a stream, strictly: what two readers could take differently is said.

use std::io::{self, Read};

use super::super::problem as kind;
use super::header::{BLOCK, Header, Kind};
use super::pax::Records;
use crate::model::ProblemKind;

/// Bytes of an extended header or a long name; longer ones no tool writes.
const LONGEST_EXTENSION: u64 = 1024 * 1024;
/// The largest size an octal header field holds: above it the extended header must give the size.
const OCTAL_SIZE: u64 = 0o777_7777_7777;

/// One member of a tar.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name, as raw bytes.
    pub(crate) path: Vec<u8>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it points, for links.
    pub(crate) link: Vec<u8>,
    /// Bytes of its content.
    pub(crate) size: u64,
    /// Where its headers contradict each other.
    pub(crate) lies: Vec<String>,
    /// Bytes that follow a header which has no content.
    pub(crate) surplus: u64,
    /// Where its content begins in the stream.
    pub(crate) position: u64,
    /// Major and minor number, for devices.
    pub(crate) device: (u32, u32),
}

/// Why the rest of a tar cannot be read.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) &'static ProblemKind, pub(crate) String);

impl Fault {
    pub(crate) fn new(kind: &'static ProblemKind, message: impl Into<String>) -> Self {
        Self(kind, message.into())
    }
}

/// The members of a tar, in order.
pub(crate) struct Members<R> {
    stream: R,
    /// Content of the current member that has not been read.
    left: u64,
    /// Padding behind it.
    padding: u64,
    /// Members seen.
    count: u64,
    /// Bytes read.
    position: u64,
    /// Whether a stream that ends between two members without an end marker is whole: where its digest says that nothing
    /// is missing.
    open_end: bool,
    /// Bytes that belong to nothing, so far.
    pub(crate) unlisted: u64,
}

impl<R: Read> Members<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, left: 0, padding: 0, count: 0, position: 0, open_end: false, unlisted: 0 }
    }

    /// The same, where the end marker may be missing.
    pub(crate) fn with_open_end(self) -> Self {
        Self { open_end: true, ..self }
    }

    /// The next member, or `None` at the end. After a fault there is no next.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, Fault> {
        let (mut own, mut long_name, mut long_link): (Option<Records>, Option<Vec<u8>>, Option<Vec<u8>>) = (None, None, None);
        let mut lies = Vec::new();
        loop {
            self.skip()?;
            let mut block = [0; BLOCK];
            let got = self.fill(&mut block)?;
            let extended = own.is_some() || long_name.is_some() || long_link.is_some();
            let header = Header(&block);
            if got == 0 || header.is_zero() {
                if extended {
                    return Err(Fault::new(
                        &kind::TRUNCATED_ARCHIVE,
                        format!("after {} members an extended header extends nothing", self.count),
                    ));
                }
                return match got {
                    0 if self.open_end => Ok(None),
                    0 => Err(Fault::new(&kind::TRUNCATED_ARCHIVE, "the end marker is missing")),
                    _ => self.end(),
                };
            }
            if got < BLOCK {
                return Err(Fault::new(&kind::TRUNCATED_ARCHIVE, format!("after {} members the archive ends within a header", self.count)));
            }
            if !header.checksum_holds() {
                return Err(Fault::new(
                    &kind::UNREADABLE_ARCHIVE,
                    format!("after {} members comes a header with a wrong checksum", self.count),
                ));
            }
            let size = header.size().ok_or_else(|| {
                Fault::new(&kind::UNREADABLE_ARCHIVE, format!("after {} members comes one without a readable size", self.count))
            })?;
            match header.flag() {
                b'x' | b'X' => {
                    let records = Records::read(&self.extension(size)?);
                    if own.is_some() {
                        lies.push("the member has two extended headers".to_owned());
                    }
                    own = Some(records);
                }
                b'g' => {
                    let records = Records::read(&self.extension(size)?);
                    if records.is_specific() {
                        lies.push("a global header names or sizes every member that follows".to_owned());
                        own.get_or_insert(records);
                    }
                }
                b'L' | b'K' => {
                    let mut name = self.extension(size)?;
                    while name.last() == Some(&0) {
                        name.pop();
                    }
                    let place = if header.flag() == b'L' { &mut long_name } else { &mut long_link };
                    if place.replace(name).is_some() {
                        lies.push("the member has two long names".to_owned());
                    }
                }
                _ => {
                    self.count += 1;
                    return Ok(Some(self.member(&header, size, own.unwrap_or_default(), long_name, long_link, lies)));
                }
            }
        }
    }

    /// Puts a member together from its headers, and remembers where they disagree although one would have done.
    fn member(
        &mut self,
        header: &Header<'_>,
        plain_size: u64,
        own: Records,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
        mut lies: Vec<String>,
    ) -> Member {
        lies.extend(own.lies);
        let path = settle("path", header.path(), own.path, long_name, &mut lies);
        let link = settle("link", header.link(), own.link, long_link, &mut lies);
        let size = own.size.unwrap_or(plain_size);
        if size != plain_size && !(size > OCTAL_SIZE && plain_size == 0) {
            lies.push(format!("the extended header declares {size} bytes, the header {plain_size}"));
        }
        let kind = header.kind(&path);
        if (kind == Kind::Folder) != (header.kind(&header.path()) == Kind::Folder) && !is_cut(header, &path) {
            lies.push("the member is a folder by one of its headers and none by the other".to_owned());
        }
        let has_content = matches!(kind, Kind::File | Kind::Continuation | Kind::Special(_));
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64).wrapping_sub(size) % BLOCK as u64;
        Member {
            path,
            kind,
            link,
            size,
            lies,
            surplus: if has_content { 0 } else { size },
            position: self.position,
            device: header.device(),
        }
    }

    /// The content of an extension header.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > LONGEST_EXTENSION {
            return Err(Fault::new(&kind::UNREADABLE_ARCHIVE, format!("an extended header of {size} bytes")));
        }
        let mut content = Vec::new();
        self.stream.by_ref().take(size).read_to_end(&mut content).map_err(|error| self.broken(&error))?;
        self.position += content.len() as u64;
        if (content.len() as u64) < size {
            return Err(Fault::new(&kind::TRUNCATED_ARCHIVE, "the archive ends within an extended header"));
        }
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        Ok(content)
    }

    /// Passes over what is left of the current member; its padding must be zeros.
    fn skip(&mut self) -> Result<(), Fault> {
        let mut buffer = [0; 8192];
        for is_padding in [false, true] {
            let mut left = std::mem::take(if is_padding { &mut self.padding } else { &mut self.left });
            while left > 0 {
                let want = usize::try_from(left).unwrap_or(buffer.len()).min(buffer.len());
                let got = self.fill(&mut buffer[..want])?;
                if got == 0 {
                    return Err(Fault::new(&kind::TRUNCATED_ARCHIVE, format!("the archive ends within member {}", self.count)));
                }
                if is_padding {
                    self.unlisted += buffer[..got].iter().filter(|&&byte| byte != 0).count() as u64;
                }
                left -= got as u64;
            }
        }
        Ok(())
    }

    /// Everything behind the end marker must be zeros.
    fn end(&mut self) -> Result<Option<Member>, Fault> {
        let mut buffer = [0; 8192];
        loop {
            match self.fill(&mut buffer)? {
                0 => return Ok(None),
                got => self.unlisted += buffer[..got].iter().filter(|&&byte| byte != 0).count() as u64,
            }
        }
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let mut done = 0;
        while done < buffer.len() {
            match self.stream.read(&mut buffer[done..]) {
                Ok(0) => break,
                Ok(got) => done += got,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(&error)),
            }
        }
        self.position += done as u64;
        Ok(done)
    }

    /// What a failing stream means; a decompressor says which kind it is through [`Broken`].
    fn broken(&self, error: &io::Error) -> Fault {
        let kind = error.get_ref().and_then(|inner| inner.downcast_ref::<Broken>()).map_or(
            if error.kind() == io::ErrorKind::UnexpectedEof { &kind::TRUNCATED_ARCHIVE } else { &kind::UNREADABLE_ARCHIVE },
            |broken| broken.kind,
        );
        Fault::new(kind, format!("after {} members: {error}", self.count))
    }
}

impl<R: Read> Read for Members<R> {
    /// The content of the current member.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let got = self.stream.read(&mut buffer[..want])?;
        if got == 0 && want > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= got as u64;
        self.position += got as u64;
        Ok(got)
    }
}

/// A stream that failed for a reason with a kind of its own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Broken {
    pub(crate) kind: &'static ProblemKind,
    pub(crate) message: String,
}

/// The one value of header, extended header and long name. Where an extension was not needed (the header could have held
/// it) it must say what the header says; where both extensions stand they must agree.
fn settle(what: &str, plain: Vec<u8>, extended: Option<Vec<u8>>, long: Option<Vec<u8>>, lies: &mut Vec<String>) -> Vec<u8> {
    if extended.is_some() && long.is_some() && extended != long {
        lies.push(format!("the extended header and the long name give two different {what}s"));
    }
    let Some(value) = extended.or(long) else { return plain };
    let needed = value.len() > 99 || !value.is_ascii();
    if value != plain && !needed {
        lies.push(format!("the {what} is `{}` by one header and `{}` by the other", shown(&plain), shown(&value)));
    }
    value
}

/// Whether the header's own name is the beginning of a long one, which fills its field: Python's `tarfile` cuts there, be it
/// behind a slash. By its flag the member is a file to every reader; only v7's flag makes a folder of a slash.
fn is_cut(header: &Header<'_>, path: &[u8]) -> bool {
    let plain = header.path();
    header.flag() == b'0' && plain.len() == 100 && path.len() > 100 && path.starts_with(&plain)
}

fn shown(name: &[u8]) -> String {
    crate::model::escaped(&String::from_utf8_lossy(&name[..name.len().min(120)])).into_owned()
}
