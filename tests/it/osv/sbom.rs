//! `fngate query --sbom`: whatever a bill of materials lists is asked about, or said, or the whole is refused.

use std::fs;

use serde_json::{Value, json};

use super::command::{fngate, prepared};

/// Exit code, a line for each answer, and standard error.
fn query(document: &str) -> (i32, Vec<String>, String) {
    let folder = prepared();
    let arguments = ["query", "--advisories", "offline", "--db", "a.db", "--sbom", "bom.json", "--format", "json"];
    fs::write(folder.path().join("bom.json"), document).unwrap();
    let (code, out, error) = fngate(folder.path(), &arguments, "");
    let told = |line: &str| {
        let answer: Value = serde_json::from_str(line).unwrap();
        let count = answer.get("vulnerabilities").map_or(-1, |list| i64::try_from(list.as_array().unwrap().len()).unwrap());
        let error = answer.get("error").map(|error| error.as_str().unwrap()).unwrap_or_default();
        format!("{} {} {count} {error}", answer["purl"].as_str().unwrap(), answer["version"]).trim_end().to_owned()
    };
    (code, out.lines().map(told).collect(), error)
}

/// Without the warnings about the database, whose age depends on the day.
fn not_judged(error: &str) -> String {
    error.lines().filter(|line| line.starts_with("not judged")).collect::<Vec<_>>().join("\n")
}

fn cyclonedx(version: &str, components: &Value) -> Value {
    json!({"bomFormat": "CycloneDX", "specVersion": version, "components": components})
}

fn spdx(version: &str, packages: &Value) -> Value {
    json!({"spdxVersion": version, "SPDXID": "SPDXRef-DOCUMENT", "packages": packages})
}

