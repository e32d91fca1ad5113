//! What proves or refutes a match beyond its shape: checksums, and the structure of keys and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::model::Confidence;

use super::{checksum, pem, randomness, url};

/// A named check of a rule. [`CHECKS`] is the list.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// A checksum over the token; see [`checksum`].
    Checksum(fn(&[u8]) -> bool),
    /// A structure that must hold; without it there is no finding.
    Structure(fn(&[u8]) -> bool),
    /// The body of a private key behind its marker.
    Pem,
    /// The account within an AWS key id.
    AwsId,
}

/// What a check makes of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It is proven.
    Proven,
    /// It has the right shape, and what should prove it does not.
    Unproven,
    /// It is not one.
    Refuted,
}

/// Every check by the name that rule files use, in `checksum` or in `structure`.
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("crc32-base62-4", Check::Checksum(|t| checksum::crc_base62(t, 4))),
    ("github-fine-grained", Check::Checksum(checksum::github_fine_grained)),
    ("crc32-base36", Check::Checksum(checksum::crc_base36)),
    ("crc32-hex-le", Check::Checksum(checksum::crc_hex_le)),
    ("crc32-hex", Check::Checksum(|t| checksum::crc_hex(t, 0))),
    ("crc32-hex-4", Check::Checksum(|t| checksum::crc_hex(t, 4))),
    ("crc32-hex-5", Check::Checksum(|t| checksum::crc_hex(t, 5))),
    ("confluent", Check::Checksum(|t| checksum::confluent(t, 4))),
    ("nkey", Check::Checksum(checksum::nkey)),
    ("aws-id", Check::AwsId),
    ("pem", Check::Pem),
    ("jwt", Check::Structure(jwt)),
    ("base64-64", Check::Structure(|t| base64_of(t, 64))),
    ("base64-32", Check::Structure(|t| base64_of(t, 32))),
    ("base64-credentials", Check::Structure(credentials)),
    ("atlassian-data-center", Check::Structure(atlassian_data_center)),
    ("discord", Check::Structure(discord)),
    ("jfrog-reference", Check::Structure(jfrog_reference)),
    ("random", Check::Structure(randomness::is_random_token)),
    ("hash", Check::Structure(randomness::is_random_key)),
    ("aws-secret", Check::Structure(aws_secret)),
    ("password", Check::Structure(password)),
    ("header", Check::Structure(header)),
    ("bcrypt", Check::Structure(bcrypt)),
];

impl Check {
    /// The check of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        CHECKS.iter().find(|(known, _)| *known == name).map(|&(_, check)| check)
    }

    /// Runs it. `text` is the whole text and `end` where the match ends in it, for what stands behind.
    pub(super) fn run(self, token: &[u8], text: &[u8], end: usize) -> Proof {
        match self {
            Self::Checksum(sum) if sum(token) => Proof::Proven,
            Self::Checksum(_) => Proof::Unproven,
            Self::Structure(holds) if holds(token) => Proof::Proven,
            Self::Structure(_) => Proof::Refuted,
            Self::AwsId if checksum::aws_account(token).is_some() => Proof::Proven,
            Self::AwsId => Proof::Unproven,
            Self::Pem => match pem::body(text.get(end..).unwrap_or_default(), is_marked_encrypted(token)) {
                pem::Body::Key => Proof::Proven,
                pem::Body::Encrypted | pem::Body::Unreadable => Proof::Unproven,
                pem::Body::None => Proof::Refuted,
            },
        }
    }
}

/// Whether the marker itself says so: `-----BEGIN ENCRYPTED PRIVATE KEY-----`.
fn is_marked_encrypted(token: &[u8]) -> bool {
    let marker = memchr::memmem::find(token.get(5..).unwrap_or_default(), b"-----").map_or(token, |end| &token[..end + 5]);
    memchr::memmem::find(marker, b"ENCRYPTED").is_some()
}

impl Proof {
    /// The confidence of a finding of a rule of this `confidence`.
    pub(super) fn confidence(self, check: Check, confidence: Confidence) -> Option<Confidence> {
        match self {
            Self::Proven => Some(if matches!(check, Check::Structure(_)) { confidence } else { Confidence::High }),
            Self::Unproven if matches!(check, Check::Pem) => Some(Confidence::Low),
            Self::Unproven => Some(if confidence == Confidence::High { Confidence::Medium } else { Confidence::Low }),
            Self::Refuted => None,
        }
    }
}

