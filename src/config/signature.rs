//! The `[signature]` part of fngate.toml: whose signatures stand, what they must have said, and under which root.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fngate::signature::{StatementRequirement, TrustLimits, predicate_names, predicate_type};
use jiff::Timestamp;
use toml::Spanned;

use super::Fault;
use super::raw::{self, Number, Word};
use super::valid::{digest, fault, filled};

/// Whose signatures stand, and under which root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    /// A trusted root, instead of the one inside fngate.
    pub(crate) trusted_root: Option<PathBuf>,
    /// A private TUF repository and the root that trust in it begins with, instead of the public one.
    pub(crate) tuf: Option<(String, PathBuf)>,
    /// What the root itself must be.
    pub(crate) limits: TrustLimits,
    /// How many of the signers must have signed; zero says nothing.
    pub(crate) signers: usize,
    /// Signers by certificate.
    pub(crate) identities: Vec<Identity>,
    /// Signers by public key.
    pub(crate) keys: Vec<Key>,
    /// What must have been said.
    pub(crate) statements: Vec<StatementRequirement>,
}

/// A signer by certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Who it is.
    pub(crate) name: Name,
    /// Other claims of the certificate, by their names in Fulcio's oid-info.
    pub(crate) claims: BTreeMap<String, String>,
}

/// How a signer is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// Issuer and subject, exactly.
    Exact {
        /// The OIDC issuer.
        issuer: String,
        /// The certificate's subject alternative name.
        subject: String,
    },
    /// Issuer, and a regular expression over the whole subject.
    Pattern {
        /// The OIDC issuer.
        issuer: String,
        /// The expression.
        pattern: String,
    },
    /// A workflow of a GitHub repository.
    Workflow {
        /// `owner/name`.
        repository: String,
        /// Its file.
        workflow: String,
        /// The ref it ran at; any branch or tag without.
        reference: Option<String>,
    },
}

/// A signer by public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The PEM file.
    pub(crate) path: PathBuf,
    /// Since when it is in force.
    pub(crate) not_before: Option<Timestamp>,
    /// Until when.
    pub(crate) not_after: Option<Timestamp>,
}

/// Checks the table; the paths in it are relative to `base`.
pub(super) fn check(raw: &raw::Signature, base: &Path) -> Result<Signature, Fault> {
    let named = raw.identity.len() + raw.key.len();
    let path = |word: &Word, key: &str| filled(word, key).map(|text| base.join(text));
    let tuf = match (&raw.tuf_url, &raw.tuf_root) {
        (Some(url), Some(root)) => Some((filled(url, "signature.tuf_url")?, path(root, "signature.tuf_root")?)),
        (Some(url), None) => return Err(fault(url, "`signature.tuf_url` needs `signature.tuf_root`: trust begins with it".to_owned())),
        (None, Some(root)) => return Err(fault(root, "`signature.tuf_root` needs `signature.tuf_url`".to_owned())),
        (None, None) => None,
    };
    if let (Some(root), Some(_)) = (&raw.trusted_root, &tuf) {
        return Err(fault(root, "`signature.trusted_root` and `signature.tuf_url` are two roots: leave one out".to_owned()));
    }
    Ok(Signature {
        limits: limits(raw)?,
        tuf,
        trusted_root: raw.trusted_root.as_ref().map(|root| path(root, "signature.trusted_root")).transpose()?,
        signers: count(raw.signers.as_ref(), "signature.signers", named)?,
        identities: raw.identity.iter().map(identity).collect::<Result<_, _>>()?,
        keys: raw.key.iter().map(|raw| key(raw, base)).collect::<Result<_, _>>()?,
        statements: raw.statement.iter().map(|raw| statement(raw, named)).collect::<Result<_, _>>()?,
    })
}

