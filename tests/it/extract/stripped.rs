//! Python packages whose metadata is gone: named by their code, and never mistaken for the function's own.

use super::walker::{listed, scanned, troubles};

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
}

#[test]
fn slimming_leaves_names_and_sometimes_versions() {
    for place in ["", "python/", ".requirements.zip!/", "var/task/"] {
        let files: Vec<(String, &str)> = [
            ("handler.py", "import requests\n"),
            ("orders/__init__.py", ""),
            ("requests/__init__.py", "from .__version__ import __version__\n"),
            ("requests/__version__.py", "__title__ = 'requests'\n__version__ = '2.19.1'\n"),
            ("certifi/__init__.py", "__version__ = '2024.07.04'\n"),
            ("six.py", "# Copyright (c) 2010\n__version__ = '1.16.0'\n"),
            ("yaml/__init__.py", "__version__ = '6.0'\n"),
            ("dateutil/__init__.py", ""),
            ("dateutil/_version.py", "__version__ = version = '2.9.0.post0'\n"),
            ("idna/core.py", ""),
            ("idna/_vendor/other/_version.py", "__version__ = '1.1.0'\n"),
            ("idna/__init__.py", ""),
        ]
        .into_iter()
        .map(|(path, text)| (format!("{place}{path}"), text))
        .collect();
        let nested = place.ends_with("!/");
        let mut found = fngate::model::Inventory::default();
        for (path, text) in &files {
            // The walker shows an archive's files by the path of the archive and their own.
            let path = match path.split_once("!/") {
                Some((outer, inner)) => {
                    fngate::model::EntryPath::new(outer).unwrap().nested(&fngate::model::EntryPath::new(inner).unwrap())
                }
                None => fngate::model::EntryPath::new(path).unwrap(),
            };
            super::walker::show(&path, text.as_bytes(), &mut found, 4);
        }
        let found = fngate::extract::attribute(found).sorted();
        assert_eq!(
            listed(&found),
            "installed pkg:pypi/certifi@2024.7.4\ninstalled pkg:pypi/idna\ninstalled pkg:pypi/python-dateutil@2.9.0.post0\n\
             installed pkg:pypi/pyyaml@6.0\ninstalled pkg:pypi/requests@2.19.1\ninstalled pkg:pypi/six@1.16.0\n",
            "{place}"
        );
        // In an archive of requirements everything is one.
        let said = if nested { 8 } else { 6 };
        assert_eq!(found.problems.len(), said, "{place}: {}", troubles(&found));
        assert!(found.packages.iter().all(|package| package.evidence == "pypi/version-literal" || package.version.is_none()));
    }
}

#[test]
fn the_function_s_own_packages_are_not_taken_for_others() {
    let found = scanned(&[
        ("app.py", "# Copyright (c) Acme\n__version__ = '1.0.0'\n".to_owned()),
        ("handlers/__init__.py", "__version__ = '1.2.3'\n__author__ = 'Team'\n".to_owned()),
        ("handlers/py.typed", String::new()),
        ("models/__init__.py", "# SPDX-License-Identifier: Apache-2.0\n".to_owned()),
        ("utils/version.py", "VERSION = '0.1.0'\n".to_owned()),
        ("utils/__init__.py", String::new()),
        ("docker/__init__.py", "def build(): pass\n".to_owned()),
        ("github/client.py", "__version__ = '1.0.0'\n".to_owned()),
        ("tests/requests/__init__.py", "__version__ = '1.0.0'\n".to_owned()),
        ("src/clients/openai/__init__.py", String::new()),
        ("src/clients/__init__.py", String::new()),
        ("lib/orders/__init__.py", "__version__ = '1.0.0'\n".to_owned()),
        ("six-1.17.0.dist-info/METADATA", metadata("six", "1.17.0")),
        ("six.py", "__version__ = '1.17.0'\n".to_owned()),
    ]);
    assert_eq!(listed(&found), "installed pkg:pypi/six@1.17.0\n");
    assert_eq!(troubles(&found), "");
}

#[test]
fn an_unknown_package_is_told_by_what_lies_beside_it() {
    let own = [
        ("app.py", ""),
        ("orders/__init__.py", ""),
        ("acme_sdk/__init__.py", "__version__ = '3.1.0'\n__author__ = 'Acme'\n"),
        ("docker/__init__.py", "from .version import __version__\n"),
        ("docker/version.py", "__version__ = '7.1.0'\n"),
    ];
    let found = scanned(&own);
    // A name that may be a team's own needs a word of its own; one that nobody knows needs a neighbour too.
    assert_eq!(listed(&found), "installed pkg:pypi/docker@7.1.0\n");
    assert_eq!(troubles(&found), "package-unattributed docker\n");
    let beside: Vec<(&str, &str)> = own.into_iter().chain([("urllib3/__init__.py", "")]).collect();
    let found = scanned(&beside);
    assert_eq!(listed(&found), "installed pkg:pypi/docker@7.1.0\ninstalled pkg:pypi/urllib3\n");
    assert_eq!(troubles(&found), "package-unattributed acme_sdk\npackage-unattributed docker\npackage-unattributed urllib3\n");
    let native = scanned(&[("app.py", ""), ("fast/__init__.py", ""), ("fast/_core.cpython-312-x86_64-linux-gnu.so", "x")]);
    assert_eq!(troubles(&native), "package-unattributed fast\n");
}

