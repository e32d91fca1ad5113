//! Credentials and challenges of registries (distribution specification, "Token authentication").

use std::path::PathBuf;

use base64::Engine;

/// A user's name and password. Never shown, never stored.
#[derive(Clone)]
pub struct Credentials {
    user: String,
    password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// From their parts.
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned() }
    }

    /// The credentials for a registry: `FNGATE_REGISTRY_USER` and `FNGATE_REGISTRY_PASSWORD`, else those that `docker login`
    /// has left in its configuration.
    #[must_use]
    pub fn find(registry: &str) -> Option<Self> {
        let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if let (Some(user), Some(password)) = (set("FNGATE_REGISTRY_USER"), set("FNGATE_REGISTRY_PASSWORD")) {
            return Some(Self { user, password });
        }
        let folder = set("DOCKER_CONFIG").map(PathBuf::from).or_else(|| std::env::home_dir().map(|home| home.join(".docker")))?;
        Self::of_docker(&std::fs::read(folder.join("config.json")).ok()?, registry)
    }

    /// The entry of a registry in Docker's `config.json`.
    #[must_use]
    pub fn of_docker(config: &[u8], registry: &str) -> Option<Self> {
        let config: serde_json::Value = serde_json::from_slice(config).ok()?;
        let auths = config.get("auths")?;
        let keys = match registry {
            "docker.io" => vec!["https://index.docker.io/v1/".to_owned(), "docker.io".to_owned()],
            registry => vec![registry.to_owned(), format!("https://{registry}"), format!("https://{registry}/")],
        };
        let auth = keys.iter().find_map(|key| auths.get(key)?.get("auth")?.as_str())?;
        let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(auth).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Self::new(user, password.trim_end_matches('\0')))
    }

    /// The header's value for basic authentication (RFC 7617).
    pub(super) fn basic(&self) -> String {
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", self.user, self.password)))
    }
}

/// What a registry asks for with a 401.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    /// Where to get a token, and for what.
    Bearer {
        realm: String,
        service: String,
        scope: String,
    },
}

impl Challenge {
    /// Reads a `WWW-Authenticate` header (RFC 9110, 11.6.1).
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (String::new(), String::new(), String::new());
        while let Some((key, after)) = rest.split_once('=') {
            let (value, next) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').unwrap_or((after, "")),
            };
            match key.trim_matches([' ', ',']).to_ascii_lowercase().as_str() {
                "realm" => value.clone_into(&mut realm),
                "service" => value.clone_into(&mut service),
                "scope" => value.clone_into(&mut scope),
                _ => {}
            }
            rest = next;
        }
        (!realm.is_empty()).then_some(Self::Bearer { realm, service, scope })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = Challenge::parse(r#"Bearer realm="https://auth.example/token",service="r",scope="repository:a/b:pull,push""#);
        let Some(Challenge::Bearer { realm, service, scope }) = bearer else { panic!("{bearer:?}") };
        assert_eq!((realm.as_str(), service.as_str(), scope.as_str()), ("https://auth.example/token", "r", "repository:a/b:pull,push"));
        assert_eq!(Challenge::parse("basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(Challenge::parse("Bearer realm=\"unclosed"), None);
        assert_eq!(Challenge::parse("Negotiate"), None);
    }

    #[test]
    fn docker_logins_are_found_for_their_own_registry_only() {
        let config = br#"{"auths":{"ghcr.io":{"auth":"dTpw"},"https://index.docker.io/v1/":{"auth":"aDpx"}}}"#;
        let basic = |registry| Credentials::of_docker(config, registry).map(|found| found.basic());
        assert_eq!(basic("ghcr.io").as_deref(), Some("Basic dTpw"));
        assert_eq!(basic("docker.io").as_deref(), Some("Basic aDpx"));
        assert_eq!(basic("evil.example"), None);
    }
}
