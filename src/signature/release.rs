//! Attestations of releases that GitHub's instance signs in its own name (in-toto attestation, `spec/predicates/release.md`).
//!
//! Every repository's releases have the same signer, so the signer alone says nothing: whoever publishes a release of their own
//! gets this signature for their own bytes. What tells repositories apart stands in the predicate, in GitHub's own words; it is
//! read here under the names that certificates have for it, and an identity that requires none of it accepts nobody.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Statement;

use super::examination::Refusal;
use super::reason;

/// The predicate types of release attestations.
const TYPES: [&str; 2] = ["https://in-toto.io/attestation/release/v0.1", "https://in-toto.io/attestation/release/v0.2"];
/// The claims of which an identity must require one.
pub(super) const REPOSITORY: [&str; 4] =
    ["source_repository_uri", "source_repository_identifier", "source_repository_owner_uri", "source_repository_owner_identifier"];

/// What GitHub says about the release, as claims.
pub(super) fn claims(statement: Option<&Statement>) -> Result<BTreeMap<String, String>, Refusal> {
    let kind = statement.map_or("no statement", |statement| statement.predicate_type.as_str());
    let Some(statement) = statement.filter(|_| TYPES.contains(&kind)) else {
        return Err(Refusal::new(&reason::ISSUER_MISSING, "an issuer, or the attestation of a release", kind));
    };
    let predicate = &statement.predicate;
    let text = |name: &str| predicate.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let repository = text("repository");
    let owner = repository.and_then(|name| name.split_once('/')).map(|(owner, _)| owner);
    let found = [
        (REPOSITORY[0], repository.map(|name| format!("https://github.com/{name}"))),
        (REPOSITORY[1], text("repositoryId").map(str::to_owned)),
        (REPOSITORY[2], owner.map(|owner| format!("https://github.com/{owner}"))),
        (REPOSITORY[3], text("ownerId").map(str::to_owned)),
        ("source_repository_ref", text("tag").map(|tag| format!("refs/tags/{tag}"))),
    ];
    Ok(found.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_names_its_repository() {
        let statement = |predicate_type: &str, predicate: &str| Statement {
            predicate_type: predicate_type.to_owned(),
            predicate: serde_json::from_str(predicate).unwrap_or_default(),
            signer: String::new(),
        };
        let release = statement(TYPES[1], r#"{"repository":"acme/fn","repositoryId":"7","ownerId":"8","tag":"v1","databaseId":"9"}"#);
        let found = claims(Some(&release)).unwrap();
        let found = found.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        let expected = [
            "source_repository_identifier=7",
            "source_repository_owner_identifier=8",
            "source_repository_owner_uri=https://github.com/acme",
            "source_repository_ref=refs/tags/v1",
            "source_repository_uri=https://github.com/acme/fn",
        ];
        assert_eq!(found, expected);
        assert!(claims(Some(&statement(TYPES[0], r#"{"repository":7,"tag":""}"#))).unwrap().is_empty());
        let refused = |statement: Option<&Statement>| claims(statement).map_err(|refusal| refusal.reason.code);
        assert_eq!(refused(None), Err("issuer-missing"));
        assert_eq!(refused(Some(&statement("https://slsa.dev/provenance/v1", "{}"))), Err("issuer-missing"));
    }
}
