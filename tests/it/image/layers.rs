//! Layers on layers: whiteouts, opaque folders, replaced files, links.

use super::build::{Tar, layout};
use super::see;

#[test]
fn what_an_upper_layer_deletes_or_replaces_is_shadowed() {
    let lower = Tar::new()
        .folder("var/")
        .folder("var/task/")
        .file("var/task/.env", "KEY=1")
        .file("var/task/node_modules/lodash/package.json", "old")
        .file("var/task/node_modules/minimist/package.json", "gone")
        .file("opt/old/a", "a")
        .file("opt/old/deep/b", "b")
        .file("etc/keep", "keep");
    let upper = Tar::new()
        .file("var/task/.wh..env", "")
        .file("./var/task/node_modules/.wh.minimist", "")
        .file("var/task/node_modules/lodash/package.json", "new")
        .folder("opt/old/")
        .file("opt/old/c", "c")
        .file("opt/old/.wh..wh..opq", "");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
    assert_eq!(seen.paths(), ["etc/keep", "opt/old/c", "var/task/node_modules/lodash/package.json"]);
    assert_eq!(seen.visible["var/task/node_modules/lodash/package.json"], "new");
    assert_eq!(
        seen.shadows(),
        [
            "opt/old/a",
            "opt/old/deep/b",
            "var/task/.env",
            "var/task/node_modules/lodash/package.json",
            "var/task/node_modules/minimist/package.json"
        ]
    );
    assert!(seen.visible["image-config.json"].contains("architecture"));
}

#[test]
fn a_whiteout_spares_its_own_layer_and_one_of_nothing_is_only_named() {
    let lower = Tar::new().file("a/old", "old").file("b", "b");
    let upper = Tar::new().file("a/.wh..wh..opq", "").file("a/new", "new").file(".wh.b", "").file("b", "again").file(".wh.never", "");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.paths(), ["a/new", "b"]);
    assert_eq!(seen.visible["b"], "again");
    assert_eq!(seen.kinds(), ["whiteout-dangling"]);

    // After the file it is ambiguous: the specification keeps the file, runtimes remove it.
    let upper = Tar::new().file("b", "again").file(".wh.b", "");
    let seen = see(&layout(&[Tar::new().file("b", "b").bytes(), upper.bytes()]).tar());
    assert_eq!(seen.visible["b"], "again");
    assert_eq!(seen.kinds(), ["name-conflict"]);
}

#[test]
fn a_whiteout_inside_a_touched_folder_takes_only_what_is_older() {
    let lower = Tar::new().file("a/b/old", "1").file("a/b/c/older", "2").file("a/z", "3");
    let upper = Tar::new().file("a/b/c/new", "4").file("a/.wh.b", "");
    let top = Tar::new().file("a/.wh.b", "");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.paths(), ["a/b/c/new", "a/z"]);
    assert_eq!(seen.shadows(), ["a/b/c/older", "a/b/old"]);
    let lower = Tar::new().file("a/b/old", "1").file("a/z", "3");
    let middle = Tar::new().file("a/b/c/new", "4");
    let seen = see(&layout(&[lower.bytes(), middle.bytes(), top.bytes()]).tar());
    assert_eq!(seen.paths(), ["a/z"]);
    assert_eq!(seen.kinds(), Vec::<&str>::new());
}

#[test]
fn files_and_folders_replace_each_other() {
    let lower = Tar::new().file("x/inside", "1").file("y", "2").link("z", "x");
    let upper = Tar::new().file("x", "now a file").folder("y/").file("y/inside", "3").folder("z/").file("z/own", "4");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.paths(), ["x", "y/inside", "z/own"]);
    assert_eq!(seen.shadows(), ["x/inside", "y"]);
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
}

