//! The fake instance over HTTP on loopback: a Fulcio, a Rekor v2, a timestamp authority, as far as a signer talks to them.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::fake::{By, Fake, ISSUER, SUBJECT, San, Signing, b64};
use super::issuer::Issuer;

/// The private parts of a token, which no output may ever show.
pub const CANARY: &str = "canary-of-the-token";

/// Something that is done when a path is asked.
pub type Besides = Box<dyn Fn(&str) + Send>;

pub struct Service {
    pub fake: Arc<Fake>,
    pub url: String,
    /// How the next signatures are made; times are always the present ones.
    pub signing: Arc<Mutex<Signing>>,
    /// The one path that answers without end, if any does.
    pub flood: Arc<Flood>,
    /// Where what lies below `/moved` has moved to.
    pub moved: Arc<Mutex<Option<String>>>,
    /// What one path answers, whatever is asked.
    pub canned: Arc<Mutex<Option<(&'static str, &'static str)>>>,
    /// What happens besides when a path is asked.
    pub besides: Arc<Mutex<Option<Besides>>>,
    /// Where people log in.
    pub issuer: Arc<Issuer>,
    asked: Arc<Mutex<Vec<String>>>,
    server: Arc<Server>,
    thread: Option<JoinHandle<()>>,
}

impl Service {
    pub fn new() -> Self {
        let (fake, signing, asked) = (Arc::new(Fake::new()), Arc::new(Mutex::new(Signing::default())), Arc::new(Mutex::new(Vec::new())));
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let url = format!("http://{}", server.server_addr());
        let (of, how, log, listener) = (Arc::clone(&fake), Arc::clone(&signing), Arc::clone(&asked), Arc::clone(&server));
        let (flood, issuer) = (Arc::new(Flood::default()), Arc::new(Issuer::default()));
        let (water, login) = (Arc::clone(&flood), Arc::clone(&issuer));
        let (moved, canned) = (Arc::new(Mutex::new(None::<String>)), Arc::new(Mutex::new(None)));
        let (elsewhere, fixed) = (Arc::clone(&moved), Arc::clone(&canned));
        let besides = Arc::new(Mutex::new(None::<Besides>));
        let hook = Arc::clone(&besides);
        let thread = thread::spawn(move || {
            for mut request in listener.incoming_requests() {
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                let path = request.url().to_owned();
                log.lock().unwrap().push(path.clone());
                if let Some(hook) = hook.lock().unwrap().as_ref() {
                    hook(&path);
                }
                if water.is_on(&path) {
                    let _ = request.respond(water.response());
                    continue;
                }
                if let Some(response) = login.answer(&path, &body) {
                    let _ = request.respond(response);
                    continue;
                }
                if let Some((_, text)) = fixed.lock().unwrap().filter(|(of, _)| *of == path) {
                    let _ = request.respond(Response::from_string(text).with_status_code(201));
                    continue;
                }
                if let (Some(rest), Some(other)) = (path.strip_prefix("/moved"), elsewhere.lock().unwrap().as_deref()) {
                    let header = Header::from_bytes("Location", format!("{other}{rest}")).unwrap();
                    let _ = request.respond(Response::from_string("").with_status_code(307).with_header(header));
                    continue;
                }
                let how = present(&how.lock().unwrap());
                let response = match answer(&of, &path, &body, &how) {
                    Some((status, bytes)) => Response::from_data(bytes).with_status_code(status),
                    None => Response::from_data("not found").with_status_code(404),
                };
                let _ = request.respond(response);
            }
        });
        Self { fake, url, signing, flood, moved, canned, besides, issuer, asked, server, thread: Some(thread) }
    }

    /// What was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub fn turn(&self, turn: impl FnOnce(&mut Signing)) {
        turn(&mut self.signing.lock().unwrap());
    }

    /// `signing_config.json`, version 0.2.
    pub fn signing_config(&self) -> Value {
        let service = |path: &str, version: u8| json!([{"url": format!("{}{path}", self.url), "majorApiVersion": version, "validFor": {"start": "2020-01-01T00:00:00Z"}, "operator": "fake.example"}]);
        json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service("", 1), "oidcUrls": service("/auth", 1), "rekorTlogUrls": service("", 2), "tsaUrls": service("/api/v1/timestamp", 1),
            "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"},
        })
    }

    /// A folder with an artifact, the instance's documents and a token.
    pub fn place(&self) -> Place<'_> {
        let place = Place { service: self, folder: tempfile::tempdir().unwrap() };
        place.write("fn.zip", super::ARTIFACT);
        place.write("root.json", self.fake.trusted_root().to_string());
        place.write("services.json", self.signing_config().to_string());
        place.write("token", token(&json!({})));
        place
    }
}

