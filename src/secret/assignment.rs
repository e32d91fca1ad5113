//! A value assigned to a name that promises a secret, in any language or configuration format.

use std::ops::Range;

use super::randomness::{self, Makeup};

/// What a name has in it when it promises a secret; the prefilter looks for these.
pub(super) const WORDS: &[&str] = &["key", "token", "secret", "pass", "pwd", "auth", "cred", "access", "private", "login"];
const LONGEST_NAME: usize = 80;
const LONGEST_VALUE: usize = 1024;

/// `name = "value"`, as places in the text.
#[derive(Clone, Debug)]
pub(super) struct Assigned {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) quoted: bool,
    /// Nothing but space, or a dash, joins them: enough for a vendor's format, for nothing else.
    pub(super) loose: bool,
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$')
}

/// Reads the assignment around a word found at `word`; `None` where there is none.
pub(super) fn around(text: &[u8], word: Range<usize>) -> Option<Assigned> {
    let before = text[word.start.saturating_sub(LONGEST_NAME)..word.start].iter().rev().take_while(|&&byte| is_name(byte)).count();
    let behind = text[word.end..].iter().take(LONGEST_NAME).take_while(|&&byte| is_name(byte)).count();
    let name = word.start - before..word.end + behind;
    if let Some(dashed) = dashed(text, &word, &name) {
        return Some(dashed);
    }
    let mut at = name.end;
    let close = count(text, at, 4, |byte| matches!(byte, b'"' | b'\'' | b'`' | b']' | b')' | b'\\' | b'*' | b'}' | b'%'));
    at += close;
    let space = count(text, at, 40, |byte| matches!(byte, b' ' | b'\t'));
    at += space;
    at = typed(text, at);
    if let Some(behind) = value_field(text, at) {
        return value(text, behind, name, false);
    }
    let operator = operator(text, at);
    let loose = operator == 0;
    let closes = &text[name.end..name.end + close];
    // `sign('', 'key') => '…'` assigns to a call, and of two arguments the first names the second only where it is a name.
    let is_call = text[at..].starts_with(b"=>") && closes.contains(&b')');
    let is_list = text.get(at) == Some(&b',') && !is_literal(text, &name, closes);
    if loose && space == 0 || is_call || is_list {
        return None;
    }
    at += operator;
    at += count(text, at, 16, |byte| matches!(byte, b' ' | b'\t'));
    // A block of YAML.
    if !loose && matches!(text.get(at), Some(b'|' | b'>')) {
        let style = count(text, at, 3, |byte| matches!(byte, b'|' | b'>' | b'-' | b'+'));
        at += if matches!(text.get(at + style), Some(b'\n' | b'\r')) { style } else { 0 };
    }
    if !loose && matches!(text.get(at), Some(b'\n' | b'\r' | b'\\')) {
        at += count(text, at, 64, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }
    value(text, at, name, loose)
}

/// Whether the name is all of a string literal.
fn is_literal(text: &[u8], name: &Range<usize>, closes: &[u8]) -> bool {
    let quote = name.start.checked_sub(1).and_then(|at| text.get(at));
    name.len() <= 40 && matches!(quote, Some(b'"' | b'\'' | b'`')) && quote == closes.first() && !closes.contains(&b')')
}

/// `acme-key-0123…`: the value hangs on the name.
fn dashed(text: &[u8], word: &Range<usize>, name: &Range<usize>) -> Option<Assigned> {
    let tail = &text[word.end..name.end];
    let start = tail.iter().position(|&byte| byte == b'-')?;
    let start = word.end + if tail[..start].is_empty() || tail.len() - start > 16 { start + 1 } else { return None };
    (name.end - start >= 16).then(|| Assigned { name: name.start..start - 1, value: start..name.end, quoted: false, loose: true })
}

/// Skips a type between a name and its `=`: `: str = `, `: String = `, Go's `string = `.
fn typed(text: &[u8], at: usize) -> usize {
    let colon = usize::from(text.get(at) == Some(&b':'));
    let mut end = at + colon + count(text, at + colon, 4, |byte| byte == b' ');
    let width =
        count(text, end, 40, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'[' | b']' | b'&' | b'|' | b'?' | b'.' | b'\''));
    end += width;
    end += count(text, end, 4, |byte| byte == b' ');
    if width > 0 && text.get(end) == Some(&b'=') && text.get(end + 1) != Some(&b'>') { end } else { at }
}

/// Skips to the value of `"name": "DB_PASSWORD", "value": …` and of `<add key="Password" value=…`: the place behind the
/// operator.
fn value_field(text: &[u8], at: usize) -> Option<usize> {
    if text[at..].starts_with(b"</key>") {
        let at = at + 6 + count(text, at + 6, 80, |byte| byte.is_ascii_whitespace());
        return text[at..].starts_with(b"<string>").then_some(at + 8);
    }
    let opens = count(text, at, 2, |byte| matches!(byte, b':' | b' '));
    let mut at = at + opens;
    at += count(text, at, 200, |byte| matches!(byte, b',' | b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'\\' | b'{'));
    let is = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|here| here.eq_ignore_ascii_case(word));
    // A parameter of a template: its type, and then what it is by default.
    if opens > 0 && is(at, b"type") {
        let reach = &text[at..text.len().min(at + 400)];
        let reach = &reach[..memchr::memmem::find(reach, b"\n\n").unwrap_or(reach.len())];
        at += memchr::memmem::find(reach, b"efault").filter(|&found| reach[found - 1].eq_ignore_ascii_case(&b'd'))? - 1;
    }
    at += [&b"defaultvalue"[..], b"default", b"value"].iter().find(|word| is(at, word))?.len();
    at += count(text, at, 3, |byte| matches!(byte, b'"' | b'\'' | b'\\' | b' '));
    match text.get(at) {
        Some(b':' | b'=') => Some(at + 1 + count(text, at + 1, 16, |byte| byte == b' ')),
        _ => None,
    }
}

