//! Whether two versions may be one. Only for statements that acquit nobody: of those, one too many is heard rather than one
//! too few.

/// Whether a stated version may be this one: whatever its ecosystem makes of prefixes, zeros at the end, builds and
/// pre-releases, two versions whose numbers differ are two.
pub(super) fn may_be_same(stated: &str, own: &str) -> bool {
    match (numbers(stated), numbers(own)) {
        (Some(stated), Some(own)) => {
            let most = stated.len().max(own.len());
            let number = |list: &[&str], at: usize| list.get(at).map_or("", |text| text.trim_start_matches('0')).to_owned();
            (0..most).all(|at| number(&stated, at) == number(&own, at))
        }
        _ => true,
    }
}

/// The numbers that a version begins with; `None` for a range, a wildcard, and what else is no plain version.
fn numbers(version: &str) -> Option<Vec<&str>> {
    let plain = version.trim().trim_start_matches(['v', 'V', '=']);
    let plain = plain.strip_prefix("0!").unwrap_or(plain);
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    if !plain.chars().all(is_known) {
        return None;
    }
    let end = plain.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(plain.len());
    let (numbers, rest) = plain.split_at_checked(end)?;
    if rest.starts_with(['x', 'X']) && rest.chars().nth(1).is_none_or(|c| c == '.') {
        return None;
    }
    let list: Vec<&str> = numbers.split('.').filter(|number| !number.is_empty()).collect();
    (!list.is_empty()).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::may_be_same;

    #[test]
    fn only_other_numbers_are_another_version() {
        for (stated, own) in [
            ("1.2.3", "1.2.3"),
            ("v1.2.3", "1.2.3"),
            ("=1.2.3", "1.2.3"),
            ("5.0.0", "5.0"),
            ("5", "5.0.0"),
            ("01.2", "1.2"),
            ("0!1.2", "1.2"),
            ("1!1.2", "1.2"),
            ("1.2.3+build", "1.2.3"),
            ("1.2.3-rc.1", "1.2.3rc1"),
            ("1.x", "1.2.3"),
            ("1.2.X", "1.2.3"),
            ("*", "1.2.3"),
            (">=1.0.0 <2.0.0", "1.2.3"),
            ("^1.2.0", "1.2.3"),
            ("", "1.2.3"),
            ("latest", "1.2.3"),
        ] {
            assert!(may_be_same(stated, own) && may_be_same(own, stated), "{stated} {own}");
        }
        for (stated, own) in [("1.2.4", "1.2.3"), ("1.2", "1.2.3"), ("v2", "1.2.3"), ("5.0.1", "5.0"), ("10", "1")] {
            assert!(!may_be_same(stated, own), "{stated} {own}");
        }
    }
}
