//! The cache of a TUF repository on disk, laid out as such a repository is.
//!
//! Everything but `timestamp.json` carries its version or its hash in its name and is written before it, so that a reader sees
//! the old state or the new one, whenever the writer is stopped. Nothing here is trusted: what is read is verified as a whole,
//! from the root that fngate carries or the operator names.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::sigstore_adapter::{Files, LARGEST_TARGET, MOST_ROTATIONS, SIGNING_CONFIG, TRUSTED_ROOT};

/// What every update writes last.
const TIMESTAMP: &str = "timestamp.json";
/// Bytes that metadata may have.
const LARGEST_METADATA: u64 = 5 << 20;
/// Roles, the top-level ones among them, whose metadata is read.
const MOST_ROLES: usize = 32;
/// How long a file that nothing names any more stays: another process may be reading it, or about to name it.
const KEPT_FOR: Duration = Duration::from_hours(24);

/// Reads what an update left, or nothing where none has. `first` is the version of the root that trust begins with.
pub(super) fn read(folder: &Path, first: u64) -> io::Result<Option<Files>> {
    let Some(timestamp) = file(folder, TIMESTAMP, LARGEST_METADATA)? else { return Ok(None) };
    let mut files = Files::new();
    for version in first..first.saturating_add(u64::from(MOST_ROTATIONS)) {
        let name = format!("{version}.root.json");
        match file(folder, &name, LARGEST_METADATA)? {
            Some(bytes) => _ = files.insert(name, bytes),
            None if version > first => break,
            None => {}
        }
    }
    if let Some(version) = number(&timestamp, "/signed/meta/snapshot.json/version")
        && let Some(snapshot) = file(folder, &format!("{version}.snapshot.json"), LARGEST_METADATA)?
    {
        for (role, version) in roles(&snapshot) {
            if let Some(bytes) = file(folder, &format!("{version}.{role}"), LARGEST_METADATA)? {
                files.insert(role, bytes);
            }
        }
        files.insert("snapshot.json".to_owned(), snapshot);
    }
    for target in [TRUSTED_ROOT, SIGNING_CONFIG] {
        if let Some(hash) = hash(&files, target)
            && let Some(bytes) = file(folder, &format!("targets/{hash}.{target}"), LARGEST_TARGET)?
        {
            files.insert(format!("targets/{target}"), bytes);
        }
    }
    files.insert(TIMESTAMP.to_owned(), timestamp);
    Ok(Some(files))
}

/// Whether what was read begins before `first`: an older fngate, or one that was told an older root, left it.
pub(super) fn is_older_than(files: &Files, first: u64) -> bool {
    ![first, first.saturating_add(1)].iter().any(|version| files.contains_key(&format!("{version}.root.json")))
}

/// Writes what was verified, `timestamp.json` last.
pub(super) fn write(folder: &Path, files: &Files) -> io::Result<()> {
    fs::create_dir_all(folder.join("targets"))?;
    let mut named = vec![TIMESTAMP.to_owned()];
    for (name, bytes) in files.iter().filter(|(name, _)| *name != TIMESTAMP) {
        let Some(name) = on_disk(name, bytes, files) else { continue };
        put(folder, &name, bytes)?;
        named.push(name);
    }
    if let Some(timestamp) = files.get(TIMESTAMP) {
        put(folder, TIMESTAMP, timestamp)?;
    }
    forget(folder, "", &named)?;
    forget(folder, "targets/", &named)
}

/// The name with the version or the hash in front; `None` for what nothing refers to.
fn on_disk(name: &str, bytes: &[u8], files: &Files) -> Option<String> {
    if let Some(target) = name.strip_prefix("targets/") {
        return hash(files, target).map(|hash| format!("targets/{hash}.{target}"));
    }
    if name.strip_suffix(".root.json").is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(name.to_owned());
    }
    version(bytes).map(|version| format!("{version}.{name}"))
}

