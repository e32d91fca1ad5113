//! Bundles: what real bundlers leave of the packages they put in, and what is said where they leave nothing. The folders of
//! `testdata/bundles` say how each was made.

use std::path::Path;

use fngate::model::{BundleFacts, Inventory, InventoryState, Relation};

use super::walker::scanned;

/// The files of one folder of bundles, under `prefix`.
fn files(folder: &str, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/bundles").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| (format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap()), std::fs::read(path).unwrap())).collect()
}

fn seen(files: &[(String, Vec<u8>)]) -> Inventory {
    scanned(&files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect::<Vec<_>>())
}

fn opened(folder: &str) -> Inventory {
    seen(&files(folder, ""))
}

/// `evidence name version`, for each bundled package.
fn bundled(inventory: &Inventory) -> Vec<String> {
    let rows = inventory.packages.iter().filter(|package| package.relation == Relation::Bundled);
    rows.map(|package| format!("{} {} {}", package.evidence, package.name, package.version.as_deref().unwrap_or("?"))).collect()
}

fn kinds(inventory: &Inventory) -> Vec<&'static str> {
    inventory.problems.iter().map(|problem| problem.kind).collect()
}

fn facts(inventory: &Inventory) -> &BundleFacts {
    inventory.bundles.first().unwrap()
}

#[test]
fn every_package_is_named_where_the_bundler_says_so() {
    for (folder, evidence) in [
        ("esbuild", "npm/path-comment"),
        ("rolldown", "npm/path-comment"),
        ("bun", "npm/path-comment"),
        ("webpack-dev", "npm/module-key"),
        ("webpack-eval", "npm/module-key"),
        ("esbuild-map", "npm/source-map"),
        ("rollup-map", "npm/source-map"),
        ("webpack-prod-map", "npm/source-map"),
        ("esbuild-meta", "npm/metafile"),
    ] {
        let found = opened(folder);
        let names: Vec<String> = bundled(&found).iter().map(|row| row.rsplit_once(' ').unwrap().0.to_owned()).collect();
        let expected = ["@acme/label", "pad", "tally"].map(|name| format!("{evidence} {name}"));
        assert!(expected.iter().all(|row| names.contains(row)) && names.len() <= 4, "{folder}: {names:?}");
        assert_eq!(kinds(&found), ["bundle-versions-unknown"], "{folder}");
        assert_eq!(facts(&found).unattributed, 0, "{folder}");
        let total: u64 = facts(&found).packages.iter().map(|share| share.bytes).sum::<u64>() + facts(&found).own;
        assert!(total <= facts(&found).size && total * 10 >= facts(&found).size * 7, "{folder}: {:?}", facts(&found));
    }
}

#[test]
fn a_manifest_inside_the_bundle_has_its_version() {
    for folder in ["esbuild", "rolldown", "bun", "webpack-dev"] {
        assert!(bundled(&opened(folder)).iter().any(|row| row.ends_with(" tally 1.4.0")), "{folder}");
    }
}

#[test]
fn without_a_path_the_bundle_is_unattributed() {
    for folder in ["esbuild-min", "webpack-prod", "rollup"] {
        let found = opened(folder);
        assert!(kinds(&found).iter().any(|kind| kind.ends_with("-unattributed")), "{folder}: {:?}", found.problems);
        assert_eq!(found.state(), InventoryState::Incomplete, "{folder}");
        assert!(found.problems[0].message.contains("--lock package-lock.json"), "the message names the flag");
    }
    // A licence comment names some packages all the same, and a manifest in the code has a version.
    assert_eq!(bundled(&opened("esbuild-min")), ["npm/licence-comment tally 1.4.0"]);
    assert_eq!(bundled(&opened("esbuild-legal")), ["npm/licence-comment tally 1.4.0"]);
}

