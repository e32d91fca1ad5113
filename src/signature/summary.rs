//! The verification summary: what the gate says of an artifact, signed, so that the deployment can rely on it.
//!
//! Source: <https://slsa.dev/spec/v1.1/verification_summary>. The checks are its section "How to verify", steps 1 to 7; the
//! first two (signature, subject) are those of every statement and come before. Beyond it, the summary must be fresh: its age
//! counts from the authenticated signing time, or from the time it gives itself where that is earlier.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::examination::Refusal;
use super::reason;

/// What verifies here, unless the operator says otherwise.
pub const VERIFIER: &str = "https://github.com/fngate/fngate";
/// The policy's address, unless the operator says otherwise. Its digest is what counts.
pub const POLICY: &str = "urn:fngate:policy";
/// The level of an artifact that passed.
pub const PASSED: &str = "FNGATE_PASS";
/// What is said of SLSA's build levels: the gate has not evaluated them.
const UNEVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";
/// How far the summary's own time may lie after its signature: clocks differ.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A summary of an artifact that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Who verified: a URI.
    pub verifier: String,
    /// When.
    pub time: Timestamp,
    /// Where the artifact will be fetched from: a URI.
    pub resource: String,
    /// SHA-256 (hex) of the policy and configuration.
    pub policy_digest: String,
    /// The bundles that were verified: name and SHA-256 (hex).
    pub inputs: Vec<(String, String)>,
    /// What else is known of it, none of which may begin with `SLSA_`.
    pub levels: Vec<String>,
    /// What the specification has no member for; others ignore it.
    pub details: Value,
}

impl Summary {
    /// The predicate.
    #[must_use]
    pub fn predicate(&self) -> Value {
        let inputs = self.inputs.iter().map(|(name, sha256)| json!({"uri": name, "digest": {"sha256": sha256}}));
        let levels = [UNEVALUATED, PASSED].into_iter().map(str::to_owned).chain(self.levels.iter().cloned());
        json!({
            "verifier": {"id": self.verifier, "version": {"fngate": env!("CARGO_PKG_VERSION")}},
            "timeVerified": self.time.to_string(),
            "resourceUri": self.resource,
            "policy": {"uri": POLICY, "digest": {"sha256": self.policy_digest}},
            "inputAttestations": inputs.collect::<Vec<_>>(),
            "verificationResult": "PASSED",
            "verifiedLevels": levels.collect::<Vec<_>>(),
            "slsaVersion": "1.1",
            "fngate": self.details,
        })
    }
}

/// What a summary must say to be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRequirement {
    /// Whose summary: the verifier's id, exactly.
    pub verifier: String,
    /// SHA-256 (hex) of the policy that must have been in force.
    pub policy_digest: Option<String>,
    /// The address that it must be about.
    pub resource: Option<String>,
    /// Levels that it must state.
    pub levels: Vec<String>,
    /// How old it may be.
    pub max_age: Option<SignedDuration>,
}

impl Default for SummaryRequirement {
    fn default() -> Self {
        Self { verifier: VERIFIER.to_owned(), policy_digest: None, resource: None, levels: vec![PASSED.to_owned()], max_age: None }
    }
}

impl SummaryRequirement {
    /// Checks a summary that was signed at `signed`.
    pub(super) fn accepts(&self, predicate: &Value, signed: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        let text = |path: &str| predicate.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let hold = |reason, expected: &str, found: &str, holds: bool| match holds {
            true => Ok(()),
            false => Err(Refusal::new(reason, expected, if found.is_empty() { "none" } else { found })),
        };
        let verifier = text("/verifier/id");
        hold(&reason::SUMMARY_VERIFIER, &self.verifier, verifier, verifier == self.verifier)?;
        passed(predicate)?;
        let resource = text("/resourceUri");
        let wanted = self.resource.as_deref().unwrap_or("a resource");
        hold(
            &reason::SUMMARY_RESOURCE,
            wanted,
            resource,
            !resource.is_empty() && self.resource.as_deref().is_none_or(|it| it == resource),
        )?;
        let policy = text("/policy/digest/sha256");
        let wanted = self.policy_digest.as_deref().unwrap_or("a policy with a sha256");
        hold(&reason::SUMMARY_POLICY, wanted, policy, !policy.is_empty() && self.policy_digest.as_deref().is_none_or(|it| it == policy))?;
        let stated = predicate.get("verifiedLevels").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let stated = stated.iter().filter_map(Value::as_str).collect::<Vec<_>>();
        for level in &self.levels {
            hold(&reason::SUMMARY_LEVEL, level, &stated.join(", "), stated.contains(&level.as_str()))?;
        }
        self.fresh(text("/timeVerified"), signed, now)
    }

