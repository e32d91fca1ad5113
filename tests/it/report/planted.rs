//! A secret in an artifact, and every report of it: what is found is shown, and never what it is.

use std::fs;
use std::io::Write;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fngate::report::REPORTERS;
use serde_json::Value;

use crate::secret::github;

/// Ways in which a value may be written: as it is, and as other formats would encode it.
fn forms(value: &str) -> Vec<String> {
    // The middle of base64 at each of its three alignments.
    let shifted = (0..3).map(|shift| {
        let text = STANDARD.encode(format!("{}{value}", "x".repeat(shift)));
        text[4..text.len() - 4].to_owned()
    });
    let percent = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let some_percent = value
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let json = value.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let hex = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    [value.to_owned(), value[5..].to_owned(), percent, some_percent, json, hex].into_iter().chain(shifted).collect()
}

#[test]
fn no_report_holds_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let token = github();
    let password = ["Zk8vT3qL", "m9xWp2R7", "/+=b"].concat();
    let script =
        format!("const token = \"{token}\";\nconst db_password = \"{password}\";\nconst more = \"{}\";\n", STANDARD.encode(&token));
    let mut zip = zip::ZipWriter::new(fs::File::create(folder.path().join("planted.zip")).unwrap());
    for (path, content) in [("index.js", script.as_str()), ("package.json", &format!("{{\"name\":\"fn\",\"token\":\"{token}\"}}"))] {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    let run = |arguments: &[String]| {
        let command = Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .output();
        command.unwrap()
    };
    let mut arguments: Vec<String> = ["check", "--advisories", "offline", "planted.zip"].map(str::to_owned).to_vec();
    arguments.extend(REPORTERS.iter().flat_map(|one| ["--report".to_owned(), format!("{0}={0}.report", one.name())]));
    assert_eq!(run(&arguments).status.code(), Some(1));
    for format in ["text", "json", "sarif"] {
        let output = run(&["secrets", "planted.zip", "--format", format, "-o", &format!("secrets-{format}.report")].map(str::to_owned));
        assert_eq!(output.status.code(), Some(1));
    }
    let mut read = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "report") {
            continue;
        }
        read += 1;
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        for value in [&token, &password] {
            for form in forms(value) {
                assert!(!text.to_lowercase().contains(&form.to_lowercase()), "{name} holds {form}");
            }
        }
        let is_list = ["cyclonedx", "spdx", "gitlab-dependency-scanning"].iter().any(|list| name.starts_with(list));
        assert!(is_list || text.contains("ghp_…") || text.contains("ghp_\\u2026"), "{name} does not show what was found");
    }
    assert_eq!(read, REPORTERS.len() + 3);
}

#[test]
fn a_search_points_into_the_repository() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("services/app");
    fs::create_dir_all(app.join("src")).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(app.join("src/config.js"), format!("\n\nconst token = \"{}\";\n", github())).unwrap();
    let search = |paths: &[&str]| {
        let command = Command::new(env!("CARGO_BIN_EXE_fngate"))
            .arg("secrets")
            .args(paths)
            .args(["--format", "sarif"])
            .current_dir(&app)
            .env_clear()
            .output();
        let log: Value = serde_json::from_slice(&command.unwrap().stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        let place = |result: &Value| {
            let place = &result["locations"][0]["physicalLocation"];
            format!("{}:{}", place["artifactLocation"]["uri"].as_str().unwrap(), place["region"]["startLine"])
        };
        results.iter().map(place).collect::<Vec<_>>()
    };
    let absolute = app.join("src");
    for paths in [vec!["."], vec!["src"], vec!["src/config.js"], vec!["../.."], vec![absolute.to_str().unwrap()]] {
        assert_eq!(search(&paths), ["services/app/src/config.js:3"], "{paths:?}");
    }
    assert_eq!(search(&["src", "missing"]), ["services/app/src/config.js:3", "services/app/missing:1"]);
}
