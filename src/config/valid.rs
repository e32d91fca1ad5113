//! From raw to valid: words are what they may be, dates are dates, and what needs a reason has one.

use std::fmt;
use std::path::Path;

use fngate::model::Level;
use fngate::policy::{
    self, AdvisorySettings, Completeness, DriftSettings, IntegritySettings, Settings, SignatureSettings, Threshold, VulnerabilitySettings,
};
use jiff::civil::Date;
use toml::{Spanned, Value};

use super::raw::{self, Word};
use super::{Config, Fault};

/// Characters a fingerprint key must have: with fewer, trying them all is cheap.
const SHORTEST_KEY: usize = 16;

/// The key of secrets' fingerprints. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// The key itself.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Where advisories come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AdvisoryMode {
    /// A fresh database, else the network.
    Auto,
    /// A database only.
    Offline,
    /// The network only.
    Online,
}

/// Limits of what an artifact may hold; `None` leaves the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Bytes of one entry.
    pub(crate) entry_bytes: Option<u64>,
    /// Bytes of all entries.
    pub(crate) total_bytes: Option<u64>,
    /// Number of entries.
    pub(crate) entries: Option<u64>,
    /// Archives within archives.
    pub(crate) depth: Option<u64>,
    /// Bytes out for each byte in.
    pub(crate) ratio: Option<u64>,
}

/// Whether something in the table asks for a signature.
fn asks(raw: &raw::Signature) -> bool {
    !raw.identity.is_empty() || !raw.key.is_empty() || !raw.statement.is_empty()
}

/// Checks the whole file; the paths in it are relative to `base`.
pub(super) fn check(raw: &raw::File, base: &Path) -> Result<Config, Fault> {
    let path = |word: &Word, key: &str| filled(word, key).map(|text| base.join(text));
    let paths = |words: &[Word], key: &str| words.iter().map(|word| path(word, key)).collect::<Result<Vec<_>, _>>();
    Ok(Config {
        policy_paths: paths(&raw.policy.paths, "policy.paths")?,
        private: raw.private.iter().map(|pattern| filled(pattern, "private")).collect::<Result<_, _>>()?,
        fingerprint_key: raw.fingerprint_key.as_ref().map(fingerprint_key).transpose()?,
        advisory_mode: optional(raw.advisories.mode.as_ref(), "advisories.mode", &MODES)?,
        db: raw.advisories.db.as_ref().map(|db| path(db, "advisories.db")).transpose()?,
        kev: raw.advisories.kev.as_ref().map(|kev| path(kev, "advisories.kev")).transpose()?,
        epss: raw.advisories.epss.as_ref().map(|epss| path(epss, "advisories.epss")).transpose()?,
        vex: paths(&raw.vulnerability.vex, "vulnerability.vex")?,
        baseline: raw.baseline.file.as_ref().map(|file| path(file, "baseline.file")).transpose()?,
        baseline_until: raw.baseline.until.as_ref().map(|day| date(day, "baseline.until")).transpose()?,
        locks: paths(&raw.build.lock, "build.lock")?,
        modules: paths(&raw.build.modules, "build.modules")?,
        sboms: paths(&raw.build.sbom, "build.sbom")?,
        secret_rules: paths(&raw.secret.rules, "secret.rules")?,
        signature: super::signature::check(&raw.signature, base)?,
        limits: limits(&raw.limits)?,
        policy: settings(raw)?,
        ..Config::default()
    })
}

const MODES: [(&str, AdvisoryMode); 3] =
    [("auto", AdvisoryMode::Auto), ("offline", AdvisoryMode::Offline), ("online", AdvisoryMode::Online)];

const LEVELS: [(&str, Level); 4] = [("deny", Level::Deny), ("incomplete", Level::Incomplete), ("warn", Level::Warn), ("info", Level::Info)];

const COMPLETENESS: [(&str, Completeness); 2] = [("default", Completeness::Default), ("strict", Completeness::Strict)];

fn settings(raw: &raw::File) -> Result<Settings, Fault> {
    Ok(Settings {
        vulnerability: vulnerability(&raw.vulnerability)?,
        advisories: advisories(&raw.advisories)?,
        // Who names a signer asks for one; only an explicit `false` says otherwise.
        signature: SignatureSettings { required: raw.signature.required.unwrap_or(asks(&raw.signature)) },
        drift: drift(&raw.drift)?,
        integrity: integrity(&raw.integrity)?,
        completeness: optional(raw.completeness.as_ref(), "completeness", &COMPLETENESS)?.unwrap_or_default(),
        ignores: raw.ignore.iter().map(ignore).collect::<Result<_, _>>()?,
        accepts: raw.accept.iter().map(accept).collect::<Result<_, _>>()?,
        vex: policy::Vex::default(),
        baseline: None,
        kinds: Vec::new(),
    })
}

