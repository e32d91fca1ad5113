//! A file inside an artifact: its path, and its bytes while they are in hand.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// The folder of everything that a function's layers hold: `opt!/nodejs/node_modules/a/index.js` is `/opt/nodejs/..` for the
/// running function. No folder of a function can have this name, because a `!` at its end would be written as `%21`; an archive
/// that is called `opt` could, and is a problem where there are layers.
pub const LAYERS: &str = "opt!";

/// Bytes a path may have: Linux' `PATH_MAX`, above which no runtime could open the file anyway.
const LONGEST_PATH: usize = 4096;

/// The path of an entry: relative, `/` between components, no `.`, `..`, empty component, NUL or backslash.
///
/// [`EntryPath::new`] is the only door, so whoever holds one may join, print (escaped) or compare it without a second
/// thought. An entry of an archive inside the artifact is `outer!/inner`; a component that itself ends in `!` has that
/// character written as `%21`, so that no name can pretend to be nested.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryPath(String);

/// Why a name is not an [`EntryPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// Nothing is left of the name.
    #[error("the name is empty")]
    Empty,
    /// `/etc/passwd`, `C:\x`, `\\host\share`.
    #[error("the name is absolute")]
    Absolute,
    /// A `..` component.
    #[error("the name leaves the artifact with `..`")]
    Parent,
    /// A NUL byte, which ends the name for some readers and not for others.
    #[error("the name has a NUL byte")]
    Nul,
    /// A backslash, which is a separator for some readers and not for others.
    #[error("the name has a backslash")]
    Backslash,
    /// Longer than a file system takes.
    #[error("the name is longer than 4096 bytes")]
    TooLong,
    /// Not UTF-8 and no declared other encoding.
    #[error("the name is not UTF-8")]
    NotUtf8,
}

impl EntryPath {
    /// Reads a name as an archive or a directory gives it. `./a//b` is `a/b`; a trailing `/` (a folder) is dropped.
    pub fn new(name: &str) -> Result<Self, PathFault> {
        if name.len() > LONGEST_PATH {
            return Err(PathFault::TooLong);
        }
        if name.contains('\0') {
            return Err(PathFault::Nul);
        }
        let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
        if name.starts_with('/') || name.starts_with('\\') || drive {
            return Err(PathFault::Absolute);
        }
        if name.contains('\\') {
            return Err(PathFault::Backslash);
        }
        let mut path = String::with_capacity(name.len());
        for component in name.split('/') {
            match component {
                "" | "." => continue,
                ".." => return Err(PathFault::Parent),
                _ => {}
            }
            if !path.is_empty() {
                path.push('/');
            }
            match component.strip_suffix('!') {
                Some(rest) => {
                    path.push_str(rest);
                    path.push_str("%21");
                }
                None => path.push_str(component),
            }
        }
        if path.is_empty() { Err(PathFault::Empty) } else { Ok(Self(path)) }
    }

    /// Reads a name given as bytes; what is not UTF-8 is refused.
    pub fn from_bytes(name: &[u8]) -> Result<Self, PathFault> {
        std::str::from_utf8(name).map_err(|_| PathFault::NotUtf8).and_then(Self::new)
    }

    /// The path of `inner` within the archive that this path names.
    #[must_use]
    pub fn nested(&self, inner: &Self) -> Self {
        Self(format!("{}!/{}", self.0, inner.0))
    }

    /// The path of `inner` within this folder.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        Self(format!("{}/{}", self.0, inner.0))
    }

    /// The first `length` bytes of the path, where they are a path: a folder above it, an archive around it, or itself.
    #[must_use]
    pub fn prefix(&self, length: usize) -> Option<Self> {
        let rest = self.0.get(length..)?;
        (length > 0 && (rest.is_empty() || rest.starts_with('/') || rest.starts_with("!/"))).then(|| Self(self.0[..length].to_owned()))
    }

    /// The path from byte `start` on, where that is the first of a component.
    #[must_use]
    pub fn suffix(&self, start: usize) -> Option<Self> {
        let rest = self.0.get(start..).filter(|rest| !rest.is_empty())?;
        self.0[..start].ends_with('/').then(|| Self(rest.to_owned()))
    }

    /// The whole path, `outer!/inner` for nested entries.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path within the innermost archive: `b/c.js` of `a.zip!/b/c.js`.
    #[must_use]
    pub fn innermost(&self) -> &str {
        self.0.rsplit_once("!/").map_or(self.0.as_str(), |(_, inner)| inner)
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, name)| name)
    }

    /// What follows the last dot of the last component, as spelled; empty where there is none.
    #[must_use]
    pub fn extension(&self) -> &str {
        self.file_name().rsplit_once('.').map_or("", |(_, extension)| extension)
    }

    /// Everything before the last `/`, without it; empty for a top-level entry. For the top of a nested archive this is
    /// `outer!`.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether this path lies in `folder` (at any depth). Every path lies in the empty folder.
    #[must_use]
    pub fn is_in(&self, folder: &str) -> bool {
        folder.is_empty() || self.0.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0))
    }
}

impl fmt::Debug for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl Serialize for EntryPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// `text` with every character that could move a cursor, end a line or reverse the reading direction written as
/// `\u{..}`. Whatever comes from an artifact passes through here before a person's terminal sees it.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// A file of the artifact while its bytes are in hand: shown once, whole.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Where it lies.
    pub path: &'a EntryPath,
    /// All of its bytes.
    pub content: &'a [u8],
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_turns_or_hides_text_is_written_out() {
        for c in ['\u{1b}', '\n', '\u{9b}', '\u{ad}', '\u{61c}', '\u{180e}', '\u{200f}', '\u{202e}', '\u{2069}', '\u{206f}', '\u{fffb}'] {
            assert_eq!(escaped(&format!("a{c}b")), format!("a{}b", c.escape_unicode()));
        }
        assert_eq!(escaped("é 漢字 ✓.zip"), "é 漢字 ✓.zip");
    }
}
