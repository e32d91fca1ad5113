//! Findings by what they are about.

use std::collections::HashMap;

use crate::model::Finding;

/// A subject, and the path it is found at.
pub(super) type Subject<'a> = (&'a str, Option<&'a str>);

/// The findings by subject, in the order in which each subject comes first.
pub(super) fn by_subject<'a>(findings: &[&'a Finding]) -> Vec<(Subject<'a>, Vec<&'a Finding>)> {
    let mut places: HashMap<Subject<'a>, usize> = HashMap::new();
    let mut groups: Vec<(Subject<'a>, Vec<&'a Finding>)> = Vec::new();
    for finding in findings {
        let subject = (finding.subject.as_str(), finding.path.as_deref());
        let place = *places.entry(subject).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(finding),
            None => groups.push((subject, vec![finding])),
        }
    }
    groups
}