    fn fresh(&self, verified: &str, signed: Timestamp, now: Timestamp) -> Result<(), Refusal> {
        let Ok(own) = verified.parse::<Timestamp>() else {
            return Err(Refusal::new(
                &reason::SUMMARY_TIME,
                "the time of the verification, RFC 3339",
                if verified.is_empty() { "none" } else { verified },
            ));
        };
        if own > signed.saturating_add(CLOCK_SKEW).unwrap_or(Timestamp::MAX) {
            return Err(Refusal::new(&reason::SUMMARY_TIME, format!("a time not after the signature of {signed}"), own.to_string()));
        }
        let since = own.min(signed);
        match self.max_age {
            Some(most) if now.duration_since(since) > most => Err(Refusal::new(
                &reason::SUMMARY_TOO_OLD,
                format!("not older than {most:#}"),
                format!("{since}, {:#} ago", now.duration_since(since)),
            )),
            _ => Ok(()),
        }
    }
}

/// Refuses a summary that does not say that the artifact passed, whatever else is required.
pub(super) fn passed(predicate: &Value) -> Result<(), Refusal> {
    let result = predicate.get("verificationResult").and_then(Value::as_str).unwrap_or("none");
    if result == "PASSED" { Ok(()) } else { Err(Refusal::new(&reason::SUMMARY_FAILED, "PASSED", result)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn summary() -> Summary {
        Summary {
            verifier: VERIFIER.to_owned(),
            time: at("2026-01-01T12:00:00Z"),
            resource: "s3://bucket/fn.zip".to_owned(),
            policy_digest: "ab".repeat(32),
            inputs: vec![("fn.zip.sigstore.json".to_owned(), "cd".repeat(32))],
            levels: vec!["FNGATE_INVENTORY_COMPLETE".to_owned()],
            details: Value::Null,
        }
    }

    fn verdict(requirement: &SummaryRequirement, change: impl FnOnce(&mut Value)) -> &'static str {
        let mut predicate = summary().predicate();
        change(&mut predicate);
        let accepted = requirement.accepts(&predicate, at("2026-01-01T12:00:05Z"), at("2026-01-01T13:00:00Z"));
        accepted.map_or_else(|refusal| refusal.reason.code, |()| "accepted")
    }

    #[test]
    fn a_summary_is_held_against_what_is_required() {
        let any = SummaryRequirement::default;
        let hour = SignedDuration::from_hours(1);
        assert_eq!(verdict(&any(), |_| {}), "accepted");
        assert_eq!(verdict(&SummaryRequirement { verifier: "https://other.example".to_owned(), ..any() }, |_| {}), "summary-verifier");
        assert_eq!(verdict(&SummaryRequirement { policy_digest: Some("ab".repeat(32)), ..any() }, |_| {}), "accepted");
        assert_eq!(verdict(&SummaryRequirement { policy_digest: Some("ac".repeat(32)), ..any() }, |_| {}), "summary-policy");
        assert_eq!(verdict(&SummaryRequirement { resource: Some("s3://bucket/fn.zip".to_owned()), ..any() }, |_| {}), "accepted");
        assert_eq!(verdict(&SummaryRequirement { resource: Some("s3://bucket/fn".to_owned()), ..any() }, |_| {}), "summary-resource");
        assert_eq!(verdict(&SummaryRequirement { levels: vec!["SLSA_BUILD_LEVEL_3".to_owned()], ..any() }, |_| {}), "summary-level");
        assert_eq!(verdict(&SummaryRequirement { max_age: Some(hour), ..any() }, |_| {}), "accepted");
        let minutes = SignedDuration::from_mins(59);
        assert_eq!(verdict(&SummaryRequirement { max_age: Some(minutes), ..any() }, |_| {}), "summary-too-old");
    }

    #[test]
    fn a_spoiled_summary_is_refused() {
        let any = SummaryRequirement::default();
        for (path, value, expected) in [
            ("verificationResult", json!("FAILED"), "summary-failed"),
            ("verificationResult", json!("passed"), "summary-failed"),
            ("verifier", json!({}), "summary-verifier"),
            ("resourceUri", json!(""), "summary-resource"),
            ("policy", json!({"uri": POLICY}), "summary-policy"),
            ("verifiedLevels", json!([]), "summary-level"),
            ("verifiedLevels", json!("FNGATE_PASS"), "summary-level"),
            ("timeVerified", json!("yesterday"), "summary-time"),
            ("timeVerified", json!(null), "summary-time"),
            ("timeVerified", json!("2026-01-02T00:00:00Z"), "summary-time"),
        ] {
            assert_eq!(verdict(&any, |predicate| predicate[path] = value.clone()), expected, "{path} {value}");
        }
    }

    #[test]
    fn the_earlier_of_both_times_is_its_age() {
        let day = SummaryRequirement { max_age: Some(SignedDuration::from_hours(24)), ..SummaryRequirement::default() };
        assert_eq!(verdict(&day, |predicate| predicate["timeVerified"] = json!("2025-12-30T00:00:00Z")), "summary-too-old");
        let refused = day.accepts(&summary().predicate(), at("2026-01-01T12:00:05Z"), at("2026-01-03T00:00:00Z"));
        assert_eq!(refused.unwrap_err().reason.code, "summary-too-old");
    }
}
