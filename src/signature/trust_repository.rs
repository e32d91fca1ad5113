//! Where trusted roots come from: the TUF repositories of Sigstore's public instances or a private one, and what was kept of them.
//!
//! The network is asked by [`TufRepository::update`] and by nothing else.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::sigstore_adapter::{self, Instance, Patience, Vouched};
use super::trust::{Freshness, LARGEST_ROOT, Source, TrustedRoot};
use super::trust_cache;
use super::trust_error::TrustError;
use crate::cache_folder::cache_folder;

/// The instances that are built in, by name.
pub const INSTANCES: [&str; 3] = ["public-good", "staging", "github"];

/// The day as of which the embedded trusted roots are taken to be: the release of `sigstore-trust-root` 0.15.1, whose changelog
/// says "refresh embedded TUF data (#342)" under it. Move it with the crate.
const EMBEDDED_AS_OF: Timestamp = Timestamp::constant(1_792_713_600, 0); // 2026-10-23T00:00:00Z

/// A TUF repository that publishes a trusted root, with the root of its own that trust begins with.
#[derive(Clone, Debug)]
pub struct TufRepository {
    name: String,
    url: String,
    root: Vec<u8>,
    root_version: u64,
    instance: Option<Instance>,
    folder: Option<PathBuf>,
}

/// What became of the cache when a root was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// There is none, so the embedded root is in use.
    Absent,
    /// It is older than the embedded root, which is in use instead.
    Older,
    /// It verifies and is in use.
    Used,
}

/// What an update has done.
#[derive(Clone, Debug)]
pub struct Updated {
    /// The root that was in use before; `None` where there was none or its cache did not verify.
    pub before: Option<TrustedRoot>,
    /// The root that is in use now.
    pub after: TrustedRoot,
    /// What became of what was fetched: used, or older than the embedded root.
    pub cache: Cache,
}

/// Where caches of trusted roots lie: `FNGATE_TRUST_CACHE`, else `fngate/trust` in the platform's folder for caches.
#[must_use]
pub fn trust_folder() -> Option<PathBuf> {
    let named = std::env::var_os("FNGATE_TRUST_CACHE").filter(|value| !value.is_empty());
    named.map(PathBuf::from).or_else(|| cache_folder().map(|folder| folder.join("trust")))
}

/// The signing configuration that a built-in instance published beside its trusted root, from its verified cache. `None` where
/// there is no cache that is in use, or no configuration in it.
pub fn cached_signing_config(instance: &str, now: Timestamp) -> Result<Option<Vec<u8>>, TrustError> {
    TufRepository::of_instance(instance, None)?.signing_config(now)
}

impl TufRepository {
    /// The repository of a built-in instance. `folder` is where caches lie, [`trust_folder`] if not given.
    pub fn of_instance(name: &str, folder: Option<&Path>) -> Result<Self, TrustError> {
        let instance = match name {
            "public-good" => Instance::PublicGood,
            "staging" => Instance::Staging,
            "github" => Instance::GitHub,
            _ => return Err(TrustError::UnknownInstance(name.to_owned())),
        };
        Ok(Self::new(name, instance.tuf_url(), instance.tuf_root().to_vec(), Some(instance), folder))
    }

