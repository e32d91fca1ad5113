//! The scripts of a release, with the fake Sigstore instance for the public one.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{PROGRAM, own, sha256};
use crate::signature::fake::{ISSUER, SUBJECT};
use crate::signature::service::Service;

const TARGETS: [&str; 2] = ["x86_64-unknown-linux-musl", "x86_64-pc-windows-msvc"];

fn script(name: &str, folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.arg(own(".github/release").join(name)).args(arguments).current_dir(folder).env("FNGATE", env!("CARGO_BIN_EXE_fngate"));
    for name in ["SIGSTORE_ID_TOKEN", "GITLAB_CI", "BUILDKITE", "CIRCLECI"] {
        command.env_remove(name);
    }
    command.env("FNGATE_TARGETS", TARGETS.join(" ")).env("SOURCE_DATE_EPOCH", "1764000000").envs(environment.iter().copied());
    command.output().unwrap()
}

fn log(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn good(output: &Output) {
    assert!(output.status.success(), "{}", log(output));
}

#[test]
fn a_release_is_packed_sealed_and_verified() {
    let service = Service::new();
    let place = service.place();
    for target in TARGETS {
        fs::create_dir_all(place.path().join("built").join(target)).unwrap();
        place.write(&format!("built/{target}/{}", if target.contains("windows") { "fngate.exe" } else { "fngate" }), PROGRAM);
    }
    let pack = |dist: &str| script("pack.sh", place.path(), &[&["0.9.1", "built", dist], &TARGETS[..]].concat(), &[]);
    good(&pack("dist"));
    good(&pack("again"));
    let read = |folder: &str, name: &str| fs::read(place.path().join(folder).join(name)).unwrap();
    for target in TARGETS {
        let name = format!("fngate-0.9.1-{target}.tar.gz");
        assert_eq!(sha256(&read("dist", &name)), sha256(&read("again", &name)), "the same files give other bytes");
    }
    assert!(!script("pack.sh", place.path(), &["0.9.1", "built", "whole"], &[]).status.success(), "a target is missing");

    let absolute = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (services, root, token) = (absolute("services.json"), absolute("root.json"), absolute("token"));
    let job = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "acme/hello"),
        ("GITHUB_WORKFLOW_REF", "acme/hello/.github/workflows/release.yml@refs/tags/v1.0.0"),
        ("GITHUB_REF", "refs/tags/v1.0.0"),
        ("GITHUB_SHA", "5f3c1f2a0f7c4f1b8f1d2e3c4b5a69788796a5b4"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("RUNNER_ENVIRONMENT", "github-hosted"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REPOSITORY_ID", "42424242"),
        ("GITHUB_REPOSITORY_OWNER_ID", "43"),
    ];
    let sealing = ["0.9.1", "dist", "--signing-config", &services, "--trusted-root", &root, "--identity-token", &token];
    let sealed = |image: &str| script("seal.sh", place.path(), &sealing, &[&job[..], &[("FNGATE_IMAGE", image)]].concat());
    assert!(!sealed("ghcr.io/acme/hello:latest").status.success(), "an image by its tag");
    good(&sealed(&format!("ghcr.io/acme/hello@sha256:{}", sha256(b"the image"))));

    let asked = |identity: &str| {
        script("verify.sh", place.path(), &["0.9.1", "dist", "--trusted-root", &root, "--identity", identity, "--issuer", ISSUER], &[])
    };
    good(&asked(SUBJECT));
    assert!(!asked("https://github.com/acme/hello/.github/workflows/other.yml@refs/tags/v1.0.0").status.success(), "another's identity");
    // Each file counts: changed or gone, the release is none.
    let archive = format!("fngate-0.9.1-{}.tar.gz", TARGETS[0]);
    let (sbom, provenance) = (format!("{archive}.sbom.sigstore.json"), format!("{archive}.provenance.sigstore.json"));
    for name in [
        &archive,
        &format!("{archive}.sigstore.json"),
        &sbom,
        &provenance,
        "fngate-0.9.1-checksums.txt",
        "install.sh",
        "fngate-0.9.1-image.txt",
    ] {
        let before = read("dist", name);
        fs::remove_file(place.path().join("dist").join(name)).unwrap();
        assert!(!asked(SUBJECT).status.success(), "without {name}");
        let after = if name == "fngate-0.9.1-image.txt" {
            String::from_utf8(before.clone()).unwrap().replace(&sha256(b"the image"), &sha256(b"another")).into_bytes()
        } else {
            [&before[..], b"\n#"].concat()
        };
        fs::write(place.path().join("dist").join(name), after).unwrap();
        assert!(!asked(SUBJECT).status.success(), "{name} was changed");
        fs::write(place.path().join("dist").join(name), before).unwrap();
    }
    // One statement is not another.
    fs::copy(place.path().join("dist").join(&provenance), place.path().join("dist").join(&sbom)).unwrap();
    assert!(!asked(SUBJECT).status.success(), "a provenance is no bill of materials");
}

/// Without a daemon: the same binaries give the same digest, which is the one that a registry will serve, and fngate reads it.
#[test]
fn the_image_is_from_scratch_and_the_same_each_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("roots"), "the roots").unwrap();
    for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl"] {
        fs::create_dir_all(folder.path().join("built").join(target)).unwrap();
        fs::write(folder.path().join("built").join(target).join("fngate"), format!("{PROGRAM}# {target}\n")).unwrap();
    }
    let environment = [("FNGATE_ROOTS", "roots")];
    let digests = ["one", "two"].map(|layout| {
        let output = script("image.sh", folder.path(), &["0.9.1", "built", layout], &environment);
        good(&output);
        log(&output).trim().to_owned()
    });
    assert_eq!(digests[0], digests[1]);
    let index = fs::read(folder.path().join("one/blobs/sha256").join(digests[0].strip_prefix("sha256:").unwrap())).unwrap();
    assert_eq!(format!("sha256:{}", sha256(&index)), digests[0]);
    let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
    let platforms: Vec<&str> =
        index["manifests"].as_array().unwrap().iter().map(|one| one["platform"]["architecture"].as_str().unwrap()).collect();
    assert_eq!(platforms, ["amd64", "arm64"]);
    let output = Command::new(env!("CARGO_BIN_EXE_fngate"))
        .args(["check", "one", "--advisories", "offline", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["artifacts"][0]["problems"], serde_json::json!([]), "{report}");
    assert_eq!(report["artifacts"][0]["inventory"]["state"], "complete");
}

