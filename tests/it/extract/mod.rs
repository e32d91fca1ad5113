//! Extractors and attribution: formats, traps, what has no owner.

mod attribution;
pub mod binary;
mod build_tree;
mod bundle;
mod cargo;
mod corpus;
mod drift;
mod edge;
mod format;
mod hostile;
pub mod ownership;
mod python_fixture;
mod python_lock;
mod registration;
mod requirements;
mod stripped;
mod tree;
mod walker;
