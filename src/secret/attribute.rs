//! Whose file a secret lies in, once that is known, and what follows from it.

use crate::model::{EntryPath, Party, Secret, SecretLevel};

use super::shipped;

/// What is known of the file that a secret lies in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// A package has it as its own.
    pub third: bool,
    /// The operator's own copy of the package has the same bytes at the same place.
    pub same: bool,
    /// The record of a package of the registry has its hash. Whoever built the package wrote the record.
    pub recorded: bool,
}

/// Says whose each secret is, and lowers to information what evidence from outside the artifact shows to be published:
/// everything in a file that is the same in the operator's own build tree. A package's own record lowers only what goes by a
/// name and randomness; what a format or a checksum proves is as grave in a package as anywhere.
pub fn attribute(secrets: &mut [Secret], standing: impl Fn(&EntryPath) -> Standing) {
    for secret in secrets {
        let Standing { third, same, recorded } = standing(&secret.path);
        if third {
            secret.party = Party::Third;
        }
        let is_generic = || secret.rule.contains("generic") || shipped::is_generic(&secret.rule);
        if third && (same || recorded && is_generic()) {
            secret.level = SecretLevel::Info;
        }
    }
}
