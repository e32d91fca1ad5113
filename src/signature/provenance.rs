//! SLSA provenance: who built the artifact, and from what.
//!
//! Sources: <https://slsa.dev/spec/v1.1/provenance>, <https://slsa.dev/spec/v0.2/provenance>, and GitHub's build type
//! `https://actions.github.io/buildtypes/workflow/v1`. What the provenance says is the builder's word; where the certificate of
//! the signature says the same by the identity provider's word, the two must agree.

use std::collections::BTreeMap;

use serde_json::Value;

use super::examination::Refusal;
use super::predicate::{PROVENANCE, PROVENANCE_0_2};
use super::reason;

/// The parts of a provenance that can be required or compared; `None` where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) builder: Option<String>,
    pub(super) kind: Option<String>,
    /// The repository, `https://host/owner/name`.
    pub(super) source: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) commit: Option<String>,
}

impl Build {
    /// Reads a predicate; `None` where it is of another type.
    pub(super) fn read(predicate_type: &str, predicate: &Value) -> Option<Self> {
        let at = |path: &str| predicate.pointer(path).and_then(Value::as_str).map(str::to_owned);
        match predicate_type {
            PROVENANCE => {
                let workflow = "/buildDefinition/externalParameters/workflow";
                let named = at(&format!("{workflow}/repository")).or_else(|| at("/buildDefinition/externalParameters/source"));
                let dependency = dependency(predicate, named.as_deref());
                let uri = dependency.and_then(|dependency| dependency.get("uri")).and_then(Value::as_str);
                let commit = dependency.and_then(|dependency| commit(dependency.get("digest")?));
                let (source, reference) = uri.map(split).unwrap_or_default();
                Some(Self {
                    builder: at("/runDetails/builder/id"),
                    kind: at("/buildDefinition/buildType"),
                    source: named.map(|named| split(&named).0.unwrap_or(named)).or(source),
                    reference: at(&format!("{workflow}/ref")).or(reference),
                    commit,
                })
            }
            PROVENANCE_0_2 => {
                let (source, reference) = at("/invocation/configSource/uri").map(|uri| split(&uri)).unwrap_or_default();
                let commit = predicate.pointer("/invocation/configSource/digest").and_then(commit);
                Some(Self { builder: at("/builder/id"), kind: at("/buildType"), source, reference, commit })
            }
            _ => None,
        }
    }

    /// Refuses a provenance that the certificate it was signed with contradicts. `claims` are those of the certificate.
    pub(super) fn agrees(&self, claims: &BTreeMap<String, String>) -> Result<(), Refusal> {
        let claim = |name: &str| claims.get(name);
        let pairs = [
            ("source", &self.source, claim("source_repository_uri")),
            ("ref", &self.reference, claim("source_repository_ref")),
            ("commit", &self.commit, claim("source_repository_digest")),
        ];
        for (name, said, certified) in pairs {
            if let (Some(said), Some(certified)) = (said, certified)
                && said != certified
            {
                return Err(Refusal::new(&reason::PROVENANCE_CONTRADICTED, format!("{name} {certified}"), said));
            }
        }
        match (&self.builder, claim("runner_environment"), claim("build_signer_uri")) {
            (Some(builder), Some(runner), _) if builder.starts_with(GITHUB_RUNNER) && !builder.ends_with(runner.as_str()) => {
                Err(Refusal::new(&reason::PROVENANCE_CONTRADICTED, format!("builder {GITHUB_RUNNER}{runner}"), builder))
            }
            (Some(builder), _, Some(workflow)) if builder.contains("/.github/workflows/") && !is_workflow(builder, workflow) => {
                Err(Refusal::new(&reason::PROVENANCE_CONTRADICTED, format!("builder {workflow}"), builder))
            }
            _ => Ok(()),
        }
    }
}

/// What GitHub's own provenance calls its runners.
const GITHUB_RUNNER: &str = "https://github.com/actions/runner/";

/// Whether a builder is this workflow; it may leave the ref out.
fn is_workflow(builder: &str, workflow: &str) -> bool {
    builder == workflow || workflow.strip_prefix(builder).is_some_and(|rest| rest.starts_with('@'))
}

