//! Signatures of container images: in their layouts, and what a signature of an image is about.

use std::path::Path;

use fngate::artifact::Artifact;
use fngate::signature::{BundleFile, Requirement};
use serde_json::{Value, json};

use super::fake::{ISSUER, SUBJECT, Signing, now};
use super::*;
use crate::image::build::{CONFIG, INDEX, Layout, MANIFEST, Tar, sha256 as digest};

pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";

pub fn layer(name: &str) -> Vec<u8> {
    Tar::new().file(name, "x").bytes()
}

/// What cosign says about an image.
pub fn signed(of: &Value, signing: &Signing) -> Value {
    let hex = &of["digest"].as_str().unwrap()[7..];
    let statement = json!({"_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": hex}}],
        "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {}});
    FAKE.attested(&statement.to_string(), signing)
}

/// The manifest that attaches a bundle to an image, and its descriptor.
pub fn referrer(layout: &mut Layout, of: &Value, bundle: &Value) -> Value {
    let config = layout.blob(EMPTY, b"{}");
    let layer = layout.json(BUNDLE, bundle);
    let mut subject = of.clone();
    subject.as_object_mut().unwrap().remove("platform");
    let manifest =
        json!({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": config, "layers": [layer], "subject": subject});
    let mut descriptor = layout.json(MANIFEST, &manifest);
    descriptor["artifactType"] = json!(BUNDLE);
    descriptor
}

/// The signature of cosign's from before bundles.
pub fn legacy(layout: &mut Layout, of: &Value) -> Value {
    let payload = json!({"critical": {"image": {"docker-manifest-digest": of["digest"]}, "type": "cosign container image signature"}});
    let config = layout.json(CONFIG, &json!({"rootfs": {"type": "layers", "diff_ids": ["sha256:00"]}}));
    let layer = layout.json("application/vnd.dev.cosign.simplesigning.v1+json", &payload);
    let mut descriptor = layout.json(MANIFEST, &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}));
    let tag = of["digest"].as_str().unwrap().replace(':', "-");
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": format!("{tag}.sig")});
    descriptor
}

/// The verdict on what is attached to an image, and on bundles given besides.
fn judged_with(artifact: &Artifact, given: &[BundleFile], requirement: &Requirement) -> fngate::model::Provenance {
    let bundles = [fngate::attached(artifact).unwrap(), given.to_vec()].concat();
    signature::verify(fngate::target(artifact, &bundles), &bundles, &TRUST, requirement, now())
}

fn judged(artifact: &Artifact) -> String {
    code(&judged_with(artifact, &[], &signer()))
}

/// The verdicts on a layout in a directory and in a tar, which must be one.
fn of_layout(layout: &Layout) -> String {
    let folder = tempfile::tempdir().unwrap();
    layout.write(folder.path());
    let as_tar = judged(&Artifact::read("image.tar".into(), layout.tar().as_slice()).unwrap());
    let as_folder = judged(&Artifact::open(folder.path()).unwrap());
    assert_eq!(as_tar.replace("subject-mismatch", "artifact-unbound"), as_folder.replace("subject-mismatch", "artifact-unbound"));
    as_folder
}

/// A layout with one image, and the image's descriptor.
fn one() -> (Layout, Value) {
    let mut layout = Layout::default();
    let image = layout.plain(&[layer("var/task/index.js")]);
    layout.index(std::slice::from_ref(&image));
    (layout, image)
}

#[test]
fn a_bundle_in_the_layout_is_found_wherever_it_is_listed() {
    let (plain, image) = one();
    assert_eq!(of_layout(&plain), "no-bundle");
    // In the index, in an index under the tag of the fallback, and in none: what refers to the image is there all the same.
    let mut listed = plain;
    let attached = referrer(&mut listed, &image, &signed(&image, &Signing::default()));
    let unlisted = listed.clone();
    listed.index(&[image.clone(), attached.clone()]);
    assert_eq!(of_layout(&listed), "verified");
    assert_eq!(of_layout(&unlisted), "verified");
    let mut tagged = unlisted;
    let mut list = tagged.json(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attached]}));
    list["annotations"] = json!({"org.opencontainers.image.ref.name": image["digest"].as_str().unwrap().replace(':', "-")});
    tagged.index(&[image, list]);
    assert_eq!(of_layout(&tagged), "verified");
}

