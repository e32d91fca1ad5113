//! Any bytes under any of the names that extractors want: no extractor panics, and attribution ends.
#![no_main]

use fngate::extract::{EXTRACTORS, attribute};
use fngate::model::{Entry, EntryPath, Inventory};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 22] = [
    "package-lock.json", "npm-shrinkwrap.json", "node_modules/a/package.json", "node_modules/.package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock",
    "index.js", "requirements.txt", "poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "pyproject.toml", "a-1.0.dist-info/METADATA",
    "a-1.0.dist-info/RECORD", "a-1.0.dist-info/direct_url.json", "a.egg-info/PKG-INFO", "Cargo.lock", "bootstrap", "a.deps.json",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, content)) = bytes.split_first() else { return };
    let Ok(path) = EntryPath::new(NAMES[usize::from(which) % NAMES.len()]) else { return };
    let mut found = Inventory::default();
    for extractor in EXTRACTORS {
        if extractor.wants(&path, &content[..content.len().min(4096)]) {
            let _ = extractor.extract(&Entry { path: &path, content }, &mut found);
        }
    }
    let _ = attribute(found).sorted();
});
