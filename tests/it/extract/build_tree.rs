//! The build's own `node_modules` held against a bundle, and against what else speaks of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use fngate::extract::{BuildTree, EXTRACTORS, attribute, bound, compare};
use fngate::model::{Bound, BoundKind, Entry, EntryPath, File, Inventory, Relation};

/// A module of one package: sentences that stand nowhere else, and what it calls for.
fn module(topic: &str, calls: &[&str]) -> String {
    let mut code = String::new();
    for call in calls {
        writeln!(code, "const {} = require('{call}');", call.trim_start_matches(['.', '/', '@']).replace(['/', '-'], "_")).unwrap();
    }
    for number in 0..60 {
        writeln!(code, "exports.{topic}Step{number} = (input) => {{ if (!input.{topic}Field{number}) throw new Error('the {topic} of step {number} is missing'); }};")
            .unwrap();
    }
    code
}

/// The same as a minifier leaves it.
fn minified(topic: &str) -> String {
    let step = |number: usize| {
        format!("t.{topic}Step{number}=e=>{{if(!e.{topic}Field{number})throw new Error(\"the {topic} of step {number} is missing\")}};")
    };
    (0..60).map(step).collect()
}

/// A minified bundle of these modules.
fn bundle(modules: &[String]) -> String {
    let prologue = "\"use strict\";var a=Object.create;var b=Object.defineProperty;var c=Object.getOwnPropertyDescriptor;";
    modules.iter().fold(prologue.to_owned(), |all, module| all + "var m=k((t,r)=>{" + module + "});")
}

fn install(root: &Path, place: &str, name: &str, version: &str, files: &[(&str, &str)]) {
    let folder = root.join(place);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("package.json"), format!(r#"{{"name":"{name}","version":"{version}"}}"#)).unwrap();
    for (path, code) in files {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::write(folder.join(path), code).unwrap();
    }
}

/// What is inside files, with the build's tree at hand.
fn seen(files: &[(&str, &str)], tree: Option<&Path>) -> Inventory {
    let trees: Vec<BuildTree> = tree.map(|root| BuildTree::read(root).unwrap()).into_iter().collect();
    let mut all = Inventory::default();
    for (path, content) in files {
        let (path, content) = (EntryPath::new(path).unwrap(), content.as_bytes());
        let mut found = Inventory::default();
        found.files.push(File { path: path.clone(), size: content.len() as u64, sha256: "0".repeat(64) });
        let entry = Entry { path: &path, content };
        for extractor in EXTRACTORS.iter().filter(|extractor| extractor.wants(&path, &content[..content.len().min(4096)])) {
            extractor.extract(&entry, &mut found).unwrap();
        }
        compare(&trees, &entry, &mut found);
        all.merge(found);
    }
    attribute(all).sorted()
}

/// `name version` of what is bundled.
fn bundled(inventory: &Inventory) -> Vec<String> {
    let rows = inventory.packages.iter().filter(|package| package.relation == Relation::Bundled);
    rows.map(|package| format!("{} {}", package.name, package.version.as_deref().unwrap_or("?"))).collect()
}

fn contradictions(inventory: &Inventory) -> Vec<&str> {
    let problems = inventory.problems.iter().filter(|problem| problem.kind == "bundle-contradicted");
    problems.map(|problem| problem.message.as_str()).collect()
}

/// `alpha`, which calls for `tiny` and is large; `beta`, which nothing calls for; `tiny` and `other`, too small to leave anything.
fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("package.json"), r#"{"dependencies":{"alpha":"1"}}"#).unwrap();
    install(root.path(), "node_modules/alpha", "alpha", "1.0.0", &[("index.js", &module("alpha", &["./deep/inner", "tiny/range"]))]);
    fs::create_dir(root.path().join("node_modules/alpha/deep")).unwrap();
    fs::write(root.path().join("node_modules/alpha/deep/inner.js"), "module.exports = require('@s/small');").unwrap();
    install(root.path(), "node_modules/beta", "beta", "2.0.0", &[("index.js", &module("beta", &["other"]))]);
    install(root.path(), "node_modules/tiny", "tiny", "3.0.0", &[("range.js", "module.exports = RangeError;")]);
    install(root.path(), "node_modules/@s/small", "@s/small", "4.0.0", &[("index.js", "module.exports = 1;")]);
    install(root.path(), "node_modules/other", "other", "5.0.0", &[("index.js", "module.exports = TypeError;")]);
    root
}