#[test]
fn a_signature_is_of_the_images_manifest() {
    let (plain, image) = one();
    let with = |bundle: &Value| {
        let mut layout = plain.clone();
        let attached = referrer(&mut layout, &image, bundle);
        layout.index(&[image.clone(), attached]);
        of_layout(&layout)
    };
    assert_eq!(with(&signed(&image, &Signing::default())), "verified");
    let config = json!({"digest": digest(b"something else")});
    assert_eq!(with(&signed(&config, &Signing::default())), "subject-mismatch");
    let stranger = Signing { subjects: vec![super::fake::San::Uri("https://github.com/evil/x")], ..Signing::default() };
    assert_eq!(with(&signed(&image, &stranger)), "identity-mismatch");
    // A message signature over the manifest's bytes is one of its digest too.
    let manifest = &plain.0[&format!("blobs/{}", image["digest"].as_str().unwrap().replace(':', "/"))];
    assert_eq!(with(&FAKE.signed(manifest, &Signing::default())), "verified");
    assert_eq!(with(&FAKE.signed(&plain.0["index.json"], &Signing::default())), "digest-mismatch", "the layout's index is no image's");
    let mut spoiled = signed(&image, &Signing::default());
    spoiled["note"] = json!(1);
    assert_eq!(with(&spoiled), "unknown-member");
    assert_eq!(with(&json!("no bundle")), "unknown-format");
}

#[test]
fn a_signature_of_one_image_is_none_of_two() {
    let mut layout = Layout::default();
    let (first, second) = (layout.plain(&[layer("a")]), layout.plain(&[layer("b")]));
    let both = layout.json(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [first, second]}));
    let judge = |top: &[&Value], of: &Value| {
        let mut layout = layout.clone();
        let attached = referrer(&mut layout, of, &signed(of, &Signing::default()));
        layout.index(&top.iter().map(|one| (*one).clone()).chain([attached]).collect::<Vec<_>>());
        of_layout(&layout)
    };
    assert_eq!(judge(&[&first], &first), "verified");
    assert_eq!(judge(&[&both], &both), "verified", "an index names them both");
    assert_eq!(judge(&[&both, &first], &both), "verified");
    assert_eq!(judge(&[&both], &first), "subject-mismatch", "the other platform is nobody's");
    assert_eq!(judge(&[&first, &second], &first), "artifact-unbound");
    assert_eq!(judge(&[&first], &both), "no-bundle", "a bundle for what is not in the layout is none of it");
    // One image in an index: signed is the index or the image.
    let mut single = layout.clone();
    let index = single.json(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [first]}));
    for of in [&index, &first] {
        let mut layout = single.clone();
        let attached = referrer(&mut layout, of, &signed(of, &Signing::default()));
        layout.index(&[index.clone(), attached]);
        assert_eq!(of_layout(&layout), "verified");
    }
}