#[test]
fn a_lockfile_beside_the_bundle_completes_what_is_bundled_and_adds_nothing() {
    let lock = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/bundles/package-lock.json")).unwrap();
    let mut all = files("esbuild", "");
    all.push(("package-lock.json".to_owned(), lock));
    let found = seen(&all);
    let versions: Vec<String> = found.packages.iter().map(|package| format!("{} {}", package.relation.as_str(), package.purl())).collect();
    assert_eq!(
        versions,
        ["bundled pkg:npm/%40acme/label@0.3.1", "bundled pkg:npm/pad@1.0.0", "bundled pkg:npm/pad@2.1.0", "bundled pkg:npm/tally@1.4.0"]
    );
    assert!(found.packages.iter().all(|package| package.inferred == (package.name != "tally")));
    assert_eq!((kinds(&found).len(), found.state()), (0, InventoryState::Complete));
}

#[test]
fn a_version_in_the_path_is_exact() {
    let pnpm = "var __commonJS = (cb) => cb;\n\n// node_modules/.pnpm/@acme+label@0.3.1/node_modules/@acme/label/label.mjs\nfunction label() {}\n\n// src/handler.js\nvar handler = () => label();\n".repeat(4);
    let found = seen(&[("index.js".to_owned(), pnpm.into_bytes())]);
    assert_eq!(bundled(&found), ["npm/path-comment @acme/label 0.3.1"]);
    assert_eq!(found.problems, []);
}

#[test]
fn evidence_of_another_build_is_not_believed() {
    // The metafile of one build beside the output of another.
    let mut mixed = files("esbuild", "");
    mixed.extend(files("esbuild-meta", "").into_iter().filter(|(name, _)| name == "meta.json"));
    let found = seen(&mixed);
    assert_eq!(kinds(&found), ["bundle-contradicted", "bundle-versions-unknown"]);
    assert!(bundled(&found).iter().all(|row| row.starts_with("npm/path-comment")));
    // A map that lists less than the code itself names.
    let map = br#"{"version":3,"sources":["node_modules/clean/index.js"],"mappings":"AAAA"}"#.to_vec();
    let mut lying = files("esbuild", "");
    lying.push(("index.js.map".to_owned(), map));
    let found = seen(&lying);
    assert_eq!(kinds(&found), ["bundle-contradicted", "bundle-versions-unknown"]);
    assert!(!bundled(&found).iter().any(|row| row.contains("clean")));
}

#[test]
fn a_map_that_maps_little_attributes_little() {
    let map = br#"{"version":3,"sources":["node_modules/clean/index.js"],"mappings":"AAAA,CAAA"}"#.to_vec();
    let mut files: Vec<_> = files("webpack-prod", "").into_iter().filter(|(name, _)| name == "index.js").collect();
    files.push(("index.js.map".to_owned(), map));
    let found = seen(&files);
    assert!(kinds(&found).contains(&"bundle-unattributed"), "{:?}", found.problems);
}

#[test]
fn a_map_inside_the_file_hides_no_minified_code() {
    let code = &files("esbuild-map", "")[0].1;
    let code = String::from_utf8(code.clone()).unwrap().replace("//# sourceMappingURL=index.js.map\n", "");
    let map = String::from_utf8(files("esbuild-map", "")[1].1.clone()).unwrap();
    use base64::Engine;
    let inline = |json: &str| {
        format!("{code}//# sourceMappingURL=data:application/json;base64,{}\n", base64::engine::general_purpose::STANDARD.encode(json))
    };
    let found = seen(&[("index.js".to_owned(), inline(&map).into_bytes())]);
    assert_eq!(bundled(&found).len(), 3, "{:?}", bundled(&found));
    // One that is no map leaves the code what it is, however much longer than the code it is.
    let found = seen(&[("index.js".to_owned(), inline(&"x".repeat(200_000)).into_bytes())]);
    assert!(kinds(&found).contains(&"bundle-unattributed"), "{:?}", found.problems);
    // What follows such a comment is code again.
    let behind = format!("//# sourceMappingURL=data:application/json;base64,e30=\n{code}");
    let found = seen(&[("index.js".to_owned(), behind.into_bytes())]);
    assert!(!found.problems.is_empty());
}

#[test]
fn a_minified_module_of_ones_own_is_no_source() {
    let minified = "var a=(e,t)=>{if(!e)return t;for(let n of e)t.push(n);return t},b=c(d);".repeat(200);
    let text = format!("var __commonJS = (cb) => cb;\n\n// node_modules/a/index.js\nvar a = 1;\n\n// src/vendor.js\n{minified}\n");
    let found = seen(&[("index.js".to_owned(), text.into_bytes())]);
    assert!(kinds(&found).contains(&"bundle-unattributed"), "{:?}", found.problems);
}

