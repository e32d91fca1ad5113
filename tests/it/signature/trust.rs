//! `fngate trust`, and what signatures are verified under: each refusal beside the control that differs in one thing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use fngate::signature::{Cache, Patience, Source, TrustError, TrustLimits, TufRepository};
use jiff::{SignedDuration, Timestamp};

use super::fake::{ISSUER, SUBJECT, hex};
use super::tuf::{Key, Manner, Served, TARGET, Tuf};
use super::*;

/// A repository on a server, and a folder with its first root, a cache and a signed function.
struct Place {
    folder: tempfile::TempDir,
    tuf: Tuf,
    served: Served,
}

impl Place {
    fn new() -> Self {
        Self::with(Tuf::new(&FAKE.trusted_root()))
    }

    fn with(tuf: Tuf) -> Self {
        let served = Served::of(&tuf);
        let place = Self { folder: tempfile::tempdir().unwrap(), tuf, served };
        fs::write(place.path("root.json"), &place.tuf.files["1.root.json"]).unwrap();
        fs::write(place.path("fn.zip"), ARTIFACT).unwrap();
        fs::write(place.path("fn.zip.sigstore.json"), FAKE.signed(ARTIFACT, &Signing::default()).to_string()).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn repository(&self) -> TufRepository {
        TufRepository::private(&self.served.url, &self.path("root.json"), Some(&self.path("cache"))).unwrap()
    }

    fn update(&self) -> Result<signature::Updated, String> {
        self.update_at(Timestamp::now())
    }

    fn update_at(&self, now: Timestamp) -> Result<signature::Updated, String> {
        self.served.serve(&self.tuf);
        self.repository().update(now, Patience::default()).map_err(|error| error.to_string())
    }

    fn command(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), arguments)
    }

    /// A command about this repository.
    fn about(&self, arguments: &[&str]) -> Output {
        self.command(&[arguments, &["--tuf-url", &self.served.url, "--tuf-root", "root.json"]].concat())
    }

    fn verify(&self, more: &[&str]) -> Output {
        self.about(&[&["verify", "fn.zip", "--identity", SUBJECT, "--issuer", ISSUER], more].concat())
    }

    fn digest(&self) -> String {
        hex(&sha256(&self.tuf.trusted_root))
    }

    /// The files of the cache.
    fn kept(&self) -> Vec<PathBuf> {
        let folder = self.repository().folder().unwrap().to_owned();
        let files = |folder: &Path| {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.filter(|path| path.is_file()).collect::<Vec<_>>()
        };
        [files(&folder), files(&folder.join("targets"))].concat()
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fngate"));
    command.current_dir(folder).args(arguments).env("NO_COLOR", "1").env("FNGATE_TRUST_CACHE", folder.join("cache")).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The exit code, and everything that was said.
fn outcome(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), out(output) + &String::from_utf8(output.stderr.clone()).unwrap())
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

