//! Passwords in URLs: `scheme://user:password@host` (RFC 3986, section 3.2.1).

use std::ops::Range;

use super::randomness;

const LONGEST: usize = 400;

/// The parts of a URL that has a password, as places in the text.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) scheme: Range<usize>,
    pub(super) user: Range<usize>,
    pub(super) password: Range<usize>,
    /// The whole of it, up to the end of the host.
    pub(super) whole: Range<usize>,
    /// The password is one that everybody tries first, or the host is the reader's own.
    pub(super) weak: bool,
}

const COMMON: &[&[u8]] = &[
    b"password",
    b"passwd",
    b"pass",
    b"passw0rd",
    b"secret",
    b"user",
    b"username",
    b"postgres",
    b"postgresql",
    b"mysql",
    b"root",
    b"admin",
    b"test",
    b"guest",
    b"changeme",
    b"pwd",
    b"redis",
    b"mongo",
    b"mongodb",
    b"rabbitmq",
    b"token",
    b"foo",
    b"bar",
    b"baz",
    b"x",
    b"xxx",
    b"pw",
    b"p",
    b"abc",
    b"123",
    b"1234",
    b"12345",
    b"123456",
    b"hunter2",
    b"pass123",
    b"password123",
    b"mypassword",
    b"mypass",
    b"db_password",
    b"demo",
    b"default",
    b"scott",
    b"tiger",
    b"secure",
    b"local",
    b"dbpass",
    b"userpass",
];

/// Users of documentation.
const USERS: &[&[u8]] = &[
    b"user",
    b"username",
    b"usr",
    b"userid",
    b"user_id",
    b"user-id",
    b"uname",
    b"name",
    b"me",
    b"foo",
    b"john",
    b"jane",
    b"john.doe",
    b"alice",
    b"bob",
    b"scott",
    b"your-name",
    b"yourname",
    b"myuser",
    b"someuser",
    b"example",
];

/// Reads the URL around a `://` at `mark`.
pub(super) fn around(text: &[u8], mark: usize) -> Option<Credentials> {
    // Java's properties escape the colon.
    let mark_start = if mark > 0 && text[mark - 1] == b'\\' { mark - 1 } else { mark };
    let back = &text[mark_start.saturating_sub(24)..mark_start];
    let width = back.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')).count();
    let scheme = mark_start - width..mark_start;
    let start = mark + 3;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'/' | b'?' | b'#' | 0);
    let authority = text.get(start..)?.iter().take(LONGEST).take_while(|byte| !ends(byte)).count();
    let authority = &text[start..start + authority];
    let at = memchr::memrchr(b'@', authority)?;
    // Of several hosts the last has the credentials nearest to the `@`.
    let first = memchr::memrchr(b',', &authority[..at]).filter(|&comma| authority[comma..at].contains(&b':')).map_or(0, |comma| comma + 1);
    let colon = first + memchr::memchr(b':', &authority[first..at])?;
    let host = authority[at + 1..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':' | b','))
        .count();
    let (user, password, host) = (&authority[first..colon], &authority[colon + 1..at], &authority[at + 1..at + 1 + host]);
    let own = host.is_empty() || is_own(host);
    let common = COMMON.iter().any(|word| password.eq_ignore_ascii_case(word)) || password == user;
    let template = password.iter().any(|byte| matches!(byte, b'{' | b'}' | b'$' | b'(' | b')' | b'[' | b']' | b'*'))
        || password.starts_with(b"%s")
        || (password.starts_with(b"%") && password.ends_with(b"%"))
        || user.iter().any(|byte| matches!(byte, b'{' | b'(' | b'<'))
        || !password.iter().all(u8::is_ascii_graphic);
    let numbered = password.strip_prefix(b"key_").is_some_and(|rest| rest.len() == 4 && rest.iter().all(u8::is_ascii_digit));
    let stand_in = common || numbered || randomness::is_placeholder(password);
    // `user:password@` is how documentation says it, whatever the host.
    let documented = [&b"your-"[..], b"your_"].iter().any(|word| user.to_ascii_lowercase().starts_with(word))
        || numbered && user.is_empty()
        || is_documented(user, password);
    let short = password.len() <= 8 && password.iter().all(u8::is_ascii_lowercase);
    if width < 2
        || password.len() < 3
        || template
        || (stand_in && own)
        || documented
        || host.first().is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'[')
    {
        return None;
    }
    let place = |from: usize, length: usize| start + from..start + from + length;
    Some(Credentials {
        scheme: scheme.clone(),
        user: place(first, colon - first),
        password: place(colon + 1, password.len()),
        whole: scheme.start..start + at + 1 + host.len(),
        weak: stand_in || own || short,
    })
}

/// Whether documentation says this user and this password.
pub(super) fn is_documented(user: &[u8], password: &[u8]) -> bool {
    let is = |words: &[&[u8]], text: &[u8]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    is(COMMON, password) && is(USERS, user)
}

/// A host that is the reader's own machine, a name of RFC 2606, or no full name at all.
fn is_own(host: &[u8]) -> bool {
    let name = host.split(|&byte| byte == b':').next().unwrap_or_default().to_ascii_lowercase();
    let reserved: [&[u8]; 9] =
        [b"example.com", b"example.org", b"example.net", b".example", b".invalid", b".test", b".localhost", b"host.com", b"domain.com"];
    !name.contains(&b'.') || name.starts_with(b"127.") || name == b"0.0.0.0" || reserved.iter().any(|end| name.ends_with(end))
}