#[test]
fn indexed_maps_are_read_by_section() {
    let map = r#"{"version":3,"sections":[
        {"offset":{"line":0,"column":0},"map":{"version":3,"sources":["node_modules/tally/index.js"],"mappings":"AAAA,kxB"}},
        {"offset":{"line":0,"column":800},"map":{"version":3,"sources":["node_modules/pad/pad.js"],"mappings":"AAAA,w5B"}}]}"#;
    let mut files: Vec<_> = files("webpack-prod", "").into_iter().filter(|(name, _)| name == "index.js").collect();
    files.push(("index.js.map".to_owned(), map.as_bytes().to_vec()));
    let found = seen(&files);
    let names: Vec<String> = bundled(&found);
    assert_eq!(names, ["npm/source-map pad ?", "npm/source-map tally 1.4.0"]);
}

#[test]
fn hostile_maps_are_no_evidence() {
    let many = format!(r#"{{"version":3,"sources":[{}"a"],"mappings":""}}"#, "\"a\",".repeat(600_000));
    let sections = format!(r#"{{"version":3,"sections":[{}]}}"#, [r#"{"map":{"sections":[]}}"#; 3].join(","));
    for map in [
        many,
        sections,
        "{\"version\":3,\"sources\":[\"node_modules/clean/i.js\"],\"mappings\":\"gggggggggggggggA\"}".to_owned(),
        "[".repeat(100_000),
    ] {
        let mut files: Vec<_> = files("webpack-prod", "").into_iter().filter(|(name, _)| name == "index.js").collect();
        files.push(("index.js.map".to_owned(), map.into_bytes()));
        let found = seen(&files);
        assert_eq!(bundled(&found), ["npm/version-literal tally 1.4.0"], "the bundle speaks for itself");
        assert!(kinds(&found).contains(&"bundle-unattributed"));
    }
}

/// Minified code that no evidence speaks of.
fn minified() -> String {
    String::from_utf8(files("esbuild-min", "")[0].1.clone()).unwrap().split("/*! Bundled").next().unwrap().repeat(4)
}

/// Whether something in scope is said to be unjudged.
fn is_said(files: &[(&str, String)]) -> bool {
    let files: Vec<(String, Vec<u8>)> = files.iter().map(|(path, text)| ((*path).to_owned(), text.clone().into_bytes())).collect();
    seen(&files).state() == InventoryState::Incomplete
}

#[test]
fn nothing_inside_hides_minified_code() {
    let code = minified();
    let readable = "export function total(items) {\n  return items.reduce((sum, item) => sum + item.price, 0);\n}\n".repeat(800);
    for (name, text) in [
        ("a comment before it on its line", format!("/*# sourceMappingURL=data:,*/{code}")),
        ("another kind of line end", format!("//# sourceMappingURL=data:,\r{code}")),
        ("a line separator", format!("//# sourceMappingURL=data:,\u{2028}{code}")),
        ("a byte that no text has", format!("/*\0*/{code}")),
        ("short lines", code.replace(';', ";\n").replace("){", "){\n")),
        ("readable code before it", format!("{readable}{code}{code}{code}{code}")),
        ("readable code around it", format!("{readable}{code}{code}{code}{code}{readable}")),
        ("a module's key", format!("/*x*//***/ \"./node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad/index.js\";{code}")),
        ("a joined module's comment", format!("\n;// CONCATENATED MODULE: ./src/own.js\n{code}")),
        ("a source's address", format!("\"\\n//# sourceURL=webpack://fn/./node_modules/.pnpm/a@1.0.0/node_modules/a/i.js?\\n\";{code}")),
        ("a comment before each module", format!("\n// src/own.js\n{code}")),
    ] {
        assert!(is_said(&[("index.js", text)]), "{name}");
    }
    let payload = "dmFyIF9fY3JlYXRlID0gT2JqZWN0LmNyZWF0ZTsKdmFyIF9fZGVmUHJvcCA9IE9iamVjdC5kZWZpbmVQcm9wZXJ0eTsK".repeat(60);
    let lines = payload.as_bytes().chunks(76).map(|line| format!("  '{}' +\n", std::str::from_utf8(line).unwrap())).collect::<String>();
    for call in [
        "eval(decode(",
        "(0, eval)(decode(",
        "new Function (decode(",
        "new vm.Script(decode(",
        "import(data('data:text/javascript;base64,' + ",
    ] {
        assert!(is_said(&[("index.js", format!("{call}'{payload}'));\n"))]), "{call}");
        assert!(is_said(&[("index.js", format!("{call}{lines}''));\n"))]), "{call} in lines");
    }
    assert!(!is_said(&[("index.js", format!("export const logo = 'data:image/png;base64,{payload}';\n"))]), "a picture is no program");
    for path in ["lib.dat", "lib", "lib.js.bak", "lib.min", "node_modules/x/lib.dat", "node_modules/x/index.ts"] {
        assert!(is_said(&[("index.js", "require('./lib.dat');\n".to_owned()), (path, code.clone())]), "{path}");
    }
    let private = r#"{"name":"mine","version":"1.0.0","private":true}"#.to_owned();
    assert!(is_said(&[("node_modules/mine/package.json", private), ("node_modules/mine/index.js", code)]), "a private package");
}

#[test]
fn self_made_evidence_accounts_for_nothing() {
    let code = minified();
    let size = code.len();
    let meta = format!(r#"{{"inputs":{{}},"outputs":{{"index.js":{{"bytes":{size},"inputs":{{"src/own.js":{{"bytesInOutput":1}}}}}}}}}}"#);
    let stats = format!(
        r#"{{"hash":"x","publicPath":"","assets":[{{"name":"index.js","size":{size}}}],"modules":[{{"name":"./src/own.js","size":10,"chunks":[1]}}],"chunks":[]}}"#
    );
    let wide = r#"{"version":3,"sources":["src/own.js"],"mappings":"AAAA,+////B"}"#.to_owned();
    for (name, path, text) in [("a metafile", "meta.json", meta), ("statistics", "stats.json", stats), ("a map", "index.js.map", wide)] {
        assert!(is_said(&[("index.js", code.clone()), (path, text)]), "{name}");
    }
    // What the code itself names is there, whatever a map maps or another header says.
    let plain = String::from_utf8(files("esbuild", "")[0].1.clone()).unwrap();
    let columns: String = plain.lines().map(|_| "AAAA,gEAAA;").collect();
    let map = format!(
        r#"{{"version":3,"sources":["src/own.js","node_modules/tally/index.js","node_modules/pad/pad.js"],"mappings":"{columns}"}}"#
    );
    assert!(is_said(&[("index.js", plain.clone()), ("index.js.map", map)]));
    let renamed = plain.replace("// node_modules/tally/index.js", "// src/tally.js");
    let found = seen(&[("index.js".to_owned(), renamed.into_bytes())]);
    assert!(bundled(&found).iter().any(|row| row.contains(" tally ")), "the wrapper's key still names it");
}

#[test]
fn a_lockfile_in_the_artifact_renames_and_excuses_nothing() {
    let plain = String::from_utf8(files("esbuild", "")[0].1.clone()).unwrap();
    for lock in [
        r#"{"lockfileVersion":3,"packages":{"node_modules/pad":{"link":true},"node_modules/tally":{"version":"1.4.0"}}}"#,
        r#"{"lockfileVersion":3,"packages":{"node_modules/pad":{"name":"left-pad","version":"1.3.0"},"node_modules/tally":{"version":"1.4.0"}}}"#,
    ] {
        assert!(is_said(&[("index.js", plain.clone()), ("package-lock.json", lock.to_owned())]), "{lock}");
    }
}

#[test]
fn a_bundlers_mark_is_found_wherever_it_stands() {
    let plain = String::from_utf8(files("esbuild", "")[0].1.clone()).unwrap();
    let readable = "export function total(items) {\n  return items.reduce((sum, item) => sum + item.price, 0);\n}\n".repeat(4000);
    assert!(is_said(&[("index.js", format!("{readable}{plain}{readable}"))]));
}
