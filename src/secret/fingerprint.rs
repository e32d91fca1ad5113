//! The fingerprint and the preview of a secret: what may be kept of it.

use sha2::{Digest, Sha256};

use crate::model::hex;

/// Used where the operator has no key: everybody can compute these, so they are made of values that nobody can guess.
const NO_KEY: &[u8] = b"fngate secret fingerprint, version 1";
/// Below this many bits a value could be found again from its fingerprint by trying.
const GUESSABLE_BITS: f64 = 64.0;
/// Previews of shorter values would give too much of them away.
const SHORT: usize = 12;

/// HMAC-SHA-256 (RFC 2104).
pub(super) fn hmac_sha256(key: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut block = [0u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(block.map(|byte| byte ^ 0x36));
    for part in message {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(block.map(|byte| byte ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

/// What stays the same while lines move: with a key, or for a value that cannot be guessed, the rule and the value; else the
/// rule, the file and the name the value is assigned to. 128 bits, hex.
pub(super) fn fingerprint(key: Option<&[u8]>, rule: &str, value: &[u8], bits: f64, path: &str, name: &[u8]) -> String {
    let rule = rule.as_bytes();
    let mac = match key {
        Some(key) => hmac_sha256(key, &[b"value\0", rule, b"\0", value]),
        None if bits >= GUESSABLE_BITS => hmac_sha256(NO_KEY, &[b"value\0", rule, b"\0", value]),
        None => hmac_sha256(NO_KEY, &[b"place\0", rule, b"\0", path.as_bytes(), b"\0", name]),
    };
    hex(&mac[..16])
}

/// At most the first four characters, then `…`; nothing of a short value or of one that is not plain ASCII there.
pub(super) fn preview(value: &[u8]) -> String {
    match value.get(..4) {
        Some(head) if value.len() >= SHORT && head.iter().all(u8::is_ascii_graphic) => {
            head.iter().map(|&byte| char::from(byte)).chain(['…']).collect()
        }
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test cases 1, 2, 3 and 6.
    #[test]
    fn hmac_is_rfc_4231s() {
        let cases: [(Vec<u8>, &[u8], &str); 4] = [
            (vec![0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (b"Jefe".to_vec(), b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (vec![0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, wanted) in cases {
            assert_eq!(hex(&hmac_sha256(&key, &[message])), wanted);
        }
    }

    #[test]
    fn a_guessable_value_is_not_in_its_fingerprint() {
        let of = |value: &[u8]| fingerprint(None, "r", value, 20.0, "a.env", b"DB_PASSWORD");
        assert_eq!(of(b"hunter22"), of(b"hunter23"));
        let keyed = |value: &[u8]| fingerprint(Some(b"k"), "r", value, 20.0, "a.env", b"DB_PASSWORD");
        assert_ne!(keyed(b"hunter22"), keyed(b"hunter23"));
    }
}
