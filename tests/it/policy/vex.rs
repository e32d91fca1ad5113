//! VEX: what is set aside, what never is, and documents that are not understood.

use fngate::model::{Facts, KnownExploited, Level, Outcome, Severity, Verdict};
use fngate::policy::{Ignore, Settings, Vex, VexError};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::sample;

pub const PURL: &str = "pkg:npm/lodash@4.17.15";
pub const CVE: &str = "CVE-2021-23337";

pub fn sha256() -> String {
    "12".repeat(32)
}

pub fn vex(documents: &[Value]) -> Vex {
    let mut vex = Vex::default();
    for (number, document) in documents.iter().enumerate() {
        vex.add(&format!("{number}.json"), document.to_string().as_bytes()).unwrap();
    }
    vex
}

pub fn refused(document: &str) -> VexError {
    Vex::default().add("a.json", document.as_bytes()).err().unwrap_or_else(|| panic!("no error: {document}"))
}

pub fn judged(documents: &[Value], facts: &Facts) -> Verdict {
    sample::policies(Settings { vex: vex(documents), ..sample::settings() }).judge(facts).unwrap()
}

pub fn rules(verdict: &Verdict) -> Vec<(&str, Level)> {
    verdict.findings.iter().map(|finding| (finding.rule.as_str(), finding.level)).collect()
}

/// Whether the documents set the one finding of a vulnerable lodash aside.
pub fn is_heard(documents: &[Value]) -> bool {
    let verdict = judged(documents, &sample::with_vulnerability(Severity::High));
    assert_eq!(verdict.findings.len() + verdict.ignored.len(), 1, "{verdict:#?}");
    assert_eq!(verdict.outcome == Outcome::Pass, verdict.findings.is_empty());
    verdict.findings.is_empty()
}

pub fn statement(products: Value) -> Value {
    let mut one = json!({"vulnerability": {"name": CVE}, "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"});
    one["products"] = products;
    one
}

pub fn openvex(statements: &[Value]) -> Value {
    json!({"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "A. Uthor",
        "timestamp": "2026-11-01T00:00:00Z", "version": 1, "tooling": "by hand", "statements": statements})
}

pub fn about(product: Value) -> Value {
    openvex(&[statement(Value::Array(vec![product]))])
}

pub fn cyclonedx(change: impl Fn(&mut Value)) -> Value {
    let mut bom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "metadata": {"timestamp": "2026-11-01T00:00:00Z", "authors": [{"name": "A. Uthor"}]},
        "components": [{"type": "library", "bom-ref": "ref-1", "name": "lodash", "version": "4.17.15", "purl": PURL}],
        "vulnerabilities": [{"id": CVE, "analysis": {"state": "not_affected", "justification": "code_not_reachable", "detail": "No template."},
            "affects": [{"ref": "ref-1"}]}]});
    change(&mut bom);
    bom
}

#[test]
fn what_is_set_aside_stays_in_the_report_with_its_grounds() {
    let mut written = about(json!({"@id": PURL}));
    written["statements"][0]["impact_statement"] = json!("template() is never called");
    let verdict = judged(&[written], &sample::with_vulnerability(Severity::High));
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Pass, vec![]));
    let ignored = &verdict.ignored[0];
    assert_eq!((ignored.finding.rule.as_str(), ignored.finding.level, &ignored.expires), ("vulnerability-high", Level::Deny, &None));
    assert_eq!(
        ignored.reason,
        "VEX not_affected: vulnerable_code_not_in_execute_path — template() is never called (A. Uthor, https://example.com/vex/1, 2026-11-01T00:00:00Z)"
    );
    let verdict = judged(&[cyclonedx(|_| ())], &sample::with_vulnerability(Severity::High));
    assert_eq!(
        verdict.ignored[0].reason,
        "VEX not_affected: code_not_reachable — No template. (A. Uthor, urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79, 2026-11-01T00:00:00Z)"
    );
    assert_eq!(vex(&[cyclonedx(|_| ())]).facts()[0].digest.len(), 64);
}

