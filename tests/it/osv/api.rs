//! The service's client, against a local server that speaks the protocol, and that breaks it.

use std::collections::HashMap;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use fngate::model::{AdvisoryOrigin, Ecosystem, Origin};
use fngate::osv::api::{Api, ApiError};
use fngate::osv::db::{Database, build};
use fngate::osv::http::{HttpError, Patience};
use fngate::osv::{AdvisorySource, SourceError, vulnerabilities};
use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::{assorted, dump, npm, package, suspects};

/// What a handler answers: a status, headers and a body.
struct Answer(u16, Vec<(&'static str, String)>, Vec<u8>);

fn ok(body: &Value) -> Answer {
    Answer(200, Vec::new(), body.to_string().into_bytes())
}

/// A server on a free port, until it is dropped.
pub struct Service {
    pub url: String,
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// Answers each request with what `handler` makes of its path and body.
    fn new(handler: impl Fn(&str, &str) -> Answer + Send + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let url = format!("http://{}", server.server_addr());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (listener, log) = (Arc::clone(&server), Arc::clone(&asked));
        let thread = thread::spawn(move || {
            for mut request in listener.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).unwrap();
                let path = request.url().to_owned();
                log.lock().unwrap().push(format!("{path} {body}"));
                let Answer(status, headers, bytes) = handler(&path, &body);
                let mut response = Response::from_data(bytes).with_status_code(status);
                for (name, value) in headers {
                    response.add_header(Header::from_bytes(name, value).unwrap());
                }
                let _ = request.respond(response);
            }
        });
        Self { url, server, thread: Some(thread), asked }
    }

    /// Serves records as the service does: by ecosystem and name, folding PyPI's, a few ids a page.
    pub fn of(records: Vec<Value>) -> Self {
        Self::new(move |path, body| match path.strip_prefix("/v1/vulns/") {
            Some(id) => match records.iter().find(|record| record["id"] == id) {
                Some(record) => ok(record),
                None => Answer(404, Vec::new(), Vec::new()),
            },
            None => ok(&batch(&records, &serde_json::from_str(body).unwrap())),
        })
    }

    fn api(&self) -> Api {
        let patience =
            Patience { timeout: Duration::from_secs(5), attempts: 3, pause: Duration::from_millis(1), longest: Duration::from_secs(2) };
        Api::new(&self.url, patience, None).unwrap()
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.unblock();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn batch(records: &[Value], body: &Value) -> Value {
    const PAGE: usize = 1;
    let result = |query: &Value| {
        let ecosystem = Ecosystem::from_osv(query["package"]["ecosystem"].as_str().unwrap()).unwrap();
        let asked = query["package"]["name"].as_str().unwrap();
        let same = |affected: &Value| {
            let name = affected["package"]["name"].as_str().unwrap();
            let name = if ecosystem == Ecosystem::PyPi { ecosystem.folded(name) } else { name.to_owned() };
            affected["package"]["ecosystem"] == ecosystem.as_str() && name == asked
        };
        let hits = records
            .iter()
            .filter(|record| record["affected"].as_array().unwrap().iter().any(same))
            .map(|record| json!({"id": record["id"], "modified": record["modified"].as_str().unwrap_or_default()}));
        let hits = hits.collect::<Vec<_>>();
        let start: usize = query["page_token"].as_str().map_or(0, |token| token.parse().unwrap());
        let page = hits.iter().skip(start).take(PAGE).cloned().collect::<Vec<_>>();
        let mut result = if page.is_empty() { json!({}) } else { json!({"vulns": page}) };
        if start + PAGE < hits.len() {
            result["next_page_token"] = json!((start + PAGE).to_string());
        }
        result
    };
    assert!(body["queries"].as_array().unwrap().len() <= 1000);
    json!({"results": body["queries"].as_array().unwrap().iter().map(result).collect::<Vec<_>>()})
}

fn all_records() -> Vec<Value> {
    assorted().into_iter().flat_map(|(_, records)| records).collect()
}

#[test]
fn online_is_offline() {
    let service = Service::of(all_records());
    let folder = tempfile::tempdir().unwrap();
    for (ecosystem, records) in assorted() {
        dump(&folder.path().join("dumps").join(ecosystem.as_str()).join("all.zip"), &records);
    }
    let output = folder.path().join("a.db");
    build(&[folder.path().join("dumps")], &output, None).unwrap();
    let many = (0..1200).map(|at| package(Ecosystem::Npm, &format!("package-{at}"), Some("1.0.0")));
    let packages = suspects().into_iter().chain(many).collect::<Vec<_>>();
    let offline = vulnerabilities(&Database::open(&output).unwrap(), &packages).unwrap();
    let online = vulnerabilities(&service.api(), &packages).unwrap();
    assert_eq!(online, offline);
    assert_eq!(online.len(), 106);
    assert_eq!(service.api().about().origin, AdvisoryOrigin::Api);
    assert!(service.asked().iter().filter(|line| line.starts_with("/v1/querybatch")).count() >= 3, "two batches and a second page");
}

#[test]
fn private_packages_are_not_named() {
    let service = Service::of(all_records());
    let mut packages = vec![package(Ecosystem::Npm, "left", Some("1.2.3"))];
    for (origin, name) in
        [(Origin::Private, "private-a"), (Origin::FirstParty, "private-b"), (Origin::Git, "private-c"), (Origin::Url, "flatmap-stream")]
    {
        let mut package = package(Ecosystem::Npm, name, Some("0.1.1"));
        package.origin = origin;
        packages.push(package);
    }
    let found = vulnerabilities(&service.api(), &packages).unwrap();
    assert_eq!(
        found.iter().filter(|one| one.malicious && one.purl == "pkg:npm/flatmap-stream@0.1.1").count(),
        2,
        "the embedded snapshot still knows flatmap-stream"
    );
    assert_eq!(found.iter().filter(|one| one.id == "GHSA-aaaa").count(), 1);
    let asked = service.asked().join("\n");
    assert!(asked.contains("left") && !asked.contains("private-") && !asked.contains("flatmap"), "{asked}");
}

/// Asks about one package a server that answers with `handler`.
fn answer(handler: impl Fn(&str, &str) -> Answer + Send + 'static) -> Result<usize, SourceError> {
    let service = Service::new(handler);
    vulnerabilities(&service.api(), &[package(Ecosystem::Npm, "left", Some("1.2.3"))]).map(|found| found.len())
}

fn left() -> Value {
    npm("GHSA-aaaa", "left", &json!([{"introduced": "0"}, {"fixed": "2.0.0"}]))
}

fn found(body: &Value) -> Answer {
    ok(&json!({"results": [body]}))
}

#[test]
fn wrong_answers_are_errors() {
    let batches = [
        json!({}),
        json!([]),
        json!({"results": []}),
        json!({"results": null}),
        json!({"results": [{}, {}]}),
        json!({"results": [null]}),
        json!({"results": [{"error": "overloaded"}]}),
        json!({"results": [{"vulns": {}}]}),
        json!({"results": [{"vulns": null}]}),
        json!({"results": [{"vulns": [{}]}]}),
        json!({"results": [{"vulns": [{"id": "../../v1/vulns"}]}]}),
        json!({"results": [{"vulns": [{"id": "GHSA-aaaa"}], "next_page_token": 7}]}),
        json!({"results": [{"next_page_token": "for-ever"}]}),
    ];
    for body in batches {
        let text = body.to_string();
        let error = answer(move |path, _| if path == "/v1/querybatch" { ok(&body) } else { ok(&left()) }).unwrap_err();
        assert!(matches!(error, SourceError::Api(ApiError::Shape { .. })), "{text}: {error}");
        assert!(error.hint().is_some());
    }
    for bytes in ["", "<html>", "{\"results\": [{}", "\u{0}"] {
        assert!(answer(move |_, _| Answer(200, Vec::new(), bytes.into())).is_err(), "{bytes}");
    }
}

#[test]
fn a_record_that_is_missing_or_another_is_an_error() {
    let records: [fn() -> Answer; 6] = [
        || Answer(404, Vec::new(), Vec::new()),
        || ok(&json!({})),
        || ok(&json!({"id": "GHSA-bbbb", "affected": []})),
        || ok(&json!({"id": "GHSA-aaaa", "affected": "none"})),
        || Answer(200, Vec::new(), b"{\"id\": \"GHSA-aaaa\"".into()),
        || Answer(200, Vec::new(), vec![b' '; 17 * 1024 * 1024]),
    ];
    for record in records {
        assert!(
            answer(move |path, _| if path == "/v1/querybatch" { found(&json!({"vulns": [{"id": "GHSA-aaaa"}]})) } else { record() })
                .is_err()
        );
    }
}

#[test]
fn refusals_are_errors_and_passing_ones_are_waited_for() {
    // How often a source that only ever says this is asked before it is given up.
    let tries = |status| {
        let tries = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tries);
        let outcome = answer(move |_, _| {
            count.fetch_add(1, Ordering::SeqCst);
            Answer(status, Vec::new(), Vec::new())
        });
        assert!(outcome.is_err(), "{status}");
        tries.load(Ordering::SeqCst)
    };
    for status in [301, 400, 403, 404, 204] {
        assert_eq!(tries(status), 1, "{status} is not tried again");
    }
    for status in [429, 500, 503] {
        assert_eq!(tries(status), 3, "{status} is tried three times");
        let tries = AtomicUsize::new(0);
        let after = answer(move |path, _| match (path, tries.fetch_add(1, Ordering::SeqCst)) {
            (_, 0) => Answer(status, vec![("Retry-After", "1".to_owned())], Vec::new()),
            ("/v1/querybatch", _) => found(&json!({"vulns": [{"id": "GHSA-aaaa"}]})),
            _ => ok(&left()),
        });
        assert_eq!(after.unwrap(), 1);
    }
    let start = std::time::Instant::now();
    assert!(answer(|_, _| Answer(429, vec![("Retry-After", "3600".to_owned())], Vec::new())).is_err());
    assert!(start.elapsed() < Duration::from_secs(5), "an hour is not waited for");
}

#[test]
fn a_truncated_answer_is_an_error() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"results\": [{}]}");
        }
    });
    let patience =
        Patience { timeout: Duration::from_secs(2), attempts: 2, pause: Duration::from_millis(1), longest: Duration::from_secs(1) };
    let api = Api::new(&url, patience, None).unwrap();
    let error = api.judge(&[package(Ecosystem::Npm, "left", Some("1.2.3"))]).unwrap_err();
    assert!(matches!(error, SourceError::Api(ApiError::Http(HttpError::Transport { .. }))), "{error}");
}