    /// A private repository, by its address and the root (`root.json`) that trust in it begins with.
    pub fn private(url: &str, root: &Path, folder: Option<&Path>) -> Result<Self, TrustError> {
        if !["https://", "http://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty())) {
            return Err(TrustError::Address(url.to_owned()));
        }
        let path = root.display().to_string();
        let root = match super::bundle::read_capped(root, LARGEST_ROOT) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Err(TrustError::TooLarge(path)),
            Err(source) => return Err(TrustError::Read { path, source }),
        };
        sigstore_adapter::check_root(&root).map_err(|reason| TrustError::TufRoot { path, reason })?;
        Ok(Self::new(url, url, root, None, folder))
    }

    fn new(name: &str, url: &str, root: Vec<u8>, instance: Option<Instance>, folder: Option<&Path>) -> Self {
        let root_version = trust_cache::version(&root).unwrap_or(0);
        let folder = folder.map(Path::to_owned).or_else(trust_folder);
        // Two spellings of one address have one cache.
        let own = folder.map(|folder| folder.join(trust_cache::plain(name.trim_end_matches('/'))));
        Self { name: name.to_owned(), url: url.to_owned(), root, root_version, instance, folder: own }
    }

    /// The instance's name, or the address.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of its cache, whether there is one or not.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The root that is in use: that of the cache, else the embedded one. A cache that does not verify is an error.
    pub fn trusted_root(&self, now: Timestamp) -> Result<TrustedRoot, TrustError> {
        self.standing(now).map(|(root, _)| root)
    }

    /// The root that is in use, and what became of the cache.
    pub fn standing(&self, now: Timestamp) -> Result<(TrustedRoot, Cache), TrustError> {
        let (vouched, cache) = self.kept(now)?;
        let root = match (vouched, self.instance) {
            (Some(vouched), _) => self.cached(&vouched).map_err(|error| self.broken(&error))?,
            (None, Some(instance)) => {
                let json = instance.embedded().as_bytes();
                TrustedRoot::read(&self.name, json, Source::Embedded { as_of: EMBEDDED_AS_OF }, self.has_logs())?
            }
            (None, None) => return Err(TrustError::NotCached { url: self.url.clone() }),
        };
        Ok((root, cache))
    }

    /// The signing configuration in the cache, if the cache is in use and has one.
    pub fn signing_config(&self, now: Timestamp) -> Result<Option<Vec<u8>>, TrustError> {
        Ok(self.kept(now)?.0.and_then(|vouched| vouched.signing_config))
    }

    /// Fetches what the repository vouches for now, and keeps it once it is known to be usable. The versions that were kept may
    /// not go back.
    pub fn update(&self, now: Timestamp, patience: Patience) -> Result<Updated, TrustError> {
        let folder = self.folder.as_deref().ok_or(TrustError::NoFolder)?;
        let failed = |reason: String| TrustError::Update { url: self.url.clone(), reason };
        let before = self.trusted_root(now).ok();
        // What does not verify or cannot be read is as good as nothing: each part of it is verified before it counts.
        let kept = trust_cache::read(folder, self.root_version).ok().flatten().unwrap_or_default();
        let mut files = sigstore_adapter::fetch(&self.url, &self.root, kept, now, patience).map_err(failed)?;
        files.insert(format!("{}.root.json", self.root_version), self.root.clone());
        let vouched = sigstore_adapter::verify_kept(&self.root, &files, now).map_err(failed)?;
        self.cached(&vouched).map_err(|error| failed(error.to_string()))?;
        let unwritten = |source| TrustError::Write { path: folder.display().to_string(), source };
        trust_cache::write(folder, &files).map_err(unwritten)?;
        let (after, cache) = self.standing(now)?;
        Ok(Updated { before, after, cache })
    }

    /// What the cache vouches for, verified, unless the embedded root is newer.
    fn kept(&self, now: Timestamp) -> Result<(Option<Vouched>, Cache), TrustError> {
        let Some(folder) = self.folder.as_deref() else { return Ok((None, Cache::Absent)) };
        let Some(files) = trust_cache::read(folder, self.root_version).map_err(|error| self.broken(&error))? else {
            return Ok((None, Cache::Absent));
        };
        // An fngate that is newer than the cache knows newer keys, by which the old metadata may not verify at all. To have it set
        // aside, one who can write there would have to age it, and could as well delete it.
        if self.instance.is_some() && trust_cache::is_older_than(&files, self.root_version) {
            return Ok((None, Cache::Older));
        }
        let vouched = sigstore_adapter::verify_kept(&self.root, &files, now).map_err(|reason| self.broken(&reason))?;
        if self.instance.is_some() && vouched.as_of < EMBEDDED_AS_OF {
            return Ok((None, Cache::Older));
        }
        Ok((Some(vouched), Cache::Used))
    }

    fn cached(&self, vouched: &Vouched) -> Result<TrustedRoot, TrustError> {
        let Vouched { expires, as_of, root_version, timestamp_version, .. } = *vouched;
        let source = Source::Cached(Freshness { expires, as_of, root_version, timestamp_version });
        TrustedRoot::read(&self.name, &vouched.trusted_root, source, self.has_logs())
    }

    /// Whether the instance has logs, whatever its root says.
    fn has_logs(&self) -> bool {
        matches!(self.instance, Some(Instance::PublicGood | Instance::Staging))
    }

    fn broken(&self, reason: &dyn std::fmt::Display) -> TrustError {
        let path = self.folder.as_deref().unwrap_or(Path::new("")).display().to_string();
        let command = match self.instance {
            Some(_) => format!("fngate trust update --instance {}", self.name),
            None => format!("fngate trust update --tuf-url {} --tuf-root FILE", self.url),
        };
        TrustError::Cache { path, reason: reason.to_string(), command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_roots_are_dated() {
        assert_eq!(EMBEDDED_AS_OF.to_string(), "2026-10-23T00:00:00Z");
        let lock = include_str!("../../Cargo.lock");
        assert!(lock.contains("name = \"sigstore-trust-root\"\nversion = \"0.15.1\""), "the date is that of 0.15.1");
    }

    #[test]
    fn every_built_in_root_is_usable() {
        let nowhere = tempfile::tempdir().unwrap();
        for name in INSTANCES {
            let repository = TufRepository::of_instance(name, Some(nowhere.path())).unwrap();
            let (root, cache) = repository.standing(Timestamp::now()).unwrap();
            assert_eq!((root.name(), cache), (name, Cache::Absent));
            assert!(!root.authorities().is_empty());
        }
        assert!(TufRepository::of_instance("else", None).is_err());
    }

    #[test]
    fn a_cache_from_before_the_embedded_roots_is_set_aside() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore");
        let root = std::fs::read(data.join("tuf/1.root.json")).unwrap();
        let standing = |instance| {
            let repository = TufRepository::new("tuf", "https://tuf.example", root.clone(), instance, Some(&data));
            let (root, cache) = repository.standing(Timestamp::now()).unwrap();
            (cache, root.as_of().unwrap().to_string())
        };
        // It verifies, and a private instance has nothing newer.
        assert_eq!(standing(None), (Cache::Used, "2025-03-01T12:00:00Z".to_owned()));
        assert_eq!(standing(Some(Instance::GitHub)), (Cache::Older, EMBEDDED_AS_OF.to_string()));
    }

    #[test]
    fn one_address_has_one_folder() {
        let folder = |name: &str| {
            let instance = Instance::GitHub;
            let repository = TufRepository::new(name, name, instance.tuf_root().to_vec(), None, Some(Path::new("trust")));
            repository.folder.unwrap().display().to_string()
        };
        assert_eq!(folder("https://tuf.example/a/"), folder("https://tuf.example/a"));
        assert_eq!(folder("https://tuf.example/../a"), "trust/https%3A%2F%2Ftuf.example%2F..%2Fa");
    }
}
