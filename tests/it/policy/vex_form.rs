//! VEX: documents that are read to the letter, and those that would take for ever.

use std::time::{Duration, Instant};

use fngate::model::Severity;
use fngate::policy::Vex;
use serde_json::{Value, json};

use super::sample;
use super::vex::{CVE, PURL, about, cyclonedx, is_heard, judged, openvex, refused, sha256, statement};

#[test]
fn a_list_is_no_object() {
    for text in [
        json!(["https://openvex.dev/ns/v0.2.0", null]).to_string(),
        openvex(&[json!([CVE, [PURL], null, "not_affected", "component_not_present", null, null, null])]).to_string(),
        about(json!([PURL, null, null, null])).to_string(),
        cyclonedx(|bom| bom["components"][0] = json!(["ref-1", PURL, null, "4.17.15", null, null, null])).to_string(),
        cyclonedx(|bom| bom["vulnerabilities"][0]["affects"] = json!([["ref-1", null]])).to_string(),
        cyclonedx(|bom| bom["vulnerabilities"][0]["analysis"] = json!(["not_affected", null, null, null, null])).to_string(),
        cyclonedx(|bom| bom["metadata"] = json!([null, null, null, null])).to_string(),
    ] {
        let error = refused(&text).to_string();
        assert!(error.contains("sequence") || error.contains("neither OpenVEX"), "{error}: {text}");
    }
}

#[test]
fn a_key_that_stands_twice_is_an_error_wherever_it_is_read() {
    let hashed = about(json!({"hashes": {"sha-256": sha256()}})).to_string();
    let other = "34".repeat(32);
    for (text, from, to) in [
        (hashed.clone(), "\"hashes\":{", format!("\"hashes\":{{\"sha-256\":\"{other}\",")),
        (hashed, "\"hashes\":{", format!("\"hashes\":{{\"SHA-256\":\"{other}\",")),
        (
            about(json!({"identifiers": {"purl": PURL}})).to_string(),
            "\"identifiers\":{",
            "\"identifiers\":{\"purl\":\"pkg:npm/other\",".to_owned(),
        ),
        (about(json!({"@id": PURL})).to_string(), "\"name\":", "\"name\":\"X\",\"name\":".to_owned()),
    ] {
        let error = refused(&text.replacen(from, &to, 1)).to_string();
        assert!(error.contains("duplicate field"), "{error}");
    }
}

#[test]
fn a_justification_is_one_of_the_formats() {
    let justified = |word: &str| {
        let mut one = about(json!({"@id": PURL}));
        one["statements"][0]["justification"] = json!(word);
        one
    };
    for word in [
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    ] {
        assert!(is_heard(&[justified(word)]), "{word}");
    }
    let error = refused(&justified("because I say so").to_string()).to_string();
    assert!(error.contains("statement 1: the justification is none of the format's: because I say so"), "{error}");
}

#[test]
fn what_is_repeated_is_cut() {
    let mut long = about(json!({"@id": PURL}));
    long["author"] = json!("é".repeat(50_000));
    long["statements"][0]["impact_statement"] = json!("word ".repeat(50_000));
    let verdict = judged(&[long.clone()], &sample::with_vulnerability(Severity::High));
    assert!(verdict.ignored[0].reason.contains("word …") && verdict.ignored[0].reason.chars().count() < 2200);
    for key in ["status", "justification", "timestamp"] {
        let mut wrong = about(json!({"@id": PURL}));
        wrong["statements"][0][key] = json!("x".repeat(100_000));
        assert!(refused(&wrong.to_string()).to_string().len() < 1200, "{key}");
    }
    long["statements"] = json!("y".repeat(100_000));
    assert!(refused(&long.to_string()).to_string().chars().count() < 1200);
    let twice = json!({"type": "library", "bom-ref": "z".repeat(100_000)});
    assert!(refused(&cyclonedx(|bom| bom["components"] = json!([twice, twice])).to_string()).to_string().len() < 1200);
}

#[test]
fn a_document_of_endless_values_or_names_is_refused() {
    let many = format!("{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[{}{{}}]}}", "{},".repeat(1_000_000));
    assert!(refused(&many).to_string().contains("it has more than 2000000 values"));
    let prose = cyclonedx(|bom| bom["vulnerabilities"][0]["analysis"]["detail"] = json!("\\\",{[".repeat(1_000_000)));
    assert!(Vex::default().add("a.json", prose.to_string().as_bytes()).is_ok(), "what stands in a text is no value");
    let hashes = vec![json!({"alg": "SHA-256", "content": "x"}); 100_000];
    assert!(is_heard(&[cyclonedx(|bom| bom["components"][0]["hashes"] = json!(hashes))]));
    let hashes: Vec<Value> = (0..65).map(|at| json!({"alg": "SHA-256", "content": format!("{at:064}")})).collect();
    let error = refused(&cyclonedx(|bom| bom["components"][0]["hashes"] = json!(hashes)).to_string());
    assert!(error.to_string().contains("more than 64 names of one thing"), "{error}");
    let names: serde_json::Map<String, Value> = (0..65).map(|at| (format!("x{at}"), json!("y"))).collect();
    assert!(refused(&about(json!({"hashes": names})).to_string()).to_string().contains("more than 64 names of one thing"));
}

/// Each of these took minutes or all memory when lists were multiplied.
#[test]
fn a_document_takes_no_longer_than_its_size() {
    const MANY: usize = 20_000;
    let started = Instant::now();
    let mut shared = statement(json!(vec![json!({"@id": "pkg:oci/a"}); MANY]));
    shared["subcomponents"] = json!(vec![json!({"@id": "pkg:npm/a"}); MANY]);
    assert!(!is_heard(&[openvex(&[shared])]));
    let components = || json!(vec![json!({"purl": PURL}); MANY]);
    let affects = json!(vec![json!({"ref": PURL}); MANY]);
    assert!(is_heard(&[cyclonedx(|bom| (bom["components"], bom["vulnerabilities"][0]["affects"]) = (components(), affects.clone()))]));
    let versions = json!(vec![json!({"version": "1.0.0", "status": "unaffected"}); MANY]);
    assert!(!is_heard(&[cyclonedx(|bom| {
        bom["components"] = components();
        bom["vulnerabilities"][0]["affects"] = json!([{"ref": PURL, "versions": versions}]);
    })]));
    let mut root = json!({"type": "application", "name": "a", "hashes": vec![json!({"alg": "SHA-256", "content": sha256()}); MANY]});
    root["bom-ref"] = json!("root");
    assert!(is_heard(&[cyclonedx(|bom| {
        bom["metadata"]["component"] = root.clone();
        bom["components"] = components();
        bom["vulnerabilities"][0]["affects"] = json!([{"ref": PURL}]);
    })]));
    let mut deep = json!({"@id": "y", "z": vec![0; MANY]});
    for _ in 0..50 {
        deep = json!({"@id": "x", "subcomponents": [deep]});
    }
    assert!(!is_heard(&[about(deep)]));
    let mut aliased = about(json!({"@id": PURL}));
    aliased["statements"][0]["vulnerability"]["aliases"] = json!(vec![CVE; MANY]);
    assert!(is_heard(&[aliased]));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
