//! The policies' input document: a public interface, with a schema and a snapshot.

use std::collections::BTreeSet;

use fngate::model::{
    Amount, BoundFacts, BoundKind, BundleFacts, DifferenceKind, Drift, DriftKind, Ecosystem, Epss, Facts, Feed, FeedName, Holding,
    INPUT_VERSION, Integrity, KnownExploited, LayerFacts, Package, Relation, SecretLevel, Share, Statement,
};
use serde_json::{Map, Value};

use super::sample::{self, path};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../policies/input.schema.json")).unwrap()
}

/// Facts in which every key that can be there is there.
fn full() -> Facts {
    let mut facts = sample::grave();
    facts.artifact.layers.push(LayerFacts { name: "base.zip".to_owned(), sha256: "34".repeat(32) });
    let known = &mut facts.vulnerabilities[0];
    known.cvss_vector = Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned());
    known.informational = Some("unsound".to_owned());
    known.dev = true;
    known.possible = true;
    known.published = Some("2021-05-06T16:05:51Z".to_owned());
    known.unevaluated = Some("the version is no version".to_owned());
    known.known_exploited = Some(KnownExploited { added: "2026-11-01".to_owned(), due: "2026-11-22".to_owned(), ransomware: true });
    known.epss = Some(Epss { score: 0.94, percentile: 0.999 });
    facts.inventory.problems.push(sample::bundle());
    facts.inventory.secrets.push(sample::secret(9, SecretLevel::Info));
    facts.inventory.secrets[1].decoded = vec!["base64"];
    let mut package = Package::new(Ecosystem::PyPi, "requests", None, Relation::Bundled, &path("app.js"), "pypi/requirements");
    package.candidates = vec!["2.31.0".to_owned()];
    package.dev = true;
    package.inferred = true;
    let mut integrity = Integrity { listed: 9, altered: 1, altered_code: 1, ..Integrity::default() };
    integrity.keep(DifferenceKind::Altered, "requests/api.py");
    let listed = Amount { files: 9, bytes: 900 };
    package.holding = Some(Box::new(Holding { listed, integrity: Some(integrity), ..Holding::default() }));
    facts.inventory.packages.push(package.clone());
    facts.inventory.candidates.push(package);
    let bound = BoundFacts { name: "package-lock.json".to_owned(), kind: BoundKind::Lock, sha256: "56".repeat(32), packages: 2 };
    facts.inventory.bounds.push(bound);
    facts.inventory.bundles.push(BundleFacts {
        path: path("dist/index.js"),
        size: 734_003,
        tool: "esbuild",
        tool_version: ">=0.14.27 <0.28.1".to_owned(),
        minified: true,
        evidence: vec!["npm/source-map"],
        sources: vec![path("dist/index.js.map")],
        packages: vec![Share { purl: "pkg:npm/lodash@4.17.21".to_owned(), bytes: 540_000 }],
        exact: true,
        own: 194_003,
        unattributed: 0,
        in_tree: Some(97),
    });
    facts.inventory.drift.push(Drift {
        lockfile: path("package-lock.json"),
        kind: DriftKind::Version,
        ecosystem: Ecosystem::Npm,
        name: "lodash".to_owned(),
        locked: vec!["4.17.21".to_owned()],
        installed: Some("4.17.15".to_owned()),
        purl: Some("pkg:npm/lodash@4.17.15".to_owned()),
        path: Some(path("node_modules/lodash/package.json")),
    });
    facts.inventory.not_judged[0].detail = "example.com/agent (devel), go1.22.1, 12 modules".to_owned();
    facts.inventory.not_judged[0].packages = Some(12);
    facts.inventory.problems[0].bounded = vec!["package-lock.json".to_owned()];
    let advisories = facts.advisories.as_mut().unwrap();
    advisories.note = "no network".to_owned();
    let feed = |name| Feed { name, as_of: "2026-11-20T15:00:00Z".to_owned(), digest: "78".repeat(32), entries: 1_660, age_days: 2 };
    advisories.feeds = vec![feed(FeedName::Kev), feed(FeedName::Epss)];
    facts.provenance = sample::clean().provenance;
    facts.provenance.signers[0].claims.insert("source-repository-uri".to_owned(), "https://github.com/acme/orders".to_owned());
    facts.provenance.statements.push(Statement { predicate_type: "https://slsa.dev/provenance/v1".to_owned(), ..Statement::default() });
    facts
}

