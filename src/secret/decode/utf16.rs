//! UTF-16: whole files, and the wide strings of a binary.

/// UTF-16 by its mark, or by a NUL in every other byte, as UTF-8; `None` where it is something else.
pub(in crate::secret) fn utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let (big, body) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        _ => (nul_side(bytes)?, bytes),
    };
    let units =
        body.chunks_exact(2).map(|pair| if big { u16::from_be_bytes([pair[0], pair[1]]) } else { u16::from_le_bytes([pair[0], pair[1]]) });
    let mut out = String::with_capacity(body.len() / 2);
    out.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Some(out.into_bytes())
}

/// Whether the NULs of the beginning are the high bytes of big-endian (`true`) or little-endian text.
pub(super) fn nul_side(bytes: &[u8]) -> Option<bool> {
    let head = &bytes[..bytes.len().min(512) & !1];
    if head.len() < 16 {
        return None;
    }
    let nuls = |offset: usize| head.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let pairs = head.len() / 2;
    match (even * 10, odd * 10) {
        (low, high) if high >= pairs * 7 && low <= pairs => Some(false),
        (high, low) if high >= pairs * 7 && low <= pairs => Some(true),
        _ => None,
    }
}

/// The UTF-16 strings within a binary (at least eight characters, of either byte order), a line each.
pub(in crate::secret) fn wide_strings(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(nul) = memchr::memchr(0, bytes.get(at..).unwrap_or_default()) {
        let nul = at + nul;
        // A little-endian string begins before its first NUL. A big-endian one begins with it and reads the same, less its
        // last character, which the NUL that ends it would follow.
        let start = nul.wrapping_sub(1);
        let is_wide = |pair: &&[u8]| matches!(pair, [byte, 0] if *byte == b'\t' || *byte == b' ' || byte.is_ascii_graphic());
        let run = if nul > 0 { bytes[start..].chunks_exact(2).take_while(is_wide).count() } else { 0 };
        if run >= 8 {
            out.extend(bytes[start..start + 2 * run].iter().step_by(2));
            out.extend(bytes.get(start + 2 * run).filter(|byte| byte.is_ascii_graphic()));
            out.push(b'\n');
        }
        // In a stretch of NULs only the first can end a pair.
        let zeros = if run == 0 { bytes[nul..].iter().take_while(|&&byte| byte == 0).count() } else { 1 };
        at = nul + zeros + (2 * run).saturating_sub(2);
    }
    out
}
