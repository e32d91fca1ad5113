//! HTML under construction. Tags and the names of attributes are the template's own words; every text and every value passes
//! through [`Markup::text`] or an attribute, which escape. What comes out is well-formed XML too.

use crate::model::escaped;

/// Elements that end their line.
const BLOCKS: [&str; 25] = [
    "h1",
    "h2",
    "h3",
    "h4",
    "p",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "div",
    "section",
    "header",
    "footer",
    "main",
    "nav",
    "figure",
    "figcaption",
    "table",
    "thead",
    "tbody",
    "tr",
    "details",
    "g",
];

/// HTML under construction.
#[derive(Default)]
pub(super) struct Markup {
    text: String,
}

impl Markup {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Adds what another one has.
    pub(super) fn append(&mut self, other: &Self) {
        self.text.push_str(&other.text);
    }

    /// Words of the template that are HTML already.
    pub(super) fn template(&mut self, html: &'static str) {
        self.text.push_str(html);
    }

    /// An element and what is in it.
    pub(super) fn element(&mut self, tag: &'static str, attributes: &[(&'static str, &str)], content: impl FnOnce(&mut Self)) {
        self.tag(tag, attributes);
        self.text.push('>');
        if matches!(tag, "ul" | "dl" | "table" | "section" | "tbody" | "thead") {
            self.text.push('\n');
        }
        content(self);
        self.text.push_str("</");
        self.text.push_str(tag);
        self.text.push('>');
        if BLOCKS.contains(&tag) {
            self.text.push('\n');
        }
    }

    /// An element with nothing but text.
    pub(super) fn leaf(&mut self, tag: &'static str, attributes: &[(&'static str, &str)], text: &str) {
        self.element(tag, attributes, |inner| inner.text(text));
    }

    /// An element without content.
    pub(super) fn empty(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.tag(tag, attributes);
        self.text.push_str(" />");
    }

    /// Text in which pairs of backticks set off code.
    pub(super) fn prose(&mut self, text: &str) {
        if !text.matches('`').count().is_multiple_of(2) {
            return self.text(text);
        }
        for (number, part) in text.split('`').enumerate().filter(|(_, part)| !part.is_empty()) {
            if number % 2 == 1 { self.leaf("code", &[], part) } else { self.text(part) }
        }
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        for c in escaped(text).chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                // No characters of XML.
                '\u{fffe}' | '\u{ffff}' => self.text.extend(c.escape_unicode()),
                c => self.text.push(c),
            }
        }
    }

    fn tag(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.text.push('<');
        self.text.push_str(tag);
        for (name, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.text(value);
            self.text.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        let mut markup = Markup::default();
        markup.leaf("p", &[("title", "\"><script>")], "</p>'&\n\u{202e}\u{ffff}");
        assert_eq!(markup.into_text(), "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;/p&gt;&#39;&amp;\\u{a}\\u{202e}\\u{ffff}</p>\n");
    }

    #[test]
    fn backticks_set_off_code_where_they_are_paired() {
        let written = |text: &str| {
            let mut markup = Markup::default();
            markup.prose(text);
            markup.into_text()
        };
        assert_eq!(written("run `a <b>` now"), "run <code>a &lt;b&gt;</code> now");
        assert_eq!(written("`a``b`"), "<code>a</code><code>b</code>");
        assert_eq!(written("a ` b `` c"), "a ` b `` c");
        assert_eq!(written(""), "");
    }
}