#[test]
fn what_is_inside_leads_to_what_it_calls_for() {
    let root = tree();
    let found = seen(&[("index.js", &bundle(&[minified("alpha")]))], Some(root.path()));
    assert_eq!(bundled(&found), ["@s/small 4.0.0", "alpha 1.0.0", "tiny 3.0.0"]);
    let out: Vec<&str> = found.absences.iter().map(|absence| absence.purl.as_str()).collect();
    assert_eq!(out, ["pkg:npm/beta@2.0.0"]);
    let facts = found.bundles.first().unwrap();
    assert!(facts.evidence.contains(&"npm/build-tree") && !facts.exact);
    let alpha = facts.packages.iter().find(|share| share.purl == "pkg:npm/alpha@1.0.0").unwrap();
    assert!(alpha.bytes * 10 > facts.size * 8 && facts.unattributed > 0, "{facts:?}");
    assert!(found.ownership.packages.bytes >= alpha.bytes && found.ownership.total().bytes == facts.size);
}

#[test]
fn what_was_not_read_rules_nothing_out() {
    let root = tree();
    let aside = root.path().join("node_modules/beta/test");
    fs::create_dir(&aside).unwrap();
    fs::write(aside.join("extra.js"), "exports.check = () => 'only the tests of beta say this';").unwrap();
    let quiet = bundle(&[minified("alpha")]);
    assert_eq!(seen(&[("index.js", &quiet)], Some(root.path())).absences.len(), 1);
    // Somebody has put into the bundle what lies among the tests.
    let loud = bundle(&[minified("alpha"), "r.check=()=>\"only the tests of beta say this\"".to_owned()]);
    assert_eq!(seen(&[("index.js", &loud)], Some(root.path())).absences.len(), 0);
}

#[cfg(unix)]
#[test]
fn links_lead_to_workspaces_and_stores() {
    let root = tempfile::tempdir().unwrap();
    let link = |to: &str, at: &str| {
        fs::create_dir_all(root.path().join(at).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, root.path().join(at)).unwrap();
    };
    install(root.path(), "packages/shared", "@acme/shared", "1.0.0", &[("index.js", &module("shared", &["twin"]))]);
    install(root.path(), "packages/shared/node_modules/twin", "twin", "2.0.0", &[("index.js", &module("twinnew", &[]))]);
    install(root.path(), "packages/fn/node_modules/twin", "twin", "1.0.0", &[("index.js", &module("twinold", &[]))]);
    link("../../../shared", "packages/fn/node_modules/@acme/shared");
    link("../../../store/node_modules/.pnpm/far@6.0.0/node_modules/far", "packages/fn/node_modules/far");
    install(root.path(), "store/node_modules/.pnpm/far@6.0.0/node_modules/far", "far", "6.0.0", &[("index.js", &module("far", &["near"]))]);
    install(root.path(), "store/node_modules/.pnpm/near@7.0.0/node_modules/near", "near", "7.0.0", &[("index.js", "module.exports = 1;")]);
    link("../../near@7.0.0/node_modules/near", "store/node_modules/.pnpm/far@6.0.0/node_modules/near");
    link("nowhere", "packages/fn/node_modules/dangling");
    link("..", "packages/fn/node_modules/loop");
    let code = bundle(&[minified("shared"), minified("twinnew"), minified("far")]);
    let found = seen(&[("index.js", &code)], Some(&root.path().join("packages/fn/node_modules")));
    // What lies in the workspace is the project's own, and no package of a registry.
    assert_eq!(bundled(&found), ["far 6.0.0", "near 7.0.0", "twin 2.0.0"]);
    let tree = BuildTree::read(&root.path().join("packages/fn")).unwrap();
    let places: Vec<String> = tree.packages().iter().map(|package| package.place.to_string()).collect();
    assert!(places.contains(&"../shared/node_modules/twin".to_owned()) && places.contains(&"node_modules/twin".to_owned()), "{places:?}");
}

