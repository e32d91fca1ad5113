//! The installer, from a server on loopback: what is whole is installed, and nothing else is.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::server::Server;
use super::{PROGRAM, archive, own, sha256};

struct Place {
    folder: tempfile::TempDir,
    server: Server,
    name: String,
    bytes: Vec<u8>,
}

impl Place {
    fn new() -> Self {
        let (name, bytes) = archive("0.9.1", PROGRAM.as_bytes());
        let place = Self { folder: tempfile::tempdir().unwrap(), server: Server::new(), name, bytes };
        fs::create_dir(place.folder.path().join("tools")).unwrap();
        // Only what the installer itself needs: which verifier is there decides what it asks for.
        for tool in ["sh", "uname", "curl", "tar", "gzip", "sha256sum", "cut", "awk", "mktemp", "mkdir", "chmod", "mv", "rm", "cat", "sed"]
        {
            let found =
                std::env::split_paths(&std::env::var_os("PATH").unwrap()).map(|folder| folder.join(tool)).find(|path| path.exists());
            std::os::unix::fs::symlink(found.unwrap_or_else(|| panic!("no {tool}")), place.folder.path().join("tools").join(tool)).unwrap();
        }
        place.publish(&place.bytes.clone(), &sha256(&place.bytes));
        place
    }

    fn publish(&self, bytes: &[u8], digest: &str) {
        self.server.put(&format!("/fngate-v0.9.1/{}.tar.gz", self.name), bytes);
        let sums = format!("{}  fngate-0.9.1-other.tar.gz\n{digest}  {}.tar.gz\n", "0".repeat(64), self.name);
        self.server.put("/fngate-v0.9.1/fngate-0.9.1-checksums.txt", sums.as_bytes());
    }

    /// A verifier of a name that says yes (exit 0) or no, and writes down what it was asked.
    fn verifier(&self, name: &str, code: i32) {
        let path = self.folder.path().join("tools").join(name);
        fs::write(&path, format!("#!/bin/sh\necho \"$@\" in \"$PWD\" >'{}'\nexit {code}\n", self.folder.path().join("asked").display()))
            .unwrap();
        Command::new("chmod").arg("+x").arg(&path).status().unwrap();
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        let to = self.folder.path().join("bin");
        let output = Command::new("sh")
            .arg(own("install.sh"))
            .args(["--version", "0.9.1", "--to", to.to_str().unwrap()])
            .args(arguments)
            .env_clear()
            .env("PATH", self.folder.path().join("tools"))
            .env("TMPDIR", self.folder.path())
            .env("FNGATE_RELEASES_URL", &self.server.url)
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let installed = fs::read(to.join("fngate")).is_ok_and(|bytes| bytes == PROGRAM.as_bytes());
        assert_eq!(output.status.success(), installed, "{log}");
        let left: Vec<_> = fs::read_dir(&to).map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect()).unwrap_or_default();
        assert_eq!(left.len(), usize::from(installed), "{left:?}");
        assert!(!installed || is_executable(&to.join("fngate")));
        let _ = fs::remove_dir_all(&to);
        (installed, log)
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o111 == 0o111
}

#[test]
fn what_is_whole_is_installed_and_what_was_verified_is_said() {
    let place = Place::new();
    let (_, log) = place.run(&[]);
    assert!(log.contains("proves that it is whole and not whose it is"), "{log}");
    assert!(!place.run(&["--require-signature"]).0);
    let (installed, log) = place.run(&["--sha256", &sha256(&place.bytes)]);
    assert!(installed && log.contains("the one you gave"), "{log}");
}

