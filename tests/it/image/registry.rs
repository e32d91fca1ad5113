//! Pulling from a registry: one of our own that speaks the protocol and lies where it is told to, and a real one where
//! `FNGATE_REGISTRY` names its program.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fngate::artifact::Artifact;
use fngate::artifact::registry::{Credentials, Options, RegistryError, pull};
use fngate::model::ArtifactKind;
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

use super::build::{INDEX, LAYER, Layout, MANIFEST, Tar, gzip, sha256};
use super::see_with;

/// How a test's registry misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Honest,
    /// Tokens for `user:password` only.
    Token,
    /// Basic authentication, no tokens.
    Basic,
    /// Twice too many requests, then honest.
    Busy,
    /// Always too many.
    TooBusy,
    /// Blobs of other bytes.
    Lies,
    /// The first answer for a blob breaks off.
    BreaksOff,
    /// Manifests of other bytes than their digest.
    ManifestLies,
    /// Blobs lie on another host, which must not see the token.
    Redirects,
    /// That other host asks for credentials.
    Steals,
}

/// The path of a request and its authorization.
type Asked = (String, Option<String>);

struct Registry {
    address: String,
    server: Arc<Server>,
    /// Every request.
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name.as_bytes(), value.as_bytes()).unwrap()
}

type Answer = Response<Cursor<Vec<u8>>>;

fn status(code: u16) -> Answer {
    Response::from_data(Vec::new()).with_status_code(code)
}

/// Serves what `tags` and `blobs` hold.
fn serve(manner: Manner, tags: BTreeMap<String, (String, Vec<u8>)>, blobs: BTreeMap<String, (String, Vec<u8>)>) -> Registry {
    let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
    let address = server.server_addr().to_ip().unwrap().to_string();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (own, seen, host) = (Arc::clone(&server), Arc::clone(&log), address.clone());
    std::thread::spawn(move || {
        let count = AtomicU32::new(0);
        for request in own.incoming_requests() {
            let authorization = request.headers().iter().find(|h| h.field.equiv("authorization")).map(|h| h.value.as_str().to_owned());
            seen.lock().unwrap().push((request.url().to_owned(), authorization.clone()));
            let nth = count.fetch_add(1, Ordering::Relaxed);
            let answer = answer(manner, &request, authorization.as_deref(), nth, &host, &tags, &blobs);
            let _ = request.respond(answer);
        }
    });
    Registry { address, server, log }
}

fn answer(
    manner: Manner,
    request: &Request,
    authorization: Option<&str>,
    nth: u32,
    host: &str,
    tags: &BTreeMap<String, (String, Vec<u8>)>,
    blobs: &BTreeMap<String, (String, Vec<u8>)>,
) -> Answer {
    let path = request.url();
    if path.starts_with("/token?") {
        assert!(path.contains("service=test") && path.contains("scope=repository%3Aacme%2Ffn%3Apull"), "{path}");
        // base64 of `user:password`.
        return match authorization {
            Some("Basic dXNlcjpwYXNzd29yZA==") => Response::from_data(br#"{"access_token":"t0ken"}"#.to_vec()),
            _ => status(401),
        };
    }
    match manner {
        Manner::Token | Manner::Redirects | Manner::Steals if authorization != Some("Bearer t0ken") && !path.starts_with("/elsewhere/") => {
            let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"test\",scope=\"repository:acme/fn:pull\"");
            return status(401).with_header(header("WWW-Authenticate", &challenge));
        }
        Manner::Basic if authorization != Some("Basic dXNlcjpwYXNzd29yZA==") => {
            return status(401).with_header(header("WWW-Authenticate", "Basic realm=\"test\""));
        }
        Manner::Busy if nth < 2 => return status(429).with_header(header("Retry-After", "0")),
        Manner::TooBusy => return status(429).with_header(header("Retry-After", "0")),
        _ => {}
    }
    if manner == Manner::Steals && path.starts_with("/elsewhere/") {
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"test\",scope=\"stolen\"");
        return status(401).with_header(header("WWW-Authenticate", &challenge));
    }
    if let Some(target) = path.strip_prefix("/v2/acme/fn/manifests/") {
        let accept = request.headers().iter().find(|h| h.field.equiv("accept")).map(|h| h.value.as_str().to_owned()).unwrap_or_default();
        assert_eq!(accept.split(", ").count(), 4, "{accept}");
        return match tags.get(target).or_else(|| blobs.get(target)) {
            Some((media, bytes)) => {
                let mut bytes = bytes.clone();
                if manner == Manner::ManifestLies {
                    bytes.push(b' ');
                }
                Response::from_data(bytes).with_header(header("Content-Type", media))
            }
            None => status(404),
        };
    }
    let blob = path.strip_prefix("/v2/acme/fn/blobs/").or_else(|| path.strip_prefix("/elsewhere/")).and_then(|digest| blobs.get(digest));
    match (manner, blob) {
        (_, None) => status(404),
        (Manner::Redirects | Manner::Steals, Some(_)) if !path.starts_with("/elsewhere/") => {
            // Another name of this machine is another host.
            let port = host.rsplit_once(':').unwrap().1;
            let target = format!("http://localhost:{port}/elsewhere/{}", path.rsplit_once('/').unwrap().1);
            status(307).with_header(header("Location", &target))
        }
        (Manner::Lies, Some((_, bytes))) => Response::from_data(bytes.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()),
        (Manner::BreaksOff, Some((_, bytes))) if nth < 3 => Response::from_data(bytes[..bytes.len() / 2].to_vec()),
        (_, Some((_, bytes))) => Response::from_data(bytes.clone()),
    }
}