/// An answer without end, at full speed or byte by byte.
#[derive(Default)]
pub struct Flood {
    path: Mutex<String>,
    status: AtomicU64,
    slow: AtomicBool,
    /// Bytes that were taken.
    taken: AtomicU64,
}

impl Flood {
    /// From now on this path alone answers so.
    pub fn turn_on(&self, path: &str, status: u64, slow: bool) {
        *self.path.lock().unwrap() = path.to_owned();
        self.status.store(status, Ordering::SeqCst);
        self.slow.store(slow, Ordering::SeqCst);
        self.taken.store(0, Ordering::SeqCst);
    }

    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    fn is_on(&self, path: &str) -> bool {
        let flooded = self.path.lock().unwrap();
        !flooded.is_empty() && path.split('?').next() == Some(flooded.as_str())
    }

    fn response(self: &Arc<Self>) -> Response<Water> {
        let status = u16::try_from(self.status.load(Ordering::SeqCst)).unwrap();
        Response::new(status.into(), Vec::new(), Water(Arc::clone(self)), None, None)
    }
}

struct Water(Arc<Flood>);

impl Read for Water {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let slow = self.0.slow.load(Ordering::SeqCst);
        // What comes slowly fills a buffer, as it is flushed only then; whoever gave up is noticed at the next.
        if slow {
            thread::sleep(Duration::from_millis(50));
        }
        // A gigabyte and no more, should nothing stop it.
        if self.0.taken() > 1 << 30 {
            return Ok(0);
        }
        buffer.fill(b' ');
        self.0.taken.fetch_add(buffer.len() as u64, Ordering::SeqCst);
        Ok(buffer.len())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.server.unblock();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A token for the fake's subject, with other claims in their place.
pub fn token(claims: &Value) -> String {
    let soon = Timestamp::now() + SignedDuration::from_mins(10);
    let mut all = json!({"iss": ISSUER, "sub": "repo:acme/hello:ref:refs/tags/v1.0.0", "aud": "sigstore", "exp": soon.as_second()});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"none"}"#), part(&all.to_string()), part(CANARY))
}

pub struct Place<'a> {
    service: &'a Service,
    pub folder: tempfile::TempDir,
}

impl Place<'_> {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), bytes).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.with(arguments, &[])
    }

    /// Runs without any token, key or CI service of the machine that tests this.
    pub fn with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let output = self.command(arguments).envs(environment.iter().copied()).output().unwrap();
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        assert!(!String::from_utf8_lossy(&said).contains(&URL_SAFE_NO_PAD.encode(CANARY)), "the token was shown");
        output
    }

    /// The same, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fngate"));
        command.current_dir(self.path()).args(arguments).env("NO_COLOR", "1");
        for name in [
            "GITHUB_ACTIONS",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "GITLAB_CI",
            "BUILDKITE",
            "CIRCLECI",
            "SIGSTORE_ID_TOKEN",
            "COSIGN_PASSWORD",
            "FNGATE_KEY_PASSWORD",
        ] {
            command.env_remove(name);
        }
        command.stdin(std::process::Stdio::null());
        command
    }

    /// Signs by the token, with this instance.
    pub fn signed(&self, arguments: &[&str]) -> Output {
        self.run(&[arguments, &SERVICES, &["--identity-token", "token"]].concat())
    }

    /// Verifies by the expected identity.
    pub fn verified(&self, arguments: &[&str]) -> Output {
        let expected = ["--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
        let before = self.service.asked().len();
        let output = self.run(&[&["verify"], arguments, &expected].concat());
        assert_eq!(self.service.asked().len(), before, "a verification asked the network");
        output
    }
}

pub const SERVICES: [&str; 4] = ["--signing-config", "services.json", "--trusted-root", "root.json"];

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The same knobs, at the present time.
fn present(signing: &Signing) -> Signing {
    let now = Timestamp::now();
    Signing {
        valid_from: now - SignedDuration::from_mins(5),
        valid_until: now + SignedDuration::from_mins(5),
        stamped: now,
        ..signing.clone()
    }
}

