//! VEX: how far a statement reaches. One that acquits as far as it says, one that does not as far as it may.

use fngate::model::{Facts, LayerFacts, Severity};
use serde_json::{Value, json};

use super::sample;
use super::vex::{CVE, PURL, about, cyclonedx, is_heard, judged, openvex, sha256, statement};

const OLD: &str = "2026-10-01T00:00:00Z";

fn layer() -> String {
    "56".repeat(32)
}

/// Whether a later word about `product` overrules an older acquittal of the package, or of the artifact.
fn overrules(product: Value, of_artifact: bool) -> bool {
    let mut first = if of_artifact { statement(json!([{"hashes": {"sha-256": sha256()}}])) } else { statement(json!([{"@id": PURL}])) };
    first["timestamp"] = json!(OLD);
    let mut second = statement(product);
    second["status"] = json!("affected");
    !is_heard(&[openvex(&[first, second])])
}

#[test]
fn what_may_be_meant_overrules_an_acquittal() {
    for product in [
        json!([{"@id": "pkg:npm/lodash@4.17.15#lib/template"}]),
        json!([{"@id": "pkg:npm/lodash@v4.17.15"}]),
        json!([{"@id": "pkg:npm/lodash@4.17.15.0"}]),
        json!([{"@id": "pkg:npm/lodash@4.x"}]),
        json!([{"@id": "pkg:npm/Lodash@4.17.15"}]),
        json!([{"@id": "pkg:npm/lodash?vers=vers:npm/%3C1.0.0"}]),
        json!([{"@id": "pkg:npm/lodash?repository_url=https://npm.acme.internal"}]),
        json!([{"@id": "pkg:npm/app@1.0.0", "subcomponents": [{"@id": PURL}]}]),
        json!([{"@id": "pkg:npm/lodash@%ff"}]),
        json!([{"identifiers": {"cpe23": "cpe:2.3:a:lodash:lodash:4.17.15"}}]),
        json!([{"hashes": {"sha-512": "ab"}}]),
        json!([{"@id": "https://example.com/fn"}]),
        json!([{"@id": "pkg:oci/fn"}]),
        json!([]),
        Value::Null,
    ] {
        assert!(overrules(product.clone(), false), "{product}");
    }
    for product in [
        json!([{"@id": "pkg:npm/lodash@4.17.16"}]),
        json!([{"@id": "pkg:npm/other"}]),
        json!([{"@id": "pkg:deb/debian/lodash@4.17.15"}]),
        json!([{"hashes": {"sha-256": "34".repeat(32)}}]),
        json!([{"@id": format!("pkg:docker/fn@sha256:{}", "34".repeat(32)), "subcomponents": [{"@id": PURL}]}]),
        json!([{"hashes": {"sha-256": sha256()}, "subcomponents": [{"@id": "pkg:npm/other"}]}]),
    ] {
        assert!(!overrules(product.clone(), false), "{product}");
    }
    for (product, expected) in [
        (json!([{"hashes": {"sha-512": "ab"}}]), true),
        (json!([{"hashes": {"sha-256": sha256()}, "subcomponents": [{"@id": "pkg:npm/lodash@4.17.15#lib"}]}]), true),
        (json!([{"hashes": {"sha-256": sha256()}, "subcomponents": [{"identifiers": {"cpe23": "cpe:2.3:a"}}]}]), true),
        (json!([]), true),
        (json!([{"@id": PURL}]), false),
    ] {
        assert_eq!(overrules(product.clone(), true), expected, "{product}");
    }
}

#[test]
fn an_address_is_an_id_where_it_acquits_nobody() {
    let word = |status: &str, time: &str, vulnerability: Value| {
        let mut one = statement(json!([{"@id": PURL}]));
        (one["status"], one["timestamp"], one["vulnerability"]) = (json!(status), json!(time), vulnerability);
        one
    };
    let url = |text: &str| json!({"@id": text});
    let acquitted = word("not_affected", OLD, json!({"name": CVE}));
    for text in [
        format!("https://nvd.nist.gov/vuln/detail/{CVE}"),
        format!("https://cve.example/cgi-bin/cvename.cgi?name={CVE}&x=1"),
        "https://github.com/advisories/GHSA-35jh-r3h4-6jhm/".to_owned(),
    ] {
        assert!(!is_heard(&[openvex(&[acquitted.clone(), word("affected", "2026-11-01T00:00:00Z", url(&text))])]), "{text}");
        assert!(!is_heard(&[openvex(&[word("not_affected", OLD, url(&text))])]), "{text}");
    }
}