#[test]
fn only_two_statuses_acquit_and_one_needs_grounds() {
    for (status, heard) in [("not_affected", true), ("fixed", true), ("affected", false), ("under_investigation", false)] {
        let mut written = about(json!({"@id": PURL}));
        written["statements"][0]["status"] = json!(status);
        assert_eq!(is_heard(&[written]), heard, "{status}");
    }
    let mut bare = about(json!({"@id": PURL}));
    for nothing in [Value::Null, json!(""), json!("  ")] {
        bare["statements"][0]["justification"] = nothing;
        let error = refused(&bare.to_string());
        assert_eq!(
            error.to_string(),
            "the VEX document `a.json` is not valid: statement 1: `not_affected` needs a `justification` or an `impact_statement`"
        );
    }
    bare["statements"][0]["impact_statement"] = json!("not called");
    assert!(is_heard(std::slice::from_ref(&bare)));
    bare["statements"][0]["impact_statement"] = Value::Null;
    bare["statements"][0]["status"] = json!("fixed");
    assert!(is_heard(&[bare]), "a fix needs no grounds");
}

#[test]
fn a_package_is_meant_by_its_purl() {
    for (purl, heard) in [
        (PURL, true),
        ("pkg:npm/lodash", true),
        ("pkg:npm/lodash@4.17.15?repository_url=https://registry.example", false),
        ("pkg:npm/lodash@4.17.15?arch=any", true),
        ("pkg:npm/lodash@4.17.16", false),
        ("pkg:npm/Lodash@4.17.15", false),
        ("pkg:npm/lodash.template@4.17.15", false),
        ("pkg:npm/%40types/lodash@4.17.15", false),
        ("pkg:pypi/lodash@4.17.15", false),
        ("pkg:npm/lodash@4.17.15#lib/template", false),
        ("pkg:generic/lodash@4.17.15", false),
        ("lodash", false),
        ("", false),
    ] {
        assert_eq!(is_heard(&[about(json!({"@id": purl}))]), heard, "{purl}");
        assert_eq!(is_heard(&[about(json!({"@id": "https://example.com/p", "identifiers": {"purl": purl, "cpe23": "cpe:2.3:a"}}))]), heard);
    }
    let mut facts = sample::with_vulnerability(Severity::High);
    facts.vulnerabilities[0].purl = "pkg:pypi/snake-oil@1.0".to_owned();
    let heard = |purl: &str| judged(&[about(json!({"@id": purl}))], &facts).findings.is_empty();
    assert!(heard("pkg:pypi/Snake_Oil@1.0") && heard("pkg:pypi/snake.oil"));
    assert!(!heard("pkg:pypi/snakeoil@1.0") && !heard("pkg:pypi/snake-oil@1.0.0"));
}

#[test]
fn the_artifact_is_meant_by_its_hash_and_its_subcomponents_are_the_packages() {
    let own = sha256();
    let other = "34".repeat(32);
    let lodash = json!([{"@id": "pkg:npm/lodash@4.17.15"}]);
    for (product, heard) in [
        (json!({"@id": "fn.zip", "hashes": {"sha-256": own}, "subcomponents": lodash}), true),
        (json!({"hashes": {"sha-256": own.to_uppercase()}, "subcomponents": lodash}), true),
        (json!({"hashes": {"sha-256": own}}), true),
        (json!({"hashes": {"sha-256": own}, "subcomponents": []}), true),
        (json!({"hashes": {"sha-256": own}, "subcomponents": [{"@id": "pkg:npm/other@1"}]}), false),
        (json!({"hashes": {"sha-256": own}, "subcomponents": [{"@id": "lodash"}]}), false),
        (json!({"hashes": {"sha-256": other}, "subcomponents": lodash}), false),
        (json!({"hashes": {"sha-512": own}, "subcomponents": lodash}), false),
        (json!({"@id": "fn.zip", "subcomponents": lodash}), false),
        (json!({"@id": format!("pkg:generic/fn.zip?checksum=sha256:{own}"), "subcomponents": lodash}), true),
        (json!({"@id": format!("pkg:generic/fn.zip?checksum=sha1:abcd,sha256:{own}")}), true),
        (json!({"@id": format!("pkg:generic/fn.zip?checksum=sha256:{other}")}), false),
        (json!({"@id": "pkg:generic/fn.zip"}), false),
        (json!({"@id": format!("pkg:oci/orders@sha256:{own}?repository_url=ghcr.io/acme"), "subcomponents": lodash}), true),
        (json!({"@id": format!("pkg:oci/orders@sha256%3A{own}"), "subcomponents": lodash}), true),
        (json!({"@id": format!("pkg:oci/orders@sha256:{other}"), "subcomponents": lodash}), false),
        (json!({"@id": format!("pkg:oci/orders@sha256:{own}"), "hashes": {"sha-256": other}}), false),
        (json!({"@id": "pkg:npm/express@4.0.0", "subcomponents": lodash}), false),
    ] {
        assert_eq!(is_heard(&[about(product.clone())]), heard, "{product}");
    }
    assert!(!is_heard(&[openvex(&[statement(Value::Null)])]), "no product");
    assert!(!is_heard(&[openvex(&[statement(json!([]))])]), "no product");
}

