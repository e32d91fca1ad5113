//! A person who signs logs in: in a browser that is opened, or by a code that they paste. The command runs on a terminal of its
//! own; the browser is a script that leaves the address it was given to the test, which visits it.
#![cfg(unix)]

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;

use super::service::{Place, SERVICES, Service};
use super::*;

/// How long anything may take here.
const LONG: Duration = Duration::from_secs(30);

/// A command on a terminal.
struct Terminal {
    child: Child,
    keys: File,
    seen: Arc<Mutex<String>>,
}

impl Terminal {
    fn run(place: &Place<'_>, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let screen = || File::options().read(true).write(true).open(&name).unwrap();
        let path = format!("{}:{}", place.path().join("bin").display(), std::env::var("PATH").unwrap());
        let child = place
            .command(&[&["sign", "fn.zip"][..], &SERVICES, arguments].concat())
            .env("PATH", path)
            .stdin(screen())
            .stdout(Stdio::null())
            .stderr(screen())
            .spawn()
            .unwrap();
        let (mut keys, seen) = (File::from(master), Arc::new(Mutex::new(String::new())));
        let (mut from, to) = (keys.try_clone().unwrap(), Arc::clone(&seen));
        // Ends with an error when the command has closed its end.
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                to.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        keys.flush().unwrap();
        Self { child, keys, seen }
    }

    fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until the screen shows this.
    fn shows(&self, text: &str) {
        until(|| self.seen().contains(text), || format!("no `{text}`: {}", self.seen()));
    }

    /// The address that the screen shows.
    fn address(&self) -> String {
        self.shows("code_challenge_method=S256&state=");
        self.shows("\r\n\r\n");
        let seen = self.seen();
        seen.lines().map(str::trim).find(|line| line.starts_with("http://")).unwrap().to_owned()
    }

