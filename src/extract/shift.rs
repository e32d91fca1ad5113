//! Shifts: one project, seen from two folders. A bundler calls a package's place as it lies from where it ran, a lockfile as it lies
//! from where the lockfile is.

use std::collections::{BTreeSet, HashSet};

/// Where a place begins, and what lies below: `packages/fn/` and `node_modules/a`.
pub(super) fn parted(place: &str) -> (&str, &str) {
    place.split_at(place.find("node_modules/").unwrap_or(place.len()))
}

/// Whether two places may be one, seen from different folders of a project.
pub(super) fn may_be(one: &str, other: &str) -> bool {
    let ((above, place), (beyond, same)) = (parted(one), parted(other));
    let ends = |whole: &str, end: &str| whole.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
    !place.is_empty() && place == same && (ends(above, beyond) || ends(beyond, above))
}

/// How places seen from one folder are called from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// Without these folders before them.
    Strip(String),
    /// With these folders before them.
    Prepend(String),
}

impl Shift {
    /// The shift by which most of `places` are among the `known`; `None` where none does for half of them, or where two of a different
    /// kind do for as many.
    pub(super) fn between(places: &[&str], known: &HashSet<&str>) -> Option<Self> {
        let places: Vec<&str> = places.iter().copied().filter(|place| !parted(place).1.is_empty()).collect();
        let above: BTreeSet<&str> = places.iter().map(|place| parted(place).0).collect();
        let first = above.first()?;
        // Every folder that all of them lie in, the top first.
        let ends = std::iter::once(0).chain(first.match_indices('/').map(|(at, _)| at + 1));
        let common = ends.map(|end| &first[..end]).filter(|start| above.iter().all(|above| above.starts_with(start)));
        let strips = common.map(|start| Self::Strip(start.to_owned()));
        let beyond: BTreeSet<&str> = known.iter().map(|place| parted(place).0).filter(|above| !above.is_empty()).collect();
        let prepends = beyond.into_iter().map(|start| Self::Prepend(start.to_owned()));
        let count =
            |shift: &Self| places.iter().filter(|place| shift.apply(place).is_some_and(|place| known.contains(place.as_str()))).count();
        let mut best: Option<(usize, Self)> = None;
        let mut is_tied = false;
        for shift in strips.chain(prepends) {
            let count = count(&shift);
            let most = best.as_ref().map_or(0, |(most, _)| *most);
            if count > most {
                (best, is_tied) = (Some((count, shift)), false);
            } else if count == most && count > 0 && matches!(shift, Self::Prepend(_)) {
                is_tied = true;
            }
        }
        best.filter(|(count, _)| !is_tied && count * 2 >= places.len()).map(|(_, shift)| shift)
    }

    /// The place, seen from the other folder.
    pub(super) fn apply(&self, place: &str) -> Option<String> {
        match self {
            Self::Strip(start) => place.strip_prefix(start.as_str()).map(str::to_owned),
            Self::Prepend(start) => Some(format!("{start}{place}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Shift, may_be};

    #[test]
    fn places_that_may_be_one() {
        for (one, other, is_one) in [
            ("node_modules/a", "node_modules/a", true),
            ("packages/fn/node_modules/a", "node_modules/a", true),
            ("packages/fn/node_modules/a", "fn/node_modules/a", true),
            ("packages/fn/node_modules/a", "n/node_modules/a", false),
            ("node_modules/b/node_modules/a", "node_modules/a", false),
            ("", "", false),
        ] {
            assert_eq!((may_be(one, other), may_be(other, one)), (is_one, is_one), "{one} {other}");
        }
    }

    #[test]
    fn the_shift_is_what_fits_most() {
        let known: HashSet<&str> =
            ["node_modules/a", "node_modules/b", "packages/fn/node_modules/a", "packages/fn/node_modules/a/node_modules/c"].into();
        for (places, shift) in [
            (&["node_modules/a", "node_modules/b"][..], Some(Shift::Strip(String::new()))),
            (&["apps/x/node_modules/a", "apps/x/node_modules/b"], Some(Shift::Strip("apps/x/".into()))),
            (&["apps/x/node_modules/b", "apps/x/packages/fn/node_modules/a"], Some(Shift::Strip("apps/x/".into()))),
            (&["packages/fn/node_modules/a"], Some(Shift::Strip(String::new()))),
            // From the workspace or from the top: that cannot be told.
            (&["node_modules/a"], None),
            (&["node_modules/a", "node_modules/a/node_modules/c"], Some(Shift::Prepend("packages/fn/".into()))),
            (&["node_modules/z"], None),
            (&[], None),
        ] {
            assert_eq!(Shift::between(places, &known), shift, "{places:?}");
        }
    }
}
