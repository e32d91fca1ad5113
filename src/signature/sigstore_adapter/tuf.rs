//! The Update Framework: fetches what a repository vouches for, and verifies the same offline.
//!
//! Trust begins with a root that fngate carries or the operator names, never with one that was kept: a cache can be written by
//! others. What was kept is a map of names to bytes, and the whole workflow (root chain, timestamp, snapshot, targets, the
//! target's length and hash) runs over it each time, by the same code that runs over the network.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sigstore_tuf::transport::FetchFuture;
use sigstore_tuf::{HttpRepository, MetadataStore, Repository, TrustedMetadataSet, Updater, UpdaterConfig};

use super::Instance;

/// Metadata and targets by name: `17.root.json`, `timestamp.json`, `snapshot.json`, `targets.json`, `targets/trusted_root.json`.
pub(in crate::signature) type Files = BTreeMap<String, Vec<u8>>;

/// The target that is the trusted root.
pub(in crate::signature) const TRUSTED_ROOT: &str = "trusted_root.json";
/// The target that says where signing is done; not every repository has it.
pub(in crate::signature) const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// Bytes a target may have; the public trusted root has 10 kB.
pub(in crate::signature) const LARGEST_TARGET: u64 = 4 << 20;
/// Root rotations that are followed. Sigstore's public repository had 16 in five years.
pub(in crate::signature) const MOST_ROTATIONS: u32 = 256;
/// What tuf-on-ci writes into the root beside a role: the days for which its metadata is signed.
const EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";
/// The most days of such a period that are believed.
const LONGEST_PERIOD: i64 = 366;

/// What a repository vouches for, verified.
#[derive(Clone, Debug)]
pub(in crate::signature) struct Vouched {
    pub(in crate::signature) trusted_root: Vec<u8>,
    pub(in crate::signature) signing_config: Option<Vec<u8>>,
    /// The earliest expiry of the root, timestamp, snapshot and targets metadata.
    pub(in crate::signature) expires: Timestamp,
    /// When the repository last said that this is current, by signed values alone.
    pub(in crate::signature) as_of: Timestamp,
    pub(in crate::signature) root_version: u64,
    pub(in crate::signature) timestamp_version: u64,
}

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one request, from the connection to the end of the answer.
    pub request: Duration,
    /// For the whole update.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { request: Duration::from_secs(30), whole: Duration::from_secs(180) }
    }
}

impl Instance {
    /// Where the instance's repository is.
    pub(in crate::signature) fn tuf_url(self) -> &'static str {
        self.of_the_crate().tuf_url()
    }

    /// The root of the repository that the crate carries.
    pub(in crate::signature) fn tuf_root(self) -> &'static [u8] {
        self.of_the_crate().tuf_root()
    }
}

/// Whether a file is the root of a repository, signed by its own keys.
pub(in crate::signature) fn check_root(root: &[u8]) -> Result<(), String> {
    TrustedMetadataSet::from_root(root).map(|_| ()).map_err(|error| said(&error))
}

/// Verifies what was kept, from the root that trust begins with. Nothing is fetched and nothing is written.
///
/// Expiry is judged at `now`, or at the earliest expiry where that is past: what has expired is still what the repository
/// vouched for, and [`Vouched::expires`] tells.
pub(in crate::signature) fn verify_kept(root: &[u8], files: &Files, now: Timestamp) -> Result<Vouched, String> {
    let at = expiries(root, files).fold(now, Timestamp::min);
    let mut updater = Updater::new(Kept(files.clone()), root).map_err(|error| said(&error))?.with_config(bounds());
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| said(&error))?;
    let (trusted_root, signing_config) = runtime.block_on(targets(&mut updater, at))?;
    vouched(updater.trusted(), trusted_root, signing_config)
}

/// Fetches anew. `kept` is what an earlier update left: its versions may not go back, and what has not changed is not fetched.
pub(in crate::signature) fn fetch(url: &str, root: &[u8], kept: Files, now: Timestamp, patience: Patience) -> Result<Files, String> {
    let shelf = Arc::new(Shelf(Mutex::new(kept)));
    let repository = HttpRepository::new(url).map_err(|error| said(&error))?.with_http_client(client(url, patience)?);
    let updater = Updater::new(repository, root).map_err(|error| said(&error))?;
    let mut updater = updater.with_config(bounds()).with_store(Arc::clone(&shelf));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| said(&error))?;
    let whole = async { tokio::time::timeout(patience.whole, targets(&mut updater, now)).await };
    let seconds = patience.whole.as_secs();
    let (trusted_root, signing_config) =
        runtime.block_on(whole).map_err(|_| format!("it takes longer than {seconds} seconds altogether"))??;
    let last = updater.trusted().root().version;
    let mut files = std::mem::take(&mut *shelf.0.lock().unwrap_or_else(PoisonError::into_inner));
    files.retain(|name, _| match name.strip_suffix(".root.json") {
        Some(version) => version.parse::<u64>().is_ok_and(|version| version <= last),
        None => !name.starts_with("targets/"),
    });
    files.insert(format!("targets/{TRUSTED_ROOT}"), trusted_root);
    files.extend(signing_config.map(|bytes| (format!("targets/{SIGNING_CONFIG}"), bytes)));
    Ok(files)
}

fn bounds() -> UpdaterConfig {
    let mut bounds = UpdaterConfig::default();
    bounds.target_max_length = LARGEST_TARGET;
    bounds.max_root_rotations = MOST_ROTATIONS;
    bounds
}

