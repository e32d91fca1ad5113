//! Why a trusted root cannot be used or renewed, and what to do.

/// Why a trusted root cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the trusted root `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is far larger than a trusted root is.
    #[error("the trusted root is larger than 4 MiB: {0}")]
    TooLarge(String),
    /// The document is not a usable trusted root.
    #[error("cannot use the trusted root `{name}`: {reason}")]
    Unusable {
        /// The file or instance.
        name: String,
        /// Why.
        reason: String,
    },
    /// The file is no root of a TUF repository.
    #[error("cannot begin trust with the TUF root `{path}`: {reason}")]
    TufRoot {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// There is no instance of this name.
    #[error("there is no built-in instance of this name: {0}")]
    UnknownInstance(String),
    /// The address of a repository is none.
    #[error("the address of a TUF repository begins with `https://` or `http://`: {0}")]
    Address(String),
    /// What was kept of an instance or a repository does not verify.
    #[error("the cached trusted root in `{path}` does not verify: {reason}")]
    Cache {
        /// The folder.
        path: String,
        /// Why, with the file.
        reason: String,
        /// The command that renews it.
        command: String,
    },
    /// Nothing was kept of a private repository.
    #[error("there is no cached trusted root of the TUF repository: {url}")]
    NotCached {
        /// Its address.
        url: String,
    },
    /// There is no folder for a cache.
    #[error("no folder for trusted roots is known")]
    NoFolder,
    /// The cache cannot be written.
    #[error("cannot write the cache of trusted roots in `{path}`")]
    Write {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The repository did not give what verifies.
    #[error("cannot update the trusted root from `{url}`: {reason}")]
    Update {
        /// The repository.
        url: String,
        /// Why.
        reason: String,
    },
    /// The root in use is not the one that was pinned.
    #[error("the trusted root `{name}` is not the pinned one: expected sha256 {expected}, found {found}")]
    Pin {
        /// The file or instance.
        name: String,
        /// The pin.
        expected: String,
        /// The digest of the bytes in use.
        found: String,
    },
    /// The root in use is older than is allowed.
    #[error("the trusted root `{name}` is too old: as of {as_of}, {days} days ago, and at most {most} are allowed")]
    TooOld {
        /// The instance or repository.
        name: String,
        /// When it was last vouched for.
        as_of: String,
        /// Its age.
        days: i64,
        /// The limit.
        most: u32,
        /// The command that renews it.
        command: String,
    },
    /// A file has no date that anybody signed.
    #[error("an age limit needs a trusted root with a signed date, and a file has none: {name}")]
    NoDate {
        /// The file.
        name: String,
    },
}

impl TrustError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { .. } => "give a trusted_root.json, or one of `public-good`, `staging`, `github`".to_owned(),
            Self::TooLarge(_) => return None,
            Self::Unusable { .. } => {
                "a trusted root is what `cosign trusted-root create` writes, a line of `gh attestation trusted-root`, or a TUF repository's `trusted_root.json`".to_owned()
            }
            Self::TufRoot { .. } => "give the `root.json` that the repository's owner has handed you, signed by its own keys".to_owned(),
            Self::UnknownInstance(_) => format!("the instances are `{}`", super::INSTANCES.join("`, `")),
            Self::Address(_) => "give the address below which `timestamp.json` lies".to_owned(),
            Self::Cache { path, command, .. } => format!("`{command}` fetches it anew; without the folder `{path}` nothing cached is used"),
            Self::NotCached { url } => format!("`fngate trust update --tuf-url {url} --tuf-root FILE` fetches it"),
            Self::NoFolder => "name one with `--cache` or FNGATE_TRUST_CACHE".to_owned(),
            Self::Write { .. } => "name another folder with `--cache` or FNGATE_TRUST_CACHE".to_owned(),
            Self::Update { .. } => "the cache stays as it was, and so does the root in use".to_owned(),
            Self::Pin { .. } => "`fngate trust status` shows the root in use; change the pin only once you know why it differs".to_owned(),
            Self::TooOld { command, .. } => format!("`{command}` fetches the current one"),
            Self::NoDate { .. } => "pin the file with `trusted_root_sha256`, or use an instance or a TUF repository".to_owned(),
        };
        Some(hint)
    }
}
