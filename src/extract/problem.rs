//! The kinds of problem that extraction and attribution raise, each with its page.

use std::collections::BTreeSet;

use crate::model::{ProblemClass, ProblemKind};

/// A manifest, lockfile or metadata file that cannot be read as what it claims to be.
pub const MANIFEST_MALFORMED: ProblemKind = ProblemKind {
    id: "manifest-malformed",
    class: ProblemClass::Unseen,
    title: "a manifest, lockfile or package metadata cannot be read",
    page: "The file has the name of a format that lists packages, and does not keep to that format: it is cut off, is not UTF-8, \
           lacks what every such file has, or is larger than any real one. Whatever it should have listed is unknown.\n\n\
           Write the file anew with the tool it belongs to, or leave it out of the artifact.",
};

/// A lockfile of a format that is recognised and not read.
pub(super) const LOCKFILE_UNREAD: ProblemKind = ProblemKind {
    id: "lockfile-unread",
    class: ProblemClass::Unseen,
    title: "a lockfile in a format that is not read",
    page: "The file lists packages in a format that fngate recognises and does not read, such as the binary `bun.lockb`. Where \
           the packages themselves are installed in the artifact they are found anyway, and this is not raised; here nothing but \
           the lockfile speaks of them.\n\nConvert it to a text format (`bun install --save-text-lockfile`), or ship the installed packages.",
};

/// A container image whose layers have not been put together.
pub(super) const IMAGE_UNREAD: ProblemKind = ProblemKind {
    id: "image-unread",
    class: ProblemClass::Unseen,
    title: "a container image that was not assembled from its layers",
    page: "The artifact holds a container image. What a container would see is its layers laid over each other, with the deletions \
           that upper layers make; the layers were looked at one by one instead, so packages of deleted files may be listed and \
           compressed layers may not have been seen at all.",
};

/// Bundler output whose packages are unknown.
pub const BUNDLE_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "bundle-unattributed",
    class: ProblemClass::Unattributed,
    title: "a JavaScript bundle whose packages are unknown",
    page: "A bundler (esbuild, webpack, rollup, ncc, bun, parcel) has written the code of many packages into one file and left their \
           names and versions out. An inventory without them would be quietly empty, so it is called incomplete instead.\n\n\
           Give the lockfile that it was built from (`--lock package-lock.json`): then every package that may be inside is judged. Or deploy \
           `node_modules` unbundled, or accept the bundle by path and SHA-256, with a reason (`[[accept]]`).",
};

/// A bundle whose packages are known by name, and some of them without a version.
pub(super) const BUNDLE_VERSIONS_UNKNOWN: ProblemKind = ProblemKind {
    id: "bundle-versions-unknown",
    class: ProblemClass::Unattributed,
    title: "a JavaScript bundle whose packages are known, and not in which versions",
    page: "The bundle says which packages it holds - by the comments, keys, map or metafile that its bundler left - and for some of them \
           not in which version, so they cannot be matched with advisories.\n\nGive the lockfile it was built from \
           (`--lock package-lock.json`), which completes them; or build with pnpm, whose paths have versions in them.",
};

/// What is said of packages of a bundle that have no version.
pub(super) fn versions_unknown<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.collect();
    let shown: Vec<&str> = names.iter().take(5).copied().collect();
    let more = if names.len() > shown.len() { format!(" and {} more", names.len() - shown.len()) } else { String::new() };
    format!(
        "it holds {}{more}, and nothing says in which versions: give the lockfile it was built from with `--lock package-lock.json`",
        shown.join(", ")
    )
}

/// What completes a bundle.
pub(super) const BUNDLE_HELP: &str =
    ": ship its source map or metafile, or give what it was built from with `--lock package-lock.json` or `--modules node_modules`";

/// Evidence of a bundle that says something else than the bundle's own code, its sources or the build.
pub(super) const BUNDLE_CONTRADICTED: ProblemKind = ProblemKind {
    id: "bundle-contradicted",
    class: ProblemClass::Unattributed,
    title: "a source map, a metafile or comments that are not of the bundle they speak of",
    page: "A source map, a metafile or the comments in a bundle claim to list every module of it, and something speaks against them: the \
           bundle has another size; its own code names many packages that are not listed; most of the texts in it stand in none of the map's \
           own sources; or the build's own modules (`--modules DIR`) show a package to be there that is not listed, one to be listed of which \
           nothing is there, or much code that is in none of them. Such evidence was made for another build, or was written to hide something; \
           it is not believed, and the bundle is read by what is left.\n\n\
           Ship the map or metafile of this very build, or none. Give the `node_modules` that this very bundle was made from.",
};

