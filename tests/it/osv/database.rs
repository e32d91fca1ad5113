//! The offline database: what goes in comes out, and damage is an error.

use std::path::{Path, PathBuf};

use fngate::model::{AdvisoryOrigin, Ecosystem};
use fngate::osv::db::{Database, build};
use fngate::osv::matcher::by_package;
use fngate::osv::{AdvisorySource, BuildError, DatabaseError, SourceError};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{MANY, advisory, assorted, dump, npm, package, suspects};

/// A folder of dumps, and the database to be.
fn dumps(records: &[(Ecosystem, Vec<Value>)]) -> (TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("dumps");
    for (ecosystem, records) in records {
        dump(&from.join(ecosystem.as_str()).join("all.zip"), records);
    }
    let output = folder.path().join("a.db");
    (folder, from, output)
}

fn built(records: &[(Ecosystem, Vec<Value>)]) -> (TempDir, Database) {
    let (folder, from, output) = dumps(records);
    build(&[from], &output, None).unwrap();
    let database = Database::open(&output).unwrap();
    (folder, database)
}

#[test]
fn gives_what_the_records_give() {
    let (_folder, database) = built(&assorted());
    database.verify().unwrap();
    let direct = assorted().iter().flat_map(|(_, records)| records).map(advisory).collect::<Vec<_>>();
    let expected = by_package(&direct, &suspects()).into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(fngate::osv::vulnerabilities(&database, &suspects()).unwrap(), expected);
    assert!(!expected.is_empty());
    let everything = (0..MANY).map(|at| package(Ecosystem::Npm, &format!("package-{at}"), Some("1.0.0"))).collect::<Vec<_>>();
    assert_eq!(fngate::osv::vulnerabilities(&database, &everything).unwrap().len(), MANY);
    let about = database.about();
    assert_eq!((about.origin, about.as_of.to_string().as_str(), about.unreadable), (AdvisoryOrigin::Db, "2026-01-02T00:00:00Z", 0));
}

#[test]
fn building_is_deterministic_but_for_its_time() {
    let (_a, first) = built(&assorted());
    let (_b, second) = built(&assorted());
    assert_eq!(first.status().description.ecosystems, second.status().description.ecosystems);
    assert_eq!(first.status().size, second.status().size);
}