#[test]
fn what_is_not_whole_is_not_installed() {
    let place = Place::new();
    let spoiled = archive("0.9.1", b"#!/bin/sh\ntouch owned\n").1;
    for arguments in [
        &["--sha256", &sha256(b"another")][..],
        &["--sha256", "abc"],
        &["--sha256"],
        &["--version", "0.9.2"],
        &["--version", "latest"],
        &["--version", "../x"],
        &["--version", "1.2.3.4"],
        &["--unknown"],
    ] {
        assert!(!place.run(arguments).0, "{arguments:?}");
    }
    place.publish(&spoiled, &sha256(&place.bytes));
    assert!(!place.run(&[]).0, "another archive");
    place.publish(&place.bytes[..place.bytes.len() - 1], &sha256(&place.bytes));
    assert!(!place.run(&[]).0, "a part of the archive");
    place.publish(&spoiled, &sha256(&spoiled));
    assert!(!place.run(&["--sha256", &sha256(&place.bytes)]).0, "archive and list are another's, the digest is one's own");
    place.server.put("/fngate-v0.9.1/fngate-0.9.1-checksums.txt", b"");
    assert!(!place.run(&[]).0, "a list without it");
    place.publish(b"no archive", &sha256(b"no archive"));
    assert!(!place.run(&[]).0, "no archive at all");
}

#[test]
fn where_there_is_a_verifier_the_signature_counts() {
    for (name, bundle, words) in [
        ("fngate", "sigstore.json", "verify "),
        ("cosign", "sigstore.json", "verify-blob "),
        ("gh", "provenance.sigstore.json", "attestation verify "),
    ] {
        let place = Place::new();
        place.verifier(name, 0);
        let (installed, log) = place.run(&[]);
        assert!(!installed && log.contains("the signature cannot be downloaded"), "{name}: {log}");
        place.server.put(&format!("/fngate-v0.9.1/{}.tar.gz.{bundle}", place.name), b"{}");
        let (installed, log) = place.run(&["--require-signature"]);
        assert!(installed && log.contains("signed by the release workflow"), "{name}: {log}");
        let asked = fs::read_to_string(place.folder.path().join("asked")).unwrap();
        let identity = "https://github.com/fngate/fngate/.github/workflows/release.yml@refs/tags/fngate-v0.9.1";
        assert!(asked.starts_with(words) && asked.contains(identity), "{asked}");
        place.verifier(name, 1);
        assert!(!place.run(&[]).0, "{name} says no");
        assert!(place.run(&["--without-signature"]).0, "{name} was not asked");
    }
}

#[test]
fn a_script_that_was_cut_does_nothing() {
    let text = fs::read_to_string(own("install.sh")).unwrap();
    let place = Place::new();
    for cut in [text.len() / 2, text.rfind("main \"$@\"").unwrap()] {
        let script = place.folder.path().join("cut.sh");
        fs::write(&script, &text[..cut]).unwrap();
        let _ = Command::new("sh").arg(&script).env("FNGATE_RELEASES_URL", &place.server.url).env("HOME", place.folder.path()).output();
    }
    assert_eq!(place.server.asked(), [""; 0]);
}

/// A fngate.toml in the way could name others who may sign.
#[test]
fn the_verifier_reads_no_configuration_of_the_place_it_is_called_from() {
    let place = Place::new();
    place.server.put(&format!("/fngate-v0.9.1/{}.tar.gz.sigstore.json", place.name), b"{}");
    place.verifier("fngate", 0);
    let (installed, log) = place.run(&[]);
    assert!(installed, "{log}");
    let asked = fs::read_to_string(place.folder.path().join("asked")).unwrap();
    let (words, at) = asked.trim().rsplit_once(" in ").unwrap();
    assert!(words.starts_with("verify archive --bundle bundle --identity https://github.com/fngate/fngate/.github/"), "{words}");
    assert!(Path::new(at).starts_with(place.folder.path()), "{at}");
}

#[test]
fn a_list_without_the_archive_vouches_for_nothing() {
    let place = Place::new();
    // Nor does it where no digest can be computed, and nothing would equal nothing.
    let tools = place.folder.path().join("tools");
    fs::remove_file(tools.join("sha256sum")).unwrap();
    place.server.put("/fngate-v0.9.1/fngate-0.9.1-checksums.txt", b"");
    let (installed, log) = place.run(&["--without-signature"]);
    assert!(!installed && log.contains("not the one in the list"), "{log}");
}
