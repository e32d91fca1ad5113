//! HTML as fngate writes it, read strictly: it is well-formed XML but for its first line, and anything else is an error.

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    /// All text inside.
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Every element in the order in which they begin.
pub fn elements(html: &str) -> Vec<Element> {
    let mut rest = html.strip_prefix("<!DOCTYPE html>\n").expect("no doctype");
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    while !rest.is_empty() {
        let Some(after) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            let text = decoded(&rest[..end]);
            assert!(!open.is_empty() || text.trim().is_empty(), "text outside: {text:?}");
            open.iter().for_each(|at| elements[*at].text.push_str(&text));
            rest = &rest[end..];
            continue;
        };
        let end = after.find('>').expect("a tag that does not end");
        let tag = &after[..end];
        rest = &after[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let at = open.pop().unwrap_or_else(|| panic!("</{name}> closes nothing"));
            assert_eq!(elements[at].name, name, "closed in the wrong order");
            continue;
        }
        let (tag, is_empty) = tag.strip_suffix(" /").map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "no name: <{tag}>");
        elements.push(Element { name: name.to_owned(), attributes: read(attributes), text: String::new() });
        if !is_empty {
            open.push(elements.len() - 1);
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").expect("a style that does not end")..];
        }
    }
    assert!(open.is_empty(), "not closed: {:?}", open.iter().map(|at| &elements[*at].name).collect::<Vec<_>>());
    elements
}

fn read(mut rest: &str) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no value: {rest}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "no name: {name}");
        let (value, after) = after.split_once('"').expect("a value that does not end");
        assert!(attributes.iter().all(|(own, _)| own != name), "twice: {name}");
        attributes.push((name.to_owned(), decoded(value)));
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    attributes
}

fn decoded(text: &str) -> String {
    assert!(!text.contains(['<', '>']), "not escaped: {text}");
    assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')), "no text of XML: {text:?}");
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, after) = part.split_once(';').unwrap_or_else(|| panic!("no entity: &{part}"));
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#39" => '\'',
            _ => panic!("no entity: &{name};"),
        });
        out.push_str(after);
    }
    out
}