#[test]
fn the_first_version_of_the_format_is_read() {
    let mut written = json!({"@context": "https://openvex.dev/ns", "@id": "x", "author": "A", "timestamp": "2023-01-08T18:02:03.647787998-06:00",
        "version": "1", "statements": [{"vulnerability": CVE, "products": [PURL], "status": "not_affected",
            "justification": "component_not_present"}]});
    assert!(is_heard(std::slice::from_ref(&written)));
    written["statements"][0]["products"] = json!([format!("pkg:oci/orders@sha256:{}", sha256())]);
    written["statements"][0]["subcomponents"] = json!(["pkg:npm/other"]);
    assert!(!is_heard(std::slice::from_ref(&written)));
    written["statements"][0]["subcomponents"] = json!(["pkg:npm/other", "pkg:npm/lodash"]);
    assert!(is_heard(&[written]));
}

#[test]
fn any_id_of_the_alias_set_will_do_and_no_other() {
    for (vulnerability, heard) in [
        (json!({"name": "GHSA-35jh-r3h4-6jhm"}), true),
        (json!({"name": "ghsa-35jh-r3h4-6jhm"}), true),
        (json!({"name": "X-1", "aliases": [CVE]}), true),
        (json!({"@id": CVE}), true),
        (json!({"name": "CVE-2021-2333"}), false),
        (json!({"name": "CVE-2021-233370"}), false),
    ] {
        let mut written = about(json!({"@id": PURL}));
        written["statements"][0]["vulnerability"] = vulnerability.clone();
        assert_eq!(is_heard(&[written]), heard, "{vulnerability}");
    }
}

#[test]
fn the_later_statement_decides() {
    let dated = |status: &str, time: &str| {
        let mut one = statement(json!([{"@id": PURL}]));
        (one["status"], one["timestamp"]) = (json!(status), json!(time));
        one
    };
    let (old, new) = ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
    assert!(!is_heard(&[openvex(&[dated("not_affected", old), dated("affected", new)])]));
    assert!(is_heard(&[openvex(&[dated("affected", old), dated("not_affected", new)])]));
    assert!(!is_heard(&[openvex(&[dated("under_investigation", new), dated("not_affected", old)])]), "time before order");
    assert!(!is_heard(&[openvex(&[dated("not_affected", old), dated("affected", old)])]), "order on ties");
    assert!(is_heard(&[openvex(&[dated("affected", old), dated("fixed", old)])]));
    assert!(!is_heard(&[openvex(&[dated("fixed", old)]), openvex(&[dated("affected", new)])]), "over documents");
    assert!(!is_heard(&[openvex(&[dated("fixed", old)]), openvex(&[dated("affected", old)])]), "the order of documents");
    assert!(!is_heard(&[openvex(&[dated("fixed", "2026-10-02T00:00:00+09:00"), dated("affected", "2026-10-01T20:00:00Z")])]), "zones");
    let mut inherited = openvex(&[statement(json!([{"@id": PURL}])), dated("affected", old)]);
    assert!(is_heard(std::slice::from_ref(&inherited)), "the document's own time is later");
    inherited["timestamp"] = json!("2026-09-01T00:00:00Z");
    assert!(!is_heard(&[inherited]));
}

#[test]
fn what_is_said_of_the_artifact_goes_before_what_is_said_of_the_package() {
    let of_artifact = |status: &str, time: &str| {
        let mut one = statement(json!([{"hashes": {"sha-256": sha256()}, "subcomponents": [{"@id": PURL}]}]));
        (one["status"], one["timestamp"]) = (json!(status), json!(time));
        one
    };
    let of_package = |status: &str, time: &str| {
        let mut one = statement(json!([{"@id": PURL}]));
        (one["status"], one["timestamp"]) = (json!(status), json!(time));
        one
    };
    let (old, new) = ("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z");
    assert!(is_heard(&[openvex(&[of_artifact("not_affected", old), of_package("affected", new)])]));
    assert!(!is_heard(&[openvex(&[of_artifact("affected", old), of_package("not_affected", new)])]));
}