#[test]
fn what_was_fetched_is_used_offline() {
    let place = Place::new();
    let (code, said) = outcome(&place.verify(&[]));
    assert_eq!(code, 2);
    assert!(
        said.contains("there is no cached trusted root of the TUF repository") && said.contains("fngate trust update --tuf-url"),
        "{said}"
    );
    assert!(place.served.asked().is_empty(), "only an update may ask");
    let (code, said) = outcome(&place.about(&["trust", "update"]));
    assert_eq!(code, 0, "{said}");
    for part in ["a trusted root was fetched", &place.digest(), "(in 6 days)", "root 1, timestamp 1", "https://log.fake.example"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let asked = place.served.asked();
    assert!(asked.contains(&"timestamp.json".to_owned()) && asked.contains(&"2.root.json".to_owned()), "{asked:?}");
    let verified = place.verify(&["--format", "json"]);
    let document: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((verified.status.code(), &document["state"]), (Some(0), &"verified".into()), "{document}");
    assert_eq!((&document["trusted_root"]["source"], &document["trusted_root"]["expired"]), (&"cache".into(), &false.into()));
    assert_eq!(document["trusted_root"]["sha256"], place.digest());
    let status = place.about(&["trust", "status", "--format", "json"]);
    let document: Value = serde_json::from_slice(&status.stdout).unwrap();
    let roots = document["trusted_roots"].as_array().unwrap();
    assert_eq!((status.status.code(), roots.len()), (Some(0), 4));
    assert!(roots[..3].iter().all(|root| root["cache"] == "absent" && root["source"] == "embedded"), "{document}");
    assert_eq!((&roots[3]["cache"], roots[3]["authorities"].as_array().unwrap().len()), (&"used".into(), 4));
    assert_eq!(place.served.asked(), asked, "only an update may ask");
}

#[test]
fn an_update_says_what_has_changed() {
    let mut place = Place::new();
    place.update().unwrap();
    assert!(outcome(&place.about(&["trust", "update"])).1.contains("the trusted root is unchanged"));
    let (before, mut root) = (place.digest(), FAKE.trusted_root());
    root["tlogs"][0]["baseUrl"] = "https://log2.fake.example\u{1b}[31m".into();
    place.tuf.trusted_root = root.to_string().into_bytes();
    place.tuf.next();
    place.served.serve(&place.tuf);
    let (code, said) = outcome(&place.about(&["trust", "update"]));
    assert_eq!(code, 0, "{said}");
    for part in [
        "the trusted root has changed",
        &format!("before    sha256 {before}"),
        &place.digest(),
        "- transparency log https://log.fake.example (from 2020-01-01)",
        "+ transparency log https://log2.fake.example",
        "timestamp 2",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains('\u{1b}'), "foreign text is escaped");
}

#[test]
fn repositories_without_versions_in_their_names_are_read_too() {
    let mut tuf = Tuf::new(&FAKE.trusted_root());
    tuf.files.clear();
    tuf.consistent = false;
    tuf.files.insert("1.root.json".to_owned(), tuf.root(&[]));
    tuf.publish();
    let mut place = Place::with(tuf);
    assert_eq!(place.update().unwrap().cache, Cache::Used);
    assert_eq!(place.verify(&[]).status.code(), Some(0));
    place.tuf.next();
    assert!(place.update().is_ok());
}

#[test]
fn a_cache_in_which_anything_was_changed_is_an_error() {
    let place = Place::new();
    place.update().unwrap();
    let kept = place.kept();
    assert_eq!(kept.len(), 6, "{kept:?}");
    for path in &kept {
        let good = fs::read(path).unwrap();
        let mut bad = good.clone();
        // A digit or letter amid the file: within a hash, a signature, a key or a name.
        let at = (bad.len() / 2..bad.len()).find(|at| bad[*at].is_ascii_alphanumeric()).unwrap();
        bad[at] = if bad[at] == b'1' { b'2' } else { b'1' };
        // The root that is kept is the one that trust begins with, so its copy means nothing.
        let inert = path.ends_with("1.root.json");
        for change in [Some(bad), Some(Vec::new()), None] {
            match &change {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
            let (code, said) = outcome(&place.verify(&[]));
            let gone = change.is_none() && path.ends_with("timestamp.json");
            match inert {
                true => assert_eq!(code, 0, "{said}"),
                false => {
                    assert_eq!(code, 2, "{path:?}: {said}");
                    let expected = if gone { "there is no cached trusted root" } else { "does not verify" };
                    assert!(said.contains(expected) && said.contains("fngate trust update"), "{path:?}: {said}");
                }
            }
            let status = outcome(&place.about(&["trust", "status"]));
            assert_eq!(status.0, code, "{}", status.1);
            fs::write(path, &good).unwrap();
        }
    }
    assert_eq!(place.verify(&[]).status.code(), Some(0), "everything is back");
    fs::write(kept.iter().find(|path| path.ends_with("timestamp.json")).unwrap(), "{}").unwrap();
    assert!(place.verify(&[]).status.code() == Some(2) && place.update().is_ok(), "an update mends it");
    assert_eq!(place.verify(&[]).status.code(), Some(0));
}

#[test]
fn an_update_that_was_stopped_leaves_the_old_state() {
    let mut place = Place::new();
    place.update().unwrap();
    let before = place.digest();
    let mut root = FAKE.trusted_root();
    root["ctlogs"][0]["baseUrl"] = "https://ct2.fake.example".into();
    place.tuf.trusted_root = root.to_string().into_bytes();
    place.tuf.next();
    place.served.serve(&place.tuf);
    let other = TufRepository::private(&place.served.url, &place.path("root.json"), Some(&place.path("other"))).unwrap();
    other.update(Timestamp::now(), Patience::default()).unwrap();
    let (from, to) = (other.folder().unwrap(), place.repository().folder().unwrap().to_owned());
    let in_use = || place.repository().trusted_root(Timestamp::now()).unwrap().sha256().to_owned();
    let target = format!("targets/{}.{TARGET}", place.digest());
    for name in [target.as_str(), "2.targets.json", "2.snapshot.json"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
        assert_eq!(in_use(), before, "{name}");
    }
    fs::copy(from.join("timestamp.json"), to.join("timestamp.json")).unwrap();
    assert_eq!(in_use(), place.digest(), "the timestamp comes last");
}

#[test]
fn a_cache_that_somebody_else_has_signed_is_an_error() {
    let place = Place::new();
    place.update().unwrap();
    let mut evil = FAKE.trusted_root();
    evil["tlogs"][0]["baseUrl"] = "https://evil.example".into();
    let stranger = Place::with(Tuf::new(&evil));
    stranger.update().unwrap();
    let (own, theirs) = (place.repository().folder().unwrap().to_owned(), stranger.repository().folder().unwrap().to_owned());
    for path in stranger.kept() {
        fs::copy(&path, own.join(path.strip_prefix(&theirs).unwrap())).unwrap();
    }
    let (code, said) = outcome(&place.verify(&[]));
    assert_eq!(code, 2);
    assert!(said.contains("signature threshold not met for role timestamp"), "{said}");
    assert_eq!(stranger.verify(&["--explain"]).status.code(), Some(1), "under their own root they verify, and the log is another");
}

#[test]
fn what_a_server_must_not_give_is_not_kept() {
    let mut place = Place::new();
    place.tuf.next();
    place.update().unwrap();
    let good = place.tuf.files.clone();
    let refused = |place: &Place, part: &str| {
        let said = place.update().unwrap_err();
        assert!(said.contains(part), "{part}: {said}");
        assert_eq!(place.repository().trusted_root(Timestamp::now()).unwrap().sha256(), hex(&sha256(&place.tuf.trusted_root)));
        let Source::Cached(fresh) = place.repository().trusted_root(Timestamp::now()).unwrap().source() else { panic!() };
        assert_eq!(fresh.timestamp_version, 2, "the cache is as it was");
    };
    // A timestamp by another key.
    let key = std::mem::replace(&mut place.tuf.timestamp_key, Key::new());
    place.tuf.version = 3;
    place.tuf.publish();
    refused(&place, "signature threshold not met for role timestamp");
    place.tuf.timestamp_key = key;
    // One that has expired.
    let expires = std::mem::replace(&mut place.tuf.expires, Timestamp::now() - days(1));
    place.tuf.publish();
    refused(&place, "timestamp metadata expired");
    place.tuf.expires = expires;
    // An older one.
    place.tuf.version = 1;
    place.tuf.publish();
    refused(&place, "rollback detected for timestamp");
    // A target that is not the one that was signed.
    place.tuf.files = good;
    let root = place.tuf.trusted_root.clone();
    let mut evil = FAKE.trusted_root();
    evil["tlogs"][0]["baseUrl"] = "https://evil.example".into();
    place.tuf.trusted_root = evil.to_string().into_bytes();
    place.tuf.version = 3;
    place.tuf.publish();
    let name = format!("targets/{}.{TARGET}", hex(&sha256(evil.to_string().as_bytes())));
    place.tuf.files.insert(name, root.clone());
    place.tuf.trusted_root = root;
    refused(&place, "trusted_root.json: ");
    // One that was signed and is none.
    place.tuf.trusted_root = b"{\"mediaType\": 7}".to_vec();
    place.tuf.publish();
    let said = place.update().unwrap_err();
    assert!(said.contains("cannot use the trusted root"), "{said}");
    // And the control.
    place.tuf.trusted_root = FAKE.trusted_root().to_string().into_bytes();
    place.tuf.publish();
    assert!(place.update().is_ok());
}

#[test]
fn endless_and_slow_answers_end() {
    for (manner, part) in [(Manner::Endless, "exceeds max length"), (Manner::Slow, "timed out")] {
        let place = Place::new();
        let served = Served::new(manner);
        served.serve(&place.tuf);
        let repository = TufRepository::private(&served.url, &place.path("root.json"), Some(&place.path("other"))).unwrap();
        let begun = Instant::now();
        let patience = Patience { request: Duration::from_secs(1), whole: Duration::from_secs(10) };
        let said = repository.update(Timestamp::now(), patience).unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
        let whole = Patience { request: Duration::from_secs(60), whole: Duration::from_secs(1) };
        let said = repository.update(Timestamp::now(), whole).unwrap_err().to_string();
        assert!(said.contains("longer than 1 seconds") || manner == Manner::Endless, "{said}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
        assert!(!place.path("other").exists(), "nothing was written");
    }
}

#[test]
fn a_root_is_followed_only_from_the_one_before() {
    let mut place = Place::new();
    place.update().unwrap();
    place.tuf.rotate(true);
    place.tuf.rotate(true);
    place.update().unwrap();
    let Source::Cached(fresh) = place.repository().trusted_root(Timestamp::now()).unwrap().source() else { panic!() };
    assert_eq!((fresh.root_version, fresh.timestamp_version), (3, 3));
    assert_eq!(place.verify(&[]).status.code(), Some(0), "offline, from the first root");
    // Without the link between them the chain is broken, offline too.
    let second = place.repository().folder().unwrap().join("2.root.json");
    let bytes = fs::read(&second).unwrap();
    fs::remove_file(&second).unwrap();
    assert_eq!(place.verify(&[]).status.code(), Some(2));
    fs::write(&second, bytes).unwrap();
    place.tuf.rotate(false);
    let said = place.update().unwrap_err();
    assert!(said.contains("signature threshold not met for role root"), "{said}");
    assert_eq!(place.verify(&[]).status.code(), Some(0), "the cache is as it was");
}

#[test]
fn an_expired_cache_is_used_and_known_to_be_expired() {
    let place = Place::new();
    place.update().unwrap();
    for (later, expired) in [(days(6), false), (days(8), true), (days(2000), true)] {
        let now = Timestamp::now() + later;
        let (root, cache) = place.repository().standing(now).unwrap();
        let Source::Cached(fresh) = root.source() else { panic!("{:?}", root.source()) };
        assert_eq!((cache, fresh.expires < now), (Cache::Used, expired), "{later}");
    }
    // To fetch what has expired is another thing.
    let said = place.update_at(Timestamp::now() + days(8)).unwrap_err();
    assert!(said.contains("expired"), "{said}");
    // By the command: signed a month ago, kept then.
    let mut old = Tuf::new(&FAKE.trusted_root());
    old.expires = Timestamp::now() - days(23);
    old.publish();
    let old = Place::with(old);
    old.update_at(Timestamp::now() - days(25)).unwrap();
    let (code, said) = outcome(&old.about(&["trust", "status"]));
    assert!(code == 0 && said.contains("cached, its metadata expired 23 days ago"), "{code}: {said}");
    let (code, said) = outcome(&old.verify(&[]));
    let warning = "warning: the metadata of the cached trusted root expired 23 days ago";
    assert!(code == 0 && said.contains(warning) && said.contains("hint: `fngate trust update --tuf-url"), "{code}: {said}");
    assert!(!outcome(&old.verify(&["--quiet"])).1.contains("warning"));
    let fresh = Place::new();
    fresh.update().unwrap();
    assert!(!outcome(&fresh.verify(&[])).1.contains("warning"), "the control");
    let config = format!("[signature]\ntuf_url = \"{}\"\ntuf_root = \"root.json\"\n", old.served.url);
    fs::write(old.path("fngate.toml"), config).unwrap();
    fs::write(old.path("hello.zip"), super::fixture::function()).unwrap();
    let checked = outcome(&old.command(&["check", "hello.zip", "--advisories", "offline"]));
    assert!(checked.1.contains(warning), "{}", checked.1);
    for (most, expected) in [("31", 0), ("30", 0), ("29", 2), ("1", 2)] {
        let (code, said) = outcome(&old.verify(&["--trusted-root-max-age", most]));
        assert_eq!(code, expected, "{most}: {said}");
        let told = said.contains("30 days ago, and at most") && said.contains("hint: `fngate trust update");
        assert!(code == 0 || told, "{said}");
    }
}

/// `testdata/sigstore/tuf`: a cache of March 2025, for the unit test that holds it against the embedded roots.
/// `FNGATE_WRITE_FIXTURES=1 cargo test --test it signature::trust` makes it anew.
#[test]
fn the_cache_in_testdata_verifies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/sigstore/tuf");
    let then: Timestamp = "2025-03-01T12:00:00Z".parse().unwrap();
    if std::env::var_os("FNGATE_WRITE_FIXTURES").is_some() {
        let mut tuf = Tuf::new(&FAKE.trusted_root());
        tuf.expires = then + days(7);
        tuf.files.clear();
        tuf.files.insert("1.root.json".to_owned(), tuf.root(&[]));
        tuf.publish();
        let place = Place::with(tuf);
        place.update_at(then).unwrap();
        let _ = fs::remove_dir_all(&folder);
        fs::rename(place.repository().folder().unwrap(), &folder).unwrap();
    }
    let root = folder.join("1.root.json");
    let place = tempfile::tempdir().unwrap();
    let repository = TufRepository::private("https://tuf.example", &root, Some(place.path())).unwrap();
    let own = repository.folder().unwrap();
    for below in ["", "targets"] {
        fs::create_dir_all(own.join(below)).unwrap();
        for path in fs::read_dir(folder.join(below)).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
            fs::copy(&path, own.join(below).join(path.file_name().unwrap())).unwrap();
        }
    }
    assert_eq!(repository.trusted_root(then).unwrap().as_of(), Some(then));
}

#[test]
fn age_is_counted_by_what_was_signed() {
    let limits = |most: u32| TrustLimits { max_age_days: Some(most), ..TrustLimits::default() };
    let aged = |period: Option<u64>, later: i64, most: u32| {
        let mut tuf = Tuf::new(&FAKE.trusted_root());
        tuf.period = period;
        tuf.files.insert("1.root.json".to_owned(), tuf.root(&[]));
        let place = Place::with(tuf);
        place.update().unwrap();
        let now = Timestamp::now() + days(later);
        place.repository().trusted_root(now).unwrap().within(&limits(most), now).map(|_| ()).map_err(|error| error.to_string())
    };
    // Signed now for a week.
    assert!(aged(Some(7), 2, 3).is_ok());
    assert!(aged(Some(7), 4, 3).unwrap_err().contains("too old"));
    // A repository that does not say for how long it signs vouches until the expiry.
    assert!(aged(None, 9, 3).is_ok());
    assert!(aged(None, 11, 3).unwrap_err().contains("too old"));
    // A period that nobody would sign for is not believed.
    assert!(aged(Some(100_000), 9, 3).is_ok());
    // The embedded roots have the date of their crate.
    let nowhere = tempfile::tempdir().unwrap();
    let embedded = |day: &str, most: u32| {
        let now = day.parse().unwrap();
        TufRepository::of_instance("github", Some(nowhere.path())).unwrap().trusted_root(now).unwrap().within(&limits(most), now)
    };
    assert!(embedded("2026-11-22T00:00:00Z", 30).is_ok());
    let error = embedded("2026-11-23T00:00:00Z", 30).unwrap_err();
    assert!(matches!(&error, TrustError::TooOld { days: 31, most: 30, .. }), "{error}");
    assert_eq!(error.hint().unwrap(), "`fngate trust update --instance github` fetches the current one");
}

#[test]
fn a_pin_is_held_against_the_bytes() {
    let place = Place::new();
    place.update().unwrap();
    let pin = place.digest();
    assert_eq!(place.verify(&["--trusted-root-sha256", &pin.to_uppercase()]).status.code(), Some(0));
    let wrong = "0".repeat(64);
    let (code, said) = outcome(&place.verify(&["--trusted-root-sha256", &wrong]));
    assert_eq!(code, 2);
    assert!(said.contains(&format!("is not the pinned one: expected sha256 {wrong}, found {pin}")), "{said}");
    fs::write(place.path("trusted.json"), &place.tuf.trusted_root).unwrap();
    let of_file = |more: &[&str]| {
        let arguments = ["verify", "fn.zip", "--identity", SUBJECT, "--issuer", ISSUER, "--trusted-root", "trusted.json"];
        outcome(&place.command(&[&arguments, more].concat()))
    };
    assert_eq!(of_file(&["--trusted-root-sha256", &pin]).0, 0);
    assert_eq!(of_file(&["--trusted-root-sha256", &wrong]).0, 2);
    let (code, said) = of_file(&["--trusted-root-max-age", "3000"]);
    assert!(code == 2 && said.contains("a file has none: trusted.json"), "{code}: {said}");
    assert!(of_file(&["--trusted-root-sha256", "ab"]).1.contains("64 hexadecimal digits"));
}

#[test]
fn the_configuration_pins_for_check_too() {
    let place = Place::new();
    place.update().unwrap();
    let pin = place.digest();
    let function = super::fixture::function();
    fs::write(place.path("fn.zip"), &function).unwrap();
    fs::write(place.path("fn.zip.sigstore.json"), FAKE.signed(&function, &Signing::default()).to_string()).unwrap();
    let judged = |settings: &str| {
        let url = &place.served.url;
        let identity = format!("[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n");
        let text = format!("[signature]\ntuf_url = \"{url}\"\ntuf_root = \"root.json\"\n{settings}\n{identity}");
        fs::write(place.path("fngate.toml"), text).unwrap();
        outcome(&place.command(&["check", "fn.zip", "--advisories", "offline", "--format", "json"]))
    };
    let (_, said) = judged(&format!("trusted_root_sha256 = \"{pin}\"\ntrusted_root_max_age_days = 1"));
    assert!(said.contains("\"state\": \"verified\""), "{said}");
    let (code, said) = judged(&format!("trusted_root_sha256 = \"{}\"", "0".repeat(64)));
    assert!(code == 2 && said.contains("is not the pinned one"), "{code}: {said}");
    fs::remove_dir_all(place.path("cache")).unwrap();
    let (code, said) = judged("");
    assert!(code == 2 && said.contains("there is no cached trusted root"), "{code}: {said}");
}

#[test]
fn the_call_of_check_pins_too() {
    let place = Place::new();
    place.update().unwrap();
    fs::write(place.path("trusted.json"), &place.tuf.trusted_root).unwrap();
    fs::write(place.path("hello.zip"), super::fixture::function()).unwrap();
    let config = format!("[signature]\ntuf_url = \"{}\"\ntuf_root = \"root.json\"\n", place.served.url);
    fs::write(place.path("fngate.toml"), config).unwrap();
    let check = |more: &[&str]| outcome(&place.command(&[&["check", "hello.zip", "--advisories", "offline"], more].concat()));
    let (pin, wrong) = (place.digest(), "0".repeat(64));
    assert!(!check(&["--trusted-root-sha256", &pin]).1.contains("pinned"));
    assert!(!check(&["--trusted-root-max-age", "3"]).1.contains("too old"));
    assert!(!check(&["--trusted-root", "trusted.json", "--trusted-root-sha256", &pin]).1.contains("pinned"));
    for more in [&["--trusted-root-sha256", &wrong][..], &["--trusted-root", "trusted.json", "--trusted-root-sha256", &wrong]] {
        let (code, said) = check(more);
        assert!(code == 2 && said.contains(&format!("is not the pinned one: expected sha256 {wrong}, found {pin}")), "{code}: {said}");
    }
    let (code, said) = check(&["--trusted-root", "trusted.json", "--trusted-root-max-age", "3000"]);
    assert!(code == 2 && said.contains("a file has none: trusted.json"), "{code}: {said}");
    // What the configuration asks is asked all the same.
    let config = fs::read_to_string(place.path("fngate.toml")).unwrap();
    fs::write(place.path("fngate.toml"), format!("{config}trusted_root_sha256 = \"{wrong}\"\n")).unwrap();
    assert_eq!(check(&["--trusted-root-sha256", &pin]).0, 2);
}

#[test]
fn the_cache_of_an_instance_is_held_against_the_root_inside() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("cache/public-good");
    fs::create_dir_all(&own).unwrap();
    fs::write(folder.path().join("fn.zip"), ARTIFACT).unwrap();
    let verify = || outcome(&run(folder.path(), &["verify", "fn.zip", "--identity", SUBJECT, "--issuer", ISSUER]));
    assert_eq!(verify().0, 1, "unsigned, under the embedded root");
    // What an older fngate has left begins before the embedded root.
    fs::write(own.join("timestamp.json"), "{}").unwrap();
    fs::write(own.join("15.root.json"), "{}").unwrap();
    assert_eq!(verify().0, 1);
    let (code, said) = outcome(&run(folder.path(), &["trust", "status"]));
    assert!(code == 0 && said.contains("older than what is inside fngate, so not used"), "{code}: {said}");
    // One that begins with it must verify.
    let root = sigstore_trust_root::SigstoreInstance::PublicGood.tuf_root();
    let version = serde_json::from_slice::<Value>(root).unwrap()["signed"]["version"].as_u64().unwrap();
    fs::write(own.join(format!("{version}.root.json")), root).unwrap();
    let (code, said) = verify();
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("cache/public-good` does not verify") && said.contains("`fngate trust update --instance public-good`"), "{said}");
    let (code, said) = outcome(&run(folder.path(), &["trust", "status"]));
    assert!(code == 2 && said.contains("public-good: not usable") && said.contains("github: inside fngate"), "{code}: {said}");
}

