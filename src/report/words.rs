//! Words and figures for people.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Tally;
use crate::model::{Advisories, AdvisoryOrigin, Feed, Inventory, Level, NotJudged, Provenance, ProvenanceState, Verdict, escaped};

/// `1 package`, `2 packages`, `3 Go binaries`.
pub(super) fn count(number: usize, word: &str) -> String {
    if number == 1 {
        return format!("1 {word}");
    }
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{number} {stem}ies"),
        _ => format!("{number} {word}s"),
    }
}

/// `512 B`, `1.6 kB`, `84 MB`: decimal units, two figures.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in UNITS.iter().skip(1) {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    let text = if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") };
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// At most `most` characters of `text`, the last one `…` where there are more.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A text of at most `most` characters, with how many are left out.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some((end, _)) => {
            let (kept, rest) = text.split_at_checked(end).unwrap_or((text, ""));
            Cow::Owned(format!("{kept}… ({})", count(rest.chars().count(), "more character")))
        }
    }
}

/// `84 % packages (52), 9 % own code, 7 % not judged`: whose the bytes of an artifact are.
pub(super) fn shares(inventory: &Inventory) -> String {
    let ownership = &inventory.ownership;
    let total = ownership.total().bytes;
    let holders = inventory.packages.iter().filter(|package| package.holding.as_ref().is_some_and(|holding| holding.all().files > 0));
    let bundled = inventory.bundles.iter().flat_map(|bundle| &bundle.packages).filter(|share| share.bytes > 0);
    let bundled: BTreeSet<&str> = bundled.map(|share| share.purl.as_str()).collect();
    let parts = [
        (ownership.packages, format!("packages ({})", holders.count() + bundled.len())),
        (ownership.first_party, "own code".to_owned()),
        (ownership.unattributed, "not attributed".to_owned()),
        (ownership.not_judged, "not judged".to_owned()),
    ];
    let parts = parts.into_iter().filter(|(amount, _)| amount.bytes > 0);
    let mut parts: Vec<String> = parts.map(|(amount, whose)| format!("{} {whose}", share(amount.bytes, total))).collect();
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    if ownership.unseen > 0 {
        parts.push(format!("and {} that could not be seen", bytes(ownership.unseen)));
    }
    parts.join(", ")
}

/// `84 %`: rounded, but what is there is not `0 %`, and what is not all is not `100 %`.
pub(super) fn share(part: u64, total: u64) -> String {
    if part >= total {
        return "100 %".to_owned();
    }
    match (part as f64 * 100.0 / total as f64).round() {
        share if share < 1.0 => "<1 %".to_owned(),
        share if share > 99.0 => ">99 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}

/// `1 Go binary, 2 jars, 8.4 MB`: what is not judged; empty where nothing is.
pub(super) fn not_judged(files: &[NotJudged]) -> String {
    if files.is_empty() {
        return String::new();
    }
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for file in files {
        *kinds.entry(file.kind).or_default() += file.packages.unwrap_or(1);
    }
    let total = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, number)| count(number, &thing(kind))).collect();
    format!("{}, {}", kinds.join(", "), bytes(total))
}

/// A kind as a noun that can be counted.
fn thing(kind: &str) -> String {
    let words: Vec<&str> = kind
        .split('-')
        .map(|word| match word {
            "go" => "Go",
            "dotnet" => ".NET",
            "ruby" => "Ruby",
            "php" => "PHP",
            "java" => "Java",
            "os" => "OS",
            "powershell" => "PowerShell",
            "dart" => "Dart",
            "swift" => "Swift",
            "elixir" => "Elixir",
            "conda" => "Conda",
            word => word,
        })
        .collect();
    let words = words.join(" ");
    let is_thing = ["jar", "binary", "package", "module"].iter().any(|thing| words.ends_with(thing));
    match words.as_str() {
        "Conda" => "Conda package".to_owned(),
        "Go module" => "Go module file".to_owned(),
        _ if is_thing => words,
        _ => format!("{words} file"),
    }
}

/// `deny: of 3 artifacts 1 denied, 1 could not be judged, 1 passed`.
pub(super) fn summary(tally: Tally) -> String {
    let parts = [(tally.deny, "denied"), (tally.incomplete, "could not be judged"), (tally.pass, "passed")];
    let parts: Vec<String> = parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
    format!("{}: of {} artifacts {}", tally.outcome().as_str(), tally.artifacts(), parts.join(", "))
}

