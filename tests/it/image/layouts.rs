//! Layouts and archives: every form that tools write.

use std::path::Path;

use fngate::artifact::Artifact;
use fngate::model::ArtifactKind;
use serde_json::json;

use super::build::{CONFIG, INDEX, LAYER, Layout, MANIFEST, Tar, gzip, layout, sha256, zstd};
use super::{see, see_with};

#[test]
fn layers_are_unpacked_by_their_bytes() {
    let a = Tar::new().file("a", "a").bytes();
    let b = Tar::new().file("b", "b").bytes();
    let c = Tar::new().file("c", "c").bytes();
    let d = Tar::new().file("d", "d").bytes();
    // A skippable frame and a second frame, as zstd:chunked has them.
    let mut framed = zstd(&d[..512]);
    framed.extend([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    framed.extend(zstd(&d[512..]));
    let mut layout = Layout::default();
    let layers = [
        (LAYER, a.clone(), a),
        ("application/vnd.oci.image.layer.v1.tar+gzip", gzip(&b), b),
        ("application/vnd.oci.image.layer.v1.tar+zstd", zstd(&c), c),
        ("application/vnd.docker.image.rootfs.diff.tar.gzip", framed, d),
    ];
    let manifest = layout.image(&layers);
    layout.index(&[manifest]);
    for bytes in [layout.tar(), gzip(&layout.tar())] {
        let seen = see(&bytes);
        assert_eq!(seen.kind, ArtifactKind::OciLayout);
        assert_eq!(seen.paths(), ["a", "b", "c", "d"]);
        assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
    }
}

#[test]
fn a_directory_is_a_layout_and_nothing_is_followed_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("layout");
    layout(&[Tar::new().file("var/task/index.js", "x").bytes()]).write(&root);
    let artifact = Artifact::open(&root).unwrap();
    let seen = see_with(&artifact, &artifact.default_limits());
    assert_eq!((seen.kind, seen.paths()), (ArtifactKind::OciLayout, vec!["var/task/index.js"]));
    assert_eq!(seen.kinds(), Vec::<&str>::new());
    assert_ne!(artifact.digest(), [0; 32]);

    #[cfg(unix)]
    {
        std::fs::write(folder.path().join("outside"), "secret").unwrap();
        std::os::unix::fs::symlink("../../../outside", root.join("blobs/sha256/stray")).unwrap();
        let blobs: Vec<_> = std::fs::read_dir(root.join("blobs/sha256")).unwrap().map(|entry| entry.unwrap().path()).collect();
        let layer = blobs.iter().find(|blob| std::fs::metadata(blob).is_ok_and(|meta| meta.len() == 2048)).unwrap();
        std::fs::rename(layer, folder.path().join("moved")).unwrap();
        std::os::unix::fs::symlink("../../../moved", layer).unwrap();
        let seen = see_with(&artifact, &artifact.default_limits());
        assert_eq!(seen.kinds(), ["blob-missing", "link-outside"]);
        assert_eq!(seen.paths(), Vec::<&str>::new());
    }
}

#[test]
fn nested_indexes_platforms_and_attestations() {
    let mut layout = Layout::default();
    let amd = layout.plain(&[Tar::new().file("bin/amd", "1").bytes()]);
    let arm = layout.plain(&[Tar::new().file("bin/arm", "2").bytes()]);
    let statement = layout.blob("application/vnd.in-toto+json", b"{\"_type\":\"statement\"}");
    let config = layout.json(CONFIG, &json!({"rootfs": {"type": "layers", "diff_ids": ["sha256:00"]}}));
    let mut attestation =
        layout.json(MANIFEST, &json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [statement]}));
    attestation["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    attestation["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest"});
    let inner = layout.json(INDEX, &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [amd, arm, attestation]}));
    layout.index(&[inner.clone(), inner]);
    let seen = see(&layout.tar());
    let short = |descriptor: &serde_json::Value| descriptor["digest"].as_str().unwrap()[7..19].to_owned();
    let mut wanted = vec![format!("{}/bin/amd", short(&amd)), format!("{}/bin/arm", short(&arm))];
    wanted.sort();
    assert_eq!(seen.paths(), wanted);
    assert!(seen.visible.contains_key(&format!("{}/image-config.json", short(&arm))));
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
    assert!(seen.visible.values().any(|text| text.contains("statement")), "the attestation is shown as it is");
}