/// Minified JavaScript that belongs to no package.
pub const MINIFIED_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "minified-unattributed",
    class: ProblemClass::Unattributed,
    title: "minified JavaScript that no package owns",
    page: "The file was made by a minifier and lies in no installed package. It may be the function's own code or any library: \
           neither a person nor a scanner can tell from the file.\n\nGive the lockfile that it was built from (`--lock package-lock.json`), deploy the source, or install the library as a package; \
           or accept the file by path and SHA-256, with a reason (`[[accept]]`).",
};

/// A Rust binary without the list of its crates.
pub const RUST_BINARY_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "rust-binary-unattributed",
    class: ProblemClass::Unattributed,
    title: "a Rust binary without the list of its crates",
    page: "The binary was compiled by rustc and carries no dependency list. Crates whose panic messages name their source path are \
           found; crates that never panic leave no trace, so the list has gaps.\n\nBuild with `cargo auditable build --release`, \
           which embeds the list (a few kilobytes, it survives `strip`); or give the lockfile it was built from (`--lock Cargo.lock`): then \
           every crate that may be inside is judged.",
};

/// A crate list that the binary itself contradicts.
pub(super) const CRATE_LIST_CONTRADICTED: ProblemKind = ProblemKind {
    id: "crate-list-contradicted",
    class: ProblemClass::Unattributed,
    title: "a binary that holds crates its own list leaves out",
    page: "The binary carries a dependency list as `cargo auditable` embeds it, and panic messages in it name source files of crates \
           that the list does not have, or has only as build dependencies. The list is old, was made for another build, or lies; the \
           crates that were found are judged, and what else it leaves out is unknown. A binary that embeds another Rust program has \
           the traces of both and the list of one.\n\nBuild anew with `cargo auditable build --release`; or accept the binary by path and \
           SHA-256, with a reason (`[[accept]]`).",
};

/// Installed code whose metadata is gone.
pub const PACKAGE_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "package-unattributed",
    class: ProblemClass::Unattributed,
    title: "an installed package without name or version",
    page: "Code lies where packages are installed, and the metadata that says which package it is and in which version is gone. \
           Slimming options delete it (`slim: true` of serverless-python-requirements removes every `*.dist-info`).\n\nKeep \
           `*.dist-info` and `package.json` files in the artifact, or give the lockfile it was installed from (`--lock FILE`): then \
           every package that may be inside is judged.",
};

/// A requirements file that asks for something the artifact does not show.
pub(super) const REQUIREMENT_UNRESOLVED: ProblemKind = ProblemKind {
    id: "requirement-unresolved",
    class: ProblemClass::Unseen,
    title: "a requirements file asks for what cannot be seen",
    page: "A requirements file includes another one (`-r base.txt`, `-c constraints.txt`) that is not in the artifact or cannot be read, \
           or it has a line that installs something without a name (`git+https://..` without `#egg=name`). Whatever that would install is \
           unknown. Where packages are installed in the artifact they speak for themselves, and this is not raised.\n\n\
           Ship the included file too, or one file with everything in it (`pip-compile`, `uv export`); write `name @ git+https://..` where \
           a line has no name.",
};

/// A compressed file in a format without a reader.
pub const ARCHIVE_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "archive-unattributed",
    class: ProblemClass::Unattributed,
    title: "an archive in a format that is not opened",
    page: "The file is compressed as bzip2, xz, zstd, lz4, 7z or rar and lies in no installed package. Code and packages in it may be \
           unpacked when the function runs, and none of them was judged.\n\nPack it as a zip, a tar or a gzip, which are opened, ship \
           its content unpacked, or accept it if it is data.",
};

/// An executable that unpacks itself.
pub(super) const BINARY_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "binary-unattributed",
    class: ProblemClass::Unattributed,
    title: "a packed executable",
    page: "The executable was compressed by UPX and unpacks itself when it starts. Whether it is Rust, Go or C, and which packages it \
           was built from, cannot be read off it.\n\nShip it unpacked: function packages are compressed anyway.",
};

/// JavaScript that was compiled and whose source is gone.
pub(super) const BYTECODE_UNATTRIBUTED: ProblemKind = ProblemKind {
    id: "bytecode-unattributed",
    class: ProblemClass::Unattributed,
    title: "compiled JavaScript that no package owns",
    page: "The file holds JavaScript that bytenode, pkg or a like tool has compiled for V8. Node.js runs it, and neither a person nor \
           a scanner can tell which packages are in it.\n\nDeploy the source; or accept the file by path and SHA-256, with a reason \
           (`[[accept]]`).",
};