/// What the root itself must be.
fn limits(raw: &raw::Signature) -> Result<TrustLimits, Fault> {
    if let Some(days) = raw.trusted_root_max_age_days.as_ref() {
        if *days.get_ref() == 0 {
            return Err(fault(days, "`signature.trusted_root_max_age_days` must be at least 1".to_owned()));
        }
        if raw.trusted_root.is_some() {
            let message = "`signature.trusted_root_max_age_days` needs a root with a signed date, and the file of `signature.trusted_root` has none: pin it with `signature.trusted_root_sha256`";
            return Err(fault(days, message.to_owned()));
        }
    }
    Ok(TrustLimits {
        sha256: raw.trusted_root_sha256.as_ref().map(|word| digest(word, "signature.trusted_root_sha256")).transpose()?,
        max_age_days: raw.trusted_root_max_age_days.as_ref().map(|days| *days.get_ref()),
    })
}

/// A number of signers. More than are named could never be met.
fn count(number: Option<&Number>, key: &str, named: usize) -> Result<usize, Fault> {
    let Some(number) = number else { return Ok(0) };
    let wanted = usize::try_from(*number.get_ref()).unwrap_or(usize::MAX);
    if wanted == 0 || wanted > named {
        return Err(fault(number, format!("`{key}` must be between 1 and the {named} signers that are named: {wanted}")));
    }
    Ok(wanted)
}

fn identity(table: &Spanned<raw::Identity>) -> Result<Identity, Fault> {
    let raw = table.get_ref();
    let word = |word: &Option<Word>, key: &str| word.as_ref().map(|word| filled(word, &format!("signature.identity.{key}"))).transpose();
    let (issuer, subject, pattern) = (word(&raw.issuer, "issuer")?, word(&raw.subject, "subject")?, word(&raw.pattern, "pattern")?);
    let (repository, workflow) = (word(&raw.repository, "repository")?, word(&raw.workflow, "workflow")?);
    let reference = word(&raw.reference, "ref")?;
    let name = match (issuer, subject, pattern, repository, workflow, reference) {
        (Some(issuer), Some(subject), None, None, None, None) => Name::Exact { issuer, subject },
        (Some(issuer), None, Some(pattern), None, None, None) => Name::Pattern { issuer, pattern },
        (None, None, None, Some(repository), Some(workflow), reference) => Name::Workflow { repository, workflow, reference },
        _ => {
            return Err(fault(
                table,
                "a `[[signature.identity]]` has `issuer` and `subject`, or `issuer` and `pattern`, or `repository` and `workflow` (and `ref`)".to_owned(),
            ));
        }
    };
    Ok(Identity { name, claims: raw.claims.clone() })
}

fn key(raw: &raw::Key, base: &Path) -> Result<Key, Fault> {
    let time = |word: &Option<Word>, key: &str| {
        let Some(word) = word else { return Ok(None) };
        let text = filled(word, &format!("signature.key.{key}"))?;
        text.parse::<Timestamp>()
            .map(Some)
            .map_err(|_| fault(word, format!("`signature.key.{key}` must be a time such as 2027-01-31T00:00:00Z: {text}")))
    };
    Ok(Key {
        path: base.join(filled(&raw.path, "signature.key.path")?),
        not_before: time(&raw.not_before, "not_before")?,
        not_after: time(&raw.not_after, "not_after")?,
    })
}

fn statement(raw: &raw::Statement, named: usize) -> Result<StatementRequirement, Fault> {
    let word = |word: &Option<Word>, key: &str| word.as_ref().map(|word| filled(word, &format!("signature.statement.{key}"))).transpose();
    let name = filled(&raw.kind, "signature.statement.type")?;
    let names = || predicate_names().collect::<Vec<_>>().join(", ");
    let kind = predicate_type(&name)
        .ok_or_else(|| fault(&raw.kind, format!("`signature.statement.type` is a URI or one of {}: {name}", names())))?;
    let required = StatementRequirement {
        signers: count(raw.signers.as_ref(), "signature.statement.signers", named)?,
        builder: word(&raw.builder, "builder")?,
        build_type: word(&raw.build_type, "build_type")?,
        source: word(&raw.source, "source")?,
        predicate_type: kind,
    };
    let about_build = required.builder.is_some() || required.build_type.is_some() || required.source.is_some();
    if about_build && !required.predicate_type.starts_with("https://slsa.dev/provenance/") {
        return Err(fault(
            &raw.kind,
            format!("`builder`, `build_type` and `source` are about provenance, and the statement is of another type: {name}"),
        ));
    }
    Ok(required)
}