#[test]
fn what_the_artifact_asks_for_by_name_is_not_its_own() {
    let found = scanned(&[
        ("requirements.txt", "orders-client==1.4.0\nidna==3.6\nhumanize>=4\n"),
        ("app.py", ""),
        ("orders_client/__init__.py", ""),
        ("idna/__init__.py", ""),
        ("humanize/__init__.py", ""),
        ("billing/__init__.py", ""),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    installed pkg:pypi/humanize
    installed pkg:pypi/idna@3.6
    installed pkg:pypi/orders-client@1.4.0
    ");
    assert!(found.packages.iter().all(|package| package.inferred == package.version.is_some()));
    assert_eq!(troubles(&found), "package-unattributed humanize\npackage-unattributed idna\npackage-unattributed orders_client\n");
    // The code's own word is believed before the manifest's, which stays for the reader to see.
    let stale = scanned(&[("requirements.txt", "idna==3.6\nother==1.0\n"), ("app.py", ""), ("idna/__init__.py", "__version__ = '2.0'\n")]);
    insta::assert_snapshot!(listed(&stale), @r"
    installed pkg:pypi/idna@2.0
    declared pkg:pypi/idna@3.6
    declared pkg:pypi/other@1.0
    ");
    let two =
        [("uv.lock", "version = 1\n[[package]]\nname = \"idna\"\nversion = \"3.6\"\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\n")];
    let two: Vec<(&str, &str)> = two.into_iter().chain([("app.py", ""), ("idna/__init__.py", "")]).collect();
    let two = scanned(&two);
    let package = two.packages.iter().find(|package| package.evidence == "pypi/import-name").unwrap();
    assert_eq!((package.version.as_deref(), package.candidates.as_slice()), (None, ["3.6".to_owned(), "3.7".to_owned()].as_slice()));
}

#[test]
fn metadata_speaks_for_its_own_folder_only() {
    let found = scanned(&[
        ("python/requests-2.32.0.dist-info/METADATA", metadata("requests", "2.32.0")),
        ("python/requests/__init__.py", String::new()),
        ("requests/__init__.py", "__version__ = '2.19.1'\n".to_owned()),
    ]);
    assert_eq!(listed(&found), "installed pkg:pypi/requests@2.19.1\ninstalled pkg:pypi/requests@2.32.0\n");
    assert_eq!(troubles(&found), "package-unattributed requests\n");
}

#[test]
fn namespaces_extension_modules_and_compiled_files() {
    let found = scanned(&[
        ("google/cloud/storage/version.py", b"__version__ = \"2.1.0\"\n".as_slice()),
        ("google/cloud/storage/client.py", b""),
        ("azure/functions/__init__.py", b"__version__ = '1.21.0'\n"),
        ("_cffi_backend.cpython-312-x86_64-linux-gnu.so", b"x"),
        ("urllib3/_version.pyc", b"\xa7\r\r\n\xe3\0\xda\x0b__version__\xda\x061.26.4"),
        ("urllib3/__init__.pyc", b"\xa7\r\r\n"),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    installed pkg:pypi/azure-functions@1.21.0
    installed pkg:pypi/cffi
    installed pkg:pypi/google-cloud-storage@2.1.0
    installed pkg:pypi/urllib3@1.26.4
    ");
}

#[test]
fn stripped_packages_in_other_folders_are_found_by_their_word() {
    let found = scanned(&[
        ("functions/orders/app.py", ""),
        ("functions/orders/requests/__init__.py", ""),
        ("functions/orders/requests/__version__.py", "__version__ = '2.19.1'\n"),
        ("functions/orders/idna/__init__.py", ""),
        ("functions/orders/models/__init__.py", ""),
        ("vendor/six.py", "__version__ = '1.16.0'\n"),
    ]);
    assert_eq!(listed(&found), "installed pkg:pypi/idna\ninstalled pkg:pypi/requests@2.19.1\ninstalled pkg:pypi/six@1.16.0\n");
}

#[test]
fn copies_inside_packages_are_vendored() {
    let record = "botocore/__init__.py,,\nbotocore/vendored/__init__.py,,\nbotocore/vendored/six.py,,\n";
    let found = scanned(&[
        ("botocore-1.29.0.dist-info/METADATA", metadata("botocore", "1.29.0")),
        ("botocore-1.29.0.dist-info/RECORD", record.to_owned()),
        ("botocore/__init__.py", "__version__ = '1.29.0'\n".to_owned()),
        ("botocore/vendored/__init__.py", String::new()),
        ("botocore/vendored/six.py", "__version__ = '1.16.0'\n".to_owned()),
        ("botocore/vendored/requests/packages/urllib3/__init__.py", "__version__ = '1.10.4'\n".to_owned()),
        ("pip-24.0.dist-info/METADATA", metadata("pip", "24.0")),
        ("pip/__init__.py", String::new()),
        (
            "pip/_vendor/vendor.txt",
            "CacheControl==0.13.1  # Make sure\nidna==3.6\nsetuptools==68.0.0\ngone==1.0\nurllib3==1.26.17\n".to_owned(),
        ),
        ("pip/_vendor/idna/__init__.py", "__version__ = '3.6'\n".to_owned()),
        ("pip/_vendor/cachecontrol/__init__.py", String::new()),
        ("pip/_vendor/pkg_resources/__init__.py", String::new()),
        ("pip/_vendor/urllib3/_version.py", "__version__ = '1.26.17'\n".to_owned()),
        ("own/_vendor/vendor.txt", "trap==6.6.6\n".to_owned()),
    ]);
    insta::assert_snapshot!(listed(&found), @r"
    vendored pkg:pypi/cachecontrol@0.13.1
    installed pkg:pypi/botocore@1.29.0
    vendored pkg:pypi/idna@3.6
    installed pkg:pypi/pip@24.0
    vendored pkg:pypi/setuptools@68.0.0
    vendored pkg:pypi/six@1.16.0
    vendored pkg:pypi/urllib3@1.10.4
    vendored pkg:pypi/urllib3@1.26.17
    ");
    assert_eq!(troubles(&found), "");
}
