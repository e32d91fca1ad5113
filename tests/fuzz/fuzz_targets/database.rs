//! Any bytes as a database: opening, reading and verifying it ends, without a panic.
#![no_main]

use fngate::model::{Ecosystem, EntryPath, Package, Relation};
use fngate::osv::{AdvisorySource, Database};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = std::env::temp_dir().join(format!("fngate-fuzz-{}.db", std::process::id()));
    if std::fs::write(&path, bytes).is_err() {
        return;
    }
    let Ok(database) = Database::open(&path) else { return };
    let _ = database.verify();
    let Ok(place) = EntryPath::new("lock") else { return };
    let package = Package::new(Ecosystem::Npm, "left", Some("1.0.0"), Relation::Installed, &place, "fuzz");
    let _ = database.judge(&[package]);
});