/// The resolved dependency that is the source: the one of the named repository, or the only one.
fn dependency<'a>(predicate: &'a Value, named: Option<&str>) -> Option<&'a Value> {
    let all = predicate.pointer("/buildDefinition/resolvedDependencies")?.as_array()?;
    let is_source = |dependency: &&Value| {
        let uri = dependency.get("uri").and_then(Value::as_str).unwrap_or_default();
        named.is_some_and(|named| split(uri).0 == split(named).0.or_else(|| Some(named.to_owned())))
    };
    all.iter().find(is_source).or_else(|| if all.len() == 1 && named.is_none() { all.first() } else { None })
}

fn commit(digest: &Value) -> Option<String> {
    ["gitCommit", "sha1"].iter().find_map(|name| digest.get(name)?.as_str().map(str::to_owned))
}

/// A source's URI (`git+https://host/owner/name@refs/heads/main`) as repository and ref.
fn split(uri: &str) -> (Option<String>, Option<String>) {
    let uri = uri.strip_prefix("git+").unwrap_or(uri);
    let (repository, reference) = match uri.rsplit_once('@') {
        Some((repository, reference)) if reference.starts_with("refs/") => (repository, Some(reference.to_owned())),
        _ => (uri, None),
    };
    let repository = repository.strip_suffix(".git").unwrap_or(repository);
    (repository.contains("://").then(|| repository.to_owned()), reference)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn github() -> Value {
        json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/hello", "path": ".github/workflows/release.yml"}},
                "resolvedDependencies": [{"uri": "git+https://github.com/acme/hello@refs/tags/v1", "digest": {"gitCommit": "5f3c"}}]
            },
            "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}}
        })
    }

    fn claims(more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let own = [
            ("source_repository_uri", "https://github.com/acme/hello"),
            ("source_repository_ref", "refs/tags/v1"),
            ("source_repository_digest", "5f3c"),
            ("runner_environment", "github-hosted"),
        ];
        own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn both_versions_are_read() {
        let build = Build::read(PROVENANCE, &github()).unwrap();
        assert_eq!(build.source.as_deref(), Some("https://github.com/acme/hello"));
        assert_eq!((build.commit.as_deref(), build.reference.as_deref()), (Some("5f3c"), Some("refs/tags/v1")));
        let old = json!({"builder": {"id": "b"}, "buildType": "t", "invocation": {"configSource": {"uri": "git+https://github.com/acme/hello@refs/heads/main", "digest": {"sha1": "ab"}}}});
        let build = Build::read(PROVENANCE_0_2, &old).unwrap();
        assert_eq!((build.source.as_deref(), build.reference.as_deref()), (Some("https://github.com/acme/hello"), Some("refs/heads/main")));
        assert_eq!((build.commit.as_deref(), build.builder.as_deref(), build.kind.as_deref()), (Some("ab"), Some("b"), Some("t")));
        assert_eq!(Build::read("https://example.com", &old), None);
        assert_eq!(Build::read(PROVENANCE, &json!({})), Some(Build::default()));
    }

    #[test]
    fn the_certificate_is_not_contradicted() {
        let build = Build::read(PROVENANCE, &github()).unwrap();
        build.agrees(&claims(&[])).unwrap();
        build.agrees(&BTreeMap::new()).unwrap();
        for (name, value) in [
            ("source_repository_uri", "https://github.com/acme/other"),
            ("source_repository_ref", "refs/tags/v2"),
            ("source_repository_digest", "ffff"),
            ("runner_environment", "self-hosted"),
        ] {
            let refusal = build.agrees(&claims(&[(name, value)])).unwrap_err();
            assert_eq!(refusal.reason.code, "provenance-contradicted", "{name}");
        }
    }

    #[test]
    fn a_reusable_workflow_is_the_builder() {
        let builder = |id: &str| Build { builder: Some(id.to_owned()), ..Build::default() };
        let signed = claims(&[("build_signer_uri", "https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1")]);
        builder("https://github.com/o/r/.github/workflows/w.yml@refs/tags/v1").agrees(&signed).unwrap();
        builder("https://github.com/o/r/.github/workflows/w.yml").agrees(&signed).unwrap();
        assert!(builder("https://github.com/o/r/.github/workflows/w.yml@refs/tags/v2").agrees(&signed).is_err());
        assert!(builder("https://github.com/o/r/.github/workflows/w").agrees(&signed).is_err());
    }
}
