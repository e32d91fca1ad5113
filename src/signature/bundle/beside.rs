//! The bundles beside an artifact, by the names that signers give them.
//!
//! `cosign` and `sigstore` write `FILE.sigstore.json`; where several statements are made about one file, a word stands between
//! (`FILE.sbom.sigstore.json`). `pypi-attestations sign` and the PyPI publishing action write `FILE.publish.attestation` and
//! `FILE.slsa.attestation`. `gh attestation download` names its file by the artifact's digest, `sha256:HEX.jsonl`, on Windows
//! with a hyphen (cli/cli, `pkg/cmd/attestation/download/metadata.go`).

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use super::{BundleFile, MOST_BUNDLES, read_bundle};

/// The endings of a bundle beside its artifact, with or without a word before them (`.sbom.sigstore.json`).
pub const ENDINGS: [&str; 3] = [".sigstore.json", ".sigstore", ".attestation"];
/// What JSON Lines beside an artifact end with.
const LINES: &str = ".jsonl";
/// A verdict of an earlier gate, which is only read where somebody asks for one: it says what was judged and not who built.
pub const VSA_ENDING: &str = ".vsa.sigstore.json";

/// The bundles beside an artifact: `FILE.sigstore.json`, `FILE.sigstore`, `FILE.attestation`, the same with a word between,
/// and `FILE.jsonl`; not those that end with [`VSA_ENDING`], nor those of a neighbour (`app.zip.sigstore.json` is no bundle of
/// `app` where there is an `app.zip`). At most one more than [`MOST_BUNDLES`], so that too many are seen to be too many. One
/// that is there and cannot be read is an error, never an absence.
pub fn bundles_beside(path: &Path) -> io::Result<Vec<BundleFile>> {
    beside(path, &|own, name| is_bundle(own, name) && !is_vsa(own, name))
}

/// The verdicts of earlier gates beside an artifact: `FILE.vsa.sigstore.json`, with or without a word between.
pub fn vsas_beside(path: &Path) -> io::Result<Vec<BundleFile>> {
    beside(path, &|own, name| is_bundle(own, name) && is_vsa(own, name))
}

/// The bundles beside an artifact that are named by its digest, as `gh attestation download` names them: `sha256:HEX.jsonl`,
/// `sha256-HEX.jsonl`.
pub fn bundles_by_digest(path: &Path, sha256: &[u8; 32]) -> io::Result<Vec<BundleFile>> {
    let hex = super::super::hex(sha256);
    let names = [format!("sha256-{hex}{LINES}"), format!("sha256:{hex}{LINES}")];
    let Some((folder, _)) = parts(path) else { return Ok(Vec::new()) };
    let found = names.iter().map(|name| folder.join(name)).filter(|path| path.symlink_metadata().is_ok());
    found.map(|path| plain(&path)).collect()
}

/// The folder that an artifact lies in, and its name there. `.` and `..` have no name that anything could lie beside;
/// `layout/` is `layout`: what lies in the folder is the artifact's own.
fn parts(path: &Path) -> Option<(PathBuf, OsString)> {
    let name = path.file_name()?.to_owned();
    let whole = path.components().collect::<PathBuf>();
    Some((whole.parent().map(Path::to_path_buf).unwrap_or_default(), name))
}

