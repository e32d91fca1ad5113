//! What is known against a package.

use serde::Serialize;

use super::{EntryPath, Relation};

/// A rating, from an advisory's CVSS vector or its database's own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nobody rated it. Not the same as harmless: policies decide.
    #[default]
    Unknown,
    /// CVSS 0.0.
    None,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 9.0 to 10.0.
    Critical,
}

impl Severity {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The qualitative rating of a CVSS score (CVSS v3.1 and v4.0 specification, table "Qualitative Severity Rating Scale").
    #[must_use]
    pub fn from_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::None,
        }
    }
}

/// One advisory (with all its aliases) that affects one package of the artifact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Vulnerability {
    /// The id shown: GHSA before CVE before the others; MAL- first where there is one.
    pub id: String,
    /// Every record of the alias set that matched, sorted.
    pub ids: Vec<String>,
    /// Every other id of the alias set, sorted.
    pub aliases: Vec<String>,
    /// The worst rating over the alias set.
    pub severity: Severity,
    /// The score behind it, where a vector gives one.
    pub cvss: Option<f64>,
    /// The vector behind it.
    pub cvss_vector: Option<String>,
    /// Whether the package itself is malware (`MAL-`, or CWE-506 and the like).
    pub malicious: bool,
    /// `unmaintained`, `unsound`, `notice`: RustSec's informational advisories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub informational: Option<String>,
    /// The package.
    pub purl: String,
    /// How the package is known.
    pub relation: Relation,
    /// Whether only development or optional use asks for the package.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dev: bool,
    /// Whether the package is a candidate only: it may be inside.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub possible: bool,
    /// Where the package is.
    pub paths: Vec<EntryPath>,
    /// Versions that fix it, from the windows that hold the installed one; the least first.
    pub fixed: Vec<String>,
    /// Whether any record of the alias set names a fix above the installed version, be it one that another record does not
    /// call fixed; or could not be evaluated, so that nobody has looked for one.
    pub fixable: bool,
    /// The least fix version above the installed one against which nothing is known, notices aside; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<String>,
    /// One line, from the record.
    pub summary: String,
    /// When it was published, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// The version could not be evaluated against the record, and so counts as affected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unevaluated: Option<String>,
    /// That it is exploited in the wild, by the word of the KEV catalogue, where one was given and names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_exploited: Option<KnownExploited>,
    /// How likely it is exploited within 30 days, where EPSS scores were given and have one for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
}

/// An entry of CISA's catalogue of known exploited vulnerabilities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KnownExploited {
    /// When it came into the catalogue, `YYYY-MM-DD`.
    pub added: String,
    /// Until when agencies under BOD 22-01 must have remedied it, `YYYY-MM-DD`.
    pub due: String,
    /// Whether campaigns of ransomware are known to use it.
    pub ransomware: bool,
}

/// A score of FIRST's Exploit Prediction Scoring System.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Epss {
    /// The probability of exploitation within 30 days, 0 to 1.
    pub score: f64,
    /// The share of all scored vulnerabilities with the same score or a lesser one, 0 to 1.
    pub percentile: f64,
}

/// Where the advisories came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisoryOrigin {
    /// The offline database.
    Db,
    /// `api.osv.dev`.
    Api,
    /// The snapshot inside the binary: it can deny and never pass.
    Embedded,
}

/// What the packages were matched against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advisories {
    /// The source.
    pub source: AdvisoryOrigin,
    /// When the source was as it is, RFC 3339.
    pub as_of: String,
    /// SHA-256 of the database, empty for the API.
    pub digest: String,
    /// Records of the source that could not be read.
    pub unreadable: u64,
    /// Whole days between `as_of` and today; negative never.
    pub age_days: i64,
    /// Why a better source was not used (no database, no network), empty where the best was.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What is known of exploitation, beside the advisories; empty where the operator gave nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<Feed>,
}

/// A feed of what is exploited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedName {
    /// CISA's Known Exploited Vulnerabilities.
    Kev,
    /// FIRST's Exploit Prediction Scoring System.
    Epss,
}

impl FeedName {
    /// The name people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Kev => "CISA KEV",
            Self::Epss => "EPSS",
        }
    }
}

/// Which state of a feed the vulnerabilities were joined with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// Which one.
    pub name: FeedName,
    /// When it was as it is, RFC 3339.
    pub as_of: String,
    /// SHA-256 of the file, hex.
    pub digest: String,
    /// How many vulnerabilities it names.
    pub entries: usize,
    /// Whole days between `as_of` and today; negative never.
    pub age_days: i64,
}
