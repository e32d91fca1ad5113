//! What reports keep while artifacts are added: in memory as long as it is small, then in an unlinked temporary file, so that a
//! call over a thousand artifacts needs the memory of one.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

/// Bytes that a spool keeps in memory.
const MOST_IN_MEMORY: usize = 1 << 20;

/// Text on its way into a report.
pub(super) struct Spool {
    file: SpooledTempFile,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { file: SpooledTempFile::new(MOST_IN_MEMORY) }
    }

    /// Copies everything to `out`.
    pub(super) fn pour(mut self, out: &mut dyn Write) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut buffer)? {
                0 => return Ok(()),
                read => out.write_all(buffer.get(..read).unwrap_or_default())?,
            }
        }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A list of a JSON document, one element after another.
pub(super) struct List {
    spool: Spool,
    is_empty: bool,
}

impl List {
    pub(super) fn new() -> Self {
        Self { spool: Spool::new(), is_empty: true }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Adds an element.
    pub(super) fn push(&mut self, element: &impl Serialize) -> io::Result<()> {
        self.spool.write_all(if self.is_empty { b"\n" } else { b",\n" })?;
        self.is_empty = false;
        // JSON has no line break inside a string, so that indenting lines changes no value.
        let text = serde_json::to_string_pretty(element)?;
        for (number, line) in text.lines().enumerate() {
            let end: &[u8] = if number == 0 { b"" } else { b"\n" };
            self.spool.write_all(end)?;
            self.spool.write_all(b"    ")?;
            self.spool.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    /// Adds every element.
    pub(super) fn extend<T: Serialize>(&mut self, elements: impl IntoIterator<Item = T>) -> io::Result<()> {
        elements.into_iter().try_for_each(|element| self.push(&element))
    }

    /// Writes the list as the value of a member of a document.
    fn pour(self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")?;
        let end: &[u8] = if self.is_empty { b"]" } else { b"\n  ]" };
        self.spool.pour(out)?;
        out.write_all(end)
    }
}

/// Writes a document that is a list.
pub(super) fn write_list(list: List, out: &mut dyn Write) -> io::Result<()> {
    let List { spool, is_empty } = list;
    out.write_all(b"[")?;
    spool.pour(out)?;
    out.write_all(if is_empty { b"]\n" } else { b"\n]\n" })
}

/// A member of a document.
pub(super) enum Member {
    /// Written out.
    Value(String),
    /// A long one.
    List(List),
}

impl Member {
    pub(super) fn value(value: &impl Serialize) -> io::Result<Self> {
        Ok(Self::Value(serde_json::to_string_pretty(value)?))
    }
}

/// Writes a JSON object with its long lists, in the order of `members`, as `serde_json` would write it.
pub(super) fn write_document(members: Vec<(&str, Member)>, out: &mut dyn Write) -> io::Result<()> {
    for (number, (name, member)) in members.into_iter().enumerate() {
        out.write_all(if number == 0 { b"{\n  " } else { b",\n  " })?;
        serde_json::to_writer(&mut *out, name)?;
        out.write_all(b": ")?;
        match member {
            Member::Value(text) => out.write_all(text.replace('\n', "\n  ").as_bytes())?,
            Member::List(list) => list.pour(out)?,
        }
    }
    out.write_all(b"\n}\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(members: Vec<(&str, Member)>) -> String {
        let mut out = Vec::new();
        write_document(members, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_larger_than_memory_comes_out_whole() {
        let mut spool = Spool::new();
        let line = "0123456789abcdef".repeat(1 << 12);
        for _ in 0..40 {
            spool.write_all(line.as_bytes()).unwrap();
        }
        let mut out = Vec::new();
        spool.pour(&mut out).unwrap();
        assert!(out.len() > MOST_IN_MEMORY && out == line.repeat(40).into_bytes());
    }

    proptest! {
        #[test]
        fn a_document_is_what_serde_json_writes(texts in proptest::collection::vec("\\PC*|[\n\r\u{2028}\"\\\\]{0,4}", 0..5)) {
            let elements: Vec<Value> = texts.iter().map(|text| json!({"a": text, "b": [text, {}, []]})).collect();
            let mut list = List::new();
            list.extend(&elements).unwrap();
            let head = json!({"x": texts, "y": 1});
            let members = vec![("head", Member::value(&head).unwrap()), ("list", Member::List(list))];
            let whole = serde_json::to_string_pretty(&json!({"head": head, "list": elements})).unwrap() + "\n";
            prop_assert_eq!(written(members), whole);
        }
    }
}
