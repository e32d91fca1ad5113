//! Text in Markdown, as GitHub and GitLab read it: nothing an artifact says begins a heading, a list or a table cell, links
//! anywhere, calls anybody, or closes what the report opened.

use super::super::words;
use crate::model::escaped;

/// Characters of a name, and of a sentence.
const MOST_NAME: usize = 160;
const MOST_TEXT: usize = 600;

/// Breaks what would be a name to call or a number to link; a reader sees nothing of it.
const BREAK: &str = "&#8203;";

/// A name, a path, an id: a code span, in which nothing means anything but the backtick, and in a table the bar. Both are written
/// as hidden characters are.
pub(super) fn code(text: &str) -> String {
    let clipped = words::clipped(text, MOST_NAME);
    let shown = escaped(&clipped).replace('`', "\\u{60}").replace('|', "\\u{7c}");
    if shown.trim().is_empty() { "(no name)".to_owned() } else { format!("`{shown}`") }
}

/// A sentence; what stands between a pair of backticks is a code span.
pub(super) fn prose(text: &str) -> String {
    let text = words::clipped(text, MOST_TEXT);
    if text.matches('`').count() % 2 == 1 {
        return plain(&text);
    }
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(number, part)| if number % 2 == 1 { code(part) } else { plain(part) }).collect()
}

fn plain(text: &str) -> String {
    let shown = escaped(text);
    let mut out = String::with_capacity(shown.len() + 16);
    let mut before = ['\0'; 3];
    // Whether there were only digits: a full stop would begin a list.
    let mut is_number = false;
    let mut after = shown.chars().skip(1);
    for (at, c) in shown.chars().enumerate() {
        let next = after.next().unwrap_or(' ');
        let speaks = next.is_alphanumeric() || matches!(next, '"' | '[' | '_');
        match c {
            '!' | '%' | '^' if !speaks && next != '[' => out.push(c),
            '@' | '#' | '!' | '%' | '~' | '$' | '^' => {
                out.push_str(&format!("&#{};", u32::from(c)));
                out.push_str(if speaks { BREAK } else { "" });
            }
            '&' => {
                out.push_str("&amp;");
                out.push_str(if speaks { BREAK } else { "" });
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            ':' if next != ' ' => {
                out.push_str("\\:");
                out.push_str(if next == '/' { BREAK } else { "" });
            }
            '.' if before.map(|c| c.to_ascii_lowercase()) == ['w'; 3] => {
                out.push_str(BREAK);
                out.push('.');
            }
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '|' => out.extend(['\\', c]),
            '-' | '+' | '=' if at == 0 => out.extend(['\\', c]),
            '.' | ')' if is_number => out.extend(['\\', c]),
            c => out.push(c),
        }
        is_number = (is_number || at == 0) && c.is_ascii_digit();
        before = [before[1], before[2], c];
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_mean_something_means_nothing() {
        let cases = [
            ("plain words: 4.17.21 (and CVE-2021-23337), 5 % of it!", "plain words: 4.17.21 (and CVE-2021-23337), 5 % of it!"),
            ("run `fngate db` now", "run `fngate db` now"),
            ("a ` b", "a \\` b"),
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("# a", "&#35; a"),
            ("@octocat #12 !3", "&#64;&#8203;octocat &#35;&#8203;12 &#33;&#8203;3"),
            ("a\n# b", "a\\\\u\\{a\\}&#35; b"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("[x](http://y)", "\\[x\\](http\\:&#8203;//y)"),
            ("see www.example.com", "see www&#8203;.example.com"),
            ("&lt;b&gt;", "&amp;&#8203;lt;b&amp;&#8203;gt;"),
            ("a | b *c* __d__ $e$", "a \\| b \\*c\\* \\_\\_d\\_\\_ &#36;&#8203;e&#36;"),
            ("\u{202e}", "\\\\u\\{202e\\}"),
        ];
        for (text, want) in cases {
            assert_eq!(prose(text), want, "{text}");
        }
    }

    #[test]
    fn a_code_span_ends_where_it_should() {
        assert_eq!(code("a`b|c"), "`a\\u{60}b\\u{7c}c`");
        assert_eq!(code("a\n\nb"), "`a\\u{a}\\u{a}b`");
        assert_eq!(code(" "), "(no name)");
        assert!(code(&"x".repeat(10_000)).len() < 200);
    }

    proptest! {
        #[test]
        fn no_text_ends_its_line_or_opens_anything(text in "\\PC*|[-`|<>&@#!\\[\\]()\\\\*_~$%^:/w.\n\r\t ]{0,40}") {
            for shown in [prose(&text), code(&text)] {
                prop_assert!(!shown.contains(['\n', '\r', '\t']), "{shown:?}");
                // Outside of code spans, whatever Markdown or HTML reads is preceded by a backslash or gone.
                let outside: String = shown.split('`').step_by(2).collect();
                if text.matches('`').count() == 0 {
                    prop_assert!(!outside.contains(['<', '>', '@', '$', '~']), "{shown:?}");
                }
            }
            prop_assert_eq!(code(&text).matches('`').count() % 2, 0);
            prop_assert!(!code(&text).contains('|'));
        }
    }
}