#[test]
fn states_of_cyclonedx() {
    for (state, heard) in [
        ("not_affected", true),
        ("false_positive", true),
        ("resolved", true),
        ("resolved_with_pedigree", true),
        ("exploitable", false),
        ("in_triage", false),
    ] {
        let written = cyclonedx(|bom| bom["vulnerabilities"][0]["analysis"] = json!({"state": state}));
        assert_eq!(is_heard(&[written]), heard, "{state}");
    }
    for silent in [Value::Null, json!({}), json!({"detail": "x"})] {
        assert!(!is_heard(&[cyclonedx(|bom| bom["vulnerabilities"][0]["analysis"] = silent.clone())]));
    }
    let alias = cyclonedx(|bom| {
        bom["vulnerabilities"][0]["id"] = json!("X-1");
        bom["vulnerabilities"][0]["references"] = json!([{"id": "GHSA-35jh-r3h4-6jhm", "source": {"name": "G"}}]);
    });
    assert!(is_heard(&[alias]));
    let later = cyclonedx(|bom| {
        let mut second = bom["vulnerabilities"][0].clone();
        second["analysis"] = json!({"state": "exploitable", "lastUpdated": "2026-11-02T00:00:00Z"});
        bom["vulnerabilities"].as_array_mut().unwrap().insert(0, second);
    });
    assert!(!is_heard(&[later]));
}

#[test]
fn references_of_cyclonedx() {
    let link = |serial: &str, reference: &str| format!("urn:cdx:{serial}/1#{reference}");
    let own = "3e671687-395b-41f5-a30f-a58921a69b79";
    let other = "00000000-395b-41f5-a30f-a58921a69b79";
    for (reference, heard) in [
        ("ref-1".to_owned(), true),
        ("ref-2".to_owned(), false),
        (PURL.to_owned(), true),
        ("pkg:npm/lodash".to_owned(), true),
        ("pkg:npm/lodash@4.17.21".to_owned(), false),
        (link(own, "ref-1"), true),
        (link(own, "pkg:npm%2Flodash@4.17.15"), true),
        (link(other, "ref-1"), false),
        (link(other, "pkg%3Anpm%2Flodash%404.17.15"), true),
        (format!("urn:cdx:{own}/1"), false),
        ("urn:cdx:#".to_owned(), false),
        ("%".to_owned(), false),
        (format!("pkg:generic/fn.zip?checksum=sha256:{}", sha256()), true),
    ] {
        let written = cyclonedx(|bom| bom["vulnerabilities"][0]["affects"] = json!([{"ref": reference}]));
        assert_eq!(is_heard(&[written]), heard, "{reference}");
    }
    let beside = cyclonedx(|bom| bom["components"][0]["purl"] = json!("pkg:npm/lodash"));
    assert!(is_heard(&[beside]));
    let another =
        cyclonedx(|bom| (bom["components"][0]["purl"], bom["components"][0]["version"]) = (json!("pkg:npm/lodash"), json!("4.17.14")));
    assert!(!is_heard(&[another]), "the version beside the purl counts");
    let nested = cyclonedx(|bom| {
        let inner = bom["components"].take();
        bom["components"] = json!([{"type": "application", "name": "outer", "components": inner}]);
    });
    assert!(is_heard(&[nested]));
    assert!(!is_heard(&[cyclonedx(|bom| bom["vulnerabilities"][0]["affects"] = Value::Null)]));
}

#[test]
fn a_bill_of_another_artifact_says_nothing_of_this_one() {
    let of = |hash: String| {
        cyclonedx(move |bom| {
            bom["metadata"]["component"] =
                json!({"type": "application", "bom-ref": "a", "name": "fn.zip", "hashes": [{"alg": "SHA-256", "content": hash}]});
        })
    };
    assert!(is_heard(&[of(sha256())]));
    assert!(!is_heard(&[of("34".repeat(32))]));
    let whole = |hash: String| {
        let mut bom = of(hash);
        bom["vulnerabilities"][0]["affects"] = json!([{"ref": "a"}]);
        bom
    };
    assert!(is_heard(&[whole(sha256())]));
    assert!(!is_heard(&[whole("34".repeat(32))]));
    let mut several = of("34".repeat(32));
    let inner = several["components"].take();
    several["components"] =
        json!([{"type": "application", "name": "fn.zip", "hashes": [{"alg": "SHA-256", "content": sha256()}], "components": inner}]);
    assert!(is_heard(&[several]));
}

