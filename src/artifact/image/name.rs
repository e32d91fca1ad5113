//! Names of an image's files: Linux names, in which every byte but `/` and NUL is ordinary.

use std::fmt::Write;

use crate::model::{EntryPath, PathFault};

/// The components of a layer entry's name. Container runtimes unpack below the root, so that `/a`, `./a` and `a` are one
/// file (containerd `archive.Apply`); a `..` that leaves its folder is refused by all of them, and any is refused here.
pub(super) fn components(name: &[u8]) -> Result<Vec<&[u8]>, PathFault> {
    if name.len() > 4096 {
        return Err(PathFault::TooLong);
    }
    if name.contains(&0) {
        return Err(PathFault::Nul);
    }
    let components: Vec<&[u8]> = name.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
    if components.iter().any(|part| *part == b"..") {
        return Err(PathFault::Parent);
    }
    Ok(components)
}

/// The path of these components. A backslash, and a byte that is not UTF-8, are written `%5C` as in a URL: systemd's units
/// and old certificate bundles have such names, and on Linux they name one file.
pub(super) fn path<'a>(components: impl IntoIterator<Item = &'a [u8]>) -> Result<EntryPath, PathFault> {
    let mut text = String::new();
    for component in components {
        if !text.is_empty() {
            text.push('/');
        }
        let drive = text.is_empty() && component.get(1) == Some(&b':') && component[0].is_ascii_alphabetic();
        for chunk in component.utf8_chunks() {
            for (at, c) in chunk.valid().char_indices() {
                match c {
                    '\\' => text.push_str("%5C"),
                    ':' if drive && at == 1 => text.push_str("%3A"),
                    c => text.push(c),
                }
            }
            for byte in chunk.invalid() {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    EntryPath::new(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &[u8]) -> Result<String, PathFault> {
        path(components(name)?).map(|path| path.as_str().to_owned())
    }

    #[test]
    fn linux_names_are_ordinary() {
        assert_eq!(written(b"./usr//lib/system-a\\x2db.slice").expect("a name"), "usr/lib/system-a%5Cx2db.slice");
        assert_eq!(written(b"/etc/f\xf6.crt").expect("a name"), "etc/f%F6.crt");
        assert_eq!(written(b"c:/x").expect("a name"), "c%3A/x");
        assert_eq!(written(b"a/../b"), Err(PathFault::Parent));
        assert_eq!(written(b"a\0b"), Err(PathFault::Nul));
        assert_eq!(components(b"./").expect("the root"), Vec::<&[u8]>::new());
    }
}
