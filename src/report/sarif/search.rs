//! What a search for secrets alone found, as SARIF.

use std::io::{self, Write};

use super::super::case::{Case, Standing};
use super::super::place::Site;
use super::super::spool::List;
use super::super::{Call, Repository, RulePage};
use super::run::Run;
use super::{MOST_RESULTS, write_log};
use crate::model::{Finding, Level, Problem, Secret, SecretLevel};

/// What a search found. Paths are relative to the repository, `outer!/inner` where they lie in an archive.
#[derive(Clone, Copy, Debug)]
pub struct Searched<'a> {
    /// The secrets.
    pub secrets: &'a [Secret],
    /// What was not searched.
    pub problems: &'a [Problem],
    /// What could not be opened, and why.
    pub failed: &'a [(String, String)],
    /// What the rules are about.
    pub rules: &'a [RulePage],
}

/// Writes what a search found as one run.
pub fn write_secrets(searched: &Searched<'_>, out: &mut dyn Write) -> io::Result<()> {
    let call = Call { rules: searched.rules.to_vec(), repository: Repository::default(), ..Call::default() };
    let failed = searched.failed.iter().map(|(path, error)| finding("artifact-unreadable", Level::Incomplete, error, Some(path.clone())));
    let unseen = searched.problems.iter().map(|one| {
        let path = one.path.as_ref().map(ToString::to_string);
        finding(one.kind, Level::Incomplete, &one.message, path)
    });
    let findings: Vec<Finding> = failed.chain(unseen).chain(searched.secrets.iter().map(secret)).collect();
    let case = |finding| Case { finding, standing: Standing::Counts, vulnerability: None, problem: None };
    let cases: Vec<Case<'_>> = findings.iter().map(case).collect();
    let mut run = Run::new("secrets", MOST_RESULTS);
    run.add(&call, &Site::folder(), "", &cases);
    let mut runs = List::new();
    runs.push(&run.finish())?;
    write_log(runs, out)
}

fn secret(secret: &Secret) -> Finding {
    let level = match secret.level {
        SecretLevel::Deny => Level::Deny,
        SecretLevel::Warn => Level::Warn,
        SecretLevel::Info => Level::Info,
    };
    let message = format!("{} `{}`", secret.rule, secret.preview);
    Finding {
        fingerprint: secret.fingerprint.clone(),
        line: Some(secret.line),
        tags: vec!["CWE-798".to_owned()],
        ..finding(&secret.rule, level, &message, Some(secret.path.to_string()))
    }
}

fn finding(rule: &str, level: Level, message: &str, path: Option<String>) -> Finding {
    Finding {
        id: String::new(),
        rule: rule.to_owned(),
        level,
        subject: path.clone().unwrap_or_default(),
        advisory: String::new(),
        fingerprint: String::new(),
        message: message.to_owned(),
        help: String::new(),
        path,
        line: None,
        tags: Vec::new(),
    }
}
