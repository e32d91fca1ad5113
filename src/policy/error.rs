//! What can go wrong with policies. None of it says anything about the artifact: every one is exit 2, and none is ever an
//! empty set of findings.

use std::io;
use std::path::PathBuf;

/// Why policies could not be loaded or could not judge.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A file or folder of policies could not be read.
    #[error("cannot read the policy: {}", path.display())]
    Read {
        /// The path as given, or below it.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder without a single policy.
    #[error("the folder holds no policy (a file ending in `.rego`): {}", .0.display())]
    NoPolicy(PathBuf),
    /// Not Rego, or not Rego that can be prepared.
    #[error("cannot load the policy `{policy}`: {message}")]
    Malformed {
        /// The file.
        policy: String,
        /// The engine's words.
        message: String,
    },
    /// A policy outside the packages that are asked for findings.
    #[error("the policy `{policy}` is in no package that is asked for findings: {package}")]
    Package {
        /// The file.
        policy: String,
        /// Its package.
        package: String,
    },
    /// A given policy that would change a built-in one.
    #[error("the policy `{policy}` is in the package of a built-in policy: {package}")]
    Taken {
        /// The file.
        policy: String,
        /// Its package.
        package: String,
    },
    /// A package that would never say anything.
    #[error("the policy has no rule `findings`: {package}")]
    NoFindings {
        /// The package.
        package: String,
    },
    /// A policy that failed while it judged.
    #[error("the policy `{package}` failed: {message}")]
    Failed {
        /// The package.
        package: String,
        /// The engine's words.
        message: String,
    },
    /// A policy whose findings are not what the gate asks for.
    #[error("the policy `{package}` made a finding the gate cannot use{}: {message}", named(rule))]
    Finding {
        /// The package.
        package: String,
        /// The finding's rule, where it has one.
        rule: String,
        /// What is wrong with it.
        message: String,
    },
    /// A file of tests that tests nothing.
    #[error("the file has no rule whose name starts with `test_`: {policy}")]
    NoTest {
        /// The file.
        policy: String,
    },
    /// An acceptance of what nothing excuses.
    #[error("an `[[accept]]` names a kind of problem that nothing excuses: {kind}")]
    Unacceptable {
        /// The kind.
        kind: String,
    },
    /// An ignore that would silence more than was looked at.
    #[error("the `[[ignore]]` of `{rule}` lacks a key: {key}")]
    Unbound {
        /// The rule.
        rule: String,
        /// The key.
        key: &'static str,
    },
    /// The facts name no day.
    #[error("the day of judgement is no date (`YYYY-MM-DD`): {0}")]
    Day(String),
    /// The facts could not be written as the input document.
    #[error("cannot write the policies' input document: {0}")]
    Input(String),
}

impl PolicyError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } | Self::Day(_) | Self::Input(_) => return None,
            Self::NoPolicy(_) => "name a `.rego` file, or a folder that holds some",
            Self::Malformed { .. } => "policies are Rego v1 (`contains` and `if` are written out)",
            Self::Package { .. } => "write `package fngate.NAME` for a policy, or `package lib.NAME` for functions that policies share",
            Self::Taken { .. } => "choose another name; what built-in policies decide is set in fngate.toml",
            Self::NoFindings { .. } => "write `findings contains f if { .. }`; `fngate policy list` shows the built-in ones as examples",
            Self::Failed { .. } => "an error in a policy judges nothing; try it with `fngate policy test`",
            Self::Finding { .. } => {
                "a finding is {rule, level: deny|incomplete|warn|info, message} and may have subject, advisory, fingerprint, help, path, line, tags"
            }
            Self::NoTest { .. } => "write `test_NAME if { .. }`",
            Self::Unacceptable { .. } => {
                "remove what cannot be seen from the artifact; only unattributed and out-of-scope problems can be accepted"
            }
            Self::Unbound { .. } => "an ignore silences what was looked at, not what may be found next month",
        };
        Some(hint.to_owned())
    }
}

fn named(rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!(" (rule `{rule}`)") }
}