#[test]
fn an_image_that_calls_itself_an_attestation_is_judged() {
    let mut layout = Layout::default();
    let mut image = layout.plain(&[Tar::new().file("evil", "1").bytes()]);
    image["platform"] = json!({"os": "unknown", "architecture": "unknown"});
    layout.index(&[image]);
    assert_eq!(see(&layout.tar()).paths(), ["evil"]);
}

/// The files of a `docker save` archive, before version 25 and since.
fn saved(old: bool) -> Vec<u8> {
    let lower = Tar::new().file("var/task/.env", "KEY").file("etc/os-release", "x").bytes();
    let upper = Tar::new().file("var/task/.wh..env", "").bytes();
    let config =
        json!({"os": "linux", "rootfs": {"type": "layers", "diff_ids": [sha256(&lower), sha256(&upper), sha256(&upper)]}}).to_string();
    let digits = |bytes: &[u8]| sha256(bytes)[7..].to_owned();
    let (id, other, again) = ("a".repeat(64), "b".repeat(64), "c".repeat(64));
    if old {
        let (name, layers) = (
            format!("{}.json", digits(config.as_bytes())),
            [format!("{id}/layer.tar"), format!("{other}/layer.tar"), format!("{again}/layer.tar")],
        );
        let manifest = json!([{"Config": name, "RepoTags": ["fn:1"], "Layers": layers}]).to_string();
        let tar = Tar::new().file(&layers[0], lower).file(&layers[1], upper).file(&name, config).file("manifest.json", manifest);
        return tar.raw(layers[2].as_bytes(), tar::EntryType::Symlink, &format!("../{other}/layer.tar"), b"").bytes();
    }
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", digits(bytes));
    let manifest =
        json!([{"Config": blob(config.as_bytes()), "RepoTags": null, "Layers": [blob(&lower), blob(&upper), blob(&upper)]}]).to_string();
    Tar::new()
        .file(&blob(&lower), &lower)
        .file(&blob(&upper), &upper)
        .file(&blob(config.as_bytes()), &config)
        .file("manifest.json", manifest)
        .bytes()
}

#[test]
fn docker_archives_of_both_ages() {
    for bytes in [saved(true), saved(false), gzip(&saved(true))] {
        let seen = see(&bytes);
        assert_eq!(seen.kind, ArtifactKind::DockerArchive);
        assert_eq!(seen.paths(), ["etc/os-release"]);
        assert_eq!(seen.shadows(), ["var/task/.env"]);
        assert_eq!(seen.kinds(), ["whiteout-dangling"], "{:?}", seen.problems);
    }
}

#[test]
fn a_docker_layer_is_what_its_configuration_says() {
    let bytes = saved(true);
    let at = memchr::memmem::find(&bytes, b"KEY").unwrap();
    let mut forged = bytes;
    forged[at] = b'X';
    assert!(see(&forged).kinds().contains(&"digest-mismatch"));
}

#[test]
fn a_docker_folder_is_told_by_what_is_in_it_where_its_manifest_does_not() {
    let digest = |names: [&str; 2], content: &str| {
        let folder = tempfile::tempdir().unwrap();
        let layer = Tar::new().file("app/index.js", content).bytes();
        let config = json!({"os": "linux", "rootfs": {"type": "layers", "diff_ids": [sha256(&layer)]}}).to_string();
        let digits = |bytes: &[u8]| format!("{}.tar", &sha256(bytes)[7..]);
        let [name, layer_name] = [
            if names[0].is_empty() { digits(config.as_bytes()) } else { names[0].to_owned() },
            if names[1].is_empty() { digits(&layer) } else { names[1].to_owned() },
        ];
        let manifest = json!([{"Config": name, "Layers": [layer_name]}]).to_string();
        std::fs::create_dir(folder.path().join("l1")).unwrap();
        for (name, bytes) in [(name.as_str(), config.as_bytes()), (&layer_name, &layer), ("manifest.json", manifest.as_bytes())] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let artifact = Artifact::open(folder.path()).unwrap();
        let inventory = fngate::scan::scan(&artifact, &artifact.default_limits(), None, &[]);
        (artifact.facts(&inventory).sha256, sha256(manifest.as_bytes())[7..].to_owned())
    };
    for names in [["config.json", "l1/layer.tar"], ["", "l1/layer.tar"], ["config.json", ""]] {
        let (one, other) = (digest(names, "1"), digest(names, "2"));
        assert_ne!(one.0, other.0, "{names:?}");
        assert_ne!(one.0, one.1, "{names:?}");
    }
    let bound = digest(["", ""], "1");
    assert_eq!(bound.0, bound.1, "a manifest of digests stands for all of it");
}

