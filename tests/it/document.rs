//! What fngate writes about itself: the lists of rules in `docs/`, the manual.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::gate::text;

fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fngate")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_lists_of_rules_are_what_the_program_has() {
    for document in ["rules", "secret-rules"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/{document}.md"));
        let kept = std::fs::read_to_string(path).unwrap();
        let written = printed(&["explain", "--document", document]);
        assert!(kept == written, "write it anew: fngate explain --document {document} > docs/{document}.md");
    }
}

#[test]
fn every_rule_that_can_be_explained_is_in_the_list() {
    let list = printed(&["explain", "--document", "rules"]);
    for line in printed(&["explain"]).lines() {
        let rule = line.split(' ').next().unwrap();
        assert!(list.contains(&format!("\n### {rule}\n")), "{rule}");
    }
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let folder = TempDir::new().unwrap();
    printed(&["man", "--output", folder.path().to_str().unwrap()]);
    let first = printed(&["man"]);
    assert_eq!(std::fs::read_to_string(folder.path().join("fngate.1")).unwrap(), first);
    for line in printed(&["--help"]).lines().skip_while(|line| !line.starts_with("Commands:")).skip(1).take_while(|line| !line.is_empty()) {
        let Some(command) =
            line.strip_prefix("  ").and_then(|line| line.split(' ').next()).filter(|name| !name.is_empty() && *name != "help")
        else {
            continue;
        };
        let page = std::fs::read_to_string(folder.path().join(format!("fngate-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH fngate-{command} 1")) && page.contains("SYNOPSIS"), "{command}");
        assert!(first.contains(&format!("fngate\\-{command}(1)")), "{command}");
    }
    assert!(folder.path().join("fngate-db-update.1").exists());
    assert!(!folder.path().join("fngate-verify-bundle.1").exists());
}
