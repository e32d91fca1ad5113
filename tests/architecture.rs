//! The structure, kept by tests: which module may know which, where printing is allowed, how large a file may grow.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

const STAGES: [&str; 7] = ["artifact", "extract", "secret", "osv", "signature", "policy", "report"];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut folders) = (Vec::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for child in fs::read_dir(folder).unwrap() {
            let path: PathBuf = child.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "the sources were not found");
    files
}

/// The stage a file belongs to: `osv/db.rs` and `osv.rs` to `osv`.
fn stage(file: &str) -> Option<&'static str> {
    let top = file.split(['/', '.']).next().unwrap();
    STAGES.into_iter().find(|stage| *stage == top)
}

/// Lines of code: comments are prose and may speak of anything.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn a_stage_knows_the_model_and_no_other_stage() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let own = stage(&file);
        let in_model = file.starts_with("model/");
        if own.is_none() && !in_model {
            continue;
        }
        for line in code(&text) {
            for other in STAGES.into_iter().chain(["scan", "cli", "config"]).filter(|other| Some(*other) != own) {
                if line.contains(&format!("crate::{other}::"))
                    || line.contains(&format!("crate::{other};"))
                    || line.contains(&format!("crate::{{{other}"))
                {
                    wrong.push(format!("{file}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "a stage imports another:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints_and_only_it_uses_anyhow() {
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        if file == "main.rs" || file.starts_with("cli/") || file.starts_with("config") {
            continue;
        }
        for line in code(&text) {
            if ["println!", "eprintln!", "print!(", "eprint!(", "anyhow", "io::stdout", "io::stderr"].iter().any(|word| line.contains(word))
            {
                wrong.push(format!("{file}: {}", line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "printing or anyhow outside the command line:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_code_is_in_one_module() {
    let with: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| code(text).any(|line| line.contains("unsafe {") || line.contains("allow(unsafe_code)")))
        .map(|(file, _)| file)
        .collect();
    assert!(with.iter().all(|file| file.starts_with("osv/")) && with.len() <= 1, "unsafe code in {with:?}");
}

#[test]
fn the_signature_crates_are_behind_one_module() {
    let crates = [
        "sigstore_verify",
        "sigstore_sign",
        "sigstore_types",
        "sigstore_bundle",
        "sigstore_crypto",
        "sigstore_rekor",
        "sigstore_trust_root",
        "sigstore_oidc",
        "sigstore_tuf",
    ];
    let names_one = |line: &str| crates.iter().any(|name| line.contains(name));
    let with: Vec<_> = sources().into_iter().filter(|(_, text)| code(text).any(names_one)).map(|(file, _)| file).collect();
    assert!(with.iter().all(|path| path.starts_with("signature/sigstore_adapter/")), "{with:?}");
    assert!(!with.is_empty());
}

#[test]
fn every_module_says_what_lives_in_it() {
    let silent: Vec<_> = sources().into_iter().filter(|(_, text)| !text.starts_with("//! ")).map(|(file, _)| file).collect();
    assert!(silent.is_empty(), "no first sentence: {silent:?}");
}

#[test]
fn no_file_grows_past_five_hundred_lines() {
    let long: Vec<_> = sources()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 500)
        .map(|(file, text)| format!("{file}: {}", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "is each still one thought? {long:?}");
}

#[test]
fn names_are_the_fields_own() {
    let banned = ["util", "utils", "helper", "helpers", "common", "manager", "item", "items", "misc"];
    let wrong: Vec<_> =
        sources().into_iter().map(|(file, _)| file).filter(|file| file.split(['/', '.']).any(|part| banned.contains(&part))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
