//! Any layers at all: what is shown is what the specification's rules, followed one by one, leave.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::build::{Tar, layout};
use super::see;

#[derive(Clone, Debug)]
enum Change {
    File(String),
    Folder(String),
    Whiteout(String),
    Opaque(String),
}

/// Paths of one to four components out of three names: collisions are the rule.
fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec("[abc]", 1..5).prop_map(|parts| parts.join("/"))
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => path().prop_map(Change::File),
        1 => path().prop_map(Change::Folder),
        2 => path().prop_map(Change::Whiteout),
        1 => path().prop_map(Change::Opaque),
    ]
}

fn below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// The rules, one by one: the layer's whiteouts on what lies below it, then its entries in order.
fn apply(state: &mut BTreeMap<String, String>, layer: &[Change], number: usize) {
    for change in layer {
        match change {
            Change::Whiteout(path) => state.retain(|name, _| name != path && !below(name, path)),
            Change::Opaque(path) => state.retain(|name, _| !below(name, path)),
            _ => {}
        }
    }
    for (at, change) in layer.iter().enumerate() {
        let (Change::File(path) | Change::Folder(path)) = change else { continue };
        state.retain(|name, _| !below(path, name));
        match change {
            Change::File(_) => {
                state.retain(|name, _| !below(name, path));
                state.insert(path.clone(), format!("{number}.{at}"));
            }
            _ => drop(state.remove(path)),
        }
    }
}

fn packed(layer: &[Change], number: usize) -> Vec<u8> {
    let hidden = |path: &str| match path.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/.wh.{name}"),
        None => format!(".wh.{path}"),
    };
    let pack = |tar: Tar, (at, change): (usize, &Change)| match change {
        Change::File(path) => tar.file(path, format!("{number}.{at}")),
        Change::Folder(path) => tar.folder(&format!("{path}/")),
        Change::Whiteout(path) => tar.file(&hidden(path), ""),
        Change::Opaque(path) => tar.file(&format!("{path}/.wh..wh..opq"), ""),
    };
    // A first entry of its own makes no two layers the same.
    layer.iter().enumerate().fold(Tar::new().file(&format!("layer-{number}"), ""), pack).bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn layers_add_up_by_the_rules(layers in proptest::collection::vec(proptest::collection::vec(change(), 0..10), 1..6)) {
        let (mut state, mut all, mut packs) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for (number, layer) in layers.into_iter().enumerate() {
            // Two files of one name in one layer would be shadowed under one path.
            let mut names = BTreeSet::new();
            let layer: Vec<_> = layer.into_iter().filter(|change| !matches!(change, Change::File(path) if !names.insert(path.clone()))).collect();
            apply(&mut state, &layer, number);
            all.extend(layer.iter().enumerate().filter(|(_, change)| matches!(change, Change::File(_))).map(|(at, _)| format!("{number}.{at}")));
            packs.push(packed(&layer, number));
        }
        let seen = see(&layout(&packs).tar());
        let visible: BTreeMap<_, _> =
            seen.visible.iter().filter(|(path, _)| path.starts_with(['a', 'b', 'c'])).map(|(path, text)| (path.clone(), text.clone())).collect();
        prop_assert_eq!(&visible, &state);
        let shadowed: BTreeSet<_> = seen.shadowed.values().cloned().collect();
        let wanted: BTreeSet<_> = all.into_iter().filter(|text| !state.values().any(|visible| visible == text)).collect();
        prop_assert_eq!(shadowed, wanted);
    }
}