#[test]
fn nothing_but_an_update_goes_to_the_network() {
    let place = Place::new();
    let proxy = Served::new(Manner::Honest);
    let through = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fngate"));
        command.current_dir(place.folder.path()).args(arguments).env("FNGATE_TRUST_CACHE", place.path("cache"));
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy"] {
            command.env(name, &proxy.url);
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    };
    for instance in ["public-good", "staging", "github"] {
        through(&["verify", "fn.zip", "--identity", SUBJECT, "--issuer", ISSUER, "--trusted-root", instance]);
    }
    through(&["trust", "status"]);
    assert!(proxy.asked().is_empty(), "{:?}", proxy.asked());
    through(&["trust", "update"]);
    assert!(!proxy.asked().is_empty(), "the control");
}

#[test]
fn the_signing_configuration_is_kept_beside_the_root() {
    let mut place = Place::new();
    let config = |place: &Place| place.repository().signing_config(Timestamp::now());
    assert_eq!(config(&place).unwrap(), None);
    place.update().unwrap();
    assert_eq!(config(&place).unwrap(), place.tuf.signing_config);
    let kept = place.kept().into_iter().find(|path| path.to_string_lossy().ends_with("signing_config.v0.2.json")).unwrap();
    fs::write(kept, "{}").unwrap();
    assert!(config(&place).is_err());
    place.tuf.signing_config = None;
    place.tuf.next();
    place.update().unwrap();
    assert_eq!(config(&place).unwrap(), None);
}

