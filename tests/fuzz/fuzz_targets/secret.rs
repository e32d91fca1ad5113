//! Any bytes searched for secrets, whole and in pieces: no panic, and no preview longer than four characters.
#![no_main]

use std::sync::LazyLock;

use fngate::model::EntryPath;
use fngate::secret::Scanner;
use libfuzzer_sys::fuzz_target;

static SCANNER: LazyLock<Scanner> = LazyLock::new(|| Scanner::builtin().expect("the built-in rules"));

fuzz_target!(|bytes: &[u8]| {
    let Some((&which, content)) = bytes.split_first() else { return };
    let Ok(path) = EntryPath::new(["a.js", "a.js.map", "bootstrap", ".env", "a.pyc"][usize::from(which) % 5]) else { return };
    for secret in SCANNER.scan(&path, content).secrets {
        assert!(secret.preview.chars().filter(|c| *c != '…').count() <= 4);
    }
    let mut stream = SCANNER.stream(&path);
    content.chunks(97).for_each(|piece| stream.feed(piece));
    let _ = stream.finish();
});