#[test]
fn a_tree_that_cannot_be_read_is_an_error_that_names_the_file() {
    let root = tree();
    fs::write(root.path().join("node_modules/beta/package.json"), "{").unwrap();
    let error = BuildTree::read(root.path()).unwrap_err().to_string();
    assert!(error.contains("beta/package.json"), "{error}");
    assert!(BuildTree::read(&root.path().join("missing")).is_err());
}

#[test]
fn comments_that_name_another_package_are_contradicted_by_the_tree() {
    let root = tree();
    let code = format!("// node_modules/beta/index.js\n{}\n// src/index.js\nconsole.log(1);\n", module("alpha", &[]));
    let alone = seen(&[("index.js", &code)], None);
    assert_eq!((bundled(&alone), contradictions(&alone)), (vec!["beta ?".to_owned()], vec![]));
    let found = seen(&[("index.js", &code)], Some(root.path()));
    assert!(contradictions(&found)[0].contains("does not list `alpha`"), "{:?}", found.problems);
    assert!(bundled(&found).contains(&"alpha 1.0.0".to_owned()));
}

#[test]
fn one_of_two_copies_whose_comments_are_gone_is_missed() {
    let root = tempfile::tempdir().unwrap();
    for (place, version, topic) in [("node_modules/twin", "1.0.0", "first"), ("node_modules/host/node_modules/twin", "2.0.0", "second")] {
        install(root.path(), place, "twin", version, &[("index.js", &(module("twin", &[]) + &module(topic, &[])))]);
    }
    install(root.path(), "node_modules/host", "host", "1.0.0", &[("index.js", &module("host", &["twin"]))]);
    let (host, twin) = (module("host", &[]), module("twin", &[]));
    let honest = format!(
        "// node_modules/twin/index.js\n{twin}{}\n// node_modules/host/node_modules/twin/index.js\n{twin}{}\n// node_modules/host/index.js\n{host}",
        module("first", &[]),
        module("second", &[])
    );
    assert_eq!(contradictions(&seen(&[("index.js", &honest)], Some(root.path()))), [""; 0]);
    let hidden = honest.replace("// node_modules/host/node_modules/twin/index.js\n", "");
    assert!(contradictions(&seen(&[("index.js", &hidden)], Some(root.path())))[0].contains("`twin`"));
}

/// A number in base64 VLQ (ECMA-426, "Mappings structure").
fn vlq(mut value: usize) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    value <<= 1;
    let mut text = String::new();
    loop {
        let digit = value & 31;
        value >>= 5;
        text.push(DIGITS[if value > 0 { digit | 32 } else { digit }] as char);
        if value == 0 {
            return text;
        }
    }
}

/// A bundle with one line for each source, and its map: `(source, its content, its line)`.
fn mapped(lines: &[(Option<&str>, Option<&str>, String)]) -> (String, String) {
    let code: Vec<&str> = lines.iter().map(|(_, _, line)| line.as_str()).collect();
    let mappings: Vec<String> =
        lines.iter().enumerate().map(|(at, (_, _, line))| format!("A{}AA,{}", if at == 0 { "A" } else { "C" }, vlq(line.len()))).collect();
    let sources: Vec<Option<&str>> = lines.iter().map(|(source, _, _)| *source).collect();
    let contents: Vec<Option<&str>> = lines.iter().map(|(_, content, _)| *content).collect();
    let map =
        serde_json::json!({"version": 3, "sources": sources, "sourcesContent": contents, "names": [], "mappings": mappings.join(";")});
    (code.join("\n"), map.to_string())
}

