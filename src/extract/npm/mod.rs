//! npm: installed packages, manifests, lockfiles, and JavaScript that needs an owner.

mod bun_lock;
mod bundle;
mod modules;
mod package_json;
mod package_lock;
mod place;
mod pnpm_lock;
mod specifier;
mod yarn_lock;

pub(super) use bun_lock::BunLock;
pub use bundle::BuildTree;
pub(super) use bundle::{Bundle, LegalText, Metafile, SourceMap, compare};
pub(super) use modules::Modules;
pub(super) use package_json::PackageJson;
pub(super) use package_lock::PackageLock;
pub(super) use place::{Place, package_root, place};
pub(super) use pnpm_lock::PnpmLock;
pub(super) use specifier::specifier;
pub(super) use yarn_lock::YarnLock;
