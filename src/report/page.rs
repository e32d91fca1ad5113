//! A page of text: paragraphs folded to a width, with hanging indents and, where asked, colour.

use anstyle::{AnsiColor, Style};

use super::Screen;
use crate::model::Level;

/// Text under construction.
pub(super) struct Page {
    screen: Screen,
    text: String,
}

/// How a piece of text is set off. The words say the same without it.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Plain,
    Strong,
    Faint,
    Grave(Level),
}

impl Ink {
    fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Grave(Level::Deny) => AnsiColor::Red.on_default().bold(),
            Self::Grave(Level::Incomplete) => AnsiColor::Magenta.on_default().bold(),
            Self::Grave(Level::Warn) => AnsiColor::Yellow.on_default().bold(),
            Self::Grave(Level::Info) => AnsiColor::Green.on_default().bold(),
        }
    }
}

impl Page {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, text: String::new() }
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A paragraph: `lead` once, then `text` folded between there and the width.
    pub(super) fn paragraph(&mut self, indent: usize, lead: &str, ink: Ink, text: &str) {
        let hang = indent + lead.chars().count();
        let room = self.screen.width.saturating_sub(hang).max(20);
        for (number, line) in fold(text, room).into_iter().enumerate() {
            if number == 0 {
                self.text.push_str(&" ".repeat(indent));
                self.text.push_str(lead);
            } else {
                self.text.push_str(&" ".repeat(hang));
            }
            self.paint(ink, &line);
            self.text.push('\n');
        }
    }

    fn paint(&mut self, ink: Ink, text: &str) {
        let style = ink.style();
        if self.screen.color && style != Style::new() {
            self.text.push_str(&format!("{style}{text}{style:#}"));
        } else {
            self.text.push_str(text);
        }
    }
}

/// Characters of a quoted command that is not broken.
const LONGEST_QUOTE: usize = 40;

/// The words of a text; what stands between backticks is one, unless it is long.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(' ');
    while !rest.is_empty() {
        let space = rest.find(' ').unwrap_or(rest.len());
        let opened = rest.get(..space).unwrap_or(rest).matches('`').count() % 2 == 1;
        // No further than a quote may go: to look to the end at every word would take as long as the text's square.
        let closed = rest.bytes().skip(space).take(LONGEST_QUOTE).position(|byte| byte == b'`').map(|at| space + at + 1);
        let end = match closed.filter(|_| opened) {
            Some(end) => rest.get(end..).and_then(|after| after.find(' ')).map_or(rest.len(), |at| end + at),
            None => space,
        };
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        words.push(word);
        rest = after.trim_start_matches(' ');
    }
    words
}

/// Lines of at most `room` characters, broken at spaces; a longer word stays whole, so that it can be copied.
fn fold(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in words(text) {
        let own = word.chars().count();
        if length > 0 && length + 1 + own > room {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += own;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quoted_command_stays_whole_and_a_lone_backtick_harms_nothing() {
        assert_eq!(fold("try `fngate db build`, then go on", 12), ["try", "`fngate db build`,", "then go on"]);
        assert_eq!(fold("a ` b c", 3), ["a `", "b c"]);
        let long = "x ".repeat(40);
        assert_eq!(words(&format!("`{long}`")).len(), 41);
    }

    #[test]
    fn a_long_text_is_folded_in_the_time_it_takes_to_read() {
        let started = std::time::Instant::now();
        assert_eq!(words(&"a ".repeat(500_000)).len(), 500_000);
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }

    proptest! {
        #[test]
        fn folding_loses_no_word_and_keeps_to_the_room(text in "[a-zé]{1,12}( {1,2}[a-zé]{1,12}){0,30}", room in 1_usize..60) {
            let lines = fold(&text, room);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= room || !line.contains(' ')));
            prop_assert_eq!(lines.join(" "), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}