#[test]
fn a_map_is_held_against_its_own_sources() {
    let (alpha, clean) = (module("alpha", &[]) + &module("other", &[]), module("clean", &[]));
    for (content, is_believed) in [(alpha.as_str(), true), (clean.as_str(), false)] {
        let line = bundle(&[minified("alpha"), minified("other")]);
        let (code, map) = mapped(&[(Some("../node_modules/clean/index.js"), Some(content), line)]);
        let found = seen(&[("index.js", &code), ("index.js.map", &map)], None);
        assert_eq!(contradictions(&found).is_empty(), is_believed, "{:?}", found.problems);
        assert_eq!(found.bundles[0].unattributed == 0, is_believed);
    }
    // Without its sources it says what it says.
    let (code, map) = mapped(&[(Some("../node_modules/clean/index.js"), None, bundle(&[minified("alpha")]))]);
    assert_eq!(contradictions(&seen(&[("index.js", &code), ("index.js.map", &map)], None)), [""; 0]);
}

#[test]
fn a_map_is_held_against_the_tree() {
    let root = tree();
    let line = |topic: &str| minified(topic);
    for (sources, fault) in [
        (["../node_modules/alpha/index.js", "../node_modules/@s/small/index.js"], None),
        (["../node_modules/tiny/range.js", "../node_modules/@s/small/index.js"], Some("does not list `alpha`")),
        (["../node_modules/beta/index.js", "../node_modules/alpha/index.js"], Some("nothing of that package")),
    ] {
        let first = (Some(sources[0]), None, bundle(&[line("alpha")]));
        let (code, map) = mapped(&[first, (Some(sources[1]), None, "var x=k(()=>{});".to_owned())]);
        let found = seen(&[("index.js", &code), ("index.js.map", &map)], Some(root.path()));
        match fault {
            None => assert_eq!(contradictions(&found), [""; 0], "{sources:?}"),
            Some(fault) => assert!(contradictions(&found).iter().any(|said| said.contains(fault)), "{sources:?}: {:?}", found.problems),
        }
    }
    // Code that is in none of the build's modules, under the name of one that is.
    let (code, map) = mapped(&[
        (Some("../node_modules/alpha/index.js"), None, bundle(&[line("alpha")])),
        (Some("../node_modules/tiny/range.js"), None, line("foreign") + &line("strange")),
    ]);
    let found = seen(&[("index.js", &code), ("index.js.map", &map)], Some(root.path()));
    assert!(contradictions(&found)[0].contains("are in none of the build's own modules"), "{:?}", found.problems);
    // The same as the function's own code is what it says.
    let (code, map) =
        mapped(&[(Some("../node_modules/alpha/index.js"), None, bundle(&[line("alpha")])), (Some("../src/own.ts"), None, line("foreign"))]);
    assert_eq!(contradictions(&seen(&[("index.js", &code), ("index.js.map", &map)], Some(root.path()))), [""; 0]);
}

#[test]
fn sources_that_name_no_package_are_nobodys() {
    let own = (Some("../src/index.js"), None, bundle(&[minified("own")]));
    for (source, from) in [
        (Some("https://raw.githubusercontent.com/somebody/alpha/0123/src/index.ts"), "raw.githubusercontent.com/somebody/alpha"),
        (Some("../node_modules/src/index.ts"), "node_modules/src"),
        (None, "a source without a name"),
    ] {
        let (code, map) =
            mapped(&[own.clone(), (source, None, minified("alpha")), (Some("../node_modules/a/i.js"), None, "k();k();".into())]);
        let found = seen(&[("index.js", &code), ("index.js.map", &map)], None);
        let problem = found.problems.iter().find(|problem| problem.kind == "minified-unattributed").unwrap();
        assert!(problem.message.contains(from), "{}", problem.message);
        assert!(found.bundles[0].unattributed > 4000 && bundled(&found) == ["a ?"], "{:?}", found.bundles);
        // A tree shows what it is.
        let root = tree();
        assert!(bundled(&seen(&[("index.js", &code), ("index.js.map", &map)], Some(root.path()))).contains(&"alpha 1.0.0".to_owned()));
    }
    // A function whose sources all have an address is its own.
    let (code, map) = mapped(&[
        (Some("https://git.example.org/team/fn/src/index.js"), None, bundle(&[minified("own")])),
        (Some("../node_modules/a/i.js"), None, "k();k();".into()),
    ]);
    let found = seen(&[("index.js", &code), ("index.js.map", &map)], None);
    assert_eq!(found.bundles[0].unattributed, 0);
}

