//! The file as it is written. Every key is here; one that is not is an error that names those that are.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) completeness: Option<Word>,
    /// Any value: serde's message about one of another type would show it.
    pub(super) fingerprint_key: Option<Spanned<Value>>,
    pub(super) private: Vec<Word>,
    pub(super) vulnerability: Vulnerability,
    pub(super) advisories: Advisories,
    pub(super) build: Build,
    pub(super) secret: Secret,
    pub(super) signature: Signature,
    pub(super) drift: Drift,
    pub(super) integrity: Integrity,
    pub(super) policy: Policy,
    pub(super) baseline: Baseline,
    pub(super) limits: Limits,
    pub(super) ignore: Vec<Spanned<Ignore>>,
    pub(super) accept: Vec<Spanned<Accept>>,
}

pub(super) type Word = Spanned<String>;
pub(super) type Number = Spanned<u64>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Vulnerability {
    pub(super) deny: Option<Word>,
    pub(super) warn: Option<Word>,
    pub(super) unknown: Option<Word>,
    pub(super) known_exploited: Option<Word>,
    /// Any value: an integer is a number too.
    pub(super) epss: Option<Spanned<Value>>,
    pub(super) fixable_only: Option<bool>,
    pub(super) grace_days: Option<Spanned<u32>>,
    pub(super) overdue_days: Option<Spanned<u32>>,
    pub(super) vex: Vec<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Advisories {
    pub(super) mode: Option<Word>,
    pub(super) db: Option<Word>,
    pub(super) kev: Option<Word>,
    pub(super) epss: Option<Word>,
    pub(super) warn_days: Option<Spanned<u32>>,
    pub(super) incomplete_days: Option<Spanned<u32>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Build {
    pub(super) lock: Vec<Word>,
    pub(super) modules: Vec<Word>,
    pub(super) sbom: Vec<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Secret {
    pub(super) rules: Vec<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Integrity {
    pub(super) altered: Option<Word>,
    pub(super) extra: Option<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Drift {
    pub(super) version: Option<Word>,
    pub(super) extra: Option<Word>,
    pub(super) missing: Option<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Signature {
    pub(super) required: Option<bool>,
    pub(super) trusted_root: Option<Word>,
    pub(super) tuf_url: Option<Word>,
    pub(super) tuf_root: Option<Word>,
    pub(super) trusted_root_sha256: Option<Word>,
    pub(super) trusted_root_max_age_days: Option<Spanned<u32>>,
    pub(super) signers: Option<Number>,
    pub(super) identity: Vec<Spanned<Identity>>,
    pub(super) key: Vec<Key>,
    pub(super) statement: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) issuer: Option<Word>,
    pub(super) subject: Option<Word>,
    pub(super) pattern: Option<Word>,
    pub(super) repository: Option<Word>,
    pub(super) workflow: Option<Word>,
    #[serde(rename = "ref")]
    pub(super) reference: Option<Word>,
    #[serde(default)]
    pub(super) claims: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) path: Word,
    pub(super) not_before: Option<Word>,
    pub(super) not_after: Option<Word>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    #[serde(rename = "type")]
    pub(super) kind: Word,
    pub(super) signers: Option<Number>,
    pub(super) builder: Option<Word>,
    pub(super) build_type: Option<Word>,
    pub(super) source: Option<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Baseline {
    pub(super) file: Option<Word>,
    pub(super) until: Option<Spanned<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Policy {
    pub(super) paths: Vec<Word>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) entry_bytes: Option<Number>,
    pub(super) total_bytes: Option<Number>,
    pub(super) entries: Option<Number>,
    pub(super) depth: Option<Number>,
    pub(super) ratio: Option<Number>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ignore {
    pub(super) rule: Word,
    pub(super) subject: Option<Word>,
    pub(super) advisory: Option<Word>,
    pub(super) fingerprint: Option<Word>,
    pub(super) reason: Word,
    pub(super) expires: Option<Spanned<Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accept {
    pub(super) kind: Word,
    pub(super) path: Option<Word>,
    pub(super) sha256: Option<Word>,
    pub(super) reason: Word,
    pub(super) expires: Option<Spanned<Value>>,
}
