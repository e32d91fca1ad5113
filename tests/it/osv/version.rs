//! Version order.

use std::cmp::Ordering;

use fngate::model::Ecosystem;
use fngate::osv::version::Version;
use proptest::prelude::*;

fn order(ecosystem: Ecosystem, a: &str, b: &str) -> Ordering {
    let read = |text| Version::parse(ecosystem, text).unwrap_or_else(|| panic!("no version: {text:?}"));
    read(a).cmp(&read(b))
}

/// Asserts that each version is before the next, all pairs over.
fn ascending(ecosystem: Ecosystem, versions: &[&str]) {
    for (at, a) in versions.iter().enumerate() {
        for (other, b) in versions.iter().enumerate() {
            assert_eq!(order(ecosystem, a, b), at.cmp(&other), "{a} and {b}");
        }
    }
}

fn equal(ecosystem: Ecosystem, pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        assert_eq!(order(ecosystem, a, b), Ordering::Equal, "{a} and {b}");
    }
}

#[test]
fn semver_precedence() {
    let versions = [
        "0.0.0-0",
        "0.0.0-alpha",
        "0",
        "0.0.1",
        "1.0.0-0",
        "1.0.0-2",
        "1.0.0-11",
        "1.0.0-R2",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0-rc.1.0",
        "1.0.0",
        "1.0.0.1",
        "1.0.1",
        "1.2",
        "1.10",
        "2.0.0beta",
        "2",
        "18446744073709551615.0.0",
        "18446744073709551616.0.0",
        "99999999999999999999999999999999",
        "100000000000000000000000000000000",
    ];
    ascending(Ecosystem::Npm, &versions);
    ascending(Ecosystem::CratesIo, &versions);
}

#[test]
fn semver_is_read_leniently() {
    let pairs = [
        ("1.2.3", "v1.2.3"),
        ("1.2.3", "=1.2.3"),
        ("1.2.3", " = v1.2.3 "),
        ("1.2.3", "1.2.3+build"),
        ("1.2.3+a", "1.2.3+b"),
        ("1", "1.0.0"),
        ("1.2", "1.2.0.0"),
        ("01.02.003", "1.2.3"),
        ("1.2.3-01", "1.2.3-1"),
        ("1.2.3beta", "1.2.3-beta"),
        ("1.2.3-beta+b-c", "1.2.3-beta"),
    ];
    equal(Ecosystem::Npm, &pairs);
    for text in ["", "latest", "1.x", "*", ">= 1.2", "1.2.3 - 2", "1..2", ".1", "1.", "-1", "1.2.3-é", "1.2\u{0}", "^1.2.3"] {
        assert_eq!(Version::parse(Ecosystem::Npm, text), None, "{text:?}");
    }
}

#[test]
fn pep440_order() {
    let versions = [
        "foo",
        "2004d",
        "0.dev0",
        "0",
        "1.0.dev456",
        "1.0a1",
        "1.0a2.dev456",
        "1.0a12.dev456",
        "1.0a12",
        "1.0b1.dev456",
        "1.0b2",
        "1.0b2.post345.dev456",
        "1.0b2.post345",
        "1.0rc1.dev456",
        "1.0rc1",
        "1.0",
        "1.0+abc.5",
        "1.0+abc.7",
        "1.0+5",
        "1.0.post456.dev34",
        "1.0.post456",
        "1.0.15",
        "1.1.dev1",
        "99999999999999999999999999",
        "100000000000000000000000000",
        "1!0.5",
        "99999999999999999999!0",
    ];
    ascending(Ecosystem::PyPi, &versions);
}

#[test]
fn pep440_spellings() {
    let pairs = [
        ("1.0", "1"),
        ("1.0", "v1.0.0"),
        ("1.0", " 01.00 "),
        ("1.0RC1", "1.0-c.1"),
        ("1.0.preview-2", "1.0rc2"),
        ("1.0alpha", "1.0a0"),
        ("1.0-1", "1.0.post1"),
        ("1.0.rev", "1.0.post0"),
        ("1.0.DEV", "1.0dev0"),
        ("1.0+ubuntu-1_2", "1.0+UBUNTU.1.2"),
        ("1.0a.post1", "1.0a0.post1"),
        ("0!1.0", "1.0"),
    ];
    equal(Ecosystem::PyPi, &pairs);
    assert_eq!(Version::parse(Ecosystem::PyPi, "  "), None);
}

