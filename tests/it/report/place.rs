//! Where findings of a directory lie: in its own files, at their lines.

use fngate::model::{ArtifactKind, EntryPath};
use serde_json::{Value, json};

use super::{run, written};
use crate::policy::sample::{self, path};

#[test]
fn a_file_of_a_directory_is_the_place() {
    let place = |name: &str, inner: EntryPath| {
        let mut facts = sample::grave();
        facts.artifact.name = name.to_owned();
        facts.artifact.kind = ArtifactKind::Directory;
        facts.inventory.secrets[0].path = inner;
        let log: Value = serde_json::from_str(&written("sarif", &run(vec![facts]))).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let secret = results.iter().find(|result| result["ruleId"] == "secret-exposed").unwrap();
        let physical = &secret["locations"][0]["physicalLocation"];
        (physical["artifactLocation"]["uri"].clone(), physical["region"]["startLine"].clone())
    };
    assert_eq!(place("dist", path("src/config.js")), (json!("dist/src/config.js"), json!(3)));
    assert_eq!(place(".", path("src/config.js")), (json!("src/config.js"), json!(3)));
    assert_eq!(place("a!", path("b.zip").nested(&path("config.js"))), (json!("a%21/b.zip"), json!(1)));
}