fn answer(fake: &Fake, path: &str, body: &[u8], how: &Signing) -> Option<(u16, Vec<u8>)> {
    match path {
        "/api/v2/signingCert" => Some(certificate(fake, &serde_json::from_slice(body).unwrap(), how)),
        "/api/v2/log/entries" => {
            let request: Value = serde_json::from_slice(body).unwrap();
            let request = &request["hashedRekordRequestV002"];
            let logged = json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": {
                "data": {"algorithm": "SHA2_256", "digest": request["digest"]}, "signature": request["signature"]}}});
            Some((201, fake.entry(logged.to_string().as_bytes(), how).to_string().into_bytes()))
        }
        path if path.starts_with("/job/token?") => Some((200, json!({"count": 1, "value": token(&json!({}))}).to_string().into_bytes())),
        "/api/v1/log/entries" => Some((201, old_entry(fake, body, how))),
        "/api/v1/timestamp" => {
            let (digest, nonce) = question(body);
            Some((201, fake.stamp_of(&digest, &nonce, how)))
        }
        _ => None,
    }
}

/// Rekor v1: what is proposed is entered, but for an envelope's content.
fn old_entry(fake: &Fake, body: &[u8], how: &Signing) -> Vec<u8> {
    let mut proposed: Value = serde_json::from_slice(body).unwrap();
    if proposed["kind"] == "dsse" {
        let content = &proposed["spec"]["proposedContent"];
        let envelope: Value = serde_json::from_str(content["envelope"].as_str().unwrap()).unwrap();
        let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
        let hash = |bytes: &[u8]| json!({"algorithm": "sha256", "value": super::fake::hex(&super::fake::sha256(bytes))});
        proposed["spec"] = json!({"envelopeHash": hash(content["envelope"].as_str().unwrap().as_bytes()), "payloadHash": hash(&payload),
            "signatures": [{"signature": envelope["signatures"][0]["sig"], "verifier": content["verifiers"][0]}]});
    }
    let how = Signing { old_log: true, integrated: Timestamp::now(), ..how.clone() };
    let body = proposed.to_string();
    let entry = fake.entry(body.as_bytes(), &how);
    let bytes = |text: &Value| super::fake::hex(&STANDARD.decode(text.as_str().unwrap()).unwrap());
    let number = |text: &Value| text.as_str().unwrap().parse::<u64>().unwrap();
    let proof = &entry["inclusionProof"];
    let hashes = proof["hashes"].as_array().unwrap().iter().map(bytes).collect::<Vec<_>>();
    json!({"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": {
        "body": entry["canonicalizedBody"], "integratedTime": number(&entry["integratedTime"]),
        "logID": bytes(&entry["logId"]["keyId"]), "logIndex": number(&entry["logIndex"]),
        "verification": {
            "inclusionProof": {"checkpoint": proof["checkpoint"]["envelope"], "hashes": hashes, "logIndex": number(&proof["logIndex"]),
                "rootHash": bytes(&proof["rootHash"]), "treeSize": number(&proof["treeSize"])},
            "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        },
    }})
    .to_string()
    .into_bytes()
}

/// The certificate of whoever the token names: its e-mail address, or the fake's workload.
fn certificate(fake: &Fake, request: &Value, how: &Signing) -> (u16, Vec<u8>) {
    let jwt = request["credentials"]["oidcIdentityToken"].as_str().unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap();
    if claims["echo"] == true {
        return (400, request.to_string().into_bytes());
    }
    if claims["refused"] == true {
        return (400, br#"{"code":3,"message":"There was an error processing the identity token"}"#.to_vec());
    }
    let pem = request["publicKeyRequest"]["publicKey"]["content"].as_str().unwrap();
    let spki = STANDARD.decode(pem.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let mut how = how.clone();
    if let Some(email) = claims["email"].as_str() {
        how.subjects = vec![San::Email(Box::leak(email.to_owned().into_boxed_str()))];
        how.claims = Vec::new();
    }
    let der = fake.leaf(spki, &how);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", b64(&der));
    let field = if how.transparency == By::Nobody { "signedCertificateDetachedSct" } else { "signedCertificateEmbeddedSct" };
    let mut answer = json!({field: {"chain": {"certificates": [pem]}}});
    if how.transparency == By::Nobody {
        answer[field]["signedCertificateTimestamp"] = json!("e30=");
    }
    (201, answer.to_string().into_bytes())
}

/// The digest of a timestamp request, and its nonce as it stands, if it has one (RFC 3161, section 2.4.1).
fn question(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    assert_eq!((der[0], usize::from(der[1])), (0x30, der.len() - 2), "one SEQUENCE, whole");
    let imprint = der.windows(2).position(|pair| pair == [0x04, 0x20]).unwrap() + 2;
    let rest = &der[imprint + 32..];
    let nonce = if rest[0] == 0x02 { rest[..2 + usize::from(rest[1])].to_vec() } else { Vec::new() };
    (der[imprint..imprint + 32].to_vec(), nonce)
}
