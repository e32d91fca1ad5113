//! OSV records, read tolerantly (OSV schema 1.7, <https://ossf.github.io/osv-schema/>).
//!
//! The schema grows, databases err, and a record that is lost is a false pass. So: unknown fields, ecosystems, severity and
//! reference types are passed over; a field of the wrong type is absent, and where the verdict hangs on it the entry or the
//! range says so ([`Affected::fault`], [`Range::fault`]) and affects every version. Only what is no JSON object with an `id`
//! cannot be read at all, and is counted by the caller.

use serde::Deserialize;

use super::advisory::{Advisory, Affected, Event, EventKind, Range, Versions};
use super::lenient::{Head, List, Object, Text};
use super::version::Version;
use crate::model::Ecosystem;

/// Events that a record may have, over all its ranges. The longest of OSV's dumps have some hundreds.
pub const MOST_EVENTS: usize = 10_000;
/// Versions that one entry may list. The longest of OSV's dumps have some thousands.
pub const MOST_VERSIONS: usize = 200_000;
/// Characters of a summary that are kept.
const LONGEST_SUMMARY: usize = 300;

/// Why a record is not read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not JSON, not an object, or without an id.
    #[error("the record cannot be read: {0}")]
    Unreadable(String),
    /// Larger than any honest record.
    #[error("the record `{id}` is over a limit: {what}")]
    TooLarge {
        /// The record.
        id: String,
        /// The limit.
        what: String,
    },
}

