//! A TUF repository made here: ECDSA keys, canonical JSON of our own, and a server on loopback that can misbehave.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sigstore_verify::crypto::KeyPair;

use super::fake::{hex, sha256};

pub const TARGET: &str = "trusted_root.json";
pub const CONFIG: &str = "signing_config.v0.2.json";

/// JSON as signatures are over it: sorted, without white space, and only `"` and `\` escaped.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted = members.iter().collect::<BTreeMap<_, _>>();
            let members = sorted.iter().map(|(name, value)| format!("{}:{}", canonical(&json!(name)), canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::String(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        other => other.to_string(),
    }
}

/// A key that signs a role.
pub struct Key {
    pair: KeyPair,
    object: Value,
    id: String,
}

impl Key {
    pub fn new() -> Self {
        let pair = KeyPair::generate_ecdsa_p256().unwrap();
        let pem = pair.public_key_der().unwrap().to_pem();
        let object = json!({"keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": pem}});
        let id = hex(&sha256(canonical(&object).as_bytes()));
        Self { pair, object, id }
    }
}

/// Metadata with its signatures.
fn signed(body: &Value, keys: &[&Key]) -> Vec<u8> {
    let signatures = keys.iter().map(|key| {
        let signature = key.pair.sign(canonical(body).as_bytes()).unwrap();
        json!({"keyid": key.id, "sig": hex(signature.as_bytes())})
    });
    json!({"signed": body, "signatures": signatures.collect::<Vec<_>>()}).to_string().into_bytes()
}

/// A repository, and what it publishes next.
pub struct Tuf {
    /// Signs the root.
    pub root_key: Key,
    /// Signs targets and snapshot.
    pub targets_key: Key,
    /// Signs the timestamp.
    pub timestamp_key: Key,
    pub root_version: u64,
    pub version: u64,
    /// When the timestamp expires; everything else a year later.
    pub expires: Timestamp,
    /// The days of the timestamp that the root tells.
    pub period: Option<u64>,
    pub consistent: bool,
    pub trusted_root: Vec<u8>,
    pub signing_config: Option<Vec<u8>>,
    /// What lies on the server.
    pub files: BTreeMap<String, Vec<u8>>,
}

impl Tuf {
    pub fn new(trusted_root: &Value) -> Self {
        let mut tuf = Self {
            root_key: Key::new(),
            targets_key: Key::new(),
            timestamp_key: Key::new(),
            root_version: 1,
            version: 1,
            expires: Timestamp::now() + SignedDuration::from_hours(7 * 24),
            period: Some(7),
            consistent: true,
            trusted_root: trusted_root.to_string().into_bytes(),
            signing_config: Some(b"{\"mediaType\":\"a signing config\"}".to_vec()),
            files: BTreeMap::new(),
        };
        let root = tuf.root(&[]);
        tuf.files.insert("1.root.json".to_owned(), root);
        tuf.publish();
        tuf
    }

    /// The root of this version, signed by its own key and by `others`.
    pub fn root(&self, others: &[&Key]) -> Vec<u8> {
        let roles = |key: &Key| json!({"keyids": [key.id], "threshold": 1});
        let mut timestamp = roles(&self.timestamp_key);
        if let Some(days) = self.period {
            timestamp["x-tuf-on-ci-expiry-period"] = json!(days);
        }
        let keys = [&self.root_key, &self.targets_key, &self.timestamp_key];
        let keys = keys.iter().map(|key| (key.id.clone(), key.object.clone())).collect::<serde_json::Map<_, _>>();
        let body = json!({"_type": "root", "spec_version": "1.0.31", "version": self.root_version, "expires": self.later(),
            "consistent_snapshot": self.consistent, "keys": keys,
            "roles": {"root": roles(&self.root_key), "targets": roles(&self.targets_key), "snapshot": roles(&self.targets_key), "timestamp": timestamp}});
        signed(&body, &[&[&self.root_key], others].concat())
    }