#[test]
fn a_map_may_leave_out_a_few_packages_that_the_code_names() {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let comments: String = names.iter().map(|name| format!("// node_modules/{name}/index.js\nvar {name} = require_{name}();\n")).collect();
    for (listed, is_believed) in [(9, true), (5, false)] {
        let lines: Vec<_> = names[..listed].iter().map(|name| (format!("../node_modules/{name}/index.js"), "x".repeat(60))).collect();
        let lines: Vec<_> = lines.iter().map(|(source, line)| (Some(source.as_str()), None, line.clone())).collect();
        let (_, map) = mapped(&lines);
        let found = seen(&[("index.js", &comments), ("index.js.map", &map)], None);
        assert_eq!(contradictions(&found).is_empty(), is_believed, "{:?}", found.problems);
        assert_eq!(bundled(&found).len(), 10);
    }
}

#[test]
fn a_map_that_cannot_be_read_says_that_there_is_a_bundle() {
    let plain = "export const handler = async () => ({ statusCode: 200 });\n".repeat(20);
    let kinds = |files: &[(&str, &str)]| seen(files, None).problems.iter().map(|problem| problem.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&[("index.js", &plain)]), [""; 0]);
    assert_eq!(kinds(&[("index.js", &plain), ("index.js.map", "{\"version\":3,")]), ["bundle-unattributed"]);
    let inside = format!("{plain}//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjoz\n");
    assert_eq!(kinds(&[("index.js", &inside)]), ["bundle-unattributed"]);
    // What is no script's is no map.
    assert_eq!(kinds(&[("index.js", &plain), ("level.map", "0 1 2")]), [""; 0]);
    assert_eq!(kinds(&[("index.js", &plain), ("gone.js.map", "{")]), [""; 0]);
}

#[test]
fn folders_of_kept_modules_have_the_names_of_packages() {
    let glue =
        "'use strict';\nvar helpers = require('./_commonjsHelpers.js');\nmodule.exports = helpers.getDefaultExportFromCjs(1);\n".repeat(3);
    let found = seen(
        &[
            ("_virtual/index2.js", &glue),
            ("node_modules/@s/n/dist/index.js", "exports.n = 1;"),
            ("node_modules/@s/n/x.js", "exports.x = 1;"),
        ],
        None,
    );
    let rows: Vec<(&str, &str)> = found.packages.iter().map(|package| (package.evidence, package.name.as_str())).collect();
    assert_eq!(rows, [("npm/folder-name", "@s/n")]);
    let kinds: Vec<&str> = found.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, ["bundle-unattributed", "package-unattributed"]);
}

#[test]
fn statistics_say_which_bundler_it_was() {
    let code = bundle(&[minified("alpha")]);
    let facts = |files: &[(&str, &str)]| {
        let facts = seen(files, None).bundles.remove(0);
        (facts.tool, facts.tool_version)
    };
    assert_eq!(facts(&[("index.js", &code)]), ("esbuild", ">=0.12.5".to_owned()));
    let stats = serde_json::json!({"hash": "0", "version": "5.113.0", "publicPath": "", "assets": [{"name": "index.js", "size": code.len()}],
        "modules": [{"name": "./node_modules/alpha/index.js", "size": code.len(), "chunks": [0]}], "chunks": [{"id": 0, "files": ["index.js"]}]});
    // serde_json sorts keys: statistics begin with their hash.
    let stats = stats.to_string();
    let stats = format!("{{\"hash\":\"0\",{}", stats.trim_start_matches('{').replace("\"hash\":\"0\",", ""));
    assert_eq!(facts(&[("index.js", &code), ("stats.json", &stats)]), ("webpack", "5.113.0".to_owned()));
}

/// What is inside files with the tree at hand, and completed by it as the operator's own document.
fn bounded(files: &[(&str, &str)], tree: &Path) -> Inventory {
    let mut found = seen(files, Some(tree));
    let packages = BuildTree::read(tree).unwrap().packages();
    bound(&mut found, &[Bound { name: "node_modules".to_owned(), kind: BoundKind::Modules, sha256: String::new(), packages }]);
    found
}

