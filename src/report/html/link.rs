//! Links out of a report: to the pages of advisories, and only where the id is one.

use super::super::words;
use super::MOST_NAME;
use super::markup::Markup;

/// The page of an advisory; `None` where what is given is no id of a known form, as a policy of one's own may write anything.
pub(in super::super) fn page(id: &str) -> Option<String> {
    let is_id = id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'_'));
    let known = ["GHSA-", "CVE-", "PYSEC-", "RUSTSEC-", "MAL-", "OSV-", "SNYK-", "GSD-", "GO-"];
    if !is_id || !known.iter().any(|prefix| id.starts_with(prefix)) {
        return None;
    }
    Some(match id.starts_with("CVE-") {
        true => format!("https://nvd.nist.gov/vuln/detail/{id}"),
        false => format!("https://osv.dev/vulnerability/{id}"),
    })
}

/// The id of an advisory, with a link to its page where it has one.
pub(super) fn advisory(markup: &mut Markup, id: &str) {
    match page(id) {
        Some(page) => markup.leaf("a", &[("href", &page), ("rel", "noreferrer noopener")], id),
        None => markup.leaf("code", &[], &words::clipped(id, MOST_NAME)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_lead_somewhere() {
        assert_eq!(page("GHSA-35jh-r3h4-6jhm").as_deref(), Some("https://osv.dev/vulnerability/GHSA-35jh-r3h4-6jhm"));
        assert_eq!(page("CVE-2021-23337").as_deref(), Some("https://nvd.nist.gov/vuln/detail/CVE-2021-23337"));
        for id in ["", "javascript:alert(1)", "GHSA-/../x", "GHSA-x y", "CVE-1?x", "CVE-1#x", "CVE-\u{202e}", "cve-2021-1"] {
            assert_eq!(page(id), None, "{id}");
        }
        assert_eq!(page(&format!("CVE-{}", "1".repeat(100))), None);
    }
}