#[test]
fn the_table_grows_and_what_it_says_stays() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.txt");
    fs::write(&table, "# a comment\n").unwrap();
    let environment = [("FNGATE_TABLE", table.to_str().unwrap())];
    let targets = fs::read_to_string(own(".github/release/targets.txt")).unwrap();
    let line = |version: &str, target: &str, digest: &str| format!("{digest}  fngate-{version}-{target}.tar.gz\n");
    let sums = |version: &str| targets.lines().map(|target| line(version, target, &sha256(target.as_bytes()))).collect::<String>();
    let add = |version: &str, sums: &str| {
        fs::write(folder.path().join("sums.txt"), sums).unwrap();
        script("digests.sh", folder.path(), &[version, "sums.txt"], &environment).status.success()
    };
    let bad = [sums("0.9.0"), sums("0.9.1").replacen(&sha256(b"x86_64-pc-windows-msvc"), "abc", 1), sums("0.9.1") + &sums("0.9.1")];
    for sums in &bad {
        assert!(!add("0.9.1", sums), "{sums}");
    }
    assert!(!add("0.9", &sums("0.9")) && !add("0.9.1\n0.9.2", &sums("0.9.1")));
    assert_eq!(fs::read_to_string(&table).unwrap(), "# a comment\n");
    assert!(add("0.9.1", &sums("0.9.1")));
    assert!(!add("0.9.1", &sums("0.9.1")), "it is there already");
    assert!(add("0.9.10", &sums("0.9.10")));
    let text = fs::read_to_string(&table).unwrap();
    assert_eq!(text.lines().count(), 1 + 2 * targets.lines().count());
    assert!(text.contains(&format!("0.9.1 x86_64-apple-darwin {}\n", sha256(b"x86_64-apple-darwin"))), "{text}");
}

#[test]
fn the_actions_tag_needs_its_version_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    for file in ["Cargo.toml", "templates/digests.txt", ".github/release/targets.txt", ".github/release/tag.sh"].into_iter().chain([
        "templates/gitlab/build.sh",
        "templates/gitlab/gate.sh",
        "templates/gitlab/image.txt",
        "templates/gate.yml",
        "templates/gate.gitlab-ci.yml",
    ]) {
        fs::create_dir_all(tree.join(file).parent().unwrap()).unwrap();
        fs::copy(own(file), tree.join(file)).unwrap();
    }
    fs::write(tree.join("Cargo.toml"), "[package]\nversion = \"0.9.1\"\n").unwrap();
    let tag = || script("tag.sh", folder.path(), &[tree.to_str().unwrap()], &[]);
    let build = || good(&Command::new("sh").arg(tree.join("templates/gitlab/build.sh")).output().unwrap());
    assert!(!tag().status.success(), "it is not in the table");
    let targets = fs::read_to_string(own(".github/release/targets.txt")).unwrap();
    let lines: Vec<String> = targets.lines().map(|target| format!("0.9.1 {target} {}\n", sha256(target.as_bytes()))).collect();
    fs::write(tree.join("templates/digests.txt"), lines[1..].concat()).unwrap();
    build();
    assert!(!tag().status.success(), "a platform is missing");
    fs::write(tree.join("templates/digests.txt"), lines.concat()).unwrap();
    let stale = tag();
    assert!(!stale.status.success() && log(&stale).contains("was not written from the table"), "{}", log(&stale));
    build();
    let output = tag();
    assert_eq!((output.status.success(), log(&output).trim()), (true, "v0.9.1"));
}

#[test]
fn a_release_is_of_the_version_that_the_sources_say() {
    let folder = tempfile::tempdir().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let output = script("version.sh", folder.path(), &[&format!("fngate-v{version}")], &[]);
    assert_eq!((output.status.success(), log(&output).trim()), (true, version));
    for tag in ["fngate-v99.0.0", "v0.1.0", "fngate-v0.1", "fngate-v0.1.0-rc1", "fngate-v0.1.0\nx", ""] {
        assert!(!script("version.sh", folder.path(), &[tag], &[]).status.success(), "{tag:?}");
    }
}