#[test]
fn a_directory_of_records_and_named_zips() {
    let folder = tempfile::tempdir().unwrap();
    let loose = folder.path().join("records");
    std::fs::create_dir(&loose).unwrap();
    std::fs::write(loose.join("a.json"), npm("GHSA-1", "p", &json!([{"introduced": "0"}])).to_string()).unwrap();
    std::fs::write(loose.join("note.txt"), "not a record").unwrap();
    let zip = folder.path().join("PyPI.zip");
    dump(&zip, &[json!({"id": "PYSEC-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "q"}, "versions": ["1"]}]})]);
    let output = folder.path().join("a.db");
    let status = build(&[loose, zip], &output, Some("2026-03-01T00:00:00Z".parse().unwrap())).unwrap();
    assert_eq!(status.description.as_of, "2026-03-01T00:00:00Z");
    assert_eq!(
        status.description.ecosystems.iter().map(|covered| (covered.name.as_str(), covered.records)).collect::<Vec<_>>(),
        [("npm", 1), ("PyPI", 1)]
    );
    assert_eq!(status.digest, Database::open(&output).unwrap().status().digest);
}

#[test]
fn an_ecosystem_without_a_dump_is_not_clean() {
    let (_folder, database) = built(&assorted()[..1]);
    let error = database.judge(&[package(Ecosystem::PyPi, "anything", Some("1"))]).unwrap_err();
    assert!(matches!(error, SourceError::Uncovered { ecosystem: Ecosystem::PyPi, .. }));
    assert!(error.hint().is_some());
}

#[test]
fn a_dump_of_one_ecosystem_covers_only_that_one() {
    let folder = tempfile::tempdir().unwrap();
    let both = json!({"id": "GHSA-2", "affected": [{"package": {"ecosystem": "npm", "name": "p"}, "versions": ["1.0.0"]}, {"package": {"ecosystem": "PyPI", "name": "p"}, "versions": ["1"]}]});
    let zip = folder.path().join("dump.zip");
    dump(&zip, &[npm("GHSA-1", "p", &json!([{"introduced": "0"}])), both]);
    let output = folder.path().join("a.db");
    build(&[zip], &output, None).unwrap();
    let database = Database::open(&output).unwrap();
    assert!(database.covers(Ecosystem::Npm) && !database.covers(Ecosystem::PyPi));
}

#[test]
fn the_newest_copy_of_a_record_counts() {
    let record = |modified: &str, fixed: &str| {
        let mut record = npm("GHSA-1", "p", &json!([{"introduced": "0"}, {"fixed": fixed}]));
        record["modified"] = json!(modified);
        record
    };
    let mut withdrawn = record("2026-03-01T00:00:00.5Z", "9.0.0");
    withdrawn["id"] = json!("GHSA-2");
    let mut older = withdrawn.clone();
    withdrawn["withdrawn"] = json!("2026-03-01T00:00:00Z");
    older["modified"] = json!("2026-03-01T00:00:00Z");
    let npm = vec![record("2026-01-01T00:00:00Z", "1.0.0"), withdrawn];
    let own = json!({"id": "PYSEC-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "q"}, "versions": ["1"]}]});
    let pypi = vec![record("2026-02-01T00:00:00Z", "2.0.0"), older, own];
    let (_folder, database) = built(&[(Ecosystem::Npm, npm), (Ecosystem::PyPi, pypi)]);
    let ids = |version| {
        fngate::osv::vulnerabilities(&database, &[package(Ecosystem::Npm, "p", Some(version))])
            .unwrap()
            .into_iter()
            .map(|one| one.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("1.5.0"), ["GHSA-1"]);
    assert!(ids("2.0.0").is_empty());
}

#[test]
fn a_record_from_the_future_does_not_make_it_fresh() {
    let mut late = npm("GHSA-1", "p", &json!([{"introduced": "0"}]));
    late["modified"] = json!("2999-01-01T00:00:00Z");
    let (_folder, database) = built(&[(Ecosystem::Npm, vec![late, npm("GHSA-2", "p", &json!([{"introduced": "0"}]))])]);
    assert_eq!(database.as_of().to_string(), "2026-01-01T00:00:00Z");
    assert_eq!(fngate::osv::source::age_days(database.as_of(), "2026-01-05".parse().unwrap()), 4);
}

#[test]
fn every_flipped_byte_is_noticed() {
    let (folder, database) = built(&assorted());
    drop(database);
    let whole = std::fs::read(folder.path().join("a.db")).unwrap();
    let names = suspects()
        .into_iter()
        .chain((0..MANY).map(|at| package(Ecosystem::Npm, &format!("package-{at}"), Some("1.0.0"))))
        .collect::<Vec<_>>();
    let path = folder.path().join("b.db");
    for at in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, &flipped).unwrap();
        let answer = Database::open(&path).map_err(SourceError::from).and_then(|database| database.judge(&names));
        assert!(answer.is_err(), "byte {at} of {}", whole.len());
        assert!(Database::open(&path).and_then(|database| database.verify()).is_err(), "byte {at}");
    }
}

#[test]
fn a_cut_or_foreign_file_is_no_database() {
    let (folder, database) = built(&assorted());
    drop(database);
    let whole = std::fs::read(folder.path().join("a.db")).unwrap();
    let path = folder.path().join("b.db");
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(Database::open(&path).is_err(), "{length} bytes");
    }
    std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(matches!(Database::open(&path), Err(DatabaseError::Damaged { .. })));
    let mut other = whole;
    other[8] = 9;
    std::fs::write(&path, other).unwrap();
    let Err(DatabaseError::Foreign { why, .. }) = Database::open(&path) else { panic!() };
    insta::assert_snapshot!(why, @"its layout is 9, not 3");
    assert!(matches!(Database::open(Path::new("/nowhere/at/all.db")), Err(DatabaseError::Open { .. })));
    assert!(matches!(Database::open(folder.path()), Err(DatabaseError::Open { .. })));
}

/// Builds over an existing database and asserts that it fails and leaves the old one alone.
fn refused(from: &Path) -> BuildError {
    let (folder, database) = built(&assorted());
    drop(database);
    let output = folder.path().join("a.db");
    let before = std::fs::read(&output).unwrap();
    let error = build(&[from.to_owned()], &output, None).unwrap_err();
    assert!(std::fs::read(&output).unwrap() == before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
    assert!(error.hint().is_some());
    error
}

#[test]
fn a_bad_dump_keeps_the_old_database() {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("all.zip");
    assert!(matches!(refused(&zip), BuildError::Read { .. }));
    assert!(matches!(refused(folder.path()), BuildError::Empty));

    dump(&zip, &assorted()[0].1);
    let whole = std::fs::read(&zip).unwrap();
    std::fs::write(&zip, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refused(&zip), BuildError::Broken { .. }));
    let mut damaged = whole;
    damaged[60] ^= 0xff;
    std::fs::write(&zip, damaged).unwrap();
    assert!(matches!(refused(&zip), BuildError::Broken { .. }));

    let many = (0..100_000).map(|at| json!({"introduced": at.to_string()})).collect::<Vec<_>>();
    dump(&zip, &[npm("X-1", "p", &many.into())]);
    assert!(matches!(refused(&zip), BuildError::Record(_)));
    dump(&zip, &[json!({"id": "X-1", "details": "x".repeat(50_000_000)})]);
    assert!(matches!(refused(&zip), BuildError::RecordSize { .. }));
    let bomb = (0..20).map(|at| json!({"id": format!("X-{at}"), "details": "x".repeat(1_000_000)})).collect::<Vec<_>>();
    dump(&zip, &bomb);
    assert!(matches!(refused(&zip), BuildError::Bomb { .. }));
    dump(&zip, &[json!({"no": "id"}), npm("X-1", "p", &json!([{"introduced": "0"}]))]);
    insta::assert_snapshot!(refused(&zip), @"1 of 2 records cannot be read; the first is `0.json`: it has no `id`");
}

#[test]
fn a_few_unreadable_records_are_counted() {
    let mut records = assorted()[0].1.clone();
    records.push(json!({"no": "id"}));
    let (_folder, database) = built(&[(Ecosystem::Npm, records)]);
    assert_eq!(database.about().unreadable, 1);
}

#[test]
fn a_dump_that_holds_nothing_of_its_ecosystem_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (npm_zip, pypi_zip) = (folder.path().join("npm/all.zip"), folder.path().join("PyPI/all.zip"));
    let pypi = json!({"id": "PYSEC-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "q"}, "versions": ["1"]}]});
    dump(&pypi_zip, std::slice::from_ref(&pypi));
    dump(&npm_zip, &[pypi, json!({"id": "GHSA-1", "affected": []})]);
    let error = refused(folder.path());
    assert!(matches!(error, BuildError::Bare { ecosystem: Ecosystem::Npm, .. }), "{error}");
    dump(&npm_zip, &[]);
    assert!(matches!(refused(folder.path()), BuildError::Empty));
    std::fs::remove_file(&npm_zip).unwrap();
    std::fs::create_dir(&npm_zip).unwrap();
    assert!(matches!(refused(folder.path()), BuildError::Empty));
    #[cfg(unix)]
    {
        std::fs::remove_dir(&npm_zip).unwrap();
        std::os::unix::fs::symlink("nowhere", &npm_zip).unwrap();
        assert!(matches!(refused(folder.path()), BuildError::Read { .. }));
    }
}

#[test]
fn the_unreadable_share_is_that_of_each_dump() {
    let folder = tempfile::tempdir().unwrap();
    let many = (0..500).map(|at| npm(&format!("GHSA-{at}"), &format!("p-{at}"), &json!([{"introduced": "0"}]))).collect::<Vec<_>>();
    dump(&folder.path().join("npm/all.zip"), &many);
    let broken = (0..4).map(|at| json!({"no": at})).collect::<Vec<_>>();
    dump(&folder.path().join("crates.io/all.zip"), &broken);
    assert!(matches!(refused(folder.path()), BuildError::Unreadable { unreadable: 4, records: 4, .. }));
}

#[test]
fn two_entries_of_one_name_are_refused() {
    // `zip` writes no such archive, so one of two names of the same length is made the other's.
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("all.zip");
    dump(&zip, &[npm("GHSA-1", "p", &json!([{"introduced": "0"}])), npm("GHSA-2", "q", &json!([{"introduced": "0"}]))]);
    let text = std::fs::read(&zip).unwrap();
    let mut twins = text.clone();
    for at in 0..text.len() - 11 {
        if &text[at..at + 11] == b"GHSA-2.json" {
            twins[at + 5] = b'1';
        }
    }
    std::fs::write(&zip, twins).unwrap();
    assert!(matches!(refused(&zip), BuildError::Broken { .. }));
}

#[test]
fn what_is_no_file_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("X.json")).unwrap();
    assert!(matches!(refused(folder.path()), BuildError::Read { .. }));
    #[cfg(unix)]
    {
        std::fs::remove_dir(folder.path().join("X.json")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("X.JSON")).unwrap();
        assert!(matches!(refused(folder.path()), BuildError::Read { .. }));
        assert!(matches!(refused(Path::new("/dev/null")), BuildError::Read { .. }));
    }
}

#[test]
fn a_newer_copy_that_no_longer_names_a_package_takes_it_back() {
    let both = json!([{"package": {"ecosystem": "npm", "name": "p"}, "versions": ["1.0.0"]}, {"package": {"ecosystem": "PyPI", "name": "q"}, "versions": ["1"]}]);
    let record = |modified: &str, affected: &Value| json!({"id": "GHSA-1", "modified": modified, "affected": affected});
    let npm = vec![record("2026-01-01T00:00:00Z", &both), npm("GHSA-2", "r", &json!([{"introduced": "0"}]))];
    let pypi = vec![record("2026-02-01T00:00:00Z", &json!([both[1]]))];
    let (_folder, database) = built(&[(Ecosystem::Npm, npm), (Ecosystem::PyPi, pypi)]);
    let suspects = [package(Ecosystem::Npm, "p", Some("1.0.0")), package(Ecosystem::PyPi, "q", Some("1"))];
    let found = database.judge(&suspects).unwrap();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [0, 1]);
}