#[test]
fn versions_of_cyclonedx_are_heard_as_far_as_they_are_understood() {
    for (versions, heard) in [
        (json!([]), true),
        (json!([{"version": "4.17.15", "status": "unaffected"}]), true),
        (json!([{"version": "4.17.14", "status": "affected"}, {"version": "4.17.15", "status": "unaffected"}]), true),
        (json!([{"version": "4.17.15"}]), false),
        (json!([{"version": "4.17.15", "status": "affected"}]), false),
        (json!([{"version": "4.17.15", "status": "unknown"}]), false),
        (json!([{"version": "4.17.15", "status": "unaffected"}, {"version": "4.17.15", "status": "affected"}]), false),
        (json!([{"version": "4.17.14", "status": "unaffected"}]), false),
        (json!([{"range": "vers:npm/>=4.0.0|<5.0.0", "status": "unaffected"}]), false),
    ] {
        let written = cyclonedx(|bom| bom["vulnerabilities"][0]["affects"][0]["versions"] = versions.clone());
        assert_eq!(is_heard(&[written]), heard, "{versions}");
    }
    let overruled = |versions: Value| {
        cyclonedx(move |bom| {
            let mut second = bom["vulnerabilities"][0].clone();
            second["analysis"] = json!({"state": "exploitable"});
            second["affects"][0]["versions"] = versions.clone();
            bom["vulnerabilities"].as_array_mut().unwrap().push(second);
        })
    };
    assert!(is_heard(&[overruled(json!([{"version": "4.17.14", "status": "affected"}]))]), "about another version");
    assert!(!is_heard(&[overruled(json!([{"version": "4.17.15", "status": "affected"}]))]));
    assert!(!is_heard(&[overruled(json!([{"range": "vers:npm/<4.17.15"}]))]), "what is not evaluated may be about this one");
}

#[test]
fn malware_and_what_is_exploited_are_never_set_aside() {
    let written = about(json!({"hashes": {"sha-256": sha256()}}));
    let mut malware = sample::with_vulnerability(Severity::High);
    malware.vulnerabilities[0].malicious = true;
    let verdict = judged(std::slice::from_ref(&written), &malware);
    assert_eq!(rules(&verdict), [("vulnerability-malicious", Level::Deny), ("vex-unheard", Level::Warn)]);
    assert!(verdict.ignored.is_empty());
    assert_eq!(verdict.findings[1].subject, PURL);
    assert_eq!(
        verdict.findings[1].message,
        "the VEX statement `not_affected` of 0.json was not heard: malware is malware wherever it runs"
    );

    let known = Some(KnownExploited { added: "2026-11-01".to_owned(), due: "2026-11-22".to_owned(), ransomware: false });
    let mut exploited = sample::with_vulnerability(Severity::Low);
    exploited.vulnerabilities[0].known_exploited = known;
    assert_eq!(
        rules(&judged(std::slice::from_ref(&written), &exploited)),
        [("vulnerability-known-exploited", Level::Deny), ("vex-unheard", Level::Warn)]
    );
    exploited.vulnerabilities[0].possible = true;
    assert_eq!(
        rules(&judged(std::slice::from_ref(&written), &exploited)),
        [("vulnerability-possible", Level::Incomplete), ("vex-unheard", Level::Warn)],
        "by whatever rule it is said"
    );
    let mut settings = Settings { vex: vex(&[written]), ..sample::settings() };
    settings.vulnerability.known_exploited = Level::Info;
    exploited.vulnerabilities[0].possible = false;
    exploited.vulnerabilities[0].severity = Severity::Critical;
    let verdict = sample::policies(settings).judge(&exploited).unwrap();
    assert_eq!(rules(&verdict), [("vulnerability-critical", Level::Deny), ("vex-unheard", Level::Warn)]);
}