fn vulnerability(raw: &raw::Vulnerability) -> Result<VulnerabilitySettings, Fault> {
    let default = VulnerabilitySettings::default();
    let threshold = |word: Option<&Word>, key: &str| optional(word, key, &Threshold::WORDS);
    let level = |word: Option<&Word>, key: &str| optional(word, key, &LEVELS);
    let days = |days: Option<&Spanned<u32>>| days.map(|days| *days.get_ref());
    let grace_days = days(raw.grace_days.as_ref()).unwrap_or(default.grace_days);
    let settings = VulnerabilitySettings {
        deny: threshold(raw.deny.as_ref(), "vulnerability.deny")?.unwrap_or(default.deny),
        warn: threshold(raw.warn.as_ref(), "vulnerability.warn")?.unwrap_or(default.warn),
        unknown: level(raw.unknown.as_ref(), "vulnerability.unknown")?.unwrap_or(default.unknown),
        known_exploited: level(raw.known_exploited.as_ref(), "vulnerability.known_exploited")?.unwrap_or(default.known_exploited),
        expects_kev: raw.known_exploited.is_some(),
        epss: raw.epss.as_ref().map(probability).transpose()?,
        fixable_only: raw.fixable_only.unwrap_or(default.fixable_only),
        grace_days,
        overdue_days: days(raw.overdue_days.as_ref()),
    };
    match raw.overdue_days.as_ref().filter(|days| *days.get_ref() < grace_days) {
        Some(days) => Err(fault(
            days,
            format!("`vulnerability.overdue_days` must not be less than `vulnerability.grace_days` ({grace_days}): {}", days.get_ref()),
        )),
        None => Ok(settings),
    }
}

/// An EPSS score.
fn probability(value: &Spanned<Value>) -> Result<f64, Fault> {
    let number = match value.get_ref() {
        Value::Float(number) => Some(*number),
        Value::Integer(0) => Some(0.0),
        Value::Integer(1) => Some(1.0),
        _ => None,
    };
    let number = number.filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| fault(value, format!("`vulnerability.epss` must be a number from 0 to 1: {}", value.get_ref())))
}

fn integrity(raw: &raw::Integrity) -> Result<IntegritySettings, Fault> {
    let default = IntegritySettings::default();
    Ok(IntegritySettings {
        altered: optional(raw.altered.as_ref(), "integrity.altered", &LEVELS)?.unwrap_or(default.altered),
        extra: optional(raw.extra.as_ref(), "integrity.extra", &LEVELS)?.unwrap_or(default.extra),
    })
}

fn drift(raw: &raw::Drift) -> Result<DriftSettings, Fault> {
    let default = DriftSettings::default();
    let level = |word: Option<&Word>, key: &str| optional(word, key, &LEVELS);
    Ok(DriftSettings {
        version: level(raw.version.as_ref(), "drift.version")?.unwrap_or(default.version),
        extra: level(raw.extra.as_ref(), "drift.extra")?.unwrap_or(default.extra),
        missing: level(raw.missing.as_ref(), "drift.missing")?.unwrap_or(default.missing),
    })
}

fn advisories(raw: &raw::Advisories) -> Result<AdvisorySettings, Fault> {
    let default = AdvisorySettings::default();
    let incomplete_days = raw.incomplete_days.as_ref().map_or(default.incomplete_days, |days| *days.get_ref());
    let warn_days = raw.warn_days.as_ref().map_or(default.warn_days.min(incomplete_days), |days| *days.get_ref());
    match raw.warn_days.as_ref().filter(|_| warn_days > incomplete_days) {
        Some(days) => Err(fault(
            days,
            format!("`advisories.warn_days` must not be more than `advisories.incomplete_days` ({incomplete_days}): {warn_days}"),
        )),
        None => Ok(AdvisorySettings { warn_days, incomplete_days }),
    }
}

