//! Damaged and lying archives, made here: whatever is done to a zip or a tar, the walk ends, counts every entry, and what it
//! shows without a problem is what was packed.

use std::io::{Cursor, Write};

use fngate::artifact::{Artifact, Limits, Walked};
use proptest::prelude::*;
use zip::write::SimpleFileOptions;

use crate::artifact::Witness;

const FILES: [(&str, &[u8]); 4] = [
    ("index.js", b"exports.handler = async () => 1;\n"),
    ("lib/a.js", b"module.exports = 2;\n"),
    ("lib/b.bin", &[7; 900]),
    ("notes.txt", b""),
];

fn zip_of(files: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn seen(bytes: &[u8]) -> Option<Walked> {
    let artifact = Artifact::read("a".to_owned(), bytes).ok()?;
    let walked = artifact.walk(&Limits::default(), &Witness);
    assert_eq!(walked.census.shown + walked.census.refused, walked.census.declared, "{:?} {:?}", walked.census, walked.inventory.problems);
    Some(walked)
}

/// Every container that holds [`FILES`], with the prefix their paths have in it.
fn containers() -> Vec<(Vec<u8>, &'static str)> {
    let (stored, deflated, tar) =
        (zip_of(&FILES, zip::CompressionMethod::Stored), zip_of(&FILES, zip::CompressionMethod::Deflated), tar_of(&FILES));
    let nested = zip_of(&[("vendor/inner.whl", &deflated), ("x.tgz", &gzip_of(&tar))], zip::CompressionMethod::Stored);
    vec![(gzip_of(&tar), ""), (stored, ""), (deflated, ""), (tar, ""), (nested, "vendor/inner.whl!/")]
}

#[test]
fn ordinary_containers_are_seen_whole_and_without_a_problem() {
    for (bytes, prefix) in containers() {
        let walked = seen(&bytes).unwrap();
        assert_eq!(walked.inventory.problems, []);
        for (name, content) in FILES {
            let file = walked.inventory.files.iter().find(|file| file.path.as_str() == format!("{prefix}{name}"));
            assert_eq!(file.map(|file| file.size), Some(content.len() as u64), "{prefix}{name}");
        }
    }
}

#[test]
fn a_gzip_of_a_single_file_is_that_file() {
    let walked = seen(&zip_of(&[("data/service.json.gz", &gzip_of(b"{}"))], zip::CompressionMethod::Stored)).unwrap();
    assert!(walked.inventory.files.iter().any(|file| file.path.as_str() == "data/service.json.gz!/service.json" && file.size == 2));
}

#[test]
fn a_hard_link_is_shown_under_its_own_name() {
    let mut tar = tar::Builder::new(Vec::new());
    let content = br#"{"name":"lodash","version":"4.17.15"}"#;
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, "innocent.txt", &content[..]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Link);
    header.set_size(0);
    tar.append_link(&mut header, "node_modules/lodash/package.json", "innocent.txt").unwrap();
    tar.append_link(&mut header, "again.txt", "node_modules/lodash/package.json").unwrap();
    let walked = seen(&tar.into_inner().unwrap()).unwrap();
    let mut paths: Vec<&str> = walked.inventory.files.iter().map(|file| file.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["again.txt", "innocent.txt", "node_modules/lodash/package.json"]);
    assert_eq!(walked.inventory.problems, []);
}

#[test]
fn many_long_links_are_resolved_in_bounded_time() {
    // Each link leads into the next one's folder by a path of many components: a quadratic walk would take minutes.
    let deep = "d/".repeat(1500);
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    for n in 0..4000 {
        tar.append_link(&mut header, format!("{deep}l{n}"), format!("{}l{}", "../".repeat(700), n + 1)).unwrap();
    }
    let walked = seen(&tar.into_inner().unwrap()).unwrap();
    assert!(!walked.inventory.problems.is_empty());
}

