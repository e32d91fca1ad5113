//! What RE2 reads, what it refuses, and what is written for it.

use regex::bytes::Regex;

use super::*;

fn first(source: &str, text: &str) -> Option<String> {
    let program = Regex::new(&rewritten(source).unwrap().0).unwrap();
    program.find(text.as_bytes()).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned())
}

#[test]
fn what_re2_reads_is_read_as_re2_reads_it() {
    for (source, text, wanted) in [
        (r"^\$(?:\d+|{\d+})$", "${12}", Some("${12}")),
        (r"a{2}b{1,}c{1,3}", "aabbcc", Some("aabbcc")),
        (r"a{01}", "a{01}", Some("a{01}")),
        (r"a{,3}", "aaa{,3}", Some("a{,3}")),
        (r"[[a]+", "[a", Some("[a")),
        (r"[]a]+", "]a", Some("]a")),
        (r"[^]a]+", "]ab", Some("b")),
        (r"[a&&b]+", "a&b", Some("a&b")),
        (r"[--9~~]+", "a-~", Some("-~")),
        (r"\Qa.b\Ec+", "a.bcc", Some("a.bcc")),
        (r"\Qa.b", "a.b", Some("a.b")),
        (r"\Qab\E+", "abb", Some("abb")),
        (r"\<b\>", "<b>", Some("<b>")),
        (r"a\_b", "a_b", Some("a_b")),
        (r"\pN\p{Greek}\x{3b2}\x62", "1\u{3b1}\u{3b2}b", Some("1\u{3b1}\u{3b2}b")),
        (r"\P{^Greek}", "a\u{3b1}", Some("\u{3b1}")),
        (r"\1017", "A7", Some("A7")),
        (r"\101\07", "A\x07", Some("A\x07")),
        (r"a.c", "a\u{e9}c", Some("a\u{e9}c")),
        (r"a\C\Cc", "a\u{e9}c", Some("a\u{e9}c")),
        (r"a[^x]c", "a\u{e9}c", Some("a\u{e9}c")),
        (r"\w+", "\u{e9}a", Some("a")),
        (r"\s+", "\u{a0}\x0b ", Some(" ")),
        (r"[[:space:]]+", "\u{a0}\x0b ", Some("\x0b ")),
        (r"\bb", "\u{e9}b", Some("b")),
        (r"(?i)k", "\u{212a}", Some("\u{212a}")),
        (r"(?i:a|b)c", "Ac", Some("Ac")),
        (r"(?:(?i)a|b)c", "Bc", Some("Bc")),
        (r"(?i)[^\W]+", "\u{17f}", Some("\u{17f}")),
        (r"(?U)a+b??", "aab", Some("a")),
        (r"(?U)a+?", "aab", Some("aa")),
        (r"a(?i)*b", "aaB", Some("aaB")),
        (r"(?m)^b$", "a\nb\nc", Some("b")),
        (r"^b$", "a\nb\nc", None),
        (r"(?s)a.b", "a\nb", Some("a\nb")),
        (r"a.b", "a\nb", None),
        (r"a\z", "a\n", None),
        (r"(?P<n>a)(?<n>b)", "ab", Some("ab")),
        (r"\x{D800}|a", "a", Some("a")),
        (r"[\x{D800}]", "a", None),
        (r"[^\s\S]", "a", None),
        (r"a*\Q\E*b", "aab", Some("aab")),
        (r"(|a)+b", "ab", Some("ab")),
        (r"^*a", "a", Some("a")),
        (r"\p{C}", "\u{378}\u{ad}", Some("\u{ad}")),
    ] {
        assert_eq!(first(source, text).as_deref(), wanted, "{source}");
    }
}

#[test]
fn what_re2_refuses_is_refused() {
    for source in [
        "a(",
        "a)",
        "[a",
        "[z-a]",
        "*",
        "|*",
        "(*)",
        "a**",
        "a*?+",
        "a{2}{3}",
        "a{1001}",
        "(a{100}){11}",
        "x{2,1}",
        "(?x)a",
        "(?u)a",
        "(?=a)",
        "(?<=a)",
        "(?i-)",
        "(?P<>a)",
        "(?P=n)",
        "(?#c)",
        "[[:foo:]]",
        r"[a-\d]",
        r"[\b]",
        r"\8",
        r"\1",
        r"\7",
        r"\Z",
        r"\E",
        r"\h",
        r"\p{greek}",
        r"\p{Letter}",
        r"\p{Garay}",
        r"\p{L",
        r"\x{}",
        r"\x{110000}",
        r"\xg1",
        "\\",
        r"\cA",
    ] {
        assert!(rewritten(source).is_err(), "{source}");
    }
}

#[test]
fn groups_are_counted_also_where_none_can_take_part() {
    assert_eq!(rewritten(r"(?:b)(?P<x>c)(a){0}").unwrap().1, 2);
    let program = Regex::new(&rewritten(r"(a){0}(?:b)(?P<x>c)").unwrap().0).unwrap();
    assert_eq!(program.captures_len(), 3);
}