#[test]
fn every_component_of_cyclonedx_is_asked_about_once() {
    let document = json!({
        "components": [
            {"type": "library", "name": "left", "version": "1.2.3", "purl": "pkg:npm/left@1.2.3", "components": [
                {"type": "library", "name": "in", "purl": "pkg:npm/left@1.5.0?vcs_url=x#sub/path", "components": [
                    {"type": "library", "name": "left", "purl": "pkg:npm/left@1.2.3"}
                ]}
            ]},
            {"type": "library", "name": "left", "version": "1.2.4", "purl": "pkg:npm/left"},
            {"type": "library", "name": "left", "purl": "pkg:npm/left", "anything": [{"else": null}]},
            {"type": "library", "name": "broken", "purl": "left"},
            {"type": "library", "name": "go", "purl": "pkg:golang/example.com/go@v1.0.0"},
            {"type": "file", "name": "a\u{1b}[2Jfile"}
        ],
        "metadata": {"component": {"type": "application", "name": "own", "purl": "pkg:npm/own@1.0.0"}},
        "specVersion": "1.7",
        "bomFormat": "CycloneDX"
    });
    let (code, answers, error) = query(&format!("\u{feff}{document}"));
    assert_eq!(code, 1);
    insta::assert_snapshot!(answers.join("\n"), @r#"
    pkg:npm/left@1.2.3 "1.2.3" 1
    pkg:npm/left@1.5.0?vcs_url=x#sub/path "1.5.0" 0
    pkg:npm/left "1.2.4" 1
    pkg:npm/left null -1 there is no version
    left null -1 no package URL: it is not `pkg:type/name@version`
    pkg:npm/own@1.0.0 "1.0.0" 0
    "#);
    insta::assert_snapshot!(not_judged(&error), @r"
    not judged: 1 without a purl: a\u{1b}[2Jfile
    not judged: 1 of type golang: pkg:golang/example.com/go@v1.0.0
    ");
}

#[test]
fn every_package_of_spdx_is_asked_about() {
    let purl = |locator: &str| json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator});
    let packages = json!([
        {"name": "root", "downloadLocation": "NOASSERTION"},
        {"name": "left", "versionInfo": "9.9.9", "externalRefs": [purl("pkg:npm/left@1.2.3")]},
        {"name": "left", "versionInfo": "1.5.0", "externalRefs": [{"referenceType": "cpe23Type"}, purl("pkg:npm/left")]},
        {"name": "left", "versionInfo": "NOASSERTION", "externalRefs": [purl("pkg:npm/left")]},
        {"name": "two", "externalRefs": [purl("pkg:npm/left@1.2.3"), purl("pkg:deb/debian/left@1")]},
    ]);
    for version in ["SPDX-2.2", "SPDX-2.3"] {
        let (code, answers, error) = query(&spdx(version, &packages).to_string());
        assert_eq!(code, 1, "{error}");
        assert_eq!(
            answers,
            ["pkg:npm/left@1.2.3 \"1.2.3\" 1", "pkg:npm/left \"1.5.0\" 0", "pkg:npm/left null -1 there is no version"],
            "{error}"
        );
        assert_eq!(not_judged(&error), "not judged: 1 without a purl: root\nnot judged: 1 of type deb: pkg:deb/debian/left@1");
    }
}

#[test]
fn a_package_without_a_version_is_not_judged_and_one_of_another_registry_no_error() {
    let one = json!([{"name": "left", "purl": "pkg:npm/left@1.5.0"}, {"name": "go", "purl": "pkg:golang/a/b@v1"}]);
    assert_eq!(query(&cyclonedx("1.2", &one).to_string()).0, 0);
    assert_eq!(query(&cyclonedx("1.6", &json!([{"name": "right", "purl": "pkg:npm/right"}])).to_string()).0, 2);
}

#[test]
fn a_document_without_a_package_is_refused() {
    let go = json!([{"name": "go", "purl": "pkg:golang/a/b@v1"}]);
    let left = json!([{"name": "left", "purl": "pkg:npm/left@1.5.0"}]);
    let own = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "metadata": {"component": {"purl": "pkg:npm/own@1.0.0"}}});
    let both = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "spdxVersion": "SPDX-2.3", "components": left, "packages": left});
    let deep = format!("{}{}", r#"{"components":["#.repeat(100_000), "]}".repeat(100_000));
    let many = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{}}{}]}}"#, ",[]".repeat(4_000_001));
    for (document, why) in [
        (cyclonedx("1.6", &json!([])).to_string(), "it lists no package"),
        (cyclonedx("1.6", &Value::Null).to_string(), "it lists no package"),
        (own.to_string(), "it lists no package"),
        (spdx("SPDX-2.3", &json!([])).to_string(), "it lists no package"),
        (cyclonedx("1.6", &go).to_string(), "it lists no package of npm, PyPI or crates.io, and others: 1"),
        (cyclonedx("1.1", &left).to_string(), "CycloneDX 1.2 to 1.7 can be read, this is version: 1.1"),
        (spdx("SPDX-3.0", &left).to_string(), "SPDX 2.2 and 2.3 can be read, this is: SPDX-3.0"),
        (both.to_string(), "it is neither"),
        (json!({"components": left}).to_string(), "it is neither"),
        (
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/left@1.2.3"}],"components":[]}"#.to_owned(),
            "duplicate field",
        ),
        (
            r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"purl":"pkg:npm/left@1.2.3","purl":"pkg:npm/left@1.5.0"}]}"#
                .to_owned(),
            "duplicate field",
        ),
        (format!("{} {{}}", cyclonedx("1.6", &left)), "no CycloneDX or SPDX document"),
        (deep, "recursion limit"),
        (many, "more than 4000000 objects"),
        ("<bom/>".to_owned(), "no CycloneDX or SPDX document"),
        (String::new(), "no CycloneDX or SPDX document"),
        ("[]".to_owned(), "no CycloneDX or SPDX document"),
    ] {
        let (code, answers, error) = query(&document);
        assert_eq!((code, answers.len()), (2, 0), "{error}");
        assert!(error.contains(why), "{why}: {error}");
    }
}
