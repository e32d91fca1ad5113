//! RE2's regular expressions, rewritten so that `regex` reads them with the same meaning.
//!
//! The two differ where it is not seen: `\s`, `\w` and `\b` are ASCII's in RE2 while `.` and `[^a]` are whole characters; `\_` and
//! `\<` are themselves, `{01}` is text, `a**` is a fault, a flag holds across `|`. What is written here leaves nothing to a
//! default, and every flag is resolved to the place where it holds.

mod class;
#[cfg(test)]
mod tests;

use self::class::{CATEGORIES, DIGIT, POSIX, SCRIPTS, SPACE, WORD};

/// The largest bound of a repetition, also of nested ones together.
const MOST_REPEATED: u64 = 1000;
/// Groups within groups.
const DEEPEST: usize = 1000;
/// Matches nothing, as a surrogate does.
const NOTHING: &str = "[a&&b]";

/// A source that RE2 refuses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {place}")]
pub(super) struct Fault {
    what: &'static str,
    place: String,
}

/// A source that `regex` reads as RE2 reads `source`, and how many groups there are; `regex` forgets those that can take no
/// part. Groups keep their numbers and lose their names.
pub(super) fn rewritten(source: &str) -> Result<(String, usize), Fault> {
    let mut reader = Reader { rest: source, flags: Flags::default(), groups: 0, open: Vec::new(), here: Level::default() };
    // A repetition right behind a repetition is a fault; what writes nothing (`\Q\E`, `(?i)`) keeps them apart.
    let mut repeated = false;
    while let Some(c) = reader.rest.chars().next() {
        repeated = reader.next(c, repeated)?;
    }
    if !reader.open.is_empty() {
        return Err(reader.fault("a group is not closed", source));
    }
    Ok((reader.here.alternation(), reader.groups))
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    fold: bool,
    multi: bool,
    dot: bool,
    lazy: bool,
}

/// What has been written between two parentheses.
#[derive(Debug, Default)]
struct Level {
    done: String,
    pieces: Vec<Piece>,
    weight: u64,
}

/// What a repetition can be put behind.
#[derive(Debug)]
struct Piece {
    text: String,
    /// The product of the bounds of the repetitions in it.
    weight: u64,
}

impl Level {
    fn bar(&mut self) {
        for piece in self.pieces.drain(..) {
            self.done.push_str(&piece.text);
            self.weight = self.weight.max(piece.weight);
        }
    }

    fn alternation(mut self) -> String {
        self.bar();
        self.done
    }
}

struct Reader<'a> {
    rest: &'a str,
    flags: Flags,
    groups: usize,
    /// Outer levels, how the one within begins, and the flags that hold again behind it.
    open: Vec<(Level, &'static str, Flags)>,
    here: Level,
}

impl<'a> Reader<'a> {
    fn fault(&self, what: &'static str, place: &str) -> Fault {
        Fault { what, place: place.chars().take(80).collect() }
    }

    /// Reads one item, which begins with `c`; says whether it was a repetition.
    fn next(&mut self, c: char, repeated: bool) -> Result<bool, Fault> {
        let at = self.rest;
        let tail = &at[c.len_utf8()..];
        self.rest = tail;
        match c {
            '(' if tail.starts_with('?') => self.extension(at)?,
            '(' => self.enter("(", self.flags)?,
            ')' => self.leave(at)?,
            '|' => {
                self.here.bar();
                self.here.done.push('|');
            }
            '^' => self.piece(if self.flags.multi { "(?m:^)" } else { r"\A" }),
            '$' => self.piece(if self.flags.multi { "(?m:$)" } else { r"\z" }),
            '.' => self.piece(if self.flags.dot { "(?s:.)" } else { "(?-s:.)" }),
            '[' => {
                let class = self.class(at)?;
                self.piece(&class);
            }
            '*' | '+' | '?' => {
                let (low, high) = match c {
                    '*' => (0, None),
                    '+' => (1, None),
                    _ => (0, Some(1)),
                };
                self.repetition(at, low, high, false, repeated)?;
                return Ok(true);
            }
            '{' => {
                let Some((low, high, behind)) = bounds(at) else {
                    self.literal('{');
                    return Ok(false);
                };
                self.rest = behind;
                if low > MOST_REPEATED || high.is_some_and(|high| high > MOST_REPEATED || high < low) {
                    return Err(self.fault("a repetition's bounds are too large or crossed", at));
                }
                self.repetition(at, low, high, true, repeated)?;
                return Ok(true);
            }
            '\\' => self.escape(at)?,
            _ => self.literal(c),
        }
        Ok(false)
    }

