//! Images that lie.

use fngate::artifact::{Artifact, Limits};
use serde_json::json;

use proptest::prelude::*;

use super::build::{CONFIG, INDEX, LAYER, Layout, MANIFEST, Tar, gzip, layout, sha256, zstd};
use super::{see, see_with};

fn one() -> (Layout, Vec<u8>) {
    let layer = Tar::new().file("a", "content").bytes();
    (layout(std::slice::from_ref(&layer)), layer)
}

#[test]
fn a_blob_is_what_its_digest_and_size_say() {
    let (good, layer) = one();
    let file = format!("blobs/{}", sha256(&layer).replace(':', "/"));
    let mut forged = good.clone();
    let at = memchr::memmem::find(&layer, b"content").unwrap();
    forged.0.get_mut(&file).unwrap()[at] = b'C';
    let seen = see(&forged.tar());
    assert_eq!(seen.kinds(), ["digest-mismatch"]);
    assert_eq!(seen.visible["a"], "Content", "what is there is looked at all the same");

    let mut longer = good.clone();
    longer.0.get_mut(&file).unwrap().extend([0; 512]);
    assert_eq!(see(&longer.tar()).kinds(), ["digest-mismatch"]);

    let mut missing = good;
    missing.0.remove(&file);
    assert_eq!(see(&missing.tar()).kinds(), ["blob-missing"]);
}

#[test]
fn digests_are_no_paths() {
    for digest in ["sha256:../../index.json", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", "../x"] {
        let mut layout = Layout::default();
        layout.index(&[json!({"mediaType": MANIFEST, "digest": digest, "size": 1})]);
        assert_eq!(see(&layout.tar()).kinds(), ["malformed-image"], "{digest}");
    }
}

#[test]
fn media_types_that_cannot_be_judged() {
    for media in ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/vnd.wasm.content.layer.v1+wasm", ""] {
        let mut layout = Layout::default();
        let layer = layout.blob(media, &Tar::new().file("a", "a").bytes());
        let config = layout.json(CONFIG, &json!({"rootfs": {"diff_ids": [sha256(b"")]}}));
        let manifest = layout.json(MANIFEST, &json!({"config": config, "layers": [layer]}));
        layout.index(&[manifest]);
        assert_eq!(see(&layout.tar()).kinds(), ["unsupported-media-type"], "{media}");
    }
    let mut layout = Layout::default();
    let schema1 = layout.json("application/vnd.docker.distribution.manifest.v1+prettyjws", &json!({"fsLayers": []}));
    layout.index(&[schema1]);
    assert!(see(&layout.tar()).kinds().contains(&"unsupported-media-type"));
    let layer = b"BZh91AY&SY not unpacked".to_vec();
    let seen = see(&super::build::layout(&[layer]).tar());
    assert_eq!(seen.kinds(), ["unsupported-media-type"], "{:?}", seen.problems);
}

#[test]
fn a_foreign_layer_is_missing() {
    let mut layout = Layout::default();
    let config = layout.json(CONFIG, &json!({"rootfs": {"diff_ids": [sha256(b"")]}}));
    let layer = json!({"mediaType": LAYER, "digest": sha256(b"elsewhere"), "size": 9, "urls": ["https://example.test/layer"]});
    let manifest = layout.json(MANIFEST, &json!({"config": config, "layers": [layer]}));
    layout.index(&[manifest]);
    let seen = see(&layout.tar());
    assert_eq!(seen.kinds(), ["blob-missing"]);
    assert!(seen.problems[0].1.contains("other addresses"));
}

#[test]
fn a_description_that_go_reads_otherwise_is_refused() {
    let (mut layout, layer) = one();
    let evil = layout.blob(LAYER, &Tar::new().file("evil", "e").bytes());
    let config = layout.json(CONFIG, &json!({"rootfs": {"diff_ids": [sha256(&layer)]}}));
    let good = layout.blob(LAYER, &layer);
    for key in ["layers", "Layers", "layer\u{17f}"] {
        let text = format!("{{\"config\":{config},\"layers\":[{good}],\"{key}\":[{evil}]}}");
        let manifest = layout.blob(MANIFEST, text.as_bytes());
        layout.index(&[manifest]);
        assert!(see(&layout.tar()).kinds().contains(&"malformed-image"), "{key}");
    }
    // CVE-2021-41190.
    let both = layout.json(MANIFEST, &json!({"config": config, "layers": [good], "manifests": []}));
    layout.index(&[both]);
    assert!(see(&layout.tar()).kinds().contains(&"malformed-image"));
}

