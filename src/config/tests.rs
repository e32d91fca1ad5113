//! The configuration: every key, every complaint, and what is not heard.

use std::fs;
use std::path::{Path, PathBuf};

use fngate::model::Level;
use fngate::policy::{Completeness, Threshold};
use tempfile::TempDir;

use super::{AdvisoryMode, Config};

const WHOLE: &str = r#"
completeness = "strict"
fingerprint_key = "0123456789abcdef"
private = ["@acme/*"]
[vulnerability]
deny = "critical"
warn = "low"
unknown = "deny"
known_exploited = "warn"
epss = 0.25
fixable_only = true
grace_days = 7
overdue_days = 90
vex = ["a.openvex.json", "b.cdx.json"]
[advisories]
mode = "offline"
db = "osv.db"
kev = "kev.json"
epss = "epss.csv.gz"
warn_days = 1
incomplete_days = 2
[build]
lock = ["package-lock.json"]
modules = ["node_modules"]
sbom = ["bom.json"]
[secret]
rules = ["rules.toml"]
[integrity]
altered = "deny"
extra = "warn"
[drift]
version = "deny"
extra = "info"
missing = "warn"
[signature]
required = true
trusted_root = "root.json"
trusted_root_sha256 = "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"
[[signature.identity]]
issuer = "https://token.actions.githubusercontent.com"
subject = "https://github.com/acme/orders/.github/workflows/release.yml@refs/heads/main"
claims = { "source-repository-uri" = "https://github.com/acme/orders" }
[[signature.key]]
path = "cosign.pub"
[policy]
paths = ["policies"]
[limits]
entry_bytes = 1
total_bytes = 2
entries = 3
depth = 4
ratio = 5
[baseline]
file = "old.json"
until = 2027-01-31
[[ignore]]
rule = "vulnerability-high"
advisory = "CVE-2021-23337"
reason = "not used"
expires = "2027-01-31"
[[accept]]
kind = "bundle"
path = "dist/index.js"
reason = "ours"
expires = 2027-01-31
"#;

fn folder(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("fngate.toml"), text).unwrap();
    folder
}

