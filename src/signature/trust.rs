//! The trusted root: which authorities, logs and timestamp authorities a signature may rest on.
//!
//! Three public instances are built in, as the `sigstore-trust-root` 0.15.1 crate carries them (October 2026) or as a verified
//! cache has them; any other comes from a file or a private TUF repository. Nothing is fetched here.

use std::path::Path;

use jiff::Timestamp;

use super::certificate;
use super::sigstore_adapter::{Authority, Log, Root};
use super::trust_error::TrustError;
use super::trust_repository::{INSTANCES, TufRepository};
use super::{hex, json, sha256};

/// Bytes a trusted root may have; the public one has 10 kB.
pub(super) const LARGEST_ROOT: u64 = 4 << 20;
/// Roots a file may have, one a line.
const MOST_ROOTS: usize = 16;

/// GitHub's instance in its own name: it signs an attestation of every immutable release, with a certificate that names no
/// issuer. `gh release verify` takes any issuer for this subject (cli/cli, `pkg/cmd/release/shared/attestation.go`); here the
/// instance stands for it, by the name of its authority in its trusted root.
pub(super) const GITHUB_RELEASES: certificate::Instance =
    certificate::Instance { subject: "https://dotcom.releases.github.com", issuer: "https://fulcio.githubapp.com" };

/// The trust anchors of one Sigstore instance, or of those in one file: a signature stands if it stands under one of them.
#[derive(Clone, Debug)]
pub struct TrustedRoot {
    name: String,
    sha256: String,
    source: Source,
    anchors: Vec<Anchor>,
}

/// One `trusted_root.json`, with what it asks of signatures.
#[derive(Clone, Debug)]
pub(super) struct Anchor {
    name: String,
    root: Root,
    logs: Vec<Log>,
    evidence: Evidence,
    /// Whether this is GitHub's own instance, as it is built in or renewed from there; no file is.
    is_github: bool,
}

/// What an instance proves a signature with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evidence {
    /// One transparency log entry, and a certificate transparency timestamp in the certificate.
    Logged,
    /// A timestamp alone: GitHub's instance for private repositories has no public logs.
    Timestamped,
}

/// Where a trusted root comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is inside fngate.
    Embedded {
        /// When it was put there.
        as_of: Timestamp,
    },
    /// The cache of a TUF repository, verified.
    Cached(Freshness),
    /// A file, which nobody has dated.
    File,
}

/// How fresh a cache is, by what the repository has signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// When the repository's metadata expires, or did.
    pub expires: Timestamp,
    /// When the repository last said that this is current: the expiry of its timestamp, less the days for which its root says
    /// that timestamps are signed; the expiry itself where it does not say.
    pub as_of: Timestamp,
    /// The version of the repository's own root.
    pub root_version: u64,
    /// The version of its timestamp.
    pub timestamp_version: u64,
}

/// What an operator asks of the root itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustLimits {
    /// SHA-256 (hex) of the bytes of `trusted_root.json`.
    pub sha256: Option<String>,
    /// Days since the repository last vouched for it.
    pub max_age_days: Option<u32>,
}

impl TrustedRoot {
    /// Sigstore's public instance, `sigstore.dev`.
    pub fn public_good() -> Result<Self, TrustError> {
        Self::named("public-good")
    }

    /// A built-in instance (`public-good`, `staging`, `github`) or the file of this name. Of an instance, what the cache in the
    /// usual folder has, see [`TufRepository::trusted_root`].
    pub fn named(name: &str) -> Result<Self, TrustError> {
        if INSTANCES.contains(&name) {
            return TufRepository::of_instance(name, None)?.trusted_root(Timestamp::now());
        }
        Self::from_file(Path::new(name))
    }

    /// A `trusted_root.json`, or several, one a line.
    pub fn from_file(path: &Path) -> Result<Self, TrustError> {
        let name = path.display().to_string();
        match super::bundle::read_capped(path, LARGEST_ROOT) {
            Ok(Some(bytes)) => Self::from_json(&name, &bytes),
            Ok(None) => Err(TrustError::TooLarge(name)),
            Err(source) => Err(TrustError::Read { path: name, source }),
        }
    }

    /// A `trusted_root.json` in memory, or several, one a line; `name` is for messages.
    pub fn from_json(name: &str, json: &[u8]) -> Result<Self, TrustError> {
        let lines = json.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect::<Vec<_>>();
        if lines.len() < 2 || lines.first().is_none_or(|line| json::read(line).is_err()) {
            return Self::read(name, json, Source::File, false);
        }
        if lines.len() > MOST_ROOTS {
            let reason = format!("it has more than {MOST_ROOTS} lines");
            return Err(TrustError::Unusable { name: name.to_owned(), reason });
        }
        let numbered = lines.iter().enumerate().map(|(at, line)| Anchor::read(&format!("{name} #{}", at + 1), line, false));
        let anchors = numbered.collect::<Result<_, _>>()?;
        Ok(Self { name: name.to_owned(), sha256: hex(&sha256(json)), source: Source::File, anchors })
    }

