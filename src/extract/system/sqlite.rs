//! The rows of one table of an SQLite file (sqlite.org, "Database File Format"), read from memory and never trusted: every page
//! is visited once at most.

use std::collections::HashSet;

/// The file's first bytes.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Bytes of one row; the header of an rpm package has a hundredth.
const LARGEST_ROW: usize = 64 << 20;

/// A file in hand.
struct Pages<'a> {
    content: &'a [u8],
    size: usize,
    /// Bytes of a page that hold anything.
    usable: usize,
    visited: HashSet<u32>,
    /// Bytes that rows may still have.
    left: usize,
}

/// The last column of every row of `table`, where it is a blob or text; `None` where this is no such file.
pub(super) fn last_column(content: &[u8], table: &str) -> Option<Vec<Vec<u8>>> {
    if !content.starts_with(MAGIC) {
        return None;
    }
    let size = match u16_at(content, 16)? {
        1 => 65_536,
        size => usize::from(size),
    };
    let usable = size.checked_sub(usize::from(*content.get(20)?)).filter(|usable| *usable >= 480)?;
    let mut pages = Pages { content, size, usable, visited: HashSet::new(), left: content.len() };
    // The schema: type, name, tbl_name, rootpage, sql.
    let root = pages.rows(1).into_iter().find_map(|row| {
        let columns = columns(&row)?;
        let is_table = columns.first()?.1 == b"table" && columns.get(1)?.1 == table.as_bytes();
        is_table.then_some(number(columns.get(3)?.1))
    })?;
    let rows = pages.rows(root);
    Some(rows.iter().filter_map(|row| Some(columns(row)?.last().filter(|(kind, _)| *kind >= 12)?.1.to_vec())).collect())
}

impl<'a> Pages<'a> {
    fn page(&mut self, number: u32) -> Option<&'a [u8]> {
        self.visited.insert(number).then_some(())?;
        let start = usize::try_from(number.checked_sub(1)?).ok()?.checked_mul(self.size)?;
        self.content.get(start..start.checked_add(self.usable)?)
    }

    /// The payloads of a table's b-tree; what is damaged is left out.
    fn rows(&mut self, root: u32) -> Vec<Vec<u8>> {
        let (mut rows, mut todo) = (Vec::new(), vec![root]);
        while let Some(number) = todo.pop() {
            let Some(page) = self.page(number) else { continue };
            let start = if number == 1 { 100 } else { 0 };
            let Some((kind, cells)) = page.get(start).zip(u16_at(page, start + 3)) else { continue };
            let (is_leaf, header) = (*kind == 13, if *kind == 13 { 8 } else { 12 });
            if !matches!(kind, 5 | 13) {
                continue;
            }
            for cell in 0..usize::from(cells) {
                let Some(at) = u16_at(page, start + header + 2 * cell).map(usize::from) else { break };
                if is_leaf {
                    rows.extend(self.payload(page, at));
                } else {
                    todo.extend(u32_at(page, at));
                }
            }
            if !is_leaf {
                todo.extend(u32_at(page, start + 8));
            }
        }
        rows
    }

    /// A cell's payload, with what of it lies on overflow pages.
    fn payload(&mut self, page: &'a [u8], at: usize) -> Option<Vec<u8>> {
        let (length, at) = varint(page, at)?;
        let (_, at) = varint(page, at)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST_ROW)?;
        // Cells do not share bytes, so all of them are no longer than the file.
        self.left = self.left.checked_sub(length)?;
        let (most, least) = (self.usable - 35, (self.usable - 12) * 32 / 255 - 23);
        if length <= most {
            return Some(page.get(at..at.checked_add(length)?)?.to_vec());
        }
        let local = least + (length - least) % (self.usable - 4);
        let local = if local <= most { local } else { least };
        let mut payload = page.get(at..at.checked_add(local)?)?.to_vec();
        let mut next = u32_at(page, at + local)?;
        while payload.len() < length {
            let page = self.page(next)?;
            next = u32_at(page, 0)?;
            let part = (length - payload.len()).min(self.usable - 4);
            payload.extend(page.get(4..4 + part)?);
        }
        Some(payload)
    }
}

/// The columns of a record: each one's serial type and bytes.
fn columns(record: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let (header, mut at) = varint(record, 0)?;
    let header = usize::try_from(header).ok().filter(|header| *header <= record.len())?;
    let (mut columns, mut start) = (Vec::new(), header);
    while at < header {
        let (kind, next) = varint(record, at)?;
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            kind => (kind - 12) / 2,
        };
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        columns.push((kind, record.get(start..end)?));
        start = end;
    }
    Some(columns)
}

/// A variable-length integer, and where the next byte is.
fn varint(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for index in 0..9 {
        let byte = *bytes.get(at)?;
        at += 1;
        if index == 8 {
            return Some((value << 8 | u64::from(byte), at));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
    None
}

/// A big-endian number of up to four bytes; anything longer is no page.
fn number(bytes: &[u8]) -> u32 {
    if bytes.len() > 4 { 0 } else { bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)) }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}