fn candidates(inventory: &Inventory) -> Vec<String> {
    inventory.candidates.iter().map(|package| format!("{} {}", package.name, package.version.as_deref().unwrap_or("?"))).collect()
}

#[test]
fn joined_modules_without_a_mark_are_found_by_their_code() {
    let root = tree();
    let joined = format!("{}\nexport const handler = () => 1;\n", module("alpha", &[]));
    assert!(seen(&[("index.mjs", &joined)], None).bundles.is_empty(), "nothing shows it");
    let found = seen(&[("index.mjs", &joined)], Some(root.path()));
    assert!(bundled(&found).contains(&"alpha 1.0.0".to_owned()) && found.problems.len() == 1, "{:?}", found.problems);
    // The function's own code is its own, and an installed package speaks for itself.
    let own = module("own", &[]);
    assert!(seen(&[("index.mjs", &own), ("node_modules/alpha/index.js", &joined)], Some(root.path())).bundles.is_empty());
}

#[test]
fn shared_modules_and_other_characters_rule_nothing_out() {
    let root = tree();
    let copy = module("alpha", &[]) + &module("extra", &[]);
    install(root.path(), "node_modules/copy", "copy", "1.0.0", &[("index.js", &module("alpha", &[])), ("more.js", &copy)]);
    let words = |word: &str| (0..30).map(|at| format!("exports.k{at} = '{word} {at} {word}';\n")).collect::<String>();
    install(root.path(), "node_modules/words", "words", "1.0.0", &[("en.js", &words("plain words")), ("zh.js", &words("纯文字纯文字"))]);
    let found = seen(&[("index.js", &bundle(&[minified("alpha")]))], Some(root.path()));
    let out: Vec<&str> = found.absences.iter().map(|absence| absence.purl.as_str()).collect();
    assert_eq!(out, ["pkg:npm/beta@2.0.0"]);
    // Nor does anything where the program unpacks something.
    let packed = bundle(&[minified("alpha"), format!("new Function(d(\"{}\"))()", "QUJD".repeat(2000))]);
    assert_eq!(seen(&[("index.js", &packed)], Some(root.path())).absences.len(), 0);
}

#[test]
fn what_a_list_leaves_out_and_the_tree_shows_is_a_candidate() {
    let root = tree();
    install(
        root.path(),
        "node_modules/brief",
        "brief",
        "9.0.0",
        &[(
            "index.js",
            "exports.briefOnly = (x) => { if (!x.briefFlag) throw new Error('the brief thing is not there at all'); return x.briefValue; };",
        )],
    );
    let brief = "t.briefOnly=x=>{if(!x.briefFlag)throw new Error(\"the brief thing is not there at all\");return x.briefValue};";
    let (code, map) = mapped(&[
        (Some("../node_modules/alpha/index.js"), None, bundle(&[minified("alpha")])),
        (Some("../src/args.js"), None, brief.to_owned()),
    ]);
    let found = bounded(&[("index.js", &code), ("index.js.map", &map)], root.path());
    assert_eq!((contradictions(&found), bundled(&found)), (vec![], vec!["alpha 1.0.0".to_owned()]));
    assert!(candidates(&found).contains(&"brief 9.0.0".to_owned()), "{:?}", candidates(&found));
}

#[test]
fn versions_of_the_artifacts_own_making_do_not_stand_against_the_operators() {
    let root = tree();
    let (code, map) = mapped(&[
        (Some("../node_modules/alpha/index.js"), None, bundle(&[minified("alpha")])),
        (Some("../node_modules/.pnpm/tiny@9.9.9/node_modules/tiny/range.js"), None, "k(()=>RangeError);".to_owned()),
    ]);
    let found = bounded(&[("index.js", &code), ("index.js.map", &map)], root.path());
    let tiny = found.packages.iter().find(|package| package.name == "tiny").unwrap();
    assert_eq!((tiny.version.as_deref(), tiny.candidates.join(" ")), (None, "3.0.0 9.9.9".to_owned()));
}