fn beside(path: &Path, wanted: &dyn Fn(&[u8], &[u8]) -> bool) -> io::Result<Vec<BundleFile>> {
    let Some((folder, own)) = parts(path) else { return Ok(Vec::new()) };
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
    let children = match shown.read_dir() {
        Ok(children) => children,
        // Then the artifact is not there either, which is for whoever opens it to say.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for child in children {
        let name = child?.file_name();
        if wanted(own.as_encoded_bytes(), name.as_encoded_bytes()) && !is_neighbours(&folder, &own, &name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    names.into_iter().take(MOST_BUNDLES + 1).map(|name| plain(&folder.join(name))).collect()
}

/// Whether a name is the artifact's own with an ending of bundles.
fn is_bundle(own: &[u8], name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(own) else { return false };
    let ends = |ending: &str| rest.strip_suffix(ending.as_bytes());
    rest == LINES.as_bytes() || ENDINGS.iter().filter_map(|ending| ends(ending)).any(|word| word.is_empty() || is_word(word))
}

fn is_vsa(own: &[u8], name: &[u8]) -> bool {
    name.strip_prefix(own).is_some_and(|rest| rest.ends_with(VSA_ENDING.as_bytes()))
}

fn is_word(rest: &[u8]) -> bool {
    rest.len() > 1 && rest.first() == Some(&b'.')
}

/// Whether a bundle's name without its ending, or a beginning of that, is a file with a longer name than the artifact's.
fn is_neighbours(folder: &Path, own: &OsStr, name: &OsStr) -> bool {
    // Names of bundles differ from their artifact's by ASCII, so a neighbour's has text after the artifact's own.
    let Some(text) = name.to_str() else { return false };
    let Some(stem) = ENDINGS.iter().filter_map(|ending| text.strip_suffix(ending)).min_by_key(|stem| stem.len()) else { return false };
    let begins = stem.match_indices('.').map(|(at, _)| at).chain([stem.len()]).filter(|at| *at > own.len());
    begins.map(|at| folder.join(&stem[..at])).any(|neighbour| neighbour.symlink_metadata().is_ok())
}

/// Reads a file that is one: a pipe or a device beside an artifact would be waited for without end.
fn plain(path: &Path) -> io::Result<BundleFile> {
    let unread = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if !path.metadata().map_err(unread)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is no plain file: {}", path.display())));
    }
    read_bundle(path).map_err(unread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[&str], asked: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        files.iter().for_each(|name| std::fs::write(folder.path().join(name), name).unwrap());
        let bundles = bundles_beside(&folder.path().join(asked)).unwrap();
        bundles.into_iter().map(|bundle| String::from_utf8(bundle.bytes).unwrap()).collect()
    }

    #[test]
    fn every_name_of_a_bundle_is_known_and_sorted() {
        let files = [
            "fn.zip",
            "fn.zip.sigstore.json",
            "fn.zip.sigstore",
            "fn.zip.sbom.sigstore.json",
            "fn.zip.a.b.sigstore.json",
            "fn.zip.publish.attestation",
            "fn.zip.jsonl",
            "fn.zip.x.jsonl",
            "fn.zip.vsa.sigstore.json",
            "fn.zip.prod.vsa.sigstore.json",
            "fn.zipsigstore.json",
            "fn.zip..sigstore.json",
            "fn.zip.txt",
            "other.zip.sigstore.json",
        ];
        let expected = [
            "fn.zip.a.b.sigstore.json",
            "fn.zip.jsonl",
            "fn.zip.publish.attestation",
            "fn.zip.sbom.sigstore.json",
            "fn.zip.sigstore",
            "fn.zip.sigstore.json",
        ];
        assert_eq!(found(&files, "fn.zip"), expected);
    }

    #[test]
    fn a_neighbours_bundle_is_not_taken() {
        let bundles = ["app.zip.sigstore.json", "app.zip.sbom.sigstore.json", "app.sigstore.json"];
        assert_eq!(found(&bundles, "app"), ["app.sigstore.json", "app.zip.sbom.sigstore.json", "app.zip.sigstore.json"]);
        assert_eq!(found(&[&bundles[..], &["app.zip"]].concat(), "app"), ["app.sigstore.json"]);
        assert_eq!(found(&[&bundles[..], &["app.zip"]].concat(), "app.zip"), ["app.zip.sbom.sigstore.json", "app.zip.sigstore.json"]);
        // A signature over the SBOM's own file.
        assert_eq!(found(&["app.zip.sbom", "app.zip.sbom.sigstore.json"], "app.zip"), Vec::<String>::new());
    }

    #[test]
    fn verdicts_are_read_on_request_only() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["fn.zip.vsa.sigstore.json", "fn.zip.prod.vsa.sigstore.json", "fn.zip.sigstore.json", "fn.zipvsa.sigstore.json"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let names = |bundles: Vec<BundleFile>| bundles.into_iter().map(|one| String::from_utf8(one.bytes).unwrap()).collect::<Vec<_>>();
        let path = folder.path().join("fn.zip");
        assert_eq!(names(vsas_beside(&path).unwrap()), ["fn.zip.prod.vsa.sigstore.json", "fn.zip.vsa.sigstore.json"]);
        assert_eq!(names(bundles_beside(&path).unwrap()), ["fn.zip.sigstore.json"]);
    }

    #[test]
    fn a_file_named_by_the_digest_is_found_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fn.zip");
        let write = |name: String| std::fs::write(folder.path().join(name), "x").unwrap();
        assert_eq!(bundles_by_digest(&path, &[7; 32]).unwrap(), []);
        write(format!("sha256-{}.jsonl", "07".repeat(32)));
        write(format!("sha256-{}.jsonl", "08".repeat(32)));
        assert_eq!(bundles_by_digest(&path, &[7; 32]).unwrap().len(), 1);
        #[cfg(unix)]
        {
            write(format!("sha256:{}.jsonl", "07".repeat(32)));
            assert_eq!(bundles_by_digest(&path, &[7; 32]).unwrap().len(), 2);
        }
    }

    #[test]
    fn what_is_there_and_cannot_be_read_is_no_absence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fn.zip");
        std::fs::create_dir(folder.path().join("fn.zip.sbom.sigstore.json")).unwrap();
        assert!(bundles_beside(&path).is_err());
        assert!(bundles_beside(&folder.path().join("other.zip")).is_ok());
        assert!(bundles_beside(&folder.path().join("absent/fn.zip")).unwrap().is_empty());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("nowhere", folder.path().join("b.zip.sigstore")).unwrap();
            assert!(bundles_beside(&folder.path().join("b.zip")).is_err());
        }
    }

    #[test]
    fn too_many_are_seen_to_be_too_many() {
        let names = (0..MOST_BUNDLES + 9).map(|at| format!("fn.zip.{at}.sigstore.json")).collect::<Vec<_>>();
        assert_eq!(found(&names.iter().map(String::as_str).collect::<Vec<_>>(), "fn.zip").len(), MOST_BUNDLES + 1);
    }
}