/// A Go binary.
pub(super) const GO_BINARY: ProblemKind = out_of_scope("go-binary", "a Go binary, which is not judged");
/// A Java archive.
pub(super) const JAR: ProblemKind = out_of_scope("jar", "a Java archive, which is not judged");
/// A .NET assembly or its dependency list.
pub(super) const DOTNET: ProblemKind = out_of_scope("dotnet", "a .NET application, which is not judged");
/// Ruby gems.
pub(super) const RUBY: ProblemKind = out_of_scope("ruby", "Ruby packages, which are not judged");
/// PHP packages.
pub(super) const PHP: ProblemKind = out_of_scope("php", "PHP packages, which are not judged");
/// Go modules, as source.
pub(super) const GO_MODULE: ProblemKind = out_of_scope("go-module", "Go modules, which are not judged");
/// Java classes and projects.
pub(super) const JAVA: ProblemKind = out_of_scope("java", "Java, which is not judged");
/// PowerShell modules.
pub(super) const POWERSHELL: ProblemKind = out_of_scope("powershell", "a PowerShell module, which is not judged");
/// Dart packages.
pub(super) const DART: ProblemKind = out_of_scope("dart", "Dart packages, which are not judged");
/// Swift packages.
pub(super) const SWIFT: ProblemKind = out_of_scope("swift", "Swift packages, which are not judged");
/// Elixir packages.
pub(super) const ELIXIR: ProblemKind = out_of_scope("elixir", "Elixir packages, which are not judged");
/// Conda packages.
pub(super) const CONDA: ProblemKind = out_of_scope("conda", "a Conda package, which is not judged");
/// Bytecode without its source.
pub(super) const BYTECODE: ProblemKind = ProblemKind {
    id: "bytecode",
    class: ProblemClass::OutOfScope,
    title: "bytecode without its source, which is not judged",
    page: "The file was compiled for a runtime (Python, Lua, Erlang, LLVM) and lies there without its source, in no package. It runs; what \
           it imports and does is not read off it. It was hashed, searched for secrets and named here.\n\nShip the source beside it (for \
           Python the `.py` file), or set `completeness = \"strict\"` to have such artifacts end incomplete.",
};
/// Native code that no package owns.
pub(super) const NATIVE_CODE: ProblemKind = out_of_scope("native-code", "native code that no package owns, which is not judged");

/// Packages of the operating system.
pub(super) const OS_PACKAGE: ProblemKind = ProblemKind {
    id: "os-package",
    class: ProblemClass::OutOfScope,
    title: "packages of the operating system, which are not judged",
    page: "The image holds a package database of dpkg, apk or rpm. What it lists below `/usr`, `/lib`, `/bin` and `/sbin` and what is \
           native code, an archive or of another language is counted here and not looked up in any advisory database; use a scanner of \
           operating systems beside fngate. Packages of npm, PyPI and crates.io among it are listed and judged all the same, and so is \
           every gap among them: the database is the image's own word.\n\nSet `completeness = \"strict\"` to have such images end \
           incomplete, and accept the database's path where its packages are judged elsewhere.",
};

/// The kinds outside the scope share one page: nothing about them is peculiar to one language.
const fn out_of_scope(id: &'static str, title: &'static str) -> ProblemKind {
    ProblemKind {
        id,
        class: ProblemClass::OutOfScope,
        title,
        page: "fngate judges packages of npm, PyPI and crates.io. Code of other origins is hashed, searched for secrets, named here with \
               its size, and not looked up in any advisory database.\n\nA verdict names what it did not judge. Use a scanner for that \
               language beside fngate, or set `completeness = \"strict\"` to have such artifacts end incomplete.",
    }
}

/// Every kind, in the order `fngate explain` lists them.
pub const PROBLEMS: &[&ProblemKind] = &[
    &ARCHIVE_UNATTRIBUTED,
    &BINARY_UNATTRIBUTED,
    &BUNDLE_CONTRADICTED,
    &BUNDLE_UNATTRIBUTED,
    &BUNDLE_VERSIONS_UNKNOWN,
    &BYTECODE,
    &BYTECODE_UNATTRIBUTED,
    &CONDA,
    &CRATE_LIST_CONTRADICTED,
    &DART,
    &DOTNET,
    &ELIXIR,
    &GO_BINARY,
    &GO_MODULE,
    &IMAGE_UNREAD,
    &JAR,
    &JAVA,
    &LOCKFILE_UNREAD,
    &MANIFEST_MALFORMED,
    &MINIFIED_UNATTRIBUTED,
    &NATIVE_CODE,
    &OS_PACKAGE,
    &PACKAGE_UNATTRIBUTED,
    &PHP,
    &POWERSHELL,
    &REQUIREMENT_UNRESOLVED,
    &RUBY,
    &RUST_BINARY_UNATTRIBUTED,
    &SWIFT,
];
