//! PyPI: installed distributions and their records, requirements files, lockfiles.

mod direct_url;
mod egg_info;
mod header;
mod import_name;
mod metadata;
mod pipfile_lock;
mod place;
mod pyproject;
mod record;
mod requirement;
mod requirements;
mod requires;
mod toml_lock;
mod top_level;

pub(super) use direct_url::DirectUrl;
pub(super) use egg_info::EggInfo;
pub(super) use import_name::distribution;
pub(super) use metadata::Metadata;
pub(super) use pipfile_lock::PipfileLock;
pub(super) use place::{FIXTURES, Standing, base, name_and_version, standing};
pub(super) use pyproject::Pyproject;
pub(super) use record::Record;
pub(super) use requirements::Requirements;
pub(super) use requires::Requires;
pub(super) use toml_lock::TomlLock;
pub(super) use top_level::{TopLevel, claims as import_claims};