    fn later(&self) -> String {
        (self.expires + SignedDuration::from_hours(365 * 24)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Targets, snapshot and timestamp of this version.
    pub fn publish(&mut self) {
        let pin = |bytes: &[u8]| json!({"length": bytes.len(), "hashes": {"sha256": hex(&sha256(bytes))}});
        let mut targets = json!({TARGET: pin(&self.trusted_root)});
        if let Some(config) = &self.signing_config {
            targets[CONFIG] = pin(config);
        }
        let header =
            |kind: &str, expires: &str| json!({"_type": kind, "spec_version": "1.0.31", "version": self.version, "expires": expires});
        let with = |mut body: Value, name: &str, value: Value| {
            body[name] = value;
            body
        };
        let targets = signed(&with(header("targets", &self.later()), "targets", targets), &[&self.targets_key]);
        let meta = json!({"targets.json": {"version": self.version}});
        let snapshot = signed(&with(header("snapshot", &self.later()), "meta", meta), &[&self.targets_key]);
        let mut meta = json!({"snapshot.json": pin(&snapshot)});
        meta["snapshot.json"]["version"] = json!(self.version);
        let expires = self.expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let timestamp = signed(&with(header("timestamp", &expires), "meta", meta), &[&self.timestamp_key]);
        let version = if self.consistent { format!("{}.", self.version) } else { String::new() };
        let hash = |bytes: &[u8]| if self.consistent { format!("{}.", hex(&sha256(bytes))) } else { String::new() };
        let mut files = vec![
            (format!("{version}targets.json"), targets),
            (format!("{version}snapshot.json"), snapshot),
            ("timestamp.json".to_owned(), timestamp),
            (format!("targets/{}{TARGET}", hash(&self.trusted_root)), self.trusted_root.clone()),
        ];
        files.extend(self.signing_config.iter().map(|config| (format!("targets/{}{CONFIG}", hash(config)), config.clone())));
        self.files.extend(files);
    }

    /// The next version.
    pub fn next(&mut self) {
        self.version += 1;
        self.publish();
    }

    /// The next root, with new keys for everything, signed by the old root key where `chained`.
    pub fn rotate(&mut self, chained: bool) {
        let old = std::mem::replace(&mut self.root_key, Key::new());
        (self.targets_key, self.timestamp_key) = (Key::new(), Key::new());
        self.root_version += 1;
        let root = if chained { self.root(&[&old]) } else { self.root(&[]) };
        self.files.insert(format!("{}.root.json", self.root_version), root);
        self.next();
    }
}

/// How the server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Honest,
    /// `timestamp.json` never ends.
    Endless,
    /// `timestamp.json` comes a byte at a time, and never all of it.
    Slow,
}

/// A server on loopback. It goes on until the test ends.
pub struct Served {
    pub url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Served {
    pub fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = Self { url, files: Arc::default(), asked: Arc::default() };
        let (files, asked) = (Arc::clone(&served.files), Arc::clone(&served.asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, asked) = (Arc::clone(&files), Arc::clone(&asked));
                thread::spawn(move || answer(stream, manner, &files, &asked));
            }
        });
        served
    }

    pub fn of(tuf: &Tuf) -> Self {
        let served = Self::new(Manner::Honest);
        served.serve(tuf);
        served
    }

    pub fn serve(&self, tuf: &Tuf) {
        *self.files.lock().unwrap() = tuf.files.clone();
    }

    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request a connection.
fn answer(mut stream: TcpStream, manner: Manner, files: &Mutex<BTreeMap<String, Vec<u8>>>, asked: &Mutex<Vec<String>>) {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        request.push(byte[0]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    asked.lock().unwrap().push(path.clone());
    let head = |status: &str, rest: &str| format!("HTTP/1.1 {status}\r\nconnection: close\r\n{rest}\r\n");
    if path == "timestamp.json" && manner != Manner::Honest {
        let _ = stream.write_all(head("200 OK", "").as_bytes());
        let piece = if manner == Manner::Endless { vec![b' '; 4096] } else { vec![b' '] };
        while stream.write_all(&piece).is_ok() {
            if manner == Manner::Slow {
                thread::sleep(Duration::from_millis(50));
            }
        }
        return;
    }
    let body = files.lock().unwrap().get(&path).cloned();
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let _ = stream.write_all(head(status, &format!("content-length: {}\r\n", body.len())).as_bytes());
    let _ = stream.write_all(&body);
}
