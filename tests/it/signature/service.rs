//! The fake instance over HTTP on loopback: a Fulcio, a Rekor v2, a timestamp authority, as far as a signer talks to them.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tiny_http::{Response, Server};

use super::fake::{By, Fake, ISSUER, SUBJECT, San, Signing, b64};

/// The private parts of a token, which no output may ever show.
pub const CANARY: &str = "canary-of-the-token";

pub struct Service {
    pub fake: Arc<Fake>,
    pub url: String,
    /// How the next signatures are made; times are always the present ones.
    pub signing: Arc<Mutex<Signing>>,
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
        let thread = thread::spawn(move || {
            for mut request in listener.incoming_requests() {
                let mut body = Vec::new();
                request.as_reader().read_to_end(&mut body).unwrap();
                log.lock().unwrap().push(request.url().to_owned());
                let how = present(&how.lock().unwrap());
                let response = match answer(&of, request.url(), &body, &how) {
                    Some((status, bytes)) => Response::from_data(bytes).with_status_code(status),
                    None => Response::from_data("not found").with_status_code(404),
                };
                let _ = request.respond(response);
            }
        });
        Self { fake, url, signing, asked, server, thread: Some(thread) }
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
        let mut command = Command::new(env!("CARGO_BIN_EXE_fngate"));
        command.current_dir(self.path()).args(arguments).env("NO_COLOR", "1");
        for name in ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI", "SIGSTORE_ID_TOKEN", "COSIGN_PASSWORD", "FNGATE_KEY_PASSWORD"]
        {
            command.env_remove(name);
        }
        command.envs(environment.iter().copied()).stdin(std::process::Stdio::null());
        let output = command.output().unwrap();
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        assert!(!String::from_utf8_lossy(&said).contains(&URL_SAFE_NO_PAD.encode(CANARY)), "the token was shown");
        output
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
        "/api/v1/timestamp" => {
            let (digest, nonce) = question(body);
            Some((201, fake.stamp_of(&digest, &nonce, how)))
        }
        _ => None,
    }
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

/// The digest and the nonce (as it stands) of a timestamp request (RFC 3161, section 2.4.1).
fn question(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let imprint = der.windows(2).position(|pair| pair == [0x04, 0x20]).unwrap() + 2;
    let rest = &der[imprint + 32..];
    assert_eq!(rest[0], 0x02, "a nonce follows the imprint");
    (der[imprint..imprint + 32].to_vec(), rest[..2 + usize::from(rest[1])].to_vec())
}