    fn piece(&mut self, text: &str) {
        self.here.pieces.push(Piece { text: text.to_owned(), weight: 1 });
    }

    fn literal(&mut self, c: char) {
        let mut text = String::new();
        // Of ASCII only letters have another case.
        let fold = self.flags.fold && (c.is_ascii_alphabetic() || !c.is_ascii());
        if fold {
            text.push_str("(?i:");
        }
        character(&mut text, u32::from(c));
        if fold {
            text.push(')');
        }
        self.piece(&text);
    }

    /// A character by its number, which may be none that a text can have.
    fn number(&mut self, number: u32) {
        match char::from_u32(number) {
            Some(c) => self.literal(c),
            None => self.piece(NOTHING),
        }
    }

    fn enter(&mut self, with: &'static str, flags: Flags) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            return Err(self.fault("groups are nested too deeply", self.rest));
        }
        self.groups += usize::from(with == "(");
        self.open.push((std::mem::take(&mut self.here), with, self.flags));
        self.flags = flags;
        Ok(())
    }

    fn leave(&mut self, at: &str) -> Result<(), Fault> {
        let Some((outer, with, flags)) = self.open.pop() else { return Err(self.fault("a group is closed that was not opened", at)) };
        let mut inner = std::mem::replace(&mut self.here, outer);
        inner.bar();
        self.flags = flags;
        self.here.pieces.push(Piece { text: format!("{with}{})", inner.done), weight: inner.weight.max(1) });
        Ok(())
    }

    /// `(?...`: a name, flags, or flags for a group. Names are dropped.
    fn extension(&mut self, at: &'a str) -> Result<(), Fault> {
        let name = at.strip_prefix("(?P<").or_else(|| at.strip_prefix("(?<").filter(|name| !name.starts_with(['=', '!'])));
        if let Some(name) = name {
            let (name, behind) = name.split_once('>').unwrap_or(("", ""));
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
                return Err(self.fault("a group has no usable name", at));
            }
            self.rest = behind;
            return self.enter("(", self.flags);
        }
        let mut flags = self.flags;
        let (mut on, mut any) = (true, true);
        for (offset, c) in at.char_indices().skip(2) {
            match c {
                'i' => flags.fold = on,
                'm' => flags.multi = on,
                's' => flags.dot = on,
                'U' => flags.lazy = on,
                '-' if on => {
                    (on, any) = (false, false);
                    continue;
                }
                ':' | ')' if any => {
                    self.rest = &at[offset + 1..];
                    if c == ':' {
                        return self.enter("(?:", flags);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            any = true;
        }
        Err(self.fault("`(?` begins nothing that RE2 knows", at))
    }

    fn repetition(&mut self, at: &str, low: u64, high: Option<u64>, bounded: bool, repeated: bool) -> Result<(), Fault> {
        let mut lazy = self.flags.lazy;
        if let Some(behind) = self.rest.strip_prefix('?') {
            self.rest = behind;
            lazy = !lazy;
        }
        if repeated {
            return Err(self.fault("a repetition is repeated", at));
        }
        let Some(piece) = self.here.pieces.pop() else { return Err(self.fault("nothing is repeated", at)) };
        let factor = if bounded { high.unwrap_or(low).max(1) } else { 1 };
        let weight = piece.weight.saturating_mul(factor);
        if weight > MOST_REPEATED && bounded && (low >= 2 || high.is_some_and(|high| high >= 2)) {
            return Err(self.fault("repetitions within repetitions are too large", at));
        }
        let mark = match (low, high) {
            (0, None) => "*".to_owned(),
            (1, None) => "+".to_owned(),
            (0, Some(1)) => "?".to_owned(),
            (low, None) => format!("{{{low},}}"),
            (low, Some(high)) => format!("{{{low},{high}}}"),
        };
        let text = format!("(?:{}){mark}{}", piece.text, if lazy { "?" } else { "" });
        self.here.pieces.push(Piece { text, weight });
        Ok(())
    }

    fn escape(&mut self, at: &'a str) -> Result<(), Fault> {
        let escaped = self.rest.chars().next();
        let tail = &self.rest[escaped.map_or(0, char::len_utf8)..];
        match escaped {
            Some('A') => self.mark(r"\A", tail),
            Some('z') => self.mark(r"\z", tail),
            Some('b') => self.mark(r"(?-u:\b)", tail),
            Some('B') => self.mark(r"(?-u:\B)", tail),
            Some('C') => self.mark("(?s-u:.)", tail),
            Some('Q') => {
                let (text, behind) = tail.split_once(r"\E").unwrap_or((tail, ""));
                self.rest = behind;
                text.chars().for_each(|c| self.literal(c));
            }
            _ => {
                self.rest = at;
                if let Some(set) = self.set()? {
                    let mut class = String::new();
                    set.write(&mut class, true);
                    let class = self.folded(class);
                    self.piece(&class);
                } else {
                    let number = self.escaped()?;
                    self.number(number);
                }
            }
        }
        Ok(())
    }

    fn mark(&mut self, text: &str, behind: &'a str) {
        self.rest = behind;
        self.piece(text);
    }

    fn folded(&self, class: String) -> String {
        if self.flags.fold { format!("(?i:{class})") } else { class }
    }

    /// `[...]`, from behind the bracket.
    fn class(&mut self, at: &str) -> Result<String, Fault> {
        let mut out = String::from("[");
        if let Some(behind) = self.rest.strip_prefix('^') {
            self.rest = behind;
            out.push('^');
        }
        // An empty class is no class to `regex`.
        out.push_str(NOTHING);
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if self.rest.starts_with("[:")
                && let Some(end) = self.rest.find(":]")
                && end >= 2
            {
                let name = &self.rest[2..end];
                let (name, negated) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
                let Some(&(_, ranges)) = POSIX.iter().find(|(known, _)| *known == name) else {
                    return Err(self.fault("no class has that name", self.rest));
                };
                Set::Ranges(ranges, negated).write(&mut out, false);
                self.rest = &self.rest[end + 2..];
                continue;
            }
            if let Some(set) = self.set()? {
                set.write(&mut out, false);
                continue;
            }
            let low = self.member(at)?;
            let mut high = low;
            if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
                self.rest = &self.rest[1..];
                high = self.member(at)?;
            }
            if high < low {
                return Err(self.fault("a range of a class ends before it begins", at));
            }
            range(&mut out, low, high);
        }
        self.rest = &self.rest[1..];
        out.push(']');
        Ok(self.folded(out))
    }

    /// One character of a class.
    fn member(&mut self, at: &str) -> Result<u32, Fault> {
        match self.rest.chars().next() {
            Some('\\') => self.escaped(),
            Some(c) => {
                self.rest = &self.rest[c.len_utf8()..];
                Ok(u32::from(c))
            }
            None => Err(self.fault("a class is not closed", at)),
        }
    }

    /// `\d`, `\pN`, `\p{Greek}` and their like, where one begins here.
    fn set(&mut self) -> Result<Option<Set<'a>>, Fault> {
        let at = self.rest;
        let mut letters = at.chars();
        let (Some('\\'), Some(letter)) = (letters.next(), letters.next()) else { return Ok(None) };
        let behind = letters.as_str();
        let ranges: &[(char, char)] = match letter {
            'd' | 'D' => DIGIT,
            's' | 'S' => SPACE,
            'w' | 'W' => WORD,
            'p' | 'P' => {
                let fault = |reader: &Self| reader.fault("no group of characters has that name", at);
                let (name, behind) = if let Some(name) = behind.strip_prefix('{') {
                    name.split_once('}').ok_or_else(|| fault(self))?
                } else {
                    behind.split_at(behind.chars().next().map_or(0, char::len_utf8))
                };
                let (name, turned) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
                if name != "Any" && !is_among(CATEGORIES, name) && !is_among(SCRIPTS, name) {
                    return Err(fault(self));
                }
                self.rest = behind;
                return Ok(Some(Set::Group(name, turned != (letter == 'P'))));
            }
            _ => return Ok(None),
        };
        self.rest = behind;
        Ok(Some(Set::Ranges(ranges, letter.is_ascii_uppercase())))
    }

    /// An escape that stands for one character.
    fn escaped(&mut self) -> Result<u32, Fault> {
        let at = self.rest;
        let mut letters = at.chars();
        letters.next();
        let bad = |reader: &Self| reader.fault("an escape that RE2 does not know", at);
        let c = letters.next().ok_or_else(|| bad(self))?;
        let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
        let number = match c {
            '0'..='7' => {
                if c != '0' && octal(letters.clone().next()).is_none() {
                    return Err(bad(self));
                }
                let mut number = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = octal(letters.clone().next()) else { break };
                    number = number * 8 + digit;
                    letters.next();
                }
                number
            }
            'x' => {
                let behind = letters.as_str();
                let (digits, rest) = match behind.strip_prefix('{') {
                    Some(braced) => braced.split_once('}').ok_or_else(|| bad(self))?,
                    None => behind.split_at_checked(2).ok_or_else(|| bad(self))?,
                };
                letters = rest.chars();
                let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                let digits = digits.trim_start_matches('0');
                let number = if digits.is_empty() { Some(0) } else { u32::from_str_radix(digits, 16).ok() };
                number.filter(|&number| is_hex && number <= u32::from(char::MAX)).ok_or_else(|| bad(self))?
            }
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(bad(self)),
        };
        self.rest = letters.as_str();
        Ok(number)
    }
}

