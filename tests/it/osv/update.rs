//! Keeping a database up to date, against a local mirror that behaves, and that does not.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use fngate::model::Ecosystem;
use fngate::osv::db::update::{Update, UpdateError, Updated, update, update_from};
use fngate::osv::db::{Database, build};
use fngate::osv::http::{HttpError, Patience};
use fngate::osv::{AdvisorySource, BuildError, vulnerabilities};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{dump, package};

/// What a mirror has: path to content.
type Files = BTreeMap<String, Vec<u8>>;

/// A mirror on a free port, until it is dropped: `ETag`, `If-None-Match`, `Range` and `If-Range` as RFC 9110 has them.
pub struct Mirror {
    pub url: String,
    address: SocketAddr,
    files: Arc<Mutex<Files>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Answers are cut after so many bytes of a body, the next so many times.
    cuts: Arc<Mutex<Vec<usize>>>,
    /// The next answers are these statuses.
    refusals: Arc<Mutex<Vec<u16>>>,
    stop: Arc<AtomicBool>,
    /// Whether it knows nothing of `Range`.
    deaf: Arc<AtomicBool>,
}

impl Mirror {
    pub fn new(files: Files) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mirror = Self {
            url: format!("http://{address}"),
            address,
            files: Arc::new(Mutex::new(files)),
            asked: Arc::default(),
            cuts: Arc::default(),
            refusals: Arc::default(),
            stop: Arc::default(),
            deaf: Arc::default(),
        };
        let (files, asked, cuts) = (Arc::clone(&mirror.files), Arc::clone(&mirror.asked), Arc::clone(&mirror.cuts));
        let (refusals, stop, deaf) = (Arc::clone(&mirror.refusals), Arc::clone(&mirror.stop), Arc::clone(&mirror.deaf));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (files, asked) = (files.lock().unwrap().clone(), Arc::clone(&asked));
                let (cuts, refusals, deaf) = (Arc::clone(&cuts), Arc::clone(&refusals), deaf.load(Ordering::Relaxed));
                thread::spawn(move || serve(&stream, &files, &asked, &cuts, &refusals, deaf));
            }
        });
        mirror
    }

    fn set(&self, files: Files) {
        *self.files.lock().unwrap() = files;
        self.asked.lock().unwrap().clear();
    }

    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = std::net::TcpStream::connect(self.address);
    }
}

fn serve(
    mut stream: &std::net::TcpStream,
    files: &Files,
    asked: &Mutex<Vec<String>>,
    cuts: &Mutex<Vec<usize>>,
    refusals: &Mutex<Vec<u16>>,
    deaf: bool,
) {
    use std::io::{BufRead, BufReader};
    let mut lines = BufReader::new(stream).lines();
    let Some(Ok(first)) = lines.next() else { return };
    let headers = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
    let headers = headers.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())));
    let headers = headers.collect::<BTreeMap<_, _>>();
    let path = first.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
    let range = headers.get("range").map_or_else(String::new, |range| format!(" {range}"));
    asked.lock().unwrap().push(format!("{path}{range}"));
    let refusal = refusals.lock().unwrap().pop();
    if let Some(status) = refusal {
        let _ = write!(stream, "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nRetry-After: 0\r\nConnection: close\r\n\r\n");
        return;
    }
    let Some(body) = files.get(&path) else {
        let _ = write!(stream, "HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
    };
    let tag = format!("\"{:x}\"", body.iter().fold(7_u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(*byte))));
    let head = |status: &str, length: usize, more: &str| {
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: {tag}\r\nConnection: close\r\n{more}\r\n")
    };
    if headers.get("if-none-match") == Some(&tag) {
        let _ = write!(stream, "{}", head("304 Same", 0, ""));
        return;
    }
    let from = headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    let from = from.filter(|_| !deaf && headers.get("if-range").is_none_or(|known| *known == tag));
    let (part, answer) = match from {
        Some(from) if from >= body.len() => {
            let range = format!("Content-Range: bytes */{}\r\n", body.len());
            let _ = write!(stream, "{}", head("416 No", 0, &range));
            return;
        }
        Some(from) => {
            let range = format!("Content-Range: bytes {from}-{}/{}\r\n", body.len() - 1, body.len());
            (&body[from..], head("206 Part", body.len() - from, &range))
        }
        None => (&body[..], head("200 OK", body.len(), "")),
    };
    let cut = if path.ends_with(".zip") { cuts.lock().unwrap().pop() } else { None };
    let _ = stream.write_all(answer.as_bytes());
    let _ = stream.write_all(&part[..cut.unwrap_or(part.len()).min(part.len())]);
}