#[test]
fn a_bundle_of_other_code_is_not_bounded_by_the_tree() {
    let root = tree();
    for (modules, is_bounded) in [(&["alpha"][..], true), (&["foreign", "strange"], false)] {
        let code = bundle(&modules.iter().map(|topic| minified(topic)).collect::<Vec<_>>());
        let found = bounded(&[("index.js", &code)], root.path());
        assert_eq!(!found.problems[0].bounded.is_empty(), is_bounded, "{:?}", found.problems);
    }
}

#[test]
fn a_function_with_much_to_say_of_its_own_is_not_accused() {
    let root = tree();
    let own = format!("const page = '{}';\n", "words of a page ".repeat(8)) + &module("own", &[]) + &module("mine", &[]);
    let line = minified("own") + &minified("mine");
    let (code, map) =
        mapped(&[(Some("../node_modules/alpha/index.js"), None, bundle(&[minified("alpha")])), (Some("../src/own.tsx"), Some(&own), line)]);
    assert_eq!(contradictions(&seen(&[("index.js", &code), ("index.js.map", &map)], Some(root.path()))), [""; 0]);
    // JSON that webpack puts into a text has no mapping, and its texts are in no source.
    let data = format!(
        "var j=JSON.parse('{{{}}}');",
        (0..90).map(|at| format!("\"key {at} of it\":\"some words number {at}\"")).collect::<Vec<_>>().join(",")
    );
    let (code, map) =
        mapped(&[(Some("../node_modules/alpha/index.js"), Some(&module("alpha", &[])), bundle(&[minified("alpha")]) + &data)]);
    let map = map.replace(&vlq(code.len()), &vlq(code.len() - data.len()));
    for tree in [None, Some(root.path())] {
        assert_eq!(contradictions(&seen(&[("index.js", &code), ("index.js.map", &map)], tree)), [""; 0]);
    }
}

#[test]
fn one_metafile_may_speak_of_two_outputs_of_one_name() {
    let (first, second) = (bundle(&[minified("alpha")]), bundle(&[minified("beta"), minified("beta")]));
    let output = |code: &str, name: &str| serde_json::json!({"bytes": code.len(), "inputs": {format!("node_modules/{name}/index.js"): {"bytesInOutput": code.len()}}});
    let meta = serde_json::json!({"inputs": {}, "outputs": {"dist/index.js": output(&first, "alpha"), "dist/b/index.js": output(&second, "beta")}}).to_string();
    let both = seen(&[("index.js", &first), ("b/index.js", &second), ("meta.json", &meta)], None);
    assert_eq!((contradictions(&both), bundled(&both)), (vec![], vec!["alpha ?".to_owned(), "beta ?".to_owned()]));
    // Each in a package of its own.
    let alone = seen(&[("index.js", &second), ("meta.json", &meta)], None);
    assert_eq!((contradictions(&alone), bundled(&alone)), (vec![], vec!["beta ?".to_owned()]));
}

#[test]
fn a_small_script_speaks_by_its_own_map() {
    let map = r#"{"version":3,"sources":["../node_modules/a/i.js"],"mappings":"AAAA,gB"}"#;
    let code = format!(
        "exports.f=e=>e+1\n//# sourceMappingURL=data:application/json;base64,{}\n",
        base64::engine::general_purpose::STANDARD.encode(map)
    );
    assert_eq!(bundled(&seen(&[("880.index.js", &code)], None)), ["a ?"]);
}

#[test]
fn a_list_without_end_is_none() {
    let paths: Vec<String> = (0..60_000).map(|at| format!("p{at}/i.js")).collect();
    let text = format!("Bundled license information:\n\n{}:\n  /*! x */\n", paths.join(", "));
    let found = seen(&[("index.js", &bundle(&[minified("alpha")])), ("index.js.LEGAL.txt", &text)], None);
    let kinds: Vec<&str> = found.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!((bundled(&found).len(), kinds), (0, vec!["minified-unattributed"]));
}
