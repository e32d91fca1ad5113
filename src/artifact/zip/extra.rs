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

/// Applies a central record's extra area: zip64 replaces exactly the fields that are all ones, in their fixed order.
pub(super) fn apply_central(area: &[u8], record: &mut Record) -> Result<(), String> {
    let fields = fields(area)?;
    unicode_path(&fields, &record.name)?;
    let Some(body) = single(&fields, ZIP64)? else {
        return Ok(());
    };
    let mut rest = body;
    let header = [record.size, record.packed, record.header_at];
    let values = [&mut record.size, &mut record.packed, &mut record.header_at];
    for value in values.into_iter().filter(|value| **value == ALL_ONES) {
        if rest.len() < 8 {
            return Err("the zip64 field lacks a value that the header defers to it".to_owned());
        }
        *value = u64_at(rest, 0);
        rest = &rest[8..];
    }
    // Some writers repeat values that the header already holds; a value that differs is an attempt to resize or move.
    surplus(rest, &header)
}

/// The sizes a local header really declares (packed, plain), its zip64 field applied.
pub(super) fn local_sizes(area: &[u8], name: &[u8], packed: u32, size: u32) -> Result<(u64, u64), String> {
    let fields = fields(area)?;
    unicode_path(&fields, name)?;
    let (mut packed, mut size) = (u64::from(packed), u64::from(size));
    if let Some(body) = single(&fields, ZIP64)? {
        let header = [size, packed];
        let mut rest = body;
        for value in [&mut size, &mut packed].into_iter().filter(|value| **value == ALL_ONES) {
            if rest.len() < 8 {
                return Err("the zip64 field lacks a value that the header defers to it".to_owned());
            }
            *value = u64_at(rest, 0);
            rest = &rest[8..];
        }
        surplus(rest, &header)?;
    }
    Ok((packed, size))
}

fn surplus(mut rest: &[u8], header: &[u64]) -> Result<(), String> {
    while rest.len() >= 8 {
        let value = u64_at(rest, 0);
        if value != 0 && !header.contains(&value) {
            return Err(format!("the zip64 field holds a value that the header contradicts: {value}"));
        }
        rest = &rest[8..];
    }
    Ok(())
}

fn single<'a>(fields: &[(u16, &'a [u8])], id: u16) -> Result<Option<&'a [u8]>, String> {
    let mut bodies = fields.iter().filter(|(field, _)| *field == id).map(|(_, body)| *body);
    let first = bodies.next();
    match bodies.next() {
        Some(_) => Err(format!("the extra field 0x{id:04x} stands twice")),
        None => Ok(first),
    }
}

/// A Unicode Path must say what the header says: readers that believe it see its name, the others the header's.
fn unicode_path(fields: &[(u16, &[u8])], name: &[u8]) -> Result<(), String> {
    match single(fields, UNICODE_PATH)? {
        Some(body) if body.len() < 5 => Err("the Unicode Path field is too short".to_owned()),
        Some(body) if &body[5..] != name => Err(format!(
            "the Unicode Path field names the entry `{}` (checksum {:08x})",
            crate::model::escaped(&String::from_utf8_lossy(&body[5..])),
            u32_at(body, 1)
        )),
        _ => Ok(()),
    }
}
