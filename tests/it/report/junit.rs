//! `junit`: what a reader of XML makes of it.

use quick_xml::events::Event;

use super::{everything, run, written};
use crate::policy::sample;

/// Every element by its name and attributes, unescaped, as an XML parser reads the text; fails on what is no XML.
pub fn elements(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return elements,
            Event::Start(element) | Event::Empty(element) => {
                let attribute = |found: quick_xml::events::attributes::Attribute<'_>| {
                    (found.key.0.to_owned(), quick_xml::escape::unescape(&found.value).unwrap().into_owned())
                };
                let attributes = element.attributes().map(|found| attribute(found.unwrap())).collect();
                elements.push((element.name().0.to_owned(), attributes));
            }
            Event::Text(found) => drop(quick_xml::escape::unescape(&found).unwrap()),
            _ => {}
        }
    }
}

pub fn value(attributes: &[(String, String)], name: &str) -> String {
    attributes.iter().find(|(key, _)| key == name).unwrap().1.clone()
}

#[test]
fn every_state() {
    let text = written("junit", &everything());
    let elements = elements(&text);
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count().to_string();
    let root = &elements[0].1;
    for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        assert_eq!(value(root, attribute), count(element), "{attribute}");
    }
    let suites: Vec<_> = elements.iter().filter(|(element, _)| element == "testsuite").map(|(_, suite)| value(suite, "name")).collect();
    assert_eq!(suites, ["fn.zip", "fn.zip#2", "fn.zip#3", "dist/fn.zip"]);
    insta::assert_snapshot!(text);
}

#[test]
fn a_pass_is_a_test_that_passed() {
    let text = written("junit", &run(vec![sample::clean(), sample::with_go_binary()]));
    let elements = elements(&text);
    let passed = elements.iter().filter(|(_, test)| test.iter().any(|(_, name)| name.starts_with("everything in scope")));
    assert_eq!((passed.count(), value(&elements[0].1, "failures").as_str()), (2, "0"));
    assert!(text.contains("pass (npm, PyPI, crates.io); not judged: 1 Go binary, 8.4 MB"), "{text}");
}
