//! The advisory engine.

mod api;
mod choice;
mod command;
mod corner;
mod cross;
mod database;
mod feed;
mod matcher;
mod range;
mod record;
mod sbom;
mod snapshot;
mod update;
mod version;

use std::path::Path;

use fngate::model::{Ecosystem, EntryPath, Package, Relation};
use fngate::osv::Advisory;
use fngate::osv::record::Record;
use serde_json::{Value, json};

/// Packages of [`assorted`] that are there to fill several blocks.
pub const MANY: usize = 100;

/// A package as an extractor would find it.
pub fn package(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Package {
    Package::new(ecosystem, name, version, Relation::Installed, &EntryPath::new("lock").unwrap(), "test")
}

/// The advisory that a record's JSON holds.
pub fn advisory(record: &Value) -> Advisory {
    Record::parse(record.to_string().as_bytes()).unwrap().advisory
}

/// A record about one npm package with one range.
pub fn npm(id: &str, name: &str, events: &Value) -> Value {
    json!({"id": id, "modified": "2026-01-01T00:00:00Z", "summary": "Something is wrong",
        "affected": [{"package": {"ecosystem": "npm", "name": name}, "ranges": [{"type": "SEMVER", "events": events}]}]})
}

/// Writes records as a zip of OSV's kind.
pub fn dump(path: &Path, records: &[Value]) {
    use std::io::Write;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    for (at, record) in records.iter().enumerate() {
        let name = record.get("id").and_then(Value::as_str).map_or_else(|| format!("{at}.json"), |id| format!("{id}.json"));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(record.to_string().as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

/// Records that exercise every part of the matcher, over all three ecosystems.
pub fn assorted() -> Vec<(Ecosystem, Vec<Value>)> {
    let many =
        (0..MANY).map(|at| npm(&format!("GHSA-many-{at:04}"), &format!("package-{at}"), &json!([{"introduced": "0"}, {"fixed": "2.0.0"}])));
    let npm = [
        npm("GHSA-aaaa", "left", &json!([{"introduced": "1.0.0"}, {"fixed": "1.5.0"}])),
        npm("MAL-2026-1", "evil", &json!([{"introduced": "0"}])),
        npm("GHSA-odd", "odd", &json!([{"introduced": "0"}, {"fixed": ">= 1.123.64"}])),
        json!({"id": "GHSA-gone", "modified": "2026-01-02T00:00:00Z", "withdrawn": "2026-01-02T00:00:00Z",
            "affected": [{"package": {"ecosystem": "npm", "name": "left"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}),
    ];
    let pypi = [
        json!({"id": "PYSEC-1", "aliases": ["CVE-2026-1", "GHSA-pppp"], "modified": "2026-01-01T00:00:00Z",
            "affected": [{"package": {"ecosystem": "PyPI", "name": "Snake_Oil"},
                "ranges": [{"type": "GIT", "repo": "https://example.invalid", "events": [{"introduced": "0"}]},
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}], "versions": ["1.0", "1.1"]}]}),
        json!({"id": "GHSA-pppp", "aliases": ["CVE-2026-1"], "modified": "2026-01-01T00:00:00Z",
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/"}],
            "affected": [{"package": {"ecosystem": "PyPI", "name": "snake-oil"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"last_affected": "1.9"}]}]}]}),
    ];
    let crates = [
        json!({"id": "RUSTSEC-1", "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "crates.io", "name": "rusty_nail"},
        "database_specific": {"informational": "unsound"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0.0.0-0"}, {"fixed": "0.3.0"}]}]}]}),
    ];
    vec![(Ecosystem::Npm, npm.into_iter().chain(many).collect()), (Ecosystem::PyPi, pypi.into()), (Ecosystem::CratesIo, crates.into())]
}

/// Packages that [`assorted`] affects, or just not.
pub fn suspects() -> Vec<Package> {
    let table = [
        (Ecosystem::Npm, "left", Some("1.2.3")),
        (Ecosystem::Npm, "left", Some("1.5.0")),
        (Ecosystem::Npm, "Left", Some("1.2.3")),
        (Ecosystem::Npm, "evil", None),
        (Ecosystem::Npm, "odd", Some("9.0.0")),
        (Ecosystem::Npm, "package-7", Some("1.0.0+build")),
        (Ecosystem::PyPi, "snake.OIL", Some("1.5")),
        (Ecosystem::PyPi, "snake-oil", Some("2.0")),
        (Ecosystem::CratesIo, "rusty-nail", Some("0.2.9")),
        (Ecosystem::CratesIo, "rusty_nail", Some("0.3.0")),
    ];
    table.map(|(ecosystem, name, version)| package(ecosystem, name, version)).into()
}
