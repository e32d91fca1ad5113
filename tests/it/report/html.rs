//! `html`: a page for a person, which nothing in an artifact can change.

use std::collections::BTreeSet;

use base64::Engine;
use fngate::model::{Ecosystem, Relation};
use fngate::model::{Finding, Ignored, Known, Level, Package, Severity, Vulnerability};
use fngate::report::Examined;
use insta::assert_snapshot;
use sha2::{Digest, Sha256};

use super::accused::{self, TEXTS};
use super::tree::{Element, elements};
use super::{Run, run, written};
use crate::policy::sample::{self, path};

/// The page without its style sheet and shapes.
fn page(run: &Run) -> String {
    let html = written("html", run);
    let (head, rest) = html.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</defs>\n</svg>\n").unwrap();
    let (before, after) = head.split_once("sha256-").unwrap();
    format!("{before}sha256-…{}{rest}", after.split_once("&#39;").unwrap().1)
}

fn several() -> Run {
    let mut run = run(vec![sample::clean(), sample::unseen(), sample::grave()]);
    let result = Err("cannot read the artifact: permission denied".to_owned());
    run.artifacts.push(Examined { name: "dist/secret.zip".to_owned(), result });
    run
}

/// One of which something was set aside.
fn set_aside() -> Run {
    let mut run = run(vec![sample::with_vulnerability(Severity::High)]);
    let verdict = &mut run.artifacts[0].result.as_mut().unwrap().verdict;
    let finding = verdict.findings.remove(0);
    verdict.known.push(Known { finding: finding.clone(), until: "2026-12-31".to_owned() });
    let expires = Some("2027-01-31".to_owned());
    verdict.ignored.push(Ignored { finding, reason: "template() is not used".to_owned(), expires });
    run
}

#[test]
fn a_pass() {
    assert_snapshot!(page(&run(vec![sample::clean()])));
}

#[test]
fn a_denial() {
    assert_snapshot!(page(&run(vec![sample::grave()])));
}

#[test]
fn what_could_not_be_judged() {
    assert_snapshot!(page(&run(vec![sample::unseen()])));
}

#[test]
fn several_artifacts_the_gravest_first() {
    let html = page(&several());
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} in {html}"));
    let order = ["href=\"#a3-artifact\"", "href=\"#a2-artifact\"", "href=\"#a4-artifact\"", "href=\"#a1-artifact\""];
    let sections = ["id=\"a3-artifact\"", "id=\"a2-artifact\"", "id=\"a4-artifact\"", "id=\"a1-artifact\""];
    let places: Vec<usize> = order.into_iter().chain(sections).map(at).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(html.contains("<p class=\"lead\">1 denied, 2 could not be judged, 1 passed</p>"), "{html}");
    assert!(html.contains("It could not be read: cannot read the artifact: permission denied"));
}

#[test]
fn what_does_not_count_is_shown_with_its_reason_and_day() {
    let html = page(&set_aside());
    for text in ["Known, not counted", "Until 2026-12-31", "Ignored", "Until 2027-01-31", "template() is not used"] {
        assert!(html.contains(text), "{text} in {html}");
    }
}

