//! Rego's engine: policies in, findings out. A policy that fails, says nothing where it must speak, or says what the gate
//! cannot use is an error, never an empty set.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine as Rego, Value};
use serde::{Deserialize, Serialize};

use super::error::PolicyError;
use super::source::{self, Source};
use crate::model::{Finding, Level};

/// What one policy may take to judge one artifact. The built-in ones take milliseconds.
const LONGEST: Duration = Duration::from_secs(60);

/// Brackets within brackets that a policy may write. The engine's parser takes twice as long for each level.
const DEEPEST: usize = 12;

/// The engine with policies and settings, prepared; cloned for each judgement, which is cheap.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    rego: Rego,
    /// Packages that are asked for findings, `data.fngate.NAME`, sorted.
    packages: BTreeSet<String>,
}

impl Engine {
    /// Loads policies and `data.settings`.
    pub(super) fn load(sources: &[Source], settings: &impl Serialize) -> Result<Self, PolicyError> {
        let mut rego = Rego::new();
        rego.set_strict_builtin_errors(true);
        // `print` may repeat an artifact's words, and would put them on the terminal as they are.
        rego.set_gather_prints(true);
        let check_interval = NonZeroU32::new(1024).unwrap_or(NonZeroU32::MIN);
        rego.set_execution_timer_config(ExecutionTimerConfig { limit: LONGEST, check_interval });
        let settings =
            serde_json::to_string(&serde_json::json!({ "settings": settings })).map_err(|fault| PolicyError::Input(fault.to_string()))?;
        rego.add_data_json(&settings).map_err(|fault| PolicyError::Input(fault.to_string()))?;
        let mut engine = Self { rego, packages: BTreeSet::new() };
        let mut taken = BTreeSet::new();
        let mut speaking = BTreeSet::new();
        for source in sources {
            let package = engine.add(source)?;
            if source.builtin {
                taken.insert(package.clone());
            } else if taken.iter().any(|own| is_in(&package, own)) {
                return Err(PolicyError::Taken { policy: source.name.clone(), package: shown(&package) });
            }
            if engine.declares_findings(source)? {
                speaking.insert(package.clone());
            }
            if is_judge(&package) {
                engine.packages.insert(package);
            } else if !package.starts_with("data.lib.") {
                return Err(PolicyError::Package { policy: source.name.clone(), package: shown(&package) });
            }
        }
        match engine.packages.difference(&speaking).next() {
            Some(package) => Err(PolicyError::NoFindings { package: shown(package) }),
            None => Ok(engine),
        }
    }

    /// Adds a module and returns its package, `data.…`.
    pub(super) fn add(&mut self, source: &Source) -> Result<String, PolicyError> {
        let malformed = |message: String| PolicyError::Malformed { policy: source.name.clone(), message };
        if source::nesting(&source.rego) > DEEPEST {
            return Err(malformed(format!("brackets nest deeper than {DEEPEST}")));
        }
        let added = self.rego.add_policy(source.name.clone(), source.rego.clone());
        added.map_err(|fault| malformed(said(&format!("{fault:#}"))))
    }

    fn declares_findings(&self, source: &Source) -> Result<bool, PolicyError> {
        let declared = self.rego.has_declared_rule_rooted_at(&source.name, "findings");
        declared.map_err(|fault| PolicyError::Malformed { policy: source.name.clone(), message: said(&format!("{fault:#}")) })
    }

    /// Asks every package for its findings about `input` (JSON). One that fails does not keep the others from speaking: what
    /// they deny stays denied.
    pub(super) fn findings(&self, input: &str) -> Result<Spoken, PolicyError> {
        let mut ready = self.rego.clone();
        ready.set_input_json(input).map_err(|fault| PolicyError::Input(fault.to_string()))?;
        let mut rego = ready.clone();
        let mut spoken = Spoken::default();
        for package in &self.packages {
            let failures = spoken.failures.len();
            spoken.hear(package, rego.eval_rule(format!("{package}.findings")).map_err(|fault| said(&format!("{fault:#}"))));
            if spoken.failures.len() > failures {
                rego = ready.clone();
            }
        }
        Ok(spoken)
    }

