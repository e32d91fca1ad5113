//! References to images: `registry.example:5000/team/fn:tag`, `fn@sha256:..` (distribution, reference grammar).

use super::RegistryError;
use crate::artifact::image::Digest;

/// Docker Hub as references name it, and as it is asked.
const HUB: &str = "docker.io";
const HUB_HOST: &str = "registry-1.docker.io";

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `docker.io`, `registry.example:5000`.
    pub(super) registry: String,
    /// `library/debian`.
    pub(super) repository: String,
    /// A tag, or a digest.
    pub(super) tag: String,
    /// The digest, where there is one; it is what is asked for then.
    pub(super) digest: Option<Digest>,
}

impl Reference {
    /// Reads a reference, without `oci:`.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let wrong = |why: &'static str| RegistryError::Reference { reference: crate::model::escaped(text).into_owned(), why };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                (rest, Some(Digest::parse(digest).ok_or_else(|| wrong("what follows `@` is no sha256 or sha512 digest"))?))
            }
            None => (text, None),
        };
        // A colon after the last slash begins the tag; one before it, a port.
        let colon = rest.rfind(':').filter(|at| !rest[*at..].contains('/'));
        let (name, tag) = colon.map_or((rest, "latest"), |at| (&rest[..at], &rest[at + 1..]));
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path.to_owned()),
            Some(_) => (HUB, name.to_owned()),
            None => (HUB, format!("library/{name}")),
        };
        let registry = if registry == "index.docker.io" || registry == HUB_HOST { HUB } else { registry };
        let host = registry.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        let path = |part: &str| {
            part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte))
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        if !host || !repository.split('/').all(path) {
            return Err(wrong("a repository is lower-case letters, digits, `.`, `_`, `-` and `/`"));
        }
        let plain = tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        if tag.is_empty() || tag.len() > 128 || !plain || tag.starts_with(['.', '-']) {
            return Err(wrong("a tag is up to 128 letters, digits, `.`, `_` and `-`"));
        }
        Ok(Self { registry: registry.to_owned(), repository, tag: tag.to_owned(), digest })
    }

    /// The host that is asked.
    pub(super) fn host(&self) -> &str {
        if self.registry == HUB { HUB_HOST } else { &self.registry }
    }

    /// Whether the host is this machine, the only one that is asked without TLS unbidden.
    pub(super) fn is_local(&self) -> bool {
        let host = self.registry.rsplit_once(':').map_or(self.registry.as_str(), |(host, _)| host);
        matches!(host, "localhost" | "127.0.0.1" | "[::1]")
    }

    /// What the manifest is asked by.
    pub(super) fn target(&self) -> &str {
        self.digest.as_ref().map_or(self.tag.as_str(), Digest::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_docker_reads_them() {
        let read = |text: &str| Reference::parse(text).map(|r| format!("{} {} {}", r.host(), r.repository, r.target()));
        assert_eq!(read("debian").expect("ok"), "registry-1.docker.io library/debian latest");
        assert_eq!(read("acme/fn:1.2").expect("ok"), "registry-1.docker.io acme/fn 1.2");
        assert_eq!(read("localhost:5000/fn").expect("ok"), "localhost:5000 fn latest");
        assert_eq!(read("registry.example/a/b/c:x_1").expect("ok"), "registry.example a/b/c x_1");
        let digest = Digest::of(b"");
        assert_eq!(read(&format!("ghcr.io/a/b:x@{}", digest.as_str())).expect("ok"), format!("ghcr.io a/b {}", digest.as_str()));
        for bad in ["", "Fn", "a/../b", "a:b c", "a@sha256:12", "host.example/", "a?b", "evil.example/a:b/../c", "u@h.example/x"] {
            assert!(Reference::parse(bad).is_err(), "{bad}");
        }
    }
}
