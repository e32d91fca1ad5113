//! The repository that fngate is called in, and the commit that is being built: what reports for code hosts point into.

use std::path::{Path, PathBuf};

use fngate::report::Repository;

/// The repository around the working directory: the nearest folder with a `.git`, else what the CI service says, else the working
/// directory itself.
pub(super) fn repository() -> Repository {
    let Ok(folder) = std::env::current_dir() else { return Repository::default() };
    let said = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    around(&folder, said)
}

fn around(folder: &Path, said: impl Iterator<Item = PathBuf>) -> Repository {
    let marked = folder.ancestors().find(|above| above.join(".git").exists()).map(Path::to_path_buf);
    let root = marked.or_else(|| said.filter(|root| root.is_absolute()).find(|root| folder.starts_with(root)));
    let root = root.unwrap_or_else(|| folder.to_path_buf());
    Repository { root: root.to_string_lossy().into_owned(), folder: folder.to_string_lossy().into_owned() }
}

/// The commit, where GitLab's runner says one.
pub(super) fn commit() -> Option<String> {
    std::env::var("CI_COMMIT_SHA").ok().filter(|sha| (40..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;

    #[test]
    fn a_repository_is_marked_or_said() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("a/b");
        fs::create_dir_all(&folder).unwrap();
        let root = |said: &[&Path]| around(&folder, said.iter().map(|path| path.to_path_buf())).root;
        let text = |path: &Path| path.to_string_lossy().into_owned();
        assert_eq!(root(&[]), text(&folder));
        assert_eq!(root(&[Path::new("/elsewhere"), Path::new("a"), top.path()]), text(top.path()));
        // A work tree's or submodule's `.git` is a file.
        fs::write(top.path().join("a/.git"), "gitdir: x").unwrap();
        assert_eq!(root(&[top.path()]), text(&top.path().join("a")));
    }
}