#[test]
fn legacy_strings_are_lowest_in_setuptools_order() {
    ascending(Ecosystem::PyPi, &["0.1-bulbasaur", "0.1-charmander", "0.9-doduo", "0.9-ivysaur", "0.dev0"]);
    equal(Ecosystem::PyPi, &[("1.0.x", "1.x"), ("1-pre-x", "1-rc-x")]);
}

/// Text that is often a version, and often nearly one.
fn version_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,3}(\\.[0-9]{1,3}){0,4}(-?(a|b|rc|alpha|dev|post)\\.?[0-9]{0,2}){0,3}(\\+[a-z0-9]{1,3}(\\.[a-z0-9]{1,3})?)?",
        "[v=]{0,2}[0-9]{1,25}(\\.[0-9]{1,25})?(-[0-9a-zA-Z-]{1,4}(\\.[0-9a-zA-Z-]{0,4}){0,2})?",
        "([0-9]!)?[0-9]{1,2}(\\.[0-9]{1,2}){0,2}[-_.]?(c|pre|preview|r|rev|post)?[-_.]?[0-9]{0,2}(\\.dev[0-9]?)?",
        ".{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn order_is_total(a in version_like(), b in version_like(), c in version_like()) {
        for ecosystem in Ecosystem::ALL {
            let (Some(a), Some(b), Some(c)) =
                (Version::parse(ecosystem, &a), Version::parse(ecosystem, &b), Version::parse(ecosystem, &c)) else { continue };
            prop_assert_eq!(a.cmp(&a), Ordering::Equal);
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a == b, a.cmp(&b) == Ordering::Equal);
            let mut sorted = [&a, &b, &c];
            sorted.sort();
            prop_assert!(sorted[0] <= sorted[1] && sorted[1] <= sorted[2] && sorted[0] <= sorted[2]);
        }
    }

    #[test]
    fn pep440_rs_agrees(a in version_like(), b in version_like()) {
        if let (Ok(x), Ok(y)) = (a.parse::<pep440_rs::Version>(), b.parse::<pep440_rs::Version>()) {
            prop_assert_eq!(order(Ecosystem::PyPi, &a, &b), x.cmp(&y), "{:?} and {:?}", a, b);
        }
    }

    #[test]
    fn semver_agrees(a in version_like(), b in version_like()) {
        if let (Ok(x), Ok(y)) = (a.parse::<semver::Version>(), b.parse::<semver::Version>()) {
            prop_assert_eq!(order(Ecosystem::Npm, &a, &b), x.cmp_precedence(&y), "{:?} and {:?}", a, b);
        }
    }
}

/// Version order against the fixtures of other implementations: a directory with `semver-versions.txt`,
/// `pypi-versions.txt` and so on, of lines `A < B`, `A = B` or `A > B`.
#[test]
fn external_fixtures() {
    let Ok(folder) = std::env::var("FNGATE_SEMANTIC_FIXTURES") else {
        println!("skipped: FNGATE_SEMANTIC_FIXTURES names no directory");
        return;
    };
    let mut checked = 0;
    for (file, ecosystem) in
        [("semver-versions.txt", Ecosystem::Npm), ("pypi-versions.txt", Ecosystem::PyPi), ("pypi-versions-generated.txt", Ecosystem::PyPi)]
    {
        let text = std::fs::read_to_string(std::path::Path::new(&folder).join(file)).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(['#', '/'])) {
            let [a, sign, b] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let expected = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => panic!("{line}"),
            };
            assert_eq!(order(ecosystem, a, b), expected, "{line}");
            assert_eq!(order(ecosystem, b, a), expected.reverse(), "{line}");
            checked += 1;
        }
    }
    assert!(checked > 10_000, "{checked}");
}
