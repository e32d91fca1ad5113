//! Signatures of images in a registry: the referrers' list, its fallback, and registries that fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fngate::artifact::registry::{Options, pull};
use fngate::artifact::{Artifact, EvidenceError};
use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

use super::fake::{ISSUER, SUBJECT, Signing, now};
use super::image::{BUNDLE, layer, legacy, referrer, signed};
use super::*;
use crate::image::build::{INDEX, Layout, sha256 as digest};

/// A registry that gives what lies under a path, with a status and headers.
struct Registry {
    server: Arc<Server>,
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.unblock();
    }
}

/// An answer: status, media type, `Link`, bytes.
type Answer = (u16, String, Option<String>, Vec<u8>);

#[derive(Clone)]
struct Hub {
    answers: BTreeMap<String, Answer>,
    layout: Layout,
    /// The image for one platform.
    image: Value,
    /// The index that the tag names.
    index: Value,
}

impl Hub {
    /// A repository with one image under an index.
    fn new() -> Self {
        let mut layout = Layout::default();
        let mut image = layout.plain(&[layer("var/task/index.js")]);
        image["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let index = layout.json(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]}));
        let mut hub = Self { answers: BTreeMap::new(), layout, image, index };
        hub.tag("1", &hub.index.clone());
        hub
    }

    fn answer(&mut self, path: &str, status: u16, media: &str, bytes: &[u8]) {
        self.answers.insert(format!("/v2/acme/fn/{path}"), (status, media.to_owned(), None, bytes.to_vec()));
    }

    fn tag(&mut self, tag: &str, descriptor: &Value) {
        let bytes = self.layout.0[&format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"))].clone();
        self.answer(&format!("manifests/{tag}"), 200, descriptor["mediaType"].as_str().unwrap(), &bytes);
    }

    /// Lists referrers of a document by the API.
    fn list(&mut self, of: &Value, descriptors: &[Value]) {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}).to_string();
        self.answer(&format!("referrers/{}", of["digest"].as_str().unwrap()), 200, INDEX, index.as_bytes());
    }

    /// The same by the tag.
    fn fallback(&mut self, of: &Value, descriptors: &[Value]) {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}).to_string();
        self.answer(&format!("manifests/{}", of["digest"].as_str().unwrap().replace(':', "-")), 200, INDEX, index.as_bytes());
    }

    fn attach(&mut self, of: &Value, bundle: &Value) -> Value {
        referrer(&mut self.layout, of, bundle)
    }

    fn serve(&self) -> Registry {
        let mut answers = self.answers.clone();
        for (name, bytes) in &self.layout.0 {
            let digest = name.trim_start_matches("blobs/").replace('/', ":");
            let value: Value = serde_json::from_slice(bytes).unwrap_or_default();
            let media = value["mediaType"].as_str().unwrap_or("application/octet-stream").to_owned();
            for kind in ["blobs", "manifests"] {
                answers.entry(format!("/v2/acme/fn/{kind}/{digest}")).or_insert((200, media.clone(), None, bytes.clone()));
            }
        }
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let address = server.server_addr().to_ip().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, log) = (Arc::clone(&server), Arc::clone(&asked));
        std::thread::spawn(move || {
            for request in own.incoming_requests() {
                log.lock().unwrap().push(request.url().to_owned());
                let (status, media, link, bytes) =
                    answers.get(request.url()).cloned().unwrap_or((404, "text/plain".to_owned(), None, Vec::new()));
                let header = |name: &str, value: &str| Header::from_bytes(name.as_bytes(), value.as_bytes()).unwrap();
                let mut response = Response::from_data(bytes).with_status_code(status).with_header(header("Content-Type", &media));
                if let Some(link) = link {
                    response = response.with_header(header("Link", &link));
                }
                let _ = request.respond(response);
            }
        });
        Registry { server, address, asked }
    }
}

fn pulled(registry: &Registry) -> Artifact {
    let options = Options { backoff: Duration::from_millis(1), attempts: 1, timeout: Duration::from_secs(10), ..Options::default() };
    pull(&format!("{}/acme/fn:1", registry.address), "linux/amd64", &options).unwrap()
}

