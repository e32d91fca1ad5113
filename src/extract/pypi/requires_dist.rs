//! Requirements: what the text behind `Requires-Dist` asks for (packaging.python.org, "Dependency specifiers").

use crate::extract::document::word;
use crate::model::{Ecosystem, Wish};

/// The name, folded, and whether it must be there. What only an extra asks for is no wish: whether anybody wanted the extra, no
/// metadata says. What a marker binds to a platform or an interpreter need not be there.
pub(super) fn wish(text: &str) -> Option<Wish> {
    let (requirement, marker) = text.split_once(';').map_or((text, ""), |(requirement, marker)| (requirement, marker));
    (!asks_for_extra(marker)).then(|| named(requirement, marker.trim().is_empty())).flatten()
}

/// The name that a requirement begins with.
pub(super) fn named(requirement: &str, needed: bool) -> Option<Wish> {
    let requirement = requirement.trim();
    let end = requirement.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(requirement.len());
    let name = word(&requirement[..end])?;
    Some(Wish { name: Ecosystem::PyPi.folded(name).into(), range: "".into(), needed })
}

/// Whether a marker speaks of the variable `extra`.
fn asks_for_extra(marker: &str) -> bool {
    let mut outside = true;
    let bare: String = marker
        .chars()
        .map(|c| {
            if matches!(c, '"' | '\'') {
                outside = !outside;
            }
            if outside && (c.is_alphanumeric() || c == '_') { c } else { ' ' }
        })
        .collect();
    bare.split(' ').any(|variable| variable == "extra")
}

#[cfg(test)]
mod tests {
    use super::wish;

    #[test]
    fn requirements() {
        for (text, expected) in [
            ("idna<4,>=2.5", Some(("idna", true))),
            (" Flask_SQLAlchemy (>=1.0)", Some(("flask-sqlalchemy", true))),
            ("requests[socks]>=2", Some(("requests", true))),
            ("a @ https://example.com/a.whl", Some(("a", true))),
            ("colorama; sys_platform == 'win32'", Some(("colorama", false))),
            ("x; platform_release == 'extra'", Some(("x", false))),
            ("PySocks!=1.5.7,>=1.5.6; extra == 'socks'", None),
            ("y; python_version < \"3.8\" and (extra=='test')", None),
            ("; extra", None),
            (">=1", None),
        ] {
            let read = wish(text);
            assert_eq!(read.as_ref().map(|wish| (&*wish.name, wish.needed)), expected, "{text}");
        }
    }
}
