//! PAX extended headers (POSIX.1-2017, pax, "pax Extended Header"): the records that change what an entry is.

/// The records of one extended header that matter.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// What no honest writer writes.
    pub(super) lies: Vec<String>,
}

impl Records {
    /// Reads `LENGTH KEY=VALUE\n` records to the end of the header.
    pub(super) fn read(mut area: &[u8]) -> Self {
        let mut records = Self::default();
        // The area is padded with NULs to its block by some writers.
        while !area.is_empty() && !area.iter().all(|&byte| byte == 0) {
            match split(area) {
                Some((key, value, rest)) => {
                    records.take(key, value);
                    area = rest;
                }
                None => {
                    records.lies.push("an extended header record is malformed".to_owned());
                    break;
                }
            }
        }
        records
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        if key != b"comment" && smuggles(value) {
            self.lies.push("a value of the extended header reads as records of its own where lines are split first".to_owned());
        }
        let twice = match key {
            b"path" => self.path.replace(value.to_vec()).is_some(),
            b"linkpath" => self.link.replace(value.to_vec()).is_some(),
            b"size" => {
                let size = decimal(value);
                if size.is_none() {
                    self.lies.push("the extended header's `size` is no number".to_owned());
                }
                std::mem::replace(&mut self.size, size.or(Some(0))).is_some()
            }
            key if key.starts_with(b"GNU.sparse.") => {
                self.lies.push("the entry is a sparse file, which readers unpack differently".to_owned());
                false
            }
            key if [&b"SCHILY.xattr.trusted.overlay."[..], b"SCHILY.xattr.user.overlay."].iter().any(|mark| key.starts_with(mark)) => {
                self.lies.push("the entry has a mark with which overlay file systems hide or rename files".to_owned());
                false
            }
            key if key.is_empty() || key.contains(&0) => {
                self.lies.push("an extended header record has no proper key".to_owned());
                false
            }
            _ => return,
        };
        if twice {
            self.lies.push(format!("the extended header gives `{}` twice", String::from_utf8_lossy(key)));
        }
        if key != b"size" && (value.contains(&0) || value.is_empty()) {
            self.lies.push(format!("the extended header's `{}` is no path", String::from_utf8_lossy(key)));
        }
    }

    /// Whether a record names or sizes entries, which in a global header would be all that follow.
    pub(super) fn is_specific(&self) -> bool {
        self.path.is_some() || self.link.is_some() || self.size.is_some()
    }
}

/// Whether a value holds, behind a newline, what looks like a record that names or sizes the entry.
fn smuggles(value: &[u8]) -> bool {
    value.split(|&byte| byte == b'\n').skip(1).any(|line| {
        let mut parts = line.splitn(2, |&byte| byte == b' ');
        let (length, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        decimal(length).is_some() && ["path=", "linkpath=", "size="].iter().any(|key| rest.starts_with(key.as_bytes()))
    })
}

/// The first record: key, value, what follows.
fn split(area: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = memchr::memchr(b' ', area.get(..area.len().min(24))?)?;
    let length = usize::try_from(decimal(&area[..space])?).ok()?;
    if length <= space + 1 || length > area.len() || area[length - 1] != b'\n' {
        return None;
    }
    let record = &area[space + 1..length - 1];
    let equals = memchr::memchr(b'=', record)?;
    Some((&record[..equals], &record[equals + 1..], &area[length..]))
}

/// Decimal digits and nothing else.
fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
