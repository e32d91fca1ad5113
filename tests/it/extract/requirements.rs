//! Requirements files that speak of others: includes, constraints, what leads nowhere.

use super::walker::{listed, scanned, troubles};

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
}

#[test]
fn an_included_file_may_have_any_name() {
    let found = scanned(&[
        ("requirements.txt", "-r deps/base.in\n--requirement=\"deps/my extra.txt\"\nidna==3.6\n-r deps/none.txt # optional\n"),
        ("deps/base.in", "-r ../other.txt\nsix==1.16.0\n"),
        ("deps/my extra.txt", "extra==1.0\n"),
        ("other.txt", "-r deps/base.in\nother==2.0\n"),
        ("deps/none.txt", "# nothing yet\n"),
        ("notes.txt", "trap==6.6.6\n"),
        ("LICENSE.txt", "Permission is hereby granted, free of charge\n"),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    declared pkg:pypi/extra@1.0
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/other@2.0
    declared pkg:pypi/six@1.16.0
    ");
    assert_eq!(troubles(&found), "");
}

#[test]
fn an_include_that_leads_nowhere_is_said() {
    for line in ["-r base.txt", "-r ../base.txt", "-r /srv/base.txt", "-r https://example.com/base.txt", "-r ${BASE}.txt", "-c base.txt"] {
        let found = scanned(&[("fn/requirements.txt", format!("idna==3.6\n{line}\n"))]);
        assert_eq!(troubles(&found), "requirement-unresolved fn/requirements.txt\n", "{line}");
    }
    let unread =
        scanned(&[("requirements.txt", "-r base.yaml\n-r LICENSE\n"), ("base.yaml", "a: 1\n"), ("LICENSE", "Permission is granted\n")]);
    assert_eq!(troubles(&unread), "requirement-unresolved requirements.txt\nrequirement-unresolved requirements.txt\n");
    let broken = scanned(&[
        ("requirements.txt", "-r base.txt\n".to_owned()),
        ("base.txt", format!("six==1.0\n{}<html>\n", "# note\n".repeat(1000))),
    ]);
    assert_eq!(listed(&broken), "declared pkg:pypi/six@1.0\n");
    assert_eq!(troubles(&broken), "manifest-malformed base.txt\n");
}

#[test]
fn a_line_without_a_name_is_said() {
    let found = scanned(&[("requirements.txt", "git+https://example.com/a.git\nhttps://example.com/main.zip\n-e .\n./lib\n")]);
    assert_eq!(listed(&found), "");
    assert_eq!(troubles(&found), "requirement-unresolved requirements.txt\nrequirement-unresolved requirements.txt\n");
}

#[test]
fn what_is_installed_makes_the_includes_moot() {
    for place in ["", "python/", ".python_packages/lib/site-packages/", "python/lib/python3.12/site-packages/"] {
        let installed = format!("{place}six-1.17.0.dist-info/METADATA");
        let files = [
            ("requirements.txt", "-r deps/base.txt\n-r gone.txt\nidna==3.6\ngit+https://example.com/a.git\n".to_owned()),
            ("deps/base.txt", "six==1.16.0\nother==2.0\n".to_owned()),
            (installed.as_str(), metadata("six", "1.17.0")),
        ];
        let found = scanned(&files);
        assert_eq!(listed(&found), "installed pkg:pypi/six@1.17.0\n", "{place}");
        assert_eq!(troubles(&found), "", "{place}");
    }
    // Another function's packages say nothing of this one's.
    let found = scanned(&[
        ("one/requirements.txt", "-r gone.txt\n".to_owned()),
        ("two/six-1.17.0.dist-info/METADATA", metadata("six", "1.17.0")),
        ("two/six.py", String::new()),
    ]);
    assert_eq!(troubles(&found), "requirement-unresolved one/requirements.txt\n");
}

#[test]
fn constraints_pin_and_are_no_packages() {
    let found = scanned(&[
        ("requirements.txt", "-c constraints.txt\nsix\nidna>=3\ng @ git+https://example.com/g.git\n"),
        ("constraints.txt", "Six==1.16.0\nidna==3.6\ntrap==6.6.6\n-r also.txt\n-c more.txt\n"),
        ("also.txt", "also\n"),
        ("more.txt", "also==4.0\n"),
        ("elsewhere/requirements.txt", "six\n"),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    declared pkg:pypi/also@4.0
    declared pkg:pypi/g Git
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/six@1.16.0
    ");
    // pip-tools has one layer constrained by the other: both are installed.
    let layered = scanned(&[("requirements.txt", "six==1.16.0\n"), ("dev-requirements.in", "-c requirements.txt\npytest\n")]);
    assert_eq!(listed(&layered), "declared pkg:pypi/pytest dev\ndeclared pkg:pypi/six@1.16.0\n");
    let named = [("requirements/base.txt", "-c constraints.txt\nsix\n"), ("requirements/constraints.txt", "six==1.16.0\ntrap==6.6.6\n")];
    assert_eq!(listed(&scanned(&named)), "declared pkg:pypi/six@1.16.0\n");
    let two = [("requirements.txt", "-c a.txt\n-c b.txt\nsix\n"), ("a.txt", "six==1.15.0\n"), ("b.txt", "six==1.16.0\n")];
    assert_eq!(scanned(&two).packages[0].candidates, ["1.15.0", "1.16.0"]);
}

#[test]
fn what_the_deployed_file_includes_is_deployed() {
    let found = scanned(&[
        ("requirements.txt", "-r requirements-dev.txt\n"),
        ("requirements-dev.txt", "six==1.16.0\n"),
        ("requirements-test.txt", "-r tools.txt\npytest==8.0\n"),
        ("tools.txt", "idna==3.6\n"),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/pytest@8.0 dev
    declared pkg:pypi/six@1.16.0
    ");
}

#[test]
fn an_include_within_a_package_is_the_package_s() {
    let found = scanned(&[
        ("six-1.17.0.dist-info/METADATA", metadata("six", "1.17.0").as_str()),
        ("six-1.17.0.dist-info/RECORD", "six/__init__.py,,\nsix/requirements.txt,,\n"),
        ("six/__init__.py", ""),
        ("six/requirements.txt", "-r ../deps.txt\n-r gone.txt\n"),
        ("deps.txt", "trap==6.6.6\n"),
    ]);
    assert_eq!(listed(&found), "installed pkg:pypi/six@1.17.0\n");
    assert_eq!(troubles(&found), "");
}

#[test]
fn includes_end() {
    let mut files: Vec<(String, String)> =
        (0..400).map(|n| (format!("f{n}.txt"), format!("-r f{}.txt\n-r f{}.txt\na{n}==1\n", n + 1, n / 2))).collect();
    files.push(("requirements.txt".to_owned(), "-r f0.txt\n-r requirements.txt\n".to_owned()));
    files.push(("f400.txt".to_owned(), "end==1\n".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = scanned(&files);
    assert_eq!((found.packages.len(), found.problems.len()), (401, 0));
    let many = "-r gone.txt\n".repeat(100_000);
    let found = scanned(&[("requirements.txt", many)]);
    assert!(found.problems.len() < 50, "{}", found.problems.len());
}
