//! Nothing of a value survives but four characters and a fingerprint that says nothing about it.

use fngate::model::SecretLevel;
use fngate::secret::Scanner;
use proptest::prelude::*;

use super::{github, path, scan};

proptest! {
    #[test]
    fn a_finding_holds_at_most_four_characters(value in "[A-Za-z0-9]{6,40}", name in "(password|api_key|secret_token)") {
        let found = scan(&format!("{name} = \"{value}\""));
        for secret in &found.secrets {
            let shown = secret.preview.trim_end_matches('…');
            prop_assert!(shown.len() <= 4 && secret.preview.ends_with('…'));
            prop_assert!(value.len() >= 12 || shown.is_empty());
            let json = serde_json::to_string(secret).unwrap();
            prop_assert!(!json.contains(&value));
        }
    }

    #[test]
    fn a_fingerprint_stays_while_lines_move(before in "[a-z \n]{0,200}", after in "[a-z \n]{0,200}") {
        let token = github();
        let alone = scan(&format!("t = \"{token}\""));
        let moved = scan(&format!("{before}\nt = \"{token}\"\n{after}"));
        let of = |found: &fngate::secret::Found| found.secrets.iter().find(|s| s.rule == "github-pat").map(|s| s.fingerprint.clone());
        prop_assert_eq!(of(&alone), of(&moved));
    }
}

#[test]
fn with_a_key_fingerprints_are_the_operators_own() {
    let text = format!("t = \"{}\"", github());
    let print = |key: Option<&[u8]>| {
        let scanner = Scanner::builtin().unwrap().with_key(key.map(<[u8]>::to_vec));
        scanner.scan(&path("f.txt"), text.as_bytes()).secrets[0].fingerprint.clone()
    };
    assert_eq!(print(None), print(None));
    assert_ne!(print(None), print(Some(b"one")));
    assert_ne!(print(Some(b"one")), print(Some(b"two")));
}

#[test]
fn a_guessable_value_leaves_no_trace_in_its_fingerprint() {
    let print = |text: &str| scan(text).secrets[0].fingerprint.clone();
    assert_eq!(print("DB_PASSWORD=\"q9Tv2Lm4\""), print("DB_PASSWORD=\"z7Kw3Nc5\""));
    assert_ne!(print("DB_PASSWORD=\"q9Tv2Lm4\""), print("MQ_PASSWORD=\"q9Tv2Lm4\""));
}

#[test]
fn documented_examples_are_information() {
    let id = ["AKIA", "IOSFODNN7", "EXAMPLE"].concat();
    let found = scan(&format!("aws_access_key_id = {id}"));
    assert_eq!(found.secrets[0].level, SecretLevel::Info);
}

#[test]
fn a_wrong_checksum_lowers_and_does_not_drop() {
    let mut token = github();
    token.pop();
    token.push('!');
    assert!(scan(&format!("t = \"{token}\"")).secrets.iter().all(|secret| secret.rule != "github-pat"));
    let right = github();
    let wrong: String = right.chars().take(right.len() - 1).chain([if right.ends_with('0') { '1' } else { '0' }]).collect();
    let level = |text: &str| scan(&format!("t = \"{text}\"")).secrets[0].level;
    assert_eq!((level(&right), level(&wrong)), (SecretLevel::Deny, SecretLevel::Warn));
}

#[test]
fn boundaries_are_kept_in_text() {
    let token = github();
    for text in [format!("x{token}"), format!("{token}x"), format!("{token}_1")] {
        assert!(scan(&text).secrets.iter().all(|secret| secret.rule != "github-pat"), "{text}");
    }
    for text in [token.clone(), format!("\"{token}\""), format!("\\n{token}\\n"), format!("a%3D{token}"), format!("({token})")] {
        assert!(scan(&text).secrets.iter().any(|secret| secret.rule == "github-pat"), "{text}");
    }
}
