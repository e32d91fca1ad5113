//! Whose file a secret lies in, and what lowers it: only evidence from outside the artifact, and for generic rules the record of
//! a package of the registry.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fngate::artifact::Artifact;
use fngate::extract::BuildTree;
use fngate::model::{Origin, Party, Secret, SecretLevel};
use fngate::scan::{attribute_secrets, scan_with};
use sha2::{Digest, Sha256};

use super::{builtin, github};

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Everything found in a function of these files, with the operator's packages and trees.
fn found(files: &[(&str, &str)], private: &[&str], trees: &[BuildTree]) -> Vec<Secret> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let artifact = Artifact::open(folder.path()).unwrap();
    let mut inventory = scan_with(&artifact, &artifact.default_limits(), Some(builtin()), &[], trees);
    let own = inventory.packages.iter_mut().filter(|package| private.contains(&package.name.as_str()));
    own.for_each(|package| package.origin = Origin::Own);
    attribute_secrets(&mut inventory, trees);
    inventory.secrets
}

fn levels(secrets: &[Secret]) -> Vec<(&str, SecretLevel)> {
    secrets.iter().map(|secret| (secret.rule.as_str(), secret.level)).collect()
}

fn text() -> String {
    format!("t = \"{}\"\napi_key = \"kR9v2mTq7WxLbZ4cNs8YpDf\"\n", github())
}

const GRAVE: [(&str, SecretLevel); 2] = [("github-pat", SecretLevel::Deny), ("generic-api-key", SecretLevel::Deny)];
const LOWERED: [(&str, SecretLevel); 2] = [("github-pat", SecretLevel::Deny), ("generic-api-key", SecretLevel::Info)];

#[test]
fn a_package_lowers_nothing_by_being_one() {
    let text = text();
    let files = [("node_modules/a/package.json", "{\"name\": \"a\", \"version\": \"1.0.0\"}"), ("node_modules/a/x.js", text.as_str())];
    let secrets = found(&files, &[], &[]);
    assert_eq!(levels(&secrets), GRAVE);
    assert!(secrets.iter().all(|secret| secret.party == Party::Third));
}

#[test]
fn the_same_file_in_the_operators_tree_is_published() {
    let text = text();
    let manifest = "{\"name\": \"a\", \"version\": \"1.0.0\"}";
    let tree = tempfile::tempdir().unwrap();
    write(tree.path(), &[("node_modules/a/package.json", manifest), ("node_modules/a/x.js", &text), ("node_modules/a/y.js", "1")]);
    let tree = BuildTree::read(tree.path()).unwrap();
    let of = |name: &str, text: &str| {
        let name = format!("src/node_modules/a/{name}");
        found(&[("src/node_modules/a/package.json", manifest), (&name, text)], &[], std::slice::from_ref(&tree))
    };
    assert!(of("x.js", &text).iter().all(|secret| secret.level == SecretLevel::Info));
    assert_eq!(levels(&of("x.js", &format!("{text}\n"))), GRAVE, "one byte more");
    assert_eq!(levels(&of("y.js", &text)), GRAVE, "another file's bytes");
    // The function's own code is the function's, whatever it is a copy of.
    assert_eq!(levels(&found(&[("x.js", &text)], &[], std::slice::from_ref(&tree))), GRAVE);
}

/// A wheel as pip installs it, with its record and these other files.
fn wheel(listed: &str, actual: &str, more: &[(&str, &str)], private: &[&str]) -> Vec<Secret> {
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(listed));
    let record = format!("a/x.py,sha256={hash},{}\na-1.0.dist-info/METADATA,,\na-1.0.dist-info/RECORD,,\n", listed.len());
    let metadata = "Metadata-Version: 2.1\nName: a\nVersion: 1.0\n";
    let files = [("a/x.py", actual), ("a-1.0.dist-info/METADATA", metadata), ("a-1.0.dist-info/RECORD", &record)];
    found(&[&files, more].concat(), private, &[])
}

#[test]
fn a_record_lowers_what_goes_by_a_name_and_no_format() {
    let text = text();
    assert_eq!(levels(&wheel(&text, &text, &[], &[])), LOWERED);
    let changed = format!("{text}\n");
    assert_eq!(levels(&wheel(&text, &changed, &[], &[])), GRAVE, "the record has other bytes");
}

#[test]
fn the_record_of_a_package_of_no_registry_lowers_nothing() {
    let text = text();
    let direct = ("a-1.0.dist-info/direct_url.json", "{\"url\": \"https://acme.io/a-1.0-py3-none-any.whl\", \"archive_info\": {}}");
    let git =
        ("a-1.0.dist-info/direct_url.json", "{\"url\": \"https://acme.io/a\", \"vcs_info\": {\"vcs\": \"git\", \"commit_id\": \"0\"}}");
    for more in [direct, git] {
        assert_eq!(levels(&wheel(&text, &text, &[more], &[])), GRAVE);
    }
    assert_eq!(levels(&wheel(&text, &text, &[], &["a"])), GRAVE, "the operator's own");
}
