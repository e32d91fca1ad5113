//! Ratings: CVSS 2.0, 3.0, 3.1 and 4.0 vectors, else the database's own word.

use std::cell::RefCell;
use std::collections::HashMap;

use cvss::Cvss;

use super::advisory::Advisory;
use crate::model::Severity;

/// The worst rating of some advisories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rating {
    /// The rating.
    pub severity: Severity,
    /// The score behind it, 0.0 to 10.0.
    pub score: Option<f64>,
    /// The vector behind the score, as spelled.
    pub vector: Option<String>,
}

impl Rating {
    /// The highest score over all vectors that can be read; without any, the worst word; without that, unknown. One bad
    /// vector spoils no other.
    #[must_use]
    pub fn worst<'a>(advisories: impl Iterator<Item = &'a Advisory> + Clone) -> Self {
        let scored = advisories.clone().flat_map(|advisory| &advisory.vectors).filter_map(|vector| Some((remembered(vector)?, vector)));
        if let Some((score, vector)) = scored.max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| x.cmp(y))) {
            return Self { severity: Severity::from_score(score), score: Some(score), vector: Some(vector.clone()) };
        }
        let severity = advisories.map(|advisory| word(&advisory.word)).max().unwrap_or_default();
        Self { severity, score: None, vector: None }
    }
}

/// Vectors whose scores a thread remembers: a few hundred make up most of what is published.
const REMEMBERED: usize = 4096;

thread_local! {
    static SCORES: RefCell<HashMap<Box<str>, Option<f64>>> = RefCell::default();
}

/// The score of a vector, worked out once.
fn remembered(vector: &str) -> Option<f64> {
    SCORES.with_borrow_mut(|scores| {
        if let Some(known) = scores.get(vector) {
            return *known;
        }
        let score = score(vector);
        if scores.len() >= REMEMBERED {
            scores.clear();
        }
        scores.insert(vector.into(), score);
        score
    })
}

/// The score of a vector; `None` where it is none. A `/` at the end and the parentheses of NVD's CVSS 2.0 are passed over.
#[must_use]
pub fn score(vector: &str) -> Option<f64> {
    let vector = vector.trim().trim_start_matches('(').trim_end_matches([')', '/']);
    let score = vector.parse::<Cvss>().ok()?.score();
    score.is_finite().then_some(score)
}

/// The words of GitHub's database, and those of others that mean the same.
fn word(word: &str) -> Severity {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" => Severity::Low,
        "none" => Severity::None,
        _ => Severity::Unknown,
    }
}