#[test]
fn every_rule_about_the_vulnerability_is_set_aside_and_no_other_finding() {
    let mut facts = sample::grave();
    facts.vulnerabilities[1].possible = true;
    let before = sample::policies(sample::settings()).judge(&facts).unwrap();
    let verdict = judged(&[about(json!({"@id": PURL}))], &facts);
    assert_eq!((verdict.ignored.len(), verdict.findings.len()), (1, before.findings.len() - 1));
    assert_eq!(verdict.outcome, Outcome::Deny, "a secret is no vulnerability");
    let mut all = about(json!({"@id": PURL}));
    all["statements"][0]["vulnerability"]["aliases"] = json!(["GHSA-29mw-wpgm-hmr9", "GHSA-p6mc-m468-83gw"]);
    let verdict = judged(&[all], &facts);
    let aside: Vec<_> = verdict.ignored.iter().map(|ignored| ignored.finding.rule.as_str()).collect();
    assert_eq!(aside, ["vulnerability-critical", "vulnerability-possible", "vulnerability-medium"]);
    let mut old = sample::with_vulnerability(Severity::High);
    old.advisories.as_mut().unwrap().age_days = 99;
    assert_eq!(rules(&judged(&[about(json!({"@id": PURL}))], &old)), [("advisories-stale", Level::Incomplete)]);
}

#[test]
fn statements_that_meet_nothing_are_not_remarked_upon() {
    let verdict = judged(&[about(json!({"@id": "pkg:npm/other@1"})), cyclonedx(|_| ())], &sample::clean());
    assert_eq!((verdict.outcome, rules(&verdict)), (Outcome::Pass, vec![]));
}

#[test]
fn an_operators_ignore_goes_first() {
    let ignore = Ignore {
        rule: "vulnerability-high".to_owned(),
        advisory: Some(CVE.to_owned()),
        reason: "template() is not used".to_owned(),
        ..Ignore::default()
    };
    let settings = Settings { ignores: vec![ignore], vex: vex(&[about(json!({"@id": PURL}))]), ..sample::settings() };
    let verdict = sample::policies(settings).judge(&sample::with_vulnerability(Severity::High)).unwrap();
    assert_eq!((rules(&verdict), verdict.ignored.len()), (vec![], 1));
    assert_eq!(verdict.ignored[0].reason, "template() is not used");
}

