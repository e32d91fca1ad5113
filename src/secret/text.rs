//! What is searched at a time: the bytes of a file, or of what was decoded from it.

/// The kind of content, which decides what can be told apart in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names, operators and delimiters mean something.
    Text,
    /// Strings stand without delimiters: fixed formats only, and no boundaries.
    Binary,
}

/// Bytes that are searched, and what is known about where they come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) path: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) kind: Kind,
    /// Values are written without quotes here.
    pub(super) config: bool,
    /// A lockfile: full of random values that are no secrets.
    pub(super) lock: bool,
    /// What it was decoded from, where that may have a URL of it as it is.
    pub(super) raw: &'a [u8],
}

/// How much of a file decides what it is.
const HEAD: usize = 8192;
/// How much of a line anybody is shown: more is no line that a person wrote.
const LINE: usize = 64 << 10;

impl<'a> Text<'a> {
    /// The text of a file.
    pub(super) fn of_file(path: &'a str, bytes: &'a [u8]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        Self { path, bytes, kind: kind(bytes), config: is_config(&name), lock: is_lock(path, &name), raw: b"" }
    }

    /// What stood in it in another form.
    pub(super) fn decoded<'b>(&self, bytes: &'b [u8]) -> Text<'b>
    where
        'a: 'b,
    {
        Text { bytes, kind: Kind::Text, config: true, ..*self }
    }

    /// The line around a place, without its end.
    pub(super) fn line(&self, start: usize, end: usize) -> &'a [u8] {
        let low = start.saturating_sub(LINE);
        let from = memchr::memrchr(b'\n', &self.bytes[low..start]).map_or(low, |at| low + at + 1);
        let high = self.bytes.len().min(end + LINE);
        let to = memchr::memchr(b'\n', &self.bytes[end..high]).map_or(high, |at| end + at);
        &self.bytes[from..to]
    }
}

/// Counts lines forward from the last place asked for.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
    start: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1, start: 0 }
    }

    /// Line and column, both from 1, of a place not before the last one asked for.
    pub(super) fn of(&mut self, place: usize) -> (u32, u32) {
        let place = place.min(self.bytes.len());
        for newline in memchr::memchr_iter(b'\n', &self.bytes[self.at.min(place)..place]) {
            self.line = self.line.saturating_add(1);
            self.start = self.at + newline + 1;
        }
        self.at = self.at.max(place);
        (self.line, u32::try_from(place.saturating_sub(self.start) + 1).unwrap_or(u32::MAX))
    }
}

fn kind(bytes: &[u8]) -> Kind {
    let head = &bytes[..bytes.len().min(HEAD)];
    let magic: [&[u8]; 6] = [b"\x7fELF", b"MZ", b"\0asm", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa"];
    if memchr::memchr(0, head).is_some() || magic.iter().any(|magic| head.starts_with(magic)) { Kind::Binary } else { Kind::Text }
}

fn is_config(name: &str) -> bool {
    const ENDS: &[&str] = &[
        ".env",
        ".ini",
        ".properties",
        ".yml",
        ".yaml",
        ".conf",
        ".cfg",
        ".cnf",
        ".toml",
        ".sh",
        ".bash",
        ".zsh",
        ".txt",
        ".xml",
        ".config",
        ".tfvars",
        ".plist",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".log",
        ".bat",
        ".cmd",
        ".ps1",
        ".service",
        ".rst",
        ".md",
        "dockerfile",
        "makefile",
        "credentials",
        "config",
    ];
    !name.contains('.') || name.starts_with(".env") || ENDS.iter().any(|end| name.ends_with(end))
}

fn is_lock(path: &str, name: &str) -> bool {
    const NAMES: &[&str] = &[
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "poetry.lock",
        "pipfile.lock",
        "cargo.lock",
        "composer.lock",
        "gemfile.lock",
        "go.sum",
        "uv.lock",
        "pdm.lock",
        "deno.lock",
        "bun.lock",
    ];
    NAMES.contains(&name) || path.ends_with(".dist-info/RECORD")
}