/// A record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub advisory: Advisory,
    /// Whether an `affected` entry could not be attached to any package, because what should name the package cannot be
    /// read. The record counts as unreadable, though what could be read of it is kept.
    pub partial: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw {
    id: Text,
    aliases: List<Text>,
    modified: Text,
    published: Text,
    withdrawn: Text,
    summary: Head,
    details: Head,
    severity: List<Object<RawSeverity>>,
    affected: List<Object<RawAffected>>,
    database_specific: Object<RawSpecific>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSeverity {
    score: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawAffected {
    package: Object<RawPackage>,
    ranges: List<Object<RawRange>>,
    versions: List<Text>,
    severity: List<Object<RawSeverity>>,
    database_specific: Object<RawSpecific>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawPackage {
    ecosystem: Text,
    name: Text,
    purl: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawRange {
    r#type: Text,
    events: List<Object<RawEvent>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawEvent {
    introduced: Text,
    fixed: Text,
    last_affected: Text,
    limit: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSpecific {
    severity: Text,
    informational: Text,
    cwe_ids: List<Text>,
    cwes: List<Object<RawCwe>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCwe {
    #[serde(rename = "cweId")]
    cwe_id: Text,
}

impl Record {
    /// Reads one record from its JSON.
    pub fn parse(json: &[u8]) -> Result<Self, RecordError> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let unreadable = |error: serde_json::Error| RecordError::Unreadable(error.to_string());
        match serde_json::from_slice::<Object<Raw>>(json) {
            Ok(raw) => Self::from_object(raw),
            // A key given twice: as every other reader does, the last one counts.
            Err(error) if error.is_data() => Self::from_value(serde_json::from_slice(json).map_err(unreadable)?),
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Reads one record from parsed JSON.
    pub fn from_value(value: serde_json::Value) -> Result<Self, RecordError> {
        let raw = Object::<Raw>::deserialize(value).map_err(|error| RecordError::Unreadable(error.to_string()))?;
        Self::from_object(raw)
    }

    fn from_object(raw: Object<Raw>) -> Result<Self, RecordError> {
        Self::from_raw(raw.value.ok_or_else(|| RecordError::Unreadable("it is no object".to_owned()))?)
    }

    fn from_raw(raw: Raw) -> Result<Self, RecordError> {
        let id = raw.id.string().trim().to_owned();
        if id.is_empty() {
            return Err(RecordError::Unreadable("it has no `id`".to_owned()));
        }
        let mut partial = raw.affected.wrong;
        let mut vectors = scores(&raw.severity);
        let specific = raw.database_specific.value.unwrap_or_default();
        let mut malicious = id.starts_with("MAL-") || specific.says_malicious();
        let mut affected = Vec::new();
        let mut events = 0;
        for entry in raw.affected.values {
            let Some(entry) = entry.value else {
                partial = true;
                continue;
            };
            let (ecosystem, name) = match entry.package() {
                Named::Judged(ecosystem, name) => (ecosystem, name),
                Named::Other => continue,
                Named::Unreadable => {
                    partial = true;
                    continue;
                }
            };
            vectors.extend(scores(&entry.severity));
            let specific = entry.database_specific.value.as_ref();
            malicious |= specific.is_some_and(RawSpecific::says_malicious);
            events += entry.events();
            if events > MOST_EVENTS {
                return Err(RecordError::TooLarge { id, what: format!("more than {MOST_EVENTS} events") });
            }
            affected.push(entry.read(&id, ecosystem, &name)?);
        }
        let summary = Some(one_line(&raw.summary.0)).filter(|line| !line.is_empty()).unwrap_or_else(|| one_line(&raw.details.0));
        let mut aliases =
            raw.aliases.values.into_iter().map(Text::into_string).filter(|alias| !alias.is_empty() && *alias != id).collect::<Vec<_>>();
        aliases.sort();
        aliases.dedup();
        vectors.sort();
        vectors.dedup();
        let advisory = Advisory {
            id,
            aliases,
            modified: raw.modified.into_string(),
            published: raw.published.into_string(),
            withdrawn: is_time(raw.withdrawn.string()),
            vectors,
            word: specific.severity.into_string(),
            summary,
            malicious,
            affected,
        };
        Ok(Self { advisory, partial })
    }
}

/// What an `affected` entry says of its package.
enum Named {
    /// A package of an ecosystem that is judged, by its folded name.
    Judged(Ecosystem, String),
    /// A package of another ecosystem, or no package (a record about a git repository).
    Other,
    /// Nobody can say.
    Unreadable,
}

impl RawAffected {
    fn package(&self) -> Named {
        if self.package.wrong {
            return Named::Unreadable;
        }
        let Some(package) = &self.package.value else { return Named::Other };
        let ecosystem = match &package.ecosystem {
            Text::String(name) if !name.trim().is_empty() => ecosystem(name.trim()),
            Text::String(_) | Text::Absent => match purl_parts(package.purl.string()) {
                Some((ecosystem, name)) => return Named::Judged(ecosystem, ecosystem.folded(&name)),
                // A purl of another type is a package of another ecosystem; without one nobody says what the name is a name of.
                None if package.purl.string().starts_with("pkg:") => return Named::Other,
                None => return Named::Unreadable,
            },
            Text::Number(_) | Text::Wrong => return Named::Unreadable,
        };
        match (ecosystem, &package.name) {
            (None, _) => Named::Other,
            (Some(ecosystem), Text::String(name) | Text::Number(name)) if !name.trim().is_empty() => {
                Named::Judged(ecosystem, ecosystem.folded(name.trim()))
            }
            (Some(_), _) => Named::Unreadable,
        }
    }

    /// How many events its ranges have, but for those over git commits.
    fn events(&self) -> usize {
        let ranges = self.ranges.values.iter().filter_map(|range| range.value.as_ref()).filter(|range| range.r#type.string() != "GIT");
        ranges.map(|range| range.events.values.len()).sum()
    }

    fn read(self, id: &str, ecosystem: Ecosystem, name: &str) -> Result<Affected, RecordError> {
        let too_large = |what: String| RecordError::TooLarge { id: id.to_owned(), what };
        if self.versions.values.len() > MOST_VERSIONS {
            return Err(too_large(format!("more than {MOST_VERSIONS} versions")));
        }
        let mut fault = String::new();
        if self.ranges.wrong {
            fault = "`ranges` is no list".to_owned();
        }
        if self.versions.wrong || self.versions.values.iter().any(|version| matches!(version, Text::Wrong)) {
            fault = "`versions` is no list of strings".to_owned();
        }
        let mut ranges = Vec::with_capacity(self.ranges.values.len());
        for range in self.ranges.values {
            let Some(range) = range.value else {
                ranges.push(Range { events: Vec::new(), fault: "the range is no object".to_owned() });
                continue;
            };
            if range.r#type.string() == "GIT" {
                continue;
            }
            ranges.push(range.read(ecosystem));
        }
        let versions = Versions::new(ecosystem, self.versions.values.iter().map(Text::shown));
        // A range without events says nothing; beside other evidence that is all there is to it, alone it is a fault.
        let silent = |range: &Range| range.events.is_empty() && range.fault.is_empty();
        if versions.is_empty() && !ranges.is_empty() && ranges.iter().all(silent) {
            fault = "the range has no events".to_owned();
        }
        // The same of versions that are none.
        let unreadable = || versions.iter().all(|version| Version::parse(ecosystem, version).is_none());
        if ranges.is_empty() && !self.versions.values.is_empty() && fault.is_empty() && unreadable() {
            fault = "none of `versions` is a version".to_owned();
        }
        ranges.retain(|range| !silent(range));
        let informational = self.database_specific.value.map(|specific| specific.informational.into_string()).unwrap_or_default();
        Ok(Affected { ecosystem, name: name.to_owned(), ranges, versions, informational, fault })
    }
}

impl RawRange {
    fn read(self, ecosystem: Ecosystem) -> Range {
        let mut range = Range::default();
        if self.events.wrong {
            range.fault = "`events` is no list".to_owned();
        }
        let given = !self.events.values.is_empty();
        for event in self.events.values {
            let Some(event) = event.value else {
                range.fault = "an event is no object".to_owned();
                continue;
            };
            let kinds = [
                (EventKind::Introduced, event.introduced),
                (EventKind::Fixed, event.fixed),
                (EventKind::LastAffected, event.last_affected),
                (EventKind::Limit, event.limit),
            ];
            for (kind, version) in kinds {
                match version {
                    Text::Absent => {}
                    Text::String(version) | Text::Number(version) => range.events.push(Event::new(ecosystem, kind, &version)),
                    Text::Wrong => range.fault = "an event's version is no string".to_owned(),
                }
            }
        }
        if given && range.events.is_empty() && range.fault.is_empty() {
            range.fault = "none of its events says what happens".to_owned();
        }
        range
    }
}

impl RawSpecific {
    /// CWE-506 (embedded malicious code) and its children, CWE-507 to CWE-512.
    fn says_malicious(&self) -> bool {
        let says = |id: &str| matches!(id, "CWE-506" | "CWE-507" | "CWE-508" | "CWE-509" | "CWE-510" | "CWE-511" | "CWE-512");
        self.cwe_ids.values.iter().any(|id| says(id.string()))
            || self.cwes.values.iter().filter_map(|cwe| cwe.value.as_ref()).any(|cwe| says(cwe.cwe_id.string()))
    }
}

/// An ecosystem as records spell it, or nearly so: a record that is lost for a capital letter is a false pass.
fn ecosystem(name: &str) -> Option<Ecosystem> {
    let base = name.split_once(':').map_or(name, |(base, _)| base);
    Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem.as_str().eq_ignore_ascii_case(base))
}

/// Whether a text is a moment. Go's zero time, which some writers leave where there is none, is not.
fn is_time(text: &str) -> bool {
    let text = text.trim();
    let begins = |form: &str| {
        text.len() >= form.len() && text.bytes().zip(form.bytes()).all(|(b, f)| if f == b'0' { b.is_ascii_digit() } else { b == f })
    };
    begins("0000-00-00") && !text.starts_with("0001-01-01")
}

fn scores(severity: &List<Object<RawSeverity>>) -> Vec<String> {
    let scores = severity.values.iter().filter_map(|entry| entry.value.as_ref()).map(|entry| entry.score.string().trim());
    scores.filter(|score| !score.is_empty()).map(str::to_owned).collect()
}

/// Ecosystem and name of `pkg:npm/%40scope/name@1.0`.
fn purl_parts(purl: &str) -> Option<(Ecosystem, String)> {
    let purl: packageurl::PackageUrl<'_> = purl.parse().ok()?;
    let ecosystem = Ecosystem::from_purl_type(purl.ty())?;
    let name = match purl.namespace() {
        Some(namespace) => format!("{namespace}/{}", purl.name()),
        None => purl.name().to_owned(),
    };
    Some((ecosystem, name))
}

/// The first line that holds anything, white space as single spaces, cut at [`LONGEST_SUMMARY`] characters.
fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let words = line.trim_start_matches(['#', ' ']).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST_SUMMARY) {
        None => words,
        Some(_) => words.chars().take(LONGEST_SUMMARY - 1).chain(['…']).collect(),
    }
}
