//! A writer of DER, as much of it as certificates and timestamps need (X.690).

use jiff::Timestamp;

pub const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";

pub fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match body.len() {
        short @ 0..=127 => out.push(u8::try_from(short).unwrap()),
        long => {
            let bytes = long.to_be_bytes();
            let bytes = &bytes[bytes.iter().position(|b| *b != 0).unwrap()..];
            out.push(0x80 | u8::try_from(bytes.len()).unwrap());
            out.extend(bytes);
        }
    }
    out.extend(body);
    out
}

pub fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// A SET OF: DER sorts its members by their encodings.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted = parts.to_vec();
    sorted.sort();
    tlv(0x31, &sorted.concat())
}

pub fn oid(text: &str) -> Vec<u8> {
    let arcs = text.split('.').map(|arc| arc.parse::<u64>().unwrap()).collect::<Vec<_>>();
    let mut body = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![u8::try_from(arc & 0x7f).unwrap()];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
            rest >>= 7;
        }
        body.extend(groups.iter().rev());
    }
    tlv(0x06, &body)
}

pub fn int(value: u8) -> Vec<u8> {
    tlv(0x02, &[value])
}

pub fn octets(body: &[u8]) -> Vec<u8> {
    tlv(0x04, body)
}

pub fn bits(body: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], body].concat())
}

pub fn utf8(text: &str) -> Vec<u8> {
    tlv(0x0c, text.as_bytes())
}

/// `[n] EXPLICIT`, and `[n] IMPLICIT` of a constructed type.
pub fn tagged(number: u8, body: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, body)
}

pub fn time(at: Timestamp) -> Vec<u8> {
    tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

pub fn utc_time(at: Timestamp) -> Vec<u8> {
    tlv(0x17, at.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
}

pub fn name(text: &str) -> Vec<u8> {
    seq(&[set(&[seq(&[oid("2.5.4.3"), utf8(text)])])])
}

pub fn algorithm(of: &str) -> Vec<u8> {
    seq(&[oid(of)])
}

pub fn extension(of: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { vec![0x01, 0x01, 0xff] } else { Vec::new() };
    seq(&[oid(of), critical, octets(value)])
}
