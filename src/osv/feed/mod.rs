//! What is exploited: CISA's catalogue of known exploited vulnerabilities ([`kev`]) and FIRST's scores of how likely
//! exploitation is ([`epss`]), from files of the operator's. They say nothing of packages; they are joined with what the
//! matcher found by CVE ids.
//!
//! Absence from a feed means "not exploited", so a feed is read whole or not at all: what is cut, miscounted or of another
//! form is an error.

mod csv;
mod epss;
mod kev;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use sha2::{Digest, Sha256};

use super::source::age_days;
use crate::model::{Epss, Feed, FeedName, KnownExploited, Vulnerability, hex};

/// Bytes of a feed, as a file and inflated: far more than the 2 MB of the catalogue and the 10 MB of the scores.
fn largest(name: FeedName) -> u64 {
    match name {
        FeedName::Kev => 64 << 20,
        FeedName::Epss => 256 << 20,
    }
}

/// Vulnerabilities in a feed: several times the CVE ids there are.
const MOST: usize = 2_000_000;

/// Characters of an error's reason.
const LONGEST_WHY: usize = 400;

/// The feeds of a run; empty where the operator gave none.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    kev: Option<Loaded<KnownExploited>>,
    epss: Option<Loaded<Epss>>,
}

/// One feed, and which state of it.
#[derive(Clone, Debug)]
struct Loaded<T> {
    entries: HashMap<Cve, T>,
    as_of: Timestamp,
    digest: String,
}

/// What a reader makes of a feed's bytes.
struct Parsed<T> {
    entries: HashMap<Cve, T>,
    as_of: Timestamp,
}

impl Feeds {
    /// Reads the catalogue (JSON or CSV) and the scores (CSV) from files, each plain or gzip.
    pub fn load(kev: Option<&Path>, epss: Option<&Path>) -> Result<Self, FeedError> {
        let kev = kev.map(|path| load(path, FeedName::Kev, kev::parse)).transpose()?;
        let epss = epss.map(|path| load(path, FeedName::Epss, epss::parse)).transpose()?;
        Ok(Self { kev, epss })
    }

    /// Notes on every vulnerability what the feeds say of any of its ids. Of several, the earliest due date and the greatest
    /// score count.
    pub fn annotate(&self, vulnerabilities: &mut [Vulnerability]) {
        if self.kev.is_none() && self.epss.is_none() {
            return;
        }
        for known in vulnerabilities {
            let ids = std::iter::once(&known.id).chain(&known.ids).chain(&known.aliases);
            let cves: Vec<Cve> = ids.filter_map(|id| Cve::parse(id)).collect();
            if let Some(kev) = &self.kev {
                known.known_exploited = cves.iter().filter_map(|cve| kev.entries.get(cve)).cloned().reduce(gravest);
            }
            if let Some(epss) = &self.epss {
                known.epss = cves.iter().filter_map(|cve| epss.entries.get(cve)).copied().max_by(|a, b| a.score.total_cmp(&b.score));
            }
        }
    }

    /// What they are, as reports say it on a day.
    #[must_use]
    pub fn about(&self, today: Date) -> Vec<Feed> {
        let kev = self.kev.as_ref().map(|feed| feed.about(FeedName::Kev, today));
        let epss = self.epss.as_ref().map(|feed| feed.about(FeedName::Epss, today));
        kev.into_iter().chain(epss).collect()
    }
}

impl<T> Loaded<T> {
    fn about(&self, name: FeedName, today: Date) -> Feed {
        Feed {
            name,
            as_of: self.as_of.to_string(),
            digest: self.digest.clone(),
            entries: self.entries.len(),
            age_days: age_days(self.as_of, today),
        }
    }
}

/// Two entries about one vulnerability, as one.
fn gravest(a: KnownExploited, b: KnownExploited) -> KnownExploited {
    KnownExploited { added: a.added.min(b.added), due: a.due.min(b.due), ransomware: a.ransomware || b.ransomware }
}

/// A CVE id: `CVE-`, a year, `-`, four digits or more (CVE Numbering Authority rules, "CVE ID syntax"). Records and feeds are
/// joined by it, so case and spaces around it do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cve {
    year: u16,
    number: u64,
}

impl Cve {
    fn parse(text: &str) -> Option<Self> {
        let (head, rest) = text.trim().split_at_checked(4)?;
        let (year, number) = if head.eq_ignore_ascii_case("CVE-") { rest.split_once('-')? } else { return None };
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || number.len() < 4 || !is_number(year) || !is_number(number) {
            return None;
        }
        Some(Self { year: year.parse().ok()?, number: number.parse().ok()? })
    }
}

