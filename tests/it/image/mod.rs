//! Container images: what their layers add up to, and what they hide.

pub mod build;
mod hostile;
mod layers;
mod layouts;
mod model;
mod registry;
mod system;

use std::collections::{BTreeMap, BTreeSet};

use fngate::artifact::{Artifact, EntryStream, Limits, Observer};
use fngate::model::{ArtifactKind, Entry, EntryPath, File, Inventory};

/// Remembers what it is shown: a shadowed file's row says so in place of its digest.
pub struct Witness;

struct Streamed<'a>(&'a EntryPath, u64);

impl EntryStream for Streamed<'_> {
    fn feed(&mut self, bytes: &[u8]) {
        self.1 += bytes.len() as u64;
    }

    fn finish(self: Box<Self>, found: &mut Inventory) {
        found.files.push(File { path: self.0.clone(), size: self.1, sha256: "streamed".into() });
    }
}

fn row(entry: &Entry<'_>, note: &str) -> File {
    let text = String::from_utf8_lossy(&entry.content[..entry.content.len().min(64)]).into_owned();
    File { path: entry.path.clone(), size: entry.content.len() as u64, sha256: format!("{note}{text}") }
}

impl Observer for Witness {
    fn wants_whole(&self, _: &EntryPath, _: &[u8]) -> bool {
        false
    }

    fn entry(&self, entry: &Entry<'_>, aliases: &[EntryPath], found: &mut Inventory) {
        found.files.push(row(entry, ""));
        for alias in aliases {
            found.files.push(File { path: alias.clone(), size: 0, sha256: "alias".into() });
        }
    }

    fn shadowed(&self, entry: &Entry<'_>, found: &mut Inventory) {
        found.files.push(row(entry, "shadowed "));
    }

    fn stream<'a>(&'a self, path: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        Box::new(Streamed(path, 0))
    }
}

/// What an artifact shows.
pub struct Seen {
    pub kind: ArtifactKind,
    /// What is in the image's file system, with the beginning of each file.
    pub visible: BTreeMap<String, String>,
    pub shadowed: BTreeMap<String, String>,
    pub aliases: BTreeSet<String>,
    pub problems: Vec<(String, String)>,
}

impl Seen {
    pub fn kinds(&self) -> Vec<&str> {
        let kinds: BTreeSet<&str> = self.problems.iter().map(|(kind, _)| kind.as_str()).collect();
        kinds.into_iter().collect()
    }

    /// The visible paths, the layout's own files left out.
    pub fn paths(&self) -> Vec<&str> {
        self.visible
            .keys()
            .map(String::as_str)
            .filter(|path| !path.starts_with("image-layout!/") && !path.ends_with("image-config.json"))
            .collect()
    }

    pub fn shadows(&self) -> Vec<&str> {
        self.shadowed.keys().map(|path| path.split_once("!/").unwrap().1).collect()
    }
}

pub fn see_with(artifact: &Artifact, limits: &Limits) -> Seen {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let many = pool(4).install(|| artifact.walk(limits, &Witness));
    let one = pool(1).install(|| artifact.walk(limits, &Witness));
    let (inventory, census) = (many.inventory.sorted(), many.census);
    assert_eq!(inventory, one.inventory.sorted(), "one worker and many see the same");
    assert_eq!(census, one.census);
    assert_eq!(census.shown + census.refused, census.declared, "{census:?}");
    let (mut visible, mut shadowed, mut aliases) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
    for file in inventory.files.iter().filter(|file| file.sha256 != "alias") {
        let path = file.path.as_str().to_owned();
        let old = match file.sha256.strip_prefix("shadowed ") {
            Some(text) => shadowed.insert(path, text.to_owned()),
            None => visible.insert(path, file.sha256.clone()),
        };
        assert_eq!(old, None, "{} is shown twice", file.path);
    }
    aliases.extend(inventory.files.iter().filter(|file| file.sha256 == "alias").map(|file| file.path.as_str().to_owned()));
    let problems = inventory.problems.iter().map(|problem| {
        let place = problem.path.as_ref().map_or_else(String::new, ToString::to_string);
        (problem.kind.to_owned(), format!("{place}: {}", problem.message))
    });
    Seen { kind: artifact.facts(&inventory).kind, visible, shadowed, aliases, problems: problems.collect() }
}

pub fn see(bytes: &[u8]) -> Seen {
    let artifact = Artifact::read("image.tar".into(), bytes).unwrap();
    see_with(&artifact, &artifact.default_limits())
}