/// A class of its own, and whether everything else is meant.
enum Set<'a> {
    Ranges(&'a [(char, char)], bool),
    Group(&'a str, bool),
}

impl Set<'_> {
    /// Writes it, as a class or for within one.
    fn write(&self, out: &mut String, alone: bool) {
        let negated = matches!(self, Self::Ranges(_, true) | Self::Group(_, true));
        if alone || negated {
            out.push('[');
        }
        if negated {
            out.push('^');
        }
        match *self {
            Self::Ranges(ranges, _) => ranges.iter().for_each(|&(low, high)| range(out, u32::from(low), u32::from(high))),
            Self::Group("Any", _) => range(out, 0, u32::from(char::MAX)),
            // Without what is not assigned; no text has a surrogate.
            Self::Group("C", _) => out.push_str(r"\p{Cc}\p{Cf}\p{Co}"),
            Self::Group("Cs", _) => out.push_str(NOTHING),
            Self::Group(name, _) if is_among(CATEGORIES, name) => out.push_str(&format!(r"\p{{{name}}}")),
            Self::Group(name, _) => out.push_str(&format!(r"\p{{Script={name}}}")),
        }
        if alone || negated {
            out.push(']');
        }
    }
}

fn character(out: &mut String, number: u32) {
    match char::from_u32(number) {
        Some(c) if c.is_ascii_alphanumeric() => out.push(c),
        _ => out.push_str(&format!(r"\x{{{number:X}}}")),
    }
}

