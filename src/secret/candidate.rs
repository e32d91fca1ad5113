//! Whether a value is a secret by the name that it is assigned to, by its looks and by what stands around it.

use super::assignment::{count, is_name};
use super::randomness::{self, Makeup};

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Password,
    Secret,
    Token,
    Key,
    /// `key` alone, `auth`, `login`: more often something else.
    Vague,
}

/// How sure a generic finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strength {
    /// The value is a key by its looks too.
    Strong,
    /// The value may be one.
    Weak,
}

const NEUTRAL: &[&str] = &[
    "value",
    "val",
    "string",
    "str",
    "text",
    "plain",
    "raw",
    "default",
    "prod",
    "production",
    "dev",
    "test",
    "live",
    "hex",
    "base64",
    "base",
    "b64",
    "staging",
    "old",
    "new",
];
const PASSWORDS: &[&str] = &["password", "passwd", "passwort", "passphrase", "pwd", "passwrd", "passcode", "psw", "pass"];
const NOT_PASSWORDS: &[&str] = &["bypass", "compass", "trespass", "surpass", "encompass", "cwd"];
const SECRETS: &[&str] = &["secret", "secretkey", "secrettoken", "secretaccesskey", "credential", "credentials", "creds", "cred"];
const KEYS: &[&str] = &[
    "apikey",
    "accesskey",
    "privatekey",
    "privkey",
    "authkey",
    "encryptionkey",
    "encryptkey",
    "signingkey",
    "masterkey",
    "sharedkey",
    "accountkey",
    "storagekey",
    "servicekey",
    "licensekey",
    "hmackey",
    "cryptkey",
    "sessionkey",
    "clientkey",
    "appkey",
    "applicationkey",
    "subscriptionkey",
    "functionkey",
    "consumerkey",
    "userkey",
    "devkey",
    "developerkey",
    "writekey",
    "adminkey",
    "keyapi",
    "rootkey",
    "aeskey",
    "deskey",
    "tokenkey",
    "keysecret",
    "webhookkey",
    "serverkey",
    "projectkey",
    "secretsalt",
];

/// Names of values that are meant to be seen.
const OPEN: &[&str] = &[
    "public",
    "pubkey",
    "csrf",
    "authenticity",
    "xsrf",
    "pagetoken",
    "nexttoken",
    "continuation",
    "marker",
    "cachekey",
    "cursor",
    "synctoken",
    "changetoken",
    "idempotency",
    "hash",
    "digest",
    "integrity",
    "primarykey",
    "foreignkey",
    "encryptedkey",
    "websocketkey",
    "rspauth",
    "partitionkey",
    "shardkey",
    "objectkey",
    "sortkey",
    "sitekey",
    "checksum",
    "contractkey",
    "verifykey",
    "pusherkey",
    "publishable",
];

/// Words before a name that make it one of them: `Next page token`, `GPG key`.
const OPENING: &[&[u8]] = &[b"page", b"next", b"gpg", b"pgp", b"public", b"continuation", b"sync", b"csrf", b"xsrf"];

/// What the name promises, from its end: `db.password_prod` promises what `password` does, `passwordField` nothing.
fn promise(name: &[u8]) -> Option<Promise> {
    let mut squashed: String =
        name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|&byte| char::from(byte.to_ascii_lowercase())).collect();
    let ends_with = |name: &str, word: &str| name.as_bytes().last() == word.as_bytes().last() && name.ends_with(word);
    loop {
        let trimmed = squashed.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        squashed.truncate(trimmed);
        match NEUTRAL.iter().find(|word| squashed.len() > word.len() && ends_with(&squashed, word)) {
            Some(word) => squashed.truncate(squashed.len() - word.len()),
            None => break,
        }
    }
    let ends = |words: &[&str]| words.iter().any(|word| ends_with(&squashed, word));
    let promise = if ends(PASSWORDS) && !ends(NOT_PASSWORDS) {
        Promise::Password
    } else if ends(SECRETS) {
        Promise::Secret
    } else if ends(&["token"]) {
        Promise::Token
    } else if ends(KEYS) {
        Promise::Key
    } else if ends(&["key", "auth", "authorization", "login", "access", "private", "verifier"]) {
        Promise::Vague
    } else {
        return None;
    };
    // Asked last, because most names promise nothing anyway.
    (!OPEN.iter().any(|word| squashed.contains(word))).then_some(promise)
}

/// Where an assignment stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    /// The text before the name.
    pub(super) before: &'a [u8],
    /// The text on both sides.
    pub(super) around: &'a [u8],
    /// Values are written without quotes there.
    pub(super) config: bool,
}

