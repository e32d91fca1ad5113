//! What must have been said about the artifact, besides that somebody signed it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use fngate::signature::{PASSED, Requirement, StatementRequirement, SummaryRequirement, VERIFIER, VSA, predicate_names, predicate_type};
use jiff::{SignedDuration, Span};

/// Options that require statements.
#[derive(Debug, clap::Args)]
pub(super) struct StatementArgs {
    /// A statement of this type must have been made: a predicate type, or slsaprovenance, cyclonedx, spdx, vuln, … (repeatable)
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// The provenance must name this builder, exactly
    #[arg(long, value_name = "ID")]
    builder_id: Option<String>,
    /// The provenance must name this type of build, exactly
    #[arg(long, value_name = "URI")]
    build_type: Option<String>,
    /// The provenance must name this source repository
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// The gate must have passed these very bytes: a verification summary (VSA) is required
    #[arg(long)]
    pub(super) vsa: bool,
    /// How old the summary may be, such as 24h
    #[arg(long, value_name = "DURATION", requires = "vsa", value_parser = duration)]
    max_age: Option<SignedDuration>,
    /// Whose summary it must be
    #[arg(long, value_name = "URI", requires = "vsa", default_value = VERIFIER, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    verifier_id: String,
    /// The policy it must have been made under, as `fngate policy digest` prints it
    #[arg(long, value_name = "SHA256", requires = "vsa", conflicts_with_all = ["policy_config", "policy"])]
    policy_digest: Option<String>,
    /// The same, of this configuration
    #[arg(long, value_name = "PATH", requires = "vsa")]
    policy_config: Option<PathBuf>,
    /// The same, with this policy besides (repeatable)
    #[arg(long, value_name = "PATH", requires = "vsa")]
    policy: Vec<PathBuf>,
    /// The address it must be about
    #[arg(long, value_name = "URI", requires = "vsa")]
    resource_uri: Option<String>,
    /// A level that it must state besides FNGATE_PASS (repeatable)
    #[arg(long, value_name = "LEVEL", requires = "vsa")]
    level: Vec<String>,
}

impl StatementArgs {
    /// Adds what is asked to a requirement.
    pub(super) fn require(&self, requirement: &mut Requirement) -> anyhow::Result<()> {
        for name in &self.types {
            let predicate_type = kind(name)?;
            requirement.statements.push(StatementRequirement { predicate_type, ..StatementRequirement::default() });
        }
        if self.builder_id.is_some() || self.build_type.is_some() || self.source.is_some() {
            let about_builds = |one: &&mut StatementRequirement| one.predicate_type.starts_with("https://slsa.dev/provenance/");
            let mut named = requirement.statements.iter_mut().filter(about_builds).collect::<Vec<_>>();
            if named.is_empty() {
                bail!("`--builder-id`, `--build-type` and `--source` are about provenance: add `--type slsaprovenance`");
            }
            for one in &mut named {
                (one.builder, one.build_type, one.source) = (self.builder_id.clone(), self.build_type.clone(), self.source.clone());
            }
        }
        if self.vsa {
            let policy_digest = match &self.policy_digest {
                Some(digest) => {
                    let hex = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
                    if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                        bail!("a policy digest is 64 hexadecimal digits, as `fngate policy digest` prints them: {digest}");
                    }
                    Some(hex)
                }
                None if self.policy_config.is_some() || !self.policy.is_empty() => {
                    Some(super::policy::digest(self.policy_config.as_deref(), &self.policy)?)
                }
                None => None,
            };
            requirement.statements.push(StatementRequirement { predicate_type: VSA.to_owned(), ..StatementRequirement::default() });
            requirement.summary = Some(SummaryRequirement {
                verifier: self.verifier_id.clone(),
                policy_digest,
                resource: self.resource_uri.clone(),
                levels: std::iter::once(PASSED.to_owned()).chain(self.level.iter().cloned()).collect(),
                max_age: self.max_age,
            });
        }
        Ok(())
    }
}

/// The predicate type that a URI or a shorthand names.
pub(super) fn kind(name: &str) -> anyhow::Result<String> {
    let names = || predicate_names().collect::<Vec<_>>().join(", ");
    predicate_type(name).with_context(|| format!("a type is a URI or one of {}: {name}", names()))
}

/// A duration such as `24h`, `90m` or `P1D`; a day has 24 hours.
fn duration(text: &str) -> Result<SignedDuration, String> {
    let span = text.parse::<Span>().map_err(|error| error.to_string())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    if duration <= SignedDuration::ZERO {
        return Err("it must be longer than nothing".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_positive() {
        assert_eq!(duration("24h"), Ok(SignedDuration::from_hours(24)));
        assert_eq!(duration("1d"), Ok(SignedDuration::from_hours(24)));
        assert_eq!(duration("90m"), Ok(SignedDuration::from_mins(90)));
        for bad in ["", "0h", "-1h", "24", "tomorrow"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }
}
