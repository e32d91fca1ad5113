//! What a policy says about its own rules: the `# METADATA` comments of Rego's annotations, read in the small part of YAML
//! that they need (`title`, `description`, `custom.rule`), and the rules it names without one.
//!
//! Source: Open Policy Agent, "Policy Reference: Annotations".

use std::collections::BTreeSet;

/// One rule, as `fngate explain` and `fngate policy list` show it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RulePage {
    /// Kebab-case and stable.
    pub id: String,
    /// One line: what it is; empty where the policy does not say.
    pub title: String,
    /// Why it matters and what to do; paragraphs are divided by an empty line.
    pub page: String,
    /// The policy's file.
    pub policy: String,
}

/// The rules that `rego` has a page for, and those it only names, sorted.
pub(super) fn pages(policy: &str, rego: &str) -> Vec<RulePage> {
    let mut pages: Vec<RulePage> = Vec::new();
    let mut lines = rego.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim() != "# METADATA" {
            continue;
        }
        let mut block = Vec::new();
        while let Some(comment) = lines.peek().and_then(|line| line.trim_end().strip_prefix('#')) {
            block.push(comment.strip_prefix(' ').unwrap_or(comment));
            lines.next();
        }
        pages.extend(page(policy, &block));
    }
    let documented: BTreeSet<String> = pages.iter().map(|page| page.id.clone()).collect();
    let bare = named(rego)
        .difference(&documented)
        .map(|id| RulePage { id: id.clone(), policy: policy.to_owned(), ..RulePage::default() })
        .collect::<Vec<_>>();
    pages.extend(bare);
    pages.sort();
    pages
}

/// Reads one block of annotations; a block without `custom.rule` documents something else.
fn page(policy: &str, block: &[&str]) -> Option<RulePage> {
    let mut page = RulePage { policy: policy.to_owned(), ..RulePage::default() };
    let mut section = "";
    let mut at = 0;
    while let Some(line) = block.get(at) {
        at += 1;
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim().split_once(':') else { continue };
        let value = value.trim();
        if indent == 0 {
            section = key;
        }
        match (indent, section, key) {
            (0, _, "title") => page.title = unquoted(value).to_owned(),
            (0, _, "description") => {
                let body = block.get(at..).unwrap_or_default();
                let length = body.iter().take_while(|line| line.is_empty() || line.starts_with(' ')).count();
                page.page = paragraphs(value, body.get(..length).unwrap_or_default());
                at += length;
            }
            (1.., "custom", "rule") => page.id = unquoted(value).to_owned(),
            _ => {}
        }
    }
    if page.id.is_empty() { None } else { Some(page) }
}

/// A block of text: lines joined to paragraphs, one a line, an empty line between.
fn paragraphs(first: &str, rest: &[&str]) -> String {
    let first = if first.starts_with(['|', '>']) { "" } else { unquoted(first) };
    let mut text = first.to_owned();
    for line in rest {
        match line.trim() {
            "" => text.push_str("\n\n"),
            line => {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push(' ');
                }
                text.push_str(line);
            }
        }
    }
    text.trim().to_owned()
}

fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote).and_then(|rest: &str| rest.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Every rule that the text of a policy writes out as `"rule": "name"`.
fn named(rego: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, key) in rego.match_indices("\"rule\"") {
        let after = rego.get(at + key.len()..).unwrap_or_default().trim_start();
        let value = after.strip_prefix(':').map(str::trim_start).and_then(|rest| rest.strip_prefix('"'));
        let id = value.and_then(|rest| rest.split_once('"')).map(|(id, _)| id);
        named.extend(id.filter(|id| super::is_kebab(id)).map(str::to_owned));
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_title_description_and_rule() {
        let rego = "package fngate.x\n\n# METADATA\n# title: 'No left-pad'\n# description: |\n#   One\n#   two.\n#\n#   Three.\n# custom:\n#   rule: no-left-pad\nfindings contains f if { true }\n";
        let pages = pages("x.rego", rego);
        assert_eq!(
            pages,
            [RulePage {
                id: "no-left-pad".to_owned(),
                title: "No left-pad".to_owned(),
                page: "One two.\n\nThree.".to_owned(),
                policy: "x.rego".to_owned()
            }]
        );
    }

    #[test]
    fn a_rule_without_a_page_is_still_known() {
        let pages =
            pages("x.rego", "f := {\"rule\" : \"bare\", \"level\": \"deny\"}\ng := {\"rule\": name}\nh := {\"rule\": \"Not Kebab\"}");
        assert_eq!(pages.iter().map(|page| page.id.as_str()).collect::<Vec<_>>(), ["bare"]);
    }

    #[test]
    fn a_block_without_a_rule_is_no_page() {
        assert!(pages("x.rego", "# METADATA\n# title: the policy\n# scope: package\npackage fngate.x").is_empty());
    }
}