#[test]
fn a_truncated_container_never_passes_in_silence() {
    for (bytes, _) in containers() {
        // The last 1,024 bytes of a tar are padding, and tools that leave them out exist.
        for end in (1..bytes.len().saturating_sub(1100)).step_by(37) {
            if let Some(walked) = seen(&bytes[..end]) {
                assert!(!walked.inventory.problems.is_empty(), "cut at {end} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn limits_of_the_whole_artifact_cut_at_the_same_entry_for_any_number_of_workers() {
    let names: Vec<String> = (0..300).map(|n| format!("f{n:03}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &[b'x'; 1000][..])).collect();
    let bytes = zip_of(&files, zip::CompressionMethod::Deflated);
    let artifact = Artifact::read("a".to_owned(), &*bytes).unwrap();
    for limits in [Limits { total_bytes: 100_500, ..Limits::default() }, Limits { entries: 100, ..Limits::default() }] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        let walked = pool.install(|| artifact.walk(&limits, &Witness));
        let inventory = walked.inventory.sorted();
        assert_eq!(inventory.files.len(), 100);
        assert_eq!(inventory.files[99].path.as_str(), "f099.txt");
        assert_eq!(inventory.problems.len(), 1, "{:?}", inventory.problems);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is overwritten, cut out or put in: no panic, and the count is right.
    #[test]
    fn a_damaged_container_is_walked_to_its_end(which in 0..5_usize, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..6)) {
        let (mut bytes, _) = containers().swap_remove(which);
        for (at, value, how) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _ = seen(&bytes);
    }

    /// A byte changed in a zip is a problem, a refusal to open it, or in a field that no reader's view depends on; in the
    /// last case every file shown is still the one that was packed.
    #[test]
    fn a_changed_byte_never_changes_what_is_shown_in_silence(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = zip_of(&FILES, zip::CompressionMethod::Stored);
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Some(walked) = seen(&bytes) && walked.inventory.problems.is_empty() {
            let inventory = walked.inventory.sorted();
            let shown: Vec<(&str, u64)> = inventory.files.iter().map(|file| (file.path.as_str(), file.size)).collect();
            let packed: Vec<(&str, u64)> = FILES.iter().map(|(name, content)| (*name, content.len() as u64)).collect();
            prop_assert_eq!(shown, packed, "byte {} is {:#x}", at, value);
        }
    }
}

/// A member as a tool would write it that keeps what it is given.
fn member(name: &[u8], content: &[u8], signed: bool) -> Vec<u8> {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    if signed {
        let unsigned = i64::from(header.cksum().unwrap());
        let sum = unsigned - 256 * i64::try_from(name.iter().filter(|byte| **byte >= 0x80).count()).unwrap();
        bytes[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn inside(members: &[Vec<u8>]) -> Walked {
    let tar = [members.concat(), vec![0; 1024]].concat();
    seen(&zip_of(&[("x.tar", &tar)], zip::CompressionMethod::Stored)).unwrap()
}

#[test]
fn an_absolute_name_in_a_nested_tar_is_the_same_name_without_its_slash() {
    let walked = inside(&[member(b"/a.js", b"1", false)]);
    assert!(walked.inventory.problems.is_empty(), "{:?}", walked.inventory.problems);
    let walked = inside(&[member(b"/a.js", b"1", false), member(b"a.js", b"2", false)]);
    assert!(walked.inventory.problems.iter().any(|problem| problem.kind.contains("duplicate")), "{:?}", walked.inventory.problems);
}

#[test]
fn a_tar_is_known_by_either_sum() {
    for signed in [false, true] {
        let walked = inside(&[member("\u{e9}.js".as_bytes(), b"1", signed)]);
        let shown: Vec<&str> = walked.inventory.files.iter().map(|file| file.path.as_str()).collect();
        assert!(shown.contains(&"x.tar!/\u{e9}.js"), "{signed}: {shown:?}");
    }
}