/// A client that waits for nothing without end, and that stays with TLS where it began with it.
fn client(url: &str, patience: Patience) -> Result<reqwest::Client, String> {
    let secure = url.starts_with("https:");
    let same_scheme = move |attempt: reqwest::redirect::Attempt<'_>| {
        let same = attempt.previous().last().is_some_and(|from| from.scheme() == attempt.url().scheme());
        if !same || attempt.previous().len() > 5 { attempt.error("a redirect that is not followed") } else { attempt.follow() }
    };
    let client = reqwest::Client::builder()
        .user_agent(concat!("fngate/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(patience.request.min(Duration::from_secs(10)))
        .timeout(patience.request)
        .redirect(reqwest::redirect::Policy::custom(same_scheme))
        .https_only(secure)
        .build();
    client.map_err(|error| said(&error))
}

/// The workflow: metadata first, then the two targets.
async fn targets(updater: &mut Updater, at: Timestamp) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    updater.refresh(at).await.map_err(|error| said(&error))?;
    let trusted_root = updater.get_target(TRUSTED_ROOT, at).await.map_err(|error| said(&error))?;
    let has_config = updater.get_target_info(SIGNING_CONFIG, at).await.map_err(|error| said(&error))?.is_some();
    let signing_config = match has_config {
        true => Some(updater.get_target(SIGNING_CONFIG, at).await.map_err(|error| said(&error))?),
        false => None,
    };
    Ok((trusted_root, signing_config))
}

fn vouched(trusted: &TrustedMetadataSet, trusted_root: Vec<u8>, signing_config: Option<Vec<u8>>) -> Result<Vouched, String> {
    let (root, targets) = (trusted.root(), trusted.targets_role("targets"));
    let (Some(timestamp), Some(snapshot), Some(targets)) = (trusted.timestamp(), trusted.snapshot(), targets) else {
        return Err("the metadata is not complete".to_owned());
    };
    // The root says for how many days a timestamp is signed. Where it does not, the expiry itself is the last signed word.
    let period = root.role("timestamp").and_then(|role| role.extra.get(EXPIRY_PERIOD)).and_then(Value::as_i64);
    let period = period.filter(|days| (0..=LONGEST_PERIOD).contains(days)).unwrap_or(0);
    let as_of = timestamp.expires.checked_sub(SignedDuration::from_hours(24 * period)).map_err(|error| said(&error))?;
    let expires = root.expires.min(timestamp.expires).min(snapshot.expires).min(targets.expires);
    let (root_version, timestamp_version) = (root.version, timestamp.version);
    Ok(Vouched { trusted_root, signing_config, expires, as_of, root_version, timestamp_version })
}

/// When the metadata says that it expires. Not verified: whoever changes it breaks a signature.
fn expiries<'a>(root: &'a [u8], files: &'a Files) -> impl Iterator<Item = Timestamp> + 'a {
    // Of the roots, only the last one's expiry counts.
    let number = |name: &str| name.strip_suffix(".root.json").map(|version| version.parse::<u64>().unwrap_or(0));
    let last = files.iter().filter_map(|(name, bytes)| Some((number(name)?, bytes.as_slice()))).max();
    let last = last.map_or(root, |(_, bytes)| bytes);
    let others = files.iter().filter(move |(name, _)| number(name).is_none() && !name.starts_with("targets/"));
    std::iter::once(last).chain(others.map(|(_, bytes)| bytes.as_slice())).filter_map(|bytes| {
        let document: Value = serde_json::from_slice(bytes).ok()?;
        document.pointer("/signed/expires")?.as_str()?.parse().ok()
    })
}

/// Files that were kept, as a repository that answers from them whatever version or hash a name carries in front: what it
/// answers is held against the versions and hashes that were signed.
struct Kept(Files);

impl Kept {
    fn answer(&self, name: &str, most: u64) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        match self.0.get(name) {
            Some(bytes) if bytes.len() as u64 > most => Err(sigstore_tuf::Error::transport(format!("{name} is larger than {most} bytes"))),
            other => Ok(other.cloned()),
        }
    }
}

impl Repository for Kept {
    fn fetch_metadata<'a>(&'a self, name: &'a str, most: u64) -> FetchFuture<'a> {
        let plain = match name.split_once('.') {
            Some((version, rest)) if rest != "root.json" && version.bytes().all(|byte| byte.is_ascii_digit()) => rest,
            _ => name,
        };
        Box::pin(std::future::ready(self.answer(plain, most)))
    }

    fn fetch_target<'a>(&'a self, path: &'a str, most: u64) -> FetchFuture<'a> {
        let plain = match path.split_once('.') {
            Some((hash, rest)) if hash.len() >= 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => rest,
            _ => path,
        };
        Box::pin(std::future::ready(self.answer(&format!("targets/{plain}"), most)))
    }
}

/// Where an update puts what it has verified: memory, so that the disk never holds a part of it.
struct Shelf(Mutex<Files>);

/// The crate's name for a file, in ours; `None` for a second copy.
fn shelved(name: &str) -> Option<&str> {
    if let Some(root) = name.strip_prefix("root_history/") {
        return Some(root);
    }
    let second = name == "root.json" || name.strip_suffix(".snapshot.json").is_some_and(|version| version.parse::<u64>().is_ok());
    (!second).then_some(name)
}

impl MetadataStore for Shelf {
    fn load(&self, name: &str) -> sigstore_tuf::Result<Option<Vec<u8>>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(shelved(name).and_then(|name| files.get(name)).cloned())
    }

    fn store(&self, name: &str, bytes: &[u8]) -> sigstore_tuf::Result<()> {
        if let Some(name) = shelved(name) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.to_vec());
        }
        Ok(())
    }
}

/// An error with its causes, in a line.
fn said(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
