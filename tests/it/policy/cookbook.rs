//! The policies of `docs/policies`: each holds its own tests, has a page for every rule, says nothing of a clean artifact, and
//! speaks where it should, of facts as the gate makes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fngate::model::{
    ArtifactFacts, Drift, DriftKind, Ecosystem, Epss, Facts, KnownExploited, LayerFacts, Level, Origin, Outcome, Package, Relation, Secret,
    SecretLevel, Severity, Vulnerability,
};
use fngate::policy::{Policies, prove};

use super::sample::{self, path};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policies")
}

fn files() -> Vec<String> {
    let names = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn policies() -> Policies {
    Policies::load(sample::settings(), &[folder()]).unwrap()
}

/// The rules of the cookbook, with the files they stand in.
fn rules(policies: &Policies) -> BTreeSet<String> {
    let own = policies.rules().iter().filter(|rule| Path::new(&rule.policy).starts_with(folder()));
    own.map(|rule| rule.id.clone()).collect()
}

fn package(ecosystem: Ecosystem, name: &str, relation: Relation, change: impl FnOnce(&mut Package)) -> Facts {
    let mut facts = sample::clean();
    let mut package = Package::new(ecosystem, name, Some("1.0.0"), relation, &path("node_modules/x/package.json"), "npm/package-json");
    change(&mut package);
    facts.inventory.packages.push(package);
    facts
}

fn vulnerable(change: impl FnOnce(&mut Vulnerability)) -> Facts {
    let mut facts = sample::with_vulnerability(Severity::Medium);
    change(&mut facts.vulnerabilities[0]);
    facts
}

fn named(name: &str) -> Facts {
    let facts = sample::clean();
    Facts { artifact: ArtifactFacts { name: name.to_owned(), ..facts.artifact.clone() }, ..facts }
}

/// Facts of which the cookbook has something to say, one for each rule.
fn samples() -> Vec<(&'static str, Facts)> {
    let mut samples = vec![
        ("origin-not-registry", package(Ecosystem::Npm, "left", Relation::Installed, |package| package.origin = Origin::Git)),
        ("scope-not-agreed", package(Ecosystem::Npm, "@new/thing", Relation::Bundled, |_| {})),
        ("package-banned", package(Ecosystem::PyPi, "PyCrypto", Relation::Locked, |_| {})),
        ("package-lookalike", package(Ecosystem::Npm, "lodahs", Relation::Installed, |_| {})),
        ("development-inside", package(Ecosystem::Npm, "jest", Relation::Installed, |_| {})),
        ("release-signature-missing", named("dist/prod-orders.zip")),
        ("build-provenance-missing", named("prod-orders.zip")),
        ("vulnerability-fix-late", vulnerable(|known| known.published = Some("2026-01-01T00:00:00Z".to_owned()))),
        (
            "vulnerability-ransomware",
            vulnerable(|known| {
                known.relation = Relation::Locked;
                known.dev = true;
                known.known_exploited = sample::exploited().map(|known| KnownExploited { ransomware: true, ..known });
            }),
        ),
        ("vulnerability-most-likely", vulnerable(|known| known.epss = Some(Epss { score: 0.4, percentile: 0.995 }))),
    ];
    let mut secret = sample::clean();
    secret.inventory.secrets = vec![Secret { rule: "file-dotenv".to_owned(), ..sample::secret(1, SecretLevel::Warn) }];
    samples.push(("secret-file", secret));
    let mut large = sample::clean();
    large.artifact.size = 60_000_000;
    samples.push(("size-artifact", large));
    let mut heavy = sample::clean();
    if let Some(holding) = heavy.inventory.packages[0].holding.as_mut() {
        holding.located.bytes = 30_000_000;
    }
    samples.push(("size-package", heavy));
    samples.push(("unattributed-share", sample::unseen()));
    let mut layered = sample::clean();
    layered.artifact.layers = vec![LayerFacts { name: "base.zip".to_owned(), sha256: "00".repeat(32) }];
    samples.push(("layer-not-approved", layered));
    let mut drifted = sample::clean();
    drifted.inventory.drift.push(Drift {
        lockfile: path("package-lock.json"),
        kind: DriftKind::Version,
        ecosystem: Ecosystem::Npm,
        name: "lodash".to_owned(),
        locked: vec!["4.17.21".to_owned()],
        installed: Some("4.17.15".to_owned()),
        purl: Some("pkg:npm/lodash@4.17.15".to_owned()),
        path: Some(path("node_modules/lodash/package.json")),
    });
    drifted.provenance.signers[0].claims.insert("source_repository_ref".to_owned(), "refs/heads/main".to_owned());
    samples.push(("drift-released", drifted));
    samples
}

#[test]
fn their_own_tests_hold() {
    let proofs = prove(&[folder()]).unwrap();
    let failed: Vec<_> = proofs.iter().filter(|proof| proof.failure.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for policy in files().iter().filter(|name| !name.ends_with("_test.rego")) {
        let test = format!("{}_test.rego", policy.trim_end_matches(".rego"));
        let of_it = proofs.iter().filter(|proof| Path::new(&proof.file) == folder().join(&test)).count();
        assert!(of_it >= 2, "{policy} has {of_it} tests");
    }
}

#[test]
fn every_rule_has_a_page_and_every_file_its_place_in_the_cookbook() {
    let policies = policies();
    for rule in policies.rules() {
        assert!(!rule.title.is_empty() && !rule.page.is_empty(), "{rule:?}");
    }
    let text = fs::read_to_string(folder().with_extension("md")).unwrap();
    for policy in files().iter().filter(|name| !name.ends_with("_test.rego")) {
        assert!(text.contains(&format!("(policies/{policy})")), "{policy} is not in docs/policies.md");
        let rego = fs::read_to_string(folder().join(policy)).unwrap();
        let package = format!("package fngate.{}", policy.trim_end_matches(".rego"));
        assert!(rego.lines().any(|line| line == package), "{policy} is not in the package of its name");
    }
    for rule in rules(&policies) {
        assert!(text.contains(&format!("`{rule}`")), "{rule} is not in docs/policies.md");
    }
}

#[test]
fn none_says_anything_of_a_clean_artifact() {
    let verdict = policies().judge(&sample::clean()).unwrap();
    assert_eq!((verdict.outcome, verdict.findings.as_slice()), (Outcome::Pass, &[] as &[_]));
}

#[test]
fn each_speaks_where_it_should() {
    let policies = policies();
    let samples = samples();
    for (rule, facts) in &samples {
        let verdict = policies.judge(facts).unwrap();
        let found: Vec<_> = verdict.findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(found.contains(rule), "{rule}: {found:?}");
        assert!(!found.contains(&"policy-failed"), "{:#?}", verdict.findings);
        let finding = verdict.findings.iter().find(|finding| finding.rule == *rule).unwrap();
        assert!(finding.level >= Level::Warn && !finding.subject.is_empty(), "{finding:?}");
    }
    let spoken: BTreeSet<String> = samples.iter().map(|(rule, _)| (*rule).to_owned()).collect();
    assert_eq!(spoken, rules(&policies), "a rule without a sample, or the other way round");
}

#[test]
fn a_date_that_does_not_exist_leaves_unjudged_what_goes_by_it() {
    let facts = vulnerable(|known| known.published = Some("2026-02-31T00:00:00Z".to_owned()));
    let verdict = policies().judge(&facts).unwrap();
    assert_eq!(verdict.outcome, Outcome::Incomplete);
    assert!(verdict.findings.iter().any(|finding| finding.rule == "policy-failed" && finding.message.contains("fngate.fix_within")));
}

#[test]
fn what_the_page_shows_as_an_example_holds() {
    let text = fs::read_to_string(folder().with_extension("md")).unwrap();
    let examples: Vec<&str> = text.split("```rego\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    let folder = tempfile::TempDir::new().unwrap();
    for (at, rego) in examples.iter().enumerate() {
        let test = if rego.contains("\ntest_") { "_test" } else { "" };
        fs::write(folder.path().join(format!("example_{at}{test}.rego")), rego).unwrap();
    }
    let proofs = prove(&[folder.path().to_owned()]).unwrap();
    let own: Vec<_> = proofs.iter().filter(|proof| Path::new(&proof.file).starts_with(folder.path())).collect();
    assert!(own.len() >= 2 && own.iter().all(|proof| proof.failure.is_none()), "{own:#?}");
    let policies = Policies::load(sample::settings(), &[folder.path().to_owned()]).unwrap();
    let verdict = policies.judge(&package(Ecosystem::Npm, "moment", Relation::Bundled, |_| {})).unwrap();
    assert_eq!(verdict.findings.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["moment-inside"]);
}
