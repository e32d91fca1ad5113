//! The crate list that `cargo auditable` embeds in a binary (its PARSING.md): JSON, compressed with zlib.

use std::io::Read;

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::section::sections;
use crate::extract::Malformed;

/// Bytes that a decompressed list may have; the longest known one has a tenth.
const LARGEST: u64 = 8 << 20;

/// The crate lists of a binary.
pub(super) struct Lists {
    /// Every crate of every list that could be read.
    pub(super) crates: Vec<Listed>,
    /// Whether every program of the file has its one list, and it could be read.
    pub(super) complete: bool,
    /// Whether one of them calls several crates the binary's own.
    pub(super) roots: bool,
    /// What is wrong with them.
    pub(super) fault: Option<Malformed>,
}

#[derive(Deserialize)]
struct List {
    packages: Vec<Listed>,
}

/// One crate of the list. Fields that have their default are left out of it.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) version: String,
    /// `crates.io`, `git`, `local`, `registry`.
    pub(super) source: String,
    /// `build`, or `runtime`, the default.
    #[serde(default)]
    pub(super) kind: String,
    /// Whether it is the binary's own crate.
    #[serde(default)]
    pub(super) root: bool,
    /// The crates it depends on, by their place in the list; once read, among all crates of the binary.
    #[serde(default)]
    pub(super) dependencies: Vec<usize>,
}

impl Lists {
    /// Reads the lists of a binary.
    pub(super) fn of(content: &[u8]) -> Self {
        let sections = sections(content);
        let complete = !sections.found.is_empty() && !sections.missing;
        let mut lists = Self { crates: Vec::new(), complete, roots: false, fault: None };
        let mut left = LARGEST;
        for section in &sections.found {
            match read(section, &mut left) {
                Ok(list) => {
                    if list.packages.iter().filter(|listed| listed.root).count() > 1 {
                        lists.roots = true;
                        lists.fail("a crate list in which several crates are the binary's own");
                    }
                    let (first, count) = (lists.crates.len(), list.packages.len());
                    lists.crates.extend(list.packages.into_iter().map(|mut listed| {
                        listed.dependencies.retain(|at| *at < count);
                        listed.dependencies.iter_mut().for_each(|at| *at += first);
                        listed
                    }));
                }
                Err(fault) => lists.fail(fault),
            }
        }
        if sections.ambiguous {
            lists.fail("two crate lists (`.dep-v0`) in one program");
        }
        lists
    }

    fn fail(&mut self, message: &str) {
        self.complete = false;
        self.fault.get_or_insert(Malformed(message.to_owned()));
    }
}

/// Reads a list of at most `left` bytes, which all lists of a binary share.
fn read(section: &[u8], left: &mut u64) -> Result<List, &'static str> {
    let mut json = Vec::new();
    let inflated = ZlibDecoder::new(section).take(*left + 1).read_to_end(&mut json);
    let Some(rest) = left.checked_sub(json.len() as u64) else {
        *left = 0;
        return Err("a crate list (`.dep-v0`) larger than any real one");
    };
    *left = rest;
    inflated.map_err(|_| "a crate list (`.dep-v0`) that cannot be decompressed")?;
    serde_json::from_slice(&json).map_err(|_| "a crate list (`.dep-v0`) that cannot be read")
}
