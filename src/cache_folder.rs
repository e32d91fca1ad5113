//! Where fngate keeps what it can fetch again: one folder for the stages that fetch.

use std::path::PathBuf;

/// The platform's folder for caches (`XDG_CACHE_HOME` or `~/.cache`; `~/Library/Caches`; `%LOCALAPPDATA%`), with `fngate` in it.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = |rest: &str| variable("HOME").map(|home| home.join(rest));
    let caches = if cfg!(windows) {
        variable("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home("Library/Caches")
    } else {
        // The XDG base directory specification: a relative path is invalid and is ignored.
        variable("XDG_CACHE_HOME").filter(|path| path.is_absolute()).or_else(|| home(".cache"))
    };
    caches.map(|folder| folder.join("fngate"))
}