#[test]
fn indexes_without_end() {
    let mut layout = Layout::default();
    let mut inner = layout.plain(&[Tar::new().file("deep", "d").bytes()]);
    for _ in 0..12 {
        inner = layout.json(INDEX, &json!({"mediaType": INDEX, "manifests": [inner]}));
    }
    layout.index(&[inner]);
    assert!(see(&layout.tar()).kinds().contains(&"limit-depth"));

    // A cycle cannot have true digests; it ends all the same.
    let mut layout = Layout::default();
    let digest = sha256(b"x");
    let cycle = json!({"mediaType": INDEX, "manifests": [{"mediaType": INDEX, "digest": digest, "size": 1}]}).to_string();
    layout.0.insert(format!("blobs/{}", digest.replace(':', "/")), cycle.into_bytes());
    layout.index(&[json!({"mediaType": INDEX, "digest": digest, "size": 1})]);
    assert!(see(&layout.tar()).kinds().contains(&"digest-mismatch"));

    let mut layout = Layout::default();
    let many: Vec<_> = (0..3000).map(|n| layout.json(MANIFEST, &json!({"n": n}))).collect();
    layout.index(&many);
    assert!(see(&layout.tar()).kinds().contains(&"limit-entries"));
}

#[test]
fn layers_that_are_bombs() {
    let limits = Limits { ratio: 50, ..Limits::image() };
    let bomb = Tar::new().file("zeros", vec![0; 8 << 20]).bytes();
    let mut layout = Layout::default();
    let manifest = layout.image(&[(LAYER, gzip(&bomb), bomb.clone())]);
    layout.index(&[manifest]);
    let artifact = Artifact::read("bomb.tar".into(), layout.tar().as_slice()).unwrap();
    assert!(see_with(&artifact, &limits).kinds().contains(&"limit-ratio"));
    let small = Limits { total_bytes: 1 << 20, ..Limits::image() };
    let kinds = see_with(&artifact, &small);
    assert!(kinds.kinds().iter().any(|kind| kind.starts_with("limit-")), "{:?}", kinds.problems);

    // One small layer, named a hundred times over.
    let mut layout = Layout::default();
    let plain = Tar::new().file("a", vec![7; 100_000]).bytes();
    let layers: Vec<_> = (0..100).map(|_| (LAYER, plain.clone(), plain.clone())).collect();
    let manifest = layout.image(&layers);
    layout.index(&[manifest]);
    let artifact = Artifact::read("many.tar".into(), layout.tar().as_slice()).unwrap();
    assert_eq!(see_with(&artifact, &small).kinds(), ["limit-total-bytes"]);
    let few = Limits { entries: 50, ..Limits::image() };
    assert!(see_with(&artifact, &few).kinds().contains(&"limit-entries"));
}

#[test]
fn an_extended_header_of_a_hundred_megabytes_is_not_held() {
    let layer = Tar::new().raw(b"x", tar::EntryType::XHeader, "", &vec![b'1'; 8 << 20]).file("a", "a").bytes();
    let seen = see(&layout(&[layer]).tar());
    assert_eq!(seen.kinds(), ["unreadable-archive"], "{:?}", seen.problems);
}

#[test]
fn entries_that_readers_take_for_different_things() {
    // Go reads the header that this folder's bytes are; others skip it.
    let hidden = Tar::new().file("evil", "e").bytes();
    let layer = Tar::new().raw(b"d/", tar::EntryType::Directory, "", &hidden[..1024]).file("a", "a").bytes();
    assert_eq!(see(&layout(&[layer]).tar()).kinds(), ["size-mismatch"]);

    for record in ["GNU.sparse.name=other", "SCHILY.xattr.trusted.overlay.opaque=y"] {
        // The record's length counts its own two digits, the space and the line's end.
        let text = format!("{} {record}\n", record.len() + 4);
        let layer = Tar::new().raw(b"x", tar::EntryType::XHeader, "", text.as_bytes()).file("d/x", "x").bytes();
        assert_eq!(see(&layout(&[layer]).tar()).kinds(), ["pax-mismatch"], "{record}");
    }

    let layer = Tar::new().file("a", "a").bytes();
    let upper = Tar::new().file(".wh.a", "a secret in a whiteout").bytes();
    let seen = see(&layout(&[layer, upper]).tar());
    assert_eq!((seen.kinds(), seen.shadows()), (vec![], vec!["a", ".wh.a"]));
    let seen = see(&layout(&[Tar::new().raw(b"old/", tar::EntryType::Regular, "", b"").file("old/x", "x").bytes()]).tar());
    assert_eq!((seen.kinds(), seen.paths()), (vec![], vec!["old/x"]));
}

