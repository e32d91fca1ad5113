//! requires.txt of eggs and `.egg-info` folders: requirements by section (setuptools, "The Internal Structure of Python Eggs").

use super::header::MOST_REQUIREMENTS;
use super::requires_dist::{named, wish};
use crate::extract::{Extractor, Malformed};
use crate::model::{Asked, Ecosystem, Entry, EntryPath, Inventory};

/// Reads what a distribution without a wheel's metadata asks for. The distribution itself is found by its PKG-INFO.
pub(crate) struct Requires;

impl Extractor for Requires {
    fn name(&self) -> &'static str {
        "pypi/requires"
    }

    fn wants(&self, path: &EntryPath, _head: &[u8]) -> bool {
        path.file_name() == "requires.txt" && (path.folder().ends_with(".egg-info") || path.folder().ends_with("EGG-INFO"))
    }

    fn extract(&self, entry: &Entry<'_>, found: &mut Inventory) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(entry.content);
        let (mut names, mut section) = (Vec::new(), "");
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = title;
            } else if names.len() < MOST_REQUIREMENTS {
                // `[:marker]` is for some platforms, `[extra]` and `[extra:marker]` for whoever wants the extra.
                names.extend(match section {
                    "" => wish(line),
                    _ if section.starts_with(':') => named(line, false),
                    _ => None,
                });
            }
        }
        found.dependencies.asked.push(Asked { path: entry.path.clone(), ecosystem: Ecosystem::PyPi, names });
        Ok(())
    }
}
