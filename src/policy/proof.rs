//! The tests of policies: every `test_*` rule of every `_test.rego`. One that is not `true`, is undefined or fails is a
//! failure.

use std::collections::BTreeSet;
use std::path::PathBuf;

use regorus::Value;

use super::engine::Engine;
use super::error::PolicyError;
use super::setting::Settings;
use super::source::{self, Source};

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The file of the test.
    pub file: String,
    /// The rule, `test_…`.
    pub test: String,
    /// Why it failed; `None` where it is `true`.
    pub failure: Option<String>,
}

/// Runs the tests of the built-in policies and of those at `paths`, in the order of their files and names.
pub fn prove(paths: &[PathBuf]) -> Result<Vec<Proof>, PolicyError> {
    let (tests, policies): (Vec<_>, Vec<_>) = source::given(paths)?.into_iter().partition(Source::is_test);
    let settings = Settings::default();
    let policies: Vec<Source> = source::builtin().into_iter().chain(policies).collect();
    let mut engine = Engine::load(&policies, &settings.document())?;
    let mut rules = Vec::new();
    for file in source::builtin_tests().into_iter().chain(tests) {
        let package = engine.add(&file)?;
        let names = names(&file.rego);
        if names.is_empty() {
            return Err(PolicyError::NoTest { policy: file.name });
        }
        rules.extend(names.into_iter().map(|test| (file.name.clone(), format!("{package}.{test}"), test)));
    }
    let proofs = rules.into_iter().map(|(file, rule, test)| Proof { file, test, failure: failure(&engine, &rule) });
    Ok(proofs.collect())
}

fn failure(engine: &Engine, rule: &str) -> Option<String> {
    match engine.value(rule) {
        Ok(Some(Value::Bool(true))) => None,
        Ok(Some(value)) => Some(format!("it is {value}, not true")),
        Ok(None) => Some("it is not true".to_owned()),
        Err(fault) => Some(fault),
    }
}

/// The names of rules that begin with `test_`, wherever a line begins with one.
fn names(rego: &str) -> BTreeSet<String> {
    let name = |line: &str| line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    rego.lines().map(str::trim_start).filter(|line| line.starts_with("test_")).map(name).collect()
}
