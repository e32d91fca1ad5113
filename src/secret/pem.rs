//! The body behind a private key's marker: whether it is a key at all.

use super::check::base64;
use super::randomness::distinct;

/// No private key's body is longer than this; a 16,384-bit RSA key has 12 kB.
const LONGEST: usize = 24 << 10;
/// Base64 characters below which nothing is a key: an Ed25519 key in PKCS#8 has 64.
const SHORTEST: usize = 60;

/// A stretch of letters that no sentence has.
const LINE: usize = 30;

/// What stands behind the marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// DER, an OpenSSH key or OpenPGP packets.
    Key,
    /// The same behind a passphrase.
    Encrypted,
    /// Base64 of something else: cut, altered or invented.
    Unreadable,
    /// Nothing: the marker alone, as parsers carry it.
    None,
}

/// Judges what follows `-----BEGIN … PRIVATE KEY-----`. Line ends may be real, escaped (`\n`), or those of concatenated
/// string literals.
///
/// `encrypted` is what the marker says.
pub(super) fn body(text: &[u8], encrypted: bool) -> Body {
    let text = &text[..text.len().min(LONGEST)];
    let text = &text[..memchr::memmem::find(text, b"-----").unwrap_or(text.len())];
    let encrypted = encrypted || memchr::memmem::find(text, b"ENCRYPTED").is_some();
    let letters = letters(text);
    if letters.len() < SHORTEST || distinct(&letters) < 12 || longest_word(text) < LINE {
        return Body::None;
    }
    let Some(der) = base64(&letters) else { return Body::Unreadable };
    if encrypted {
        Body::Encrypted
    } else if der.starts_with(b"openssh-key-v1\0") {
        // The cipher's name follows with its length.
        if der.get(15..23).is_some_and(|cipher| cipher == b"\0\0\0\x04none") { Body::Key } else { Body::Encrypted }
    } else if is_der(&der) || is_openpgp(&der) {
        Body::Key
    } else {
        Body::Unreadable
    }
}

/// The base64 characters, without armour headers (`Name: value`), line ends, and whatever joins string literals.
pub(super) fn letters(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => {
                // A text within a text has its escapes escaped.
                at += text[at..].iter().take_while(|&&byte| byte == b'\\').count();
                let escape = text.get(at);
                if escape == Some(&b'n') {
                    out.push(b'\n');
                }
                at += usize::from(matches!(escape, Some(b'n' | b'r' | b't')));
            }
            b'"' | b'\'' | b'`' => at = next_literal(text, at),
            b':' => {
                // A header: what was read of its name goes, and so does the rest of the line.
                let name = out.iter().rev().take_while(|&&letter: &&u8| letter != b'\n').count();
                out.truncate(out.len() - name.min(40));
                at += memchr::memchr2(b'\n', b'\\', &text[at..]).unwrap_or(text.len() - at);
            }
            b'\n' => {
                out.push(byte);
                at += 1;
            }
            b'-' | b',' | b' ' | b'\t' | b'\r' | b'*' | b'#' | b'|' => at += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' => {
                out.push(byte);
                at += 1;
            }
            // A sentence, an expression: no body goes on behind it.
            _ => break,
        }
    }
    out.retain(|&byte| byte != b'\n');
    // An OpenPGP block ends in `=` and a checksum.
    if let Some(sum) = out.iter().rposition(|&byte| byte == b'=').filter(|&sum| out.len() - sum == 5) {
        out.truncate(sum);
    }
    out
}

/// The longest stretch of base64 without anything between.
fn longest_word(text: &[u8]) -> usize {
    text.split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))).map(<[u8]>::len).max().unwrap_or(0)
}

/// Behind a quote: where the next literal begins, if only operators and space stand between.
fn next_literal(text: &[u8], at: usize) -> usize {
    let joint = text[at + 1..]
        .iter()
        .take(80)
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'+' | b',' | b'.' | b'\\' | b'&'))
        .count();
    match text.get(at + 1 + joint..) {
        Some([b'"' | b'\'' | b'`', ..]) => at + joint + 2,
        // Python's `b"…"`, C#'s `@"…"`.
        Some([b'b' | b'B' | b'r' | b'u' | b'f' | b'@', b'"' | b'\'', ..]) => at + joint + 3,
        _ => at + 1,
    }
}

/// A DER sequence whose length fits and that begins with a version: PKCS#1, PKCS#8, SEC 1, DSA. An encrypted PKCS#8 begins
/// with a sequence.
fn is_der(der: &[u8]) -> bool {
    let length = match der {
        [0x30, n, ..] if *n < 0x80 => usize::from(*n) + 2,
        [0x30, 0x81, n, ..] => usize::from(*n) + 3,
        [0x30, 0x82, high, low, ..] => (usize::from(*high) << 8) + usize::from(*low) + 4,
        _ => return false,
    };
    let version = memchr::memmem::find(&der[..der.len().min(8)], &[0x02, 0x01]).is_some();
    let sequence = der.get(4) == Some(&0x30);
    (version || sequence) && length <= der.len() + 4 && length + 64 >= der.len()
}

/// An OpenPGP packet of tag 5 (RFC 9580, section 4.2), old or new form.
fn is_openpgp(packet: &[u8]) -> bool {
    matches!(packet, [0x94..=0x97 | 0xc5, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";

    #[test]
    fn a_key_is_known_by_its_der() {
        let tail = "-----END PRIVATE KEY-----";
        assert_eq!(body(format!("\n{ED25519}\n{tail}").as_bytes(), false), Body::Key);
        assert_eq!(body(format!("\\n{ED25519}\\n{tail}").as_bytes(), false), Body::Key);
        let (a, b) = ED25519.split_at(30);
        assert_eq!(body(format!("\\n\" +\n  \"{a}\" +\n  \"{b}\\n\" + \"{tail}").as_bytes(), false), Body::Key);
        assert_eq!(body(tail.as_bytes(), false), Body::None);
        assert_eq!(body(b"\" in text", false), Body::None);
        assert_eq!(
            body(format!("\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{ED25519}\n{tail}").as_bytes(), false),
            Body::Encrypted
        );
        let altered: String = ED25519.chars().rev().collect();
        assert_eq!(body(format!("\n{altered}\n{tail}").as_bytes(), false), Body::Unreadable);
    }
}