    fn types(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The exit code, and all that was shown.
    fn ended(mut self) -> (Option<i32>, String) {
        let (mut status, seen) = (None, Arc::clone(&self.seen));
        until(
            || {
                status = self.child.try_wait().unwrap();
                status.is_some()
            },
            || format!("it does not end: {}", seen.lock().unwrap()),
        );
        // What was written last may still be on its way.
        thread::sleep(Duration::from_millis(100));
        (status.unwrap().code(), self.seen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(mut holds: impl FnMut() -> bool, or: impl Fn() -> String) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < LONG, "{}", or());
        thread::sleep(Duration::from_millis(20));
    }
}

/// Puts a browser where the system looks for one: it writes down where it is sent.
fn browser(place: &Place<'_>) {
    let folder = place.path().join("bin");
    std::fs::create_dir(&folder).unwrap();
    let script = folder.join("xdg-open");
    let visited = place.path().join("visited");
    std::fs::write(&script, format!("#!/bin/sh\nprintf %s \"$1\" > '{0}.new' && mv '{0}.new' '{0}'\n", visited.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Where the browser was sent.
fn sent_to(place: &Place<'_>) -> String {
    until(|| place.has("visited"), || "no browser was opened".to_owned());
    place.read("visited")
}

/// One page: what it says, and where it points. The host is that of loopback.
fn get(address: &str) -> (String, Option<String>) {
    let rest = address.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("Location: ")).map(|place| place.trim().to_owned());
    let page = answer.split_once("\r\n\r\n").map(|(_, page)| page.to_owned()).unwrap_or_default();
    (page, location)
}

fn verified(place: &Place<'_>) -> Option<i32> {
    let identity = ["--identity", "ann@acme.example", "--issuer", fake::ISSUER];
    place.run(&[&["verify", "fn.zip", "--trusted-root", "root.json"][..], &identity].concat()).status.code()
}

#[test]
fn a_person_logs_in_in_a_browser() {
    let service = Service::new();
    let place = service.place();
    browser(&place);
    let terminal = Terminal::run(&place, &[]);
    let address = sent_to(&place);
    assert_eq!(terminal.address(), address, "the address is shown too, should the browser show nothing");
    assert!(
        address.starts_with(&format!("{}/auth/auth?client_id=sigstore&redirect_uri=http%3A%2F%2F127.0.0.1%3A", service.url)),
        "{address}"
    );
    let (_, back) = get(&address);
    get(&back.unwrap());
    let (exit, seen) = terminal.ended();
    assert_eq!((exit, verified(&place)), (Some(0), Some(0)), "{seen}");
    let asked = service.asked();
    let after = asked.iter().skip(1).map(String::as_str).collect::<Vec<_>>();
    assert_eq!(after, ["/auth/token", "/api/v2/signingCert", "/api/v2/log/entries", "/api/v1/timestamp"]);
    assert!(!seen.contains("code-0") && !seen.contains("eyJ"), "neither the code nor the token is shown: {seen}");
}

#[test]
fn a_person_pastes_a_code() {
    let service = Service::new();
    let place = service.place();
    browser(&place);
    let mut terminal = Terminal::run(&place, &["--no-browser"]);
    let address = terminal.address();
    assert!(address.contains("redirect_uri=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob"), "{address}");
    let (code, _) = get(&address);
    terminal.shows("Code: ");
    terminal.types(&format!("  {code} "));
    let (exit, seen) = terminal.ended();
    assert_eq!((exit, verified(&place)), (Some(0), Some(0)), "{seen}");
    assert!(!place.has("visited"), "no browser was opened");
    // A code is good once, and only as it was shown.
    let mut again = Terminal::run(&place, &["--no-browser", "--overwrite"]);
    again.shows("Code: ");
    again.types(&code);
    let (exit, seen) = again.ended();
    assert!(exit == Some(2) && seen.contains("cannot log in: "), "{seen}");
}

#[test]
fn without_a_browser_the_code_is_asked_for() {
    let service = Service::new();
    let place = service.place();
    std::fs::create_dir(place.path().join("bin")).unwrap();
    // Whatever the system opens pages with fails.
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "kde-open5", "kde-open6", "kde-open4", "wslview", "exo-open"] {
        let script = place.path().join("bin").join(name);
        std::fs::write(&script, "#!/bin/sh\nexit 3\n").unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut terminal = Terminal::run(&place, &[]);
    let (code, _) = get(&terminal.address());
    terminal.shows("Code: ");
    terminal.types(&code);
    let (exit, seen) = terminal.ended();
    assert_eq!((exit, verified(&place)), (Some(0), Some(0)), "{seen}");
}

#[test]
fn a_login_that_is_not_the_one_that_was_begun_is_refused() {
    type Spoil = fn(&Service);
    let spoiled: [(&str, Spoil, &str); 3] = [
        ("another state", |service| *service.issuer.other_state.lock().unwrap() = Some("another"), "state mismatch"),
        ("another proof", |service| *service.issuer.other_challenge.lock().unwrap() = true, "400"),
        ("a refusal", |service| *service.issuer.refusal.lock().unwrap() = Some("not%20today%1b%5b31m"), "not today"),
    ];
    for (what, spoil, expected) in spoiled {
        let service = Service::new();
        let place = service.place();
        browser(&place);
        spoil(&service);
        let terminal = Terminal::run(&place, &[]);
        let (_, back) = get(&sent_to(&place));
        get(&back.unwrap());
        let (exit, seen) = terminal.ended();
        assert_eq!(exit, Some(2), "{what}: {seen}");
        assert!(seen.contains("cannot log in: ") && seen.contains(expected), "{what}: {seen}");
        assert!(!seen.contains("\u{1b}[31m"), "{what}: {seen}");
        let certified = service.asked().iter().any(|path| path.contains("signingCert"));
        assert!(!certified && !place.has("fn.zip.sigstore.json"), "{what}");
    }
}

#[test]
fn whoever_else_knocks_ends_the_login_without_a_signature() {
    let knocks: [fn(&str) -> String; 4] = [
        |_| "GET /favicon.ico HTTP/1.1\r\n\r\n".to_owned(),
        |_| "GET /callback?code=stolen HTTP/1.1\r\n\r\n".to_owned(),
        |_| format!("GET /callback?{} HTTP/1.1\r\n\r\n", "x".repeat(10_000)),
        |_| "POST /callback?code=stolen&state=guessed HTTP/1.1\r\n\r\n".to_owned(),
    ];
    for knock in knocks {
        let service = Service::new();
        let place = service.place();
        browser(&place);
        let terminal = Terminal::run(&place, &[]);
        let address = sent_to(&place);
        let port = address.split("127.0.0.1%3A").nth(1).unwrap().split("%2F").next().unwrap();
        let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        let _ = stream.write_all(knock(&address).as_bytes());
        let (exit, seen) = terminal.ended();
        assert!(exit == Some(2) && seen.contains("cannot log in: "), "{seen}");
        assert!(service.asked().is_empty(), "{:?}", service.asked());
    }
}

#[test]
fn the_token_of_a_login_is_looked_at_before_it_is_sent() {
    let service = Service::new();
    let place = service.place();
    for (claims, expected) in [(json!({"aud": "other"}), "audience"), (json!({"exp": 1}), "expired")] {
        *service.issuer.claims.lock().unwrap() = claims;
        let mut terminal = Terminal::run(&place, &["--no-browser"]);
        let (code, _) = get(&terminal.address());
        terminal.shows("Code: ");
        terminal.types(&code);
        let (exit, seen) = terminal.ended();
        assert!(exit == Some(2) && seen.contains(expected), "{seen}");
    }
    assert!(!service.asked().iter().any(|path| path.contains("signingCert")));
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let service = Service::new();
    let place = service.place();
    browser(&place);
    let output = place.run(&[&["sign", "fn.zip"][..], &SERVICES].concat());
    assert_eq!((output.status.code(), service.asked().len(), place.has("visited")), (Some(2), 0, false));
}