/// A range of a class, without the surrogates at its ends.
fn range(out: &mut String, low: u32, high: u32) {
    let is_surrogate = |number: u32| (0xd800..0xe000).contains(&number);
    let low = if is_surrogate(low) { 0xe000 } else { low };
    let high = if is_surrogate(high) { 0xd7ff } else { high };
    if low > high {
        return;
    }
    character(out, low);
    if low < high {
        out.push('-');
        character(out, high);
    }
}

fn is_among(names: &str, name: &str) -> bool {
    names.split(' ').any(|known| known == name)
}

/// The bounds of `{n}`, `{n,}` or `{n,m}` at the beginning of `text`, and what stands behind it.
fn bounds(text: &str) -> Option<(u64, Option<u64>, &str)> {
    let (inner, behind) = text.strip_prefix('{')?.split_once('}')?;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.len() <= 9 && digits.bytes().all(|byte| byte.is_ascii_digit());
        (plain && (digits.len() == 1 || !digits.starts_with('0'))).then(|| digits.parse().ok()).flatten()
    };
    match inner.split_once(',') {
        None => number(inner).map(|count| (count, Some(count), behind)),
        Some((low, "")) => Some((number(low)?, None, behind)),
        Some((low, high)) => Some((number(low)?, Some(number(high)?), behind)),
    }
}