/// Whether a value assigned to this name is a secret.
pub(super) fn judge(name: &[u8], value: &[u8], quoted: bool, place: Surroundings<'_>) -> Option<Strength> {
    let promise = promise(name)?;
    let config = place.config;
    if is_open(place.before, name)
        || is_public_point(value)
        || is_json(value)
        || is_badge(place.before)
        || is_told(value)
        || is_request(name, value)
    {
        return None;
    }
    let makeup = Makeup::of(value);
    let plain = value.iter().all(|byte| byte.is_ascii_graphic());
    if !plain || randomness::is_placeholder(value) || is_reference(value, quoted) || !(quoted || config || is_solid(value, &makeup)) {
        return None;
    }
    let score = randomness::score(value);
    let each = score / value.len().min(256) as f64;
    // Keys of published test vectors stand beside what they encrypt.
    let vector = is_hex(value) && (is_vector(place.around) || promise == Promise::Vague && value.len() == 40);
    // People's machines draw passwords shorter than keys.
    let shortest = if promise == Promise::Password { 10 } else { 16 };
    let strong = value.len() >= shortest && randomness::is_random_key(value) && each > 0.8 && !is_uuid(value) && !vector;
    if vector && promise == Promise::Vague {
        return None;
    }
    let mixed = makeup.digit > 0 && makeup.lower + makeup.upper > 0;
    let holds = match promise {
        Promise::Password => value.len() >= 6 && value.len() <= 128 && if mixed { score > 5.0 } else { score > 12.0 && each > 1.2 },
        Promise::Secret | Promise::Token | Promise::Key => {
            value.len() >= 10 && if mixed { score > 10.0 } else { score > 20.0 && each > 1.2 }
        }
        Promise::Vague => strong,
    };
    match (holds, strong && promise != Promise::Vague) {
        (true, true) => Some(Strength::Strong),
        (true, false) => Some(Strength::Weak),
        (false, _) => None,
    }
}

/// Whether the word before `key` or `token`, on its line, says that it is meant to be seen.
fn is_open(before: &[u8], name: &[u8]) -> bool {
    let trimmed = before.strip_suffix(b" ").unwrap_or(before);
    let plain = [&b"key"[..], b"keys", b"token", b"tokens"].iter().any(|word| name.eq_ignore_ascii_case(word));
    plain
        && trimmed.len() < before.len()
        && OPENING.iter().any(|word| trimmed.len() >= word.len() && trimmed[trimmed.len() - word.len()..].eq_ignore_ascii_case(word))
}

/// `…/badge.svg?`: the token of a badge is in every README. `arn:…:secret:`: the name of one.
fn is_badge(before: &[u8]) -> bool {
    let url = before.rsplit(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'(')).next().unwrap_or_default();
    memchr::memmem::find(url, b"://").is_some()
        && (memchr::memmem::find(url, b".svg").is_some() || memchr::memmem::find(url, b"badge").is_some())
        || memchr::memmem::find(url, b"arn:").is_some()
}

/// An uncompressed point on P-256 in base64, as public keys of Web Push are: 65 bytes, the first of them 4.
fn is_public_point(value: &[u8]) -> bool {
    matches!(value.len(), 87 | 88)
        && value.first() == Some(&b'B')
        && super::check::base64(value).is_some_and(|key| key.len() == 65 && key[0] == 4)
}