/// A registry with one image for two platforms: its tag is an index.
fn registry(manner: Manner) -> Registry {
    let (mut layout, mut blobs) = (Layout::default(), BTreeMap::new());
    let plain = |name: &str| Tar::new().file(name, "x").bytes();
    let image = |layout: &mut Layout, name: &str| {
        layout.image(&[
            ("application/vnd.oci.image.layer.v1.tar+gzip", gzip(&plain(name)), plain(name)),
            (LAYER, plain("both"), plain("both")),
        ])
    };
    let (mut amd, mut arm) = (image(&mut layout, "amd"), image(&mut layout, "arm"));
    amd["platform"] = json!({"os": "linux", "architecture": "amd64"});
    arm["platform"] = json!({"os": "linux", "architecture": "arm64", "variant": "v8"});
    let attestation =
        json!({"mediaType": MANIFEST, "digest": sha256(b""), "size": 0, "platform": {"os": "unknown", "architecture": "unknown"}});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attestation, arm, amd]}).to_string().into_bytes();
    for (name, bytes) in layout.0 {
        let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let media = value["mediaType"].as_str().unwrap_or("application/octet-stream").to_owned();
        blobs.insert(name.trim_start_matches("blobs/").replace('/', ":"), (media, bytes));
    }
    blobs.insert(sha256(&index), (INDEX.to_owned(), index.clone()));
    serve(manner, BTreeMap::from([("1".to_owned(), (INDEX.to_owned(), index))]), blobs)
}

fn options() -> Options {
    Options {
        backoff: Duration::from_millis(1),
        timeout: Duration::from_secs(10),
        credentials: Some(Credentials::new("user", "password")),
        ..Options::default()
    }
}

fn pulled(registry: &Registry, platform: &str) -> Result<Artifact, RegistryError> {
    pull(&format!("{}/acme/fn:1", registry.address), platform, &options())
}

#[test]
fn an_image_is_pulled_for_its_platform() {
    for manner in [Manner::Honest, Manner::Token, Manner::Basic, Manner::Busy, Manner::BreaksOff] {
        let registry = registry(manner);
        let artifact = pulled(&registry, "linux/amd64").unwrap_or_else(|error| panic!("{manner:?}: {error}"));
        let seen = see_with(&artifact, &artifact.default_limits());
        assert_eq!((seen.kind, seen.paths()), (ArtifactKind::OciLayout, vec!["amd", "both"]), "{manner:?}");
        assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
        assert_ne!(artifact.digest(), [0; 32]);
    }
    let registry = registry(Manner::Honest);
    let artifact = pulled(&registry, "linux/arm64").unwrap();
    assert_eq!(see_with(&artifact, &artifact.default_limits()).paths(), ["arm", "both"]);
}

#[test]
fn another_host_never_sees_the_token() {
    let registry = registry(Manner::Redirects);
    pulled(&registry, "linux/amd64").unwrap();
    let log = registry.log.lock().unwrap();
    let elsewhere: Vec<_> = log.iter().filter(|(path, _)| path.starts_with("/elsewhere/")).collect();
    assert_eq!(elsewhere.len(), 3, "{log:?}");
    assert!(elsewhere.iter().all(|(_, authorization)| authorization.is_none()), "{elsewhere:?}");
}

#[test]
fn another_host_cannot_ask_for_credentials() {
    let registry = registry(Manner::Steals);
    let error = pulled(&registry, "linux/amd64").unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
    let log = registry.log.lock().unwrap();
    assert_eq!(log.iter().filter(|(path, _)| path.starts_with("/token")).count(), 1, "{log:?}");
}

