//! `fngate init`: what it reads off a repository, and that what it writes can be used.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::gate::text;

/// A repository of these files; a name that ends in `/` is a folder.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
        if !name.ends_with('/') {
            fs::write(path, content).unwrap();
        }
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fngate")).args(arguments).current_dir(folder).env_clear().env("HOME", folder).output().unwrap()
}

fn written(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

const NODE: &[(&str, &str)] = &[
    (".git/config", "[remote \"origin\"]\n\turl = git@github.com:acme/orders.git\n"),
    (".git/HEAD", "ref: refs/heads/trunk\n"),
    ("package.json", "{\"name\":\"@acme/orders\",\"scripts\":{\"build\":\"x\"},\"devDependencies\":{\"esbuild\":\"1\"}}"),
    ("package-lock.json", "{}"),
    ("node_modules/x/package-lock.json", "{}"),
    ("serverless.yml", ""),
];

#[test]
fn a_bundled_function_on_github() {
    let folder = repository(NODE);
    let output = run(folder.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!(format!("{}\n----\n{}", text(&output.stdout), written(&folder, ".github/workflows/fngate.yml")));
    insta::assert_snapshot!(written(&folder, "fngate.toml"));
}

#[test]
fn a_python_function_on_gitlab() {
    let files =
        [(".gitlab-ci.yml", ""), ("services/api/poetry.lock", ""), ("services/api/template.yml", "Type: AWS::Serverless::Function")];
    let folder = repository(&files);
    let output = run(folder.path(), &["init"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!(format!("{}\n----\n{}", text(&output.stdout), written(&folder, ".gitlab/fngate.yml")));
}

#[test]
fn a_commit_pins_what_the_workflow_uses() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let folder = repository(NODE);
    assert_eq!(run(folder.path(), &["init", "--commit", commit]).status.code(), Some(0));
    let workflow = written(&folder, ".github/workflows/fngate.yml");
    assert!(workflow.contains(&format!("        uses: fngate/fngate@{commit} # v")) && !workflow.contains("ls-remote"), "{workflow}");
    assert_eq!(run(folder.path(), &["init", "--ci", "gitlab", "--overwrite", "--commit", commit]).status.code(), Some(0));
    assert!(written(&folder, ".gitlab/fngate.yml").contains(&format!("/fngate/{commit}/templates/")));
    for wrong in ["main", "0123456", "0123456789ABCDEF0123456789abcdef01234567"] {
        assert_eq!(run(folder.path(), &["init", "--overwrite", "--commit", wrong]).status.code(), Some(2));
    }
}

#[test]
fn what_nothing_tells_is_not_invented() {
    let folder = repository(&[("x/Cargo.lock", ""), ("y/uv.lock", "")]);
    let output = run(folder.path(), &["init"]);
    let told = text(&output.stdout);
    assert!(told.contains("elsewhere: x/Cargo.lock, y/uv.lock") && told.contains("--ci github"), "{told}");
    assert!(!folder.path().join(".github").exists() && !folder.path().join(".gitlab").exists());
    assert!(written(&folder, "fngate.toml").contains("x/Cargo.lock, y/uv.lock"));
}

#[test]
fn what_is_there_is_kept_and_nothing_is_half_written() {
    let folder = repository(&[NODE, &[(".github/workflows/fngate.yml", "mine")]].concat());
    let output = run(folder.path(), &["init"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--overwrite"), "{}", text(&output.stderr));
    assert_eq!(written(&folder, ".github/workflows/fngate.yml"), "mine");
    assert!(!folder.path().join("fngate.toml").exists());
    assert_eq!(run(folder.path(), &["init", "--dry-run"]).status.code(), Some(0));
    assert!(!folder.path().join("fngate.toml").exists());
    assert_eq!(run(folder.path(), &["init", "--overwrite"]).status.code(), Some(0));
    assert_ne!(written(&folder, ".github/workflows/fngate.yml"), "mine");
    assert_eq!(run(folder.path(), &["init", "nowhere"]).status.code(), Some(2));
}

#[test]
fn the_configuration_is_one_and_its_comments_are_settings() {
    let folder = repository(NODE);
    assert_eq!(run(folder.path(), &["init", "--ci", "none"]).status.code(), Some(0));
    let digest = |name: &str| run(folder.path(), &["policy", "digest", "--config", name]);
    let plain = digest("fngate.toml");
    assert_eq!(plain.status.code(), Some(0), "{}", text(&plain.stderr));
    // Each line that can be taken in hand is a setting that exists, and the word after it holds.
    let is_setting = |line: &&str| line.starts_with("# [") || line.starts_with("# private") || line.contains(" = ");
    let all: Vec<String> = written(&folder, "fngate.toml")
        .lines()
        .map(|line| if is_setting(&line) { line.trim_start_matches("# ").to_owned() } else { line.to_owned() })
        .collect();
    let text_of_all = all.join("\n");
    assert!(
        ["[baseline]", "[[ignore]]", "[[signature.identity]]", "[build]", "private = "]
            .iter()
            .all(|key| text_of_all.contains(&format!("\n{key}")))
    );
    fs::write(folder.path().join("all.toml"), &text_of_all).unwrap();
    let output = digest("all.toml");
    assert_eq!(output.status.code(), Some(0), "{}\n{text_of_all}", text(&output.stderr));
}

#[test]
fn a_folder_that_could_write_into_a_workflow_is_not_named() {
    for name in ["a\nb", "a'b", "a: b", "${{ x }}", "$(id)", "-x"] {
        let folder = repository(&[(&format!("{name}/package-lock.json"), "{}"), (".github/", "")]);
        assert_eq!(run(folder.path(), &["init"]).status.code(), Some(0));
        assert!(!written(&folder, ".github/workflows/fngate.yml").contains("lock:"), "{name}");
    }
    let folder = repository(&[(".git/HEAD", "ref: refs/heads/x\"] # ${{ y }}\n"), (".github/", "")]);
    assert_eq!(run(folder.path(), &["init"]).status.code(), Some(0));
    assert!(written(&folder, ".github/workflows/fngate.yml").contains("branches: [\"main\"]"));
}

#[test]
fn what_a_repository_says_is_no_template() {
    let folder = repository(&[(".git/HEAD", "ref: refs/heads/@commands@\n"), ("@artifacts@/package-lock.json", "{}"), (".github/", "")]);
    assert_eq!(run(folder.path(), &["init"]).status.code(), Some(0));
    let workflow = written(&folder, ".github/workflows/fngate.yml");
    assert!(
        workflow.contains("branches: [\"@commands@\"]") && workflow.contains("            @artifacts@/package-lock.json\n"),
        "{workflow}"
    );
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let outside = TempDir::new().unwrap();
    for link in [".github", ".github/workflows", "fngate.toml"] {
        let folder = repository(&[("x", "")]);
        if link.contains("/workflows") {
            fs::create_dir(folder.path().join(".github")).unwrap();
        }
        let target = if link.ends_with(".toml") { outside.path().join("target") } else { outside.path().to_owned() };
        std::os::unix::fs::symlink(target, folder.path().join(link)).unwrap();
        let output = run(folder.path(), &["init", "--ci", "github", "--overwrite"]);
        assert_eq!(output.status.code(), Some(2), "{link}");
        assert!(text(&output.stderr).contains("it is a link"), "{}", text(&output.stderr));
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert!(!folder.path().join("fngate.toml").is_file());
    }
}
