//! The checksums that vendors build into their tokens, as observed on published examples of each format.

use sha2::{Digest, Sha256};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// `number` in `alphabet`, most significant digit first, padded with the zero digit to `width`; longer numbers lose their
/// high digits.
fn digits(mut number: u64, alphabet: &[u8], width: usize) -> Vec<u8> {
    let base = alphabet.len() as u64;
    let mut out = vec![alphabet[0]; width];
    for place in out.iter_mut().rev() {
        *place = alphabet[(number % base) as usize];
        number /= base;
    }
    out
}

fn crc(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// Splits off the last `n` bytes.
fn tail(token: &[u8], n: usize) -> Option<(&[u8], &[u8])> {
    token.len().checked_sub(n).map(|at| token.split_at(at))
}

/// GitHub classic tokens, npm and Vercel: base62 of the CRC-32 of what stands between `prefix` and the last six.
pub(super) fn crc_base62(token: &[u8], prefix: usize) -> bool {
    tail(token, 6).is_some_and(|(head, sum)| head.get(prefix..).is_some_and(|body| digits(crc(body).into(), BASE62, 6) == sum))
}

/// GitHub fine-grained tokens: eight characters of base32 of the SHA-256 of everything before them, 16 from the end.
pub(super) fn github_fine_grained(token: &[u8]) -> bool {
    let Some((head, rest)) = tail(token, 16) else { return false };
    let hash = Sha256::digest(head);
    let word = hash.iter().take(5).fold(0u64, |word, &byte| word << 8 | u64::from(byte));
    digits(word, BASE32, 8).eq_ignore_ascii_case(&rest[..8])
}

/// GitLab's routable tokens: base36 of the CRC-32 of all before the last seven.
pub(super) fn crc_base36(token: &[u8]) -> bool {
    tail(token, 7).is_some_and(|(head, sum)| digits(crc(head).into(), BASE36, 7) == sum)
}

/// Grafana service accounts: hex of the little-endian CRC-32 of all before the `_` of the last part.
pub(super) fn crc_hex_le(token: &[u8]) -> bool {
    tail(token, 9).is_some_and(|(head, sum)| {
        let hex = crate::model::hex(&crc(head).to_le_bytes());
        hex.as_bytes().eq_ignore_ascii_case(&sum[1..])
    })
}

/// Cloudflare and Zuplo (between prefix and sum), Atlassian (everything before the sum): hex of the CRC-32. A separator in
/// front of the sum is not summed.
pub(super) fn crc_hex(token: &[u8], prefix: usize) -> bool {
    tail(token, 8).is_some_and(|(head, sum)| {
        let Some(body) = head.get(prefix..) else { return false };
        let is = |body: &[u8]| format!("{:08x}", crc(body)).as_bytes().eq_ignore_ascii_case(sum);
        is(body) || matches!(body.split_last(), Some((b'_' | b'=', rest)) if is(rest))
    })
}

/// Confluent: base64 of the four little-endian bytes of the CRC-32 of the 54 in front.
pub(super) fn confluent(token: &[u8], prefix: usize) -> bool {
    use base64::Engine as _;
    tail(token, 6).is_some_and(|(head, sum)| {
        let is = |body: &[u8]| base64::engine::general_purpose::STANDARD_NO_PAD.encode(crc(body).to_le_bytes()).as_bytes() == sum;
        head.get(prefix..).is_some_and(is) || is(head)
    })
}

/// NATS: base32 of a kind, a key and the CRC-16 (XMODEM) of both, little-endian.
pub(super) fn nkey(token: &[u8]) -> bool {
    let (mut bytes, mut word, mut bits) = (Vec::with_capacity(40), 0u32, 0);
    for byte in token {
        let Some(digit) = BASE32.iter().position(|letter| letter == byte) else { return false };
        word = (word << 5 | digit as u32) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
        }
    }
    tail(&bytes, 2).is_some_and(|(body, sum)| {
        let crc = body.iter().fold(0u16, |crc, &byte| {
            (0..8).fold(crc ^ u16::from(byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
        });
        crc.to_le_bytes() == sum
    })
}

/// The twelve digits of the account that an AWS key id belongs to; `None` where the id is not base32.
pub(super) fn aws_account(id: &[u8]) -> Option<u64> {
    let body = id.get(4..20)?;
    let mut word = 0u128;
    for byte in body {
        let digit = BASE32.iter().position(|letter| letter == byte)?;
        word = word << 5 | digit as u128;
    }
    // 80 bits; the account is bits 7 to 46 of the first 48.
    let head = (word >> 32) as u64;
    Some((head & 0x7fff_ffff_ff80) >> 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aws_key_id_names_its_account() {
        let id = ["ASIA", "QNZGKIQY56JQ7WML"].concat();
        assert_eq!(aws_account(id.as_bytes()), Some(29_608_264_753));
        assert_eq!(aws_account(b"AKIA0000111122223333"), None);
    }

    #[test]
    fn a_nats_seed_carries_a_crc() {
        let seed = ["SUADOVGKRM3", "TV7IHNJLQHC", "2NSAXSYNPY3", "7HXZL6MEGJJ", "P5QEQGM6SYL", "SQ4"].concat();
        assert!(nkey(seed.as_bytes()));
        assert!(!nkey(&seed.as_bytes()[1..]));
        assert!(!nkey(seed.replace("HC2", "HCA").as_bytes()));
    }

    #[test]
    fn digits_are_padded() {
        assert_eq!(digits(61, BASE62, 3), b"00z");
        assert_eq!(digits(0, BASE36, 2), b"00");
    }
}