/// Why a feed cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The file cannot be opened or read.
    #[error("cannot read the {} feed `{path}`: {error}", name.title())]
    Read {
        /// Which feed.
        name: FeedName,
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is more than any honest feed.
    #[error("the {} feed `{path}` is larger than {} bytes", name.title(), largest(*name))]
    Size {
        /// Which feed.
        name: FeedName,
        /// The file.
        path: PathBuf,
    },
    /// It is cut, miscounted, or of another form.
    #[error("the {} feed `{path}` is not valid: {why}", name.title())]
    Invalid {
        /// Which feed.
        name: FeedName,
        /// The file.
        path: PathBuf,
        /// What is wrong, and in which line or entry.
        why: String,
    },
}

impl FeedError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let (Self::Read { name, .. } | Self::Size { name, .. } | Self::Invalid { name, .. }) = self;
        let hint = match name {
            FeedName::Kev => {
                "download known_exploited_vulnerabilities.json (or .csv) from CISA again; a part of a catalogue would let the rest pass for not exploited"
            }
            FeedName::Epss => {
                "download epss_scores-current.csv.gz from FIRST again; a part of the scores would let the rest pass for unlikely"
            }
        };
        Some(hint.to_owned())
    }
}

fn load<T>(path: &Path, name: FeedName, parse: impl Fn(&[u8]) -> Result<Parsed<T>, String>) -> Result<Loaded<T>, FeedError> {
    let unread = |error| FeedError::Read { name, path: path.to_owned(), error };
    // A reader repeats what it does not like, however long.
    let invalid = |why: String| FeedError::Invalid { name, path: path.to_owned(), why: why.chars().take(LONGEST_WHY).collect() };
    let oversized = || FeedError::Size { name, path: path.to_owned() };
    let largest = largest(name);
    let mut stored = Vec::new();
    File::open(path).and_then(|file| file.take(largest + 1).read_to_end(&mut stored)).map_err(unread)?;
    if stored.len() as u64 > largest {
        return Err(oversized());
    }
    let digest = hex(&Sha256::digest(&stored));
    let content = if stored.starts_with(&[0x1f, 0x8b]) {
        let mut inflated = Vec::new();
        // It stops at its limit, so that a bomb takes no more memory than the largest feed.
        let read = MultiGzDecoder::new(stored.as_slice()).take(largest + 1).read_to_end(&mut inflated);
        read.map_err(|error| invalid(format!("the gzip does not inflate: {error}")))?;
        if inflated.len() as u64 > largest {
            return Err(oversized());
        }
        inflated
    } else {
        stored
    };
    let parsed = parse(&content).map_err(invalid)?;
    if parsed.entries.is_empty() {
        return Err(invalid("it names no vulnerability".to_owned()));
    }
    Ok(Loaded { entries: parsed.entries, as_of: parsed.as_of, digest })
}

/// A time as the feeds write it: RFC 3339, with or without the colon of the offset, or a day alone, which is its start in UTC.
fn time(text: &str) -> Option<Timestamp> {
    let of_day = |day: Date| day.to_zoned(TimeZone::UTC).as_ref().map(Zoned::timestamp).ok();
    text.parse().ok().or_else(|| day(text).and_then(of_day))
}

/// A day that exists, `YYYY-MM-DD`.
fn day(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Cve, time};

    #[test]
    fn what_is_a_cve_id() {
        assert_eq!(Cve::parse("CVE-2021-44228"), Some(Cve { year: 2021, number: 44228 }));
        assert_eq!(Cve::parse("CVE-2026-0001"), Some(Cve { year: 2026, number: 1 }));
        assert_eq!(Cve::parse(" cve-2021-44228\n"), Cve::parse("CVE-2021-44228"));
        for text in ["", "CVE-", "CVE-2021", "CVE-2021-1", "CVE-21-44228", "GHSA-2021-44228", "CVE-2021-4422x", "CVE-2021-+4422", "é"] {
            assert_eq!(Cve::parse(text), None, "{text}");
        }
        assert_eq!(Cve::parse(&format!("CVE-2021-{}", "9".repeat(40))), None);
    }

    #[test]
    fn times_as_the_feeds_write_them() {
        for text in ["2026-11-20T00:00:00.0000Z", "2026-11-20T00:00:00+0000", "2026-11-20T00:00:00Z", "2026-11-20"] {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), Some("2026-11-20T00:00:00Z"), "{text}");
        }
        for text in ["", "2026-11-31", "20.11.2026", "2026-11-20T25:00:00Z", "\0"] {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