#[test]
fn a_configuration_larger_than_any_is_refused() {
    let mut layout = Layout::default();
    let layer = layout.blob(LAYER, &Tar::new().file("a", "a").bytes());
    let config = layout.blob(CONFIG, format!("{{\"pad\":\"{}\"}}", "x".repeat(5 << 20)).as_bytes());
    let manifest = layout.json(MANIFEST, &json!({"config": config, "layers": [layer]}));
    layout.index(&[manifest]);
    let seen = see(&layout.tar());
    assert_eq!((seen.kinds(), seen.paths()), (vec!["malformed-image"], vec!["a"]));
}

#[test]
fn a_truncated_layer_and_twins_in_the_archive() {
    let layer = Tar::new().file("a", vec![1; 4000]).bytes();
    let seen = see(&layout(&[layer[..2000].to_vec()]).tar());
    assert!(seen.kinds().contains(&"truncated-archive"), "{:?}", seen.problems);
    assert_eq!(seen.paths(), Vec::<&str>::new());

    let (layout, _) = one();
    let twins = layout.0.iter().fold(Tar::new(), |tar, (name, bytes)| tar.file(name, bytes)).file("index.json", "{\"manifests\":[]}");
    let seen = see_twins(&twins.bytes());
    assert!(seen.contains(&"duplicate-name".to_owned()), "{seen:?}");
}

/// Twins are shown under one path, which [`see`] does not take.
fn see_twins(bytes: &[u8]) -> Vec<String> {
    let artifact = Artifact::read("twins.tar".into(), bytes).unwrap();
    let walked = artifact.walk(&artifact.default_limits(), &super::Witness);
    assert_eq!(walked.census.shown + walked.census.refused, walked.census.declared);
    walked.inventory.problems.iter().map(|problem| problem.kind.to_owned()).collect()
}

/// A layout with a layer of each packing, and links and whiteouts in them.
fn varied() -> Vec<u8> {
    let lower = Tar::new().folder("a/").file("a/x", "text text text text text text").link("l", "a").hard("h", "a/x").bytes();
    let middle = Tar::new().file("a/.wh.x", "").file("b/y", vec![7; 3000]).bytes();
    let upper = Tar::new().file("a/.wh..wh..opq", "").file("c", "c").bytes();
    let mut layout = Layout::default();
    let image = layout.image(&[(LAYER, lower.clone(), lower), (LAYER, zstd(&middle), middle), (LAYER, gzip(&upper), upper)]);
    layout.index(&[image]);
    layout.tar()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damaged_images_are_problems_and_never_panics(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = varied();
        let whole = bytes.clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(end) = end {
            bytes.truncate(1 + end.index(bytes.len() - 1));
        }
        if let Ok(artifact) = Artifact::read("damaged.tar".into(), bytes.as_slice()) {
            let walked = artifact.walk(&artifact.default_limits(), &super::Witness);
            prop_assert_eq!(walked.census.shown + walked.census.refused, walked.census.declared);
            // What is still taken for an image has the same files, or a problem says why not.
            let paths = |inventory: &fngate::model::Inventory| inventory.files.iter().map(|file| (file.path.clone(), file.sha256.clone())).collect::<std::collections::BTreeSet<_>>();
            if artifact.is_image() && walked.inventory.problems.is_empty() {
                let good = Artifact::read("good.tar".into(), whole.as_slice()).unwrap();
                let good = good.walk(&good.default_limits(), &super::Witness).inventory;
                let judged = |all: std::collections::BTreeSet<(fngate::model::EntryPath, String)>| -> Vec<_> { all.into_iter().filter(|(path, _)| !path.as_str().starts_with("image-layout!/")).collect() };
                prop_assert_eq!(judged(paths(&walked.inventory)), judged(paths(&good)));
            }
        }
    }
}
