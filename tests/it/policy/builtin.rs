//! The built-in policies prove themselves.

use fngate::policy::{Policies, Settings, prove};

#[test]
fn every_test_of_every_builtin_policy_holds() {
    let proofs = prove(&[]).unwrap();
    let failed: Vec<_> = proofs.iter().filter(|proof| proof.failure.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for policy in ["completeness", "secret", "signature", "vulnerability"] {
        assert!(proofs.iter().any(|proof| proof.file == format!("policies/{policy}_test.rego")), "{policy} has no test");
    }
}

#[test]
fn every_rule_of_a_builtin_policy_has_a_page() {
    let policies = Policies::load(Settings::default(), &[]).unwrap();
    for rule in policies.rules() {
        assert!(!rule.title.is_empty() && !rule.page.is_empty(), "{rule:?}");
    }
    let mut ids: Vec<_> = policies.rules().iter().map(|rule| &rule.id).collect();
    ids.sort();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "two rules of one name");
}
