//! The rules that ship, a file a vendor.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::load::{self, RuleError};
use super::rule::{Finder, Rule};

/// Name and content of every rule file.
const FILES: &[(&str, &str)] = &[
    ("1password", include_str!("rules/1password.toml")),
    ("age", include_str!("rules/age.toml")),
    ("airtable", include_str!("rules/airtable.toml")),
    ("alibaba", include_str!("rules/alibaba.toml")),
    ("anthropic", include_str!("rules/anthropic.toml")),
    ("asana", include_str!("rules/asana.toml")),
    ("atlassian", include_str!("rules/atlassian.toml")),
    ("aws", include_str!("rules/aws.toml")),
    ("azure", include_str!("rules/azure.toml")),
    ("brevo", include_str!("rules/brevo.toml")),
    ("buildkite", include_str!("rules/buildkite.toml")),
    ("cerebras", include_str!("rules/cerebras.toml")),
    ("circleci", include_str!("rules/circleci.toml")),
    ("clojars", include_str!("rules/clojars.toml")),
    ("cloudflare", include_str!("rules/cloudflare.toml")),
    ("confluent", include_str!("rules/confluent.toml")),
    ("connection-string", include_str!("rules/connection-string.toml")),
    ("cratesio", include_str!("rules/cratesio.toml")),
    ("crypto", include_str!("rules/crypto.toml")),
    ("cursor", include_str!("rules/cursor.toml")),
    ("databricks", include_str!("rules/databricks.toml")),
    ("datadog", include_str!("rules/datadog.toml")),
    ("deepseek", include_str!("rules/deepseek.toml")),
    ("digitalocean", include_str!("rules/digitalocean.toml")),
    ("discord", include_str!("rules/discord.toml")),
    ("docker", include_str!("rules/docker.toml")),
    ("doppler", include_str!("rules/doppler.toml")),
    ("dropbox", include_str!("rules/dropbox.toml")),
    ("dynatrace", include_str!("rules/dynatrace.toml")),
    ("elastic", include_str!("rules/elastic.toml")),
    ("elevenlabs", include_str!("rules/elevenlabs.toml")),
    ("facebook", include_str!("rules/facebook.toml")),
    ("figma", include_str!("rules/figma.toml")),
    ("file", include_str!("rules/file.toml")),
    ("fireworks", include_str!("rules/fireworks.toml")),
    ("flyio", include_str!("rules/flyio.toml")),
    ("framework", include_str!("rules/framework.toml")),
    ("generic", include_str!("rules/generic.toml")),
    ("github", include_str!("rules/github.toml")),
    ("gitlab", include_str!("rules/gitlab.toml")),
    ("google", include_str!("rules/google.toml")),
    ("grafana", include_str!("rules/grafana.toml")),
    ("groq", include_str!("rules/groq.toml")),
    ("heroku", include_str!("rules/heroku.toml")),
    ("http", include_str!("rules/http.toml")),
    ("hubspot", include_str!("rules/hubspot.toml")),
    ("huggingface", include_str!("rules/huggingface.toml")),
    ("ibm", include_str!("rules/ibm.toml")),
    ("infisical", include_str!("rules/infisical.toml")),
    ("jfrog", include_str!("rules/jfrog.toml")),
    ("jwt", include_str!("rules/jwt.toml")),
    ("kubernetes", include_str!("rules/kubernetes.toml")),
    ("langfuse", include_str!("rules/langfuse.toml")),
    ("langsmith", include_str!("rules/langsmith.toml")),
    ("linear", include_str!("rules/linear.toml")),
    ("mailchimp", include_str!("rules/mailchimp.toml")),
    ("mailersend", include_str!("rules/mailersend.toml")),
    ("mailgun", include_str!("rules/mailgun.toml")),
    ("mapbox", include_str!("rules/mapbox.toml")),
    ("microsoft", include_str!("rules/microsoft.toml")),
    ("mongodb", include_str!("rules/mongodb.toml")),
    ("neon", include_str!("rules/neon.toml")),
    ("netlify", include_str!("rules/netlify.toml")),
    ("netrc", include_str!("rules/netrc.toml")),
    ("newrelic", include_str!("rules/newrelic.toml")),
    ("notion", include_str!("rules/notion.toml")),
    ("npm", include_str!("rules/npm.toml")),
    ("nuget", include_str!("rules/nuget.toml")),
    ("nvidia", include_str!("rules/nvidia.toml")),
    ("openai", include_str!("rules/openai.toml")),
    ("openrouter", include_str!("rules/openrouter.toml")),
    ("openshift", include_str!("rules/openshift.toml")),
    ("oracle", include_str!("rules/oracle.toml")),
    ("paypal", include_str!("rules/paypal.toml")),
    ("perplexity", include_str!("rules/perplexity.toml")),
    ("pinecone", include_str!("rules/pinecone.toml")),
    ("planetscale", include_str!("rules/planetscale.toml")),
    ("posthog", include_str!("rules/posthog.toml")),
    ("postman", include_str!("rules/postman.toml")),
    ("private-key", include_str!("rules/private-key.toml")),
    ("pulumi", include_str!("rules/pulumi.toml")),
    ("pypi", include_str!("rules/pypi.toml")),
    ("render", include_str!("rules/render.toml")),
    ("replicate", include_str!("rules/replicate.toml")),
    ("resend", include_str!("rules/resend.toml")),
    ("rubygems", include_str!("rules/rubygems.toml")),
    ("scaleway", include_str!("rules/scaleway.toml")),
    ("sendgrid", include_str!("rules/sendgrid.toml")),
    ("sentry", include_str!("rules/sentry.toml")),
    ("shopify", include_str!("rules/shopify.toml")),
    ("slack", include_str!("rules/slack.toml")),
    ("snyk", include_str!("rules/snyk.toml")),
    ("sonarqube", include_str!("rules/sonarqube.toml")),
    ("sourcegraph", include_str!("rules/sourcegraph.toml")),
    ("square", include_str!("rules/square.toml")),
    ("stripe", include_str!("rules/stripe.toml")),
    ("supabase", include_str!("rules/supabase.toml")),
    ("tailscale", include_str!("rules/tailscale.toml")),
    ("tavily", include_str!("rules/tavily.toml")),
    ("telegram", include_str!("rules/telegram.toml")),
    ("tencent", include_str!("rules/tencent.toml")),
    ("terraform", include_str!("rules/terraform.toml")),
    ("twilio", include_str!("rules/twilio.toml")),
    ("vault", include_str!("rules/vault.toml")),
    ("vercel", include_str!("rules/vercel.toml")),
    ("voyage", include_str!("rules/voyage.toml")),
    ("weightsandbiases", include_str!("rules/weightsandbiases.toml")),
    ("xai", include_str!("rules/xai.toml")),
    ("yandex", include_str!("rules/yandex.toml")),
    ("zuplo", include_str!("rules/zuplo.toml")),
];

/// Every rule that ships, in the order of the files. Expressions are compiled when they are first needed.
pub(super) fn rules() -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    for (name, text) in FILES {
        rules.extend(load::builtin(text, name)?);
    }
    Ok(rules)
}

/// The ids of those that go by a name rather than by a format.
pub(super) fn generic() -> HashSet<&'static str> {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    let rules = RULES.get_or_init(|| rules().unwrap_or_default());
    rules.iter().filter(|rule| rule.generic || matches!(rule.finder, Finder::Vendor { .. })).map(Rule::id).collect()
}