/// The hash by which the targets metadata knows a target.
fn hash(files: &Files, target: &str) -> Option<String> {
    let metadata = |name: &String| name.ends_with(".json") && !name.starts_with("targets/") && !name.ends_with(".root.json");
    // The top-level role first, then those it may have handed the target to.
    let first = files.get("targets.json").into_iter();
    let others = files.iter().filter(|(name, _)| metadata(name) && *name != "targets.json").map(|(_, bytes)| bytes);
    first.chain(others).find_map(|bytes| {
        let document: Value = serde_json::from_slice(bytes).ok()?;
        let hashes = document.get("signed")?.get("targets")?.get(target)?.get("hashes")?;
        let hash = hashes.get("sha256").or_else(|| hashes.get("sha512"))?.as_str()?;
        hash.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| hash.to_ascii_lowercase())
    })
}

/// The targets roles that a snapshot pins, by the names of their files, with their versions.
fn roles(snapshot: &[u8]) -> Vec<(String, u64)> {
    let document: Option<Value> = serde_json::from_slice(snapshot).ok();
    let pins = document.as_ref().and_then(|document| document.pointer("/signed/meta")).and_then(Value::as_object);
    let pin =
        |(name, pin): (&String, &Value)| Some((format!("{}.json", plain(name.strip_suffix(".json")?)), pin.get("version")?.as_u64()?));
    // Some snapshots pin the root besides, which has a way of its own.
    let is_targets = |(name, _): &(String, u64)| !["root.json", TIMESTAMP, "snapshot.json"].contains(&name.as_str());
    pins.into_iter().flatten().filter_map(pin).filter(is_targets).take(MOST_ROLES).collect()
}

/// `text` as a part of a file's name: letters, digits and `-_.~` as they are, everything else as `%2F`.
pub(super) fn plain(text: &str) -> String {
    text.bytes().fold(String::new(), |mut name, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02X}")),
        }
        name
    })
}

/// The version that metadata says it has.
pub(super) fn version(metadata: &[u8]) -> Option<u64> {
    number(metadata, "/signed/version")
}

fn number(metadata: &[u8], pointer: &str) -> Option<u64> {
    serde_json::from_slice::<Value>(metadata).ok()?.pointer(pointer)?.as_u64()
}

/// A whole file, if it is there. A pipe or a device would be waited for without end.
fn file(folder: &Path, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
    let path = folder.join(name);
    let wrong = |why: String| io::Error::new(io::ErrorKind::InvalidData, format!("{name} {why}"));
    match path.metadata() {
        Ok(meta) if !meta.is_file() => return Err(wrong("is no plain file".to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    match read {
        Ok(read) if read as u64 > most => Err(wrong(format!("is larger than {most} bytes"))),
        Ok(_) => Ok(Some(bytes)),
        Err(error) => Err(wrong(format!("cannot be read: {error}"))),
    }
}

/// Writes a file as a whole, unless it is there already.
fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if file(folder, name, LARGEST_METADATA).is_ok_and(|there| there.as_deref() == Some(bytes)) {
        return Ok(());
    }
    let mut builder = tempfile::Builder::new();
    // Readable as any file the user makes: a build machine's cache is often filled by another user.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temporary = builder.prefix(".unfinished-").tempfile_in(path.parent().unwrap_or(folder))?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map(|_| ()).map_err(|error| error.error)
}

/// Removes files of earlier states, and of updates that were stopped.
fn forget(folder: &Path, below: &str, named: &[String]) -> io::Result<()> {
    for entry in fs::read_dir(folder.join(below))?.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = name.ends_with(".json") || name.starts_with(".unfinished-");
        let meta = entry.metadata().ok().filter(fs::Metadata::is_file);
        let age = meta.and_then(|meta| meta.modified().ok()).and_then(|time| time.elapsed().ok());
        if ours && !named.contains(&format!("{below}{name}")) && age.is_some_and(|age| age > KEPT_FOR) {
            // Left behind it does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