/// The verdict, or why the registry could not be asked.
fn judged(hub: &Hub) -> String {
    let registry = hub.serve();
    let artifact = pulled(&registry);
    match fngate::attached(&artifact) {
        Ok(bundles) => code(&signature::verify(fngate::target(&artifact, &bundles), &bundles, &TRUST, &signer(), now())),
        Err(EvidenceError::Registry(error)) => format!("error: {}", error.to_string().replace(&registry.address, "REGISTRY")),
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn an_image_that_was_pulled_by_sha512_is_called_by_its_sha256() {
    use sha2::Digest as _;
    let mut hub = Hub::new();
    let name = hub.image["digest"].as_str().unwrap().replace(':', "/");
    let manifest = hub.layout.0[&format!("blobs/{name}")].clone();
    let long = format!("sha512:{}", fake::hex(&sha2::Sha512::digest(&manifest)));
    let media = hub.image["mediaType"].as_str().unwrap().to_owned();
    hub.answer(&format!("manifests/{long}"), 200, &media, &manifest);
    let registry = hub.serve();
    let options = Options { backoff: Duration::from_millis(1), attempts: 1, timeout: Duration::from_secs(10), ..Options::default() };
    let artifact = pull(&format!("{}/acme/fn@{long}", registry.address), "linux/amd64", &options).unwrap();
    assert_eq!(artifact.digest(), fake::sha256(&manifest));
    assert_eq!(fake::hex(&artifact.digest()), hub.image["digest"].as_str().unwrap()[7..]);
    let bundles = [file(signed(&hub.image, &Signing::default()).to_string())];
    assert_eq!(code(&signature::verify(fngate::target(&artifact, &bundles), &bundles, &TRUST, &signer(), now())), "verified");
}

#[test]
fn a_bundle_is_found_by_the_referrers_list() {
    let plain = Hub::new();
    assert_eq!(judged(&plain), "no-bundle");
    // Of the image and of the index that the tag names.
    for of in [plain.image.clone(), plain.index.clone()] {
        let mut hub = plain.clone();
        let attached = hub.attach(&of, &signed(&of, &Signing::default()));
        let mut listed = hub.clone();
        listed.list(&of, std::slice::from_ref(&attached));
        assert_eq!(judged(&listed), "verified");
        let mut tagged = hub.clone();
        tagged.fallback(&of, std::slice::from_ref(&attached));
        assert_eq!(judged(&tagged), "verified");
        // Where the list is served, the tag is not asked.
        tagged.list(&of, &[]);
        assert_eq!(judged(&tagged), "no-bundle");
        let mut unnamed = attached;
        unnamed.as_object_mut().unwrap().remove("artifactType");
        hub.fallback(&of, &[unnamed]);
        assert_eq!(judged(&hub), "verified");
    }
}

#[test]
fn a_bundle_in_a_registry_is_evidence_by_its_signature_alone() {
    let plain = Hub::new();
    let with = |bundle: &Value| {
        let mut hub = plain.clone();
        let attached = hub.attach(&plain.image, bundle);
        hub.list(&plain.image, &[attached]);
        judged(&hub)
    };
    assert_eq!(with(&signed(&plain.image, &Signing::default())), "verified");
    assert_eq!(with(&signed(&json!({"digest": digest(b"other")}), &Signing::default())), "subject-mismatch");
    assert_eq!(with(&json!({"hello": 1})), "unknown-format");
    let stranger = Signing { subjects: vec![super::fake::San::Uri("https://github.com/evil/x")], ..Signing::default() };
    assert_eq!(with(&signed(&plain.image, &stranger)), "identity-mismatch");
    // An SBOM is no signature and not asked for.
    let mut hub = plain.clone();
    let mut sbom = hub.attach(&plain.image, &json!({}));
    sbom["artifactType"] = json!("application/spdx+json");
    hub.list(&plain.image, &[sbom]);
    assert_eq!(judged(&hub), "no-bundle");
}

#[test]
fn signatures_from_before_bundles_are_refused() {
    for ending in ["sig", "att"] {
        let mut hub = Hub::new();
        let (image, index) = (hub.image.clone(), hub.index.clone());
        let old = legacy(&mut hub.layout, &image);
        let of = if ending == "sig" { &image } else { &index };
        hub.tag(&format!("{}.{ending}", of["digest"].as_str().unwrap().replace(':', "-")), &old);
        assert_eq!(judged(&hub), "legacy-cosign-bundle", "{ending}");
        let attached = hub.attach(&image, &signed(&image, &Signing::default()));
        hub.list(&image, &[attached]);
        assert_eq!(judged(&hub), "verified");
    }
}

#[test]
fn a_registry_that_fails_is_no_registry_without_signatures() {
    let plain = Hub::new();
    let referrers = format!("referrers/{}", plain.image["digest"].as_str().unwrap());
    let with = |status: u16, media: &str, bytes: &[u8]| {
        let mut hub = plain.clone();
        hub.answer(&referrers, status, media, bytes);
        judged(&hub)
    };
    assert_eq!(with(404, "text/plain", b""), "no-bundle");
    for status in [400, 405, 500, 503] {
        assert_eq!(with(status, "text/plain", b""), format!("error: the registry `REGISTRY` answers with status {status}"));
    }
    assert!(with(403, "text/plain", b"").ends_with("does not let us pull: acme/fn"));
    assert!(with(200, "text/html", b"<html>").ends_with("the list of referrers is no index"));
    assert!(with(200, INDEX, b"{\"manifests\":[{\"digest\":\"x\"}]}").ends_with("names one by something that is no digest"));
    let many = json!({"manifests": vec![json!({"digest": plain.image["digest"]}); 300]}).to_string();
    assert!(with(200, INDEX, many.as_bytes()).ends_with("more referrers than are read"));
    let tag = plain.image["digest"].as_str().unwrap().replace(':', "-");
    for path in [format!("manifests/{tag}"), format!("manifests/{tag}.sig")] {
        let mut hub = plain.clone();
        hub.answer(&path, 400, "text/plain", b"");
        assert_eq!(judged(&hub), "error: the registry `REGISTRY` answers with status 400", "{path}");
    }
    // What lies under the fallback's tag and is no index says nothing.
    let mut hub = plain.clone();
    hub.answer(&format!("manifests/{tag}"), 200, "text/plain", b"hello");
    assert_eq!(judged(&hub), "no-bundle");
    // A manifest or a bundle that is not what it was called.
    let mut hub = plain.clone();
    let bundle = signed(&plain.image, &Signing::default());
    let attached = hub.attach(&plain.image, &bundle);
    hub.list(&plain.image, std::slice::from_ref(&attached));
    assert_eq!(judged(&hub), "verified");
    let name = digest(bundle.to_string().as_bytes());
    for path in [format!("manifests/{}", attached["digest"].as_str().unwrap()), format!("blobs/{name}")] {
        let mut hub = hub.clone();
        hub.answer(&path, 200, "application/vnd.oci.image.manifest.v1+json", b"{}");
        assert!(judged(&hub).starts_with("error: the registry gives other bytes than those of the digest"), "{path}");
        hub.answer(&path, 404, "text/plain", b"");
        assert!(judged(&hub).starts_with("error: the registry does not have it"), "{path}");
    }
}

#[test]
fn every_page_is_read_and_no_other_place() {
    let mut hub = Hub::new();
    let image = hub.image.clone();
    let attached = hub.attach(&image, &signed(&image, &Signing::default()));
    let first = format!("/v2/acme/fn/referrers/{}", image["digest"].as_str().unwrap());
    let page = |descriptors: &[Value], link: Option<String>| {
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}).to_string();
        (200, INDEX.to_owned(), link, index.into_bytes())
    };
    let next = |target: &str| Some(format!("<{target}>; rel=\"next\""));
    hub.answers.insert(first.clone(), page(&[], next(&format!("{first}?last=a&n=1"))));
    hub.answers.insert(format!("{first}?last=a&n=1"), page(&[attached], None));
    assert_eq!(judged(&hub), "verified");
    for elsewhere in ["http://localhost:1/v2/acme/fn/referrers/x", "/v2/acme/other/referrers/x", "/elsewhere"] {
        hub.answers.insert(first.clone(), page(&[], next(elsewhere)));
        assert!(judged(&hub).ends_with("the next page is on another list"), "{elsewhere}");
    }
    hub.answers.insert(first.clone(), page(&[], next(&format!("{first}?n=1"))));
    hub.answers.insert(format!("{first}?n=1"), page(&[], next(&format!("{first}?n=1"))));
    assert!(judged(&hub).ends_with("the list of referrers has no end"));
}

