//! Artifacts: the hostile suite, and that every entry is either shown or refused.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fngate::artifact::{Artifact, EntryStream, Limits, Observer, OpenError, Walked};
use fngate::model::{Entry, EntryPath, File, Inventory};

/// Remembers the path and size of everything it is shown.
pub(crate) struct Witness;

struct Streamed<'a>(&'a EntryPath, u64);

impl EntryStream for Streamed<'_> {
    fn feed(&mut self, bytes: &[u8]) {
        self.1 += bytes.len() as u64;
    }

    fn finish(self: Box<Self>, found: &mut Inventory) {
        found.files.push(File { path: self.0.clone(), size: self.1, sha256: String::new() });
    }
}

impl Observer for Witness {
    fn wants_whole(&self, _: &EntryPath, _: &[u8]) -> bool {
        false
    }

    fn entry(&self, entry: &Entry<'_>, _: &[EntryPath], found: &mut Inventory) {
        found.files.push(File { path: entry.path.clone(), size: entry.content.len() as u64, sha256: String::new() });
    }

    fn shadowed(&self, _: &Entry<'_>, _: &mut Inventory) {}

    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        Box::new(Streamed(path, 0))
    }
}

/// The hostile archives, written once a test run by their script; `None`, and a word about it, where no Python is named.
fn hostile() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let python = std::env::var_os("FNGATE_PYTHON")?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
        let _ = std::fs::remove_dir_all(&out);
        let run = Command::new(python).arg(root.join("testdata/hostile/build.py")).arg(&out).output().expect("FNGATE_PYTHON runs");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        Some(out)
    });
    if built.is_none() {
        eprintln!("not run: the hostile suite needs Python 3; name it in FNGATE_PYTHON");
    }
    built.as_deref()
}

/// The suite's cases: what each archive must show and raise.
fn cases(hostile: &Path) -> Vec<serde_json::Value> {
    serde_json::from_slice(&std::fs::read(hostile.join("expected.json")).expect("expected.json")).expect("valid JSON")
}

fn limits(case: &serde_json::Value) -> Limits {
    let mut limits = Limits::default();
    let of = |name: &str| case["limits"][name].as_u64();
    limits.entry_bytes = of("entry_bytes").unwrap_or(limits.entry_bytes);
    limits.total_bytes = of("total_bytes").unwrap_or(limits.total_bytes);
    limits.entries = of("entries").unwrap_or(limits.entries);
    limits.depth = of("depth").map_or(limits.depth, |depth| u32::try_from(depth).expect("a depth"));
    limits.ratio = of("ratio").unwrap_or(limits.ratio);
    limits
}

/// Whether permissions mean nothing to this process.
fn is_root(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let probe = folder.join("no-permission");
    std::fs::write(&probe, b"x").expect("a file");
    std::fs::set_permissions(&probe, std::fs::Permissions::from_mode(0o000)).expect("its mode");
    let readable = std::fs::read(&probe).is_ok();
    std::fs::remove_file(&probe).expect("removed");
    readable
}

/// What differs between a case's expectation and what the gate saw.
fn differences(hostile: &Path, case: &serde_json::Value) -> Vec<String> {
    let name = case["file"].as_str().expect("a file");
    let strings = |key: &str| -> BTreeSet<String> {
        case[key].as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let wanted = strings("kinds");
    // Whoever may read everything (root) cannot make a file that it may not read.
    if wanted.contains("unreadable-file") && std::fs::read_dir(hostile.join(name)).is_ok() && is_root(hostile) {
        return Vec::new();
    }
    let artifact = match Artifact::open(&hostile.join(name)) {
        Ok(artifact) => artifact,
        Err(_) if wanted.contains("@error") => return Vec::new(),
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let Walked { inventory, census } = artifact.walk(&limits(case), &Witness);
    let kinds: BTreeSet<String> = inventory.problems.iter().map(|problem| problem.kind.to_owned()).collect();
    let shown: BTreeSet<String> = inventory.files.iter().map(|file| file.path.as_str().to_owned()).collect();
    let mut wrong = Vec::new();
    if wanted.is_empty() && !kinds.is_empty() {
        wrong.push(format!("{name}: ordinary ({}), yet {:?}", case["why"], inventory.problems));
    }
    let any = |wanted: &str| match wanted {
        "@any" => !kinds.is_empty(),
        "@limit" => kinds.iter().any(|kind| kind.starts_with("limit-")),
        kind => kinds.contains(kind),
    };
    if !wanted.iter().all(|kind| any(kind)) {
        wrong.push(format!("{name}: wants {wanted:?}, got {kinds:?} ({}) {:?}", case["why"], inventory.problems));
    }
    if !strings("shown").is_subset(&shown) {
        wrong.push(format!("{name}: does not show {:?} ({})", strings("shown").difference(&shown).collect::<Vec<_>>(), case["why"]));
    }
    if strings("not_shown").intersection(&shown).next().is_some() {
        wrong.push(format!("{name}: shows {:?} ({})", strings("not_shown").intersection(&shown).collect::<Vec<_>>(), case["why"]));
    }
    if census.shown + census.refused != census.declared {
        wrong.push(format!("{name}: {census:?}"));
    }
    wrong
}

#[test]
fn every_trick_is_a_problem_and_every_ordinary_archive_is_none() {
    let Some(hostile) = hostile() else { return };
    let cases = cases(hostile);
    assert!(cases.len() >= 100, "only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter(|case| case["oci"] != true).flat_map(|case| differences(hostile, case)).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn bytes_of_all_owners_are_those_of_every_hostile_archive() {
    let Some(hostile) = hostile() else { return };
    for case in cases(hostile) {
        let name = case["file"].as_str().expect("a file");
        let Ok(artifact) = Artifact::open(&hostile.join(name)) else { continue };
        crate::extract::ownership::adds_up(&fngate::scan::scan(&artifact, &limits(&case), None, &[]), name);
    }
}

#[test]
fn one_worker_and_many_see_the_same() {
    let Some(hostile) = hostile() else { return };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let (one, many) = (pool(1), pool(8));
    for case in cases(hostile) {
        let Ok(artifact) = Artifact::open(&hostile.join(case["file"].as_str().expect("a file"))) else { continue };
        let limits = limits(&case);
        let see = |pool: &rayon::ThreadPool| pool.install(|| artifact.walk(&limits, &Witness)).inventory.sorted();
        assert_eq!(see(&one), see(&many), "{}", case["file"]);
    }
}

#[test]
fn a_large_file_that_is_only_searched_shows_what_it_shows_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("large.tar");
    let mut tar = tar::Builder::new(std::fs::File::create(&path).expect("a file"));
    for (name, size) in [("zeros", Limits::ARTIFACT_IN_MEMORY), ("behind", 7)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, std::io::repeat(0).take(size)).expect("an entry");
    }
    tar.finish().expect("a tar");
    let walked = |artifact: &Artifact| {
        let Walked { inventory, census } = artifact.walk(&artifact.default_limits(), &Witness);
        (inventory.sorted().files, census)
    };
    let (whole, searched) = (Artifact::open(&path).expect("a tar"), Artifact::open_to_search(&path).expect("a tar"));
    assert_eq!(walked(&whole), walked(&searched));
    assert_eq!(walked(&searched).0.len(), 2);
    assert_eq!((whole.kind(), searched.digest()), (searched.kind(), [0; 32]));

    let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("the file");
    file.write_all(&[b'x'; 512]).expect("room");
    assert!(matches!(Artifact::open(&path), Err(OpenError::Unknown(_))));
    assert!(matches!(Artifact::open_to_search(&path), Err(OpenError::Unknown(_))));
}
