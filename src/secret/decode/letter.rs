//! The letters of base64, in either alphabet: one by one, and eight bytes in one step.

/// The value of each letter; 64 for other bytes.
pub(super) const VALUE: [u8; 256] = {
    let mut table = [64; 256];
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        table[letters[value as usize] as usize] = value;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
};

/// Bytes that are looked at in one step.
pub(super) const WIDTH: usize = 8;

#[inline]
pub(super) fn is_letter(byte: u8) -> bool {
    VALUE[usize::from(byte)] < 64
}

/// How many letters stand at the end of these bytes.
#[inline]
pub(super) fn at_end(bytes: [u8; WIDTH]) -> usize {
    (others(bytes).leading_zeros() / 8) as usize
}

/// How many letters stand at `at`.
#[inline]
pub(super) fn count(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let (words, tail) = rest.as_chunks();
    for (n, &word) in words.iter().enumerate() {
        let others = others(word);
        if others != 0 {
            return WIDTH * n + (others.trailing_zeros() / 8) as usize;
        }
    }
    WIDTH * words.len() + tail.iter().take_while(|&&byte| is_letter(byte)).count()
}

/// The highest bit of every byte that is no letter, the first byte lowest.
#[inline]
fn others(bytes: [u8; WIDTH]) -> u64 {
    const HIGH: u64 = every(0x80);
    let word = u64::from_le_bytes(bytes);
    // Sums of seven bits stay within their bytes.
    let low = word & !HIGH;
    let within = |low: u64, first: u8, last: u8| (low + every(0x80 - first)) & !(low + every(0x7f - last));
    // A letter's cases differ in one bit, and `/` stands before the digits.
    let alphabetic = within(low | every(0x20), b'a', b'z');
    let numeric = within(low, b'/', b'9');
    let signs = within(low, b'+', b'+') | within(low, b'-', b'-') | within(low, b'_', b'_');
    (!(alphabetic | numeric | signs) | word) & HIGH
}

const fn every(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; WIDTH])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_are_told_apart_as_one_is() {
        for byte in 0..=u8::MAX {
            for at in 0..WIDTH {
                let mut bytes = [b'k'; WIDTH];
                bytes[at] = byte;
                let (behind, before) = if is_letter(byte) { (WIDTH, WIDTH) } else { (WIDTH - 1 - at, at) };
                assert_eq!(at_end(bytes), behind, "{byte} at {at}");
                assert_eq!(count(&bytes, 0), before, "{byte} at {at}");
                let mut bytes = [b' '; WIDTH];
                bytes[at] = byte;
                let (last, first) = (usize::from(at == WIDTH - 1), usize::from(at == 0));
                assert_eq!(at_end(bytes), last * usize::from(is_letter(byte)), "{byte} at {at}");
                assert_eq!(count(&bytes, 0), first * usize::from(is_letter(byte)), "{byte} at {at}");
            }
        }
    }

    #[test]
    fn letters_are_counted_to_the_end() {
        for length in 0..40 {
            let text = "aZ0+/-_".repeat(7);
            assert_eq!(count(&text.as_bytes()[..length], 0), length);
            assert_eq!(count(format!("{}.{text}", &text[..length]).as_bytes(), 0), length);
        }
        assert_eq!(count(b"abc", 3), 0);
        assert_eq!(count(b"abc", 4), 0);
    }
}