/// Base64 of either alphabet, padded or not.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let end = text.iter().rposition(|&byte| byte != b'=').map_or(0, |at| at + 1);
    let text = &text[..end];
    let lenient = |engine: &base64::engine::GeneralPurpose| {
        engine.decode(text).ok().or_else(|| engine.decode(&text[..text.len() - text.len() % 4]).ok())
    };
    if text.iter().any(|byte| matches!(byte, b'-' | b'_')) { lenient(&URL_SAFE_NO_PAD) } else { lenient(&STANDARD_NO_PAD) }
}

/// RFC 7519: three parts, the first a JSON object with `alg`, the second a JSON object.
fn jwt(token: &[u8]) -> bool {
    let mut parts = token.split(|&byte| byte == b'.');
    let (Some(header), Some(claims)) = (parts.next(), parts.next()) else { return false };
    let object =
        |part: &[u8]| base64(part).and_then(|json| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&json).ok());
    object(header).is_some_and(|header| header.contains_key("alg")) && base64(claims).is_some_and(|json| json.starts_with(b"{"))
}

/// Jira and Confluence Data Center: base64 of a number of twelve digits, a colon and twenty bytes.
fn atlassian_data_center(token: &[u8]) -> bool {
    base64(token).is_some_and(|text| text.len() == 33 && text[12] == b':' && text[..12].iter().all(u8::is_ascii_digit))
}

/// Discord: the first part is base64 of the bot's id, a number of 17 to 20 digits.
fn discord(token: &[u8]) -> bool {
    let id = token.split(|&byte| byte == b'.').next().and_then(base64);
    id.is_some_and(|id| (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit))
}

/// JFrog: base64 of `reftkn:01:0000000000:` and a random part.
fn jfrog_reference(token: &[u8]) -> bool {
    base64(token).is_some_and(|text| {
        let mut parts = text.split(|&byte| byte == b':');
        let number = |part: Option<&[u8]>| part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit));
        parts.next() == Some(b"reftkn")
            && number(parts.next())
            && number(parts.next())
            && parts.next().is_some_and(|rest| rest.len() >= 12 && rest.iter().all(u8::is_ascii_alphanumeric))
    })
}

/// Base64 of exactly `bytes` bytes that are not all alike.
fn base64_of(token: &[u8], bytes: usize) -> bool {
    base64(token).is_some_and(|key| key.len() == bytes) && randomness::distinct(token) >= 12
}

/// Base64 of `user:password`, both printable.
fn credentials(token: &[u8]) -> bool {
    base64(token).is_some_and(|pair| {
        let colon = pair.iter().position(|&byte| byte == b':').unwrap_or(pair.len());
        !url::is_documented(&pair[..colon], pair.get(colon + 1..).unwrap_or_default())
            && pair.iter().all(|&byte| byte == b' ' || byte.is_ascii_graphic())
            && pair.iter().position(|&byte| byte == b':').is_some_and(|at| at > 0 && pair.len() - at > 4)
            && !pair.rsplit(|&byte| byte == b':').next().is_some_and(randomness::is_placeholder)
    })
}

/// Forty characters of base64 that are no hash and no path.
fn aws_secret(token: &[u8]) -> bool {
    let makeup = randomness::Makeup::of(token);
    makeup.lower >= 4 && makeup.upper >= 4 && makeup.digit >= 2 && randomness::is_random_key(token)
}

/// What a person might have chosen, and no variable or mask.
fn password(token: &[u8]) -> bool {
    let template = token.iter().any(|byte| matches!(byte, b'$' | b'{' | b'}' | b'(' | b'<' | b'>' | b'%' | b'*' | b'['));
    let makeup = randomness::Makeup::of(token);
    !template && !randomness::is_placeholder(token) && (makeup.digit > 0 || randomness::score(token) > 8.0)
}

/// A bcrypt hash whose cost is one of practice: lower ones are test vectors.
fn bcrypt(token: &[u8]) -> bool {
    !token.starts_with(b"$2") || token.get(4..6).is_some_and(|cost| cost >= b"10".as_slice())
}

/// The credential of an HTTP header.
fn header(token: &[u8]) -> bool {
    let pair = base64(token).filter(|pair| pair.contains(&b':') && pair.iter().all(u8::is_ascii_graphic));
    credentials(token) || pair.is_none() && !randomness::is_placeholder(token) && randomness::is_random_key(token)
}