#[test]
fn hard_links_show_the_bytes_under_every_name() {
    let lower = Tar::new().file("store/ab", "{\"name\":\"lodash\"}").hard("app/node_modules/lodash/package.json", "store/ab");
    let upper = Tar::new().hard("again/package.json", "/store/ab").file(".wh.store", "");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.paths(), ["again/package.json", "app/node_modules/lodash/package.json"]);
    assert_eq!(seen.visible["again/package.json"], "{\"name\":\"lodash\"}");
    assert_eq!(seen.shadows(), Vec::<&str>::new(), "the bytes are visible under two names");
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);

    let replaced = Tar::new().file("app/node_modules/lodash/package.json", "new").file("again/.wh.package.json", "");
    let seen = see(&layout(&[lower_again(), upper_again(), replaced.bytes()]).tar());
    assert_eq!(seen.paths(), ["app/node_modules/lodash/package.json"]);
    assert_eq!(seen.shadows(), ["store/ab"]);

    let seen = see(&layout(&[Tar::new().hard("a", "nowhere").bytes()]).tar());
    assert_eq!(seen.kinds(), ["hard-link-dangling"]);
}

fn lower_again() -> Vec<u8> {
    Tar::new().file("store/ab", "{\"name\":\"lodash\"}").hard("app/node_modules/lodash/package.json", "store/ab").bytes()
}

fn upper_again() -> Vec<u8> {
    Tar::new().hard("again/package.json", "/store/ab").file(".wh.store", "").bytes()
}

#[test]
fn links_are_the_images_own_and_no_problem() {
    let layer = Tar::new()
        .file("usr/lib/x.so", "x")
        .link("lib", "usr/lib")
        .link("etc/mtab", "/proc/mounts")
        .link("up", "../../../usr")
        .link("loop", "loop")
        .link("self", ".")
        .file("app/node_modules/.pnpm/a@1/node_modules/a/package.json", "a")
        .link("app/node_modules/a", ".pnpm/a@1/node_modules/a");
    let seen = see(&layout(&[layer.bytes()]).tar());
    assert_eq!(seen.kinds(), Vec::<&str>::new(), "{:?}", seen.problems);
    assert!(seen.aliases.contains("lib/x.so"), "{:?}", seen.aliases);
    assert!(seen.aliases.contains("app/node_modules/a/package.json"));
}

#[test]
fn an_entry_below_a_link_is_a_trick() {
    let upper = Tar::new().file("lib/y.so", "y");
    let lower = Tar::new().file("usr/lib/x.so", "x").link("lib", "usr/lib");
    let seen = see(&layout(&[lower.bytes(), upper.bytes()]).tar());
    assert_eq!(seen.kinds(), ["link-shadow"]);
    assert_eq!(seen.paths(), ["lib/y.so", "usr/lib/x.so"]);
}

#[test]
fn names_that_linux_allows_are_ordinary_and_others_are_not() {
    let layer = Tar::new()
        .raw(b"usr/lib/a\\x2db.slice", tar::EntryType::Regular, "", b"1")
        .raw(b"etc/f\xf6.crt", tar::EntryType::Regular, "", b"2")
        .raw(b"/abs", tar::EntryType::Regular, "", b"3")
        .raw(b"dev/null", tar::EntryType::Char, "", b"");
    let seen = see(&layout(&[layer.bytes()]).tar());
    assert_eq!(seen.paths(), ["abs", "etc/f%F6.crt", "usr/lib/a%5Cx2db.slice"]);
    // A device 0:0 deletes in an overlay file system.
    assert_eq!(seen.kinds(), ["special-file"]);
    let seen = see(&layout(&[Tar::new().file("../x", "").file("a/../../y", "").bytes()]).tar());
    assert_eq!((seen.kinds(), seen.paths()), (vec!["unsafe-name"], vec![]));
    let seen = see(&layout(&[Tar::new().file("a", "1").file("a", "2").bytes()]).tar());
    assert_eq!((seen.kinds(), seen.visible["a"].as_str(), seen.shadows()), (vec!["duplicate-name"], "2", vec!["a"]));
}

#[test]
fn archives_in_layers_are_opened_and_shadowed_ones_in_the_shadow() {
    let inner = super::build::gzip(&Tar::new().file("package.json", "inner").bytes());
    let lower = Tar::new().file("keep.tgz", &inner).file("gone.tgz", &inner);
    let seen = see(&layout(&[lower.bytes(), Tar::new().file(".wh.gone.tgz", "").bytes()]).tar());
    assert_eq!(seen.visible["keep.tgz!/package.json"], "inner");
    assert!(seen.shadowed.keys().any(|path| path.ends_with("!/gone.tgz!/package.json")), "{:?}", seen.shadowed);
    assert!(!seen.visible.keys().any(|path| path.contains("gone")));
}
