//! Whether a version is affected: the evaluation algorithm of the OSV schema (section "Evaluation").
//!
//! A version is affected by an entry if it equals a listed one or lies in a range. A range is walked over its events sorted
//! by version: `introduced` opens, `fixed` closes at its version, `last_affected` closes after it, `limit` says up to where
//! the range speaks at all (one that is later than the version, or `*`, suffices). `introduced: 0` is before every version.
//!
//! **Ties.** The specification does not say in which order events at one version happen. A window is open after them if the
//! last of them in the record opens one, or if they and what was open before open more windows than they close. So windows
//! that touch (`fixed 2, introduced 2`) go on being affected at 2 in whatever order the record lists them, and `introduced 2,
//! fixed 2` is an empty window. `last_affected` happens just after its version, and so after what happens at it.
//!
//! **What cannot be evaluated affects**, and says why: a range with an event that is no version, a range that was not
//! readable, a version that is none. A range without an `introduced` is taken to start at 0, and says so. In PyPI a bound
//! that is not PEP 440 but begins like it (`2.6.0-NA`) cannot be told from versions of that release, and stands for it
//! against all others; one that ends in a wildcard (`1.x`) cannot be told from any version that begins like it. A PyPI version
//! under judgement that is not PEP 440 either is a legacy version, and lower than all others, or no version at all: a word that
//! stands for one (`latest`), a specifier (`>=1.5`), an address.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::ops;
use std::sync::Arc;

use super::advisory::{Affected, Event, EventKind, Range, Versions};
use super::listed::Table;
use super::version::Version;
use super::version::pep440::{Pep440, Public};
use crate::model::{Ecosystem, escaped};

/// The version under judgement.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    ecosystem: Ecosystem,
    text: &'a str,
    version: Option<Version>,
    /// Whether it is a version at all. Some texts that are none have a place in PyPI's order, which has one for every text.
    judgeable: bool,
    /// Where it was found in the table of listed versions that was searched last: the records of one package share theirs.
    found: RefCell<Option<(Arc<Table>, ops::Range<u32>)>>,
}

impl<'a> Subject<'a> {
    /// Reads a version once for many judgements.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, text: &'a str) -> Self {
        let text = text.trim();
        let version = Version::parse(ecosystem, text);
        let judgeable = match &version {
            Some(Version::Pep440(version)) => matches!(**version, Pep440::Public(_)) || is_legacy(text),
            Some(Version::SemVer(_)) => true,
            None => false,
        };
        Self { ecosystem, text, version, judgeable, found: RefCell::default() }
    }

    /// Whether it is listed: equal to a listed version in the ecosystem's order (PEP 440 equality; SemVer precedence, so that
    /// build metadata hides nothing), or spelled the same where it has no place there.
    fn is_among(&self, versions: &Versions) -> bool {
        let Some(table) = versions.table() else { return false };
        if let Some((known, found)) = &*self.found.borrow()
            && Arc::ptr_eq(known, table)
        {
            return versions.any_of(found);
        }
        let found = table.find(self.text, self.version.as_ref());
        let among = versions.any_of(&found);
        *self.found.borrow_mut() = Some((Arc::clone(table), found));
        among
    }

    /// As spelled, but for white space around it.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Its place in its ecosystem's order, if it has one.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Whether the text is a version of its ecosystem.
    #[must_use]
    pub fn is_version(&self) -> bool {
        self.judgeable
    }
}

/// That a version is affected, and what more the entry says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// The versions that end the windows which hold this one.
    pub fixed: Vec<String>,
    /// Why the answer is a precaution; `None` where it is certain.
    pub unevaluated: Option<String>,
}

/// What a range says of a version.
enum Judgement {
    Outside,
    Inside { fixed: Option<String> },
    Unevaluated(String),
}

/// Where an event happens. The order of the variants is the order of the points.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Point<'a> {
    Start,
    At(Cow<'a, Version>),
}

/// Whether the entry affects the version.
#[must_use]
pub fn affects(affected: &Affected, subject: &Subject<'_>) -> Option<Hit> {
    let mut certain = None::<Hit>;
    let mut doubt = Some(&affected.fault).filter(|fault| !fault.is_empty()).cloned();
    for range in &affected.ranges {
        match judge(range, subject) {
            Judgement::Outside => {}
            Judgement::Inside { fixed } => certain.get_or_insert_default().fixed.extend(fixed),
            Judgement::Unevaluated(why) => doubt = doubt.or(Some(why)),
        }
    }
    if certain.is_none() && subject.is_among(&affected.versions) {
        certain = Some(Hit::default());
    }
    if certain.is_none() && doubt.is_none() && !subject.judgeable && !affected.versions.is_empty() {
        doubt = Some(no_version(subject));
    }
    certain.or_else(|| doubt.map(|why| Hit { fixed: Vec::new(), unevaluated: Some(why) }))
}

/// Whether the entry affects every version there is or will be.
#[must_use]
pub fn affects_every(affected: &Affected) -> bool {
    affected.ranges.iter().any(is_everything)
}

/// `introduced: 0` and nothing that ends it.
fn is_everything(range: &Range) -> bool {
    let starts = range.events.iter().any(|event| event.kind == EventKind::Introduced && event.version.trim() == "0");
    let ends = |event: &Event| match event.kind {
        EventKind::Introduced => false,
        EventKind::Limit => &*event.version != "*",
        EventKind::Fixed | EventKind::LastAffected => true,
    };
    range.fault.is_empty() && starts && !range.events.iter().any(ends)
}

