//! Extra fields of zip headers that change what an entry is: zip64 sizes and offsets (APPNOTE 4.5.3), Info-ZIP's Unicode
//! Path (APPNOTE 4.6.9). All others only describe it and are passed over.

use super::directory::{Record, u16_at, u32_at, u64_at};

const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;
const ALL_ONES: u64 = 0xFFFF_FFFF;

/// Splits an extra area into (id, body). An area that ends within a field is an error, unless what is left is zeros, which
/// alignment tools write.
fn fields(mut area: &[u8]) -> Result<Vec<(u16, &[u8])>, String> {
    let mut fields = Vec::new();
    while !area.is_empty() {
        if area.iter().all(|&byte| byte == 0) {
            break;
        }
        let size = if area.len() < 4 { None } else { Some(u16_at(area, 2) as usize) };
        match size.and_then(|size| area.get(4..4 + size)) {
            Some(body) => {
                fields.push((u16_at(area, 0), body));
                area = &area[4 + body.len()..];
            }
            None => return Err("the extra area ends within a field".to_owned()),
        }
    }
    Ok(fields)
}

/// What an extra area may not do.
pub(super) enum Lie {
    /// It renames, moves or resizes the entry against its header.
    Override(String),
    /// It puts the entry on another disk.
    Disk(u32),
}

impl From<String> for Lie {
    fn from(message: String) -> Self {
        Self::Override(message)
    }
}

/// Applies a central record's extra area: zip64 replaces exactly the fields that are all ones, in their fixed order.
pub(super) fn apply_central(area: &[u8], record: &mut Record) -> Result<(), Lie> {
    let fields = fields(area)?;
    record.spelled = unicode_path(&fields, &record.name)?;
    let Some(body) = single(&fields, ZIP64)? else {
        return Ok(());
    };
    let disk = zip64(body, &mut [&mut record.size, &mut record.packed, &mut record.header_at])?;
    if disk == 0 { Ok(()) } else { Err(Lie::Disk(disk)) }
}

/// The sizes a local header really declares (packed, plain), its zip64 field applied.
pub(super) fn local_sizes(area: &[u8], name: &[u8], packed: u32, size: u32) -> Result<(u64, u64), String> {
    let fields = fields(area)?;
    unicode_path(&fields, name)?;
    let (mut packed, mut size) = (u64::from(packed), u64::from(size));
    if let Some(body) = single(&fields, ZIP64)? {
        zip64(body, &mut [&mut size, &mut packed])?;
    }
    Ok((packed, size))
}

/// Reads a zip64 field into the values that defer to it; returns the disk number behind them. The field holds either the
/// deferred values alone, as APPNOTE has it, or all of them, as some writers do; then the others must be the header's own.
fn zip64(body: &[u8], values: &mut [&mut u64]) -> Result<u32, String> {
    let deferred = values.iter().filter(|value| ***value == ALL_ONES).count();
    let compact = body.len() == deferred * 8 || body.len() == deferred * 8 + 4;
    let mut at = 0;
    for value in values.iter_mut() {
        let defers = **value == ALL_ONES;
        if compact && !defers {
            continue;
        }
        match body.get(at..at + 8) {
            Some(_) if defers => **value = u64_at(body, at),
            Some(_) if u64_at(body, at) == **value => {}
            Some(_) => return Err(format!("the zip64 field says {} where the header says {value}", u64_at(body, at))),
            None if defers => return Err("the zip64 field lacks a value that the header defers to it".to_owned()),
            None => return if at == body.len() { Ok(0) } else { Err("the zip64 field ends within a value".to_owned()) },
        }
        at += 8;
    }
    match body.len() - at {
        0 => Ok(0),
        4 => Ok(u32_at(body, at)),
        surplus => Err(format!("the zip64 field has {surplus} bytes too many")),
    }
}

fn single<'a>(fields: &[(u16, &'a [u8])], id: u16) -> Result<Option<&'a [u8]>, String> {
    let mut bodies = fields.iter().filter(|(field, _)| *field == id).map(|(_, body)| *body);
    let first = bodies.next();
    match bodies.next() {
        Some(_) => Err(format!("the extra field 0x{id:04x} stands twice")),
        None => Ok(first),
    }
}

/// A Unicode Path must say what the header says: readers that believe it see its name, the others the header's. Where the
/// header's name is not UTF-8 it is CP437 (APPNOTE appendix D), and both must still be one name, which is returned.
fn unicode_path(fields: &[(u16, &[u8])], name: &[u8]) -> Result<Option<String>, String> {
    let Some(body) = single(fields, UNICODE_PATH)? else { return Ok(None) };
    if body.len() < 5 {
        return Err("the Unicode Path field is too short".to_owned());
    }
    let path = &body[5..];
    if path == name {
        return Ok(None);
    }
    let spelled = cp437(name);
    if std::str::from_utf8(name).is_err() && path == spelled.as_bytes() && u32_at(body, 1) == crc32fast::hash(name) {
        return Ok(Some(spelled));
    }
    Err(format!("the Unicode Path field names the entry `{}`", crate::model::escaped(&String::from_utf8_lossy(path))))
}

/// The upper half of code page 437.
const CP437: &str =
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

fn cp437(name: &[u8]) -> String {
    name.iter()
        .map(|&byte| if byte < 128 { char::from(byte) } else { CP437.chars().nth(usize::from(byte) - 128).unwrap_or('\u{fffd}') })
        .collect()
}