fn limits(raw: &raw::Limits) -> Result<Limits, Fault> {
    let positive = |number: Option<&raw::Number>, key: &str| match number {
        Some(number) if *number.get_ref() == 0 => Err(fault(number, format!("`limits.{key}` must be at least 1"))),
        number => Ok(number.map(|number| *number.get_ref())),
    };
    Ok(Limits {
        entry_bytes: positive(raw.entry_bytes.as_ref(), "entry_bytes")?,
        total_bytes: positive(raw.total_bytes.as_ref(), "total_bytes")?,
        entries: positive(raw.entries.as_ref(), "entries")?,
        depth: positive(raw.depth.as_ref(), "depth")?,
        ratio: positive(raw.ratio.as_ref(), "ratio")?,
    })
}

fn ignore(table: &Spanned<raw::Ignore>) -> Result<policy::Ignore, Fault> {
    let raw = table.get_ref();
    let maybe = |word: Option<&Word>, key: &str| word.map(|word| filled(word, key)).transpose();
    let ignore = policy::Ignore {
        rule: filled(&raw.rule, "ignore.rule")?,
        subject: maybe(raw.subject.as_ref(), "ignore.subject")?,
        advisory: maybe(raw.advisory.as_ref(), "ignore.advisory")?,
        fingerprint: maybe(raw.fingerprint.as_ref(), "ignore.fingerprint")?,
        reason: filled(&raw.reason, "ignore.reason")?,
        expires: raw.expires.as_ref().map(|day| date(day, "ignore.expires")).transpose()?,
    };
    match policy::missing_key(&ignore) {
        Some(key) => Err(fault(
            table,
            format!(
                "the `[[ignore]]` of `{}` lacks `{key}`: an ignore silences what was looked at, not what may be found next month",
                ignore.rule
            ),
        )),
        None => Ok(ignore),
    }
}

fn accept(table: &Spanned<raw::Accept>) -> Result<policy::Accept, Fault> {
    let raw = table.get_ref();
    Ok(policy::Accept {
        kind: filled(&raw.kind, "accept.kind")?,
        path: raw.path.as_ref().map(|path| filled(path, "accept.path")).transpose()?,
        sha256: raw.sha256.as_ref().map(|word| digest(word, "accept.sha256")).transpose()?,
        reason: filled(&raw.reason, "accept.reason")?,
        expires: raw.expires.as_ref().map(|day| date(day, "accept.expires")).transpose()?,
    })
}

fn fingerprint_key(value: &Spanned<Value>) -> Result<Key, Fault> {
    let wrong = || fault(value, format!("`fingerprint_key` must be a string of at least {SHORTEST_KEY} characters"));
    let text = value.get_ref().as_str().filter(|text| text.chars().count() >= SHORTEST_KEY).ok_or_else(wrong)?;
    Ok(Key(text.to_owned()))
}

/// A day, as a TOML date or a string.
fn date(value: &Spanned<Value>, key: &str) -> Result<Date, Fault> {
    let text = match value.get_ref() {
        Value::String(text) => text.clone(),
        Value::Datetime(day) => day.to_string(),
        other => other.to_string(),
    };
    let day = if text.len() == 10 { text.parse().ok() } else { None };
    day.ok_or_else(|| fault(value, format!("`{key}` must be a date that exists (`YYYY-MM-DD`): {text}")))
}

/// One of the words that a key allows.
fn optional<T: Copy>(word: Option<&Word>, key: &str, allowed: &[(&str, T)]) -> Result<Option<T>, Fault> {
    let Some(word) = word else { return Ok(None) };
    let found = allowed.iter().find(|(name, _)| name == word.get_ref()).map(|(_, value)| *value);
    let names = || allowed.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    found.map(Some).ok_or_else(|| fault(word, format!("`{key}` must be one of {}: {}", names(), word.get_ref())))
}

/// A SHA-256, in lower case.
pub(super) fn digest(word: &Word, key: &str) -> Result<String, Fault> {
    let text = word.get_ref();
    let is_one = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_one { Ok(text.to_ascii_lowercase()) } else { Err(fault(word, format!("`{key}` must be 64 hexadecimal digits: {text}"))) }
}

/// A string that says something.
pub(super) fn filled(word: &Word, key: &str) -> Result<String, Fault> {
    let text = word.get_ref().trim();
    if text.is_empty() { Err(fault(word, format!("`{key}` is empty"))) } else { Ok(text.to_owned()) }
}

pub(super) fn fault<T>(at: &Spanned<T>, message: String) -> Fault {
    Fault { at: at.span().start, message }
}