fn loaded(text: &str) -> Result<Config, String> {
    let folder = folder(text);
    Config::load(None, folder.path(), &[]).map_err(|fault| fault.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn every_key_is_read() {
    let folder = folder(WHOLE);
    let config = Config::load(None, folder.path(), &[]).unwrap();
    let own = |name: &str| folder.path().join(name);
    assert_eq!(config.digest.len(), 64);
    assert_eq!(config.policy.completeness, Completeness::Strict);
    assert_eq!((config.policy.vulnerability.deny, config.policy.vulnerability.warn), (Threshold::Critical, Threshold::Low));
    let vulnerability = config.policy.vulnerability;
    assert_eq!((vulnerability.unknown, vulnerability.known_exploited, vulnerability.epss), (Level::Deny, Level::Warn, Some(0.25)));
    assert!(vulnerability.expects_kev);
    assert_eq!((vulnerability.fixable_only, vulnerability.grace_days, vulnerability.overdue_days), (true, 7, Some(90)));
    assert_eq!((config.kev, config.epss), (Some(own("kev.json")), Some(own("epss.csv.gz"))));
    assert_eq!(config.vex, [own("a.openvex.json"), own("b.cdx.json")]);
    assert_eq!((config.policy.advisories.warn_days, config.policy.advisories.incomplete_days), (1, 2));
    assert_eq!((config.policy.integrity.altered, config.policy.integrity.extra), (Level::Deny, Level::Warn));
    assert!(config.policy.signature.required);
    assert_eq!(config.policy.ignores[0].expires, Some("2027-01-31".parse().unwrap()));
    assert_eq!(config.policy.accepts[0].expires, Some("2027-01-31".parse().unwrap()));
    assert_eq!((config.advisory_mode, config.db), (Some(AdvisoryMode::Offline), Some(own("osv.db"))));
    assert_eq!((config.locks, config.sboms), (vec![own("package-lock.json")], vec![own("bom.json")]));
    assert_eq!(config.modules, [own("node_modules")]);
    assert_eq!(
        (config.private, config.secret_rules, config.policy_paths),
        (vec!["@acme/*".to_owned()], vec![own("rules.toml")], vec![own("policies")])
    );
    assert_eq!((config.signature.trusted_root, config.signature.keys[0].path.clone()), (Some(own("root.json")), own("cosign.pub")));
    assert_eq!((config.signature.limits.sha256, config.signature.limits.max_age_days), (Some("ab".repeat(32)), None));
    assert_eq!(config.signature.identities[0].claims["source-repository-uri"], "https://github.com/acme/orders");
    assert_eq!((config.baseline, config.baseline_until), (Some(own("old.json")), Some("2027-01-31".parse().unwrap())));
    let limits = config.limits;
    let limits = [limits.entry_bytes, limits.total_bytes, limits.entries, limits.depth, limits.ratio];
    assert_eq!(limits, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    let key = config.fingerprint_key.unwrap();
    assert_eq!((key.as_bytes(), format!("{key:?}").as_str()), (b"0123456789abcdef".as_slice(), "Key(..)"));
}

#[test]
fn a_private_instance_is_its_address_and_its_root() {
    let folder = folder("[signature]\ntuf_url = \"https://tuf.example\"\ntuf_root = \"tuf.json\"\ntrusted_root_max_age_days = 30");
    let signature = Config::load(None, folder.path(), &[]).unwrap().signature;
    assert_eq!(signature.tuf, Some(("https://tuf.example".to_owned(), folder.path().join("tuf.json"))));
    assert_eq!((signature.trusted_root, signature.limits.max_age_days), (None, Some(30)));
}

#[test]
fn none_is_the_defaults() {
    let folder = TempDir::new().unwrap();
    let config = Config::load(None, folder.path(), &[]).unwrap();
    assert_eq!((config.digest.as_str(), config.warnings), ("", vec![]));
    assert!(Config::load(Some(&folder.path().join("fngate.toml")), folder.path(), &[]).is_err(), "one that is named must exist");
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_what_is_allowed() {
    for (text, expected) in [
        (
            "completness = \"strict\"",
            "fngate.toml:1:1: unknown field `completness`, expected one of `completeness`, `fingerprint_key`, `private`, `vulnerability`, `advisories`, `build`, `secret`, `signature`, `drift`, `integrity`, `policy`, `baseline`, `limits`, `ignore`, `accept`",
        ),
        (
            "\n[vulnerability]\ndeny = \"grave\"",
            "fngate.toml:3:8: `vulnerability.deny` must be one of `low`, `medium`, `high`, `critical`, `never`: grave",
        ),
        (
            "[advisories]\nwarn_days = 15",
            "fngate.toml:2:13: `advisories.warn_days` must not be more than `advisories.incomplete_days` (14): 15",
        ),
        (
            "[vulnerability]\nknown_exploited = \"never\"",
            "fngate.toml:2:19: `vulnerability.known_exploited` must be one of `deny`, `incomplete`, `warn`, `info`: never",
        ),
        ("[vulnerability]\nepss = 1.5", "fngate.toml:2:8: `vulnerability.epss` must be a number from 0 to 1: 1.5"),
        ("[vulnerability]\nepss = 50", "fngate.toml:2:8: `vulnerability.epss` must be a number from 0 to 1: 50"),
        ("[vulnerability]\nepss = nan", "fngate.toml:2:8: `vulnerability.epss` must be a number from 0 to 1: nan"),
        ("[vulnerability]\nepss = \"0.5\"", "fngate.toml:2:8: `vulnerability.epss` must be a number from 0 to 1: \"0.5\""),
        ("[vulnerability]\nfixable_only = \"yes\"", "fngate.toml:2:16: invalid type: string \"yes\", expected a boolean"),
        ("[vulnerability]\ngrace_days = -1", "fngate.toml:2:14: invalid value: integer `-1`, expected u32"),
        (
            "[vulnerability]\ngrace_days = 14\noverdue_days = 13",
            "fngate.toml:3:16: `vulnerability.overdue_days` must not be less than `vulnerability.grace_days` (14): 13",
        ),
        ("[vulnerability]\nvex = [\"\"]", "fngate.toml:2:8: `vulnerability.vex` is empty"),
        ("[advisories]\nkev = \" \"", "fngate.toml:2:7: `advisories.kev` is empty"),
        ("[advisories]\nwarn_days = -1", "fngate.toml:2:13: invalid value: integer `-1`, expected u32"),
        ("[limits]\nentries = 0", "fngate.toml:2:11: `limits.entries` must be at least 1"),
        (
            "[[ignore]]\nrule = \"vulnerability-high\"\nreason = \"x\"",
            "fngate.toml:1:1: the `[[ignore]]` of `vulnerability-high` lacks `advisory`: an ignore silences what was looked at, not what may be found next month",
        ),
        (
            "[[ignore]]\nrule = \"secret-exposed\"\nreason = \"x\"\nsubject = \"a.js\"",
            "fngate.toml:1:1: the `[[ignore]]` of `secret-exposed` lacks `fingerprint`: an ignore silences what was looked at, not what may be found next month",
        ),
        ("[[ignore]]\nrule = \"x\"\nsubject = \"a\"", "fngate.toml:1:1: missing field `reason`"),
        ("[[ignore]]\nrule = \"x\"\nsubject = \"a\"\nreason = \" \"", "fngate.toml:4:10: `ignore.reason` is empty"),
        (
            "[[accept]]\nkind = \"bundle\"\nreason = \"x\"\nexpires = \"2026-02-30\"",
            "fngate.toml:4:11: `accept.expires` must be a date that exists (`YYYY-MM-DD`): 2026-02-30",
        ),
        (
            "[[accept]]\nkind = \"bundle\"\nreason = \"x\"\nexpires = 2026-01-01T00:00:00Z",
            "fngate.toml:4:11: `accept.expires` must be a date that exists (`YYYY-MM-DD`): 2026-01-01T00:00:00Z",
        ),
        (
            "[[accept]]\nkind = \"bundle\"\nreason = \"x\"\nsha256 = \"ab\"",
            "fngate.toml:4:10: `accept.sha256` must be 64 hexadecimal digits: ab",
        ),
        (
            "[signature]\ntrusted_root_sha256 = \"ab\"",
            "fngate.toml:2:23: `signature.trusted_root_sha256` must be 64 hexadecimal digits: ab",
        ),
        ("[signature]\ntrusted_root_max_age_days = 0", "fngate.toml:2:29: `signature.trusted_root_max_age_days` must be at least 1"),
        (
            "[signature]\ntrusted_root = \"root.json\"\ntrusted_root_max_age_days = 30",
            "fngate.toml:3:29: `signature.trusted_root_max_age_days` needs a root with a signed date, and the file of `signature.trusted_root` has none: pin it with `signature.trusted_root_sha256`",
        ),
        (
            "[signature]\ntuf_url = \"https://tuf.example\"",
            "fngate.toml:2:11: `signature.tuf_url` needs `signature.tuf_root`: trust begins with it",
        ),
        ("[signature]\ntuf_root = \"root.json\"", "fngate.toml:2:12: `signature.tuf_root` needs `signature.tuf_url`"),
        (
            "[signature]\ntuf_url = \"https://tuf.example\"\ntuf_root = \"a\"\ntrusted_root = \"b\"",
            "fngate.toml:4:16: `signature.trusted_root` and `signature.tuf_url` are two roots: leave one out",
        ),
        ("[baseline]\nfile = \"\"", "fngate.toml:2:8: `baseline.file` is empty"),
        ("[baseline]\nuntil = \"soon\"", "fngate.toml:2:9: `baseline.until` must be a date that exists (`YYYY-MM-DD`): soon"),
        ("a = ", "fngate.toml:1:5: string values must be quoted, expected literal string"),
    ] {
        let complaint = loaded(text).unwrap_err();
        assert_eq!(complaint, format!("the configuration is not valid: {expected}"), "{text}");
    }
}

#[test]
fn a_wrong_fingerprint_key_is_not_shown() {
    for text in ["fingerprint_key = 918273645", "fingerprint_key = \"918273645\"", "fingerprint_key = [\"918273645\"]"] {
        let complaint = loaded(text).unwrap_err();
        assert!(complaint.contains("`fingerprint_key` must be a string of at least 16 characters"), "{complaint}");
        assert!(!complaint.contains("918273645"));
    }
}

#[test]
fn one_that_lies_in_the_artifact_is_not_heard() {
    let folder = folder(WHOLE);
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    for artifacts in [vec![folder.path().to_owned()], vec![PathBuf::from("x.zip"), PathBuf::from(".")]] {
        let config = Config::load(None, folder.path(), &artifacts).unwrap();
        assert_eq!((config.digest.as_str(), config.warnings.len()), ("", 1));
        assert_eq!(config.policy.completeness, Completeness::Default);
    }
    let aside = Config::load(None, folder.path(), &[below]).unwrap();
    assert_eq!((aside.digest.len(), aside.warnings.len()), (64, 0));
    let named = Config::load(Some(&folder.path().join("fngate.toml")), Path::new("."), &[folder.path().to_owned()]).unwrap();
    assert_eq!(named.policy.completeness, Completeness::Strict);
}

#[cfg(unix)]
#[test]
fn a_link_into_the_artifact_is_not_heard_either() {
    let (cwd, artifact) = (TempDir::new().unwrap(), folder(WHOLE));
    std::os::unix::fs::symlink(artifact.path().join("fngate.toml"), cwd.path().join("fngate.toml")).unwrap();
    let config = Config::load(None, cwd.path(), &[artifact.path().to_owned()]).unwrap();
    assert_eq!((config.digest.as_str(), config.warnings.len()), ("", 1));
}

#[test]
fn a_broken_file_is_an_error() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("fngate.toml"), b"\xff\xfe").unwrap();
    assert!(Config::load(None, folder.path(), &[]).is_err());
    fs::write(folder.path().join("fngate.toml"), " ".repeat((1 << 20) + 1)).unwrap();
    assert!(Config::load(None, folder.path(), &[]).is_err());
}