fn judge(range: &Range, subject: &Subject<'_>) -> Judgement {
    if is_everything(range) {
        return Judgement::Inside { fixed: None };
    }
    if !range.fault.is_empty() {
        return Judgement::Unevaluated(range.fault.clone());
    }
    let Some(version) = subject.version.as_ref().filter(|_| subject.judgeable) else { return Judgement::Unevaluated(no_version(subject)) };
    match walk(range, subject.ecosystem, version) {
        Ok(judgement) => judgement,
        Err(why) => Judgement::Unevaluated(why),
    }
}

/// Whether a text that is not PEP 440 may be a version from before it: it is none of the words that stand where no version is
/// known, and holds nothing that only specifiers, addresses and damage hold.
fn is_legacy(text: &str) -> bool {
    const WORDS: [&str; 8] = ["latest", "unknown", "none", "null", "undefined", "unspecified", "dynamic", "nan"];
    !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+' | b'!' | b':' | b'\\'))
        && !text.starts_with('!')
}

/// `1.x`, `1.*`.
fn ends_wild(bound: &str) -> bool {
    let bound = bound.trim();
    bound.strip_suffix(['x', 'X', '*']).is_some_and(|rest| rest.ends_with(['.', '-', '_']))
}

fn no_version(subject: &Subject<'_>) -> String {
    format!("no {} version: `{}`", subject.ecosystem.as_str(), escaped(&cut(subject.text)))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The algorithm proper. `Err` says what could not be evaluated.
fn walk(range: &Range, ecosystem: Ecosystem, version: &Version) -> Result<Judgement, String> {
    let here = Point::At(Cow::Borrowed(version));
    // Nearly every range is one window in its order, which needs no sorting.
    if let [first, last] = range.events.as_slice()
        && first.kind == EventKind::Introduced
        && matches!(last.kind, EventKind::Fixed | EventKind::LastAffected)
    {
        let (start, end) = (point(first, ecosystem, version)?, point(last, ecosystem, version)?);
        if start < end {
            let ended = if last.kind == EventKind::Fixed { here >= end } else { here > end };
            let fixed = (last.kind == EventKind::Fixed).then(|| last.version.to_string());
            return Ok(if here < start || ended { Judgement::Outside } else { Judgement::Inside { fixed } });
        }
    }
    let mut limits = range.events.iter().filter(|event| event.kind == EventKind::Limit).peekable();
    if limits.peek().is_some() {
        let mut within = false;
        for limit in limits {
            within |= &*limit.version == "*" || here < point(limit, ecosystem, version)?;
        }
        if !within {
            return Ok(Judgement::Outside);
        }
    }
    let mut events = Vec::with_capacity(range.events.len());
    for event in range.events.iter().filter(|event| event.kind != EventKind::Limit) {
        events.push((point(event, ecosystem, version)?, event));
    }
    events.sort_by(|(a, _), (b, _)| a.cmp(b));
    let headless = !events.iter().any(|(_, event)| event.kind == EventKind::Introduced);
    let mut open = headless;
    let mut fixed = None;
    // The sort is stable: what shares a version keeps the order of the record.
    for tie in events.chunk_by(|(a, _), (b, _)| a == b) {
        let order = tie.first().map_or(Ordering::Less, |(at, _)| at.cmp(&here));
        let count = |kind| tie.iter().filter(|(_, event)| event.kind == kind).count();
        if order == Ordering::Greater {
            if count(EventKind::Fixed) + count(EventKind::LastAffected) > 0 {
                fixed = tie.iter().find(|(_, event)| event.kind == EventKind::Fixed).map(|(_, event)| event.version.to_string());
                break;
            }
            continue;
        }
        let ended = if order == Ordering::Less { count(EventKind::LastAffected) } else { 0 };
        let opened_last = ended == 0 && tie.last().is_some_and(|(_, event)| event.kind == EventKind::Introduced);
        open = opened_last || usize::from(open) + count(EventKind::Introduced) > count(EventKind::Fixed) + ended;
    }
    Ok(match (open, headless) {
        (false, _) => Judgement::Outside,
        (true, false) => Judgement::Inside { fixed },
        (true, true) => return Err("the range has no `introduced`".to_owned()),
    })
}

/// Where an event happens, as seen from a version.
fn point<'a>(event: &'a Event, ecosystem: Ecosystem, version: &Version) -> Result<Point<'a>, String> {
    if event.kind == EventKind::Introduced && event.version.trim() == "0" {
        return Ok(Point::Start);
    }
    let fault = || format!("an event's version is no {} version: `{}`", ecosystem.as_str(), escaped(&cut(&event.version)));
    let bound = event.at.as_ref().ok_or_else(fault)?;
    let (Version::Pep440(own), Version::Pep440(version)) = (bound, version) else { return Ok(Point::At(Cow::Borrowed(bound))) };
    match (&**own, &**version) {
        (Pep440::Legacy(_), Pep440::Public(version)) => {
            let release = event.release.as_ref().ok_or_else(fault)?;
            if release.same_release(version) || (ends_wild(&event.version) && version.begins_with(&event.version)) {
                return Err(fault());
            }
            Ok(Point::At(Cow::Owned(Version::Pep440(Box::new(Pep440::Public(Public::clone(release)))))))
        }
        _ => Ok(Point::At(Cow::Borrowed(bound))),
    }
}