#[test]
fn every_link_inside_leads_somewhere_and_headings_are_in_order() {
    for run in [run(vec![sample::grave()]), several(), set_aside(), run(vec![sample::unseen()])] {
        let all = elements(&written("html", &run));
        let ids: Vec<&str> = all.iter().filter_map(|element| element.attribute("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len());
        let inner: Vec<&str> = all.iter().filter_map(|element| element.attribute("href")?.strip_prefix('#')).collect();
        assert!(inner.len() > 4);
        assert_eq!(inner.iter().find(|id| !unique.contains(*id)), None);
        let levels: Vec<u32> = all.iter().filter_map(|element| element.name.strip_prefix('h')?.parse().ok()).collect();
        assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
        let cells = all.iter().filter(|element| element.name == "th");
        assert!(cells.clone().count() > 0 && cells.into_iter().all(|cell| cell.attribute("scope").is_some()));
    }
}

#[test]
fn the_page_loads_nothing_and_its_style_is_the_one_that_is_allowed() {
    let html = written("html", &several());
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
    let all = elements(&html);
    assert!(all.iter().any(|element| element.name == "meta" && element.attribute("content") == Some(&policy)), "{policy}");
    assert!(!style.contains("@import") && !style.contains("url(h") && !style.contains("url(\"") && !style.contains("src:"));
    check(&all);
}

/// That nothing stands there but what the template has.
fn check(all: &[Element]) {
    const TAGS: &str = " html head meta title style body svg defs symbol pattern path circle rect g text use a header main footer section div p span \
         h1 h2 h3 h4 ul li dl dt dd b code figure figcaption details summary table thead tbody tr th td ";
    const ATTRIBUTES: &str = " lang charset name content http-equiv class id href rel role scope title tabindex width height viewBox x y d cx cy r \
         patternUnits patternTransform aria-hidden aria-label aria-labelledby ";
    for element in all {
        assert!(TAGS.contains(&format!(" {} ", element.name)), "{element:?}");
        for (name, value) in &element.attributes {
            assert!(ATTRIBUTES.contains(&format!(" {name} ")), "{element:?}");
            let known = ["#", "https://osv.dev/vulnerability/", "https://nvd.nist.gov/vuln/detail/"];
            assert!(name != "href" || known.iter().any(|known| value.starts_with(known)), "{element:?}");
        }
    }
}

#[test]
fn whatever_an_artifact_says_is_text() {
    for text in TEXTS.iter().map(|text| (*text).to_owned()).chain(["x".repeat(10_000), "\"".repeat(10_000)]) {
        let html = written("html", &accused::run_of(&text));
        let all = elements(&html);
        check(&all);
        assert!(!html.contains(['\u{1b}', '\r', '\u{202e}', '\u{200b}', '\u{feff}']), "{text:?}");
        let title = all.iter().find(|element| element.name == "title").unwrap();
        assert_eq!(title.text, "Denied: 2 artifacts");
        let headings = all.iter().filter(|element| element.name == "h1").map(|element| element.text.as_str()).collect::<Vec<_>>();
        assert_eq!(headings, ["Denied"]);
        assert!(html.len() < 400_000, "{} bytes for {text:?}", html.len());
    }
    let html = written("html", &accused::run_of(TEXTS[0]));
    let shown = elements(&html).into_iter().find(|element| element.name == "body").unwrap().text;
    assert!(shown.matches("<script>alert(1)</script>").count() > 10, "what it says is shown");
}

#[test]
fn a_hundred_thousand_packages_are_a_page_of_a_bounded_size() {
    let mut run = run(vec![sample::clean()]);
    let facts = &mut run.artifacts[0].result.as_mut().unwrap().facts;
    let holding = facts.inventory.packages[0].holding.clone();
    let one = |number: usize| {
        let name = format!("{number}{}", "\"".repeat(300));
        let place = path(&format!("node_modules/{name}/package.json"));
        let mut package = Package::new(Ecosystem::Npm, &name, Some(&"'".repeat(300)), Relation::Installed, &place, "npm/package-json");
        package.holding = holding.clone();
        package
    };
    let packages: Vec<Package> = (0..100_000).map(one).collect();
    facts.inventory.packages.extend(packages);
    facts.inventory.ownership.packages.bytes = 1_040 * 100_001;
    let html = written("html", &run);
    assert!(html.len() < 8_000_000, "{}", html.len());
    assert!(html.contains("Packages (100001)") && html.contains("and 98001 more packages in the JSON report"));
    let drawn = html.matches("class=\"block fine\"").count();
    assert!((2..100).contains(&drawn), "{drawn}");
    check(&elements(&html));
}

/// An artifact with very many findings of a level.
fn many(number: usize, level: Level, message: &str) -> Run {
    let mut run = run(vec![sample::with_vulnerability(Severity::High)]);
    let verdict = &mut run.artifacts[0].result.as_mut().unwrap().verdict;
    let one = verdict.findings[0].clone();
    verdict.findings = (0..number)
        .map(|number| Finding { level, subject: format!("pkg:npm/x@{number}"), message: message.to_owned(), ..one.clone() })
        .collect();
    run
}

#[test]
fn what_decides_is_written_before_what_does_not_and_what_is_left_out_is_counted() {
    let shown = |html: &str| html.matches("class=\"message\"").count();
    let html = written("html", &many(2_000, Level::Warn, "w"));
    assert_eq!(shown(&html), 500);
    assert!(html.contains("and 1500 more findings in the JSON report"));
    assert_eq!(shown(&written("html", &many(3_000, Level::Deny, "d"))), 3_000);
    let mut run = many(20_000, Level::Deny, &"\"".repeat(5_000));
    let warned = many(400, Level::Warn, "w").artifacts.remove(0);
    run.artifacts.insert(0, warned);
    let html = written("html", &run);
    assert!(html.len() < 20_000_000, "{}", html.len());
    assert!(shown(&html) > 1_000 && html.contains("Denied<span class=\"count\">20000</span>"));
    assert!(html.contains(&format!("and {} more findings in the JSON report", 20_400 - shown(&html))));
    check(&elements(&html));
}

#[test]
fn very_many_artifacts_are_a_page_of_a_bounded_size() {
    let name = format!("{}.zip", "\"".repeat(400));
    let mut run = run(vec![sample::clean()]);
    run.artifacts[0].name.clone_from(&name);
    run.artifacts = vec![run.artifacts[0].clone(); 2_500];
    run.artifacts.push(Examined { name, result: Err("no".to_owned()) });
    let html = written("html", &run);
    assert!(html.len() < 20_000_000, "{}", html.len());
    assert!(html.contains("and more in the JSON report: ") && html.contains("It could not be read: no"));
    check(&elements(&html));
}

#[test]
fn the_same_artifact_is_the_same_page() {
    let of = || {
        let mut facts = sample::grave();
        let one = facts.vulnerabilities[0].clone();
        facts.vulnerabilities.extend((0..50).map(|n| Vulnerability { id: format!("GHSA-many-{n}"), ..one.clone() }));
        written("html", &run(vec![facts, sample::unseen()]))
    };
    assert_eq!(of(), of());
}