/// How many bytes the assignment operator at `at` has; 0 for none.
fn operator(text: &[u8], at: usize) -> usize {
    let here = &text[at.min(text.len())..text.len().min(at + 4)];
    const OPERATORS: &[&[u8]] =
        &[b":::=", b"::=", b"??=", b"??", b"?=", b":=", b"=>", b"->", b"||", b"==", b"!=", b"+=", b".=", b"=", b":", b",", b">", b"("];
    OPERATORS.iter().find(|operator| here.starts_with(operator)).map_or(0, |operator| operator.len())
}

/// The value at `at`: a string literal, or what stands there up to a space.
fn value(text: &[u8], at: usize, name: Range<usize>, loose: bool) -> Option<Assigned> {
    let mut at = at + count(text, at, 3, |byte| matches!(byte, b'(' | b'[' | b'='));
    at += count(text, at, 4, |byte| byte == b' ');
    // A literal's prefix: `b"`, `r'`, `@"`.
    if matches!(text.get(at), Some(b'b' | b'B' | b'r' | b'R' | b'u' | b'L' | b'@' | b'f')) && matches!(text.get(at + 1), Some(b'"' | b'\''))
    {
        at += 1;
    }
    let escapes = count(text, at, 3, |byte| byte == b'\\');
    let mut quoted = true;
    let (start, length) = match text.get(at + escapes) {
        Some(&quote @ (b'"' | b'\'' | b'`')) => {
            let start = at + escapes + count(text, at + escapes, 3, |byte| byte == quote);
            (start, count(text, start, LONGEST_VALUE, |byte| byte != quote && byte != b'\n' && byte != b'\\'))
        }
        _ => {
            quoted = false;
            let ends = |byte: u8| {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b'|' | b'&' | b'\\')
            };
            let length = count(text, at, LONGEST_VALUE, |byte| !ends(byte) && byte != b'=');
            (at, length + count(text, at + length, 4, |byte| byte == b'='))
        }
    };
    (length > 3 && length < LONGEST_VALUE).then(|| Assigned { name, value: start..start + length, quoted, loose })
}

fn count(text: &[u8], at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    text.get(at..).unwrap_or_default().iter().take(most).take_while(|&&byte| is(byte)).count()
}

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
    "fingerprint",
    "requesttoken",
    "clienttoken",
    "locktoken",
    "actiontoken",
    "updatetoken",
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
const OPENING: &[&[u8]] = &[b"page", b"next", b"gpg", b"pgp", b"public", b"continuation", b"sync", b"csrf", b"xsrf", b"fingerprint"];

/// What the name promises, from its end: `db.password_prod` promises what `password` does, `passwordField` nothing.
fn promise(name: &[u8]) -> Option<Promise> {
    let mut squashed: String =
        name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|&byte| char::from(byte.to_ascii_lowercase())).collect();
    loop {
        let trimmed = squashed.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        squashed.truncate(trimmed);
        match NEUTRAL.iter().find(|word| squashed.len() > word.len() && squashed.ends_with(*word)) {
            Some(word) => squashed.truncate(squashed.len() - word.len()),
            None => break,
        }
    }
    if OPEN.iter().any(|word| squashed.contains(word)) {
        return None;
    }
    let ends = |words: &[&str]| words.iter().any(|word| squashed.ends_with(word));
    if ends(PASSWORDS) && !ends(NOT_PASSWORDS) {
        Some(Promise::Password)
    } else if ends(SECRETS) {
        Some(Promise::Secret)
    } else if ends(&["token"]) {
        Some(Promise::Token)
    } else if ends(KEYS) {
        Some(Promise::Key)
    } else if ends(&["key", "auth", "authorization", "login", "access", "private", "verifier"]) {
        Some(Promise::Vague)
    } else {
        None
    }
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
    if is_open(place.before) || is_public_point(value) || is_json(value) || is_badge(place.before) || is_told(value) {
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

/// Whether the word before a name says that it is meant to be seen.
fn is_open(before: &[u8]) -> bool {
    let trimmed = before.trim_ascii_end();
    let spaced = trimmed.len() < before.len() && before.len() - trimmed.len() <= 2;
    spaced && OPENING.iter().any(|word| trimmed.len() >= word.len() && trimmed[trimmed.len() - word.len()..].eq_ignore_ascii_case(word))
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

/// Whether names of a test vector's fields stand around a value.
fn is_vector(around: &[u8]) -> bool {
    const FIELDS: &[&[u8]] = &[
        b"ct:",
        b"pt:",
        b"ct\"",
        b"pt\"",
        b"tag:",
        b"\"tag\"",
        b"adata",
        b"aad:",
        b"plaintext",
        b"ciphertext",
        b"ct =",
        b"pt =",
        b"msg:",
        b"\"msg\"",
        b"digest",
        b"expected",
    ];
    let lower = around.to_ascii_lowercase();
    FIELDS.iter().any(|field| memchr::memmem::find(&lower, field).is_some())
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