#[test]
fn a_changed_image_is_not_verified() {
    let (mut layout, image) = one();
    let attached = referrer(&mut layout, &image, &signed(&image, &Signing::default()));
    layout.index(&[image.clone(), attached]);
    assert_eq!(of_layout(&layout), "verified");
    let blob = format!("blobs/{}", digest(&layer("var/task/index.js")).replace(':', "/"));
    let mut changed = layout.clone();
    *changed.0.get_mut(&blob).unwrap() = layer("var/task/evil.js");
    assert_eq!(of_layout(&changed), "artifact-unbound");
    let mut missing = layout.clone();
    missing.0.remove(&blob);
    assert_eq!(of_layout(&missing), "artifact-unbound");
    let mut described_twice = layout.clone();
    let text = String::from_utf8(described_twice.0["index.json"].clone()).unwrap();
    described_twice.0.insert("index.json".into(), text.replacen("\"manifests\"", "\"Manifests\":[],\"manifests\"", 1).into_bytes());
    assert_eq!(of_layout(&described_twice), "artifact-unbound");
    // `docker load` takes the image that `manifest.json` names.
    let mut two_readings = layout.clone();
    let evil = two_readings.plain(&[layer("evil")]);
    let manifest: Value =
        serde_json::from_slice(&two_readings.0[&format!("blobs/{}", evil["digest"].as_str().unwrap().replace(':', "/"))]).unwrap();
    let path = |descriptor: &Value| format!("blobs/{}", descriptor["digest"].as_str().unwrap().replace(':', "/"));
    let docker = json!([{"Config": path(&manifest["config"]), "RepoTags": null, "Layers": [path(&manifest["layers"][0])]}]);
    two_readings.0.insert("manifest.json".into(), docker.to_string().into_bytes());
    assert_eq!(of_layout(&two_readings), "artifact-unbound");
    // And one that names the same image is what docker writes.
    let mut same = layout.clone();
    let manifest: Value = serde_json::from_slice(&same.0[&path(&image)]).unwrap();
    let docker = json!([{"Config": path(&manifest["config"]), "RepoTags": null, "Layers": [path(&manifest["layers"][0])]}]);
    same.0.insert("manifest.json".into(), docker.to_string().into_bytes());
    assert_eq!(of_layout(&same), "verified");
    let twice = Tar::new().file("index.json", "{\"manifests\":[]}").bytes();
    let tar = [&twice[..1024], &layout.tar()].concat();
    assert_eq!(judged(&Artifact::read("image.tar".into(), tar.as_slice()).unwrap()), "subject-mismatch", "two indexes in one tar");
}

#[test]
fn a_signature_from_before_bundles_is_refused_and_not_overlooked() {
    let (mut layout, image) = one();
    let old = legacy(&mut layout, &image);
    layout.index(&[image.clone(), old.clone()]);
    assert_eq!(of_layout(&layout), "legacy-cosign-bundle");
    let attached = referrer(&mut layout, &image, &signed(&image, &Signing::default()));
    layout.index(&[image, old, attached]);
    assert_eq!(of_layout(&layout), "verified");
    let provenance = judged_with(&Artifact::read("i".into(), layout.tar().as_slice()).unwrap(), &[], &signer());
    assert!(provenance.message.contains("legacy-cosign-bundle"), "{}", provenance.message);
}

#[test]
fn a_bundle_that_is_named_and_not_there_is_refused() {
    let (mut layout, image) = one();
    let bundle = signed(&image, &Signing::default());
    referrer(&mut layout, &image, &bundle);
    assert_eq!(of_layout(&layout), "verified");
    layout.0.remove(&format!("blobs/{}", digest(bundle.to_string().as_bytes()).replace(':', "/")));
    assert_eq!(of_layout(&layout), "malformed-json");
    let large = format!("{bundle}{}", " ".repeat(9 << 20));
    let layer = layout.blob(BUNDLE, large.as_bytes());
    layout.json(MANIFEST, &json!({"schemaVersion": 2, "artifactType": BUNDLE, "config": layer, "layers": [layer], "subject": image}));
    let (mut only, _) = one();
    let layer = only.blob(BUNDLE, large.as_bytes());
    only.json(MANIFEST, &json!({"schemaVersion": 2, "artifactType": BUNDLE, "config": layer, "layers": [layer], "subject": image}));
    assert_eq!(of_layout(&only), "bundle-too-large");
}

#[test]
fn an_archive_is_a_file_too() {
    let (layout, _) = one();
    let tar = layout.tar();
    let artifact = Artifact::read("image.tar".into(), tar.as_slice()).unwrap();
    let given = |bytes: &[u8]| [file(FAKE.signed(bytes, &Signing::default()).to_string())];
    assert_eq!(code(&judged_with(&artifact, &given(&tar), &signer())), "verified");
    assert_eq!(code(&judged_with(&artifact, &given(OTHER), &signer())), "digest-mismatch");
}