/// Every way in which a document breaks the schema, in the part of JSON Schema that the schema uses.
struct Check<'a> {
    root: &'a Value,
    faults: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(rules) = schema.as_object() else { return };
        for (keyword, rule) in rules {
            let holds = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" | "required" | "additionalProperties" => true,
                "$ref" => {
                    let target = self.root.pointer(rule.as_str().unwrap().strip_prefix('#').unwrap()).unwrap().clone();
                    self.value(&target, value, at);
                    true
                }
                "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                    let mut part = Check { root: self.root, faults: Vec::new() };
                    part.value(one, value, at);
                    part.faults.is_empty()
                }),
                "type" => rule.as_array().map_or_else(|| is(value, rule), |types| types.iter().any(|one| is(value, one))),
                "enum" => rule.as_array().unwrap().contains(value),
                "const" => rule == value,
                "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
                "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
                "pattern" => value.as_str().is_none_or(|text| regex::Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
                "items" => {
                    for (number, one) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(rule, one, &format!("{at}/{number}"));
                    }
                    true
                }
                "properties" => {
                    if let Some(value) = value.as_object() {
                        self.properties(rules, rule.as_object().unwrap(), value, at);
                    }
                    true
                }
                other => panic!("the schema uses a keyword this test does not know: {other}"),
            };
            if !holds {
                self.faults.push(format!("{at}: {keyword}: {value}"));
            }
        }
    }

    fn properties(&mut self, rules: &Map<String, Value>, known: &Map<String, Value>, value: &Map<String, Value>, at: &str) {
        assert_eq!(rules["additionalProperties"], Value::Bool(false), "{at}: an object must be closed");
        for name in rules["required"].as_array().unwrap() {
            if !value.contains_key(name.as_str().unwrap()) {
                self.faults.push(format!("{at}: lacks {name}"));
            }
        }
        for (name, one) in value {
            match known.get(name) {
                Some(rule) => self.value(rule, one, &format!("{at}/{name}")),
                None => self.faults.push(format!("{at}: has {name}")),
            }
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type: {other}"),
    }
}

fn faults(document: &Value) -> Vec<String> {
    let root = schema();
    let mut check = Check { root: &root, faults: Vec::new() };
    check.value(&root, document, "");
    check.faults
}

#[test]
fn the_document_keeps_to_its_schema() {
    let without = Facts { advisories: None, ..sample::clean() };
    for facts in [full(), without, sample::clean(), sample::grave(), sample::unseen()] {
        assert_eq!(faults(&serde_json::to_value(&facts).unwrap()), Vec::<String>::new());
    }
    let mut wrong = serde_json::to_value(full()).unwrap();
    wrong["inventory"]["packages"][0]["colour"] = Value::Null;
    wrong["artifact"]["size"] = Value::from("large");
    wrong.as_object_mut().unwrap().remove("today");
    assert_eq!(faults(&wrong).len(), 3, "{:#?}", faults(&wrong));
}

/// Every key of every object in a document, by its place with the numbers of arrays left out.
fn keys(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (name, one) in object {
                found.insert(format!("{at}/{name}"));
                keys(one, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(array) => array.iter().for_each(|one| keys(one, at, found)),
        _ => {}
    }
}

/// The same, of a schema.
fn promised(root: &Value, schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        promised(root, root.pointer(&target[1..]).unwrap(), at, found);
    }
    for one in schema.get("anyOf").and_then(Value::as_array).into_iter().flatten().chain(schema.get("items")) {
        promised(root, one, at, found);
    }
    for (name, one) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        found.insert(format!("{at}/{name}"));
        promised(root, one, &format!("{at}/{name}"), found);
    }
}

#[test]
fn the_schema_promises_what_the_document_has_and_no_more() {
    let root = schema();
    let (mut has, mut says) = (BTreeSet::new(), BTreeSet::new());
    keys(&serde_json::to_value(full()).unwrap(), "", &mut has);
    promised(&root, &root, "", &mut says);
    has.remove("/provenance/signers/claims/source-repository-uri");
    assert_eq!(has, says);
    assert_eq!(root["properties"]["version"]["const"], Value::from(INPUT_VERSION));
}

#[test]
fn the_document_is_this() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&full()).unwrap());
}