#[test]
fn a_record_that_names_none_of_the_packages_is_an_error() {
    let stray = |affected: Value| {
        let mut record = left();
        record["affected"] = affected;
        answer(move |path, _| if path == "/v1/querybatch" { found(&json!({"vulns": [{"id": "GHSA-aaaa"}]})) } else { ok(&record) })
    };
    let other = json!([{"package": {"ecosystem": "npm", "name": "right"}, "versions": ["1.2.3"]}]);
    for affected in [other, json!([]), json!(null)] {
        let text = affected.to_string();
        assert!(matches!(stray(affected).unwrap_err(), SourceError::Api(ApiError::Shape { .. })), "{text}");
    }
    let mut withdrawn = left();
    withdrawn["affected"] = json!([]);
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    let withdrawn = move |path: &str, _: &str| {
        if path == "/v1/querybatch" { found(&json!({"vulns": [{"id": "GHSA-aaaa"}]})) } else { ok(&withdrawn) }
    };
    assert_eq!(answer(withdrawn).unwrap(), 0);
}

#[test]
fn a_redirect_is_an_error() {
    for status in [301, 302, 307] {
        let lost = move |path: &str, _: &str| match path {
            "/v1/querybatch" => Answer(status, vec![("Location", "/elsewhere".to_owned())], Vec::new()),
            _ => found(&json!({})),
        };
        assert!(matches!(answer(lost).unwrap_err(), SourceError::Api(ApiError::Http(HttpError::Refused { .. }))), "{status}");
    }
}

