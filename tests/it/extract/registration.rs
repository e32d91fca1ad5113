//! Every extractor and every kind of problem is registered as the contract says.

use std::collections::BTreeSet;

use fngate::extract::{EXTRACTORS, PROBLEMS};
use fngate::model::ProblemClass;

#[test]
fn names_are_unique_and_say_where_the_extractor_lives() {
    let names: BTreeSet<&str> = EXTRACTORS.iter().map(|extractor| extractor.name()).collect();
    assert_eq!(names.len(), EXTRACTORS.len());
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    for name in names {
        let (folder, file) = name.split_once('/').expect("`folder/file`");
        assert!(is_word(folder) && is_word(file), "{name}");
        // `npm/source-map`: `npm/source_map.rs`, or where a format has a folder of its own, `npm/bundle/source_map.rs`.
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/extract").join(folder);
        let file = file.replace('-', "_");
        let inner = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let mut places: Vec<_> = inner.map(|inner| inner.join(format!("{file}.rs"))).collect();
        places.extend([folder.join(format!("{file}.rs")), folder.join(&file).join("mod.rs")]);
        assert!(places.iter().any(|place| place.exists()), "{name}");
    }
}

#[test]
fn kinds_of_problem_are_unique_and_have_a_page() {
    let ids: Vec<&str> = PROBLEMS.iter().map(|kind| kind.id).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(ids, sorted, "sorted and each once");
    for kind in PROBLEMS {
        assert!(kind.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", kind.id);
        assert!(kind.title.len() > 10 && kind.page.len() > 100, "{}", kind.id);
        let endings = ["-unattributed", "-unknown", "-contradicted"];
        assert!(kind.class != ProblemClass::Unattributed || endings.iter().any(|end| kind.id.ends_with(end)), "{}", kind.id);
    }
}