#[test]
fn a_file_may_hold_several_roots() {
    let lines = |roots: &[&Value]| roots.iter().map(|root| format!("{root}\n")).collect::<String>();
    let under = |text: &str, bundle: &Value| {
        let trust = TrustedRoot::from_json("roots.jsonl", text.as_bytes()).unwrap();
        code(&signature::verify(&sha256(ARTIFACT), &[file(bundle.to_string())], &trust, &signer(), now()))
    };
    let (own, other) = (FAKE.trusted_root(), Fake::new().trusted_root());
    let bundle = FAKE.signed(ARTIFACT, &Signing::default());
    assert_eq!(under(&lines(&[&other, &own]), &bundle), "verified");
    assert_eq!(under(&lines(&[&own, &other]), &bundle), "verified");
    assert_eq!(under(&lines(&[&other, &Fake::new().trusted_root()]), &bundle), "unknown-log");
    // Each root asks for its own evidence: one without logs for a timestamp, and its word is worth nothing under another.
    let without_logs = |root: &Value| {
        let mut root = root.clone();
        root.as_object_mut().unwrap().retain(|name, _| name != "tlogs" && name != "ctlogs");
        root
    };
    let unlogged = FAKE.signed(ARTIFACT, &Signing { log: fake::By::Nobody, transparency: fake::By::Nobody, ..Signing::default() });
    assert_eq!(under(&lines(&[&other, &without_logs(&own)]), &unlogged), "verified");
    assert_eq!(
        under(&lines(&[&other, &without_logs(&own)]), &bundle),
        "unknown-log",
        "the refusal of the root under which it came furthest"
    );
    assert_eq!(under(&lines(&[&without_logs(&own)]), &bundle), "log-entry-count", "where there is no log, there is no entry");
    assert_ne!(under(&lines(&[&own, &without_logs(&other)]), &unlogged), "verified");
    assert_eq!(under(&lines(&[&own]), &unlogged), "log-entry-count");
    // A line that is none spoils the file.
    for text in [format!("{own}\n{{}}\n"), format!("{own}\nx"), lines(&[&own; 17])] {
        assert!(TrustedRoot::from_json("roots.jsonl", text.as_bytes()).is_err());
    }
}
