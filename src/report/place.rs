//! Where a finding lies, for services that know the files of a repository and nothing of what an archive holds.
//!
//! Sources: RFC 3986, section 2.3 (what a path may have unencoded) and 4.2 (a relative reference has no scheme); GitHub, "SARIF
//! support for code scanning", `artifactLocation.uri`.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Call, Examined, words};
use crate::model::{ArtifactKind, Ecosystem, Finding, escaped, hex};

/// A repository, and where in it the gate is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// The folder that holds all of it, absolute; empty where that is not known: then names are relative to it.
    pub root: String,
    /// The working directory, absolute.
    pub folder: String,
}

impl Repository {
    /// The path of what the operator calls `name`, relative to the repository and divided by `/`; empty for the repository itself,
    /// `None` for what lies outside.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<String> {
        let name = slashed(name);
        let is_absolute = Path::new(name.as_str()).is_absolute();
        let parts = match (self.root.is_empty(), is_absolute) {
            (true, true) => return None,
            (true, false) => folded(&name)?,
            (false, true) => within(&folded(&name)?, &self.root)?,
            (false, false) => within(&folded(&format!("{}/{name}", slashed(&self.folder)))?, &self.root)?,
        };
        Some(parts.join("/"))
    }
}

/// The parts below `root`.
fn within(parts: &[String], root: &str) -> Option<Vec<String>> {
    parts.strip_prefix(folded(&slashed(root))?.as_slice()).map(<[String]>::to_vec)
}

/// The parts of a path without `.` and `..`; `None` where it leaves what it starts from.
fn folded(path: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part.to_owned()),
        }
    }
    Some(parts)
}

fn slashed(path: &str) -> String {
    if cfg!(windows) { path.replace('\\', "/") } else { path.to_owned() }
}

/// An artifact as a file of a repository.
pub(super) struct Site {
    /// Its path there; where it lies outside, the name of its file.
    pub(super) path: String,
    /// The same, told apart from other artifacts of the call that have it too.
    pub(super) key: String,
    /// Whether it lies in the repository.
    is_inside: bool,
    is_folder: bool,
}

/// Names the artifacts of a call, each by another name.
#[derive(Default)]
pub(super) struct Sites {
    times: HashMap<String, usize>,
}

impl Sites {
    pub(super) fn site(&mut self, call: &Call, examined: &Examined) -> Site {
        match &examined.result {
            Ok(judged) => self.site_of(call, &examined.name, judged.facts.artifact.kind == ArtifactKind::Directory),
            Err(_) => self.site_of(call, &examined.name, false),
        }
    }

    /// The artifact of a name.
    pub(super) fn site_of(&mut self, call: &Call, artifact: &str, is_folder: bool) -> Site {
        let name = artifact.strip_prefix("oci:").unwrap_or(artifact);
        let inside = call.repository.path(name);
        let is_inside = inside.is_some() && name.len() == artifact.len();
        let path = inside.unwrap_or_else(|| file_name(name));
        let times = self.times.entry(path.clone()).or_default();
        *times += 1;
        let name = if path.is_empty() { "." } else { &path };
        let key = if *times == 1 { name.to_owned() } else { format!("{name}#{times}") };
        Site { path, key, is_inside, is_folder }
    }
}

/// What has no name of a file.
const NAMELESS: &str = "artifact";

/// The last part of a path that is a name.
fn file_name(name: &str) -> String {
    let name = slashed(name);
    let last = name.split('/').rev().find(|part| !matches!(*part, "" | "." | ".."));
    last.unwrap_or(NAMELESS).to_owned()
}

/// Where a finding lies.
pub(super) struct Place {
    /// The file of the repository: the lockfile that the operator gave for a package, the artifact otherwise, and in a directory the
    /// file itself.
    pub(super) file: String,
    /// Whether that file lies in the repository.
    pub(super) is_inside: bool,
    /// The line in it, where it is known.
    pub(super) line: Option<u32>,
    /// The file in the artifact, `dist/fn.zip!/src/config.js`; the artifact where the finding is about all of it.
    pub(super) whole: String,
}

impl Site {
    /// The repository as a whole, for findings that say their own path in it.
    pub(super) fn folder() -> Self {
        Self { path: String::new(), key: String::new(), is_inside: true, is_folder: true }
    }