/// `3 denied, 1 not judged, 2 warnings, 4 for information; 1 ignored`.
pub(super) fn counts(verdict: &Verdict) -> String {
    let number = |level| verdict.findings.iter().filter(|finding| finding.level == level).count();
    let warnings = count(number(Level::Warn), "warning");
    let parts = [
        (number(Level::Deny), format!("{} denied", number(Level::Deny))),
        (number(Level::Incomplete), format!("{} could not be judged", number(Level::Incomplete))),
        (number(Level::Warn), warnings),
        (number(Level::Info), format!("{} for information", number(Level::Info))),
        (verdict.known.len(), format!("{} known", verdict.known.len())),
        (verdict.ignored.len(), format!("{} ignored", verdict.ignored.len())),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

/// `verified, https://github.com/acme/… (by https://token.actions.githubusercontent.com)`: who signed.
pub(super) fn signature(provenance: &Provenance) -> String {
    match provenance.state {
        ProvenanceState::Unsigned => "none".to_owned(),
        ProvenanceState::Refused => format!("refused ({})", escaped(&provenance.reason)),
        ProvenanceState::Verified => {
            let signers = provenance.signers.iter().map(|signer| match signer.issuer.as_str() {
                "" => format!("the key {}", escaped(&signer.subject)),
                issuer => format!("{} (by {})", escaped(&signer.subject), escaped(issuer)),
            });
            format!("verified, {}", signers.collect::<Vec<_>>().join(" and "))
        }
    }
}

/// `database of 2026-11-21, 1 day old`.
pub(super) fn source(advisories: &Advisories) -> String {
    let kind = match advisories.source {
        AdvisoryOrigin::Db => "database",
        AdvisoryOrigin::Api => "api.osv.dev",
        AdvisoryOrigin::Embedded => "snapshot inside fngate",
    };
    let day = advisories.as_of.get(..10).unwrap_or(&advisories.as_of);
    let age = usize::try_from(advisories.age_days).unwrap_or_default();
    // A finding says why only the snapshot was at hand.
    let note = if advisories.note.is_empty() || advisories.source == AdvisoryOrigin::Embedded {
        String::new()
    } else {
        format!(" ({})", escaped(&advisories.note))
    };
    format!("{kind} of {}, {} old{note}", escaped(day), count(age, "day"))
}

/// `CISA KEV of 2026-11-20, 1 day old, 1,660 vulnerabilities`.
pub(super) fn exploited(feed: &Feed) -> String {
    let day = feed.as_of.get(..10).unwrap_or(&feed.as_of);
    let age = usize::try_from(feed.age_days).unwrap_or_default();
    let entries = if feed.entries == 1 { "vulnerability" } else { "vulnerabilities" };
    format!("{} of {}, {} old, {} {entries}", feed.name.title(), escaped(day), count(age, "day"), feed.entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryPath;

    #[test]
    fn figures_are_short() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1 kB"),
            (1552, "1.6 kB"),
            (8_388_608, "8.4 MB"),
            (9_990_000, "10 MB"),
            (250_000_000, "250 MB"),
        ];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
        assert_eq!(bytes(999_999), "1 MB");
        assert_eq!(bytes(u64::MAX), "18447 PB");
    }

    #[test]
    fn long_texts_are_clipped_between_characters() {
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("äöüß", 3), "äöü… (1 more character)");
        assert_eq!(clipped("", 0), "");
    }

    #[test]
    fn shares_are_whole_percents() {
        for (part, total, text) in
            [(0, 10, "<1 %"), (1, 1000, "<1 %"), (84, 100, "84 %"), (999, 1000, ">99 %"), (10, 10, "100 %"), (u64::MAX, u64::MAX, "100 %")]
        {
            assert_eq!(share(part, total), text, "{part} {total}");
        }
        let mut inventory = Inventory::default();
        assert_eq!(shares(&inventory), "nothing");
        inventory.ownership.first_party.add(100);
        inventory.ownership.unseen = 2_000_000;
        assert_eq!(shares(&inventory), "100 % own code, and 2 MB that could not be seen");
        inventory.ownership.not_judged.add(300);
        assert_eq!(shares(&inventory), "25 % own code, 75 % not judged, and 2 MB that could not be seen");
    }

    #[test]
    fn kinds_are_counted() {
        let file = |kind, size| NotJudged { kind, path: EntryPath::new("x").unwrap(), size, packages: None, detail: String::new() };
        let files = [
            file("jar", 2_000_000),
            file("go-binary", 6_000_000),
            file("go-binary", 1),
            file("native-code", 0),
            file("php", 0),
            file("php", 0),
            NotJudged { packages: Some(88), ..file("os-package", 0) },
        ];
        assert_eq!(not_judged(&files), "2 Go binaries, 1 jar, 1 native code file, 88 OS packages, 2 PHP files, 8 MB");
        assert_eq!(not_judged(&[]), "");
    }
}