#[test]
fn a_document_that_is_not_understood_is_an_error() {
    let open = about(json!({"@id": PURL}));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut document = open.clone();
        change(&mut document);
        document.to_string()
    };
    let cyclone = |change: &dyn Fn(&mut Value)| cyclonedx(change).to_string();
    for (text, expected) in [
        ("{}".to_owned(), "neither OpenVEX nor CycloneDX"),
        ("[]".to_owned(), "neither OpenVEX nor CycloneDX"),
        ("\"x\"".to_owned(), "neither OpenVEX nor CycloneDX"),
        (json!({"document": {"category": "csaf_vex"}}).to_string(), "neither OpenVEX nor CycloneDX"),
        (json!({"@context": "https://openvex.dev/ns", "bomFormat": "CycloneDX"}).to_string(), "neither OpenVEX nor CycloneDX"),
        (String::new(), "EOF"),
        ("\u{0}".to_owned(), "expected value"),
        (open.to_string()[..200].to_owned(), "EOF"),
        (format!("{{\"x\":{}", "[".repeat(200_000)), "EOF"),
        (format!("{{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{{\"vulnerability\":{}", "[".repeat(200_000)), "EOF"),
        (
            format!(
                "{{\"@context\":\"https://openvex.dev/ns\",\"statements\":[{{\"vulnerability\":{}{}}}]}}",
                "[".repeat(999),
                "]".repeat(999)
            ),
            "a `vulnerability` is a string, or an object with a `name`",
        ),
        (
            format!(
                "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":{}[]{}}}",
                "[{\"components\":".repeat(999),
                "}]".repeat(999)
            ),
            "recursion limit",
        ),
        (changed(&|all| all["@context"] = json!("https://openvex.dev/ns/v9.0.0")), "the `@context` is of no version that is known"),
        (changed(&|all| all["@context"] = json!("https://example.com")), "the `@context` is of no version that is known"),
        (changed(&|all| all["@context"] = json!(7)), "invalid type: integer"),
        (changed(&|all| all["statements"] = json!("none")), "invalid type: string"),
        (changed(&|all| drop(all.as_object_mut().unwrap().remove("statements"))), "missing field `statements`"),
        (
            changed(&|all| all["statements"][0]["status"] = json!("harmless")),
            "statement 1: the status is none of `not_affected`, `affected`, `fixed`, `under_investigation`: harmless",
        ),
        (changed(&|all| all["statements"][0]["status"] = json!("Not_Affected")), "the status is none of"),
        (changed(&|all| all["statements"][0]["status"] = Value::Null), "invalid type: null"),
        (changed(&|all| all["statements"][0]["vulnerability"] = json!(7)), "a `vulnerability` is a string, or an object with a `name`"),
        (changed(&|all| all["statements"][0]["vulnerability"] = json!({"name": " "})), "the vulnerability has no id"),
        (changed(&|all| all["statements"][0]["products"] = json!({"@id": PURL})), "invalid type: map"),
        (changed(&|all| all["statements"][0]["products"] = json!([7])), "a product is a string, or an object"),
        (changed(&|all| all["timestamp"] = json!("yesterday")), "the timestamp is no time (RFC 3339): yesterday"),
        (changed(&|all| drop(all.as_object_mut().unwrap().remove("timestamp"))), "neither it nor the document has a `timestamp`"),
        (open.to_string().replacen("\"status\":", "\"status\":\"affected\",\"status\":", 1), "duplicate field `status`"),
        (cyclone(&|bom| bom["specVersion"] = json!("1.3")), "it is no CycloneDX of 1.4 to 1.6: CycloneDX 1.3"),
        (cyclone(&|bom| bom["specVersion"] = json!("2.0")), "it is no CycloneDX of 1.4 to 1.6"),
        (cyclone(&|bom| bom["bomFormat"] = json!("Cyclone")), "it is no CycloneDX"),
        (cyclone(&|bom| bom["vulnerabilities"][0]["analysis"]["state"] = json!("fine")), "vulnerability 1: the status is none of"),
        (cyclone(&|bom| bom["vulnerabilities"][0]["analysis"]["state"] = json!(1)), "invalid type: integer"),
        (cyclone(&|bom| bom["vulnerabilities"][0]["analysis"]["lastUpdated"] = json!("x")), "vulnerability 1: the timestamp is no time"),
        (cyclone(&|bom| bom["vulnerabilities"][0]["affects"] = json!([{}])), "missing field `ref`"),
        (
            cyclone(&|bom| {
                let twin = bom["components"][0].clone();
                bom["components"].as_array_mut().unwrap().push(twin);
            }),
            "two components have one `bom-ref`: ref-1",
        ),
    ] {
        let error = refused(&text);
        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert!(error.hint().is_some());
    }
    let missing = Vex::load(&["no/such/vex.json".into()]).unwrap_err();
    assert!(matches!(missing, VexError::Read { .. }) && missing.hint().is_some());
}

#[test]
fn what_a_document_says_cannot_move_the_cursor() {
    let mut written = about(json!({"@id": PURL}));
    let hostile = "\u{1b}[2J\u{202e}\r\npass (npm)\u{0}";
    written["author"] = json!(hostile);
    written["statements"][0]["impact_statement"] = json!(hostile);
    let settings = Settings { vex: vex(&[written]), ..sample::settings() };
    let mut run = crate::report::run_with(settings, vec![sample::with_vulnerability(Severity::High)]);
    run.call.vex = vec![fngate::model::VexFacts { path: hostile.to_owned(), digest: "ab".repeat(32) }];
    let text = crate::report::written("text", &run);
    assert!(text.contains("IGNORED (1)") && text.contains("VEX not_affected: vulnerable_code_not_in_execute_path"), "{text}");
    assert!(!text.contains(['\u{1b}', '\r', '\u{202e}', '\u{0}']));
    assert!(!text.lines().any(|line| line.starts_with("pass (npm)")));
    let json: Value = serde_json::from_str(&crate::report::written("json", &run)).unwrap();
    assert_eq!(json["vex"][0]["digest"], json!("ab".repeat(32)));
}

proptest! {
    #[test]
    fn damaged_documents_never_panic(at in 0_usize..900, byte: u8) {
        for document in [about(json!({"hashes": {"sha-256": sha256()}, "subcomponents": [{"@id": PURL}]})), cyclonedx(|_| ())] {
            let mut bytes = document.to_string().into_bytes();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = Vex::default().add("a.json", &bytes);
        }
    }
}