#[test]
fn a_package_is_not_acquitted_by_what_is_in_it_nor_by_another_registrys() {
    for (purl, heard) in [
        ("pkg:npm/lodash?vers=vers:npm/%3C1.0.0", false),
        ("pkg:npm/lodash@4.17.15?vcs_url=git%2Bhttps://x", false),
        ("pkg:npm/lodash@4.17.15?DOWNLOAD_URL=https://x", false),
        ("pkg:npm/lodash@4.17.15?a=vers", true),
    ] {
        assert_eq!(is_heard(&[about(json!({"@id": purl}))]), heard, "{purl}");
    }
    let in_artifact = |purl: &str| is_heard(&[about(json!({"hashes": {"sha-256": sha256()}, "subcomponents": [{"@id": purl}]}))]);
    assert!(in_artifact("pkg:npm/lodash@4.17.15?vcs_url=git%2Bhttps://x"), "in the very artifact there is one");
    assert!(!in_artifact("pkg:npm/lodash?vers=vers:npm/%3C1.0.0"));
    assert!(!is_heard(&[about(json!({"@id": PURL, "subcomponents": [{"@id": "pkg:npm/lodash.template@4.5.0"}]}))]));
    let mut shared = about(json!({"@id": PURL}));
    shared["statements"][0]["subcomponents"] = json!(["pkg:npm/lodash.template"]);
    assert!(!is_heard(&[shared]));
}

/// A document whose subject is `root`, beside what it is called.
fn of(root: Value) -> Value {
    cyclonedx(move |bom| {
        let mut own = json!({"type": "application", "bom-ref": "a", "name": "fn.zip"});
        own.as_object_mut().unwrap().extend(root.as_object().unwrap().clone());
        bom["metadata"]["component"] = own;
    })
}

#[test]
fn a_bill_of_another_artifact_says_nothing_whatever_it_is_called_by() {
    let other = "34".repeat(32);
    let hash = |alg: &str, content: &str| json!({"hashes": [{"alg": alg, "content": content}]});
    for (root, heard) in [
        (json!({}), true),
        (hash("SHA-256", &sha256()), true),
        (hash("sha256", &sha256().to_uppercase()), true),
        (json!({"hashes": [{"alg": "SHA-1", "content": "ab"}, {"alg": "SHA-256", "content": sha256()}], "purl": "pkg:npm/fn@1.0.0"}), true),
        (json!({"purl": format!("pkg:docker/fn@sha256:{}", sha256())}), true),
        (json!({"purl": format!("pkg:generic/fn?checksum=SHA256:{}", sha256())}), true),
        (json!({"properties": [{"name": "fngate:tree-sha256", "value": sha256()}]}), true),
        (json!({"purl": PURL}), true),
        (hash("sha256", &other), false),
        (hash("SHA-512", &sha256()), false),
        (hash("SHA-256", ""), false),
        (json!({"purl": format!("pkg:docker/fn@sha256:{other}")}), false),
        (json!({"purl": format!("pkg:oci/fn@sha512:{other}")}), false),
        (json!({"purl": format!("pkg:generic/fn?checksum=sha512:{other}")}), false),
        (json!({"purl": "pkg:generic/fn"}), false),
        (json!({"purl": "pkg:npm/other-fn@1.0.0"}), false),
        (json!({"purl": "pkg:deb/debian/fn@1.0.0"}), false),
        (json!({"cpe": "cpe:2.3:a:acme:fn:1"}), false),
        (json!({"properties": [{"name": "fngate:tree-sha256", "value": other}]}), false),
    ] {
        assert_eq!(is_heard(&[of(root.clone())]), heard, "{root}");
    }
    let within = |around: Value| {
        cyclonedx(move |bom| {
            let inner = bom["components"].take();
            let mut outer = json!({"type": "container", "name": "o", "components": inner});
            outer.as_object_mut().unwrap().extend(around.as_object().unwrap().clone());
            bom["components"] = json!([outer]);
        })
    };
    assert!(is_heard(&[within(json!({}))]) && is_heard(&[within(hash("SHA-256", &sha256()))]));
    for around in [hash("SHA-1", "ab"), json!({"purl": "pkg:npm/wrap@1"}), hash("SHA-256", &other)] {
        assert!(!is_heard(&[within(around.clone())]), "{around}");
    }
}

#[test]
fn what_is_said_of_a_whole_bill_may_be_said_of_the_artifact() {
    let exploitable = |root: Value, affects: Value| {
        let mut bom = of(root);
        bom["vulnerabilities"][0]["analysis"] = json!({"state": "exploitable"});
        bom["vulnerabilities"][0]["affects"] = affects;
        bom
    };
    let mut acquittal = about(json!({"@id": PURL}));
    acquittal["timestamp"] = json!(OLD);
    let heard = |bom: Value| is_heard(&[acquittal.clone(), bom]);
    let other = || json!({"hashes": [{"alg": "SHA-256", "content": "34".repeat(32)}]});
    for affects in [Value::Null, json!([]), json!([{"ref": "a"}]), json!([{"ref": "nowhere"}]), json!([{"ref": "ref-1"}])] {
        assert!(!heard(exploitable(json!({}), affects.clone())), "{affects}");
        assert!(!heard(exploitable(json!({"purl": "pkg:npm/fn@1.0.0"}), affects.clone())), "{affects}");
        assert!(!heard(exploitable(json!({"hashes": [{"alg": "SHA-512", "content": "ab"}]}), affects.clone())), "{affects}");
        assert!(heard(exploitable(other(), affects.clone())), "{affects}");
    }
    assert!(heard(exploitable(json!({}), json!([{"ref": "pkg:npm/other@1"}]))));
    let versions = |version: &str| json!([{"ref": "pkg:npm/lodash", "versions": [{"version": version, "status": "affected"}]}]);
    assert!(!heard(exploitable(json!({}), versions("v4.17.15"))) && heard(exploitable(json!({}), versions("4.17.16"))));
}

