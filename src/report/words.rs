//! Words and figures for people.

use std::collections::BTreeMap;

use crate::model::NotJudged;

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
