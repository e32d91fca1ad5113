//! Whose file a secret lies in, once that is known, and what follows from it.

use std::collections::HashSet;

use crate::model::{Confidence, EntryPath, Party, Secret, SecretLevel};

use super::shipped;

/// The rule of passwords in URLs of no service that it knows: documentation and tests of URL parsers are full of them.
const URL: &str = "url-credentials";

/// Marks the secrets in files of installed packages. There, what was found by a name and randomness, or with low confidence,
/// is information, and a password in the URL of no known service a warning: packages are published, and their test data is full of it. What a format or a checksum proves stays as
/// grave as it was.
pub fn attribute(secrets: &mut [Secret], is_third: impl Fn(&EntryPath) -> bool) {
    let mut generic: Option<HashSet<&str>> = None;
    for secret in secrets {
        if is_third(&secret.path) {
            let generic = generic.get_or_insert_with(shipped::generic);
            secret.party = Party::Third;
            if secret.confidence == Confidence::Low || generic.contains(secret.rule.as_str()) || secret.rule.contains("generic") {
                secret.level = SecretLevel::Info;
            } else if secret.rule == URL {
                secret.level = secret.level.max(SecretLevel::Warn);
            }
        }
    }
}