/// The token by which a request is known when it is sent again: a UUID.
fn is_request(name: &[u8], value: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[b"requesttoken", b"clienttoken", b"locktoken", b"actiontoken", b"updatetoken"];
    let lower = name.to_ascii_lowercase();
    is_uuid(value) && NAMES.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// What says itself that it is a hash, an address, a name or an alphabet.
fn is_told(value: &[u8]) -> bool {
    const HASHES: &[&[u8]] = &[
        b"sha1-",
        b"sha256-",
        b"sha384-",
        b"sha512-",
        b"sha256:",
        b"sha512:",
        b"pbkdf2",
        b"{ssha",
        b"{sha",
        b"{crypt}",
        b"$argon2",
        b"$2a$",
        b"$2b$",
        b"$2y$",
        b"$5$",
        b"$6$",
        b"pk.eyj",
        b"aws:",
        b"$scrypt$",
        b"bcrypt",
        b"scrypt:",
        b"argon2",
        b"md5:",
        b"arn:",
    ];
    let lower = value[..value.len().min(12)].to_ascii_lowercase();
    let address = value.len() == 42 && value.starts_with(b"0x") && is_hex(&value[2..]);
    HASHES.iter().any(|hash| lower.starts_with(hash)) || address || is_alphabet(value)
}

/// Each letter once.
fn is_alphabet(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    let enough = if makeup.lower > 0 && makeup.upper > 0 { 50 } else { 26 };
    value.len() >= enough && randomness::distinct(value) == value.len()
}

/// Base64 of a JSON object, which is searched as what it says.
fn is_json(value: &[u8]) -> bool {
    value.starts_with(b"eyJ") && super::check::base64(value).is_some_and(|json| json.starts_with(b"{\"") && json.ends_with(b"}"))
}

fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

/// Whether fields of a test vector stand around a value, each with the hexadecimal that a vector has there: `ct: "8f0c…"`.
fn is_vector(around: &[u8]) -> bool {
    const FIELDS: &[&[u8]] = &[b"ct", b"pt", b"tag", b"adata", b"aad", b"msg", b"plaintext", b"ciphertext", b"digest", b"expected", b"mac"];
    const SHORTEST: usize = 16;
    let lower = around.to_ascii_lowercase();
    let is_field = |field: &[u8], at: usize| {
        let starts = at.checked_sub(1).is_none_or(|before| !is_name(lower[before]));
        let joint = count(&lower, at + field.len(), 8, |byte| matches!(byte, b'"' | b'\'' | b' ' | b':' | b'='));
        let value = at + field.len() + joint;
        let assigned = lower[at + field.len()..value].iter().any(|byte| matches!(byte, b':' | b'='));
        starts && assigned && count(&lower, value, SHORTEST, |byte| byte.is_ascii_hexdigit()) == SHORTEST
    };
    FIELDS.iter().any(|field| memchr::memmem::find_iter(&lower, field).any(|at| is_field(field, at)))
}

/// An identifier as often as a key.
fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, &byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// A key by itself: long, mixed, without the characters that code is made of.
fn is_solid(value: &[u8], makeup: &Makeup) -> bool {
    randomness::is_drawn(value)
        && value.len() >= 16
        && makeup.digit >= 3
        && makeup.other * 8 <= value.len()
        && !value.contains(&b'(')
        && !value.contains(&b'.')
}

/// A path, an address, a call, an identifier: the name of something rather than the thing.
fn is_reference(value: &[u8], quoted: bool) -> bool {
    let has = |part: &[u8]| memchr::memmem::find(value, part).is_some();
    let slashes = value.iter().filter(|&&byte| byte == b'/').count();
    let words = value.split(|byte| matches!(byte, b'.' | b'_' | b'-' | b':' | b'/')).filter(|word| !word.is_empty());
    let identifier =
        words.clone().count() > 1 && words.clone().all(|word| word.len() < 3 || randomness::score(word) < 0.6 * word.len() as f64);
    has(b"://")
        || has(b"()")
        || has(b"(?")
        || has(b"[^")
        || has(b"->")
        || has(b"::")
        || value.starts_with(b"/")
        || value.starts_with(b"./")
        || slashes > 3
        || identifier
        || (!quoted && (has(b"(") || has(b"[")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(before: &str, name: &str, value: &str, behind: &str) -> Option<Strength> {
        let around = format!("{before}{name} = \"{value}\"{behind}");
        judge(name.as_bytes(), value.as_bytes(), true, Surroundings { before: before.as_bytes(), around: around.as_bytes(), config: false })
    }

    /// What stands around a value quiets it only where it cannot be the code that uses it.
    #[test]
    fn the_neighbourhood_quiets_test_vectors_and_no_code() {
        let key = "7f3c9a1be25d84061f7c2d9b8e405a6b";
        assert_ne!(strength("", "key", key, ""), None);
        assert_eq!(strength("", "secretKey", key, "\nfunction encrypt(plaintext) { return digest(ciphertext) }"), Some(Strength::Strong));
        assert_eq!(strength("iv: \"00\", ", "key", key, ", ct: \"8f0c17aa22bd94e1c3\""), None);
        assert_ne!(strength("", "key", key, ", ct: getCt()"), None);
        assert_eq!(strength("make it public\n", "api_key", key, ""), Some(Strength::Strong));
        assert_ne!(strength("", "fingerprint_key", key, ""), None);
        assert_eq!(strength("", "client_token", key, ""), Some(Strength::Strong));
        assert_eq!(strength("", "clientRequestToken", "bcd2f1b8-9a1e-4a3f-8c55-0d2b7e6f1a90", ""), None);
        assert_eq!(strength("the next page ", "token", "eav1OzQB0OM8rLdGXOEsyQWSG", ""), None);
    }
}
