//! Any bytes as an artifact: the walk ends, and shown and refused are what was declared.
#![no_main]

use fngate::artifact::{Artifact, EntryStream, Limits, Observer};
use fngate::model::{Entry, EntryPath, Inventory};
use libfuzzer_sys::fuzz_target;

struct Blind;

struct Nothing;

impl EntryStream for Nothing {
    fn feed(&mut self, _: &[u8]) {}
    fn finish(self: Box<Self>, _: &mut Inventory) {}
}

impl Observer for Blind {
    fn wants_whole(&self, _: &EntryPath, _: &[u8]) -> bool {
        false
    }
    fn entry(&self, _: &Entry<'_>, _: &[EntryPath], _: &mut Inventory) {}
    fn shadowed(&self, _: &Entry<'_>, _: &mut Inventory) {}
    fn stream<'a>(&'a self, _: &'a EntryPath) -> Box<dyn EntryStream + 'a> {
        Box::new(Nothing)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(artifact) = Artifact::read("fuzz".to_owned(), bytes) else { return };
    let limits = Limits { entry_bytes: 1 << 20, total_bytes: 8 << 20, entries: 1000, depth: 3, ratio: 400 };
    let census = artifact.walk(&limits, &Blind).census;
    assert_eq!(census.shown + census.refused, census.declared);
});
