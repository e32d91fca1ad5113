//! cargo: lockfiles, the crate list in binaries, and what is left of it where there is none.

mod auditable;
mod binary;
mod cargo_lock;
mod list;
mod panic_path;
mod section;
mod trace;

pub(super) use auditable::Auditable;
pub(super) use binary::{is_executable, is_rust};
pub(super) use cargo_lock::CargoLock;
pub(super) use panic_path::{CARGO, PanicPath};