/// A record about one package of an ecosystem.
fn record(ecosystem: Ecosystem, id: &str, name: &str, modified: &str) -> Value {
    let kind = if ecosystem == Ecosystem::PyPi { "ECOSYSTEM" } else { "SEMVER" };
    json!({"id": id, "modified": modified, "affected": [{"package": {"ecosystem": ecosystem.as_str(), "name": name},
        "ranges": [{"type": kind, "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}]})
}

/// The files of a mirror that has some records.
fn files(records: &[(Ecosystem, Vec<Value>)]) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Files::new();
    for (ecosystem, records) in records {
        let path = folder.path().join("all.zip");
        dump(&path, records);
        files.insert(format!("{ecosystem}/all.zip"), std::fs::read(&path).unwrap());
        let mut list = records.iter().map(|record| format!("{},{}\n", text(record, "modified"), text(record, "id"))).collect::<Vec<_>>();
        list.sort();
        list.reverse();
        files.insert(format!("{ecosystem}/modified_id.csv"), list.concat().into_bytes());
        for record in records {
            files.insert(format!("{ecosystem}/{}.json", text(record, "id")), record.to_string().into_bytes());
        }
    }
    files
}

fn text<'a>(record: &'a Value, key: &str) -> &'a str {
    record[key].as_str().unwrap()
}

/// Three ecosystems, of which npm has many records.
fn beginning() -> Vec<(Ecosystem, Vec<Value>)> {
    let npm = (0..200).map(|at| record(Ecosystem::Npm, &format!("GHSA-{at:04}"), &format!("p-{at}"), "2026-03-01T00:00:00Z"));
    vec![
        (Ecosystem::Npm, npm.collect()),
        (Ecosystem::PyPi, vec![record(Ecosystem::PyPi, "PYSEC-1", "q", "2026-02-01T00:00:00Z")]),
        (Ecosystem::CratesIo, vec![record(Ecosystem::CratesIo, "RUSTSEC-1", "r", "2026-01-01T00:00:00.5Z")]),
    ]
}

fn patience() -> Patience {
    Patience { timeout: Duration::from_secs(5), attempts: 3, pause: Duration::from_millis(1), longest: Duration::from_secs(2) }
}

fn renewed(mirrors: &[&str], output: &Path, whole: bool) -> Result<Updated, UpdateError> {
    let mirrors = mirrors.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
    update(&Update { mirrors: &mirrors, output, whole, patience: patience(), progress: &|_| {} })
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache/a.db");
    (folder, path)
}

/// Which ids a database has against version 1.0.0 of a package.
fn ids(path: &Path, ecosystem: Ecosystem, name: &str) -> Vec<String> {
    let database = Database::open(path).unwrap();
    database.verify().unwrap();
    vulnerabilities(&database, &[package(ecosystem, name, Some("1.0.0"))]).unwrap().into_iter().flat_map(|one| one.ids).collect()
}

#[test]
fn the_first_time_everything_and_then_what_has_changed() {
    let mirror = Mirror::new(files(&beginning()));
    let (_folder, path) = place();
    let first = renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!((first.changed, first.records, first.whole.len()), (true, 0, 3));
    assert_eq!(mirror.asked().len(), 6);
    assert_eq!(first.status.description.as_of, "2026-03-01T00:00:00Z");
    assert_eq!(first.status.description.upstream.as_ref().unwrap().mirror, mirror.url);

    let same = renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!((same.changed, &same.status), (false, &first.status));
    assert_eq!(mirror.asked(), ["PyPI/modified_id.csv", "crates.io/modified_id.csv", "npm/modified_id.csv"]);

    // One is modified, one withdrawn, one new, one gone, and one now names another package too.
    let mut next = beginning();
    let npm = &mut next[0].1;
    npm[1] = record(Ecosystem::Npm, "GHSA-0001", "other", "2026-04-01T00:00:00Z");
    npm[2]["withdrawn"] = json!("2026-04-02T00:00:00Z");
    npm[2]["modified"] = json!("2026-04-02T00:00:00Z");
    npm.remove(3);
    npm.push(record(Ecosystem::Npm, "MAL-2026-1", "evil", "2026-04-03T00:00:00Z"));
    let mut both = record(Ecosystem::PyPi, "PYSEC-1", "q", "2026-04-04T00:00:00Z");
    both["affected"].as_array_mut().unwrap().push(record(Ecosystem::PyPi, "", "q2", "")["affected"][0].clone());
    next[1].1[0] = both;
    mirror.set(files(&next));
    let changed = renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!((changed.changed, changed.records, changed.whole.len()), (true, 5, 0), "four to be read, and one asked for before it goes");
    let asked = mirror.asked();
    assert!(!asked.iter().any(|path| path.ends_with(".zip")), "{asked:?}");
    for record in ["npm/GHSA-0001.json", "npm/GHSA-0002.json", "npm/MAL-2026-1.json", "PyPI/PYSEC-1.json"] {
        assert!(asked.iter().any(|path| path == record), "{record} in {asked:?}");
    }
    for (name, expected) in [("p-0", 1), ("p-1", 0), ("p-2", 0), ("p-3", 0), ("other", 1), ("evil", 1), ("p-199", 1)] {
        assert_eq!(ids(&path, Ecosystem::Npm, name).len(), expected, "{name}");
    }
    assert_eq!((ids(&path, Ecosystem::PyPi, "q").len(), ids(&path, Ecosystem::PyPi, "q2").len()), (1, 1));
    assert_eq!(ids(&path, Ecosystem::CratesIo, "r"), ["RUSTSEC-1"]);

    // It is what compiling the new dumps gives, and the next update asks for nothing again.
    let (other, fresh) = (tempfile::tempdir().unwrap(), place());
    for (file, content) in files(&next) {
        let file = other.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    let built = build(&[other.path().to_owned()], &fresh.1, None).unwrap();
    assert_eq!(built.description.ecosystems, changed.status.description.ecosystems);
    assert_eq!(built.description.as_of, changed.status.description.as_of);
    assert!(!renewed(&[&mirror.url], &path, false).unwrap().changed);
    let whole = renewed(&[&mirror.url], &path, true).unwrap();
    assert_eq!((whole.whole.len(), &whole.status.description.ecosystems), (3, &built.description.ecosystems));
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 2, "the database and its lock, nothing else");
}

#[test]
fn a_cut_download_goes_on_where_it_was() {
    let mirror = Mirror::new(files(&beginning()));
    let size = mirror.files.lock().unwrap()["npm/all.zip"].len();
    let (_folder, path) = place();
    *mirror.cuts.lock().unwrap() = vec![100, 3_000];
    renewed(&[&mirror.url], &path, false).unwrap();
    let ranges = mirror.asked().into_iter().filter(|asked| asked.starts_with("npm/all.zip")).collect::<Vec<_>>();
    assert_eq!(ranges, ["npm/all.zip", "npm/all.zip bytes=3000-", "npm/all.zip bytes=3100-"]);

    // A run that was killed leaves a part; the next takes it up, or not if the file is another one by then.
    let (_folder, path) = place();
    *mirror.cuts.lock().unwrap() = vec![0, 0, 0, 5_000];
    assert!(matches!(renewed(&[&mirror.url], &path, false), Err(UpdateError::Http(HttpError::Transport { .. }))));
    assert!(!path.exists());
    mirror.asked();
    renewed(&[&mirror.url], &path, false).unwrap();
    assert!(mirror.asked().contains(&"npm/all.zip bytes=5000-".to_owned()));

    let (_folder, path) = place();
    *mirror.cuts.lock().unwrap() = vec![0, 0, 0, 5_000];
    assert!(renewed(&[&mirror.url], &path, false).is_err());
    let mut next = beginning();
    next[0].1.push(record(Ecosystem::Npm, "GHSA-new", "fresh", "2026-05-01T00:00:00Z"));
    mirror.set(files(&next));
    renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!(ids(&path, Ecosystem::Npm, "fresh"), ["GHSA-new"]);

    // All of it is there, and the run ended before it was compiled.
    let (_folder, path) = place();
    mirror.set(files(&beginning()));
    *mirror.cuts.lock().unwrap() = vec![0, 0, 0, usize::MAX];
    assert!(renewed(&[&mirror.url], &path, false).is_err());
    mirror.asked();
    renewed(&[&mirror.url], &path, false).unwrap();
    assert!(mirror.asked().contains(&format!("npm/all.zip bytes={size}-")));
}

#[test]
fn refusals_pass_and_other_mirrors_are_asked() {
    let (good, bad) = (Mirror::new(files(&beginning())), Mirror::new(Files::new()));
    let (_folder, path) = place();
    *good.refusals.lock().unwrap() = vec![503, 429];
    renewed(&[&good.url], &path, false).unwrap();

    let (_folder, path) = place();
    let updated = renewed(&[&bad.url, "http://127.0.0.1:1", &good.url], &path, false).unwrap();
    assert_eq!(updated.status.description.upstream.unwrap().mirror, good.url);
    let before = std::fs::read(&path).unwrap();
    assert!(renewed(&[&bad.url], &path, true).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn what_a_mirror_says_wrongly_keeps_the_old_database() {
    let mirror = Mirror::new(files(&beginning()));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    let before = std::fs::read(&path).unwrap();
    let changed = || {
        let mut next = beginning();
        next[0].1[1] = record(Ecosystem::Npm, "GHSA-0001", "other", "2026-04-01T00:00:00Z");
        files(&next)
    };
    let wrong = |edit: &dyn Fn(&mut Files)| {
        let mut files = changed();
        edit(&mut files);
        mirror.set(files);
        let error = renewed(&[&mirror.url], &path, false).unwrap_err();
        assert!(std::fs::read(&path).unwrap() == before, "{error}");
        assert!(error.hint().is_some());
        error.to_string()
    };
    let put = |files: &mut Files, file: &str, content: &str| {
        files.insert(file.to_owned(), content.as_bytes().to_owned());
    };
    assert!(wrong(&|files| put(files, "npm/modified_id.csv", "<html>please log in</html>\n")).contains("line 1 is no time and id"));
    assert!(wrong(&|files| put(files, "npm/GHSA-0001.json", r#"{"id": "GHSA-0002"}"#)).contains("it is another record"));
    let many = (0..100_000).map(|at| json!({"introduced": at.to_string()})).collect::<Vec<_>>();
    let mut large = record(Ecosystem::Npm, "GHSA-0001", "p", "2026-04-01T00:00:00Z");
    large["affected"][0]["ranges"][0]["events"] = many.into();
    assert!(wrong(&|files| put(files, "npm/GHSA-0001.json", &large.to_string())).contains("more than 10000 events"));
    // A list that is cut says that most records are gone: the whole dump is read, and here it is broken.
    assert!(
        wrong(&|files| {
            put(files, "npm/modified_id.csv", "2026-04-01T00:00:00Z,GHSA-0001\n");
            put(files, "npm/all.zip", "no zip");
        })
        .contains("is broken")
    );
    assert!(!path.with_file_name("a.db.download").exists(), "and is not kept to go on with");
    mirror.set(files(&[
        (Ecosystem::Npm, vec![record(Ecosystem::Npm, "GHSA-0000", "p-0", "2025-01-01T00:00:00Z")]),
        (Ecosystem::PyPi, vec![record(Ecosystem::PyPi, "PYSEC-1", "q", "2025-01-01T00:00:00Z")]),
        (Ecosystem::CratesIo, vec![record(Ecosystem::CratesIo, "RUSTSEC-1", "r", "2025-01-01T00:00:00Z")]),
    ]));
    assert!(matches!(renewed(&[&mirror.url], &path, false), Err(UpdateError::Older { .. })));
    assert!(std::fs::read(&path).unwrap() == before);
}

#[test]
fn a_record_that_is_listed_and_cannot_be_read_is_counted_and_asked_for_again() {
    let mirror = Mirror::new(files(&beginning()));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    let mut next = beginning();
    next[0].1[1] = record(Ecosystem::Npm, "GHSA-0001", "other", "2026-04-01T00:00:00Z");
    let mut lacking = files(&next);
    lacking.remove("npm/GHSA-0001.json");
    mirror.set(lacking);
    let updated = renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!(updated.status.description.unreadable, 1);
    assert_eq!(Database::open(&path).unwrap().about().unreadable, 1);
    assert_eq!(ids(&path, Ecosystem::Npm, "p-1"), ["GHSA-0001"], "what was known of it stays");

    mirror.set(files(&next));
    let updated = renewed(&[&mirror.url], &path, false).unwrap();
    assert_eq!((updated.status.description.unreadable, updated.records), (0, 1), "though no list has changed");
    assert!(!renewed(&[&mirror.url], &path, false).unwrap().changed);
    assert_eq!(ids(&path, Ecosystem::Npm, "other"), ["GHSA-0001"]);
}

#[test]
fn dumps_on_this_machine_update_too_and_never_go_back() {
    let mut old = beginning();
    let folder = tempfile::tempdir().unwrap();
    let lay = |records: &[(Ecosystem, Vec<Value>)]| {
        for (ecosystem, records) in records {
            dump(&folder.path().join(ecosystem.as_str()).join("all.zip"), records);
        }
    };
    lay(&old);
    let (_place, path) = place();
    let updated = update_from(&[folder.path().to_owned()], &path).unwrap();
    assert_eq!((updated.whole.len(), ids(&path, Ecosystem::Npm, "p-7").len()), (3, 1));
    for record in &mut old[0].1 {
        record["modified"] = json!("2026-02-02T00:00:00Z");
    }
    lay(&old);
    assert!(matches!(update_from(&[folder.path().to_owned()], &path), Err(UpdateError::Older { .. })));
    std::fs::write(folder.path().join("npm/all.zip"), "no zip").unwrap();
    assert!(matches!(update_from(&[folder.path().to_owned()], &path), Err(UpdateError::Build(BuildError::Broken { .. }))));
}

/// Killed at a moment, an update leaves the database as it was before or as it is after; and the next one does its work.
/// `FNGATE_KILLS` says how many moments are tried.
#[cfg(unix)]
#[test]
fn killed_at_any_moment_the_database_answers() {
    let kills = std::env::var("FNGATE_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12_u64);
    let state = |generation: usize| {
        let mut records = beginning();
        let day = format!("2026-05-{:02}T{:02}:00:00Z", generation / 24 % 28 + 1, generation % 24);
        for record in records[0].1.iter_mut().step_by(1 + generation % 3) {
            record["modified"] = json!(day);
            record["affected"][0]["ranges"][0]["events"][1]["fixed"] = json!(format!("2.{generation}.0"));
        }
        files(&records)
    };
    let mirror = Mirror::new(state(0));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    let run = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(["-q", "db", "update", "--from", &mirror.url, "--db"])
            .arg(&path)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let fixed = || {
        let database = Database::open(&path).unwrap();
        database.verify().unwrap();
        vulnerabilities(&database, &[package(Ecosystem::Npm, "p-0", Some("1.0.0"))]).unwrap()[0].fixed.clone()
    };
    // How long a whole run takes, so that the moments are spread over it.
    mirror.set(state(1));
    let begun = std::time::Instant::now();
    assert!(run().wait().unwrap().success());
    let length = begun.elapsed();
    assert_eq!(fixed(), ["2.1.0"]);
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let finished = AtomicUsize::new(0);
    let mut last = 1;
    for kill in 0..kills {
        let generation = usize::try_from(kill).unwrap() + 2;
        mirror.set(state(generation));
        let mut child = run();
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        thread::sleep(length.mul_f64((seed >> 40) as f64 / (1_u64 << 24) as f64));
        let _ = child.kill();
        let _ = child.wait();
        let now = fixed();
        if now == [format!("2.{generation}.0")] {
            finished.fetch_add(1, Ordering::Relaxed);
            last = generation;
        } else {
            assert_eq!(now, [format!("2.{last}.0")], "kill {kill}");
        }
    }
    assert!(run().wait().unwrap().success(), "the next run is not in the way of what was left");
    assert_eq!(fixed(), [format!("2.{}.0", kills + 1)]);
    println!("{} of {kills} runs were through when they were killed", finished.into_inner());
}

#[test]
fn the_command_says_what_it_did() {
    let mirror = Mirror::new(files(&beginning()));
    let (_folder, path) = place();
    let run = |arguments: &[&str]| {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_fngate"))
            .args(["db", "update", "--db"])
            .arg(&path)
            .args(arguments)
            .env("FNGATE_OSV_DUMPS", &mirror.url)
            .output()
            .unwrap();
        let first = String::from_utf8_lossy(&out.stdout).lines().next().unwrap_or_default().to_owned();
        (out.status.code().unwrap(), first, String::from_utf8_lossy(&out.stderr).into_owned())
    };
    assert_eq!(run(&[]), (0, "read the whole dump of npm, PyPI, crates.io".to_owned(), String::new()));
    assert_eq!(run(&[]), (0, "nothing has changed".to_owned(), String::new()));
    let mut next = beginning();
    next[0].1[0] = record(Ecosystem::Npm, "GHSA-0000", "p-0", "2026-06-01T00:00:00Z");
    mirror.set(files(&next));
    assert_eq!(run(&[]), (0, "1 record has changed".to_owned(), String::new()));
    let (code, _, stderr) = run(&["--from", "http://127.0.0.1:1/x", "/nowhere"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("not both"), "{stderr}");
    let (code, _, stderr) = run(&["--from", "/nowhere"]);
    assert!(code == 2 && stderr.contains("cannot read the dump `/nowhere`") && stderr.contains("hint:"), "{stderr}");
}

/// A proxy is taken from the environment: it is asked for the whole address.
#[test]
fn proxies_are_heard() {
    let mut served = Files::new();
    for (file, content) in files(&beginning()) {
        served.insert(format!("http://dumps.invalid/{file}"), content);
    }
    let proxy = Mirror::new(served);
    let (_folder, path) = place();
    let out = std::process::Command::new(env!("CARGO_BIN_EXE_fngate"))
        .args(["db", "update", "--from", "http://dumps.invalid", "--db"])
        .arg(&path)
        .env("HTTP_PROXY", &proxy.url)
        .env("http_proxy", &proxy.url)
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(ids(&path, Ecosystem::Npm, "p-7"), ["GHSA-0007"]);
}

/// Lists of versions survive being carried over, whatever shares a table with them.
#[test]
fn what_is_carried_over_says_what_it_said() {
    let listed = |id: &str, versions: &[&str]| {
        json!({"id": id, "modified": "2026-03-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "npm", "name": "p-0"}, "versions": versions}]})
    };
    let mut records = beginning();
    records[0].1.extend([
        listed("MAL-2026-1", &["1.0.0", "3.0.0"]),
        listed("GHSA-many", &["2.0.0", "1.5.0", "latest"]),
        listed("GHSA-more", &["3.0.0", "1.0.0", "2.5.0"]),
    ]);
    let mirror = Mirror::new(files(&records));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    let versions = ["1.0.0", "1.5.0", "2.0.0", "2.5.0", "3.0.0", "4.0.0", "latest"];
    let answers = || {
        let database = Database::open(&path).unwrap();
        let suspects = versions.map(|version| package(Ecosystem::Npm, "p-0", Some(version)));
        database
            .judge(&suspects)
            .unwrap()
            .into_iter()
            .map(|found| found.into_iter().flat_map(|one| one.ids).collect())
            .collect::<Vec<Vec<_>>>()
    };
    let before = answers();
    assert_eq!((before[0].len(), before[2].len(), before[5].len()), (3, 1, 0));
    for step in 1..4 {
        records[1].1.push(record(Ecosystem::PyPi, &format!("PYSEC-2{step}"), "z", &format!("2026-04-0{step}T00:00:00Z")));
        mirror.set(files(&records));
        let updated = renewed(&[&mirror.url], &path, false).unwrap();
        assert_eq!((updated.records, updated.whole.len()), (1, 0));
        assert_eq!(answers(), before, "after {step} updates");
    }
}

/// A record that stands in two lists is one record, whichever list is behind.
#[test]
fn a_record_of_two_ecosystems_is_not_lost_to_the_older_list() {
    let both = |modified: &str| {
        let mut record = record(Ecosystem::Npm, "MAL-2026-9", "a", modified);
        record["affected"].as_array_mut().unwrap().push(self::record(Ecosystem::PyPi, "", "b", "")["affected"][0].clone());
        record
    };
    let mut records = beginning();
    records[0].1.push(both("2026-03-02T00:00:00Z"));
    records[1].1.push(both("2026-03-03T00:00:00Z"));
    let mirror = Mirror::new(files(&records));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    for step in 0..3 {
        assert_eq!((ids(&path, Ecosystem::Npm, "a").len(), ids(&path, Ecosystem::PyPi, "b").len()), (1, 1), "{step}");
        records[2].1.push(record(Ecosystem::CratesIo, &format!("RUSTSEC-2{step}"), "s", &format!("2026-04-0{}T00:00:00Z", step + 1)));
        mirror.set(files(&records));
        assert_eq!(renewed(&[&mirror.url], &path, false).unwrap().records, 1);
    }
}

/// A stale copy of a list, or one that is cut at the end of a line, takes nothing back.
#[test]
fn a_list_takes_back_only_what_the_mirror_no_longer_has() {
    let mut records = beginning();
    records[0].1.push(record(Ecosystem::Npm, "MAL-2026-1", "evil", "2026-04-01T00:00:00Z"));
    let mirror = Mirror::new(files(&records));
    let (_folder, path) = place();
    renewed(&[&mirror.url], &path, false).unwrap();
    let mut stale = files(&records);
    stale.insert("npm/modified_id.csv".to_owned(), files(&beginning())["npm/modified_id.csv"].clone());
    mirror.set(stale);
    assert_eq!(renewed(&[&mirror.url], &path, false).unwrap().status.description.as_of, "2026-04-01T00:00:00Z");
    assert_eq!(ids(&path, Ecosystem::Npm, "evil"), ["MAL-2026-1"]);
    let mut lacking = files(&records);
    let list = String::from_utf8(lacking["npm/modified_id.csv"].clone()).unwrap();
    lacking.insert("npm/modified_id.csv".to_owned(), list.replace("2026-03-01T00:00:00Z,GHSA-0007\n", "").into_bytes());
    mirror.set(lacking.clone());
    assert_eq!(renewed(&[&mirror.url], &path, false).unwrap().records, 1);
    assert_eq!(ids(&path, Ecosystem::Npm, "p-7"), ["GHSA-0007"]);
    lacking.remove("npm/GHSA-0007.json");
    lacking.get_mut("npm/modified_id.csv").unwrap().extend(b"\n");
    mirror.set(lacking);
    renewed(&[&mirror.url], &path, false).unwrap();
    assert!(ids(&path, Ecosystem::Npm, "p-7").is_empty());
}

#[test]
fn no_ecosystem_goes_back_or_goes_away() {
    let mut records = beginning();
    let (mirror, (_folder, path)) = (Mirror::new(files(&records)), place());
    renewed(&[&mirror.url], &path, false).unwrap();
    records[0].1.iter_mut().for_each(|record| record["modified"] = json!("2025-01-01T00:00:00Z"));
    records[1].1[0]["modified"] = json!("2026-06-01T00:00:00Z");
    mirror.set(files(&records));
    assert!(matches!(renewed(&[&mirror.url], &path, true), Err(UpdateError::Older { .. })), "npm is older, though PyPI is newer");
    let folder = tempfile::tempdir().unwrap();
    dump(&folder.path().join("PyPI/all.zip"), &records[1].1);
    assert!(matches!(update_from(&[folder.path().to_owned()], &path), Err(UpdateError::Narrower { ecosystem: Ecosystem::Npm, .. })));
}

#[test]
fn a_file_older_than_its_list_says_is_not_believed() {
    let mut records = beginning();
    let (mirror, (_folder, path)) = (Mirror::new(files(&records)), place());
    renewed(&[&mirror.url], &path, false).unwrap();
    records[0].1[1]["modified"] = json!("2026-04-01T00:00:00Z");
    let mut stale = files(&records);
    let mut old = record(Ecosystem::Npm, "GHSA-0001", "p-1", "2026-02-01T00:00:00Z");
    old["withdrawn"] = json!("2026-02-01T00:00:00Z");
    stale.insert("npm/GHSA-0001.json".to_owned(), old.to_string().into_bytes());
    mirror.set(stale);
    assert_eq!(renewed(&[&mirror.url], &path, false).unwrap().status.description.unreadable, 1);
    assert_eq!(ids(&path, Ecosystem::Npm, "p-1"), ["GHSA-0001"]);
}

/// A server that cuts every answer and cannot go on where it was is given up.
#[test]
fn a_download_that_never_gets_further_ends() {
    let mirror = Mirror::new(files(&beginning()));
    let (_folder, path) = place();
    *mirror.cuts.lock().unwrap() = vec![200; 50];
    mirror.deaf.store(true, Ordering::Relaxed);
    let begun = std::time::Instant::now();
    assert!(matches!(renewed(&[&mirror.url], &path, false), Err(UpdateError::Http(HttpError::Transport { .. }))));
    assert!(begun.elapsed() < Duration::from_secs(10) && mirror.cuts.lock().unwrap().len() > 40);
}