    /// One document.
    pub(super) fn read(name: &str, json: &[u8], source: Source, has_logs: bool) -> Result<Self, TrustError> {
        let is_github = name == "github" && source != Source::File;
        let anchors = vec![Anchor { is_github, ..Anchor::read(name, json, has_logs)? }];
        Ok(Self { name: name.to_owned(), sha256: hex(&sha256(json)), source, anchors })
    }

    /// The same root, if it is what the operator asks for.
    pub fn within(self, limits: &TrustLimits, now: Timestamp) -> Result<Self, TrustError> {
        if let Some(expected) = limits.sha256.as_ref().filter(|expected| !expected.eq_ignore_ascii_case(&self.sha256)) {
            return Err(TrustError::Pin { name: self.name, expected: expected.clone(), found: self.sha256 });
        }
        let Some(most) = limits.max_age_days else { return Ok(self) };
        let Some(as_of) = self.as_of() else { return Err(TrustError::NoDate { name: self.name }) };
        let days = now.duration_since(as_of).as_hours() / 24;
        if days > i64::from(most) {
            let command = self.update_command();
            return Err(TrustError::TooOld { name: self.name, as_of: as_of.to_string(), days, most, command });
        }
        Ok(self)
    }

    /// What fetches the current one, of an instance or a repository.
    #[must_use]
    pub fn update_command(&self) -> String {
        match INSTANCES.contains(&self.name.as_str()) {
            true => format!("fngate trust update --instance {}", self.name),
            false => format!("fngate trust update --tuf-url {} --tuf-root FILE", self.name),
        }
    }

    /// The instance's name, the repository's address, or the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 (hex) of its bytes.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> Source {
        self.source
    }

    /// When it was last vouched for; `None` for a file.
    #[must_use]
    pub fn as_of(&self) -> Option<Timestamp> {
        match self.source {
            Source::Embedded { as_of } | Source::Cached(Freshness { as_of, .. }) => Some(as_of),
            Source::File => None,
        }
    }

    /// The logs and authorities that it names.
    #[must_use]
    pub fn authorities(&self) -> Vec<Authority> {
        self.anchors.iter().flat_map(|anchor| anchor.root.authorities()).collect()
    }

    pub(super) fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }
}

impl Anchor {
    fn read(name: &str, json: &[u8], has_logs: bool) -> Result<Self, TrustError> {
        let unusable = |reason: &str| TrustError::Unusable { name: name.to_owned(), reason: reason.to_owned() };
        let text = std::str::from_utf8(json).map_err(|error| unusable(&error.to_string()))?;
        json::read(json).map_err(|fault| unusable(&fault.to_string()))?;
        let root = Root::from_json(text).map_err(|reason| unusable(&reason))?;
        // Evidence of a log is asked for by every root that names one, and by the instances that are known to have one.
        let evidence = if root.is_without_logs() && !has_logs { Evidence::Timestamped } else { Evidence::Logged };
        Ok(Self { name: name.to_owned(), logs: root.logs(), root, evidence, is_github: false })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn evidence(&self) -> Evidence {
        self.evidence
    }

    /// Who may sign in the instance's own name: only on the built-in root of GitHub's, because only its authority is known to
    /// write an issuer into every other certificate.
    pub(super) fn instance(&self) -> Option<&'static certificate::Instance> {
        self.is_github.then_some(&GITHUB_RELEASES)
    }

    pub(super) fn log(&self, id: &[u8]) -> Option<&Log> {
        self.logs.iter().find(|log| log.id == id)
    }
}

impl Log {
    /// The host of the log's URL without its port, which is also the origin of its checkpoints.
    pub(super) fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    pub(super) fn in_force(&self, time: Timestamp) -> bool {
        self.window.is_none_or(|(start, end)| start <= time && end.is_none_or(|end| time <= end))
    }

    pub(super) fn window_text(&self) -> String {
        match self.window {
            None => "any time".to_owned(),
            Some((start, None)) => format!("from {start}"),
            Some((start, Some(end))) => format!("{start} to {end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sigstore_adapter::Instance;
    use super::*;

    #[test]
    fn only_a_root_without_logs_asks_for_timestamps_alone() {
        let evidence = |instance: Instance| TrustedRoot::from_json("file", instance.embedded().as_bytes()).unwrap().anchors[0].evidence;
        assert_eq!(evidence(Instance::GitHub), Evidence::Timestamped);
        assert_eq!(evidence(Instance::PublicGood), Evidence::Logged);
        assert_eq!(evidence(Instance::Staging), Evidence::Logged);
        let known = Anchor::read("instance", Instance::GitHub.embedded().as_bytes(), true).unwrap();
        assert_eq!(known.evidence, Evidence::Logged, "an instance that has logs is not believed that it has none");
    }

    #[test]
    fn a_log_is_known_by_its_host() {
        let host = |url: &str| Log { id: Vec::new(), url: url.to_owned(), window: None }.host().to_owned();
        assert_eq!(host("https://rekor.sigstore.dev"), "rekor.sigstore.dev");
        assert_eq!(host("http://127.0.0.1:3003/api?x=1"), "127.0.0.1");
        assert_eq!(host("log.example/a:b"), "log.example");
    }
}