#[test]
fn the_commands_ask_the_registry_where_somebody_is_expected() {
    let mut hub = Hub::new();
    let image = hub.image.clone();
    let attached = hub.attach(&image, &signed(&image, &Signing::default()));
    assert_eq!(attached["artifactType"], BUNDLE);
    hub.list(&image, &[attached]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("root.json"), FAKE.trusted_root().to_string()).unwrap();
    let verify = |hub: &Hub| {
        let registry = hub.serve();
        let artifact = format!("oci:{}/acme/fn:1", registry.address);
        let arguments = ["verify", &artifact, "--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
        super::command::fngate(folder.path(), &arguments)
    };
    let output = verify(&hub);
    assert_eq!(output.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout).unwrap().contains(&image["digest"].as_str().unwrap()[7..]));
    assert_eq!(verify(&Hub::new()).status.code(), Some(1));
    let mut failing = Hub::new();
    failing.answer(&format!("referrers/{}", image["digest"].as_str().unwrap()), 400, "text/plain", b"");
    let output = verify(&failing);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot ask the registry for the image's signatures"));

    let check = |hub: &Hub, config: &str| {
        std::fs::write(folder.path().join("fngate.toml"), config).unwrap();
        let registry = hub.serve();
        let artifact = format!("oci:{}/acme/fn:1", registry.address);
        let arguments = ["check", &artifact, "--config", "fngate.toml", "--advisories", "offline", "--format", "json"];
        let output = super::command::fngate(folder.path(), &arguments);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        let asked = registry.asked.lock().unwrap().iter().filter(|path| path.contains("/referrers/")).count();
        (document["artifacts"][0]["provenance"]["state"].clone(), asked, output.status.code())
    };
    let expected = format!(
        "[signature]\nrequired = true\ntrusted_root = \"root.json\"\n\n[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n"
    );
    assert_eq!(check(&hub, &expected).0, "verified");
    assert_eq!(check(&hub, &expected).1, 2);
    assert_eq!(check(&failing, &expected).2, Some(2));
    let (state, asked, _) = check(&failing, "");
    assert_eq!((state, asked), (json!("unsigned"), 0), "nobody is expected, so nobody is asked");
}
