//! Packages of neighbouring ecosystems: Java, .NET, Ruby, PHP. Recognised by the file that lists or holds them.

use crate::extract::problem::{DOTNET, JAR, PHP, RUBY};
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
            found.not_judged.push(NotJudged { kind: kind.id, path: entry.path.clone(), size: entry.content.len() as u64 });
        }
        Ok(())
    }
}

fn kind(path: &EntryPath, head: &[u8]) -> Option<&'static ProblemKind> {
    let name = path.file_name();
    match path.extension() {
        "jar" | "war" | "ear" if head.starts_with(b"PK") => Some(&JAR),
        "gemspec" => Some(&RUBY),
        _ if name == "Gemfile.lock" => Some(&RUBY),
        _ if name == "composer.lock" || path.as_str().ends_with("vendor/composer/installed.json") => Some(&PHP),
        _ if name.ends_with(".deps.json") => Some(&DOTNET),
        // The artifact itself, or an archive whose name does not say so, is a jar by its manifest (JAR File Specification).
        _ if path.innermost() == "META-INF/MANIFEST.MF" && !is_in_jar(path) => Some(&JAR),
        _ => None,
    }
}

/// Whether the innermost archive is called a jar: then the archive itself has been named already.
fn is_in_jar(path: &EntryPath) -> bool {
    path.as_str().rsplit_once("!/").is_some_and(|(outer, _)| [".jar", ".war", ".ear"].iter().any(|end| outer.ends_with(end)))
}
