//! Ratings: CVSS 2.0, 3.0, 3.1 and 4.0 vectors, else the database's own word.

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
        let scored = advisories.clone().flat_map(|advisory| &advisory.vectors).filter_map(|vector| Some((score(vector)?, vector)));
        if let Some((score, vector)) = scored.max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| x.cmp(y))) {
            return Self { severity: Severity::from_score(score), score: Some(score), vector: Some(vector.clone()) };
        }
        let severity = advisories.map(|advisory| word(&advisory.word)).max().unwrap_or_default();
        Self { severity, score: None, vector: None }
    }
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
