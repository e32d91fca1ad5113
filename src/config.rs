//! `fngate.toml`: raw, then valid. It knows every stage's settings; no stage knows it.

mod raw;
mod signature;
mod valid;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fngate::model::hex;
use fngate::policy::Settings;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

pub(crate) use signature::{Name, Signature};
pub(crate) use valid::{AdvisoryMode, Key, Limits};

/// The file that is looked for in the working directory.
const FILE: &str = "fngate.toml";

/// A configuration file larger than this is none.
const LARGEST: u64 = 1 << 20;

/// Everything an operator can set in a file, checked. Paths are relative to the working directory, not to the file.
#[derive(Debug, Default)]
pub(crate) struct Config {
    /// SHA-256 (hex) of the file; empty where there is none.
    pub(crate) digest: String,
    /// What the operator should hear.
    pub(crate) warnings: Vec<String>,
    /// What policies are told, but for the kinds of problems, which only the stages know.
    pub(crate) policy: Settings,
    /// Policies of the operator's own.
    pub(crate) policy_paths: Vec<PathBuf>,
    /// Names of packages that no public service may be asked about; `*` stands for any characters.
    pub(crate) private: Vec<String>,
    /// The key of secrets' fingerprints.
    pub(crate) fingerprint_key: Option<Key>,
    /// Where advisories come from.
    pub(crate) advisory_mode: Option<AdvisoryMode>,
    /// The offline database.
    pub(crate) db: Option<PathBuf>,
    /// CISA's catalogue of known exploited vulnerabilities.
    pub(crate) kev: Option<PathBuf>,
    /// FIRST's EPSS scores.
    pub(crate) epss: Option<PathBuf>,
    /// VEX documents.
    pub(crate) vex: Vec<PathBuf>,
    /// Lockfiles that the artifact was built from.
    pub(crate) locks: Vec<PathBuf>,
    /// The build's `node_modules`.
    pub(crate) modules: Vec<PathBuf>,
    /// The build's bills of materials.
    pub(crate) sboms: Vec<PathBuf>,
    /// A former report that says what is known.
    pub(crate) baseline: Option<PathBuf>,
    /// The last day it counts.
    pub(crate) baseline_until: Option<Date>,
    /// Rules of secrets of the operator's own.
    pub(crate) secret_rules: Vec<PathBuf>,
    /// Whose signatures stand.
    pub(crate) signature: Signature,
    /// Limits of what an artifact may hold.
    pub(crate) limits: Limits,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration: {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error("the configuration is not valid: {}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What is wrong with which key, and what is allowed.
        message: String,
    },
}

impl ConfigError {
    /// What the user can do.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("name a readable file with `--config`".to_owned()),
            Self::Invalid { .. } => None,
        }
    }
}

/// What is wrong, and where in the text.
#[derive(Debug)]
struct Fault {
    at: usize,
    message: String,
}

impl Config {
    /// Reads the file that `--config` names, else `fngate.toml` in `cwd`, else nothing. A file that was not named and lies
    /// in a directory that is to be judged is the accused's own word: it is left out, and a warning says so.
    pub(crate) fn load(explicit: Option<&Path>, cwd: &Path, artifacts: &[PathBuf]) -> Result<Self, ConfigError> {
        let path = match explicit {
            Some(path) => path.to_owned(),
            None => {
                let path = cwd.join(FILE);
                if fs::symlink_metadata(&path).is_err_and(|fault| fault.kind() == io::ErrorKind::NotFound) {
                    return Ok(Self::default());
                }
                if let Some(artifact) = artifacts.iter().find(|artifact| lies_in(&path, &cwd.join(artifact))) {
                    let warning = format!(
                        "{FILE} lies in the artifact it would speak for, so it is not used (name it with `--config` if it is yours): {}",
                        artifact.display()
                    );
                    return Ok(Self { warnings: vec![warning], ..Self::default() });
                }
                path
            }
        };
        let text = read(&path).map_err(|source| ConfigError::Read { path: path.clone(), source })?;
        let base = path.parent().unwrap_or(Path::new(""));
        let config = parse(&text, base).map_err(|fault| {
            let (line, column) = position(&text, fault.at);
            ConfigError::Invalid { path: path.clone(), line, column, message: fault.message }
        })?;
        let digest = hex(&Sha256::digest(text.as_bytes()));
        Ok(Self { digest, ..config })
    }
}

fn parse(text: &str, base: &Path) -> Result<Config, Fault> {
    let raw: raw::File = toml::from_str(text)
        .map_err(|fault| Fault { at: fault.span().map_or(0, |span| span.start), message: fault.message().replace('\n', "; ") })?;
    valid::check(&raw, base)
}

fn read(path: &Path) -> io::Result<String> {
    use io::Read as _;
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is larger than 1 MiB"));
    }
    Ok(text)
}

/// Whether a file lies in a folder, by its own place or by where its links lead.
fn lies_in(file: &Path, folder: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(folder) else { return false };
    let parent = file.parent().and_then(|parent| fs::canonicalize(parent).ok());
    let target = fs::canonicalize(file).ok();
    folder.is_dir() && [parent, target].iter().flatten().any(|place| place.starts_with(&folder))
}

/// Line and column, from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

#[cfg(test)]
mod tests;
