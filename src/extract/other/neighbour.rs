//! Packages of neighbouring ecosystems: Java, .NET, Ruby, PHP, Go and others. Recognised by the file that lists or holds them.

use crate::extract::problem::{CONDA, DART, DOTNET, ELIXIR, GO_MODULE, JAR, JAVA, PHP, POWERSHELL, RUBY, SWIFT};
use crate::extract::{Extractor, Malformed};
use crate::model::{Entry, EntryPath, Inventory, NotJudged, ProblemKind};

/// Names the files by which other ecosystems' packages are known.
pub(crate) struct Neighbour;

impl Extractor for Neighbour {
    fn name(&self) -> &'static str {
        "other/neighbour"
    }

    fn wants(&self, path: &EntryPath, head: &[u8]) -> bool {
        kind(path, head).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        if let Some(kind) = kind(entry.path, entry.content) {
            found.not_judged.push(NotJudged::new(kind, entry.path, entry.content.len() as u64));
        }
        Ok(())
    }
}

fn kind(path: &EntryPath, head: &[u8]) -> Option<&'static ProblemKind> {
    let name = path.file_name();
    match path.extension() {
        "jar" | "war" | "ear" if head.starts_with(b"PK") => Some(&JAR),
        "gemspec" | "gem" => Some(&RUBY),
        "phar" => Some(&PHP),
        "csproj" | "fsproj" | "vbproj" => Some(&DOTNET),
        "psd1" => Some(&POWERSHELL),
        _ if name.ends_with(".deps.json") => Some(&DOTNET),
        _ if path.as_str().ends_with("vendor/composer/installed.json") => Some(&PHP),
        "json" if path.folder().ends_with("conda-meta") => Some(&CONDA),
        // The artifact itself, or an archive whose name does not say so, is a jar by its manifest (JAR File Specification).
        _ if path.innermost() == "META-INF/MANIFEST.MF" && !is_in_jar(path) => Some(&JAR),
        _ if is_in_jar(path) => None,
        _ => list(name),
    }
}

/// The files that list the packages of other languages, by name.
fn list(name: &str) -> Option<&'static ProblemKind> {
    Some(match name {
        "Gemfile.lock" | "gems.locked" => &RUBY,
        "composer.lock" => &PHP,
        "packages.lock.json" => &DOTNET,
        "go.mod" | "go.sum" => &GO_MODULE,
        "pom.xml" | "build.gradle" | "build.gradle.kts" | "gradle.lockfile" => &JAVA,
        "pubspec.lock" => &DART,
        "Package.resolved" => &SWIFT,
        "mix.lock" => &ELIXIR,
        _ => return None,
    })
}

/// Whether the innermost archive is called a jar: then the archive itself has been named already.
fn is_in_jar(path: &EntryPath) -> bool {
    path.as_str().rsplit_once("!/").is_some_and(|(outer, _)| [".jar", ".war", ".ear"].iter().any(|end| outer.ends_with(end)))
}
