//! CSV (RFC 4180) as far as a feed needs it: records of a fixed number of fields, quoted ones with commas, quotes and line
//! breaks in them.

/// One record, and the line it begins at.
pub(super) struct Record {
    /// From 1.
    pub(super) line: usize,
    /// The fields, unquoted.
    pub(super) fields: Vec<String>,
}

/// Fields of a record.
const MOST: usize = 64;

/// The records of a text, one after the other; an error is the last. Every record must end with a line break, for without one
/// it may have been cut. Empty ones are left out.
pub(super) fn records(text: &str) -> impl Iterator<Item = Result<Record, String>> {
    let (mut rest, mut line) = (text, 1);
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let begins = line;
            let (fields, after) = match record(rest, line) {
                Ok(read) => read,
                Err(why) => {
                    rest = "";
                    return Some(Err(why));
                }
            };
            line += rest.get(..rest.len() - after.len()).unwrap_or_default().matches('\n').count();
            rest = after;
            if fields.iter().any(|field| !field.is_empty()) {
                return Some(Ok(Record { line: begins, fields }));
            }
        }
        None
    })
}

/// The fields of the first record, and what follows it.
fn record(text: &str, line: usize) -> Result<(Vec<String>, &str), String> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = field(rest, line)?;
        fields.push(field);
        if fields.len() > MOST {
            return Err(format!("line {line} has more than {MOST} fields"));
        }
        if let Some(next) = after.strip_prefix(',') {
            rest = next;
        } else if let Some(next) = after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')) {
            return Ok((fields, next));
        } else {
            let why =
                if after.is_empty() { "does not end with a line break, so the file may be cut" } else { "has text after a quoted field" };
            return Err(format!("line {line} {why}"));
        }
    }
}

/// The first field, and what follows it.
fn field(text: &str, line: usize) -> Result<(String, &str), String> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let (mut field, mut after) = text.split_at(end);
        if let Some(bare) = field.strip_suffix('\r').filter(|_| after.starts_with('\n')) {
            (field, after) = (bare, text.get(end - 1..).unwrap_or(after));
        }
        return Ok((field.to_owned(), after));
    };
    let mut field = String::new();
    loop {
        let Some((part, after)) = rest.split_once('"') else {
            return Err(format!("a quoted field of line {line} never ends, so the file may be cut"));
        };
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                field.push('"');
                rest = more;
            }
            None => return Ok((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn fields_are_what_was_quoted() {
        let read: Vec<Record> = records("a,b,c\r\n\"x, \"\"y\"\"\nz\",,\"\"\n\nlast,1,2\n").collect::<Result<_, _>>().unwrap();
        let told: Vec<_> = read.iter().map(|record| (record.line, record.fields.join("|"))).collect();
        assert_eq!(told, [(1, "a|b|c".to_owned()), (2, "x, \"y\"\nz||".to_owned()), (5, "last|1|2".to_owned())]);
    }

    #[test]
    fn what_is_cut_is_an_error() {
        for (text, expected) in [
            ("a,b", "line 1 does not end with a line break"),
            ("a,b\n\"c,d\n", "a quoted field of line 2 never ends"),
            ("a,\"b\"c\n", "line 1 has text after a quoted field"),
            (&",".repeat(99), "line 1 has more than 64 fields"),
        ] {
            assert!(records(text).last().unwrap().err().unwrap().contains(expected), "{text}");
        }
    }
}
