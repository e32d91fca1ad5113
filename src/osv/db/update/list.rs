//! `modified_id.csv`: which records an ecosystem has, and when each was modified
//! (<https://google.github.io/osv.dev/data/#downloading-recent-changes>).
//!
//! A line is `<RFC 3339>,<ID>`, or `<RFC 3339>,<ECOSYSTEM>/<ID>` in the list of all ecosystems. A line that is neither is an
//! error: what it should have said may be a record that nobody would miss.

use std::collections::HashMap;

use super::super::codec::Moment;
use crate::model::escaped;
use crate::osv::api::is_id;

/// The records of one ecosystem.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct List(pub(super) HashMap<Box<str>, Moment>);

impl List {
    /// Reads a list; the text says what is wrong with it.
    pub(super) fn parse(csv: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(csv).map_err(|_| "it is no text".to_owned())?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err("its last line does not end".to_owned());
        }
        let mut records = HashMap::new();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let read = || {
                let (time, id) = line.split_once(',')?;
                let id = id.rsplit_once('/').map_or(id, |(_, id)| id).trim();
                Some((Moment::parse(time)?, id)).filter(|_| is_id(id))
            };
            let (modified, id) = read().ok_or_else(|| {
                let shown = line.chars().take(80).collect::<String>();
                format!("line {} is no time and id: `{}`", at + 1, escaped(&shown))
            })?;
            let known = records.entry(Box::from(id)).or_insert(modified);
            *known = modified.max(*known);
        }
        if records.is_empty() { Err("it lists no record".to_owned()) } else { Ok(Self(records)) }
    }
}

#[cfg(test)]
mod tests {
    use super::List;

    #[test]
    fn a_list_is_whole_or_an_error() {
        let list = List::parse(b"2026-09-10T03:50:59.009Z,GHSA-1\n2026-09-10T03:50:59Z,npm/MAL-2\r\n").unwrap();
        assert_eq!((list.0.len(), list.0.contains_key("GHSA-1"), list.0.contains_key("MAL-2")), (2, true, true));
        for (text, why) in [
            ("", "it lists no record"),
            ("2026-09-10T03:50:59Z,GHSA-1", "its last line does not end"),
            ("yesterday,GHSA-1\n", "line 1 is no time and id: `yesterday,GHSA-1`"),
            ("2026-09-10T03:50:59Z,GHSA-1\n2026-09-10T03:50:59Z\n", "line 2 is no time and id: `2026-09-10T03:50:59Z`"),
            ("2026-09-10T03:50:59Z,../x/..\n", "line 1 is no time and id: `2026-09-10T03:50:59Z,../x/..`"),
            ("<html>\n", "line 1 is no time and id: `<html>`"),
        ] {
            assert_eq!(List::parse(text.as_bytes()).unwrap_err(), why);
        }
        assert_eq!(List::parse(b"\xff\n").unwrap_err(), "it is no text");
    }
}
