//! The secret scanner: every rule proves itself, gitleaks' semantics, encodings, streams, limits.

mod proof;

use fngate::model::EntryPath;
use fngate::secret::{Found, Scanner};
use std::sync::OnceLock;

pub fn builtin() -> &'static Scanner {
    static SCANNER: OnceLock<Scanner> = OnceLock::new();
    SCANNER.get_or_init(|| Scanner::builtin().unwrap())
}

pub fn path(name: &str) -> EntryPath {
    EntryPath::new(name).unwrap()
}

pub fn scan(text: &str) -> Found {
    builtin().scan(&path("app/config.txt"), text.as_bytes())
}

pub fn rules_of(found: &Found) -> Vec<&str> {
    found.secrets.iter().map(|secret| secret.rule.as_str()).collect()
}