/// An archive of `docker save` in a directory, its files named by digest or not.
fn saved(folder: &Path, by_digest: bool) -> Vec<u8> {
    let layer = layer("var/task/index.js");
    let config = json!({"os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]}}).to_string();
    let digits = |bytes: &[u8]| digest(bytes)[7..].to_owned();
    let (config_name, layer_name) = match by_digest {
        true => (format!("{}.json", digits(config.as_bytes())), format!("{}.tar", digits(&layer))),
        false => (format!("{}.json", digits(config.as_bytes())), format!("{}/layer.tar", "a".repeat(64))),
    };
    let manifest = json!([{"Config": config_name, "RepoTags": ["fn:1"], "Layers": [layer_name]}]).to_string().into_bytes();
    for (name, bytes) in [(config_name.as_str(), config.as_bytes()), (&layer_name, &layer), ("manifest.json", &manifest)] {
        std::fs::create_dir_all(folder.join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    manifest
}

#[test]
fn a_saved_image_is_bound_by_a_manifest_of_digests_alone() {
    let of = |by_digest: bool, change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let manifest = saved(folder.path(), by_digest);
        change(folder.path());
        let given = [file(FAKE.signed(&manifest, &Signing::default()).to_string())];
        code(&judged_with(&Artifact::open(folder.path()).unwrap(), &given, &signer()))
    };
    assert_eq!(of(true, &|_| {}), "verified");
    assert_eq!(of(false, &|_| {}), "artifact-unbound");
    let swap = |folder: &Path| {
        let layer =
            std::fs::read_dir(folder).unwrap().map(|child| child.unwrap().path()).find(|path| path.extension().is_some_and(|e| e == "tar"));
        std::fs::write(layer.unwrap(), layer_of_evil()).unwrap();
    };
    assert_eq!(of(true, &swap), "artifact-unbound");
}

fn layer_of_evil() -> Vec<u8> {
    layer("evil")
}

#[test]
fn the_commands_take_layouts() {
    let folder = tempfile::tempdir().unwrap();
    let (mut layout, image) = one();
    let attached = referrer(&mut layout, &image, &signed(&image, &Signing::default()));
    layout.index(&[image.clone(), attached]);
    layout.write(&folder.path().join("layout"));
    std::fs::write(folder.path().join("image.tar"), layout.tar()).unwrap();
    std::fs::write(folder.path().join("root.json"), FAKE.trusted_root().to_string()).unwrap();
    let verify = |artifact: &str| {
        let arguments = ["verify", artifact, "--trusted-root", "root.json", "--identity", SUBJECT, "--issuer", ISSUER];
        super::command::fngate(folder.path(), &arguments)
    };
    for artifact in ["layout", "layout/", "image.tar"] {
        let output = verify(artifact);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{artifact}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(String::from_utf8(verify("layout").stdout).unwrap().contains(&image["digest"].as_str().unwrap()[7..]));
    std::fs::create_dir(folder.path().join("plain")).unwrap();
    assert_eq!(verify("plain").status.code(), Some(2), "a directory that is no image");
    let config = format!(
        "[signature]\nrequired = true\ntrusted_root = \"root.json\"\n\n[[signature.identity]]\nissuer = \"{ISSUER}\"\nsubject = \"{SUBJECT}\"\n"
    );
    std::fs::write(folder.path().join("fngate.toml"), config).unwrap();
    let check = |artifact: &str| {
        let arguments = ["check", artifact, "--config", "fngate.toml", "--advisories", "offline", "--format", "json"];
        let output = super::command::fngate(folder.path(), &arguments);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["artifacts"][0]["provenance"]["state"].clone()
    };
    assert_eq!(check("layout"), "verified");
    assert_eq!(check("image.tar"), "verified");
    let (bare, _) = one();
    bare.write(&folder.path().join("bare"));
    assert_eq!(check("bare"), "unsigned");
}
