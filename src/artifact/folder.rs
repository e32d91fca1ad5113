//! Directories: walked in order, links resolved within, nothing followed out of them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::link::Links;
use super::name::Names;
use super::problem as kind;
use super::source::Source;
use super::walk::{HEAD, Place, Walk};
use super::{Limits, magic};
use crate::model::{EntryPath, Inventory, Problem, escaped};

/// How deep folders may lie in folders; deeper ones no runtime could name (`PATH_MAX`).
const DEEPEST: usize = 512;

/// A file that is to be shown.
struct Job {
    path: EntryPath,
    disk: PathBuf,
    size: u64,
}

/// Walks a directory.
pub(super) fn walk(walk: &Walk<'_>, root: &Path, mut place: Place<'_>, found: &mut Inventory) {
    let (mut jobs, mut names, mut links) = (Vec::new(), Names::default(), Links::default());
    let mut todo = vec![(root.to_path_buf(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = todo.pop() {
        let mut children: Vec<_> = match fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(children) => children,
            Err(error) => {
                walk.declare(1);
                let problem = match EntryPath::new(&prefix) {
                    Ok(path) => Problem::at(&kind::UNREADABLE_FILE, &path, format!("the folder cannot be listed: {error}")),
                    Err(_) => Problem::whole(&kind::UNREADABLE_FILE, format!("the folder cannot be listed: {error}")),
                };
                walk.refuse(found, problem);
                continue;
            }
        };
        children.sort_by_key(fs::DirEntry::file_name);
        for child in children {
            walk.declare(1);
            if names_count(&jobs) > walk.limits.entries {
                walk.count_refused(1);
                continue;
            }
            let raw = child.file_name();
            let name = raw.to_str().map(|name| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") });
            let path = match name.as_deref().map(EntryPath::new) {
                Some(Ok(path)) => path,
                Some(Err(fault)) => {
                    walk.refuse(found, Problem::whole(&kind::UNSAFE_NAME, format!("`{}`: {fault}", escaped(&raw.to_string_lossy()))));
                    continue;
                }
                None => {
                    walk.refuse(
                        found,
                        Problem::whole(&kind::UNSAFE_NAME, format!("`{}`: the name is not UTF-8", escaped(&raw.to_string_lossy()))),
                    );
                    continue;
                }
            };
            match child.metadata().and_then(|metadata| Ok((metadata, child.file_type()?))) {
                Err(error) => walk.refuse(found, Problem::at(&kind::UNREADABLE_FILE, &path, error.to_string())),
                Ok((_, kind_)) if kind_.is_dir() && depth >= DEEPEST => {
                    walk.refuse(found, Problem::at(&kind::LIMIT_DEPTH, &path, format!("folders lie more than {DEEPEST} deep")));
                }
                Ok((_, kind_)) if kind_.is_dir() => {
                    walk.count_shown(1);
                    todo.push((child.path(), name.unwrap_or_default(), depth + 1));
                }
                Ok((_, kind_)) if kind_.is_symlink() => {
                    walk.count_shown(1);
                    let target = fs::read_link(child.path()).map(|target| target.to_string_lossy().into_owned()).unwrap_or_default();
                    links.add(&path, target);
                    names.link(path);
                }
                Ok((metadata, kind_)) if kind_.is_file() => {
                    names.file(path.clone());
                    jobs.push(Job { path, disk: child.path(), size: metadata.len() });
                }
                Ok(_) => walk.refuse(found, Problem::at(&kind::SPECIAL_FILE, &path, "neither file, folder nor link")),
            }
        }
    }
    let names = names.sorted();
    names.problems(&place, &mut found.problems);
    links.resolve(&names, &mut place, found);
    jobs.sort_by(|a, b| a.path.cmp(&b.path));
    let (large, small): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.size > Limits::ENTRY_IN_PARALLEL);
    if walk.parallel {
        let shown = small
            .par_iter()
            .with_min_len(8)
            .fold(Inventory::default, |mut found, job| {
                file(walk, job, &place, &mut found);
                found
            })
            .reduce(Inventory::default, |mut all, part| {
                all.merge(part);
                all
            });
        found.merge(shown);
    } else {
        small.iter().for_each(|job| file(walk, job, &place, found));
    }
    large.iter().for_each(|job| file(walk, job, &place, found));
}

fn names_count(jobs: &[Job]) -> u64 {
    jobs.len() as u64
}

/// Shows one file of the disk: whole, or in pieces where it is large and nobody wants it whole.
fn file(walk: &Walk<'_>, job: &Job, place: &Place<'_>, found: &mut Inventory) {
    let unreadable = |error: &std::io::Error| Problem::at(&kind::UNREADABLE_FILE, &job.path, format!("{error}")).bytes(job.size);
    if let Some(problem) = walk.too_large(&job.path, job.size) {
        return walk.refuse(found, problem);
    }
    if !walk.admit(&job.path, job.size, found) {
        return;
    }
    let mut disk = match File::open(&job.disk) {
        Ok(disk) => disk,
        Err(error) => return walk.refuse(found, unreadable(&error)),
    };
    let mut content = Vec::new();
    if let Err(error) = disk.by_ref().take(HEAD as u64).read_to_end(&mut content) {
        return walk.refuse(found, unreadable(&error));
    }
    let archive = magic::container(&content, &job.path).is_some();
    if job.size > Limits::ENTRY_IN_PARALLEL && (archive || !walk.observer.wants_whole(&job.path, &content)) {
        let mut stream = walk.observer.stream(&job.path);
        stream.feed(&content);
        let mut piece = vec![0; 256 * 1024];
        loop {
            match disk.read(&mut piece) {
                Ok(0) => break,
                Ok(got) => stream.feed(&piece[..got]),
                Err(error) => return walk.refuse(found, unreadable(&error)),
            }
        }
        walk.count_shown(1);
        stream.finish(found);
        if archive {
            walk.open(&job.path, Source::File(&disk, job.size), place.depth + 1, found);
        }
        return;
    }
    // A file that grows while it is read is cut at the limit, as one that was that large before would be.
    match disk.take(walk.limits.entry_bytes).read_to_end(&mut content) {
        Ok(_) => walk.show(&job.path, &content, place, found),
        Err(error) => walk.refuse(found, unreadable(&error)),
    }
}