#[test]
fn what_cannot_be_pulled_is_an_error_with_a_hint() {
    let message = |manner, platform: &str| {
        let error = pulled(&registry(manner), platform).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string()
    };
    assert!(message(Manner::TooBusy, "linux/amd64").ends_with("answers with status 429"));
    assert!(message(Manner::Lies, "linux/amd64").starts_with("the registry gives other bytes than those of the digest: sha256:"));
    assert!(message(Manner::ManifestLies, "linux/amd64").starts_with("the registry gives other bytes"));
    assert_eq!(
        message(Manner::Honest, "windows/amd64"),
        "the image has no variant for `windows/amd64`; it has: linux/arm64/v8, linux/amd64"
    );

    let registry = registry(Manner::Token);
    let wrong = Options { credentials: Some(Credentials::new("user", "wrong")), ..options() };
    let error = pull(&format!("{}/acme/fn:1", registry.address), "linux/amd64", &wrong).unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
    assert!(!format!("{wrong:?}").contains("wrong"), "a password is never shown");
    let error = pull(&format!("{}/acme/fn:2", registry.address), "linux/amd64", &options()).unwrap_err();
    assert!(matches!(error, RegistryError::NotFound(_)), "{error}");
    let small = Options { most: 100, ..options() };
    let error = pull(&format!("{}/acme/fn:1", registry.address), "linux/amd64", &small).unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
}

#[test]
fn a_digest_is_asked_for_by_itself() {
    let registry = registry(Manner::Honest);
    let error = pull(&format!("{}/acme/fn@{}", registry.address, sha256(b"none")), "linux/amd64", &options()).unwrap_err();
    assert!(matches!(error, RegistryError::NotFound(_)), "{error}");
}

#[test]
fn a_real_registry_gives_what_was_pushed() {
    let Some(program) = std::env::var_os("FNGATE_REGISTRY") else { return eprintln!("not run: FNGATE_REGISTRY names no registry") };
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = folder.path().join("config.yml");
    let text = format!(
        "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: 127.0.0.1:{port}\n",
        folder.path().join("data").display()
    );
    std::fs::write(&config, text).unwrap();
    let mut server = std::process::Command::new(program).arg("serve").arg(&config).spawn().unwrap();
    let result = std::panic::catch_unwind(|| push_and_pull(&format!("127.0.0.1:{port}")));
    server.kill().unwrap();
    server.wait().unwrap();
    result.unwrap();
}

fn push_and_pull(host: &str) {
    let client = reqwest::blocking::Client::new();
    let base = format!("http://{host}/v2/acme/fn");
    let up = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        client.get(format!("http://{host}/v2/")).send().is_ok_and(|answer| answer.status().is_success())
    });
    assert!(up, "the registry does not start");
    let layer = Tar::new().file("var/task/index.js", "x").bytes();
    let mut layout = Layout::default();
    let mut image = layout.image(&[("application/vnd.oci.image.layer.v1.tar+gzip", gzip(&layer), layer)]);
    let digest = image["digest"].as_str().unwrap().to_owned();
    let manifest = layout.0.remove(&format!("blobs/{}", digest.replace(':', "/"))).unwrap();
    for (name, bytes) in layout.0 {
        let digest = name.trim_start_matches("blobs/").replace('/', ":");
        let started = client.post(format!("{base}/blobs/uploads/")).send().unwrap();
        let mut place = reqwest::Url::parse(started.headers()["location"].to_str().unwrap()).unwrap();
        place.query_pairs_mut().append_pair("digest", &digest);
        let put = client.put(place).body(bytes).send().unwrap();
        assert_eq!(put.status().as_u16(), 201, "{}", put.text().unwrap());
    }
    let put = client.put(format!("{base}/manifests/{digest}")).header("content-type", MANIFEST).body(manifest).send().unwrap();
    assert_eq!(put.status().as_u16(), 201, "{}", put.text().unwrap());
    image["platform"] = json!({"os": "linux", "architecture": "amd64"});
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]}).to_string();
    let put = client.put(format!("{base}/manifests/1")).header("content-type", INDEX).body(index).send().unwrap();
    assert_eq!(put.status().as_u16(), 201, "{}", put.text().unwrap());
    for reference in [format!("{host}/acme/fn:1"), format!("{host}/acme/fn@{digest}")] {
        let artifact = fngate::artifact::open(&format!("oci:{reference}")).unwrap();
        let seen = see_with(&artifact, &artifact.default_limits());
        assert_eq!(seen.paths(), ["var/task/index.js"]);
        assert_eq!(seen.kinds(), Vec::<&str>::new());
        assert_eq!(format!("sha256:{}", fngate::model::hex(&artifact.digest())), digest);
    }
    let error = pull(&format!("{host}/acme/fn:2"), "linux/amd64", &options()).unwrap_err();
    assert!(matches!(error, RegistryError::NotFound(_)), "{error}");
}
