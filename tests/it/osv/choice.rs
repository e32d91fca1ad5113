//! Which source answers.

use std::path::Path;

use fngate::model::{AdvisoryOrigin, Ecosystem};
use fngate::osv::db::build;
use fngate::osv::{AdvisorySource, Choice, DatabaseError, Mode, SourceError, choose};

use super::api::Service;
use super::{assorted, dump};

/// A port where nobody answers.
fn nobody() -> String {
    format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

fn chosen(mode: Mode, db: Option<&Path>, today: &str, service: &str) -> Result<Box<dyn AdvisorySource>, SourceError> {
    choose(&Choice { mode, db, today: today.parse().unwrap(), fresh_days: 3, service })
}

#[test]
fn a_fresh_database_then_the_service_then_a_stale_database() {
    let folder = tempfile::tempdir().unwrap();
    dump(&folder.path().join("npm/all.zip"), &assorted()[0].1);
    let path = folder.path().join("a.db");
    build(&[folder.path().to_owned()], &path, None).unwrap();
    let service = Service::of(Vec::new());
    let origin = |mode, today, url: &str| {
        let about = chosen(mode, Some(&path), today, url).unwrap().about();
        (about.origin, about.note)
    };
    assert_eq!(origin(Mode::Auto, "2026-01-05", &service.url), (AdvisoryOrigin::Db, String::new()));
    assert_eq!(origin(Mode::Auto, "2026-01-06", &service.url), (AdvisoryOrigin::Api, String::new()));
    assert_eq!(origin(Mode::Online, "2026-01-03", &service.url), (AdvisoryOrigin::Api, String::new()));
    assert_eq!(origin(Mode::Offline, "2030-01-06", &service.url), (AdvisoryOrigin::Db, String::new()));
    let (stale, note) = origin(Mode::Auto, "2026-01-12", &nobody());
    assert_eq!(stale, AdvisoryOrigin::Db);
    assert!(note.starts_with("the advisory database is 10 days old, and the advisory service: cannot reach"), "{note}");
    assert!(chosen(Mode::Auto, Some(&path), "2026-01-12", &nobody()).unwrap().covers(Ecosystem::Npm));
}

#[test]
fn a_named_database_is_that_or_nothing() {
    let service = Service::of(Vec::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    for mode in [Mode::Auto, Mode::Offline] {
        let missing = chosen(mode, Some(&path), "2026-01-05", &service.url);
        assert!(matches!(missing, Err(SourceError::Database(DatabaseError::Open { .. }))));
    }
    std::fs::write(&path, "FNGATEDB or not").unwrap();
    assert!(chosen(Mode::Auto, Some(&path), "2026-01-05", &service.url).is_err());
    assert!(chosen(Mode::Online, None, "2026-01-05", &nobody()).is_err());
}