#[test]
fn a_service_that_never_ends_is_an_error_in_time() {
    let patience =
        Patience { timeout: Duration::from_secs(1), attempts: 4, pause: Duration::from_millis(1), longest: Duration::from_secs(30) };
    let lost = |url: &str| {
        let begun = Instant::now();
        let asked = [package(Ecosystem::Npm, "left", Some("1.2.3"))];
        assert!(vulnerabilities(&Api::new(url, patience, None).unwrap(), &asked).is_err());
        assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    };
    let page = AtomicUsize::new(0);
    let pages = Service::new(move |_, _| {
        thread::sleep(Duration::from_millis(200));
        found(&json!({"next_page_token": page.fetch_add(1, Ordering::Relaxed).to_string()}))
    });
    lost(&pages.url);
    let later = Service::new(|_, _| Answer(429, vec![("Retry-After", "1".to_owned())], Vec::new()));
    lost(&later.url);
    lost(&format!("http://{}", dripping()));
}

/// Answers every connection with a body of one byte every tenth of a second.
fn dripping() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for connection in listener.incoming() {
            thread::spawn(move || {
                let mut connection = connection.unwrap();
                let mut sent = connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
                while sent.is_ok() {
                    thread::sleep(Duration::from_millis(100));
                    sent = connection.write_all(b" ");
                }
            });
        }
    });
    address
}

