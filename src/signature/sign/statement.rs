//! The in-toto statements that are signed here.
//!
//! Source: in-toto attestation specification, `spec/v1/statement.md`.

use serde_json::{Value, json};

use crate::model::hex;

/// A statement about the file of this name and digest, as JSON.
#[must_use]
pub fn statement(name: &str, sha256: &[u8; 32], predicate_type: &str, predicate: &Value) -> Vec<u8> {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": hex(sha256)}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    });
    statement.to_string().into_bytes()
}

/// What the continuous integration service tells of this job, by the name of a variable.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// SLSA provenance v1 of this job, as far as its environment says; `None` outside of the services that are known.
///
/// Sources: `https://actions.github.io/buildtypes/workflow/v1` and GitLab's `PROVENANCE.md`. It is the job's own word about itself:
/// whoever can run code in the job can write another. The claims of the certificate it is signed with are the service's word.
#[must_use]
pub fn provenance_of_job(of: &Environment<'_>) -> Option<Value> {
    if of("GITHUB_ACTIONS").as_deref() == Some("true") { github(of) } else { of("GITLAB_CI").and_then(|_| gitlab(of)) }
}

fn github(of: &Environment<'_>) -> Option<Value> {
    let (server, repository) = (of("GITHUB_SERVER_URL")?, of("GITHUB_REPOSITORY")?);
    let source = format!("{server}/{repository}");
    let (workflow, reference) = (of("GITHUB_WORKFLOW_REF")?, of("GITHUB_REF")?);
    let path = workflow.strip_prefix(&format!("{repository}/"))?.split('@').next()?.to_owned();
    let run = format!("{source}/actions/runs/{}/attempts/{}", of("GITHUB_RUN_ID")?, of("GITHUB_RUN_ATTEMPT")?);
    let runner = of("RUNNER_ENVIRONMENT")?;
    Some(json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": reference, "repository": source, "path": path}},
            "internalParameters": {"github": {
                "event_name": of("GITHUB_EVENT_NAME")?,
                "repository_id": of("GITHUB_REPOSITORY_ID")?,
                "repository_owner_id": of("GITHUB_REPOSITORY_OWNER_ID")?,
                "runner_environment": runner,
            }},
            "resolvedDependencies": [{"uri": format!("git+{source}@{reference}"), "digest": {"gitCommit": of("GITHUB_SHA")?}}],
        },
        "runDetails": {
            "builder": {"id": format!("https://github.com/actions/runner/{runner}")},
            "metadata": {"invocationId": run},
        },
    }))
}

fn gitlab(of: &Environment<'_>) -> Option<Value> {
    let source = of("CI_PROJECT_URL")?;
    let kind = if of("CI_COMMIT_TAG").is_some() { "tags" } else { "heads" };
    let reference = format!("refs/{kind}/{}", of("CI_COMMIT_REF_NAME")?);
    Some(json!({
        "buildDefinition": {
            "buildType": "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/main/PROVENANCE.md",
            "externalParameters": {"source": source, "entryPoint": of("CI_JOB_NAME")?},
            "internalParameters": {"name": of("CI_RUNNER_DESCRIPTION").unwrap_or_default(), "job": of("CI_JOB_ID")?},
            "resolvedDependencies": [{"uri": format!("git+{source}@{reference}"), "digest": {"gitCommit": of("CI_COMMIT_SHA")?}}],
        },
        "runDetails": {
            "builder": {"id": format!("{source}/-/runners/{}", of("CI_RUNNER_ID")?)},
            "metadata": {"invocationId": of("CI_JOB_URL")?},
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn a_job_on_github_says_what_it_builds() {
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "acme/hello"),
            ("GITHUB_WORKFLOW_REF", "acme/hello/.github/workflows/release.yml@refs/tags/v1"),
            ("GITHUB_REF", "refs/tags/v1"),
            ("GITHUB_SHA", "5f3c"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_RUN_ATTEMPT", "1"),
            ("RUNNER_ENVIRONMENT", "github-hosted"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_REPOSITORY_ID", "42"),
            ("GITHUB_REPOSITORY_OWNER_ID", "43"),
        ];
        let made = provenance_of_job(&of(&variables)).unwrap();
        assert_eq!(made["buildDefinition"]["externalParameters"]["workflow"]["path"], ".github/workflows/release.yml");
        assert_eq!(made["runDetails"]["metadata"]["invocationId"], "https://github.com/acme/hello/actions/runs/7/attempts/1");
        assert_eq!(made["buildDefinition"]["resolvedDependencies"][0]["uri"], "git+https://github.com/acme/hello@refs/tags/v1");
        for missing in 1..variables.len() {
            let fewer = [&variables[..missing], &variables[missing + 1..]].concat();
            assert_eq!(provenance_of_job(&of(&fewer)), None, "without {}", variables[missing].0);
        }
    }

    #[test]
    fn a_job_on_gitlab_says_what_it_builds_and_none_elsewhere() {
        let variables = [
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_URL", "https://gitlab.com/acme/hello"),
            ("CI_COMMIT_REF_NAME", "main"),
            ("CI_COMMIT_SHA", "5f3c"),
            ("CI_JOB_NAME", "release"),
            ("CI_JOB_ID", "9"),
            ("CI_JOB_URL", "https://gitlab.com/acme/hello/-/jobs/9"),
            ("CI_RUNNER_ID", "3"),
        ];
        let made = provenance_of_job(&of(&variables)).unwrap();
        assert_eq!(made["buildDefinition"]["resolvedDependencies"][0]["uri"], "git+https://gitlab.com/acme/hello@refs/heads/main");
        assert_eq!(made["runDetails"]["builder"]["id"], "https://gitlab.com/acme/hello/-/runners/3");
        assert_eq!(provenance_of_job(&of(&[])), None);
    }
}
