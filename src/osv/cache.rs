//! Records that the service has given before: kept in memory for the artifacts of one run, and in a folder for the next run.
//!
//! A record is taken from here only if it is as new as the service says (`modified` of `POST /v1/querybatch`), so the cache
//! saves requests and never an answer. What lies in the folder is read like any answer, and is fetched again where it is none.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::advisory::Advisory;
use super::record::Record;

/// Bytes of a record that is kept.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The cache.
#[derive(Debug, Default)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
    memory: Mutex<HashMap<String, Arc<Advisory>>>,
}

impl Cache {
    /// One in memory, and in a folder if there is one; the folder is made when something is kept.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, memory: Mutex::default() }
    }

    /// The record, if it is here and was modified when the service says.
    pub(super) fn get(&self, id: &str, modified: &str) -> Option<Arc<Advisory>> {
        if modified.is_empty() {
            return None;
        }
        let same = |advisory: &Advisory| advisory.id == id && same_time(&advisory.modified, modified);
        let known = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = known.filter(|advisory| same(advisory)) {
            return Some(known);
        }
        let path = self.path(id)?;
        // A cache that cannot be read is an empty one.
        let json = fs::metadata(&path).ok().filter(|meta| meta.is_file() && meta.len() <= LARGEST).and_then(|_| fs::read(&path).ok())?;
        let record = Record::parse(&json).ok().filter(|record| !record.partial && same(&record.advisory))?;
        let advisory = Arc::new(record.advisory);
        self.remember(&advisory);
        Some(advisory)
    }

    /// Keeps a record that the service gave.
    pub(super) fn put(&self, advisory: &Arc<Advisory>, json: &[u8]) {
        self.remember(advisory);
        let Some(path) = self.path(&advisory.id) else { return };
        // A cache that cannot be written costs a request the next time and nothing else.
        let _ = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(&path))?;
            file.write_all(json)?;
            file.persist(&path).map(|_| ()).map_err(|error| error.error)
        });
    }

    fn remember(&self, advisory: &Arc<Advisory>) {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).insert(advisory.id.clone(), Arc::clone(advisory));
    }

    /// Ids hold letters, digits and `-_.:` only ([`super::api`] refuses others), of which file systems dislike the last.
    fn path(&self, id: &str) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(format!("{}.json", id.replace(':', "_"))))
    }
}

/// The same moment, in whatever precision it is written.
fn same_time(a: &str, b: &str) -> bool {
    a == b || matches!((a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()), (Ok(a), Ok(b)) if a == b)
}