    pub(super) fn place(&self, call: &Call, finding: &Finding) -> Place {
        let path = finding.path.as_deref().filter(|path| !path.is_empty());
        let join = if self.is_folder { "/" } else { "!/" };
        let whole = match path {
            Some(path) if self.path.is_empty() => path.to_owned(),
            Some(path) => format!("{}{join}{path}", self.path),
            None if self.path.is_empty() => ".".to_owned(),
            None => self.path.clone(),
        };
        if let Some(file) = lockfile(call, &finding.subject) {
            return Place { file, is_inside: true, line: None, whole };
        }
        let (file, line) = match path.filter(|_| self.is_folder) {
            // In the artifact's own name `!/` would mean nothing.
            Some(path) => match path.split_once("!/") {
                Some((outer, _)) => (whole.strip_suffix(path).map_or_else(|| outer.to_owned(), |folder| format!("{folder}{outer}")), None),
                None => (whole.clone(), finding.line),
            },
            None if self.path.is_empty() => (NAMELESS.to_owned(), None),
            None => (self.path.clone(), None),
        };
        Place { file, is_inside: self.is_inside, line, whole }
    }

    /// What tells a finding from every other in every artifact, over runs: SHA-256, hex. That the artifact lies elsewhere today
    /// does not change it.
    pub(super) fn fingerprint(&self, artifact: &str, finding: &Finding) -> String {
        let subject = if finding.subject == artifact { "" } else { &finding.subject };
        let path = finding.path.as_deref().unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [&self.key, &finding.rule, subject, &finding.advisory, &finding.fingerprint, path] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        hex(&digest.finalize())
    }
}

/// The lockfile of the repository that a package was installed from.
fn lockfile(call: &Call, subject: &str) -> Option<String> {
    let kind = subject.strip_prefix("pkg:")?.split('/').next()?;
    let ecosystem = Ecosystem::from_purl_type(kind)?;
    lock_of(call, ecosystem)
}

/// The first lockfile of an ecosystem that the operator gave and that lies in the repository.
pub(super) fn lock_of(call: &Call, ecosystem: Ecosystem) -> Option<String> {
    call.locks.iter().filter(|name| locked(name) == ecosystem).filter_map(|name| call.repository.path(name)).find(|path| !path.is_empty())
}

/// Whose packages a lockfile names, by its own name.
fn locked(name: &str) -> Ecosystem {
    let name = file_name(name).to_ascii_lowercase();
    if name.starts_with("cargo") {
        Ecosystem::CratesIo
    } else if name.ends_with(".txt")
        || name.starts_with("pylock")
        || ["poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock"].contains(&name.as_str())
    {
        Ecosystem::PyPi
    } else {
        Ecosystem::Npm
    }
}

/// A path as a relative URI reference.
pub(super) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in words::cut(path, MOST_PATH).bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A path as a person reads it.
pub(super) fn shown(path: &str) -> String {
    words::cut(&escaped(path), MOST_PATH)
}

/// Characters of a path that are written: a file system's limit for one name is 255, and hostile archives know none.
const MOST_PATH: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> Repository {
        Repository { root: "/work/repo".to_owned(), folder: "/work/repo/services/orders".to_owned() }
    }

    #[test]
    fn a_name_becomes_a_path_of_the_repository() {
        for (name, path) in [
            ("dist/fn.zip", Some("services/orders/dist/fn.zip")),
            ("./dist//fn.zip", Some("services/orders/dist/fn.zip")),
            ("../../fn.zip", Some("fn.zip")),
            ("../../../fn.zip", None),
            ("/work/repo/a/../b.zip", Some("b.zip")),
            ("/work/repository/b.zip", None),
            ("/tmp/fn.zip", None),
            ("../..", Some("")),
            ("../../../../../../../fn.zip", None),
        ] {
            assert_eq!(repository().path(name).as_deref(), path, "{name}");
        }
        let unknown = Repository::default();
        assert_eq!((unknown.path("a/./b.zip").as_deref(), unknown.path("/b.zip"), unknown.path("../b.zip")), (Some("a/b.zip"), None, None));
    }

    #[test]
    fn a_path_is_encoded_whole() {
        assert_eq!(uri("a b/c:d!/é%/~x"), "a%20b/c%3Ad%21/%C3%A9%25/~x");
        assert_eq!(uri("http://x"), "http%3A//x");
    }

    #[test]
    fn a_lockfile_speaks_for_its_own_ecosystem() {
        let locks = ["package-lock.json", "requirements-prod.txt", "Cargo.lock", "/elsewhere/uv.lock"].map(str::to_owned).to_vec();
        let call = Call { locks, ..Call::default() };
        assert_eq!(lockfile(&call, "pkg:npm/%40s/a@1").as_deref(), Some("package-lock.json"));
        assert_eq!(lockfile(&call, "pkg:pypi/a").as_deref(), Some("requirements-prod.txt"));
        assert_eq!(lockfile(&call, "pkg:cargo/a").as_deref(), Some("Cargo.lock"));
        assert_eq!((lockfile(&call, "pkg:golang/a"), lockfile(&call, "src/a.js")), (None, None));
    }
}