#[test]
fn one_archive_of_both_forms_is_one_image_and_a_second_image_is_seen() {
    let layer = Tar::new().file("a", "a").bytes();
    let mut layout = layout(std::slice::from_ref(&layer));
    let config = layout.0.iter().find(|(_, bytes)| bytes.starts_with(b"{\"arch")).map(|(name, _)| name.clone()).unwrap();
    let blob = |bytes: &[u8]| format!("blobs/{}", sha256(bytes).replace(':', "/"));
    let manifest = json!([{"Config": config, "Layers": [blob(&layer)]}]);
    layout.0.insert("manifest.json".into(), manifest.to_string().into_bytes());
    let seen = see(&layout.tar());
    assert_eq!((seen.kind, seen.paths()), (ArtifactKind::OciLayout, vec!["a"]));
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);

    let evil = Tar::new().file("evil", "e").bytes();
    layout.0.insert(blob(&evil), evil.clone());
    let manifest = json!([{"Config": config, "Layers": [blob(&evil)]}]);
    layout.0.insert("manifest.json".into(), manifest.to_string().into_bytes());
    let seen = see(&layout.tar());
    assert!(seen.paths().iter().any(|path| path.ends_with("/evil")), "{:?}", seen.paths());
}

#[test]
fn what_lies_beside_an_image_is_shown() {
    let mut layout = layout(&[Tar::new().file("a", "a").bytes()]);
    layout.0.insert("node_modules/x/package.json".into(), b"beside".to_vec());
    let seen = see(&layout.tar());
    assert_eq!(seen.visible["image-layout!/node_modules/x/package.json"], "beside");
}

#[test]
fn a_tar_that_is_no_image_stays_one() {
    for (name, content) in [("manifest.json", "{\"name\":\"app\"}"), ("manifest.json", "[]"), ("index.json", "{}"), ("oci-layout", "")] {
        let seen = see(&Tar::new().file(name, content).file("index.js", "x").bytes());
        assert_eq!(seen.kind, ArtifactKind::Tar, "{name}");
        assert!(seen.visible.contains_key("index.js"));
    }
}

#[test]
fn the_corpus_image() {
    let Some(corpus) = std::env::var_os("FNGATE_CORPUS") else { return eprintln!("not run: FNGATE_CORPUS names no corpus") };
    let corpus = Path::new(&corpus);
    let truth: serde_json::Value = serde_json::from_slice(&std::fs::read(corpus.join("truth/oci_oci-layout.tar.json")).unwrap()).unwrap();
    let artifact = Artifact::open(&corpus.join("artifacts/oci/oci-layout.tar")).unwrap();
    let seen = see_with(&artifact, &artifact.default_limits());
    assert_eq!(seen.kinds(), ["whiteout-dangling"], "{:?}", seen.problems);
    let packages: Vec<_> = truth["packages"].as_array().unwrap().iter().map(|package| package["path"].as_str().unwrap()).collect();
    for path in &packages {
        assert!(seen.visible.contains_key(*path), "{path}");
    }
    let installed = seen
        .paths()
        .into_iter()
        .filter(|path| path.ends_with("/package.json") && path.contains("node_modules/") || path.ends_with(".dist-info/METADATA"));
    let extra: Vec<_> = installed.filter(|path| !packages.contains(path)).collect();
    assert_eq!(extra, Vec::<&str>::new());
    assert!(seen.shadows().contains(&"var/task/.env"));
    assert!(seen.visible.contains_key("image-config.json"));
}