    /// Evaluates one rule: `None` where it is undefined.
    pub(super) fn value(&self, rule: &str) -> Result<Option<Value>, String> {
        match self.rego.clone().eval_rule(rule.to_owned()) {
            Ok(Value::Undefined) => Ok(None),
            Ok(value) => Ok(Some(value)),
            Err(fault) => Err(said(&format!("{fault:#}"))),
        }
    }
}

/// What the packages said about one artifact.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// Every finding that can be used.
    pub(super) findings: Vec<Finding>,
    /// The policies that failed, and the findings that cannot be used.
    pub(super) failures: Vec<PolicyError>,
}

impl Spoken {
    /// Takes what one package answered.
    fn hear(&mut self, package: &str, answer: Result<Value, String>) {
        let why = match answer {
            Ok(Value::Set(set)) => {
                for value in set.iter() {
                    match read(package, value) {
                        Ok(finding) => self.findings.push(finding),
                        Err(failure) => self.failures.push(failure),
                    }
                }
                return;
            }
            Ok(Value::Undefined) => "`findings` is undefined; it must be a set".to_owned(),
            Ok(_) => "`findings` is no set; write `findings contains f if { .. }`".to_owned(),
            Err(fault) => fault,
        };
        self.failures.push(PolicyError::Failed { package: shown(package), message: why });
    }
}

/// The engine's words on one line: the place and what is wrong, without the excerpt of the file between them.
fn said(fault: &str) -> String {
    let is_excerpt = |line: &str| line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ').starts_with('|');
    let lines = fault.lines().map(str::trim).filter(|line| !line.is_empty() && !is_excerpt(line));
    let lines = lines.map(|line| line.trim_start_matches("--> ").trim_start_matches("error: "));
    lines.collect::<Vec<_>>().join(": ")
}

/// Whether a package is asked for findings.
fn is_judge(package: &str) -> bool {
    package.strip_prefix("data.fngate.").is_some_and(|name| !name.is_empty())
}

/// Whether a package is another one or lies in it, where its rules would stand among the other's.
fn is_in(package: &str, outer: &str) -> bool {
    package.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The package as its author wrote it.
fn shown(package: &str) -> String {
    package.strip_prefix("data.").unwrap_or(package).to_owned()
}

/// A finding as a policy writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    rule: String,
    level: Level,
    message: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    advisory: String,
    #[serde(default)]
    fingerprint: String,
    #[serde(default)]
    help: String,
    path: Option<String>,
    line: Option<u32>,
    #[serde(default)]
    tags: Vec<String>,
}

/// Reads and checks one member of a `findings` set.
fn read(package: &str, value: &Value) -> Result<Finding, PolicyError> {
    let rule = value.as_object().ok().and_then(|object| object.get(&Value::from("rule"))).and_then(|rule| rule.as_string().ok());
    let rule = rule.map_or_else(String::new, |rule| rule.to_string());
    let wrong = |message: String| PolicyError::Finding { package: shown(package), rule: rule.clone(), message };
    let json = value.to_json_str().map_err(|fault| wrong(fault.to_string()))?;
    let written: Written = serde_json::from_str(&json).map_err(|fault| wrong(cause(&fault)))?;
    if !super::is_kebab(&written.rule) {
        return Err(wrong("`rule` must be kebab-case (`no-left-pad`)".to_owned()));
    }
    if written.message.trim().is_empty() {
        return Err(wrong("`message` is empty".to_owned()));
    }
    if written.line == Some(0) {
        return Err(wrong("`line` counts from 1".to_owned()));
    }
    Ok(Finding {
        id: String::new(),
        rule: written.rule,
        level: written.level,
        subject: written.subject,
        advisory: written.advisory,
        fingerprint: written.fingerprint,
        message: written.message,
        help: written.help,
        path: written.path,
        line: written.line,
        tags: written.tags,
    })
}

/// What serde says, without the place in a text that the policy's author never sees.
fn cause(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(cause, _)| cause.to_owned())
}
