//! PyPI: installed distributions and their records, requirements files, lockfiles.

mod archive_name;
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
mod requires_dist;
mod toml_edge;
mod toml_lock;
mod top_level;
mod uv_graph;
mod vendor_list;
mod version_literal;

pub(super) use direct_url::DirectUrl;
pub(super) use egg_info::EggInfo;
pub(super) use import_name::{Known, distribution, extension_module};
pub(super) use metadata::Metadata;
pub(super) use pipfile_lock::PipfileLock;
pub(super) use place::{FIXTURES, Standing, base, is_copies, name_and_version, root_end, site_end, standing};
pub(super) use pyproject::Pyproject;
pub(super) use record::Record;
pub(super) use requirements::{Asked, REQUIREMENTS, Requirements, is_development, is_named as is_requirements, read as read_requirements};
pub(super) use requires::Requires;
pub(super) use toml_lock::TomlLock;
pub(super) use top_level::{TopLevel, claims as import_claims};
pub(super) use vendor_list::{VENDOR_LIST, VendorList};
pub(super) use version_literal::{VersionLiteral, rank as version_rank};
