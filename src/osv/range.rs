//! Whether a version is affected: the evaluation algorithm of the OSV schema (section "Evaluation").
//!
//! A version is affected by an entry if it equals a listed one or lies in a range. A range is walked over its events sorted
//! by version: `introduced` opens, `fixed` closes at its version, `last_affected` closes after it, `limit` says up to where
//! the range speaks at all (one that is later than the version, or `*`, suffices). `introduced: 0` is before every version.
//!
//! **Ties.** Where events share a version, an open window is closed before one is opened, and with none open one is opened
//! before it is closed. So `fixed 2, introduced 2` goes on being affected at 2, `introduced 2, fixed 2` is an empty window,
//! and the order of the record does not matter.
//!
//! **What cannot be evaluated affects**, and says why: a range with an event that is no version, a range that was not
//! readable, a version that is none. A range without an `introduced` is taken to start at 0, and says so. In PyPI a bound
//! that is not PEP 440 but begins like it (`2.6.0-NA`) cannot be told from versions of that release, and stands for it
//! against all others.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use super::advisory::{Affected, Event, EventKind, Range};
use super::version::Version;
use super::version::pep440::Pep440;
use crate::model::{Ecosystem, escaped};

/// The version under judgement.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    ecosystem: Ecosystem,
    text: &'a str,
    version: Option<Version>,
    /// Listed versions that have been compared with it: the records of one package list the same ones again and again.
    compared: RefCell<HashMap<Box<str>, bool>>,
}

impl<'a> Subject<'a> {
    /// Reads a version once for many judgements.
    #[must_use]
    pub fn new(ecosystem: Ecosystem, text: &'a str) -> Self {
        Self { ecosystem, text: text.trim(), version: Version::parse(ecosystem, text), compared: RefCell::default() }
    }

    /// Whether a listed version is this one: spelled the same, or equal in the ecosystem's order.
    fn is(&self, listed: &str) -> bool {
        if listed == self.text || self.version.is_none() {
            return listed == self.text;
        }
        if let Some(known) = self.compared.borrow().get(listed) {
            return *known;
        }
        let equal = Version::parse(self.ecosystem, listed) == self.version;
        self.compared.borrow_mut().insert(listed.into(), equal);
        equal
    }

    /// Whether the text has a place in its ecosystem's order.
    #[must_use]
    pub fn is_version(&self) -> bool {
        self.version.is_some()
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
enum Point {
    Start,
    At(Version),
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
    if certain.is_none() && lists(affected, subject) {
        certain = Some(Hit::default());
    }
    if certain.is_none() && doubt.is_none() && subject.version.is_none() && !affected.versions.is_empty() {
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
    let starts = range.events.iter().any(|event| event.kind == EventKind::Introduced && event.version == "0");
    let ends = |event: &Event| match event.kind {
        EventKind::Introduced => false,
        EventKind::Limit => event.version != "*",
        EventKind::Fixed | EventKind::LastAffected => true,
    };
    range.fault.is_empty() && starts && !range.events.iter().any(ends)
}

/// Whether the version is one of those listed: spelled the same, or equal in its ecosystem's order (PEP 440 equality; SemVer
/// precedence, so that build metadata hides nothing).
fn lists(affected: &Affected, subject: &Subject<'_>) -> bool {
    affected.versions.iter().any(|listed| subject.is(listed))
}

fn judge(range: &Range, subject: &Subject<'_>) -> Judgement {
    if is_everything(range) {
        return Judgement::Inside { fixed: None };
    }
    if !range.fault.is_empty() {
        return Judgement::Unevaluated(range.fault.clone());
    }
    let Some(version) = &subject.version else { return Judgement::Unevaluated(no_version(subject)) };
    match walk(range, subject.ecosystem, version) {
        Ok(judgement) => judgement,
        Err(why) => Judgement::Unevaluated(why),
    }
}

fn no_version(subject: &Subject<'_>) -> String {
    format!("no {} version: `{}`", subject.ecosystem.as_str(), escaped(&cut(subject.text)))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The algorithm proper. `Err` says what could not be evaluated.
fn walk(range: &Range, ecosystem: Ecosystem, version: &Version) -> Result<Judgement, String> {
    let here = Point::At(version.clone());
    let mut limits = range.events.iter().filter(|event| event.kind == EventKind::Limit).peekable();
    if limits.peek().is_some() {
        let mut within = false;
        for limit in limits {
            within |= limit.version == "*" || here < point(limit, ecosystem, version)?;
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
    for tie in events.chunk_by(|(a, _), (b, _)| a == b) {
        let order = tie.first().map_or(Ordering::Less, |(at, _)| at.cmp(&here));
        let has = |kind| tie.iter().find(|(_, event)| event.kind == kind);
        let closes = has(EventKind::Fixed).is_some() || (has(EventKind::LastAffected).is_some() && order == Ordering::Less);
        if order == Ordering::Greater {
            if has(EventKind::Fixed).is_some() || has(EventKind::LastAffected).is_some() {
                fixed = has(EventKind::Fixed).map(|(_, event)| event.version.clone());
                break;
            }
            continue;
        }
        let opens = has(EventKind::Introduced).is_some();
        open = if open { !closes || opens } else { opens && !closes };
    }
    Ok(match (open, headless) {
        (false, _) => Judgement::Outside,
        (true, false) => Judgement::Inside { fixed },
        (true, true) => return Err("the range has no `introduced`".to_owned()),
    })
}

/// Where an event happens, as seen from a version.
fn point(event: &Event, ecosystem: Ecosystem, version: &Version) -> Result<Point, String> {
    if event.kind == EventKind::Introduced && event.version == "0" {
        return Ok(Point::Start);
    }
    let fault = || format!("an event's version is no {} version: `{}`", ecosystem.as_str(), escaped(&cut(&event.version)));
    let bound = Version::parse(ecosystem, &event.version).ok_or_else(fault)?;
    match (&bound, version) {
        (Version::Pep440(Pep440::Legacy(_)), Version::Pep440(Pep440::Public(version))) => {
            let release = Pep440::prefix(&event.version).ok_or_else(fault)?;
            if release.same_release(version) {
                return Err(fault());
            }
            Ok(Point::At(Version::Pep440(Pep440::Public(release))))
        }
        _ => Ok(Point::At(bound)),
    }
}