#[test]
fn nobody_at_home_is_an_error() {
    let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    let patience =
        Patience { timeout: Duration::from_secs(2), attempts: 2, pause: Duration::from_millis(1), longest: Duration::from_secs(1) };
    let api = Api::new(&format!("http://{port}"), patience, None).unwrap();
    assert!(api.reach().is_err());
    assert!(api.judge(&[package(Ecosystem::Npm, "left", Some("1.2.3"))]).is_err());
}

#[test]
fn crates_are_asked_for_in_each_spelling() {
    let service = Service::of(Vec::new());
    vulnerabilities(&service.api(), &[package(Ecosystem::CratesIo, "Rusty-nail", Some("1.0.0"))]).unwrap();
    let asked: HashMap<String, Value> = serde_json::from_str(service.asked()[0].split_once(' ').unwrap().1).unwrap();
    let names =
        asked["queries"].as_array().unwrap().iter().map(|query| query["package"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names, ["Rusty-nail", "rusty-nail", "rusty_nail"]);
}

/// Records are fetched again only if the service says that they are others.
#[test]
fn records_are_kept_until_they_are_modified() {
    let folder = tempfile::tempdir().unwrap();
    let fetched = |records: Vec<Value>| {
        let service = Service::of(records);
        let patience = Patience { timeout: Duration::from_secs(5), attempts: 1, ..Patience::default() };
        let api = Api::new(&service.url, patience, Some(folder.path().join("records"))).unwrap();
        let asked = [package(Ecosystem::Npm, "left", Some("1.2.3"))];
        // Twice in one run, as for two artifacts.
        let found = vulnerabilities(&api, &asked).unwrap();
        assert_eq!(vulnerabilities(&api, &asked).unwrap(), found);
        let fetched = service.asked().iter().filter(|asked| asked.starts_with("/v1/vulns/")).count();
        (found.into_iter().flat_map(|one| one.fixed).collect::<Vec<_>>(), fetched)
    };
    let record = |modified: &str, fixed: &str| {
        let mut record = npm("GHSA-aaaa", "left", &json!([{"introduced": "0"}, {"fixed": fixed}]));
        record["modified"] = json!(modified);
        record
    };
    assert_eq!(fetched(vec![record("2026-01-01T00:00:00Z", "2.0.0")]), (vec!["2.0.0".to_owned()], 1));
    assert_eq!(fetched(vec![record("2026-01-01T00:00:00.000Z", "2.0.0")]), (vec!["2.0.0".to_owned()], 0), "from the folder");
    assert_eq!(fetched(vec![record("2026-01-02T00:00:00Z", "3.0.0")]), (vec!["3.0.0".to_owned()], 1), "modified");
    let path = folder.path().join("records/GHSA-aaaa.json");
    for damage in ["", "{", "{\"id\": \"GHSA-bbbb\", \"modified\": \"2026-01-02T00:00:00Z\"}"] {
        std::fs::write(&path, damage).unwrap();
        assert_eq!(fetched(vec![record("2026-01-02T00:00:00Z", "3.0.0")]), (vec!["3.0.0".to_owned()], 1), "{damage}");
    }
    // A service that does not say when a record was modified is asked each time.
    assert_eq!(fetched(vec![record("", "3.0.0")]), (vec!["3.0.0".to_owned()], 2));
}

#[test]
fn a_date_says_when_to_come_again() {
    let after = |date: &'static str| {
        let tries = AtomicUsize::new(0);
        answer(move |path, _| match (path, tries.fetch_add(1, Ordering::SeqCst)) {
            (_, 0) => Answer(429, vec![("Retry-After", date.to_owned())], Vec::new()),
            ("/v1/querybatch", _) => found(&json!({"vulns": [{"id": "GHSA-aaaa"}]})),
            _ => ok(&left()),
        })
    };
    assert_eq!(after("Fri, 01 Jan 2021 00:00:00 GMT").unwrap(), 1);
    let start = Instant::now();
    assert!(after("Fri, 01 Jan 2100 00:00:00 GMT").is_err());
    assert!(start.elapsed() < Duration::from_secs(5), "a century is not waited for");
}