#[test]
fn a_link_to_another_version_of_the_document_is_not_followed() {
    let own = "3e671687-395b-41f5-a30f-a58921a69b79";
    let heard = |version: Option<u32>, link: String| {
        is_heard(&[cyclonedx(|bom| {
            bom["version"] = json!(version);
            bom["vulnerabilities"][0]["affects"] = json!([{"ref": link}]);
        })])
    };
    assert!(heard(Some(7), format!("urn:cdx:{own}/7#ref-1")) && heard(None, format!("urn:cdx:{own}/1#ref-1")));
    assert!(!heard(Some(7), format!("urn:cdx:{own}/1#ref-1")) && !heard(Some(1), format!("urn:cdx:{own}#ref-1")));
}

/// The package lies in a layer, in the function, or in both.
fn mounted(paths: &[&str], layers: &[String]) -> Facts {
    let mut facts = sample::with_vulnerability(Severity::High);
    // The folder of layers is no path that an entry could have of its own.
    let path = |text: &&str| match text.split_once("!/") {
        Some((archive, inner)) => sample::path(archive).nested(&sample::path(inner)),
        None => sample::path(text),
    };
    facts.vulnerabilities[0].paths = paths.iter().map(path).collect();
    facts.artifact.layers = layers.iter().map(|sha256| LayerFacts { name: "layer.zip".to_owned(), sha256: sha256.clone() }).collect();
    facts
}

#[test]
fn what_lies_in_a_layer_is_acquitted_by_the_layers_digest() {
    let by = |hashes: &[String]| openvex(&[statement(hashes.iter().map(|hash| json!({"hashes": {"sha-256": hash}})).collect())]);
    let (own, one, two) = (sha256(), layer(), "78".repeat(32));
    let (inside, outside) = ("opt!/nodejs/node_modules/lodash/package.json", "node_modules/lodash/package.json");
    let heard = |paths: &[&str], layers: &[String], hashes: &[String]| judged(&[by(hashes)], &mounted(paths, layers)).findings.is_empty();
    let layers = [one.clone()];
    assert!(!heard(&[inside], &layers, std::slice::from_ref(&own)));
    assert!(heard(&[inside], &layers, &layers));
    assert!(heard(&[outside], &layers, std::slice::from_ref(&own)) && !heard(&[outside], &layers, &layers));
    assert!(!heard(&[inside, outside], &layers, std::slice::from_ref(&own)) && !heard(&[inside, outside], &layers, &layers));
    assert!(heard(&[inside, outside], &layers, &[own.clone(), one.clone()]));
    let both = [one.clone(), two.clone()];
    assert!(!heard(&[inside], &both, &layers) && heard(&[inside], &both, &both));
    assert!(heard(&[inside], &[], std::slice::from_ref(&own)), "an archive of that name, where there are no layers");
    assert!(judged(&[about(json!({"@id": PURL}))], &mounted(&[inside], &layers)).findings.is_empty(), "the package, wherever it is");

    let mut image = mounted(&["image-layout!/node_modules/lodash/package.json"], &[]);
    assert!(judged(&[by(std::slice::from_ref(&own))], &image).findings.is_empty());
    image.artifact.kind = fngate::model::ArtifactKind::OciLayout;
    assert!(!judged(&[by(std::slice::from_ref(&own))], &image).findings.is_empty(), "no index names what lies beside an image");

    let root = |beside: &str| {
        of(json!({"hashes": [{"alg": "SHA-256", "content": own}], "properties": [{"name": "fngate:layer-sha256", "value": beside}]}))
    };
    assert!(judged(&[root(&one)], &mounted(&[inside], &layers)).findings.is_empty(), "fngate's own report names its layers");
    assert!(!judged(&[root(&two)], &mounted(&[inside], &layers)).findings.is_empty());
    let mut affected = by(&layers);
    affected["statements"][0]["status"] = json!("affected");
    let mut acquittal = about(json!({"@id": PURL}));
    acquittal["timestamp"] = json!(OLD);
    assert!(!judged(&[acquittal.clone(), affected.clone()], &mounted(&[inside], &layers)).findings.is_empty());
    assert!(judged(&[acquittal, affected], &mounted(&[outside], &layers)).findings.is_empty());
}
